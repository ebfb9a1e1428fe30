"""The results of a study as one page for the browser."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ibtools.bottleneck._layers import bound_mi_y
from ibtools.experiments._results import StudyResults, read_results
from ibtools.experiments._results_errors import ResultsError
from ibtools.plane._files import replacing
from ibtools.plane._html import BoundCurve, plane_page
from ibtools.plane._html_data import level_texts
from ibtools.plane._plane import InformationPlane

_Floats = NDArray[np.float64]

_N_POINTS = 512  # of a bound
_CHECKSUM = 16  # digits of a checksum that are shown
_BEYOND = 1.07  # a bound is drawn a little farther than the points


def write_report(folder: str | Path, output: str | Path | None = None) -> Path:
    """Turn the results of a study into one page of HTML, which needs no network.

    Parameters
    ----------
    folder : str or path
        Folder that a study was run into. The study need not be finished.

    output : str or path, default=None
        File to write, whole or not at all; None is ``report.html`` in the folder.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    ResultsError
        If the folder holds no results, or no run is finished.
    ImportError
        If plotly is missing, which the extra ``report`` brings.
    ValueError
        If there are more points than a page can have.
    OSError
        If the file cannot be written; what was there before is still there.

    See Also
    --------
    ibtools.InformationPlane.to_html : The page of a plane at hand.
    ibtools.experiments.read_results : The same results as tables.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ibtools.experiments import Study, run_study, write_report
    >>> study = Study(training={"epochs": 2}, network={"hidden": [3]})
    >>> with TemporaryDirectory() as folder:
    ...     results = run_study(study, folder)
    ...     write_report(folder).name
    'report.html'
    """
    results = read_results(folder)
    if results.points.empty:
        raise ResultsError(
            f"No run of {folder} is finished: there is nothing to show. "
            f"{len(results.failures)} failed, {len(results.missing)} are missing."
        )
    page = report_page(results, title=_title(results, Path(folder)))
    path = Path(folder, "report.html") if output is None else Path(output)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def report_page(results: StudyResults, *, title: str) -> str:
    """Make the page of the results of a study.

    Parameters
    ----------
    results : StudyResults
        With one finished run at least.
    title : str
        Title of the page.

    Returns
    -------
    page : str
        HTML.

    Raises
    ------
    ResultsError
        If the tables are not those of a study.
    """
    try:
        plane = InformationPlane(results.points)
    except ValueError as error:
        raise ResultsError(f"The points of the results are no plane: {error}") from error
    if not results.curves.empty and "epoch" not in results.curves:
        raise ResultsError("The training curves of the results have no column 'epoch'.")
    return plane_page(
        plane.to_frame(),
        plane.factors,
        title=title,
        bounds=_bounds(results, plane),
        curves=None if results.curves.empty else results.curves,
        settings=_settings(results),
        notes=_notes(results),
    )


def _title(results: StudyResults, folder: Path) -> str:
    about = results.settings["study"].get("study")
    name = about.get("name") if isinstance(about, dict) else None
    return str(name or folder.resolve().name)


def _settings(results: StudyResults) -> dict[str, Any]:
    """What the tables of settings show, section by section."""
    runs = [
        {
            "identity": run["identity"],
            "data": run["data"][:_CHECKSUM],
            **run["factors"],
            "seconds": _rounded(results.seconds.get(run["run"])),
        }
        for run in results.settings["runs"]
    ]
    failures = {
        f"run {failure.run} ({_levels(failure.factors)})": failure.traceback or failure.error
        for failure in results.failures
    }
    logs = {f"run {number}": log for number, log in results.logs.items() if log}
    sections = {
        "Failed runs": failures,
        **results.settings["study"],
        "Packages": results.versions,
        "Warnings and notes": logs,
        "runs": runs,
    }
    return {name: section for name, section in sections.items() if section not in ({}, None)}


def _rounded(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"


def _levels(factors: dict[str, Any]) -> str:
    return ", ".join(f"{name}={level}" for name, level in factors.items())


def _notes(results: StudyResults) -> list[str]:
    n_runs = len(results.settings["runs"])
    notes = []
    if results.failures:
        errors = list(dict.fromkeys(failure.error for failure in results.failures))
        more = f", and {len(errors) - 1} other errors" if len(errors) > 1 else ""
        notes.append(
            f"{len(results.failures)} of {n_runs} runs failed and are not on this page: "
            f"{errors[0]}{more}. The settings have the tracebacks."
        )
    if results.missing:
        notes.append(f"{len(results.missing)} of {n_runs} runs are not finished yet.")
    return notes


def _bounds(results: StudyResults, plane: InformationPlane) -> list[BoundCurve]:
    """Bounds of the runs; one for all of them where all are the same."""
    if results.bound is None:
        return []
    points, names = plane.to_frame(), ["run", *plane.factors]
    bound = _checked(results.bound, names)
    # One end for all of them: bounds that are equal give equal curves.
    reach = points[["mi_x", "mi_x_ceiling"]].to_numpy()
    right = _BEYOND * reach[np.isfinite(reach)].max(initial=1.0)
    tasks = points.groupby(["run", "unit"])["mi_xy"].max().to_dict()
    curves: dict[tuple[str, bytes], BoundCurve] = {}
    for place, rows in bound.groupby(["run", "unit"], sort=False):
        slopes = _slopes(rows, squared=_is_squared(results, rows["run"].iloc[0]))
        if place not in tasks or not np.isfinite(slopes).any():
            continue
        mi_x, mi_y = _trace(rows, slopes, tasks[place], right)
        curve = BoundCurve(str(rows["unit"].iloc[0]), mi_x, mi_y)
        curve = curves.setdefault((curve.unit, mi_x.tobytes() + mi_y.tobytes()), curve)
        curve.conditions.append({name: level_texts(rows[name].iloc[:1])[0] for name in names})
    if len(curves) == 1 and set(bound["run"]) >= set(points["run"]):
        return [BoundCurve(curve.unit, curve.mi_x, curve.mi_y) for curve in curves.values()]
    return list(curves.values())


def _checked(bound: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    numbers = ["beta", "mi_x", "mi_y"]
    missing = [name for name in [*names, "unit", *numbers] if name not in bound]
    if missing:
        raise ResultsError(f"The table of bounds has no columns {missing}.")
    try:
        return bound.astype(dict.fromkeys(numbers, "float64"))
    except ValueError as error:
        raise ResultsError(f"The bounds of the results are no numbers: {error}.") from error


def _is_squared(results: StudyResults, run: int) -> bool:
    options = results.settings["runs"][run]["settings"].get("bound")
    return bool(isinstance(options, dict) and options.get("squared"))


def _slopes(rows: pd.DataFrame, *, squared: bool) -> _Floats:
    """Slope of a curve at its solutions, as they minimise I(X;T) - beta I(T;Y), or its square."""
    betas, mi_x, mi_y = rows[["beta", "mi_x", "mi_y"]].to_numpy(dtype=np.float64).T
    # A square is flat at 0: a solution without information says nothing of the slope there.
    known = (betas > 0) & np.isfinite(betas) & np.isfinite(mi_y) & np.isfinite(mi_x)
    known &= (mi_x > 0) | (not squared)
    slopes = np.full(len(rows), np.nan)
    slopes[known] = (2 * mi_x[known] if squared else 1) / betas[known]
    return slopes


def _trace(
    rows: pd.DataFrame, slopes: _Floats, mi_xy: float, right: float
) -> tuple[_Floats, _Floats]:
    """Curve of one bound up to an I(X;T)."""
    known = np.isfinite(slopes)
    solved_x, solved_y = rows[["mi_x", "mi_y"]].to_numpy(dtype=np.float64)[known].T
    most = mi_xy if np.isfinite(mi_xy) else float(solved_y.max())
    mi_x = np.unique([*np.linspace(0.0, right, _N_POINTS), *solved_x, most])
    return mi_x, bound_mi_y(mi_x, solved_x, solved_y, slopes[known], most)
