import numpy as np
import pytest
import torch

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier, InformationPlane
from ibtools.datasets import make_szt
from ibtools.networks import Quantize, QuantizedMLP


@pytest.mark.parametrize("bounds", [(-1, 1), (0, 1), (-0.3, 7.1)])
@pytest.mark.parametrize("n_levels", [2, 3, 16, 256])
def test_levels_are_the_nearest(n_levels, bounds):
    low, high = bounds
    x = torch.linspace(low - 0.5, high + 0.5, 5001, dtype=torch.float64)
    width = (high - low) / n_levels
    levels = low + width * (np.arange(n_levels) + 0.5)
    quantized = Quantize(n_levels, bounds)(x)
    assert len(quantized.unique()) == n_levels
    distances = np.abs(x.numpy()[:, None] - levels)
    np.testing.assert_allclose(np.abs(x.numpy() - quantized.numpy()), distances.min(axis=1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_are_exactly_the_levels(dtype):
    torch.testing.assert_close(
        Quantize(4)(torch.linspace(-2, 2, 1001, dtype=dtype)).unique(),
        torch.tensor([-0.75, -0.25, 0.25, 0.75], dtype=dtype),
        rtol=0,
        atol=0,
    )


def test_gradient_passes_inside_the_bounds():
    x = torch.tensor([-1.5, -0.9, 0.0, 0.3, 1.5], requires_grad=True)
    (Quantize(4)(x) * torch.arange(1.0, 6.0)).sum().backward()
    assert x.grad.tolist() == [0, 2, 3, 4, 0]


@pytest.mark.parametrize("n_levels", [1, 0])
def test_too_few_levels(n_levels):
    with pytest.raises(ValueError, match="n_levels must be 2 or more"):
        Quantize(n_levels)


@pytest.mark.parametrize("bounds", [(1, -1), (0, 0), (0, np.inf), (np.nan, 1)])
def test_bounds_that_are_no_interval(bounds):
    with pytest.raises(ValueError, match="bounds must be two numbers"):
        Quantize(4, bounds)


def test_weights_and_layers_are_those_of_the_mlp():
    sizes = (6, 5, 4, 2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        plain = MLP(sizes, ["tanh", "sigmoid"], output="probabilities")
        torch.manual_seed(0)
        module = QuantizedMLP(sizes, ["tanh", "sigmoid"], n_levels=2**20, output="probabilities")
    assert [name for name, _ in module.named_children()] == [
        "linear1", "activation1", "hidden1", "linear2", "activation2", "hidden2", "linear3",
        "softmax",
    ]  # fmt: skip
    assert module.hidden1.bounds == (-1, 1)
    assert module.hidden2.bounds == (0, 1)
    assert "n_levels=1048576" in repr(module)
    X = torch.linspace(-1, 1, 24).reshape(4, 6)
    torch.testing.assert_close(module(X), plain(X), rtol=0, atol=1e-5)


def test_unbounded_activations_need_bounds():
    with pytest.raises(ValueError, match=r"levels of ReLU units need an interval: pass bounds="):
        QuantizedMLP((6, 5, 2), "relu")
    assert QuantizedMLP((6, 5, 2), "relu", bounds=(0, 3)).hidden1.bounds == (0, 3)


def entropy(rows):
    p = np.unique(rows, axis=0, return_counts=True)[1] / len(rows)
    return -(p * np.log2(p)).sum()


@pytest.mark.parametrize("n_levels", [2, 4, 16])
def test_matching_bins_measure_exactly(n_levels):
    X, y = make_szt()
    X, y = X[::4], y[::4]
    callback = InfoPlaneCallback(
        BinnedMI(n_bins=n_levels, bounds=(-1, 1)), layers="hidden*", on=(X, y), every=1
    )
    net = InformationClassifier(
        QuantizedMLP,
        module__sizes=(12, 5, 3, 2),
        module__n_levels=n_levels,
        max_epochs=2,
        lr=0.3,
        batch_size=64,
        callbacks=[callback],
        random_state=0,
        verbose=0,
    ).fit(X, y)
    plane = InformationPlane.from_history(net.history).select(epochs=-1).to_frame()
    layers = plane.set_index("layer")[["mi_x", "mi_y"]]
    with torch.no_grad():
        first = net.module_.hidden1(torch.tanh(net.module_.linear1(torch.as_tensor(X))))
        second = net.module_.hidden2(torch.tanh(net.module_.linear2(first)))
    for name, values in {"hidden1": first.numpy(), "hidden2": second.numpy()}.items():
        # T is a function of X, and takes these values and no others.
        assert layers.loc[name, "mi_x"] == pytest.approx(entropy(values), abs=1e-12)
        mi_y = entropy(values) + entropy(y) - entropy(np.column_stack([values, y]))
        assert layers.loc[name, "mi_y"] == pytest.approx(mi_y, abs=1e-12)


@pytest.mark.slow
def test_eight_bits_are_as_accurate_as_floats():
    """12-10-7-5-4-3-2 on the 4096 patterns: within two points."""
    X, y = make_szt()
    order = np.random.RandomState(0).permutation(len(X))
    train, test = order[:3482], order[3482:]
    scores = [
        InformationClassifier(
            module,
            module__sizes=(12, 10, 7, 5, 4, 3, 2),
            optimizer=torch.optim.Adam,
            lr=4e-3,
            batch_size=256,
            max_epochs=300,
            train_split=None,
            random_state=0,
            verbose=0,
        )
        .fit(X[train], y[train])
        .score(X[test], y[test])
        for module in (QuantizedMLP, MLP)
    ]
    assert scores[0] > scores[1] - 0.02
