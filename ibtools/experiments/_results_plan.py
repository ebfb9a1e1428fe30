"""What a folder of results is of: the study and its runs, in their order."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ibtools.experiments._results_errors import ResultsError
from ibtools.experiments._results_files import json_bytes, read_json, write_whole
from ibtools.experiments._results_lock import LOCK
from ibtools.experiments._results_runs import PlannedRun, is_identity
from ibtools.plane._columns import COLUMNS

_FORMAT = "results of an ibtools study, 1"
_PLAN = "settings.json"
_MOST_RUNS = 100_000
_FOLDERS = ("runs", "failed", "figures")


def prepare_folder(folder: Path) -> None:
    """Make a folder for results, unless it is one or holds something else.

    Parameters
    ----------
    folder : Path
        The results.

    Raises
    ------
    ResultsError
        If there is something else.
    """
    _refuse_links(folder)
    if folder.exists() and not folder.is_dir():
        raise ResultsError(f"{folder} is a file; name a folder for the results.")
    if folder.is_dir():
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        foreign = sorted(names - set(_FOLDERS))
        if foreign and not (folder / _PLAN).is_file():
            raise ResultsError(
                f"{folder} holds {', '.join(foreign[:3])} and no results of a study; name another "
                "folder."
            )
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)


def write_plan(folder: Path, declaration: dict[str, Any], runs: Sequence[PlannedRun]) -> None:
    """Put down what the results are of.

    Parameters
    ----------
    folder : Path
        The results.
    declaration : dict
        The study, as JSON can hold it.
    runs : sequence of PlannedRun
        Its runs, in their order.
    """
    plan = {"format": _FORMAT, "study": declaration, "runs": [vars(run) for run in runs]}
    write_whole(folder / _PLAN, json_bytes(plan))


def read_plan(folder: Path) -> tuple[dict[str, Any], list[PlannedRun]]:
    """Read what the results in a folder are of.

    Parameters
    ----------
    folder : Path
        The results.

    Returns
    -------
    declaration : dict
        The study.
    runs : list of PlannedRun
        Its runs, in their order.

    Raises
    ------
    ResultsError
        If the folder holds no results, or their description is damaged.
    """
    _refuse_links(folder)
    path = folder / _PLAN
    if not path.is_file():
        raise ResultsError(f"{folder} holds no results of a study: there is no {_PLAN} in it.")
    plan = read_json(path)
    if plan.get("format") != _FORMAT:
        raise ResultsError(
            f"{path} is not of {_FORMAT!r}, but of {str(plan.get('format'))[:80]!r}."
        )
    declaration, runs = plan.get("study"), plan.get("runs")
    if not isinstance(declaration, dict) or not isinstance(runs, list):
        raise ResultsError(f"{path} lacks the study or its runs.")
    if not 0 < len(runs) <= _MOST_RUNS:
        raise ResultsError(f"{path} names {len(runs)} runs; 1 to {_MOST_RUNS} can be read.")
    planned = [_planned(run, path) for run in runs]
    _check_factors([run.factors for run in planned], path)
    return declaration, planned


def _refuse_links(folder: Path) -> None:
    """Refuse what would lead reading and writing out of the folder."""
    for name in (*_FOLDERS, LOCK):
        if (folder / name).is_symlink():
            raise ResultsError(f"{folder / name} is a link, and results have none. Delete it.")


def _planned(run: Any, path: Path) -> PlannedRun:
    fields = {"identity": str, "settings": dict, "factors": dict, "data": str}
    if (
        not isinstance(run, dict)
        or set(run) != set(fields)
        or not all(isinstance(run[name], kind) for name, kind in fields.items())
        or not is_identity(run["identity"])
    ):
        raise ResultsError(f"{path} names a run that is none: {str(run)[:80]}.")
    return PlannedRun(**run)


def _check_factors(factors: Iterable[dict[str, Any]], path: Path) -> None:
    names = {frozenset(levels) for levels in factors}
    if len(names) > 1:
        raise ResultsError(f"{path} names runs with different factors.")
    taken = sorted(names.pop() & COLUMNS)
    if taken:
        raise ResultsError(f"{path} names the factors {taken}, which are columns of every table.")
