"""The information bottleneck bound as a figure."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ibtools.information._units import log_of_base
from ibtools.plane._bound import TaskBound, check_same_joint, read_bound
from ibtools.plane._bound_drawing import draw_band, draw_critical_betas, draw_curve, trace_bound
from ibtools.plane._plane import InformationPlane
from ibtools.plane._style import layer_styles

_Points = dict[str, NDArray[np.float64]]


class BottleneckCurveDisplay:
    """Figure of the information bottleneck bound: I(T;Y) over I(X;T), and layers below it.

    Make it with `from_estimator` or `from_path`.

    Parameters
    ----------
    bound : InformationBottleneck, or what bottleneck_path or gaussian_bottleneck returns
        The bound; a fitted estimator, or a path.

    layers : InformationPlane or dict of str to (mi_x, mi_y), default=None
        Representations to draw on top. A plane has to be measured under the joint distribution of
        the bound, with one estimator, and is converted to its unit. Points by name are in the
        unit of the bound, one or an array of them each: they are drawn as they are, for there is
        nothing to check.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    ax_ : matplotlib Axes
        Its axes.

    line_ : matplotlib Line2D
        The curve.

    region_ : matplotlib PolyCollection
        The shade over what no representation reaches.

    corner_ : matplotlib PathCollection or None
        The least I(X;T) at which nothing about the label is lost; None for continuous variables,
        which have no such corner, or where it was not asked for.

    critical_points_ : matplotlib PathCollection or None
        Where on the curve the number of clusters grows; None where there is no such place, or
        it was not asked for.

    band_ : matplotlib Polygon or None
        The band of `finite_samples`.

    points_ : dict of str to matplotlib PathCollection
        The layers, by name.

    See Also
    --------
    ibtools.InformationPlaneDisplay : Draws a plane, with a bound where there is one.
    ibtools.InformationBottleneck : The bound as an estimator.

    Notes
    -----
    The star of ``corner_`` stands at the minimal sufficient statistic of the input for the label.

    The curve is the least of the tangents I(T;Y) = I_Y + (I(X;T) - I_X) / beta of the solutions
    (:func:`ibtools.bottleneck.bound_mi_y`). With few betas it has visible kinks between them.

    Examples
    --------
    >>> from ibtools import BottleneckCurveDisplay
    >>> from ibtools.bottleneck import bottleneck_path
    >>> path = bottleneck_path([[0.45, 0.05], [0.05, 0.45]], betas=[1.7, 2, 3, 10])
    >>> display = BottleneckCurveDisplay.from_path(path, layers={"code": (1.0, 0.4)})
    >>> display.ax_.get_ylabel()
    'I(T;Y) [bits]'
    """

    def __init__(
        self, bound: Any, *, layers: InformationPlane | Mapping[str, Any] | None = None
    ) -> None:
        self.bound = bound
        self.layers = layers

    @classmethod
    def from_estimator(cls, estimator: Any, *, layers: Any = None, **kwargs: Any) -> Self:
        """Draw the bound of a fitted estimator.

        Parameters
        ----------
        estimator : InformationBottleneck, or Pipeline that ends in one
            Fitted.

        layers : InformationPlane or dict of str to (mi_x, mi_y), default=None
            Representations to draw on top.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : BottleneckCurveDisplay
            With the artists drawn.
        """
        estimator = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        return cls(estimator, layers=layers).plot(**kwargs)

    @classmethod
    def from_path(cls, path: Any, *, layers: Any = None, **kwargs: Any) -> Self:
        """Draw the bound that `bottleneck_path` or `gaussian_bottleneck` has computed.

        Parameters
        ----------
        path : BottleneckPath or GaussianBottleneck
            The bound.

        layers : InformationPlane or dict of str to (mi_x, mi_y), default=None
            Representations to draw on top.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : BottleneckCurveDisplay
            With the artists drawn.
        """
        return cls(path, layers=layers).plot(**kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        epoch: int = -1,
        corner: bool = True,
        critical_betas: bool = True,
        finite_samples: tuple[int, float] | None = None,
        legend: bool = True,
    ) -> Self:
        """Draw the bound.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        epoch : int, default=-1
            The epoch of a plane that is drawn; -1 is the last.

        corner : bool, default=True
            Whether to mark the least I(X;T) at which I(T;Y) is I(X;Y): the entropy of the minimal
            sufficient statistic, and H(Y) where the label is a function of the input.

        critical_betas : bool, default=True
            Whether to mark the phase transitions, where the number of clusters grows.

        finite_samples : (n_samples, constant), default=None
            Number of samples that the bound was counted from, and the factor of the margins, in
            the unit of the bound: draws a band in which the true bound may be, see
            :func:`ibtools.bottleneck.finite_sample_margins`.

        legend : bool, default=True
            Whether to name what is drawn.

        Returns
        -------
        self : BottleneckCurveDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If the layers were measured under another joint distribution, or with several
            estimators.
        """
        bound = read_bound(self.bound)
        layers = self._layer_points(bound, epoch)
        is_own = ax is None
        if ax is None:
            _, ax = plt.subplots(figsize=(5.6, 4.4), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        _set_limits(ax, bound, layers)
        self.line_, self.region_ = draw_curve(ax, *trace_bound(bound, ax.get_xlim()[1]))
        self.line_.set_label("bound")
        self.corner_ = _draw_corner(ax, bound) if corner and bound.corner_x < np.inf else None
        self.critical_points_ = None
        if critical_betas and len(bound.critical_betas):
            self.critical_points_ = draw_critical_betas(ax, bound)
            self.critical_points_.set_label(r"critical $\beta$")
        self.band_ = None
        if finite_samples is not None:
            n_samples, constant = finite_samples
            self.band_ = draw_band(ax, bound, n_samples=n_samples, constant=constant)
            self.band_.set_label(f"margins of n = {n_samples}")
        self.points_ = _draw_layers(ax, layers)
        ax.set(xlabel=f"I(X;T) [{bound.unit}]", ylabel=f"I(T;Y) [{bound.unit}]")
        if legend and is_own:
            self.figure_.legend(loc="outside upper center", ncols=3, frameon=False)
        elif legend:
            ax.legend(loc="best", fontsize="small")
        return self

    def _layer_points(self, bound: TaskBound, epoch: int) -> _Points:
        """Points of every layer, shape (n_points, 2), in the unit of the bound."""
        if self.layers is None:
            return {}
        if not isinstance(self.layers, InformationPlane):
            return {
                name: np.column_stack([np.atleast_1d(values) for values in point])
                for name, point in self.layers.items()
            }
        if len(self.layers.estimators) > 1:
            raise ValueError(
                f"The plane has the estimators {self.layers.estimators}: choose one with "
                "plane.select(estimators=...)."
            )
        table = self.layers.select(epochs=epoch).to_frame()
        converted = bound.in_unit(table["unit"].iloc[0])
        check_same_joint(table, converted)
        scale = log_of_base(converted.base) / log_of_base(bound.base)
        return {
            layer: table.loc[table["layer"] == layer, ["mi_x", "mi_y"]].to_numpy() * scale
            for layer in self.layers.layers
        }


def _set_limits(ax: Axes, bound: TaskBound, layers: _Points) -> None:
    """Show the curve until it is flat, all layers, and some of what is beyond."""
    points = np.concatenate([np.column_stack([bound.mi_x, bound.mi_y]), *layers.values()])
    corner = 0.0 if np.isnan(bound.corner_x) else bound.corner_x
    right = max(points[:, 0].max(), corner)
    top = max(points[:, 1].max(), bound.mi_xy)
    lowest = np.minimum(points.min(axis=0), 0.0)
    ax.set(xlim=(lowest[0] * 1.08, right * 1.08), ylim=(lowest[1] * 1.12, top * 1.12))


def _draw_corner(ax: Axes, bound: TaskBound) -> Any:
    return ax.scatter(
        bound.corner_x,
        bound.mi_xy,
        marker="*",
        s=110,
        color="black",
        edgecolors="white",
        linewidths=0.8,
        zorder=2.6,
        label="minimal sufficient",
    )


def _draw_layers(ax: Axes, layers: _Points) -> dict[str, Any]:
    styles = layer_styles(list(layers))
    if all(len(points) == 1 for points in layers.values()):
        way = np.concatenate([np.empty((0, 2)), *layers.values()])
        ax.plot(*way.T, color="0.6", linewidth=1, zorder=2)
    return {
        layer: ax.scatter(
            points[:, 0],
            points[:, 1],
            color=styles[layer][0],
            marker=styles[layer][1],
            s=42,
            edgecolors="white",
            linewidths=0.6,
            zorder=3,
            label=layer,
        )
        for layer, points in layers.items()
    }
