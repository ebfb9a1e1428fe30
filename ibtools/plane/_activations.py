"""Measure representations that are at hand or on disk: the points of their layers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.estimators._device import host_values, uses_torch
from ibtools.information._tensors import is_tensor
from ibtools.plane._joint import check_declared_joint
from ibtools.plane._measured_rows import MeasuredRows
from ibtools.plane._measurement import (
    are_classes,
    describe_task,
    log_base,
    measure_point,
    named_estimators,
    rows_of_batch,
    takes_numbers,
)
from ibtools.plane._recording import ActivationRecording


def measure_activations(
    activations: Mapping[Any, Any],
    y: ArrayLike | None,
    *,
    estimator: Any,
    inputs: ArrayLike | None,
    p_xy: ArrayLike | None,
) -> list[dict[str, Any]]:
    """Measure every representation, as :meth:`ibtools.InformationPlane.from_activations` says.

    Parameters
    ----------
    activations : dict
        Arrays or tensors by layer, or by epoch and layer. Tensors are not copied to the host for
        an estimator whose `device` is a torch device.
    y : array-like of shape (n_samples,) or None
        Labels.
    estimator : estimator of mutual information, dict of them, or None
        What measures.
    inputs : array-like of shape (n_samples,) or (n_samples, n_input_features), or None
        Which input each row came from.
    p_xy : array-like of shape (n_samples, n_classes) or None
        Joint distribution of rows and labels, instead of `y`.

    Returns
    -------
    points : list of dict
        One per epoch, layer and estimator.

    Raises
    ------
    ValueError
        If there is nothing to measure, or labels are given twice.
    """
    if y is not None and p_xy is not None:
        raise ValueError("Give the labels y or their joint distribution p_xy, not both.")
    estimators = named_estimators(estimator)
    origins = None if inputs is None else np.asarray(host_values(inputs))
    labels = None if y is None else _labels(y, estimators)
    points = []
    for epoch, layer, values in _representations(activations):
        n_rows = len(values)
        joint = None if p_xy is None else check_declared_joint(p_xy, n_rows, estimators)
        with _naming(layer, epoch):
            points += [
                {"epoch": epoch, "layer": layer, "estimator": name}
                | measure_point(
                    measure, _measured(_finite(values), measure), labels, origins, p_xy=joint
                )
                | describe_task(
                    n_rows,
                    labels,
                    origins,
                    p_xy=joint,
                    base=log_base(measure),
                    batch_size=rows_of_batch(measure),
                )
                for name, measure in estimators.items()
            ]
    if not any("mi_x" in point for point in points):
        raise ValueError(
            f"{', '.join(estimators)} compares values of the input, and without them has no "
            "I(X;T): give inputs=X."
        )
    return points


def _labels(y: ArrayLike, estimators: Mapping[str, Any]) -> NDArray[Any]:
    """Labels, one per row, or numbers for estimators that take them."""
    labels = np.asarray(host_values(y))
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if labels.ndim > 1 or (labels.dtype.kind == "f" and not are_classes(labels)):
        of_classes = [name for name, each in estimators.items() if not takes_numbers(each)]
        if of_classes:
            raise ValueError(
                f"y is not one class label per row, as it has to be for {', '.join(of_classes)}: "
                "NearestNeighborsMI() takes numbers, and one-hot rows become labels by "
                "y.argmax(axis=1)."
            )
    return labels


def measure_recording(
    recording: ActivationRecording,
    *,
    estimator: Any,
    layers: str | Sequence[str] | None,
    epochs: int | Sequence[int] | None,
    p_xy: ArrayLike | None,
    window: int,
) -> list[dict[str, Any]]:
    """Measure a recording, as :meth:`ibtools.InformationPlane.from_recording` says.

    Parameters
    ----------
    recording : ActivationRecording
        The recording.
    estimator : estimator of mutual information, dict of them, or None
        What measures.
    layers, epochs : str or int, sequence or None
        Which of the recorded ones; None is all.
    p_xy : array-like of shape (n_samples, n_classes) or None
        Joint distribution of rows and labels, instead of the recorded labels.
    window : int
        Number of recorded epochs that are measured together.

    Returns
    -------
    points : list of dict
        One per epoch, layer and estimator.

    Raises
    ------
    ValueError
        If `window` is not positive, or there are fewer recorded epochs; if there is nothing to
        measure, or a layer cannot be measured.
    """
    recorded = recording.epochs
    if not 1 <= window <= len(recorded):
        raise ValueError(
            f"window must be from 1 to {len(recorded)}, the number of recorded epochs, got "
            f"{window!r}."
        )
    chosen_layers = _chosen("layers", layers, recording.layers, str)
    chosen_epochs = _chosen("epochs", epochs, recorded[window - 1 :], Integral)
    estimators = named_estimators(estimator)
    n_copies, n_rows = recording.n_replicates * window, len(recording.inputs)
    rows = MeasuredRows(recording.inputs, recording.y, recording.values, n_copies)
    joint = task_joint = None
    if p_xy is not None:
        joint = check_declared_joint(p_xy, n_rows, estimators, n_replicates=n_copies)
        task_joint = joint[:n_rows] * n_copies
    points = []
    for epoch in chosen_epochs:
        pooled = _window(recorded, epoch, window)
        for layer in chosen_layers:
            parts = [recording.activations(each, layer) for each in pooled]
            with _naming(layer, epoch):
                T = _finite(parts[0] if window == 1 else np.concatenate(parts))
                points += [
                    {"epoch": epoch, "layer": layer, "estimator": name}
                    | measure_point(
                        measure,
                        T,
                        rows.target_of(measure),
                        rows.inputs_of(measure),
                        p_xy=joint,
                        bounds=recording.bounds[layer],
                    )
                    | describe_task(
                        n_rows,
                        recording.y,
                        None,
                        p_xy=task_joint,
                        base=log_base(measure),
                        batch_size=rows_of_batch(measure),
                    )
                    for name, measure in estimators.items()
                ]
    return points


def _chosen(what: str, names: Any, recorded: Sequence[Any], one: type) -> list[Any]:
    """What is to be measured, where one name stands for itself and None for all recorded."""
    chosen = list(recorded if names is None else [names] if isinstance(names, one) else names)
    chosen = list(dict.fromkeys(chosen))
    if not chosen:
        raise ValueError(f"{what} is empty: name some of {list(recorded)}, or leave it out.")
    return chosen


@contextmanager
def _naming(layer: str, epoch: int) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(
            f"Layer {layer!r} could not be measured at epoch {epoch}: {error}"
        ) from error


def _finite(T: Any) -> Any:
    finite = T.isfinite() if is_tensor(T) else T.dtype.kind != "f" or np.isfinite(T)
    if not np.all(host_values(finite)):
        raise ValueError("its activations have values that are not finite.")
    return T


def _window(recorded: list[int], epoch: int, size: int) -> list[int]:
    """Recorded epochs up to one of them."""
    if epoch not in recorded:
        raise ValueError(f"The recording has no epoch {epoch}; it has {recorded}.")
    end = recorded.index(epoch) + 1
    if end < size:
        raise ValueError(f"There are fewer than {size} recorded epochs up to epoch {epoch}.")
    return recorded[end - size : end]


def _measured(values: Any, estimator: Any) -> Any:
    """Activations where an estimator measures them: a tensor stays one for a torch device."""
    return values if uses_torch(getattr(estimator, "device", "cpu")) else host_values(values)


def _representations(activations: Mapping[Any, Any]) -> Iterator[tuple[int, str, Any]]:
    """Arrays or tensors, each with its epoch and layer, one row per sample."""
    form = "{'hidden': T}, or by epoch and layer, {0: {'hidden': T}, 1: ...}"
    if not isinstance(activations, Mapping):
        raise ValueError(
            f"activations must be arrays by layer, {form}, got {type(activations).__name__}."
        )
    if not activations:
        raise ValueError(f"activations is empty: give arrays by layer, {form}.")
    nested = isinstance(next(iter(activations.values())), Mapping)
    for epoch, layers in (activations if nested else {0: activations}).items():
        if not isinstance(epoch, Integral) or not isinstance(layers, Mapping):
            raise ValueError(
                f"activations must be arrays by layer, {form}, epochs as whole numbers, got "
                f"{type(layers).__name__} for {epoch!r}."
            )
        for layer, values in layers.items():
            if not isinstance(layer, str) or np.ndim(values) == 0:
                raise ValueError(
                    f"activations must be arrays by layer, {form}, layers as text, got "
                    f"{type(values).__name__} for {layer!r}."
                )
            rows = values.detach() if is_tensor(values) else np.asarray(values)
            yield int(epoch), layer, rows.reshape(len(rows), -1)
