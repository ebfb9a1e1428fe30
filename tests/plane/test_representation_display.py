"""Scatter plots of the rows of narrow layers."""

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from ibtools.plane._recording import ActivationRecording
from ibtools.plane._representation_display import RepresentationDisplay

RNG = np.random.default_rng(0)
LAYERS = {f"hidden{d}": RNG.normal(size=(30, d)) for d in (7, 3, 2, 1)}
Y = np.arange(30) % 3


def test_points_hold_the_rows():
    display = RepresentationDisplay.from_activations(LAYERS, Y)
    assert [panel.get_title() for panel in display.axes_] == ["hidden3", "hidden2", "hidden1"]
    assert [panel.name for panel in display.axes_] == ["3d", "rectilinear", "rectilinear"]
    offsets = display.points_["hidden2", 1].get_offsets()
    np.testing.assert_allclose(offsets, LAYERS["hidden2"][Y == 1])
    counts = display.points_["hidden1", 2].get_data().values
    assert counts.sum() == 10
    assert len(display.points_["hidden3", 0].get_offsets()) == 10
    assert len(display.figure_.legends) == 1
    display.figure_.canvas.draw()


def test_without_labels_and_as_tensors():
    display = RepresentationDisplay.from_activations({"T": torch.as_tensor(LAYERS["hidden2"])})
    np.testing.assert_allclose(display.points_["T", None].get_offsets(), LAYERS["hidden2"])
    assert display.figure_.legends == []


def test_on_given_axes():
    _, ax = plt.subplots()
    display = RepresentationDisplay.from_activations({"T": LAYERS["hidden2"]}, Y, ax=ax)
    assert display.ax_ is ax
    assert len(ax.get_legend().get_texts()) == 3


def test_from_a_recording(tmp_path):
    rows = {"y": Y[:15], "values": None, "inputs": np.zeros((15, 1))}
    layers = dict.fromkeys(LAYERS)
    recording = ActivationRecording.create(tmp_path / "run", layers, rows, n_replicates=2)
    recording.add(0, {layer: 0 * T for layer, T in LAYERS.items()})
    recording.add(5, LAYERS)
    display = RepresentationDisplay.from_recording(recording)
    offsets = display.points_["hidden2", 1].get_offsets()
    np.testing.assert_allclose(offsets, LAYERS["hidden2"][np.tile(Y[:15], 2) == 1])
    first = RepresentationDisplay.from_recording(recording, epoch=0)
    assert not first.points_["hidden2", 1].get_offsets().any()


def test_refusals():
    with pytest.raises(ValueError, match=r"up to 3 units can be drawn, got \{'hidden7': 7\}"):
        RepresentationDisplay.from_activations({"hidden7": LAYERS["hidden7"]})
    with pytest.raises(ValueError, match="up to 3 units can be drawn"):
        RepresentationDisplay(LAYERS).plot()
    with pytest.raises(ValueError, match="'hidden3' has 30 rows, and y 2 labels"):
        RepresentationDisplay.from_activations(LAYERS, [0, 1])
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="Give 3 axes, one per layer, got 1"):
        RepresentationDisplay.from_activations(LAYERS, Y, ax=ax)
    with pytest.raises(ValueError, match="'hidden3' has 3 units: axes with projection='3d'"):
        RepresentationDisplay.from_activations({"hidden3": LAYERS["hidden3"]}, Y, ax=ax)
