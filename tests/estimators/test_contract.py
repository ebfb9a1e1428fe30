"""What all estimators do alike: forget an earlier fit, leave out rows without weight, refuse."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import has_fit_parameter

from ibtools import (
    BinnedMI,
    DependenceGraphMI,
    GaussianMI,
    KernelDensityMI,
    NearestNeighborsMI,
    RenyiMatrixMI,
    SamplePropagationMI,
)
from ibtools.estimators._contract import weigh_rows

ESTIMATORS = [
    BinnedMI(),
    DependenceGraphMI(random_state=0),
    GaussianMI(),
    KernelDensityMI(),
    NearestNeighborsMI(),
    RenyiMatrixMI(),
    SamplePropagationMI(random_state=0),
]
DECODERS = [one for one in ESTIMATORS if hasattr(one, "score")]
WEIGHTED = [one for one in ESTIMATORS if has_fit_parameter(one, "sample_weight")]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    return rng.normal(size=(60, 2)) + y[:, None], y


def _inputs(estimator, X):
    return X if estimator.inputs_as == "values" else np.arange(len(X)) // 20


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_a_fit_leaves_nothing_of_an_earlier_one(estimator, data):
    T, y = data
    rng = np.random.default_rng(1)
    inputs = _inputs(estimator, rng.normal(size=(60, 1)))
    once = set(vars(estimator.fit(T)))
    assert set(vars(estimator.fit(T, y, inputs=inputs))) > once
    assert set(vars(estimator.fit(T))) == once


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_a_fit_that_fails_leaves_no_results(estimator, data):
    T, y = data
    estimator.fit(T, y)
    with pytest.raises(ValueError, match="NaN"):
        estimator.fit(np.full((5, 2), np.nan))
    with pytest.raises(NotFittedError):
        estimator.transform(T)


@pytest.mark.parametrize("estimator", DECODERS, ids=lambda one: type(one).__name__)
def test_no_score_without_labels(estimator, data):
    T, y = data
    with pytest.raises(NotFittedError, match=f"This {type(estimator).__name__} was fitted without"):
        estimator.fit(T).score(T, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(T, y).score(T, y[:-1])


@pytest.mark.parametrize("estimator", WEIGHTED, ids=lambda one: type(one).__name__)
def test_rows_without_weight_are_as_if_not_given(estimator, data):
    T, y = data
    kept = np.arange(60) % 3 > 0
    weighted = estimator.fit(T, y, sample_weight=kept.astype(float)).mi_y_
    T, y = T.copy(), y.copy()
    T[~kept], y[~kept] = 1e6, 7
    assert estimator.fit(T, y, sample_weight=kept.astype(float)).mi_y_ == weighted
    assert weighted == pytest.approx(estimator.fit(T[kept], y[kept]).mi_y_, rel=1e-9)


def test_weights_that_are_counts_sum_to_two_rows():
    T = np.zeros((4, 1))
    assert weigh_rows(T, None, None, [0.25] * 4)[3].tolist() == [0.25] * 4
    assert weigh_rows(T, None, None, [1, 0, 0, 1], as_counts=True)[3].tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"sums to 1, but weights count rows"):
        weigh_rows(T, None, None, [0.25] * 4, as_counts=True)
