"""Measure representations that are at hand or on disk: the points of their layers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.plane._joint import check_declared_joint
from ibtools.plane._measured_rows import MeasuredRows
from ibtools.plane._measurement import describe_task, log_base, measure_point, named_estimators
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
        Arrays or tensors by layer, or by epoch and layer.
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
    origins = None if inputs is None else np.asarray(inputs)
    labels = None if y is None else np.asarray(y)
    points = []
    for epoch, layer, values in _representations(activations):
        n_rows = len(values)
        joint = None if p_xy is None else check_declared_joint(p_xy, n_rows, estimators)
        points += [
            {"epoch": epoch, "layer": layer, "estimator": name}
            | measure_point(measure, values, labels, origins, p_xy=joint)
            | describe_task(n_rows, labels, origins, p_xy=joint, base=log_base(measure))
            for name, measure in estimators.items()
        ]
    return points


def measure_recording(
    recording: ActivationRecording,
    *,
    estimator: Any,
    layers: Sequence[str] | None,
    epochs: Sequence[int] | None,
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
    layers, epochs : str, sequence or None
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
        If `window` is not positive, or there are fewer recorded epochs.
    """
    recorded = recording.epochs
    if not 1 <= window <= len(recorded):
        raise ValueError(
            f"window must be from 1 to {len(recorded)}, the number of recorded epochs, got "
            f"{window!r}."
        )
    layers = [layers] if isinstance(layers, str) else layers
    estimators = named_estimators(estimator)
    n_copies, n_rows = recording.n_replicates * window, len(recording.inputs)
    rows = MeasuredRows(recording.inputs, recording.y, recording.values, n_copies)
    joint = task_joint = None
    if p_xy is not None:
        joint = check_declared_joint(p_xy, n_rows, estimators, n_replicates=n_copies)
        task_joint = joint[:n_rows] * n_copies
    points = []
    for epoch in recorded[window - 1 :] if epochs is None else epochs:
        pooled = _window(recorded, epoch, window)
        for layer in recording.layers if layers is None else layers:
            parts = [recording.activations(each, layer) for each in pooled]
            T = parts[0] if window == 1 else np.concatenate(parts)
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
                | describe_task(n_rows, recording.y, None, p_xy=task_joint, base=log_base(measure))
                for name, measure in estimators.items()
            ]
    return points


def _window(recorded: list[int], epoch: int, size: int) -> list[int]:
    """Recorded epochs up to one of them."""
    if epoch not in recorded:
        raise ValueError(f"The recording has no epoch {epoch}; it has {recorded}.")
    end = recorded.index(epoch) + 1
    if end < size:
        raise ValueError(f"There are fewer than {size} recorded epochs up to epoch {epoch}.")
    return recorded[end - size : end]


def _representations(
    activations: Mapping[Any, Any],
) -> Iterator[tuple[int, str, NDArray[np.floating]]]:
    if not activations:
        raise ValueError("activations is empty: give arrays by layer, or by epoch and layer.")
    nested = isinstance(next(iter(activations.values())), Mapping)
    for epoch, layers in (activations if nested else {0: activations}).items():
        for layer, values in layers.items():
            if hasattr(values, "detach"):
                values = values.detach().cpu().numpy()  # a torch tensor
            yield epoch, layer, np.reshape(values, (len(values), -1))
