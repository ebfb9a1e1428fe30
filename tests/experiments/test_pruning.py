"""Pruning: which layers are proposed, kept and reported."""

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from torch import nn

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier
from ibtools.datasets import make_szt
from ibtools.experiments._pruning import prune_network, remove_hidden_layer

X = np.zeros((20, 2))
y = np.repeat([0, 1], 10)

# Where the trajectories of the layers lie; b is close to a, and c even closer to b.
POINTS = {"a": 3.0, "b": 3.05, "c": 3.06, "d": 1.0}


class Net(BaseEstimator):
    """A net whose layers are letters, and whose score depends on which are there."""

    def __init__(self, layers="abcd", needed="ad", random_state=0):
        self.layers = layers
        self.needed = needed
        self.random_state = random_state

    def fit(self, X, y):
        self.module_ = nn.Linear(len(self.layers), 1)
        row = {"epoch": 1}
        for layer in self.layers:
            row |= {f"mi_x/binned/{layer}": POINTS[layer], f"mi_y/binned/{layer}": 0.5}
            row |= {f"log_base/binned/{layer}": 2.0, f"mi_x_ceiling/binned/{layer}": 12.0}
        self.history = [row]
        self.fitted_rows_ = len(X)
        return self

    def score(self, X, y):
        assert self.fitted_rows_ + len(X) == 20
        return 0.9 if set(self.needed) <= set(self.layers) else 0.5


def _without(net, layer):
    return Net(net.layers.replace(layer, ""), net.needed, net.random_state)


def test_the_closest_layers_go_first_and_needed_ones_stay():
    result = prune_network(Net(), X, y, remove=_without)
    assert result.net.layers == "ad"
    steps = result.steps
    assert steps["removed"].tolist()[1:] == ["c", "b"]
    assert steps["coincides_with"].tolist()[1:] == ["b", "a"]
    np.testing.assert_allclose(steps["distance"][1:], [0.01, 0.05], atol=1e-12)
    assert steps["n_parameters"].tolist() == [5, 4, 3]
    assert steps["kept"].all()


def test_a_layer_whose_removal_costs_score_stays_and_the_next_is_tried():
    result = prune_network(Net(needed="acd"), X, y, remove=_without)
    assert result.net.layers == "acd"
    assert result.steps["removed"].tolist()[1:] == ["c", "b", "c"]
    assert result.steps["kept"].tolist() == [True, False, True, False]
    assert result.steps["score"].tolist() == [0.9, 0.5, 0.9, 0.5]


def test_a_drop_that_is_allowed():
    result = prune_network(Net(needed="abcd"), X, y, remove=_without, max_score_drop=0.5)
    assert result.net.layers == "ad"


def test_what_cannot_be_removed_is_passed_over():
    result = prune_network(Net(), X, y, remove=lambda net, layer: None)
    assert len(result.steps) == 1
    assert result.net.layers == "abcd"


def test_scores_are_means_over_seeds():
    class Seeded(Net):
        def score(self, X, y):
            return 0.5 + 0.1 * self.random_state

    result = prune_network(Seeded(layers="d"), X, y, seeds=(1, 3), remove=_without)
    row = result.steps.iloc[0]
    assert row["score"] == pytest.approx(0.7)
    assert row["score_std"] == pytest.approx(np.std([0.6, 0.8], ddof=1))


def test_hidden_layers_of_an_mlp():
    net = InformationClassifier(
        MLP, module__sizes=(6, 5, 4, 2), module__activation=["tanh", "relu"], max_epochs=1
    )
    smaller = remove_hidden_layer(net, "hidden1")
    assert smaller.module__sizes == (6, 4, 2)
    assert smaller.module__activation == ["relu"]
    assert remove_hidden_layer(net, "hidden3") is None
    assert remove_hidden_layer(net, "probabilities") is None
    assert remove_hidden_layer(smaller, "hidden1") is None
    other = InformationClassifier(nn.Linear(6, 2))
    with pytest.raises(ValueError, match="say how with remove="):
        remove_hidden_layer(other, "hidden1")


def test_a_trained_network():
    X, y = make_szt()
    net = InformationClassifier(
        MLP,
        module__sizes=(12, 6, 3, 3, 2),
        max_epochs=2,
        train_split=None,
        callbacks=[InfoPlaneCallback(BinnedMI(n_bins=4), n_records=1)],
        random_state=0,
        verbose=0,
    )
    result = prune_network(net, X[::4], y[::4], tol=50.0, max_score_drop=1.0)
    assert result.net.module__sizes == (12, 6, 2)  # one hidden layer is left
    assert result.steps["kept"].all()


def test_no_seed():
    with pytest.raises(ValueError, match="seeds needs one seed"):
        prune_network(Net(), X, y, seeds=())


@pytest.mark.slow
def test_superfluous_layers_go_without_losing_score():
    """Three of the four layers of 3 units are superfluous: all go, and more, over three seeds."""
    X, y = make_szt()
    net = InformationClassifier(
        MLP,
        module__sizes=(12, 10, 7, 5, 4, 3, 3, 3, 3, 2),
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=4e-3,
        batch_size=256,
        max_epochs=150,
        train_split=None,
        callbacks=[InfoPlaneCallback(BinnedMI(n_bins=30), n_records=8)],
        random_state=0,
        verbose=0,
    )
    result = prune_network(net, X, y, seeds=(0, 1, 2), tol=4.0, max_score_drop=0.01)
    assert result.net.module__sizes.count(3) <= 1
    kept = result.steps[result.steps["kept"]]
    assert len(kept) >= 4
    assert kept["score"].iloc[-1] >= kept["score"].iloc[0] - 0.01
