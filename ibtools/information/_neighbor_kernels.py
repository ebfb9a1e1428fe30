"""Neighbours among all pairs of rows, compiled by numba: the optional extra ``fast``.

Nothing but `_neighbor_pairs` imports this module, and only where numba is installed. It compares
the same double-precision distances as the plain path there, so that both find the same neighbours:
differences along each axis are taken in turn, without fused operations. Nothing is written to
disk; the first call of a process compiles for a few seconds.

Columns are taken a tile at a time, which stays in the cache while several rows are compared with
it. Within a tile all loops run over rows that lie side by side in memory, and are vectorised.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import get_num_threads, njit
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

_TILE_VALUES = 2**14
_ROWS = 4  # compared with a tile of columns while it stays in the cache
_CHUNK = 64


def joint_neighbors(
    x: _Floats, y: _Floats, ks: _Integers, euclidean: bool
) -> tuple[_Floats, _Integers, _Integers]:
    """Radii of the k-th neighbours in (x, y), and rows strictly nearer in x and in y."""
    radii = np.empty((len(ks), len(x)))
    counts = np.empty((2, *radii.shape), dtype=np.int64)
    arguments = np.ascontiguousarray(x.T), np.ascontiguousarray(y.T), ks, euclidean
    _in_threads(_joint_neighbors, len(x), *arguments, radii, counts)
    return radii, counts[0], counts[1]


def strict_counts(points: _Floats, radii: _Floats, euclidean: bool) -> _Integers:
    """Other rows strictly inside the radii of every row."""
    counts = np.empty(radii.shape, dtype=np.int64)
    radii = np.ascontiguousarray(radii)
    _in_threads(
        _strict_counts, len(points), np.ascontiguousarray(points.T), radii, euclidean, counts
    )
    return counts


def _in_threads(kernel, n_rows, *arguments):  # type: ignore[no-untyped-def]
    """Share the rows among as many threads as numba is allowed."""
    n_threads = get_num_threads()
    bounds = np.linspace(0, n_rows, n_threads + 1).astype(np.int64)
    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(lambda i: kernel(bounds[i], bounds[i + 1], *arguments), range(n_threads)))


@njit(nogil=True)
def _fill_distances(out, columns, row, start, euclidean):  # type: ignore[no-untyped-def]
    """Distances of one row to the rows from `start` on; it is infinitely far from itself."""
    n = len(out)
    for j in range(n):
        out[j] = 0.0
    for axis in range(len(columns)):
        values, value = columns[axis][start : start + n], columns[axis][row]
        if euclidean:
            for j in range(n):
                gap = values[j] - value
                out[j] += gap * gap
        else:
            for j in range(n):
                gap = abs(values[j] - value)
                out[j] = gap if gap > out[j] else out[j]
    if euclidean:
        for j in range(n):
            out[j] = np.sqrt(out[j])
    if start <= row < start + n:
        out[row - start] = np.inf


@njit(nogil=True)
def _count_below(values, bound):  # type: ignore[no-untyped-def]
    count = 0
    for j in range(len(values)):
        count += values[j] < bound
    return count


@njit(nogil=True)
def _sink(heap, size, value):  # type: ignore[no-untyped-def]
    """Put a value in the place of the largest of a heap of some size."""
    place, child = 0, 1
    while child < size:
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= value:
            break
        heap[place] = heap[child]
        place, child = child, 2 * child + 1
    heap[place] = value


@njit(nogil=True)
def _keep_smallest(heap, in_x, in_y):  # type: ignore[no-untyped-def]
    """Keep the k smallest, so far, of the larger ones of two distances."""
    for start in range(0, len(in_x), _CHUNK):
        a, b = in_x[start : start + _CHUNK], in_y[start : start + _CHUNK]
        found, bound = 0, heap[0]
        for j in range(len(a)):
            found += (a[j] < bound) & (b[j] < bound)
        if found:
            for j in range(len(a)):
                distance = a[j] if a[j] > b[j] else b[j]
                if distance < heap[0]:
                    _sink(heap, len(heap), distance)


@njit(nogil=True)
def _sort(heap):  # type: ignore[no-untyped-def]
    for size in range(len(heap) - 1, 0, -1):
        value, heap[size] = heap[size], heap[0]
        _sink(heap, size, value)


@njit(nogil=True)
def _tile_size(n_axes):  # type: ignore[no-untyped-def]
    return max(_CHUNK, _TILE_VALUES // (n_axes * _CHUNK) * _CHUNK)


@njit(nogil=True)
def _joint_neighbors(first, last, x, y, ks, euclidean, radii, counts):  # type: ignore[no-untyped-def]
    n = x.shape[1]
    in_x, in_y = np.empty((_ROWS, n)), np.empty((_ROWS, n))
    smallest = np.empty((_ROWS, ks.max()))
    size = _tile_size(len(x) + len(y))
    for block in range(first, last, _ROWS):
        rows = min(_ROWS, last - block)
        smallest[:] = np.inf
        for start in range(0, n, size):
            stop = min(start + size, n)
            for r in range(rows):
                tile_x, tile_y = in_x[r][start:stop], in_y[r][start:stop]
                _fill_distances(tile_x, x, block + r, start, euclidean)
                _fill_distances(tile_y, y, block + r, start, euclidean)
                _keep_smallest(smallest[r], tile_x, tile_y)
        for r in range(rows):
            _sort(smallest[r])
            for i in range(len(ks)):
                radius = smallest[r, ks[i] - 1]
                radii[i, block + r] = radius
                counts[0, i, block + r] = _count_below(in_x[r], radius)
                counts[1, i, block + r] = _count_below(in_y[r], radius)


@njit(nogil=True)
def _strict_counts(first, last, points, radii, euclidean, counts):  # type: ignore[no-untyped-def]
    n = points.shape[1]
    size = _tile_size(len(points))
    distances = np.empty(min(size, n))
    counts[:, first:last] = 0
    for block in range(first, last, _ROWS):
        rows = min(_ROWS, last - block)
        for start in range(0, n, size):
            tile = distances[: min(size, n - start)]
            for r in range(block, block + rows):
                _fill_distances(tile, points, r, start, euclidean)
                for i in range(len(radii)):
                    counts[i, r] += _count_below(tile, radii[i, r])
