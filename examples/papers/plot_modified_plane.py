"""
==========================================================
Does a convolutional network compress in a modified plane?
==========================================================

In the plane of a convolutional network nothing falls, said Yu et al. (IEEE TNNLS 2021,
arXiv:1804.06537), since all its feature maps together stand near the ceiling. They put in place of
I(X;T) and I(T;Y) what two maps do not share, as the mean over pairs: the weighted non-redundant
information, 2 I(X;{T1,T2}) - I(X;T1) - I(X;T2). In this modified plane they saw compression, and
more with sigmoids than with ReLU. Does that return?
"""

# %%
# Two planes of one training
# --------------------------
#
# LeNet-5 with 6 and 12 filters and 4000 images of MNIST, once with sigmoids and once with ReLU. One
# callback records the ordinary plane, of all maps of a layer, and the modified one, each with the
# published bandwidth and order, in mini-batches of 128 images. `n_maps` tells where in a flattened
# layer one map ends and the next begins. The modified plane is recorded a second time with the
# bandwidth "scaled", which follows the size of a layer's values, as the published one does not.

import matplotlib.pyplot as plt
import pandas as pd
import torch

from ibtools import (
    FeatureMapDecomposition,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    InformationPlaneDisplay,
)
from ibtools.datasets import fetch_mnist
from ibtools.networks import LeNet5
from ibtools.plane import information_phases

torch.set_num_threads(1)

X, y = fetch_mnist(n_per_class=400, random_state=0, as_images=True, return_X_y=True)
N_MAPS = {"hidden1": 6, "hidden2": 6, "hidden3": 12, "hidden4": 12}
PLANES = {
    "ordinary": {"quantity": "mmi", "bandwidth": "silverman"},
    "modified": {"quantity": "non_redundant", "bandwidth": "silverman"},
    "modified, scaled": {"quantity": "non_redundant", "bandwidth": "scaled"},
}


def estimators(n_maps=None):
    """Estimators of the planes for a layer of so many maps; None makes every unit a map."""
    return {
        name: FeatureMapDecomposition(
            n_maps, n_pairs=10, batch_size=128, random_state=0, **parameters
        )
        for name, parameters in PLANES.items()
    }


def train(activation, lr):
    """Train a LeNet-5, and record its planes."""
    recorder = InfoPlaneCallback(
        estimators(),
        layers=list(N_MAPS),
        layer_estimators={layer: estimators(n_maps) for layer, n_maps in N_MAPS.items()},
        every=[1, 2, 3, 6],
        max_samples=256,
        random_state=0,
    )
    net = InformationClassifier(
        LeNet5,
        module__activation=activation,
        module__init="fan_in",
        optimizer=torch.optim.Adam,
        lr=lr,
        batch_size=32,
        max_epochs=6,
        train_split=None,
        callbacks=[recorder],
        random_state=0,
        verbose=0,
    ).fit(X, y)
    print(f"{activation}: accuracy {net.score(X, y):.3f} on the images of training")
    return net


networks = {"sigmoid": train("sigmoid", 3e-3), "relu": train("relu", 1e-3)}

# %%
# The two planes
# --------------
#
# Sigmoids above, ReLU below; the ordinary plane on the left, the modified one on the right. Points
# are pale at the first epoch and full at the last.

planes = {
    name: InformationPlane.from_history(net.history).select(layers=list(N_MAPS))
    for name, net in networks.items()
}
_, panels = plt.subplots(2, 2, figsize=(9, 7.4), layout="constrained")
for row, (name, plane) in zip(panels, planes.items(), strict=True):
    published = plane.select(estimators=["ordinary", "modified"])
    InformationPlaneDisplay.from_plane(published, ax=row, ceilings=False)
    for panel in row:
        panel.set_title(f"{name}, {panel.get_title()}")
plt.show()

# %%
# How far each layer falls
# ------------------------
#
# From the maximum of I(X;T) after training began to its last value, in bits:

falls = pd.concat(
    information_phases(plane.select(epochs=plane.epochs[1:])).assign(network=name)
    for name, plane in planes.items()
)
falls.pivot(index=["estimator", "layer"], columns="network", values="drop").round(2)

# %%
# In the ordinary plane no layer falls by more than 0.1 bits: this is reproduced. In the modified
# plane some layers do, but that sigmoids fall more is not reproduced: it is the other way round.
# They lose little, in the convolutions only; with ReLU every layer loses, by 0.1 to 0.7 bits. Over
# three seeds and more epochs sigmoids lose 0.3 bit at most, and ReLU up to 1.3. With all 60000
# images, and trained as published but for a rate of 0.01 for ReLU, which does not learn at 0.1, no
# layer of sigmoids falls, and those of ReLU fall by 0.2 to 0.7 bits.
#
# What one map knows
# ------------------
#
# Values grow in training and the published bandwidth does not, so that a map alone tells ever more
# images apart. At the end, in the first convolution:

for name, net in networks.items():
    with torch.no_grad():
        maps = net.module_[:2](torch.as_tensor(X[:512])).numpy().swapaxes(0, 1)
    fitted = estimators()["modified"].fit(list(maps), inputs=X[:512].reshape(512, -1))
    print(f"{name}: {fitted.map_mi_x_.mean():.1f} of {fitted.input_entropy_:.1f} bits")

# %%
# Near the ceiling a second map can add little. Sigmoids, whose values stay between 0 and 1, are
# further from it than ReLU. With the bandwidth that follows the values, nothing falls in either
# network: the compression seen in this plane depends on the kernel.
#
# Both trainings are run by ``pytest -m paper tests/paper/test_modified_plane.py``. A study declares
# no estimator that needs the number of maps of each layer.
