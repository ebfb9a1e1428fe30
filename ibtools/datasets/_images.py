"""From published images and labels to the rows, classes and form that were asked for."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch, check_random_state, check_scalar

RandomState = int | np.random.RandomState | None
Classes = Sequence[int | str] | None
Fetched: TypeAlias = Bunch | tuple[NDArray[np.float32], NDArray[np.int64]]


class RawImages(NamedTuple):
    """Images as published, before rows are chosen.

    Attributes
    ----------
    images : ndarray of shape (n_samples, n_channels, height, width), dtype uint8
    labels : ndarray of shape (n_samples,), dtype integer
    filenames : list of str
    description : str
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    filenames: list[str]
    description: str


def labelled_images(
    load: Callable[[], RawImages],
    names: Sequence[str],
    *,
    classes: Classes,
    n_per_class: int | None,
    random_state: RandomState,
    as_images: bool,
    return_X_y: bool,
) -> Fetched:
    """Bunch, or X and y, of the chosen rows; `load` is called only if the arguments are valid."""
    kept = class_labels(classes, names)
    if n_per_class is not None:
        check_scalar(n_per_class, "n_per_class", Integral, min_val=1)
    raw = load()
    rows = select_rows(raw.labels, kept, n_per_class, random_state)
    data = scaled(raw.images[rows])
    data = data if as_images else data.reshape(len(rows), -1)
    target = reindexed(raw.labels[rows], kept)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=[names[label] for label in kept],
        filenames=raw.filenames,
        DESCR=raw.description,
    )


def class_labels(classes: Classes, names: Sequence[str]) -> list[int]:
    """Original labels of `classes`, given as labels or names, in the given order."""
    if classes is None:
        return list(range(len(names)))
    if isinstance(classes, str) or len(classes) == 0:
        raise ValueError(f"classes must be a non-empty list of labels or names, got {classes!r}")
    labels = [_class_label(item, names) for item in classes]
    if len(set(labels)) < len(labels):
        raise ValueError(f"classes must be distinct, got {classes!r}")
    return labels


def _class_label(item: int | str, names: Sequence[str]) -> int:
    if isinstance(item, str) and item in names:
        return names.index(item)
    if isinstance(item, Integral) and 0 <= item < len(names):
        return int(item)
    raise ValueError(
        f"unknown class {item!r}: give a label from 0 to {len(names) - 1} or one of {list(names)}"
    )


def select_rows(
    labels: NDArray[np.uint8],
    kept: Sequence[int],
    n_per_class: int | None,
    random_state: RandomState,
) -> NDArray[np.intp]:
    """Ascending rows of the `kept` labels, all or `n_per_class` of each without replacement."""
    if n_per_class is None:
        return np.flatnonzero(np.isin(labels, kept))
    rng = check_random_state(random_state)
    # Drawn in the order of the labels: the order of `kept` renames classes, it changes no row.
    drawn = [_draw(labels, label, n_per_class, rng) for label in sorted(kept)]
    return np.sort(np.concatenate(drawn))


def _draw(
    labels: NDArray[np.uint8], label: int, n_rows: int, rng: np.random.RandomState
) -> NDArray[np.intp]:
    rows = np.flatnonzero(labels == label)
    if n_rows > len(rows):
        raise ValueError(f"n_per_class={n_rows}, but label {label} has only {len(rows)} rows")
    return rng.choice(rows, n_rows, replace=False)


def reindexed(labels: NDArray[np.uint8], kept: Sequence[int]) -> NDArray[np.int64]:
    """Place of each label in `kept`, 0 to len(kept) - 1, shape (n_samples,)."""
    place = np.zeros(max(kept) + 1, dtype=np.int64)
    place[list(kept)] = np.arange(len(kept))
    return place[labels]


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Intensities 0..255 mapped to [0, 1], float32, same shape."""
    data = images.astype(np.float32)
    data /= 255
    return data


def check_subset(subset: str) -> None:
    """Raise ValueError unless `subset` is "train", "test" or "all"."""
    if subset not in ("train", "test", "all"):
        raise ValueError(f"subset must be 'train', 'test' or 'all', got {subset!r}")
