"""The only file that touches private scikit-learn tools."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.base import _fit_context as fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight

__all__ = ["Estimator", "Interval", "StrOptions", "check_sample_weight", "fit_context"]


class Estimator(BaseEstimator):
    """A scikit-learn estimator that reads its class's signature once, not for every clone."""

    @classmethod
    @cache
    def _get_param_names(cls) -> list[str]:
        names: list[str] = super()._get_param_names()
        return names


def check_sample_weight(sample_weight: ArrayLike, X: NDArray[np.generic]) -> NDArray[np.float64]:
    """Validate weights: one finite, non-negative float64 per row, not all zero."""
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights
