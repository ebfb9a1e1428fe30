"""The information plane as a figure."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, FuncNorm, LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ibtools.plane._bound import check_same_joint, read_bound
from ibtools.plane._bound_drawing import draw_band, draw_ceilings, draw_curve, trace_bound
from ibtools.plane._history import fitted_history
from ibtools.plane._plane import InformationPlane
from ibtools.plane._style import layer_styles


class InformationPlaneDisplay:
    """Figure of an information plane: I(T;Y) over I(X;T), one path per layer.

    Make it with `from_plane`, `from_history` or `from_estimator`.

    Parameters
    ----------
    plane : InformationPlane
        The points; the mean of several runs is drawn with their spread.

    bound : InformationBottleneck, path or pair of array-likes, default=None
        The information bottleneck bound of the task: a fitted estimator, or what
        `bottleneck_path` returns, converted to the unit of the plane. What lies above is shaded:
        no representation reaches it. It is refused unless the layers were measured under its
        joint distribution. A pair (mi_x, mi_y) is any curve, in the unit of the plane: it is
        drawn as it is, for there is nothing to check.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    axes_ : ndarray of matplotlib Axes
        One panel per estimator.

    ax_ : matplotlib Axes
        The first of them.

    paths_, points_ : dict
        Artists by (estimator, layer): the lines and the points of each layer.

    bound_lines_, bound_regions_, bands_ : dict
        Artists of the bound by estimator: its curve, the shade above, and the band of
        `finite_samples`. Empty where they were not asked for.

    colorbar_ : matplotlib Colorbar or None
        The scale of epochs; None where one epoch is drawn.

    See Also
    --------
    InformationPlane : The table.
    ibtools.BottleneckCurveDisplay : Draws the bound itself, with layers on top.

    Notes
    -----
    The bound holds for exact informations, see :meth:`ibtools.InformationPlane.with_bound`:
    points of estimators other than BinnedMI are estimates, and can be above it.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import InformationPlane, InformationPlaneDisplay
    >>> T = np.array([[-0.9], [-0.2], [0.2], [0.9]])
    >>> plane = InformationPlane.from_activations({"first": T, "last": np.sign(T)}, y=[0, 0, 1, 1])
    >>> display = InformationPlaneDisplay.from_plane(plane, kind="epoch")
    >>> display.ax_.get_xlabel()
    'I(X;T) [bits]'
    """

    def __init__(self, plane: InformationPlane, *, bound: Any = None) -> None:
        self.plane = plane
        self.bound = bound

    @classmethod
    def from_plane(cls, plane: InformationPlane, *, bound: Any = None, **kwargs: Any) -> Self:
        """Draw a plane.

        Parameters
        ----------
        plane : InformationPlane
            The points.

        bound : InformationBottleneck, path or pair of array-likes, default=None
            The information bottleneck bound.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : InformationPlaneDisplay
            With the artists drawn.
        """
        return cls(plane, bound=bound).plot(**kwargs)

    @classmethod
    def from_history(cls, history: Any, **kwargs: Any) -> Self:
        """Draw what an InfoPlaneCallback recorded in a history, see `from_plane`.

        Parameters
        ----------
        history : skorch.history.History
            ``net.history``, or one loaded from its file.

        **kwargs : dict
            Parameters of `from_plane`.

        Returns
        -------
        display : InformationPlaneDisplay
            With the artists drawn.
        """
        return cls.from_plane(InformationPlane.from_history(history), **kwargs)

    @classmethod
    def from_estimator(cls, net: Any, **kwargs: Any) -> Self:
        """Draw what an InfoPlaneCallback recorded in a fitted net, see `from_plane`.

        Parameters
        ----------
        net : skorch.NeuralNet, or Pipeline that ends in one
            The fitted net.

        **kwargs : dict
            Parameters of `from_plane`.

        Returns
        -------
        display : InformationPlaneDisplay
            With the artists drawn.
        """
        return cls.from_history(fitted_history(net, callback="InfoPlaneCallback"), **kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        kind: str = "trajectory",
        epoch: int = -1,
        ceilings: bool = True,
        finite_samples: tuple[int, float] | None = None,
        legend: bool = True,
    ) -> Self:
        """Draw the plane.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each estimator; None makes a figure.

        kind : {"trajectory", "epoch"}, default="trajectory"
            "trajectory" draws the path of every layer over the epochs, pale at the first and full
            at the last. "epoch" draws one epoch, the layers joined by a line in their order.

        epoch : int, default=-1
            The epoch of ``kind="epoch"``; -1 is the last.

        ceilings : bool, default=True
            Whether to draw H(X) and H(Y), which no layer can exceed; I(X;Y) in place of H(Y)
            where the label is not a function of the input.

        finite_samples : (n_samples, constant), default=None
            Number of samples that the bound was counted from, and the factor of the margins, in
            the unit of the bound: draws a band in which the true bound may be, see
            :func:`ibtools.bottleneck.finite_sample_margins`. There is no default for a constant
            that the theory leaves open.

        legend : bool, default=True
            Whether to name the layers.

        Returns
        -------
        self : InformationPlaneDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If `kind` or `epoch` is unknown, the number of axes is not that of the estimators,
            the plane has no I(T;Y) to draw, or the bound is that of another joint distribution.
        """
        if kind not in ("trajectory", "epoch"):
            raise ValueError(f"kind must be 'trajectory' or 'epoch', got {kind!r}.")
        plane = self.plane.select(epochs=epoch) if kind == "epoch" else self.plane
        self._make_axes(ax, plane.estimators)
        self.paths_: dict[tuple[str, str], Any] = {}
        self.points_: dict[tuple[str, str], Any] = {}
        self.bound_lines_: dict[str, Any] = {}
        self.bound_regions_: dict[str, Any] = {}
        self.bands_: dict[str, Any] = {}
        styles = layer_styles(self.plane.layers)
        norm = _epoch_norm(plane.epochs)
        for panel, estimator in zip(self.axes_, plane.estimators, strict=True):
            table = plane.select(estimators=estimator).to_frame()
            if table["mi_y"].isna().all():
                raise ValueError(
                    f"{estimator!r} has measured no I(T;Y): there is no plane to draw. It needs "
                    "class labels; NearestNeighborsMI() also takes real-valued targets."
                )
            if kind == "epoch":
                self._draw_epoch(panel, table, estimator, styles)
            else:
                self._draw_trajectories(panel, table, estimator, styles, norm)
            self._finish(panel, table, estimator, ceilings=ceilings)
            if self.bound is not None:
                self._draw_bound(panel, table, estimator, finite_samples)
        self.colorbar_ = self._add_colorbar(plane.epochs, norm) if kind == "trajectory" else None
        if legend:
            self._add_legend(styles, outside=ax is None)
        return self

    def _make_axes(self, ax: Any, estimators: list[str]) -> None:
        if ax is None:
            _, ax = plt.subplots(
                ncols=len(estimators),
                figsize=(1.2 + 3.8 * len(estimators), 4.0),
                layout="constrained",
                squeeze=False,
            )
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) != len(estimators):
            raise ValueError(
                f"The plane has the estimators {estimators}: give {len(estimators)} axes, got "
                f"{len(self.axes_)}."
            )
        self.ax_: Axes = self.axes_[0]
        self.figure_ = self.ax_.figure

    def _draw_trajectories(
        self,
        ax: Axes,
        table: pd.DataFrame,
        estimator: str,
        styles: dict[str, tuple[str, str]],
        norm: Normalize,
    ) -> None:
        for layer, (color, marker) in styles.items():
            points = table[table["layer"] == layer].sort_values("epoch", kind="stable")
            if points.empty:
                continue
            _draw_spread(ax, points, color)
            tints = _tints(color)
            segments = [segment for run in self._runs(points) for segment in _segments(run)]
            lines = LineCollection(segments, colors=color, linewidths=0.6, alpha=0.35, zorder=2)
            self.paths_[estimator, layer] = ax.add_collection(lines)
            self.points_[estimator, layer] = ax.scatter(
                points["mi_x"],
                points["mi_y"],
                c=points["epoch"],
                cmap=tints,
                norm=norm,
                marker=marker,
                s=22,
                edgecolors=[(*to_rgb(color), 0.9)],
                linewidths=0.5,
                zorder=3,
            )

    def _draw_epoch(
        self, ax: Axes, table: pd.DataFrame, estimator: str, styles: dict[str, tuple[str, str]]
    ) -> None:
        for run in self._runs(table):
            (line,) = ax.plot(run["mi_x"], run["mi_y"], color="0.6", linewidth=1, zorder=2)
            self.paths_.setdefault((estimator, "all"), []).append(line)
        for layer, (color, marker) in styles.items():
            points = table[table["layer"] == layer]
            _draw_spread(ax, points, color)
            self.points_[estimator, layer] = ax.scatter(
                points["mi_x"],
                points["mi_y"],
                color=color,
                marker=marker,
                s=42,
                edgecolors="white",
                linewidths=0.6,
                zorder=3,
            )

    def _runs(self, table: pd.DataFrame) -> list[pd.DataFrame]:
        """Points that a line may join: those of one run, made under one level of every factor."""
        columns = [*(["run"] if "run" in table else []), *self.plane.factors]
        if not columns:
            return [table]
        return [points for _, points in table.groupby(columns, sort=False, dropna=False)]

    def _finish(self, ax: Axes, table: pd.DataFrame, estimator: str, *, ceilings: bool) -> None:
        unit = table["unit"].iloc[0]
        ax.set(xlabel=f"I(X;T) [{unit}]", ylabel=f"I(T;Y) [{unit}]")
        if len(self.axes_) > 1:
            ax.set_title(estimator)
        if ceilings:
            draw_ceilings(ax, table)
        ax.update_datalim([(0.0, 0.0)])
        ax.margins(0.06)
        ax.autoscale_view()
        ax.set_xlim(left=min(0.0, table["mi_x"].min()))
        if table["mi_y"].min() > 0.0:
            ax.set_ylim(bottom=0.0)

    def _draw_bound(
        self,
        ax: Axes,
        table: pd.DataFrame,
        estimator: str,
        finite_samples: tuple[int, float] | None,
    ) -> None:
        if isinstance(self.bound, tuple | list):
            mi_x, mi_y = (np.asarray(values, dtype=np.float64) for values in self.bound)
            if finite_samples is not None:
                raise ValueError(
                    "The margins of finite samples need to know the labels: give the fitted "
                    "InformationBottleneck or the path, not a pair of arrays."
                )
        else:
            bound = read_bound(self.bound).in_unit(table["unit"].iloc[0])
            check_same_joint(table, bound)
            mi_x, mi_y = trace_bound(bound, ax.get_xlim()[1])
        self.bound_lines_[estimator], self.bound_regions_[estimator] = draw_curve(ax, mi_x, mi_y)
        if finite_samples is not None:
            n_samples, constant = finite_samples
            self.bands_[estimator] = draw_band(ax, bound, n_samples=n_samples, constant=constant)

    def _add_colorbar(self, epochs: list[int], norm: Normalize) -> Any:
        scale = ScalarMappable(norm, _tints("0.15"))
        colorbar = self.figure_.colorbar(scale, ax=list(self.axes_), label="epoch", pad=0.02)
        colorbar.set_ticks(_epoch_ticks(epochs))
        colorbar.ax.minorticks_off()
        return colorbar

    def _add_legend(self, styles: dict[str, tuple[Any, str]], *, outside: bool) -> None:
        handles = [
            Line2D([], [], color=color, marker=marker, linestyle="", markersize=5, label=layer)
            for layer, (color, marker) in styles.items()
        ]
        if outside:
            columns = min(len(handles), 3 * len(self.axes_))
            self.figure_.legend(
                handles=handles, loc="outside upper center", ncols=columns, frameon=False
            )
        else:
            self.axes_[-1].legend(handles=handles, loc="best", fontsize="small")


def _tints(color: Any) -> Colormap:
    """Colours from a pale tint to the colour itself."""
    full = np.array(to_rgb(color))
    return LinearSegmentedColormap.from_list("tints", [0.12 * full + 0.88, full])


def _epoch_norm(epochs: list[int]) -> Normalize:
    """Map epochs to [0, 1] logarithmically, epoch 0 included."""
    last = max(epochs[-1], epochs[0] + 1)
    return FuncNorm((np.log1p, np.expm1), vmin=epochs[0], vmax=last)


def _epoch_ticks(epochs: list[int]) -> list[int]:
    first, last = epochs[0], epochs[-1]
    powers = [10**k for k in range(len(str(last)))]
    return sorted({first, *(epoch for epoch in powers if first < epoch < 0.6 * last), last})


def _segments(points: pd.DataFrame) -> NDArray[np.float64]:
    steps = points[["mi_x", "mi_y"]].to_numpy()
    return np.stack([steps[:-1], steps[1:]], axis=1)


def _draw_spread(ax: Axes, points: pd.DataFrame, color: Any) -> None:
    """Draw the standard deviation between runs or, without runs, the standard error."""
    for suffix in ("std", "std_error"):
        spread = [points.get(f"mi_{axis}_{suffix}") for axis in "xy"]
        if any(values is not None and values.notna().any() for values in spread):
            ax.errorbar(
                points["mi_x"],
                points["mi_y"],
                xerr=spread[0],
                yerr=spread[1],
                fmt="none",
                ecolor=color,
                elinewidth=0.8,
                alpha=0.5,
                zorder=1,
            )
            return
