"""Layers whose activations stay on the device where they are computed."""

import numpy as np
import pytest
import torch

from ibtools import (
    MLP,
    BinnedMI,
    InfoPlaneCallback,
    InformationPlane,
    KernelDensityMI,
    SamplePropagationMI,
)
from ibtools.callbacks import _info_plane
from ibtools.networks import NoisyMLP, SeedEnsemble

DEVICE = torch.device("cpu")


def small_network():
    return MLP((6, 5, 4, 2))


def history(net):
    """The table of what was recorded."""
    frame = InformationPlane.from_history(net.history).to_frame()
    return frame.set_index(
        [name for name in ("run", "epoch", "layer", "estimator") if name in frame]
    )


def assert_same(one, other):
    one, other = history(one), history(other)
    assert one.index.equals(other.index)
    for name in ("mi_x", "mi_y"):
        np.testing.assert_allclose(one[name], other[name], atol=1e-9)


@pytest.fixture
def handed_over(monkeypatch):
    """What each layer was measured from, by the shape of its rows."""
    kinds = []

    def spy(estimator, representation, *args, **options):
        kinds.append((type(representation), tuple(representation.shape)))
        return measure(estimator, representation, *args, **options)

    measure = _info_plane.measure_point
    monkeypatch.setattr(_info_plane, "measure_point", spy)
    return kinds


ESTIMATORS = [KernelDensityMI(0.01), SamplePropagationMI(0.1, random_state=0)]


@pytest.mark.parametrize("options", [{}, {"max_samples": 30}, {"window": 2, "every": 1}])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_values_are_those_of_the_host(data, make_net, handed_over, estimator, options):
    on_device = type(estimator)(**estimator.get_params() | {"device": DEVICE})
    nets = [
        make_net(InfoPlaneCallback(measure, on=data, random_state=0, **options)).fit(*data)
        for measure in (estimator, on_device)
    ]
    assert_same(*nets)
    n_points = len(handed_over) // 2
    assert {kind for kind, _ in handed_over[:n_points]} == {np.ndarray}
    assert {kind for kind, _ in handed_over[n_points:]} == {torch.Tensor}
    assert [shape for _, shape in handed_over[:n_points]] == [
        shape for _, shape in handed_over[n_points:]
    ]


@pytest.mark.filterwarnings("ignore:.*for want of replicates:UserWarning")
def test_replicates(data, make_net, handed_over):
    nets = []
    for device in ("cpu", DEVICE):
        measure = SamplePropagationMI(0.3, random_state=0, device=device)
        callback = InfoPlaneCallback(measure, on=data, n_replicates=3, layers="hidden*")
        net = make_net(callback, module=NoisyMLP, module__sizes=(6, 5, 4, 2), module__noise_std=0.3)
        torch.manual_seed(0)
        nets.append(net.fit(*data))
    assert_same(*nets)
    assert {shape[0] for _, shape in handed_over} == {180}


def test_members_of_an_ensemble(data, make_net, handed_over):
    nets = []
    for device in ("cpu", DEVICE):
        callback = InfoPlaneCallback(KernelDensityMI(0.01, device=device), on=data)
        options = {"module__module": small_network, "module__seeds": (3, 7)}
        nets.append(make_net(callback, module=SeedEnsemble, **options).fit(*data))
    assert_same(*nets)
    assert torch.Tensor in {kind for kind, _ in handed_over}


def test_layers_go_their_own_ways(data, make_net, handed_over):
    """One estimator of the host is enough for a layer to pass through it."""
    estimators = {"kernels": KernelDensityMI(0.01, device=DEVICE), "binned": BinnedMI(4)}
    replaced = {"hidden1": {"binned": KernelDensityMI(0.1, device=DEVICE)}}
    callback = InfoPlaneCallback(estimators, on=data, layer_estimators=replaced)
    net = make_net(callback, max_epochs=1).fit(*data)
    kinds = [kind for kind, _ in handed_over]
    of_epoch = [torch.Tensor] * 2 + [np.ndarray] * 4  # hidden1, hidden2, probabilities
    assert kinds == of_epoch * 2
    estimators["kernels"].set_params(device="cpu")
    replaced["hidden1"]["binned"].set_params(device="cpu")
    callback = InfoPlaneCallback(estimators, on=data, layer_estimators=replaced)
    assert_same(net, make_net(callback, max_epochs=1).fit(*data))


def test_joint_distribution(data, make_net):
    p_xy = np.random.default_rng(0).dirichlet(np.ones(2), size=60) / 60
    nets = [
        make_net(
            InfoPlaneCallback(KernelDensityMI(0.01, device=device), on=(data[0], None), p_xy=p_xy)
        ).fit(*data)
        for device in ("cpu", DEVICE)
    ]
    assert_same(*nets)


def test_activations_that_are_not_finite(data, make_net):
    X = data[0].copy()
    X[3] = np.inf
    callback = InfoPlaneCallback(KernelDensityMI(device=DEVICE), on=(X, data[1]))
    with pytest.raises(ValueError, match=r"Layer '\w+' could not be measured at epoch 0.*finite"):
        make_net(callback).fit(*data)


def test_a_device_that_is_not_there(data, make_net):
    callback = InfoPlaneCallback(KernelDensityMI(device="meta"), on=data)
    with pytest.raises(ValueError, match=r"'hidden1' could not be measured .*'meta' is not there"):
        make_net(callback).fit(*data)
