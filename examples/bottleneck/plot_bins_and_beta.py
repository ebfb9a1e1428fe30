"""
=========================================
Which bins, and which beta?
=========================================

With narrow bins and a large beta, clusters of the training rows say as much about their labels as
one likes. What they say about other rows is another matter. ``score`` measures it, and a search
finds the bins and the beta at which it is largest.
"""

# %%
# A distribution that knows its information
# -----------------------------------------
#
# Three classes, each a Gaussian cloud in two units, and 600 rows of it.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from ibtools import BinnedMI, InformationBottleneck
from ibtools.datasets import LabelledGaussians

classes = LabelledGaussians([[0.0, 0.0], [2.5, 0.0], [0.0, 2.5]])
X, y = classes.sample(600, random_state=0)
print(f"I(X;Y) = {classes.mutual_information:.2f} bits")

# %%
# The search
# ----------
#
# The score of the bottleneck is the mean of log q(y|x) / p(y) over rows that were not fitted: bits
# about the label. It is the default, so that the search needs no ``scoring``. The bottleneck is no
# classifier for scikit-learn, because it predicts clusters; to have all classes in every part,
# the splits are stratified by hand. Each fit has a single beta and stops at a coarse tolerance,
# since only the score is wanted.

n_bins = [2, 4, 6, 8, 12, 16, 24, 32]
betas = [1.3, 1.6, 2, 3, 5, 10, 30, 100]
search = GridSearchCV(
    make_pipeline(BinnedMI(bounds="unit"), InformationBottleneck(tol=1e-4)),
    {"binnedmi__n_bins": n_bins, "informationbottleneck__betas": [[beta] for beta in betas]},
    cv=StratifiedKFold(4, shuffle=True, random_state=0),
    return_train_score=True,
)
search.fit(X, y)
best = search.best_params_
print(
    f"{best['binnedmi__n_bins']} bins and beta = {best['informationbottleneck__betas'][0]:g} "
    f"with {search.best_score_:.2f} bits"
)

# %%
# All of them
# -----------
#
# On the left what clusters say about rows they were made from, on the right about others.

results = pd.DataFrame(search.cv_results_)
results["beta"] = [value[0] for value in results["param_informationbottleneck__betas"]]
fig, axes = plt.subplots(ncols=2, figsize=(9, 4.2), sharey=True, layout="constrained")
for ax, part in zip(axes, ("train", "test"), strict=True):
    table = results.pivot(
        index="beta", columns="param_binnedmi__n_bins", values=f"mean_{part}_score"
    )
    image = ax.imshow(table, cmap="viridis", origin="lower", vmin=0, vmax=1.5, aspect="auto")
    row, column = np.unravel_index(table.to_numpy().argmax(), table.shape)
    for (k, j), value in np.ndenumerate(table.to_numpy()):
        weight = "bold" if (k, j) == (row, column) else "normal"
        color = "black" if value > 0.9 else "white"
        ax.text(
            j,
            k,
            f"{round(value, 2) + 0.0:.2f}",
            ha="center",
            va="center",
            color=color,
            weight=weight,
            size=8,
        )
    ax.set(title={"train": "training rows", "test": "held-out rows"}[part], xlabel="bins per unit")
    ax.set_xticks(range(len(n_bins)), n_bins)
    ax.set_yticks(range(len(betas)), [f"{beta:g}" for beta in betas])
axes[0].set_ylabel("beta")
fig.colorbar(image, ax=axes, label="bits about the label")
plt.show()

# %%
# On the left the largest number is in the corner, where every row has a cell for itself: more than
# there is to know. On the right the narrowest bins say next to nothing.
#
# Bins and beta do the same in two ways, they forget. With bins as wide as they should be, beta
# has little left to do, and a large one is best. The narrower the bins, the smaller the beta that
# serves them best, but what a small beta saves there is not what better bins would have given.
# The best score stays below the truth, as a lower bound should. Chosen as the best of many, it is
# itself a little too high; for an honest number keep rows apart that the search does not see.
