"""Activations of recorded epochs on disk: written epoch by epoch, read layer by layer."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ibtools.plane._files import replacing
from ibtools.plane._foreign_files import opened_archive, read_array, read_json

_FORMAT = 1
_INDEX = "recording.json"
_ROWS = "rows.npz"
_EPOCHS = f"epoch-{'[0-9]' * 8}.npz"
_UNFINISHED = (".epoch-*.npz", ".rows-*.npz", ".recording-*.json")
_MOST_REPLICATES = 10**9


class ActivationRecording:
    """Activations of the layers of a network at some epochs, kept in a folder.

    Every epoch is a compressed file of its own, which is there whole or not at all: a recording
    that was cut off by a full disk or a kill holds all epochs before.

    Parameters
    ----------
    path : str or path
        The folder, as :class:`ibtools.ActivationRecorder` has left it.

    max_bytes : int, default=2**32
        The size of one array in memory, that of a layer at one epoch, above which it is refused:
        a small file can unpack to anything.

    Attributes
    ----------
    path : Path
        The folder.

    y : ndarray of shape (n_samples,) or None
        Class labels of the rows.

    values : ndarray of shape (n_samples, n_targets) or None
        The target as numbers, where it is no class.

    inputs : ndarray of shape (n_samples, n_input_features)
        The input values.

    n_replicates : int
        How many times every input was propagated, one time after the other.

    Raises
    ------
    FileNotFoundError
        If the folder has no recording.
    ValueError
        If its files are damaged, or hold something else.

    See Also
    --------
    ibtools.ActivationRecorder : Makes one while a network learns.
    ibtools.InformationPlane : ``InformationPlane.from_recording`` measures one.

    Notes
    -----
    A recording of someone else is data: its files hold numbers and text only, and nothing in them
    is ever unpickled.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ibtools import MLP, ActivationRecorder, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> from ibtools.plane import ActivationRecording
    >>> with TemporaryDirectory() as folder:
    ...     recorder = ActivationRecorder(folder, every=[2])
    ...     net = InformationClassifier(
    ...         MLP, module__sizes=(12, 3, 2), max_epochs=2, callbacks=[recorder], verbose=0
    ...     ).fit(*make_szt())
    ...     recording = ActivationRecording(folder)
    ...     recording.epochs, recording.layers
    ([0, 2], ['hidden1', 'probabilities'])
    """

    def __init__(self, path: str | Path, *, max_bytes: int = 2**32) -> None:
        self.path = Path(path)
        self.max_bytes = max_bytes
        try:
            index = read_json(self.path / _INDEX, "an index of activations", "make it smaller")
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{self.path} is no recording of activations: it has no {_INDEX}."
            ) from error
        self.bounds, self.n_replicates = _read_index(index, self.path)
        with opened_archive(self.path / _ROWS) as archive:
            rows = {
                name: read_array(archive, name, max_bytes)
                for name in ("inputs", "y", "values")
                if name == "inputs" or f"{name}.npy" in archive.namelist()
            }
        self.inputs: NDArray[Any] = rows["inputs"]
        self.y, self.values = rows.get("y"), rows.get("values")
        if self.inputs.ndim != 2 or any(
            array.shape[:1] != self.inputs.shape[:1] for array in rows.values()
        ):
            shapes = {name: array.shape for name, array in rows.items()}
            raise ValueError(f"{self.path / _ROWS} has arrays that do not fit: {shapes}.")

    @classmethod
    def create(
        cls,
        path: str | Path,
        layers: Mapping[str, tuple[float, float] | None],
        rows: Mapping[str, NDArray[Any] | None],
        *,
        n_replicates: int = 1,
        overwrite: bool = False,
    ) -> Self:
        """Start a recording.

        Parameters
        ----------
        path : str or path
            The folder to make.
        layers : dict
            Bounds of the activation, or None, by the name of the layer, in order of execution.
        rows : dict of ndarray or None
            "inputs", "y" and "values" of the rows; only the inputs must be there.
        n_replicates : int, default=1
            Propagations of every input.
        overwrite : bool, default=False
            Whether a recording that is there already is removed; other files in the folder stay.

        Returns
        -------
        recording : ActivationRecording
            Without epochs.

        Raises
        ------
        FileExistsError
            If the folder exists, and is no recording or is not to be overwritten.
        """
        path = Path(path)
        if path.exists() and any(path.iterdir()):
            if (path / _INDEX).exists():
                if not overwrite:
                    raise FileExistsError(
                        f"{path} has a recording already: name another folder, or pass "
                        "overwrite=True."
                    )
            elif not _is_unfinished(path):
                raise FileExistsError(
                    f"{path} is there already, and is no recording: name another folder."
                )
            _remove(path)
        path.mkdir(parents=True, exist_ok=True)
        present: dict[str, Any] = {name: each for name, each in rows.items() if each is not None}
        with replacing(path / _ROWS) as file:
            np.savez_compressed(file, **present)
        index = {"format": _FORMAT, "n_replicates": n_replicates, "layers": dict(layers)}
        with replacing(path / _INDEX) as file:
            file.write_text(json.dumps(index, indent=1), encoding="utf-8")
        return cls(path)

    def add(self, epoch: int, activations: Mapping[str, NDArray[np.floating]]) -> int:
        """Write an epoch.

        Parameters
        ----------
        epoch : int
            The epoch, 0 for the untrained network.
        activations : dict of ndarray of shape (n_rows, n_features)
            By layer.

        Returns
        -------
        n_bytes : int
            Size of its file.

        Raises
        ------
        OSError
            If it cannot be written; the epochs before are still there.
        """
        path = self._file(epoch)
        # Layers are stored by number: a name may hold what a file in an archive must not.
        arrays: dict[str, Any] = {str(k): activations[name] for k, name in enumerate(self.bounds)}
        with replacing(path) as file:
            np.savez_compressed(file, **arrays)
        return path.stat().st_size

    @property
    def layers(self) -> list[str]:
        """Names of the layers, in order of execution."""
        return list(self.bounds)

    @property
    def epochs(self) -> list[int]:
        """Recorded epochs, increasing."""
        return sorted(int(file.stem.removeprefix("epoch-")) for file in self.path.glob(_EPOCHS))

    @property
    def n_bytes(self) -> int:
        """Size of all its files."""
        return sum(file.stat().st_size for file in self.path.iterdir())

    def activations(self, epoch: int, layer: str) -> NDArray[np.floating]:
        """Read one layer at one epoch.

        Parameters
        ----------
        epoch : int
            One of `epochs`.
        layer : str
            One of `layers`.

        Returns
        -------
        T : ndarray of shape (n_rows, n_features)
            Its activations.

        Raises
        ------
        ValueError
            If there is no such epoch or layer.
        """
        if layer not in self.bounds:
            raise ValueError(f"The recording has no layer {layer!r}; it has {self.layers}.")
        try:
            with opened_archive(self._file(epoch)) as archive:
                T = read_array(archive, str(self.layers.index(layer)), self.max_bytes)
        except FileNotFoundError as error:
            raise ValueError(
                f"The recording has no epoch {epoch}; it has {self.epochs}."
            ) from error
        n_rows = len(self.inputs) * self.n_replicates
        if T.ndim != 2 or len(T) != n_rows or T.dtype.kind != "f":
            raise ValueError(
                f"{self._file(epoch)} has an array of {T.dtype} and shape {T.shape} as activations "
                f"of {layer!r}, instead of real numbers in {n_rows} rows."
            )
        return T

    def _file(self, epoch: int) -> Path:
        return self.path / f"epoch-{epoch:08d}.npz"


def _read_index(index: Any, path: Path) -> tuple[dict[str, tuple[float, float] | None], int]:
    """Layers with their bounds, and the number of replicates."""
    found = index.get("format") if isinstance(index, dict) else None
    if found != _FORMAT:
        raise ValueError(f"{path} has the format {found!r}, this version reads {_FORMAT}.")
    layers, n_replicates = index.get("layers"), index.get("n_replicates")
    if not isinstance(layers, dict) or not layers or not all(map(_are_bounds, layers.values())):
        raise ValueError(
            f"{path / _INDEX} has to name the layers, with two bounds or null for each."
        )
    if type(n_replicates) is not int or not 1 <= n_replicates <= _MOST_REPLICATES:
        raise ValueError(f"{path / _INDEX} has to say n_replicates, a number from 1.")
    bounds = {layer: None if pair is None else (pair[0], pair[1]) for layer, pair in layers.items()}
    return bounds, n_replicates


def _are_bounds(pair: Any) -> bool:
    if pair is None:
        return True
    if not isinstance(pair, list) or [type(end) in (int, float) for end in pair] != [True, True]:
        return False
    return -math.inf < pair[0] < pair[1] < math.inf


def _is_unfinished(path: Path) -> bool:
    """Whether a folder has nothing but what a recorder leaves that is killed while it begins."""
    left = {file for pattern in (*_UNFINISHED, _ROWS) for file in path.glob(pattern)}
    return set(path.iterdir()) == left


def _remove(path: Path) -> None:
    """Remove the files of a recording, that which makes the folder one last."""
    for pattern in (_EPOCHS, *_UNFINISHED, _ROWS, _INDEX):
        for file in path.glob(pattern):
            file.unlink()
