"""Gaussian kernels between all pairs of rows, summed in tiles that fit a processor's cache.

No n x n array is ever made. One pass over the pairs gives what every mixture entropy needs: sums
over all rows, and sums over the rows of the same group for any number of groupings.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ibtools.information._kernel_tiles import (
    Exponents,
    TileMemory,
    kernel_tile,
    pair_exponents,
    tile_memory,
)
from ibtools.information._progress import SILENT, Progress
from ibtools.information._threads import in_threads

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]
_Pair = tuple[int, int]

_NARROW_TILE, _WIDE_TILE = 256, 512  # rows of a tile, up to
_MANY_FEATURES = 64  # features and above


class Layout(NamedTuple):
    """Order of the rows in which groups lie together, and the blocks they are cut into.

    Attributes
    ----------
    order : ndarray of shape (n_rows,)
        Row that stands at each place.
    codes : ndarray of shape (n_groupings, n_rows)
        Groups of the ordered rows, numbered as they first appear.
    blocks : list of slice
        Places of each block.
    lowest, highest : ndarray of shape (n_groupings, n_blocks)
        Range of the groups in each block.
    """

    order: _Integers
    codes: _Integers
    blocks: list[slice]
    lowest: _Integers
    highest: _Integers

    @property
    def largest_block(self) -> int:
        """Number of rows of the largest block."""
        return max(block.stop - block.start for block in self.blocks)


def tile_layout(X: NDArray[Any], groupings: Sequence[_Integers]) -> Layout:
    """Order rows by their groups, the first grouping above the second, and cut them into blocks.

    Within groups they are ordered by the column of largest variance, so that many blocks are far
    apart.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The rows.
    groupings : sequence of ndarray of shape (n_rows,)
        Group of each row, in each way of grouping them.

    Returns
    -------
    Layout
        Two blocks have rows of a common group only if their ranges of groups overlap.
    """
    n_rows, n_features = X.shape
    order = np.lexsort((X[:, X.var(axis=0).argmax()], *reversed(groupings)))
    codes = np.array([_by_appearance(groups[order]) for groups in groupings], dtype=np.int64)
    codes = codes.reshape(len(groupings), n_rows)
    size = _NARROW_TILE if n_features <= _MANY_FEATURES else _WIDE_TILE
    starts = _block_starts(codes, n_rows, size)
    stops = [*starts[1:].tolist(), n_rows]
    return Layout(
        order,
        codes,
        [slice(start, stop) for start, stop in zip(starts.tolist(), stops, strict=True)],
        np.minimum.reduceat(codes, starts, axis=1),
        np.maximum.reduceat(codes, starts, axis=1),
    )


def _by_appearance(groups: _Integers) -> _Integers:
    _, first, numbers = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[numbers]


def _block_starts(codes: _Integers, n_rows: int, size: int) -> _Integers:
    """Where blocks of up to `size` rows start. None straddles first groups if these are few."""
    first = codes[0] if len(codes) and (codes[0, -1] + 1) * size <= n_rows else np.zeros(n_rows)
    edges = [0, *(np.flatnonzero(np.diff(first)) + 1).tolist(), n_rows]
    parts = [
        np.linspace(start, stop, math.ceil((stop - start) / size), endpoint=False)
        for start, stop in pairwise(edges)
    ]
    return np.concatenate(parts).astype(np.int64)


def _near_blocks(
    A: NDArray[Any], B: NDArray[Any], layout: Layout, reach: NDArray[Any] | float
) -> NDArray[np.bool_]:
    """Pairs of a block of A and a block of B whose squared distance may be within reach."""
    starts = [block.start for block in layout.blocks]
    lows, highs = np.minimum.reduceat(B, starts), np.maximum.reduceat(B, starts)
    boxes = zip(np.minimum.reduceat(A, starts), np.maximum.reduceat(A, starts), strict=True)
    gaps = [np.maximum(np.maximum(low - highs, lows - high), 0) for low, high in boxes]
    return np.square(gaps).sum(axis=2) <= reach


def _same_group(layout: Layout, grouping: int, a: int, b: int) -> bool | NDArray[np.bool_]:
    """Which rows of block a share a group with which of block b: none, all, or a mask."""
    low, high = layout.lowest[grouping], layout.highest[grouping]
    if high[a] < low[b] or high[b] < low[a]:
        return False
    if low[a] == high[a] == low[b] == high[b]:
        return True
    codes = layout.codes[grouping]
    return codes[layout.blocks[a], None] == codes[layout.blocks[b]]


class KernelSums(NamedTuple):
    """Weighted sums of kernels over rows j, for every row i.

    Attributes
    ----------
    total : ndarray of shape (2, n_rows)
        sum_j w_j k(i, j) for the wide kernel (index 0) and the narrow one (index 1).
    own : ndarray of shape (n_groupings, 2, n_rows)
        The same over the rows j of the group of i.
    """

    total: _Floats
    own: _Floats


def kernel_sums(
    X: _Floats,
    variance: float,
    groupings: Sequence[_Integers] = (),
    weights: _Floats | None = None,
    *,
    progress: Progress = SILENT,
) -> KernelSums:
    """Sum exp(-D_ij / (2 v)) and exp(-D_ij / (8 v)) over rows, D_ij = |x_i - x_j|^2.

    The wide kernel is the fourth root of the narrow one, so that one exponential serves both, and
    by symmetry half of the pairs are enough.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows.
    variance : float
        The variance v.
    groupings : sequence of ndarray of shape (n_rows,)
        Group of each row, in each way of grouping them.
    weights : ndarray of shape (n_rows,) or None
        Weights w; None is 1 for each row.
    progress : Progress
        Shows the pairs of tiles.

    Returns
    -------
    KernelSums
        In the order of the rows. A row's kernel with itself is exactly 1.
    """
    layout = tile_layout(X, groupings)
    points = centred(X)[layout.order] / math.sqrt(8 * variance)
    scale = 1.0 if weights is None else weights.max()
    ordered = np.ones(len(X)) if weights is None else weights[layout.order] / scale
    squares = np.einsum("ij,ij->i", points, points)[:, None]
    ones = np.ones_like(squares)
    exponents = pair_exponents(
        np.concatenate([2 * points, -squares, ones], axis=1),
        np.concatenate([points, ones, -squares], axis=1),
        apart=lambda: (points, points, np.zeros(len(points))),
        largest=squares.max(),
        log_mass=_log_mass(ordered),
        highest=0.0,
    )
    near = _near_blocks(points, points, layout, exponents.negligible)
    pairs = progress.over(list(zip(*np.nonzero(np.triu(near)), strict=True)))
    parts = in_threads(lambda some: _symmetric_sums(exponents, ordered, layout, some), pairs)
    sums = np.empty_like(parts[0])
    sums[..., layout.order] = scale * (np.sum(parts, axis=0) + ordered)
    return KernelSums(sums[0], sums[1:])


def _log_mass(weights: _Floats) -> float:
    """Logarithm of the weight of all rows in units of that of the lightest."""
    smallest = max(weights.min(), np.finfo(np.float64).tiny)
    return math.log(weights.sum()) - math.log(smallest)


def centred(X: _Floats) -> _Floats:
    """X without its mean: distances are differences of squares, and large ones lose digits."""
    return X - X.mean(axis=0)


def _symmetric_sums(
    exponents: Exponents, weights: _Floats, layout: Layout, pairs: Sequence[_Pair]
) -> _Floats:
    """Sums over some pairs of blocks of the wide and the narrow kernel, without rows themselves."""
    sums = np.zeros((1 + len(layout.codes), 2, len(weights)))
    memory = tile_memory(exponents, layout.largest_block)
    weights = weights.astype(exponents.dtype)
    for a, b in pairs:
        rows, columns = layout.blocks[a], layout.blocks[b]
        kernel = kernel_tile(exponents, rows, columns, memory)
        if kernel is None:
            continue
        same = [_same_group(layout, grouping, a, b) for grouping in range(len(layout.codes))]
        _add_sums(sums[:, 0], kernel, weights, rows, columns, same, memory)
        np.multiply(kernel, kernel, out=kernel)
        np.multiply(kernel, kernel, out=kernel)
        _add_sums(sums[:, 1], kernel, weights, rows, columns, same, memory)
    return sums


def _add_sums(
    sums: _Floats,
    kernel: NDArray[Any],
    weights: NDArray[Any],
    rows: slice,
    columns: slice,
    same: list[bool | NDArray[np.bool_]],
    memory: TileMemory,
) -> None:
    """Add a tile's sums over columns to its rows, and by symmetry those over rows to its columns.

    The first of `sums` is over all pairs, the others over those that share a group.
    """
    over_columns, over_rows = kernel @ weights[columns], weights[rows] @ kernel
    for target, shared in zip(sums, [True, *same], strict=True):
        to_rows, to_columns = over_columns, over_rows
        if shared is False:
            continue
        if shared is not True:
            masked = _masked(kernel, shared, memory)
            to_rows, to_columns = masked @ weights[columns], weights[rows] @ masked
        target[rows] += to_rows
        if rows != columns:
            target[columns] += to_columns


def log_density_ratios(
    centres: _Floats, noise: _Floats, layout: Layout, *, progress: Progress = SILENT
) -> _Floats:
    """Logarithms of the densities of mixtures at draws from them, over that of the draw's centre.

    For x_i = s_i + z_i these are D_i = ln sum_j exp(u_ij) over all rows j, and over those of the
    group of i, with u_ij = (|z_i|^2 - |x_i - s_j|^2) / 2. The term of i itself is exactly 1, and
    no maximum has to be taken out of the sums: u_ij <= (e_ij z_i)^2 / 2, where e_ij is the
    direction from s_i to s_j, and the largest of these is of the order of ln n.

    Parameters
    ----------
    centres : ndarray of shape (n_rows, n_features)
        Ordered centres s, centred, in units of the noise.
    noise : ndarray of shape (n_rows, n_features)
        Standard normal draws z.
    layout : Layout
        Groups of the ordered centres.
    progress : Progress
        Shows the pairs of tiles.

    Returns
    -------
    ratios : ndarray of shape (1 + n_groupings, n_rows)
        D over all rows, then over the rows of the same group in each grouping.
    """
    n_features = centres.shape[1]
    half_squares = np.einsum("ij,ij->i", centres, centres)[:, None] / 2
    ones = np.ones_like(half_squares)
    left = np.concatenate([noise, ones, ones], axis=1)
    draws = left[:, :n_features]  # a view: a copy of its own would be as large as the rows
    draws += centres
    left[:, -1:] = half_squares - np.einsum("ij,ij->i", draws, centres)[:, None]
    exponents = pair_exponents(
        left,
        np.concatenate([centres, -half_squares, ones], axis=1),
        apart=lambda: (
            draws / math.sqrt(2),
            centres / math.sqrt(2),
            np.einsum("ij,ij->i", noise, noise) / 2,
        ),
        largest=max(half_squares.max(), np.einsum("ij,ij->i", draws, draws).max() / 2),
        log_mass=_log_mass(ones),
    )
    farthest = np.maximum.reduceat(
        np.einsum("ij,ij->i", noise, noise), [block.start for block in layout.blocks]
    )
    reach = (farthest + 2 * exponents.negligible)[:, None]
    near = _near_blocks(draws, centres, layout, reach)
    pairs = progress.over(list(zip(*np.nonzero(near), strict=True)))
    parts = in_threads(lambda some: _row_sums(exponents, layout, some), pairs)
    return np.log1p(np.sum(parts, axis=0))


def _row_sums(exponents: Exponents, layout: Layout, pairs: Sequence[_Pair]) -> _Floats:
    """Sums of the kernel over some pairs of blocks, without rows themselves."""
    sums = np.zeros((1 + len(layout.codes), len(exponents.left)))
    memory = tile_memory(exponents, layout.largest_block)
    ones = np.ones(len(exponents.left), dtype=exponents.dtype)
    for a, b in pairs:
        rows, columns = layout.blocks[a], layout.blocks[b]
        kernel = kernel_tile(exponents, rows, columns, memory)
        if kernel is None:
            continue
        summed = kernel @ ones[columns]
        sums[0, rows] += summed
        for grouping, target in enumerate(sums[1:]):
            shared = _same_group(layout, grouping, a, b)
            if shared is True:
                target[rows] += summed
            elif shared is not False:
                target[rows] += _masked(kernel, shared, memory) @ ones[columns]
    return sums


def _masked(kernel: NDArray[Any], mask: NDArray[np.bool_], memory: TileMemory) -> NDArray[Any]:
    """A copy of a tile, zero outside the mask."""
    copy = memory.masked[: kernel.size].reshape(kernel.shape)
    return np.multiply(kernel, mask, out=copy)
