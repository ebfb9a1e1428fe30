"""Measure one representation: the point of a layer in the information plane."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.multiclass import type_of_target

from ibtools.estimators._binned import BinnedMI
from ibtools.information._symbols import row_symbols
from ibtools.information._units import log_of_base
from ibtools.plane._joint import describe_joint, describe_rows, joint_cells, measure_beta

# What a point can have, in the order of a table's columns.
QUANTITIES = (
    "mi_x",
    "mi_y",
    "mi_x_std_error",
    "mi_y_std_error",
    "mi_x_ceiling",
    "mi_y_ceiling",
    "mi_xy",
    "beta",
    "log_base",
)


def measure_point(
    estimator: Any,
    representation: Any,
    y: NDArray[Any] | None,
    inputs: NDArray[Any] | None = None,
    *,
    p_xy: NDArray[np.float64] | None = None,
    bounds: tuple[float, float] | None = None,
) -> dict[str, float]:
    """Measure I(X;T) and I(T;Y) of one representation with a copy of an estimator.

    Parameters
    ----------
    estimator : estimator of mutual information
        Not changed: a clone is fitted.
    representation : ndarray or torch.Tensor of shape (n_samples, n_features)
        The activations T; a tensor for an estimator whose `device` is a torch device.
    y : ndarray of shape (n_samples,) or None
        Labels.
    inputs : ndarray of shape (n_samples,) or (n_samples, n_input_features), or None
        What the estimator takes as `inputs`.
    p_xy : ndarray of shape (n_samples, n_classes) or None
        Joint distribution of rows and labels to measure under, instead of under `y`.
    bounds : (float, float) or None
        Bounds of the activation, for an estimator whose own parameter `bounds` is None.

    Returns
    -------
    point : dict of str to float
        "mi_x" and "mi_y", "mi_x_std_error" and "mi_y_std_error" where the estimator has them, and
        "beta" under a joint distribution.
    """
    estimator = clone(estimator)
    if bounds is not None and getattr(estimator, "bounds", bounds) is None:
        estimator.bounds = bounds
    if p_xy is None:
        estimator.fit(representation, y, inputs=inputs)
    else:
        rows, labels, weights = joint_cells(p_xy)
        origins = rows if inputs is None else inputs[rows]
        estimator.fit(representation[rows], labels, inputs=origins, sample_weight=weights)
    values = {name: getattr(estimator, f"{name}_", None) for name in QUANTITIES[:4]}
    point = {name: float(value) for name, value in values.items() if value is not None}
    if p_xy is not None:
        point["beta"] = measure_beta(estimator, representation, p_xy)
    return point


def named_estimators(estimator: Any) -> dict[str, Any]:
    """Give every estimator a name.

    Parameters
    ----------
    estimator : estimator of mutual information, dict of them, or None
        A single one has the name of its class; None is ``BinnedMI()``.

    Returns
    -------
    estimators : dict of str to estimator
        By name.

    Raises
    ------
    ValueError
        If a dict is empty, or a name is not a word without a slash.
    """
    if estimator is None:
        estimator = BinnedMI()
    if not isinstance(estimator, Mapping):
        estimator = {type(estimator).__name__: estimator}
    if not estimator:
        raise ValueError("estimator is an empty dict: give at least one estimator.")
    for name in estimator:
        if not isinstance(name, str) or not name or "/" in name:
            raise ValueError(f"Names of estimators are words without a slash, got {name!r}.")
        if not hasattr(estimator[name], "fit") or isinstance(estimator[name], type):
            raise ValueError(
                "estimator must be an estimator such as BinnedMI(), or a dict of them by name, got "
                f"{estimator[name]!r}."
            )
    return dict(estimator)


def log_base(estimator: Any) -> float:
    """Return the base of the logarithm of an estimator's values, 2 unless it has another."""
    return float(getattr(estimator, "base", 2.0))


def rows_of_batch(estimator: Any) -> int | None:
    """Number of rows of the mini-batches that an estimator averages over; None if it has none."""
    return getattr(estimator, "batch_size", None)


def describe_task(
    n_rows: int,
    y: NDArray[Any] | None,
    inputs: NDArray[Any] | None,
    *,
    p_xy: NDArray[np.float64] | None = None,
    base: float = 2.0,
    batch_size: int | None = None,
) -> dict[str, float]:
    """Describe what the points of all layers are to be read against.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    y : ndarray of shape (n_rows,) or None
        Labels.
    inputs : ndarray of shape (n_rows,) or (n_rows, n_input_features), or None
        Which input each row came from; None makes each its own.
    p_xy : ndarray of shape (n_rows, n_classes) or None
        Joint distribution of rows and labels, instead of `y`.
    base : float, default=2.0
        Base of the logarithm.
    batch_size : int, default=None
        Rows of a mini-batch, of an estimator that averages over such.

    Returns
    -------
    task : dict of str to float
        "mi_x_ceiling", which is H(X), or the logarithm of `batch_size` where that is less: no
        batch tells more inputs apart; "mi_y_ceiling", which is H(Y), and "mi_xy", I(X;Y), when
        there are class labels; and "log_base", the logarithm's base.
    """
    if p_xy is not None:
        informations = describe_joint(p_xy, inputs, base=base)
    else:
        is_class = y is not None and (y.dtype.kind in "biu" or are_classes(y))
        informations = describe_rows(n_rows, y if is_class else None, inputs, base=base)
    if batch_size is not None:
        of_batch = math.log(batch_size) / log_of_base(base)
        informations["mi_x_ceiling"] = min(informations["mi_x_ceiling"], of_batch)
    return {**informations, "log_base": float(base)}


def target_classes(y: ArrayLike, X: NDArray[Any]) -> NDArray[Any] | None:
    """Turn a target into class labels, where that is exact.

    Parameters
    ----------
    y : array-like
        Target of the network.
    X : ndarray of shape (n_samples, n_input_features)
        Input of the network.

    Returns
    -------
    labels : ndarray of shape (n_samples,) or None
        Class labels as they are. Where the target is the input itself (an autoencoder), the number
        of each distinct input, for which I(T;Y) is I(T;X). None for other real-valued targets.
    """
    y = np.asarray(y)
    rows = y.reshape(len(y), -1)
    if y.dtype.kind == "f" and rows.shape == X.shape and np.array_equal(rows, X):
        return row_symbols(np.ascontiguousarray(rows).view(f"i{rows.itemsize}")).symbols
    labels = rows.ravel() if rows.shape[1] == 1 else y
    return labels if are_classes(labels) else None


def target_values(y: ArrayLike) -> NDArray[Any] | None:
    """Take a target as numbers, unless it is a class.

    Parameters
    ----------
    y : array-like
        Target of the network.

    Returns
    -------
    values : ndarray of shape (n_samples, n_targets) or None
        The numbers; None for class labels.
    """
    rows = np.reshape(y, (len(np.asarray(y)), -1))
    return None if are_classes(rows.ravel() if rows.shape[1] == 1 else rows) else rows


def takes_numbers(estimator: Any) -> bool:
    """Whether an estimator measures the information about a real-valued target."""
    return hasattr(estimator, "target")


def are_classes(y: NDArray[Any]) -> bool:
    """Whether a target is one class label per row."""
    return type_of_target(y) in ("binary", "multiclass")
