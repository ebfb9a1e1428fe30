"""The information plane of a convolutional network beside its modified one."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from ibtools import InfoPlaneCallback, InformationPlane, RenyiMatrixMI
from ibtools.estimators._feature_maps import FeatureMapDecomposition


class SmallConvolution(nn.Sequential):
    """Four maps of 3 x 3."""

    def __init__(self):
        super().__init__()
        self.add_module("convolution", nn.Conv2d(1, 4, 3))
        self.add_module("hidden1", nn.ReLU())
        self.add_module("flatten", nn.Flatten())
        self.add_module("linear", nn.Linear(36, 2))


def test_both_planes(make_net):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(48, 1, 5, 5)).astype(np.float32)
    y = (X.mean(axis=(1, 2, 3)) > 0).astype(int)

    def estimators(n_maps):
        modified = FeatureMapDecomposition(n_maps, quantity="non_redundant", batch_size=16)
        return {
            "mmi": RenyiMatrixMI(n_maps=n_maps or 1, batch_size=16, random_state=0),
            "modified": modified.set_params(random_state=0),
        }

    recorder = InfoPlaneCallback(
        estimators(None), layer_estimators={"hidden1": estimators(4)}, on=(X, y)
    )
    net = make_net(recorder, module=SmallConvolution).fit(X, y)
    plane = InformationPlane.from_history(net.history)
    assert plane.layers == ["hidden1", "probabilities"]
    assert plane.estimators == ["mmi", "modified"]
    assert plane.epochs == [0, 1, 2, 3]

    with torch.no_grad():
        maps = net.module_.hidden1(net.module_.convolution(torch.as_tensor(X))).flatten(1).numpy()
    probabilities = net.predict_proba(X)
    last = plane.select(epochs=-1).to_frame().set_index(["layer", "estimator"])
    for layer, T, n_maps in (("hidden1", maps, 4), ("probabilities", probabilities, None)):
        for name, estimator in estimators(n_maps).items():
            fitted = clone(estimator).fit(T, y, inputs=X.reshape(48, -1))
            point = last.loc[(layer, name)]
            assert point["mi_x"] == pytest.approx(fitted.mi_x_, abs=1e-5)
            assert point["mi_y"] == pytest.approx(fitted.mi_y_, abs=1e-5)
            assert point["mi_x_std_error"] == pytest.approx(fitted.mi_x_std_error_, abs=1e-5)
    hidden = last.loc["hidden1"]
    assert hidden.loc["modified", "mi_x"] < hidden.loc["mmi", "mi_x"]
