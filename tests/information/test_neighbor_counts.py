"""Neighbour distances and strict counts against all pairs, to the last bit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from ibtools.information import _neighbor_counts, _neighbor_pairs
from ibtools.information._neighbor_counts import (
    class_counts_near,
    class_distances,
    identical_rows,
    joint_neighbors,
    kth_distances,
    strict_counts,
)

KS = np.array([3, 1, 10])

metrics = pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])


def pair_distances(x, metric):
    if metric == "chebyshev":
        return np.abs(x[:, None] - x[None]).max(axis=2)
    if x.shape[1] == 1:
        return np.abs(x - x.T)
    # The order of the sum decides between distances of rounded values that are equal in theory.
    return cdist(x, x)


def without_self(distances):
    distances = distances.copy()
    np.fill_diagonal(distances, np.inf)
    return distances


def rows(kind, n, d, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, d))
    return {"normal": x, "tied": x.round(1), "far": 1e8 + x, "tiny": 1e-30 * x}[kind]


@metrics
@pytest.mark.parametrize("kind", ["normal", "tied", "far", "tiny"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 1), (2, 3), (5, 6), (12, 1)])
def test_joint_neighbors_are_those_of_all_pairs(shape, kind, metric):
    x, y = rows(kind, 200, shape[0]), rows(kind, 200, shape[1], seed=1)
    in_x, in_y = (without_self(pair_distances(v, metric)) for v in (x, y))
    radii = np.sort(np.maximum(in_x, in_y), axis=1)[:, KS - 1].T
    near = joint_neighbors(x, y, KS, metric=metric)
    assert_allclose(near.radii, radii, rtol=1e-14, atol=0)
    assert_array_equal(near.x_counts, [(in_x < radius[:, None]).sum(axis=1) for radius in radii])
    assert_array_equal(near.y_counts, [(in_y < radius[:, None]).sum(axis=1) for radius in radii])


@metrics
@pytest.mark.parametrize("kind", ["normal", "tied", "far"])
@pytest.mark.parametrize("d", [1, 3, 12])
def test_neighbors_within_a_class(d, kind, metric):
    """The row from which a radius was taken never is strictly inside of it."""
    x, labels = rows(kind, 210, d), np.arange(210) % 3 * np.arange(210) // 105
    distances = without_self(pair_distances(x, metric))
    own = np.where(labels[:, None] == labels, distances, np.inf)
    sizes = np.bincount(labels)[labels]
    radii, neighbors = class_distances(x, labels, KS, metric=metric)
    assert_array_equal(neighbors, np.minimum(KS[:, None], sizes - 1))
    expected = np.take_along_axis(np.sort(own, axis=1), neighbors.T - 1, axis=1).T
    assert_allclose(radii, expected, rtol=1e-14, atol=0)
    counts = strict_counts(x, radii, metric=metric)
    assert_array_equal(counts, [(distances < radius[:, None]).sum(axis=1) for radius in expected])


def test_a_class_smaller_than_k():
    x = np.array([[0.0], [1.0], [10.0], [12.0], [15.0]])
    radii, neighbors = class_distances(x, np.array([0, 0, 1, 1, 1]), np.array([3]))
    assert_array_equal(neighbors, [[1, 1, 2, 2, 2]])
    assert_array_equal(radii, [[1, 1, 5, 3, 5]])


@metrics
@pytest.mark.parametrize("d", [2, 12])
def test_kth_distances(d, metric):
    x = rows("normal", 300, d)
    expected = np.sort(without_self(pair_distances(x, metric)), axis=1)[:, KS - 1].T
    assert_allclose(kth_distances(x, KS, metric=metric), expected, rtol=1e-14)


def test_values_much_larger_than_their_distances():
    """Sums of value and radius are rounded here: only differences decide."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=50), 1e16 + 2 * rng.integers(40, size=50)])[:, None]
    distances = without_self(pair_distances(x, "chebyshev"))
    radii = np.concatenate([np.sort(distances, axis=1)[:, [2, 60]].T, np.full((1, 100), 0.3)])
    expected = [(distances < radius[:, None]).sum(axis=1) for radius in radii]
    assert_array_equal(strict_counts(x, radii), expected)


def test_nothing_is_inside_a_radius_of_zero():
    x = np.array([[0.0], [0.0], [1.0]])
    for d in (1, 3, 12):
        assert_array_equal(strict_counts(np.repeat(x, d, axis=1), np.zeros((1, 3))), [[0, 0, 0]])


@metrics
@pytest.mark.parametrize("d", [3, 12])
def test_tiles_change_nothing(d, metric, monkeypatch):
    x, y = rows("tied", 150, d), rows("tied", 150, d, seed=1)
    labels = np.arange(150) % 2
    arguments = (x, labels, y[:40], KS)
    whole = joint_neighbors(x, y, KS, metric=metric), class_counts_near(*arguments, metric=metric)
    monkeypatch.setattr(_neighbor_pairs, "_TILE_VALUES", 700)
    tiled = joint_neighbors(x, y, KS, metric=metric), class_counts_near(*arguments, metric=metric)
    for one, other in zip(whole[0], tiled[0], strict=True):
        assert_array_equal(one, other)
    assert_array_equal(whole[1], tiled[1])


def test_identical_rows():
    x = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert_array_equal(identical_rows(x), [3, 3, 1, 3])


def test_class_counts_include_ties_at_the_distance():
    """Rows at 0, 1, 1, 2 of classes a, a, b, b: the second neighbour of 0 is a tie."""
    x, labels = np.array([[0.0], [1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1])
    counts = class_counts_near(x, labels, np.array([[0.0], [3.0]]), np.array([1, 2]))
    assert_array_equal(counts, [[[1, 0], [0, 1]], [[2, 1], [1, 2]]])


@pytest.mark.parametrize(
    ("n_axes", "n_rows", "without", "with_numba"),
    [
        (6, 10**4, True, True),
        (7, 2000, True, True),
        (7, 10**4, True, False),
        (10, 40_000, True, False),
        (10, 40_001, True, True),
        (11, 100, False, False),
        (11, 10**6, False, False),
    ],
)
def test_where_trees_are_searched(n_axes, n_rows, without, with_numba, monkeypatch):
    for kernels, expected in [(None, without), (object(), with_numba)]:
        monkeypatch.setattr(_neighbor_pairs, "_kernels", lambda kernels=kernels: kernels)
        assert _neighbor_counts._has_tree(n_rows, n_axes) is expected
