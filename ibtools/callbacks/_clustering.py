"""Record how the representations of a network cluster while it learns."""

from collections.abc import Iterable, Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ibtools.callbacks._capture import Layer
from ibtools.callbacks._measured_rows import (
    MeasuredRowsCallback,
    refuse_another,
    refuse_not_finite,
)
from ibtools.callbacks._propagation import propagate
from ibtools.callbacks._rows import Rows
from ibtools.information._binning import UniformBins, counted_bins
from ibtools.information._clustering import (
    binned_entropy,
    class_effective_rank,
    class_separation,
    count_distinct_rows,
    empty_bin_fractions,
    unit_histograms,
)
from ibtools.plane._clustering import clustering_key, histogram_values


class ClusteringCallback(MeasuredRowsCallback):
    """Measure how far the rows of every layer gather in clusters while the network learns.

    The values go to ``net.history`` as plain numbers, under the keys
    ``clustering_<quantity>/<layer>``; those of the untrained network stand in the first row with
    ``@0`` appended. The tables are ``clustering_table(net.history)`` and
    ``activation_histograms(net.history)``, their figure :class:`ibtools.ClusteringDisplay`.

    Parameters
    ----------
    n_bins : int, default=30
        Number of bins of equal width for every unit, between the bounds of the layer's activation
        where it has some ((-1, 1) after tanh, (0, 1) after sigmoid and softmax), and else between
        the smallest and the largest value of the layer at that epoch.

    layers : str or list of str, default=None
        As in :class:`ibtools.InfoPlaneCallback`.

    every : "log", int or iterable of int, default="log"
        As in :class:`ibtools.InfoPlaneCallback`.

    n_records : int, default=75
        Number of epochs recorded by ``every="log"``.

    histogram_epochs : iterable of int, default=None
        Epochs whose histograms are kept, 0 being the untrained network; None keeps those of the
        untrained network, of the middle of training and of the last epoch. What else there is to
        record is recorded at these epochs as well.

    on : {"train", "valid", "all"}, (X, y) or dataset, default="train"
        The rows that are measured. They are read once, when training begins, and kept.

    max_samples : int, default=None
        Measure this many rows, drawn once without replacement, if there are more.

    random_state : int, RandomState instance or None, default=None
        Seed of that draw.

    Attributes
    ----------
    layers_ : list of str
        The layers measured, in order of execution.

    See Also
    --------
    ibtools.plane.clustering_table : The table of what was recorded.
    ibtools.plane.activation_histograms : The histograms.
    ibtools.InfoPlaneCallback : Records the plane of the same training.

    Notes
    -----
    Of every layer T the callback records

    - ``n_distinct``, the number of rows that differ from each other at all
      (:func:`ibtools.information.count_distinct_rows`);
    - ``bin_entropy``, H(Bin(T)) in bits (:func:`ibtools.information.binned_entropy`), which falls
      as rows gather in fewer bins, while the true I(X;T) of a deterministic network does not
      [1]_;
    - ``empty_bins``, the fraction of the bins of a unit that are empty, averaged over units
      (:func:`ibtools.information.empty_bin_fractions`);

    and, because bins are all alone in many dimensions, two measures that work there, where the
    target is a class:

    - ``class_separation``, the mean distance to the nearest row of another class over that of the
      same class (:func:`ibtools.information.class_separation`);
    - ``class_rank``, the effective rank of the rows of a class, averaged over classes
      (:func:`ibtools.information.class_effective_rank`).

    A histogram is kept as `n_bins` numbers and two ends for each layer and epoch: the fraction of
    the activations of all units and rows in each bin. A layer with one value only has one bin.

    Nearest rows take a time of O(n_samples^2) in layers of more than 10 units, and all layers of
    an epoch are held at once: bound both by `max_samples`.

    Measuring does not change training. Activations that are not finite stop training with an error
    that names layer and epoch; what was trained and recorded until then stays in the net.

    References
    ----------
    .. [1] Z. Goldfeld et al., "Estimating information flow in deep neural networks", ICML 2019.

    Examples
    --------
    >>> from ibtools import MLP, ClusteringCallback, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> from ibtools.plane import clustering_table
    >>> X, y = make_szt()
    >>> callback = ClusteringCallback(max_samples=200, random_state=0)
    >>> net = InformationClassifier(
    ...     MLP, module__sizes=(12, 3, 2), max_epochs=1, callbacks=[callback], verbose=0
    ... ).fit(X, y)
    >>> clustering_table(net.history)["n_distinct"].tolist()
    [200.0, 200.0, 200.0, 200.0]
    """

    def __init__(
        self,
        n_bins: int = 30,
        *,
        layers: str | list[str] | None = None,
        every: str | int | Iterable[int] = "log",
        n_records: int = 75,
        histogram_epochs: Iterable[int] | None = None,
        on: Any = "train",
        max_samples: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_bins = n_bins
        self.layers = layers
        self.every = every
        self.n_records = n_records
        self.histogram_epochs = histogram_epochs
        self.on = on
        self.max_samples = max_samples
        self.random_state = random_state

    def initialize(self) -> Self:
        """Check the parameters and forget earlier training."""
        if self.n_bins < 1:
            raise ValueError(f"n_bins must be 1 or more, got {self.n_bins!r}.")
        return super().initialize()

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Fix the epochs, and move ahead of the callbacks that read the history."""
        super().on_train_begin(net, X, y, **kwargs)
        refuse_another(net, self)
        chosen = self.histogram_epochs
        self.histogram_epochs_ = frozenset([0, self.last_ // 2] if chosen is None else chosen)
        if not all(isinstance(e, int | np.integer) and e >= 0 for e in self.histogram_epochs_):
            raise ValueError(
                f"histogram_epochs must be epochs as whole numbers from 0, got {chosen!r}."
            )
        scheduled = {epoch for epoch in range(self.last_ + 1) if epoch in self.epochs_}
        self.epochs_ = scheduled | self.histogram_epochs_

    def record(self, net: Any, rows: Rows, epoch: int) -> None:
        """Measure every layer; the history is written when all have succeeded."""
        has_histograms = epoch in self.histogram_epochs_
        self._measure(net, rows, epoch, numbers=True, histograms=has_histograms)

    def end(self, net: Any, rows: Rows, epoch: int) -> None:
        """Add the histograms of the last epoch."""
        if self.histogram_epochs is None and epoch not in self.histogram_epochs_:
            self._measure(net, rows, epoch, numbers=False, histograms=True)

    def _measure(
        self, net: Any, rows: Rows, epoch: int, *, numbers: bool, histograms: bool
    ) -> None:
        values = {}
        activations = propagate(net, rows.batches, self.network_layers_)
        for layer in self.network_layers_:
            T = activations.pop(layer.name)
            refuse_not_finite(T, "activations", layer.name, epoch)
            bins = self._bins(layer, T)
            counts = unit_histograms(T, bins)
            measured = dict(_numbers(T, rows.y, bins, counts)) if numbers else {}
            if histograms:
                fractions = (counts.sum(axis=0) / T.size).tolist()
                upper = bins.origin + len(fractions) * bins.width
                measured |= histogram_values(fractions, bins.origin, upper)
            for quantity, value in measured.items():
                values[clustering_key(quantity, layer.name, untrained=epoch == 0)] = value
        self.write(net, values)

    def _bins(self, layer: Layer, T: NDArray[np.floating]) -> UniformBins:
        bounds = (float(T.min()), float(T.max())) if layer.bounds is None else layer.bounds
        return counted_bins(self.n_bins, *bounds)


def _numbers(
    T: NDArray[np.floating],
    y: NDArray[Any] | None,
    bins: UniformBins,
    counts: NDArray[np.float64],
) -> Iterator[tuple[str, float]]:
    yield "n_distinct", float(count_distinct_rows(T))
    yield "bin_entropy", binned_entropy(T, bins)
    yield "empty_bins", float(empty_bin_fractions(counts).mean())
    if y is not None and 1 < len(np.unique(y)) < len(y):  # an autoencoder's are all different
        yield "class_separation", class_separation(T, y)
        yield "class_rank", class_effective_rank(T, y)
