"""InformationBottleneck composes with pipelines, searches and clones."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_clusterer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer

from ibtools import BinnedMI, InformationBottleneck


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    return np.tanh(rng.normal(size=(600, 2)) + 1.5 * y[:, None]), y


BINS = [
    BinnedMI(n_bins=6, bounds=(-1, 1)),
    KBinsDiscretizer(6, encode="ordinal", strategy="uniform"),
]


@pytest.mark.parametrize("bins", BINS, ids=["BinnedMI", "KBinsDiscretizer"])
def test_between_bins_and_a_classifier(data, bins):
    pipeline = make_pipeline(
        bins, InformationBottleneck(betas=[10.0], random_state=0), LogisticRegression()
    )
    assert cross_val_score(pipeline, *data).mean() > 0.8
    clusters = pipeline.fit(*data)[:-1].transform(data[0])
    assert clusters.shape[1] < 36, "fewer clusters than bins"
    names = pipeline[:-1].get_feature_names_out()
    assert names[0] == "informationbottleneck0"


def test_grid_search_finds_bins_and_beta_between_the_extremes(data):
    pipeline = make_pipeline(BinnedMI(bounds=(-1, 1)), InformationBottleneck(random_state=0))
    search = GridSearchCV(
        pipeline,
        {
            "binnedmi__n_bins": [2, 6, 200],
            "informationbottleneck__betas": [[1.01], [12.0], [1e4]],
        },
        cv=3,
    )
    search.fit(*data)
    assert search.best_params_ == {
        "binnedmi__n_bins": 6,
        "informationbottleneck__betas": [12.0],
    }
    assert search.best_score_ > 0.3


def test_score_without_information_is_not_above_zero():
    rng = np.random.default_rng(0)
    X, y = rng.integers(5, size=(500, 2)), rng.integers(2, size=500)
    scores = cross_val_score(InformationBottleneck(betas=[50.0]), X, y)
    assert scores.mean() < 0


def test_clone_keeps_parameters_and_drops_results(data):
    X, y = data
    fitted = InformationBottleneck(3, betas=[2.0, 4.0], beta=2.0, alpha=0.5).fit(X.round(), y)
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "encoder_")


def test_type():
    """Fitted with labels, it predicts clusters: neither type of scikit-learn."""
    assert not is_classifier(InformationBottleneck())
    assert not is_clusterer(InformationBottleneck())
