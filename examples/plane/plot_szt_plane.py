"""
========================================
Does a tanh network compress its input?
========================================

Shwartz-Ziv and Tishby (2017, arXiv:1703.00810) trained a small tanh network on all patterns of
twelve bits and saw two phases. First every layer gains information about the label. Later, over
many more epochs, the last layers lose information about the input: they compress.

Here we train the same kind of network once, and look.
"""

# %%
# The task and the network
# ------------------------
#
# Every one of the 4096 patterns of twelve bits is an input, with a label of one bit. The network
# has five hidden layers of 10, 7, 5, 4 and 3 tanh units.
#
# Torch gets one thread. In a network as small as this, several threads spend more time waiting
# for each other than computing.

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

torch.set_num_threads(1)

X, y = make_szt()
print(f"{len(X)} patterns, {y.mean():.1%} of them with label 1")

# %%
# Training and recording
# ----------------------
#
# The callback measures every hidden layer, and the probabilities that the network predicts. Each
# unit is cut into 30 bins between -1 and 1, the range of tanh, and the bins of all units of a
# layer make one symbol. The epochs recorded are evenly spaced on a logarithmic axis, for most of
# the change comes early. The network learns from 80 % of the patterns; the plane is measured on
# all of them, so that the input has exactly 12 bits.
#
# The paper trains for thousands of epochs. Here the learning rate is 0.002 and there are 1500
# epochs, so that this page is built quickly; ``python -m ibtools plane`` trains 8000 epochs at
# 0.0004.

net = InformationClassifier(
    MLP,
    module__sizes=(12, 10, 7, 5, 4, 3, 2),
    module__activation="tanh",
    optimizer=torch.optim.Adam,
    optimizer__fused=True,
    lr=2e-3,
    batch_size=512,
    max_epochs=1500,
    callbacks=[InfoPlaneCallback(BinnedMI(n_bins=30), on="all")],
    random_state=0,
    verbose=0,
)
net.fit(X, y)
plane = InformationPlane.from_history(net.history)
print(plane)

# %%
# The path of every layer
# -----------------------
#
# One path per layer, pale at the first epoch and full at the last. To the right is information
# about the input, upwards is information about the label. The dashed lines are what no layer can
# exceed: the 12 bits of the input, and the entropy of the label.

InformationPlaneDisplay.from_plane(plane)
plt.show()

# %%
# The first layers stay at 12 bits: their bins tell almost all inputs apart, from beginning to end.
# The last hidden layer goes up first, and then to the left.
#
# The same at three epochs. The grey line joins the layers in their order, the input side on the
# right.

middle = min(plane.epochs, key=lambda epoch: abs(epoch - 100))
fig, axes = plt.subplots(ncols=3, figsize=(10, 3.6), sharex=True, sharey=True, layout="constrained")
for ax, epoch in zip(axes, [0, middle, -1], strict=True):
    InformationPlaneDisplay.from_plane(
        plane, ax=ax, kind="epoch", epoch=epoch, ceilings=False, legend=epoch == 0
    )
    ax.set_title(f"epoch {plane.epochs[-1] if epoch == -1 else epoch}")
    ax.label_outer()
plt.show()

# %%
# How much is lost, and when
# --------------------------
#
# The table of the plane has one row per epoch and layer. From it: the largest I(X;T) that each
# layer had, the epoch at which it had it, and what is left at the end.

table = plane.to_frame()
last = table[table["epoch"] == plane.epochs[-1]].set_index("layer")
peak = table.loc[table.groupby("layer", sort=False)["mi_x"].idxmax()].set_index("layer")
change = peak[["epoch", "mi_x"]].rename(columns={"epoch": "epoch of peak", "mi_x": "peak"})
change["last"] = last["mi_x"]
change["lost"] = change["peak"] - change["last"]
change.round(2)

# %%

hidden = table[table["layer"] == "hidden5"].set_index("epoch")
first, final = hidden.iloc[0], hidden.iloc[-1]
print(
    f"The last hidden layer held {hidden['mi_x'].max():.2f} bits about the input at epoch "
    f"{hidden['mi_x'].idxmax()},\nand holds {final['mi_x']:.2f} bits at the end. "
    f"What it says about the label\nwent from {first['mi_y']:.2f} to {final['mi_y']:.2f} "
    f"of {final['mi_y_ceiling']:.2f} bits."
)

# %%
# So it does, by this measure: with 30 bins, the last hidden layer and the probabilities of the tanh
# network lose most of what they told about the input, while what they tell about the label stays
# high. The first layers lose nothing. Whether this comes with learning or with the activation is
# asked in :ref:`sphx_glr_gallery_plane_plot_tanh_against_relu.py`.
