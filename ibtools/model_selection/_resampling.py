"""Rows drawn again: folds, halves, bootstrap samples and nested training sets.

What is drawn are units: rows or, where several rows belong to one input, inputs with all their
rows. An estimator that reads the noise from the replicates of an input then keeps them together.
"""

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv
from sklearn.utils.multiclass import type_of_target

_Integers = NDArray[np.int64]


class Split(NamedTuple):
    """Units of one replicate.

    Attributes
    ----------
    train : ndarray
        Units of the training set, in an order of which every prefix is a training set of its own.
    test : ndarray
        Units held out.
    """

    train: _Integers
    test: _Integers


class Units:
    """Rows grouped to what is drawn together.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    inputs : ndarray or None
        Index or values of the inputs; rows that share one are a unit.
    y : array-like or None
        Target; class labels are kept in proportion.

    Attributes
    ----------
    n_units : int
        Number of units.
    of_row : ndarray of shape (n_samples,)
        Unit of each row.
    classes : ndarray of shape (n_units,)
        Class of each unit, 0 where there are none.
    """

    def __init__(self, n_samples: int, inputs: NDArray[Any] | None, y: Any) -> None:
        if inputs is None:
            self.of_row = np.arange(n_samples)
        else:
            axis = 0 if inputs.ndim == 2 else None
            self.of_row = np.unique(inputs, axis=axis, return_inverse=True)[1].ravel()
        self._rows = np.argsort(self.of_row, kind="stable")
        counts = np.bincount(self.of_row)
        self.n_units = len(counts)
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        first_rows = self._rows[self._starts[:-1]]
        self.classes = np.zeros(self.n_units, dtype=np.int64)
        if y is not None and type_of_target(y) in ("binary", "multiclass"):
            self.classes = np.unique(np.ravel(y)[first_rows], return_inverse=True)[1]

    def rows(self, units: _Integers) -> _Integers:
        """Rows of the units, in their order, as often as the units are named."""
        if self.n_units == len(self.of_row):
            return self._rows[units]
        pieces = [self._rows[self._starts[u] : self._starts[u + 1]] for u in units]
        return np.concatenate(pieces) if pieces else self._rows[:0]


def make_splits(
    units: Units,
    *,
    resample: str,
    cv: Any,
    n_replicates: int,
    rng: np.random.RandomState,
    X: Any,
    y: Any,
) -> list[Split]:
    """Draw the splits that all estimators share.

    Parameters
    ----------
    units : Units
        What is drawn.
    resample : {"cv", "subsample", "bootstrap"}
        Folds, random halves, or draws with replacement.
    cv : None, int, splitter or iterable
        Folds of "cv"; None makes `n_replicates`.
    n_replicates : int
        Number of splits.
    rng : RandomState
        Source of the draws.
    X, y : array-likes
        What a given splitter is handed.

    Returns
    -------
    splits : list of Split
        Training and held-out units.
    """
    if resample == "subsample":
        half = units.n_units // 2
        orders = [balanced_order(units.classes, rng) for _ in range(n_replicates)]
        return [Split(order[:half], order[half:]) for order in orders]
    if resample == "bootstrap":
        everything = np.arange(units.n_units)
        draws = [rng.randint(units.n_units, size=units.n_units) for _ in range(n_replicates)]
        return [Split(drawn, np.setdiff1d(everything, drawn)) for drawn in draws]
    if cv is None or isinstance(cv, Integral):
        n_folds = n_replicates if cv is None else int(cv)
        return list(_folds(units, n_folds, rng))
    return list(_given_splits(units, cv, rng, X, y))


def _folds(units: Units, n_folds: int, rng: np.random.RandomState) -> Iterator[Split]:
    """Deal the units of every class out to the folds."""
    if not 2 <= n_folds <= units.n_units:
        raise ValueError(
            f"Cannot make {n_folds} folds of {units.n_units} inputs: give cv or n_replicates "
            f"between 2 and {units.n_units}."
        )
    shuffled = rng.permutation(units.n_units)
    fold = np.empty(units.n_units, dtype=np.int64)
    by_class = shuffled[np.argsort(units.classes[shuffled], kind="stable")]
    fold[by_class] = np.arange(units.n_units) % n_folds
    for k in range(n_folds):
        train = np.flatnonzero(fold != k)
        yield Split(train[balanced_order(units.classes[train], rng)], np.flatnonzero(fold == k))


def _given_splits(
    units: Units, cv: Any, rng: np.random.RandomState, X: Any, y: Any
) -> Iterator[Split]:
    """Splits of a splitter, made of units: an input with rows in both sets is refused."""
    splitter = check_cv(cv, y, classifier=bool(units.classes.any()))
    groups = units.of_row if units.n_units < len(units.of_row) else None
    for train_rows, test_rows in splitter.split(X, y, groups=groups):
        train, test = np.unique(units.of_row[train_rows]), np.unique(units.of_row[test_rows])
        if len(np.intersect1d(train, test)):
            raise ValueError(
                "cv puts rows of one input into the training set and into the held-out set: use a "
                "splitter that keeps groups together, such as GroupKFold, or give cv as a number."
            )
        yield Split(train[balanced_order(units.classes[train], rng)], test)


def balanced_order(classes: _Integers, rng: np.random.RandomState) -> _Integers:
    """Random order in which every prefix holds the classes in about their proportions."""
    order = rng.permutation(len(classes))
    counts = np.bincount(classes)
    starts = np.cumsum(counts) - counts
    by_class = order[np.argsort(classes[order], kind="stable")]
    rank = np.arange(len(classes)) - starts[classes[by_class]]
    place = (rank + rng.uniform(size=len(rank))) / counts[classes[by_class]]
    return by_class[np.argsort(place, kind="stable")]


def resolve_train_sizes(train_sizes: Sequence[float], splits: Sequence[Split]) -> list[list[int]]:
    """Number of training units for every size and split.

    Parameters
    ----------
    train_sizes : sequence of float or int
        Fractions of the training sets in (0, 1], or numbers of units.
    splits : sequence of Split
        The splits.

    Returns
    -------
    n_units : list of lists, n_sizes times n_replicates
        Number of units.

    Raises
    ------
    ValueError
        If a size is no fraction and no number of units that every training set has.
    """
    most = min(len(split.train) for split in splits)
    sizes = []
    for size in train_sizes:
        whole = isinstance(size, Integral)
        if not (2 <= size <= most if whole else 0 < size <= 1):
            raise ValueError(
                f"train_sizes must be fractions in (0, 1] or whole numbers from 2 to {most}, the "
                f"size of the smallest training set; got {size!r}."
            )
        sizes.append([int(size) if whole else round(size * len(s.train)) for s in splits])
    if not sizes:
        raise ValueError("train_sizes is empty.")
    return sizes
