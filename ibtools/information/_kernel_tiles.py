"""Exponentials of a product of two matrices, tile by tile, each in the precision that it needs.

Exponents are differences of large squares. Float32 would lose their digits: they are taken in
float64 or, where float64 would lose them too, from differences of coordinates. Their exponentials
lose nothing in float32, which is twice as fast. Tiles without a number that counts, most of them
where noise is small, are found in float32 and left out.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

_Floats = NDArray[np.float64]
_Singles = NDArray[np.float32]

_LOWEST = -690.0  # exp of a float64 argument that underflows is 8 to 40 times slower
_FLOAT32_ROWS = 1000  # with fewer no time is won, and rounding would be seen
_LOST, _LOST_SINGLE = 37.0, 21.0  # exp(-37) is lost beside 1 in float64, exp(-21) in float32
_LARGEST = 1e7  # of squares, beyond which their differences lose what counts in float64 too
_FLOAT32_EPSILON = 2.0**-23
_PROBED_ROWS = 4


class Exponents(NamedTuple):
    """Exponents u_ij = left_i . right_j of all pairs of rows, of which only tiles are ever made.

    Attributes
    ----------
    left, right : ndarray of shape (n_rows, n_terms)
        The factors.
    apart : tuple of ndarray or None
        Points a_i and b_j and terms c_i with u_ij = c_i - |a_i - b_j|^2, from which the exponents
        are taken where squares are so large that their differences would lose what counts.
    singles : pair of ndarray or None
        The factors in float32, which say what is negligible; None when kernels are in float64.
    margin : float
        A bound of the error of an exponent from these.
    negligible : float
        Kernels with an exponent below minus this add nothing.
    highest : float
        What no exponent exceeds but by rounding.
    """

    left: _Floats
    right: _Floats
    apart: tuple[_Floats, _Floats, _Floats] | None
    singles: tuple[_Singles, _Singles] | None
    margin: float
    negligible: float
    highest: float

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the kernels."""
        return np.dtype(np.float64 if self.singles is None else np.float32)


class TileMemory(NamedTuple):
    """Room for a tile.

    Attributes
    ----------
    doubles : ndarray of shape (n_values,)
        Of the exponents in float64.
    kernel, masked : ndarray of shape (n_values,)
        Of the kernels, and of a masked copy of them.
    """

    doubles: _Floats
    kernel: NDArray[Any]
    masked: NDArray[Any]


def pair_exponents(
    left: _Floats,
    right: _Floats,
    *,
    apart: Callable[[], tuple[_Floats, _Floats, _Floats]],
    largest: float,
    log_mass: float,
    highest: float = np.inf,
) -> Exponents:
    """Choose the precision of exponents that are differences of squares.

    Exponentials are taken in float32 from 1000 rows on. Up to 1, numpy's exponential is then wrong
    by less than 1.5e-7, and its fourth power by less than 6e-7. Sums of them that hold a term of
    exactly 1 were wrong by less than 1e-6 of themselves wherever it was measured, and by 4e-6 where
    weights differ by factors of 1e10 and more.

    Parameters
    ----------
    left, right : ndarray of shape (n_rows, n_terms)
        The factors.
    apart : callable
        Gives (a, b, c), of shapes (n_rows, n_features), (n_rows, n_features) and (n_rows,), with
        the same exponents as c_i - |a_i - b_j|^2. Called only where they are needed.
    largest : float
        The largest of the squares that the exponents are differences of.
    log_mass : float
        Logarithm of the weight of all rows in units of that of the lightest, next to whose kernel
        with itself, which is 1, the sum of all that is left out has to be lost.
    highest : float
        What no exponent exceeds but by rounding.

    Returns
    -------
    Exponents
        The factors, in both precisions where both are used.
    """
    negligible = _LOST + log_mass
    if not largest < _LARGEST:
        return Exponents(left, right, apart(), None, 0.0, negligible, highest)
    if len(left) < _FLOAT32_ROWS:
        return Exponents(left, right, None, None, 0.0, negligible, highest)
    # The sum of n_terms products, together at most 6 squares, of factors that were rounded.
    margin = 4 * (left.shape[1] + 4) * _FLOAT32_EPSILON * largest
    singles = left.astype(np.float32), right.astype(np.float32)
    return Exponents(left, right, None, singles, margin, _LOST_SINGLE + log_mass, highest)


def tile_memory(exponents: Exponents, size: int) -> TileMemory:
    """Room for tiles of up to `size` rows and columns.

    Parameters
    ----------
    exponents : Exponents
        The exponents of all pairs.
    size : int
        Rows of a tile.

    Returns
    -------
    TileMemory
        Used again for every tile.
    """
    kernel, masked = np.empty((2, size**2), dtype=exponents.dtype)
    return TileMemory(np.empty(size**2), kernel, masked)


def kernel_tile(
    exponents: Exponents, rows: slice, columns: slice, memory: TileMemory
) -> NDArray[Any] | None:
    """Kernels exp(u_ij) of some rows and columns, without those of rows with themselves.

    Parameters
    ----------
    exponents : Exponents
        The exponents of all pairs.
    rows, columns : slice
        Rows and columns of the tile, which are the same or have nothing in common.
    memory : TileMemory
        Where the tile is made.

    Returns
    -------
    kernel : ndarray of shape (n_rows_of_tile, n_columns_of_tile) or None
        None when all of them are negligible.
    """
    left, right = exponents.left, exponents.right
    if exponents.singles is None:
        if exponents.apart is None:
            kernel = _product(left[rows], right[columns], memory.kernel)
        else:
            kernel = _differences(exponents.apart, rows, columns, memory.kernel)
        np.clip(kernel, _LOWEST, exponents.highest, out=kernel)
    elif rows == columns or _any_counts(exponents, rows, columns, memory):
        doubles = _product(left[rows], right[columns], memory.doubles)
        kernel = memory.kernel[: doubles.size].reshape(doubles.shape)
        np.copyto(kernel, doubles, casting="same_kind")
    else:
        return None
    if rows == columns:
        np.fill_diagonal(kernel, -np.inf)
    return np.exp(kernel, out=kernel)


def _any_counts(exponents: Exponents, rows: slice, columns: slice, memory: TileMemory) -> bool:
    """Whether any kernel of a tile may count. A few rows are enough to say so of most tiles."""
    assert exponents.singles is not None
    left, right = exponents.singles[0][rows], exponents.singles[1][columns]
    counts = -exponents.negligible - exponents.margin
    parts = (left[:: max(1, len(left) // _PROBED_ROWS)], left)
    return any(_product(part, right, memory.kernel).max(initial=-np.inf) > counts for part in parts)


def _differences(
    apart: tuple[_Floats, _Floats, _Floats], rows: slice, columns: slice, memory: _Floats
) -> _Floats:
    """c_i - |a_i - b_j|^2 of some rows and columns, in the first part of `memory`."""
    a, b, c = apart[0][rows], apart[1][columns], apart[2][rows]
    shape = len(a), len(b)
    squares = memory[: shape[0] * shape[1]].reshape(shape)
    cdist(a, b, "sqeuclidean", out=squares)
    return np.subtract(c[:, None], squares, out=squares)


def _product(left: NDArray[Any], right: NDArray[Any], memory: NDArray[Any]) -> NDArray[Any]:
    """The product of left and right^T, in the first part of `memory`."""
    shape = len(left), len(right)
    return np.matmul(left, right.T, out=memory[: shape[0] * shape[1]].reshape(shape))
