"""Entropy and mutual information from a Gaussian fitted to the neighbours of every row.

The fit follows the local shape of the density, where the ball of Kozachenko and Leonenko assumes
that the density is constant: strongly correlated variables need fewer rows.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from ibtools.information._neighbor_counts import class_rows
from ibtools.information._neighbors import check_neighbors, check_points, kl_terms, refuse_ties
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

_TREE_DIMENSIONS = 10
_TILE_VALUES = 2**19  # of distances, for which neighbours are looked up
_BLOCK_VALUES, _BLOCK_ROWS = 2**15, 128  # of differences, fitted while they stay in the cache
_DRAWS_VALUES, _DRAWN_VALUES = 2**24, 2**19  # of all draws, and at once
_MAX_DRAWS = 2**15
_MAX_LOCAL = 400
_SINGULAR = 1e2 * np.finfo(float).eps  # smallest variance by the largest, per dimension
_CERTAIN = 1e3  # above the limit by so much, a bound leaves no doubt


def local_gaussian_entropy(
    x: ArrayLike,
    n_neighbors: int | Sequence[int] = 3,
    *,
    n_local: int | None = None,
    base: float = 2.0,
) -> float | _Floats:
    """Differential entropy by local Gaussian fits (LNN).

    The density at row i is that of a Gaussian fitted by local likelihood [1]_: with the
    differences u_j = (x_j - x_i) / r_i to its m nearest rows, r_i the distance to the k-th,
    ``w_j = exp(-|u_j|^2 / 2)``, S_0 = sum w_j, and the mean mu and covariance Sigma of the u_j
    under the weights w_j,

        ``f(x_i) = S_0 exp(-mu' Sigma^-1 mu / 2) / [n r_i^d (2 pi)^(d/2) |Sigma|^(1/2)]``.

    The entropy is -<ln f> less the bias that it has in a constant density, which depends on k, m
    and d alone (theorem 2 of [1]_). That constant is drawn by Monte Carlo once, with a standard
    error below 0.01 nats for d <= 10. Written against the entropy of Kozachenko and Leonenko,
    LNN = KL - (<g> - <g>_flat), g = ln f + ln(n r^d), with psi(n) in place of ln n.

    Parameters
    ----------
    x : array-like of shape (n_samples,) or (n_samples, n_features)
        Continuous variable.
    n_neighbors : int or sequence of int, default=3
        Number k of the neighbour whose distance is the bandwidth.
    n_local : int, default=None
        Number m of neighbours that are fitted, at least 3 per dimension. None takes 3^d k, which
        reach as far as the weights do, within 30 to 400.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    entropy : float, or ndarray of shape (n_k,) for several k
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If there are too few rows or fitted neighbours, a row has k duplicates, or the neighbours
        of every row lie in a subspace.

    Warns
    -----
    UserWarning
        If the neighbours of some rows lie in a subspace: these rows are dropped.

    References
    ----------
    .. [1] W. Gao, S. Oh and P. Viswanath, "Breaking the bandwidth barrier: geometrical adaptive
       entropy estimation", NIPS 2016, equation 8.

    Examples
    --------
    A normal variable of variance 4^2 has log2(4) + 2.05 bits.

    >>> import numpy as np
    >>> from ibtools.information import local_gaussian_entropy
    >>> x = 4 * np.random.default_rng(0).normal(size=5000)
    >>> round(local_gaussian_entropy(x, 10), 1)
    4.0
    """
    x = check_points(x, "x")
    ks = check_neighbors(n_neighbors, len(x))
    nats = lnn_entropy_nats(x, ks, n_local) / log_of_base(base)
    return float(nats[0]) if np.ndim(n_neighbors) == 0 else nats


def resolve_n_local(n_local: int | None, n_samples: int, dimension: int, ks: _Integers) -> int:
    """Return the number of fitted neighbours, checked against the dimension and the rows."""
    k = int(ks.max())
    fewest = max(3 * dimension, k + 1)
    if n_local is None:
        # Within 3 bandwidths, where the weight is 1 %, a constant density has 3^d k rows.
        reached = k * 3 ** min(dimension, 10)
        n_local = min(max(30, min(reached, _MAX_LOCAL), fewest), max(n_samples - 1, fewest))
    if n_local < fewest:
        raise ValueError(
            f"n_local={n_local} neighbours are too few for a Gaussian of {dimension} dimensions "
            f"at n_neighbors={k}: give n_local={fewest} or more, or None."
        )
    if n_samples <= n_local:
        raise ValueError(
            f"The local fits of {dimension} dimensions take {n_local} neighbours of every row, and "
            f"there are only {n_samples} rows: use more rows, a smaller n_local (at least "
            f"{fewest}), or fewer dimensions."
        )
    return n_local


def lnn_entropy_nats(x: _Floats, ks: _Integers, n_local: int | None) -> _Floats:
    """Entropy by local Gaussian fits in nats, for every k."""
    n, dimension = x.shape
    n_local = resolve_n_local(n_local, n, dimension, ks)
    radii, heights = np.empty((2, len(ks), n))
    for rows, differences in _neighborhoods(x, n_local):
        squares = np.einsum("ami,ami->im", differences, differences)
        radii[:, rows] = np.sqrt(np.partition(squares, ks - 1, axis=1).T[ks - 1])
        refuse_ties(radii[:, rows])
        heights[:, rows] = [_log_heights(differences, radius) for radius in radii[:, rows]]
    flat = np.array([flat_height(int(k), n_local, dimension) for k in ks])
    terms = kl_terms(radii, ks, dimension, "euclidean") - (heights - flat[:, None])
    return _mean_of_fitted(terms)


def lnn_nats(x: _Floats, y: _Floats, ks: _Integers, n_local: int | None) -> _Floats:
    """Mutual information h(x) + h(y) - h(x, y) by local Gaussian fits, in nats for every k."""
    entropies = [lnn_entropy_nats(rows, ks, n_local) for rows in (x, y, np.hstack([x, y]))]
    return entropies[0] + entropies[1] - entropies[2]


def _mean_of_fitted(terms: _Floats) -> _Floats:
    fitted = np.isfinite(terms)
    if not fitted.any(axis=1).all():
        raise ValueError(
            "The neighbours of every row lie in a subspace, where no Gaussian has a density: "
            "reduce the dimension, raise n_local, or leave out columns that repeat others."
        )
    dropped = int((~fitted).any(axis=0).sum())
    if dropped:
        warnings.warn(
            f"{dropped} of {terms.shape[1]} rows were dropped from a local Gaussian entropy: "
            "their neighbours lie in a subspace. The value holds for the other rows only.",
            UserWarning,
            stacklevel=2,
        )
    return np.mean(terms, axis=1, where=fitted)


def _neighborhoods(x: _Floats, n_local: int) -> Iterator[tuple[slice, _Floats]]:
    """Yield slices of rows with the differences to their nearest others, in no order.

    The differences have the shape (dimension, n_local, n_rows): rows lie side by side in memory,
    so that all that is done to them is done to vectors.
    """
    n, dimension = x.shape
    # Built without medians: faster for clustered rows too.
    tree = KDTree(x, leafsize=32, balanced_tree=False) if dimension <= _TREE_DIMENSIONS else None
    columns = np.ascontiguousarray(x.T)
    for rows in _slices(0, n, _TILE_VALUES // (n_local if tree else n)):
        nearest = _nearest(x, rows, n_local, tree).T
        for block in _slices(rows.start, rows.stop, _block_size(n_local, dimension)):
            of_block = slice(block.start - rows.start, block.stop - rows.start)
            yield block, columns[:, nearest[:, of_block]] - columns[:, None, block]


def _slices(start: int, stop: int, size: int) -> Iterator[slice]:
    size = max(1, size)
    return (slice(first, min(first + size, stop)) for first in range(start, stop, size))


def _block_size(n_local: int, dimension: int) -> int:
    """Rows that are fitted at once."""
    return max(_BLOCK_ROWS, _BLOCK_VALUES // (n_local * dimension))


def _nearest(x: _Floats, rows: slice, n_local: int, tree: KDTree | None) -> _Integers:
    """Indices of the nearest rows, the row itself left out, shape (n_rows, n_local)."""
    if tree is None:
        distances = cdist(x[rows], x, "sqeuclidean")
        nearest = np.argpartition(distances, n_local, axis=1)[:, : n_local + 1]
    else:
        nearest = tree.query(x[rows], n_local + 1)[1]
    own = nearest == np.arange(rows.start, rows.stop)[:, None]
    own[~own.any(axis=1), -1] = True  # crowded out by duplicates: any of them stands for it
    return nearest[~own].reshape(len(nearest), n_local)


def _log_heights(differences: _Floats, radii: _Floats) -> _Floats:
    """Log density of the local fits at their centres, in units of 1 / (n r^d).

    g = ln S_0 - (d/2) ln 2 pi - ln|Sigma| / 2 - mu' Sigma^-1 mu / 2; NaN where Sigma is singular
    to working precision.

    Parameters
    ----------
    differences : ndarray of shape (dimension, n_local, n_rows)
        To the nearest rows.
    radii : ndarray of shape (n_rows,)
        Bandwidths r.

    Returns
    -------
    heights : ndarray of shape (n_rows,)
        In nats.
    """
    scaled = differences / radii
    dimension, _, n_rows = scaled.shape
    weights = np.exp(-0.5 * np.einsum("ami,ami->mi", scaled, scaled))
    total = weights.sum(axis=0)
    weights /= total
    mean = np.einsum("mi,ami->ai", weights, scaled)
    scaled -= mean[:, None]
    covariance = np.empty((dimension, dimension, n_rows))
    for a in range(dimension):
        lower = np.einsum("mi,bmi->bi", weights * scaled[a], scaled[: a + 1])
        covariance[a, : a + 1] = covariance[: a + 1, a] = lower
    log_determinant, distance = _gaussian_shape(covariance, mean)
    constant = dimension * math.log(2 * math.pi)
    return np.log(total) - 0.5 * (constant + log_determinant + distance)


def _gaussian_shape(covariance: _Floats, mean: _Floats) -> tuple[_Floats, _Floats]:
    """ln|Sigma| and mu' Sigma^-1 mu of many matrices, NaN where a matrix is singular.

    Both come from Gaussian elimination of Sigma in [[Sigma, mu], [mu', 0]], whose pivots multiply
    to the determinant and whose last entry becomes -mu' Sigma^-1 mu. The eigenvalues are computed
    only where the determinant leaves open whether the matrix is regular: lambda_min is not below
    |Sigma| [(d - 1) / tr Sigma]^(d - 1), the other eigenvalues being equal at the worst.

    Parameters
    ----------
    covariance : ndarray of shape (dimension, dimension, n_rows)
        Sigma.
    mean : ndarray of shape (dimension, n_rows)
        mu.

    Returns
    -------
    log_determinant, distance : ndarray of shape (n_rows,)
        In nats, and in squared standard deviations.
    """
    d, n_rows = mean.shape
    bordered = np.zeros((d + 1, d + 1, n_rows))
    bordered[:d, :d] = covariance
    bordered[d, :d] = bordered[:d, d] = mean
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for pivot in range(d):
            factors = bordered[pivot + 1 :, pivot] / bordered[pivot, pivot]
            bordered[pivot + 1 :, pivot + 1 :] -= factors[:, None] * bordered[pivot, pivot + 1 :]
        log_determinant = np.log(np.einsum("aai->ai", bordered)[:d]).sum(axis=0)
        trace = np.einsum("aai->i", covariance)
        log_smallest = log_determinant + (d - 1) * np.log(max(d - 1, 1) / trace)
        regular = log_smallest > np.log(_CERTAIN * _SINGULAR * d * trace)
    distance = -bordered[d, d]
    for i in np.flatnonzero(~regular):
        log_determinant[i], distance[i] = _shape_by_axes(covariance[:, :, i], mean[:, i])
    return log_determinant, distance


def _shape_by_axes(covariance: _Floats, mean: _Floats) -> tuple[float, float]:
    """ln|Sigma| and mu' Sigma^-1 mu from the eigenvalues of one matrix, NaN where singular."""
    variances, axes = np.linalg.eigh(covariance)
    if variances[0] <= _SINGULAR * len(mean) * variances[-1]:
        return math.nan, math.nan
    return float(np.log(variances).sum()), float(((mean @ axes) ** 2 / variances).sum())


@lru_cache(maxsize=256)
def flat_height(k: int, n_local: int, dimension: int) -> float:
    """Mean of the log height g in a constant density, for LNN's constant B = psi(k) - ln c_d - g.

    There the m nearest rows are a Poisson process: the volumes within them are sums of
    exponential variables, their directions uniform (section 3 of Gao et al., 2016).

    Parameters
    ----------
    k : int
        Neighbour whose distance is the bandwidth.
    n_local : int
        Number m of fitted neighbours.
    dimension : int
        Dimension d.

    Returns
    -------
    height : float
        In nats, by Monte Carlo with a fixed seed.
    """
    rng = np.random.default_rng(0)
    n_draws = min(_MAX_DRAWS, max(1024, _DRAWS_VALUES // (n_local * dimension**2)))
    size = max(1, _DRAWN_VALUES // (n_local * dimension))
    heights = []
    for start in range(0, n_draws, size):
        shape = (min(size, n_draws - start), n_local)
        volumes = np.cumsum(rng.standard_exponential(shape), axis=1)
        directions = rng.standard_normal((*shape, dimension))
        directions /= np.linalg.norm(directions, axis=2, keepdims=True)
        radii = volumes ** (1 / dimension)
        differences = np.ascontiguousarray((directions * radii[:, :, None]).T)
        heights += [
            _log_heights(differences[..., block], radii[block, k - 1])
            for block in _slices(0, len(radii), _block_size(n_local, dimension))
        ]
    return float(np.concatenate(heights).mean())


def class_entropy_nats(
    entropy: Any, x: _Floats, labels: _Integers, ks: _Integers, *arguments: Any
) -> _Floats:
    """Mean entropy within classes, sum_c (n_c / n) h(x | c), by an estimator of entropy."""
    return sum(len(rows) / len(x) * entropy(x[rows], ks, *arguments) for rows in class_rows(labels))
