"""The chain of errors, recorded while a network learns."""

import json

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import PrintLog
from torch import nn

from ibtools import (
    BinnedMI,
    GaussianMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    RenyiMatrixMI,
)
from ibtools.callbacks._backpropagation import backpropagate, error_layers
from ibtools.callbacks._error_plane import ErrorPlaneCallback
from ibtools.callbacks._rows import read_rows
from ibtools.plane._data_processing import data_processing_pairs
from ibtools.plane._error_plane import error_plane

PAPER = {"alpha": 1.01, "bandwidth": "silverman", "bandwidth_factor": 0.1}


def _callback(**parameters):
    defaults = {"estimator": RenyiMatrixMI(**PAPER, batch_size=16, random_state=0)}
    return ErrorPlaneCallback(**defaults | parameters)


def test_values_are_those_of_the_errors(data, make_net):
    net = make_net(_callback(on=data)).fit(*data)
    rows = read_rows(net, [net.get_dataset(*data)])
    errors = backpropagate(net, rows, error_layers(net, rows, None))
    table = error_plane(net.history).select(epochs=-1).to_frame().set_index("layer")
    assert table.index.tolist() == ["hidden2", "hidden1"]
    for layer in table.index:
        renyi = RenyiMatrixMI(**PAPER, batch_size=16, random_state=0)
        renyi.fit(errors[layer], inputs=errors["probabilities"])
        assert table.loc[layer, "mi_x"] == pytest.approx(renyi.mi_x_, abs=1e-12)
        assert table.loc[layer, "mi_x_std_error"] == pytest.approx(renyi.mi_x_std_error_)
        assert table.loc[layer, "mi_x_ceiling"] == pytest.approx(renyi.input_entropy_)
    assert (table["mi_x"] <= table["mi_x_ceiling"]).all()
    assert table["unit"].unique().tolist() == ["bits"]


def test_the_default_is_the_papers(make_net):
    X = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)
    net = make_net(ErrorPlaneCallback(random_state=0), train_split=None, max_epochs=1)
    net.fit(X, (X[:, 0] > 0).astype(np.int64))
    estimator = dict(net.callbacks_)["ErrorPlaneCallback"].estimators_["RenyiMatrixMI"]
    assert {name: getattr(estimator, name) for name in PAPER} == PAPER
    assert estimator.batch_size == 128
    table = error_plane(net.history).to_frame()
    assert table["epoch"].tolist() == [0, 0, 1, 1]
    assert table["mi_x_std_error"].gt(0).all()


def test_pairs_of_the_chain(data, make_net):
    net = make_net(_callback(every=1)).fit(*data)
    pairs = data_processing_pairs(error_plane(net.history))
    assert pairs["epoch"].tolist() == [0, 1, 2, 3]
    assert set(zip(pairs["earlier"], pairs["later"], strict=True)) == {("hidden2", "hidden1")}


def test_several_estimators_and_layers(data, make_net):
    estimators = {"renyi": RenyiMatrixMI(batch_size=16), "nats": RenyiMatrixMI(base=np.e)}
    net = make_net(ErrorPlaneCallback(estimators, layers="hidden1", random_state=0)).fit(*data)
    plane = error_plane(net.history, settings={"data": "toy"})
    assert plane.estimators == ["renyi", "nats"]
    assert plane.layers == ["hidden1"]
    assert plane.settings == {"data": "toy"}
    units = plane.to_frame().groupby("estimator")["unit"].first().to_dict()
    assert units == {"renyi": "bits", "nats": "nats"}


def test_an_estimator_without_entropies(data):
    net = InformationClassifier(
        _Narrow, callbacks=[ErrorPlaneCallback(GaussianMI())], verbose=0, random_state=0
    ).fit(data[0], data[1] + data[1][::-1])
    table = error_plane(net.history).to_frame()
    assert table["mi_x"].gt(0).all()
    assert table["mi_x_ceiling"].isna().all()


def test_training_is_not_changed(data, make_net):
    def weights(*callbacks):
        np.random.seed(0)  # noqa: NPY002 - what a split or a user may draw from
        net = make_net(*callbacks, module=_Dropped).fit(*data)
        state = net.module_.state_dict()
        return state, net.history[:, "train_loss"], np.random.random()  # noqa: NPY002

    plain, losses, drawn = weights()
    measured, measured_losses, measured_drawn = weights(
        _callback(estimator=RenyiMatrixMI(batch_size=16))
    )
    assert losses == measured_losses
    assert drawn == measured_drawn
    assert all(torch.equal(plain[name], measured[name]) for name in plain)


def test_beside_the_forward_chain_and_in_a_file(data, make_net, tmp_path):
    lines = []
    net = make_net(
        InfoPlaneCallback(BinnedMI(4)),
        _callback(),
        callbacks__print_log=PrintLog(sink=lines.append),
        verbose=1,
    ).fit(*data)
    assert not any("error_" in line for line in lines)
    forward = InformationPlane.from_history(net.history)
    assert forward.layers == ["hidden1", "hidden2", "probabilities"]
    again = error_plane(json.loads(json.dumps(net.history.to_list())))
    assert again == error_plane(net.history)
    assert again.layers == ["hidden2", "hidden1"]
    again.save(tmp_path / "errors.csv")
    assert InformationPlane.load(tmp_path / "errors.csv") == again


class _Narrow(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3))


class _Dropped(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(6, 8),
            nn.BatchNorm1d(8),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(8, 2),
        )


class TestRefusals:
    def test_an_estimator_of_an_index(self, data, make_net):
        with pytest.raises(ValueError, match=r"'BinnedMI' does not measure .* about values"):
            make_net(ErrorPlaneCallback(BinnedMI())).fit(*data)

    def test_no_targets(self, data, make_net):
        with pytest.raises(ValueError, match=r"needs targets: give on=\(X, y\)"):
            make_net(_callback(on=(data[0], None))).fit(*data)

    def test_too_few_rows_for_a_batch(self, data, make_net):
        with pytest.raises(ValueError, match="batch_size=128 is more than the 48 rows"):
            make_net(ErrorPlaneCallback()).fit(*data)

    def test_two_of_them(self, data, make_net):
        with pytest.raises(ValueError, match="two callbacks of the class ErrorPlaneCallback"):
            make_net(_callback(), _callback()).fit(*data)

    def test_errors_that_are_not_finite(self, data, make_net):
        net = make_net(_callback(every=1), lr=np.inf)
        with pytest.raises(ValueError, match=r"'\w+' could not be measured at epoch \d: its error"):
            net.fit(*data)
        assert error_plane(net.history).epochs[0] == 0

    def test_nothing_recorded(self):
        with pytest.raises(ValueError, match="The history has no chain of errors"):
            error_plane([{"epoch": 1, "mi_x/BinnedMI/hidden1": 1.0}])


def test_clone():
    callback = clone(_callback(every=3))
    assert callback.every == 3
    assert callback.estimator.batch_size == 16
