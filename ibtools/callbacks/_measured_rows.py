"""What callbacks share that look at the layers of a network on fixed rows at chosen epochs."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from skorch.callbacks import Callback

from ibtools.callbacks._capture import Layer
from ibtools.callbacks._loggers import record_values
from ibtools.callbacks._order import move_ahead
from ibtools.callbacks._propagation import evaluation, network_layers
from ibtools.callbacks._rows import Rows, choose_datasets, read_rows
from ibtools.callbacks._schedule import recording_epochs


class MeasuredRowsCallback(Callback):
    """Reads the measured rows when training begins, and records the epochs that are to be recorded.

    A subclass says in `record` what is done with an epoch, in `begin` what is done before the
    first, and in `end` what is done after the last. The untrained network is epoch 0, and the last
    epoch is always recorded. `every`, `n_records`, `layers`, `on`, `max_samples` and
    `random_state` are parameters of the subclass.
    """

    layers: str | list[str] | None
    every: str | int | Iterable[int]
    n_records: int
    on: Any
    max_samples: int | None
    random_state: Any

    def initialize(self) -> Self:
        """Check the parameters and forget earlier training."""
        if self.max_samples is not None:
            check_count("max_samples", self.max_samples)
        self.finished_ = self.recorded_ = -1
        # Unseeded, the draw of rows still leaves alone what the training may draw from.
        rng = np.random.RandomState() if self.random_state is None else self.random_state
        self.seed_ = int(check_random_state(rng).randint(2**31))
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Fix the epochs, and move ahead of the callbacks that read the history."""
        n_epochs = len(net.history) + net.max_epochs
        self.epochs_ = recording_epochs(self.every, n_epochs, self.n_records)
        self.last_ = n_epochs
        self.rows_: Rows | None = None
        self.is_over_ = False
        move_ahead(net, self)

    def on_epoch_begin(
        self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any
    ) -> None:
        """Read the rows when training begins, and record the untrained network."""
        if self.rows_ is not None:
            return
        datasets = choose_datasets(net, self.on, dataset_train, dataset_valid)
        with evaluation(net):
            self.rows_ = read_rows(net, datasets, self.n_rows_drawn(), self.seed_)
        self.network_layers_ = self.choose_layers(net, self.rows_)
        self.layers_ = [layer.name for layer in self.network_layers_]
        self.begin(net, self.rows_)
        if len(net.history) == 1:
            self._record(net, self.rows_, 0)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Record the epochs that are to be recorded."""
        self.finished_ = net.history[-1]["epoch"]
        if self.rows_ is None:
            return
        if self.finished_ in self.epochs_:
            self._record(net, self.rows_, self.finished_)
        else:
            self.skip(net, self.rows_, self.finished_)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Record the last epoch, unless it was interrupted, and let go of the rows."""
        self.is_over_ = True
        if self.rows_ is not None and self.finished_ == len(net.history):
            if self.finished_ != self.recorded_:
                self._record(net, self.rows_, self.finished_)
            self.end(net, self.rows_, self.finished_)
        self.rows_ = None

    def n_rows_drawn(self) -> int | None:
        """Rows that are drawn, if there are more; None takes all.

        Returns
        -------
        n_rows : int or None
            `max_samples`, unless a subclass needs more.
        """
        return self.max_samples

    def choose_layers(self, net: Any, rows: Rows) -> list[Layer]:
        """Choose the layers that are looked at.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        rows : Rows
            The measured rows.

        Returns
        -------
        layers : list of Layer
            In order of execution.
        """
        return network_layers(net, rows.batches[0], self.layers)

    def begin(self, net: Any, rows: Rows) -> None:
        """Prepare for the first epoch.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        rows : Rows
            The measured rows.
        """

    def skip(self, net: Any, rows: Rows, epoch: int) -> None:
        """Pass by an epoch that is not to be recorded.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        rows : Rows
            The measured rows.
        epoch : int
            The epoch.
        """

    @abstractmethod
    def record(self, net: Any, rows: Rows, epoch: int) -> None:
        """Record an epoch.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        rows : Rows
            The measured rows.
        epoch : int
            The epoch, 0 for the untrained network.
        """

    def end(self, net: Any, rows: Rows, epoch: int) -> None:
        """Add what only the last epoch has, which is known as the last when training has ended.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        rows : Rows
            The measured rows.
        epoch : int
            The last epoch, which has been recorded.
        """

    def write(self, net: Any, values: Mapping[str, float]) -> None:
        """Write values to the history, for all who read it.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        values : dict of str to float
            By key of the history.
        """
        record_values(net, values, is_over=self.is_over_)

    def _record(self, net: Any, rows: Rows, epoch: int) -> None:
        self.record(net, rows, epoch)
        self.recorded_ = epoch


def check_count(name: str, value: Any) -> None:
    """Refuse what is no whole number of 1 or more.

    Parameters
    ----------
    name : str
        Name of the parameter.
    value : object
        Its value.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number of 1 or more, got {value!r}.")


def refuse_another(net: Any, callback: Callback) -> None:
    """Refuse a second callback of a kind that records under fixed keys.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    callback : skorch.callbacks.Callback
        One of its callbacks.

    Raises
    ------
    ValueError
        If the net has another callback of the same class.
    """
    if any(type(other) is type(callback) and other is not callback for _, other in net.callbacks_):
        raise ValueError(
            f"The net has two callbacks of the class {type(callback).__name__}, which would write "
            "over each other: give it one."
        )


def refuse_not_finite(values: NDArray[np.floating], what: str, layer: str, epoch: int) -> None:
    """Refuse values that cannot be measured.

    Parameters
    ----------
    values : ndarray
        Values of a layer.
    what : str
        What they are, in the plural.
    layer : str
        Name of the layer.
    epoch : int
        The epoch.

    Raises
    ------
    ValueError
        If there are NaN or infinite values.
    """
    if not np.isfinite(values).all():
        raise ValueError(
            f"Layer {layer!r} could not be measured at epoch {epoch}: its {what} have values that "
            "are not finite. The net keeps what was trained and recorded until then, in its "
            "module_ and history."
        )
