"""Stochastic Lanczos quadrature against the eigenvalues, and its stated error."""

import tracemalloc

import numpy as np
import pytest

from ibtools.information import _spectral_lanczos
from ibtools.information._spectral_entropy import spectral_entropy
from ibtools.information._spectral_gram import delta_variable, joint_variable, rbf_variable


def variable_of(n, d, bandwidth, seed=0):
    values = np.tanh(np.random.default_rng(seed).normal(size=(n, d)))
    return rbf_variable([values], np.array([bandwidth]))


def estimates(variable, n_seeds, **parameters):
    measured = [
        spectral_entropy(variable, method="lanczos", rng=np.random.default_rng(seed), **parameters)
        for seed in range(n_seeds)
    ]
    assert {estimate.method for estimate in measured} == {"lanczos"}
    return np.array([(estimate.entropy, estimate.std_error) for estimate in measured]).T


@pytest.mark.parametrize("alpha", [0.8, 1, 1.01, 1.7, 3])
@pytest.mark.parametrize(("d", "bandwidth"), [(10, 0.5), (10, 1.5), (3, 1.0), (50, 3.0)])
def test_stated_error_is_honest(d, bandwidth, alpha):
    """From S = 0.2 log n to S = log n: two standard errors cover the truth."""
    variable = variable_of(300, d, bandwidth)
    exact = spectral_entropy(variable, alpha=alpha, method="exact").entropy
    values, errors = estimates(variable, 30, alpha=alpha)
    assert np.mean(np.abs(values - exact) <= 2 * errors) >= 0.8
    assert abs(np.mean(values) - exact) <= 3 * np.mean(errors) / np.sqrt(30) + 1e-4
    assert np.max(errors) <= 0.02, "rounds are added until the tolerance holds"


def test_error_of_a_slowly_decaying_spectrum():
    """S = 0.9 log n: 30 probes are enough for a hundredth of a bit, as the controls promise."""
    variable = variable_of(600, 50, 3.0)
    exact = spectral_entropy(variable, method="exact").entropy
    values, errors = estimates(variable, 10, tol=1.0)
    assert exact >= 0.7 * np.log2(600)
    assert np.sqrt(np.mean((values - exact) ** 2)) <= 0.01
    assert np.max(errors) <= 0.01


def test_the_tolerance_adds_rounds():
    variable = variable_of(300, 3, 1.0)
    loose, tight = (estimates(variable, 5, tol=tol)[1] for tol in (1.0, 0.015))
    assert np.min(loose) > 0.02
    assert np.max(tight) <= 0.015


def test_few_distinct_rows_end_the_recurrence():
    """Three clusters of equal rows: three eigenvalues, and Lanczos stops after as many steps."""
    values = np.repeat([[0.0], [1.0], [3.0]], [150, 100, 50], axis=0)
    variable = rbf_variable([values], np.array([1.0]))
    for alpha in (0.8, 1.01, 3):
        exact = spectral_entropy(variable, alpha=alpha, method="exact").entropy
        values, errors = estimates(variable, 5, alpha=alpha)
        assert np.isfinite(values).all()
        assert (np.abs(values - exact) <= 3 * errors + 1e-4).all()


@pytest.mark.parametrize("alpha", [0.8, 1, 1.01, 3])
def test_rows_all_unlike_or_all_alike(alpha):
    """One eigenvalue only: every probe is a sum of eigenvectors, and nothing is left after it."""
    unlike = rbf_variable([np.arange(256.0)[:, None]], np.array([1e-3]))
    values, errors = estimates(unlike, 3, alpha=alpha)
    np.testing.assert_allclose(values, 8, atol=1e-5)
    np.testing.assert_allclose(errors, 0, atol=1e-5)
    alike = rbf_variable([np.ones((256, 1))], np.array([1.0]))
    values, errors = estimates(alike, 3, alpha=alpha)
    np.testing.assert_allclose(values, 0, atol=1e-3)
    assert np.isfinite(errors).all()


def test_blocks_large_and_small():
    """Blocks of at most 64 rows give their eigenvalues, the others a trace."""
    y = np.repeat([0, 1, 2, 3], [200, 150, 40, 1])
    variable = joint_variable(variable_of(len(y), 5, 0.7), delta_variable(y))
    exact = spectral_entropy(variable, method="exact")
    measured = spectral_entropy(variable, method="lanczos")
    assert measured.entropy == pytest.approx(exact.entropy, abs=4 * measured.std_error)
    assert measured.mean_similarity == pytest.approx(exact.mean_similarity, rel=1e-12)
    assert 0 < measured.std_error < 0.02


def test_tiles_give_what_the_matrix_gives(monkeypatch):
    variable = variable_of(1200, 5, 0.5)
    stored = spectral_entropy(variable, method="lanczos", rng=np.random.default_rng(0))
    monkeypatch.setattr(_spectral_lanczos, "STORED_ROWS", 100)
    tracemalloc.start()
    tiled = spectral_entropy(variable, method="lanczos", rng=np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert tiled.entropy == pytest.approx(stored.entropy, abs=1e-5)
    assert peak < 10 * 2**20


def test_auto_is_exact_until_the_matrix_is_large():
    assert spectral_entropy(variable_of(200, 2, 0.5)).method == "exact"
    assert spectral_entropy(variable_of(2049, 10, 0.4)).method == "lanczos"
    assert spectral_entropy(variable_of(2049, 10, 0.4), alpha=2).method == "frobenius"


def test_auto_is_exact_at_low_orders():
    """At alpha = 0.5 the quadrature misses 0.2 bit of this, and states half of that."""
    variable = variable_of(2049, 2, 0.25)
    assert spectral_entropy(variable, alpha=0.5).method == "exact"
    assert spectral_entropy(variable, alpha=0.9).method == "lanczos"


def test_same_generator_same_answer():
    variable = variable_of(300, 5, 0.7)
    first, second, other = (
        spectral_entropy(variable, method="lanczos", rng=np.random.default_rng(seed)).entropy
        for seed in (1, 1, 2)
    )
    assert first == second != other


@pytest.mark.parametrize("n_samples", [300, 2500])
def test_rows_that_are_all_unlike_have_the_logarithm_of_their_number(n_samples):
    """The controls are constant there, and must not take the part of the intercept."""
    X = 100.0 * np.arange(n_samples)[:, None]
    found = spectral_entropy(rbf_variable([X], np.ones(1)), method="lanczos")
    assert found.entropy == pytest.approx(np.log2(n_samples), abs=1e-6)


def test_nearly_unlike_rows_against_the_eigenvalues():
    X = np.random.default_rng(0).normal(size=(600, 50))
    variable = rbf_variable([X], np.array([0.7]))
    found = spectral_entropy(variable, method="lanczos")
    exact = spectral_entropy(variable, method="exact")
    assert abs(found.entropy - exact.entropy) < max(1e-5, 3 * found.std_error)
