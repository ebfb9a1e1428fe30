"""
===================================
Does a ReLU network compress, too?
===================================

A tanh network, measured with bins, loses information about its input while it learns
(:ref:`sphx_glr_gallery_plane_plot_szt_plane.py`). Saxe et al. (ICLR 2018) asked whether this is a
property of learning. Their answer was no: tanh units saturate, saturated units share few bins,
and fewer bins mean less information. ReLU units do not saturate.

Here both networks are trained on the same task, with the same settings, three seeds each.
"""

# %%
# The same bins for both
# ----------------------
#
# Bins decide the outcome, so they have to be chosen with care. Thirty bins between -1 and 1 suit
# tanh. They do not suit ReLU, whose values go beyond 1. For a fair comparison both networks get
# bins of the same width, 0.07, laid as far as the values go: 30 bins between -1 and 1 are 0.067
# wide, so tanh is measured as finely as before.
#
# Each network is measured in a second way as well. For tanh, the 30 bins. For ReLU, the mistake:
# 30 bins that end at 1, and a single bin for all that is beyond.
#
# Torch gets one thread. In a network as small as this, several threads spend more time waiting
# for each other than computing.

from itertools import product

import matplotlib.pyplot as plt
import pandas as pd
import torch

from ibtools import (
    MLP,
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    InformationPlaneDisplay,
)
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble

torch.set_num_threads(1)

X, y = make_szt()
WIDTH = "bins of width 0.07"
COUNT = "30 bins in [-1, 1]"
same_width = BinnedMI(bin_width=0.07)
estimators = {
    "tanh": {WIDTH: same_width, COUNT: BinnedMI(n_bins=30)},
    "relu": {WIDTH: same_width, COUNT: BinnedMI(30, bounds=(-1, 1), outside="overflow")},
}

# %%
# Training
# --------
#
# :class:`~ibtools.networks.SeedEnsemble` trains the three seeds together. The learning rate is
# 0.008, twenty times that of ``python -m ibtools plane``, so that 450 epochs do in place of 8000.
# For ``BinnedMI(n_bins=30)``, which names no bounds, the callback takes those of the activation
# from the network: -1 and 1 after tanh.


def train(activation):
    """Train three seeds of a network; return it fitted."""
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        module__activation=activation,
        module__seeds=3,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=8e-3,
        batch_size=512,
        max_epochs=450,
        callbacks=[InfoPlaneCallback(estimators[activation], n_records=18, on="all")],
        verbose=0,
    )
    return net.fit(X, y)


nets = {activation: train(activation) for activation in estimators}
planes = {name: InformationPlane.from_history(net.history) for name, net in nets.items()}

for name, net in nets.items():
    accuracies = [f"{net.member(seed).score(X, y):.3f}" for seed in range(3)]
    print(f"{name}: accuracy {', '.join(accuracies)}")

# %%
# Two planes
# ----------
#
# The first seed of both, side by side. A display draws a panel for each estimator of a plane;
# here each network stands in the place of an estimator.

tables = [
    plane.select(estimators=WIDTH, run=0).to_frame().assign(estimator=name)
    for name, plane in planes.items()
]
InformationPlaneDisplay.from_plane(InformationPlane(pd.concat(tables)))
plt.show()

# %%
# The untrained networks differ. Small weights make the values of ReLU units small, from layer to
# layer more so, until few of them differ by the width of a bin: the last layers begin at the left.
# While the network learns they go to the right, where more inputs can be told apart. The last
# hidden layer of the tanh network begins further to the right, and ends by going to the left. The
# probabilities end by going to the left in both: they come from a softmax, which saturates like
# tanh.
#
# The last hidden layer over the epochs
# -------------------------------------
#
# All four measurements of the layer ``hidden5``. A thick line is the mean over the seeds, a thin
# line is one of them.

fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
for (network, color), (name, style) in product(
    {"tanh": "#0072B2", "relu": "#D55E00"}.items(),
    {WIDTH: "-", COUNT: (0, (4, 2))}.items(),
):
    layer = planes[network].select(layers="hidden5", estimators=name)
    for _, path in layer.to_frame().groupby("run"):
        ax.plot(path["epoch"], path["mi_x"], color=color, ls=style, lw=0.7, alpha=0.35)
    mean = layer.mean().to_frame()
    ax.plot(mean["epoch"], mean["mi_x"], color=color, ls=style, lw=2, label=f"{network}, {name}")
ax.set_xscale("symlog", linthresh=1)
ax.set(xlabel="epoch", ylabel="I(X;T) of hidden5 [bits]", xlim=(0, 450), ylim=(0, None))
ax.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
fig.legend(loc="outside upper center", ncols=2, frameon=False)
plt.show()

# %%
# How much each layer loses
# -------------------------
#
# For every run, the largest I(X;T) of a layer less the last one, in bits.


def lost(plane):
    """Bits about the input that each layer lost since its peak, by estimator and run."""
    paths = plane.to_frame().groupby(["estimator", "layer", "run"], sort=False)["mi_x"]
    return (paths.max() - paths.last()).unstack("layer")[plane.layers]


losses = pd.concat(
    {network: lost(plane) for network, plane in planes.items()},
    names=["network"],
)
losses.round(2)

# %%

for (network, name), table in losses.groupby(["network", "estimator"], sort=False):
    least, most = table["hidden5"].min(), table["hidden5"].max()
    print(f"{network}, {name}: hidden5 loses {least:.2f} to {most:.2f} bits")

# %%
# So no, not as tanh does. With bins of the same width, the last hidden layer of the ReLU networks
# keeps nearly all that it ever told about the input, and that of the tanh networks loses 1.5 to
# 2.6 bits. The layers before it are less clear: the fourth, in ReLU networks the third as well,
# loses something in single runs. And the same ReLU activations seem to compress when the bins end
# at 1, because all that grows beyond is counted as one value. Read a fall of I(X;T) together with
# the bins that it was measured with.
