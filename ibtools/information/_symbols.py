"""Rows of integers to symbols: equal rows get the same number, different rows never do."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.information._progress import SILENT, Progress
from ibtools.information._threads import in_threads, row_blocks

_Integers = NDArray[np.int64]
_BLOCK_VALUES = 2**16
_MANY_BLOCKS = 64  # worth the start of a thread
_CELLS_PER_ROW = 16  # of a table that is filled faster than its cells are sorted


class Symbols(NamedTuple):
    """Rows as symbols.

    Attributes
    ----------
    symbols : ndarray of shape (n_rows,)
        Number of each row's symbol, 0 to n_symbols - 1.
    representatives : ndarray of shape (n_symbols,)
        A row in which each symbol stands.
    """

    symbols: _Integers
    representatives: _Integers


def row_symbols(codes: ArrayLike, *, progress: Progress = SILENT) -> Symbols:
    """Number the distinct rows of an integer array, exactly.

    Rows become one 64-bit key each: the number whose digits are their codes where that fits, a
    multilinear hash otherwise. Rows that share a hash are compared, and if any two differ the
    rows' bytes are sorted instead, so that the answer is exact whatever the data.

    Parameters
    ----------
    codes : array-like of shape (n_rows, n_columns)
        Integer codes.
    progress : Progress
        Whether a bar is shown, over blocks of rows.

    Returns
    -------
    Symbols
        ``symbols`` of shape (n_rows,) and ``representatives`` of shape (n_symbols,).

    Examples
    --------
    >>> from ibtools.information import row_symbols
    >>> symbols, representatives = row_symbols([[3, 1], [0, 2], [3, 1]])
    >>> bool(symbols[0] == symbols[2]), len(representatives)
    (True, 2)
    """
    codes = np.asarray(codes)
    low, high = int(codes.min()), int(codes.max())
    # The product is one of float64, which has to hold every code and every number.
    if max(-low, high) <= 2**53 and (high - low + 1) ** codes.shape[1] <= 2**53:
        return _number(_packed_rows(codes, low, high, progress))
    numbered = _number(_hashed_rows(codes, progress))
    return numbered if _is_exact(codes, numbered) else _number(_row_bytes(codes))


def _packed_rows(
    codes: NDArray[np.signedinteger], low: int, high: int, progress: Progress
) -> _Integers:
    """Number of each row in base high - low + 1: one matrix product, exact in float64."""
    radix = np.array([float((high - low + 1) ** k) for k in range(codes.shape[1])])
    packed = np.empty(len(codes), dtype=np.int64)
    for rows in progress.over(row_blocks(len(codes), codes.shape[1], _BLOCK_VALUES)):
        packed[rows] = (codes[rows].astype(np.float64) - low) @ radix
    return packed


def _hashed_rows(
    codes: NDArray[np.signedinteger], progress: Progress = SILENT
) -> NDArray[np.uint64]:
    """Multilinear hash of each row, sum_j w_j * multiplier_j modulo 2**64.

    The w are words of 32 bits, of as many codes as they hold, then the codes that are left over.
    Rows that differ share a hash with a probability of at most 2**-32 over the multipliers.
    """
    in_words = codes.shape[1] * codes.itemsize // 4 * 4 // codes.itemsize
    words = np.ascontiguousarray(codes)[:, :in_words].view(np.uint32)
    rest = codes[:, in_words:]
    multipliers = hash_multipliers(words.shape[1] + rest.shape[1])
    of_words, of_rest = np.split(multipliers, [words.shape[1]])
    keys = np.empty(len(codes), dtype=np.uint64)

    def fill(blocks: Sequence[slice]) -> None:
        for rows in blocks:
            keys[rows] = np.einsum("ij,j->i", words[rows].astype(np.uint64), of_words)
            keys[rows] += rest[rows].astype(np.int64).view(np.uint64) @ of_rest

    blocks = progress.over(row_blocks(len(codes), codes.shape[1], _BLOCK_VALUES))
    in_threads(fill, blocks, at_least=_MANY_BLOCKS)
    return keys


@lru_cache(maxsize=16)
def hash_multipliers(n_columns: int) -> NDArray[np.uint64]:
    """Multipliers of the hash of rows, the same whenever rows are hashed.

    Parameters
    ----------
    n_columns : int
        Words of a row.

    Returns
    -------
    multipliers : ndarray of shape (n_columns,)
        Odd numbers.
    """
    rng = np.random.default_rng(0)
    return rng.integers(2**64, size=n_columns, dtype=np.uint64) | np.uint64(1)


def _row_bytes(codes: NDArray[np.signedinteger]) -> NDArray[np.void]:
    codes = np.ascontiguousarray(codes)
    return codes.view(np.dtype((np.void, codes.dtype.itemsize * codes.shape[1]))).ravel()


def _number(keys: NDArray[np.generic]) -> Symbols:
    order = np.argsort(keys)
    ordered = keys[order]
    starts = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    symbols = np.empty(len(keys), dtype=np.int64)
    symbols[order] = np.cumsum(starts) - 1
    return Symbols(symbols, order[starts])


def _is_exact(codes: NDArray[np.signedinteger], numbered: Symbols) -> bool:
    symbols, representatives = numbered
    repeated = np.flatnonzero(representatives[symbols] != np.arange(len(codes)))
    return all(
        np.array_equal(codes[rows], codes[representatives[symbols[rows]]])
        for rows in (
            repeated[part] for part in row_blocks(len(repeated), codes.shape[1], _BLOCK_VALUES)
        )
    )


class JointCounts(NamedTuple):
    """The non-empty cells of a contingency table of symbols against groups.

    Attributes
    ----------
    counts : ndarray of shape (n_cells,)
        Number (or total weight) of the rows in each cell.
    symbols, groups : ndarray of shape (n_cells,)
        Symbol and group of each cell.
    """

    counts: NDArray[np.float64]
    symbols: _Integers
    groups: _Integers


def joint_counts(
    symbols: _Integers, groups: _Integers, weights: NDArray[np.float64] | None = None
) -> JointCounts:
    """Count the rows of every pair (symbol, group) that occurs.

    Parameters
    ----------
    symbols, groups : ndarray of shape (n_rows,)
        Non-negative integers.
    weights : ndarray of shape (n_rows,) or None
        Weight of each row; None counts rows.

    Returns
    -------
    JointCounts
        ``counts``, ``symbols`` and ``groups``, each of shape (n_cells,).

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.information import joint_counts
    >>> cells = joint_counts(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))
    >>> cells.symbols, cells.groups, cells.counts
    (array([0, 1, 1]), array([0, 0, 1]), array([2., 1., 1.]))
    """
    n_groups = int(groups.max()) + 1
    keys = symbols * n_groups + groups
    if (int(symbols.max()) + 1) * n_groups <= _CELLS_PER_ROW * len(symbols):
        table = np.bincount(keys)
        cells = np.flatnonzero(table)
        counts = (table if weights is None else np.bincount(keys, weights))[cells]
    else:
        cells, indices = np.unique(keys, return_inverse=True)
        counts = np.bincount(indices, weights, minlength=len(cells))
    return JointCounts(counts.astype(np.float64), cells // n_groups, cells % n_groups)
