"""
==========================================
How near to the bound are trained layers?
==========================================

Shwartz-Ziv and Tishby (2017, arXiv:1703.00810) drew the layers of a trained network together with
the information bottleneck bound of its task, and gave each layer a beta: that of the optimal
encoder which it is most like. The betas fell from the input to the output.

Here we do the same, with one care. A layer and a bound may be compared only if both belong to the
same joint distribution of input and label, and it is easy to mix up two of them.
"""

# %%
# The task and its bound
# ----------------------
#
# The label of each of the 4096 patterns is drawn: p(y=1|x) is a steep sigmoid of a property of the
# pattern. The joint distribution is known, and so is the bound.

import matplotlib.pyplot as plt
import numpy as np
import torch

from ibtools import (
    MLP,
    BinnedMI,
    BottleneckCurveDisplay,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    InformationPlaneDisplay,
)
from ibtools.bottleneck import bottleneck_path
from ibtools.datasets import make_szt, szt_joint

torch.set_num_threads(1)

p_xy = szt_joint(gain=50)
bound = bottleneck_path(p_xy)
print(f"I(X;Y) = {bound.mi_xy:.4f} bits")

# %%
# A network, measured under the rule
# ----------------------------------
#
# The network learns from labels that were drawn once. It is measured under the rule they were
# drawn from, ``p_xy``: each pattern counts once per label, with its probability.

X, y = make_szt(gain=50, random_state=0)
net = InformationClassifier(
    MLP,
    module__sizes=(12, 10, 7, 5, 4, 3, 2),
    module__activation="tanh",
    optimizer=torch.optim.Adam,
    optimizer__fused=True,
    lr=4e-3,
    batch_size=512,
    max_epochs=300,
    train_split=None,
    callbacks=[InfoPlaneCallback(BinnedMI(n_bins=30), on=(X, None), p_xy=p_xy, n_records=40)],
    random_state=0,
    verbose=0,
)
net.fit(X, y)
plane = InformationPlane.from_history(net.history)

InformationPlaneDisplay.from_plane(plane, bound=bound)
plt.show()

# %%
# What is shaded no representation can reach. The first layers keep everything and touch the bound
# far on the right, where it is flat: they know all about the label, and much else. The later layers
# move towards the corner on the left, in which only the label would be left.
#
# Beta and distance
# -----------------
#
# Two numbers say how a layer stands to the bound. ``beta`` is the trade-off that it is most like.
# It does not say that the layer is good at it: that is ``bound_distance``, by how much I(T;Y) is
# less than possible at the same I(X;T).

table = plane.with_bound(bound).to_frame()
last = table[table["epoch"] == plane.epochs[-1]].set_index("layer")
last[["mi_x", "mi_y", "bound_mi_y", "bound_distance", "beta"]].round(3)

# %%
# The betas fall from layer to layer, as in the paper. An infinite beta belongs to a layer that puts
# each pattern where the label is most like its own: every larger beta fits it better.

display = BottleneckCurveDisplay.from_path(bound, layers=plane)
for _, row in last[np.isfinite(last["beta"])].iterrows():
    display.ax_.annotate(
        rf"$\beta$ = {row['beta']:.2f}",
        (row["mi_x"], row["mi_y"]),
        (0, -16),
        textcoords="offset points",
        ha="center",
        fontsize="small",
    )
display.ax_.set_ylim(0.8, 1.02)
plt.show()

# %%
# While the network learns, its layers come nearer to the bound, and their betas rise. That of the
# output stays near 1: there, a bit of the input is kept only for almost a bit about the label.

fig, axes = plt.subplots(ncols=2, figsize=(9, 3.6), layout="constrained")
for k, layer in enumerate(["hidden3", "hidden4", "hidden5", "probabilities"]):
    points = table[table["layer"] == layer]
    color = display.points_[layer].get_facecolor()
    style = {"color": color, "marker": "D^vP"[k], "markersize": 4, "linewidth": 0.8}
    axes[0].plot(points["epoch"] + 1, points["bound_distance"], label=layer, **style)
    axes[1].plot(points["epoch"] + 1, points["beta"], **style)
axes[0].set(xscale="log", xlabel="epoch + 1", ylabel="distance to the bound [bits]")
axes[1].set(xscale="log", yscale="log", xlabel="epoch + 1", ylabel="beta")
axes[0].legend(frameon=False)
plt.show()

# %%
# Two distributions that must not be mixed
# ----------------------------------------
#
# Measured with the labels that were drawn, one for each pattern, the first layer tells all about
# *these labels*. That is more than the patterns say about the label under the rule, so that the
# point is above the bound of the rule. It is no discovery, but a comparison of two tasks, and it
# is refused.

drawn = InformationPlane.from_activations({"input": X}, y)
point = drawn.to_frame().iloc[0]
print(f"I(T;Y) = {point['mi_y']:.4f} bits with one drawn label per pattern")
try:
    drawn.with_bound(bound)
except ValueError as error:
    print(error)

# %%
# Those labels have a bound of their own. They are a function of the pattern, and the curve is a
# corner: I(T;Y) can be I(X;T) until it is H(Y).

labels = bottleneck_path(np.eye(2)[y] / len(y))
print(f"distance: {drawn.with_bound(labels).to_frame()['bound_distance'].iloc[0]:.4f} bits")
BottleneckCurveDisplay.from_path(labels, layers={"input": (point["mi_x"], point["mi_y"])})
plt.show()
