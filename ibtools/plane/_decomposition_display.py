"""Decompositions of feature maps over the number of filters, as a figure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from ibtools.information._units import unit_name
from ibtools.plane._style import layer_styles

_SHARES: dict[str, tuple[str, dict[str, Any]]] = {
    "redundancy_synergy_share": ("redundancy-synergy", {"linestyle": "-"}),
    "non_redundant_share": (
        "non-redundant",
        {"linestyle": (0, (4, 2)), "markerfacecolor": "white"},
    ),
}


class DecompositionDisplay:
    """Figure of what feature maps share, over the number of filters.

    On the left the information of all maps together, with its ceiling; on the right the two parts
    of the information of a pair, redundancy-synergy and non-redundant, as fractions of it. Make it
    with `from_results`.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each layer and number of filters, with the columns "layer", "n_filters", "mmi",
        "ceiling", "redundancy_synergy_share", "non_redundant_share", the standard errors
        "mmi_std_error" and "share_std_error" (nan where there is none), and "unit".

    axis : {"x", "y"}, default="x"
        Whether it is information about the input or about the label.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    axes_ : ndarray of matplotlib Axes of shape (2,)
        The panels.

    ax_ : matplotlib Axes
        The first of them.

    lines_ : dict
        Lines by (quantity, layer): "mmi", "redundancy_synergy_share" and "non_redundant_share".

    ceilings_ : dict
        Lines of the ceiling, by layer.

    error_bars_ : dict
        Bars of one standard error, by (quantity, layer).

    See Also
    --------
    ibtools.FeatureMapDecomposition : Measures what is drawn, and defines the quantities.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import DecompositionDisplay, FeatureMapDecomposition
    >>> T = np.random.default_rng(0).normal(size=(50, 12))
    >>> results = {n: FeatureMapDecomposition().fit(T[:, :n]) for n in (3, 6, 12)}
    >>> DecompositionDisplay.from_results(results).ax_.get_ylabel()
    'I(X;T) of all maps [bits]'
    """

    def __init__(self, table: pd.DataFrame, axis: str = "x") -> None:
        self.table = table
        self.axis = axis

    @classmethod
    def from_results(cls, results: Mapping[Any, Any], *, axis: str = "x", **kwargs: Any) -> Self:
        """Draw fitted decompositions.

        Parameters
        ----------
        results : dict of int to FeatureMapDecomposition
            Fitted estimators by the number of filters, or lists of them (several seeds), whose
            mean is drawn with its standard error. For several layers, a dict of such dicts by the
            name of the layer.

        axis : {"x", "y"}, default="x"
            Information about the input or about the label.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : DecompositionDisplay
            With the artists drawn.

        Raises
        ------
        ValueError
            If there are no results, or those of different units.
        """
        if axis not in ("x", "y"):
            raise ValueError(f"axis must be 'x' or 'y', got {axis!r}.")
        layers = results if any(isinstance(k, str) for k in results) else {"": results}
        rows = [
            {"layer": layer, "n_filters": n_filters, **_summary(fitted, axis)}
            for layer, by_number in layers.items()
            for n_filters, fitted in sorted(by_number.items())
        ]
        if not rows:
            raise ValueError("results is empty: give at least one fitted decomposition.")
        table = pd.DataFrame(rows)
        if table["unit"].nunique() > 1:
            raise ValueError(f"results are in different units: {sorted(set(table['unit']))}.")
        return cls(table, axis).plot(**kwargs)

    def plot(self, ax: Sequence[Axes] | None = None, *, legend: bool = True) -> Self:
        """Draw the two panels.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.

        legend : bool, default=True
            Whether to name what is drawn.

        Returns
        -------
        self : DecompositionDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If the number of axes is not 2.
        """
        if ax is None:
            _, ax = plt.subplots(1, 2, figsize=(7.4, 3.3), layout="constrained")
        self.axes_ = np.asarray(ax, dtype=object).ravel()
        if self.axes_.size != 2:
            raise ValueError(f"Give two axes, one per panel, got {self.axes_.size}.")
        self.ax_: Axes = self.axes_[0]
        self.figure_: Any = self.ax_.figure
        self.lines_: dict[tuple[str, str], Any] = {}
        self.ceilings_: dict[str, Any] = {}
        self.error_bars_: dict[tuple[str, str], Any] = {}
        for layer, style in layer_styles(list(self.table["layer"].unique())).items():
            self._plot_layer(layer, *style)
        self._label_axes()
        if legend:
            for panel in self.axes_:
                panel.legend(loc="best", fontsize="small", frameon=False)
        return self

    def _plot_layer(self, layer: str, color: Any, marker: str) -> None:
        """Lines of one layer in both panels."""
        points = self.table[self.table["layer"] == layer]
        look = {"color": color, "marker": marker, "markersize": 5, "linewidth": 1.4}
        left, right = self.axes_
        (self.ceilings_[layer],) = left.plot(
            points["n_filters"], points["ceiling"], color="0.4", linewidth=1, linestyle=":"
        )
        if layer == self.table["layer"].iloc[0]:
            self.ceilings_[layer].set_label("ceiling")
        self._plot_line(left, points, "mmi", "mmi_std_error", look | {"label": layer or "MMI"})
        for name, (_, share_look) in _SHARES.items():
            self._plot_line(right, points, name, "share_std_error", look | share_look)

    def _plot_line(
        self, ax: Axes, points: pd.DataFrame, name: str, error: str, look: dict[str, Any]
    ) -> None:
        layer = points["layer"].iloc[0]
        (self.lines_[name, layer],) = ax.plot(points["n_filters"], points[name], **look)
        if points[error].notna().any():
            self.error_bars_[name, layer] = ax.errorbar(
                points["n_filters"],
                points[name],
                yerr=points[error].fillna(0),
                fmt="none",
                ecolor=look["color"],
                elinewidth=1,
            )

    def _label_axes(self) -> None:
        unit, left, right = self.table["unit"].iloc[0], *self.axes_
        about = "I(X;T)" if self.axis == "x" else "I(T;Y)"
        values = self.table[["mmi", "ceiling"]].to_numpy()
        left.set(
            ylabel=f"{about} of all maps [{unit}]",
            ylim=(min(0.0, values.min()), 1.08 * values.max()),
        )
        right.set_ylabel("share of the information of a pair")
        right.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        for words, look in _SHARES.values():  # the same for all layers, whose colours are known
            right.plot([], [], color="0.3", marker="o", markersize=5, label=words, **look)
        numbers = sorted(self.table["n_filters"].unique())
        for ax in self.axes_:
            ax.set_xscale("log", base=2)
            ax.set_xticks(numbers, [str(number) for number in numbers])
            ax.minorticks_off()
            ax.set_xlabel("number of filters")


def _summary(results: Any, axis: str) -> dict[str, Any]:
    """Means of one or several fitted decompositions, with standard errors where there are some."""
    fitted = list(results) if isinstance(results, Iterable) else [results]
    if not fitted:
        raise ValueError("results has an empty list: give at least one fitted decomposition.")
    for each in fitted:
        if not hasattr(each, f"mmi_{axis}_"):
            raise ValueError(
                f"{each!r} has no mmi_{axis}_: results are fitted FeatureMapDecomposition, and "
                "those about the label were fitted with y."
            )
    units = {unit_name(each.base) for each in fitted}
    if len(units) > 1:
        raise ValueError(f"results are in different units: {sorted(units)}.")
    ceiling = "input_entropy_" if axis == "x" else "target_entropy_"
    share = f"redundancy_synergy_share_{axis}"
    return {
        "mmi": _mean(fitted, f"mmi_{axis}_"),
        "mmi_std_error": _std_error(fitted, f"mmi_{axis}"),
        "ceiling": _mean(fitted, ceiling),
        "redundancy_synergy_share": _mean(fitted, f"{share}_"),
        "non_redundant_share": _mean(fitted, f"non_redundant_share_{axis}_"),
        "share_std_error": _std_error(fitted, share),
        "unit": units.pop(),
    }


def _mean(fitted: Sequence[Any], name: str) -> float:
    return float(np.mean([getattr(each, name) for each in fitted]))


def _std_error(fitted: Sequence[Any], name: str) -> float:
    """Between several; of a single one, its own, or nan."""
    if len(fitted) == 1:
        return float(getattr(fitted[0], f"{name}_std_error_", np.nan))
    values = [getattr(each, f"{name}_") for each in fitted]
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
