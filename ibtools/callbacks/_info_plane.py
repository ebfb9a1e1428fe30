"""Record the information plane of a network while it learns."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from skorch.callbacks import Callback, EpochScoring, EpochTimer, PassthroughScoring, PrintLog

from ibtools.callbacks._capture import Layer, fits_pattern
from ibtools.callbacks._propagation import evaluation, network_layers, propagate
from ibtools.callbacks._rows import Rows, choose_datasets, read_rows
from ibtools.callbacks._schedule import recording_epochs
from ibtools.plane._history import history_key
from ibtools.plane._measurement import (
    log_base,
    measure_ceilings,
    measure_point,
    named_estimators,
    takes_numbers,
)


class InfoPlaneCallback(Callback):
    """Measure I(X;T) and I(T;Y) of every layer of a skorch net while it learns.

    The values go to ``net.history`` as plain numbers, under the keys
    ``mi_x/<estimator>/<layer>`` and ``mi_y/<estimator>/<layer>``; those of the untrained network
    stand in the first row with ``@0`` appended. The plane is
    ``InformationPlane.from_history(net.history)``, of a live net as of a loaded checkpoint.
    Measuring does not change training: the forward passes are the callback's own, in evaluation
    mode, without gradients, and torch's random state is put back.

    Parameters
    ----------
    estimator : estimator of mutual information or dict of them, default=None
        What measures. A dict names several, ``{"binned": BinnedMI(), ...}``; one estimator has
        the name of its class. None means ``BinnedMI()``.

    layers : str or list of str, default=None
        Names of layers or patterns (``*``, ``?``), as in ``net.module_.named_modules()``; calls of
        activation functions are named after the function, ``block.relu``, and repeated calls of
        the same layer ``act``, ``act#1``. None measures every activation, as module or function,
        or every innermost module of a network that has none. What the network predicts is always
        the last layer: ``probabilities`` (``prediction`` if the net is no classifier), in place of
        a layer of that name.

    every : "log", int or iterable of int, default="log"
        After which epochs to record: `n_records` epochs evenly spaced on a logarithmic axis,
        up to the net's `max_epochs`, every k-th epoch, or the epochs named. The untrained network
        (epoch 0) and the last epoch are always recorded.

    n_records : int, default=75
        Number of epochs recorded by ``every="log"``.

    on : {"train", "valid", "all"}, (X, y) or dataset, default="train"
        The rows that are measured. They are read once, when training begins, and kept.

    layer_estimators : dict, default=None
        Other estimators for the layers that fit a pattern, ``{"conv*": BinnedMI(n_bins=100)}``;
        as values estimators or, where `estimator` is a dict, dicts with some of its names.

    module_bounds : bool, default=True
        Whether an estimator with ``bounds=None`` gets the bounds of the layer's activation, where
        it has some: (-1, 1) after tanh, (0, 1) after sigmoid and softmax.

    n_replicates : int, default=1
        How many times every input is propagated, for networks with noise. The estimator is told
        which rows came from the same input.

    max_samples : int, default=None
        Measure this many rows, drawn once without replacement, if there are more.

    random_state : int, RandomState instance or None, default=None
        Seed of that draw; None draws anew in every fit, without touching numpy's global state.

    Attributes
    ----------
    layers_ : list of str
        The layers measured, in order of execution.

    See Also
    --------
    ibtools.InformationPlane : The table of what was recorded.
    ibtools.InformationPlaneDisplay : Its figure.

    Notes
    -----
    Works under every skorch net. Labels are the net's targets if these are classes. A real-valued
    target goes as it is to the estimators that take one (they have a parameter `target`). For
    those of classes, I(T;Y) is I(T;X) where the target is the input (an autoencoder); for any
    other real-valued target they record I(X;T) only, and the callback warns once.

    Activations that are not finite stop training with an error that names layer and epoch; what
    was trained and recorded until then stays in the net. An epoch that is recorded only because
    training ends after it is recorded after the checkpoints of that epoch were written.

    The activations of all layers on all measured rows are held at once: `max_samples` bounds what
    that takes for wide layers.

    Examples
    --------
    >>> from ibtools import MLP, InfoPlaneCallback, InformationClassifier, InformationPlane
    >>> from ibtools.datasets import make_szt
    >>> X, y = make_szt()
    >>> net = InformationClassifier(
    ...     MLP,
    ...     module__sizes=(12, 10, 7, 2),
    ...     max_epochs=3,
    ...     callbacks=[InfoPlaneCallback(on="all")],
    ...     random_state=0,
    ...     verbose=0,
    ... ).fit(X, y)
    >>> plane = InformationPlane.from_history(net.history)
    >>> plane.layers, plane.epochs
    (['hidden1', 'hidden2', 'probabilities'], [0, 1, 2, 3])
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        layers: str | list[str] | None = None,
        every: str | int | Iterable[int] = "log",
        n_records: int = 75,
        on: Any = "train",
        layer_estimators: Mapping[str, Any] | None = None,
        module_bounds: bool = True,
        n_replicates: int = 1,
        max_samples: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.layers = layers
        self.every = every
        self.n_records = n_records
        self.on = on
        self.layer_estimators = layer_estimators
        self.module_bounds = module_bounds
        self.n_replicates = n_replicates
        self.max_samples = max_samples
        self.random_state = random_state

    def initialize(self) -> Self:
        """Check the parameters and forget earlier training."""
        self.estimators_ = named_estimators(self.estimator)
        self.layer_estimators_ = {
            pattern: _replacements(estimator, self.estimators_)
            for pattern, estimator in (self.layer_estimators or {}).items()
        }
        for name in ("n_replicates", "max_samples"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value!r}.")
        self.finished_ = self.recorded_ = -1
        # Unseeded, the draw of rows still leaves alone what the training may draw from.
        rng = np.random.RandomState() if self.random_state is None else self.random_state
        self.seed_ = int(check_random_state(rng).randint(2**31))
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Fix the epochs, and move ahead of the callbacks that read the history."""
        n_epochs = len(net.history) + net.max_epochs
        self.epochs_ = recording_epochs(self.every, n_epochs, self.n_records)
        self.rows_: Rows | None = None
        self._check_names(net)
        _move_ahead(net, self)

    def on_epoch_begin(
        self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any
    ) -> None:
        """Read the rows when training begins, and measure the untrained network."""
        if self.rows_ is not None:
            return
        datasets = choose_datasets(net, self.on, dataset_train, dataset_valid)
        with evaluation(net):
            self.rows_ = read_rows(net, datasets, self.max_samples, self.seed_)
        self.network_layers_ = network_layers(net, self.rows_.batches[0], self.layers)
        self.layers_ = [layer.name for layer in self.network_layers_]
        for pattern in self.layer_estimators_:
            if not any(fits_pattern(name, pattern) for name in self.layers_):
                raise ValueError(
                    f"layer_estimators[{pattern!r}] fits none of the layers measured: "
                    + ", ".join(self.layers_)
                    + "."
                )
        unmeasured = [
            name
            for name, estimator in self.estimators_.items()
            if self.rows_.has_target and self._target(estimator, self.rows_) is None
        ]
        if unmeasured:
            warnings.warn(
                "The target is not one class label per row, as it has to be for "
                f"{', '.join(unmeasured)}: I(X;T) is recorded, I(T;Y) is not.",
                UserWarning,
                stacklevel=2,
            )
        if len(net.history) == 1:
            self._record(net, self.rows_, epoch=0)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Measure after the epochs that are to be recorded."""
        self.finished_ = net.history[-1]["epoch"]
        if self.rows_ is not None and self.finished_ in self.epochs_:
            self._record(net, self.rows_, self.finished_)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Measure the last epoch, unless it was interrupted, and let go of the rows."""
        complete = self.finished_ == len(net.history)
        if self.rows_ is not None and complete and self.finished_ != self.recorded_:
            self._record(net, self.rows_, self.finished_)
        self.rows_ = None

    def _check_names(self, net: Any) -> None:
        for _, callback in net.callbacks_:
            if isinstance(callback, InfoPlaneCallback) and callback is not self:
                shared = sorted(self.estimators_.keys() & callback.estimators_.keys())
                if shared:
                    raise ValueError(
                        f"Two callbacks record estimators named {shared}, and would write over "
                        "each other: name them, as in InfoPlaneCallback({'binned_valid': "
                        "BinnedMI()}, on='valid')."
                    )

    def _record(self, net: Any, rows: Rows, epoch: int) -> None:
        """Measure every layer; the history is written when all have succeeded."""
        values = dict(self._ceilings(rows, epoch))
        activations = propagate(
            net, rows.batches, self.network_layers_, n_replicates=self.n_replicates
        )
        for layer in self.network_layers_:
            with _naming(layer.name, epoch):
                values |= self._measure(layer, activations.pop(layer.name), rows, epoch)
        for key, value in values.items():
            net.history.record(key, value)
        _hide_from_print_logs(net, values)
        self.recorded_ = epoch

    def _measure(
        self, layer: Layer, representation: NDArray[np.floating], rows: Rows, epoch: int
    ) -> dict[str, float]:
        if not np.isfinite(representation).all():
            raise ValueError("its activations have values that are not finite.")
        return {
            history_key(quantity, name, layer.name, untrained=epoch == 0): value
            for name, estimator in self._estimators_of(layer.name).items()
            for quantity, value in measure_point(
                estimator,
                representation,
                self._repeated(self._target(estimator, rows)),
                self._inputs(estimator, rows),
                bounds=layer.bounds if self.module_bounds else None,
            ).items()
        }

    def _ceilings(self, rows: Rows, epoch: int) -> Iterator[tuple[str, float]]:
        for name, estimator in self.estimators_.items():
            ceilings = measure_ceilings(rows.n_samples, rows.y, base=log_base(estimator))
            for quantity, value in ceilings.items():
                yield history_key(quantity, name, "", untrained=epoch == 0), value

    def _estimators_of(self, layer: str) -> dict[str, Any]:
        estimators = dict(self.estimators_)
        for pattern, others in self.layer_estimators_.items():
            if fits_pattern(layer, pattern):
                estimators |= others
        return estimators

    def _target(self, estimator: Any, rows: Rows) -> NDArray[Any] | None:
        """Numbers for an estimator that takes them, classes otherwise."""
        numbers = rows.values is not None and takes_numbers(estimator)
        return rows.values if numbers else rows.y

    def _inputs(self, estimator: Any, rows: Rows) -> NDArray[Any] | None:
        """What the estimator takes as inputs: values, or the index of the repeated ones."""
        if getattr(estimator, "inputs_as", "index") == "values":
            return self._repeated(rows.inputs)
        return None if self.n_replicates == 1 else self._repeated(np.arange(rows.n_samples))

    def _repeated(self, rows: NDArray[Any] | None) -> NDArray[Any] | None:
        if rows is None or self.n_replicates == 1:
            return rows
        return np.concatenate([rows] * self.n_replicates)


def _replacements(estimator: Any, replaced: dict[str, Any]) -> dict[str, Any]:
    """Estimators that stand in for those of the same names on some layers."""
    names = list(replaced)
    if not isinstance(estimator, Mapping):
        if len(names) > 1:
            raise ValueError(
                f"estimator names {names}: say in layer_estimators which of them {estimator!r} "
                "replaces, by a dict."
            )
        estimator = {names[0]: estimator}
    unknown = set(estimator) - set(names)
    if unknown:
        raise ValueError(f"layer_estimators has {sorted(unknown)}, but estimator has {names}.")
    for name, other in estimator.items():
        if log_base(other) != log_base(replaced[name]):
            raise ValueError(
                f"Estimators of one name measure in one unit, but {name!r} has base "
                f"{log_base(replaced[name])} and, in layer_estimators, {log_base(other)}."
            )
    return dict(estimator)


@contextmanager
def _naming(layer: str, epoch: int) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(
            f"Layer {layer!r} could not be measured at epoch {epoch}: {error} The net keeps what "
            "was trained and recorded until then, in its module_ and history."
        ) from error


def _move_ahead(net: Any, callback: Callback) -> None:
    """Put the callback behind skorch's timer and scores, and before all that read the history."""
    own = [named for named in net.callbacks_ if named[1] is callback]
    others = [named for named in net.callbacks_ if named[1] is not callback]
    writes = [isinstance(cb, EpochTimer | PassthroughScoring | EpochScoring) for _, cb in others]
    place = [*writes, False].index(False)
    net.callbacks_ = [*others[:place], *own, *others[place:]]


def _hide_from_print_logs(net: Any, keys: Iterable[str]) -> None:
    for _, callback in net.callbacks_:
        if isinstance(callback, PrintLog):
            callback.keys_ignored_.update(keys)
