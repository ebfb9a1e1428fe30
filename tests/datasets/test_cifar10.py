import io
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest

from ibtools.datasets import fetch_cifar10
from ibtools.datasets._cifar10 import ARCHIVE, EXCERPT

BATCHES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


class Python2Pickler(pickle._Pickler):
    """Writes bytes and numpy types the way the published batches have them."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_bytes(self, value):
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes

    def reducer_override(self, value):
        if isinstance(value, np.dtype):
            return np.dtype, (b"u1", 0, 1), (3, b"|", None, None, None, -1, -1, 0)
        return NotImplemented


def python2_pickle(value):
    stream = io.BytesIO()
    Python2Pickler(stream, protocol=2).dump(value)
    return stream.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def batch(number):
    """Four images whose red, green and blue are `number`, 100 and 200."""
    image = np.repeat(np.array([number, 100, 200], dtype=np.uint8), 1024)
    labels = [number, 3, 5, 9]
    return {b"data": np.tile(image, (4, 1)), b"labels": labels, b"batch_label": b"a batch"}


def archive_of(pickles):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in pickles.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture(params=[python2_pickle, pickle.dumps], ids=["Python 2", "Python 3"])
def archive(request):
    dump = request.param
    protocol = {} if dump is python2_pickle else {"protocol": 4}
    return archive_of({name: dump(batch(i), **protocol) for i, name in enumerate(BATCHES)})


def excerpt_arrays():
    images = np.zeros((30, 32, 32, 3), dtype=np.uint8)
    images[..., 0] = np.arange(30)[:, np.newaxis, np.newaxis]
    images[:, 0, 5, 2] = 255
    labels = (np.arange(30) % 10).astype(np.uint8)
    return {
        "x_train": images[:20],
        "y_train": labels[:20],
        "x_test": images[20:],
        "y_test": labels[20:],
    }


def npz_bytes(arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize(("subset", "n_batches"), [("train", 5), ("test", 1), ("all", 6)])
def test_the_published_archive(archive, publish, place, home, subset, n_batches):
    path = place(ARCHIVE, publish(ARCHIVE, archive))
    bunch = fetch_cifar10(subset=subset, data_home=home, as_images=True, download_if_missing=False)
    assert (bunch.data.shape, bunch.data.dtype) == ((4 * n_batches, 3, 32, 32), np.float32)
    first = 5 if subset == "test" else 0
    np.testing.assert_array_equal(np.rint(255 * bunch.data[0, :, 7, 9]), [first, 100, 200])
    np.testing.assert_array_equal(bunch.target[:4], [first, 3, 5, 9])
    assert bunch.target.dtype == np.int64
    assert bunch.filenames == [str(path)]
    assert "published archive" in bunch.DESCR


def test_the_archive_is_downloaded(publish, home):
    publish(ARCHIVE, archive_of({name: python2_pickle(batch(1)) for name in BATCHES}))
    X, _ = fetch_cifar10(data_home=home, return_X_y=True)
    assert X.shape == (20, 3072)
    assert (home / ARCHIVE).exists()


def test_a_pickle_may_name_nothing_but_arrays(publish, place, home):
    harmful = pickle.dumps(os.getcwd)
    place(ARCHIVE, publish(ARCHIVE, archive_of(dict.fromkeys(BATCHES, harmful))))
    with pytest.raises(pickle.UnpicklingError, match="getcwd is not allowed here"):
        fetch_cifar10(data_home=home)


@pytest.mark.parametrize(
    ("subset", "rows"), [("train", (0, 20)), ("test", (20, 30)), ("all", (0, 30))]
)
def test_the_excerpt(place, home, subset, rows):
    path = place(EXCERPT, npz_bytes(excerpt_arrays()))
    bunch = fetch_cifar10(subset=subset, data_home=home, as_images=True)
    assert bunch.data.shape == (rows[1] - rows[0], 3, 32, 32)
    np.testing.assert_array_equal(np.rint(255 * bunch.data[:, 0, 3, 3]), np.arange(*rows))
    assert bunch.data[0, 2, 0, 5] == 1
    np.testing.assert_array_equal(bunch.target, np.arange(*rows) % 10)
    assert bunch.filenames == [str(path)]
    assert "NOT from the published archive" in bunch.DESCR


def test_a_flat_row_is_red_then_green_then_blue(place, home):
    place(EXCERPT, npz_bytes(excerpt_arrays()))
    X, _ = fetch_cifar10(data_home=home, return_X_y=True)
    assert X.shape == (20, 3072)
    assert X[0, 2048 + 5] == 1


def test_classes_by_name(place, home):
    place(EXCERPT, npz_bytes(excerpt_arrays()))
    bunch = fetch_cifar10(data_home=home, classes=["dog", "cat"], as_images=True)
    assert bunch.target_names == ["dog", "cat"]
    np.testing.assert_array_equal(np.rint(255 * bunch.data[:, 0, 0, 0]), [3, 5, 13, 15])
    np.testing.assert_array_equal(bunch.target, [1, 0, 1, 0])


def test_the_archive_comes_before_the_excerpt(publish, place, home):
    content = archive_of({name: python2_pickle(batch(1)) for name in BATCHES})
    place(ARCHIVE, publish(ARCHIVE, content))
    place(EXCERPT, npz_bytes(excerpt_arrays()))
    assert fetch_cifar10(data_home=home).filenames == [str(home / ARCHIVE)]


def test_neither_file_is_there(home):
    with pytest.raises(FileNotFoundError, match=r"cifar-10-python\.tar\.gz is missing"):
        fetch_cifar10(data_home=home, download_if_missing=False)


def test_a_damaged_archive(place, home):
    place(ARCHIVE, b"half an archive")
    with pytest.raises(OSError, match=r"cifar-10-python\.tar\.gz cannot be used: the sha256"):
        fetch_cifar10(data_home=home)


def test_an_unknown_subset(home):
    with pytest.raises(ValueError, match="subset must be 'train', 'test' or 'all'"):
        fetch_cifar10(subset="validation", data_home=home)


def npy_bytes():
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no npz file",
        npy_bytes(),
        npz_bytes(excerpt_arrays())[:-200],
        npz_bytes({"x_test": np.zeros(3)}),
        npz_bytes(excerpt_arrays() | {"x_train": np.zeros((20, 32, 32, 3))}),
        npz_bytes(excerpt_arrays() | {"x_train": np.zeros((20, 3072), np.uint8)}),
        npz_bytes(excerpt_arrays() | {"y_train": np.zeros(19, np.uint8)}),
        npz_bytes(excerpt_arrays() | {"y_train": np.full(20, 10, np.uint8)}),
        npz_bytes(excerpt_arrays() | {"y_train": np.array([None] * 20)}),
    ],
    ids=[
        *["empty", "not npz", "npy", "cut", "key missing", "float images", "flat images"],
        *["too few labels", "label out of range", "pickled labels"],
    ],
)
def test_a_damaged_excerpt(content, place, home):
    path = place(EXCERPT, content)
    with pytest.raises(OSError, match=r"cannot be used: .* Delete it") as info:
        fetch_cifar10(data_home=home)
    assert str(path) in str(info.value)
