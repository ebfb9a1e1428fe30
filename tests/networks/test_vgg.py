import pytest
import torch
from torch import nn

from ibtools.networks._vgg import SmallVGG


def test_blocks_halve_the_maps():
    module = SmallVGG(n_filters=(4, 8, 16), n_units=12, n_classes=5)
    shapes = {}
    X = torch.zeros(2, 3, 32, 32)
    for name, layer in module.named_children():
        X = layer(X)
        shapes[name] = tuple(X.shape[1:])
    assert [shapes[f"pool{k}"] for k in (1, 2, 3)] == [(4, 16, 16), (8, 8, 8), (16, 4, 4)]
    assert shapes["hidden7"] == (12,)
    assert X.shape == (2, 5)


def test_batch_norm_is_a_choice():
    kinds = [type(layer) for layer in SmallVGG((4,), batch_norm=False)]
    assert nn.BatchNorm2d not in kinds
    assert nn.BatchNorm2d in [type(layer) for layer in SmallVGG((4,))]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_filters": ()}, "n_filters, .* must be positive"),
        ({"n_filters": (4, 0)}, "n_filters, .* must be positive"),
        ({"n_units": 0}, "n_units must be positive"),
        ({"n_classes": 0}, "n_classes and n_units must be positive"),
        ({"image_size": -32}, "image_size, .* must be positive"),
        ({"n_filters": (4,) * 6}, "cannot be halved 6 times"),
        ({"image_size": 30}, "Images of 30 x 30 cannot be halved 3 times"),
    ],
)
def test_errors_name_the_parameter(parameters, message):
    with pytest.raises(ValueError, match=message):
        SmallVGG(**parameters)
