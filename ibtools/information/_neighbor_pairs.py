"""Neighbours by the distances of all pairs of rows, in tiles: memory is O(tile x n).

Two paths give the same answer. The plain one takes distances from SciPy. The compiled one
(`_neighbor_kernels`) is 3 to 5 times faster, and needs numba, which the optional extra ``fast``
installs; its first call in a process compiles for 2 to 4 seconds. See `is_compiled` for the rule.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

_COMPILED_WORK = 10**8  # differences of coordinates, which take the plain path 50 milliseconds
_TILE_VALUES = 2**19
_BLOCKS = 32


def is_compiled(n_rows: int, n_axes: int) -> bool:
    """Whether all pairs of some rows are compared by the compiled path.

    So it is where ``n_rows**2 * n_axes`` is 1e8 or more and numba can be imported. numba is not
    looked for below, nor before.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    n_axes : int
        Number of columns, of both variables together.

    Returns
    -------
    compiled : bool
        Whether numba is used, in as many threads as ``numba.get_num_threads()`` tells.
    """
    return n_rows**2 * n_axes >= _COMPILED_WORK and _kernels() is not None


@cache
def _kernels() -> Any:
    try:
        import ibtools.information._neighbor_kernels as kernels
    except ImportError:  # no numba, or one that refuses this NumPy
        return None
    return kernels


def joint_pair_neighbors(
    x: _Floats, y: _Floats, ks: _Integers, metric: str
) -> tuple[_Floats, _Integers, _Integers]:
    """Distances to the k-th neighbours in (x, y), and the rows strictly nearer in x and in y."""
    if is_compiled(len(x), x.shape[1] + y.shape[1]):
        return _kernels().joint_neighbors(x, y, ks, metric == "euclidean")
    radii = np.empty((len(ks), len(x)))
    x_counts, y_counts = (np.empty(radii.shape, dtype=np.int64) for _ in range(2))
    for rows in tiles(len(x)):
        in_x = _distances_to_others(x, rows, metric)
        in_y = _distances_to_others(y, rows, metric)
        radii[:, rows] = kth_smallest(np.maximum(in_x, in_y), ks)
        x_counts[:, rows] = [_count_below(in_x, inside) for inside in radii[:, rows]]
        y_counts[:, rows] = [_count_below(in_y, inside) for inside in radii[:, rows]]
    return radii, x_counts, y_counts


def kth_pair_distances(points: _Floats, ks: _Integers, metric: str, *, compiled: bool) -> _Floats:
    """Distance of every row to its k-th neighbour, shape (n_k, n_samples).

    The path is given, for distances that another call is to compare with its own, to the last bit.
    """
    if compiled:
        return _kernels().joint_neighbors(points, points[:, :0], ks, metric == "euclidean")[0]
    radii = np.empty((len(ks), len(points)))
    for rows in tiles(len(points)):
        radii[:, rows] = kth_smallest(_distances_to_others(points, rows, metric), ks)
    return radii


def strict_pair_counts(points: _Floats, radii: _Floats, metric: str) -> _Integers:
    """Count the other rows whose distance is smaller than a radius, shape (n_k, n_samples)."""
    if is_compiled(*points.shape):
        return _kernels().strict_counts(points, radii, metric == "euclidean")
    counts = np.empty(radii.shape, dtype=np.int64)
    for rows in tiles(len(points)):
        distances = _distances_to_others(points, rows, metric)
        counts[:, rows] = [_count_below(distances, inside[rows]) for inside in radii]
    return counts


def tiles(n_rows: int, n_columns: int | None = None) -> Iterator[slice]:
    """Slices of rows, whose distances to all columns (by default the rows) fit the cache."""
    size = max(1, _TILE_VALUES // (n_columns or n_rows))
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))


def kth_smallest(distances: _Floats, ks: _Integers) -> _Floats:
    """Return the k-th smallest values of every row, shape (n_k, n_rows).

    The k-th smallest of the minima of disjoint blocks is a bound that k values do not exceed.
    Only the few values under it are sorted, many times faster than a partition of the row.
    """
    n_rows, n_columns = distances.shape
    k, length = int(ks.max()), n_columns // _BLOCKS
    if k * 8 > length:
        return np.sort(np.partition(distances, k - 1, axis=1)[:, :k], axis=1).T[ks - 1]
    whole = length * _BLOCKS
    minima = distances[:, :whole].reshape(n_rows, _BLOCKS, length).min(axis=1)
    bounds = np.partition(minima, k - 1, axis=1)[:, k - 1]
    candidates = np.flatnonzero(distances <= bounds[:, None])
    rows, values = candidates // n_columns, distances.ravel()[candidates]
    values = values[np.lexsort((values, rows))]
    starts = np.searchsorted(rows, np.arange(n_rows))
    return values[starts + ks[:, None] - 1]


def _distances_to_others(points: _Floats, rows: slice, metric: str) -> _Floats:
    """Distances of a tile of rows to all rows; a row is infinitely far from itself."""
    distances = cdist(points[rows], points, metric)
    own = np.arange(rows.start, rows.stop)
    distances[own - rows.start, own] = np.inf
    return distances


def _count_below(distances: _Floats, radii: _Floats) -> _Integers:
    return np.count_nonzero(distances < radii[:, None], axis=1)
