import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from ibtools import (
    MLP,
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    RenyiMatrixMI,
)
from ibtools.callbacks._propagation import as_member, list_members, network_layers
from ibtools.networks import SeedEnsemble

SEEDS = (3, 7)
PLACE = ["run", "epoch", "layer", "estimator"]


class DoubleMLP(MLP):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.double()


def network():
    return DoubleMLP((6, 5, 4, 2))


def fit(data, *callbacks, module=network, seeds=None, **parameters):
    of_ensemble = {"module": SeedEnsemble, "module__module": module, "module__seeds": seeds}
    module = {"module": module} if seeds is None else of_ensemble
    defaults = {"max_epochs": 3, "batch_size": 16, "lr": 0.1}
    return InformationClassifier(
        **module | defaults | parameters, callbacks=list(callbacks), verbose=0
    ).fit(*data)


@pytest.mark.parametrize(
    ("on", "window", "epochs"), [("train", 1, [0, 2, 3]), ("all", 1, [0, 2, 3]), ("all", 2, [2, 3])]
)
def test_equals_the_planes_of_separate_fits(data, on, window, epochs):
    estimators = {"binned": BinnedMI(4), "renyi": RenyiMatrixMI()}
    callback = InfoPlaneCallback(estimators, on=on, window=window, every=2)
    net = fit(data, callback, seeds=SEEDS)
    planes = [
        InformationPlane.from_history(fit(data, callback, random_state=seed).history)
        for seed in SEEDS
    ]
    joined = InformationPlane.concat(planes)
    plane = InformationPlane.from_history(net.history)
    assert plane.layers == joined.layers == ["hidden1", "hidden2", "probabilities"]
    assert plane.epochs == epochs
    table, expected = (p.to_frame().sort_values(PLACE, ignore_index=True) for p in (plane, joined))
    pd.testing.assert_frame_equal(table, expected, rtol=0, atol=1e-8)
    mean, expected = (p.mean().to_frame().sort_values(PLACE[1:]) for p in (plane, joined))
    assert (mean["n_runs"] == 2).all()
    pd.testing.assert_frame_equal(
        mean.reset_index(drop=True), expected.reset_index(drop=True), rtol=0, atol=1e-8
    )


def test_a_member_has_its_own_plane(data):
    net = fit(data, InfoPlaneCallback(BinnedMI(4)), seeds=SEEDS)
    own = InformationPlane.from_history(net.member(1).history).to_frame()
    table = InformationPlane.from_history(net.history).to_frame()
    expected = table[table["run"] == 1].drop(columns="run").reset_index(drop=True)
    pd.testing.assert_frame_equal(own, expected)


def test_recording_does_not_change_training(data):
    recorded = fit(data, InfoPlaneCallback(), seeds=SEEDS)
    plain = fit(data, seeds=SEEDS)
    for name, values in recorded.module_.state_dict().items():
        assert torch.equal(values, plain.module_.state_dict()[name])
    assert type(recorded.module_) is SeedEnsemble


class Exploding(nn.Sequential):
    """Not finite in the second member only."""

    made = 0

    def __init__(self):
        super().__init__(nn.Linear(6, 3, dtype=torch.float64), nn.Tanh(), nn.Linear(3, 2).double())
        type(self).made += 1
        if type(self).made % 2 == 0:
            nn.init.constant_(self[0].bias, float("nan"))


def test_an_error_names_the_member(data):
    with pytest.raises(ValueError, match=r"Layer '1' of member 1 could not .* epoch 0.*not finite"):
        fit(data, InfoPlaneCallback(), module=Exploding, seeds=SEEDS)


def test_each_member_in_turn(data):
    net = fit(data, seeds=SEEDS)
    ensemble = net.module_
    assert list_members(net) == [0, 1]
    probabilities = net.predict_proba(data[0])
    members = []
    for member in list_members(net):
        with as_member(net, member):
            assert type(net.module_) is DoubleMLP
            members.append(net.predict_proba(data[0]))
    np.testing.assert_allclose(np.mean(members, axis=0), probabilities)
    assert net.module_ is ensemble
    with pytest.raises(KeyError), as_member(net, 1):
        raise KeyError
    assert net.module_ is ensemble
    alone = net.member(0)
    assert list_members(alone) == [None]
    with as_member(alone, None):
        assert type(alone.module_) is DoubleMLP


def test_layers_of_the_ensemble_itself(data):
    net = fit(data, seeds=SEEDS)
    with pytest.raises(ValueError, match=r"are those of its members: .* net.member\(0\)"):
        network_layers(net, torch.zeros(2, 6), None)
