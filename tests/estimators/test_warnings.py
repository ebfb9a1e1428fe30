"""Warnings name the line of the user, whoever called fit."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ibtools import (
    BinnedMI,
    DependenceGraphMI,
    GaussianMI,
    KernelDensityMI,
    NearestNeighborsMI,
    RenyiMatrixMI,
    SamplePropagationMI,
)
from ibtools.estimators._warnings import warn_user

ESTIMATORS = [
    BinnedMI(),
    DependenceGraphMI(random_state=0),
    GaussianMI(),
    KernelDensityMI(),
    NearestNeighborsMI(),
    RenyiMatrixMI(),
    SamplePropagationMI(random_state=0),
]


def _fit(estimator, T, y):
    estimator.fit(T, y)


def _fit_transform(estimator, T, y):
    estimator.fit_transform(T, y)


def _fit_in_a_pipeline(estimator, T, y):
    make_pipeline(StandardScaler(), estimator).fit(T, y)


@pytest.mark.parametrize("fit", [_fit, _fit_transform, _fit_in_a_pipeline])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_one_class_warns_where_the_user_is(estimator, fit):
    T = np.arange(8.0)[:, None] ** 2
    with pytest.warns(UserWarning, match="All labels are .*: with one class I") as caught:
        fit(estimator, T, ["a"] * 8)
    assert [one.filename for one in caught] == [__file__]


def test_category_and_place():
    with pytest.warns(RuntimeWarning, match="watch out") as caught:
        warn_user("watch out", RuntimeWarning)
    assert caught[0].filename == __file__
