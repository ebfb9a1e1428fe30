"""Figures of clustering."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from ibtools.plane._clustering import clustering_key, histogram_values
from ibtools.plane._clustering_display import ClusteringDisplay

LAYERS = ["hidden1", "hidden2"]
HISTORY = [
    {"epoch": epoch}
    | {clustering_key("n_distinct", layer): 100.0 / epoch for layer in LAYERS}
    | {clustering_key("class_separation", layer): 1.0 * epoch for layer in LAYERS}
    for epoch in range(1, 6)
]
for _row in (HISTORY[0], HISTORY[-1]):
    for _name, _value in histogram_values([0.1, 0.2, 0.7], -1.0, 2.0):
        _row |= {clustering_key(_name, layer): _value for layer in LAYERS}


def test_lines_hold_the_values():
    display = ClusteringDisplay.from_history(HISTORY)
    assert len(display.axes_) == 2
    assert display.ax_ is display.axes_[0]
    line = display.lines_["n_distinct", "hidden2"]
    np.testing.assert_allclose(line.get_ydata(), 100 / np.arange(1, 6))
    assert display.axes_[1].get_yscale() == "log"
    assert not display.bars_
    assert [text.get_text() for text in display.figure_.legends[0].get_texts()] == LAYERS


def test_bars_hold_the_histograms():
    display = ClusteringDisplay.from_history(HISTORY, kind="histograms")
    assert display.axes_.shape == (2, 2)
    assert sorted(display.bars_) == [(e, layer) for e in (1, 5) for layer in LAYERS]
    bars = display.bars_[5, "hidden1"]
    np.testing.assert_allclose([bar.get_height() for bar in bars], [0.1, 0.2, 0.7])
    np.testing.assert_allclose([bar.get_x() for bar in bars], [-1, 0, 1])
    assert not display.lines_


def test_on_given_axes():
    _, ax = plt.subplots()
    display = ClusteringDisplay.from_history(HISTORY, ax=ax, quantities=["n_distinct"])
    assert display.ax_ is ax
    assert ax.get_legend() is not None
    _, axes = plt.subplots(4)
    display = ClusteringDisplay.from_history(HISTORY, ax=axes, kind="histograms")
    assert list(display.axes_.ravel()) == list(axes)


def test_classes_that_have_collapsed_leave_a_gap():
    history = [row | {clustering_key("class_separation", "hidden1"): np.inf} for row in HISTORY]
    display = ClusteringDisplay.from_history(history)
    assert np.isnan(display.lines_["class_separation", "hidden1"].get_ydata()).all()
    display.figure_.canvas.draw()


def test_from_estimator():
    class Net:
        history = HISTORY

    assert ClusteringDisplay.from_estimator(Net(), legend=False).figure_.legends == []


def test_refusals():
    with pytest.raises(ValueError, match="kind must be 'epochs' or 'histograms'"):
        ClusteringDisplay.from_history(HISTORY, kind="scatter")
    with pytest.raises(ValueError, match=r"some of \['n_distinct', 'class_separation'\]"):
        ClusteringDisplay.from_history(HISTORY, quantities=["empty_bins"])
    with pytest.raises(ValueError, match="No histograms were recorded"):
        ClusteringDisplay.from_history(HISTORY[1:3], kind="histograms")
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="Give 2 axes, one per panel, got 1"):
        ClusteringDisplay.from_history(HISTORY, ax=ax)
