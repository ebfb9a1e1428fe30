"""Bandwidth rules against their formulas, and what they do to many maps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist

from ibtools.information._spectral_bandwidths import (
    alignment_bandwidths,
    choose_bandwidths,
    median_bandwidths,
    scaled_bandwidths,
    silverman_bandwidths,
)
from ibtools.information._spectral_entropy import spectral_entropy
from ibtools.information._spectral_gram import delta_variable, gram_matrix, rbf_variable


def generator():
    return np.random.default_rng(0)


def choose(maps, rule, *, factor=None, target=None):
    return choose_bandwidths(
        maps, rule, len(maps[0]), factor=factor, target=target, rng=generator()
    )


def test_silverman_by_hand():
    """n = 128, factor 5: 5 / 128^(1/5) for one feature, 5 / 128^(1/100) for 96."""
    maps = [np.zeros((128, 1)), np.zeros((128, 96))]
    expected = [5 / 128 ** (1 / 5), 5 / 128 ** (1 / 100)]
    assert_allclose(silverman_bandwidths(maps, 128, factor=5.0), expected, rtol=1e-14)
    assert_allclose(choose(maps, "silverman"), expected, rtol=1e-14)
    assert_allclose(choose(maps, "silverman", factor=0.1), np.array(expected) / 50, rtol=1e-14)


def test_scaled_by_hand():
    """Two maps of two features: u^2 is the mean variance, and C d = 4."""
    first = np.array([[0.0, 0], [2, 4]])  # variances 1 and 4
    second = 10 * first
    u = np.sqrt(2.5)
    expected = 3 * np.array([u, 10 * u]) * 2 * 50 ** (-1 / 6)
    assert_allclose(scaled_bandwidths([first, second], 50, factor=3), expected, rtol=1e-14)


def test_scaled_counts_features_that_vary():
    """0.1 three times has a variance of rounding, not of 0."""
    values = np.array([[0.0, 0], [2, 4], [1, 1]])
    padded = np.hstack([values, np.full((3, 2), 0.1)])
    assert_allclose(choose([padded], "scaled"), choose([values], "scaled"), rtol=1e-14)
    assert_allclose(choose([padded[:, 2:]], "scaled"), 3 ** (-1 / 4), rtol=1e-14)


def test_median_by_hand():
    values = np.array([[0.0], [1.0], [5.0]])  # distances 1, 4, 5
    assert_allclose(median_bandwidths([values], factor=2, rng=generator()), [8])
    two = median_bandwidths([values, 3 * values], factor=1, rng=generator())
    assert_allclose(two, np.sqrt(2) * np.array([4, 12]))


def test_median_of_mostly_equal_rows_is_of_the_distances_that_are_there():
    values = np.array([[0.0]] * 8 + [[2.0], [6.0]])
    positive = [2.0] * 8 + [6.0] * 8 + [4.0]
    assert_allclose(median_bandwidths([values], factor=1, rng=generator()), np.median(positive))


def test_median_of_many_rows_is_that_of_some():
    values = np.random.default_rng(1).normal(size=(5000, 2))
    expected = np.median(pdist(values))
    assert median_bandwidths([values], factor=1, rng=generator())[0] == pytest.approx(
        expected, rel=0.03
    )


def alignment_of(bandwidth, values, y):
    K = gram_matrix(rbf_variable([values], [bandwidth]))
    L = (y[:, None] == y).astype(float)
    return (K * L).sum() / (np.linalg.norm(K) * np.linalg.norm(L))


def test_alignment_is_the_largest_there_is():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=120)
    values = rng.normal(size=(120, 2)) + 3 * y[:, None]
    (found,) = alignment_bandwidths([values], delta_variable(y), factor=1, rng=generator())
    others = found * np.geomspace(0.2, 5, 41)
    best = alignment_of(found, values, y)
    assert best >= max(alignment_of(s, values, y) for s in others) - 2e-4
    assert best > alignment_of(found * 1.3, values, y)
    assert best > alignment_of(found / 1.3, values, y)


def test_alignment_of_two_clusters_separates_them():
    y = np.repeat([0, 1], 50)
    values = np.random.default_rng(0).normal(size=(100, 1)) + 20 * y[:, None]
    (found,) = alignment_bandwidths([values], delta_variable(y), factor=1, rng=generator())
    assert 2 < found < 10
    many = alignment_bandwidths([values] * 4, delta_variable(y), factor=1, rng=generator())
    assert_allclose(many, 2 * found, rtol=1e-12)


def test_alignment_draws_rows_when_there_are_many():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=1500)
    values = rng.normal(size=(1500, 2)) + 3 * y[:, None]
    (some,) = alignment_bandwidths([values], delta_variable(y), factor=1, rng=generator())
    (few,) = alignment_bandwidths(
        [values[:900]], delta_variable(y[:900]), factor=1, rng=generator()
    )
    assert some == pytest.approx(few, rel=0.15)


def test_alignment_needs_a_target():
    with pytest.raises(ValueError, match="y was not given"):
        choose([np.zeros((3, 1))], "alignment")


@pytest.mark.parametrize("rule", ["scaled", "median", "alignment"])
def test_rules_follow_the_scale_of_the_values(rule):
    rng = np.random.default_rng(0)
    values, target = rng.normal(size=(50, 3)), delta_variable(rng.integers(2, size=50))
    plain = choose([values], rule, target=target)
    scaled = choose([1000 * values + 7], rule, target=target)
    assert_allclose(scaled, 1000 * plain, rtol=1e-9)
    assert_allclose(choose([values], rule, factor=3, target=target), 3 * plain, rtol=1e-12)


@pytest.mark.parametrize("rule", ["scaled", "median", "alignment"])
def test_many_maps_do_not_saturate(rule):
    """The product of Silverman's kernels does: the paper's open problem."""
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=128)
    patterns = rng.normal(size=(64, 4, 10))
    maps = [2 * pattern[y] + rng.normal(size=(128, 10)) for pattern in patterns]
    target = delta_variable(y)

    def entropy(n_maps, rule):
        some = maps[:n_maps]
        return spectral_entropy(rbf_variable(some, choose(some, rule, target=target))).entropy

    assert entropy(64, "silverman") > 6.9
    assert entropy(64, rule) < 5.5
    assert abs(entropy(64, rule) - entropy(8, rule)) < 0.6


@pytest.mark.parametrize("rule", ["scaled", "median", "alignment", "silverman"])
def test_constant_values(rule):
    target = delta_variable(np.array([0, 1, 1, 0]))
    (bandwidth,) = choose([np.full((4, 2), 3.0)], rule, target=target)
    assert np.isfinite(bandwidth)
    assert bandwidth > 0


def test_a_number_is_for_all_maps():
    assert_allclose(choose([np.zeros((3, 1))] * 2, 0.7, factor=9), [0.7, 0.7])
