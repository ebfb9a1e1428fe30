"""Recorded activations on disk."""

import json

import numpy as np
import pytest

from ibtools.plane._recording import ActivationRecording

ROWS = {
    "y": np.array([0, 1, 1]),
    "values": None,
    "inputs": np.arange(6.0).reshape(3, 2),
}


def _activations(seed):
    rng = np.random.default_rng(seed)
    return {
        "hidden1": rng.normal(size=(6, 4)).astype(np.float32),
        "block/act#1": rng.normal(size=(6, 2)),
    }


@pytest.fixture
def recording(tmp_path):
    layers = {"hidden1": (-1.0, 1.0), "block/act#1": None}
    recording = ActivationRecording.create(tmp_path / "run", layers, ROWS, n_replicates=2)
    for epoch in (10, 0, 3):
        recording.add(epoch, _activations(epoch))
    return recording


def test_everything_comes_back(recording):
    again = ActivationRecording(recording.path)
    assert again.epochs == [0, 3, 10]
    assert again.layers == ["hidden1", "block/act#1"]
    assert again.bounds == {"hidden1": (-1.0, 1.0), "block/act#1": None}
    assert again.n_replicates == 2
    np.testing.assert_array_equal(again.y, ROWS["y"])
    np.testing.assert_array_equal(again.inputs, ROWS["inputs"])
    assert again.values is None
    for epoch in again.epochs:
        for layer, T in _activations(epoch).items():
            stored = again.activations(epoch, layer)
            assert stored.dtype == T.dtype
            np.testing.assert_array_equal(stored, T)


def test_a_cut_off_epoch_is_not_there(recording):
    # What a kill in the middle of a write leaves behind is a temporary file.
    (recording.path / ".epoch-00000004-xyz.npz").write_bytes(b"PK half")
    assert ActivationRecording(recording.path).epochs == [0, 3, 10]


def test_a_full_disk_keeps_the_epochs_before(recording, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space left"):
        recording.add(20, _activations(20))
    assert recording.epochs == [0, 3, 10]
    assert not list(recording.path.glob(".*"))


def test_a_recording_is_not_overwritten_silently(recording):
    create = ActivationRecording.create
    with pytest.raises(FileExistsError, match="overwrite=True"):
        create(recording.path, {"hidden1": None}, ROWS)
    assert recording.epochs == [0, 3, 10]
    fresh = create(recording.path, {"hidden1": None}, ROWS, overwrite=True)
    assert fresh.epochs == []


def test_another_folder_is_never_removed(tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(FileExistsError, match="is no recording"):
        ActivationRecording.create(tmp_path, {"hidden1": None}, ROWS, overwrite=True)
    assert (tmp_path / "thesis.txt").exists()


def test_what_is_not_there(recording, tmp_path):
    with pytest.raises(ValueError, match=r"no layer 'hidden9'; it has \['hidden1'"):
        recording.activations(0, "hidden9")
    with pytest.raises(ValueError, match=r"no epoch 7; it has \[0, 3, 10\]"):
        recording.activations(7, "hidden1")
    with pytest.raises(FileNotFoundError, match=r"it has no recording\.json"):
        ActivationRecording(tmp_path)


def test_another_format(recording):
    index = recording.path / "recording.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"format": 99}))
    with pytest.raises(ValueError, match="has the format 99, this version reads 1"):
        ActivationRecording(recording.path)


def test_size_on_disk(recording):
    sizes = [file.stat().st_size for file in recording.path.iterdir()]
    assert recording.n_bytes == sum(sizes)


def test_overwriting_leaves_other_files_alone(recording):
    path = recording.path
    (path / "notes.txt").write_text("mine")
    (path / "epoch-notes.txt").write_text("mine")
    (path / ".epoch-00000004-ab.npz").write_text("left by a kill")
    assert ActivationRecording(path).epochs == [0, 3, 10]
    again = ActivationRecording.create(path, {"hidden1": None}, ROWS, overwrite=True)
    assert again.epochs == []
    names = sorted(file.name for file in path.iterdir())
    assert names == ["epoch-notes.txt", "notes.txt", "recording.json", "rows.npz"]
