"""Gaussian classes and the noisy layer against integrals of scipy and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import expit, xlogy

from ibtools.datasets._distributions_labelled import LabelledGaussians, NoisyLayer


@pytest.mark.parametrize("distance", [0.0, 0.5, 3.0, 12.0])
@pytest.mark.parametrize("p", [0.5, 0.1])
def test_two_classes_by_quadrature(distance, p):
    """H(Y) - E H(Y|x) with scipy's adaptive quadrature."""

    def surprise(x):
        joint = np.array([(1 - p) * stats.norm.pdf(x), p * stats.norm.pdf(x - distance)])
        return joint.sum() * stats.entropy(joint, base=2)

    points = [distance / 2]
    noise = integrate.quad(surprise, -9, distance + 9, points=points, epsabs=1e-12, limit=500)[0]
    pair = LabelledGaussians([[0.0], [distance]], p_y=[1 - p, p])
    truth = stats.entropy([p, 1 - p], base=2) - noise
    assert pair.mutual_information == pytest.approx(truth, abs=1e-9)
    assert pair.mutual_information_error < 1e-9


def test_shared_noise_drops_out():
    """Under one covariance only the distances of the whitened means count."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(6, 6))
    means = np.zeros((3, 6))
    means[1, 0], means[2, 1] = 2.0, 1.5
    flat = LabelledGaussians(means[:, :2]).mutual_information
    moved = LabelledGaussians(means @ A.T + 5, covariance=A @ A.T)
    assert moved.mutual_information == pytest.approx(flat, abs=1e-9)
    assert moved.mutual_information_error < 1e-9


def test_own_covariances_take_the_same_road_in_2d():
    """The whole grid for classes of their own covariance against the reduced one for a shared."""
    means, S = [[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]], np.array([[1.0, 0.3], [0.3, 0.5]])
    shared = LabelledGaussians(means, covariance=S)
    own = LabelledGaussians(means, covariance=[S, S, S])
    assert own.mutual_information == pytest.approx(shared.mutual_information, abs=1e-9)


def test_variances_alone_tell_classes_apart():
    """Equal means: E ln [p(x|y) / p(x)] with scipy's quadrature."""
    pair = LabelledGaussians([[0.0], [0.0]], covariance=[[[1.0]], [[9.0]]])

    def gain(x):
        p = np.array([stats.norm.pdf(x), stats.norm.pdf(x, scale=3)]) / 2
        return p.sum() * (1 - stats.entropy(p, base=2))

    truth = integrate.quad(gain, -30, 30, points=[0], limit=300)[0]
    assert pair.mutual_information == pytest.approx(truth, abs=1e-8)


def spike_information(distance, std):
    """Bits of N(0, 1) against N(distance, std^2): H(Y|x) vanishes 12 std beyond the spike."""

    def noise(z):
        log_wide = stats.norm.logpdf(distance + std * z)
        log_narrow = stats.norm.logpdf(z) - math.log(std)
        posterior = expit(log_narrow - log_wide)
        mixture = (math.exp(log_wide) + math.exp(log_narrow)) / 2
        return std * mixture * stats.entropy([posterior, 1 - posterior], base=2)

    return 1 - integrate.quad(noise, -12, 12, points=[-5, 0, 5], epsabs=1e-12, limit=500)[0]


@pytest.mark.parametrize("std", [0.1, 0.01, 1e-3, 1e-4, 1e-7])
def test_narrow_class_in_a_wide_one(std):
    """Whether a fine grid resolves the spike or Monte Carlo takes over below."""
    pair = LabelledGaussians([[0.0], [0.005]], covariance=[[[1.0]], [[std**2]]])
    truth = spike_information(0.005, std)
    assert pair.mutual_information == pytest.approx(truth, abs=pair.mutual_information_error + 1e-9)
    assert pair.mutual_information_error < (1e-5 if std > 5e-4 else 5e-4)


def test_narrow_ridge_in_two_dimensions():
    """The truth by summing p(x) H(Y|x) over a grid of the ridge, where alone H(Y|x) > 0."""
    std = math.sqrt(1e-5)
    pair = LabelledGaussians([[0, 0], [0.025, 0.5]], covariance=[np.eye(2), np.diag([1e-5, 1.0])])
    z, v = np.linspace(-12, 12, 1201)[:, None], np.linspace(-9, 9, 901)
    wide = stats.norm.pdf(0.025 + std * z) * stats.norm.pdf(v)
    narrow = stats.norm.pdf(z) / std * stats.norm.pdf(v - 0.5)
    noise = (wide + narrow) / 2 * stats.entropy([wide, narrow], base=2)
    truth = 1 - noise.sum() * std * 0.02 * 0.02
    assert truth == pytest.approx(0.9692, abs=6e-4)
    assert pair.mutual_information == pytest.approx(truth, abs=pair.mutual_information_error)
    assert pair.mutual_information_error < 3e-3


def test_monte_carlo_states_its_error():
    """Four classes in three directions, the truth by Gauss-Hermite quadrature."""
    means = 1.5 * np.eye(4)[:, :3]
    pair = LabelledGaussians(means)
    assert 1e-4 < pair.mutual_information_error < 0.01
    z, w = np.polynomial.hermite_e.hermegauss(40)
    Z = np.stack(np.meshgrid(z, z, z, indexing="ij"), -1).reshape(-1, 3)
    W = np.einsum("i,j,k->ijk", w, w, w).ravel() / w.sum() ** 3
    truth = 0.0
    for mean in means:
        density = np.exp(-((mean + Z - means[:, None]) ** 2).sum(-1) / 2)
        own = np.exp(-(Z**2).sum(-1) / 2)
        truth += W @ np.log2(own / density.mean(axis=0)) / 4
    assert pair.mutual_information == pytest.approx(truth, abs=pair.mutual_information_error)


def test_classes_are_where_they_should_be():
    S = np.array([[2.0, 0.5], [0.5, 1.0]])
    pair = LabelledGaussians([[0, 0], [5, 1]], covariance=[np.eye(2), S], p_y=[0.25, 0.75])
    X, y = pair.sample(20_000, 0)
    assert y.mean() == pytest.approx(0.75, abs=0.02)
    np.testing.assert_allclose(X[y == 1].mean(axis=0), [5, 1], atol=0.05)
    np.testing.assert_allclose(np.cov(X[y == 1].T), S, atol=0.1)


def test_conditional_is_the_rule_of_bayes():
    pair = LabelledGaussians([[0.0], [2.0]], p_y=[0.3, 0.7])
    x = np.array([[0.4], [1.7]])
    joint = np.hstack([0.3 * stats.norm.pdf(x), 0.7 * stats.norm.pdf(x - 2)])
    expected = (joint / joint.sum(axis=1, keepdims=True))[[0, 1], [0, 1]]
    np.testing.assert_allclose(pair.conditional(x, [0, 1]), expected, rtol=1e-12)


@pytest.mark.parametrize("n_units", [1, 2])
def test_linear_layer_in_closed_form(n_units):
    """I = log2 det(1 + W W' / s^2) / 2, whatever the bias."""
    layer = NoisyLayer.random(3, n_units, activation="linear", noise_std=0.4, random_state=0)
    W = layer.weights
    truth = 0.5 * np.linalg.slogdet(np.eye(n_units) + W @ W.T / 0.16)[1] / math.log(2)
    assert layer.mutual_information == pytest.approx(truth, abs=1e-9)
    assert layer.mutual_information_error < 1e-9


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_unit_by_another_quadrature(activation):
    """h(T) - h(noise), with Gauss-Legendre nodes on both sides of the kink at zero."""
    f = {"tanh": np.tanh, "sigmoid": expit, "relu": lambda u: np.maximum(u, 0)}[activation]
    z, w = np.polynomial.legendre.leggauss(400)
    u = np.concatenate([4.5 * z - 4.5, 5 * z + 5])
    mass = np.concatenate([4.5 * w, 5 * w]) * stats.norm.pdf(u - 0.3)
    t = np.linspace(-5, 15, 20_001)
    p = stats.norm.pdf((t[:, None] - f(u)) / 0.5) @ mass / 0.5
    h = -integrate.trapezoid(xlogy(p, p), t) / math.log(2)
    truth = h - 0.5 * math.log2(2 * math.pi * math.e * 0.25)
    layer = NoisyLayer([[0.6, 0.8]], bias=[0.3], noise_std=0.5, activation=activation)
    tolerance = 1e-8 + layer.mutual_information_error
    assert tolerance < (2e-4 if activation == "relu" else 1e-7)
    assert layer.mutual_information == pytest.approx(truth, abs=tolerance)


def test_independent_units_add():
    """Two units that see different inputs: the information of each."""
    one = NoisyLayer([[1.5]], noise_std=0.3).mutual_information
    other = NoisyLayer([[0.5]], bias=[1.0], noise_std=0.3).mutual_information
    both = NoisyLayer([[1.5, 0.0], [0.0, 0.5]], bias=[0.0, 1.0], noise_std=0.3)
    assert both.mutual_information == pytest.approx(one + other, abs=1e-9)


@settings(deadline=None, derandomize=True, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_inequalities_of_classes(seed, n_classes):
    """0 <= I <= H(Y); a unit alone and a noisier unit tell less."""
    rng = np.random.default_rng(seed)
    means, p_y = rng.normal(scale=2, size=(n_classes, 2)), rng.dirichlet(np.ones(n_classes))
    whole = LabelledGaussians(means, p_y=p_y).mutual_information
    part = LabelledGaussians(means[:, :1], p_y=p_y).mutual_information
    noisy = LabelledGaussians(means[:, :1], covariance=2.0, p_y=p_y).mutual_information
    assert -1e-9 <= noisy <= part + 1e-9
    assert part <= whole + 1e-9
    assert whole <= stats.entropy(p_y, base=2) + 1e-9


def test_noise_lowers_information():
    stds = (0.05, 0.1, 0.3, 1.0)
    read = [NoisyLayer.random(noise_std=s, random_state=0).mutual_information for s in stds]
    assert (np.diff(read) < 0).all()
    assert read[-1] > 0


def test_layer_samples():
    layer = NoisyLayer.random(4, 2, noise_std=0.1, random_state=0)
    T, x = layer.sample(10_000, 1)
    assert (T.shape, x.shape) == ((10_000, 2), (10_000, 4))
    noise = T - layer.pre_noise(x)
    np.testing.assert_allclose(noise.std(axis=0), 0.1, rtol=0.05)
    np.testing.assert_allclose(
        layer.pre_noise(x[:3]), np.tanh(x[:3] @ layer.weights.T + layer.bias), rtol=1e-12
    )
    expected = stats.norm(scale=0.1).pdf(noise).prod(axis=1)
    np.testing.assert_allclose(layer.conditional(T, x), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LabelledGaussians([1.0, 2.0]), r"shape \(n_classes, n_features\)"),
        (lambda: LabelledGaussians([[0.0], [1.0]], covariance=-1.0), "positive definite"),
        (lambda: LabelledGaussians([[0.0], [1.0]], p_y=[0.5, 0.6]), "2 positive probabilities"),
        (lambda: LabelledGaussians([[0.0], [1.0]], p_y=[1.0]), "2 positive probabilities"),
        (lambda: NoisyLayer(np.ones((3, 2))), "one or two units"),
        (lambda: NoisyLayer([[1.0]], activation="gelu"), "activation must be one of"),
        (lambda: NoisyLayer([[1.0]], noise_std=0.0), "noise_std must be positive"),
        (lambda: NoisyLayer([[1.0]], bias=[0.0, 1.0]), r"bias must be of shape \(1,\)"),
        (lambda: NoisyLayer([[1.0]], noise_std=1e-5).mutual_information, "too small"),
        (lambda: NoisyLayer(np.ones((2, 2))).mutual_information, "almost the same"),
    ],
)
def test_bad_parameters(make, message):
    with pytest.raises(ValueError, match=message):
        make()
