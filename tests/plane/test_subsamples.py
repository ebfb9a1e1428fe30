"""Points of subsamples: means and standard errors, and whether these cover."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator

from ibtools import BinnedMI, KernelDensityMI, SamplePropagationMI
from ibtools.plane._measurement import measure_point
from ibtools.plane._subsamples import draw_subsamples, mean_point, measure_subsamples


class Mean(BaseEstimator):
    """Stands in for an estimator: its value is a mean over rows, whose errors are known."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None, inputs=None):
        self.mi_x_ = X.mean()
        self.mi_x_std_error_ = 99.0
        self.seed_ = self.random_state
        return self


def _measuring(T, y=None):
    def measure(estimator, rows):
        return measure_point(estimator, T[rows], None if y is None else y[rows])

    return measure


def test_subsamples_are_disjoint_and_ordered():
    subsamples = draw_subsamples(30, 3, 0)
    assert [len(rows) for rows in subsamples] == [10, 10, 10]
    np.testing.assert_array_equal(np.sort(np.concatenate(subsamples)), np.arange(30))
    assert all((np.diff(rows) > 0).all() for rows in subsamples)
    np.testing.assert_array_equal(subsamples, draw_subsamples(30, 3, 0))
    assert not np.array_equal(subsamples, draw_subsamples(30, 3, 1))


def test_mean_and_error_by_hand():
    T = np.array([[1.0], [2.0], [6.0]])
    point = measure_subsamples(_measuring(T), Mean(), [np.array([k]) for k in range(3)])
    assert point["mi_x"] == pytest.approx(3)
    assert point["mi_x_std_error"] == pytest.approx(math.sqrt(7 / 3))  # variance (4 + 1 + 9) / 2
    assert set(point) == {"mi_x", "mi_x_std_error"}


def test_one_subsample_is_the_estimator_alone():
    T = np.random.default_rng(0).normal(size=(50, 2))
    rows = np.arange(0, 50, 2)
    assert measure_subsamples(_measuring(T), Mean(), [rows]) == {
        "mi_x": T[rows].mean(),
        "mi_x_std_error": 99.0,
    }


def test_mean_point_takes_what_all_have():
    assert mean_point([{"mi_x": 1.0, "mi_y": 2.0}, {"mi_x": 3.0}]) == {"mi_x": 2.0}


@pytest.mark.parametrize(("seed", "expected"), [(7, [7, 8, 9]), (None, [None] * 3)])
def test_subsamples_have_random_draws_of_their_own(seed, expected):
    seeds = []

    def measure(estimator, rows):
        seeds.append(estimator.random_state)
        return {"mi_x": 0.0}

    estimator = Mean(random_state=seed)
    measure_subsamples(measure, estimator, [np.arange(2)] * 3)
    assert seeds == expected
    assert estimator.random_state == seed


def test_a_random_state_draws_the_seeds_of_subsamples():
    seeds = []

    def measure(estimator, rows):
        seeds.append(estimator.random_state)
        return {"mi_x": 0.0}

    estimator = Mean(random_state=np.random.RandomState(0))
    for _ in range(2):
        measure_subsamples(measure, estimator, [np.arange(2)] * 3)
    assert len(set(seeds[:3])) == 3
    assert seeds[:3] == seeds[3:]


def _layer(n_rows):
    """Three overlapping clusters in two dimensions, and labels that follow two of them."""
    rng = np.random.default_rng(0)
    clusters = rng.integers(3, size=n_rows)
    T = np.tanh(clusters[:, None] + rng.normal(scale=0.5, size=(n_rows, 2)))
    return T, np.where(rng.random(n_rows) < 0.9, clusters == 2, clusters == 1).astype(int)


@pytest.mark.parametrize(
    ("estimator", "quantities"),
    [
        (BinnedMI(8), ("mi_x", "mi_y")),
        (KernelDensityMI(0.05), ("mi_x", "mi_y")),
        (SamplePropagationMI(0.3, random_state=0), ("mi_x",)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_cover_over_draws_of_rows(estimator, quantities):
    """Intervals of Student's t hold the mean over all draws of rows as often as they say."""
    T, y = _layer(20_000)
    n_subsamples, n_draws, n_rows = 6, 60, 80
    rng = np.random.RandomState(0)
    points = []
    for _ in range(n_draws):
        rows = rng.choice(len(T), size=n_subsamples * n_rows, replace=False)
        subsamples = draw_subsamples(len(rows), n_subsamples, rng)
        points.append(measure_subsamples(_measuring(T[rows], y[rows]), estimator, subsamples))
    quantile = stats.t.ppf(0.95, n_subsamples - 1)  # two-sided 90 %
    for name in quantities:
        values = np.array([point[name] for point in points])
        errors = np.array([point[f"{name}_std_error"] for point in points])
        covered = np.abs(values - values.mean()) < quantile * errors
        assert covered.mean() > 0.8  # 0.9 less 2.6 standard deviations of 60 draws
        assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(ddof=1), rel=0.3)


def test_bias_of_small_subsamples_is_not_in_the_error():
    """All rows distinct: I(X;T) is log2 of the rows of a subsample, exactly, with no spread."""
    T = np.arange(4096.0)[:, None]
    point = measure_subsamples(_measuring(T), BinnedMI(4096), draw_subsamples(4096, 8, 0))
    assert point["mi_x"] == pytest.approx(9)
    assert point["mi_x_std_error"] < 1e-12
    assert BinnedMI(4096).fit(T).mi_x_ == pytest.approx(12)
