"""The comparison of estimators as a figure."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

# Colours of Okabe and Ito, told apart by the colour-blind; markers tell estimators apart in grey.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#8C6D31")
_MARKERS = "osD^vPXph*"

# Named differently before matplotlib 3.10.
_HORIZONTAL: dict[str, Any] = (
    {"orientation": "horizontal"} if matplotlib.__version_info__ >= (3, 10) else {"vert": False}
)

_QUANTITIES = {"mi_x": "I(X;T)", "mi_y": "I(T;Y)", "score": "held-out score"}


class EstimatorComparisonDisplay:
    """Figure of a comparison of estimators: their error against n, and a box for each.

    Make it with `from_results`.

    Parameters
    ----------
    values : array-like of shape (n_estimators, n_sizes, n_replicates)
        Estimates. NaN is left out.

    estimators : sequence of str
        Names of the estimators.

    n_train : array-like of shape (n_sizes,)
        Rows that the estimates are made from.

    truth : float, default=None
        The true information in the unit of the values, where it is known.

    quantity : {"mi_x", "mi_y", "score"}, default="mi_y"
        What the values are.

    unit : str, default="bits"
        Their unit.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    axes_ : ndarray of matplotlib Axes
        The panels.

    ax_ : matplotlib Axes
        The first of them.

    lines_ : dict
        Artists of the panel of sizes by estimator, as :meth:`matplotlib.axes.Axes.errorbar` returns
        them: the mean, with bars of one standard deviation.

    boxes_ : dict
        Artists of the panel of boxes, as :meth:`matplotlib.axes.Axes.boxplot` returns them.

    points_ : dict
        The replicates over the boxes, by estimator.

    truth_lines_ : list of matplotlib Line2D
        The truth, one line per panel; empty where it is not known.

    See Also
    --------
    compare_estimators : The results.

    Examples
    --------
    >>> from ibtools import BinnedMI, EstimatorComparisonDisplay, compare_estimators
    >>> from ibtools.datasets import DiscretePair
    >>> channel = DiscretePair.symmetric(0.1)
    >>> X, y = channel.sample(200, random_state=0)
    >>> results = compare_estimators([BinnedMI(2)], X, y, random_state=0)
    >>> display = EstimatorComparisonDisplay.from_results(
    ...     results, truth=channel.mutual_information
    ... )
    >>> display.ax_.get_xlabel()
    'I(T;Y) [bits]'
    """

    def __init__(
        self,
        values: ArrayLike,
        *,
        estimators: Sequence[str],
        n_train: ArrayLike,
        truth: float | None = None,
        quantity: str = "mi_y",
        unit: str = "bits",
    ) -> None:
        self.values = values
        self.estimators = estimators
        self.n_train = n_train
        self.truth = truth
        self.quantity = quantity
        self.unit = unit

    @classmethod
    def from_results(
        cls,
        results: Mapping[str, Any],
        *,
        truth: float | None = None,
        quantity: str = "mi_y",
        **kwargs: Any,
    ) -> Self:
        """Draw what `compare_estimators` returned.

        Parameters
        ----------
        results : Bunch
            The results.

        truth : float, default=None
            The true information in the unit of the results, where it is known.

        quantity : {"mi_x", "mi_y", "score"}, default="mi_y"
            What to draw.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : EstimatorComparisonDisplay
            With the artists drawn.
        """
        if quantity not in _QUANTITIES:
            raise ValueError(f"quantity must be one of {list(_QUANTITIES)}, got {quantity!r}.")
        display = cls(
            results[quantity],
            estimators=results["estimators"],
            n_train=np.asarray(results["n_train"]).mean(axis=1),
            truth=truth,
            quantity=quantity,
            unit=results["unit"],
        )
        return display.plot(**kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        kind: str | None = None,
        show_points: bool = True,
    ) -> Self:
        """Draw the comparison.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each panel; None makes a figure.

        kind : {"sizes", "boxes"}, default=None
            "sizes" draws the mean against n, with bars of one standard deviation: the bias
            where the truth is known, else the value. "boxes" draws one box per estimator, at the
            largest n. None draws both, or the boxes alone where there is one size.

        show_points : bool, default=True
            Whether to draw the replicates over the boxes.

        Returns
        -------
        self : EstimatorComparisonDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If `kind` is unknown, the number of axes is not that of the panels, or there is no
            value to draw.
        """
        values = np.asarray(self.values, dtype=np.float64)
        n_train = np.asarray(self.n_train, dtype=np.float64)
        if not np.isfinite(values).any():
            raise ValueError(f"No estimator has a value of {self.quantity!r}: nothing to draw.")
        self._make_axes(ax, _panels(kind, len(n_train)))
        self.lines_: dict[str, Any] = {}
        self.points_: dict[str, Any] = {}
        self.boxes_: dict[str, list[Any]] = {}
        self.truth_lines_: list[Any] = []
        for panel, what in zip(self.axes_, _panels(kind, len(n_train)), strict=True):
            if what == "sizes":
                self._draw_sizes(panel, values, n_train)
            else:
                self._draw_boxes(panel, values[:, np.argmax(n_train)], show_points=show_points)
                at = f" at n = {n_train.max():.0f}" if len(n_train) > 1 else ""
                panel.set_xlabel(f"{_QUANTITIES[self.quantity]}{at} [{self.unit}]")
        return self

    def _make_axes(self, ax: Any, panels: list[str]) -> None:
        if ax is None:
            n_estimators = len(self.estimators)
            _, ax = plt.subplots(
                ncols=len(panels),
                figsize=(1.4 + 3.8 * len(panels), max(3.2, 1.3 + 0.42 * n_estimators)),
                layout="constrained",
                squeeze=False,
            )
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) != len(panels):
            raise ValueError(
                f"The figure has the panels {panels}: give {len(panels)} axes, got "
                f"{len(self.axes_)}."
            )
        self.ax_: Axes = self.axes_[0]
        self.figure_ = self.ax_.figure

    def _draw_sizes(
        self, ax: Axes, values: NDArray[np.float64], n_train: NDArray[np.float64]
    ) -> None:
        order = np.argsort(n_train)
        n = n_train[order]
        dodge = 1.025 ** (np.arange(len(values)) - (len(values) - 1) / 2)  # bars side by side
        offset = 0.0 if self.truth is None else self.truth
        if self.truth is not None:
            self.truth_lines_.append(ax.axhline(0.0, **_TRUTH_LINE))
        for k, name in enumerate(self.estimators):
            errors = values[k, order] - offset
            measured = np.isfinite(errors).any(axis=1)
            if not measured.any():
                continue
            mean = np.nanmean(errors[measured], axis=1)
            color, marker = _style(k)
            self.lines_[name] = ax.errorbar(
                n[measured] * dodge[k],
                mean,
                yerr=np.nanstd(errors[measured], axis=1, ddof=min(1, errors.shape[1] - 1)),
                color=color,
                marker=marker,
                markersize=5.5,
                linewidth=1.2,
                elinewidth=0.9,
                markeredgecolor="white",
                markeredgewidth=0.6,
                label=name,
            )
        symbol = _QUANTITIES[self.quantity]
        label = symbol if self.truth is None else f"bias of {_in_words(self.quantity)}"
        ax.set(xscale="log", xlabel="rows n", ylabel=f"{label} [{self.unit}]")
        ax.xaxis.set_major_locator(FixedLocator(n.tolist()))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticks(n, [f"{size:.0f}" for size in n])
        _tidy(ax)
        if len(self.axes_) == 1:
            ax.legend(frameon=False, fontsize="small")

    def _draw_boxes(self, ax: Axes, values: NDArray[np.float64], *, show_points: bool) -> None:
        places = np.arange(len(values))[::-1]
        samples = [row[np.isfinite(row)] for row in values]
        if self.truth is not None:
            self.truth_lines_.append(ax.axvline(self.truth, **_TRUTH_LINE))
        self.boxes_ = ax.boxplot(
            samples,
            positions=places,
            widths=0.55,
            **_HORIZONTAL,
            showfliers=not show_points,
            patch_artist=True,
            manage_ticks=False,
            medianprops={"color": "0.15", "linewidth": 1.4},
            whiskerprops={"color": "0.4", "linewidth": 0.9},
            capprops={"color": "0.4", "linewidth": 0.9},
        )
        for k, (name, box) in enumerate(zip(self.estimators, self.boxes_["boxes"], strict=True)):
            color, marker = _style(k)
            box.set(facecolor=color, alpha=0.35, edgecolor="0.4", linewidth=0.9)
            if show_points and len(samples[k]):
                spread = np.linspace(-0.15, 0.15, len(samples[k])) if len(samples[k]) > 1 else 0.0
                self.points_[name] = ax.scatter(
                    samples[k],
                    np.full(len(samples[k]), places[k]) + spread,
                    color=color,
                    marker=marker,
                    s=13,
                    edgecolors="white",
                    linewidths=0.4,
                    zorder=3,
                )
        names = [
            name if len(sample) else f"{name}\n(not measured)"
            for name, sample in zip(self.estimators, samples, strict=True)
        ]
        ax.set_yticks(places, names)
        ax.set_ylim(-0.6, len(values) - 0.4)
        _tidy(ax)
        ax.tick_params(axis="y", length=0)
        if self.truth is not None:
            ax.annotate(
                f"truth {self.truth:.4g}",
                (self.truth, 1),
                (0, 3),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                fontsize="small",
                color="0.3",
            )


_TRUTH_LINE: dict[str, Any] = {"color": "0.35", "lw": 1.0, "ls": (0, (4, 3)), "zorder": 1}


def _panels(kind: str | None, n_sizes: int) -> list[str]:
    if kind not in (None, "sizes", "boxes"):
        raise ValueError(f"kind must be 'sizes', 'boxes' or None, got {kind!r}.")
    if kind is not None:
        return [kind]
    return ["sizes", "boxes"] if n_sizes > 1 else ["boxes"]


def _style(k: int) -> tuple[str, str]:
    return _COLORS[k % len(_COLORS)], _MARKERS[k % len(_MARKERS)]


def _in_words(quantity: str) -> str:
    return "the score" if quantity == "score" else _QUANTITIES[quantity]


def _tidy(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="both", color="0.92", linewidth=0.7)
    ax.set_axisbelow(True)
