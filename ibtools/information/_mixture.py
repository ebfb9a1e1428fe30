"""Entropy of Gaussian mixtures between pairwise bounds, whole and within groups.

The mixture is T + Z, where T is one of n rows t_i with weight w_i and Z ~ N(0, v I) is noise of
variance v. In nats throughout.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ibtools.information._pairwise import KernelSums, kernel_sums

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


class EntropyBounds(NamedTuple):
    """Lower and upper bound of an entropy.

    Attributes
    ----------
    lower, upper : float
        The bounds.
    """

    lower: float
    upper: float


class MixtureBounds(NamedTuple):
    """Bounds of the entropy of a mixture, and of its conditional entropies.

    Attributes
    ----------
    entropy : EntropyBounds
        Of H(T + Z).
    conditional : list of EntropyBounds
        Of H(T + Z | V), V the group of a row, for each grouping.
    """

    entropy: EntropyBounds
    conditional: list[EntropyBounds]


def noise_entropy(n_features: int, variance: float) -> float:
    """Differential entropy of Gaussian noise, (d / 2) ln(2 pi e v).

    Parameters
    ----------
    n_features : int
        Dimension d.
    variance : float
        Variance v.

    Returns
    -------
    entropy : float
        In nats.
    """
    return n_features / 2 * (math.log(2 * math.pi * variance) + 1)


def mixture_bounds(
    X: _Floats,
    variance: float,
    groupings: list[_Integers] | None = None,
    weights: _Floats | None = None,
) -> MixtureBounds:
    """Pairwise bounds of the entropy of a mixture [1]_, from one pass over the pairs of rows.

    H = (d/2) ln(2 pi e v) - sum_i w_i ln sum_j w_j exp(-a |t_i - t_j|^2 / (2 v))

    is an upper bound for a = 1 (eq. 19 with the Kullback-Leibler divergence) and a lower bound
    for a = 1/4 (the Chernoff divergence with the exponent 1/2, that is, Bhattacharyya's).

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Centres t of the mixture.
    variance : float
        Variance v of the noise.
    groupings : list of ndarray of shape (n_rows,) or None
        Group of each row, 0 to n_groups - 1, in each way of grouping them. A group's mixture is
        that of its own rows.
    weights : ndarray of shape (n_rows,) or None
        Weights of the rows, which need not sum to 1; None weighs all rows the same.

    Returns
    -------
    MixtureBounds
        In nats.

    References
    ----------
    .. [1] A. Kolchinsky and B. D. Tracey, "Estimating mixture entropy with pairwise distances",
       Entropy 19(7):361, 2017.
    """
    groupings = [] if groupings is None else groupings
    weights = np.ones(len(X)) if weights is None else weights
    sums = kernel_sums(X, variance, groupings, weights)
    return bounds_from_sums(sums, noise_entropy(X.shape[1], variance), groupings, weights)


def bounds_from_sums(
    sums: KernelSums, noise: float, groupings: list[_Integers], weights: _Floats
) -> MixtureBounds:
    """Pairwise bounds as in :func:`mixture_bounds`, from sums of kernels that are known.

    Parameters
    ----------
    sums : KernelSums
        Sums of the kernels, with the weights.
    noise : float
        Entropy of the noise, in nats.
    groupings : list of ndarray of shape (n_rows,)
        Group of each row, in the order of the sums.
    weights : ndarray of shape (n_rows,)
        Weights of the rows.

    Returns
    -------
    MixtureBounds
        In nats.
    """
    masses: list[NDArray[Any]] = [np.bincount(groups, weights)[groups] for groups in groupings]
    return MixtureBounds(
        _pairwise_entropies(sums.total, weights.sum(), weights, noise),
        [
            _pairwise_entropies(own, mass, weights, noise)
            for own, mass in zip(sums.own, masses, strict=True)
        ],
    )


def _pairwise_entropies(
    sums: _Floats, mass: NDArray[Any] | float, weights: _Floats, noise: float
) -> EntropyBounds:
    """H = h(Z) - sum_i p_i ln(s_i / m_i), from the sums s of the wide and the narrow kernel."""
    lower, upper = noise - np.average(np.log(sums / mass), axis=1, weights=weights)
    return EntropyBounds(float(lower), float(upper))


def information_bounds(entropy: EntropyBounds, conditional: EntropyBounds) -> EntropyBounds:
    """Guaranteed bracket of I = H - H(.|V) from bounds of both entropies.

    Parameters
    ----------
    entropy, conditional : EntropyBounds
        Bounds of H and of H(.|V).

    Returns
    -------
    EntropyBounds
        Lower H less upper H(.|V), and upper H less lower H(.|V).
    """
    return EntropyBounds(entropy.lower - conditional.upper, entropy.upper - conditional.lower)
