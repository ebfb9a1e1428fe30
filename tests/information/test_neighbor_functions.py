"""A layer is recognised as a function of its inputs, however steep or bounded its units are."""

import numpy as np
import pytest

from ibtools.information._neighbor_functions import monotone_unexplained_fraction


def _layer(activation, n_inputs, noise=0.0, n_samples=500, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_inputs))
    W = rng.normal(size=(n_inputs, 5)) / np.sqrt(n_inputs)
    T = activation(X @ W + rng.normal(size=5) * 0.3)
    return X, T + noise * T.std(axis=0) * rng.normal(size=T.shape)


def _steep_tanh(a):
    return np.tanh(20 * a)


def _relu(a):
    return np.maximum(a, 0)


@pytest.mark.parametrize("n_inputs", [2, 5, 20])
@pytest.mark.parametrize("activation", [np.tanh, _steep_tanh, _relu])
def test_functions_are_recognised(activation, n_inputs):
    layers = [_layer(activation, n_inputs, seed=seed) for seed in range(3)]
    assert np.mean([monotone_unexplained_fraction(*layer) for layer in layers]) < 0.15


@pytest.mark.parametrize("n_inputs", [1, 2, 5, 10])
@pytest.mark.parametrize("activation", [np.tanh, _steep_tanh, _relu])
def test_noise_that_rows_resolve_is_no_function(activation, n_inputs):
    assert monotone_unexplained_fraction(*_layer(activation, n_inputs, noise=0.3)) > 0.5


def test_discrete_units_keep_a_finite_information():
    X, T = _layer(np.tanh, 5)
    assert monotone_unexplained_fraction(X, np.sign(T)) == 1
    assert monotone_unexplained_fraction(X, np.round(100 * T)) == 1
    assert monotone_unexplained_fraction(X, np.zeros_like(T)) == 1


def test_a_strictly_monotone_map_changes_nothing():
    X, T = _layer(np.tanh, 3)
    one, other = (monotone_unexplained_fraction(X, rows) for rows in (T, np.exp(3 * T)))
    assert other == pytest.approx(one, rel=1e-12)
