"""
=============================================
What is the least that must be remembered?
=============================================

A representation T of X is good if it says much about Y and keeps little else of X. The
information bottleneck (Tishby, Pereira and Bialek 1999, arXiv:physics/0004057) says how good it
can be: for each value of I(X;T) there is a largest I(T;Y). The way there goes through sudden
changes, and for a channel that is built for the purpose all of them are known beforehand.
"""

# %%
# Three bits, three noises
# ------------------------
#
# X are three fair bits, and Y is X after a noise that flips the first bit with probability 0.1, the
# second with 0.25 and the third with 0.4. The first says much about the label, the last almost
# nothing.
#
# The estimator takes rows and labels. A distribution that is known is given as its cells: one row
# for each pair of an x and a y, weighted with its probability.

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ibtools import BottleneckCurveDisplay, InformationBottleneck

FLIPS = np.array([0.1, 0.25, 0.4])

bits = np.array(list(itertools.product([0, 1], repeat=3)))
flipped = bits[:, None] != bits[None]
p_xy = np.where(flipped, FLIPS, 1 - FLIPS).prod(axis=2) / 8

x, y = np.indices(p_xy.shape).reshape(2, -1)
bottleneck = InformationBottleneck(betas=np.geomspace(1, 200, 150), random_state=0)
bottleneck.fit(bits[x], y, sample_weight=p_xy.ravel())
print(f"I(X;Y) = {bottleneck.mi_xy_:.3f} bits, H(X) = 3 bits")

# %%
# The bound
# ---------
#
# The estimator minimises I(X;T) - beta I(T;Y) at every beta. A bit of memory may be spent where it
# buys at least 1 / beta bits about the label, so that 1 / beta is the slope of the curve.

told = np.cumsum(1 + FLIPS * np.log2(FLIPS) + (1 - FLIPS) * np.log2(1 - FLIPS))
kept = {"first bit": (1, told[0]), "first two": (2, told[1]), "all three": (3, told[2])}
BottleneckCurveDisplay.from_estimator(bottleneck, layers=kept)
plt.show()

# %%
# The points are representations that keep the first bit, the first two, or all three, and nothing
# else. On this channel they are as good as on the bound: the bits are best learned one after the
# other, the one with the least noise first.

# %%
# Phase transitions
# -----------------
#
# For one bit that is flipped with probability e, nothing is worth its price below
# beta = 1 / (1 - 2e)^2. Here the bits are independent, so that each has its own such beta: at the
# first, one cluster becomes two, at the second four, at the third eight.

expected = 1 / (1 - 2 * FLIPS) ** 2
pd.DataFrame({"expected": expected, "found": bottleneck.critical_betas_}).round(3)

# %%

fig, axes = plt.subplots(
    nrows=2, figsize=(6.4, 5), sharex=True, layout="constrained", height_ratios=(2, 1)
)
axes[0].semilogx(bottleneck.betas_, bottleneck.mi_x_, color="C0", label="I(X;T)")
axes[0].semilogx(bottleneck.betas_, bottleneck.mi_y_, color="C1", linestyle="--", label="I(T;Y)")
axes[0].set_ylabel("bits")
axes[0].legend()
axes[1].step(bottleneck.betas_, bottleneck.path_.n_clusters, where="post", color="0.2")
axes[1].set(xlabel="beta", ylabel="clusters", yticks=(1, 2, 4, 8))
for ax in axes:
    for beta in bottleneck.critical_betas_:
        ax.axvline(beta, color="0.6", linewidth=0.8, zorder=0)
plt.show()

# %%
# What the clusters are
# ---------------------
#
# The encoder p(t|x) at four betas. One point of the path is chosen with ``beta``, and belongs to
# ``encoder_``, ``transform`` and ``predict``; ``path_`` has all of them.

betas = (1.3, 2, 5, 40)
names = ["".join(map(str, row)) for row in bottleneck.symbols_]
fig, axes = plt.subplots(
    ncols=4, figsize=(9, 3), sharey=True, layout="constrained", width_ratios=(1.5, 2, 4, 8)
)
for ax, beta in zip(axes, betas, strict=True):
    encoder = bottleneck.path_[np.abs(bottleneck.betas_ - beta).argmin()].encoder
    mean_x = np.arange(8) @ encoder / encoder.sum(axis=0)
    image = ax.imshow(encoder[:, np.argsort(mean_x)], cmap="Greys", vmin=0, vmax=1, aspect="auto")
    ax.set(title=f"{beta:g}", xlabel="cluster", xticks=range(len(mean_x)))
axes[0].set(ylabel="x", yticks=range(8), yticklabels=names)
fig.suptitle("beta")
fig.colorbar(image, ax=axes, label="p(t|x)")
plt.show()

# %%
# At 1.3 all x are one. At 2 there are two clusters, that tell the first bit, and tell it with
# some noise. At 5 the first bit is clear and the second is noisy, at 40 it is the third. Each
# transition adds what is worth its price, and more of it the larger beta becomes.
