"""Rows of layers with few units, as scatter plots."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from ibtools.information._labels import encode_labels
from ibtools.plane._style import layer_styles

_MOST_UNITS = 3


class RepresentationDisplay:
    """Figure of the rows of layers with up to 3 units, in the colour and marker of their class.

    Make it with `from_activations` or `from_recording`.

    Parameters
    ----------
    activations : dict of str to ndarray of shape (n_samples, n_features)
        Layers of 1, 2 or 3 units.

    y : array-like of shape (n_samples,), default=None
        Class labels.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.

    axes_ : ndarray of matplotlib Axes
        One panel per layer: of the plane for 2 units, in space for 3, and the histogram of each
        class for 1.

    ax_ : matplotlib Axes
        The first of them.

    points_ : dict
        Artists by (layer, class): points, or the line of a histogram. The class is None without
        labels.

    See Also
    --------
    ibtools.ClusteringDisplay : Measures of clustering, in layers of any number of units.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import RepresentationDisplay
    >>> wide, narrow = np.zeros((4, 10)), np.array([[0.0, 1.0], [0.1, 0.9], [1.0, 0.0], [0.9, 0.1]])
    >>> display = RepresentationDisplay.from_activations(
    ...     {"hidden1": wide, "hidden2": narrow}, y=[0, 0, 1, 1]
    ... )
    >>> sorted(display.points_)
    [('hidden2', 0), ('hidden2', 1)]
    """

    def __init__(
        self, activations: Mapping[str, NDArray[np.floating]], y: ArrayLike | None = None
    ) -> None:
        self.activations = activations
        self.y = y

    @classmethod
    def from_activations(
        cls, activations: Mapping[str, Any], y: ArrayLike | None = None, **kwargs: Any
    ) -> Self:
        """Draw representations that are at hand; layers of more than 3 units are left out.

        Parameters
        ----------
        activations : dict
            Arrays or tensors of shape (n_samples, ...) by layer.

        y : array-like of shape (n_samples,), default=None
            Class labels.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : RepresentationDisplay
            With the artists drawn.

        Raises
        ------
        ValueError
            If no layer has so few units.
        """
        rows = {layer: _as_rows(values) for layer, values in activations.items()}
        narrow = {layer: T for layer, T in rows.items() if T.shape[1] <= _MOST_UNITS}
        if not narrow:
            sizes = {layer: T.shape[1] for layer, T in rows.items()}
            raise ValueError(
                f"Layers of up to {_MOST_UNITS} units can be drawn, got {sizes} units."
            )
        return cls(narrow, y).plot(**kwargs)

    @classmethod
    def from_recording(cls, recording: Any, *, epoch: int = -1, **kwargs: Any) -> Self:
        """Draw what an ActivationRecorder has kept; layers of more than 3 units are left out.

        Parameters
        ----------
        recording : ActivationRecording
            The recording.

        epoch : int, default=-1
            One of its epochs; -1 is the last.

        **kwargs : dict
            Parameters of `plot`.

        Returns
        -------
        display : RepresentationDisplay
            With the artists drawn.
        """
        epoch = recording.epochs[-1] if epoch == -1 else epoch
        activations = {layer: recording.activations(epoch, layer) for layer in recording.layers}
        y = None if recording.y is None else np.tile(recording.y, recording.n_replicates)
        return cls.from_activations(activations, y, **kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        n_bins: int = 30,
        legend: bool = True,
    ) -> Self:
        """Draw the rows.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each layer, with ``projection="3d"`` for 3 units; None makes a
            figure.

        n_bins : int, default=30
            Bins of the histograms of layers of 1 unit.

        legend : bool, default=True
            Whether to name the classes.

        Returns
        -------
        self : RepresentationDisplay
            With the artists as attributes.

        Raises
        ------
        ValueError
            If a layer has more than 3 units, the labels are not one for each row, or the axes do
            not fit the layers.
        """
        self._make_axes(ax)
        self.points_: dict[tuple[str, Any], Any] = {}
        for panel, (layer, T) in zip(self.axes_, self.activations.items(), strict=True):
            parts = self._classes(layer, T)
            edges = np.histogram_bin_edges(T, n_bins) if T.shape[1] == 1 else None
            styles = layer_styles([str(label) for label in parts])
            for (label, rows), style in zip(parts.items(), styles.values(), strict=True):
                self.points_[layer, label] = _draw_rows(panel, rows, edges, label, *style)
            panel.set_title(layer, fontsize="medium")
            _name_axes(panel, T.shape[1])
        if legend and self.y is not None and ax is None:
            handles, names = self.axes_[-1].get_legend_handles_labels()
            self.figure_.legend(
                handles, names, loc="outside right center", title="class", frameon=False
            )
        elif legend and self.y is not None:
            self.axes_[-1].legend(title="class", fontsize="small")
        return self

    def _classes(self, layer: str, T: NDArray[np.floating]) -> dict[Any, NDArray[np.floating]]:
        """Rows by class; all in one without labels."""
        if self.y is None:
            return {None: T}
        classes, labels = encode_labels(self.y)
        if len(labels) != len(T):
            raise ValueError(
                f"Layer {layer!r} has {len(T)} rows, and y {len(labels)} labels: give one per row."
            )
        return {label: T[labels == k] for k, label in enumerate(classes.tolist())}

    def _make_axes(self, ax: Any) -> None:
        sizes = {layer: np.shape(T)[1] for layer, T in self.activations.items()}
        if not sizes or max(sizes.values()) > _MOST_UNITS:
            raise ValueError(
                f"Layers of up to {_MOST_UNITS} units can be drawn, got {sizes} units."
            )
        if ax is None:
            figure = plt.figure(figsize=(1.2 + 3.2 * len(sizes), 3.3), layout="constrained")
            ax = [
                figure.add_subplot(1, len(sizes), k, projection="3d" if units == 3 else None)
                for k, units in enumerate(sizes.values(), start=1)
            ]
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) != len(sizes):
            raise ValueError(f"Give {len(sizes)} axes, one per layer, got {len(self.axes_)}.")
        for panel, (layer, units) in zip(self.axes_, sizes.items(), strict=True):
            if (panel.name == "3d") != (units == 3):
                raise ValueError(
                    f"Layer {layer!r} has {units} units: axes with projection='3d' are for 3."
                )
        self.ax_: Axes = self.axes_[0]
        self.figure_ = self.ax_.figure


def _as_rows(values: Any) -> NDArray[np.floating]:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()  # a torch tensor
    rows: NDArray[np.floating] = np.reshape(values, (len(values), -1))
    return rows


def _draw_rows(
    ax: Any,
    rows: NDArray[np.floating],
    edges: NDArray[np.floating] | None,
    label: Any,
    color: Any,
    marker: str,
) -> Any:
    if edges is not None:
        counts, _ = np.histogram(rows, edges)
        return ax.stairs(counts, edges, color=color, label=label, linewidth=1.2)
    return ax.scatter(
        *rows.T, s=9, color=color, marker=marker, alpha=0.6, linewidths=0, label=label
    )


def _name_axes(ax: Any, n_units: int) -> None:
    ax.tick_params(labelsize="x-small")
    ax.set_xlabel("unit 1", fontsize="small")
    ax.set_ylabel("rows" if n_units == 1 else "unit 2", fontsize="small")
    if n_units == 3:
        ax.set_zlabel("unit 3", fontsize="small")
        ax.locator_params(nbins=5)
        ax.set_box_aspect(None, zoom=0.85)  # leaves room for the name of the third axis
