import pytest
import torch
from torch import nn

from ibtools.callbacks._capture import list_layers, select_layers
from ibtools.networks._lenet import LeNet5


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3)])
def test_shapes_of_the_hidden_layers(size, channels):
    module = LeNet5(n_filters=(6, 12), image_size=size, n_channels=channels, n_classes=7)
    shapes = {}
    X = torch.zeros(2, channels, size, size)
    for name, layer in module.named_children():
        X = layer(X)
        shapes[name] = tuple(X.shape[1:])
    assert [shapes[f"hidden{k}"] for k in range(1, 7)] == [
        (6, 28, 28),
        (6, 14, 14),
        (12, 10, 10),
        (12, 5, 5),
        (120,),
        (84,),
    ]
    assert X.shape == (2, 7)


def test_the_callback_sees_six_hidden_layers():
    module = LeNet5()
    layers = list_layers(module, lambda n: module(torch.zeros(n, 1, 28, 28)))
    names = [layer.name for layer in select_layers(layers, "hidden*")]
    assert names == [f"hidden{k}" for k in range(1, 7)]


def test_parameters_reach_the_layers():
    module = LeNet5(
        n_filters=(3, 4), activation="relu", n_units=(20, 10), pooling="average", init="fan_in"
    )
    assert isinstance(module.hidden1, nn.ReLU)
    assert isinstance(module.hidden2, nn.AvgPool2d)
    assert module.convolution2.weight.shape == (4, 3, 5, 5)
    assert module.linear1.weight.shape == (20, 100)
    assert float(module.convolution1.bias.detach().abs().max()) == 0
    mixed = LeNet5(activation=["relu", "tanh", "sigmoid", "leaky_relu"])
    kinds = [type(getattr(mixed, f"hidden{k}")) for k in (1, 3, 5, 6)]
    assert kinds == [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.LeakyReLU]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"image_size": 30}, "image_size must be 28 or 32, got 30"),
        ({"pooling": "sum"}, "pooling must be one of"),
        ({"n_filters": (6,)}, "two positive numbers each"),
        ({"n_filters": (6, 0)}, "two positive numbers each"),
        ({"activation": ["relu"]}, "names 1 layers, but there are 4"),
        ({"activation": "swish"}, "activation must be one of"),
        ({"init": "zeros"}, "init must be one of"),
    ],
)
def test_errors_name_the_parameter(parameters, message):
    with pytest.raises(ValueError, match=message):
        LeNet5(**parameters)
