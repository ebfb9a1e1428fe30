"""CIFAR-10, in scikit-learn's fetch style."""

import io
import pickle
import tarfile
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibtools.datasets._files import DataHome, data_path, fetch_content
from ibtools.datasets._images import (
    Classes,
    Fetched,
    RandomState,
    RawImages,
    check_subset,
    labelled_images,
)

ARCHIVE = "cifar10/cifar-10-python.tar.gz"
EXCERPT = "cifar10/cifar10_subset.npz"

_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

_DESCRIPTION = (
    "CIFAR-10: colour 32 x 32 images in ten classes, intensities scaled to [0, 1]. "
    "A. Krizhevsky, 2009. "
)
_FROM_ARCHIVE = _DESCRIPTION + (
    "Read from the published archive: 50000 images for training and 10000 for testing."
)
_FROM_EXCERPT = _DESCRIPTION + (
    "Read from an excerpt, cifar10_subset.npz, NOT from the published archive: it holds fewer "
    "images, and their values may differ from the published ones (lossy compression)."
)

_TRAIN_BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")
_TEST_BATCHES = ("test_batch",)
_BATCHES = {"train": _TRAIN_BATCHES, "test": _TEST_BATCHES, "all": _TRAIN_BATCHES + _TEST_BATCHES}
_SPLITS = {"train": ("train",), "test": ("test",), "all": ("train", "test")}

# What reading a damaged, cut or foreign npz file raises.
_DAMAGE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


def fetch_cifar10(
    *,
    subset: str = "train",
    data_home: DataHome = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    classes: Classes = None,
    n_per_class: int | None = None,
    random_state: RandomState = None,
    as_images: bool = False,
) -> Fetched:
    """Load CIFAR-10, ten classes of colour images; download it if necessary.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The training images, the test images, or the former followed by the latter: 50000 and 10000
        in the published archive.
    data_home : str or path-like, default=None
        Folder that holds ``cifar10/``. None stands for the environment variable IBTOOLS_DATA if it
        is set, else for ``ibtools`` in scikit-learn's data home.
    download_if_missing : bool, default=True
        Whether to download the archive (170 MB) if neither file of the Notes is present; if False,
        that is an error.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    classes : sequence of int or str, default=None
        Classes to keep, by label or name: 0 "airplane", 1 "automobile", 2 "bird", 3 "cat",
        4 "deer", 5 "dog", 6 "frog", 7 "horse", 8 "ship", 9 "truck". Targets are numbered 0 to
        K - 1 in the order given, as torch losses require, and `target_names` tells which is which.
        None keeps all ten.
    n_per_class : int, default=None
        Number of images per class, drawn without replacement; None keeps every image.
    random_state : int, RandomState instance or None, default=None
        Source of the draw; without effect when `n_per_class` is None.
    as_images : bool, default=False
        Whether each sample is an image, channel first as torch has it, or the same values as a
        flat row: all red, then all green, then all blue ones.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : ndarray of shape (n_samples, 3072) or (n_samples, 3, 32, 32), dtype float32
            Intensities in [0, 1]. Samples keep the order of the file.
        target : ndarray of shape (n_samples,), dtype int64
            Numbers 0 to K - 1 of the classes.
        target_names : list of str of length K
            Name of each class.
        filenames : list of str
            The one file that was read.
        DESCR : str
            Description of the data; it says which of the two files was read.

    (data, target) : tuple if `return_X_y` is True
        The first two attributes.

    Raises
    ------
    ValueError
        If `subset` or one of the `classes` is unknown, or if a class has fewer than `n_per_class`
        images.
    OSError
        If no file is present and none can be or must be downloaded, or if the file is damaged. The
        message says where to get the file and where to put it.

    Notes
    -----
    ``cifar10/cifar-10-python.tar.gz``, the published archive, is read if it is present. Otherwise
    ``cifar10/cifar10_subset.npz`` is read if it is present: an excerpt with the uint8 arrays
    `x_train` and `x_test` of shape (n_samples, 32, 32, 3), and `y_train` and `y_test` of shape
    (n_samples,). Otherwise the archive is downloaded.

    References
    ----------
    A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report,
    University of Toronto, 2009.

    Examples
    --------
    >>> from ibtools.datasets import fetch_cifar10
    >>> bunch = fetch_cifar10(classes=["cat", "dog"], as_images=True)  # doctest: +SKIP
    """
    return labelled_images(
        partial(_load, subset, data_home, download_if_missing),
        _NAMES,
        classes=classes,
        n_per_class=n_per_class,
        random_state=random_state,
        as_images=as_images,
        return_X_y=return_X_y,
    )


def _load(subset: str, data_home: DataHome, download_if_missing: bool) -> RawImages:
    check_subset(subset)
    archive, excerpt = data_path(ARCHIVE, data_home), data_path(EXCERPT, data_home)
    if excerpt.exists() and not archive.exists():
        return _read_excerpt(excerpt, subset)
    content = fetch_content(ARCHIVE, data_home, download_if_missing)
    images, labels = _read_archive(content, subset)
    return RawImages(images, labels, [str(archive)], _FROM_ARCHIVE)


def _read_archive(content: bytes, subset: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (n_samples, 3, 32, 32) and labels of the batches; nothing is unpacked to disk."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        batches = [_read_batch(archive, name) for name in _BATCHES[subset]]
    images = np.concatenate([batch[b"data"] for batch in batches]).reshape(-1, 3, 32, 32)
    labels = np.concatenate([batch[b"labels"] for batch in batches]).astype(np.uint8)
    return images, labels


def _read_batch(archive: tarfile.TarFile, name: str) -> dict[bytes, Any]:
    member = archive.extractfile(f"cifar-10-batches-py/{name}")
    assert member is not None, "the archive's checksum was verified, and its batches are files"
    return _ArrayUnpickler(member, encoding="bytes").load()


def _dtype(code: Any, align: int, copy: int) -> np.dtype[Any]:
    """np.dtype as Python 2 pickled it, flags as integers: numpy 2.4.0 to 2.4.4 warns of those."""
    return np.dtype(code, bool(align), bool(copy))


_RECONSTRUCT = np.empty(0).__reduce__()[0]

_ALLOWED = {
    "numpy.core.multiarray._reconstruct": _RECONSTRUCT,
    "numpy._core.multiarray._reconstruct": _RECONSTRUCT,
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": _dtype,
}


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickler of numpy arrays in plain containers; every other class is refused."""

    def find_class(self, module: str, name: str) -> Any:
        """Object that a pickle may name."""
        try:
            return _ALLOWED[f"{module}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed here") from None


def _read_excerpt(path: Path, subset: str) -> RawImages:
    """Images and labels of ``cifar10_subset.npz``; OSError if it is damaged."""
    try:
        # numpy leaves a file that it opened itself open when it turns out to be damaged.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            images = np.concatenate([arrays[f"x_{split}"] for split in _SPLITS[subset]])
            labels = np.concatenate([arrays[f"y_{split}"] for split in _SPLITS[subset]])
        _check_excerpt(images, labels)
    except _DAMAGE as error:
        raise OSError(
            f"{path} cannot be used: {error}. Delete it to use the published archive instead."
        ) from error
    return RawImages(np.moveaxis(images, -1, 1), labels, [str(path)], _FROM_EXCERPT)


def _check_excerpt(images: NDArray[Any], labels: NDArray[Any]) -> None:
    if images.dtype != np.uint8 or images.shape[1:] != (32, 32, 3):
        raise ValueError(f"images of shape {images.shape} and type {images.dtype}")
    if labels.shape != images.shape[:1] or not np.isin(labels, range(10)).all():
        raise ValueError(f"{len(images)} images with labels of shape {labels.shape}, 0..9 expected")
