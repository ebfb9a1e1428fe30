"""Signal and noise of the gradient as a figure."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from ibtools.plane._gradients import drift_diffusion_transition, gradient_table
from ibtools.plane._history import fitted_history
from ibtools.plane._style import layer_styles

_LABELS = {
    "gradient_mean": "gradient: norm of the mean",
    "gradient_std": "gradient: norm of the noise",
    "gradient_snr": "gradient: signal to noise",
    "weight_norm": "norm of the weights",
}

# Averages are drawn over so many windows per factor of ten in epochs.
_WINDOWS_PER_DECADE = 12


class GradientSNRDisplay:
    """Figure of the gradient's mean, noise and their ratio over the epochs, on logarithmic axes.

    Make it with `from_history` or `from_estimator`.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`ibtools.plane.gradient_table` gives it.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    axes_ : ndarray of matplotlib Axes
        One panel per quantity.

    ax_ : matplotlib Axes
        The first of them.

    lines_ : dict
        Pale lines of every epoch, by (quantity, layer).

    averages_ : dict
        Lines of the geometric means over windows of epochs, by (quantity, layer).

    transitions_ : pandas.DataFrame or None
        The transitions that are marked.

    See Also
    --------
    ibtools.GradientSNRCallback : Records what is drawn.

    Examples
    --------
    >>> from ibtools import GradientSNRDisplay
    >>> history = [{"epoch": e, "gradient_snr/linear1": 10.0 / e} for e in range(1, 20)]
    >>> display = GradientSNRDisplay.from_history(history, quantities=["gradient_snr"])
    >>> display.ax_.get_xscale()
    'log'
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    @classmethod
    def from_history(cls, history: Any, **kwargs: Any) -> Self:
        """Draw what a GradientSNRCallback recorded in a history.

        Parameters
        ----------
        history : skorch.history.History
            ``net.history``, or one loaded from its file.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : GradientSNRDisplay
            With the artists drawn.
        """
        return cls(gradient_table(history)).plot(**kwargs)

    @classmethod
    def from_estimator(cls, net: Any, **kwargs: Any) -> Self:
        """Draw what a GradientSNRCallback recorded in a fitted net.

        Parameters
        ----------
        net : skorch.NeuralNet, or Pipeline that ends in one
            The fitted net.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : GradientSNRDisplay
            With the artists drawn.
        """
        return cls.from_history(fitted_history(net, callback="GradientSNRCallback"), **kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        quantities: Sequence[str] = ("gradient_mean", "gradient_std", "gradient_snr"),
        transition: bool = True,
        legend: bool = True,
    ) -> Self:
        """Draw the quantities over the epochs.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each quantity; None makes a figure.

        quantities : sequence of str, default=("gradient_mean", "gradient_std", "gradient_snr")
            What to draw: "gradient_mean", "gradient_std", "gradient_snr", "weight_norm".

        transition : bool, default=True
            Whether to mark the drift-to-diffusion transition of each layer on the panel of the
            ratio, see :func:`ibtools.plane.drift_diffusion_transition`.

        legend : bool, default=True
            Whether to name the layers.

        Returns
        -------
        self : GradientSNRDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If a quantity is unknown, or the number of axes is not theirs.
        """
        unknown = [name for name in quantities if name not in _LABELS]
        if unknown or not quantities:
            raise ValueError(f"quantities must be some of {list(_LABELS)}, got {unknown}.")
        self._make_axes(ax, len(quantities))
        styles = layer_styles(list(self.table["layer"].unique()))
        self.lines_: dict[tuple[str, str], Any] = {}
        self.averages_: dict[tuple[str, str], Any] = {}
        self.transitions_: pd.DataFrame | None = None
        for panel, quantity in zip(self.axes_, quantities, strict=True):
            self._draw(panel, quantity, styles)
            if transition and quantity == "gradient_snr":
                self._mark_transitions(panel, styles)
        if legend:
            self._add_legend(outside=ax is None)
        return self

    def _make_axes(self, ax: Any, n_panels: int) -> None:
        if ax is None:
            _, ax = plt.subplots(
                ncols=n_panels,
                figsize=(0.6 + 3.6 * n_panels, 3.4),
                layout="constrained",
                squeeze=False,
            )
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) != n_panels:
            raise ValueError(f"Give {n_panels} axes, one per quantity, got {len(self.axes_)}.")
        self.ax_: Axes = self.axes_[0]
        self.figure_ = self.ax_.figure

    def _draw(self, ax: Axes, quantity: str, styles: dict[str, tuple[Any, str]]) -> None:
        for layer, (color, marker) in styles.items():
            points = self.table[self.table["layer"] == layer]
            (self.lines_[quantity, layer],) = ax.plot(
                points["epoch"], points[quantity], color=color, linewidth=0.5, alpha=0.2
            )
            averages = _averages(points["epoch"], points[quantity])
            (self.averages_[quantity, layer],) = ax.plot(
                averages["epoch"],
                averages["value"],
                color=color,
                linewidth=1.2,
                marker=marker,
                markersize=4,
                markevery=4,
                label=layer,
            )
        ax.set(xscale="log", yscale="log", xlabel="epoch", ylabel=_LABELS[quantity])
        if quantity == "gradient_snr":
            ax.axhline(1, color="0.5", linewidth=0.8, linestyle=(0, (4, 3)))

    def _add_legend(self, *, outside: bool) -> None:
        handles, layers = self.ax_.get_legend_handles_labels()
        if outside:
            self.figure_.legend(
                handles, layers, loc="outside upper center", ncols=len(layers), frameon=False
            )
        else:
            self.axes_[-1].legend(handles, layers, loc="best", fontsize="small")

    def _mark_transitions(self, ax: Axes, styles: dict[str, tuple[Any, str]]) -> None:
        try:
            self.transitions_ = drift_diffusion_transition(self.table)
        except ValueError:  # no ratio is defined: there is nothing to mark
            return
        found = self.transitions_.dropna(subset=["epoch"])
        for layer, epoch in zip(found["layer"], found["epoch"], strict=True):
            ax.axvline(epoch, color=styles[layer][0], linewidth=0.8, linestyle=":")


def _averages(epochs: pd.Series, values: pd.Series) -> pd.DataFrame:
    """Geometric means over windows of equal width on the logarithmic axis of epochs."""
    with np.errstate(divide="ignore"):  # a value of 0 has no place on a logarithmic axis
        logarithms = pd.DataFrame({"epoch": np.log(epochs), "value": np.log(values)})
    windows = np.floor(logarithms["epoch"] / np.log(10) * _WINDOWS_PER_DECADE)
    finite = logarithms[np.isfinite(logarithms["value"])]
    return np.exp(finite.groupby(windows).mean())
