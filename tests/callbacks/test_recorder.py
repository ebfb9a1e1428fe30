"""The recorder of activations."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone

from ibtools import (
    MLP,
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    NearestNeighborsMI,
    RenyiMatrixMI,
)
from ibtools.callbacks._recorder import ActivationRecorder
from ibtools.plane._recording import ActivationRecording


def _net(recorder, **parameters):
    parameters = {"max_epochs": 4} | parameters
    return InformationClassifier(
        MLP,
        module__sizes=(6, 5, 3, 2),
        callbacks=[recorder],
        random_state=0,
        verbose=0,
        **parameters,
    )


def test_epochs_layers_and_rows(data, tmp_path):
    X, y = data
    net = _net(ActivationRecorder(tmp_path / "run", every=2, on="all"), train_split=None).fit(X, y)
    recording = ActivationRecording(tmp_path / "run")
    assert recording.epochs == [0, 2, 4]
    assert recording.layers == ["hidden1", "hidden2", "probabilities"]
    assert recording.bounds["hidden1"] == (-1.0, 1.0)
    np.testing.assert_array_equal(recording.inputs, X)
    np.testing.assert_array_equal(recording.y, y)
    with torch.no_grad():
        hidden1 = torch.tanh(net.module_.linear1(torch.as_tensor(X))).numpy()
    np.testing.assert_allclose(recording.activations(4, "hidden1"), hidden1, atol=1e-6)
    np.testing.assert_allclose(
        recording.activations(4, "probabilities"), net.predict_proba(X), atol=1e-6
    )


def test_training_is_not_changed(data, tmp_path):
    X, y = data
    recorded = _net(ActivationRecorder(tmp_path / "run")).fit(X, y)
    plain = _net(ActivationRecorder(tmp_path / "other", every=[0])).fit(X, y)
    for one, other in zip(recorded.module_.parameters(), plain.module_.parameters(), strict=True):
        assert torch.equal(one, other)


def test_replicates_and_a_draw_of_rows(data, tmp_path):
    X, y = data
    recorder = ActivationRecorder(
        tmp_path / "run", n_replicates=3, max_samples=10, every=[4], layers="hidden1"
    )
    _net(recorder).fit(X, y)
    recording = ActivationRecording(tmp_path / "run")
    assert recording.n_replicates == 3
    assert recording.inputs.shape == (10, 6)
    assert recording.activations(4, "hidden1").shape == (30, 5)


def test_going_on_with_training_goes_on_with_the_recording(data, tmp_path):
    X, y = data
    net = _net(ActivationRecorder(tmp_path / "run", every=1), max_epochs=2).fit(X, y)
    net.partial_fit(X, y)
    assert ActivationRecording(tmp_path / "run").epochs == [0, 1, 2, 3, 4]


def test_a_second_fit_does_not_replace_the_first(data, tmp_path):
    X, y = data
    net = _net(ActivationRecorder(tmp_path / "run")).fit(X, y)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        net.fit(X, y)
    _net(ActivationRecorder(tmp_path / "run", overwrite=True, every=[1])).fit(X, y)
    assert ActivationRecording(tmp_path / "run").epochs == [0, 1, 4]


def test_a_bound_on_the_size_stops_recording_and_not_training(data, tmp_path):
    X, y = data
    recorder = ActivationRecorder(tmp_path / "run", every=1, max_bytes=1)
    with pytest.warns(UserWarning, match=r"more than 1\. .*keeps the epochs \[0\]"):
        net = _net(recorder).fit(X, y)
    assert len(net.history) == 4
    assert ActivationRecording(tmp_path / "run").epochs == [0]


def test_a_full_disk_stops_recording_and_not_training(data, tmp_path, monkeypatch):
    X, y = data
    add = ActivationRecording.add

    def full(self, epoch, activations):
        if epoch == 2:
            raise OSError(28, "No space left on device")
        return add(self, epoch, activations)

    monkeypatch.setattr(ActivationRecording, "add", full)
    with pytest.warns(UserWarning, match="Epoch 2 could not be written: .*No space left"):
        net = _net(ActivationRecorder(tmp_path / "run", every=1)).fit(X, y)
    assert len(net.history) == 4
    assert ActivationRecording(tmp_path / "run").epochs == [0, 1]


def test_clone_and_refused_parameters(data, tmp_path):
    X, y = data
    recorder = ActivationRecorder(tmp_path / "run", n_records=3)
    assert clone(recorder).n_records == 3
    for name in ("n_replicates", "max_samples"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number of 1 or more, got 0"):
            _net(ActivationRecorder(tmp_path / "run", **{name: 0})).fit(X, y)


def test_a_recording_is_measured_as_the_callback_measures(data, tmp_path):
    X, y = data
    estimators = {
        "binned": BinnedMI(n_bins=8),
        "neighbors": NearestNeighborsMI(jitter=1e-6, random_state=0),
    }
    net = InformationClassifier(
        MLP,
        module__sizes=(6, 5, 3, 2),
        callbacks=[
            ActivationRecorder(tmp_path / "run", every=1, on="all"),
            InfoPlaneCallback(estimators, every=1, on="all"),
            (
                "pooled",
                InfoPlaneCallback({"pooled": BinnedMI(n_bins=8)}, every=1, window=3, on="all"),
            ),
        ],
        max_epochs=4,
        random_state=0,
        verbose=0,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*function of the inputs")
        net.fit(X, y)
        plane = InformationPlane.from_recording(tmp_path / "run", estimators)
    recorded = InformationPlane.from_history(net.history)
    assert plane == recorded.select(estimators=["binned", "neighbors"])
    pooled = InformationPlane.from_recording(
        tmp_path / "run", {"pooled": BinnedMI(n_bins=8)}, window=3
    )
    assert pooled.epochs == [2, 3, 4]
    assert pooled == recorded.select(estimators="pooled")


def test_a_window_is_the_pooled_rows_with_their_index(data, tmp_path):
    X, y = data
    _net(ActivationRecorder(tmp_path / "run", every=1, on="all"), train_split=None).fit(X, y)
    recording = ActivationRecording(tmp_path / "run")
    T = np.concatenate([recording.activations(epoch, "hidden2") for epoch in (3, 4)])
    expected = BinnedMI(n_bins=8, bounds=(-1, 1)).fit(
        T, np.tile(y, 2), inputs=np.tile(np.arange(len(X)), 2)
    )
    plane = InformationPlane.from_recording(
        tmp_path / "run", BinnedMI(n_bins=8), layers=["hidden2"], epochs=[4], window=2
    )
    row = plane.to_frame().iloc[0]
    assert row["mi_x"] == expected.mi_x_
    assert row["mi_y"] == expected.mi_y_
    assert row["mi_x_ceiling"] == pytest.approx(np.log2(len(X)))
    assert plane == InformationPlane.from_recording(
        tmp_path / "run", BinnedMI(n_bins=8), layers=["hidden2"] * 2, epochs=[4, 4], window=2
    )
    with pytest.raises(ValueError, match="window must be from 1 to 5"):
        InformationPlane.from_recording(tmp_path / "run", window=6)
    with pytest.raises(ValueError, match="no epoch 9"):
        InformationPlane.from_recording(tmp_path / "run", epochs=[9])
    with pytest.raises(ValueError, match="fewer than 3 recorded epochs up to epoch 1"):
        InformationPlane.from_recording(tmp_path / "run", epochs=[1], window=3)


def test_training_that_goes_on_with_other_rows_is_refused(data, tmp_path):
    X, y = data
    net = _net(ActivationRecorder(tmp_path / "run", every=1), max_epochs=2).fit(X, y)
    with pytest.raises(ValueError, match=r"other rows than those .* on=\(X, y\)"):
        net.partial_fit(X[::-1].copy(), y[::-1].copy())
    assert ActivationRecording(tmp_path / "run").epochs == [0, 1, 2]


def test_the_ceiling_of_a_batch_is_that_of_its_rows(data, tmp_path):
    X, y = data
    estimators = {
        "batches": RenyiMatrixMI(alpha=2, batch_size=16, random_state=0),
        "nats": RenyiMatrixMI(alpha=2, batch_size=16, base=np.e, random_state=0),
        "large": RenyiMatrixMI(alpha=2, batch_size=60, random_state=0),
        "all": RenyiMatrixMI(alpha=2),
    }
    net = InformationClassifier(
        MLP,
        module__sizes=(6, 5, 2),
        callbacks=[
            ActivationRecorder(tmp_path / "run", every=1, on="all"),
            InfoPlaneCallback(estimators, every=1, on="all"),
        ],
        max_epochs=1,
        random_state=0,
        verbose=0,
    ).fit(X, y)
    recorded = InformationPlane.from_history(net.history)
    again = InformationPlane.from_recording(tmp_path / "run", estimators)
    T = {"hidden": X[:, :2]}
    at_hand = InformationPlane.from_activations(T, y, estimator=estimators)
    for plane in (recorded, again, at_hand):
        table = plane.to_frame()
        ceilings = table.groupby("estimator")["mi_x_ceiling"].first()
        assert ceilings["batches"] == pytest.approx(4)
        assert ceilings["nats"] == pytest.approx(np.log(16))
        assert ceilings["large"] == pytest.approx(np.log2(60))
        assert ceilings["all"] == pytest.approx(np.log2(60))
        assert (table["mi_x"] <= table["mi_x_ceiling"] + 1e-9).all()


def test_one_layer_of_a_recording_by_its_name(data, tmp_path):
    _net(ActivationRecorder(tmp_path / "run"), max_epochs=1).fit(*data)
    plane = InformationPlane.from_recording(tmp_path / "run", layers="hidden1")
    assert plane.layers == ["hidden1"]
