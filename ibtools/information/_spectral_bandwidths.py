"""Bandwidths of the Gaussian kernel, one for each map of a representation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

import ibtools.information._torch_spectral as torch_spectral
from ibtools.information._spectral_gram import KernelVariable, gram_matrix

_Floats = NDArray[np.float64]

RULES = ("scaled", "silverman", "median", "alignment")
PAPER_FACTOR = 5.0  # of Silverman's rule in the forward chain; 0.1 for errors in the backward chain
_MEDIAN_ROWS = 2000  # of more rows, so many are drawn
_ALIGNMENT_ROWS = 1000
_ALIGNMENT_GRID = np.geomspace(0.1, 10, 75)


def choose_bandwidths(
    maps: Sequence[Any],
    rule: str | float,
    n_rows: int,
    *,
    factor: float | None,
    target: KernelVariable | None,
    rng: np.random.Generator,
) -> _Floats:
    """Bandwidths by the name of a rule, or a number for all maps.

    Parameters
    ----------
    maps : list of ndarray or torch.Tensor of shape (n_samples, n_features_c)
        Values.
    rule : {"scaled", "silverman", "median", "alignment"} or float
        Name of a rule, or the bandwidth.
    n_rows : int
        Rows of a Gram matrix.
    factor : float or None
        Factor of the rule. None takes 5 for "silverman" and 1 for the others.
    target : KernelVariable or None
        The target, which "alignment" needs.
    rng : numpy.random.Generator
        Draws rows where the distances of all are too many.

    Returns
    -------
    bandwidths : ndarray of shape (n_maps,)
        Standard deviations.

    Raises
    ------
    ValueError
        If "alignment" has no target.
    """
    if not isinstance(rule, str):
        return np.full(len(maps), float(rule))
    if factor is None:
        factor = PAPER_FACTOR if rule == "silverman" else 1.0
    if rule == "alignment":
        if target is None:
            raise ValueError(
                "bandwidth='alignment' makes the kernel like that of the target, and y was not "
                "given. Call fit(X, y), or choose another rule or a number."
            )
        return alignment_bandwidths(maps, target, factor=factor, rng=rng)
    if rule == "median":
        return median_bandwidths(maps, factor=factor, rng=rng)
    if rule == "silverman":
        return silverman_bandwidths(maps, n_rows, factor=factor)
    return scaled_bandwidths(maps, n_rows, factor=factor)


def silverman_bandwidths(maps: Sequence[Any], n_rows: int, *, factor: float) -> _Floats:
    """Silverman's rule as it is used with this entropy, s_c = factor n^(-1 / (4 + d_c)).

    It does not look at the scale of the values [1]_.

    Parameters
    ----------
    maps : list of ndarray of shape (n_samples, n_features_c)
        Values, of d_c features each.
    n_rows : int
        n, the rows of a Gram matrix.
    factor : float
        Published: 5 for activations, 0.1 for errors.

    Returns
    -------
    bandwidths : ndarray of shape (n_maps,)
        Standard deviations s_c.

    References
    ----------
    .. [1] S. Yu, K. Wickstrom, R. Jenssen and J. C. Principe, "Understanding convolutional neural
       networks with information theory", IEEE TNNLS 32, 2021.
    """
    return np.array([factor * n_rows ** (-1 / (4 + values.shape[1])) for values in maps])


def scaled_bandwidths(maps: Sequence[Any], n_rows: int, *, factor: float) -> _Floats:
    """Silverman's rule in units of the values, s_c = factor u_c sqrt(C d_c) n^(-1 / (4 + d_c)).

    d_c counts the features of map c that vary, so that constant ones change nothing, and u_c is
    the root mean square of their standard deviations. With
    sqrt(d_c), distances in any number of features have the same size in units of the bandwidth
    [1]_; with sqrt(C), so has their sum over any number of maps.

    Parameters
    ----------
    maps : list of ndarray of shape (n_samples, n_features_c)
        Values of C maps.
    n_rows : int
        n, the rows of a Gram matrix.
    factor : float
        Factor.

    Returns
    -------
    bandwidths : ndarray of shape (n_maps,)
        Standard deviations s_c; u_c sqrt(C d_c) counts as 1 for a constant map, of which no
        distance is left to scale.

    References
    ----------
    .. [1] N. I. Tapia and P. A. Estevez, "On the information plane of autoencoders", IJCNN 2020.
    """
    varying = [_varying_columns(values) for values in maps]
    spreads = np.sqrt([_total_variance(values) * len(maps) for values in varying])
    return factor * _or_one(spreads) * silverman_bandwidths(varying, n_rows, factor=1.0)


def median_bandwidths(maps: Sequence[Any], *, factor: float, rng: np.random.Generator) -> _Floats:
    """Median distance between rows, s_c = factor sqrt(C) median_{i<j} |x_ci - x_cj|.

    Parameters
    ----------
    maps : list of ndarray of shape (n_samples, n_features_c)
        Values of C maps.
    factor : float
        Factor.
    rng : numpy.random.Generator
        Draws 2000 rows when there are more.

    Returns
    -------
    bandwidths : ndarray of shape (n_maps,)
        Standard deviations s_c. Where more than half of the distances are 0, the median of the
        others; 1 for a constant map.
    """
    rows = _some_rows(len(maps[0]), _MEDIAN_ROWS, rng)
    medians = np.array([_median_distance(values[rows]) for values in maps])
    return factor * np.sqrt(len(maps)) * _or_one(medians)


def alignment_bandwidths(
    maps: Sequence[Any], target: KernelVariable, *, factor: float, rng: np.random.Generator
) -> _Floats:
    """Bandwidths whose kernel is most like the target's: s_c = factor r sqrt(C) mean |x_ci - x_cj|.

    The ratio r, the same for all maps, maximises the alignment of the joint Gram matrix K of the
    maps with the Gram matrix L of the target, <K, L>_F / (|K|_F |L|_F) [1]_, as was done for
    layers [2]_; here over 75 values from 0.1 to 10.

    Parameters
    ----------
    maps : list of ndarray of shape (n_samples, n_features_c)
        Values of C maps.
    target : KernelVariable
        The target.
    factor : float
        Factor.
    rng : numpy.random.Generator
        Draws 1000 rows when there are more.

    Returns
    -------
    bandwidths : ndarray of shape (n_maps,)
        Standard deviations s_c.

    References
    ----------
    .. [1] N. Cristianini, J. Shawe-Taylor, A. Elisseeff and J. Kandola, "On kernel-target
       alignment", NIPS 2001.

    .. [2] K. Wickstrom, S. Lokse, M. Kampffmeyer, S. Yu, J. Principe and R. Jenssen, "Information
       plane analysis of deep neural networks via matrix-based Renyi's entropy and tensor kernels",
       arXiv:1909.11396, 2019.
    """
    rows = _some_rows(len(maps[0]), _ALIGNMENT_ROWS, rng)
    means, exponents = [], np.zeros(len(rows) * (len(rows) - 1) // 2)
    for values in maps:
        distances = _pair_distances(values[rows])
        means.append(distances.mean())
        exponents -= (distances / (means[-1] or 1.0)) ** 2 / (2 * len(maps))
    scales = np.sqrt(len(maps)) * _or_one(np.array(means))
    similarities = squareform(gram_matrix(target.take(rows)), checks=False)
    alignments = [_alignment(np.exp(exponents / r**2), similarities) for r in _ALIGNMENT_GRID]
    return factor * _ALIGNMENT_GRID[np.argmax(alignments)] * scales


def _alignment(kernel: _Floats, similarities: _Floats) -> float:
    """<K, L> / |K|, up to a factor, from the entries above diagonals of ones."""
    n_rows = (1 + np.sqrt(1 + 8 * len(kernel))) / 2
    return float((n_rows + 2 * kernel @ similarities) / np.sqrt(n_rows + 2 * kernel @ kernel))


def _varying_columns(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values[:, np.ptp(values, axis=0) > 0]
    return torch_spectral.varying_columns(values)


def _total_variance(values: Any) -> float:
    if isinstance(values, np.ndarray):
        return float(values.var(axis=0).sum())
    return torch_spectral.total_variance(values)


def _pair_distances(values: Any) -> _Floats:
    """Distances of all pairs of rows, on the host."""
    return (
        pdist(values) if isinstance(values, np.ndarray) else torch_spectral.pair_distances(values)
    )


def _median_distance(values: Any) -> float:
    distances = _pair_distances(values)
    median = float(np.median(distances))
    positive = distances[distances > 0]
    return median if median > 0 or len(positive) == 0 else float(np.median(positive))


def _some_rows(n_samples: int, n_rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if n_samples <= n_rows:
        return np.arange(n_samples)
    return rng.choice(n_samples, n_rows, replace=False)


def _or_one(lengths: _Floats) -> _Floats:
    return np.where(lengths > 0, lengths, 1.0)
