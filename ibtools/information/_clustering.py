"""How clustered a representation is: distinct rows, empty bins, nearest classes, effective rank."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from sklearn.utils import check_array, check_consistent_length

from ibtools.information._bin_codes import bin_codes, bin_histograms
from ibtools.information._binning import Bins, UniformBins
from ibtools.information._counts import entropy_from_counts
from ibtools.information._labels import encode_labels
from ibtools.information._spectral import spectrum_entropy
from ibtools.information._symbols import row_symbols

_Floats = NDArray[np.float64]

# Histograms of so many values, and distances of so many pairs, are made at a time.
_BLOCK_VALUES = 2**22
# A k-d tree finds neighbours faster than products of matrices up to about here.
_TREE_FEATURES = 10


def count_distinct_rows(T: ArrayLike) -> int:
    """Count the rows that differ from each other, exactly.

    Parameters
    ----------
    T : array-like of shape (n_samples, n_features)
        Finite values in float32 or float64; others are taken as float64. Zeros of both signs are
        equal.

    Returns
    -------
    n_distinct : int
        From 1 to n_samples.

    Notes
    -----
    Its logarithm is the most that binning can find in T, however narrow the bins. Saturated units
    make it small: in float32, tanh is 1 from about 9 on.

    Examples
    --------
    >>> from ibtools.information import count_distinct_rows
    >>> count_distinct_rows([[0.0, 1.0], [0.5, 1.0], [-0.0, 1.0]])
    2
    """
    T = _check_rows(T)
    values = np.ascontiguousarray(T + 0)  # -0.0 + 0 is 0.0, whose bits are others
    return len(row_symbols(values.view(f"i{values.itemsize}")).representatives)


def binned_entropy(T: ArrayLike, bins: Bins, *, base: float = 2.0) -> float:
    """Entropy H(Bin(T)) of the codes of the rows, all units together.

    Parameters
    ----------
    T : array-like of shape (n_samples, n_features)
        Finite values.
    bins : UniformBins or EdgedBins
        Bins of all units.
    base : float, default=2.0
        Base of the logarithm: 2 gives bits.

    Returns
    -------
    entropy : float
        In the units of `base`, from 0 to the logarithm of the number of distinct rows.

    See Also
    --------
    ibtools.BinnedMI : The same as `entropy_`, and its information about inputs and labels.

    Examples
    --------
    >>> from ibtools.information import binned_entropy, counted_bins
    >>> binned_entropy([[0.1], [0.2], [0.6], [0.7]], counted_bins(2, 0, 1))
    1.0
    """
    symbols, _ = row_symbols(bin_codes(_check_rows(T), bins))
    return entropy_from_counts(np.bincount(symbols), base=base)


def unit_histograms(T: ArrayLike, bins: Bins) -> _Floats:
    """Count the activations of every unit in every bin.

    Parameters
    ----------
    T : array-like of shape (n_samples, n_features)
        Finite values. Those outside of the bounds of the bins are in none of them.
    bins : UniformBins or EdgedBins
        Bins of all units; without bounds, those from the lowest to the highest value.

    Returns
    -------
    histograms : ndarray of shape (n_features, n_bins)
        Number of rows. Their sum over units is the histogram of the layer.

    Examples
    --------
    >>> from ibtools.information import counted_bins, unit_histograms
    >>> unit_histograms([[0.1, 0.9], [0.2, 1.0]], counted_bins(3, 0, 1))
    array([[2., 0., 0.],
           [0., 0., 2.]])
    """
    codes = bin_codes(_check_rows(T), bins)
    if isinstance(bins, UniformBins):
        first, last = bins.range_of(codes)
        bins = replace(bins, first=first, last=last)  # of all units, not of those of a block
    n_rows, n_features = codes.shape
    size, once = max(1, _BLOCK_VALUES // n_rows), np.ones(n_rows)
    starts = range(0, n_features, size)
    return np.vstack([bin_histograms(codes[:, k : k + size], once, bins) for k in starts])


def empty_bin_fractions(histograms: ArrayLike) -> _Floats:
    """Fraction of the bins of every unit that no activation is in.

    Parameters
    ----------
    histograms : array-like of shape (n_features, n_bins)
        As `unit_histograms` gives them.

    Returns
    -------
    fractions : ndarray of shape (n_features,)
        From 0 to 1 - 1 / n_bins; their mean is that of the layer.

    Examples
    --------
    >>> from ibtools.information import empty_bin_fractions
    >>> empty_bin_fractions([[2, 0, 0, 2], [1, 1, 1, 1]])
    array([0.5, 0. ])
    """
    return (np.asarray(histograms) == 0).mean(axis=1)


def class_separation(T: ArrayLike, y: ArrayLike) -> float:
    """How much farther the nearest row of another class is than the nearest of the same class.

    The mean over rows of ``min_j |t_i - t_j|`` over the rows j of other classes, divided by the
    mean over rows of the same minimum over the other rows of the class of i.

    Parameters
    ----------
    T : array-like of shape (n_samples, n_features)
        Finite values.
    y : array-like of shape (n_samples,)
        Class labels.

    Returns
    -------
    separation : float
        Large where each class is in clusters of its own; inf where every row has an equal one in
        its class, NaN if also in another. Where C classes of equal size are mixed it is about
        (C - 1)^(-1/d) in d dimensions, for the other classes have more rows.

    Raises
    ------
    ValueError
        If there are fewer than two classes, or every class has a single row.

    Notes
    -----
    Unlike bins, distances tell in any number of units, whatever their scale, and no clusters have
    to be given. A row that is alone in its class counts in the first mean only.

    Up to 10 units the distances are those of a k-d tree. For more, the nearest row is found by a
    product of matrices in float64, in blocks of about 32 MB, and its distance computed from the
    difference: rows whose distances differ by less than about 1e-8 of the size of the centred
    rows may be taken for one another. Time grows as n_samples squared.

    Examples
    --------
    >>> from ibtools.information import class_separation
    >>> class_separation([[0.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1])
    4.5
    """
    T = _centred(_check_rows(T))
    labels, n_classes = _check_labels(T, y)
    others, own = [], []
    for label in range(n_classes):
        is_own = labels == label
        rows = T[is_own]
        others.append(_nearest_distances(rows, T[~is_own]))
        if len(rows) > 1:
            own.append(_nearest_distances(rows))
    if not own:
        raise ValueError("Every class has a single row: give at least two rows of one class.")
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.concatenate(others).mean() / np.concatenate(own).mean())


def effective_rank(T: ArrayLike) -> float:
    """Effective number of directions that rows point to.

    The exponential of the von Neumann entropy, exp(-sum_k l_k ln l_k), of the eigenvalues l_k of
    the linear Gram matrix ``T T^t``, normalised to trace 1 [1]_.

    Parameters
    ----------
    T : array-like of shape (n_samples, n_features)
        Finite values, as they are: the origin counts.

    Returns
    -------
    rank : float
        From 1, where all rows are multiples of one, to min(n_samples, n_features). Rows that are
        all zero have 1, as all rows that are equal.

    Notes
    -----
    n orthogonal rows of equal length have n, and so have n groups of equally many such rows. The
    Gram matrix or ``T^t T`` is made, which has the same eigenvalues, whichever is smaller.

    References
    ----------
    .. [1] O. Roy and M. Vetterli, "The effective rank: a measure of effective dimensionality",
       EUSIPCO 2007. There the l_k are singular values of T, here their squares.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.information import effective_rank
    >>> round(effective_rank(3 * np.eye(5)), 9)
    5.0
    """
    T = _check_rows(T).astype(np.float64)
    largest = np.abs(T).max()
    if largest == 0:
        return 1.0
    T /= largest
    gram = T @ T.T if len(T) < T.shape[1] else T.T @ T
    return math.exp(spectrum_entropy(np.linalg.eigvalsh(gram), alpha=1))


def class_effective_rank(T: ArrayLike, y: ArrayLike) -> float:
    """Effective rank within classes, their mean weighted by the number of rows.

    The Gram matrices are those of the rows of each class, seen from the mean of all rows
    (linear kernel, see :func:`effective_rank`).

    Parameters
    ----------
    T : array-like of shape (n_samples, n_features)
        Finite values.
    y : array-like of shape (n_samples,)
        Class labels.

    Returns
    -------
    rank : float
        1 where every class has collapsed to a point. It is not above the number of units, and
        tells most where these are many.

    Raises
    ------
    ValueError
        If there are fewer than two classes.

    Examples
    --------
    >>> from ibtools.information import class_effective_rank
    >>> T = [[0.0, 1.0], [0.0, 1.0], [2.0, 3.0], [2.0, 3.0]]
    >>> round(class_effective_rank(T, [0, 0, 1, 1]), 9)
    1.0
    """
    T = _centred(_check_rows(T))
    labels, n_classes = _check_labels(T, y)
    parts = [T[labels == label] for label in range(n_classes)]
    return float(sum(len(part) * effective_rank(part) for part in parts) / len(T))


def _check_rows(T: ArrayLike) -> NDArray[np.floating]:
    checked: NDArray[np.floating] = check_array(T, dtype=[np.float64, np.float32], input_name="T")
    return checked


def _check_labels(T: NDArray[np.floating], y: ArrayLike) -> tuple[NDArray[np.int64], int]:
    classes, labels = encode_labels(y)
    check_consistent_length(T, labels)
    if len(classes) < 2:
        raise ValueError(f"Classes are compared, and y has one only: {classes.tolist()}.")
    return labels, len(classes)


def _centred(T: NDArray[np.floating]) -> _Floats:
    centred = T.astype(np.float64)
    centred -= centred.mean(axis=0)  # keeps the digits of distances that are products
    return centred


def _nearest_distances(rows: _Floats, others: _Floats | None = None) -> _Floats:
    """Distance of every row to the nearest of other rows; None: to the nearest of the rest."""
    if rows.shape[1] <= _TREE_FEATURES:
        tree = cKDTree(rows if others is None else others)
        distances: _Floats = tree.query(rows, k=[2 if others is None else 1])[0][:, 0]
        return distances
    candidates = rows if others is None else others
    half_norms = np.einsum("ij,ij->i", candidates, candidates) / 2
    size = max(1, _BLOCK_VALUES // len(candidates))
    distances = np.empty(len(rows))
    for start in range(0, len(rows), size):
        block = rows[start : start + size]
        closeness = block @ candidates.T - half_norms  # |r|^2 / 2 less half the squared distance
        if others is None:
            own = np.arange(len(block))
            closeness[own, start + own] = -np.inf
        nearest = candidates[closeness.argmax(axis=1)]
        distances[start : start + size] = np.linalg.norm(block - nearest, axis=1)
    return distances
