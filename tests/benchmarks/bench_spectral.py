"""Matrix-based Renyi entropies against eigenvalues with vectors, as published code has them."""

import math

import numpy as np
import pytest
from scipy.linalg import eigvalsh

from ibtools import RenyiMatrixMI
from ibtools.information import renyi_entropy, renyi_pairwise_entropies
from ibtools.information._spectral_entropy import spectral_entropy
from ibtools.information._spectral_gram import gram_matrix, rbf_variable

IN_NUMPY = "published formula in numpy"


def _research_entropy(gram, alpha=1.01):
    """Eigenvalues with vectors, and the sum of their powers."""
    eigenvalues = np.abs(np.linalg.eigh(gram / np.trace(gram))[0])
    return np.log2((eigenvalues**alpha).sum()) / (1 - alpha)


def _research_entropy_in_torch(gram, alpha=1.01):
    import torch

    gram = torch.as_tensor(gram)
    eigenvalues = torch.linalg.eigh(gram / gram.trace())[0].abs()
    return torch.log2((eigenvalues**alpha).sum()).item() / (1 - alpha)


def _plain_entropy(gram, alpha=1.01):
    """Reference: eigenvalues and expm1, which loses no digits near alpha = 1."""
    eigenvalues = np.maximum(eigvalsh(gram), 0)
    p = eigenvalues[eigenvalues > 0] / eigenvalues.sum()
    return math.log1p(p @ np.expm1((alpha - 1) * np.log(p))) / (1 - alpha) / math.log(2)


def _variable(n_samples, n_features=200, bandwidth=5.0):
    """S of about 0.85 log n."""
    values = np.tanh(np.random.default_rng(0).normal(size=(n_samples, n_features)))
    return rbf_variable([values], np.array([bandwidth]))


PEERS = {IN_NUMPY: _research_entropy, "published formula in torch": _research_entropy_in_torch}


@pytest.mark.parametrize(
    ("n_samples", "peer"),
    [(1024, IN_NUMPY), (1024, "published formula in torch"), (2048, IN_NUMPY)],
)
def test_renyi_1_01_exact(n_samples, peer, compare):
    """From a Gram matrix."""
    gram = gram_matrix(_variable(n_samples))
    compare(
        lambda: renyi_entropy(gram),
        lambda: PEERS[peer](gram),
        peer_name=peer,
        rounds=5,
        truth=_plain_entropy(gram),
        reach="2x",
    )


@pytest.mark.parametrize(("n_samples", "reach"), [(1024, "5x"), (2048, "12x")])
def test_renyi_1_01_by_lanczos(n_samples, reach, compare):
    """From the values, the Gram matrix included on both sides."""
    variable = _variable(n_samples)
    truth = _plain_entropy(gram_matrix(variable))
    estimate = spectral_entropy(variable, method="lanczos")
    assert abs(estimate.entropy - truth) <= min(0.02, 4 * estimate.std_error)
    compare(
        lambda: spectral_entropy(variable, method="lanczos").entropy,
        lambda: _research_entropy(gram_matrix(variable)),
        peer_name=IN_NUMPY,
        rounds=5,
        truth=truth,
        reach=f"{reach}, states {estimate.std_error:.1e}",
    )


@pytest.mark.parametrize("n_samples", [4096, 20_000])
def test_renyi_1_01_of_many_rows(n_samples, peak_memory):
    """By a quadrature that keeps half of the Gram matrix, in single precision."""
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=n_samples)
    T = np.tanh(rng.normal(size=(n_samples, 20)) + 0.8 * rng.normal(size=(10, 20))[labels])
    assert peak_memory(lambda: RenyiMatrixMI(random_state=0).fit(T)) < 4 * 2**30


@pytest.mark.parametrize("n_samples", [1024, 2048])
def test_renyi_2(n_samples, compare):
    """The Frobenius norm of a Gram matrix."""
    gram = gram_matrix(_variable(n_samples))
    compare(
        lambda: renyi_entropy(gram, alpha=2),
        lambda: _research_entropy(gram, 2),
        peer_name=IN_NUMPY,
        rounds=5,
        truth=_plain_entropy(gram, 2),
        reach="500x",
    )


def test_renyi_2_from_values(compare):
    """Tile by tile, without a Gram matrix."""
    variable = _variable(2048, 10, 1.0)
    compare(
        lambda: spectral_entropy(variable, alpha=2).entropy,
        lambda: _research_entropy(gram_matrix(variable), 2),
        peer_name=IN_NUMPY,
        rounds=5,
        truth=_plain_entropy(gram_matrix(variable), 2),
    )


def _gram_by_gram(maps, bandwidths):
    """One Gram matrix per map, multiplied."""
    product = 1.0
    for values, bandwidth in zip(maps, bandwidths, strict=True):
        norms = (values**2).sum(axis=1)
        distances = norms[:, None] + norms - 2 * values @ values.T
        product = product * np.exp(-distances / (2 * bandwidth**2))
    return product


@pytest.mark.parametrize("n_features", [16, 196])
def test_joint_of_64_maps(n_features, compare):
    """n = 1000: one matrix product and eigenvalues, against 64 Gram matrices and eigh."""
    maps = np.random.default_rng(0).normal(size=(64, 1000, n_features))
    bandwidths = np.full(64, 8 * np.sqrt(n_features))
    compare(
        lambda: spectral_entropy(rbf_variable(maps, bandwidths)).entropy,
        lambda: _research_entropy(_gram_by_gram(maps, bandwidths)),
        peer_name=IN_NUMPY,
        rounds=5,
        truth=_plain_entropy(_gram_by_gram(maps, bandwidths)),
        reach="2x",
    )


@pytest.mark.parametrize(("alpha", "reach"), [(1.01, "4x"), (2, "100x")])
def test_all_pairs_of_64_maps(alpha, reach, compare):
    """n = 128, 2016 pairs."""
    maps = np.random.default_rng(0).normal(size=(64, 128, 16))
    grams = np.stack([gram_matrix(rbf_variable([values], np.full(1, 4.0))) for values in maps])
    pairs = np.tril_indices(64, -1)
    products = [grams[i] * grams[j] for i, j in zip(*pairs, strict=True)]
    compare(
        lambda: renyi_pairwise_entropies(grams, alpha=alpha)[pairs],
        lambda: [_research_entropy(product, alpha) for product in products],
        peer_name=IN_NUMPY + ", a loop over pairs",
        rounds=5,
        truth=[_plain_entropy(product, alpha) for product in products],
        reach=reach,
    )
