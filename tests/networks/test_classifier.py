import copy
import pickle

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from skorch.dataset import Dataset
from torch import nn
from torch.utils.data import DataLoader

from ibtools import MLP, InformationClassifier

DATA_LOADERS = {"iterator_train": DataLoader, "iterator_valid": DataLoader}


class Dropping(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))


def make_net(module=MLP, **parameters):
    if module is MLP:
        parameters = {"module__sizes": (6, 5, 2)} | parameters
    return InformationClassifier(
        module, **{"max_epochs": 4, "batch_size": 16, "lr": 0.1, "verbose": 0} | parameters
    )


def outcome(net, X):
    losses = [net.history[:, name] for name in ("train_loss", "valid_loss")]
    return np.append(np.ravel(losses), net.predict_proba(X))


@pytest.mark.parametrize("iterators", [{}, DATA_LOADERS], ids=["batches", "loaders"])
@pytest.mark.parametrize("module", [MLP, Dropping])
class TestReproducible:
    def test_same_seed_same_fit(self, data, module, iterators):
        first = make_net(module, random_state=3, **iterators).fit(*data)
        second = make_net(module, random_state=3, **iterators)
        torch.rand(7)
        second.fit(*data)
        np.testing.assert_array_equal(outcome(first, data[0]), outcome(second, data[0]))
        third = outcome(first.fit(*data), data[0])
        np.testing.assert_array_equal(third, outcome(second, data[0]))

    def test_different_seed_different_fit(self, data, module, iterators):
        first = make_net(module, random_state=3, **iterators).fit(*data)
        second = make_net(module, random_state=4, **iterators).fit(*data)
        assert (outcome(first, data[0]) != outcome(second, data[0])).mean() > 0.9

    def test_global_random_state_is_left_alone(self, data, module, iterators):
        before = torch.get_rng_state()
        net = make_net(module, random_state=3, **iterators).fit(*data)
        net.partial_fit(*data)
        assert torch.equal(torch.get_rng_state(), before)

    def test_pieces_equal_the_whole(self, data, module, iterators):
        whole = make_net(module, random_state=3, max_epochs=6, **iterators).fit(*data)
        pieces = make_net(module, random_state=3, max_epochs=2, **iterators)
        for _ in range(3):
            torch.rand(5)
            pieces.partial_fit(*data)
        np.testing.assert_array_equal(outcome(whole, data[0]), outcome(pieces, data[0]))


def test_a_pickled_net_goes_on_in_its_stream(data):
    whole = make_net(Dropping, random_state=3, max_epochs=4).fit(*data)
    half = make_net(Dropping, random_state=3, max_epochs=2).fit(*data)
    for twin in (pickle.loads(pickle.dumps(half)), copy.deepcopy(half)):
        twin.partial_fit(*data)
        np.testing.assert_array_equal(outcome(whole, data[0]), outcome(twin, data[0]))


def test_random_state_instance(data):
    nets = [make_net(random_state=np.random.RandomState(0)) for _ in range(2)]
    first, second = (outcome(net.fit(*data), data[0]) for net in nets)
    np.testing.assert_array_equal(first, second)
    assert (outcome(nets[0].fit(*data), data[0]) != first).any()


def test_without_random_state_torch_decides(data):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        first = outcome(make_net().fit(*data), data[0])
        assert (outcome(make_net().fit(*data), data[0]) != first).any()
        torch.manual_seed(5)
        np.testing.assert_array_equal(outcome(make_net().fit(*data), data[0]), first)


def test_random_state_is_put_back_after_an_error(data):
    class Failing(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise RuntimeError("stop")

    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="stop"):
        make_net(random_state=0, callbacks=[Failing()]).fit(*data)
    assert torch.equal(torch.get_rng_state(), before)


def test_same_fit_with_data_loaders_when_not_shuffled(data):
    options = {"random_state": 0, "iterator_train__shuffle": False}
    batches = make_net(**options).fit(*data)
    loaders = make_net(**options, **DATA_LOADERS).fit(*data)
    np.testing.assert_array_equal(outcome(batches, data[0]), outcome(loaders, data[0]))


def test_learns(data):
    X, y = data
    assert make_net(max_epochs=60, lr=0.3, random_state=0).fit(X, y).score(X, y) > 0.85


def test_saved_parameters(data, tmp_path):
    net = make_net(random_state=0).fit(*data)
    files = {f"f_{name}": tmp_path / name for name in ("params", "optimizer", "history")}
    net.save_params(**files)
    loaded = make_net(random_state=1).initialize()
    loaded.load_params(**files)
    np.testing.assert_array_equal(outcome(loaded, data[0]), outcome(net, data[0]))


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ">f4"])
def test_real_input_is_given_in_the_precision_of_the_weights(data, dtype):
    X, y = data
    net = make_net(random_state=0).fit(X.astype(dtype), y)
    assert net.predict_proba(X.astype(dtype)).dtype == np.float32
    tolerance = 5e-3 if dtype == np.float16 else 1e-6
    expected = make_net(random_state=0).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(net.predict_proba(X), expected, atol=tolerance)


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 2)

    def forward(self, a, b):
        return self.linear(torch.cat([a, b], dim=1))


class OneTuple(TwoInputs):
    def forward(self, pair):
        return super().forward(*pair)


def test_several_inputs(data):
    X, y = data[0].astype(np.float64), data[1]
    by_name = {"a": X[:, :2], "b": X[:, 2:]}
    named = make_net(TwoInputs, random_state=0).fit(by_name, y)
    ordered = make_net(OneTuple, random_state=0).fit(tuple(by_name.values()), y)
    np.testing.assert_array_equal(
        named.predict_proba(by_name), ordered.predict_proba(tuple(by_name.values()))
    )


class Lookup(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(6, 2))


def test_integer_input_stays_integer():
    X = np.arange(60).reshape(30, 2) % 5
    y = np.arange(30) % 2
    assert make_net(Lookup, random_state=0).fit(X, y).predict(X).shape == (30,)


class Idle(torch.optim.SGD):
    def __init__(self, params, lr):
        super().__init__([torch.zeros(1)], lr)


class Parameterless(nn.Module):
    def forward(self, x):
        assert x.dtype == torch.float64
        return x[:, :2]


def test_module_without_parameters(data):
    X = data[0].astype(np.float64)
    net = make_net(Parameterless, optimizer=Idle).initialize()
    np.testing.assert_array_equal(net.predict(X), X[:, :2].argmax(axis=1))


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, bool])
def test_labels_of_any_integer_size(data, dtype):
    X, y = data
    expected = make_net(random_state=0).fit(X, y).predict_proba(X)
    net = make_net(random_state=0).fit(X, y.astype(dtype))
    np.testing.assert_array_equal(net.predict_proba(X), expected)


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: np.array(["no", "yes"])[y],
        lambda y: np.array(["no", "yes"])[y].tolist(),
        lambda y: y - 1,
        lambda y: y.astype(np.float32),
        lambda y: y.astype(object),
    ],
    ids=["words", "list", "negative", "float", "object"],
)
def test_labels_that_torch_cannot_take(data, labels):
    X, y = data
    with pytest.raises(ValueError, match=r"Labels must be whole numbers from 0 .*LabelEncoder"):
        make_net().fit(X, labels(y))


@pytest.mark.parametrize("iterators", [{}, DATA_LOADERS], ids=["batches", "loaders"])
def test_missing_labels(data, iterators):
    with pytest.raises(ValueError, match="y=None"):
        make_net(**iterators).fit(data[0], None)


def test_labels_of_a_dataset(data):
    net = make_net(random_state=0, train_split=None).fit(Dataset(*data), None)
    expected = make_net(random_state=0, train_split=None).fit(*data).predict_proba(data[0])
    np.testing.assert_array_equal(net.predict_proba(data[0]), expected)
    with pytest.raises(ValueError, match="LabelEncoder"):
        make_net().fit(Dataset(data[0], data[1] - 1), None)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("output", "criterion", "takes"),
    [
        ("probabilities", nn.CrossEntropyLoss, "takes logits"),
        ("logits", nn.NLLLoss, "takes probabilities"),
    ],
)
def test_output_that_the_loss_does_not_take(data, output, criterion, takes, compiled):
    net = make_net(module__output=output, criterion=criterion)
    net.set_params(compile=compiled, compile__backend="eager")
    with pytest.raises(ValueError, match=f"gives {output}, but {criterion.__name__} {takes}"):
        net.fit(*data)


@pytest.mark.parametrize(
    ("output", "criterion"), [("logits", nn.CrossEntropyLoss), ("probabilities", nn.NLLLoss)]
)
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # torch's tracer
def test_compiled_net_equals_the_plain_one(data, output, criterion):
    X, y = data
    options = {"module__output": output, "criterion": criterion, "random_state": 0}
    plain = make_net(**options).fit(X, y.astype(np.int32))
    compiled = make_net(**options, compile=True, compile__backend="eager")
    compiled.fit(X, y.astype(np.int32))
    np.testing.assert_allclose(outcome(compiled, X), outcome(plain, X), atol=1e-6)


class AddsInPlace(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 2))

    def forward(self, x):
        return super().forward(x.add_(1))


def test_in_place_module_leaves_the_data_alone(data):
    X, y = data[0].copy(), data[1]
    make_net(AddsInPlace).fit(X, y).predict(X)
    np.testing.assert_array_equal(X, data[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_reproducible_on_a_gpu(data):
    before = torch.get_rng_state(), torch.cuda.get_rng_state()
    whole = make_net(Dropping, random_state=3, device="cuda").fit(*data)
    pieces = make_net(Dropping, random_state=3, device="cuda", max_epochs=2)
    torch.rand(3, device="cuda")
    after_draw = torch.cuda.get_rng_state()
    pieces.fit(*data).partial_fit(*data)
    assert torch.equal(torch.cuda.get_rng_state(), after_draw)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert not torch.equal(after_draw, before[1])
    np.testing.assert_array_equal(outcome(whole, data[0]), outcome(pieces, data[0]))


def test_a_module_passed_as_an_instance_is_copied(data):
    module = MLP((6, 5, 2))
    before = copy.deepcopy(module.state_dict())
    net = make_net(module, random_state=0)
    first = net.fit(*data).predict_proba(data[0])
    np.testing.assert_array_equal(net.fit(*data).predict_proba(data[0]), first)
    for name, values in module.state_dict().items():
        assert torch.equal(values, before[name])


def test_two_softmaxes_warn(data):
    module = nn.Sequential(nn.Linear(6, 2), nn.Softmax(dim=1))
    with pytest.warns(UserWarning, match="applies another"):
        make_net(module).fit(*data)
