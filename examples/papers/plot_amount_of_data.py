"""
==================================================
What do layers forget when there is little data?
==================================================

Shwartz-Ziv and Tishby (2017, arXiv:1703.00810) trained their network on 5, 45 and 85 % of the
patterns. With much data, layers gain information about the label while they lose information about
the input. With 5 % they lose both: late in training, I(T;Y) falls. Is that what we see?
"""

# %%
# Three amounts of data
# ---------------------
#
# Five seeds for each amount. An epoch has seven batches whatever the amount, so that the same epoch
# means the same number of steps. Every plane is measured on all 4096 patterns, those that the
# network has never seen among them: I(T;Y) is what a layer tells about the label in general.
#
# The learning rate is 0.01 and there are 150 epochs, so that this page is built quickly. The study
# ``examples/studies/plot_amount_of_data.toml`` trains ten seeds for 8000 epochs at 0.0004,
# in batches of 512.

import matplotlib.pyplot as plt
import pandas as pd
import torch
from sklearn.model_selection import train_test_split

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


def train(part):
    """Train five seeds on a part of the patterns; return the plane of all patterns."""
    rows, _, labels, _ = train_test_split(X, y, train_size=part, random_state=0, stratify=y)
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        module__seeds=5,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=0.01,
        batch_size=-(-len(rows) // 7),
        max_epochs=150,
        train_split=None,
        callbacks=[InfoPlaneCallback(BinnedMI(n_bins=30), on=(X, y), n_records=11)],
        verbose=0,
    )
    net.fit(rows, labels)
    return InformationPlane.from_history(net.history)


planes = {f"{part:.0%} of the data": train(part) for part in (0.05, 0.45, 0.85)}

# %%
# Three planes
# ------------
#
# The mean of the five seeds; bars are their standard deviation. A display draws a panel for each
# estimator of a plane; here each amount of data stands in the place of an estimator.

tables = [plane.mean().to_frame().assign(estimator=name) for name, plane in planes.items()]
InformationPlaneDisplay.from_plane(InformationPlane(pd.concat(tables)))
plt.show()

# %%
# When the label is forgotten
# ---------------------------
#
# I(T;Y) of the last hidden layer over the epochs. A thick line is the mean over the seeds, a thin
# line is one of them.

fig, ax = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
for (name, plane), color in zip(planes.items(), ["#D55E00", "#0072B2", "#009E73"], strict=True):
    table = plane.select(layers="hidden5").to_frame()
    paths = table.pivot(index="epoch", columns="run", values="mi_y")
    ax.plot(paths.index, paths, color=color, lw=0.7, alpha=0.4)
    ax.plot(paths.index, paths.mean(axis=1), color=color, lw=2, label=name)
ax.set_xscale("symlog", linthresh=1)
ax.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
ax.set(xlabel="epoch", ylabel="I(T;Y) of hidden5 [bits]", xlim=(0, 150), ylim=(0, 1.02))
ax.legend(loc="lower right", frameon=False)
plt.show()

# %%
# What is lost
# ------------
#
# Bits by which the last hidden layer and the probabilities fall from the maximum of their mean path
# to the last epoch.


def fall(plane):
    """Bits that the mean of the seeds has lost since its maximum."""
    table = plane.select(layers=["hidden5", "probabilities"]).mean().to_frame()
    paths = table.groupby("layer", sort=False)[["mi_x", "mi_y"]]
    return (paths.max() - paths.last()).unstack()


pd.DataFrame({name: fall(plane) for name, plane in planes.items()}).T.round(2)

# %%
# It is. On 5 % of the patterns the last hidden layer tells 0.78 bits about the label at epoch 34,
# and 0.68 at the end; the probabilities fall from 0.58 to 0.49. On 45 and 85 % both rise to the
# end, to 0.97 bits in the hidden layer. The small data set is also where the last hidden layer
# loses most about the input: it ends at 4.6 bits, the others at 6.4 and 6.8. In the paper this is
# called over-compression: what is thrown away late is no longer only what does not matter.
#
# A word of caution: 204 patterns are learnt by heart. That the label is forgotten for the others
# may be called over-compression or over-fitting; this plane cannot tell which.
