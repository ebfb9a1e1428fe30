"""Networks that do not do the usual thing."""

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from ibtools import MLP, BinnedMI, GaussianMI, InfoPlaneCallback, InformationPlane
from ibtools.callbacks import _propagation


def layers_of(net):
    return InformationPlane.from_history(net.history).layers


class Sometimes(nn.Module):
    """A layer that runs only on batches that begin with a positive value."""

    def __init__(self):
        super().__init__()
        self.act, self.other, self.last = nn.Tanh(), nn.Tanh(), nn.Linear(6, 2)

    def forward(self, x):
        return self.last(self.act(x) if x[0, 0] > 0 else self.other(x))


def test_a_layer_that_does_not_always_run(data, make_net, monkeypatch):
    monkeypatch.setattr(_propagation, "_JOINED_VALUES", 0)  # batches as they are
    X, y = data
    X = X.copy()
    X[:, 0] = np.repeat([1.0, -1.0], 30)
    net = make_net(InfoPlaneCallback(on=(X, y)), module=Sometimes, batch_size=30)
    with pytest.raises(ValueError, match="Layer 'act' did not run on every batch"):
        net.fit(X, y)


class Folding(nn.Module):
    """Puts two halves of each sample into rows of their own, and back."""

    def __init__(self):
        super().__init__()
        self.part, self.fold, self.last = nn.Linear(3, 4), nn.ReLU(), nn.Linear(8, 2)

    def forward(self, x):
        T = self.fold(self.part(x.reshape(-1, 3)))
        return self.last(torch.tanh(T.reshape(len(x), -1)))


def test_samples_folded_into_rows_are_left_out_with_a_warning(data, make_net):
    net = make_net(InfoPlaneCallback(), module=Folding)
    with pytest.warns(UserWarning, match="folds samples .*: part, fold"):
        net.fit(*data)
    assert layers_of(net) == ["tanh", "probabilities"]


class Tanh(nn.Module):
    """Has the name of torch's module and other bounds."""

    def forward(self, x):
        return 1.7159 * torch.erf(x)


def test_bounds_are_those_of_torchs_own_modules(data, make_net):
    module = nn.Sequential(nn.Linear(6, 5), Tanh(), nn.Linear(5, 2))
    net = make_net(InfoPlaneCallback(layers="1"), module=module, lr=1.0).fit(*data)
    assert layers_of(net) == ["1", "probabilities"]


def test_every_kth_epoch_has_no_end(data, make_net):
    net = make_net(InfoPlaneCallback(every=2), max_epochs=2)
    net.partial_fit(*data, epochs=7)
    assert InformationPlane.from_history(net.history).epochs == [0, 2, 4, 6, 7]


def test_logits_where_the_loss_takes_probabilities(data):
    net = NeuralNetClassifier(
        MLP,
        module__sizes=(6, 4, 2),
        callbacks=[InfoPlaneCallback()],
        verbose=0,
    )
    with pytest.raises(ValueError, match="NLLLoss takes probabilities"):
        net.fit(*data)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"on": np.zeros((3, 6))}, "on must be 'train'"),
        ({"every": 0.5}, "every must be"),
        ({"layers": [1]}, "layers must be names"),
        ({"estimator": [1]}, "estimator must be an estimator"),
        ({"estimator": {"a": "BinnedMI"}}, "estimator must be an estimator"),
    ],
)
def test_parameters_of_the_wrong_kind(data, make_net, parameters, message):
    with pytest.raises(ValueError, match=message):
        make_net(InfoPlaneCallback(**parameters)).fit(*data)


def test_real_targets_go_to_the_estimators_that_take_them(data):
    """GaussianMI of the prediction and the target, by hand; BinnedMI has no I(T;Y) to record."""
    X, _ = data
    y = (X[:, :1] + 0.1 * X[:, 1:2]).astype(np.float32)
    net = NeuralNetRegressor(
        nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 1)),
        callbacks=[
            InfoPlaneCallback({"binned": BinnedMI(), "gaussian": GaussianMI(0.1)}, on=(X, y))
        ],
        train_split=None,
        max_epochs=1,
        verbose=0,
    )
    with pytest.warns(UserWarning, match="has to be for binned: I"):
        net.fit(X, y)
    plane = InformationPlane.from_history(net.history).select(epochs=1, layers="prediction")
    table = plane.to_frame().set_index("estimator")
    expected = GaussianMI(0.1).fit(net.predict(X), y, inputs=X)
    assert table.loc["gaussian", "mi_y"] == pytest.approx(expected.mi_y_, rel=1e-4)
    assert table.loc["gaussian", "mi_x"] == pytest.approx(expected.mi_x_, rel=1e-4)
    assert np.isnan(table.loc["binned", "mi_y"])
    assert table.loc["binned", "mi_x"] > 0
