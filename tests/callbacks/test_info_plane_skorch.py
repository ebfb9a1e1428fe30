import json
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from skorch import NeuralNet, NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import Callback, Checkpoint, EarlyStopping, PrintLog, TrainEndCheckpoint
from skorch.history import History
from torch import nn
from torch.utils.data import DataLoader

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationPlane


def plane_of(net):
    return InformationPlane.from_history(net.history)


class Dropping(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)
        )


@pytest.mark.parametrize("on", ["train", "valid", "all"])
@pytest.mark.parametrize("iterator", [{}, {"iterator_train": DataLoader}])
def test_training_is_the_same_with_and_without(data, make_net, on, iterator):
    first = make_net(InfoPlaneCallback(on=on, every=1, max_samples=20), module=Dropping, **iterator)
    second = make_net(module=Dropping, **iterator)
    numpy_state = str(check_random_state(None).get_state())
    for net in (first, second):
        net.fit(*data)
    assert str(check_random_state(None).get_state()) == numpy_state
    for name in ("train_loss", "valid_loss", "valid_acc"):
        assert first.history[:, name] == second.history[:, name]
    for value, expected in zip(
        first.module_.state_dict().values(), second.module_.state_dict().values(), strict=True
    ):
        assert torch.equal(value, expected)


class Logger(Callback):
    """Writes down what a row of the history has when an epoch ends."""

    def initialize(self):
        self.rows_ = []
        return self

    def on_epoch_end(self, net, **kwargs):
        self.rows_.append(dict(net.history[-1]))


@pytest.mark.parametrize("first", [True, False])
def test_loggers_see_the_values(data, make_net, first):
    callbacks = [Logger(), InfoPlaneCallback(every=1)]
    net = make_net(*callbacks if first else callbacks[::-1]).fit(*data)
    rows = dict(net.callbacks_)["Logger"].rows_
    assert plane_of(SimpleNamespace(history=rows)) == plane_of(net)


def test_print_log_has_its_own_columns_only(data, make_net):
    printed = []
    log = {"callbacks__print_log": PrintLog(sink=printed.append), "verbose": 1}
    make_net(InfoPlaneCallback(every=1), **log).fit(*data)
    table = "\n".join(printed)
    assert "train_loss" in table
    assert table.count("\n") == 4
    assert "mi_" not in table
    assert "log_base" not in table


def test_clone_forgets_the_training(data, make_net):
    net = make_net(InfoPlaneCallback({"coarse": BinnedMI(4)}, on=data, every={2})).fit(*data)
    twin = clone(net)
    (callback,) = twin.callbacks
    assert not [name for name in vars(callback) if name.endswith("_")]
    assert plane_of(twin.fit(*data)) == plane_of(net)


def test_callback_parameters_are_set_through_the_net(data, make_net):
    net = make_net(InfoPlaneCallback()).set_params(callbacks__InfoPlaneCallback__layers="hidden1")
    assert plane_of(net.fit(*data)).layers == ["hidden1", "probabilities"]


def test_second_fit_starts_a_new_plane(data, make_net):
    net = make_net(InfoPlaneCallback()).fit(*data)
    first = plane_of(net)
    assert plane_of(net.fit(*data)) == first


@pytest.mark.parametrize("warm_start", [False, True])
def test_more_training_continues_the_plane(data, make_net, warm_start):
    whole = make_net(InfoPlaneCallback(every=2), max_epochs=4).fit(*data)
    net = make_net(InfoPlaneCallback(every=2), max_epochs=2, warm_start=warm_start).fit(*data)
    assert plane_of(net).epochs == [0, 2]
    (net.fit if warm_start else net.partial_fit)(*data)
    assert plane_of(net).epochs == [0, 2, 4]
    assert plane_of(net) == plane_of(whole)


def test_log_spaced_epochs_count_earlier_training(data, make_net):
    net = make_net(InfoPlaneCallback(), max_epochs=3).fit(*data).partial_fit(*data)
    assert plane_of(net).epochs == [0, 1, 2, 3, 4, 5, 6]


def test_epochs_of_one_call(data, make_net):
    net = make_net(InfoPlaneCallback(every=3), max_epochs=10).fit(*data, epochs=2)
    assert plane_of(net).epochs == [0, 2]


def test_no_epochs(data, make_net):
    net = make_net(InfoPlaneCallback(), max_epochs=0).fit(*data)
    assert len(net.history) == 0


def test_early_stopping_records_the_last_epoch(data, make_net):
    stop = EarlyStopping(monitor="train_loss", patience=2, threshold=10, threshold_mode="abs")
    net = make_net(InfoPlaneCallback(every={1}), stop, max_epochs=20).fit(*data)
    assert len(net.history) == 3
    assert plane_of(net).epochs == [0, 1, 3]


def test_without_the_timer_of_epochs(data, make_net):
    net = make_net(InfoPlaneCallback(every={1}), callbacks__epoch_timer=None).fit(*data)
    assert plane_of(net).epochs == [0, 1, 3]


@pytest.mark.parametrize("checkpoint_first", [True, False])
def test_checkpoint_loads_with_the_plane(data, make_net, tmp_path, checkpoint_first):
    class Keep(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                self.plane_ = plane_of(net)

    checkpoint = Checkpoint(
        monitor=lambda net: len(net.history) == 2, dirname=tmp_path, f_history="history.json"
    )
    recorded = InfoPlaneCallback(every=1)
    callbacks = [checkpoint, recorded] if checkpoint_first else [recorded, checkpoint]
    net = make_net(*callbacks, Keep(), max_epochs=4).fit(*data)
    loaded = make_net().initialize()
    loaded.load_params(checkpoint=checkpoint)
    assert plane_of(loaded).epochs == [0, 1, 2]
    assert plane_of(loaded) == dict(net.callbacks_)["Keep"].plane_
    history = History.from_file(tmp_path / "history.json")
    assert InformationPlane.from_history(history) == plane_of(loaded)


def test_checkpoint_of_the_end_has_every_record(data, make_net, tmp_path):
    end = TrainEndCheckpoint(dirname=tmp_path)
    net = make_net(end, InfoPlaneCallback(every={1})).fit(*data)
    history = History.from_file(tmp_path / "train_end_history.json")
    assert InformationPlane.from_history(history) == plane_of(net)
    assert plane_of(net).epochs == [0, 1, 3]
    assert len(json.loads((tmp_path / "train_end_history.json").read_text())) == 3


def test_pickled_net_keeps_the_plane_and_not_the_rows(data, make_net):
    X = np.tile(data[0], (200, 1))
    net = make_net(InfoPlaneCallback(every={1})).fit(X, np.tile(data[1], 200))
    pickled = pickle.dumps(net)
    assert len(pickled) < X.nbytes
    twin = pickle.loads(pickled)
    assert plane_of(twin) == plane_of(net)


def test_model_selection(data, make_net):
    net = make_net(InfoPlaneCallback())
    for fitted in cross_validate(net, *data, cv=2, return_estimator=True)["estimator"]:
        assert plane_of(fitted).epochs == [0, 1, 2, 3]
    search = GridSearchCV(
        net, {"module__sizes": [(6, 3, 2), (6, 2)]}, cv=2, error_score="raise"
    ).fit(*data)
    assert "probabilities" in plane_of(search.best_estimator_).layers
    pipeline = make_pipeline(StandardScaler(), net).fit(data[0].astype(np.float64), data[1])
    assert plane_of(pipeline[-1]).layers == ["hidden1", "hidden2", "probabilities"]


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # torch's tracer
def test_compiled_net(data, make_net):
    options = {"compile": True, "compile__backend": "eager", "max_epochs": 1}
    plane = plane_of(make_net(InfoPlaneCallback(), **options).fit(*data))
    expected = plane_of(make_net(InfoPlaneCallback(), max_epochs=1).fit(*data))
    assert plane.layers == expected.layers
    np.testing.assert_allclose(plane.to_frame()["mi_x"], expected.to_frame()["mi_x"], atol=0.1)


@pytest.mark.parametrize(
    ("output", "criterion"), [("logits", nn.CrossEntropyLoss), ("probabilities", nn.NLLLoss)]
)
def test_skorch_classifier(data, output, criterion):
    net = NeuralNetClassifier(
        MLP(sizes=(6, 4, 2), output=output),
        criterion=criterion,
        max_epochs=2,
        verbose=0,
        callbacks=[InfoPlaneCallback(BinnedMI(4), on=data)],
    ).fit(*data)
    plane = plane_of(net)
    assert plane.layers == ["hidden1", "probabilities"]
    last = plane.select(layers="probabilities", epochs=-1).to_frame().iloc[0]
    binned = BinnedMI(4, bounds=(0, 1)).fit(net.predict_proba(data[0]), data[1])
    assert (last["mi_x"], last["mi_y"]) == pytest.approx((binned.mi_x_, binned.mi_y_))


def test_binary_classifier(data):
    net = NeuralNetBinaryClassifier(
        nn.Sequential(nn.Linear(6, 3), nn.Sigmoid(), nn.Linear(3, 1)),
        max_epochs=2,
        verbose=0,
        callbacks=[InfoPlaneCallback(BinnedMI(4), on=(data[0], data[1].astype(np.float32)))],
    ).fit(data[0], data[1].astype(np.float32))
    plane = plane_of(net)
    assert plane.layers == ["1", "probabilities"]
    last = plane.select(layers="probabilities", epochs=-1).to_frame().iloc[0]
    binned = BinnedMI(4, bounds=(0, 1)).fit(net.predict_proba(data[0]), data[1])
    assert (last["mi_x"], last["mi_y"]) == pytest.approx((binned.mi_x_, binned.mi_y_))


@pytest.mark.parametrize("kind", [NeuralNet, NeuralNetRegressor])
def test_autoencoder(data, kind):
    X, _ = data
    module = nn.Sequential(nn.Linear(6, 2), nn.Tanh(), nn.Linear(2, 6))
    recorded = InfoPlaneCallback(BinnedMI(5), on=(X, X))
    options = {"criterion": nn.MSELoss, "max_epochs": 2, "verbose": 0, "callbacks": [recorded]}
    net = kind(module, **options, train_split=None).fit(X, X)
    table = plane_of(net).to_frame()
    assert table["layer"].unique().tolist() == ["1", "prediction"]
    np.testing.assert_allclose(table["mi_y"], table["mi_x"], rtol=1e-12)
    np.testing.assert_allclose(table["mi_y_ceiling"], np.log2(60))
    codes = BinnedMI(5).fit(net.forward(X).numpy())
    last = table[(table["epoch"] == 2) & (table["layer"] == "prediction")]
    assert last["mi_x"].item() == pytest.approx(codes.mi_x_)


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 2)

    def forward(self, a, b):
        return torch.tanh(self.linear(torch.cat([a, b], dim=1)))


def test_inputs_by_name(data, make_net):
    X, y = data
    inputs = {"a": X[:, :2], "b": X[:, 2:]}
    net = make_net(InfoPlaneCallback(BinnedMI(4), on=(inputs, y)), module=TwoInputs)
    last = plane_of(net.fit(inputs, y)).select(epochs=-1, layers="tanh").to_frame()
    binned = BinnedMI(4, bounds=(-1, 1)).fit(net.forward(inputs).numpy(), y)
    assert last["mi_x"].item() == pytest.approx(binned.mi_x_)


def test_real_target_is_warned_of_once(data):
    X, _ = data
    net = NeuralNetRegressor(
        nn.Sequential(nn.Linear(6, 2), nn.Tanh(), nn.Linear(2, 1)),
        max_epochs=3,
        verbose=0,
        callbacks=[InfoPlaneCallback(every=1)],
    )
    with pytest.warns(UserWarning, match=r"I\(X;T\) is recorded, I\(T;Y\) is not") as caught:
        net.fit(X, X[:, :1] + 0.5)
    assert len(caught) == 1
    table = plane_of(net).to_frame()
    assert table["mi_x"].notna().all()
    assert table["mi_y"].isna().all()
