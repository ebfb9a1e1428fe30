"""Points are read against the bound of their own joint distribution, and of no other."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from ibtools import InformationPlane
from ibtools.bottleneck import bottleneck_path
from ibtools.bottleneck._joint import joint_letters
from ibtools.datasets import make_szt, szt_joint
from ibtools.information import entropy
from ibtools.plane._bound import read_bound


def test_distances_of_the_channel(channel, measured_channel):
    table = measured_channel.with_bound(channel).to_frame().set_index("layer")
    assert table.loc["all", "bound_mi_y"] == pytest.approx(channel.mi_xy)
    assert table["bound_distance"].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert table.loc["all", "beta"] == math.inf
    assert math.isnan(table.loc["none", "beta"])


def test_a_point_below_the_curve(channel, make_plane):
    plane = make_plane(mi_x=channel.mi_x[40], mi_y=0.1, **_identity(channel))
    table = plane.with_bound(channel).to_frame()
    np.testing.assert_allclose(table["bound_mi_y"], channel.mi_y[40])
    np.testing.assert_allclose(table["bound_distance"], channel.mi_y[40] - 0.1)
    assert table.columns.tolist()[-3:] == ["bound_mi_y", "bound_distance", "unit"]


def test_points_in_nats_against_a_bound_in_bits(channel, make_plane):
    nats = math.log(2)
    values = {name: value * nats for name, value in _identity(channel).items()}
    plane = make_plane(unit="nats", mi_x=channel.mi_x[40] * nats, mi_y=0.0, **values)
    table = plane.with_bound(channel).to_frame()
    np.testing.assert_allclose(table["bound_distance"], channel.mi_y[40] * nats)


def test_every_information_has_the_unit(channel):
    bits = read_bound(channel)
    nats = bits.in_unit("nats")
    assert (bits.unit, nats.unit) == ("bits", "nats")
    for name in ("mi_x", "mi_y", "mi_xy", "entropy_x", "entropy_y", "corner_x", "critical_mi_x"):
        np.testing.assert_allclose(getattr(nats, name), getattr(bits, name) * math.log(2))
    assert bits.corner_x == bits.entropy_x == bits.entropy_y == 1
    assert bits.critical_mi_x.tolist() == [0.0]
    np.testing.assert_array_equal(nats.slopes, bits.slopes)
    np.testing.assert_array_equal(nats.critical_betas, bits.critical_betas)
    assert nats.in_unit("bits").mi_xy == pytest.approx(bits.mi_xy)


def test_units_that_cannot_be_converted(channel, make_plane):
    plane = make_plane(unit="units of log 3", **_identity(channel))
    with pytest.raises(ValueError, match="points are in units of log 3, the bound in bits"):
        plane.with_bound(channel)


def test_estimators_in_several_units(channel):
    from ibtools import BinnedMI

    plane = InformationPlane.from_activations(
        {"all": np.array([[0.0], [1.0]])},
        estimator={"bits": BinnedMI(), "nats": BinnedMI(base=math.e)},
        p_xy=channel.p_xy,
    )
    bound = plane.with_bound(channel).to_frame().set_index("estimator")["bound_mi_y"]
    assert bound["bits"] == pytest.approx(channel.mi_xy)
    assert bound["nats"] == pytest.approx(channel.mi_xy * math.log(2))


def test_what_is_saved_and_averaged(channel, measured_channel, tmp_path):
    bounded = measured_channel.with_bound(channel)
    bounded.save(tmp_path / "plane.csv")
    assert InformationPlane.load(tmp_path / "plane.csv") == bounded
    mean = InformationPlane.concat([bounded, bounded]).mean()
    assert "bound_mi_y" not in mean.to_frame()
    np.testing.assert_allclose(
        mean.with_bound(channel).to_frame()["bound_mi_y"], bounded.to_frame()["bound_mi_y"]
    )


class TestAnotherJointDistribution:
    """The 4096 patterns with the stochastic rule of gain 50."""

    @pytest.fixture
    def bound(self):
        return _bound_of(szt_joint(50), mi_xy=0.987524)

    @pytest.fixture
    def lossless(self):
        X, _ = make_szt()
        return {"input": X}

    def test_the_rule_itself(self, lossless):
        p_xy = szt_joint(50)
        plane = InformationPlane.from_activations(lossless, p_xy=p_xy)
        mi_xy = plane.to_frame()["mi_xy"].item()
        assert mi_xy == pytest.approx(0.9875, abs=5e-5)
        table = plane.with_bound(_bound_of(p_xy, mi_xy)).to_frame()
        assert table["bound_distance"].item() == pytest.approx(0, abs=1e-9)
        assert table["mi_x"].item() == pytest.approx(12)

    def test_one_drawn_label_per_row(self, bound, lossless):
        """They would be above the bound: I(T;Y) = H(Y) is more than I(X;Y)."""
        _, y = make_szt(gain=50, random_state=0)
        plane = InformationPlane.from_activations(lossless, y)
        assert plane.to_frame()["mi_y"].item() > bound.mi_xy
        with pytest.raises(ValueError, match=r"different joint distributions.*p_xy=\.\.\."):
            plane.with_bound(bound)

    def test_the_deterministic_labels(self, bound, lossless):
        _, y = make_szt()
        with pytest.raises(ValueError, match="different joint distributions"):
            InformationPlane.from_activations(lossless, y).with_bound(bound)

    def test_another_gain(self, bound, lossless):
        plane = InformationPlane.from_activations(lossless, p_xy=szt_joint(49))
        with pytest.raises(ValueError, match="different joint distributions"):
            plane.with_bound(bound)

    def test_some_of_the_patterns(self, bound, lossless):
        p_xy = szt_joint(50)[:2048] * 2
        plane = InformationPlane.from_activations({"a": lossless["input"][:2048]}, p_xy=p_xy)
        with pytest.raises(ValueError, match=r"H\(X\) is 11 bits for the points and 12 bits"):
            plane.with_bound(bound)

    def test_points_that_do_not_say(self, bound, make_plane):
        with pytest.raises(ValueError, match=r"do not say which I\(X;Y\)"):
            make_plane().with_bound(bound)

    def test_no_number_may_be_missing(self, channel, make_plane):
        identity = _identity(channel) | {"mi_x_ceiling": math.nan}
        with pytest.raises(ValueError, match=r"H\(X\) is nan"):
            make_plane(**identity).with_bound(channel)

    @pytest.mark.parametrize("column", ["mi_x_ceiling", "mi_y_ceiling", "mi_xy"])
    def test_each_number_counts(self, channel, make_plane, column):
        identity = _identity(channel)
        make_plane(**identity | {column: identity[column] + 1e-7}).with_bound(channel)
        with pytest.raises(ValueError, match="different joint distributions"):
            make_plane(**identity | {column: identity[column] + 1e-5}).with_bound(channel)


def test_deterministic_labels_have_the_corner():
    X, y = make_szt()
    p_xy = szt_joint()
    bound = _bound_of(p_xy, entropy(p_xy.sum(axis=0)))
    codes = {"input": X, "first bit": X[:, :1], "label": y[:, None], "sum": X.sum(1)[:, None]}
    plane = InformationPlane.from_activations(codes, y).with_bound(bound)
    table = plane.to_frame().set_index("layer")
    np.testing.assert_allclose(table["bound_mi_y"], np.minimum(table["mi_x"], bound.mi_xy))
    assert (table["bound_distance"] > -1e-12).all()
    assert table.loc["label", "bound_distance"] == pytest.approx(0, abs=1e-12)
    assert table.loc["first bit", "bound_distance"] > 0.9


def test_a_fitted_estimator(channel):
    class Fitted(BaseEstimator):
        def fit(self, X, y=None):
            self.path_ = channel
            return self

    with pytest.raises(NotFittedError):
        read_bound(Fitted())
    assert read_bound(Fitted().fit([[0]])).mi_xy == channel.mi_xy


@pytest.mark.parametrize("where", ["path", "estimator"])
def test_solutions_of_another_functional(channel, measured_channel, where):
    """The deterministic bottleneck trades H(T): its points are below the bound."""
    bound = channel
    if where == "estimator":
        bound = BaseEstimator()
        bound.fit, bound.path_ = None, channel
    bound.alpha = 0.5
    with pytest.raises(ValueError, match=r"not on the bound.*compute it with alpha=1"):
        measured_channel.with_bound(bound)


def test_solutions_whose_least_value_is_another(channel, measured_channel):
    channel.objective = channel.mi_x - channel.betas * channel.mi_y
    measured_channel.with_bound(channel)
    channel.objective = channel.objective + 1e-4 * channel.mi_x
    with pytest.raises(ValueError, match="not on the bound"):
        measured_channel.with_bound(channel)


def test_soft_solutions_of_another_alpha():
    path = bottleneck_path([[0.4, 0.05, 0.05], [0.05, 0.2, 0.25]], alpha=0.5)
    with pytest.raises(ValueError, match="not on the bound"):
        read_bound(path)


def test_the_squared_functional_has_other_slopes(channel):
    """I_X^2 - beta I_Y is least where the slope is 2 I_X / beta; nothing is known at I_X = 0."""
    channel.betas = np.append(1e-9, 2 * channel.mi_x[1:] * channel.betas[1:])
    channel.objective = channel.mi_x**2 - channel.betas * channel.mi_y
    bound = read_bound(channel)
    np.testing.assert_allclose(bound.at(channel.mi_x), channel.mi_y, atol=1e-12)


@pytest.mark.parametrize("gain", [None, 50])
def test_both_functionals_have_one_bound(gain):
    plain, squared = (
        read_bound(bottleneck_path(szt_joint(gain), squared=squared)) for squared in (False, True)
    )
    mi_x = np.linspace(0.99, 1.5, 60)  # at gain 50 the squared functional has no betas below
    np.testing.assert_allclose(squared.at(mi_x), plain.at(mi_x), atol=1e-3)


def test_transitions_beyond_the_betas_are_not_drawn(channel):
    channel.critical_betas = np.array([1.2, 1.5625, math.inf])
    assert read_bound(channel).critical_betas.tolist() == [1.5625]


@pytest.mark.parametrize("other", [([0, 1], [0, 1]), "bound", SimpleNamespace(mi_x=[0], mi_y=[0])])
def test_what_is_no_bound(other, measured_channel):
    with pytest.raises(ValueError, match="A bound is a fitted InformationBottleneck"):
        measured_channel.with_bound(other)


def test_the_corner_is_the_minimal_sufficient_statistic():
    p_xy = np.array([[0.2, 0.05], [0.2, 0.05], [0.1, 0.4]])
    bound = read_bound(_bound_of(p_xy, 0.3))
    assert bound.corner_x == pytest.approx(1.0)
    assert bound.entropy_x == pytest.approx(1.5)
    assert bound.n_classes == 2


def _identity(path):
    return {"mi_x_ceiling": 1.0, "mi_y_ceiling": 1.0, "mi_xy": path.mi_xy}


def _bound_of(p_xy, mi_xy):
    """What is known of a bound without computing it: its ends."""
    return SimpleNamespace(
        betas=np.array([1e-6, 1e6]),
        mi_x=np.array([0.0, entropy(joint_letters(p_xy).p_x)]),
        mi_y=np.array([0.0, mi_xy]),
        mi_xy=mi_xy,
        critical_betas=np.array([]),
        p_xy=p_xy,
        base=2.0,
    )


def test_the_first_transition_is_where_the_curve_starts():
    p_xy = np.array([[0.3, 0.03], [0.2, 0.13], [0.04, 0.3]])
    path = bottleneck_path(p_xy, betas=[1.01, 2.0, 40.0, 5000.0])
    bound = read_bound(path)
    assert len(bound.critical_betas) > 1
    assert bound.critical_mi_x[0] == 0.0
    assert (bound.critical_mi_x[1:] > 0).all()
    later = read_bound(bottleneck_path(p_xy, betas=[2.5, 40.0, 5000.0]))
    assert (later.critical_mi_x > 0).all()
