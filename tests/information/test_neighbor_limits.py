"""What finitely many rows can tell: saturation, and functions of the inputs."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import digamma

from ibtools.information._neighbor_limits import saturation_limit, unexplained_fraction


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
