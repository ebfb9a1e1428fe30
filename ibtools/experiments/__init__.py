"""Whole experiments: train, record, vary, and leave the results in files."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ibtools.experiments._pruning import PruningResult, prune_network
    from ibtools.experiments._report import write_report
    from ibtools.experiments._results import StudyResults, read_results
    from ibtools.experiments._results_errors import ResultsError
    from ibtools.experiments._runner import run_study
    from ibtools.experiments._study import Study
    from ibtools.experiments._study_errors import StudyError
    from ibtools.experiments._sweep import sweep

__all__ = [
    "PruningResult",
    "ResultsError",
    "Study",
    "StudyError",
    "StudyResults",
    "prune_network",
    "read_results",
    "run_study",
    "sweep",
    "write_report",
]

# The command line is in this package, and answers before torch is imported.
_HOME = {
    "PruningResult": "_pruning",
    "ResultsError": "_results_errors",
    "Study": "_study",
    "StudyError": "_study_errors",
    "StudyResults": "_results",
    "prune_network": "_pruning",
    "read_results": "_results",
    "run_study": "_runner",
    "sweep": "_sweep",
    "write_report": "_report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
