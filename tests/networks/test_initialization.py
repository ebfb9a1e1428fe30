import math

import pytest
import torch
from torch import nn

from ibtools.networks import initialize_weights


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(("scheme", "fan"), [("fan_in", 400), ("fan_out", 250)])
def test_truncated_normal_of_the_fan(scheme, fan):
    layer = initialize_weights(nn.Linear(400, 250), scheme)
    std = 1 / math.sqrt(fan)
    weight = layer.weight.detach()
    # A normal truncated at two standard deviations keeps 0.8796 of its standard deviation.
    assert weight.std().item() == pytest.approx(0.8796 * std, rel=0.01)
    assert abs(weight.mean().item()) < 0.01 * std
    assert weight.abs().max().item() <= 2 * std
    assert weight.abs().max().item() > 1.95 * std
    assert (layer.bias == 0).all()


@pytest.mark.parametrize(("scheme", "fan"), [("fan_in", 3 * 5 * 5), ("fan_out", 64 * 5 * 5)])
def test_convolutions_count_their_kernel(scheme, fan):
    layer = initialize_weights(nn.Conv2d(3, 64, 5), scheme)
    weight = layer.weight.detach()
    assert weight.std().item() == pytest.approx(0.8796 / math.sqrt(fan), rel=0.05)
    assert weight.abs().max().item() <= 2 / math.sqrt(fan)
    assert (layer.bias == 0).all()


@pytest.mark.parametrize("shape", [(20, 20), (30, 10), (10, 30)])
def test_orthogonal(shape):
    weight = initialize_weights(nn.Linear(*shape), "orthogonal").weight.detach()
    gram = weight @ weight.T if weight.shape[0] <= weight.shape[1] else weight.T @ weight
    torch.testing.assert_close(gram, torch.eye(len(gram)), atol=1e-5, rtol=0)


def test_torch_leaves_the_weights_alone():
    layer = nn.Linear(4, 3)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    assert initialize_weights(layer, "torch") is layer
    for name, value in layer.state_dict().items():
        assert torch.equal(value, before[name])


def test_nested_layers_and_layers_without_bias():
    module = nn.Sequential(
        nn.Linear(2, 2, bias=False), nn.Sequential(nn.Conv1d(1, 2, 3), nn.Tanh())
    )
    assert initialize_weights(module, "fan_in") is module
    assert (module[1][0].bias == 0).all()


def test_other_modules_are_left_alone():
    norm = initialize_weights(nn.BatchNorm1d(3), "fan_in")
    assert (norm.weight == 1).all()


def test_unknown_scheme():
    with pytest.raises(ValueError, match=r"'fan_in', 'fan_out', 'orthogonal', 'torch'.*'xavier'"):
        initialize_weights(nn.Linear(2, 2), "xavier")
