import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ibtools import MLP, InformationClassifier


@pytest.fixture
def net():
    return InformationClassifier(
        MLP, module__sizes=(6, 5, 2), max_epochs=3, lr=0.1, batch_size=16, random_state=0, verbose=0
    )


def test_clone_repeats_the_fit(data, net):
    X, y = data
    twin = clone(net.fit(X, y))
    assert not hasattr(twin, "module_")
    assert twin.get_params()["random_state"] == 0
    np.testing.assert_array_equal(twin.fit(X, y).predict_proba(X), net.predict_proba(X))


def test_cross_validate_is_repeated(data, net):
    first, second = (
        cross_validate(net, *data, cv=3, return_train_score=True, error_score="raise")
        for _ in range(2)
    )
    np.testing.assert_array_equal(first["test_score"], second["test_score"])
    np.testing.assert_array_equal(first["train_score"], second["train_score"])


def test_grid_search_over_the_module(data, net):
    grid = {"module__sizes": [(6, 2), (6, 8, 2)], "module__activation": ["relu"], "lr": [0.0, 0.5]}
    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(*data)
    assert search.best_params_["lr"] == 0.5
    sizes = search.best_params_["module__sizes"]
    assert search.best_estimator_.module_.linear1.out_features == sizes[1]


def test_random_state_is_a_parameter_to_search(data, net):
    search = GridSearchCV(net, {"random_state": [0, 1, 2]}, cv=2, error_score="raise").fit(*data)
    assert len(set(search.cv_results_["mean_test_score"])) > 1


def test_pipeline_with_float64(data, net):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), net).fit(X.astype(np.float64), y)
    scaled = StandardScaler().fit_transform(X.astype(np.float64))
    assert scaled.dtype == np.float64
    expected = clone(net).fit(scaled, y).predict_proba(scaled)
    np.testing.assert_array_equal(pipeline.predict_proba(X.astype(np.float64)), expected)


def test_set_params_makes_the_module_anew(data, net):
    X, y = data
    net.fit(X, y).set_params(module__sizes=(6, 9, 2))
    assert net.module_.linear1.out_features == 9
    expected = clone(net).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(net.fit(X, y).predict_proba(X), expected)


def test_frames_and_series(data, net):
    X, y = data
    expected = clone(net).fit(X, y).predict_proba(X)
    frame = pd.DataFrame(X).add_prefix("x")
    np.testing.assert_array_equal(net.fit(frame, pd.Series(y)).predict_proba(frame), expected)
    search = GridSearchCV(net, {"lr": [0.1]}, cv=2, error_score="raise").fit(frame, pd.Series(y))
    np.testing.assert_array_equal(search.predict_proba(frame), expected)
