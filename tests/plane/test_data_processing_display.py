"""Bars of the data-processing inequality."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from ibtools.plane._data_processing_display import DataProcessingDisplay
from ibtools.plane._plane import InformationPlane


@pytest.fixture
def plane():
    """Three layers at two epochs: one pair holds, one is violated, at the last within noise."""
    table = pd.DataFrame(
        {
            "epoch": np.repeat([0, 7], 3),
            "layer": ["a", "b", "c"] * 2,
            "estimator": "renyi",
            "mi_x": [5.0, 4.0, 4.5, 5.0, 4.0, 4.1],
            "mi_x_std_error": 0.06,
            "unit": "bits",
        }
    )
    return InformationPlane(table)


def test_bars_of_the_last_epoch(plane):
    display = DataProcessingDisplay.from_plane(plane)
    assert [*display.bars_] == [("renyi", 7)]
    bars = display.bars_["renyi", 7]
    np.testing.assert_allclose([bar.get_height() for bar in bars], [-1.0, 0.1])
    assert len({bar.get_facecolor() for bar in bars}) == 1
    (segment, _) = bars.errorbar[2][0].get_segments()
    np.testing.assert_allclose(np.ptp(segment[:, 1]), 2 * 2 * np.hypot(0.06, 0.06))
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()] == ["a\n→ b", "b\n→ c"]
    display.figure_.canvas.draw()


def test_violations_have_another_colour(plane):
    bars = DataProcessingDisplay.from_plane(plane, epochs=0).bars_["renyi", 0]
    assert [bar.get_facecolor()[:3] for bar in bars] == [to_rgb("#0072B2"), to_rgb("#D55E00")]
    strict = DataProcessingDisplay.from_plane(plane, n_std_errors=1.0)
    assert strict.bars_["renyi", 7][1].get_facecolor()[:3] == to_rgb("#D55E00")


def test_all_epochs_stand_side_by_side(plane):
    display = DataProcessingDisplay.from_plane(plane, epochs=None, pairs="all")
    first, last = (display.bars_["renyi", epoch] for epoch in (0, 7))
    assert len(first) == len(last) == 3
    for before, after in zip(first, last, strict=True):
        assert before.get_x() + before.get_width() <= after.get_x()
        assert before.get_facecolor()[3] < after.get_facecolor()[3] == 1


def test_on_given_axes(plane):
    _, ax = plt.subplots()
    assert DataProcessingDisplay.from_plane(plane, ax=ax).ax_ is ax
    assert ax.get_legend() is not None
    _, ax = plt.subplots()
    DataProcessingDisplay.from_plane(plane, ax=ax, legend=False)
    assert ax.get_legend() is None


def test_a_panel_for_each_estimator(plane):
    table = plane.to_frame()
    both = InformationPlane(pd.concat([table, table.assign(estimator="other")]))
    display = DataProcessingDisplay.from_plane(both)
    assert [panel.get_title() for panel in display.axes_] == ["renyi", "other"]
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="give 2 axes, got 1"):
        DataProcessingDisplay.from_plane(both, ax=ax)


def test_refusals(plane):
    with pytest.raises(ValueError, match=r"no epoch \[3\] in the table; it has \[0, 7\]"):
        DataProcessingDisplay.from_plane(plane, epochs=[0, 3])
    runs = InformationPlane.concat([plane, plane])
    with pytest.raises(ValueError, match="several runs: draw one, or"):
        DataProcessingDisplay.from_plane(runs)
    assert DataProcessingDisplay.from_plane(runs.mean()).bars_
