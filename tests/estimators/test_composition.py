"""BinnedMI composes with pipelines, searches and clones."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from ibtools import BinnedMI


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    return np.tanh(rng.normal(size=(600, 2)) + 1.5 * y[:, None]), y


def test_codes_feed_a_classifier(data):
    X, y = data
    pipeline = make_pipeline(
        BinnedMI(n_bins=6, bounds=(-1, 1)),
        OneHotEncoder(handle_unknown="ignore"),
        LogisticRegression(),
    )
    assert cross_val_score(pipeline, X, y).mean() > 0.8


def test_grid_search_finds_a_resolution_between_the_extremes(data):
    X, y = data
    search = GridSearchCV(BinnedMI(bounds=(-1, 1)), {"n_bins": [1, 4, 8, 1000]}, cv=5).fit(X, y)
    assert search.best_params_["n_bins"] in (4, 8)
    assert search.best_score_ > 0.3


def test_score_without_information_is_not_above_zero():
    rng = np.random.default_rng(0)
    scores = cross_val_score(BinnedMI(8), rng.normal(size=(500, 2)), rng.integers(2, size=500))
    assert scores.mean() < 0


def test_clone_keeps_parameters_and_drops_results(data):
    fitted = BinnedMI(7, bounds=(-1, 1), outside="overflow").fit(*data)
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "mi_x_")


def test_frames_in_frames_out(data):
    import pandas as pd

    X = pd.DataFrame(data[0], columns=["a", "b"])
    codes = BinnedMI().set_output(transform="pandas").fit_transform(X)
    assert codes.columns.tolist() == ["a", "b"]
