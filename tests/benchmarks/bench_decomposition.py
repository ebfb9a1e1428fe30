"""Feature maps decomposed over all pairs, against one Hadamard product after the other."""

import itertools
import time

import numpy as np
import pytest

from ibtools.information._decomposition import decompose_feature_maps

PEER = "published formula in numpy, a loop over pairs"


@pytest.fixture(scope="module")
def layer():
    """A mini-batch of 128 rows of 16 maps of 14 x 14 values, their inputs, and ten classes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(128, 196))
    maps = [np.tanh(X @ rng.normal(size=(196, 196)) / 14) for _ in range(16)]
    return maps, {"inputs": None, "labels": rng.integers(10, size=128), "values": X}


def _research_entropy(gram, alpha):
    """Eigenvalues with vectors, and the sum of their powers."""
    eigenvalues = np.abs(np.linalg.eigh(gram / np.trace(gram))[0])
    return np.log2((eigenvalues**alpha).sum()) / (1 - alpha)


def _gram(values, bandwidth):
    norms = (values**2).sum(axis=1)
    distances = norms[:, None] + norms - 2 * values @ values.T
    return np.exp(-np.maximum(distances, 0) / (2 * bandwidth**2))


def _research_decomposition(maps, target, bandwidth, alpha=1.01):
    """MMI, redundancy-synergy and non-redundant information, every term computed where it stands.

    Each row its own input: I(X;T) = S(T). Otherwise the target's Gram matrix is multiplied too.
    """
    grams = [_gram(values, bandwidth) for values in maps]
    ceiling = 0.0 if target is None else _research_entropy(target, alpha)

    def information(gram):
        entropy = _research_entropy(gram, alpha)
        if target is None:
            return entropy
        return entropy + ceiling - _research_entropy(gram * target, alpha)

    single = [information(gram) for gram in grams]
    shared, distinct = [], []
    for i, j in itertools.combinations(range(len(maps)), 2):
        both = information(grams[i] * grams[j])
        shared.append(single[i] + single[j] - both)
        distinct.append(2 * both - single[i] - single[j])
    return information(np.prod(grams, axis=0)), np.mean(shared), np.mean(distinct)


# About values there are twice as many eigenvalue problems; those about labels are small.
@pytest.mark.parametrize("alpha", [1.01, 2])
@pytest.mark.parametrize(("about", "goal"), [("inputs", 0.2), ("labels", 0.2), ("values", 0.4)])
def test_all_120_pairs_of_16_maps(layer, about, goal, alpha, compare):
    maps, targets = layer
    target, bandwidth = targets[about], 10.0
    gram = {
        "inputs": None,
        "labels": (targets["labels"][:, None] == targets["labels"]).astype(float),
        "values": _gram(targets["values"], bandwidth),
    }[about]

    def ours():
        return decompose_feature_maps(
            maps, target, bandwidth=bandwidth, target_bandwidth=bandwidth, alpha=alpha
        )[:3]

    truth = _research_decomposition(maps, gram, bandwidth, alpha)
    np.testing.assert_allclose(ours(), truth, atol=1e-9)
    compare(
        ours,
        lambda: _research_decomposition(maps, gram, bandwidth, alpha),
        peer_name=PEER,
        truth=truth,
        reach=f"under {1e3 * goal:.0f} ms",
    )
    assert min(_seconds(ours) for _ in range(5)) < goal


def test_300_of_130816_pairs_of_512_maps(compare):
    """The last layers of VGG-16, a sample of pairs on both sides."""
    maps = np.random.default_rng(0).normal(size=(512, 128, 4))
    drawn = decompose_feature_maps(maps, bandwidth=2.0, n_pairs=300, random_state=0)

    def research():
        grams = [_gram(values, 2.0) for values in maps]
        single = [_research_entropy(gram, 1.01) for gram in grams]
        return np.mean(
            [
                single[i] + single[j] - _research_entropy(grams[i] * grams[j], 1.01)
                for i, j in drawn.pairs
            ]
        )

    compare(
        lambda: (
            decompose_feature_maps(
                maps, bandwidth=2.0, n_pairs=300, random_state=0
            ).redundancy_synergy
        ),
        research,
        peer_name=PEER,
        rounds=3,
        truth=research(),
    )


def _seconds(function):
    """Of the processor: the goal is for one thread that has it for itself."""
    start = time.process_time()
    function()
    return time.process_time() - start
