"""Mixtures measured on a torch device: the values of the host, from tensors."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils import estimator_checks

from ibtools import KernelDensityMI, SamplePropagationMI
from ibtools.estimators import _device

HOST = torch.device("cpu")


def make_layer(name="smooth", n_samples=300, seed=0):
    """Rows, labels, an index of the inputs and weights."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n_samples)
    T = np.tanh(rng.normal(size=(n_samples, 4)) + y[:, None] - 1)
    inputs, weights = None, None
    if name == "offset":
        T += 1e6
    elif name == "repeated":
        T = T[rng.integers(40, size=n_samples)]
    elif name == "saturated":
        T = np.tanh(9 * rng.normal(size=T.shape)).astype(np.float32)
    elif name == "one class":
        y = np.zeros(n_samples, dtype=int)
    elif name == "replicates":
        inputs = rng.permutation(np.arange(n_samples) // 6)
        T = T[inputs] + 0.1 * rng.normal(size=T.shape)
    elif name == "weights":
        weights = rng.random(n_samples) * (rng.random(n_samples) < 0.8)
    return T, y, inputs, weights


NAMES = ["smooth", "offset", "repeated", "saturated", "one class", "replicates", "weights"]


def values(fitted):
    return {name: v for name, v in vars(fitted).items() if name.endswith("_") and np.isscalar(v)}


def assert_same(device, host, atol):
    expected = values(host)
    assert values(device).keys() == expected.keys()
    for name, value in values(device).items():
        assert value == pytest.approx(expected[name], abs=atol, rel=1e-9), name


@pytest.mark.filterwarnings("ignore:All labels are:UserWarning")
@pytest.mark.parametrize("noise_variance", [1e-8, 1e-3, 0.1, "cv"])
@pytest.mark.parametrize("name", NAMES)
def test_kernel_density(name, noise_variance):
    T, y, inputs, weights = make_layer(name)
    host = KernelDensityMI(noise_variance, random_state=0)
    device = clone(host).set_params(device=HOST)
    host.fit(T, y, inputs=inputs, sample_weight=weights)
    rows, labels = torch.as_tensor(T), torch.as_tensor(y)
    index, of_rows = (None if v is None else torch.as_tensor(v) for v in (inputs, weights))
    device.fit(rows, labels, inputs=index, sample_weight=of_rows)
    assert_same(device, host, atol=1e-6 if name == "offset" else 1e-9)
    assert_array_equal(device.components_, host.components_)
    assert_array_equal(device.classes_, host.classes_)
    assert device.score(rows, labels) == pytest.approx(host.score(T, y), abs=1e-7)
    assert_allclose(device.transform(rows), host.transform(T), atol=1e-6)


@pytest.mark.filterwarnings("ignore:All labels are:UserWarning")
@pytest.mark.filterwarnings("ignore:.*for want of replicates:UserWarning")
@pytest.mark.parametrize("noise_std", [1e-4, 0.03, 0.3])
@pytest.mark.parametrize("name", NAMES[:-1])
def test_sample_propagation(name, noise_std):
    T, y, inputs, _ = make_layer(name)
    host = SamplePropagationMI(noise_std, random_state=0)
    device = clone(host).set_params(device=HOST)
    host.fit(T, y, inputs=inputs)
    rows, labels = torch.as_tensor(T), torch.as_tensor(y)
    device.fit(rows, labels, inputs=None if inputs is None else torch.as_tensor(inputs))
    assert_same(device, host, atol=1e-6 if name == "offset" else 1e-9)
    assert device.score(rows, labels) == pytest.approx(host.score(T, y), abs=1e-7)
    assert_allclose(device.transform(rows), host.transform(T), rtol=1e-15)


@pytest.mark.parametrize("estimator", [KernelDensityMI(0.01), SamplePropagationMI(0.1)])
def test_within_the_stated_tolerance_of_a_host_in_float32(estimator):
    """1e-6 nats, from 1000 rows on."""
    T, y, _, _ = make_layer(n_samples=1500)
    host = clone(estimator).set_params(random_state=0, base=math.e)
    device = clone(host).set_params(device=HOST).fit(torch.as_tensor(T), y)
    assert_same(device, host.fit(T, y), atol=1e-6)


@pytest.mark.parametrize("estimator", [KernelDensityMI(0.01), SamplePropagationMI(0.1)])
def test_within_the_stated_tolerance_without_float64(monkeypatch, estimator):
    """1e-4 nats, as on "mps", and less where no row is far from the mean."""
    T, y, _, _ = make_layer()
    T = T.astype(np.float32)
    host = clone(estimator).set_params(random_state=0, base=math.e).fit(T, y)
    monkeypatch.setattr(_device, "float_type", lambda device: torch.float32)
    device = clone(host).set_params(device=HOST).fit(torch.as_tensor(T), y)
    assert_same(device, host, atol=1e-6)
    assert device.score(torch.as_tensor(T), y) == pytest.approx(host.score(T, y), abs=1e-6)
    assert device.transform(torch.as_tensor(T)).dtype == np.float64


@pytest.mark.parametrize("estimator", [KernelDensityMI(), SamplePropagationMI()])
class TestContract:
    def test_arrays_and_frames_go_to_the_device(self, estimator):
        T, y, _, _ = make_layer()
        estimator = clone(estimator).set_params(device=HOST, random_state=0)
        of_tensor = values(clone(estimator).fit(torch.as_tensor(T), y))
        assert values(clone(estimator).fit(T, y)) == of_tensor
        named = clone(estimator).fit(pd.DataFrame(T, columns=list("abcd")), y)
        assert values(named) == of_tensor
        assert named.feature_names_in_.tolist() == list("abcd")

    @pytest.mark.parametrize("noise", [0.1, "cv"])
    def test_arrays_that_cannot_be_written_to(self, estimator, noise):
        T, y, _, weights = make_layer("weights")
        for values in (T, y, weights):
            values.flags.writeable = False
        estimator = clone(estimator).set_params(device=HOST, random_state=0)
        if isinstance(estimator, KernelDensityMI):
            estimator.set_params(noise_variance=noise).fit(T, y, sample_weight=weights)
        else:
            estimator.fit(T, y)
        assert estimator.score(T, y) > 0

    def test_tensors_on_the_path_of_the_host(self, estimator):
        T, y, _, _ = make_layer()
        estimator = clone(estimator).set_params(random_state=0)
        expected = values(clone(estimator).fit(T, y))
        assert values(clone(estimator).fit(torch.as_tensor(T), torch.as_tensor(y))) == expected

    def test_order_of_rows_changes_nothing(self, estimator):
        T, y, _, _ = make_layer()
        estimator = clone(estimator).set_params(device=HOST, random_state=0)
        order = np.random.default_rng(1).permutation(len(T))
        shuffled = clone(estimator).fit(torch.as_tensor(T[order]), y[order])
        assert_same(shuffled, clone(estimator).fit(torch.as_tensor(T), y), atol=1e-9)

    @pytest.mark.parametrize("device", ["cpu", HOST])
    def test_rows_may_change_after_fit(self, estimator, device):
        T, y, _, _ = make_layer()
        for rows in (T.copy(), torch.as_tensor(T.copy())):
            fitted = clone(estimator).set_params(device=device, random_state=0).fit(rows, y)
            expected = fitted.score(T, y)
            rows[:] = 0
            assert fitted.score(T, y) == expected

    def test_copies_and_pickles(self, estimator):
        T, y, _, _ = make_layer()
        estimator = clone(estimator).set_params(device=HOST, random_state=0).fit(T, y)
        assert "device=device(type='cpu')" in repr(estimator)
        loaded = pickle.loads(pickle.dumps(estimator))
        assert loaded.score(T, y) == estimator.score(T, y)
        assert clone(loaded).get_params()["device"] == HOST

    def test_what_was_fitted_on_a_device_is_asked_there(self, estimator):
        T, y, _, _ = make_layer()
        fitted = clone(estimator).set_params(device=HOST, random_state=0).fit(T, y)
        expected = fitted.score(T, y)
        assert fitted.set_params(device="cpu").score(T, y) == expected

    @pytest.mark.parametrize("device", ["gpu", "meta"])
    def test_devices_that_are_not_there(self, estimator, device):
        estimator = clone(estimator).set_params(device=device)
        with pytest.raises(ValueError, match=f"device='{device}' is no"):
            estimator.fit(make_layer()[0])

    def test_what_is_no_device(self, estimator):
        with pytest.raises(ValueError, match="'device' parameter"):
            clone(estimator).set_params(device=0).fit(make_layer()[0])

    def test_lengths_that_differ(self, estimator):
        T, y, _, _ = make_layer()
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            clone(estimator).set_params(device=HOST).fit(torch.as_tensor(T), y[:-1])

    def test_bars(self, estimator, capsys):
        T, y, _, _ = make_layer()
        for device in ("cpu", HOST):
            shown = clone(estimator).set_params(device=device, verbose=1, random_state=0)
            quiet = clone(shown).set_params(verbose=0)
            assert values(shown.fit(T, y)) == values(quiet.fit(T, y))
            assert "pairs of rows: 100%" in capsys.readouterr().err
        quiet.fit(T, y)
        assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu():
    T, y, inputs, _ = make_layer("replicates", 3000)
    rows, labels = torch.as_tensor(T).cuda(), torch.as_tensor(y).cuda()
    for estimator in (KernelDensityMI(random_state=0), SamplePropagationMI(random_state=0)):
        host = clone(estimator).fit(T, y, inputs=inputs)
        device = clone(estimator).set_params(device="cuda").fit(rows, labels, inputs=inputs)
        assert_same(device, host, atol=1e-5)
        assert device.score(rows, labels) == pytest.approx(host.score(T, y), abs=1e-7)
        with pytest.raises(ValueError, match="device='cuda:0'"):
            host.fit(rows, labels)


@pytest.mark.parametrize(
    "estimator",
    [
        KernelDensityMI(random_state=0, device=HOST),
        SamplePropagationMI(random_state=0, device=HOST),
    ],
    ids=["kernels", "samples"],
)
def test_scikit_learn(estimator):
    estimator_checks.check_estimator(estimator)
