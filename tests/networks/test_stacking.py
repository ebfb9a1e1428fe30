import numpy as np
import pytest
import torch
from torch import nn

from ibtools.networks import MLP
from ibtools.networks._stacking import stack_modules


class Buffered(nn.Module):
    def __init__(self, n_units=3):
        super().__init__()
        self.linear = nn.Linear(2, n_units)
        self.twin = nn.Linear(2, n_units)
        self.twin.weight = self.linear.weight
        self.frozen = nn.Parameter(torch.randn(4), requires_grad=False)
        self.register_buffer("order", torch.randperm(5))


def test_every_tensor_has_the_members_first():
    modules = [Buffered(), Buffered(), Buffered()]
    stacked = stack_modules(modules)
    assert stacked.twin.weight is stacked.linear.weight
    assert not stacked.frozen.requires_grad
    assert len([*stacked.parameters()]) == len([*modules[0].parameters()])
    for name, values in stacked.state_dict().items():
        for number, module in enumerate(modules):
            assert torch.equal(values[number], module.state_dict()[name])
    assert modules[0].linear.weight.shape == (3, 2)


def test_gradients_of_an_earlier_training_are_left_behind():
    module = nn.Linear(2, 1)
    module(torch.ones(1, 2)).sum().backward()
    assert stack_modules([module, module]).weight.grad is None


class Constant(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value


def single(dtype):
    return nn.Linear(2, 2).to(dtype)


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ([MLP((2, 3, 2)), MLP((2, 3, 3, 2))], "modules of member 1 are not those of member 0"),
        ([MLP((2, 3)), MLP((2, 3)), MLP((2, 4))], r"'linear1.weight' is \(\(3, 2\), .* member 2"),
        ([MLP((2, 3, 2)), MLP((2, 3, 2), "relu")], "modules of member 1"),
        ([single(torch.float32), single(torch.float64)], r"torch.float32, .*torch.float64, "),
        ([nn.Linear(2, 2), nn.Linear(2, 2).requires_grad_(False)], "whether it is trained"),
        ([nn.Linear(2, 2, bias=False), nn.Linear(2, 2)], "'bias' is None in member 0"),
        ([nn.LazyLinear(2), nn.LazyLinear(2)], "'weight' has no shape before the first batch"),
        ([nn.LeakyReLU(0.1), nn.LeakyReLU(0.2)], "'negative_slope' of module '' .* 0 and 1"),
        ([Constant(torch.zeros(2)), Constant(torch.ones(2))], "register_buffer"),
        ([Constant(np.zeros(2)), Constant(np.ones(2))], "register_buffer"),
        ([Constant([1, (2, 3)]), Constant([1, (2, 4)])], "'value' of module ''"),
        ([Constant(1), Constant(None)], "'value' of module ''"),
        ([nn.GRU(2, 2), nn.GRU(2, 2)], "recurrent"),
        (
            [nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)) for _ in range(2)],
            "parametrizations",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_differs_in_more_than_values(modules, message):
    with pytest.raises(ValueError, match=f"cannot be stacked: .*{message}"):
        stack_modules(modules)


@pytest.mark.parametrize("value", [float("nan"), np.arange(3), {"a": 1}, lambda x: x, None, "word"])
def test_equal_constants(value):
    stacked = stack_modules([Constant(value), Constant(value)])
    assert type(stacked.value) is type(value)
