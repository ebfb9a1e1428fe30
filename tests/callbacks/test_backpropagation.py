"""Errors of layers, against backpropagation by hand."""

import copy

import numpy as np
import pytest
import torch
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor
from torch import nn
from torch.nn import functional as F

from ibtools import MLP
from ibtools.callbacks._backpropagation import backpropagate, error_layers
from ibtools.callbacks._capture import Layer
from ibtools.callbacks._rows import read_rows


def _errors(net, X, y, patterns=None):
    net = net if net.initialized_ else net.initialize()
    rows = read_rows(net, [net.get_dataset(X, y)])
    return backpropagate(net, rows, error_layers(net, rows, patterns))


def _two_layer_errors(module, X, y):
    """dL/dz = p - onehot(y) at the output, (dL/dz W) (1 - tanh^2) before it, row by row."""
    first, second = module.linear1, module.linear2
    with torch.no_grad():
        hidden = torch.tanh(first(torch.as_tensor(X)))
        output = torch.softmax(second(hidden), dim=1) - F.one_hot(torch.as_tensor(y), 2)
        return {
            "probabilities": output.numpy(),
            "hidden1": ((output @ second.weight) * (1 - hidden**2)).numpy(),
        }


class TestByHand:
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    @pytest.mark.parametrize("batch_size", [7, 60])
    @pytest.mark.parametrize("output", ["logits", "probabilities"])
    def test_two_layers(self, data, make_net, dtype, batch_size, output):
        X, y = data
        criterion = {"logits": nn.CrossEntropyLoss, "probabilities": nn.NLLLoss}[output]
        net = make_net(
            module=MLP,
            module__sizes=(6, 5, 2),
            module__output=output,
            criterion=criterion,
            batch_size=batch_size,
        ).initialize()
        net.module_.to(dtype)
        X = X.astype(np.float64) if dtype == torch.float64 else X
        errors = _errors(net, X, y)
        assert list(errors) == ["probabilities", "hidden1"]
        expected = _two_layer_errors(net.module_, X, y)
        # skorch takes the logarithm of p + eps for NLLLoss, which float32 sees.
        tolerance = 1e-6 if dtype == torch.float32 else 1e-14
        for layer, error in errors.items():
            assert error.dtype == expected[layer].dtype
            np.testing.assert_allclose(error, expected[layer], rtol=0, atol=tolerance)

    def test_errors_are_of_rows_not_of_batches(self, data, make_net):
        X, y = data
        net = make_net().initialize()
        whole, single = _errors(net, X, y), _errors(net, X[:1], y[:1])
        for layer, error in whole.items():
            assert len(error) == 60
            np.testing.assert_allclose(error[:1], single[layer], atol=1e-7)
        assert list(whole) == ["probabilities", "hidden2", "hidden1"]

    def test_squares_of_a_regression(self, data):
        X = data[0]
        y = X[:, :2] ** 2
        net = NeuralNetRegressor(
            nn.Sequential(nn.Linear(6, 4), nn.Sigmoid(), nn.Linear(4, 2)), verbose=0
        ).initialize()
        errors = _errors(net, X, y)
        with torch.no_grad():
            hidden = torch.sigmoid(net.module_[0](torch.as_tensor(X)))
            output = 2 * (net.module_[2](hidden) - torch.as_tensor(y))
            inner = (output @ net.module_[2].weight) * hidden * (1 - hidden)
        np.testing.assert_allclose(errors["prediction"], output, atol=1e-6)
        np.testing.assert_allclose(errors["1"], inner, atol=1e-6)

    def test_weights_of_classes(self, data, make_net):
        X, y = data
        weights = torch.tensor([1.0, 3.0])
        net = make_net(criterion__weight=weights, batch_size=7).initialize()
        plain = make_net().initialize()
        plain.module_.load_state_dict(net.module_.state_dict())
        weighted, unweighted = _errors(net, X, y), _errors(plain, X, y)
        for layer, error in weighted.items():
            expected = unweighted[layer] * weights.numpy()[y][:, None]
            np.testing.assert_allclose(error, expected, atol=1e-6)

    def test_a_binary_classifier(self, data):
        X, y = data[0], data[1].astype(np.float32)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.second = nn.Linear(6, 4), nn.Linear(4, 1)

            def forward(self, X):
                return self.second(torch.tanh(self.first(X))).squeeze(-1)

        net = NeuralNetBinaryClassifier(Net, verbose=0).initialize()
        errors = _errors(net, X, y)
        with torch.no_grad():
            p = torch.sigmoid(net.module_(torch.as_tensor(X))).numpy()
        np.testing.assert_allclose(errors["probabilities"][:, 0], p - y, atol=1e-6)
        assert errors["tanh"].shape == (60, 4)

    def test_a_criterion_that_cannot_sum_is_a_mean(self, data, make_net):
        class MeanLoss(nn.Module):
            def forward(self, output, target):
                return F.cross_entropy(output, target)

        net = make_net(criterion=MeanLoss, batch_size=7).initialize()
        plain = make_net().initialize()
        plain.module_.load_state_dict(net.module_.state_dict())
        for one, other in zip(
            _errors(net, *data).values(), _errors(plain, *data).values(), strict=True
        ):
            np.testing.assert_allclose(one, other, atol=1e-6)


class _Activated(nn.Module):
    """A linear layer, an activation as a module or a function, another linear layer."""

    def __init__(self, activation):
        super().__init__()
        self.first, self.second = nn.Linear(6, 8).double(), nn.Linear(8, 2).double()
        self.activation = activation

    def forward(self, X):
        return self.second(self.activation(self.first(X)))


_FUNCTIONS = [
    lambda z: F.relu(z, inplace=True),
    lambda z: torch.softmax(dim=1, input=z),
    torch.relu_,
    lambda z: z.relu_(),
    torch.sigmoid_,
    torch.tanh,
]
_MODULES = [
    nn.ReLU(),
    nn.ReLU(inplace=True),
    nn.LeakyReLU(0.1, inplace=True),
    nn.Tanh(),
    nn.GELU(),
    nn.SiLU(inplace=True),
    nn.Softplus(),
    nn.Softsign(),
    nn.Softmin(dim=1),
    nn.Tanhshrink(),
    nn.Hardshrink(),
    nn.Threshold(0.1, 0.0),
    nn.LogSigmoid(),
    nn.PReLU().double(),
]


class TestActivations:
    def expected(self, module, X, y):
        activation = copy.deepcopy(module.activation)
        z = module.first(torch.as_tensor(X)).detach().requires_grad_()
        loss = F.cross_entropy(
            module.second(activation(z.clone())), torch.as_tensor(y), reduction="sum"
        )
        return torch.autograd.grad(loss, z)[0].numpy()

    @pytest.mark.parametrize("activation", [*_MODULES, *_FUNCTIONS])
    def test_every_kind(self, data, activation):
        X, y = data[0].astype(np.float64), data[1]
        net = NeuralNetClassifier(
            _Activated, module__activation=activation, criterion=nn.CrossEntropyLoss, verbose=0
        ).initialize()
        errors = _errors(net, X, y)
        assert len(errors) == 2
        np.testing.assert_allclose(
            [*errors.values()][1], self.expected(net.module_, X, y), atol=1e-14
        )

    def test_other_modules_have_the_error_of_what_they_give(self, data, make_net):
        X, y = data
        net = make_net().initialize()
        errors, chosen = _errors(net, X, y), _errors(net, X, y, ["linear*", "hidden1"])
        assert list(chosen) == ["probabilities", "linear2", "hidden1", "linear1"]
        np.testing.assert_allclose(chosen["linear2"], errors["hidden2"], atol=1e-7)
        np.testing.assert_allclose(chosen["linear1"], chosen["hidden1"], atol=1e-7)

    def test_a_linear_network(self, data, make_net):
        errors = _errors(make_net(module__activation="linear").initialize(), *data)
        assert list(errors) == ["probabilities", "hidden2", "hidden1"]

    def test_a_network_that_ends_in_log_softmax(self, data):
        module = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2), nn.LogSoftmax(dim=1))
        net = NeuralNetClassifier(module, criterion=nn.CrossEntropyLoss, verbose=0).initialize()
        errors = _errors(net, *data)
        assert list(errors) == ["probabilities", "1"]
        with torch.no_grad():
            p = net.module_(torch.as_tensor(data[0])).exp()
        output = p - F.one_hot(torch.as_tensor(data[1]), 2)
        np.testing.assert_allclose(errors["probabilities"], output, atol=1e-6)

    def test_inputs_that_are_no_real_numbers(self):
        module = nn.Sequential(nn.Embedding(5, 3), nn.Tanh(), nn.Linear(3, 2))
        net = NeuralNetClassifier(module, criterion=nn.CrossEntropyLoss, verbose=0).initialize()
        X = np.arange(20) % 5
        errors = _errors(net, X, X % 2)
        with torch.no_grad():
            hidden = torch.tanh(net.module_[0](torch.as_tensor(X)))
            inner = (torch.as_tensor(errors["probabilities"]) @ net.module_[2].weight) * (
                1 - hidden**2
            )
        np.testing.assert_allclose(errors["1"], inner, atol=1e-6)

    def test_frozen_layers_have_errors(self, data, make_net):
        net = make_net().initialize()
        before = _errors(net, *data)
        net.module_.requires_grad_(False)
        for layer, error in _errors(net, *data).items():
            np.testing.assert_allclose(error, before[layer], atol=1e-7)

    def test_shared_inputs_of_a_skip_connection(self, data):
        class Skip(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.act, self.second = nn.Linear(6, 4), nn.SiLU(), nn.Linear(4, 2)

            def forward(self, X):
                z = self.first(X)
                return self.second(self.act(z) + z)

        X, y = data
        net = NeuralNetClassifier(Skip, criterion=nn.CrossEntropyLoss, verbose=0).initialize()
        module = net.module_
        z = module.first(torch.as_tensor(X)).detach().requires_grad_()
        loss = F.cross_entropy(module.second(F.silu(z) + z), torch.as_tensor(y), reduction="sum")
        expected = torch.autograd.grad(loss, z)[0]
        np.testing.assert_allclose(_errors(net, X, y)["act"], expected, atol=1e-6)


class TestNothingIsLeft:
    class Odd(nn.Module):
        """Dropout, batch normalisation, frozen first layer, in place from the input on."""

        def __init__(self):
            super().__init__()
            self.first, self.norm = nn.Linear(6, 8).requires_grad_(False), nn.BatchNorm1d(8)
            self.act, self.drop = nn.ReLU(inplace=True), nn.Dropout(inplace=True)
            self.second = nn.Linear(8, 2)

        def forward(self, X):
            X += 1
            return self.second(self.drop(self.act(self.norm(self.first(X)))))

    def test_parameters_buffers_mode_and_random_state(self, data):
        X, y = data
        net = NeuralNetClassifier(self.Odd, criterion=nn.CrossEntropyLoss, verbose=0).initialize()
        net.module_.train()
        net.module_.second.weight.grad = torch.ones(2, 8)
        before = copy.deepcopy(net.module_.state_dict())
        given = X.copy()
        rows = read_rows(net, [net.get_dataset(X, y)])
        criterion, random_state = net.criterion_, torch.get_rng_state()
        layers = error_layers(net, rows, None)
        first = backpropagate(net, rows, layers)
        assert all(torch.equal(net.module_.state_dict()[name], before[name]) for name in before)
        assert torch.equal(net.module_.second.weight.grad, torch.ones(2, 8))
        assert net.module_.norm.weight.grad is None
        assert net.module_.first.weight.grad is None
        assert net.module_.training
        assert net.module_.drop.training
        assert net.criterion_ is criterion
        assert criterion.reduction == "mean"
        assert torch.equal(torch.get_rng_state(), random_state)
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.module_.modules())
        np.testing.assert_array_equal(X, given)
        for layer, error in backpropagate(net, rows, layers).items():
            np.testing.assert_array_equal(error, first[layer])

    def test_after_an_error(self, data):
        class Fails(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.act, self.fails = nn.Linear(6, 2), nn.Tanh(), False

            def forward(self, X):
                output = self.act(self.first(X))
                if self.fails:
                    raise RuntimeError("no")
                return output

        net = NeuralNetClassifier(Fails, criterion=nn.CrossEntropyLoss, verbose=0).initialize()
        net.module_.train()
        criterion = net.criterion_
        net.module_.fails = True
        rows = read_rows(net, [net.get_dataset(*data)])
        layers = [Layer("probabilities", True, False, None), Layer("act", True, True, None)]
        with pytest.raises(RuntimeError, match="no"):
            backpropagate(net, rows, layers)
        assert net.criterion_ is criterion
        assert net.module_.training
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.module_.modules())


def test_convolutions_are_flattened_by_row(data):
    module = nn.Sequential(
        nn.Conv1d(1, 3, 2), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(6, 2)
    )
    net = NeuralNetClassifier(module, criterion=nn.CrossEntropyLoss, verbose=0).initialize()
    errors = _errors(net, data[0][:, None], data[1])
    assert errors["1"].shape == (60, 15)


def test_a_network_of_one_layer_has_no_chain(data):
    net = NeuralNetClassifier(
        nn.Sequential(nn.Linear(6, 2)), criterion=nn.CrossEntropyLoss, verbose=0
    )
    with pytest.raises(ValueError, match="needs a layer before the output"):
        _errors(net, *data)


def test_a_layer_that_does_not_always_run(data, make_net):
    net = make_net().initialize()
    rows = read_rows(net, [net.get_dataset(*data)])
    layers = [*error_layers(net, rows, None), Layer("hidden9", True, True, None)]
    with pytest.raises(ValueError, match=r"\['hidden9'\] did not run on every batch"):
        backpropagate(net, rows, layers)
