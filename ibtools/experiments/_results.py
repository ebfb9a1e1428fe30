"""The results of a study, read from their folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ibtools.experiments._results_errors import ResultsError
from ibtools.experiments._results_plan import read_plan
from ibtools.experiments._results_runs import (
    Failure,
    PlannedRun,
    StoredRun,
    is_finished,
    load_failure,
    load_run,
)

_MOST_ROWS = 50_000_000  # of one table


@dataclass(frozen=True, eq=False)
class StudyResults:
    """What a study has found so far.

    Attributes
    ----------
    points : pandas.DataFrame
        Points of the information plane of all finished runs, in the order of the study: "run",
        one column per factor, and the columns of
        :meth:`ibtools.InformationPlane.to_frame`, so that
        ``InformationPlane(results.points)`` is the plane of the study.

    curves : pandas.DataFrame
        Losses, accuracies and gradients of every epoch: "run", one column per factor, "epoch",
        "train_loss" and whatever else was recorded.

    bound : pandas.DataFrame or None
        The curves that no representation exceeds: "run", one column per factor, "beta", "mi_x",
        "mi_y", "unit". None if the study asks for none.

    settings : dict
        "study" is the declaration; "runs" a list of "run", "identity", "factors", "settings" and
        "data" (a checksum) of every run.

    versions : dict of str to str
        Packages that made the runs; several versions of one stand side by side.

    failures : tuple of Failure
        Runs that ended with an error: `run`, `identity`, `factors`, `error`, `traceback`.

    missing : tuple of int
        Runs that are neither finished nor failed.

    seconds : dict of int to float
        Time that each finished run took.

    logs : dict of int to str
        Warnings and notes of each finished run; "" for most.

    See Also
    --------
    ibtools.experiments.read_results : Reads them.
    ibtools.experiments.run_study : Makes them.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ibtools.experiments import Study, run_study
    >>> study = Study(training={"epochs": 2}, network={"hidden": [3]})
    >>> with TemporaryDirectory() as folder:
    ...     results = run_study(study, folder)
    >>> results.curves[["run", "epoch"]].values.tolist(), results.missing
    ([[0, 1], [0, 2]], ())
    """

    points: pd.DataFrame
    curves: pd.DataFrame
    bound: pd.DataFrame | None
    settings: dict[str, Any]
    versions: dict[str, str]
    failures: tuple[Failure, ...]
    missing: tuple[int, ...]
    seconds: dict[int, float]
    logs: dict[int, str]

    def __repr__(self) -> str:
        return (
            f"<StudyResults: {len(self.seconds)} runs finished, {len(self.failures)} failed, "
            f"{len(self.missing)} missing; {len(self.points)} points>"
        )


def read_results(folder: str | Path) -> StudyResults:
    """Read the results of a study.

    Parameters
    ----------
    folder : str or path
        Folder that a study was run into. The study need not be finished.

    Returns
    -------
    results : StudyResults
        All runs that are finished.

    Raises
    ------
    ResultsError
        If the folder holds no results, or a file in it is missing, was changed or is too large.

    See Also
    --------
    ibtools.experiments.run_study : Makes the results.
    ibtools.experiments.write_report : Turns them into one page for the browser.

    Notes
    -----
    Results of somebody else are data: text and numbers are read, nothing is executed or unpickled,
    and no file outside the folder. The runs themselves are read, not the tables that were put
    together from them.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ibtools.experiments import Study, read_results, run_study
    >>> study = Study(training={"epochs": 2}, network={"hidden": [3]})
    >>> with TemporaryDirectory() as folder:
    ...     points = run_study(study, folder).points
    ...     bool(read_results(folder).points.equals(points))
    True
    """
    home = Path(folder)
    declaration, runs = read_plan(home)
    stored = {
        number: load_run(home, run)
        for number, run in enumerate(runs)
        if is_finished(home, run.identity)
    }
    failures = [
        load_failure(home, number, run) for number, run in enumerate(runs) if number not in stored
    ]
    failed = tuple(failure for failure in failures if failure is not None)
    done = {*stored, *(failure.run for failure in failed)}
    return StudyResults(
        **_tables(runs, stored),
        settings={"study": declaration, "runs": _described(runs)},
        versions=_versions(list(stored.values())),
        failures=failed,
        missing=tuple(number for number in range(len(runs)) if number not in done),
        seconds={number: run.outcome.seconds for number, run in stored.items()},
        logs={number: run.outcome.log for number, run in stored.items()},
    )


def _described(runs: Sequence[PlannedRun]) -> list[dict[str, Any]]:
    return [{"run": number, **vars(run)} for number, run in enumerate(runs)]


def _versions(stored: Sequence[StoredRun]) -> dict[str, str]:
    names = dict.fromkeys(name for run in stored for name in run.versions)
    return {
        name: ", ".join(sorted({run.versions[name] for run in stored if name in run.versions}))
        for name in names
    }


def _tables(runs: Sequence[PlannedRun], stored: dict[int, StoredRun]) -> dict[str, Any]:
    levels = _levels(runs)
    outcomes = {number: run.outcome for number, run in stored.items()}
    bounds = {number: found.bound for number, found in outcomes.items() if found.bound is not None}
    return {
        "points": _joined({number: found.points for number, found in outcomes.items()}, levels),
        "curves": _joined({number: found.curves for number, found in outcomes.items()}, levels),
        "bound": _joined(bounds, levels) if bounds else None,
    }


def _levels(runs: Sequence[PlannedRun]) -> pd.DataFrame:
    """Levels of all factors, one row per run: numbers if all levels of a factor are, else text."""
    table = {}
    for name in runs[0].factors:
        levels = [run.factors[name] for run in runs]
        kinds = {type(level) for level in levels}
        numbers = kinds <= {int, float}
        kind = ("int64" if kinds == {int} else "float64") if numbers else "str"
        try:
            table[name] = pd.Series(levels if numbers else list(map(str, levels)), dtype=kind)
        except OverflowError as error:
            raise ResultsError(f"The factor {name} has a level that is too large.") from error
    return pd.DataFrame(table, index=range(len(runs)))


def _joined(tables: dict[int, pd.DataFrame], levels: pd.DataFrame) -> pd.DataFrame:
    """Put tables below one another, with the number and the levels of each run in front."""
    if not tables:
        return pd.DataFrame(columns=["run", *levels])
    if sum(map(len, tables.values())) > _MOST_ROWS:
        raise ResultsError(f"The tables of the runs have more than {_MOST_ROWS} rows together.")
    merged = pd.concat(tables.values(), ignore_index=True)
    taken = [name for name in ["run", *levels] if name in merged]
    if taken:
        raise ResultsError(f"The tables of the runs have columns {taken} already.")
    lengths = [len(table) for table in tables.values()]
    rows = pd.Index(list(tables)).repeat(lengths)
    front = levels.loc[rows].reset_index(drop=True)
    front.insert(0, "run", rows.to_numpy())
    return pd.concat([front, merged], axis=1)
