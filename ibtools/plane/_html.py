"""The page of a plane: one file of HTML that needs nothing else."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ibtools import __version__
from ibtools.plane._bound import check_same_joint, read_bound
from ibtools.plane._bound_drawing import trace_bound
from ibtools.plane._html_curves import charts, curve_table
from ibtools.plane._html_data import (
    Factor,
    encode_table,
    page_styles,
    safe_json,
    thin_epochs,
    varied_factors,
)
from ibtools.plane._html_settings import escaped, settings_tables

_MOST_POINTS = 2_000_000
_SHOWN = 200_000  # rows; a browser still answers at once
_LARGEST = 100_000_000  # letters of the page's data
_MOST_PANELS = 12  # of a factor that makes the panels from the start
_SCRIPTS = ("report_data.js", "report_figures.js", "report.js")


@dataclass(frozen=True)
class BoundCurve:
    """A bound, and the conditions whose points it is the bound of.

    Attributes
    ----------
    unit : str
        Unit of both informations.
    mi_x, mi_y : ndarray of shape (n_points,)
        The curve, with increasing I(X;T).
    conditions : list of dict
        Texts of levels by factor, one dict for each run; empty for all runs.
    """

    unit: str
    mi_x: NDArray[np.float64]
    mi_y: NDArray[np.float64]
    conditions: list[dict[str, str]] = field(default_factory=list)


def plane_page(
    points: pd.DataFrame,
    factors: Sequence[str],
    *,
    settings: Mapping[str, Any],
    title: str | None = None,
    bounds: Sequence[BoundCurve] = (),
    curves: pd.DataFrame | Iterable[Mapping[str, Any]] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Make the page of a plane.

    Parameters
    ----------
    points : DataFrame
        Points of a plane.
    factors : sequence of str
        Columns that are levels of factors.
    settings : dict
        What the tables of settings show.
    title : str, default=None
        Title of the page.
    bounds : sequence of BoundCurve, default=()
        Bounds to draw, as `plane_bounds` makes them.
    curves : skorch.history.History or DataFrame, default=None
        Learning curves, see `curve_table`.
    notes : sequence of str, default=()
        What the reader has to know first.

    Returns
    -------
    page : str
        HTML.

    Raises
    ------
    ImportError
        If plotly is missing.
    ValueError
        If there are too many points for a page, an estimator has two units, or the curves are no
        table of epochs.
    """
    library = _plotly()
    notes = list(notes)
    _check_units(points)
    varied = varied_factors(points, factors)
    layers, estimators = (list(points[name].unique()) for name in ("layer", "estimator"))
    shown = _thinned(points, "points", notes)
    levels = {factor.name: factor.levels for factor in varied}
    data: dict[str, Any] = {
        "layers": _named(layers, page_styles(layers)),
        "estimators": _estimators(points),
        "epochs": np.unique(shown["epoch"]).tolist(),
        "factors": [asdict(factor) for factor in varied],
        "panels": _first_panels(varied, estimators),
        "points": encode_table(shown, levels | {"layer": layers, "estimator": estimators}),
        "bounds": [
            asdict(bound) | {"mi_x": bound.mi_x.tolist(), "mi_y": bound.mi_y.tolist()}
            for bound in bounds
        ],
        "curves": None,
        "charts": [],
    }
    if curves is not None:
        table = _thinned(curve_table(curves, ["run", *factors]), "rows of curves", notes)
        data |= {"charts": charts(table), "curves": encode_table(table, levels)}
    return _fill(
        library,
        title=title or "Information plane",
        summary=_summary(points, varied),
        notes=notes,
        settings=settings,
        data=data,
    )


def plane_bounds(table: pd.DataFrame, bound: Any) -> list[BoundCurve]:
    """Trace a bound in the unit of every estimator of a plane.

    Parameters
    ----------
    table : DataFrame
        Points of a plane.
    bound : fitted InformationBottleneck, path or pair of array-likes
        As :class:`ibtools.InformationPlaneDisplay` takes it.

    Returns
    -------
    bounds : list of BoundCurve
        One for each unit.

    Raises
    ------
    ValueError
        If it is no bound, or that of another joint distribution.
    """
    if isinstance(bound, tuple | list):
        mi_x, mi_y = (np.asarray(values, dtype=np.float64) for values in bound)
        order = np.argsort(mi_x, kind="stable")
        return [BoundCurve(unit, mi_x[order], mi_y[order]) for unit in table["unit"].unique()]
    curve = read_bound(bound)
    bounds = []
    for unit, points in table.groupby("unit", sort=False):
        converted = curve.in_unit(str(unit))
        check_same_joint(points, converted)
        reach = points[["mi_x", "mi_x_ceiling"]].to_numpy()
        right = 1.07 * reach[np.isfinite(reach)].max(initial=converted.mi_xy)
        bounds.append(BoundCurve(str(unit), *trace_bound(converted, float(right))))
    return bounds


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ImportError(
            "Pages need plotly: install neural-information-bottleneck[report]."
        ) from error
    return get_plotlyjs()


def _check_units(points: pd.DataFrame) -> None:
    units = points.groupby("estimator")["unit"].unique()
    for name, found in units[units.map(len) > 1].items():
        raise ValueError(
            f"{name!r} has points in different units: {', '.join(found)}. Select those of one unit."
        )


def _thinned(table: pd.DataFrame, what: str, notes: list[str]) -> pd.DataFrame:
    if len(table) > _MOST_POINTS:
        raise ValueError(
            f"A page is made of at most {_MOST_POINTS:,} {what}, got {len(table):,}: select "
            "layers, epochs, estimators or levels of factors first."
        )
    kept = thin_epochs(table, _SHOWN)
    if len(kept) < len(table):
        notes.append(
            f"This page has {kept['epoch'].nunique():,} of the {table['epoch'].nunique():,} epochs "
            f"of its {len(table):,} {what}, evenly spaced on a logarithmic axis; the downloads "
            "have the same epochs."
        )
    return kept


def _named(names: Sequence[str], styles: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, **style} for name, style in zip(names, styles, strict=True)]


def _estimators(points: pd.DataFrame) -> list[dict[str, str]]:
    units = points.drop_duplicates("estimator").set_index("estimator")["unit"]
    return [{"name": str(name), "unit": str(unit)} for name, unit in units.items()]


def _first_panels(factors: Sequence[Factor], estimators: Sequence[str]) -> str:
    """Choice of panels that the page begins with, in the words of its script."""
    for number, factor in enumerate(factors):
        if factor.start is not None and len(factor.levels) <= _MOST_PANELS:
            return str(number)
    return "estimator/" if len(estimators) > 1 else ""


def _summary(points: pd.DataFrame, factors: Sequence[Factor]) -> str:
    parts = [
        f"{len(points):,} points of {points['layer'].nunique()} layers",
        f"epochs {points['epoch'].min()} to {points['epoch'].max()}",
        f"measured by {', '.join(points['estimator'].unique())}",
    ]
    for factor in factors:
        few = len(factor.levels) <= 4
        parts.append(f"{factor.name}: {', '.join(factor.levels) if few else len(factor.levels)}")
    return " · ".join(parts)


def _fill(
    library: str,
    *,
    title: str,
    summary: str,
    notes: Sequence[str],
    settings: Mapping[str, Any],
    data: dict[str, Any],
) -> str:
    text = safe_json(data)
    if len(text) > _LARGEST:
        raise ValueError(
            f"The data of the page would be {len(text) / 1e6:,.0f} MB, and at most "
            f"{_LARGEST / 1e6:,.0f} MB are allowed: select points first."
        )
    folder = files("ibtools.plane")
    own = "".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    script = f'"use strict";\n{{\n{own}}}\n'
    return Template((folder / "report.html").read_text(encoding="utf-8")).substitute(
        title=escaped(title),
        summary=escaped(summary),
        notes="\n".join(f'<p class="note">{escaped(note)}</p>' for note in notes),
        settings=settings_tables(settings),
        data=text,
        plotly=library,
        script=script,
        hashes=f"{_hash(library)} {_hash(script)}",
        style=(folder / "report.css").read_text(encoding="utf-8"),
        version=__version__,
    )


def _hash(script: str) -> str:
    """Name a script in the page's security policy, under which no other can run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
