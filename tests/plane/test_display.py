"""The figure draws the points of the plane, and what they are read against."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from ibtools import BinnedMI, InformationPlane, InformationPlaneDisplay


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
    assert _texts(ax) == ["H(X) = 12", "H(Y) = 1"]
    assert not _texts(InformationPlaneDisplay.from_plane(make_plane(), ceilings=False).ax_)


def test_units_are_named(make_plane):
    ax = InformationPlaneDisplay.from_plane(make_plane(unit="nats")).ax_
    assert ax.get_xlabel() == "I(X;T) [nats]"
    assert ax.get_ylabel() == "I(T;Y) [nats]"


def test_the_ceiling_of_drawn_labels_is_less_than_their_entropy(make_plane):
    ax = InformationPlaneDisplay.from_plane(make_plane(mi_xy=0.75)).ax_
    assert _texts(ax)[1] == "I(X;Y) = 0.75"
    same = InformationPlaneDisplay.from_plane(make_plane(mi_xy=1 - 1e-12)).ax_
    assert _texts(same)[1] == "H(Y) = 1"


def test_a_narrow_plane_has_room_above(make_plane):
    ax = InformationPlaneDisplay.from_plane(make_plane(mi_y=0.99), kind="epoch").ax_
    assert ax.get_ylim() == pytest.approx((0, 1.06))


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


def _curve(display):
    (line,) = display.bound_lines_.values()
    return line.get_xydata()


def _shade(display):
    (region,) = display.bound_regions_.values()
    return region.get_paths()[0].vertices


def test_a_pair_is_drawn_as_it_is(make_plane):
    display = InformationPlaneDisplay.from_plane(
        make_plane(), bound=([6.0, 0.0, 3.0], [0.9, 0.0, 0.7])
    )
    np.testing.assert_allclose(_curve(display)[:3], [[0, 0], [3, 0.7], [6, 0.9]])
    assert _curve(display)[-1, 0] == display.ax_.get_xlim()[1]
    assert _shade(display)[:, 1].max() == pytest.approx(display.ax_.get_ylim()[1])


def test_the_bound_of_a_path_and_what_is_beyond(channel, measured_channel):
    display = InformationPlaneDisplay.from_plane(measured_channel, bound=channel)
    x, y = _curve(display).T
    np.testing.assert_allclose(np.interp(channel.mi_x, x, y), channel.mi_y, atol=1e-4)
    assert x[0] == y[0] == 0
    assert x[-1] == display.ax_.get_xlim()[1]
    assert y[-1] == channel.mi_xy
    assert _shade(display)[:, 1].max() == pytest.approx(display.ax_.get_ylim()[1])


def test_the_bound_takes_the_unit_of_each_estimator(channel):
    T = {"all": np.array([[0.0], [1.0]])}
    estimators = {"bits": BinnedMI(), "nats": BinnedMI(base=np.e)}
    plane = InformationPlane.from_activations(T, estimator=estimators, p_xy=channel.p_xy)
    display = InformationPlaneDisplay.from_plane(plane, bound=channel)
    heights = {name: line.get_ydata()[-1] for name, line in display.bound_lines_.items()}
    assert heights["bits"] == pytest.approx(channel.mi_xy)
    assert heights["nats"] == pytest.approx(channel.mi_xy * np.log(2))


def test_the_bound_of_another_joint_is_refused(channel, make_plane):
    with pytest.raises(ValueError, match="do not say which"):
        InformationPlaneDisplay.from_plane(make_plane(), bound=channel)
    with pytest.raises(ValueError, match="different joint distributions"):
        InformationPlaneDisplay.from_plane(make_plane(mi_xy=1.0), bound=channel)


def test_the_band_of_finite_samples(channel, measured_channel):
    display = InformationPlaneDisplay.from_plane(
        measured_channel, bound=channel, finite_samples=(400, 0.5)
    )
    edge = display.bands_["BinnedMI"].get_xy()
    # K = 2 at one bit: margins 0.05 and, for two labels, 0.1.
    lower = edge[np.argmin(np.abs(edge - [1.05, channel.mi_xy - 0.1]).sum(axis=1))]
    np.testing.assert_allclose(lower, [1.05, channel.mi_xy - 0.1], atol=2e-3)
    upper = edge[np.argmin(np.abs(edge - [1.0, channel.mi_xy + 0.1]).sum(axis=1))]
    np.testing.assert_allclose(upper, [1.0, channel.mi_xy + 0.1], atol=2e-3)
    with pytest.raises(ValueError, match="not a pair of arrays"):
        InformationPlaneDisplay.from_plane(
            measured_channel, bound=([0, 1], [0, 0.5]), finite_samples=(400, 0.5)
        )


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


def test_from_a_plane_in_place_of_a_net(make_plane):
    with pytest.raises(TypeError, match=r"InformationPlane is no skorch net: .* from_plane"):
        InformationPlaneDisplay.from_estimator(make_plane())


def test_without_information_about_the_label():
    plane = InformationPlane.from_activations({"hidden": np.arange(4.0)})
    with pytest.raises(ValueError, match=r"no I\(T;Y\): .* needs class labels"):
        InformationPlaneDisplay.from_plane(plane)


def test_saves_as_png_and_svg(make_plane, tmp_path):
    figure = InformationPlaneDisplay.from_plane(make_plane()).figure_
    for name in ("plane.png", "plane.svg"):
        figure.savefig(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000


def test_lines_do_not_join_levels_of_a_factor():
    table = pd.DataFrame(
        {
            "width": [1, 1, 2, 2],
            "epoch": [0, 1, 0, 1],
            "layer": "T",
            "estimator": "binned",
            "mi_x": [1.0, 2.0, 5.0, 6.0],
            "mi_y": [0.1, 0.2, 0.5, 0.6],
            "unit": "bits",
        }
    )
    plane = InformationPlane(table)
    segments = InformationPlaneDisplay(plane).plot().paths_["binned", "T"].get_segments()
    assert [segment[:, 0].tolist() for segment in segments] == [[1.0, 2.0], [5.0, 6.0]]
    display = InformationPlaneDisplay(plane).plot(kind="epoch")
    assert len(display.paths_["binned", "all"]) == 2
