"""
==========================================
Do the findings about bins hold for MNIST?
==========================================

"Revisiting the information plane" has two tasks: the 4096 patterns, and the digits 1, 3 and 8 of
MNIST. For the patterns, narrower bins push every layer into the corner of the plane, what a layer
loses is for the most part a matter of its own activation, and histograms show where the fall comes
from, see :ref:`sphx_glr_gallery_papers_plot_published_numbers.py` and
:ref:`sphx_glr_gallery_papers_plot_binning_artefacts.py`. Is it the same for images?
"""

# %%
# Declaration
# -----------
#
# 500 images of each digit, as in the paper's table, so that H(X) is 10.55 and I(X;Y) 1.585 bits.
# The hidden layers are those of the patterns' network: 10, 7, 5, 4 and 3 units. Three seeds are
# trained at once, for 60 epochs at a learning rate of 0.005, on all rows. Bins are laid as far as
# the values go. The full versions have five seeds and 400 epochs at a learning rate of 0.001::
#
#    python -m ibtools run examples/studies/plot_mnist_bins_widths.toml
#    python -m ibtools run examples/studies/plot_mnist_bins_mixed.toml

import matplotlib.pyplot as plt
import pandas as pd
import torch

from ibtools import (
    MLP,
    BinnedMI,
    ClusteringCallback,
    ClusteringDisplay,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    InformationPlaneDisplay,
)
from ibtools.datasets import fetch_mnist
from ibtools.networks import SeedEnsemble
from ibtools.plane import clustering_table

torch.set_num_threads(1)

WIDTHS = (0.01, 0.07, 0.15, 0.3)
X, y = fetch_mnist(
    classes=(1, 3, 8), n_per_class=500, random_state=0, return_X_y=True, download_if_missing=False
)
training = {
    "module__sizes": (784, 10, 7, 5, 4, 3, 3),
    "optimizer": torch.optim.Adam,
    "lr": 5e-3,
    "batch_size": 128,
    "max_epochs": 60,
    "train_split": None,
    "verbose": 0,
}


def train(name, activation, widths):
    """Train three seeds; return their plane, hidden layers only."""
    estimators = {f"bins of {width}": BinnedMI(bin_width=width) for width in widths}
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__activation=activation,
        module__seeds=3,
        callbacks=[InfoPlaneCallback(estimators, layers="hidden*", n_records=12)],
        **training,
    ).fit(X, y)
    accuracies = ", ".join(f"{net.member(k).score(X, y):.3f}" for k in range(3))
    print(f"{name}: accuracy on the training rows {accuracies}")
    plane = InformationPlane.from_history(net.history)
    return plane.select(layers=[f"hidden{k}" for k in range(1, 6)])


def lost(plane):
    """What each layer loses from its largest I(X;T) to the end, in bits, for every seed."""
    paths = plane.to_frame().groupby(["run", "layer"], sort=False)["mi_x"]
    return (paths.max() - paths.last()).unstack("layer").round(2)


# %%
# Widths
# ------
#
# The planes of the first seed. From left to right the bins get wider; tanh is above, ReLU below.
# Most layers start below the figures, and tell the digits apart after few epochs.

planes = {activation: train(activation, activation, WIDTHS) for activation in ("tanh", "relu")}

fig, axes = plt.subplots(
    2, len(WIDTHS), figsize=(11, 6), sharex=True, sharey=True, layout="constrained"
)
for panels, (activation, plane) in zip(axes, planes.items(), strict=True):
    InformationPlaneDisplay.from_plane(plane.select(run=0), ax=panels, legend=activation == "relu")
    for ax, width in zip(panels, WIDTHS, strict=True):
        ax.set_title(f"{activation}, bins of {width}", pad=16)
for ax in axes.flat:
    ax.set_ylim(1.2, 1.65)
    ax.label_outer()
plt.show()

# %%
# I(X;T) after the last epoch, the mean over the seeds:

table = pd.concat(
    {name: plane.select(epochs=-1).mean().to_frame() for name, plane in planes.items()},
    names=["network"],
)
table.pivot_table(index=["network", "estimator"], columns="layer", values="mi_x").round(2)

# %%
# And what each tanh layer loses, in the narrowest and in the widest bins:

for width in (WIDTHS[0], WIDTHS[-1]):
    print(f"bins of {width}")
    print(lost(planes["tanh"].select(estimators=f"bins of {width}")).to_string())

# %%
# Mixed networks
# --------------
#
# Of the five hidden layers the third has the other activation. The planes are those of the first
# seed, in bins of 0.07.

mixed = {
    "tanh, tanh, relu, tanh, tanh": ["tanh", "tanh", "relu", "tanh", "tanh"],
    "relu, relu, tanh, relu, relu": ["relu", "relu", "tanh", "relu", "relu"],
}
mixed = {name: train(name, activations, [0.07]) for name, activations in mixed.items()}

fig, axes = plt.subplots(ncols=2, figsize=(9, 4.2), sharex=True, sharey=True, layout="constrained")
for ax, (name, plane) in zip(axes, mixed.items(), strict=True):
    InformationPlaneDisplay.from_plane(plane.select(run=0), ax=ax, legend=ax is axes[0])
    ax.set(ylim=(1.2, 1.65))
    ax.set_title(name, pad=16)
    ax.label_outer()
plt.show()

# %%

plain = {name: plane.select(estimators="bins of 0.07") for name, plane in planes.items()}
pd.concat({name: lost(plane) for name, plane in (plain | mixed).items()}, names=["network"])

# %%
# Inside the bins
# ---------------
#
# How the activations of one seed are spread over 30 bins, untrained, in the middle and at the end:
# first tanh, between -1 and 1, then ReLU, as far as the values go.

nets = {}
for activation in ("tanh", "relu"):
    nets[activation] = InformationClassifier(
        MLP,
        module__activation=activation,
        callbacks=[ClusteringCallback(n_bins=30, layers="hidden*", n_records=9)],
        random_state=0,
        **training,
    ).fit(X, y)
    ClusteringDisplay.from_estimator(nets[activation], kind="histograms")
    plt.show()

# %%
# Over all epochs: the entropy of these bins, and how many of them are empty.

fig, axes = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
for panels, (activation, net) in zip(axes, nets.items(), strict=True):
    quantities = ["bin_entropy", "empty_bins"]
    ClusteringDisplay.from_estimator(net, quantities=quantities, ax=panels, legend=False)
    panels[0].set_title(activation)
handles, names = axes[0, 0].get_legend_handles_labels()
fig.legend(handles, names, loc="outside upper center", ncols=len(names), frameon=False)
plt.show()

# %%

tables = {name: clustering_table(net.history).set_index("epoch") for name, net in nets.items()}
table = pd.concat(tables, names=["network"]).query("layer == 'hidden5'")
table[["bin_entropy", "empty_bins", "n_distinct"]].round(2)

# %%
# The drift holds. In bins of 0.01 on average every layer but the last two with tanh has more than
# 9.4 of the 10.55 bits; in bins of 0.3 the same third tanh layer has 4.6. Each network is one and
# the same throughout, and what its layers lose depends on the ruler too: the last tanh layer 5.6 to
# 6.3 bits in bins of 0.01, and 1.1 to 2.3 in bins of 0.3. ReLU layers drift less than with the
# patterns: the values of the first seed reach 17 in the first layer and 70 in the last, and for
# them bins of 0.3 are narrow as well.
#
# Mixed networks agree in part. Tanh layers compress and a ReLU layer among them does not much, by
# 0.5 bit at most; a tanh layer among ReLU layers loses 3.2 to 5.2 bits. But the ReLU layers after
# it lose with it, the last one 0.7 to 3.9 bits, where ReLU alone loses 0.3 at most. With the
# patterns a last ReLU layer loses 0.9 bit at most, whatever stands before it. So the activation of
# a layer is not all: what the layer before it has gathered stays together. In the full version, of
# five seeds, the last ReLU layer loses 0.3 to 3.3 bits there, and 0.2 to 3.3 bits if kernels
# measure in place of bins; but the ReLU layer among tanh layers loses up to 1.7 bits.
#
# The histograms look like those of the patterns. Tanh layers begin in the middle and go to the
# ends; nine tenths of the activations of the last one end in its first and last bin. ReLU has its
# zeros, 30 to 60 % of the activations of a layer, and a tail that gets longer. The empty bins are
# different: with tanh they fill up at first, as with the patterns, and then those of the last
# layers become empty again, 71 % in ``hidden5`` (71 and 52 % with two other seeds), with a setback
# in between where the training loss jumps. Rows of three classes need few places. Yet all 1500 of
# them stay different from each other, under tanh.
#
# What is not settled: three seeds, one size of network and one learning rate. At 0.003, over 80
# epochs, one of the three mixed ReLU networks did not learn one of the digits.
