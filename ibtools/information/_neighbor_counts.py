"""Distances to neighbours, and rows strictly inside a distance.

All counts are exact: "strictly inside" is decided by comparing the very numbers |a - b| that the
distance came from, never by adding a tolerance. Memory is O(tile x n).

In few dimensions the maximum norm is searched by trees (one dimension by sorting), otherwise all
pairs are compared, which `_neighbor_pairs` does. All pairs of rows that are a torch tensor are
compared on their device, by `_torch_neighbors`, with the same distances and counts.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.neighbors import KDTree

import ibtools.information._torch_neighbors as torch_neighbors
from ibtools.information._neighbor_pairs import (
    is_compiled,
    joint_pair_neighbors,
    kth_pair_distances,
    kth_smallest,
    strict_pair_counts,
    tiles,
)

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

METRICS = ("chebyshev", "euclidean")

# Measured at 5000 to 20000 rows: beyond, trees visit nearly every pair. Compiled, all pairs are
# faster than trees from a lower dimension on, up to a number of rows.
_TREE_DIMENSIONS, _COMPILED_TREE_DIMENSIONS = 10, 6
_COMPILED_ROWS = 40_000


class JointNeighbors(NamedTuple):
    """Neighbourhoods of rows in a joint space, seen from its two marginal spaces.

    Attributes
    ----------
    radii : ndarray of shape (n_k, n_samples)
        Distance to the k-th neighbour, the larger one of its two marginal distances.
    x_counts, y_counts : ndarray of shape (n_k, n_samples)
        Other rows strictly inside that distance in x, and in y.
    """

    radii: _Floats
    x_counts: _Integers
    y_counts: _Integers


def joint_neighbors(x: Any, y: Any, ks: _Integers, *, metric: str = "chebyshev") -> JointNeighbors:
    """Find the k-th neighbours in (x, y), and count the rows strictly nearer in x and in y.

    The joint distance is the maximum of the marginal distances, whatever norm these have. One
    pass serves all k.

    Parameters
    ----------
    x : ndarray or torch.Tensor of shape (n_samples, n_x)
        First variable.
    y : ndarray or torch.Tensor of shape (n_samples, n_y)
        Second variable.
    ks : ndarray of shape (n_k,)
        Numbers of neighbours, each below n_samples.
    metric : {"chebyshev", "euclidean"}
        Norm of each marginal space.

    Returns
    -------
    JointNeighbors
        ``radii``, ``x_counts`` and ``y_counts``, each of shape (n_k, n_samples).
    """
    if not isinstance(x, np.ndarray):
        return JointNeighbors(*torch_neighbors.joint_pair_neighbors(x, y, ks, metric))
    by_axes = metric == "chebyshev" or x.shape[1] == y.shape[1] == 1
    if not by_axes or not _has_tree(len(x), x.shape[1] + y.shape[1]):
        return JointNeighbors(*joint_pair_neighbors(x, y, ks, metric))
    radii = kth_distances(np.hstack([x, y]), ks)
    return JointNeighbors(radii, strict_counts(x, radii), strict_counts(y, radii))


def kth_distances(points: Any, ks: _Integers, *, metric: str = "chebyshev") -> _Floats:
    """Measure the distance of every row to its k-th neighbour, the row itself not counted.

    Parameters
    ----------
    points : ndarray or torch.Tensor of shape (n_samples, n_features)
        Rows.
    ks : ndarray of shape (n_k,)
        Numbers of neighbours, each below n_samples.
    metric : {"chebyshev", "euclidean"}
        Norm.

    Returns
    -------
    radii : ndarray of shape (n_k, n_samples)
        Distances, 0 where a row has k duplicates.
    """
    if not isinstance(points, np.ndarray):
        return torch_neighbors.kth_pair_distances(points, ks, metric)
    if _has_tree(*points.shape):
        tree, order = _tree(points, metric)
        radii = np.empty((len(ks), len(points)))
        # The nearest row is the row itself, or a duplicate of it.
        radii[:, order] = tree.query(points[order], int(ks.max()) + 1)[0].T[ks]
        return radii
    return kth_pair_distances(points, ks, metric, compiled=is_compiled(*points.shape))


def strict_counts(points: Any, radii: _Floats, *, metric: str = "chebyshev") -> _Integers:
    """Count the other rows whose distance is smaller than a radius, and not equal to it.

    Parameters
    ----------
    points : ndarray or torch.Tensor of shape (n_samples, n_features)
        Rows.
    radii : ndarray of shape (n_k, n_samples)
        Radii of every row.
    metric : {"chebyshev", "euclidean"}
        Norm.

    Returns
    -------
    counts : ndarray of shape (n_k, n_samples)
        Numbers of rows, the row itself not counted; 0 where the radius is 0.
    """
    if not isinstance(points, np.ndarray):
        return torch_neighbors.strict_pair_counts(points, radii, metric)
    if points.shape[1] == 1:
        return _sorted_counts(points.ravel(), radii)
    # A tree compares squares of Euclidean distances, whose rounding could let the row in from
    # which the radius was taken.
    if metric == "chebyshev" and _has_tree(*points.shape):
        return _tree_counts(points, radii)
    return strict_pair_counts(points, radii, metric)


def class_distances(
    points: Any, labels: _Integers, ks: _Integers, *, metric: str = "chebyshev"
) -> tuple[_Floats, _Integers]:
    """Measure the distance of every row to its k-th neighbour within its own class.

    In a class of n_c rows the neighbour is the k_i-th, k_i = min(k, n_c - 1).

    Parameters
    ----------
    points : ndarray or torch.Tensor of shape (n_samples, n_features)
        Rows.
    labels : ndarray of shape (n_samples,)
        Class numbers, each of two rows at least.
    ks : ndarray of shape (n_k,)
        Numbers of neighbours.
    metric : {"chebyshev", "euclidean"}
        Norm.

    Returns
    -------
    radii : ndarray of shape (n_k, n_samples)
        Distances.
    neighbors : ndarray of shape (n_k, n_samples)
        The k_i.
    """
    radii = np.empty((len(ks), len(points)))
    neighbors = np.empty(radii.shape, dtype=np.int64)
    if points.shape[1] == 1:
        metric = "chebyshev"  # the same distance, without a square and its root
    compiled = is_compiled(*points.shape)
    for rows in class_rows(labels):
        of_class = np.minimum(ks, len(rows) - 1)
        if metric == "chebyshev" or not isinstance(points, np.ndarray):
            radii[:, rows] = kth_distances(points[rows], of_class, metric=metric)
        else:  # as `strict_counts` computes them from all rows, to the last bit
            radii[:, rows] = kth_pair_distances(points[rows], of_class, metric, compiled=compiled)
        neighbors[:, rows] = of_class[:, None]
    return radii, neighbors


def class_rows(labels: _Integers) -> list[_Integers]:
    """Rows of every class, in the order of the class numbers."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def identical_rows(points: Any) -> _Integers:
    """Count the rows that are equal to each row, itself included.

    Parameters
    ----------
    points : ndarray or torch.Tensor of shape (n_samples, n_features)
        Rows.

    Returns
    -------
    counts : ndarray of shape (n_samples,)
        1 for a row that stands alone.
    """
    if not isinstance(points, np.ndarray):
        return torch_neighbors.identical_rows(points)
    _, numbers, counts = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    return counts[numbers.ravel()]


def class_counts_near(
    points: _Floats,
    labels: _Integers,
    queries: _Floats,
    ks: _Integers,
    *,
    metric: str = "chebyshev",
) -> _Floats:
    """Count the rows of each class within the distance of the k-th neighbour of new points.

    Rows at that distance all count, so that the order of the rows does not matter.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Rows.
    labels : ndarray of shape (n_samples,)
        Their class numbers.
    queries : ndarray of shape (n_queries, n_features)
        New points.
    ks : ndarray of shape (n_k,)
        Numbers of neighbours, none above n_samples.
    metric : {"chebyshev", "euclidean"}
        Norm.

    Returns
    -------
    counts : ndarray of shape (n_k, n_queries, n_classes)
        Rows of each class.
    """
    memberships = np.eye(labels.max() + 1)[labels]
    counts = np.empty((len(ks), len(queries), memberships.shape[1]))
    for rows in tiles(len(queries), len(points)):
        distances = cdist(queries[rows], points, metric)
        for of_k, radii in zip(counts, kth_smallest(distances, ks), strict=True):
            of_k[rows] = (distances <= radii[:, None]) @ memberships
    return counts


def _has_tree(n_rows: int, n_axes: int) -> bool:
    """Whether a tree is faster than the comparison of all pairs."""
    if n_axes <= _COMPILED_TREE_DIMENSIONS or n_axes > _TREE_DIMENSIONS:
        return n_axes <= _COMPILED_TREE_DIMENSIONS
    return n_rows > _COMPILED_ROWS or not is_compiled(n_rows, n_axes)


def _tree(points: _Floats, metric: str) -> tuple[KDTree, _Integers]:
    """Build a tree, and give the order of its leaves, in which queries find them in the cache."""
    # Small leaves are faster (measured), but in many dimensions they are too many.
    tree = KDTree(points, leaf_size=10 if points.shape[1] <= 7 else 40, metric=metric)
    return tree, np.asarray(tree.idx_array)


def _tree_counts(points: _Floats, radii: _Floats) -> _Integers:
    tree, order = _tree(points, "chebyshev")
    counts = np.zeros(radii.shape, dtype=np.int64)
    for of_k, inside in zip(counts, radii, strict=True):
        distinct = order[inside[order] > 0]
        # Not further than the number before the radius: the maximum of coordinate differences is
        # rounded the same way everywhere, so this is "less than the radius" exactly.
        largest = np.nextafter(inside[distinct], 0)
        if len(largest):
            of_k[distinct] = tree.query_radius(points[distinct], largest, count_only=True) - 1
    return counts


def _sorted_counts(values: _Floats, radii: _Floats) -> _Integers:
    order = np.argsort(values)
    ordered = values[order]
    counts = np.empty(radii.shape, dtype=np.int64)
    for of_k, inside in zip(counts, radii[:, order], strict=True):
        above = _reach(ordered, inside)
        below = _reach(-ordered[::-1], inside[::-1])[::-1]
        # above + below indices count the row itself twice; a radius of 0 holds no row.
        strictly_inside = above + below - len(values) - 1
        of_k[order] = np.where(inside > 0, strictly_inside, 0)
    return counts


def _reach(ordered: _Floats, radii: _Floats) -> _Integers:
    """Find the first value that is not less than a radius above each of sorted values.

    The sum of value and radius is rounded, so the place where it belongs is a first guess, to be
    checked with the differences themselves. Only where it fails (never, but for values that are
    much larger than their distances) is the place found by bisection on the differences.
    """
    n = len(ordered)
    reach = np.searchsorted(ordered, ordered + radii)
    inside = ordered[np.maximum(reach - 1, 0)] - ordered < radii
    outside = (reach == n) | (ordered[np.minimum(reach, n - 1)] - ordered >= radii)
    wrong = np.flatnonzero(~(inside & outside & (reach > 0)) & (radii > 0))
    low, high = wrong.copy(), np.full(len(wrong), n)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        below = ordered[middle] - ordered[wrong] < radii[wrong]
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    reach[wrong] = high
    return reach
