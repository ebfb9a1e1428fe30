"""Keep the activations of a network while it learns."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ibtools.callbacks._measured_rows import MeasuredRowsCallback, check_count
from ibtools.callbacks._propagation import propagate
from ibtools.callbacks._rows import Rows
from ibtools.plane._recording import ActivationRecording


class ActivationRecorder(MeasuredRowsCallback):
    """Store the activations of chosen epochs on disk, to be measured later.

    Any estimator, bin width or bound can then be tried without training again::

        InformationPlane.from_recording("run1", BinnedMI(n_bins=30))

    Every epoch is written to a compressed file of its own as soon as it is over, whole or not at
    all. A training that is killed leaves all epochs before.

    Parameters
    ----------
    path : str or path
        Folder to make.

    layers : str or list of str, default=None
        As in :class:`ibtools.InfoPlaneCallback`.

    every : "log", int or iterable of int, default="log"
        As in :class:`ibtools.InfoPlaneCallback`.

    n_records : int, default=75
        Number of epochs recorded by ``every="log"``.

    on : {"train", "valid", "all"}, (X, y) or dataset, default="train"
        Rows whose activations are kept.

    n_replicates : int, default=1
        How many times every input is propagated, for networks with noise.

    max_samples : int, default=None
        Keep this many rows, drawn once without replacement, if there are more.

    max_bytes : int, default=None
        Stop recording, with a warning, once the folder is larger than this; training goes on.

    overwrite : bool, default=False
        Whether a recording that is in the folder already is replaced. Nothing else is.

    random_state : int, RandomState instance or None, default=None
        Seed of the draw of rows.

    Attributes
    ----------
    layers_ : list of str
        The layers recorded, in order of execution.

    recording_ : ActivationRecording
        What was recorded.

    See Also
    --------
    ibtools.plane.ActivationRecording : Reads a recording.
    ibtools.InfoPlaneCallback : Measures at once, and keeps the numbers only.

    Notes
    -----
    The activations of one epoch are in memory at a time. A recording of float32 activations takes
    at most 4 bytes per row, unit and epoch.

    If an epoch cannot be written, as when the disk is full, the callback warns, keeps what was
    recorded before, and training goes on.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ibtools import MLP, ActivationRecorder, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> X, y = make_szt()
    >>> with TemporaryDirectory() as folder:
    ...     recorder = ActivationRecorder(folder, n_records=2, max_samples=100)
    ...     net = InformationClassifier(
    ...         MLP, module__sizes=(12, 3, 2), max_epochs=2, callbacks=[recorder], verbose=0
    ...     ).fit(X, y)
    ...     recorder.recording_.epochs
    [0, 1, 2]
    """

    def __init__(
        self,
        path: str | Path,
        *,
        layers: str | list[str] | None = None,
        every: str | int | Iterable[int] = "log",
        n_records: int = 75,
        on: Any = "train",
        n_replicates: int = 1,
        max_samples: int | None = None,
        max_bytes: int | None = None,
        overwrite: bool = False,
        random_state: Any = None,
    ) -> None:
        self.path = path
        self.layers = layers
        self.every = every
        self.n_records = n_records
        self.on = on
        self.n_replicates = n_replicates
        self.max_samples = max_samples
        self.max_bytes = max_bytes
        self.overwrite = overwrite
        self.random_state = random_state

    def initialize(self) -> "ActivationRecorder":
        """Check the parameters and forget earlier training."""
        check_count("n_replicates", self.n_replicates)
        self.is_open_ = False
        return super().initialize()

    def begin(self, net: Any, rows: Rows) -> None:
        """Make the folder, unless training goes on that has one already."""
        if self.is_open_:
            self._check_same_rows(rows)
            return
        self.recording_ = ActivationRecording.create(
            self.path,
            {layer.name: layer.bounds for layer in self.network_layers_},
            {"y": rows.y, "values": rows.values, "inputs": rows.inputs},
            n_replicates=self.n_replicates,
            overwrite=self.overwrite,
        )
        self.is_open_ = self.has_room_ = True
        self.n_bytes_ = self.recording_.n_bytes

    def _check_same_rows(self, rows: Rows) -> None:
        recorded = self.recording_
        pairs: list[tuple[Any, Any]] = [
            (recorded.inputs, rows.inputs),
            (recorded.y, rows.y),
            (recorded.values, rows.values),
        ]
        if not all(np.array_equal(old, new) for old, new in pairs):
            raise ValueError(
                f"{recorded.path} has recorded other rows than those that training goes on with: "
                "name the rows that are recorded with on=(X, y), or record to another folder."
            )

    def record(self, net: Any, rows: Rows, epoch: int) -> None:
        """Write the activations of an epoch."""
        if not self.has_room_:
            return
        activations = propagate(
            net, rows.batches, self.network_layers_, n_replicates=self.n_replicates
        )
        try:
            self.n_bytes_ += self.recording_.add(epoch, activations)
        except OSError as error:
            self._stop(f"Epoch {epoch} could not be written: {error}.")
            return
        if self.max_bytes is not None and self.n_bytes_ > self.max_bytes:
            self._stop(f"The recording has {self.n_bytes_} bytes, more than {self.max_bytes}.")

    def _stop(self, reason: str) -> None:
        self.has_room_ = False
        warnings.warn(
            f"{reason} {self.recording_.path} keeps the epochs {self.recording_.epochs}; training "
            "goes on without recording.",
            UserWarning,
            stacklevel=3,
        )
