import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback, Freezer, GradientNormClipping, Initializer, LRScheduler
from skorch.dataset import Dataset, ValidSplit
from torch import nn
from torch.utils.data import DataLoader

from ibtools import MLP, InformationClassifier
from ibtools.callbacks import GradientSNRCallback, OrthonormalWeights
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble

SEEDS = (3, 7, 11)
SCORES = ("train_loss", "valid_loss", "valid_acc")


class DoubleMLP(MLP):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.double()


def make_net(module=DoubleMLP, ensemble=True, **parameters):
    if module is DoubleMLP:
        parameters = {"module__sizes": (6, 5, 2)} | parameters
    if ensemble:
        parameters = {"module__module": module, "module__seeds": SEEDS} | parameters
    return InformationClassifier(
        SeedEnsemble if ensemble else module,
        **{"max_epochs": 4, "batch_size": 16, "lr": 0.1, "verbose": 0} | parameters,
    )


def make_separate(module=DoubleMLP, **parameters):
    return [make_net(module, ensemble=False, random_state=seed, **parameters) for seed in SEEDS]


def assert_same(net, other, X, *, tolerance=1e-8):
    state = other.module_.state_dict()
    for name, values in net.module_.state_dict().items():
        torch.testing.assert_close(values, state[name], rtol=0, atol=tolerance)
    np.testing.assert_allclose(net.predict_proba(X), other.predict_proba(X), atol=tolerance)
    for name in SCORES:
        np.testing.assert_allclose(net.history[:, name], other.history[:, name], atol=tolerance)


def assert_as_separate(data, module=DoubleMLP, **parameters):
    net = make_net(module, **parameters).fit(*data)
    for number, alone in enumerate(make_separate(module, **parameters)):
        assert_same(net.member(number), alone.fit(*data), data[0])
    return net


@pytest.mark.parametrize(
    "optimizer",
    [
        {"optimizer": torch.optim.Adam, "lr": 4e-3},
        {"optimizer": torch.optim.SGD, "lr": 0.1, "optimizer__momentum": 0.5},
    ],
    ids=["adam", "sgd"],
)
def test_twenty_epochs_equal_separate_fits(optimizer):
    X, y = make_szt()
    rows = np.random.RandomState(0).permutation(len(X))[:300]
    assert_as_separate(
        (X[rows].astype(np.float64), y[rows]),
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        max_epochs=20,
        batch_size=50,
        **optimizer,
    )


@pytest.mark.parametrize(
    "optimizer",
    ["ASGD", "Adadelta", "Adagrad", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop"],
)
def test_every_optimizer_that_acts_on_each_weight(data, optimizer):
    assert_as_separate(data, optimizer=getattr(torch.optim, optimizer), lr=1e-2)


class BatchNormalised(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(6, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(inplace=True), nn.Linear(5, 2)
        )
        self.double()


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(1, 3, kernel_size=3)
        self.norm = nn.LayerNorm(6)
        self.last = nn.Linear(6, 2)
        self.double()

    def forward(self, x):
        maps = torch.relu(self.convolution(x[:, None]))
        return self.last(self.norm(nn.functional.max_pool1d(maps, 2).flatten(1)))


class InPlace(nn.Linear):
    def __init__(self):
        super().__init__(6, 2, dtype=torch.float64)

    def forward(self, x):
        return super().forward(x.mul_(2))


@pytest.mark.parametrize("module", [BatchNormalised, Convolutional, InPlace])
def test_other_networks(data, module):
    assert_as_separate(data, module)


@pytest.mark.parametrize(
    "parameters",
    [
        {"iterator_train__shuffle": False},
        {"batch_size": -1},
        {"batch_size": 7, "iterator_train__drop_last": True},
        {"module__output": "probabilities", "criterion": nn.NLLLoss},
        {"criterion__label_smoothing": 0.1},
        {"criterion__reduction": "sum", "lr": 0.01},
        {"criterion__ignore_index": 1},
        {"criterion__label_smoothing": 0.1, "criterion__weight": torch.tensor([0.3, 0.7]).double()},
        {"optimizer__param_groups": [("linear1.*", {"lr": 0.5})]},
        {"callbacks": [Freezer("linear1.weight")]},
        {"callbacks": [LRScheduler("StepLR", step_size=1, gamma=0.5)]},
        {"callbacks": [GradientNormClipping()]},
    ],
    ids=lambda parameters: ", ".join(parameters),
)
def test_other_settings(data, parameters):
    assert_as_separate(data, **parameters)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # torch's tracer
def test_compiled(data):
    net = make_net(max_epochs=1, compile=True, compile__backend="eager").fit(*data)
    for number, alone in enumerate(make_separate(max_epochs=1)):
        expected = alone.fit(*data).predict_proba(data[0])
        np.testing.assert_allclose(net.member(number).predict_proba(data[0]), expected, atol=1e-8)


def test_several_inputs(data):
    class TwoInputs(nn.Linear):
        def __init__(self):
            super().__init__(6, 2, dtype=torch.float64)

        def forward(self, a, b):
            return super().forward(torch.cat([a, b], dim=1))

    X, y = data
    by_name = {"a": X[:, :2].astype(np.float64), "b": X[:, 2:].astype(np.float64)}
    assert_as_separate((by_name, y), TwoInputs)
    dataset = Dataset(by_name, y)
    net = make_net(TwoInputs, train_split=ValidSplit(3)).fit(dataset, None)
    alone = make_separate(TwoInputs, train_split=ValidSplit(3))[1].fit(dataset, None)
    assert_same(net.member(1), alone, by_name)


def test_same_weights_different_orders(data):
    module = DoubleMLP((6, 5, 2))
    net = make_net(module).fit(*data)
    for number, alone in enumerate(make_separate(module)):
        assert_same(net.member(number), alone.fit(*data), data[0])


def test_an_ensemble_that_is_an_instance(data):
    ensemble = SeedEnsemble(DoubleMLP, SEEDS, sizes=(6, 5, 2))
    net = make_net(ensemble, ensemble=False)
    for _ in range(2):
        net.fit(*data)
        assert_same(net.member(2), make_separate()[2].fit(*data), data[0])
    assert_same(pickle.loads(pickle.dumps(net)).member(0), net.member(0), data[0])


class TestPrediction:
    def test_probabilities_are_the_members_mean(self, data):
        X, y = data
        net = make_net().fit(X, y)
        members = [net.member(number).predict_proba(X) for number in range(3)]
        np.testing.assert_allclose(net.predict_proba(X), np.mean(members, axis=0), atol=1e-15)
        np.testing.assert_array_equal(net.predict(X), np.mean(members, axis=0).argmax(axis=1))
        assert net.score(X, y) == (net.predict(X) == y).mean()

    def test_history_has_the_members_mean_loss(self, data):
        net = make_net().fit(*data)
        for name in ("train_loss", "valid_loss"):
            members = [net.history[:, f"member{number}/{name}"] for number in range(3)]
            np.testing.assert_allclose(net.history[:, name], np.mean(members, axis=0), atol=1e-14)
        members = {key: value for key, value in net.history[-1].items() if key[:6] == "member"}
        assert len(members) == 9
        assert {type(value) for value in members.values()} == {float}

    def test_table_of_the_epochs_stays_narrow(self, data, capsys):
        make_net(verbose=1).fit(*data)
        header = capsys.readouterr().out.splitlines()[0].split()
        assert header == ["epoch", "train_loss", "valid_acc", "valid_loss", "dur"]

    def test_no_validation(self, data):
        net = make_net(train_split=None).fit(*data)
        assert "train_loss" in net.member(0).history[-1]
        assert "valid_loss" not in net.member(0).history[-1]


class TestMember:
    def test_goes_on_as_the_separate_fit_does(self, data):
        parameters = {"optimizer": torch.optim.Adam, "lr": 0.01}
        net = make_net(**parameters).fit(*data)
        member, alone = net.member(1), make_separate(**parameters)[1].fit(*data)
        before = net.predict_proba(data[0])
        for twin in (member, alone):
            twin.set_params(lr=0.003).partial_fit(*data)
        assert_same(member, alone, data[0])
        np.testing.assert_array_equal(net.predict_proba(data[0]), before)

    def test_is_an_ordinary_net(self, data):
        member = make_net(callbacks=[("keep", Callback())]).fit(*data).member(1)
        assert member.random_state == 7
        assert type(member.module_) is member.module is DoubleMLP
        assert member.classes_.tolist() == [0, 1]
        assert not {name for name in member.get_params() if "seeds" in name}
        alone = make_separate()[1].fit(*data)
        assert_same(clone(member).fit(*data), alone, data[0], tolerance=0)
        assert_same(member.fit(*data), alone, data[0], tolerance=0)

    def test_errors(self, data):
        net = make_net().fit(*data)
        with pytest.raises(IndexError):
            net.member(3)
        with pytest.raises(ValueError, match="module is a SeedEnsemble has members"):
            net.member(0).member(0)
        with pytest.raises(Exception, match="not initialized"):
            make_net().member(0)


class TestAsAnEstimator:
    def test_refitted_cloned_pickled_and_in_pieces(self, data):
        X, y = data
        net = make_net().fit(X, y)
        expected = net.predict_proba(X)
        twins = [clone(net).fit(X, y), pickle.loads(pickle.dumps(net)), copy.deepcopy(net), net]
        net.fit(X, y)
        twins.append(make_net(max_epochs=2).fit(X, y).partial_fit(X, y))
        for twin in twins:
            np.testing.assert_array_equal(twin.predict_proba(X), expected)

    def test_a_pickled_ensemble_goes_on(self, data):
        net = make_net(max_epochs=2).fit(*data)
        net = pickle.loads(pickle.dumps(net)).partial_fit(*data)
        assert_same(net.member(2), make_separate()[2].fit(*data), data[0])

    def test_saved_parameters(self, data, tmp_path):
        net = make_net(optimizer=torch.optim.Adam).fit(*data)
        files = {f"f_{name}": tmp_path / name for name in ("params", "optimizer", "history")}
        net.save_params(**files)
        loaded = make_net(optimizer=torch.optim.Adam, module__seeds=(1, 2, 4)).initialize()
        loaded.load_params(**files)
        for number in range(3):
            assert_same(loaded.member(number), net.member(number), data[0], tolerance=0)

    def test_grid_search(self, data):
        grid = {"module__sizes": [(6, 2), (6, 8, 2)], "lr": [0.0, 0.5], "module__seeds": [2]}
        search = GridSearchCV(make_net(), grid, cv=2, error_score="raise").fit(*data)
        best = search.best_estimator_
        assert best.lr == 0.5
        assert best.module_.seeds == (0, 1)
        assert best.member(0).module_.linear1.out_features == best.module__sizes[1]

    def test_set_params_makes_the_members_anew(self, data):
        net = make_net().fit(*data).set_params(module__seeds=range(5))
        assert net.module_.n_members == 5
        assert_same(net.fit(*data).member(3), make_separate()[0].fit(*data), data[0])

    def test_the_global_random_state_is_left_alone(self, data):
        before = torch.get_rng_state()
        make_net().fit(*data).member(0)
        assert torch.equal(torch.get_rng_state(), before)


class Dropping(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 2))


def test_dropout(data):
    X, y = data
    with pytest.raises(ValueError, match="randomness='different'"):
        make_net(Dropping).fit(X, y)
    nets = [
        make_net(Dropping, module__randomness="different", random_state=seed).fit(X, y)
        for seed in (0, 0, 1)
    ]
    first, second, third = (net.predict_proba(X) for net in nets)
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()
    assert nets[0].member(0).module_[1].p == 0.5


class Layerwise(torch.optim.SGD):
    """An optimizer of one's own may do anything."""


class Scaled(nn.CrossEntropyLoss):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"optimizer": torch.optim.LBFGS}, "LBFGS is not known to change every weight"),
        ({"optimizer": Layerwise}, "Layerwise is not known"),
        ({"criterion": Scaled}, "Scaled has parameters"),
        ({"callbacks": [GradientNormClipping(1.0)]}, "GradientNormClipping clips by the norm"),
        ({"callbacks": [OrthonormalWeights()]}, "OrthonormalWeights takes the stacked weights"),
        ({"callbacks": [GradientSNRCallback()]}, "GradientSNRCallback takes the stacked weights"),
        ({"callbacks": [Initializer("*", fn=nn.init.zeros_)]}, "Initializer changes parameters"),
        (
            {"iterator_train": DataLoader},
            "its own order of batches, which DataLoader cannot give: use .*=BatchIterator",
        ),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_what_ties_members_together(data, parameters, message):
    with pytest.raises(ValueError, match=message):
        make_net(**parameters).fit(*data)
