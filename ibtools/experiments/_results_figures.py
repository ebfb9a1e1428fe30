"""Figures of a finished study: the plane and the learning curves under every condition."""

import io
import re
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ibtools.experiments._results import StudyResults
from ibtools.experiments._results_files import write_whole
from ibtools.plane._display import InformationPlaneDisplay
from ibtools.plane._learning_display import LearningCurveDisplay
from ibtools.plane._plane import InformationPlane

_MOST_CONDITIONS = 24
_LOSSES = ["train_loss", "valid_loss", "train_acc", "valid_acc"]


def write_figures(folder: Path, results: StudyResults) -> list[Path]:
    """Draw the mean over seeds under every condition that a study has varied.

    Parameters
    ----------
    folder : Path
        The results. Figures go to its folder ``figures``: ``plane`` and ``learning`` with the
        levels of the factors in their names.
    results : StudyResults
        All runs that are finished.

    Returns
    -------
    paths : list of Path
        The figures. Of the conditions, the first 24 are drawn. Warns of what cannot be drawn.
    """
    paths = []
    for name, draw in _drawings(results):
        path = folder / "figures" / f"{name}.png"
        try:
            figure = draw()
        except ValueError as error:  # the runs are finished, and worth more than a figure
            warnings.warn(f"{path} is not drawn: {error}", UserWarning, stacklevel=2)
            continue
        write_whole(path, _png(figure))
        paths.append(path)
    return paths


def _drawings(results: StudyResults) -> Iterator[tuple[str, Callable[[], Figure]]]:
    if results.points.empty:
        return
    factors = [name for name in results.settings["runs"][0]["factors"] if name != "seed"]
    for levels in _conditions(results.points, factors)[:_MOST_CONDITIONS]:
        ending = _file_name(levels)
        points = _under(results.points, levels)
        if points["mi_y"].notna().any():
            bound = None if results.bound is None else _under(results.bound, levels)
            yield f"plane{ending}", partial(_plane, points, bound)
        curves = _under(results.curves, levels)
        if "valid_loss" in curves and curves["valid_loss"].notna().all():
            yield f"learning{ending}", partial(_learning, curves)


def _conditions(points: pd.DataFrame, factors: list[str]) -> list[dict[str, Any]]:
    if not factors:
        return [{}]
    return [
        {str(name): level for name, level in levels.items()}
        for levels in points[factors].drop_duplicates().to_dict("records")
    ]


def _under(table: pd.DataFrame, levels: dict[str, Any]) -> pd.DataFrame:
    """Rows of one condition."""
    chosen = pd.Series(True, index=table.index)
    for name, level in levels.items():
        chosen &= table[name] == level
    return table[chosen]


def _plane(points: pd.DataFrame, bound: pd.DataFrame | None) -> Figure:
    drawn = points
    if points["run"].nunique() > 1:
        drawn = _mean_plane(points)
    curve = None
    if bound is not None and not bound.empty:
        first = bound[bound["run"] == bound["run"].iloc[0]]
        curve = (first["mi_x"].to_numpy(), first["mi_y"].to_numpy())
    return InformationPlaneDisplay.from_plane(InformationPlane(drawn), bound=curve).figure_


def _mean_plane(points: pd.DataFrame) -> pd.DataFrame:
    """Mean over the runs, at the epochs that all of them have recorded."""
    n_runs = points.groupby("epoch")["run"].transform("nunique")
    shared = points[n_runs == points["run"].nunique()]
    plane = InformationPlane(points if shared.empty else shared)
    return plane.mean(over=plane.factors).to_frame()


def _learning(curves: pd.DataFrame) -> Figure:
    columns = [name for name in _LOSSES if name in curves and curves[name].notna().all()]
    mean = curves.groupby("epoch")[columns].mean().reset_index()
    shown = ["loss", "accuracy"] if {"train_acc", "valid_acc"} & set(columns) else ["loss"]
    return LearningCurveDisplay(mean).plot(quantities=shown).figure_


def _file_name(levels: dict[str, Any]) -> str:
    """Levels as a part of a file name, whatever characters they have."""
    words = [f"_{name}-{level}" for name, level in levels.items()]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "".join(words))[:100]


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=200)
    plt.close(figure)
    return stream.getvalue()
