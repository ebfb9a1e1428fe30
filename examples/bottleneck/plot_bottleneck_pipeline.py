"""
============================================
How few clusters does a classifier need?
============================================

Bins of two features make hundreds of cells, and a classifier has to learn what each of them means.
The information bottleneck puts cells together that say the same about the label. Here it stands
between bins and a classifier.
"""

# %%
# Cells
# -----
#
# Two half moons that overlap. Each feature gets 12 bins of equal width; a cell is a pair of codes.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from ibtools import BinnedMI, InformationBottleneck

X, y = make_moons(4000, noise=0.3, random_state=0)
train_X, test_X, train_y, test_y = train_test_split(
    X, y, train_size=1000, stratify=y, random_state=0
)
bins = BinnedMI(n_bins=12, bounds="unit").fit(train_X)
print(f"1000 training rows fill {len(bins.symbols_)} of 144 cells")

# %%
# One classifier behind cells and behind clusters
# -----------------------------------------------
#
# The first pipeline gives the classifier an indicator for every cell. The others give it p(t|x),
# the probabilities of a few clusters: beta alone decides how many there are. A cell without
# training rows gets the probabilities of the clusters over all rows.
#
# The bins are those of :class:`~ibtools.BinnedMI`.
# :class:`~sklearn.preprocessing.KBinsDiscretizer` with ``encode="ordinal"`` would do as well: any
# step that makes equal rows of what should be one symbol.

number = FunctionTransformer(lambda codes: codes @ np.array([[12], [1]]))
indicators = OneHotEncoder(handle_unknown="ignore")
pipelines = {"cells": make_pipeline(bins, number, indicators, LogisticRegression())}
for beta in (1.5, 3, 10, 100):
    pipelines[f"beta = {beta:g}"] = make_pipeline(
        bins, InformationBottleneck(betas=[beta], random_state=0), LogisticRegression()
    )

rows = {}
for name, pipeline in pipelines.items():
    pipeline.fit(train_X, train_y)
    probabilities = pipeline.predict_proba(test_X)
    rows[name] = {
        "inputs": pipeline[-1].n_features_in_,
        "accuracy": (probabilities.argmax(axis=1) == test_y).mean(),
        "information": 1 - log_loss(test_y, probabilities) / np.log(2),
    }
results = pd.DataFrame.from_dict(rows, orient="index")
results.round(3)

# %%
# The last column is what the predicted probabilities say about the labels of rows that were not
# fitted, of the one bit there is. Two clusters make no more mistakes than all cells together, and
# say more about the label: the classifier has two numbers to learn instead of 107. Four clusters,
# which can tell sure cells from unsure ones, say a little more again. Ten add nothing.

# %%
# What the classifier sees
# ------------------------
#
# The probability of label 1 over the plane. Behind cells, the classifier learns each cell from its
# own rows, and doubts where there are few. Behind clusters it learns from all rows of a cluster. At
# 1.5 and at 3 there are two of them; cells of mixed labels stand between, with a part in both. At
# 10 the mixed cells have clusters of their own.

x_0, x_1 = np.meshgrid(np.linspace(-2, 3, 200), np.linspace(-1.6, 2.1, 160))
plane = np.column_stack([x_0.ravel(), x_1.ravel()])
shown = ["cells", "beta = 1.5", "beta = 3", "beta = 10"]
fig, axes = plt.subplots(2, 2, figsize=(8, 6), sharex=True, sharey=True, layout="constrained")
for ax, name in zip(axes.flat, shown, strict=True):
    probability = pipelines[name].predict_proba(plane)[:, 1].reshape(x_0.shape)
    image = ax.pcolormesh(x_0, x_1, probability, cmap="PuOr", vmin=0, vmax=1, rasterized=True)
    for label, marker in ((0, "o"), (1, "x")):
        ax.plot(*train_X[train_y == label][:150].T, marker, color="0.2", ms=3, alpha=0.5)
    ax.set_title(f"{name}: {results.loc[name, 'inputs']:.0f} inputs")
    ax.set(xlabel="first feature", ylabel="second feature")
    ax.label_outer()
fig.colorbar(image, ax=axes, label="probability of label 1")
plt.show()
