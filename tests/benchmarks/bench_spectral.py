"""Matrix-based Renyi entropies against eigenvalues with vectors, as published code has them."""

import numpy as np
import pytest

from ibtools.information._spectral import renyi_entropy
from ibtools.information._spectral_entropy import spectral_entropy
from ibtools.information._spectral_gram import gram_matrix, rbf_variable
from ibtools.information._spectral_pairs import renyi_pairwise_entropies


def _research_entropy(gram, alpha):
    """Eigenvalues with vectors, and the sum of their powers."""
    eigenvalues = np.abs(np.linalg.eigh(gram / np.trace(gram))[0])
    return np.log2((eigenvalues**alpha).sum()) / (1 - alpha)


def _variable(n, d=200, bandwidth=5.0):
    """S of about 0.85 log n."""
    values = np.tanh(np.random.default_rng(0).normal(size=(n, d)))
    return rbf_variable([values], np.array([bandwidth]))


@pytest.fixture(params=[1024, 2048])
def variable(request):
    return _variable(request.param)


def test_exact(variable, compare):
    """Alpha = 1.01: from a Gram matrix."""
    gram = gram_matrix(variable)
    ours, peer = renyi_entropy(gram), _research_entropy(gram, 1.01)
    assert ours == pytest.approx(peer, abs=1e-9)
    compare(
        lambda: renyi_entropy(gram),
        lambda: _research_entropy(gram, 1.01),
        rounds=5,
        peer_name="eigh",
    )


def test_lanczos(variable, compare):
    """Alpha = 1.01: from the values, the Gram matrix included on both sides."""
    exact = spectral_entropy(variable, method="exact").entropy
    estimate = spectral_entropy(variable, method="lanczos")
    error = abs(estimate.entropy - exact)
    assert error <= min(0.02, 4 * estimate.std_error)
    print(f"S = {exact:.4f} bits, error {error:.1e}, stated {estimate.std_error:.1e}")
    compare(
        lambda: spectral_entropy(variable, method="lanczos"),
        lambda: _research_entropy(gram_matrix(variable), 1.01),
        rounds=5,
        peer_name="eigh",
    )


def test_order_two(variable, compare):
    """Alpha = 2: the Frobenius norm of a Gram matrix."""
    gram = gram_matrix(variable)
    assert renyi_entropy(gram, alpha=2) == pytest.approx(_research_entropy(gram, 2), abs=1e-12)
    compare(
        lambda: renyi_entropy(gram, alpha=2),
        lambda: _research_entropy(gram, 2),
        rounds=5,
        peer_name="eigh",
    )


def test_order_two_from_values(compare):
    """Alpha = 2 tile by tile, without a Gram matrix."""
    variable = _variable(2048, 10, 1.0)
    compare(
        lambda: spectral_entropy(variable, alpha=2),
        lambda: _research_entropy(gram_matrix(variable), 2),
        rounds=5,
        peer_name="Gram and eigh",
    )


@pytest.mark.parametrize("n_features", [16, 196])
def test_joint_of_64_maps(n_features, compare):
    """n = 1000: one matrix product and eigenvalues, against 64 Gram matrices and eigh."""
    maps = np.random.default_rng(0).normal(size=(64, 1000, n_features))
    bandwidths = np.full(64, 8 * np.sqrt(n_features))

    def ours():
        return spectral_entropy(rbf_variable(maps, bandwidths)).entropy

    def peer():
        product = 1.0
        for values, bandwidth in zip(maps, bandwidths, strict=True):
            norms = (values**2).sum(axis=1)
            distances = norms[:, None] + norms - 2 * values @ values.T
            product = product * np.exp(-distances / (2 * bandwidth**2))
        return _research_entropy(product, 1.01)

    assert ours() == pytest.approx(peer(), abs=1e-9)
    compare(ours, peer, rounds=5, peer_name="Hadamard products and eigh")


@pytest.mark.parametrize("alpha", [1.01, 2])
def test_all_pairs_of_64_maps(alpha, compare):
    """n = 128, 2016 pairs."""
    maps = np.random.default_rng(0).normal(size=(64, 128, 16))
    grams = np.stack([gram_matrix(rbf_variable([values], np.full(1, 4.0))) for values in maps])

    def peer():
        return [_research_entropy(grams[i] * grams[j], alpha) for i in range(64) for j in range(i)]

    def ours():
        return renyi_pairwise_entropies(grams, alpha=alpha, n_jobs=2)

    np.testing.assert_allclose(ours()[np.tril_indices(64, -1)], peer(), atol=1e-9)
    compare(ours, peer, rounds=3, peer_name="one pair at a time")
