"""The rows on which layers are measured, read once and kept while the network trains."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from skorch.dataset import unpack_data
from skorch.utils import is_dataset, to_numpy
from torch.utils.data import Subset

from ibtools.plane._measurement import target_classes, target_values


@dataclass(frozen=True)
class Rows:
    """Rows to measure.

    Attributes
    ----------
    batches : list
        Inputs of the network, batch by batch.
    n_samples : int
        Number of rows.
    inputs : ndarray of shape (n_samples, n_input_features)
        The input values.
    y : ndarray of shape (n_samples,) or None
        Class labels. None if there is no target, or one that is no class.
    values : ndarray of shape (n_samples, n_targets) or None
        The target as numbers. None if there is no target, or one that is a class.
    has_target : bool
        Whether there is a target at all.
    targets : list
        Targets of the loss, batch by batch.
    """

    batches: list[Any]
    n_samples: int
    inputs: NDArray[Any]
    y: NDArray[Any] | None
    values: NDArray[Any] | None
    has_target: bool
    targets: list[Any]


def read_rows(
    net: Any, datasets: list[Any], max_samples: int | None = None, random_state: Any = None
) -> Rows:
    """Read inputs and targets from the same batches.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net, whose validation iterator makes the batches.
    datasets : list of torch datasets
        What to read, one after the other.
    max_samples : int or None
        Number of rows to draw without replacement, if there are more.
    random_state : int, RandomState instance or None
        Seed of the draw.

    Returns
    -------
    rows : Rows
        The rows, in the order of the datasets.

    Raises
    ------
    ValueError
        If there are none, if their labels are text, or if rows are to be drawn and their number is
        not known.
    """
    if max_samples is not None:
        _refuse_uncounted(datasets)
        datasets = _draw(datasets, max_samples, random_state)
    batches, targets = [], []
    for dataset in datasets:
        for batch in net.get_iterator(dataset, training=False):
            Xi, yi = unpack_data(batch)
            batches.append(Xi)
            targets.append(yi)
            if isinstance(yi, list | tuple) and yi and isinstance(yi[0], str):
                raise ValueError(
                    "Labels must be whole numbers from 0 to n_classes - 1, got text, "
                    f"{str(yi[0])!r}. Use sklearn.preprocessing.LabelEncoder to number them."
                )
    if not batches:
        raise ValueError("There are no rows to measure: the data chosen by on=... are empty.")
    inputs = np.concatenate([_flat(Xi) for Xi in batches])
    has_target = all(_has_target(dataset) for dataset in datasets)
    arrays = [to_numpy(yi) for yi in targets]
    y = values = None
    if has_target and all(isinstance(target, np.ndarray) for target in arrays):
        target = np.concatenate(arrays)
        y, values = target_classes(target, inputs), target_values(target)
    return Rows(batches, len(inputs), inputs, y, values, has_target, targets)


def choose_datasets(net: Any, on: Any, train: Any, valid: Any) -> list[Any]:
    """Find the data that ``on="train"``, ``"valid"``, ``"all"`` or ``(X, y)`` means.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    on : {"train", "valid", "all"}, (X, y) or dataset
        What to measure on.
    train, valid : datasets
        The net's training and validation data; `valid` is None if there is none.

    Returns
    -------
    datasets : list of datasets
        One or two.

    Raises
    ------
    ValueError
        If `on` is none of these, or "valid" where there are no validation data.
    """
    if isinstance(on, tuple) and len(on) == 2:
        return [net.get_dataset(*on)]
    if is_dataset(on):
        return [on]
    if not isinstance(on, str):
        raise ValueError(
            "on must be 'train', 'valid', 'all' or a pair (X, y), or a dataset, got "
            f"{type(on).__name__}."
        )
    if on == "valid" and valid is None:
        raise ValueError(
            "on='valid', but the net has no validation data: give it a train_split, or measure "
            "on='train' or on=(X, y)."
        )
    choices = {"train": [train], "valid": [valid], "all": [train] + [valid] * (valid is not None)}
    if on not in choices:
        raise ValueError(f"on must be 'train', 'valid', 'all' or a pair (X, y), got {on!r}.")
    return choices[on]


def _refuse_uncounted(datasets: list[Any]) -> None:
    for dataset in datasets:
        if not hasattr(dataset, "__len__"):
            raise ValueError(
                f"max_samples draws from rows whose number is known, and {type(dataset).__name__} "
                "has no len: name rows with on=(X, y), or leave max_samples out."
            )


def _draw(datasets: list[Any], max_samples: int, random_state: Any) -> list[Any]:
    sizes = [len(dataset) for dataset in datasets]
    if sum(sizes) <= max_samples:
        return datasets
    rng = check_random_state(random_state)
    drawn = np.sort(rng.choice(sum(sizes), size=max_samples, replace=False))
    parts = np.split(drawn, np.searchsorted(drawn, np.cumsum(sizes)[:-1]))
    starts = np.cumsum([0, *sizes[:-1]])
    return [
        Subset(dataset, (part - start).tolist())
        for dataset, part, start in zip(datasets, parts, starts, strict=True)
        if len(part)
    ]


def _flat(Xi: Any) -> NDArray[Any]:
    """Input values of one batch with one row per sample, several inputs side by side."""
    if isinstance(Xi, dict):
        Xi = tuple(Xi.values())
    if isinstance(Xi, list | tuple):
        return np.hstack([_flat(part) for part in Xi])
    values = to_numpy(Xi)
    return values.reshape(len(values), -1)


def _has_target(dataset: Any) -> bool:
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    return getattr(dataset, "y", True) is not None
