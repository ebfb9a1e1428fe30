"""Record the information plane of a network while it learns."""

import warnings
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skorch.callbacks import EarlyStopping

from ibtools.callbacks._capture import Layer, are_finite, fits_pattern, join_rows
from ibtools.callbacks._measured_rows import MeasuredRowsCallback, check_count
from ibtools.callbacks._propagation import as_member, list_members, propagate
from ibtools.callbacks._rows import Rows
from ibtools.estimators._device import uses_torch
from ibtools.networks._ensemble_history import member_key
from ibtools.plane._history import history_key
from ibtools.plane._joint import check_declared_joint
from ibtools.plane._measured_rows import MeasuredRows
from ibtools.plane._measurement import (
    describe_task,
    log_base,
    measure_point,
    named_estimators,
    rows_of_batch,
)
from ibtools.plane._subsamples import draw_subsamples, mean_point, measure_subsamples

_Pool = deque[tuple[int, dict[str, Any]]]


class InfoPlaneCallback(MeasuredRowsCallback):
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

    n_subsamples : int, default=1
        How many times `max_samples` rows are drawn, each row at most once. Each of these
        subsamples is measured by itself. Recorded are the means and, as ``mi_x_std_error`` and
        ``mi_y_std_error``, how far chance in the choice of rows moves them, see Notes.

    p_xy : array-like of shape (n_samples, n_classes), default=None
        Joint distribution of the label and the rows of ``on=(X, y)``, in place of the labels `y`
        (which may be None): the rule by which labels are drawn, where it is known and they are
        not a function of the input. Each row counts once per label, with its probability. For
        estimators that weight rows, such as BinnedMI.

    window : int, default=1
        Measure the rows of this many epochs together, the recorded one and those before it, as if
        the weights were the noise: each input then has `window` representations, and I(X;T) is
        what the pooled representation tells about the input. Epochs before `window` are not
        recorded, nor is an epoch at which training is interrupted, whose window was not kept. In a
        net with skorch's EarlyStopping every epoch is propagated, so that the last one has its
        window.

    random_state : int, RandomState instance or None, default=None
        Seed of the draw of `max_samples`; None draws anew in every fit, without touching numpy's
        global state.

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
    Works under every skorch net. Of a :class:`ibtools.networks.SeedEnsemble` every member is
    measured: the plane has a column "run", the member's number, and ``plane.mean()`` averages over
    members. Labels are the net's targets if these are classes. A real-valued
    target goes as it is to the estimators that take one (they have a parameter `target`). For
    those of classes, I(T;Y) is I(T;X) where the target is the input (an autoencoder); for any
    other real-valued target they record I(X;T) only, and the callback warns once.

    What the points are to be read against is recorded with them: H(X), H(Y) and I(X;Y) of the
    joint distribution that they are measured under, either the rows with one label each or
    `p_xy`. Under `p_xy` the beta of every binned layer is recorded as well. A net that is measured
    under the stochastic rule of its task can be read against the bound of that rule, see
    :meth:`ibtools.InformationPlane.with_bound`::

        InfoPlaneCallback(on=(X, None), p_xy=szt_joint(gain=50))

    Activations that are not finite stop training with an error that names layer and epoch; what
    was trained and recorded until then stays in the net. An epoch that is recorded only because
    training ends after it is recorded after the checkpoints of that epoch were written.

    With `n_subsamples`, the standard error of a mean of k values is their standard deviation over
    ``sqrt(k)``, itself known to one part in ``sqrt(2 * (k - 1))``: for small k, intervals are those
    of Student's t with k - 1 degrees of freedom. It stands in place of the error of an estimator's
    own random draws, which it contains. What it does not contain is the bias of fewer rows, mostly
    the larger error: ceilings are those of `max_samples` rows (I(X;T) of a noiseless layer is at
    most their logarithm), and estimates of I(T;Y) mostly rise as rows get fewer. Of a trained layer
    of 3 units with 12 bits of input, 4 subsamples of 256 rows gave an I(X;T) of 6.02 bits with an
    error of 0.10 where all rows have 7.25 (``BinnedMI()``), and 4.02 with an error of 0.07 where
    all have 4.16 (``KernelDensityMI(0.01)``). Compare points of equal `max_samples` only.

    The activations of all layers on all measured rows are held at once, those of `window` epochs,
    and, in a longer window, those of every member of an ensemble: `max_samples` bounds what that
    takes for wide layers. Rows are propagated in the batches of the net's validation, and few large
    ones (``iterator_valid__batch_size``) take less time; small ones are put together, up to 4096
    rows and 65536 values of the input. Where all estimators of a layer have a
    torch device as their `device`, its activations stay on the device of the net, and are measured
    there without passing through the host.

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
        n_subsamples: int = 1,
        p_xy: ArrayLike | None = None,
        window: int = 1,
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
        self.n_subsamples = n_subsamples
        self.p_xy = p_xy
        self.window = window
        self.random_state = random_state

    def initialize(self) -> Self:
        """Check the parameters and forget earlier training."""
        self.estimators_ = named_estimators(self.estimator)
        self.layer_estimators_ = {
            pattern: _replacements(estimator, self.estimators_)
            for pattern, estimator in (self.layer_estimators or {}).items()
        }
        for name in ("n_replicates", "window", "n_subsamples"):
            check_count(name, getattr(self, name))
        if self.n_subsamples > 1 and self.max_samples is None:
            raise ValueError(
                f"n_subsamples={self.n_subsamples} subsamples have max_samples rows each: say how "
                "many."
            )
        if self.p_xy is not None and (isinstance(self.on, str) or self.max_samples is not None):
            raise ValueError(
                "p_xy is the distribution of the rows that are measured, in their order: name the "
                "rows with on=(X, None), and leave max_samples out."
            )
        return super().initialize()

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Fix the epochs, and move ahead of the callbacks that read the history."""
        self.joint_: NDArray[np.float64] | None = None
        empty: partial[_Pool] = partial(deque, maxlen=self.window)
        self.pools_: defaultdict[int | None, _Pool] = defaultdict(empty)
        self.may_stop_ = self.window > 1 and any(
            isinstance(callback, EarlyStopping) for _, callback in net.callbacks_
        )
        self._check_names(net)
        super().on_train_begin(net, X, y, **kwargs)

    def n_rows_drawn(self) -> int | None:
        """Rows of all subsamples."""
        return None if self.max_samples is None else self.max_samples * self.n_subsamples

    def choose_layers(self, net: Any, rows: Rows) -> list[Layer]:
        """Choose the layers that are measured; those of an ensemble are its first member's."""
        with as_member(net, list_members(net)[0]):
            return super().choose_layers(net, rows)

    def begin(self, net: Any, rows: Rows) -> None:
        """Check what the layers and rows are to be measured with."""
        n_copies = self.n_replicates * self.window
        self.measured_rows_ = MeasuredRows(rows.inputs, rows.y, rows.values, n_copies)
        self.subsamples_ = self._share(rows.n_samples)
        for pattern in self.layer_estimators_:
            if not any(fits_pattern(name, pattern) for name in self.layers_):
                raise ValueError(
                    f"layer_estimators[{pattern!r}] fits none of the layers measured: "
                    + ", ".join(self.layers_)
                    + "."
                )
        if self.p_xy is not None:
            self.joint_ = self._check_joint(self.p_xy, rows.n_samples)
        else:
            self._warn_of_targets(rows)

    def skip(self, net: Any, rows: Rows, epoch: int) -> None:
        """Keep the activations of an epoch that a later one is pooled with."""
        next_ones = range(epoch, epoch + self.window)
        if self.may_stop_ or any(e in self.epochs_ or e == self.last_ for e in next_ones):
            for member in list_members(net):
                self._pool(net, rows, epoch, member)

    def record(self, net: Any, rows: Rows, epoch: int) -> None:
        """Measure every layer; the history is written when all have succeeded."""
        values: dict[str, float] = {}
        for member in list_members(net):
            values |= self._points(net, rows, epoch, member)
        if values:
            values = dict(self._task(rows, epoch)) | values
        self.write(net, values)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Measure the last epoch, unless it was interrupted, and let go of rows and activations."""
        super().on_train_end(net, **kwargs)
        self.pools_.clear()
        self.joint_ = None
        if hasattr(self, "measured_rows_"):
            del self.measured_rows_

    def _pool(self, net: Any, rows: Rows, epoch: int, member: int | None) -> _Pool:
        pool = self.pools_[member]
        if not pool or pool[-1][0] != epoch:
            with as_member(net, member):
                activations = propagate(
                    net,
                    rows.batches,
                    self.network_layers_,
                    n_replicates=self.n_replicates,
                    on_device=[name for name in self.layers_ if self._is_on_device(name)],
                )
            pool.append((epoch, activations))
        return pool

    def _points(self, net: Any, rows: Rows, epoch: int, member: int | None) -> dict[str, float]:
        """Points of all layers, of one member of an ensemble; none until the window is full."""
        pool = self._pool(net, rows, epoch, member)
        if [pooled for pooled, _ in pool] != list(range(epoch - self.window + 1, epoch + 1)):
            return {}
        values: dict[str, float] = {}
        for layer in self.network_layers_:
            parts = [activations[layer.name] for _, activations in pool]
            with _naming(layer.name, epoch, member):
                measured = self._measure(layer, join_rows(parts), epoch)
            values |= {member_key(member, key): value for key, value in measured.items()}
        if self.window == 1:
            pool.clear()  # fifty members would hold fifty times as much
        return values

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

    def _check_joint(self, p_xy: ArrayLike, n_rows: int) -> NDArray[np.float64]:
        """p(x,y) of all propagated rows."""
        for estimators in [self.estimators_, *self.layer_estimators_.values()]:
            joint = check_declared_joint(
                p_xy, n_rows, estimators, n_replicates=self.n_replicates * self.window
            )
        return joint

    def _warn_of_targets(self, rows: Rows) -> None:
        unmeasured = [
            name
            for name, estimator in self.estimators_.items()
            if rows.has_target and self.measured_rows_.target_of(estimator) is None
        ]
        if unmeasured:
            warnings.warn(
                "The target is not one class label per row, as it has to be for "
                f"{', '.join(unmeasured)}: I(X;T) is recorded, I(T;Y) is not. "
                "NearestNeighborsMI() is an estimator that takes real-valued targets.",
                UserWarning,
                stacklevel=3,
            )

    def _measure(self, layer: Layer, representation: Any, epoch: int) -> dict[str, float]:
        if not are_finite(representation):
            raise ValueError("its activations have values that are not finite.")
        return {
            history_key(quantity, name, layer.name, untrained=epoch == 0): value
            for name, estimator in self._estimators_of(layer.name).items()
            for quantity, value in self._point(
                estimator, representation, layer.bounds if self.module_bounds else None
            ).items()
        }

    def _point(
        self, estimator: Any, representation: Any, bounds: tuple[float, float] | None
    ) -> dict[str, float]:
        """The point of one layer, on all rows or as the mean of those of subsamples."""
        y = self.measured_rows_.target_of(estimator)
        inputs = self.measured_rows_.inputs_of(estimator)
        if self.subsamples_ is None:
            return measure_point(
                estimator, representation, y, inputs, p_xy=self.joint_, bounds=bounds
            )
        starts = len(self.measured_rows_.inputs) * np.arange(self.measured_rows_.n_copies)

        def measure(estimator: Any, rows: NDArray[np.int64]) -> dict[str, float]:
            rows = (starts[:, None] + rows).ravel()
            of_rows = [None if values is None else values[rows] for values in (y, inputs)]
            return measure_point(estimator, representation[rows], *of_rows, bounds=bounds)

        return measure_subsamples(measure, estimator, self.subsamples_)

    def _share(self, n_rows: int) -> list[NDArray[np.int64]] | None:
        """Rows of each subsample; None where all rows are measured together."""
        if self.max_samples is None or n_rows <= self.max_samples:
            return None
        if n_rows < self.max_samples * self.n_subsamples:
            raise ValueError(
                f"n_subsamples={self.n_subsamples} subsamples of max_samples={self.max_samples} "
                f"rows each need {self.max_samples * self.n_subsamples} rows, but there are "
                f"{n_rows}: take fewer or smaller ones."
            )
        return draw_subsamples(n_rows, self.n_subsamples, self.seed_)

    def _task(self, rows: Rows, epoch: int) -> Iterator[tuple[str, float]]:
        """What all layers are read against. Propagations share the entropies of their inputs.

        The ceilings of subsamples are those of as many rows as each of them has.
        """
        n_copies = self.n_replicates * self.window
        joint = None if self.joint_ is None else self.joint_[: rows.n_samples] * n_copies
        every = [slice(None)] if self.subsamples_ is None else self.subsamples_
        for name, estimator in self.estimators_.items():
            tasks = [
                describe_task(
                    len(rows.inputs[part]),
                    None if rows.y is None else rows.y[part],
                    None,
                    p_xy=joint,
                    base=log_base(estimator),
                    batch_size=rows_of_batch(estimator),
                )
                for part in every
            ]
            for quantity, value in mean_point(tasks).items():
                yield history_key(quantity, name, "", untrained=epoch == 0), value

    def _is_on_device(self, layer: str) -> bool:
        """Whether all estimators of a layer measure on a torch device."""
        estimators = self._estimators_of(layer).values()
        return all(uses_torch(getattr(estimator, "device", "cpu")) for estimator in estimators)

    def _estimators_of(self, layer: str) -> dict[str, Any]:
        estimators = dict(self.estimators_)
        for pattern, others in self.layer_estimators_.items():
            if fits_pattern(layer, pattern):
                estimators |= others
        return estimators


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
def _naming(layer: str, epoch: int, member: int | None) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        of_member = "" if member is None else f" of member {member}"
        raise ValueError(
            f"Layer {layer!r}{of_member} could not be measured at epoch {epoch}: {error} The net "
            "keeps what was trained and recorded until then, in its module_ and history."
        ) from error
