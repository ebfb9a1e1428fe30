import numpy as np
import pytest
import torch
from skorch import NeuralNetRegressor
from torch import nn

from ibtools import MLP, InformationClassifier
from ibtools.callbacks._propagation import (
    _explaining,
    _join_small,
    evaluation,
    network_layers,
    propagate,
)


def initialized(module, **parameters):
    return InformationClassifier(module, random_state=0, verbose=0, **parameters).initialize()


def batches_of(X, size=7):
    return list(torch.as_tensor(X).split(size))


def activations(net, X, patterns=None, **options):
    batches = batches_of(X)
    return propagate(net, batches, network_layers(net, batches[0], patterns), **options)


def test_batches_are_joined_in_order(data):
    X, _ = data
    net = initialized(MLP, module__sizes=(6, 5, 2))
    captured = activations(net, X)
    assert list(captured) == ["hidden1", "probabilities"]
    with torch.no_grad():
        hidden = torch.tanh(net.module_.linear1(torch.as_tensor(X)))
    np.testing.assert_allclose(captured["hidden1"], hidden, atol=1e-6)
    np.testing.assert_allclose(captured["probabilities"], net.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(7, 6), (7, 6), (3, 6)], [17]),
        ([(7, 6), (7, 5)], [7, 7]),
        ([(500, 6)] * 9, [4000, 500]),
        ([(7, 8192)] * 2, [7, 7]),
        ([(1, 784), (4096, 784)], [1, 4096]),
        ([(4000, 6)] * 2, [4000, 4000]),
        ([(0, 6), (2, 6)], [2]),
        ([], []),
    ],
)
def test_only_small_batches_of_one_shape_are_put_together(shapes, expected):
    batches = [torch.rand(shape) for shape in shapes]
    joined = _join_small(nn.Identity(), batches)
    assert [len(batch) for batch in joined] == expected
    if len(joined) < len(batches):
        assert torch.equal(torch.cat(joined), torch.cat(batches))


def test_batches_of_several_tensors_are_not_put_together():
    batches = [{"a": torch.zeros(3, 2)}, {"a": torch.ones(3, 2)}]
    assert _join_small(nn.Identity(), batches) is batches


def test_batches_are_kept_where_layers_depend_on_them(data):
    net = initialized(
        nn.Sequential(nn.BatchNorm1d(6, track_running_stats=False), nn.Linear(6, 2)), batch_size=7
    )
    captured = activations(net, data[0])
    np.testing.assert_allclose(captured["probabilities"], net.predict_proba(data[0]), atol=1e-6)


def test_softmax_at_the_end_is_listed_once(data):
    net = initialized(
        MLP, module__sizes=(6, 5, 2), module__output="probabilities", criterion=nn.NLLLoss
    )
    captured = activations(net, data[0])
    assert list(captured) == ["hidden1", "probabilities"]
    np.testing.assert_allclose(captured["probabilities"], net.predict_proba(data[0]), atol=1e-6)
    both = activations(net, data[0], ["softmax"])
    np.testing.assert_array_equal(both["softmax"], both["probabilities"])


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 2)
        self.probabilities = nn.Softmax(dim=1)

    def forward(self, x):
        return self.probabilities(self.linear(x))


@pytest.mark.parametrize("patterns", [None, "*", "probabilities"])
def test_layer_with_the_name_of_the_prediction(data, patterns):
    net = initialized(Named, criterion=nn.NLLLoss)
    captured = activations(net, data[0], patterns)
    assert list(captured) == (["linear"] if patterns == "*" else []) + ["probabilities"]
    np.testing.assert_allclose(captured["probabilities"], net.predict_proba(data[0]), atol=1e-6)


@pytest.mark.parametrize(
    ("criterion", "bounds"), [(nn.CrossEntropyLoss, (0, 1)), (nn.MultiMarginLoss, None)]
)
def test_bounds_of_the_prediction_come_from_the_loss(data, criterion, bounds):
    net = initialized(MLP, module__sizes=(6, 5, 2), criterion=criterion)
    *_, last = network_layers(net, batches_of(data[0])[0], None)
    assert last.bounds == bounds


def test_prediction_of_a_regressor(data):
    X, _ = data
    net = NeuralNetRegressor(nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 1)), verbose=0)
    captured = activations(net.initialize(), X)
    assert list(captured) == ["1", "prediction"]
    np.testing.assert_allclose(captured["prediction"], net.predict(X), atol=1e-6)


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 2)

    def forward(self, x):
        return torch.tanh(self.linear(x)) + torch.randn(len(x), 2)


def test_replicates_stand_one_after_the_other(data):
    X, _ = data
    net = initialized(Noisy)
    before = torch.get_rng_state()
    captured = activations(net, X, n_replicates=3)
    assert torch.equal(torch.get_rng_state(), before)
    first, second, third = np.split(captured["tanh"], 3)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)
    noisy = np.split(captured["probabilities"], 3)
    assert (noisy[0] != noisy[1]).all()
    assert (noisy[1] != noisy[2]).all()


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 2)

    def forward(self, x):
        return self.linear(x.mul_(2).tanh_())


def test_rows_are_not_changed_by_a_module_that_works_in_place(data):
    batches = [torch.tensor(data[0])]
    net = initialized(InPlace)
    layers = network_layers(net, batches[0], None)
    first = propagate(net, batches, layers)
    np.testing.assert_array_equal(batches[0], data[0])
    np.testing.assert_allclose(first["tanh"], np.tanh(2 * data[0]), atol=1e-6)


class Normed(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2)
        )


def test_batch_norm_and_dropout_are_in_evaluation_mode(data):
    X, y = data
    net = initialized(Normed, max_epochs=2).fit(X, y)
    before = {name: value.clone() for name, value in net.module_.state_dict().items()}
    captured = activations(net, X, "*")
    with torch.no_grad():
        expected = nn.Sequential(*list(net.module_.eval())[:3])(torch.as_tensor(X))
    np.testing.assert_allclose(captured["2"], expected, atol=1e-6)
    np.testing.assert_array_equal(captured["3"], captured["2"])
    for name, value in net.module_.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("training", [True, False])
def test_mode_is_put_back(data, training):
    net = initialized(Normed)
    net.module_.train(training)
    activations(net, data[0])
    assert all(module.training is training for module in net.module_.modules())


class Failing(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.fails = nn.Linear(6, 2), False

    def forward(self, x):
        if self.fails:
            torch.rand(3)
            raise KeyboardInterrupt
        return torch.tanh(self.linear(x))


def test_interrupted_forward_leaves_no_trace(data):
    net = initialized(Failing)
    batches = batches_of(data[0])
    layers = network_layers(net, batches[0], None)
    module, before = net.module_.train(), torch.get_rng_state()
    module.fails = True
    with pytest.raises(KeyboardInterrupt):
        propagate(net, batches, layers)
    assert net.module_ is module
    assert module.training
    assert torch.equal(torch.get_rng_state(), before)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())


def test_compiled_module_is_captured_and_put_back(data):
    options = {"module__sizes": (6, 5, 2)}
    net = initialized(MLP, **options, compile=True, compile__backend="eager")
    compiled = net.module_
    assert hasattr(compiled, "_orig_mod")
    captured = activations(net, data[0])
    assert net.module_ is compiled
    expected = activations(initialized(MLP, **options), data[0])
    assert list(captured) == ["hidden1", "probabilities"]
    for name, values in captured.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-6)


def test_evaluation_draws_the_same_numbers_again():
    net = initialized(Noisy)
    draws = []
    for _ in range(2):
        with evaluation(net):
            draws.append(torch.rand(3))
    assert torch.equal(*draws)


def test_activations_that_stay_on_the_device(data):
    batches = list(torch.tensor(data[0]).split(25))
    net = initialized(Normed)
    layers = network_layers(net, batches[0], None)
    expected = propagate(net, batches, layers, n_replicates=2)
    names = [layer.name for layer in layers]
    mixed = propagate(net, batches, layers, n_replicates=2, on_device=names[-1:])
    assert list(mixed) == list(expected)
    assert [isinstance(rows, torch.Tensor) for rows in mixed.values()] == [False, True]
    for name in names:
        np.testing.assert_array_equal(mixed[name], expected[name])


def test_a_module_s_error_is_kept_whatever_its_inputs_are():
    net = initialized(MLP, module__sizes=(6, 5, 2))
    with pytest.raises(RuntimeError, match="of the module"), _explaining(net, object()):
        raise RuntimeError("of the module")
