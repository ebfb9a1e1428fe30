"""What finitely many rows can tell: saturation, and functions of the inputs."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import digamma

from ibtools.information._neighbor_limits import (
    distinct_rows,
    saturation_limit,
    unexplained_fraction,
)


def layer(n, n_inputs, n_units, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_inputs))
    return X, X @ rng.normal(size=(n_inputs, n_units)) / math.sqrt(n_inputs), rng


def test_saturation_limit():
    assert_allclose(
        saturation_limit(1000, np.array([1, 3])), digamma(1000) - digamma([1, 3]), rtol=1e-15
    )


@pytest.mark.parametrize("n", [100, 1000, 5000])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 3), (10, 10), (30, 5)])
def test_linear_layers_are_functions(n, shape):
    X, T, _ = layer(n, *shape)
    assert unexplained_fraction(X, T) < 0.01


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 3), (10, 10)])
def test_bent_layers_are_functions(shape):
    X, T, _ = layer(1000, *shape)
    assert unexplained_fraction(X, np.tanh(T)) < 0.15


@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 3), (10, 10)])
def test_noise_is_no_function(n, shape):
    for seed in range(5):
        X, T, rng = layer(n, *shape, seed)
        assert unexplained_fraction(X, T + rng.normal(size=T.shape)) > 0.3


def test_small_noise_that_rows_resolve_is_no_function():
    X, T, rng = layer(5000, 1, 1)
    assert unexplained_fraction(X, T + 0.01 * rng.normal(size=T.shape)) > 0.5
    assert unexplained_fraction(X, T + 1e-6 * rng.normal(size=T.shape)) < 0.15


def test_scale_does_not_matter():
    X, T, _ = layer(500, 3, 2)
    read = unexplained_fraction(X, np.tanh(T))
    assert unexplained_fraction(1e3 * X, 1e-3 * np.tanh(T) + 5) == pytest.approx(read, rel=1e-3)


def test_discrete_columns_and_single_inputs_are_passed_over():
    X, T, _ = layer(300, 2, 1)
    assert unexplained_fraction(X, np.sign(T)) == 1
    assert unexplained_fraction(np.zeros_like(X), T) == 1
    assert unexplained_fraction(X, np.zeros_like(T)) == 1


def test_repeated_inputs_with_noise():
    """Twenty propagations of each of fifty inputs: other inputs are compared, not the same."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(50, 2)), 20, axis=0)
    assert unexplained_fraction(X, X + rng.normal(size=X.shape)) > 0.3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_repeats_of_real_rows_are_dropped(dtype):
    X, T, _ = layer(300, 2, 3)
    X, T = (v.astype(dtype).astype(float) for v in (X, T))
    assert_array_equal(distinct_rows(X, T), np.arange(300))
    assert_array_equal(distinct_rows(np.tile(X, (3, 1)), np.tile(T, (3, 1))), np.arange(300))
    doubled = np.repeat(X, 2, axis=0), np.repeat(T, 2, axis=0)
    assert_array_equal(distinct_rows(*doubled), np.arange(0, 600, 2))
    assert_array_equal(distinct_rows(doubled[0], np.arange(600.0)[:, None]), np.arange(600))


def test_real_rows_of_whole_numbered_inputs_are_real():
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(200, 9)).astype(float)
    T = np.tanh(X @ rng.normal(size=(9, 2)) / 500)
    assert len(distinct_rows(np.tile(X, (3, 1)), np.tile(T, (3, 1)))) == 200


def test_negative_zero_is_zero():
    X, T, _ = layer(100, 1, 1)
    X[0] = 0
    assert len(distinct_rows(np.vstack([X, -X[:1]]), np.vstack([T, T[:1]]))) == 100


@pytest.mark.parametrize("levels", [1, 2, 10, 300])
@pytest.mark.parametrize("scale", [1, 0.1, 1 / 255])
def test_repeats_of_discrete_rows_are_data(levels, scale):
    x = np.random.default_rng(0).integers(levels, size=(1000, 1)) * scale
    assert_array_equal(distinct_rows(x, 3 * x + 1), np.arange(1000))


def test_few_irregular_values_are_discrete():
    rng = np.random.default_rng(0)
    symbols = rng.integers(20, size=1000)
    codes = rng.normal(size=(20, 2))
    assert_array_equal(distinct_rows(codes[symbols], codes[symbols]), np.arange(1000))
