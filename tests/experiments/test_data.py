"""Data of a run: noise that is drawn, files of one's own, and checksums."""

import zipfile

import numpy as np
import pytest

from ibtools.datasets import make_szt
from ibtools.experiments import _data
from ibtools.experiments._data import checksum, load_data

PATTERNS = {
    "dataset": "szt",
    "gain": None,
    "label_noise": 0.0,
    "irrelevant_inputs": 0,
    "train_fraction": 0.8,
    "seed": 0,
}


def of_file(path, **changes):
    settings = {**PATTERNS, "dataset": "file", "file": str(path), **changes}
    del settings["gain"]
    return settings


def test_patterns_are_as_published():
    data = load_data(PATTERNS, as_images=False)
    X, y = make_szt()
    assert np.array_equal(data.X, X)
    assert np.array_equal(data.y, y)
    assert (data.n_classes, data.p_xy) == (2, None)


def test_label_noise_draws_labels_anew():
    data = load_data({**PATTERNS, "label_noise": 0.5}, as_images=False)
    changed = np.mean(data.y != make_szt()[1])
    # Half of the labels are drawn, and half of those stay what they were; four standard errors.
    assert abs(changed - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 4096)
    again = load_data({**PATTERNS, "label_noise": 0.5}, as_images=False)
    other = load_data({**PATTERNS, "label_noise": 0.5, "seed": 1}, as_images=False)
    assert np.array_equal(data.y, again.y)
    assert not np.array_equal(data.y, other.y)


def test_irrelevant_inputs_are_random_bits_beside_the_inputs():
    data = load_data({**PATTERNS, "irrelevant_inputs": 3}, as_images=False)
    assert data.X.shape == (4096, 15)
    assert data.X.dtype == np.float32
    assert np.array_equal(data.X[:, :12], make_szt()[0])
    assert set(np.unique(data.X[:, 12:])) == {0.0, 1.0}
    correlation = np.corrcoef(data.X[:, 12:].T, data.y)[:3, 3]
    assert np.abs(correlation).max() < 4 / np.sqrt(4096)


def test_a_gain_draws_labels_from_a_known_rule():
    data = load_data({**PATTERNS, "gain": 5.0}, as_images=False)
    assert data.p_xy.shape == (4096, 2)
    assert np.array_equal(data.y, make_szt(gain=5.0, random_state=0)[1])


def test_images_are_rows_or_images(real_data):
    settings = {**PATTERNS, "dataset": "mnist", "classes": [3, 8], "samples_per_class": 4}
    del settings["gain"]
    rows = load_data(settings, as_images=False)
    images = load_data(settings, as_images=True)
    assert rows.X.shape == (8, 784)
    assert images.X.shape == (8, 1, 28, 28)
    assert np.array_equal(images.X.reshape(8, -1), rows.X)
    assert np.bincount(rows.y).tolist() == [4, 4]


def test_a_file_of_rows(tmp_path):
    X = np.arange(12).reshape(6, 2)
    np.savez(tmp_path / "rows.npz", X=X, y=["b", "a", "b", "a", "c", "c"])
    data = load_data(of_file(tmp_path / "rows.npz"), as_images=False)
    assert data.X.dtype == np.float32
    assert np.array_equal(data.X, X)
    assert data.y.tolist() == [1, 0, 1, 0, 2, 2]
    assert data.n_classes == 3


BAD_FILES = {
    "no X": ({"Z": np.eye(3), "y": [0, 1, 0]}, "no array X"),
    "one label": ({"X": np.eye(3), "y": [1, 1, 1]}, "one label only"),
    "fewer labels": ({"X": np.eye(3), "y": [0, 1]}, "3 labels are needed"),
    "real labels": ({"X": np.eye(3), "y": [0.5, 1, 2]}, "whole numbers or words"),
    "values missing": ({"X": np.diag([1, np.nan]), "y": [0, 1]}, "not finite"),
    "values too large": ({"X": np.diag([1, 1e300]), "y": [0, 1]}, "not finite"),
    "one dimension": ({"X": np.arange(3), "y": [0, 1, 0]}, r"shape \(3,\)"),
    "no rows": ({"X": np.empty((0, 2)), "y": np.empty(0, int)}, r"shape \(0, 2\)"),
    "words": ({"X": np.array([["a"], ["b"]]), "y": [0, 1]}, "numbers of shape"),
    "objects": ({"X": np.array([[{}], [{}]], dtype=object), "y": [0, 1]}, "allow_pickle=False"),
}


@pytest.mark.parametrize("case", BAD_FILES)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_files_that_are_no_data(case, tmp_path):
    arrays, message = BAD_FILES[case]
    np.savez(tmp_path / "rows.npz", **arrays)
    with pytest.raises(ValueError, match=rf"rows\.npz cannot be used as data: .*{message}"):
        load_data(of_file(tmp_path / "rows.npz"), as_images=False)


def test_rows_are_no_images(tmp_path):
    np.savez(tmp_path / "rows.npz", X=np.eye(3), y=[0, 1, 0])
    with pytest.raises(ValueError, match="the network takes images"):
        load_data(of_file(tmp_path / "rows.npz"), as_images=True)


def test_a_file_that_is_no_archive(tmp_path):
    (tmp_path / "rows.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(ValueError, match="cannot be used as data"):
        load_data(of_file(tmp_path / "rows.npz"), as_images=False)


def test_a_cut_file(tmp_path):
    np.savez_compressed(tmp_path / "rows.npz", X=np.eye(30), y=[0, 1] * 15)
    content = (tmp_path / "rows.npz").read_bytes()
    (tmp_path / "rows.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="cannot be used as data"):
        load_data(of_file(tmp_path / "rows.npz"), as_images=False)


def test_an_archive_that_is_large_when_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(_data, "MOST_FILE_BYTES", 10_000)
    np.savez_compressed(tmp_path / "rows.npz", X=np.zeros((100, 100)), y=[0, 1] * 50)
    assert (tmp_path / "rows.npz").stat().st_size < 2000
    with zipfile.ZipFile(tmp_path / "rows.npz") as archive:
        assert sum(info.file_size for info in archive.infolist()) > 10_000
    with pytest.raises(ValueError, match="more than 10000 bytes"):
        load_data(of_file(tmp_path / "rows.npz"), as_images=False)


def test_checksum_of_a_file_is_that_of_its_content(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.eye(3), y=[0, 1, 0])
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes())
    first = checksum(of_file(tmp_path / "a.npz"))
    assert first == checksum(of_file(tmp_path / "b.npz"))
    np.savez(tmp_path / "b.npz", X=np.eye(3), y=[0, 1, 1])
    assert first != checksum(of_file(tmp_path / "b.npz"))
    with pytest.raises(FileNotFoundError):
        checksum(of_file(tmp_path / "c.npz"))


def test_checksums_of_published_data_differ():
    names = ("szt", "mnist", "fashion_mnist", "notmnist", "cifar10")
    assert len({checksum({**PATTERNS, "dataset": name}) for name in names}) == len(names)
