"""Mutual information and entropy from distances to nearest neighbours.

Throughout, psi is the digamma function, n the number of rows, and a row is never a neighbour of
itself. Every function takes one k or several, for which the neighbours are found in one pass.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln

from ibtools.information._neighbor_counts import (
    METRICS,
    class_distances,
    class_rows,
    identical_rows,
    joint_neighbors,
    kth_distances,
    strict_counts,
)
from ibtools.information._tensors import side_by_side
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]
_PerK = float | _Floats


def ksg_mutual_information(
    x: ArrayLike,
    y: ArrayLike,
    n_neighbors: int | Sequence[int] = 3,
    *,
    metric: str = "chebyshev",
    base: float = 2.0,
) -> _PerK:
    """Mutual information of two continuous variables, the first estimator of Kraskov et al.

    I = psi(k) + psi(n) - <psi(n_x + 1) + psi(n_y + 1)>: equation 8 of [1]_. The distance of two
    rows is the larger of their distances in x and in y; n_x and n_y are the other rows strictly
    nearer in x, and in y, than the k-th neighbour. It is never above psi(n) - psi(k).

    Parameters
    ----------
    x : array-like of shape (n_samples,) or (n_samples, n_x)
        First variable.
    y : array-like of shape (n_samples,) or (n_samples, n_y)
        Second variable.
    n_neighbors : int or sequence of int, default=3
        Number k of neighbours.
    metric : {"chebyshev", "euclidean"}, default="chebyshev"
        Norm in x and in y, the maximum norm or the Euclidean.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    information : float, or ndarray of shape (n_k,) for several k
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If a row has k duplicates, among other bad input.

    See Also
    --------
    mixed_mutual_information : The same where rows are not tied, and defined where they are.

    References
    ----------
    .. [1] A. Kraskov, H. Stoegbauer and P. Grassberger, "Estimating mutual information", Physical
       Review E 69:066138, 2004.

    Examples
    --------
    Identical variables, k = 1: no row is nearer than the neighbour, psi(20) - psi(1) nats.

    >>> import math
    >>> from ibtools.information import ksg_mutual_information
    >>> round(ksg_mutual_information(range(20), range(20), 1, base=math.e), 4)
    3.5477
    """
    x, y, ks = _check_pair(x, y, n_neighbors, metric)
    return _in_units(ksg_nats(x, y, ks, metric), n_neighbors, base)


def mixed_mutual_information(
    x: ArrayLike,
    y: ArrayLike,
    n_neighbors: int | Sequence[int] = 3,
    *,
    metric: str = "chebyshev",
    base: float = 2.0,
) -> _PerK:
    """Mutual information of variables that may be continuous, discrete, or a mixture of both.

    I = <psi(k_i) + psi(n) - psi(n_x) - psi(n_y)>, algorithm 1 of [1]_. Where the k-th neighbour is
    at a positive distance, k_i = k, and n_x and n_y are the rows strictly nearer in x and in y, as
    in `ksg_mutual_information`. Where it is at distance 0, k_i, n_x and n_y are the rows equal to
    row i in (x, y), in x and in y. The row itself is counted in n_x and n_y, and in k_i where that
    counts equal rows. All are digamma functions (the paper has ln n, its published code psi for
    the rest), so that this is KSG where no rows are tied, and where all are, the plug-in estimate
    with the correction of Miller and Madow, up to 1 / n^2.

    Parameters
    ----------
    x : array-like of shape (n_samples,) or (n_samples, n_x)
        First variable.
    y : array-like of shape (n_samples,) or (n_samples, n_y)
        Second variable.
    n_neighbors : int or sequence of int, default=3
        Number k of neighbours.
    metric : {"chebyshev", "euclidean"}, default="chebyshev"
        Norm in x and in y, the maximum norm or the Euclidean.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    information : float, or ndarray of shape (n_k,) for several k
        In units of the base, bits by default.

    References
    ----------
    .. [1] W. Gao, S. Kannan, S. Oh and P. Viswanath, "Estimating mutual information for
       discrete-continuous mixtures", NIPS 2017.

    Examples
    --------
    >>> from ibtools.information import mixed_mutual_information
    >>> round(mixed_mutual_information([0, 1] * 500, [0, 1] * 500), 2)
    1.0
    """
    x, y, ks = _check_pair(x, y, n_neighbors, metric)
    return _in_units(mixed_nats(x, y, ks, metric)[0], n_neighbors, base)


def ross_mutual_information(
    x: ArrayLike,
    labels: ArrayLike,
    n_neighbors: int | Sequence[int] = 3,
    *,
    metric: str = "chebyshev",
    ties: str = "error",
    base: float = 2.0,
) -> _PerK:
    """Mutual information of a continuous variable and class labels, the estimator of Ross.

    I = psi(n) + <psi(k_i)> - <psi(n_c)> - <psi(m_i + 1)>: equation 2 of [1]_. m_i are the other
    rows strictly nearer to row i than its k_i-th neighbour in its own class of n_c rows,
    k_i = min(k, n_c - 1). (The m_i of the paper counts the neighbour too.)

    Parameters
    ----------
    x : array-like of shape (n_samples,) or (n_samples, n_features)
        Continuous variable.
    labels : array-like of shape (n_samples,)
        Class of each row; each class needs two rows.
    n_neighbors : int or sequence of int, default=3
        Number k of neighbours.
    metric : {"chebyshev", "euclidean"}, default="chebyshev"
        Norm, the maximum norm or the Euclidean.
    ties : {"error", "count"}, default="error"
        What happens where the distance is 0: an error, or k_i and m_i + 1 become the rows equal to
        row i within its class and in all, the row included, as in `mixed_mutual_information`.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    information : float, or ndarray of shape (n_k,) for several k
        In units of the base, bits by default.

    References
    ----------
    .. [1] B. C. Ross, "Mutual information between discrete and continuous data sets", PLoS ONE
       9(2):e87357, 2014.

    Examples
    --------
    Two classes far apart: the class is known, 1 bit.

    >>> from ibtools.information import ross_mutual_information
    >>> x = [i + 10**6 * (i % 2) for i in range(2000)]
    >>> round(ross_mutual_information(x, [i % 2 for i in range(2000)]), 2)
    1.0
    """
    x = check_points(x, "x")
    ks = check_neighbors(n_neighbors, len(x))
    _check_metric(metric)
    if ties not in ("error", "count"):
        raise ValueError(f"ties must be 'error' or 'count', got {ties!r}.")
    labels = np.asarray(labels)
    if labels.shape != (len(x),):
        raise ValueError(f"labels has shape {labels.shape}, but x has {len(x)} rows.")
    _, numbers, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if sizes.min() < 2:
        raise ValueError(
            f"{np.count_nonzero(sizes < 2)} of {len(sizes)} classes have one row, which has no "
            "neighbour in its class: leave such rows out."
        )
    estimate = ross_nats if ties == "error" else _mixed_class_values
    return _in_units(estimate(x, numbers, ks, metric), n_neighbors, base)


def kozachenko_leonenko_entropy(
    x: ArrayLike,
    n_neighbors: int | Sequence[int] = 3,
    *,
    metric: str = "chebyshev",
    base: float = 2.0,
) -> _PerK:
    """Differential entropy from the distance to the k-th neighbour.

    h = psi(n) - psi(k) + ln c_d + d <ln r_i>: equation 20 of [2]_ after [1]_, where r_i is the
    distance of row i to its k-th neighbour and c_d the volume of the unit ball of d dimensions.

    Parameters
    ----------
    x : array-like of shape (n_samples,) or (n_samples, n_features)
        Continuous variable.
    n_neighbors : int or sequence of int, default=3
        Number k of neighbours.
    metric : {"chebyshev", "euclidean"}, default="chebyshev"
        Norm, the maximum norm or the Euclidean.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    entropy : float, or ndarray of shape (n_k,) for several k
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If a row has k duplicates, where the entropy would be minus infinity.

    References
    ----------
    .. [1] L. F. Kozachenko and N. N. Leonenko, "Sample estimate of the entropy of a random
       vector", Problems of Information Transmission 23:9-16, 1987.

    .. [2] A. Kraskov, H. Stoegbauer and P. Grassberger, "Estimating mutual information", Physical
       Review E 69:066138, 2004.

    Examples
    --------
    A grid of step 1 / 8 on (0, 128): 7 bits.

    >>> from ibtools.information import kozachenko_leonenko_entropy
    >>> x = [i / 8 for i in range(1024)]
    >>> abs(kozachenko_leonenko_entropy(x, 20) - 7) < 0.05
    True
    """
    x = check_points(x, "x")
    ks = check_neighbors(n_neighbors, len(x))
    _check_metric(metric)
    return _in_units(kl_entropy_nats(x, ks, metric), n_neighbors, base)


def ksg_nats(x: Any, y: Any, ks: _Integers, metric: str) -> _Floats:
    """Equation 8 of Kraskov et al., in nats for every k; an error where the distance is 0."""
    near = joint_neighbors(x, y, ks, metric=metric)
    refuse_ties(near.radii)
    excess = digamma(near.x_counts + 1) + digamma(near.y_counts + 1)
    return digamma(ks) + digamma(len(x)) - excess.mean(axis=1)


def mixed_nats(x: Any, y: Any, ks: _Integers, metric: str) -> tuple[_Floats, bool]:
    """Algorithm 1 of Gao et al. (2017) in nats for every k, and whether rows were tied."""
    near = joint_neighbors(x, y, ks, metric=metric)
    tied = near.radii == 0
    neighbors = np.broadcast_to(ks[:, None], tied.shape)
    x_counts, y_counts = near.x_counts + 1, near.y_counts + 1
    if tied.any():
        neighbors = np.where(tied, identical_rows(side_by_side([x, y])), neighbors)
        x_counts = np.where(tied, identical_rows(x), x_counts)
        y_counts = np.where(tied, identical_rows(y), y_counts)
    terms = digamma(neighbors) - digamma(x_counts) - digamma(y_counts)
    return digamma(len(x)) + terms.mean(axis=1), bool(tied.any())


def ross_nats(x: Any, labels: _Integers, ks: _Integers, metric: str) -> _Floats:
    """Equation 2 of Ross, in nats for every k; an error where the distance is 0."""
    radii, neighbors = class_distances(x, labels, ks, metric=metric)
    refuse_ties(radii)
    return _ross_mean(neighbors, strict_counts(x, radii, metric=metric) + 1, labels)


def mixed_class_nats(x: Any, labels: _Integers, ks: _Integers, metric: str) -> tuple[_Floats, bool]:
    """Equation 2 of Ross with the tie counts of Gao et al., and whether rows were tied."""
    radii, neighbors = class_distances(x, labels, ks, metric=metric)
    counts = strict_counts(x, radii, metric=metric) + 1
    tied = radii == 0
    if tied.any():
        neighbors = np.where(tied, _identical_in_class(x, labels), neighbors)
        counts = np.where(tied, identical_rows(x), counts)
    return _ross_mean(neighbors, counts, labels), bool(tied.any())


def _identical_in_class(x: Any, labels: _Integers) -> _Integers:
    """Count the rows of its class that are equal to each row."""
    counts = np.empty(len(labels), dtype=np.int64)
    for rows in class_rows(labels):
        counts[rows] = identical_rows(x[rows])
    return counts


def _mixed_class_values(x: _Floats, labels: _Integers, ks: _Integers, metric: str) -> _Floats:
    return mixed_class_nats(x, labels, ks, metric)[0]


def _ross_mean(neighbors: _Integers, counts: _Integers, labels: _Integers) -> _Floats:
    """Return psi(n) + <psi(k_i)> - <psi(n_c)> - <psi(count_i)>."""
    of_classes = digamma(np.bincount(labels)[labels]).mean()
    return digamma(len(labels)) - of_classes + (digamma(neighbors) - digamma(counts)).mean(axis=1)


def kl_entropy_nats(x: Any, ks: _Integers, metric: str) -> _Floats:
    """Entropy of Kozachenko and Leonenko in nats, for every k."""
    radii = kth_distances(x, ks, metric=metric)
    refuse_ties(radii)
    return kl_terms(radii, ks, x.shape[1], metric).mean(axis=1)


def kl_terms(radii: _Floats, ks: _Integers, dimension: int, metric: str) -> _Floats:
    """Terms psi(n) - psi(k) + ln c_d + d ln r_i of the entropy, shape (n_k, n_samples)."""
    constants = digamma(radii.shape[1]) - digamma(ks) + log_ball_volume(dimension, metric)
    return constants[:, None] + dimension * np.log(radii)


def log_ball_volume(dimension: int, metric: str) -> float:
    """Log volume of the unit ball: ln 2^d, or ln [pi^(d/2) / Gamma(d/2 + 1)]."""
    if metric == "chebyshev":
        return dimension * float(np.log(2))
    return dimension / 2 * float(np.log(np.pi)) - float(gammaln(dimension / 2 + 1))


def refuse_ties(radii: _Floats) -> None:
    """Raise where a distance to a k-th neighbour is zero, of which a logarithm is infinite."""
    tied = int((radii == 0).any(axis=0).sum())
    if tied:
        raise ValueError(
            f"{tied} of {radii.shape[1]} rows are equal to their k-th neighbour, where this method "
            "is not defined. Use method='mixed' (or 'auto'), which counts ties, take a larger "
            "n_neighbors, or break ties with noise, jitter=1e-10 for instance."
        )


def check_points(points: ArrayLike, name: str) -> _Floats:
    """Validate a variable: finite numbers, one row per sample, shape (n_samples, n_features)."""
    rows = np.asarray(points, dtype=np.float64)
    if rows.ndim == 1:
        rows = rows[:, None]
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(
            f"{name} must have the shape (n_samples,) or (n_samples, n_features), and no empty "
            f"axis; got {np.shape(points)}."
        )
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} contains NaN or infinity.")
    return rows


def check_neighbors(n_neighbors: Any, n_samples: int) -> _Integers:
    """Validate numbers of neighbours: distinct integers, at least 1, below the number of rows."""
    ks = np.atleast_1d(np.asarray(n_neighbors))
    if ks.ndim != 1 or not len(ks) or ks.dtype.kind not in "iu" or ks.min() < 1:
        raise ValueError(
            f"n_neighbors must be an integer from 1 on, or a sequence of them; got {n_neighbors!r}."
        )
    if len(np.unique(ks)) < len(ks):
        raise ValueError(f"n_neighbors has repeated values: {n_neighbors!r}.")
    if ks.max() >= n_samples:
        raise ValueError(
            f"n_neighbors={n_neighbors!r} needs more than {ks.max()} samples, got {n_samples}."
        )
    return ks.astype(np.int64)


def _check_metric(metric: str) -> None:
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {METRICS}, got {metric!r}.")


def _check_pair(
    x: ArrayLike, y: ArrayLike, n_neighbors: Any, metric: str
) -> tuple[_Floats, _Floats, _Integers]:
    _check_metric(metric)
    x, y = check_points(x, "x"), check_points(y, "y")
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} rows, but y has {len(y)}.")
    return x, y, check_neighbors(n_neighbors, len(x))


def _in_units(nats: _Floats, n_neighbors: Any, base: float) -> _PerK:
    values = nats / log_of_base(base)
    return float(values[0]) if np.ndim(n_neighbors) == 0 else values
