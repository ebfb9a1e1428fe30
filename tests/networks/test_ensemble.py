import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from ibtools.networks import MLP, SeedEnsemble

X = torch.linspace(-1, 1, 30).reshape(5, 6)


@pytest.fixture
def ensemble():
    return SeedEnsemble(MLP, (3, 7, 11), sizes=(6, 4, 2)).eval()


def test_evaluation_gives_every_member_the_same_rows(ensemble):
    output = ensemble(X)
    assert output.shape == (5, 3, 2)
    for number in range(3):
        torch.testing.assert_close(output[:, number], ensemble.member(number)(X))


def test_training_gives_every_member_its_own_rows(ensemble):
    rows = torch.stack([X, -X, 2 * X], dim=1)
    output = ensemble.train()(rows)
    for number, factor in enumerate([1, -1, 2]):
        torch.testing.assert_close(output[:, number], ensemble.member(number)(factor * X))


def test_members_are_what_separate_seeds_make(ensemble):
    for number, seed in enumerate((3, 7, 11)):
        with torch.random.fork_rng():
            torch.manual_seed(np.random.RandomState(seed).randint(2**31))
            alone = MLP((6, 4, 2))
            stream = torch.get_rng_state()
        for name, values in ensemble.member(number).state_dict().items():
            assert torch.equal(values, alone.state_dict()[name])
        assert torch.equal(ensemble.streams[number], stream)


def test_a_member_is_an_ordinary_module_of_its_own(ensemble):
    member = ensemble.member(-1)
    assert type(member) is MLP
    assert type(member.linear1.weight) is nn.Parameter
    assert member.linear1.weight.shape == (4, 6)
    with torch.no_grad():
        member.linear1.weight.zero_()
    assert ensemble.stacked.linear1.weight[2].abs().min() > 0
    for index in (3, -4):
        with pytest.raises(IndexError):
            ensemble.member(index)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)
        self.second.weight = self.first.weight
        self.frozen = nn.Parameter(torch.ones(6), requires_grad=False)

    def forward(self, x):
        return self.second(self.frozen * torch.tanh(self.first(x)))


def test_shared_and_frozen_parameters_stay_so():
    ensemble = SeedEnsemble(Tied, 2).eval()
    member = ensemble.member(1)
    assert member.second.weight is member.first.weight
    assert not member.frozen.requires_grad
    torch.testing.assert_close(ensemble(X)[:, 1], member(X))


def test_names_of_parameters_and_state(ensemble):
    shapes = {name: tuple(values.shape) for name, values in ensemble.state_dict().items()}
    assert shapes["stacked.linear1.weight"] == (3, 4, 6)
    assert shapes.keys() == {f"stacked.{name}" for name in MLP((6, 4, 2)).state_dict()}
    assert "seeds=(3, 7, 11)" in repr(ensemble)
    assert ensemble.output == "logits"
    assert SeedEnsemble(nn.Flatten, 2).output is None


def test_copies(ensemble):
    for twin in (copy.deepcopy(ensemble), pickle.loads(pickle.dumps(ensemble))):
        assert torch.equal(twin(X), ensemble(X))
        assert twin.seeds == (3, 7, 11)


def test_an_instance_is_copied():
    module = nn.Linear(6, 2)
    ensemble = SeedEnsemble(module, 3).eval()
    for number in range(3):
        torch.testing.assert_close(ensemble(X)[:, number], module(X))
    assert len({tuple(stream.tolist()) for stream in ensemble.streams}) == 3
    with pytest.raises(ValueError, match=r"takes no parameters \['bias'\]: give its class"):
        SeedEnsemble(module, 3, bias=False)


def test_the_global_random_state_is_left_alone():
    before = torch.get_rng_state()
    SeedEnsemble(MLP, 3, sizes=(6, 2))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [(2, (0, 1)), (np.int64(2), (0, 1)), (range(4, 6), (4, 5)), (np.array([9, 2]), (9, 2))],
)
def test_seeds(seeds, expected):
    ensemble = SeedEnsemble(nn.Flatten, seeds)
    assert ensemble.seeds == expected
    assert ensemble.n_members == 2


@pytest.mark.parametrize("seeds", [0, -1, [], [0.5], "ab"])
def test_seeds_that_are_none(seeds):
    with pytest.raises(ValueError, match="a positive number or whole numbers"):
        SeedEnsemble(nn.Flatten, seeds)


def test_repeated_seeds():
    with pytest.raises(ValueError, match="seeds must differ"):
        SeedEnsemble(nn.Flatten, [1, 2, 1])


class Branching(nn.Linear):
    def forward(self, x):
        return super().forward(x) if self.weight.sum() > 0 else x


class Counting(nn.Linear):
    def forward(self, x):
        return super().forward(x) * float(self.weight.sum())


@pytest.mark.parametrize("module", [Branching, Counting])
def test_what_depends_on_the_values_of_one_member(module):
    ensemble = SeedEnsemble(module, 2, in_features=6, out_features=6).eval()
    with pytest.raises(ValueError, match="depends on the values of one: fit the seeds one by one"):
        ensemble(X)


def test_other_errors_are_torchs_own(ensemble):
    with pytest.raises(RuntimeError, match=r"match|shapes|size"):
        ensemble(X[:, :4])


def dropping():
    return nn.Sequential(nn.Linear(6, 50), nn.Dropout(0.5))


def test_random_layers_are_refused_unless_allowed():
    rows = X[:, None].expand(-1, 2, -1)
    with pytest.raises(ValueError, match="randomness='different'"):
        SeedEnsemble(dropping, 2)(rows)
    zeros = SeedEnsemble(dropping, 2, randomness="different")(rows) == 0
    assert (zeros[:, 0] != zeros[:, 1]).any()
    assert SeedEnsemble(dropping, 2).eval()(X).shape == (5, 2, 50)
    with pytest.raises(ValueError, match="must be 'error' or 'different', got 'same'"):
        SeedEnsemble(dropping, 2, randomness="same")


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shape", [(6,), (5, 6), (5, 3, 6)])
def test_linear_layers_on_rows_of_any_shape(bias, shape):
    ensemble = SeedEnsemble(nn.Linear, 2, in_features=6, out_features=3, bias=bias).eval()
    rows = torch.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    output = ensemble(rows)
    for number in range(2):
        torch.testing.assert_close(output.select(1, number), ensemble.member(number)(rows))
