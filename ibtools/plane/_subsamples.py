"""Points of disjoint subsamples of the rows: their mean, and how far chance moves it."""

import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

_Rows = NDArray[np.int64]

_INFORMATIONS = ("mi_x", "mi_y")


def draw_subsamples(n_rows: int, n_subsamples: int, random_state: Any) -> list[_Rows]:
    """Share rows among subsamples of equal size, by chance.

    Parameters
    ----------
    n_rows : int
        Rows, a multiple of the number of subsamples.
    n_subsamples : int
        Number of subsamples.
    random_state : int, RandomState instance or None
        Source of the draw.

    Returns
    -------
    subsamples : list of ndarray of shape (n_rows // n_subsamples,)
        Rows of each, in order. Every row is in one.
    """
    shuffled = check_random_state(random_state).permutation(n_rows)
    return [np.sort(rows) for rows in shuffled.reshape(n_subsamples, -1)]


def measure_subsamples(
    measure: Callable[[Any, _Rows], Mapping[str, float]],
    estimator: Any,
    subsamples: Sequence[_Rows],
) -> dict[str, float]:
    """Mean of the informations of several subsamples, and its standard error.

    With the standard deviation s between k subsamples, the standard error of their mean is
    s / sqrt(k). What an estimator says itself about its errors (those of its random draws) is part
    of s, for every subsample has draws of its own.

    Parameters
    ----------
    measure : callable
        Takes an estimator and rows, and gives a point: "mi_x", "mi_y" and what belongs to them.
    estimator : estimator of mutual information
        Not changed. One that has a number as `random_state` gets the next number for every
        subsample; one that has a RandomState instance gets numbers that a copy of it draws.
    subsamples : sequence of ndarray of shape (n_subsample_rows,)
        Rows of each, disjoint.

    Returns
    -------
    point : dict of str to float
        Means and, of two subsamples or more, "mi_x_std_error" and "mi_y_std_error". The point of a
        single one is as it is measured.
    """
    estimators = _reseeded(estimator, len(subsamples))
    points = [measure(each, rows) for each, rows in zip(estimators, subsamples, strict=True)]
    if len(points) == 1:
        return dict(points[0])
    mean = mean_point(points)
    for name in _INFORMATIONS:
        if name in mean:
            spread = float(np.std([point[name] for point in points], ddof=1))
            mean[f"{name}_std_error"] = spread / math.sqrt(len(points))
    return mean


def mean_point(points: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of every value that all points have.

    Parameters
    ----------
    points : sequence of dict of str to float
        Values by name.

    Returns
    -------
    means : dict of str to float
        By the same names, in the order of the first point.
    """
    names = [name for name in points[0] if all(name in point for point in points)]
    return {name: float(np.mean([point[name] for point in points])) for name in names}


def _reseeded(estimator: Any, n_copies: int) -> list[Any]:
    """Copies whose random draws differ; a single one draws as the estimator itself."""
    seed = estimator.get_params(deep=False).get("random_state")
    if n_copies == 1 or seed is None:
        return [estimator] * n_copies
    if isinstance(seed, Integral):
        seeds = [int(seed) + k for k in range(n_copies)]
    else:  # the copies that estimators are cloned with would all draw the same
        seeds = deepcopy(seed).randint(2**31 - 1, size=n_copies).tolist()
    return [clone(estimator).set_params(random_state=each) for each in seeds]
