"""Comparing estimators, checking their numbers, and their standard errors."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ibtools.model_selection._checks import (
        MICheckFailed,
        MIEstimatorReport,
        check_mi_estimator,
    )
    from ibtools.model_selection._comparison import compare_estimators
    from ibtools.model_selection._display import EstimatorComparisonDisplay
    from ibtools.model_selection._standard_error import standard_error

__all__ = [
    "EstimatorComparisonDisplay",
    "MICheckFailed",
    "MIEstimatorReport",
    "check_mi_estimator",
    "compare_estimators",
    "standard_error",
]

# Every process of a comparison imports this package: figures and tables wait until they are used.
_HOME = {
    "EstimatorComparisonDisplay": "_display",
    "MICheckFailed": "_checks",
    "MIEstimatorReport": "_checks",
    "check_mi_estimator": "_checks",
    "compare_estimators": "_comparison",
    "standard_error": "_standard_error",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
