"""Activations of recorded epochs on disk: written epoch by epoch, read layer by layer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ibtools.plane._files import replacing

_FORMAT = 1
_INDEX = "recording.json"
_ROWS = "rows.npz"
_EPOCHS = f"epoch-{'[0-9]' * 8}.npz"


class ActivationRecording:
    """Activations of the layers of a network at some epochs, kept in a folder.

    Every epoch is a compressed file of its own, which is there whole or not at all: a recording
    that was cut off by a full disk or a kill holds all epochs before.

    Parameters
    ----------
    path : str or path
        The folder, as :class:`ibtools.ActivationRecorder` has left it.

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

    See Also
    --------
    ibtools.ActivationRecorder : Makes one while a network learns.
    ibtools.InformationPlane : ``InformationPlane.from_recording`` measures one.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            index = json.loads((self.path / _INDEX).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{self.path} is no recording of activations: it has no {_INDEX}."
            ) from error
        if index.get("format") != _FORMAT:
            raise ValueError(
                f"{self.path} has the format {index.get('format')!r}, this version reads {_FORMAT}."
            )
        self.bounds: dict[str, tuple[float, float] | None] = {
            layer: None if bounds is None else (bounds[0], bounds[1])
            for layer, bounds in index["layers"].items()
        }
        self.n_replicates: int = index["n_replicates"]
        with np.load(self.path / _ROWS) as rows:
            self.y, self.values = rows.get("y"), rows.get("values")
            self.inputs: NDArray[Any] = rows["inputs"]

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
            if not (path / _INDEX).exists():
                raise FileExistsError(f"{path} is there already, and is no recording.")
            if not overwrite:
                raise FileExistsError(
                    f"{path} has a recording already: name another folder, or pass overwrite=True."
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
            with np.load(self._file(epoch)) as arrays:
                T: NDArray[np.floating] = arrays[str(self.layers.index(layer))]
                return T
        except FileNotFoundError as error:
            raise ValueError(
                f"The recording has no epoch {epoch}; it has {self.epochs}."
            ) from error

    def _file(self, epoch: int) -> Path:
        return self.path / f"epoch-{epoch:08d}.npz"


def _remove(path: Path) -> None:
    """Remove the files of a recording, that which makes the folder one last."""
    unfinished = (f".{name}" for name in ("epoch-*.npz", "rows-*.npz", "recording-*.json"))
    for pattern in (_EPOCHS, *unfinished, _ROWS, _INDEX):
        for file in path.glob(pattern):
            file.unlink()
