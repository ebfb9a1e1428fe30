"""Warnings that point at the line of the user, from however deep in a fit."""

import inspect
import warnings
from types import FrameType

# scikit-learn stands between: it wraps every fit, and calls it from pipelines and searches.
_PACKAGES = ("ibtools", "sklearn")


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and name the innermost line that is neither this package's nor scikit-learn's.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    category : type, default=UserWarning
        Class of the warning.
    """
    frame, level = inspect.currentframe(), 1
    while frame is not None and _package(frame) in _PACKAGES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
