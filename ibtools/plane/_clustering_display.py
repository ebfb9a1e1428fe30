"""Clustering of the layers as a figure."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from ibtools.plane._clustering import (
    CLUSTERING_QUANTITIES,
    activation_histograms,
    clustering_table,
)
from ibtools.plane._history import fitted_history
from ibtools.plane._style import layer_styles

_LABELS = {
    "n_distinct": "distinct rows",
    "bin_entropy": "H(Bin(T)) [bits]",
    "empty_bins": "fraction of empty bins",
    "class_separation": "class separation",
    "class_rank": "effective rank of a class",
}


class ClusteringDisplay:
    """Figure of how the layers cluster: measures over the epochs, or histograms of activations.

    Make it with `from_history` or `from_estimator`.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`ibtools.plane.clustering_table` gives it.

    histograms : pandas.DataFrame, default=None
        As :func:`ibtools.plane.activation_histograms` gives them.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    axes_ : ndarray of matplotlib Axes
        Panels: of shape (n_quantities,), or (n_epochs, n_layers) for histograms.

    ax_ : matplotlib Axes
        The first of them.

    lines_ : dict
        Lines by (quantity, layer). Empty for histograms.

    bars_ : dict
        Bars by (epoch, layer). Empty for measures over the epochs.

    See Also
    --------
    ibtools.ClusteringCallback : Records what is drawn, and defines the quantities.
    ibtools.RepresentationDisplay : Draws the rows themselves, in layers of few units.

    Examples
    --------
    >>> from ibtools import ClusteringDisplay
    >>> history = [{"epoch": e, "clustering_empty_bins/hidden1": 0.5 / e} for e in range(1, 9)]
    >>> display = ClusteringDisplay.from_history(history, quantities=["empty_bins"])
    >>> display.ax_.get_ylabel()
    'fraction of empty bins'
    """

    def __init__(self, table: pd.DataFrame, histograms: pd.DataFrame | None = None) -> None:
        self.table = table
        self.histograms = histograms

    @classmethod
    def from_history(cls, history: Any, **kwargs: Any) -> Self:
        """Draw what a ClusteringCallback recorded in a history.

        Parameters
        ----------
        history : skorch.history.History
            ``net.history``, or one loaded from its file.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : ClusteringDisplay
            With the artists drawn.
        """
        table = clustering_table(history)
        try:
            histograms = activation_histograms(history)
        except ValueError:  # none were kept
            histograms = None
        return cls(table, histograms).plot(**kwargs)

    @classmethod
    def from_estimator(cls, net: Any, **kwargs: Any) -> Self:
        """Draw what a ClusteringCallback recorded in a fitted net.

        Parameters
        ----------
        net : skorch.NeuralNet, or Pipeline that ends in one
            The fitted net.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : ClusteringDisplay
            With the artists drawn.
        """
        return cls.from_history(fitted_history(net, callback="ClusteringCallback"), **kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        kind: str = "epochs",
        quantities: Sequence[str] | None = None,
        legend: bool = True,
    ) -> Self:
        """Draw the measures over the epochs, or the histograms.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each panel; None makes a figure.

        kind : {"epochs", "histograms"}, default="epochs"
            "epochs" draws the quantities over a logarithmic axis of epochs, one panel each.
            "histograms" draws the fraction of the activations in every bin, the layers side by
            side and the epochs below each other.

        quantities : sequence of str, default=None
            What to draw over the epochs: "n_distinct", "bin_entropy", "empty_bins",
            "class_separation", "class_rank"; None draws all that were recorded.

        legend : bool, default=True
            Whether to name the layers.

        Returns
        -------
        self : ClusteringDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If `kind` is unknown, a quantity was not recorded, there are no histograms, or the
            number of axes is not that of the panels.
        """
        self.lines_: dict[tuple[str, str], Any] = {}
        self.bars_: dict[tuple[int, str], Any] = {}
        if kind == "epochs":
            self._plot_epochs(ax, quantities, legend=legend)
        elif kind == "histograms":
            self._plot_histograms(ax)
        else:
            raise ValueError(f"kind must be 'epochs' or 'histograms', got {kind!r}.")
        return self

    def _plot_epochs(self, ax: Any, quantities: Sequence[str] | None, *, legend: bool) -> None:
        recorded = [name for name in CLUSTERING_QUANTITIES if name in self.table]
        chosen = recorded if quantities is None else list(quantities)
        unknown = [name for name in chosen if name not in recorded]
        if unknown or not chosen:
            raise ValueError(f"quantities must be some of {recorded}, got {unknown}.")
        self.axes_ = self._make_axes(ax, (1, len(chosen)), (0.6 + 3.1 * len(chosen), 3.2))[0]
        styles = layer_styles(list(self.table["layer"].unique()))
        for panel, quantity in zip(self.axes_, chosen, strict=True):
            for layer, (color, marker) in styles.items():
                points = self.table[self.table["layer"] == layer]
                (self.lines_[quantity, layer],) = panel.plot(
                    points["epoch"],
                    points[quantity].replace(np.inf, np.nan),  # of rows that are all alike
                    color=color,
                    linewidth=1,
                    marker=marker,
                    markersize=4,
                    markevery=max(1, len(points) // 8),
                    label=layer,
                )
            panel.set_xscale("symlog", linthresh=1, linscale=0.3)
            panel.set(xlabel="epoch", ylabel=_LABELS[quantity])
            if quantity == "class_separation":
                panel.set_yscale("log")
            else:
                top = float(self.table[quantity].max()) or 1.0
                panel.set_ylim(-0.03 * top, 1.06 * top)
        if legend and ax is None:
            handles, names = self.axes_[0].get_legend_handles_labels()
            self.figure_.legend(
                handles, names, loc="outside upper center", ncols=len(names), frameon=False
            )
        elif legend:
            self.axes_[-1].legend(fontsize="small", frameon=False)

    def _plot_histograms(self, ax: Any) -> None:
        table = self.histograms
        if table is None:
            raise ValueError(
                "No histograms were recorded: see histogram_epochs of the ClusteringCallback."
            )
        epochs = sorted(table["epoch"].unique().tolist())
        layers = list(table["layer"].unique())
        size = (0.8 + 1.7 * len(layers), 0.8 + 1.3 * len(epochs))
        self.axes_ = self._make_axes(ax, (len(epochs), len(layers)), size)
        styles = layer_styles(layers)
        for panels, epoch in zip(self.axes_, epochs, strict=True):
            for panel, layer in zip(panels, layers, strict=True):
                bins = table[(table["epoch"] == epoch) & (table["layer"] == layer)]
                self.bars_[epoch, layer] = _draw_histogram(panel, bins, styles[layer][0])
            panels[0].set_ylabel(f"epoch {epoch}")
        for panel, layer in zip(self.axes_[0], layers, strict=True):
            panel.set_title(layer, fontsize="medium")
        for panel in self.axes_[-1]:
            panel.set_xlabel("activation", fontsize="small")

    def _make_axes(self, ax: Any, shape: tuple[int, int], size: tuple[float, float]) -> Any:
        if ax is None:
            _, ax = plt.subplots(*shape, figsize=size, layout="constrained", squeeze=False)
        axes = np.asarray(ax, dtype=object).ravel()
        if axes.size != shape[0] * shape[1]:
            raise ValueError(f"Give {shape[0] * shape[1]} axes, one per panel, got {axes.size}.")
        self.ax_: Axes = axes[0]
        self.figure_: Any = self.ax_.figure
        return axes.reshape(shape)


def _draw_histogram(ax: Axes, bins: pd.DataFrame, color: Any) -> Any:
    ax.tick_params(labelsize="x-small")
    return ax.bar(
        bins["lower"],
        bins["fraction"],
        width=bins["upper"] - bins["lower"],
        align="edge",
        color=color,
        linewidth=0,
    )
