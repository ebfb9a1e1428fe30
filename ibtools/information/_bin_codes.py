"""Real values become the integer codes of their bins."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.information._binning import ON_EDGE, Bins, EdgedBins, UniformBins
from ibtools.information._progress import SILENT, Progress
from ibtools.information._threads import in_threads, row_blocks

# Codes are computed in float64, which holds every integer up to here exactly.
_LARGEST_CODE = 2**53

# Rows are converted in blocks of about this many values, which stay in the processor's cache.
_BLOCK_VALUES = 2**16
_MANY_BLOCKS = 32  # worth the start of a thread

_NARROW_BYTES = 2  # codes so small that a shift by one of them leaves 1e-9 in a float64


def bin_codes(
    X: ArrayLike, bins: Bins | Sequence[Bins], *, progress: Progress = SILENT
) -> NDArray[np.signedinteger]:
    """Give every value the integer code of its bin.

    In bins of equal width it is ``floor((t - origin) / width)``.

    The division is done in float64 whatever the input: saturated float32 units sit within one
    unit in the last place of a bin's edge, and a float32 division moves them across it. A value
    within 1e-9 of a width below an edge counts as on it, so that decimal values on edges (0.3 in
    bins of 0.1) are not moved by rounding.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Finite values.
    bins : UniformBins, EdgedBins or sequence of them
        The bins, of all units or of each.
    progress : Progress
        Whether a bar is shown, over blocks of rows or over units with bins of their own.

    Returns
    -------
    codes : ndarray of shape (n_samples, n_features)
        Codes in the smallest signed integer type that holds them.

    Raises
    ------
    ValueError
        If the bins are so narrow that codes could not be told apart in float64.

    Examples
    --------
    >>> from ibtools.information import UniformBins, bin_codes
    >>> bin_codes([[-0.1], [0.0], [0.3], [0.35]], UniformBins(origin=0.0, width=0.1)).ravel()
    array([-1,  0,  3,  3], dtype=int8)
    """
    X = np.asarray(X)
    if isinstance(bins, Sequence):
        units = progress.over(list(enumerate(bins)))
        return np.hstack([bin_codes(X[:, [unit]], own) for unit, own in units])
    low, high = _code_range(X, bins)
    codes = np.empty(X.shape, dtype=_code_dtype(low, high, bins))
    lowest = math.floor(low + ON_EDGE)

    def fill(blocks: Sequence[slice]) -> None:
        for rows in blocks:
            _fill_codes(codes[rows], X[rows], bins, lowest)

    blocks = progress.over(row_blocks(len(X), X.shape[1], _BLOCK_VALUES))
    in_threads(fill, blocks, at_least=_MANY_BLOCKS)
    return codes


def _fill_codes(
    codes: NDArray[np.signedinteger], X: NDArray[np.floating], bins: Bins, lowest: int
) -> None:
    """Write the codes of X into `codes`; `lowest` is the smallest that there can be."""
    ends = None if bins.first is None or bins.last is None else (bins.first, bins.last)
    outside = ends is not None and bool(X.min() < bins.lower or X.max() > bins.upper)
    if isinstance(bins, UniformBins) and codes.itemsize <= _NARROW_BYTES and not outside:
        _fill_narrow_codes(codes, X, bins, lowest)
    else:
        places = _unbounded_codes(X, bins)
        codes[...] = places if ends is None else np.clip(places, *ends)
    if ends is not None:
        np.clip(codes, *ends, out=codes)
    if ends is not None and outside:
        codes[bins.lower > X] = ends[0] - 1
        codes[bins.upper < X] = ends[1] + 1


def _fill_narrow_codes(
    codes: NDArray[np.signedinteger], X: NDArray[np.floating], bins: UniformBins, lowest: int
) -> None:
    """Shift places above 0, where a conversion to integers is a floor, and shift codes back.

    Integers without a sign hold all of them, and wrap around to the codes.
    """
    places = X.astype(np.float64)
    if bins.origin != 0:
        places -= bins.origin
    places /= bins.width
    places += ON_EDGE - lowest
    np.copyto(codes.view(f"u{codes.itemsize}"), places, casting="unsafe")
    codes += codes.dtype.type(lowest)


def _unbounded_codes(X: NDArray[np.floating], bins: Bins) -> NDArray[np.float64]:
    if isinstance(bins, EdgedBins):
        inner = bins.boundaries[1:-1]
        return np.searchsorted(inner, X.astype(np.float64), side="right").astype(np.float64)
    codes = np.subtract(X, bins.origin, dtype=np.float64)
    codes /= bins.width
    codes += ON_EDGE
    return np.floor(codes, out=codes)


def _code_range(X: NDArray[np.floating], bins: Bins) -> tuple[float, float]:
    """Codes between which all codes lie, those of bins without end before they are rounded."""
    if bins.first is not None and bins.last is not None:
        return float(bins.first - 1), float(bins.last + 1)
    low, high = ((float(end) - bins.origin) / bins.width for end in (X.min(), X.max()))
    return low, high


def _code_dtype(low: float, high: float, bins: Bins) -> type[np.signedinteger]:
    if isinstance(bins, UniformBins) and max(-low, high) > _LARGEST_CODE:
        raise ValueError(
            f"Bins of width {bins.width:g} are too narrow for these values: their codes reach "
            f"{max(-low, high):.3g}, and beyond 2**53 neighbouring bins cannot be told apart in "
            "float64. Use wider bins, or scale the values."
        )
    return next(
        dtype
        for dtype in (np.int8, np.int16, np.int32, np.int64)
        if np.iinfo(dtype).min <= math.floor(low) and high + ON_EDGE < np.iinfo(dtype).max + 1
    )


def bin_histograms(
    codes: NDArray[np.signedinteger], counts: NDArray[Any], bins: Bins
) -> NDArray[np.float64]:
    """Histogram of every unit over its bins; values outside of bounds are in none of them.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_features)
        Codes of rows.
    counts : ndarray of shape (n_rows,)
        How often each row stands, or its weight.
    bins : UniformBins or EdgedBins
        The bins of all units.

    Returns
    -------
    histograms : ndarray of shape (n_features, n_bins)
        Rows (or weight) in every bin of every unit.
    """
    first, last = bins.range_of(codes)
    histograms = []
    for unit in codes.T:  # one by one: wide integers of all codes would take eight times as much
        places = np.clip(unit.astype(np.int64), first - 1, last + 1) - (first - 1)
        histograms.append(np.bincount(places, counts, minlength=last - first + 3))
    return np.array(histograms, dtype=np.float64)[:, 1:-1]
