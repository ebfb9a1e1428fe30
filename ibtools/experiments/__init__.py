"""Whole experiments: train, record, vary, and leave the results in files."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ibtools.experiments._pruning import PruningResult, prune_network
    from ibtools.experiments._sweep import sweep

__all__ = ["PruningResult", "prune_network", "sweep"]

# The command line is in this package, and answers before torch is imported.
_HOME = {"PruningResult": "_pruning", "prune_network": "_pruning", "sweep": "_sweep"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
