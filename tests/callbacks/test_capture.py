import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ibtools.callbacks._capture import (
    are_finite,
    capture_outputs,
    join_rows,
    list_layers,
    select_layers,
)


def samples(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def layers_of(module, x, patterns=None):
    module.eval()
    with torch.no_grad():
        layers = list_layers(module, lambda n: module(x[[0] * n].clone()))
    return select_layers(layers, patterns)


def capture(module, x, patterns=None):
    layers = layers_of(module, x, patterns)
    with torch.no_grad(), capture_outputs(module, layers) as captured:
        module(x.clone())
    return captured


def names(module, x, patterns=None):
    return [layer.name for layer in layers_of(module, x, patterns)]


def assert_rows(captured, expected):
    np.testing.assert_allclose(captured, expected.detach().flatten(1), rtol=1e-5, atol=1e-6)


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = (nn.Linear(3, 3) for _ in range(3))

    def forward(self, x):
        x = torch.tanh(self.a(x))
        x = F.relu(self.b(x))
        x = self.c(x).sigmoid()
        return F.softmax(x.relu_(), dim=1)


def test_functions_are_activations():
    module, x = Functional(), samples(5, 3)
    captured = capture(module, x)
    first = torch.tanh(module.a(x))
    second = torch.relu(module.b(first))
    third = torch.sigmoid(module.c(second))
    assert list(captured) == ["tanh", "relu", "sigmoid", "relu#1", "softmax"]
    for values, expected in zip(captured.values(), [first, second, third, third], strict=False):
        assert_rows(values, expected)
    assert_rows(captured["softmax"], third.softmax(1))


@pytest.mark.parametrize(
    ("function", "bounds"),
    [
        (torch.tanh, (-1, 1)),
        (torch.tanh_, (-1, 1)),
        (F.softsign, (-1, 1)),
        (torch.Tensor.sigmoid, (0, 1)),
        (F.hardsigmoid, (0, 1)),
        (lambda x: x.softmax(1), (0, 1)),
        (F.relu, None),
        (F.elu, None),
        (F.log_softmax, None),
        (nn.Tanh(), (-1, 1)),
        (nn.Sigmoid(), (0, 1)),
        (nn.Softmax(dim=1), (0, 1)),
        (nn.ReLU(), None),
        (nn.LeakyReLU(), None),
    ],
)
@pytest.mark.filterwarnings("ignore:Implicit dimension choice:UserWarning")
def test_bounds_come_from_the_activation(function, bounds):
    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 3)
            if isinstance(function, nn.Module):
                self.act = function

        def forward(self, x):
            return function(self.linear(x))

    (layer,) = layers_of(Module(), samples(4, 3))
    assert layer.bounds == bounds
    assert layer.is_activation


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.act = nn.Linear(3, 3), nn.Tanh()
        self.same = self.act

    def forward(self, x):
        return self.act(self.linear(self.same(self.linear(x))))


def test_a_module_used_twice_is_numbered():
    module, x = Twice(), samples(5, 3)
    captured = capture(module, x)
    assert list(captured) == ["act", "act#1"]
    assert_rows(captured["act"], torch.tanh(module.linear(x)))
    assert_rows(captured["act#1"], module(x))
    # Numbers start anew with every batch.
    layers = layers_of(module, x)
    with capture_outputs(module, layers) as captured:
        module(x)
        module(-x)
    assert list(captured) == ["act", "act#1"]
    assert_rows(captured["act#1"], module(-x))


def test_in_place_activation_leaves_the_captured_layer_alone():
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 2))
    x = samples(6, 3)
    captured = capture(module, x, ["0", "1"])
    assert (captured["0"] < 0).any()
    assert_rows(captured["0"], module[0](x))
    assert_rows(captured["1"], module[0](x).relu())


def test_convolutions_are_flattened():
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 16, 2))
    x = samples(4, 1, 6, 6)
    captured = capture(module, x)
    assert captured["1"].shape == (4, 32)
    assert_rows(captured["1"], module[1](module[0](x)))


def test_without_activations_innermost_modules_are_chosen():
    module = nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.Flatten()), nn.Linear(3, 2))
    assert names(module, samples(4, 3)) == ["0.0", "0.1", "1"]


class Recurrent(nn.Module):
    def __init__(self, kind, batch_first):
        super().__init__()
        self.rnn = kind(3, 4, num_layers=2, batch_first=batch_first)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        x = x if self.rnn.batch_first else x.transpose(0, 1)
        output, _ = self.rnn(x)
        output = torch.tanh(output)
        return self.head(output[:, -1] if self.rnn.batch_first else output[-1])


# Six samples of six steps: the size of a dimension does not tell which is which.
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize(("kind", "parts"), [(nn.LSTM, 3), (nn.GRU, 2), (nn.RNN, 2)])
def test_recurrent(kind, parts, batch_first):
    module, x = Recurrent(kind, batch_first), samples(6, 6, 3)
    captured = capture(module, x, ["rnn", "tanh"])
    assert list(captured) == [*(f"rnn:{k}" for k in range(parts)), "tanh"]
    module.rnn.batch_first = True
    output, state = module.rnn(x)
    state = state if isinstance(state, tuple) else (state,)
    assert_rows(captured["rnn:0"], output)
    for k, value in enumerate(state, start=1):
        assert_rows(captured[f"rnn:{k}"], value.transpose(0, 1))
    assert_rows(captured["tanh"], torch.tanh(output))


class Transformer(nn.Module):
    def __init__(self, batch_first):
        super().__init__()
        self.batch_first = batch_first
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=batch_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        x = x if self.batch_first else x.transpose(0, 1)
        return self.head(self.encoder(x).mean(1 if self.batch_first else 0))


@pytest.mark.parametrize("batch_first", [True, False])
def test_transformer(batch_first):
    x = samples(5, 5, 8)
    module = Transformer(batch_first).eval()
    captured = capture(module, x, ["*relu", "*linear1", "encoder.layers.?", "encoder"])
    per_layer = ("linear1", "relu")
    assert list(captured) == [
        *(f"encoder.layers.0.{name}" for name in per_layer),
        "encoder.layers.0",
        *(f"encoder.layers.1.{name}" for name in per_layer),
        "encoder.layers.1",
        "encoder",
    ]
    reference = Transformer(True).eval()
    reference.load_state_dict(module.state_dict())
    first, second = reference.encoder.layers
    assert_rows(captured["encoder.layers.0"], first(x))
    assert_rows(captured["encoder"], second(first(x)))
    attended = first.norm1(x + first.self_attn(x, x, x)[0])
    assert_rows(captured["encoder.layers.0.relu"], first.linear1(attended).relu())


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1)

    def forward(self, x):
        mask = torch.zeros(x.shape[:2], dtype=torch.bool)
        mask[:, -1] = True
        return self.encoder(x, src_key_padding_mask=mask).mean(1)


@pytest.mark.parametrize("masked", [False, True])
def test_fused_transformer_layers_are_seen_inside(masked):
    module, x = Masked() if masked else Transformer(True), samples(5, 4, 8)
    assert torch.backends.mha.get_fastpath_enabled()
    assert "encoder.layers.0.linear2" in names(module, x, "*")


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.split = Split()

    def forward(self, x):
        parts = self.split(x)
        return parts["sum"] + parts["both"][0]


class Split(nn.Module):
    def forward(self, x):
        return {"sum": x[:, :2], "both": [2 * x[:, :2], None, x.mean()]}


def test_nested_outputs_are_parts():
    captured = capture(Nested(), samples(4, 3), "split")
    assert list(captured) == ["split:0", "split:1"]
    np.testing.assert_array_equal(captured["split:1"], 2 * captured["split:0"])


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.positions = nn.Embedding(4, 3)
        self.act = nn.Tanh()

    def forward(self, x):
        return self.act(x + self.positions(torch.arange(4))).mean(1)


def test_outputs_without_samples_are_no_layers():
    assert names(Positions(), samples(4, 4, 3), "*") == ["act"]


def test_patterns():
    module = nn.Sequential()
    for name in ("conv1", "conv2", "fc1"):
        module.add_module(name, nn.Linear(3, 3))
    x = samples(4, 3)
    assert names(module, x, "conv*") == ["conv1", "conv2"]
    assert names(module, x, ["fc1", "conv[!1]"]) == ["conv2", "fc1"]
    assert names(module, x, ("*1", "conv1")) == ["conv1", "fc1"]
    with pytest.raises(ValueError, match=r"layers='fc' fits no layer.*: conv1, conv2, fc1\."):
        names(module, x, ["conv1", "fc"])


def test_a_name_chooses_all_calls_and_a_number_one():
    assert names(Twice(), samples(4, 3), "act") == ["act", "act#1"]
    assert names(Twice(), samples(4, 3), "act#1") == ["act#1"]


class Failing(nn.Module):
    def forward(self, x):
        raise RuntimeError("no forward")


def n_hooks(module):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in module.modules())


def test_no_hook_stays():
    module, x = nn.Sequential(nn.Linear(3, 3), nn.Tanh()), samples(4, 3)
    capture(module, x)
    assert n_hooks(module) == 0
    failing = nn.Sequential(nn.Linear(3, 3), Failing())
    with pytest.raises(RuntimeError, match="no forward"):
        capture(failing, x)
    assert n_hooks(failing) == 0
    assert torch.overrides._get_current_function_mode() is None


def test_compiled_parts_are_seen():
    body = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    module = nn.Sequential(torch.compile(body, backend="eager"), nn.Linear(3, 2))
    x = samples(4, 3)
    module(x)
    captured = capture(module, x)
    assert list(captured) == ["0._orig_mod.1"]
    assert_rows(captured["0._orig_mod.1"], body(x))


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (torch.float64, np.float64),
        (torch.float32, np.float32),
        (torch.bfloat16, np.float32),
        (torch.float16, np.float32),
    ],
)
def test_precision(dtype, expected):
    module = nn.Sequential(nn.Linear(3, 3), nn.Tanh()).to(dtype)
    assert capture(module, samples(4, 3).to(dtype))["1"].dtype == expected


def test_layers_that_stay_on_their_device():
    """Copies still, in float32 or float64, with one row per sample; only those named."""
    module = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(8, 2))
    x = samples(5, 1, 3, 3)
    layers = layers_of(module, x, "*")
    names = [layer.name for layer in layers]
    with torch.no_grad(), capture_outputs(module, layers) as expected:
        module(x)
    with capture_outputs(module, layers, on_device=names[:2]) as captured:
        module(x)
    assert [isinstance(captured[name], torch.Tensor) for name in names] == [
        True,
        True,
        False,
        False,
    ]
    assert not captured[names[0]].requires_grad
    for name in names:
        np.testing.assert_array_equal(captured[name], expected[name])
    half = module.double().to(torch.bfloat16)
    with capture_outputs(half, layers, on_device=names) as captured:
        half(x.to(torch.bfloat16))
    assert {values.dtype for values in captured.values()} == {torch.float32}
    with capture_outputs(module.double(), layers, on_device=names) as captured:
        module(x.double())
    assert {values.dtype for values in captured.values()} == {torch.float64}


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_parts_of_a_layer(kind):
    first, second = kind([[1.0], [2.0]]), kind([[3.0]])
    assert join_rows([first]) is first
    joined = join_rows([first, second])
    assert type(joined) is type(first)
    assert joined.tolist() == [[1], [2], [3]]
    assert are_finite(joined)
    assert not are_finite(kind([[1.0], [np.inf]]))
    assert not are_finite(kind([[np.nan]]))
