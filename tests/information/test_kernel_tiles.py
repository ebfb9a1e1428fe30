"""Tiles of kernels against the exponentials of their exponents, in both precisions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from ibtools.information._kernel_tiles import kernel_tile, pair_exponents, tile_memory
from ibtools.information._pairwise import kernel_sums

MANY = 1000  # rows from which float32 is used


def exponents_of(points):
    """-|x_i - x_j|^2 as one product of factors."""
    squares = np.square(points).sum(axis=1)[:, None]
    ones = np.ones_like(squares)
    return pair_exponents(
        np.concatenate([2 * points, -squares, ones], axis=1),
        np.concatenate([points, ones, -squares], axis=1),
        apart=lambda: (points, points, np.zeros(len(points))),
        largest=squares.max(),
        log_mass=19.0,
        highest=0.0,
    )


def tile_of(exponents, rows, columns):
    size = max(len(range(2000)[part]) for part in (rows, columns))
    return kernel_tile(exponents, rows, columns, tile_memory(exponents, size))


@pytest.mark.parametrize(("n_rows", "atol"), [(MANY - 1, 1e-14), (MANY, 2e-7)])
def test_kernels_are_exponentials(n_rows, atol):
    points = np.random.default_rng(0).normal(size=(n_rows, 3))
    expected = np.exp(-np.square(points[:, None, :] - points).sum(axis=2))
    np.fill_diagonal(expected, 0)
    for rows, columns in ((slice(0, 70), slice(70, 200)), (slice(200, 290), slice(200, 290))):
        kernel = tile_of(exponents_of(points), rows, columns)
        assert_allclose(kernel, expected[rows, columns], rtol=0, atol=atol)


@pytest.mark.parametrize(
    ("n_rows", "scale", "dtype"),
    [
        (MANY - 1, 1, np.float64),
        (MANY, 1, np.float32),
        (MANY, 3e3, np.float32),
        (MANY, 4e3, np.float64),
        (MANY, 1e160, np.float64),
    ],
)
def test_precision_follows_from_rows_and_squares(n_rows, scale, dtype):
    points = np.zeros((n_rows, 1))
    points[0] = scale
    with np.errstate(over="ignore"):
        exponents = exponents_of(points)
    assert exponents.dtype == dtype
    assert (exponents.singles is None) == (dtype == np.float64)


@pytest.mark.parametrize("noise_std", [1.0, 1e-3])
def test_exponents_keep_the_digits_of_float64(noise_std):
    """Twelve corners with tight clusters: in float32 these exponents are wrong by 1e-3 and more."""
    rng = np.random.default_rng(0)
    corners = 100 * rng.choice([-1.0, 1.0], size=(12, 50))
    points = corners[np.arange(MANY) % 12] + noise_std * rng.normal(size=(MANY, 50)) / 10
    rows, columns = slice(0, 240), slice(240, 480)
    expected = np.exp(-np.square(points[rows, None] - points[columns]).sum(axis=2))
    kernel = tile_of(exponents_of(points), rows, columns)
    assert_allclose(kernel, expected, rtol=0, atol=1e-7)
    left, right = exponents_of(points).singles
    assert np.abs(np.exp(left[rows] @ right[columns].T) - expected).max() > 1e-2


@pytest.mark.parametrize("near_row", [0, 15, 16, 63])
def test_tiles_are_left_out_only_without_a_kernel_that_counts(near_row):
    points = 1e3 * np.arange(MANY, dtype=float)[:, None] / MANY
    points[:64] -= 20
    rows, columns = slice(0, 64), slice(64, 128)
    assert tile_of(exponents_of(points), rows, columns) is None
    assert tile_of(exponents_of(points[: MANY - 1]), rows, columns).min() == np.exp(-690.0)
    points[near_row] = points[100] + np.sqrt(39)
    kernel = tile_of(exponents_of(points), rows, columns)
    assert kernel[near_row, 36] == pytest.approx(np.exp(-39), rel=1e-5)


def test_a_tile_on_the_diagonal_is_never_left_out():
    points = 1e3 * np.arange(MANY, dtype=float)[:, None]
    assert_array_equal(tile_of(exponents_of(points / 1e3), slice(0, 5), slice(0, 5)).diagonal(), 0)


@settings(deadline=None, derandomize=True, max_examples=12)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(-3, 3.4), st.booleans())
def test_no_exponent_in_float32_is_wrong_by_more_than_the_margin(seed, n_features, power, corners):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(MANY, n_features))
    points = 10**power * (np.sign(points) if corners else points) / 3 / np.sqrt(n_features)
    exponents = exponents_of(points)
    left, right = exponents.singles
    errors = np.abs(left[:200] @ right.T - exponents.left[:200] @ exponents.right.T)
    assert errors.max() < exponents.margin


def test_exponentials_in_float32_are_as_good_as_the_docstring_says():
    u = -np.linspace(0, 20, 2_000_001, dtype=np.float32)
    kernel, exact = np.exp(u), np.exp(u.astype(np.float64))
    assert np.abs(kernel - exact).max() < 1.5e-7
    fourth = np.square(np.square(kernel))
    assert np.abs(fourth - exact**4).max() < 6e-7


def test_rounding_does_not_lift_kernels_above_one():
    """Exponents of equal rows far from the mean, where float64 itself is wrong by hundreds."""
    points = np.random.default_rng(0).normal(size=(2, 7))[np.arange(300) % 2] * 1e9
    kernel = tile_of(exponents_of(points), slice(0, 100), slice(100, 200))
    assert kernel.max() <= 1


@pytest.mark.parametrize("n_rows", [400, 1200])
@pytest.mark.parametrize(
    ("gap", "variance"), [(1e4, 1e-6), (1e7, 1e-4), (1e6, 1e-8), (1e3, 1e-6), (10.0, 1e-6)]
)
def test_clusters_so_far_apart_that_squares_lose_what_counts(gap, variance, n_rows):
    X = np.sqrt(variance) * np.random.default_rng(0).normal(size=(n_rows, 2))
    X[: n_rows // 2] += gap
    wide = np.exp(-cdist(X, X, "sqeuclidean") / (8 * variance))
    total = kernel_sums(X, variance).total
    assert_allclose(np.log(total[0]), np.log(wide.sum(axis=1)), rtol=0, atol=1e-6)
    assert_allclose(np.log(total[1]), np.log((wide**4).sum(axis=1)), rtol=0, atol=1e-6)
