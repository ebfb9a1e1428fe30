"""Record the information along the chain of errors that a network propagates back."""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ibtools.callbacks._backpropagation import backpropagate, error_layers
from ibtools.callbacks._capture import Layer
from ibtools.callbacks._measured_rows import (
    MeasuredRowsCallback,
    refuse_another,
    refuse_not_finite,
)
from ibtools.callbacks._rows import Rows
from ibtools.estimators._renyi import RenyiMatrixMI
from ibtools.plane._error_plane import error_key
from ibtools.plane._measurement import log_base, named_estimators


class ErrorPlaneCallback(MeasuredRowsCallback):
    """Measure what the error of every layer says about the error of the output.

    In backpropagation the error delta_l = dLoss/dz_l, z_l the pre-activation of layer l, is
    computed from that of the layer above, and the output's, delta_K, comes first. The callback
    measures I(delta_K; delta_l) of every layer [1]_. The values go to ``net.history`` as plain
    numbers; ``error_plane(net.history)`` is their :class:`ibtools.InformationPlane`.

    Parameters
    ----------
    estimator : estimator of mutual information or dict of them, default=None
        What measures: one that takes the values of `inputs`, which here are delta_K. None is
        ``RenyiMatrixMI(alpha=1.01, bandwidth="silverman", bandwidth_factor=0.1, batch_size=128)``,
        as in [1]_. One whose `random_state` is None gets the callback's, the same for all layers
        and epochs, so that these are measured on the same mini-batches.

    layers : str or list of str, default=None
        Names of layers or patterns, as in :class:`ibtools.InfoPlaneCallback`. The error of an
        activation is that of its input; of another module, that of what it gives.

    every : "log", int or iterable of int, default="log"
        As in :class:`ibtools.InfoPlaneCallback`.

    n_records : int, default=75
        Number of epochs recorded by ``every="log"``.

    on : {"train", "valid", "all"}, (X, y) or dataset, default="train"
        The rows that are measured, with their targets. They are read once, and kept.

    max_samples : int, default=None
        Measure this many rows, drawn once without replacement, if there are more.

    random_state : int, RandomState instance or None, default=None
        Seed of that draw, and of the estimators that have none.

    Attributes
    ----------
    layers_ : list of str
        The layers measured, from the last before the output to the first.

    output_ : str
        Name of the output, whose error is delta_K.

    See Also
    --------
    ibtools.plane.error_plane : The table of what was recorded.
    ibtools.plane.data_processing_pairs : Compares neighbours along the chain.
    ibtools.InfoPlaneCallback : The forward chain.

    Notes
    -----
    Every row has the error of its own loss, by the net's criterion with ``reduction="sum"`` (a
    criterion without `reduction` is taken for a mean over rows), in evaluation mode: no dropout,
    and the running means of batch normalisation. It is the gradient by tensors that a forward pass
    of the callback's own has captured; the gradients of the parameters, the mode of the module and
    torch's random state are left as they are, and training is not changed.

    delta_K is the error of the logits: where the module ends in a softmax, of its input.

    ``I(delta_K; delta_(K-1)) >= ... >= I(delta_K; delta_1)`` would be the data-processing
    inequality of a Markov chain. This chain is none in the strict sense, for delta_l is computed
    from the activations, too: a violation is a finding, not a failure.

    The published bandwidth is one for errors of the order of 1. As the loss falls the errors
    shrink, at a fixed bandwidth they become alike, and all informations fall with them; "scaled"
    follows their size.

    Errors that are not finite stop training with an error that names layer and epoch.

    References
    ----------
    .. [1] S. Yu, K. Wickstrom, R. Jenssen and J. C. Principe, "Understanding convolutional neural
       networks with information theory", IEEE TNNLS 32, 2021.

    Examples
    --------
    >>> from ibtools import MLP, ErrorPlaneCallback, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> from ibtools.plane import error_plane
    >>> X, y = make_szt()
    >>> errors = ErrorPlaneCallback(max_samples=256)
    >>> net = InformationClassifier(
    ...     MLP, module__sizes=(12, 5, 3, 2), max_epochs=1, callbacks=[errors], verbose=0
    ... ).fit(X, y)
    >>> error_plane(net.history).layers
    ['hidden2', 'hidden1']
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        layers: str | list[str] | None = None,
        every: str | int | Iterable[int] = "log",
        n_records: int = 75,
        on: Any = "train",
        max_samples: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.layers = layers
        self.every = every
        self.n_records = n_records
        self.on = on
        self.max_samples = max_samples
        self.random_state = random_state

    def initialize(self) -> Self:
        """Check the parameters and forget earlier training."""
        super().initialize()
        estimator = _published() if self.estimator is None else self.estimator
        self.estimators_ = {
            name: _seeded(each, self.seed_) for name, each in named_estimators(estimator).items()
        }
        for name, each in self.estimators_.items():
            if getattr(each, "inputs_as", "index") != "values":
                raise ValueError(
                    f"{name!r} does not measure the information about values, as those of the "
                    "output's error are: take RenyiMatrixMI, NearestNeighborsMI, "
                    "DependenceGraphMI or GaussianMI."
                )
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Fix the epochs, and move ahead of the callbacks that read the history."""
        super().on_train_begin(net, X, y, **kwargs)
        refuse_another(net, self)

    def choose_layers(self, net: Any, rows: Rows) -> list[Layer]:
        """Choose the layers whose errors are measured, the output first."""
        if not rows.has_target:
            raise ValueError("Errors are those of a loss, which needs targets: give on=(X, y).")
        return error_layers(net, rows, self.layers)

    def begin(self, net: Any, rows: Rows) -> None:
        """Tell the output, the end of the chain, from the layers that are measured."""
        self.output_, *self.layers_ = self.layers_

    def record(self, net: Any, rows: Rows, epoch: int) -> None:
        """Measure every layer; the history is written when all have succeeded."""
        errors = backpropagate(net, rows, self.network_layers_)
        for layer, error in errors.items():
            refuse_not_finite(error, "errors", layer, epoch)
        reference = errors.pop(self.output_)
        points = {}
        for name, estimator in self.estimators_.items():
            shared = {"": {"log_base": log_base(estimator)}}
            measured = {layer: _point(estimator, errors[layer], reference) for layer in errors}
            for layer, values in (measured | shared).items():
                for quantity, value in values.items():
                    points[error_key(quantity, name, layer, untrained=epoch == 0)] = value
        self.write(net, points)


def _published() -> RenyiMatrixMI:
    return RenyiMatrixMI(alpha=1.01, bandwidth="silverman", bandwidth_factor=0.1, batch_size=128)


def _seeded(estimator: Any, seed: int) -> Any:
    estimator = clone(estimator)
    if estimator.get_params(deep=False).get("random_state", seed) is None:
        estimator.set_params(random_state=seed)
    return estimator


def _point(
    estimator: Any, error: NDArray[np.floating], reference: NDArray[np.floating]
) -> dict[str, float]:
    """Information of an error about that of the output, and the most that it can be."""
    fitted = clone(estimator).fit(error, inputs=reference)
    values = {
        "mi_x": fitted.mi_x_,
        "mi_x_std_error": getattr(fitted, "mi_x_std_error_", None),
        "mi_x_ceiling": getattr(fitted, "input_entropy_", None),
    }
    return {name: float(value) for name, value in values.items() if value is not None}
