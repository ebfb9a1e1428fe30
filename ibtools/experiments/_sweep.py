"""The same experiment under many conditions, in parallel processes."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from ibtools.experiments._parallel_runs import parallel_runs
from ibtools.plane._columns import COLUMNS
from ibtools.plane._plane import InformationPlane

_Factors = dict[str, Any]


def sweep(
    experiment: Callable[..., Any],
    factors: Mapping[str, Iterable[Any]],
    *,
    how: str = "product",
    n_jobs: int | None = None,
    on_error: str = "raise",
    verbose: int = 0,
) -> InformationPlane:
    """Run an experiment under every combination of factors and put the planes into one.

    Parameters
    ----------
    experiment : callable
        Called as ``experiment(**levels)`` with one level of every factor. Returns a fitted skorch
        net with an InfoPlaneCallback, or an InformationPlane. It runs in a process of its own with
        one torch thread: whatever is random in it must be seeded from its arguments.

    factors : dict of iterables
        Levels by the name of the factor, such as ``{"train_fraction": [0.05, 0.85], "seed":
        range(5)}``. Anything that the experiment takes is a factor.

    how : {"product", "zip"}, default="product"
        "product" runs all combinations, the last factor changing fastest; "zip" the first levels
        of all factors, then the second ones, and so on.

    n_jobs : int, default=None
        Number of processes; see joblib. Inside a ``joblib.parallel_config`` its backend is used.

    on_error : {"raise", "warn"}, default="raise"
        "raise" ends the sweep with the first error, which names the levels. "warn" goes on without
        the failed runs and warns of each.

    verbose : int, default=0
        Progress: above 0, joblib reports the number of runs done.

    Returns
    -------
    plane : InformationPlane
        The points of all runs with a column "run" and one column per factor; levels that are no
        numbers stand there as their text. ``plane.settings["runs"]`` has the
        settings of each run's plane.

    Raises
    ------
    ValueError
        If there is no factor or a factor has no levels, the lengths of zipped factors differ, or a
        factor has the name of a column of planes.
    RuntimeError
        If a run failed and `on_error` is "raise", or every run failed.
    TypeError
        If the experiment returns neither a net nor a plane.

    See Also
    --------
    ibtools.InformationPlane : ``plane.select(seed=3)`` keeps the points of a level.

    Notes
    -----
    The result does not depend on `n_jobs`: every run is a call of its own, in a process of its own
    or not, with one torch thread.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import BinnedMI, InformationPlane
    >>> from ibtools.experiments import sweep
    >>> def measure(bin_width):
    ...     T = np.linspace(0, 7, 8)[:, None]
    ...     bins = BinnedMI(bin_width=bin_width)
    ...     return InformationPlane.from_activations({"T": T}, estimator=bins)
    >>> plane = sweep(measure, {"bin_width": [1.0, 2.0, 4.0]})
    >>> plane.to_frame()[["bin_width", "mi_x"]]
       bin_width  mi_x
    0        1.0   3.0
    1        2.0   2.0
    2        4.0   1.0
    """
    if on_error not in ("raise", "warn"):
        raise ValueError(f"on_error must be 'raise' or 'warn', got {on_error!r}.")
    conditions = _conditions(factors, how)
    _refuse_columns_of_planes(factors)
    run = partial(_run, experiment, on_error)
    outcomes = parallel_runs(run, conditions, n_jobs=n_jobs, verbose=verbose)
    planes = []
    for levels, outcome in zip(conditions, outcomes, strict=True):
        if isinstance(outcome, InformationPlane):
            planes.append(_with_factors(outcome, levels))
        else:
            warnings.warn(
                f"The run of {_named(levels)} failed and is left out: {outcome}",
                UserWarning,
                stacklevel=2,
            )
    if not planes:
        raise RuntimeError(f"All {len(conditions)} runs failed; the last said: {outcomes[-1]}")
    return InformationPlane.concat(planes)


def _conditions(factors: Mapping[str, Iterable[Any]], how: str) -> list[_Factors]:
    """Levels of every run."""
    levels = {name: list(values) for name, values in factors.items()}
    empty = [name for name, values in levels.items() if not values]
    if not levels or empty:
        raise ValueError(f"Give at least one factor, each with a level; got none for {empty}.")
    if how == "product":
        combinations: Iterable[Sequence[Any]] = product(*levels.values())
    elif how == "zip":
        lengths = {name: len(values) for name, values in levels.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"Zipped factors need as many levels each, got {lengths}.")
        combinations = zip(*levels.values(), strict=True)
    else:
        raise ValueError(f"how must be 'product' or 'zip', got {how!r}.")
    return [dict(zip(levels, values, strict=True)) for values in combinations]


def _refuse_columns_of_planes(factors: Mapping[str, Any]) -> None:
    taken = [name for name in factors if name in COLUMNS]
    if taken:
        raise ValueError(f"Planes have columns {taken} of their own: name the factors otherwise.")


def _run(experiment: Callable[..., Any], on_error: str, levels: _Factors) -> Any:
    """Plane of one run, or what its error said."""
    try:
        return _plane(experiment(**levels))
    except Exception as error:
        if on_error == "raise":
            raise RuntimeError(f"The run of {_named(levels)} failed: {error}") from error
        return f"{type(error).__name__}: {error}"


def _plane(result: Any) -> InformationPlane:
    if isinstance(result, InformationPlane):
        return result
    if hasattr(result, "history"):
        return InformationPlane.from_history(result.history)
    raise TypeError(
        "An experiment returns a fitted skorch net or an InformationPlane, got "
        f"{type(result).__name__}."
    )


def _with_factors(plane: InformationPlane, levels: _Factors) -> InformationPlane:
    table = plane.to_frame()
    taken = [name for name in levels if name in table]
    if taken:
        raise ValueError(f"The planes have factors {taken} already: name the new ones otherwise.")
    columns = {
        name: level if pd.api.types.is_scalar(level) else str(level)
        for name, level in levels.items()
    }
    settings = {**plane.settings, "factors": {name: str(level) for name, level in levels.items()}}
    return InformationPlane(table.assign(**columns), settings=settings)


def _named(levels: _Factors) -> str:
    return ", ".join(f"{name}={level!r}" for name, level in levels.items())
