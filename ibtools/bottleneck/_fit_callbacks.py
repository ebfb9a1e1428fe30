"""Scikit-learn's callbacks around a fit, where the installed version has them (from 1.9 on)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sklearn.base import BaseEstimator

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:
    CallbackSupportMixin = type("CallbackSupportMixin", (), {})

__all__ = ["CallbackSupportMixin", "told_to_callbacks"]


@contextmanager
def told_to_callbacks(
    estimator: BaseEstimator, **data: Any
) -> Iterator[Callable[[float], None] | None]:
    """Tell the callbacks of an estimator that its fit begins, goes on and has ended.

    Parameters
    ----------
    estimator : estimator with CallbackSupportMixin
        The estimator being fitted.
    **data : Any
        What callbacks may ask for: ``X``, ``y`` and ``metadata``.

    Yields
    ------
    progress : callable or None
        To be called with every beta that is done, a task of its own; None without callbacks.
    """
    if not hasattr(estimator, "set_callbacks"):
        yield None
        return
    context = estimator._init_callback_context(max_subtasks=None)
    context.call_on_fit_task_begin(estimator=estimator, **data)

    def progress(beta: float) -> None:
        task = context.subcontext(task_name=f"beta = {beta:g}")
        task.call_on_fit_task_begin(estimator=estimator, **data)
        task.call_on_fit_task_end(estimator=estimator, **data)

    yield progress
    context.call_on_fit_task_end(estimator=estimator, reconstruction_attributes={}, **data)
