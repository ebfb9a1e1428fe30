import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.datasets import make_classification

from ibtools import MLP, BinnedMI, InformationClassifier


@pytest.fixture(scope="session")
def data():
    """Sixty rows of six features in two classes."""
    X, y = make_classification(n_samples=60, n_features=6, random_state=0)
    return X.astype(np.float32), y


@pytest.fixture
def make_net():
    """Make a small net that records with a callback."""

    def make(*callbacks, **parameters):
        defaults = {
            "module": MLP,
            "max_epochs": 3,
            "batch_size": 16,
            "lr": 0.1,
            "random_state": 0,
            "verbose": 0,
        }
        if "module" not in parameters:
            defaults |= {"module__sizes": (6, 5, 4, 2)}
        return InformationClassifier(**defaults | parameters, callbacks=list(callbacks))

    return make


@pytest.fixture
def by_hand():
    """Points of the layers of an MLP, from its own formula."""

    def measure(module, X, y, n_bins=4):
        with torch.no_grad():
            first = torch.tanh(module.linear1(torch.as_tensor(X)))
            second = torch.tanh(module.linear2(first))
            last = torch.softmax(module.linear3(second), dim=1)
        bounds = {"hidden1": (-1, 1), "hidden2": (-1, 1), "probabilities": (0, 1)}
        layers = zip(bounds, (first, second, last), strict=True)
        fitted = {
            name: BinnedMI(n_bins, bounds=bounds[name]).fit(values.numpy(), y)
            for name, values in layers
        }
        return {
            (name, quantity): getattr(binned, f"{quantity}_")
            for name, binned in fitted.items()
            for quantity in ("mi_x", "mi_y")
        }

    return measure


@pytest.fixture
def spy():
    """An estimator that keeps what it was given, shared by its clones."""
    calls = []

    class Spy(BaseEstimator):
        inputs_as = "index"

        def fit(self, X, y=None, *, inputs=None):
            calls.append({"X": X.copy(), "y": y, "inputs": inputs})
            self.mi_x_ = np.float32(X.mean())
            if y is not None:
                self.mi_y_ = 0
            return self

    Spy.calls = calls
    return Spy
