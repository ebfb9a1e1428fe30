"""What the functions of the bottleneck accept."""

import math
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats = NDArray[np.float64]


def check_options(
    *, alpha: float, squared: bool, max_iter: int, tol: float, n_clusters: int | None
) -> None:
    """Refuse options that do not define a bottleneck."""
    if not (isinstance(alpha, Real) and 0 <= alpha <= 1):
        raise ValueError(
            "alpha must be between 0 (deterministic bottleneck) and 1 (information bottleneck), "
            f"got {alpha!r}."
        )
    if squared and alpha != 1:
        raise ValueError(f"The squared functional is defined for alpha=1, got alpha={alpha!r}.")
    check_count(max_iter, "max_iter")
    if n_clusters is not None:
        check_count(n_clusters, "n_clusters")
    if not (isinstance(tol, Real) and 0 <= tol < math.inf):
        raise ValueError(f"tol must be a non-negative finite number, got {tol!r}.")


def check_count(value: int, name: str, *, least: int = 1) -> None:
    """Refuse what is no whole number from `least` up."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}.")


def check_betas(betas: ArrayLike) -> _Floats:
    """Return betas as an increasing array without duplicates; refuse any that is not positive."""
    values = np.asarray(betas, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(
            "betas must be a one-dimensional array of at least one value, got shape "
            f"{values.shape}."
        )
    for value in values[~((values > 0) & (values < math.inf))][:1]:
        raise ValueError(f"betas must be positive and finite, got {value}.")
    return np.unique(values)


def check_beta(beta: float) -> float:
    """Return a beta as a float; refuse it unless it is positive and finite."""
    if not (isinstance(beta, Real) and 0 < beta < math.inf):
        raise ValueError(f"beta must be a positive finite number, got {beta!r}.")
    return float(beta)
