"""Yu et al. (2021): the plane of what two feature maps do not share, beside that of all maps.

The paper saw compression in this modified plane, more with sigmoids than with ReLU, and none in the
ordinary one. The last is reproduced. The first depends on the kernel, and is the other way round.
"""

import pytest
import torch

from ibtools import (
    FeatureMapDecomposition,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
)
from ibtools.datasets import fetch_mnist
from ibtools.networks import LeNet5
from ibtools.plane import information_phases

N_MAPS = {"hidden1": 6, "hidden2": 6, "hidden3": 12, "hidden4": 12}
PLANES = {
    "ordinary": {"quantity": "mmi", "bandwidth": "silverman"},
    "modified": {"quantity": "non_redundant", "bandwidth": "silverman"},
    "scaled": {"quantity": "non_redundant", "bandwidth": "scaled"},
}


def _estimators(n_maps=None):
    return {
        name: FeatureMapDecomposition(
            n_maps, n_pairs=15, batch_size=128, random_state=0, **parameters
        )
        for name, parameters in PLANES.items()
    }


def _drops(folder, n_per_class, seed, max_epochs, **parameters):
    """How far I(X;T) of every layer falls from its maximum after training began, in bits."""
    images, labels = fetch_mnist(
        data_home=folder,
        download_if_missing=False,
        n_per_class=n_per_class,
        random_state=0,
        as_images=True,
        return_X_y=True,
    )
    recorder = InfoPlaneCallback(
        _estimators(),
        layers=list(N_MAPS),
        layer_estimators={layer: _estimators(n_maps) for layer, n_maps in N_MAPS.items()},
        every=[1, 2, 3, 4, 6, max_epochs],
        max_samples=256,
        random_state=0,
    )
    net = InformationClassifier(
        LeNet5,
        max_epochs=max_epochs,
        train_split=None,
        callbacks=[recorder],
        random_state=seed,
        verbose=0,
        **parameters,
    ).fit(images, labels)
    assert net.history[-1, "train_loss"] < 0.5, "the network did not learn"
    plane = InformationPlane.from_history(net.history)
    phases = information_phases(plane.select(layers=list(N_MAPS), epochs=plane.epochs[1:]))
    drops = phases.pivot(index="layer", columns="estimator", values="drop")[list(PLANES)]
    print(f"{parameters}, seed {seed}\n{drops.round(2)}")
    return drops


def _check(sigmoid, relu):
    for drops in (sigmoid, relu):
        assert drops["ordinary"].max() < 0.15
        assert drops["scaled"].max() < 0.15
    assert sigmoid["modified"].max() < 0.5
    assert relu["modified"].max() > 0.5
    assert relu["modified"].mean() > sigmoid["modified"].mean() + 0.2


@pytest.mark.paper
@pytest.mark.parametrize("seed", range(3))
def test_relu_falls_further_than_sigmoids(real_data, seed):
    """4000 images and 8 epochs; drops of I(X;T) after training began, in bits.

    Measured with seeds 0, 1 and 2: at most 0.06 in the ordinary plane and 0.03 in the scaled one.
    In the modified plane the first convolution falls by 0.27, 0.12 and 0.33 with sigmoids, the
    second by 0.11 in one of them, and no pooling does. With ReLU the convolutions fall by 0.7 to
    1.3, their poolings by 0.0 to 0.7.
    """
    training = {"module__init": "fan_in", "optimizer": torch.optim.Adam, "batch_size": 32}
    sigmoid, relu = (
        _drops(real_data, 400, seed, 8, module__activation=activation, lr=lr, **training)
        for activation, lr in (("sigmoid", 3e-3), ("relu", 1e-3))
    )
    _check(sigmoid, relu)


@pytest.mark.paper
def test_all_images(real_data):
    """60000 images and 10 epochs, trained as published but for ReLU's learning rate.

    Measured: at most 0.03 bits in the ordinary and the scaled plane. In the modified plane no layer
    of sigmoids falls, and those of ReLU do by 0.24, 0.38, 0.44 and 0.73.
    """
    training = {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.95, "batch_size": 128}
    sigmoid, relu = (
        _drops(real_data, None, 0, 10, module__activation=activation, lr=lr, **training)
        for activation, lr in (("sigmoid", 0.1), ("relu", 0.01))
    )
    _check(sigmoid, relu)
