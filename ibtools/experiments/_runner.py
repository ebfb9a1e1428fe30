"""Run a study: whatever is not there yet, in parallel, keeping every run as soon as it ends."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from ibtools.experiments._execution import data_checksum, execute
from ibtools.experiments._identity import canonical_json, run_identity
from ibtools.experiments._results import StudyResults, read_results
from ibtools.experiments._results_figures import write_figures
from ibtools.experiments._results_files import naming_a_full_disk
from ibtools.experiments._results_lock import only_writer
from ibtools.experiments._results_plan import prepare_folder, write_plan
from ibtools.experiments._results_runs import (
    PlannedRun,
    is_finished,
    load_failure,
    remove_leftovers,
    save_failure,
    save_run,
)
from ibtools.experiments._results_summary import write_summary
from ibtools.experiments._runner_dask import attempts_on_dask
from ibtools.experiments._runner_loky import attempts_on_loky
from ibtools.experiments._runner_progress import RunProgress, named
from ibtools.experiments._runner_task import Attempt, Checksum, Execute, Make, make_run
from ibtools.experiments._study import Study
from ibtools.experiments._study_errors import StudyError, quoted, unknown
from ibtools.experiments._study_runs import Run
from ibtools.experiments._study_sections import Execution
from ibtools.plane._columns import COLUMNS

_BACKENDS = ("loky", "dask")


def run_study(
    study: Study,
    folder: str | Path | None = None,
    *,
    n_jobs: int | None = None,
    backend: str | None = None,
    scheduler: str | None = None,
    retry_failed: bool = False,
    verbose: int = 0,
) -> StudyResults:
    """Make all runs of a study that are not there yet.

    Parameters
    ----------
    study : Study
        What to run.

    folder : str or path, default=None
        Folder of the results; None takes that of the study. If it holds results already, only
        what is missing is run.

    n_jobs : int, default=None
        Number of processes, -1 for as many as there are cores; None takes that of the study. A
        cluster of other machines has its own number.

    backend : {"loky", "dask"}, default=None
        Processes of this machine or a Dask cluster; None takes that of the study, or "dask" if
        `scheduler` is given.

    scheduler : str, default=None
        Address of a Dask scheduler, such as ``"tcp://10.0.0.5:8786"``; None takes that of the
        study. If there is none, Dask gets a cluster of processes on this machine.

    retry_failed : bool, default=False
        Whether runs that have failed before are run again. What was put down of them stays until
        they have ended anew.

    verbose : int, default=0
        Above 0, every run that ends is a line on stderr. Where stderr is a terminal there is a
        bar with the time left.

    Returns
    -------
    results : StudyResults
        All runs that are finished, and how the others failed.

    Raises
    ------
    StudyError
        If two runs of the study are the same, a factor has the name of a column, `backend` is
        unknown, or a cluster has another version of this package.
    ResultsError
        If the folder holds something else, is damaged, or another process is writing to it.
    OSError
        If data cannot be had, a cluster does not answer, or results cannot be written: what is
        finished is kept.
    ImportError
        If `backend` is "dask" and Dask is not installed.
    KeyboardInterrupt
        After Ctrl-C. Runs that are finished are kept and in the tables, those under way are ended.

    See Also
    --------
    ibtools.experiments.read_results : Reads the results again.
    ibtools.experiments.sweep : Runs any function under many conditions, and keeps nothing.

    Notes
    -----
    A run is told from others by its settings, its data and the version of this package. It is put
    into the folder when it ends, whole or not at all, by the process that called this function:
    a cluster needs no shared folder. After a crash, the same call goes on with what is missing.

    Tables do not depend on `backend`, `n_jobs` or the order in which runs end: every run is made
    by itself in one process with one thread, from its own seed. They are the same bit for bit on
    one machine; processors of other kinds round otherwise.

    A run whose worker is killed is made again ``study.execution.retries`` times before it counts
    as failed. A run that ends with an error counts as failed at once; the others go on.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ibtools.experiments import Study, run_study
    >>> study = Study(training={"epochs": 2}, network={"hidden": [3]})
    >>> with TemporaryDirectory() as folder:
    ...     results = run_study(study, folder)
    >>> sorted(set(results.points["layer"])), results.missing
    (['hidden1', 'probabilities'], ())
    """
    execution = _chosen(study.execution, n_jobs, backend, scheduler)
    return run_with(
        study,
        Path(study.folder if folder is None else folder),
        execution,
        execute=execute,
        data_checksum=data_checksum,
        retry_failed=retry_failed,
        verbose=verbose,
    )


def _chosen(
    execution: Execution, n_jobs: int | None, backend: str | None, scheduler: str | None
) -> Execution:
    if scheduler is not None and backend is None:
        backend = "dask"
    given = {"n_jobs": n_jobs, "backend": backend, "scheduler": scheduler}
    chosen = execution.model_copy(update={k: v for k, v in given.items() if v is not None})
    problems = []
    if chosen.backend not in _BACKENDS:
        problems.append(unknown("backend", chosen.backend, _BACKENDS))
    if chosen.n_jobs < -1 or chosen.n_jobs == 0:
        problems.append(f"n_jobs: got {chosen.n_jobs}; allowed: 1 or more, or -1 for all cores")
    if scheduler is not None and chosen.backend != "dask":
        problems.append(f"scheduler: got {quoted(scheduler)}; only for the backend dask")
    if problems:
        raise StudyError("study", problems)
    return chosen


def run_with(
    study: Any,
    folder: Path,
    execution: Execution,
    *,
    execute: Execute,
    data_checksum: Checksum,
    retry_failed: bool = False,
    verbose: int = 0,
) -> StudyResults:
    """Run a study with any function that makes a run, see `run_study`."""
    plan = plan_runs(study.runs(), data_checksum)
    make = partial(make_run, execute, data_checksum)
    with naming_a_full_disk(folder):
        prepare_folder(folder)
        with only_writer(folder):
            remove_leftovers(folder)
            write_plan(folder, study.to_dict(), plan)
            todo = _still_to_do(folder, plan, retry_failed=retry_failed)
            try:
                if todo:
                    _make_runs(folder, plan, todo, execution, make, verbose)
            except KeyboardInterrupt:
                write_summary(folder, read_results(folder))
                raise
            results = read_results(folder)
            write_summary(folder, results)
            if study.output.figures and todo:
                write_figures(folder, results)
    return results


def plan_runs(runs: Sequence[Run], data_checksum: Checksum) -> list[PlannedRun]:
    """Give every run its name.

    Parameters
    ----------
    runs : sequence of Run
        The runs of a study.
    data_checksum : callable
        Gives the checksum of the data that settings name.

    Returns
    -------
    plan : list of PlannedRun
        In the same order.

    Raises
    ------
    StudyError
        If two runs are the same, or a factor has the name of a column.
    """
    checksums: dict[str, str] = {}
    plan: dict[str, PlannedRun] = {}
    for run in runs:
        taken = sorted(set(run.factors) & COLUMNS)
        if taken:
            raise StudyError("study", [f"factors {taken} have names of columns of the results"])
        data = canonical_json([run.settings.get("data"), run.settings.get("seed")])
        if data not in checksums:
            checksums[data] = data_checksum(run.settings)
        identity = run_identity(run.settings, checksums[data])
        if identity in plan:
            same = named(plan[identity].factors)
            raise StudyError("study", [f"two runs are the same: {same}, and {named(run.factors)}"])
        plan[identity] = PlannedRun(identity, run.settings, run.factors, checksums[data])
    return list(plan.values())


def _still_to_do(folder: Path, plan: Sequence[PlannedRun], *, retry_failed: bool) -> list[int]:
    return [
        number
        for number, run in enumerate(plan)
        if not is_finished(folder, run.identity)
        and (retry_failed or load_failure(folder, number, run) is None)
    ]


def _make_runs(
    folder: Path,
    plan: Sequence[PlannedRun],
    todo: Sequence[int],
    execution: Execution,
    make: Make,
    verbose: int,
) -> None:
    runs = {number: plan[number] for number in todo}
    with (
        closing(_attempts(execution, make, runs)) as attempts,
        RunProgress(len(plan), len(plan) - len(todo), verbose) as progress,
    ):
        for attempt in attempts:
            _keep(folder, plan[attempt.number], attempt)
            progress.tell(plan[attempt.number], attempt)


def _attempts(execution: Execution, make: Make, runs: Mapping[int, PlannedRun]) -> Any:
    options: dict[str, Any] = {"n_jobs": execution.n_jobs, "retries": execution.retries}
    if execution.backend == "loky":
        return attempts_on_loky(make, runs, **options)
    return attempts_on_dask(make, runs, scheduler=execution.scheduler, **options)


def _keep(folder: Path, run: PlannedRun, attempt: Attempt) -> None:
    if attempt.outcome is None:
        save_failure(folder, run, attempt.error, attempt.traceback)
    else:
        save_run(folder, run, attempt.outcome, attempt.versions)
