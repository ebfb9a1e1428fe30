"""
==============================================
What in the information plane is made by bins?
==============================================

In a network without noise I(X;T), measured with bins, is the entropy of the bins that are occupied.
It says how a layer is spread out, and the activation and the number of units have a part in that.
"Revisiting the information plane" shows it with networks that mix tanh and ReLU, and with a narrow
layer that seems to know less than the one after it, which is impossible. What becomes of both, and
what do the bins look like?
"""

# %%
# Declaration
# -----------
#
# The task of 4096 patterns, all of them trained on and measured, in bins of width 0.07 laid as far
# as the values go. Three seeds of a network are trained at once. To be quick there are 300 epochs
# at a learning rate of 0.005; the full versions, with five seeds, 8000 epochs and a learning rate
# of 0.0004, are studies::
#
#    python -m ibtools run examples/studies/plot_binning_artefacts_mixed.toml
#    python -m ibtools run examples/studies/plot_binning_artefacts_bottleneck.toml

import matplotlib.pyplot as plt
import torch

from ibtools import (
    MLP,
    BinnedMI,
    ClusteringCallback,
    ClusteringDisplay,
    DataProcessingDisplay,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    InformationPlaneDisplay,
    KernelDensityMI,
)
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble
from ibtools.plane import clustering_table, data_processing_pairs

torch.set_num_threads(1)

X, y = make_szt()
training = {
    "optimizer": torch.optim.Adam,
    "lr": 5e-3,
    "batch_size": 512,
    "max_epochs": 300,
    "train_split": None,
    "verbose": 0,
}


def train(sizes, activation, callbacks):
    """Train three seeds; return their plane, hidden layers only."""
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__seeds=3,
        module__sizes=sizes,
        module__activation=activation,
        callbacks=callbacks,
        **training,
    ).fit(X, y)
    accuracies = [f"{net.member(k).score(X, y):.3f}" for k in range(3)]
    print(f"{activation}: accuracy {', '.join(accuracies)}")
    plane = InformationPlane.from_history(net.history)
    return plane.select(layers=[f"hidden{k}" for k in range(1, len(sizes) - 1)])


# %%
# Mixed networks
# --------------
#
# Of the five hidden layers the third has the other activation. The planes are those of the first
# seed.

binned = {"bins of 0.07": BinnedMI(bin_width=0.07)}
recorder = InfoPlaneCallback(binned, layers="hidden*", n_records=15, on="all")
planes = {
    "tanh, tanh, relu, tanh, tanh": ["tanh", "tanh", "relu", "tanh", "tanh"],
    "relu, relu, tanh, relu, relu": ["relu", "relu", "tanh", "relu", "relu"],
}
planes = {
    name: train((12, 10, 7, 5, 4, 3, 2), activations, [recorder])
    for name, activations in planes.items()
}

fig, axes = plt.subplots(ncols=2, figsize=(9, 4.2), sharex=True, sharey=True, layout="constrained")
for ax, (name, plane) in zip(axes, planes.items(), strict=True):
    InformationPlaneDisplay.from_plane(plane.select(run=0), ax=ax, legend=ax is axes[0])
    ax.set_title(name, pad=16)
    ax.label_outer()
plt.show()

# %%
# How much each layer loses from its largest I(X;T) to the end, in bits, for every seed:

for name, plane in planes.items():
    paths = plane.to_frame().groupby(["run", "layer"], sort=False)["mi_x"]
    print(name)
    print((paths.max() - paths.last()).unstack("layer").round(2).to_string())

# %%
# The last hidden layer goes to the left if it is tanh, by 0.7 to 2.1 bits, and not at all if it
# is ReLU, whatever stands in the middle. So what a layer seems to lose is first of all a matter
# of its own activation. The ReLU layer among tanh layers is less clear: it loses 0.1 to 0.3 bit,
# and what it is given has been through two tanh layers.
#
# A bottleneck
# ------------
#
# The hidden layers of this network have 3, 2, 12 and 2 units. What the third layer (12 units) has
# comes from the second (2 units), so that its information about the input cannot be larger. A
# second ruler is put beside the bins: kernel density estimates with a variance of 0.001, on 1000 of
# the rows.

kernels = InfoPlaneCallback(
    {"kernels, variance 0.001": KernelDensityMI(noise_variance=1e-3)},
    layers="hidden*",
    n_records=3,
    on="all",
    max_samples=1000,
    random_state=0,
)
bottleneck = train((12, 3, 2, 12, 2, 2), "tanh", [("bins", recorder), ("kernels", kernels)])
first = bottleneck.select(run=0)
DataProcessingDisplay.from_plane(first)
plt.show()

# %%
# The excess of the twelve units over the two before them at the end, and its range over all epochs
# recorded, of every seed:

pairs = data_processing_pairs(bottleneck)
pairs = pairs[pairs["later"] == "hidden3"]
pairs.groupby(["estimator", "run"])["excess"].agg(["last", "min", "max"]).round(2)

# %%
# In bins the twelve units have 2.5 to 3.6 bits more than the two units before them, at every epoch
# of every seed and in the untrained network too. As in the paper the data-processing inequality
# seems to be violated. It is not: each layer is a function of the one before, and the true I(X;T)
# does not grow. Twelve units cut the same curve into more pieces than two do. Kernels have the same
# excess, of 1.2 to 2.1 bits: they give the units of each layer noise of their own, and so compare
# two layers that are no chain either. Layers of different widths cannot be compared in this way.
#
# Inside the bins
# ---------------
#
# The reference network with tanh, one seed: how its activations are spread over 30 bins between -1
# and 1, untrained, in the middle and at the end.

net = InformationClassifier(
    MLP,
    module__sizes=(12, 10, 7, 5, 4, 3, 2),
    callbacks=[ClusteringCallback(n_bins=30, layers="hidden*", n_records=7, on="all")],
    random_state=0,
    **training,
).fit(X, y)
display = ClusteringDisplay.from_estimator(net, kind="histograms")
plt.show()

# %%
# And over all epochs: the entropy of the bins, how many of them are empty, and how many rows differ
# at all.

ClusteringDisplay.from_estimator(net, quantities=["bin_entropy", "empty_bins", "n_distinct"])
plt.show()

# %%

table = clustering_table(net.history)
table = table[table["layer"] == "hidden5"].set_index("epoch")
table[["bin_entropy", "empty_bins", "n_distinct"]].round(2)

# %%
# The untrained layers occupy the middle of their bins, later layers less and less of it; 62 % of
# the bins of ``hidden5`` are empty. Training fills them: at the end none is empty, and H(Bin(T))
# falls all the same, to 6.3 bits, because two fifths of all activations are in the first and the
# last bin. So it is not the number of empty bins of single units that makes the fall, but how
# unevenly rows share them.
#
# Meanwhile all 4096 rows stay different from each other, in every hidden layer: nothing has been
# lost but places in bins. Trained for much longer, tanh units saturate so far that in single
# precision rows become equal. Then the entropy of the distinct rows, not 12 bits, is the ceiling.
#
# What is not settled: whether such clustering helps a network to generalise. The plane cannot tell.
