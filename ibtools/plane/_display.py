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
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from ibtools.plane._plane import InformationPlane

# Colours of Okabe and Ito, told apart by the colour-blind; the markers tell layers apart in grey.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#8C6D31")
_MARKERS = "osD^vPXph*"


class InformationPlaneDisplay:
    """Figure of an information plane: I(T;Y) over I(X;T), one path per layer.

    Make it with `from_plane`, `from_history` or `from_estimator`.

    Parameters
    ----------
    plane : InformationPlane
        The points; the mean of several runs is drawn with their spread.

    bound : estimator or pair of array-likes, default=None
        The information bottleneck bound of the task: an estimator with `mi_x_` and `mi_y_`, or
        the pair (mi_x, mi_y), in the unit of the plane. What lies above is shaded: no
        representation reaches it.

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

    colorbar_ : matplotlib Colorbar or None
        The scale of epochs; None where one epoch is drawn.

    See Also
    --------
    InformationPlane : The table.

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

        bound : estimator or pair of array-likes, default=None
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
        net = net[-1] if isinstance(net, Pipeline) else net
        if not getattr(net, "history", None):
            raise NotFittedError(
                f"This {type(net).__name__} has no history: fit it with "
                "callbacks=[InfoPlaneCallback()] first."
            )
        return cls.from_history(net.history, **kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        kind: str = "trajectory",
        epoch: int = -1,
        ceilings: bool = True,
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
            Whether to draw log N and H(Y), which no layer can exceed.

        legend : bool, default=True
            Whether to name the layers.

        Returns
        -------
        self : InformationPlaneDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If `kind` or `epoch` is unknown, the number of axes is not that of the estimators, or
            the plane has no I(T;Y) to draw.
        """
        if kind not in ("trajectory", "epoch"):
            raise ValueError(f"kind must be 'trajectory' or 'epoch', got {kind!r}.")
        plane = self.plane.select(epochs=epoch) if kind == "epoch" else self.plane
        self._make_axes(ax, plane.estimators)
        self.paths_: dict[tuple[str, str], Any] = {}
        self.points_: dict[tuple[str, str], Any] = {}
        styles = _layer_styles(self.plane.layers)
        norm = _epoch_norm(plane.epochs)
        for panel, estimator in zip(self.axes_, plane.estimators, strict=True):
            table = plane.select(estimators=estimator).to_frame()
            if table["mi_y"].isna().all():
                raise ValueError(
                    f"{estimator!r} has measured no I(T;Y): there is no plane to draw."
                )
            if kind == "epoch":
                self._draw_epoch(panel, table, estimator, styles)
            else:
                self._draw_trajectories(panel, table, estimator, styles, norm)
            self._finish(panel, table, estimator, ceilings=ceilings)
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
            segments = [
                segment
                for _, run in points.groupby(points.get("run", pd.Series(0, points.index)))
                for segment in _segments(run)
            ]
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
        for _, run in table.groupby(table.get("run", pd.Series(0, table.index))):
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

    def _finish(self, ax: Axes, table: pd.DataFrame, estimator: str, *, ceilings: bool) -> None:
        unit = table["unit"].iloc[0]
        ax.set(xlabel=f"I(X;T) [{unit}]", ylabel=f"I(T;Y) [{unit}]")
        if len(self.axes_) > 1:
            ax.set_title(estimator)
        if ceilings:
            _draw_ceilings(ax, table)
        ax.margins(0.06)
        ax.autoscale_view()
        ax.set_xlim(left=min(0.0, table["mi_x"].min()))
        if table["mi_y"].min() > 0.0:
            ax.set_ylim(bottom=0.0)
        if self.bound is not None:
            _draw_bound(ax, self.bound)

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


def _layer_styles(layers: list[str]) -> dict[str, tuple[Any, str]]:
    colors: Sequence[Any] = _COLORS
    if len(layers) > len(_COLORS):
        colors = list(plt.get_cmap("viridis")(np.linspace(0, 0.95, len(layers))))
    return {layer: (colors[k], _MARKERS[k % len(_MARKERS)]) for k, layer in enumerate(layers)}


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


def _draw_ceilings(ax: Axes, table: pd.DataFrame) -> None:
    mi_x, mi_y = table["mi_x_ceiling"].max(), table["mi_y_ceiling"].max()
    log = {"bits": r"$\log_2 N$", "nats": r"$\ln N$"}.get(table["unit"].iloc[0], r"$\log N$")
    line: dict[str, Any] = {"color": "0.45", "lw": 0.8, "ls": (0, (4, 3)), "zorder": 1}
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": "small", "color": "0.3"}
    if np.isfinite(mi_x):
        ax.axvline(mi_x, **line)
        above = ("data", "axes fraction")
        ax.annotate(f"{log} = {mi_x:.4g}", (mi_x, 1), (0, 3), xycoords=above, ha="center", **text)
    if np.isfinite(mi_y):
        ax.axhline(mi_y, **line)
        left = ("axes fraction", "data")
        ax.annotate(f"H(Y) = {mi_y:.4g}", (0.02, mi_y), (0, -3), xycoords=left, va="top", **text)


def _draw_bound(ax: Axes, bound: Any) -> None:
    mi_x, mi_y = (bound.mi_x_, bound.mi_y_) if hasattr(bound, "mi_x_") else bound
    order = np.argsort(mi_x)
    mi_x, mi_y = np.asarray(mi_x)[order], np.asarray(mi_y)[order]
    right, top = ax.get_xlim()[1], ax.get_ylim()[1]
    mi_x, mi_y = np.append(mi_x, max(right, mi_x[-1])), np.append(mi_y, mi_y[-1])
    ax.fill_between(mi_x, mi_y, max(top, mi_y[-1]), color="0.92", linewidth=0, zorder=0)
    ax.plot(mi_x, mi_y, color="black", linewidth=1, zorder=1.5)
    ax.set(xlim=(ax.get_xlim()[0], right), ylim=(ax.get_ylim()[0], top))
