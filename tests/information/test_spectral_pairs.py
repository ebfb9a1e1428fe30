"""Joint entropies of all pairs against one pair at a time."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ibtools.information._spectral import renyi_entropy, renyi_joint_entropy
from ibtools.information._spectral_gram import gram_matrix, rbf_variable
from ibtools.information._spectral_pairs import renyi_pairwise_entropies


@pytest.fixture(scope="module")
def grams():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(6, 40, 3))
    return np.stack([gram_matrix(rbf_variable([values], np.ones(1))) for values in maps])


@pytest.mark.parametrize("alpha", [0.7, 1, 1.01, 2, 3])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_one_pair_at_a_time(grams, alpha, n_jobs):
    entropies = renyi_pairwise_entropies(grams, alpha=alpha, n_jobs=n_jobs)
    for i in range(6):
        assert entropies[i, i] == pytest.approx(renyi_entropy(grams[i], alpha=alpha), abs=1e-11)
        for j in range(i):
            expected = renyi_joint_entropy([grams[i], grams[j]], alpha=alpha)
            assert entropies[i, j] == pytest.approx(expected, abs=1e-11)
    assert_allclose(entropies, entropies.T)


def test_nats():
    grams = np.stack([np.eye(5)] * 2)
    for alpha in (1.01, 2):
        entropies = renyi_pairwise_entropies(grams, alpha=alpha, base=math.e)
        assert_allclose(entropies, math.log(5))


@pytest.mark.parametrize("grams", [np.eye(3), np.ones((2, 3, 4)), 2 * np.ones((2, 3, 3))])
def test_bad_stacks(grams):
    with pytest.raises(ValueError, match="a stack of square Gram matrices with ones"):
        renyi_pairwise_entropies(grams)
