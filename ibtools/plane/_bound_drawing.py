"""What a plane is read against, drawn: the bound, what lies beyond it, and the ceilings."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ibtools.bottleneck._layers import finite_sample_margins
from ibtools.plane._bound import TaskBound

_Floats = NDArray[np.float64]

_N_POINTS = 512

# Entropies that differ by less are equal: they carry rounding errors.
_SAME = 1e-6


def trace_bound(bound: TaskBound, right: float) -> tuple[_Floats, _Floats]:
    """Points of the curve from no information to the right end of the axis, kinks included.

    Parameters
    ----------
    bound : TaskBound
        The bound.
    right : float
        Largest I(X;T).

    Returns
    -------
    mi_x, mi_y : ndarray of shape (n_points,)
        With increasing I(X;T).
    """
    corners = [*bound.mi_x, bound.mi_xy, *np.atleast_1d(bound.corner_x)]
    points = np.concatenate([np.linspace(0.0, right, _N_POINTS), corners])
    mi_x = np.unique(points[(points >= 0) & (points <= right)])
    return mi_x, bound.at(mi_x)


def draw_curve(ax: Axes, mi_x: _Floats, mi_y: _Floats) -> tuple[Any, Any]:
    """Draw a curve to the right end of the axes, and shade what lies above it.

    Parameters
    ----------
    ax : matplotlib Axes
        With its limits set, which stay.
    mi_x, mi_y : ndarray of shape (n_points,)
        The curve.

    Returns
    -------
    line, region : artists
        The curve, and the shade over what no representation reaches.
    """
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    order = np.argsort(mi_x)
    mi_x = np.append(mi_x[order], max(right, mi_x.max()))
    mi_y = np.append(mi_y[order], mi_y[order][-1])
    ceiling = max(top, mi_y[-1])
    region = ax.fill_between(mi_x, mi_y, ceiling, color="0.92", linewidth=0, zorder=0)
    (line,) = ax.plot(mi_x, mi_y, color="black", linewidth=1, zorder=1.5)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    return line, region


def draw_critical_betas(ax: Axes, bound: TaskBound) -> Any:
    """Mark on the curve where its number of clusters grows.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    bound : TaskBound
        The bound.

    Returns
    -------
    points : matplotlib PathCollection
        One mark per critical beta.
    """
    return ax.scatter(
        bound.critical_mi_x,
        bound.at(bound.critical_mi_x),
        marker="|",
        s=60,
        color="black",
        linewidths=1,
        zorder=2.5,
    )


def draw_band(ax: Axes, bound: TaskBound, *, n_samples: int, constant: float) -> Any:
    """Draw how far the curve of an empirical joint distribution may be from the true one.

    Parameters
    ----------
    ax : matplotlib Axes
        With its limits set, which stay.
    bound : TaskBound
        The bound of the empirical joint distribution.
    n_samples : int
        Number of samples that it was counted from.
    constant : float
        The factor of the margins, in the unit of the bound.

    Returns
    -------
    band : matplotlib Polygon
        Between the two edges of :func:`band_edges`.

    Raises
    ------
    ValueError
        If the number of labels is not known.
    """
    limits = {"xlim": ax.get_xlim(), "ylim": ax.get_ylim()}
    lower, upper = band_edges(bound, limits["xlim"][1], n_samples=n_samples, constant=constant)
    edge = np.concatenate([lower, upper[::-1]])
    (band,) = ax.fill(
        *edge.T, facecolor="none", edgecolor="0.45", hatch="////", linewidth=0.6, zorder=0.5
    )
    ax.set(**limits)
    return band


def band_edges(
    bound: TaskBound, right: float, *, n_samples: int, constant: float
) -> tuple[_Floats, _Floats]:
    """Edges of the band in which the true curve lies, from those of the empirical one.

    If no representation's informations are off by more than the margins m_x and m_y, what is
    empirically optimal at I(X;T) = x has at least I(T;Y) - m_y(x) at no more than x + m_x(x): the
    lower edge. And whatever truly keeps x has at most I(T;Y) + m_y(x) of the empirical curve at
    x + m_x(x): the upper edge.

    Parameters
    ----------
    bound : TaskBound
        The bound of the empirical joint distribution.
    right : float
        Largest I(X;T).
    n_samples : int
        Number of samples.
    constant : float
        The factor of the margins.

    Returns
    -------
    lower, upper : ndarray of shape (n_points, 2)
        Points (I(X;T), I(T;Y)), not clipped to what is possible at all.

    Raises
    ------
    ValueError
        If the number of labels is not known.
    """
    if bound.n_classes is None:
        raise ValueError(
            "The margins grow with the number of labels, which this bound does not have: its "
            "label is continuous."
        )
    mi_x, mi_y = trace_bound(bound, right)
    margin_x, margin_y = finite_sample_margins(
        mi_x, n_samples=n_samples, n_classes=bound.n_classes, constant=constant, base=bound.base
    )
    lower = np.column_stack([mi_x + margin_x, mi_y - margin_y])
    upper = np.column_stack([mi_x, bound.at(mi_x + margin_x) + margin_y])
    return lower, upper


def draw_ceilings(ax: Axes, table: pd.DataFrame) -> None:
    """Draw what no layer can exceed whatever the bound: H(X), and H(Y) or I(X;Y) if it is less.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    table : DataFrame
        Points of a plane.
    """
    mi_x, mi_y, mi_xy = table[["mi_x_ceiling", "mi_y_ceiling", "mi_xy"]].max()
    name = "H(Y)"
    if mi_xy < mi_y - _SAME:
        mi_y, name = mi_xy, "I(X;Y)"
    line: dict[str, Any] = {"color": "0.45", "lw": 0.8, "ls": (0, (4, 3)), "zorder": 1}
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": "small", "color": "0.3"}
    if np.isfinite(mi_x):
        ax.axvline(mi_x, **line)
        above = ("data", "axes fraction")
        ax.annotate(f"H(X) = {mi_x:.4g}", (mi_x, 1), (0, 3), xycoords=above, ha="center", **text)
    if np.isfinite(mi_y):
        ax.axhline(mi_y, **line)
        left = ("axes fraction", "data")
        ax.annotate(f"{name} = {mi_y:.4g}", (0.02, mi_y), (0, 2), xycoords=left, **text)
