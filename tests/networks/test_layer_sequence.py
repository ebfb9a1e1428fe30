"""Parts of the networks that are chains of layers."""

import pytest
import torch
from torch import nn

from ibtools.networks import (
    MLP,
    Autoencoder,
    InvertibleMLP,
    LeNet5,
    NoisyMLP,
    QuantizedMLP,
    SmallResNet,
    SmallVGG,
)

NETWORKS = {
    "mlp": (lambda: MLP((6, 4, 3, 2)), (5, 6)),
    "noisy": (lambda: NoisyMLP((6, 4, 3, 2), noise_std=0.0), (5, 6)),
    "quantized": (lambda: QuantizedMLP((6, 4, 3, 2)), (5, 6)),
    "autoencoder": (lambda: Autoencoder((6, 4, 2)), (5, 6)),
    "invertible": (lambda: InvertibleMLP(6), (5, 6)),
    "lenet": (LeNet5, (2, 1, 28, 28)),
    "vgg": (lambda: SmallVGG((2, 3)), (2, 3, 32, 32)),
    "resnet": (lambda: SmallResNet((2, 3)), (2, 3, 32, 32)),
}


@pytest.mark.parametrize(("make", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_a_slice_is_a_plain_chain_under_the_same_names(make, shape):
    network = make().eval()
    X = torch.randn(shape)
    first, rest = network[:3], network[3:]
    assert type(first) is type(rest) is nn.Sequential
    names = [name for name, _ in network.named_children()]
    assert [name for name, _ in first.named_children()] == names[:3]
    assert [name for name, _ in rest.named_children()] == names[3:]
    with torch.no_grad():
        assert torch.equal(rest(first(X)), network(X))
    assert first[0] is network[0]  # layers are shared, as those of a slice of torch's are
    assert network[-1] is list(network.children())[-1]


def test_steps_and_names_of_a_slice():
    network = MLP((6, 4, 3, 2))
    assert [name for name, _ in network[1::2].named_children()] == ["hidden1", "hidden2"]
    assert len(network[7:]) == 0
    with pytest.raises(IndexError, match="out of range"):
        network[5]
