"""The parameter `device`: which path, which rows, and what is refused."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal

from ibtools import BinnedMI
from ibtools.estimators._device import (
    TorchDevice,
    device_rows,
    device_values,
    find_device,
    flat_rows_on,
    float_type,
    host_array,
    host_rows,
    host_values,
    rows_on,
    uses_torch,
)
from ibtools.information._tensors import is_tensor

HOST = torch.device("cpu")
X = np.arange(6.0).reshape(3, 2)


def test_which_path():
    assert not uses_torch("cpu")
    assert all(map(uses_torch, [HOST, "cpu:0", "cuda", "cuda:1", "mps", torch.device("cuda")]))


def test_only_torch_devices_are_torch_devices():
    assert isinstance(HOST, TorchDevice)
    assert not any(isinstance(v, TorchDevice) for v in ("cpu", None, 0, torch.ones(1), torch))


def test_which_values_are_tensors():
    assert is_tensor(torch.ones(2))
    assert is_tensor(torch.nn.Parameter(torch.ones(2)))
    assert not any(map(is_tensor, (X, [1.0], None, HOST, pd.DataFrame(X))))


def test_float_types():
    assert float_type(HOST) is float_type(torch.device("cuda")) is torch.float64
    assert float_type(torch.device("mps")) is torch.float32


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "", 3.5])
def test_devices_that_nobody_knows(device):
    with pytest.raises((ValueError, TypeError), match=r"torch knows|device"):
        find_device(device)


@pytest.mark.parametrize("device", ["meta", torch.device("meta")])
def test_devices_that_are_not_there(device):
    with pytest.raises(ValueError, match=r"device='meta' is not there for torch.*device='cpu'"):
        find_device(device)


def test_tensors_of_the_host_are_arrays_without_a_copy():
    tensor = torch.as_tensor(X).requires_grad_()
    assert np.shares_memory(host_rows(BinnedMI(), tensor), tensor.detach().numpy())
    assert rows_on(BinnedMI(), tensor, "cpu").dtype == np.float64
    for dtype in (torch.bfloat16, torch.float16, torch.int32):
        assert_array_equal(host_rows(BinnedMI(), tensor.detach().to(dtype)), X)


def test_tensors_of_the_device_stay_there_without_a_copy():
    tensor = torch.as_tensor(X).requires_grad_()
    rows = rows_on(BinnedMI(), tensor, HOST)
    assert rows.data_ptr() == tensor.data_ptr()
    assert not rows.requires_grad
    for dtype in (torch.bfloat16, torch.float32, torch.int32):
        rows = device_rows(BinnedMI(), tensor.detach().to(dtype), HOST)
        assert rows.dtype is torch.float64
        assert_array_equal(rows.numpy(), X)


@pytest.mark.parametrize("rows", [X, X.tolist(), X.astype(np.float32), X.astype(int)])
def test_rows_of_the_host_go_to_the_device(rows):
    on_device = device_rows(BinnedMI(), rows, HOST)
    assert on_device.dtype is torch.float64
    assert_array_equal(on_device.numpy(), X)


@pytest.mark.parametrize(
    "rows",
    [X[::-1], X[:, ::-1], X[::-1].astype(">f8"), X.astype(np.longdouble), X.astype(object)],
)
def test_any_array_goes_to_the_device(rows):
    assert_array_equal(device_rows(BinnedMI(), rows, HOST).numpy(), rows.astype(float))
    for device in ("cpu", HOST):
        assert_array_equal(np.asarray(flat_rows_on(rows, device, "y")), rows.astype(float))


@pytest.mark.parametrize("device", ["cpu", HOST])
def test_values_that_are_refused(device):
    for values in ([[1.0], [np.nan]], np.array([["a"], ["b"]])):
        with pytest.raises(ValueError, match=r"inputs contains NaN|could not convert string"):
            flat_rows_on(values, device, "inputs")


def test_features_are_remembered_and_checked():
    frame, estimator = pd.DataFrame(X, columns=["a", "b"]), BinnedMI()
    device_rows(estimator, frame, HOST)
    assert estimator.feature_names_in_.tolist() == ["a", "b"]
    device_rows(estimator, torch.as_tensor(X), HOST)
    assert not hasattr(estimator, "feature_names_in_")
    assert estimator.n_features_in_ == 2
    for device in ("cpu", HOST):
        with pytest.raises(ValueError, match="X has 3 features, but BinnedMI is expecting 2"):
            rows_on(estimator, torch.ones(2, 3), device, reset=False)
        assert len(rows_on(estimator, torch.ones(1, 2), device, reset=False)) == 1


@pytest.mark.parametrize("device", ["cpu", HOST])
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (torch.ones(3), "Expected 2D array"),
        (torch.ones(3, 2, 2), "Expected 2D array|dim 3"),
        (torch.ones(1, 2), r"1 sample\(s\).*minimum of 2 is required by BinnedMI"),
        (torch.ones(3, 0), r"0 feature\(s\).*minimum of 1 is required"),
        (torch.tensor([[1.0], [torch.nan]]), "contains NaN"),
        (torch.tensor([[1.0], [torch.inf]]), "infinity"),
        (torch.ones(3, 2, dtype=torch.complex64), "Complex data not supported"),
    ],
)
def test_rows_that_are_refused(rows, message, device):
    with pytest.raises(ValueError, match=message):
        rows_on(BinnedMI(), rows, device)
    with pytest.raises(ValueError, match=message):
        rows_on(BinnedMI(), rows.numpy(), device)


def test_tensors_of_other_devices_are_refused():
    elsewhere = torch.empty(3, 2, device="meta")
    with pytest.raises(ValueError, match=r"on 'meta', .*device='meta', or pass tensor.cpu\(\)"):
        host_rows(BinnedMI(), elsewhere)
    with pytest.raises(ValueError, match=r"X is on 'meta', .* on 'cpu': give it device='meta'"):
        device_rows(BinnedMI(), elsewhere, HOST)
    with pytest.raises(ValueError, match="inputs is on 'meta'"):
        device_values(elsewhere, HOST, "inputs")


def test_small_values_go_to_the_host():
    labels = ["a", "b"]
    assert host_values(labels) is labels
    assert host_values(None) is None
    assert host_values(torch.tensor([1, 2])).tolist() == [1, 2]
    assert host_array(torch.ones(2, dtype=torch.bfloat16)).dtype == np.float32


def test_no_torch_without_a_torch_device():
    code = (
        "import sys; from ibtools import KernelDensityMI, SamplePropagationMI;"
        "KernelDensityMI().fit([[0.0], [1.0]], [0, 1]).score([[0.0]], [0]);"
        "SamplePropagationMI(random_state=0).fit([[0.0], [1.0]], [0, 1]).transform([[0.0]]);"
        "assert 'torch' not in sys.modules and 'tqdm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
