"""
=====================================
What do feature maps tell each other?
=====================================

A convolutional layer is a set of feature maps. One kernel for all of them measures how much they
know together, but not whether the maps repeat each other. Yu et al. (IEEE TNNLS 2021) therefore
took their information apart, pair by pair. How much of it do two maps share, and how does that
change with the number of filters?
"""

# %%
# Three networks
# --------------
#
# The handwritten digits that come with scikit-learn, 8 x 8 pixels, are enlarged to the 32 x 32 of
# LeNet-5. The networks differ in their numbers of filters: 2, 6 or 16 in the first convolution,
# and twice as many in the second.

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits

from ibtools import (
    DecompositionDisplay,
    FeatureMapDecomposition,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    InformationPlaneDisplay,
)
from ibtools.networks import LeNet5

torch.set_num_threads(1)

digits, y = load_digits(return_X_y=True)
X = np.kron(digits.reshape(-1, 1, 8, 8) / 16, np.ones((4, 4))).astype(np.float32)


def train(n_filters, **options):
    """Train one network."""
    return InformationClassifier(
        LeNet5,
        module__n_filters=n_filters,
        module__activation="relu",
        module__image_size=32,
        optimizer=torch.optim.Adam,
        lr=2e-3,
        batch_size=64,
        max_epochs=5,
        random_state=0,
        verbose=0,
        **options,
    ).fit(X, y)


networks = {n: train((n, 2 * n)) for n in (2, 6, 16)}
for n, net in networks.items():
    print(f"{n} and {2 * n} filters: accuracy {net.score(X, y):.3f}")

# %%
# Pairs of maps
# -------------
#
# An estimator is given the maps of a layer as a list, the labels, and the images. Its kernels
# compare 128 images at a time, as in the paper: the numbers are means over such mini-batches. Of
# the 496 pairs of 32 maps, 30 are drawn in each of them.


def maps_of(net, layer, images):
    """Feature maps of one layer, as a list of arrays."""
    values = torch.as_tensor(images)
    with torch.no_grad():
        for name, module in net.module_.named_children():
            values = module(values)
            if name == layer:
                break
    return list(values.numpy().swapaxes(0, 1))


pixels = X.reshape(len(X), -1)
results = {
    layer: {
        n: FeatureMapDecomposition(batch_size=128, n_pairs=30, random_state=0).fit(
            maps_of(net, layer, X[:512]), y[:512], inputs=pixels[:512]
        )
        for n, net in networks.items()
    }
    for layer in ("hidden1", "hidden3")
}
DecompositionDisplay.from_results(results)
plt.show()

# %%
# On the left, the information that all maps of a layer give about the images reaches its ceiling,
# the entropy of a mini-batch, with a few filters already. Beyond, it says nothing about the layer.
#
# On the right, the information of a pair in its two parts. In the first convolution every pair
# shares about half of what it knows, whatever the number of filters: all maps look at the same
# image, and one of them alone knows most of it. The maps of the second convolution repeat each
# other less. Redundancy-synergy is positive throughout: redundancy outweighs synergy, as it did in
# the paper.

for layer, by_number in results.items():
    for fitted in by_number.values():
        print(
            f"{layer}, {len(fitted.map_sizes_):2d} maps: "
            f"all {fitted.mmi_x_:.2f} of {fitted.input_entropy_:.2f} bits, "
            f"one of them {fitted.map_mi_x_.mean():.2f}, "
            f"shared by two {fitted.redundancy_synergy_x_:.2f}, "
            f"non-redundant {fitted.non_redundant_x_:.2f}"
        )

# %%
# One network is no law: the share of the second convolution goes up and then down here, where the
# paper saw it fall with the number of filters. With two filters before them, its four maps have
# little to repeat.
#
# The modified plane
# ------------------
#
# In the information plane of layers that stand at the ceiling nothing can be seen. In the modified
# plane of the paper I(X;T) and I(T;Y) are replaced by the non-redundant information of the average
# pair. One callback records both planes. It flattens each layer, and `n_maps` tells the estimator
# where one map ends and the next begins.

N_MAPS = {"hidden1": 6, "hidden2": 6, "hidden3": 12, "hidden4": 12}
QUANTITIES = {"all maps": "mmi", "a pair, non-redundant": "non_redundant"}


def estimators(n_maps=None):
    """Estimators of the two planes for a layer of so many maps; None makes every unit a map."""
    return {
        name: FeatureMapDecomposition(
            n_maps, quantity=quantity, batch_size=128, n_pairs=15, random_state=0
        )
        for name, quantity in QUANTITIES.items()
    }


recorder = InfoPlaneCallback(
    estimators(),
    layers=list(N_MAPS),
    layer_estimators={layer: estimators(n_maps) for layer, n_maps in N_MAPS.items()},
    on=(X[:256], y[:256]),
)
net = train((6, 12), callbacks=[recorder])
plane = InformationPlane.from_history(net.history).select(layers=list(N_MAPS))

_, panels = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
InformationPlaneDisplay.from_plane(plane, ax=panels, ceilings=False)
panels[0].set(xlim=(3.5, 4.3), ylim=(2.6, 3.4))
panels[1].set(xlim=(1.4, 2.2), ylim=(1.1, 1.9))
plt.show()

# %%
# Both panels are 0.8 bits wide and high. All maps together hardly move from where they were before
# training. What two maps do not share falls in the first epoch, in all layers: by 0.2 to 0.3 bits
# about the images, and nearly as much about the labels. Later the first convolution and its pooling
# lose a little more, and the second convolution gains some of it back.

table = plane.select(estimators="a pair, non-redundant").to_frame()
table.pivot(index="epoch", columns="layer", values="mi_x").round(2)
