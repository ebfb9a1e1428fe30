"""Tables and notes of all runs together, for whoever opens the folder of results."""

import io
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from ibtools.experiments._results import StudyResults
from ibtools.experiments._results_files import json_bytes, write_whole
from ibtools.experiments._results_tables import table_to_csv


def write_summary(folder: Path, results: StudyResults) -> None:
    """Write what is put together from the runs; equal runs give equal files.

    Parameters
    ----------
    folder : Path
        The results. ``points``, ``curves`` and ``bound`` become ``.parquet`` files, or ``.csv``
        where pyarrow is not installed; ``runs.csv`` lists the runs and their seeds,
        ``versions.json`` the packages, ``log.txt`` what the runs noted.
    results : StudyResults
        All runs that are finished.
    """
    for name in ("points", "curves", "bound"):
        _write_table(folder, name, getattr(results, name))
    write_whole(folder / "runs.csv", table_to_csv(_listed(results)))
    write_whole(folder / "versions.json", json_bytes(results.versions))
    notes = [
        f"run {number}: {line}\n" for number, log in results.logs.items() for line in _lines(log)
    ]
    write_whole(folder / "log.txt", "".join(notes).encode("utf-8", "backslashreplace"))


def _write_table(folder: Path, name: str, table: pd.DataFrame | None) -> None:
    parquet = find_spec("pyarrow") is not None
    paths = {True: folder / f"{name}.parquet", False: folder / f"{name}.csv"}
    if table is not None:
        write_whole(paths[parquet], _parquet(table) if parquet else table_to_csv(table))
        paths.pop(parquet)
    for stale in paths.values():
        stale.unlink(missing_ok=True)


def _parquet(table: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.to_parquet(stream, engine="pyarrow", index=False)
    return stream.getvalue()


def _listed(results: StudyResults) -> pd.DataFrame:
    """One row per run: its place, name, levels (the seed among them), and how it ended."""
    failed = {failure.run: failure.error for failure in results.failures}
    rows = [
        {
            "run": run["run"],
            "identity": run["identity"],
            **run["factors"],
            "state": "failed"
            if run["run"] in failed
            else "finished"
            if run["run"] in results.seconds
            else "missing",
            "seconds": results.seconds.get(run["run"]),
            "error": failed.get(run["run"], ""),
        }
        for run in results.settings["runs"]
    ]
    return pd.DataFrame(rows)


def _lines(log: str) -> list[str]:
    return log.splitlines()
