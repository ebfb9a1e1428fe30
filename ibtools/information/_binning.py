"""Bins of equal width or equal mass, and how they are chosen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

# A value nearer to an edge than this part of a width is on it: the division may round either way.
ON_EDGE = 1e-9


@dataclass(frozen=True)
class UniformBins:
    """Bins ``[origin + k * width, origin + (k + 1) * width)`` with integer codes k.

    Parameters
    ----------
    origin : float
        Left edge of the bin with code 0.
    width : float
        Width of every bin.
    lower, upper : float, default=-inf, inf
        The closed interval that the bins cover; infinite where they have no end.
    first, last : int, default=None
        Codes of the bins at `lower` and at `upper`; None where they have no end. A value equal to
        `upper` belongs to the last bin, a value below `lower` has the code ``first - 1`` and a
        value above `upper` the code ``last + 1``.

    Examples
    --------
    >>> from ibtools.information import UniformBins
    >>> bins = UniformBins(origin=-1.0, width=0.5)
    >>> bins.edges(0, 3)
    array([-1. , -0.5,  0. ,  0.5,  1. ])
    """

    origin: float
    width: float
    lower: float = -math.inf
    upper: float = math.inf
    first: int | None = None
    last: int | None = None

    def edges(self, first: int, last: int) -> NDArray[np.float64]:
        """Edges of a range of bins.

        Parameters
        ----------
        first, last : int
            Codes of the first and the last of them.

        Returns
        -------
        edges : ndarray of shape (last - first + 2,)
            Ascending.
        """
        return self.origin + self.width * np.arange(first, last + 2, dtype=np.float64)

    def range_of(self, codes: NDArray[np.signedinteger]) -> tuple[int, int]:
        """Codes of the first and the last bin, as far as some values reach.

        Parameters
        ----------
        codes : ndarray of int
            Codes of values.

        Returns
        -------
        first, last : int
            Those of the interval; of `codes` where the bins have no end.
        """
        if self.first is not None and self.last is not None:
            return self.first, self.last
        return int(codes.min()), int(codes.max())


@dataclass(frozen=True, eq=False)
class EdgedBins:
    """Bins ``[boundaries[k], boundaries[k + 1])`` with integer codes k, the last one closed.

    Parameters
    ----------
    boundaries : ndarray of shape (n_bins + 1,)
        Edges of the bins, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.information import EdgedBins, bin_codes
    >>> bins = EdgedBins(np.array([0.0, 1.0, 10.0]))
    >>> bin_codes([[-5.0], [0.5], [10.0], [11.0]], bins).ravel()
    array([-1,  0,  1,  2], dtype=int8)
    """

    boundaries: NDArray[np.float64]

    @property
    def lower(self) -> float:
        """Lower end of the interval that the bins cover."""
        return float(self.boundaries[0])

    @property
    def upper(self) -> float:
        """Upper end of the interval that the bins cover."""
        return float(self.boundaries[-1])

    @property
    def first(self) -> int:
        """Code of the first bin, 0; lower values have the code -1."""
        return 0

    @property
    def last(self) -> int:
        """Code of the last bin; higher values have the code ``last + 1``."""
        return len(self.boundaries) - 2

    def edges(self, first: int, last: int) -> NDArray[np.float64]:
        """Edges of a range of bins.

        Parameters
        ----------
        first, last : int
            Codes of the first and the last of them.

        Returns
        -------
        edges : ndarray of shape (last - first + 2,)
            Ascending.
        """
        return self.boundaries[first : last + 2]

    def range_of(self, codes: NDArray[np.signedinteger]) -> tuple[int, int]:
        """Codes of the first and the last bin.

        Parameters
        ----------
        codes : ndarray of int
            Codes of values, which change nothing.

        Returns
        -------
        first, last : int
            Those of the interval, whatever the codes.
        """
        return self.first, self.last


Bins: TypeAlias = UniformBins | EdgedBins

_Neighbors: TypeAlias = tuple[float, float, NDArray[np.float64], NDArray[np.float64]]


def check_bounds(bounds: ArrayLike) -> tuple[float, float]:
    """Refuse bounds that are not two finite numbers in order.

    Parameters
    ----------
    bounds : array-like of shape (2,)
        Lower and upper bound.

    Returns
    -------
    lower, upper : float
        The bounds.

    Raises
    ------
    ValueError
        If there are not two, or they are not finite, or not in order.
    """
    pair = np.asarray(bounds, dtype=np.float64)
    if pair.shape != (2,) or not np.isfinite(pair).all() or not pair[0] < pair[1]:
        raise ValueError(
            f"bounds must be two finite numbers (lower, upper) with lower < upper, got {bounds!r}."
        )
    return float(pair[0]), float(pair[1])


def check_unit_bounds(bounds: ArrayLike, n_features: int) -> list[tuple[float, float]]:
    """Refuse bounds of units that are not two finite numbers in order for each.

    Parameters
    ----------
    bounds : array-like of shape (2, n_features)
        Lower and upper bounds of the units.
    n_features : int
        Number of units.

    Returns
    -------
    bounds : list of n_features pairs
        Lower and upper bound of each unit.

    Raises
    ------
    ValueError
        If the shape is another, or a pair is not finite or not in order.
    """
    pairs = np.asarray(bounds, dtype=np.float64)
    if pairs.shape != (2, n_features):
        raise ValueError(
            "bounds of units must be two arrays (lowers, uppers) with a number for each unit, "
            f"shape (2, {n_features}), got shape {pairs.shape}."
        )
    return [check_bounds(pair) for pair in pairs.T]


def counted_bins(n_bins: int, lower: float, upper: float) -> UniformBins:
    """Divide a closed interval into bins of equal width.

    Parameters
    ----------
    n_bins : int
        Number of bins.
    lower, upper : float
        The interval. When both are equal there is one bin, of width 1.

    Returns
    -------
    bins : UniformBins
        With codes 0 to ``n_bins - 1``.

    Raises
    ------
    ValueError
        If the width is not a number that float64 can hold.

    Examples
    --------
    >>> from ibtools.information import bin_codes, counted_bins
    >>> bin_codes([[-1.0], [-0.2], [0.0], [1.0]], counted_bins(4, -1, 1)).ravel()
    array([0, 1, 2, 3], dtype=int8)
    """
    if lower == upper:
        return UniformBins(lower, 1.0, lower, upper, 0, 0)
    width = (upper - lower) / n_bins
    if not math.isfinite(width) or width < np.finfo(np.float64).tiny:
        raise ValueError(
            f"The interval from {lower:g} to {upper:g} cannot be divided into {n_bins} bins in "
            "float64: scale the values."
        )
    return UniformBins(lower, width, lower, upper, 0, n_bins - 1)


def spaced_bins(
    width: float, origin: float = 0.0, bounds: Sequence[float] | None = None
) -> UniformBins:
    """Lay bins of a given width from an origin, without end or up to closed bounds.

    Parameters
    ----------
    width : float
        Width of a bin.
    origin : float
        Left edge of the bin with code 0.
    bounds : (float, float) or None
        Closed interval of the values that can occur. It closes the last bin, so that a value on
        the upper bound shares the code of the values just below.

    Returns
    -------
    bins : UniformBins
        With codes ``floor((t - origin) / width)``.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.information import bin_codes, spaced_bins
    >>> X = np.array([[-0.3], [0.0], [0.3], [1.0]])
    >>> bin_codes(X, spaced_bins(0.25)).ravel()
    array([-2,  0,  1,  4], dtype=int8)
    >>> bin_codes(X, spaced_bins(0.25, bounds=(-1, 1))).ravel()
    array([-2,  0,  1,  3], dtype=int8)
    """
    if bounds is None:
        return UniformBins(origin, width)
    lower, upper = bounds
    first = math.floor((lower - origin) / width + ON_EDGE)
    last = max(first, math.ceil((upper - origin) / width - ON_EDGE) - 1)
    return UniformBins(origin, width, lower, upper, first, last)


def quantile_bins(
    values: ArrayLike,
    n_bins: int,
    *,
    weights: NDArray[np.float64] | None = None,
    bounds: tuple[float, float] | None = None,
) -> EdgedBins:
    """Divide values into bins of equal mass.

    The k-th edge lies halfway between two neighbouring values: the smallest one up to which a
    part k / n_bins of the mass is reached, and the next. Values that are tied share a bin, and
    edges that fall together are one.

    Parameters
    ----------
    values : array-like of any shape
        Finite values.
    n_bins : int
        Number of bins, the most there will be.
    weights : ndarray of the shape of `values`, or None
        Mass of each value.
    bounds : (float, float) or None
        Ends of the outer bins, instead of the smallest and the largest value.

    Returns
    -------
    bins : EdgedBins
        With codes from 0.

    Examples
    --------
    >>> from ibtools.information._binning import quantile_bins
    >>> quantile_bins([1, 2, 3, 10, 20, 30], 3).boundaries
    array([ 1. ,  2.5, 15. , 30. ])
    """
    flat = np.ravel(values)
    if weights is None:
        lowest, highest, below, above = _neighbors_of_parts(np.sort(flat), n_bins)
    else:
        lowest, highest, below, above = _neighbors_of_masses(flat, weights.ravel(), n_bins)
    halfway = below + (above - below) / 2
    inner = np.where(halfway > below, halfway, above)
    lower, upper = (lowest, highest) if bounds is None else bounds
    return EdgedBins(np.concatenate([[lower], inner, [upper]]))


def _neighbors_of_parts(ordered: NDArray[Any], n_bins: int) -> _Neighbors:
    """Ends of ordered values, and the values below and above each edge between equal parts.

    Nothing but the ordered values is as long as they are.
    """
    ranks = -(-len(ordered) * np.arange(1, n_bins) // n_bins) - 1  # the first that reach a part
    reached = np.unique(ordered[ranks])
    following = np.searchsorted(ordered, reached, side="right")
    reached, following = (part[following < len(ordered)] for part in (reached, following))
    below, above = reached.astype(np.float64), ordered[following].astype(np.float64)
    return float(ordered[0]), float(ordered[-1]), below, above


def _neighbors_of_masses(
    values: NDArray[Any], weights: NDArray[np.float64], n_bins: int
) -> _Neighbors:
    """Ends of weighted values, and the values below and above each edge between equal masses."""
    distinct, index = np.unique(values, return_inverse=True)
    distinct, mass = distinct.astype(np.float64), np.cumsum(np.bincount(index, weights))
    # Sums of weights that are no integers are rounded once per value.
    rounding = 2 * values.size * np.finfo(np.float64).eps
    parts = mass[-1] * np.arange(1, n_bins) * (1 - rounding)
    reached = np.unique(np.searchsorted(n_bins * mass, parts))
    reached = reached[reached < len(distinct) - 1]
    return float(distinct[0]), float(distinct[-1]), distinct[reached], distinct[reached + 1]
