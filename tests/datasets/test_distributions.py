"""Distributions that know their information: each truth against one that was found otherwise."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from ibtools.datasets._distribution_base import IndependentBlocks
from ibtools.datasets._distributions import CorrelatedGaussian, CorrelatedStudentT, UniformNoise
from ibtools.datasets._distributions_discrete import (
    DiscretePair,
    DiscreteUniformNoise,
    GaussianWithAtoms,
    ZeroInflatedPoisson,
)
from ibtools.datasets._distributions_labelled import LabelledGaussians, NoisyLayer
from ibtools.datasets._reparametrizations import (
    Asinh,
    HalfCube,
    Reparametrized,
    Spiral,
    SwissRoll,
)

LN2 = math.log(2)

MIXED = LabelledGaussians(
    [[0, 0], [1, 0], [0, 2]], covariance=[np.eye(2), np.diag([2, 0.5]), [[1, 0.5], [0.5, 1]]]
)
DISTRIBUTIONS = {
    "sparse Gaussian": CorrelatedGaussian.sparse(3, 2, n_pairs=1, correlation=0.8),
    "dense Gaussian": CorrelatedGaussian.dense(2, 3),
    "bivariate t": CorrelatedStudentT.sparse(1, df=2),
    "multivariate t": CorrelatedStudentT.dense(2, 1, df=4.5),
    "uniform, small noise": UniformNoise(0.25),
    "uniform, large noise": UniformNoise(2.0),
    "classes": LabelledGaussians([[0.0], [2.0], [3.0]], p_y=[0.3, 0.5, 0.2]),
    "classes of their own shape": MIXED,
    "classes by Monte Carlo": LabelledGaussians(2 * np.eye(4)),
    "binary symmetric": DiscretePair.symmetric(0.1, p=0.3),
    "erasure": DiscretePair.erasure(0.2, p=0.3),
    "Gao I": GaussianWithAtoms(),
    "Gao II": DiscreteUniformNoise(5),
    "Gao IV": ZeroInflatedPoisson(0.3),
    "noisy unit": NoisyLayer.random(random_state=0),
    "two noisy units": NoisyLayer.random(n_units=2, noise_std=0.3, random_state=0),
    "two rectified units": NoisyLayer.random(n_units=2, activation="relu", random_state=1),
    "blocks": IndependentBlocks([UniformNoise(0.5), CorrelatedGaussian.sparse(2)]),
    "labelled blocks": IndependentBlocks(
        [DiscretePair.erasure(0.2), LabelledGaussians([[0.0], [1.0]])]
    ),
    "half-cube": Reparametrized(CorrelatedGaussian.sparse(2), HalfCube(), Asinh(0.5)),
    "spiral": Reparametrized(CorrelatedStudentT.sparse(3), Spiral(), Spiral(0.1)),
    "Swiss roll": Reparametrized(MIXED, SwissRoll()),
}
each = pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS.keys())
CONDITIONAL = {name: d for name, d in DISTRIBUTIONS.items() if hasattr(d, "conditional")}


@each
def test_truth_is_the_mean_of_pointwise_information(distribution):
    """Within 4 standard errors of 20000 draws, about 0.04 bits; a wrong term is off by more."""
    information = distribution.pointwise_information(*distribution.sample(20_000, 5))
    error = 4 * information.std() / math.sqrt(20_000) + distribution.mutual_information_error
    assert error < 0.1
    assert distribution.mutual_information == pytest.approx(information.mean(), abs=error)


@each
def test_samples(distribution):
    X, y = distribution.sample(60, random_state=3)
    again = distribution.sample(60, random_state=3)
    assert X.shape[0] == y.shape[0] == 60
    assert X.ndim == 2
    assert X.dtype == np.float64
    np.testing.assert_array_equal(X, again[0])
    np.testing.assert_array_equal(y, again[1])
    assert not np.array_equal(X, distribution.sample(60, random_state=4)[0])
    if distribution.n_classes is None:
        assert y.ndim == 2
        assert y.dtype == np.float64
    else:
        assert y.shape == (60,)
        assert y.dtype.kind == "i"
        assert y.min() >= 0
        assert y.max() < distribution.n_classes


@each
def test_truth_and_its_error_are_floats(distribution):
    assert type(distribution.mutual_information) is float
    assert 0 <= distribution.mutual_information_error < 0.01
    with pytest.raises(ValueError, match="n_samples must be a positive integer, got 0"):
        distribution.sample(0)
    with pytest.raises(ValueError, match="n_samples"):
        distribution.sample(2.5)


@each
def test_frozen(distribution):
    with pytest.raises(AttributeError):
        distribution.mutual_information = 1.0


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.9])
@pytest.mark.parametrize("d", [1, 2, 10])
def test_sparse_gaussian_in_closed_form(rho, d):
    pair = CorrelatedGaussian.sparse(d, correlation=rho)
    assert pair.mutual_information == pytest.approx(-d / 2 * math.log2(1 - rho**2), abs=1e-12)


def test_sparse_gaussian_of_some_pairs():
    pair = CorrelatedGaussian.sparse(5, 7, correlation=0.6, n_pairs=2)
    assert pair.mutual_information == pytest.approx(-math.log2(0.64), abs=1e-12)
    X, y = pair.sample(20_000, 0)
    assert (X.shape[1], y.shape[1]) == (5, 7)
    expected = np.zeros((5, 7))
    expected[[0, 1], [0, 1]] = 0.6
    np.testing.assert_allclose(X.T @ y / 20_000, expected, atol=0.03)


def test_dense_gaussian_is_regression():
    """Y alone given X: I = -log2(1 - R^2) / 2, with R^2 of the regression on X."""
    pair = CorrelatedGaussian.dense(3, 1, correlation=0.4)
    S = pair.covariance
    r2 = S[3, :3] @ np.linalg.solve(S[:3, :3], S[:3, 3])
    assert pair.mutual_information == pytest.approx(-0.5 * math.log2(1 - r2), abs=1e-12)


def test_gaussian_conditional():
    pair = CorrelatedGaussian.sparse(1, correlation=0.6)
    x, y = np.array([[0.5], [-1.0]]), np.array([[0.2], [1.0]])
    expected = stats.norm(0.6 * x, 0.8).pdf(y).ravel()
    np.testing.assert_allclose(pair.conditional(x, y), expected, rtol=1e-12)


@pytest.mark.parametrize("df", [1.0, 2.5, 7.0])
@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_bivariate_t_by_quadrature(df, rho):
    """2 h(X) - h(X, Y), the second in polar coordinates of the whitened pair."""
    marginal = stats.t(df)
    h_x = float(marginal.entropy())

    def radial(r):  # the density of a t pair depends on the radius alone
        log_p = -math.log(2 * math.pi) - (df + 2) / 2 * math.log1p(r**2 / df)
        return -2 * math.pi * r * math.exp(log_p) * log_p

    h_xy = integrate.quad(radial, 0, np.inf)[0] + 0.5 * math.log(1 - rho**2)
    pair = CorrelatedStudentT.sparse(1, correlation=rho, df=df)
    assert pair.mutual_information == pytest.approx((2 * h_x - h_xy) / LN2, abs=1e-7)


def test_t_of_many_degrees_is_gaussian():
    t = CorrelatedStudentT.dense(2, 3, df=1e7)
    assert t.mutual_information == pytest.approx(
        CorrelatedGaussian.dense(2, 3).mutual_information, abs=1e-6
    )


def test_t_densities():
    t = CorrelatedStudentT.dense(2, 1, df=3)
    X, y = t.sample(5, 0)
    joint = stats.multivariate_t(shape=t.covariance, df=3).logpdf(np.hstack([X, y]))
    of_x = stats.multivariate_t(shape=t.covariance[:2, :2], df=3).logpdf(X)
    np.testing.assert_allclose(np.log(t.conditional(X, y)), joint - of_x, rtol=1e-10)


@pytest.mark.parametrize("noise", [0.1, 0.5, 0.7, 3.0])
def test_uniform_noise_by_quadrature(noise):
    def surprise(y):
        p = max(0.0, min(y + noise, 1) - max(y - noise, 0)) / (2 * noise)
        return -p * math.log2(p) if p else 0.0

    kinks = sorted({-noise, noise, 1 - noise, 1 + noise})
    h_y = sum(integrate.quad(surprise, a, b)[0] for a, b in pairwise(kinks))
    pair = UniformNoise(noise)
    assert pair.mutual_information == pytest.approx(h_y - math.log2(2 * noise), abs=1e-7)


def test_uniform_noise_outside_the_support():
    pair = UniformNoise(0.1)
    np.testing.assert_allclose(pair.conditional([[0.5], [0.5]], [[0.55], [0.7]]), [5, 0])


def test_blocks_add():
    parts = [UniformNoise(0.5), CorrelatedGaussian.sparse(2), LabelledGaussians(np.eye(3))]
    pair = IndependentBlocks(parts[:2])
    assert pair.mutual_information == pytest.approx(1 / (2 * LN2) - math.log2(0.64), abs=1e-12)
    assert pair.mutual_information_error == 0
    X, y = pair.sample(10, 0)
    assert (X.shape, y.shape) == ((10, 3), (10, 3))
    with pytest.raises(ValueError, match="all with a real Y, or all with labels"):
        IndependentBlocks(parts)
    with pytest.raises(ValueError, match="all with a real Y, or all with labels"):
        IndependentBlocks([])


def test_labelled_blocks_number_their_combinations():
    channel = DiscretePair.symmetric(0.0)
    pair = IndependentBlocks([channel, DiscretePair.erasure(0.0)])
    assert pair.n_classes == 6
    X, y = pair.sample(50, 0)
    np.testing.assert_array_equal(y, 3 * X[:, 0] + X[:, 1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CorrelatedGaussian(np.ones((2, 3)), 1), "must be square"),
        (lambda: CorrelatedGaussian(np.eye(2), 2), "columns for X and for Y: 1 to 1"),
        (lambda: CorrelatedGaussian(np.ones((2, 2)), 1), "positive definite"),
        (lambda: CorrelatedGaussian([[1, 0.5], [0, 1]], 1), "symmetric"),
        (lambda: CorrelatedGaussian.sparse(2, n_pairs=3), "n_pairs must be from 0 to 2"),
        (lambda: CorrelatedGaussian.dense(3, correlation=-0.5), "positive definite"),
        (lambda: CorrelatedStudentT.sparse(df=0), "df must be positive"),
        (lambda: UniformNoise(0), "noise must be positive"),
        (lambda: UniformNoise(math.inf), "noise must be positive"),
    ],
)
def test_bad_parameters(make, message):
    with pytest.raises(ValueError, match=message):
        make()
