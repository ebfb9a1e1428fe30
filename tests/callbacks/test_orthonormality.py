"""Orthonormal weights."""

import pytest
import torch
from torch import nn

from ibtools import MLP, InformationClassifier
from ibtools.callbacks._orthonormality import OrthonormalWeights


class _Net:
    def __init__(self, module):
        self.module_ = module


def _step(module, strength, n_steps=1):
    callback = OrthonormalWeights(strength).initialize()
    for _ in range(n_steps):
        callback.on_batch_end(_Net(module), training=True)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5)])
def test_one_step_is_the_formula(shape):
    layer = nn.Linear(*shape, dtype=torch.float64)
    W = layer.weight.detach().clone()
    bias = layer.bias.detach().clone()
    _step(layer, 0.1)
    torch.testing.assert_close(layer.weight.detach(), 1.1 * W - 0.1 * W @ W.T @ W)
    assert torch.equal(layer.bias, bias)


def test_singular_values_go_to_one():
    module = nn.Sequential(nn.Linear(6, 4), nn.Conv2d(2, 3, 3))
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    _step(module, 0.2, n_steps=300)
    for layer in module:
        values = torch.linalg.svdvals(layer.weight.detach().view(len(layer.weight), -1))
        torch.testing.assert_close(values, torch.ones_like(values), atol=1e-4, rtol=0)


def test_validation_batches_change_nothing():
    layer = nn.Linear(3, 3)
    W = layer.weight.detach().clone()
    OrthonormalWeights(0.1).initialize().on_batch_end(_Net(layer), training=False)
    assert torch.equal(layer.weight, W)


def test_in_a_fit(data):
    X, y = data
    spread = {}
    for strength in (None, 0.3):
        net = InformationClassifier(
            MLP,
            module__sizes=(6, 5, 2),
            max_epochs=20,
            callbacks=[] if strength is None else [OrthonormalWeights(strength)],
            random_state=0,
            verbose=0,
        ).fit(X, y)
        values = torch.linalg.svdvals(net.module_.linear1.weight.detach())
        spread[strength] = float((values - 1).abs().max())
    assert spread[0.3] < 0.1 < spread[None]


@pytest.mark.parametrize("strength", [0, -1, 0.6, float("nan")])
def test_refused_strengths(strength):
    with pytest.raises(ValueError, match="strength must be in"):
        OrthonormalWeights(strength).initialize()


def test_filters_whose_memory_is_in_another_order():
    torch.manual_seed(0)
    plain, ordered = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
    ordered.load_state_dict(plain.state_dict())
    ordered = ordered.to(memory_format=torch.channels_last)
    _step(plain, 0.1)
    _step(ordered, 0.1)
    torch.testing.assert_close(ordered.weight, plain.weight)


def test_a_shared_weight_takes_one_step():
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    W = first.weight.detach().clone()
    _step(nn.Sequential(first, second), 0.1)
    torch.testing.assert_close(first.weight.detach(), 1.1 * W - 0.1 * W @ W.T @ W)
