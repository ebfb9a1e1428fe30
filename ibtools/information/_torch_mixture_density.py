"""Densities of Gaussian mixtures on a torch device: held-out likelihood and decoder.

Twins of the functions of :mod:`~ibtools.information._mixture_density` for rows that are a tensor.
In float64 they agree within 1e-9.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ibtools.information._mixture_density import NOTHING_HELD_OUT, search_variance
from ibtools.information._progress import SILENT, Progress
from ibtools.information._torch_mixture import squared_differences, strips

if TYPE_CHECKING:
    from torch import Tensor

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


def held_out_log_likelihoods(
    X: "Tensor",
    variances: _Floats,
    groupings: Sequence[_Integers],
    weights: _Floats | None = None,
    *,
    progress: Progress = SILENT,
) -> _Floats:
    """Log density of each row under the mixture of the rows that share no group with it.

    As :func:`ibtools.information._mixture_density.held_out_log_likelihoods`.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        Rows.
    variances : ndarray of shape (n_variances,)
        Variances v.
    groupings : sequence of ndarray of shape (n_rows,)
        Group of each row, in each way of grouping them.
    weights : ndarray of shape (n_rows,) or None
        Weights w; None weighs all rows the same.
    progress : Progress
        Shows the strips of rows.

    Returns
    -------
    log_likelihoods : ndarray of shape (n_variances,)
        In nats per row.

    Raises
    ------
    ValueError
        If all rows share a group with all others.
    """
    import torch

    of_rows = torch.tensor(np.ones(len(X)) if weights is None else weights).to(X)
    points = X - X.mean(dim=0)
    groups = [torch.as_tensor(codes).to(X.device) for codes in groupings]
    sums, mass = np.zeros(len(variances)), 0.0
    for rows in progress.over(strips(X, len(X))):
        squares = squared_differences(points[rows], points)
        for codes in groups:
            squares.masked_fill_(codes[rows, None] == codes, math.inf)
        others = torch.isfinite(squares).to(X) @ of_rows
        held = others > 0
        squares, others, own = squares[held], others[held], of_rows[rows][held]
        if not len(own):
            continue
        nearest = squares.min(dim=1, keepdim=True).values
        squares -= nearest
        for k, variance in enumerate(variances.tolist()):
            kernels = torch.exp(squares / (-2 * variance))
            logs = (kernels @ of_rows / others).log() - nearest[:, 0] / (2 * variance)
            sums[k] += float(own @ logs)
        mass += float(own.sum())
    if mass == 0:
        raise ValueError(NOTHING_HELD_OUT)
    return sums / mass - X.shape[1] / 2 * np.log(2 * math.pi * np.asarray(variances))


def most_likely_variance(
    X: "Tensor",
    groupings: Sequence[_Integers],
    weights: _Floats | None = None,
    *,
    progress: Progress = SILENT,
) -> float:
    """Variance of the noise under which held-out rows are most likely.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        Rows.
    groupings : sequence of ndarray of shape (n_rows,)
        As in :func:`held_out_log_likelihoods`.
    weights : ndarray of shape (n_rows,) or None
        Weights of the rows.
    progress : Progress
        Shows the strips of rows.

    Returns
    -------
    variance : float
        As :func:`~ibtools.information._mixture_density.search_variance` finds it.
    """
    import torch

    shares = np.full(len(X), 1 / len(X)) if weights is None else weights / weights.sum()
    of_rows = torch.as_tensor(shares).to(X)
    scale = float(of_rows @ (X - of_rows @ X).square().mean(dim=1))
    likelihoods = partial(
        held_out_log_likelihoods, X, groupings=groupings, weights=weights, progress=progress
    )
    return search_variance(0.0 if bool((X[0] == X).all()) else scale, likelihoods)


def mixture_log_ratio(
    centres: "Tensor",
    joint_weights: _Floats,
    variance: float,
    X: "Tensor",
    labels: _Integers,
) -> _Floats:
    """Log ratio ln q(y|t) / p(y) of rows under class-conditional kernel densities.

    As :func:`ibtools.information._mixture_density.mixture_log_ratio`.

    Parameters
    ----------
    centres : Tensor of shape (n_centres, n_features)
        Training rows t_j.
    joint_weights : ndarray of shape (n_centres, n_classes)
        Weight of each training row in its class, 0 in all others.
    variance : float
        Variance v of the kernel.
    X : Tensor of shape (n_rows, n_features)
        Held-out rows t, on the same device.
    labels : ndarray of shape (n_rows,)
        Their classes.

    Returns
    -------
    log_ratio : ndarray of shape (n_rows,)
        In nats, on the host.
    """
    import torch

    prior = joint_weights.sum(axis=0) / joint_weights.sum()
    joint = torch.as_tensor(joint_weights).to(X)
    counts = np.empty((len(X), len(prior)))
    for rows in strips(X, len(centres)):
        kernels = torch.exp(squared_differences(X[rows], centres) / (-2 * variance))
        counts[rows] = (kernels @ joint).cpu().numpy()
    own = counts[np.arange(len(counts)), labels]
    ratios: _Floats = np.log(
        (own + prior[labels] / 2) / ((counts.sum(axis=1) + 0.5) * prior[labels])
    )
    return ratios
