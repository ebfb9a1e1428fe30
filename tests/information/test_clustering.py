"""Measures of clustering, against closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from ibtools import BinnedMI
from ibtools.information import _clustering as clustering
from ibtools.information import counted_bins, quantile_bins, spaced_bins
from ibtools.information._clustering import (
    binned_entropy,
    class_effective_rank,
    class_separation,
    count_distinct_rows,
    effective_rank,
    empty_bin_fractions,
    unit_histograms,
)


def _rows(n_samples=60, n_features=4, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=(n_samples, n_features)).astype(dtype)


class TestDistinctRows:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("n_features", [1, 3, 50])
    def test_repeated_rows_count_once(self, dtype, n_features):
        rows = _rows(40, n_features, dtype=dtype)
        T = rows[np.random.default_rng(1).integers(0, 40, 500)]
        assert count_distinct_rows(T) == len(np.unique(T, axis=0))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_neighbouring_numbers_are_distinct(self, dtype):
        T = np.ones((4, 2), dtype=dtype)
        T[1, 0] = np.nextafter(dtype(1), dtype(0))
        T[2, 1] = np.nextafter(dtype(1), dtype(2))
        assert count_distinct_rows(T) == 3

    def test_zeros_of_both_signs_are_equal(self):
        assert count_distinct_rows([[0.0, 1.0], [-0.0, 1.0]]) == 1

    def test_saturated_units_lose_rows_in_float32(self):
        z = np.linspace(12, 14, 100)[:, None]
        assert count_distinct_rows(np.tanh(z.astype(np.float32))) == 1
        assert count_distinct_rows(np.tanh(z)) == 100

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.sampled_from([-1.5, -0.0, 0.0, 1e-300, 2.0]), min_size=2, max_size=30))
    def test_any_values(self, values):
        assert count_distinct_rows(np.reshape(values, (-1, 1))) == len(set(values))


class TestBins:
    def test_entropy_is_that_of_binned_mi(self):
        T = np.tanh(_rows())
        binned = BinnedMI(5, bounds=(-1, 1)).fit(T)
        bins = counted_bins(5, -1, 1)
        assert binned_entropy(T, bins) == pytest.approx(binned.entropy_, abs=1e-13)
        assert binned_entropy(T, bins, base=math.e) == pytest.approx(binned.entropy_ * math.log(2))
        fractions = empty_bin_fractions(unit_histograms(T, bins))
        assert fractions.mean() == pytest.approx(binned.empty_bin_fraction_, abs=1e-13)

    def test_k_equal_clusters(self):
        T = np.repeat(np.eye(8), 5, axis=0)
        assert binned_entropy(T, counted_bins(30, 0, 1)) == pytest.approx(3)
        histograms = unit_histograms(T, counted_bins(30, 0, 1))
        assert histograms.shape == (8, 30)
        np.testing.assert_array_equal(histograms[:, [0, -1]], [[35, 5]] * 8)
        np.testing.assert_allclose(empty_bin_fractions(histograms), 28 / 30)

    def test_a_uniform_unit_has_no_empty_bins(self):
        T = np.column_stack([np.linspace(0, 1, 300), np.zeros(300)])
        fractions = empty_bin_fractions(unit_histograms(T, counted_bins(30, 0, 1)))
        np.testing.assert_allclose(fractions, [0, 29 / 30])

    @pytest.mark.parametrize("make", [lambda T: spaced_bins(0.5), lambda T: quantile_bins(T, 7)])
    def test_blocks_of_units_share_their_bins(self, monkeypatch, make):
        T = _rows(50, 6) * np.arange(1, 7)
        whole = unit_histograms(T, make(T))
        monkeypatch.setattr(clustering, "_BLOCK_VALUES", 100)
        np.testing.assert_array_equal(unit_histograms(T, make(T)), whole)
        np.testing.assert_array_equal(whole.sum(axis=1), 50)

    def test_values_outside_are_in_no_bin(self):
        assert unit_histograms([[-2.0], [0.5], [3.0]], counted_bins(2, 0, 1)).tolist() == [[0, 1]]


class TestSeparation:
    def naive(self, T, y):
        D = cdist(T, T)
        np.fill_diagonal(D, np.inf)
        same = y[:, None] == y
        other, own = np.where(same, np.inf, D).min(axis=1), np.where(same, D, np.inf).min(axis=1)
        return other.mean() / own[np.isfinite(own)].mean()

    @pytest.mark.parametrize("n_features", [1, 10, 11, 200])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_is_the_definition(self, n_features, dtype, monkeypatch):
        T, y = _rows(90, n_features, dtype=dtype) + 1000, np.arange(90) % 4
        expected = self.naive(T.astype(np.float64), y)
        assert class_separation(T, y) == pytest.approx(expected, rel=1e-9)
        monkeypatch.setattr(clustering, "_BLOCK_VALUES", 300)
        assert class_separation(T, y) == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize("n_features", [2, 40])
    def test_a_class_of_one_row(self, n_features):
        T, y = _rows(30, n_features), np.array([2] + [0, 1] * 14 + [0])
        assert class_separation(T, y) == pytest.approx(self.naive(T, y), rel=1e-9)

    @pytest.mark.parametrize("n_units", [1, 99])
    def test_two_pairs_far_apart(self, n_units):
        T = np.zeros((4, n_units))
        T[:, -1] = [0, 1, 5, 6]
        assert class_separation(T, list("aabb")) == pytest.approx(4.5)
        assert class_separation(1e-3 * T, list("aabb")) == pytest.approx(4.5)

    @pytest.mark.parametrize("n_units", [3, 30])
    def test_tight_clusters_keep_their_distances(self, n_units):
        T = np.zeros((4, n_units))
        T[:, 0] = [1, 1 + 1e-6, -1, -1 - 1e-6]
        assert class_separation(T, [0, 0, 1, 1]) == pytest.approx(2e6, rel=1e-5)

    def test_mixed_classes(self):
        T, rng = _rows(4000, 2), np.random.default_rng(1)
        assert class_separation(T, rng.integers(0, 2, 4000)) == pytest.approx(1, abs=0.04)
        assert class_separation(T, rng.integers(0, 5, 4000)) == pytest.approx(0.5, abs=0.04)

    def test_collapsed_classes(self):
        T = np.repeat([[0.0, 0.0], [3.0, 4.0]], 5, axis=0)
        assert class_separation(T, np.repeat([0, 1], 5)) == np.inf
        assert math.isnan(class_separation(0 * T, np.repeat([0, 1], 5)))

    def test_refusals(self):
        with pytest.raises(ValueError, match="Every class has a single row"):
            class_separation([[0.0], [1.0]], [0, 1])


class TestEffectiveRank:
    @pytest.mark.parametrize("shape", [(5, 5), (5, 8), (8, 5)])
    def test_orthogonal_directions(self, shape):
        T = np.eye(*shape) * 1e-7
        assert effective_rank(T) == pytest.approx(5)
        assert effective_rank(1e180 * T) == pytest.approx(5)
        assert effective_rank(np.repeat(T[:5], 7, axis=0)) == pytest.approx(5)

    def test_directions_of_unequal_weight(self):
        # Squared lengths 9 and 1: eigenvalues 0.9 and 0.1.
        expected = math.exp(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
        assert effective_rank([[3.0, 0.0], [0.0, 1.0]]) == pytest.approx(expected)

    def test_one_direction(self):
        assert effective_rank(np.outer(np.arange(1, 6), [1, 2, 3])) == pytest.approx(1)
        assert effective_rank(np.zeros((3, 2))) == 1

    @settings(deadline=None, derandomize=True)
    @given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
    def test_bounds_and_rotation(self, n_samples, n_features, seed):
        T = _rows(n_samples, n_features, seed)
        rank = effective_rank(T)
        assert 1 - 1e-9 <= rank <= min(T.shape) * (1 + 1e-9)
        rotation = np.linalg.qr(_rows(n_features, n_features, seed + 1))[0]
        assert effective_rank(5 * T @ rotation) == pytest.approx(rank, rel=1e-8)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_collapsed_classes_have_one(self, dtype):
        centres = _rows(3, 20, dtype=dtype) + dtype(0.1)
        y = np.repeat([0, 1, 2], [4, 5, 6])
        assert class_effective_rank(centres[y], y) == pytest.approx(1)
        assert class_effective_rank(np.full((15, 2), 0.1, dtype=dtype), y) == pytest.approx(1)

    def test_k_clusters_in_a_class(self):
        # Class 0 in 4 clusters at +-1 of 2 axes, class 1 with twice the rows at 1 of the third.
        clusters = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=float)
        T = np.vstack([np.repeat(clusters, 3, axis=0), np.tile([0, 0, 1.0], (24, 1))])
        # Seen from the mean of all, class 0 lies at -2/3 on the third axis.
        weights = np.array([1 / 2, 1 / 2, 4 / 9]) / (1 + 4 / 9)
        first = math.exp(-(weights * np.log(weights)).sum())
        y = np.repeat([0, 1], [12, 24])
        assert class_effective_rank(T, y) == pytest.approx((first + 2) / 3)


@pytest.mark.parametrize("n_features", [3, 30])
def test_order_of_the_rows(n_features):
    T, y = _rows(80, n_features), np.arange(80) % 3
    order = np.random.default_rng(1).permutation(80)
    bins = counted_bins(6, T.min(), T.max())
    for measure in (class_separation, class_effective_rank):
        assert measure(T[order], y[order]) == pytest.approx(measure(T, y), rel=1e-12)
    assert binned_entropy(T[order], bins) == pytest.approx(binned_entropy(T, bins), rel=1e-12)
    assert effective_rank(T[order]) == pytest.approx(effective_rank(T), rel=1e-12)
    assert count_distinct_rows(T[order]) == 80


@pytest.mark.parametrize("measure", [class_separation, class_effective_rank])
class TestBadLabels:
    def test_one_class(self, measure):
        with pytest.raises(ValueError, match="y has one only"):
            measure(_rows(5), np.zeros(5))

    def test_lengths(self, measure):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            measure(_rows(5), [0, 1])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite(bad):
    T = _rows(4)
    T[1, 1] = bad
    bins = counted_bins(2, 0, 1)
    for measure in (count_distinct_rows, effective_rank):
        with pytest.raises(ValueError, match="T contains"):
            measure(T)
    for measure in (binned_entropy, unit_histograms):
        with pytest.raises(ValueError, match="T contains"):
            measure(T, bins)
    with pytest.raises(ValueError, match="T contains"):
        class_separation(T, [0, 0, 1, 1])
