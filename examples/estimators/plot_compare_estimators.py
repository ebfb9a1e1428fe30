"""
=======================================
How much data does an estimator need?
=======================================

Every estimate of mutual information from a sample is biased, and the bias changes with the number
of rows. On distributions that know their information the bias can be seen. Here estimators are
compared on three of them, from 100 rows to 1000.
"""

# %%
# Class labels
# ------------
#
# Three classes, each a Gaussian cloud in two units. The clouds overlap, so that T does not tell
# the whole label. :func:`~ibtools.compare_estimators` draws random halves of 2000 rows and fits
# all estimators on the same rows. Smaller training sets are parts of larger ones.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ibtools import (
    BinnedMI,
    DependenceGraphMI,
    EstimatorComparisonDisplay,
    GaussianMI,
    KernelDensityMI,
    NearestNeighborsMI,
    RenyiMatrixMI,
    SamplePropagationMI,
    compare_estimators,
)
from ibtools.datasets import CorrelatedGaussian, LabelledGaussians, NoisyLayer

SIZES = (100, 200, 500, 1000)
halves = {"resample": "subsample", "n_replicates": 8, "train_sizes": SIZES, "random_state": 0}

classes = LabelledGaussians([[0.0, 0.0], [2.5, 0.0], [0.0, 2.5]])
T, y = classes.sample(2000, random_state=0)
estimators = {
    "Binned": BinnedMI(),
    "KernelDensity": KernelDensityMI(),
    "SamplePropagation": SamplePropagationMI(),
    "RenyiMatrix": RenyiMatrixMI(),
    "NearestNeighbors": NearestNeighborsMI(),
    "DependenceGraph": DependenceGraphMI(),
    "Gaussian": GaussianMI(),
}
labelled = compare_estimators(estimators, T, y, **halves)
EstimatorComparisonDisplay.from_results(labelled, truth=classes.mutual_information)
plt.show()

# %%
# On the left, what is read less the truth, with bars of one standard deviation; the dashed line is
# the truth. On the right, each point is one half of the rows.
#
# Three curves come down from above. Binning, kernel density and sample propagation have one
# symbol or one kernel for each group of close rows, and as long as such groups are small they know
# the labels by heart. More rows help, but slowly: the narrower the noise, the slower. The other
# four are near the truth from 100 rows on. What they gain from more rows is a smaller spread.

by_size = pd.DataFrame(labelled.mi_y_mean, index=labelled.estimators, columns=SIZES)
by_size.insert(0, "truth", classes.mutual_information)
by_size["held-out score"] = labelled.score_mean[:, -1]
by_size.round(2)

# %%
# The last column is ``score`` at 1000 rows: what rows that were not fitted tell about their labels.
# It errs to the other side. For the three estimators that read too much, the truth lies between
# the score and the value, and the gap says how far both can be off. The Gaussian has hardly a gap,
# because here its assumption is true. The dependence graph has no score.

# %%
# A real target
# -------------
#
# T and Y have three columns each, correlated in pairs with 0.6. Four estimators take a target
# that is a number. Held-out scores are for class labels, and are missing here.

pairs = CorrelatedGaussian.sparse(3, correlation=0.6)
T, y = pairs.sample(2000, random_state=0)
real = ("RenyiMatrix", "NearestNeighbors", "DependenceGraph", "Gaussian")
results = compare_estimators({name: estimators[name] for name in real}, T, y, **halves)
EstimatorComparisonDisplay.from_results(results, truth=pairs.mutual_information)
plt.show()

# %%

by_size = pd.DataFrame(results.mi_y_mean, index=results.estimators, columns=SIZES)
by_size.insert(0, "truth", pairs.mutual_information)
by_size.round(2)

# %%
# Nearest neighbours and the Gaussian start too low and rise towards the truth. The dependence graph
# starts too high, for its bins hold few rows. It meets the truth on the way and goes on falling:
# to be right at one size is not to have arrived. The matrix-based value is three times as large,
# and more rows do not lower it: it is another quantity, and no estimate of this truth.

# %%
# A layer with noise of its own
# -----------------------------
#
# Kernel density and sample propagation take the noise as given. Their question is one about a
# layer T = S + Z, with S what the layer computes and Z its noise. Two tanh units of this kind know
# their I(X;T). The estimators get S, and the noise level; the kernel bounds bracket the value that
# sample propagation finds by drawing.

layer = NoisyLayer([[1.0, 0.5, -0.5], [-0.5, 1.0, 0.5]], noise_std=0.2)
S = layer.pre_noise(np.random.default_rng(0).normal(size=(2000, 3)))
noisy = {
    "SamplePropagation": SamplePropagationMI(noise_std=0.2),
    "KernelDensity, upper": KernelDensityMI(noise_variance=0.2**2, bound="upper"),
    "KernelDensity, lower": KernelDensityMI(noise_variance=0.2**2, bound="lower"),
    "Binned, 30 bins": BinnedMI(),
}
results = compare_estimators(noisy, S, None, **halves)
EstimatorComparisonDisplay.from_results(results, truth=layer.mutual_information, quantity="mi_x")
plt.show()

# %%

by_size = pd.DataFrame(results.mi_x_mean, index=results.estimators, columns=SIZES)
by_size.insert(0, "truth", layer.mutual_information)
by_size.round(2)

# %%
# With the right noise, sample propagation is within 0.15 bits at 100 rows and at the truth with
# 1000. The two kernel bounds hold it between them. But they stay 1.5 bits apart: the gap is one
# between the bounds, not one of the sample, and more rows do not close it.
#
# Bins know nothing of the noise. They count how many of the noiseless rows they tell apart: with
# 1000 rows, 8.8 bits of the 10 that there can be. More rows are more to tell apart, and the curve
# moves away from the truth.
#
# What to take from this
# ----------------------
#
# * Plot the value against the number of rows before you believe it. ``train_sizes`` does it.
# * A curve that still moves shows a bias. A flat curve shows none, and proves nothing: the
#   matrix-based one is flat, too.
# * All halves come from one sample. What that sample has by chance, all curves share.
# * Error bars show the spread alone. For binning, in the first figure, the bias is several times
#   as large.
# * With labels, take ``score`` as the second opinion.
