import pytest
import torch
from torch import nn

from ibtools.callbacks._capture import list_layers, select_layers
from ibtools.networks._residual import ResidualBlock, SmallResNet


def test_a_block_without_residual_is_its_activation():
    block = ResidualBlock(3, 3)
    nn.init.zeros_(block.residual.norm2.weight)
    X = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(block(X), X.relu())


def test_stages_halve_the_maps_and_blocks_are_layers():
    module = SmallResNet(n_filters=(4, 8, 16), n_blocks=2, n_classes=5)
    X = torch.zeros(2, 3, 32, 32)
    layers = list_layers(module.eval(), lambda n: module(torch.zeros(n, 3, 32, 32)))
    names = [layer.name for layer in select_layers(layers, "block?")]
    assert names == [f"block{k}" for k in range(1, 7)]
    T = nn.Sequential(*list(module)[:3])(X)
    shapes = [tuple((T := module[2 + k](T)).shape[1:]) for k in range(1, 7)]
    assert shapes == [(4, 32, 32)] * 2 + [(8, 16, 16)] * 2 + [(16, 8, 8)] * 2
    assert module(X).shape == (2, 5)


@pytest.mark.parametrize(
    "parameters", [{"n_filters": ()}, {"n_filters": (0,)}, {"n_blocks": 0}, {"n_classes": 0}]
)
def test_errors_name_the_parameter(parameters):
    with pytest.raises(ValueError, match=r"n_filters, .* n_classes must be positive"):
        SmallResNet(**parameters)
