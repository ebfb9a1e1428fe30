"""
==================================
Which numbers can be believed?
==================================

Mutual information keeps a number of promises. It is 0 for independent variables. It does not
change under invertible maps. A function of T never tells more than T. An estimate from a sample
need not keep any of them.

Here all seven estimators, with the parameters that they have by default, go through the same
checks. None passes them all.
"""

# %%
# The checks
# ----------
#
# :func:`~ibtools.check_mi_estimator` draws samples of 500 rows and compares numbers that should
# be the same, or one number with a known truth. A statistical case may miss by 0.1 bits. Three
# estimators take class labels only. The others are checked with real targets as well, and so have
# more cases.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ibtools import (
    BinnedMI,
    DependenceGraphMI,
    GaussianMI,
    KernelDensityMI,
    NearestNeighborsMI,
    RenyiMatrixMI,
    SamplePropagationMI,
    check_mi_estimator,
)

estimators = {
    "Binned": BinnedMI(),
    "KernelDensity": KernelDensityMI(),
    "SamplePropagation": SamplePropagationMI(),
    "RenyiMatrix": RenyiMatrixMI(),
    "NearestNeighbors": NearestNeighborsMI(),
    "DependenceGraph": DependenceGraphMI(),
    "Gaussian": GaussianMI(),
}
reports = {name: check_mi_estimator(estimator) for name, estimator in estimators.items()}
for report in reports.values():
    print(report)

# %%
# Passed, of how many
# -------------------
#
# Cases that do not apply are left out: an estimator of labels has no symmetry to check.

table = pd.concat({name: report.table for name, report in reports.items()}, names=["estimator"])
names, checks = list(reports), list(table["check"].unique())
table = table[table["status"] != "not applicable"].reset_index("estimator")


def count(rows):
    """Count rows by check and estimator; NaN where there are none."""
    return rows.groupby(["check", "estimator"]).size().unstack().reindex(checks, columns=names)


n_cases = count(table)
n_failed = count(table[table["status"] == "failed"]).fillna(0).where(n_cases.notna())
counts = (n_cases - n_failed).map("{:.0f}".format) + "/" + n_cases.map("{:.0f}".format)
counts = counts.replace("nan/nan", "-")
counts.rename_axis(index=None, columns=None)

# %%
# The same as a figure: the darker, the larger the part that failed.

failed = (n_failed / n_cases).to_numpy()
fig, ax = plt.subplots(figsize=(8.2, 5.2), layout="constrained")
image = ax.imshow(failed, cmap="Greys", vmin=0, vmax=1, aspect="auto")
for (row, column), part in np.ndenumerate(failed):
    bold = "bold" if part > 0 else "normal"
    color = "white" if part > 0.6 else "black"
    ax.text(
        column,
        row,
        counts.iloc[row, column],
        ha="center",
        va="center",
        color=color,
        fontweight=bold,
    )
ax.set_xticks(range(len(names)), names, rotation=30, ha="left")
ax.set_yticks(range(len(checks)), checks)
ax.xaxis.tick_top()
ax.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
ax.set_yticks(np.arange(len(checks) + 1) - 0.5, minor=True)
ax.grid(which="minor", color="0.75", linewidth=0.6)
ax.tick_params(which="both", length=0)
ax.spines[:].set_visible(False)
fig.colorbar(image, label="part of the cases that failed", shrink=0.6)
plt.show()

# %%
# Every failure
# -------------
#
# What there should be and what there is, in bits. For "invariance", "scale" and the like, what
# there should be is what the same estimator read before the change.

failures = table[table["status"] == "failed"].set_index(["estimator", "check", "case"])
failures[["expected", "measured"]].round(2) + 0.0

# %%
# Known truths
# ------------
#
# The last check again, with the cases that passed: the mean over five samples beside the truth.
# First the distributions with class labels.

truths = table[table["check"] == "known truth"]
measured = truths.pivot(index="case", columns="estimator", values="measured")
measured = measured.reindex(truths["case"].unique(), columns=names)
measured.insert(0, "truth", truths.groupby("case")["expected"].first())
measured = measured.rename_axis(index=None, columns=None).round(2) + 0.0
measured[measured.index.str.endswith("labels")]

# %%
# And those with a real target.

measured[measured.index.str.endswith("real")].dropna(axis="columns")

# %%
# What each of them fails at
# --------------------------
#
# **Binned, KernelDensity, SamplePropagation: rows learnt by heart.** Shuffled labels should tell
# nothing, and these three read 0.65 to 1.5 bits. The reason is one and the same. A row that is
# alone in its bins, or alone within reach of its noise, has a label that is certain. In ten units
# all rows are alone, and what is read is H(Y), whatever the truth. Two blocks of units together
# read more than both apart, for the same reason. It takes more rows, a coarser resolution, or the
# held-out ``score``.
#
# **KernelDensity, SamplePropagation: the noise has a unit.** Both answer a question about T plus
# noise of a given size. For T a thousand times smaller the noise drowns everything, and they read
# 0. That is right for a network with this noise, and arbitrary for one without.
#
# **Binned: bins see the shape.** The bins follow the range of the values, so that units of
# measurement do not matter. A map that stretches some values more than others does: it moves
# rows from one bin to another.
#
# **RenyiMatrix: another quantity.** It reads the eigenvalues of a kernel matrix, and its numbers
# are not meant to be Shannon's. With class labels and few units they are close. With real targets
# they are not: five independent units read 4 bits. What can be compared is one layer with itself,
# under one bandwidth. The bandwidth shrinks as rows are added, so that every row taken twice
# changes the value. A strong dependence is read too low, without a warning.
#
# **NearestNeighbors: high dimensions and ties.** Closest to most truths, and nothing is read where
# there is nothing. But it reads too little when there are many units, or when T is wound into a
# spiral: neighbours k steps away are then no longer in a flat neighbourhood. Rows that occur twice
# are the worst case. Each row has a neighbour at distance 0, and that is read as dependence:
# with labels 1.8 bits, more than H(Y).
#
# **DependenceGraph: strong dependence and high dimensions.** Bins again, several widths at a time.
# A weak dependence in one or two units is read well. Of 4.5 bits it reads 1.4, since no width is
# narrow enough, and with five units on each side it reads 2 bits where there are none, since ten
# dimensions leave few rows in a bin.
#
# **Gaussian: what is not linear.** It passes all that concerns scale, order and chance. It reads
# next to nothing from a Swiss roll, and little from heavy tails: their dependence is not one of
# correlation. Of 4.5 bits it reads 2.9, though the pair is Gaussian: shrinkage lowers a correlation
# near 1.
#
# A pass can be empty
# -------------------
#
# KernelDensity passes all cases of invariance. It does so because it reads 1.55 bits before and
# after, close to the 1.58 bits of H(Y), which is all that there can be. The case before in the
# table, shuffled labels, shows why this is no merit. Read the rows together, and run the checks
# with the parameters, the number of rows (``n_samples``) and the tolerance that you will use.
#
# How fast these errors shrink with more rows is seen in
# :ref:`sphx_glr_gallery_estimators_plot_compare_estimators.py`.
