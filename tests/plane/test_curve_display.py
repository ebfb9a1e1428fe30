"""The figure of the bound: its curve, its marks, and the layers below it."""

import math

import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from ibtools import BinnedMI, InformationPlane
from ibtools.bottleneck import gaussian_bottleneck
from ibtools.plane._curve_display import BottleneckCurveDisplay


def test_curve_region_and_marks(channel):
    display = BottleneckCurveDisplay.from_path(channel)
    x, y = display.line_.get_xydata().T
    np.testing.assert_allclose(np.interp(channel.mi_x, x, y), channel.mi_y, atol=1e-4)
    assert (np.diff(y) >= -1e-15).all()
    assert x[-1] == display.ax_.get_xlim()[1] > 1
    corners = display.region_.get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(display.ax_.get_ylim()[1])
    np.testing.assert_allclose(display.corner_.get_offsets(), [[1.0, channel.mi_xy]])
    critical = display.critical_points_.get_offsets()
    np.testing.assert_allclose(critical, [[0, 0]], atol=1e-5)
    assert display.band_ is None
    assert display.points_ == {}
    assert display.ax_.get_xlabel() == "I(X;T) [bits]"


def test_marks_can_be_left_out(channel):
    display = BottleneckCurveDisplay(channel).plot(corner=False, critical_betas=False)
    assert display.corner_ is None
    assert display.critical_points_ is None
    channel.critical_betas = np.array([])
    assert BottleneckCurveDisplay.from_path(channel).critical_points_ is None


def test_layers_of_a_plane(channel, measured_channel):
    display = BottleneckCurveDisplay.from_path(channel, layers=measured_channel)
    np.testing.assert_allclose(display.points_["all"].get_offsets(), [[1.0, channel.mi_xy]])
    np.testing.assert_allclose(display.points_["none"].get_offsets(), [[0.0, 0.0]], atol=1e-12)
    names = [text.get_text() for text in display.figure_.legends[0].get_texts()]
    assert names == ["bound", "minimal sufficient", r"critical $\beta$", "all", "none"]


def test_one_epoch_of_a_plane(channel, make_plane):
    identity = {"mi_x_ceiling": 1.0, "mi_y_ceiling": 1.0, "mi_xy": channel.mi_xy}
    plane = make_plane(**identity)
    table = plane.to_frame().set_index(["epoch", "layer"])[["mi_x", "mi_y"]]
    for epoch, drawn in ((-1, 10), (1, 1)):
        display = BottleneckCurveDisplay.from_path(channel, layers=plane, epoch=epoch)
        for layer in plane.layers:
            expected = table.loc[(drawn, layer)]
            np.testing.assert_allclose(display.points_[layer].get_offsets()[0], expected)
    assert display.ax_.get_xlim()[1] > table["mi_x"].max()


def test_a_plane_in_nats_is_drawn_in_the_unit_of_the_bound(channel):
    T = np.array([[0.0], [1.0]])
    plane = InformationPlane.from_activations(
        {"all": T}, estimator=BinnedMI(base=math.e), p_xy=channel.p_xy
    )
    display = BottleneckCurveDisplay.from_path(channel, layers=plane)
    np.testing.assert_allclose(display.points_["all"].get_offsets(), [[1.0, channel.mi_xy]])


def test_points_by_name(channel):
    layers = {"one": (0.5, 0.2), "many": ([0.1, 0.3, 0.6], [0.05, 0.1, 0.2])}
    display = BottleneckCurveDisplay.from_path(channel, layers=layers)
    np.testing.assert_allclose(display.points_["one"].get_offsets(), [[0.5, 0.2]])
    assert display.points_["many"].get_offsets()[2].tolist() == [0.6, 0.2]


def test_layers_of_another_joint_are_refused(channel, make_plane):
    with pytest.raises(ValueError, match="different joint distributions"):
        BottleneckCurveDisplay.from_path(channel, layers=make_plane(mi_xy=1.0))


def test_one_estimator_at_a_time(channel):
    plane = InformationPlane.from_activations(
        {"all": np.array([[0.0], [1.0]])},
        estimator={"a": BinnedMI(2), "b": BinnedMI(4)},
        p_xy=channel.p_xy,
    )
    with pytest.raises(ValueError, match=r"choose one with plane\.select"):
        BottleneckCurveDisplay.from_path(channel, layers=plane)
    display = BottleneckCurveDisplay.from_path(channel, layers=plane.select(estimators="b"))
    assert list(display.points_) == ["all"]


def test_the_band_of_finite_samples(channel):
    display = BottleneckCurveDisplay.from_path(channel, finite_samples=(400, 0.5))
    assert display.band_.get_xy()[:, 1].min() < 0
    assert display.ax_.get_ylim()[0] == 0
    with pytest.raises(ValueError, match="constant must be positive"):
        BottleneckCurveDisplay.from_path(channel, finite_samples=(400, 0))


def test_continuous_variables_have_no_corner():
    """A Gaussian pair with correlation 0.8."""
    betas = np.geomspace(1.5, 100, 200)
    gaussian = gaussian_bottleneck([[1.0]], [[1.0]], [[0.8]], betas, base=math.e)
    display = BottleneckCurveDisplay.from_path(gaussian, layers={"T": (1.0, 0.3)})
    assert display.corner_ is None
    np.testing.assert_allclose(display.critical_points_.get_offsets(), [[0, 0]], atol=0.02)
    assert display.ax_.get_xlabel() == "I(X;T) [nats]"
    x, y = display.line_.get_xydata().T
    np.testing.assert_allclose(np.interp(gaussian.mi_x, x, y), gaussian.mi_y, atol=1e-3)
    with pytest.raises(ValueError, match="label is continuous"):
        BottleneckCurveDisplay.from_path(gaussian, finite_samples=(400, 0.5))


def test_an_estimator_and_a_pipeline(channel):
    class Fitted(BaseEstimator):
        def fit(self, X, y=None):
            self.path_ = channel
            return self

    fitted = Fitted().fit([[0]])
    for estimator in (fitted, make_pipeline(fitted)):
        display = BottleneckCurveDisplay.from_estimator(estimator)
        assert display.line_.get_ydata()[-1] == channel.mi_xy


def test_draws_into_given_axes(channel):
    figure, ax = plt.subplots()
    display = BottleneckCurveDisplay(channel).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert ax.get_legend() is not None
    assert not figure.legends
    _, bare = plt.subplots()
    assert BottleneckCurveDisplay(channel).plot(bare, legend=False).ax_.get_legend() is None


def test_saves_as_png_and_svg(channel, tmp_path):
    figure = BottleneckCurveDisplay.from_path(channel).figure_
    for name in ("bound.png", "bound.svg"):
        figure.savefig(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000
