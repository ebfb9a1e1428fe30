"""Loss and accuracy over the epochs as a figure."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from ibtools.plane._history import fitted_history
from ibtools.plane._stopping import StoppingPoints, stopping_points
from ibtools.plane._style import layer_styles

_SUFFIXES = {"loss": "loss", "accuracy": "acc"}
_SIDES = {"training": "train", "validation": "valid"}
_EARLY, _PERFECT = "#D55E00", "#009E73"


class LearningCurveDisplay:
    """Figure of loss and accuracy over the epochs, and of when training should have stopped.

    Make it with `from_history` or `from_estimator`.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per epoch: ``epoch``, ``valid_loss`` and, where they were recorded, ``train_loss``,
        ``train_acc`` and ``valid_acc``.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    axes_ : ndarray of matplotlib Axes
        One panel per quantity.

    ax_ : matplotlib Axes
        The first of them.

    lines_ : dict
        Lines by (quantity, side), the side being "training" or "validation".

    marks_ : dict
        Vertical lines by (quantity, point), the point being "early" or "perfect".

    stopping_ : StoppingPoints
        The points that are marked, as :func:`ibtools.plane.stopping_points` counts them: the
        n-th row of the table.

    See Also
    --------
    ibtools.plane.stopping_points : Finds the points.
    ibtools.InformationPlaneDisplay : The information plane, which can be cut at them.

    Notes
    -----
    The two quantities need not agree: a network that is ever surer of what it gets wrong has a
    cross-entropy that rises while its accuracy stays. The stopping points are those of the loss
    on all panels.

    The loss is the net's own: cross-entropy, which is the default, is in nats. Skorch records no
    accuracy on the training rows unless told to, with
    ``EpochScoring("accuracy", lower_is_better=False, on_train=True, name="train_acc")``.

    Examples
    --------
    >>> from ibtools import LearningCurveDisplay
    >>> losses = [0.9, 0.5, 0.6, 0.55, 0.4, 0.7]
    >>> history = [{"epoch": e, "valid_loss": loss} for e, loss in enumerate(losses, start=1)]
    >>> display = LearningCurveDisplay.from_history(history, quantities=["loss"], patience=2)
    >>> display.stopping_
    StoppingPoints(early=4, perfect=5, patience=2)
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    @classmethod
    def from_history(cls, history: Any, **kwargs: Any) -> Self:
        """Draw the losses and accuracies of a history.

        Parameters
        ----------
        history : skorch.history.History
            ``net.history``, or one loaded from its file.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : LearningCurveDisplay
            With the artists drawn.

        Raises
        ------
        ValueError
            If there are no epochs, or an epoch has no validation loss.
        """
        return cls(_learning_table(history)).plot(**kwargs)

    @classmethod
    def from_estimator(cls, net: Any, **kwargs: Any) -> Self:
        """Draw the losses and accuracies of a fitted net.

        Parameters
        ----------
        net : skorch.NeuralNet, or Pipeline that ends in one
            The fitted net.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : LearningCurveDisplay
            With the artists drawn.

        Raises
        ------
        NotFittedError
            If the net was not trained.
        """
        return cls.from_history(fitted_history(net), **kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        quantities: Sequence[str] = ("loss", "accuracy"),
        patience: int = 5,
        min_delta: float = 0.0,
        legend: bool = True,
    ) -> Self:
        """Draw the quantities over a logarithmic axis of epochs.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each quantity; None makes a figure.

        quantities : sequence of str, default=("loss", "accuracy")
            What to draw: "loss", "accuracy".

        patience : int, default=5
            After how many epochs without an improvement early stopping stops.

        min_delta : float, default=0.0
            A loss improves if it falls below the least so far by more than this.

        legend : bool, default=True
            Whether to name the lines.

        Returns
        -------
        self : LearningCurveDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If a quantity is unknown or was not recorded, a validation loss is NaN, the number of
            axes is not that of the quantities, or as :func:`ibtools.plane.stopping_points` does.
        """
        self._check(quantities)
        self.stopping_ = stopping_points(
            self.table["valid_loss"], patience=patience, min_delta=min_delta
        )
        self._make_axes(ax, len(quantities))
        self.lines_: dict[tuple[str, str], Any] = {}
        self.marks_: dict[tuple[str, str], Any] = {}
        for panel, quantity in zip(self.axes_, quantities, strict=True):
            self._draw(panel, quantity)
            self._mark(panel, quantity, self.stopping_)
            panel.set(xscale="log", xlabel="epoch", ylabel=quantity)
        if legend and ax is None:
            handles, names = self.ax_.get_legend_handles_labels()
            self.figure_.legend(handles, names, loc="outside upper center", ncols=2, frameon=False)
        elif legend:
            self.ax_.legend(fontsize="small", frameon=False)
        return self

    def _check(self, quantities: Sequence[str]) -> None:
        unknown = [name for name in quantities if name not in _SUFFIXES]
        if unknown or not quantities:
            raise ValueError(f"quantities must be some of {list(_SUFFIXES)}, got {unknown}.")
        if "accuracy" in quantities and not self._columns("accuracy"):
            raise ValueError(
                "The history has no accuracy, neither valid_acc nor train_acc: pass "
                "quantities=['loss'], or train a classifier, which records valid_acc."
            )

    def _columns(self, quantity: str) -> dict[str, str]:
        """Columns of the table that hold a quantity, by side."""
        columns = {side: f"{prefix}_{_SUFFIXES[quantity]}" for side, prefix in _SIDES.items()}
        return {side: column for side, column in columns.items() if column in self.table}

    def _make_axes(self, ax: Any, n_panels: int) -> None:
        if ax is None:
            _, ax = plt.subplots(
                ncols=n_panels,
                figsize=(0.6 + 3.6 * n_panels, 3.6),
                layout="constrained",
                squeeze=False,
            )
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) != n_panels:
            raise ValueError(f"Give {n_panels} axes, one per quantity, got {len(self.axes_)}.")
        self.ax_: Axes = self.axes_[0]
        self.figure_ = self.ax_.figure

    def _draw(self, ax: Axes, quantity: str) -> None:
        styles, n_epochs = layer_styles(list(_SIDES)), len(self.table)
        few = np.unique(np.geomspace(1, n_epochs, 10).round().astype(int)) - 1
        for side, column in self._columns(quantity).items():
            color, marker = styles[side]
            (self.lines_[quantity, side],) = ax.plot(
                self.table["epoch"],
                self.table[column],
                color=color,
                linewidth=1,
                marker=marker,
                markersize=4,
                markevery=few.tolist(),
                label=side,
            )

    def _mark(self, ax: Axes, quantity: str, points: StoppingPoints) -> None:
        names = {
            "early": (points.early, f"early stopping, patience {points.patience}", _EARLY, "--"),
            "perfect": (points.perfect, "perfect stopping", _PERFECT, ":"),
        }
        for point, (number, name, color, dashes) in names.items():
            if number is not None:
                epoch = self.table["epoch"].iloc[number - 1]
                self.marks_[quantity, point] = ax.axvline(
                    epoch, color=color, linestyle=dashes, linewidth=1.4, label=f"{name}: {epoch}"
                )


def _learning_table(history: Any) -> pd.DataFrame:
    columns = [f"{side}_{suffix}" for suffix in _SUFFIXES.values() for side in _SIDES.values()]
    rows = [{name: row[name] for name in ("epoch", *columns) if name in row} for row in history]
    if not rows:
        raise ValueError("The history has no epochs: fit the net first.")
    missing = [row["epoch"] for row in rows if "valid_loss" not in row]
    if missing:
        raise ValueError(
            f"The history has no validation loss in epoch {missing[0]}: train with a train_split, "
            "which sets rows aside for validation."
        )
    return pd.DataFrame(rows)
