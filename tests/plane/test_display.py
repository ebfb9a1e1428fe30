"""The figure draws the points of the plane, and what they are read against."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from ibtools import InformationPlane, InformationPlaneDisplay


def _texts(ax):
    return [text.get_text() for text in ax.texts]


def test_trajectories_hold_the_points(make_plane):
    plane = make_plane()
    display = InformationPlaneDisplay.from_plane(plane)
    table = plane.to_frame()
    for layer in plane.layers:
        expected = table[table["layer"] == layer][["mi_x", "mi_y"]].to_numpy()
        points = display.points_["BinnedMI", layer]
        np.testing.assert_allclose(points.get_offsets(), expected)
        assert points.get_array().tolist() == [0, 1, 10]
        path = display.paths_["BinnedMI", layer].get_segments()
        np.testing.assert_allclose(path[0], expected[:2])
        assert len(path) == 2


def test_layers_differ_in_colour_and_marker(make_plane):
    layers = [f"layer{k}" for k in range(8)]
    display = InformationPlaneDisplay.from_plane(make_plane(layers=layers))
    drawn = display.points_.values()
    colours = {tuple(points.get_edgecolor()[0]) for points in drawn}
    markers = {points.get_paths()[0].vertices.tobytes() for points in drawn}
    assert len(colours) == len(markers) == 8
    legend = display.figure_.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == layers


def test_more_layers_than_colours(make_plane):
    display = InformationPlaneDisplay.from_plane(make_plane(layers=[f"l{k}" for k in range(30)]))
    colours = {tuple(points.get_edgecolor()[0]) for points in display.points_.values()}
    assert len(colours) == 30


def test_epochs_have_a_logarithmic_scale_with_epoch_0(make_plane):
    display = InformationPlaneDisplay.from_plane(make_plane(epochs=(0, 1, 10, 100, 1000)))
    norm = display.points_["BinnedMI", "a"].norm
    steps = norm(np.array([0, 1, 10, 100, 1000]))
    assert steps[0] == 0
    assert steps[-1] == 1
    assert (np.diff(steps) > 0.09).all()
    assert display.colorbar_.ax.get_ylabel() == "epoch"
    assert {0, 1000} <= set(display.colorbar_.get_ticks())


def test_axes_and_ceilings(make_plane):
    ax = InformationPlaneDisplay.from_plane(make_plane()).ax_
    assert ax.get_xlabel() == "I(X;T) [bits]"
    assert ax.get_ylabel() == "I(T;Y) [bits]"
    assert ax.get_xlim()[0] <= 0
    assert ax.get_xlim()[1] > 12
    assert ax.get_ylim()[0] <= 0
    assert ax.get_ylim()[1] > 1
    assert _texts(ax) == [r"$\log_2 N$ = 12", "H(Y) = 1"]
    assert not _texts(InformationPlaneDisplay.from_plane(make_plane(), ceilings=False).ax_)


def test_units_are_named(make_plane):
    ax = InformationPlaneDisplay.from_plane(make_plane(unit="nats")).ax_
    assert ax.get_xlabel() == "I(X;T) [nats]"
    assert _texts(ax)[0] == r"$\ln N$ = 12"


def test_negative_estimates_are_in_sight(make_plane):
    plane = make_plane(mi_y=-0.2)
    assert InformationPlaneDisplay.from_plane(plane).ax_.get_ylim()[0] < -0.2


def test_one_epoch_joins_the_layers(make_plane):
    plane = make_plane()
    display = InformationPlaneDisplay.from_plane(plane, kind="epoch", epoch=1)
    expected = plane.select(epochs=1).to_frame()[["mi_x", "mi_y"]].to_numpy()
    (line,) = display.paths_["BinnedMI", "all"]
    np.testing.assert_allclose(line.get_xydata(), expected)
    assert display.colorbar_ is None
    last = InformationPlaneDisplay.from_plane(plane, kind="epoch")
    np.testing.assert_allclose(
        last.points_["BinnedMI", "a"].get_offsets()[0],
        plane.select(epochs=10, layers="a").to_frame()[["mi_x", "mi_y"]].iloc[0],
    )


def test_a_single_epoch_as_trajectory(make_plane):
    display = InformationPlaneDisplay.from_plane(make_plane(epochs=(0,)))
    assert not display.paths_["BinnedMI", "a"].get_segments()


def test_several_estimators_are_panels(make_plane):
    tables = [make_plane(k, estimator=f"est{k}").to_frame() for k in range(3)]
    plane = InformationPlane(pd.concat(tables))
    display = InformationPlaneDisplay.from_plane(plane)
    assert [ax.get_title() for ax in display.axes_] == ["est0", "est1", "est2"]
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="give 3 axes, got 2"):
        InformationPlaneDisplay.from_plane(plane, ax=axes)


def test_runs_are_separate_paths_and_means_have_spread(make_plane):
    runs = InformationPlane.concat([make_plane(0), make_plane(1)])
    display = InformationPlaneDisplay.from_plane(runs)
    assert len(display.paths_["BinnedMI", "a"].get_segments()) == 4
    epoch = InformationPlaneDisplay.from_plane(runs, kind="epoch")
    assert len(epoch.paths_["BinnedMI", "all"]) == 2
    mean = InformationPlaneDisplay.from_plane(runs.mean())
    spread = [bar for bar in mean.ax_.containers if hasattr(bar, "has_xerr")]
    assert len(spread) == 3
    assert all(bar.has_xerr and bar.has_yerr for bar in spread)


def test_standard_errors_are_drawn(make_plane):
    display = InformationPlaneDisplay.from_plane(make_plane(mi_x_std_error=0.1))
    assert all(bar.has_xerr for bar in display.ax_.containers)
    assert len(display.ax_.containers) == 3


def test_draws_into_given_axes(make_plane):
    figure, ax = plt.subplots()
    display = InformationPlaneDisplay(make_plane()).plot(ax, legend=False)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert ax.get_legend() is None
    assert InformationPlaneDisplay(make_plane()).plot(ax).ax_.get_legend() is not None


class _Bound:
    mi_x_ = np.array([6.0, 0.0, 3.0])
    mi_y_ = np.array([0.9, 0.0, 0.7])


@pytest.mark.parametrize("bound", [_Bound(), ([0, 3, 6], [0, 0.7, 0.9])], ids=["fitted", "pair"])
def test_bound_and_what_is_beyond(make_plane, bound):
    ax = InformationPlaneDisplay.from_plane(make_plane(), bound=bound).ax_
    curve = next(line for line in ax.lines if line.get_color() == "black")
    np.testing.assert_allclose(curve.get_xydata()[:3], [[0, 0], [3, 0.7], [6, 0.9]])
    assert curve.get_xdata()[-1] == ax.get_xlim()[1]
    (region,) = [
        area
        for area in ax.collections
        if type(area).__name__ in ("FillBetweenPolyCollection", "PolyCollection")
    ]
    corners = region.get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(ax.get_ylim()[1])


def test_no_labels_no_figure(make_plane):
    with pytest.raises(ValueError, match=r"has measured no I\(T;Y\)"):
        InformationPlaneDisplay.from_plane(make_plane(mi_y=np.nan))


def test_unknown_kind_and_epoch(make_plane):
    with pytest.raises(ValueError, match="kind must be"):
        InformationPlaneDisplay.from_plane(make_plane(), kind="movie")
    with pytest.raises(ValueError, match="no epoch"):
        InformationPlaneDisplay.from_plane(make_plane(), kind="epoch", epoch=3)


def test_from_history_and_from_estimator():
    class Net:
        history = [{"epoch": 1, "mi_x/B/fc": 2.0, "mi_y/B/fc": 0.5, "log_base/B/": 2.0}]  # noqa: RUF012

    for display in (
        InformationPlaneDisplay.from_history(Net.history),
        InformationPlaneDisplay.from_estimator(Net(), kind="epoch"),
    ):
        np.testing.assert_allclose(display.points_["B", "fc"].get_offsets(), [[2.0, 0.5]])


def test_from_a_pipeline():
    class Net(BaseEstimator):
        history = [{"epoch": 1, "mi_x/B/fc": 2.0, "mi_y/B/fc": 0.5, "log_base/B/": 2.0}]  # noqa: RUF012

    display = InformationPlaneDisplay.from_estimator(make_pipeline(Net()))
    assert ("B", "fc") in display.points_


def test_from_an_unfitted_net():
    class Net:
        history = None

    with pytest.raises(NotFittedError, match=r"callbacks=\[InfoPlaneCallback\(\)\]"):
        InformationPlaneDisplay.from_estimator(Net())


def test_saves_as_png_and_svg(make_plane, tmp_path):
    figure = InformationPlaneDisplay.from_plane(make_plane()).figure_
    for name in ("plane.png", "plane.svg"):
        figure.savefig(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000
