"""A layer's beta against its definition, and the curve against closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import rel_entr

from ibtools.bottleneck._layers import (
    bound_mi_x,
    bound_mi_y,
    finite_sample_margins,
    layer_beta,
)
from ibtools.datasets import szt_joint
from ibtools.information import entropy, mutual_information


def _channel(error):
    return np.array([[1 - error, error], [error, 1 - error]])


def _h(p):
    return entropy([p, 1 - p])


def _slope_inverse(error, delta):
    """1 / slope of I_Y = 1 - h(error * delta) over I_X = 1 - h(delta)."""
    mixed = error * (1 - delta) + delta * (1 - error)
    return math.log((1 - delta) / delta) / ((1 - 2 * error) * math.log((1 - mixed) / mixed))


def _divergence(p_xy, encoder, beta):
    """E_x KL[p(t|x) || q_beta(t|x)] in bits, by its definition."""
    p_x = p_xy.sum(axis=1)
    encoder = encoder[:, p_x @ encoder > 0]
    p_t = p_x @ encoder
    p_y_given_t = (encoder.T @ p_xy) / p_t[:, None]
    p_xy, encoder, p_x = p_xy[p_x > 0], encoder[p_x > 0], p_x[p_x > 0]
    distortion = rel_entr((p_xy / p_x[:, None])[:, None], p_y_given_t).sum(axis=2)
    optimal = p_t * np.exp(-beta * (distortion - distortion.min(axis=1, keepdims=True)))
    optimal /= optimal.sum(axis=1, keepdims=True)
    return p_x @ rel_entr(encoder, optimal).sum(axis=1) / math.log(2)


def _random(seed, n_x, n_t, n_y):
    rng = np.random.default_rng(seed)
    p_xy = rng.dirichlet(np.full(n_x * n_y, 0.7)).reshape(n_x, n_y)
    return p_xy, rng.dirichlet(np.full(n_t, 0.5), size=n_x)


@pytest.mark.parametrize("error", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("delta", [0.01, 0.2, 0.4])
def test_an_optimal_encoder_has_the_beta_it_is_optimal_for(error, delta):
    found = layer_beta(_channel(error) / 2, _channel(delta))
    assert found.beta == pytest.approx(_slope_inverse(error, delta), abs=1e-9)
    assert found.divergence == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_least_divergence_by_its_definition(seed):
    p_xy, encoder = _random(seed, 7, 4, 3)
    found = layer_beta(p_xy, encoder)
    grid = np.geomspace(1e-2, 1e2, 1001)
    divergences = [_divergence(p_xy, encoder, beta) for beta in grid]
    assert found.divergence <= min(divergences) + 1e-12
    if 0 < found.beta < math.inf:
        assert grid[np.argmin(divergences)] == pytest.approx(found.beta, rel=1e-2)
        assert _divergence(p_xy, encoder, found.beta) == pytest.approx(found.divergence, abs=1e-12)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 9), st.integers(2, 6), st.integers(2, 4))
def test_no_other_beta_fits_better(seed, n_x, n_t, n_y):
    p_xy, encoder = _random(seed, n_x, n_t, n_y)
    found = layer_beta(p_xy, encoder)
    assert found.divergence >= -1e-12
    for beta in [0.01, 1.0, 100.0, found.beta * 0.9, found.beta * 1.1]:
        if math.isfinite(beta):
            assert _divergence(p_xy, encoder, beta) >= found.divergence - 1e-12


def test_codes_are_hard_encoders():
    p_xy, _ = _random(3, 9, 3, 3)
    codes = np.array([5, 2, 5, 2, 7, 7, 5, 2, 7])
    hard = layer_beta(p_xy, np.eye(8)[codes][:, [2, 5, 7]])
    found = layer_beta(p_xy, codes)
    assert 0 < found.beta < math.inf
    assert found.beta == pytest.approx(hard.beta, rel=1e-9)
    assert found.divergence == pytest.approx(hard.divergence, abs=1e-12)


def test_the_divergence_has_a_unit_and_beta_has_none():
    p_xy, encoder = _random(1, 6, 3, 2)
    bits, nats = layer_beta(p_xy, encoder), layer_beta(p_xy, encoder, base=math.e)
    assert nats.beta == bits.beta
    assert nats.divergence == pytest.approx(bits.divergence * math.log(2))


def test_a_lossless_layer_wants_the_largest_beta():
    p_xy, _ = _random(0, 6, 2, 2)
    p_xy = np.repeat(p_xy, 2, axis=0) / 2  # two symbols for every letter
    found = layer_beta(p_xy, np.arange(12))
    assert found.beta == math.inf
    superfluous = entropy(p_xy.sum(axis=1)) - entropy(p_xy.sum(axis=1).reshape(6, 2).sum(axis=1))
    assert found.divergence == pytest.approx(superfluous)


def test_a_layer_that_says_nothing_has_no_beta():
    p_xy, _ = _random(0, 6, 2, 2)
    assert math.isnan(layer_beta(p_xy, np.zeros(6, dtype=int)).beta)
    aside = layer_beta(p_xy, np.full((6, 2), 0.5))  # two codes, drawn without a look at x
    assert math.isnan(aside.beta)
    assert aside.divergence == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("n_codes", [2, 30, 500])
def test_layers_that_mix_deterministic_labels_have_beta_one(n_codes):
    """By Bayes, p(t) p(y(x)|t) / p(y(x)) = p(t|y(x)): at beta 1 the mean loss is the layer's."""
    p_xy = szt_joint()
    codes = np.random.default_rng(0).integers(n_codes, size=len(p_xy))
    assert layer_beta(p_xy, codes).beta == pytest.approx(1, abs=1e-9)


def test_layers_that_tell_deterministic_labels_apart():
    p_xy = szt_joint()
    found = layer_beta(p_xy, p_xy.argmax(axis=1))
    assert found.beta == math.inf
    assert found.divergence == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_codes_that_never_occur_with_some_label(seed):
    """Their KL is infinite for the inputs that can have it, which q_beta never puts there."""
    rng = np.random.default_rng(seed)
    p_xy = rng.dirichlet(np.full(24, 0.5)).reshape(8, 3) * (rng.random((8, 3)) < 0.5)
    p_xy[0, 0] += 0.1
    p_xy /= p_xy.sum()
    encoder = np.eye(4)[rng.integers(4, size=8)] + np.eye(4)[rng.integers(4, size=8)]
    found = layer_beta(p_xy, encoder / 2)
    grid = np.geomspace(1e-2, 1e2, 1001)
    divergences = [_divergence(p_xy, encoder / 2, beta) for beta in grid]
    assert np.isfinite(divergences).all()
    assert found.divergence <= min(divergences) + 1e-12
    if 0.01 < found.beta < 100:
        assert grid[np.argmin(divergences)] == pytest.approx(found.beta, rel=1e-2)


def test_the_least_beta():
    """The code of x_0 has one label and that of the others two: any beta is too much for them."""
    p_xy = np.array([[0.6, 0.0, 0.0], [0.0, 0.09, 0.13], [0.0, 0.18, 0.0]])
    encoder = np.array([[0.0, 1.0], [1.0, 0.0], [0.11, 0.89]])
    found = layer_beta(p_xy, encoder)
    assert found.beta == 0
    near = [_divergence(p_xy, encoder, beta) for beta in (1e-9, 1e-6, 1e-3, 1.0)]
    assert found.divergence == pytest.approx(near[0], abs=1e-8)
    assert (np.diff(near) > 0).all()


def test_symbols_without_probability_and_order_do_not_matter():
    p_xy, encoder = _random(2, 6, 3, 3)
    found = layer_beta(p_xy, encoder)
    order = np.random.default_rng(0).permutation(6)
    moved = layer_beta(p_xy[order], encoder[order])
    assert moved.beta == pytest.approx(found.beta, rel=1e-9)
    padded = layer_beta(np.vstack([p_xy, np.zeros(3)]), np.vstack([encoder, np.zeros(3)]))
    assert padded.beta == pytest.approx(found.beta, rel=1e-9)
    assert padded.divergence == pytest.approx(found.divergence, abs=1e-12)


def test_labels_almost_certain():
    """At gain 50 some labels have probabilities below 1e-100."""
    p_xy = szt_joint(50)
    amplitude = np.log(p_xy[:, 1]) - np.log(p_xy[:, 0])
    noise = np.random.default_rng(0).normal(scale=20, size=len(p_xy))
    found = layer_beta(p_xy, np.digitize(amplitude + noise, [-30, 0, 30]))
    assert 1 < found.beta < 1e3
    assert 0 < found.divergence < 2


@pytest.mark.parametrize(
    ("p_xy", "encoder", "message"),
    [
        ([[0.5, 0.6]], [0], "must sum to 1"),
        ([[-0.5, 1.5]], [0], "non-negative"),
        ([[math.nan, 1.0]], [0], "finite"),
        ([[0.5, 0.0], [0.0, 0.5]], [0], "one row, or one code, for each of the 2"),
        ([[0.5, 0.0], [0.0, 0.5]], np.zeros((2, 2, 2)), r"got shape \(2, 2, 2\)"),
        ([[0.5, 0.0], [0.0, 0.5]], [[0.5, 0.6], [0.5, 0.5]], "row of encoder must sum to 1"),
        ([[0.5, 0.0], [0.0, 0.5]], [[1.5, -0.5], [0.5, 0.5]], "encoder must be non-negative"),
    ],
)
def test_bad_layers(p_xy, encoder, message):
    with pytest.raises(ValueError, match=message):
        layer_beta(p_xy, encoder)


class TestCurve:
    """The binary symmetric channel of error 0.1: I_X = 1 - h(d), I_Y = 1 - h(0.1 * d)."""

    deltas = np.linspace(0.001, 0.499, 60)
    x = np.array([1 - _h(delta) for delta in deltas])
    y = np.array([1 - _h(0.1 * (1 - delta) + 0.9 * delta) for delta in deltas])
    slopes = np.array([1 / _slope_inverse(0.1, delta) for delta in deltas])
    mi_xy = 1 - _h(0.1)

    def curve(self, every=1):
        return self.x[::every], self.y[::every], self.slopes[::every], self.mi_xy

    def test_solutions_are_on_the_curve(self):
        np.testing.assert_allclose(bound_mi_y(self.x, *self.curve()), self.y, atol=1e-12)
        np.testing.assert_allclose(bound_mi_x(self.y, *self.curve()), self.x, atol=1e-12)

    @pytest.mark.parametrize("every", [1, 7, 20])
    def test_between_solutions_nothing_is_above(self, every):
        assert (bound_mi_y(self.x, *self.curve(every)) >= self.y - 1e-12).all()

    def test_few_solutions_are_no_excuse(self):
        """A line between two solutions would be below the optimal encoders between them."""
        between = np.interp(self.x[30], self.x[[59, 0]], self.y[[59, 0]])
        assert between < self.y[30] - 1e-3
        assert bound_mi_y(self.x[30], *self.curve(59)) >= self.y[30]

    def test_ends(self):
        bound = bound_mi_y([-0.1, 0.0, 1.0, 50.0], *self.curve())
        np.testing.assert_allclose(bound, [-0.1, 0.0, self.mi_xy, self.mi_xy], atol=1e-12)
        needed = bound_mi_x([-0.1, 0.0, self.mi_xy + 1e-9], *self.curve())
        assert needed[0] == pytest.approx(-0.1)
        assert needed[1] == pytest.approx(0, abs=1e-12)
        assert needed[2] == math.inf

    def test_both_ways_are_one_curve(self):
        x = np.linspace(0.01, 0.98, 50)
        np.testing.assert_allclose(
            bound_mi_x(bound_mi_y(x, *self.curve()), *self.curve()), x, atol=1e-9
        )

    def test_deterministic_labels(self):
        p_xy = szt_joint()
        mi_xy = mutual_information(p_xy)
        corner = ([mi_xy] * 3, [mi_xy] * 3, [1 / 1.5, 0.1, 1e-6], mi_xy)
        x = np.array([0.0, 0.3, mi_xy, 5.0, 12.0])
        np.testing.assert_allclose(bound_mi_y(x, *corner), np.minimum(x, mi_xy))
        y = np.array([0.0, 0.4, mi_xy])
        np.testing.assert_allclose(bound_mi_x(y, *corner), y)

    def test_shapes(self):
        assert bound_mi_y(0.5, *self.curve()).shape == ()
        assert bound_mi_x(np.zeros((2, 3)), *self.curve()).shape == (2, 3)


def test_margins_of_finite_samples():
    x, y = finite_sample_margins([0.0, 3.0], n_samples=100, n_classes=5, constant=2.0)
    np.testing.assert_allclose(x, [0.2, 1.6])
    np.testing.assert_allclose(y, [1.0, 8.0])


def test_margins_count_the_same_codes_in_every_unit():
    bits, _ = finite_sample_margins(3.0, n_samples=100, n_classes=2, constant=1.0)
    nats, _ = finite_sample_margins(
        3.0 * math.log(2), n_samples=100, n_classes=2, constant=1.0, base=math.e
    )
    assert float(nats) == pytest.approx(float(bits))


@pytest.mark.parametrize("name", ["n_samples", "n_classes", "constant"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_margins_need_numbers(name, value):
    given = {"n_samples": 10, "n_classes": 2, "constant": 1.0} | {name: value}
    with pytest.raises(ValueError, match=f"{name} must be positive and finite"):
        finite_sample_margins(1.0, **given)
