import gzip
import hashlib
from types import SimpleNamespace
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest

from ibtools.datasets._sources import SOURCES, Source


@pytest.fixture(autouse=True)
def _isolated(monkeypatch, tmp_path):
    """No test sees the user's data home or the network; file addresses stay open."""

    def open_files_only(url, timeout):
        if not url.startswith("file:"):
            raise URLError("no network")
        return urlopen(url, timeout=timeout)

    monkeypatch.delenv("IBTOOLS_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit_learn_data"))
    monkeypatch.setattr("ibtools.datasets._files.urlopen", open_files_only)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def publish(monkeypatch, tmp_path):
    """Function that makes `content` the published content of `key` and returns the file's bytes."""

    def publish(key, content):
        gzipped = SOURCES[key].gzipped
        path = tmp_path / "web" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if gzipped else content)
        checksum = hashlib.sha256(content).hexdigest()
        monkeypatch.setitem(SOURCES, key, Source(path.as_uri(), checksum, gzipped))
        return path.read_bytes()

    return publish


@pytest.fixture
def place(home):
    """Function that stores `content` as the file `key` of the data home."""

    def place(key, content):
        path = home / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return place


def idx_bytes(values):
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return header + values.tobytes()


@pytest.fixture(params=["mnist", "fashion_mnist", "notmnist"])
def folder(request):
    return request.param


@pytest.fixture
def tiny(publish):
    """Function that publishes a tiny collection: image i is constant i, its label i modulo 10."""

    def tiny(folder):
        sizes = {"train": 40, "t10k": 20} if folder != "notmnist" else {"t10k": 20}
        files = {}
        for part, n_images in sizes.items():
            values = np.arange(n_images, dtype=np.uint8)
            images = np.tile(values[:, np.newaxis, np.newaxis], (1, 28, 28))
            for name, array in (("images-idx3", images), ("labels-idx1", values % 10)):
                key = f"{folder}/{part}-{name}-ubyte.gz"
                files[key] = publish(key, idx_bytes(array))
        return SimpleNamespace(files=files)

    return tiny


@pytest.fixture
def tiny_mnist(tiny, place):
    """The tiny collection, published as MNIST and stored in the data home."""
    for key, content in tiny("mnist").files.items():
        place(key, content)
