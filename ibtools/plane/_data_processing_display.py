"""The data-processing inequality along the layers as a figure."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ibtools.plane._data_processing import data_processing_pairs
from ibtools.plane._plane import InformationPlane

_HOLDS, _VIOLATED = "#0072B2", "#D55E00"


class DataProcessingDisplay:
    """Figure of the data-processing inequality: by how much later layers exceed earlier ones.

    Make it with `from_plane`, of the forward chain or of
    :func:`ibtools.plane.error_plane`.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`ibtools.plane.data_processing_pairs` gives it, of one run.

    n_std_errors : float, default=2.0
        Half the length of the error bars, in standard errors of the excess: what was taken for
        noise in the table.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    axes_ : ndarray of matplotlib Axes
        One panel per estimator.

    ax_ : matplotlib Axes
        The first of them.

    bars_ : dict
        Bars by (estimator, epoch), one for each pair of layers.

    See Also
    --------
    ibtools.plane.data_processing_pairs : The table.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import BinnedMI, DataProcessingDisplay, InformationPlane
    >>> T = np.linspace(0.1, 0.4, 4)[:, None]
    >>> layers = {"first": 10 * T, "second": T, "third": 5 * T}
    >>> plane = InformationPlane.from_activations(layers, estimator=BinnedMI(bin_width=1.0))
    >>> display = DataProcessingDisplay.from_plane(plane)
    >>> [float(bar.get_height()) for bar in display.bars_["BinnedMI", 0]]
    [-2.0, 1.5]
    """

    def __init__(self, table: pd.DataFrame, *, n_std_errors: float = 2.0) -> None:
        self.table = table
        self.n_std_errors = n_std_errors

    @classmethod
    def from_plane(
        cls,
        plane: InformationPlane,
        *,
        quantity: str = "mi_x",
        pairs: str = "consecutive",
        n_std_errors: float = 2.0,
        **kwargs: Any,
    ) -> Self:
        """Compare the layers of a plane, and draw the pairs.

        Parameters
        ----------
        plane : InformationPlane
            The points.

        quantity : {"mi_x", "mi_y"}, default="mi_x"
            I(X;T) or I(T;Y).

        pairs : {"consecutive", "all"}, default="consecutive"
            Whether to compare neighbours, or every layer with all later ones.

        n_std_errors : float, default=2.0
            An excess of more than so many of its standard errors is a violation.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : DataProcessingDisplay
            With the artists drawn.
        """
        table = data_processing_pairs(
            plane, quantity=quantity, pairs=pairs, n_std_errors=n_std_errors
        )
        return cls(table, n_std_errors=n_std_errors).plot(**kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        epochs: int | Sequence[int] | None = -1,
        legend: bool = True,
    ) -> Self:
        """Draw a bar for every pair of layers.

        Bars above zero are where the inequality does not hold, those in red where by more than
        noise. The error bars are `n_std_errors` to either side.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each estimator; None makes a figure.

        epochs : int, sequence of int or None, default=-1
            Epochs to draw; -1 is the last, None are all. The bars of several stand side by side,
            from pale, the first, to full, the last.

        legend : bool, default=True
            Whether to name the colours.

        Returns
        -------
        self : DataProcessingDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If an epoch is not there, there are several runs, or the number of axes is not that of
            the estimators.
        """
        if "run" in self.table and self.table["run"].nunique() > 1:
            raise ValueError("The pairs are those of several runs: draw one, or plane.mean().")
        chosen = self._choose(epochs)
        estimators = list(self.table["estimator"].unique())
        self._make_axes(ax, estimators)
        self.bars_: dict[tuple[str, int], Any] = {}
        for panel, estimator in zip(self.axes_, estimators, strict=True):
            table = self.table[self.table["estimator"] == estimator]
            self._draw(panel, table, estimator, chosen)
            if len(estimators) > 1:
                panel.set_title(estimator)
        if legend:
            self._add_legend(chosen, outside=ax is None)
        return self

    def _choose(self, epochs: int | Sequence[int] | None) -> list[int]:
        recorded = sorted(self.table["epoch"].unique().tolist())
        wanted = recorded if epochs is None else np.atleast_1d(epochs).tolist()
        chosen = sorted({recorded[-1] if epoch == -1 else epoch for epoch in wanted})
        unknown = [epoch for epoch in chosen if epoch not in recorded]
        if unknown or not chosen:
            raise ValueError(f"There is no epoch {unknown} in the table; it has {recorded}.")
        return chosen

    def _make_axes(self, ax: Any, estimators: list[str]) -> None:
        if ax is None:
            n_pairs = len(self.table[["earlier", "later"]].drop_duplicates())
            width = max(3.2, 1.0 + 0.8 * n_pairs)
            _, ax = plt.subplots(
                ncols=len(estimators),
                figsize=(width * len(estimators), 3.6),
                layout="constrained",
                squeeze=False,
            )
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) != len(estimators):
            raise ValueError(
                f"The table has the estimators {estimators}: give {len(estimators)} axes, got "
                f"{len(self.axes_)}."
            )
        self.ax_: Axes = self.axes_[0]
        self.figure_ = self.ax_.figure

    def _draw(self, ax: Axes, table: pd.DataFrame, estimator: str, epochs: list[int]) -> None:
        pairs = table[["earlier", "later"]].drop_duplicates()
        width = 0.8 / len(epochs)
        for k, (epoch, strength) in enumerate(zip(epochs, _strengths(len(epochs)), strict=True)):
            bars = pairs.merge(table[table["epoch"] == epoch], how="left")
            violated = bars["violated"].eq(True)
            self.bars_[estimator, epoch] = ax.bar(
                np.arange(len(pairs)) + (k - (len(epochs) - 1) / 2) * width,
                bars["excess"],
                width=0.92 * width,
                yerr=self.n_std_errors * bars["std_error"],
                color=[(_VIOLATED if each else _HOLDS, strength) for each in violated],
                hatch=["//" if each else "" for each in violated],
                edgecolor="white",
                linewidth=0,
                error_kw={"elinewidth": 0.8, "ecolor": "0.25", "capsize": min(2.5, 8 * width)},
            )
        ax.axhline(0, color="black", linewidth=0.8)
        names = [f"{earlier}\n→ {later}" for earlier, later in pairs.to_numpy()]
        ax.set_xticks(range(len(pairs)), names, fontsize="small")
        ax.set_ylabel(f"excess of the later layer [{table['unit'].iloc[0]}]")

    def _add_legend(self, epochs: list[int], *, outside: bool) -> None:
        when = f"epoch {epochs[0]}" if len(epochs) == 1 else f"epochs {epochs[0]} to {epochs[-1]}"
        handles = [
            Patch(facecolor=_HOLDS, label="holds, or within noise"),
            Patch(facecolor=_VIOLATED, edgecolor="white", hatch="//", label="violated"),
        ]
        if outside:
            self.figure_.legend(
                handles=handles, title=when, loc="outside upper center", ncols=2, frameon=False
            )
        else:
            self.axes_[-1].legend(handles=handles, title=when, loc="best", fontsize="small")


def _strengths(n_epochs: int) -> list[float]:
    """Opacities from pale to full."""
    return [1.0] if n_epochs == 1 else np.linspace(0.25, 1.0, n_epochs).tolist()
