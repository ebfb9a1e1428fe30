"""Clustering of the layers, recorded while a network learns."""

import json

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch import NeuralNetRegressor
from skorch.callbacks import EarlyStopping, PrintLog
from torch import nn

from ibtools import BinnedMI
from ibtools.callbacks._clustering import ClusteringCallback
from ibtools.information._clustering import (
    class_effective_rank,
    class_separation,
    count_distinct_rows,
)
from ibtools.plane._clustering import activation_histograms, clustering_table

BOUNDS = {"hidden1": (-1, 1), "hidden2": (-1, 1), "probabilities": (0, 1)}


def _activations(net, X):
    module = net.module_
    with torch.no_grad():
        first = torch.tanh(module.linear1(torch.as_tensor(X)))
        second = torch.tanh(module.linear2(first))
        last = torch.softmax(module.linear3(second), dim=1)
    return dict(zip(BOUNDS, (first.numpy(), second.numpy(), last.numpy()), strict=True))


def test_values_are_those_of_the_layers(data, make_net):
    net = make_net(ClusteringCallback(n_bins=7, on=data)).fit(*data)
    table = clustering_table(net.history)
    assert table["epoch"].unique().tolist() == [0, 1, 2, 3]
    assert table["layer"].tolist() == [*BOUNDS] * 4
    last = table[table["epoch"] == 3].set_index("layer")
    for layer, T in _activations(net, data[0]).items():
        binned = BinnedMI(7, bounds=BOUNDS[layer]).fit(T)
        assert last.loc[layer, "n_distinct"] == count_distinct_rows(T)
        assert last.loc[layer, "bin_entropy"] == pytest.approx(binned.entropy_)
        assert last.loc[layer, "empty_bins"] == pytest.approx(binned.empty_bin_fraction_)
        separation, rank = class_separation(T, data[1]), class_effective_rank(T, data[1])
        assert last.loc[layer, "class_separation"] == pytest.approx(separation, rel=1e-4)
        assert last.loc[layer, "class_rank"] == pytest.approx(rank, rel=1e-4)


def test_histograms_of_the_first_the_middle_and_the_last_epoch(data, make_net):
    net = make_net(ClusteringCallback(n_bins=7, on=data, every=[]), max_epochs=9).fit(*data)
    table = activation_histograms(net.history)
    assert table["epoch"].unique().tolist() == [0, 4, 9]
    assert clustering_table(net.history)["epoch"].unique().tolist() == [0, 4, 9]
    for layer, T in _activations(net, data[0]).items():
        bins = table[(table["epoch"] == 9) & (table["layer"] == layer)]
        edges = np.linspace(*BOUNDS[layer], 8)
        np.testing.assert_allclose(bins["lower"], edges[:-1], atol=1e-12)
        np.testing.assert_allclose(bins["upper"], edges[1:], atol=1e-12)
        counts = BinnedMI(7, bounds=BOUNDS[layer]).fit(T).bin_counts_.sum(axis=0)
        np.testing.assert_allclose(bins["fraction"], counts / T.size)
    np.testing.assert_allclose(table.groupby(["epoch", "layer"])["fraction"].sum(), 1)


@pytest.mark.parametrize("epochs", [[2], [], range(1, 4, 2)])
def test_histograms_of_chosen_epochs(data, make_net, epochs):
    net = make_net(ClusteringCallback(histogram_epochs=epochs)).fit(*data)
    kept = {key for row in net.history for key in row if "histogram" in key}
    if len(epochs):
        assert activation_histograms(net.history)["epoch"].unique().tolist() == [*epochs]
        assert len(kept) == 3 * (30 + 2)
    else:
        assert not kept


def test_training_that_stops_early_has_its_last_histogram(data, make_net):
    stop = EarlyStopping(patience=2, threshold=1e9, threshold_mode="abs")
    net = make_net(ClusteringCallback(every=1), stop, max_epochs=50).fit(*data)
    last = len(net.history)
    assert last < 10
    assert activation_histograms(net.history)["epoch"].unique().tolist() == [0, last]
    assert clustering_table(net.history)["epoch"].unique().tolist() == [*range(last + 1)]


def test_bounds_of_the_data_where_the_activation_has_none(data, make_net):
    net = make_net(ClusteringCallback(on=data), module__activation="relu").fit(*data)
    table = activation_histograms(net.history)
    with torch.no_grad():
        T = torch.relu(net.module_.linear1(torch.as_tensor(data[0]))).numpy()
    bins = table[(table["epoch"] == 3) & (table["layer"] == "hidden1")]
    assert len(bins) == 30
    assert bins["lower"].iloc[0] == 0
    assert bins["upper"].iloc[-1] == pytest.approx(T.max())


def test_a_dead_layer_has_one_bin(data, make_net):
    class Dead(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.act, self.last = nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)
            nn.init.constant_(self.first.bias, -1e3)

        def forward(self, X):
            return self.last(self.act(self.first(X)))

    net = make_net(ClusteringCallback(on=data), module=Dead, max_epochs=1).fit(*data)
    row = clustering_table(net.history).set_index(["epoch", "layer"]).loc[(1, "act")]
    assert row[["n_distinct", "bin_entropy", "empty_bins", "class_rank"]].tolist() == [1, 0, 0, 1]
    assert np.isnan(row["class_separation"])
    bins = activation_histograms(net.history)
    assert bins.loc[bins["layer"] == "act", "fraction"].tolist() == [1.0, 1.0]


def test_targets_that_are_no_classes(data):
    X = data[0]
    net = NeuralNetRegressor(
        nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 6)),
        callbacks=[ClusteringCallback()],
        max_epochs=1,
        verbose=0,
        train_split=None,
    )
    assert [*clustering_table(net.fit(X, X).history)] == [
        "epoch",
        "layer",
        "n_distinct",
        "bin_entropy",
        "empty_bins",
    ]
    assert "class_rank" not in clustering_table(net.fit(X, X[:, :6] ** 2).history)


def test_training_is_not_changed(data, make_net):
    layers = [nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2)]

    def fit(*callbacks):
        net = make_net(*callbacks, module=nn.Sequential(*layers)).fit(*data)
        return net.module_.state_dict()

    measured = fit(ClusteringCallback())
    for name, value in fit().items():
        assert torch.equal(value, measured[name])


def test_history_holds_plain_numbers_and_the_log_stays_short(data, make_net):
    lines = []
    net = make_net(
        ClusteringCallback(), callbacks__print_log=PrintLog(sink=lines.append), verbose=1
    ).fit(*data)
    assert not any("clustering" in line for line in lines)
    values = [row[key] for row in net.history for key in row if key.startswith("clustering")]
    assert {type(value) for value in values} == {float}
    again = json.loads(json.dumps(net.history.to_list()))
    assert clustering_table(again).equals(clustering_table(net.history))
    assert activation_histograms(again).equals(activation_histograms(net.history))


def test_training_goes_on(data, make_net):
    net = make_net(ClusteringCallback(every=1)).fit(*data).partial_fit(*data)
    assert clustering_table(net.history)["epoch"].unique().tolist() == [*range(7)]
    assert activation_histograms(net.history)["epoch"].unique().tolist() == [0, 1, 3, 6]


class TestRefusals:
    def test_bins(self, data, make_net):
        with pytest.raises(ValueError, match="n_bins must be 1 or more, got 0"):
            make_net(ClusteringCallback(0)).fit(*data)

    @pytest.mark.parametrize("epochs", ["log", [1.5], [-1]])
    def test_epochs(self, data, make_net, epochs):
        with pytest.raises(ValueError, match="histogram_epochs must be epochs as whole numbers"):
            make_net(ClusteringCallback(histogram_epochs=epochs)).fit(*data)

    def test_two_of_them(self, data, make_net):
        with pytest.raises(ValueError, match="two callbacks of the class ClusteringCallback"):
            make_net(ClusteringCallback(), ClusteringCallback()).fit(*data)

    def test_activations_that_are_not_finite(self, data, make_net):
        net = make_net(ClusteringCallback(every=1), lr=np.inf)
        with pytest.raises(
            ValueError, match=r"'hidden1' could not be measured at epoch 1: its act"
        ):
            net.fit(*data)
        assert clustering_table(net.history)["epoch"].unique().tolist() == [0]

    def test_a_layer_whose_name_marks_the_untrained_network(self, data, make_net):
        module = nn.Sequential()
        module.add_module("act@0", nn.Tanh())
        module.add_module("last", nn.Linear(6, 2))
        with pytest.raises(ValueError, match="'act@0' ends in @0"):
            make_net(ClusteringCallback(), module=module).fit(*data)

    def test_max_samples(self, data, make_net):
        with pytest.raises(ValueError, match="max_samples must be a whole number of 1 or more"):
            make_net(ClusteringCallback(max_samples=0)).fit(*data)


def test_clone():
    assert clone(ClusteringCallback(n_bins=4, histogram_epochs=[3])).n_bins == 4
