"""Where an estimator computes: numpy on the host, or torch on a device.

The parameter `device` of an estimator is "cpu" for the numpy path. A torch.device, which
``torch.device("cpu")`` is too, or any other string is the torch path on that device: activations
that are tensors there are measured without passing through the host. Torch is imported only there.
"""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, validate_data

from ibtools.estimators._contract import flat_rows
from ibtools.information._tensors import is_tensor

if TYPE_CHECKING:
    import torch


class _WithoutTorch(type):
    """Tells instances by the name of their class, so that torch need not be imported."""

    def __instancecheck__(cls, value: object) -> bool:
        kind = type(value)
        return (kind.__module__, kind.__qualname__) == ("torch", "device")


class TorchDevice(metaclass=_WithoutTorch):
    """What every torch.device is an instance of."""


DEVICE_CONSTRAINT: list[Any] = [str, TorchDevice]
"""What `_parameter_constraints` has under "device"."""


def uses_torch(device: Any) -> bool:
    """Whether a `device` asks for the torch path.

    Parameters
    ----------
    device : str or torch.device
        The parameter.

    Returns
    -------
    answer : bool
        False for the string "cpu" alone.
    """
    return not isinstance(device, str) or device != "cpu"


def find_device(device: Any) -> "torch.device":
    """Find the torch device that a parameter `device` names.

    Parameters
    ----------
    device : str or torch.device
        The parameter.

    Returns
    -------
    device : torch.device
        A device that is there.

    Raises
    ------
    ValueError
        If torch knows no such device, or this machine has none.
    """
    import torch

    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device={device!r} is no device that torch knows: give 'cpu', 'cuda', 'cuda:0', "
            "'mps' or a torch.device."
        ) from error
    try:
        torch.ones(1, device=found).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"device={str(device)!r} is not there for torch on this machine "
            f"({_first_sentence(error)}): take device='cpu'."
        ) from error
    return found


def float_type(device: "torch.device") -> "torch.dtype":
    """Type in which a device computes.

    Parameters
    ----------
    device : torch.device
        The device.

    Returns
    -------
    dtype : torch.dtype
        float64, or float32 on "mps", which has no float64.
    """
    import torch

    return torch.float32 if device.type == "mps" else torch.float64


def rows_on(estimator: BaseEstimator, X: Any, device: Any, *, reset: bool = True) -> Any:
    """Validate the rows of a fit, or those that a fitted estimator is asked about.

    Parameters
    ----------
    estimator : estimator
        Whose rows they are. Its `n_features_in_` and `feature_names_in_` are set or checked.
    X : array-like or torch.Tensor of shape (n_samples, n_features)
        The rows.
    device : str or torch.device
        The parameter `device`.
    reset : bool, default=True
        Whether this is a fit, which takes at least two rows.

    Returns
    -------
    X : ndarray or torch.Tensor of shape (n_samples, n_features)
        As :func:`device_rows` gives them where the device uses torch, else as :func:`host_rows`.
    """
    if uses_torch(device):
        return device_rows(estimator, X, device, reset=reset)
    return host_rows(estimator, X, reset=reset)


def flat_rows_on(values: Any, device: Any, name: str) -> Any:
    """Validate values of inputs or targets, and flatten each sample.

    Parameters
    ----------
    values : array-like or torch.Tensor of shape (n_samples, ...)
        Real values.
    device : str or torch.device
        The parameter `device`.
    name : str
        What errors call them.

    Returns
    -------
    rows : ndarray or torch.Tensor of shape (n_samples, n_values)
        On the device where that uses torch, else on the host in float64.
    """
    if not uses_torch(device):
        return flat_rows(host_array(values) if is_tensor(values) else values, name)
    rows = device_values(values, find_device(device), name)
    return rows.reshape(len(rows), -1)


def host_rows(estimator: BaseEstimator, X: Any, *, reset: bool = True) -> NDArray[np.float64]:
    """Validate rows for the numpy path, as scikit-learn's validate_data.

    Parameters
    ----------
    estimator : estimator
        Whose rows they are. Its `n_features_in_` and `feature_names_in_` are set or checked.
    X : array-like or torch.Tensor of shape (n_samples, n_features)
        The rows. A tensor on the host is taken without a copy, if it has float64.
    reset : bool, default=True
        Whether this is a fit, which takes at least two rows.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        In float64.

    Raises
    ------
    ValueError
        If they are not finite numbers in rows, too few, too narrow or too wide, or a tensor that
        is not on the host.
    """
    X = host_array(X) if is_tensor(X) else X
    n_samples = 2 if reset else 1
    rows = validate_data(estimator, X, dtype=np.float64, reset=reset, ensure_min_samples=n_samples)
    return np.asarray(rows)


def device_rows(
    estimator: BaseEstimator, X: Any, device: Any, *, reset: bool = True
) -> "torch.Tensor":
    """Validate rows for the torch path, with the errors of scikit-learn's validate_data.

    A tensor on the device stays there, and is tested there for values that are not finite. Rows
    of the host, whether array, frame or tensor, go to the device once.

    Parameters
    ----------
    estimator : estimator
        Whose rows they are. Its `n_features_in_` and `feature_names_in_` are set or checked.
    X : array-like or torch.Tensor of shape (n_samples, n_features)
        The rows.
    device : str or torch.device
        The parameter `device`, for which :func:`uses_torch` is true.
    reset : bool, default=True
        Whether this is a fit, which takes at least two rows.

    Returns
    -------
    X : torch.Tensor of shape (n_samples, n_features)
        On the device, in its :func:`float_type`, without gradients. It may share memory with `X`.

    Raises
    ------
    ValueError
        If they are not finite numbers in rows, too few, too narrow or too wide, if the device is
        not there, or the tensor is on another one than asked for (and not on the host).
    """
    found, n_samples = find_device(device), 2 if reset else 1
    if is_tensor(X):
        rows = device_values(X, found, "X")
        _check_shape(rows, n_samples, type(estimator).__name__)
        validate_data(estimator, rows, reset=reset, skip_check_array=True)
        return rows
    array = validate_data(
        estimator, X, dtype=[np.float64, np.float32], reset=reset, ensure_min_samples=n_samples
    )
    return _tensor(array).to(found, float_type(found))


def _check_shape(rows: "torch.Tensor", n_samples: int, name: str) -> None:
    """Refuse what are no rows, too few of them, or rows of nothing."""
    shape = tuple(rows.shape)
    if rows.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got a tensor of shape {shape}: reshape it to (n_samples, "
            "n_features)."
        )
    for what, found, needed in (("sample", shape[0], n_samples), ("feature", shape[1], 1)):
        if found < needed:
            raise ValueError(
                f"Found a tensor with {found} {what}(s) (shape={shape}) while a minimum of "
                f"{needed} is required by {name}."
            )


def device_values(values: Any, device: "torch.device", name: str) -> "torch.Tensor":
    """Finite numbers on a device: a tensor is tested where it is.

    Parameters
    ----------
    values : array-like or torch.Tensor
        Numbers, of any shape. Those of the host go to the device once.
    device : torch.device
        Of :func:`find_device`.
    name : str
        What errors call them.

    Returns
    -------
    values : torch.Tensor
        On the device, in its :func:`float_type`, without gradients.

    Raises
    ------
    ValueError
        If they are complex, or not finite, or a tensor of another device (but the host).
    """
    import torch

    if is_tensor(values):
        tensor = values.detach()
    else:
        tensor = _tensor(
            check_array(
                values,
                ensure_2d=False,
                allow_nd=True,
                dtype=[np.float64, np.float32],
                input_name=name,
            )
        )
    if tensor.is_complex():
        raise ValueError(f"Complex data not supported: {name} is a tensor of {tensor.dtype}.")
    if tensor.device.type != "cpu" and not _is_on(tensor, device):
        raise ValueError(
            f"{name} is on {str(tensor.device)!r}, but this estimator computes on "
            f"{str(device)!r}: give it device={str(tensor.device)!r}, or move {name} with "
            f"{name}.to({str(device)!r})."
        )
    tensor = tensor.to(device, float_type(device))
    if not torch.isfinite(tensor).all():
        raise ValueError(f"Input {name} contains NaN or infinity, or a value too large.")
    return tensor


def _tensor(array: NDArray[Any]) -> "torch.Tensor":
    """An array as a tensor of the host, without a copy where torch can take it as it is.

    Torch warns of an array that cannot be written to, and takes none that runs backwards.
    """
    import torch

    backwards = any(stride < 0 for stride in array.strides)
    return torch.as_tensor(np.require(array, requirements=["C", "W"] if backwards else "W"))


def _is_on(tensor: "torch.Tensor", device: "torch.device") -> bool:
    """Whether a tensor is on a device; "cuda" without a number is any of them."""
    return tensor.device.type == device.type and device.index in (None, tensor.device.index)


def host_array(tensor: "torch.Tensor") -> NDArray[Any]:
    """A tensor of the host as an array that shares its memory; refuse one of a device.

    Parameters
    ----------
    tensor : torch.Tensor
        The tensor.

    Returns
    -------
    array : ndarray of the same shape
        Its values, without a copy.

    Raises
    ------
    ValueError
        If it is on a device.
    """
    if tensor.device.type != "cpu":
        raise ValueError(
            f"The tensor is on {str(tensor.device)!r}, but this estimator computes on the host: "
            f"give it device={str(tensor.device)!r}, or pass tensor.cpu()."
        )
    tensor = tensor.detach()
    if tensor.is_floating_point() and tensor.element_size() < 4:  # numpy has no bfloat16
        tensor = tensor.float()
    return np.asarray(tensor.numpy())


def host_values(values: Any) -> Any:
    """Labels, indices or weights, small beside the rows, copied to the host if they are a tensor.

    Parameters
    ----------
    values : array-like, torch.Tensor or None
        Of each row.

    Returns
    -------
    values : array-like or None
        An array for a tensor, anything else as it is.
    """
    return host_array(values.cpu()) if is_tensor(values) else values


def _first_sentence(error: Exception) -> str:
    return re.split(r"\.?\n|\. |\.$", str(error).strip(), maxsplit=1)[0]
