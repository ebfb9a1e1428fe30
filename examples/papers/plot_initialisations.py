"""
=====================================================
Are the two phases an accident of the first weights?
=====================================================

The planes of Shwartz-Ziv and Tishby (2017, arXiv:1703.00810) are averages over 50 initialisations
of one tanh network. An average can have two phases that hardly a network in it has. Here are the
50 networks, one epoch at a time, and then their average.
"""

# %%
# Fifty networks in one fit
# -------------------------
#
# :class:`~ibtools.networks.SeedEnsemble` trains the network for many seeds at once: each has the
# first weights and the order of batches of its own seed. Bins are those of the paper, 30 between
# -1 and 1, and all 4096 patterns are measured.
#
# The paper trains for thousands of epochs. For this page to be built quickly the learning rate is
# 0.01, there are 80 epochs, and 9 of them are recorded; the study
# ``examples/studies/plot_initialisations.toml`` has 8000 epochs at 0.0004.

import matplotlib.pyplot as plt
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
net = InformationClassifier(
    SeedEnsemble,
    module__module=MLP,
    module__sizes=(12, 10, 7, 5, 4, 3, 2),
    module__seeds=50,
    optimizer=torch.optim.Adam,
    optimizer__fused=True,
    lr=0.01,
    batch_size=512,
    max_epochs=80,
    callbacks=[InfoPlaneCallback(BinnedMI(n_bins=30), on="all", n_records=8)],
    verbose=0,
)
net.fit(X, y)
plane = InformationPlane.from_history(net.history)
print(plane)

# %%
# One epoch, all networks
# -----------------------
#
# Each small point is a layer of one network. The grey line joins the layers of the average network,
# the input side on the right; bars are the standard deviation over the networks.

from ibtools.plane import information_phases

average = plane.mean()
fitted = min(plane.epochs, key=lambda epoch: abs(epoch - 4))
fig, axes = plt.subplots(ncols=3, figsize=(10, 3.8), sharex=True, sharey=True, layout="constrained")
for ax, epoch in zip(axes, [0, fitted, plane.epochs[-1]], strict=True):
    display = InformationPlaneDisplay.from_plane(
        average, ax=ax, kind="epoch", epoch=epoch, ceilings=False, legend=epoch == 0
    )
    networks = plane.select(epochs=epoch).to_frame()
    for (_, layer), point in display.points_.items():
        of_layer = networks[networks["layer"] == layer]
        color = point.get_facecolor()
        ax.scatter(of_layer["mi_x"], of_layer["mi_y"], s=6, color=color, alpha=0.45, lw=0)
    ax.set_title(f"epoch {epoch}")
    ax.label_outer()
plt.show()

# %%
# The average
# -----------
#
# The path of the average over the 50 networks; bars are the standard deviation over them.

InformationPlaneDisplay.from_plane(average)
plt.show()

# %%
# Each network alone
# ------------------
#
# By how much I(X;T) falls from its maximum to the last epoch, in bits, over the 50 networks, and in
# how many it falls by more than half a bit.

drops = information_phases(plane).pivot(index="run", columns="layer", values="drop")[plane.layers]
summary = drops.agg(["mean", "std", "min", "max"])
summary.loc["more than 0.5"] = (drops > 0.5).sum()
summary.round(2)

# %%
# No accident, though not all 50 do the same. In every network the probabilities gain, and then lose
# between 1.2 and 2.4 bits about the input. The last hidden layer loses 0.98 bits on average, more
# than half a bit in 30 of the 50 networks, and nothing at all in some. The first two layers lose
# nothing. The average of the last hidden layer goes left twice: a step right after I(T;Y) has
# risen, which it takes back, and slowly at the end.
#
# The study trains a hundred times as long at a smaller rate. Five seeds of that length,
# measured in the same bins, lose 3.3 to 5.5 bits in the last hidden layer: at 80 quick epochs most
# of the compression is still to come. That tanh and its bins have a part in it is asked in
# :ref:`sphx_glr_gallery_plane_plot_tanh_against_relu.py`.
