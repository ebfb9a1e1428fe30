"""Densities of Gaussian mixtures at given rows: held-out likelihood, decoder, kernel features."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ibtools.information._progress import SILENT, Progress
from ibtools.information._threads import row_blocks

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

NOTHING_HELD_OUT = "Nothing can be held out: all rows are equal or share one input."

_TILE_VALUES = 2**18
_LARGEST = 1e10  # of squares in units of the variance, beyond which 1e-5 of an exponent is lost
_LOWEST = -690.0  # exp of an argument that underflows is 8 to 40 times slower


def _squared_distances(A: _Floats, B: _Floats, variance: float) -> _Floats:
    """|a_i - b_j|^2, to be divided by a variance, of rows that were centred before.

    From differences of squares, unless these are so much larger than the variance that their
    differences would lose what counts.
    """
    of_A, of_B = np.einsum("ij,ij->i", A, A), np.einsum("ij,ij->i", B, B)
    if not max(of_A.max(), of_B.max()) < _LARGEST * variance:
        return cdist(A, B, "sqeuclidean")
    return np.maximum(of_A[:, None] + of_B - 2 * (A @ B.T), 0)


def held_out_log_likelihoods(
    X: _Floats,
    variances: _Floats,
    groupings: Sequence[_Integers],
    weights: _Floats | None = None,
    *,
    progress: Progress = SILENT,
) -> _Floats:
    """Log density of each row under the mixture of the rows that share no group with it.

    L(v) = sum_i w_i ln[ sum_{j not with i} w_j N(t_i; t_j, v I) / sum_{j not with i} w_j ]

    over weights that sum to 1: the leave-one-out likelihood of the kernel density when every row
    is a group. Equal rows have to share a group, or the likelihood grows without end as v -> 0.
    Rows that nothing is held out for are left out of the mean.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows.
    variances : ndarray of shape (n_variances,)
        Variances v.
    groupings : sequence of ndarray of shape (n_rows,)
        Group of each row, in each way of grouping them.
    weights : ndarray of shape (n_rows,) or None
        Weights w; None weighs all rows the same.
    progress : Progress
        Shows the blocks of rows.

    Returns
    -------
    log_likelihoods : ndarray of shape (n_variances,)
        In nats per row.

    Raises
    ------
    ValueError
        If all rows share a group with all others.
    """
    weights = np.ones(len(X)) if weights is None else weights
    points = X - X.mean(axis=0)
    sums, mass = np.zeros(len(variances)), 0.0
    for rows in progress.over(row_blocks(len(X), len(X), _TILE_VALUES)):
        distances = _squared_distances(points[rows], points, min(variances))
        for groups in groupings:
            distances[groups[rows, None] == groups] = np.inf
        others = np.isfinite(distances) @ weights
        held = others > 0
        nearest = distances[held].min(axis=1, keepdims=True, initial=np.inf)
        excess, own = distances[held] - nearest, weights[rows][held]
        for k, variance in enumerate(variances):
            kernels = np.exp(np.maximum(excess / (-2 * variance), _LOWEST))
            logs = np.log(kernels @ weights / others[held]) - nearest[:, 0] / (2 * variance)
            sums[k] += own @ logs
        mass += own.sum()
    if mass == 0:
        raise ValueError(NOTHING_HELD_OUT)
    return sums / mass - X.shape[1] / 2 * np.log(2 * math.pi * np.asarray(variances))


def most_likely_variance(
    X: _Floats,
    groupings: Sequence[_Integers],
    weights: _Floats | None = None,
    *,
    progress: Progress = SILENT,
) -> float:
    """Variance of the noise under which held-out rows are most likely.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows.
    groupings : sequence of ndarray of shape (n_rows,)
        As in :func:`held_out_log_likelihoods`.
    weights : ndarray of shape (n_rows,) or None
        Weights of the rows.
    progress : Progress
        Shows the blocks of rows.

    Returns
    -------
    variance : float
        As :func:`search_variance` finds it.
    """
    points = X - np.average(X, axis=0, weights=weights)
    scale = np.average(np.square(points).mean(axis=1), weights=weights)
    return search_variance(
        0.0 if np.all(X[0] == X) else scale,
        lambda variances: held_out_log_likelihoods(
            X, variances, groupings, weights, progress=progress
        ),
    )


def search_variance(scale: float, log_likelihoods: Callable[[_Floats], _Floats]) -> float:
    """Search for the most likely variance.

    On a grid by factors of two, from 4 to 2**-22 times the scale, then between its neighbours in
    steps of 2**(1/4).

    Parameters
    ----------
    scale : float
        Mean variance of the columns; 0 where all rows are equal.
    log_likelihoods : callable
        Log likelihood of each of some variances.

    Returns
    -------
    variance : float
        The variance, within a factor of 2**(1/8) of the best one on the range.

    Raises
    ------
    ValueError
        If all rows are equal.
    """
    if scale == 0:
        raise ValueError(NOTHING_HELD_OUT)
    best = scale
    for exponents in (np.arange(2.0, -23.0, -1.0), np.arange(-0.75, 1.0, 0.25)):
        variances = best * 2**exponents
        best = variances[log_likelihoods(variances).argmax()]
    return float(best)


def mixture_log_ratio(
    centres: _Floats,
    joint_weights: _Floats,
    variance: float,
    X: _Floats,
    labels: _Integers,
) -> _Floats:
    """Log ratio ln q(y|t) / p(y) of rows under class-conditional kernel densities.

    With soft counts n_y(t) = sum_{j in y} w_j exp(-|t - t_j|^2 / (2 v)) and p the frequencies of
    the labels, q(y|t) = (n_y + p(y) / 2) / (n + 1 / 2): half a row of prior everywhere, so that
    a row far from all training rows gives 0.

    Parameters
    ----------
    centres : ndarray of shape (n_centres, n_features)
        Training rows t_j.
    joint_weights : ndarray of shape (n_centres, n_classes)
        Weight of each training row in its class, 0 in all others.
    variance : float
        Variance v of the kernel.
    X : ndarray of shape (n_rows, n_features)
        Held-out rows t.
    labels : ndarray of shape (n_rows,)
        Their classes.

    Returns
    -------
    log_ratio : ndarray of shape (n_rows,)
        In nats.
    """
    prior = joint_weights.sum(axis=0) / joint_weights.sum()
    ratios = np.empty(len(X))
    for rows in row_blocks(len(X), len(centres), _TILE_VALUES):
        counts = gaussian_kernel(X[rows], centres, variance) @ joint_weights
        own = prior[labels[rows]]
        joint = counts[np.arange(len(counts)), labels[rows]]
        ratios[rows] = np.log((joint + own / 2) / ((counts.sum(axis=1) + 0.5) * own))
    return ratios


def gaussian_kernel(X: _Floats, centres: _Floats, variance: float) -> _Floats:
    """Gaussian kernel exp(-|x_i - c_j|^2 / (2 v)) of rows and centres.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows.
    centres : ndarray of shape (n_centres, n_features)
        Centres.
    variance : float
        Variance v.

    Returns
    -------
    kernel : ndarray of shape (n_rows, n_centres)
        Values from 0 to 1.
    """
    mean = centres.mean(axis=0)
    exponents = _squared_distances(X - mean, centres - mean, variance) / (-2 * variance)
    return np.exp(np.maximum(exponents, _LOWEST, out=exponents), out=exponents)


def kernel_whitening(centres: _Floats, variance: float) -> _Floats:
    """Inverse square root of the kernel of the centres, by which kernel features are made [1]_.

    With K(x) the kernels of x and the centres, z(x) = K(x) K^{-1/2} has z(x) z(x')' = k(x, x') for
    all centres, and the closest approximation of that rank elsewhere.

    Parameters
    ----------
    centres : ndarray of shape (n_centres, n_features)
        Distinct centres.
    variance : float
        Variance of the kernel.

    Returns
    -------
    whitening : ndarray of shape (n_centres, n_centres)
        Directions without weight (below 1e-12 of the largest) are left out.

    References
    ----------
    .. [1] C. K. I. Williams and M. Seeger, "Using the Nystroem method to speed up kernel
       machines", NIPS 2000.
    """
    values, vectors = np.linalg.eigh(gaussian_kernel(centres, centres, variance))
    kept = values > 1e-12 * values[-1]
    return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
