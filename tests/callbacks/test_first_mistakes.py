"""What goes wrong when a network meets the callback for the first time."""

import numpy as np
import pandas as pd
import pytest
import torch
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import nn
from torch.utils.data import IterableDataset

from ibtools import BinnedMI, InfoPlaneCallback, InformationPlane


def own_net(module=None, callback=None, **parameters):
    module = module or nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2))
    callbacks = [callback or InfoPlaneCallback(BinnedMI(4))]
    options = {"criterion": nn.CrossEntropyLoss, "max_epochs": 1, "verbose": 0} | parameters
    return NeuralNetClassifier(module, callbacks=callbacks, **options)


@pytest.mark.parametrize("kind", [np.array, pd.Series])
def test_labels_that_are_text(data, kind):
    X, y = data
    names = kind(np.array(["no", "yes"])[y])
    with pytest.raises(ValueError, match=r"Labels must be .* text, '(no|yes)'.*LabelEncoder"):
        own_net().fit(X, names)
    with pytest.raises(ValueError, match="LabelEncoder"):
        own_net(callback=InfoPlaneCallback(on=(X, names))).fit(X, y)


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_inputs_that_are_float64(data, kind):
    X, y = data
    with pytest.raises(RuntimeError, match=r"float64 .* X\.astype\(numpy\.float32\)"):
        own_net().fit(kind(X.astype(np.float64)), y)
    double = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    net = own_net(double).fit(X.astype(np.float64), y)
    assert InformationPlane.from_history(net.history).layers == ["1", "probabilities"]
    with pytest.raises(RuntimeError) as caught:  # of another kind: the weights are float64
        own_net(double).fit(X, y)
    assert not hasattr(caught.value, "__notes__")


def test_inputs_that_are_a_dataframe(data):
    X, y = data
    table = {name: X[:, k] for k, name in enumerate("abcdef")}
    with pytest.raises(TypeError, match=r"each of its names, 'a', 'b'.*to_numpy"):
        own_net().fit(table, y)


class Mixing(nn.Module):
    """It takes samples for times."""

    def __init__(self, kind, *, batch_first):
        super().__init__()
        self.cell, self.head = kind(3, 4, batch_first=batch_first), nn.Linear(4, 2)

    def forward(self, x):
        outputs = self.cell(x)[0]
        return self.head(outputs if outputs.ndim == 2 else outputs[:, -1])


@pytest.mark.parametrize(
    ("shape", "batch_first"), [((60, 2, 3), False), ((60, 3), False), ((60, 3), True)]
)
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_samples_taken_for_the_steps_of_a_sequence(data, kind, shape, batch_first):
    X, y = data
    net = own_net(Mixing(kind, batch_first=batch_first))
    with pytest.warns(UserWarning, match="cell: the samples .* for the steps .*batch_first=True"):
        net.fit(np.resize(X, shape), y)


def test_samples_in_the_first_dimension_of_sequences(data):
    X, y = data
    net = own_net(Mixing(nn.LSTM, batch_first=True)).fit(X.reshape(60, 2, 3), y)
    assert "cell:1" in InformationPlane.from_history(net.history).layers


class Rows(IterableDataset):
    def __init__(self, data):
        super().__init__()
        self.data = data

    def __iter__(self):
        return iter(zip(*self.data, strict=True))


def test_rows_that_are_not_counted(data):
    net = own_net(callback=InfoPlaneCallback(max_samples=10), train_split=None)
    with pytest.raises(ValueError, match=r"Rows has no len: name rows with on=\(X, y\)"):
        net.fit(Rows(data), None)
    net = own_net(train_split=None).fit(Rows(data), None)
    assert InformationPlane.from_history(net.history).epochs == [0, 1]


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_modules_that_cannot_be_looked_into(data):
    module = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2))
    for closed in (torch.jit.script(module), torch.jit.trace(module, torch.zeros(2, 6))):
        with pytest.raises(ValueError, match=r"TorchScript .* the module that it was made from"):
            own_net(closed).fit(*data)


class Named(nn.Linear):
    def forward(self, x):
        return {"logits": super().forward(x)}


def test_outputs_by_name(data):
    net = own_net(Named(6, 2))
    with pytest.raises(TypeError, match=r"has to give a tensor, or a tuple .* got dict"):
        net.fit(*data)


def test_a_window_and_early_stopping(data):
    def fit(*stop, every, max_epochs):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2))
        callbacks = [*stop, InfoPlaneCallback(BinnedMI(4), every=every, window=3)]
        net = NeuralNet(
            module, nn.CrossEntropyLoss, max_epochs=max_epochs, verbose=0, callbacks=callbacks
        )
        return InformationPlane.from_history(net.fit(*data).history)

    stop = EarlyStopping(monitor="train_loss", patience=5, threshold=10, threshold_mode="abs")
    stopped = fit(stop, every=50, max_epochs=100)
    assert stopped.epochs == [6]
    assert stopped == fit(every={6}, max_epochs=6)
