"""Fitting an estimator of information, alone or at the end of a pipeline, and reading it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_array, check_consistent_length


def measuring_step(estimator: BaseEstimator) -> BaseEstimator:
    """The step that measures: the last of a pipeline, the best of a search, or the estimator."""
    if isinstance(estimator, Pipeline):
        return measuring_step(estimator[-1])
    for name in ("best_estimator_", "estimator"):
        if hasattr(estimator, name):
            return measuring_step(getattr(estimator, name))
    return estimator


def base_of(estimator: BaseEstimator) -> float:
    """Base of the logarithm in which an estimator measures; 2 where it has no such parameter."""
    return float(getattr(measuring_step(estimator), "base", 2.0))


def check_inputs(inputs: ArrayLike | None, X: ArrayLike) -> NDArray[Any] | None:
    """Inputs as an array with one row per row of X, one- or two-dimensional."""
    if inputs is None:
        return None
    checked: NDArray[Any] = check_array(inputs, ensure_2d=False, dtype=None, input_name="inputs")
    check_consistent_length(X, checked)
    return checked


def fit(
    estimator: BaseEstimator, X: Any, y: Any = None, inputs: NDArray[Any] | None = None
) -> BaseEstimator:
    """Fit an estimator in place, handing over the inputs in the form that it wants.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        What to fit.
    X : array-like of shape (n_samples, n_features)
        Representations.
    y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
        Target.
    inputs : ndarray of shape (n_samples,) or (n_samples, n_input_features), default=None
        Index or values of the inputs. Values become an index for an estimator that needs one.

    Returns
    -------
    estimator : estimator
        The same, fitted.
    """
    if inputs is None:
        return estimator.fit(X) if y is None else estimator.fit(X, y)
    if inputs.ndim == 2 and getattr(measuring_step(estimator), "inputs_as", None) == "index":
        inputs = np.unique(inputs, axis=0, return_inverse=True)[1].ravel()
    return estimator.fit(X, y, **{_inputs_parameter(estimator): inputs})


def _inputs_parameter(estimator: BaseEstimator) -> str:
    """Name under which `inputs` reaches the last step of (nested) pipelines."""
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        return f"{name}__{_inputs_parameter(last)}"
    return _inputs_parameter(estimator.estimator) if hasattr(estimator, "estimator") else "inputs"


def seeded_clone(estimator: BaseEstimator, seed: int) -> BaseEstimator:
    """Unfitted copy whose unset `random_state` parameters are set, those of its steps included."""
    copy = clone(estimator)
    unset = {
        name: seed
        for name, value in copy.get_params().items()
        if value is None and name.split("__")[-1] == "random_state"
    }
    return copy.set_params(**unset)


def informations(estimator: BaseEstimator) -> tuple[float, float]:
    """I(X;T) and I(T;Y) of a fitted estimator, NaN for what it did not measure."""
    step = measuring_step(estimator)
    return float(getattr(step, "mi_x_", np.nan)), float(getattr(step, "mi_y_", np.nan))
