import copy
import json

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback
from torch import nn
from torch.utils.data import DataLoader

from ibtools import BinnedMI, InfoPlaneCallback, InformationPlane


def points(net, epoch=-1, estimator="BinnedMI"):
    table = InformationPlane.from_history(net.history)
    table = table.select(epochs=epoch, estimators=estimator).to_frame()
    return table.set_index("layer")[["mi_x", "mi_y"]].stack().to_dict()


class KeepModules(Callback):
    """A copy of the module before the first epoch and after every one."""

    def on_train_begin(self, net, **kwargs):
        self.modules_ = [copy.deepcopy(net.module_)]

    def on_epoch_end(self, net, **kwargs):
        self.modules_.append(copy.deepcopy(net.module_))


class TestValues:
    def rows(self, net, on, data):
        if isinstance(on, tuple):
            return on
        train, valid = net.get_split_datasets(*data)
        rows = {"train": [train.indices], "valid": [valid.indices]}
        rows["all"] = rows["train"] + rows["valid"]
        rows = np.concatenate(rows[on])
        return data[0][rows], data[1][rows]

    @pytest.mark.parametrize("loader", [False, True])
    @pytest.mark.parametrize("on", ["train", "valid", "all", "pair"])
    @pytest.mark.filterwarnings("ignore:You set iterator_valid__shuffle:UserWarning")  # skorch
    def test_every_epoch_equals_the_values_by_hand(self, data, make_net, by_hand, on, loader):
        on = (data[0][::-1][:25], data[1][::-1][:25]) if on == "pair" else on
        iterators = {"iterator_valid": DataLoader, "iterator_valid__shuffle": True}
        keep = KeepModules()
        net = make_net(
            InfoPlaneCallback(BinnedMI(4), on=on, every=1), keep, **(iterators if loader else {})
        ).fit(*data)
        X, y = self.rows(net, on, data)
        for epoch, module in enumerate(dict(net.callbacks_)["KeepModules"].modules_):
            expected = by_hand(module, np.ascontiguousarray(X), y)
            assert points(net, epoch) == pytest.approx(expected, abs=1e-12)
        table = InformationPlane.from_history(net.history).to_frame()
        assert table["epoch"].unique().tolist() == [0, 1, 2, 3]
        assert table["layer"].unique().tolist() == ["hidden1", "hidden2", "probabilities"]
        np.testing.assert_allclose(table["mi_x_ceiling"], np.log2(len(y)))
        p = np.bincount(y) / len(y)
        np.testing.assert_allclose(table["mi_y_ceiling"], -(p * np.log2(p)).sum())

    def test_several_estimators(self, data, make_net, by_hand):
        estimators = {"fine": BinnedMI(), "coarse": BinnedMI(4), "nats": BinnedMI(4, base=np.e)}
        net = make_net(InfoPlaneCallback(estimators, on=data)).fit(*data)
        plane = InformationPlane.from_history(net.history)
        assert plane.estimators == ["fine", "coarse", "nats"]
        fine, coarse = (by_hand(net.module_, *data, n_bins) for n_bins in (30, 4))
        nats = {place: value * np.log(2) for place, value in coarse.items()}
        assert points(net, estimator="fine") == pytest.approx(fine)
        assert points(net, estimator="coarse") == pytest.approx(coarse)
        assert points(net, estimator="nats") == pytest.approx(nats)
        units = plane.to_frame().groupby("estimator")["unit"].first().to_dict()
        assert units == {"fine": "bits", "coarse": "bits", "nats": "nats"}

    def test_other_estimators_for_some_layers(self, data, make_net, by_hand):
        callback = InfoPlaneCallback(
            BinnedMI(4), on=data, layer_estimators={"hidden*": BinnedMI(2)}
        )
        net = make_net(callback).fit(*data)
        four, two = (by_hand(net.module_, *data, n_bins) for n_bins in (4, 2))
        expected = {place: (two if "hidden" in place[0] else four)[place] for place in four}
        assert points(net) == pytest.approx(expected)
        assert points(net) != pytest.approx(four)

    def test_other_estimators_by_name(self, data, make_net, by_hand):
        estimators = {"a": BinnedMI(4), "b": BinnedMI(4)}
        others = {"hidden1": {"b": BinnedMI(2)}}
        net = make_net(InfoPlaneCallback(estimators, on=data, layer_estimators=others)).fit(*data)
        four, two = (by_hand(net.module_, *data, n_bins) for n_bins in (4, 2))
        assert points(net, estimator="a") == pytest.approx(four)
        expected = {place: (two if place[0] == "hidden1" else four)[place] for place in four}
        assert points(net, estimator="b") == pytest.approx(expected)

    def test_without_module_bounds_bins_cover_the_values(self, data, make_net):
        callback = InfoPlaneCallback(on=data, module_bounds=False)
        net = make_net(callback).fit(*data)
        binned = BinnedMI().fit(net.predict_proba(data[0]), data[1])
        assert points(net)["probabilities", "mi_x"] == pytest.approx(binned.mi_x_)
        assert points(net)["probabilities", "mi_y"] == pytest.approx(binned.mi_y_)

    def test_saturated_tanh_is_within_its_bounds(self, data, make_net):
        net = make_net(InfoPlaneCallback(on=data)).fit(data[0] * np.float32(1e4), data[1])
        with torch.no_grad():
            hidden = torch.tanh(net.module_.linear1(torch.as_tensor(data[0] * np.float32(1e4))))
        assert hidden.max() == 1
        assert hidden.min() == -1

    def test_standard_errors_are_recorded(self, data, make_net, spy):
        class WithError(spy):
            def fit(self, X, y=None, *, inputs=None):
                super().fit(X, y, inputs=inputs)
                self.mi_x_std_error_ = 0.25
                return self

        net = make_net(InfoPlaneCallback({"e": WithError()})).fit(*data)
        table = InformationPlane.from_history(net.history).to_frame()
        assert (table["mi_x_std_error"] == 0.25).all()


class TestInputs:
    def test_replicates_hand_over_the_index(self, data, make_net, spy):
        callback = InfoPlaneCallback(spy(), on=data, n_replicates=3, every={3})
        make_net(callback, module=nn.Linear(6, 2)).fit(*data)
        for call in spy.calls:
            np.testing.assert_array_equal(call["inputs"], np.tile(np.arange(60), 3))
            np.testing.assert_array_equal(call["y"], np.tile(data[1], 3))
            first, *others = np.split(call["X"], 3)
            for other in others:
                np.testing.assert_array_equal(other, first)
        assert len(spy.calls) == 2

    def test_one_propagation_hands_over_nothing(self, data, make_net, spy):
        make_net(InfoPlaneCallback(spy())).fit(*data)
        assert all(call["inputs"] is None for call in spy.calls)

    @pytest.mark.parametrize("n_replicates", [1, 2])
    def test_values(self, data, make_net, spy, n_replicates):
        class Valued(spy):
            inputs_as = "values"

        images = data[0].reshape(60, 2, 3)
        module = nn.Sequential(nn.Flatten(), nn.Linear(6, 2), nn.Tanh())
        callback = InfoPlaneCallback(Valued(), on="all", n_replicates=n_replicates)
        net = make_net(callback, module=module, max_epochs=1).fit(images, data[1])
        train, valid = net.get_split_datasets(images, data[1])
        rows = np.concatenate([train.indices, valid.indices])
        for call in spy.calls:
            np.testing.assert_array_equal(call["inputs"], np.tile(data[0][rows], (n_replicates, 1)))

    def test_max_samples(self, data, make_net, spy):
        callback = InfoPlaneCallback(spy(), on="all", max_samples=10, random_state=0)
        net = make_net(callback).fit(*data)
        net.partial_fit(*data)
        labels = [call["y"].tolist() for call in spy.calls]
        assert all(row == labels[0] for row in labels)
        assert len(labels[0]) == 10
        table = InformationPlane.from_history(net.history).to_frame()
        np.testing.assert_allclose(table["mi_x_ceiling"], np.log2(10))

    @pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
    def test_the_same_rows_in_every_call(self, data, make_net, spy, random_state):
        callback = InfoPlaneCallback(spy(), max_samples=10, random_state=random_state)
        net = make_net(callback, max_epochs=1).fit(*data)
        net.partial_fit(*data)
        assert len({tuple(call["y"]) for call in spy.calls}) == 1

    def test_estimators_are_cloned(self, data, make_net):
        binned = BinnedMI()
        make_net(InfoPlaneCallback(binned)).fit(*data)
        assert not hasattr(binned, "mi_x_")


class TestSchedule:
    @pytest.mark.parametrize(
        ("every", "epochs"),
        [
            (1, [0, 1, 2, 3, 4, 5, 6, 7]),
            (3, [0, 3, 6, 7]),
            ({2, 5}, [0, 2, 5, 7]),
            ([0, 7], [0, 7]),
            (100, [0, 7]),
            ("log", [0, 1, 2, 4, 7]),
        ],
    )
    def test_epochs(self, data, make_net, every, epochs):
        net = make_net(InfoPlaneCallback(every=every, n_records=4), max_epochs=7).fit(*data)
        assert InformationPlane.from_history(net.history).epochs == epochs

    def test_epoch_0_is_the_untrained_network(self, data, make_net, by_hand):
        net = make_net(InfoPlaneCallback(BinnedMI(4), on=data)).fit(*data)
        untrained = clone(net).initialize().module_
        assert points(net, 0) == pytest.approx(by_hand(untrained, *data))
        assert points(net, 0) != points(net, 1)

    def test_history_row_of_an_epoch_is_that_epoch(self, data, make_net):
        net = make_net(InfoPlaneCallback(every=2)).fit(*data)
        keys = [{key for key in row if key.startswith("mi_x/")} for row in net.history]
        assert all(key.endswith("@0") for key in keys[0])
        assert "mi_x/BinnedMI/hidden1" in keys[1]
        assert "mi_x/BinnedMI/hidden1" in keys[2]


def test_history_holds_plain_floats(data, make_net, spy):
    net = make_net(InfoPlaneCallback({"spy": spy(), "binned": BinnedMI()})).fit(*data)
    values = {
        key: value
        for row in net.history
        for key, value in row.items()
        if "/spy/" in key or "/binned/" in key
    }
    assert values
    assert {type(value) for value in values.values()} == {float}
    assert json.loads(json.dumps(values)) == values


def test_layers_are_chosen_by_pattern(data, make_net):
    callback = InfoPlaneCallback(layers=["linear?", "hidden2"])
    net = make_net(callback).fit(*data)
    layers = ["linear1", "linear2", "hidden2", "linear3", "probabilities"]
    assert InformationPlane.from_history(net.history).layers == layers
    assert dict(net.callbacks_)["InfoPlaneCallback"].layers_ == layers


def test_parameters_are_kept_as_given(data, make_net):
    parameters = {
        "estimator": {"a": BinnedMI()},
        "layers": ["hidden*"],
        "every": {1, 2},
        "on": data,
        "layer_estimators": {"hidden1": BinnedMI(n_bins=3)},
        "max_samples": 20,
    }
    callback = InfoPlaneCallback(**parameters)
    before = dict(vars(callback))
    make_net(callback).fit(*data)
    for name, value in before.items():
        assert getattr(callback, name) is value
