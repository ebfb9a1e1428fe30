import pytest
import torch
from torch import nn

from ibtools.networks._invertible import CouplingLayer, InvertibleMLP


@pytest.mark.parametrize("n_units", [2, 5, 12])
def test_inverse_of_a_coupling(n_units):
    layer = CouplingLayer(n_units, 7).double()
    X = torch.randn(9, n_units, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    T = layer(X)
    assert T.shape == X.shape
    torch.testing.assert_close(layer.inverse(T), X, atol=1e-14, rtol=0)


def test_every_unit_is_changed_by_two_layers():
    module = InvertibleMLP(6, n_layers=2)
    X = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    T = module.hidden2(module.hidden1(X))
    assert ((T - X).abs() > 1e-6).all()


def test_hidden_layers_can_be_inverted_together():
    module = InvertibleMLP(6, n_layers=3).double()
    X = torch.randn(4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    T = nn.Sequential(*list(module)[:3])(X)
    for k in (3, 2, 1):
        T = module.get_submodule(f"hidden{k}").inverse(T)
    torch.testing.assert_close(T, X, atol=1e-13, rtol=0)
    assert module(X).shape == (4, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CouplingLayer(1, 4), "two units at least"),
        (lambda: CouplingLayer(4, 0), "two units at least and a hidden unit"),
        (lambda: InvertibleMLP(4, n_layers=0), "n_layers must be at least 1"),
    ],
)
def test_errors_name_the_parameter(make, message):
    with pytest.raises(ValueError, match=message):
        make()
