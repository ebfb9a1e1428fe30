"""One run in the folder of results: finished, there whole or not at all; or failed."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ibtools.experiments._identity import run_identity
from ibtools.experiments._outcome import Outcome
from ibtools.experiments._results_errors import ResultsError
from ibtools.experiments._results_files import (
    json_bytes,
    read_bounded,
    read_json,
    sync_folder,
    write_synced,
    write_whole,
)
from ibtools.experiments._results_tables import column_types, table_from_csv, table_to_csv

_RECORD, _LOG = "run.json", "log.txt"
_IDENTITY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class PlannedRun:
    """A run of a study, before or after it was made.

    Attributes
    ----------
    identity : str
        Name of the run, see `run_identity`.
    settings, factors : dict
        As :class:`ibtools.experiments.Study` gives them.
    data : str
        Checksum of the data.
    """

    identity: str
    settings: dict[str, Any]
    factors: dict[str, Any]
    data: str


@dataclass(frozen=True)
class Failure:
    """A run that ended with an error.

    Attributes
    ----------
    run : int
        Place of the run in the study.
    identity : str
        Name of the run.
    factors : dict
        Its levels.
    error : str
        The error, in one line.
    traceback : str
        Where it happened; "" for a worker that was lost.
    """

    run: int
    identity: str
    factors: dict[str, Any]
    error: str
    traceback: str


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A finished run as its folder holds it: its outcome, and the versions that made it."""

    outcome: Outcome
    versions: dict[str, str]


def run_folder(folder: Path, identity: str) -> Path:
    """Where a finished run is."""
    return folder / "runs" / identity


def is_identity(text: Any) -> bool:
    """Whether something is the name of a run, and thus no path out of the folder."""
    return isinstance(text, str) and _IDENTITY.fullmatch(text) is not None


def is_finished(folder: Path, identity: str) -> bool:
    """Whether a run is there."""
    return (run_folder(folder, identity) / _RECORD).is_file()


def save_run(folder: Path, run: PlannedRun, outcome: Outcome, versions: Mapping[str, str]) -> None:
    """Put a finished run into the folder of results.

    Parameters
    ----------
    folder : Path
        The results.
    run : PlannedRun
        The run.
    outcome : Outcome
        What it left.
    versions : dict of str to str
        Packages that made it.
    """
    target = run_folder(folder, run.identity)
    temporary = Path(tempfile.mkdtemp(prefix=f".{run.identity}-", dir=target.parent))
    try:
        for name, content in _files(run, outcome, versions).items():
            write_synced(temporary / name, content)
        temporary.chmod(0o755)
        sync_folder(temporary)
        if target.exists():  # without its record, and so no finished run
            shutil.rmtree(target)
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(target.parent)
    forget_failure(folder, run.identity)


def _files(run: PlannedRun, outcome: Outcome, versions: Mapping[str, str]) -> dict[str, bytes]:
    tables = {"points": outcome.points, "curves": outcome.curves, "bound": outcome.bound}
    given = {name: table for name, table in tables.items() if table is not None}
    files = {f"{name}.csv": table_to_csv(table) for name, table in given.items()}
    files[_LOG] = outcome.log.encode("utf-8", "backslashreplace")
    record = {
        "identity": run.identity,
        "settings": run.settings,
        "data": run.data,
        "versions": dict(versions),
        "seconds": float(outcome.seconds),
        "columns": {name: column_types(table) for name, table in given.items()},
        "sha256": {name: _sha256(content) for name, content in files.items()},
    }
    return {**files, _RECORD: json_bytes(record)}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def load_run(folder: Path, run: PlannedRun) -> StoredRun:
    """Read a finished run.

    Parameters
    ----------
    folder : Path
        The results.
    run : PlannedRun
        The run.

    Returns
    -------
    stored : StoredRun
        What `save_run` has written.

    Raises
    ------
    ResultsError
        If a file is missing, was changed, or is not of this run.
    """
    home = run_folder(folder, run.identity)
    try:
        return _load_run(home, run)
    except ResultsError as error:
        raise ResultsError(
            f"The run {run.identity} is damaged: {error} Delete the folder {home} and start the "
            "study again: it makes this run anew."
        ) from error


def _load_run(home: Path, run: PlannedRun) -> StoredRun:
    if home.is_symlink():
        raise ResultsError(f"{home} is a link.")
    record = read_json(home / _RECORD)
    try:
        versions = {str(name): str(found) for name, found in dict(record["versions"]).items()}
        identity = run_identity(record["settings"], record["data"], versions["ibtools"])
        if identity != run.identity or record["data"] != run.data:
            raise ResultsError(f"{home / _RECORD} is of another run.")
        checksums, columns = dict(record["sha256"]), dict(record["columns"])
        log = _checked(home / _LOG, checksums).decode("utf-8")
        tables = {
            name: table_from_csv(_checked(home / f"{name}.csv", checksums), dict(columns[name]))
            for name in ("points", "curves", "bound")
            if name != "bound" or name in columns
        }
        seconds = float(record["seconds"])
    except ResultsError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ResultsError(
            f"{home} holds no run ({type(error).__name__}: {str(error)[:200]})."
        ) from error
    outcome = Outcome(tables["points"], tables["curves"], tables.get("bound"), log, seconds)
    return StoredRun(outcome, versions)


def _checked(path: Path, checksums: Mapping[str, Any]) -> bytes:
    content = read_bounded(path)
    if _sha256(content) != checksums.get(path.name):
        raise ResultsError(f"{path} was changed after it was written.")
    return content


def save_failure(folder: Path, run: PlannedRun, error: str, traceback: str) -> None:
    """Put down how a run failed."""
    record = {
        "identity": run.identity,
        "factors": run.factors,
        "settings": run.settings,
        "error": error,
        "traceback": traceback,
    }
    write_whole(_failure_path(folder, run.identity), json_bytes(record))


def load_failure(folder: Path, number: int, run: PlannedRun) -> Failure | None:
    """Read how a run failed; None if it did not.

    Parameters
    ----------
    folder : Path
        The results.
    number : int
        Place of the run in the study.
    run : PlannedRun
        The run.

    Returns
    -------
    failure : Failure or None
        What `save_failure` has written.

    Raises
    ------
    ResultsError
        If the file is damaged.
    """
    path = _failure_path(folder, run.identity)
    if not path.exists():
        return None
    record = read_json(path)
    texts = [record.get(name) for name in ("error", "traceback")]
    if not all(isinstance(text, str) for text in texts):
        raise ResultsError(f"{path} does not say how the run failed. Delete it.")
    return Failure(number, run.identity, run.factors, str(texts[0]), str(texts[1]))


def forget_failure(folder: Path, identity: str) -> None:
    """Remove what was put down of a failed run."""
    _failure_path(folder, identity).unlink(missing_ok=True)


def _failure_path(folder: Path, identity: str) -> Path:
    return folder / "failed" / f"{identity}.json"


def remove_leftovers(folder: Path) -> None:
    """Remove what writers that were killed have left. Only for who holds the lock."""
    for parent in (folder, *(folder / name for name in ("runs", "failed", "figures"))):
        for leftover in parent.glob(".*"):
            if leftover.is_dir() and is_identity(leftover.name[1:17]) and parent.name == "runs":
                shutil.rmtree(leftover)
            elif leftover.name.endswith(".part"):
                leftover.unlink()


def empty_table(factors: list[str]) -> pd.DataFrame:
    """Table of a study of which no run is finished."""
    return pd.DataFrame(columns=["run", *factors])
