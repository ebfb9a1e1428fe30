"""The data of a run: loaded, checked, and made harder where its settings say so."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibtools.datasets._cifar10 import ARCHIVE, EXCERPT, fetch_cifar10
from ibtools.datasets._fetch import fetch_fashion_mnist, fetch_mnist, fetch_notmnist
from ibtools.datasets._files import data_path
from ibtools.datasets._sources import SOURCES
from ibtools.datasets._szt import make_szt, szt_joint

FETCHERS: dict[str, Callable[..., Any]] = {
    "mnist": fetch_mnist,
    "fashion_mnist": fetch_fashion_mnist,
    "notmnist": fetch_notmnist,
    "cifar10": fetch_cifar10,
}
_PREFIXES = {
    "mnist": "mnist/train-",
    "fashion_mnist": "fashion_mnist/train-",
    "notmnist": "notmnist/t10k-",
}

MOST_FILE_BYTES = 2**32
_BLOCK = 2**20
_LABEL_NOISE, _IRRELEVANT_INPUTS = 1, 2

# What reading a damaged or foreign npz file raises.
_DAMAGE = (EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class RunData:
    """Rows that a run trains on.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features) or (n_samples, n_channels, height, width)
        Inputs, float32.
    y : ndarray of shape (n_samples,)
        Labels, 0 to n_classes - 1, int64.
    n_classes : int
        Number of labels.
    p_xy : ndarray of shape (n_samples, n_classes) or None
        Joint distribution of the rows and the label, where labels are drawn from a known rule.
    """

    X: NDArray[np.float32]
    y: NDArray[np.int64]
    n_classes: int
    p_xy: NDArray[np.float64] | None


def load_data(settings: Mapping[str, Any], *, as_images: bool) -> RunData:
    """Load the data of a run.

    Parameters
    ----------
    settings : mapping
        Section "data" of the run's settings.
    as_images : bool
        Whether the network takes images, and not rows.

    Returns
    -------
    data : RunData
        All rows, of training and of validation.

    Raises
    ------
    OSError
        If data cannot be had.
    ValueError
        If they are not what the network takes.
    """
    X, y = _load(settings, as_images)
    n_classes = int(y.max()) + 1
    y = _with_label_noise(y, n_classes, settings["label_noise"], settings["seed"])
    X = _with_irrelevant_inputs(X, settings["irrelevant_inputs"], settings["seed"])
    gain = settings.get("gain")
    return RunData(X, y, n_classes, None if gain is None else szt_joint(gain))


def checksum(settings: Mapping[str, Any]) -> str:
    """Checksum of the data that a run is made of.

    Parameters
    ----------
    settings : mapping
        Section "data" of the run's settings.

    Returns
    -------
    sha256 : str
        Hexadecimal. What is drawn from the data follows from the settings, and is not part of it.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    if settings["dataset"] == "szt":
        return _patterns_checksum(settings["gain"], settings["seed"])
    if settings["dataset"] == "file":
        return _file_checksum(settings["file"])
    if settings["dataset"] == "cifar10":
        excerpt = data_path(EXCERPT, None)
        if excerpt.exists() and not data_path(ARCHIVE, None).exists():
            return _file_checksum(str(excerpt))
        return SOURCES[ARCHIVE].sha256
    # Published files are used only if they have these checksums.
    prefix = _PREFIXES[settings["dataset"]]
    published = [source.sha256 for key, source in SOURCES.items() if key.startswith(prefix)]
    return hashlib.sha256("".join(published).encode()).hexdigest()


def _load(
    settings: Mapping[str, Any], as_images: bool
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    if settings["dataset"] == "szt":
        return make_szt(gain=settings["gain"], random_state=settings["seed"])
    if settings["dataset"] == "file":
        return _read_file(Path(settings["file"]), as_images)
    X, y = FETCHERS[settings["dataset"]](
        classes=settings["classes"],
        n_per_class=settings["samples_per_class"],
        random_state=settings["seed"],
        as_images=as_images,
        return_X_y=True,
    )
    return X, y


def _with_label_noise(
    y: NDArray[np.int64], n_classes: int, fraction: float, seed: int
) -> NDArray[np.int64]:
    """Labels, a fraction of them drawn anew."""
    if not fraction:
        return y
    rng = np.random.default_rng([seed, _LABEL_NOISE])
    chosen = rng.random(len(y)) < fraction
    return np.where(chosen, rng.integers(n_classes, size=len(y)), y)


def _with_irrelevant_inputs(
    X: NDArray[np.float32], n_inputs: int, seed: int
) -> NDArray[np.float32]:
    """Rows with random bits beside their inputs."""
    if not n_inputs:
        return X
    rng = np.random.default_rng([seed, _IRRELEVANT_INPUTS])
    bits = rng.integers(2, size=(len(X), n_inputs)).astype(np.float32)
    return np.hstack([X, bits])


def _read_file(path: Path, as_images: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    try:
        with path.open("rb") as stream:
            _refuse_large(stream)
            with np.load(stream, allow_pickle=False) as arrays:
                X, y = arrays["X"], arrays["y"]
        return _checked(X, y, as_images)
    except _DAMAGE as error:
        raise ValueError(f"{path} cannot be used as data: {error}") from error


def _refuse_large(stream: Any) -> None:
    """Refuse a file that is large when unpacked, before it is."""
    with zipfile.ZipFile(stream) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    missing = [name for name in ("X", "y") if f"{name}.npy" not in sizes]
    if missing:
        raise ValueError(f"it has no array {' and no array '.join(missing)}")
    if sizes["X.npy"] + sizes["y.npy"] > MOST_FILE_BYTES:
        raise ValueError(f"its arrays have more than {MOST_FILE_BYTES} bytes")
    stream.seek(0)


def _checked(
    X: NDArray[Any], y: NDArray[Any], as_images: bool
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    if X.ndim not in (2, 4) or X.dtype.kind not in "fiub" or not X.size:
        raise ValueError(
            f"X has shape {X.shape} and type {X.dtype}; numbers of shape (n_samples, n_features) "
            "or (n_samples, n_channels, height, width) are needed"
        )
    if as_images and X.ndim != 4:
        raise ValueError(
            f"X has shape {X.shape}, but the network takes images of shape (n_samples, "
            "n_channels, height, width)"
        )
    if y.shape != (len(X),) or y.dtype.kind not in "iubUS":
        raise ValueError(
            f"y has shape {y.shape} and type {y.dtype}; {len(X)} labels are needed, whole numbers "
            "or words"
        )
    X = X.astype(np.float32)
    if not np.isfinite(X).all():
        raise ValueError("X has values that are not finite")
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError("y has one label only; two are needed")
    rows = X if as_images else X.reshape(len(X), -1)
    return rows, labels.ravel().astype(np.int64)


@lru_cache(maxsize=4096)
def _patterns_checksum(gain: float | None, seed: int) -> str:
    digest = hashlib.sha256()
    for array in make_szt(gain=gain, random_state=seed):
        digest.update(array.tobytes())
    return digest.hexdigest()


def _file_checksum(file: str) -> str:
    state = Path(file).stat()
    return _content_checksum(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _content_checksum(file: str, modified: int, size: int) -> str:
    digest = hashlib.sha256()
    with Path(file).open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
