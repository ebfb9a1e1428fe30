import numpy as np
import pytest
import torch
from skorch import NeuralNetRegressor
from torch import nn

from ibtools import InfoPlaneCallback, InformationPlane, RenyiMatrixMI
from ibtools.networks._autoencoder import Autoencoder


def test_the_decoder_mirrors_the_encoder():
    module = Autoencoder((8, 6, 4, 2))
    linear = [layer for layer in module if isinstance(layer, nn.Linear)]
    sizes = [(layer.in_features, layer.out_features) for layer in linear]
    assert sizes == [(8, 6), (6, 4), (4, 2), (2, 4), (4, 6), (6, 8)]
    names = [name for name, _ in module.named_children() if "linear" not in name]
    assert names == [
        "encoder1",
        "encoder2",
        "bottleneck",
        "decoder1",
        "decoder2",
        "reconstruction",
    ]


def test_output_between_zero_and_one():
    X = 10 * torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    outputs = Autoencoder((4, 2), output="sigmoid")(X)
    assert ((outputs >= 0) & (outputs <= 1)).all()


def test_trained_with_its_input_as_target():
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(100, 2)) @ rng.normal(size=(2, 6))).astype(np.float32)
    net = NeuralNetRegressor(
        Autoencoder,
        module__sizes=(6, 4, 2),
        module__activation="tanh",
        optimizer=torch.optim.Adam,
        lr=0.02,
        max_epochs=150,
        train_split=None,
        callbacks=[InfoPlaneCallback(RenyiMatrixMI(bandwidth=1.0), n_records=2)],
        verbose=0,
    )
    torch.manual_seed(0)
    net.fit(X, X)
    assert net.history[-1, "train_loss"] < 0.2 * net.history[0, "train_loss"]
    assert "bottleneck" in InformationPlane.from_history(net.history).layers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (4,)}, "two or more positive numbers"),
        ({"sizes": (4, 0)}, "two or more positive numbers"),
        ({"sizes": (4, 2), "output": "softmax"}, "'linear' or 'sigmoid'"),
        ({"sizes": (4, 2), "activation": "swish"}, "activation must be one of"),
    ],
)
def test_errors_name_the_parameter(arguments, message):
    if "activation" in arguments:
        arguments = arguments | {"sizes": (4, 3, 2)}
    with pytest.raises(ValueError, match=message):
        Autoencoder(**arguments)
