"""Entropies of stacks of matrices from determinants, against the eigenvalues of each."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ibtools.information import _spectral_traces
from ibtools.information._spectral import tsallis_terms
from ibtools.information._spectral_gram import gram_matrix, rbf_variable
from ibtools.information._spectral_traces import stack_entropies

ORDERS = (0.9, 1, 1 + 1e-8, 1.01, 1.2, 1.5)


def plain_entropy(gram, alpha):
    """-sum l ln l at 1; otherwise ln(sum l^alpha) / (1 - alpha), which loses digits near 1 only."""
    eigenvalues = np.linalg.eigvalsh(gram / len(gram))
    p = eigenvalues[eigenvalues > 1e-15]
    if abs(alpha - 1) < 1e-6:
        return -(p * np.log(p)).sum()
    return math.log((p**alpha).sum()) / (1 - alpha)


def gram_of(values, bandwidth):
    return gram_matrix(rbf_variable([values], np.array([bandwidth])))


@pytest.fixture(scope="module")
def stack():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(64, 3))
    saturated = np.tanh(50 * values).astype(np.float32)
    return np.stack(
        [
            np.eye(64),
            np.ones((64, 64)),
            gram_of(values, 1.0),
            gram_of(values, 1e-3),
            gram_of(values, 100.0),
            gram_of(values + 1e6, 1.0),
            gram_of(np.repeat(values[:16], 4, axis=0), 0.5),
            gram_of(saturated, 0.5),
            gram_of(np.column_stack([values, np.full(64, 7.0)]), 0.3),
        ]
    )


@pytest.mark.parametrize("alpha", ORDERS)
def test_eigenvalues_of_random_and_adversarial_matrices(stack, alpha):
    expected = [plain_entropy(gram, alpha) for gram in stack]
    assert_allclose(stack_entropies([stack], alpha), expected, atol=1e-7 if alpha < 1 else 1e-9)


@pytest.mark.parametrize("alpha", [1.01, 0.7, 3])
def test_blocks_are_one_matrix(stack, alpha):
    """Determinants, and eigenvalues where the order has no few logarithms."""
    whole = np.zeros((len(stack), 128, 128))
    whole[:, :64, :64], whole[:, 64:, 64:] = stack, stack[::-1]
    blocks = stack_entropies([stack, stack[::-1]], alpha)
    assert_allclose(blocks, stack_entropies([whole], alpha), atol=1e-9)


def test_more_matrices_than_a_chunk(stack, monkeypatch):
    expected = stack_entropies([stack], 1.01)
    monkeypatch.setattr(_spectral_traces, "_MATRICES", 2)
    assert_allclose(stack_entropies([stack], 1.01), expected, atol=1e-13)


@pytest.mark.parametrize("alpha", ORDERS)
def test_logarithms_make_up_the_function(alpha):
    """On a grid that is finer than the fit's, and below its least value."""
    x = np.geomspace(1e-18, 1, 4001)
    of_powers, of_logarithms = _spectral_traces._weights(alpha)
    sums = np.log1p(x[:, None] / _spectral_traces._SHIFTS) @ of_logarithms
    sums += of_powers[0] * x + of_powers[1] * x**2
    assert_allclose(sums, tsallis_terms(x, alpha), atol=1e-11)
