"""The Gaussian bottleneck against its formulas and its defining optimum."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from ibtools.bottleneck import gaussian_bottleneck


def covariances(seed=0, n_x=3, n_y=2):
    factor = np.random.default_rng(seed).normal(size=(n_x + n_y, n_x + n_y + 2))
    joint = factor @ factor.T
    return joint[:n_x, :n_x], joint[n_x:, n_x:], joint[:n_x, n_x:]


def informations(A, cov_xx, cov_yy, cov_xy):
    """I(X;T) and I(T;Y) in bits of T = A X + noise of unit variance, by determinants."""
    noise = np.eye(len(A))
    cov_tt = A @ cov_xx @ A.T + noise
    cov_tt_given_y = cov_tt - A @ cov_xy @ np.linalg.solve(cov_yy, cov_xy.T) @ A.T
    half_log = [np.linalg.slogdet(c)[1] / (2 * math.log(2)) for c in (cov_tt, cov_tt_given_y)]
    return half_log[0], half_log[0] - half_log[1]


def test_one_dimension():
    rho, betas = 0.8, np.array([1.0, 1.5, 2.0, 10.0])
    curve = gaussian_bottleneck([[4.0]], [[9.0]], [[rho * 6]], betas)
    assert_allclose(curve.critical_betas, [1 / rho**2])
    expected = 0.5 * np.log2(np.maximum((betas - 1) * rho**2 / (1 - rho**2), 1))
    assert_allclose(curve.mi_x, expected, atol=1e-14)
    used = betas > 1 / rho**2
    assert_allclose(curve.mi_y[used], (expected - 0.5 * np.log2(betas * rho**2))[used])
    assert curve.mi_xy == pytest.approx(-0.5 * math.log2(1 - rho**2))


def test_projections_have_the_informations_of_the_curve():
    covs = covariances()
    curve = gaussian_bottleneck(*covs, np.geomspace(1, 1e4, 20))
    for A, mi_x, mi_y in zip(curve.projections, curve.mi_x, curve.mi_y, strict=True):
        assert_allclose(informations(A, *covs), [mi_x, mi_y], atol=1e-9)
    assert curve.mi_y[-1] == pytest.approx(curve.mi_xy, abs=1e-3)
    joint = np.block([[covs[0], covs[2]], [covs[2].T, covs[1]]])
    halves = [np.linalg.slogdet(c)[1] / 2 for c in (covs[0], covs[1], joint)]
    assert curve.mi_xy == pytest.approx((halves[0] + halves[1] - halves[2]) / math.log(2))


def test_no_projection_does_better():
    covs, beta = covariances(1), 4.0
    curve = gaussian_bottleneck(*covs, [beta])

    def functional(flat):
        mi_x, mi_y = informations(flat.reshape(2, 3), *covs)
        return mi_x - beta * mi_y

    rng = np.random.default_rng(0)
    found = min(minimize(functional, rng.normal(size=6), tol=1e-12).fun for _ in range(8))
    assert curve.mi_x[0] - beta * curve.mi_y[0] == pytest.approx(found, abs=1e-6)


def test_directions_are_used_one_by_one():
    curve = gaussian_bottleneck(*covariances(), np.geomspace(1, 1e4, 60))
    assert (np.diff(curve.critical_betas) > 0).all()
    used = (np.abs(curve.projections).sum(axis=2) > 0).sum(axis=1)
    assert_array_equal(used, (curve.betas[:, None] > curve.critical_betas).sum(axis=1))


def test_scales_and_units_do_not_matter():
    cov_xx, cov_yy, cov_xy = covariances()
    scale = np.array([1e-6, 1.0, 1e6])
    curve = gaussian_bottleneck(cov_xx, cov_yy, cov_xy, [3.0, 30.0])
    scaled = gaussian_bottleneck(
        cov_xx * np.outer(scale, scale), cov_yy, cov_xy * scale[:, None], [3.0, 30.0], base=math.e
    )
    assert_allclose(scaled.mi_y, curve.mi_y * math.log(2), rtol=1e-8)


def test_uncorrelated_variables_tell_nothing():
    curve = gaussian_bottleneck(np.eye(2), np.eye(3), np.zeros((2, 3)), [1e-3, 1e6])
    assert_array_equal(curve.mi_x, 0)
    assert curve.mi_xy == 0
    assert_array_equal(curve.critical_betas, np.inf)


def test_betas_are_sorted_and_unique():
    assert_array_equal(gaussian_bottleneck([[1]], [[1]], [[0.5]], [3, 1, 3]).betas, [1, 3])


@pytest.mark.parametrize(
    ("covs", "message"),
    [
        (([[1, 2]], [[1]], [[0]]), "cov_xx must be a square matrix"),
        (([[1]], [[1, 0.5], [0, 1]], [[0, 0]]), "cov_yy must be symmetric"),
        (([[1, 1], [1, 1]], [[1]], [[0], [0]]), "cov_xx must be positive definite: drop constant"),
        (([[0]], [[1]], [[0]]), "cov_xx must be positive definite"),
        (([[1]], [[-1]], [[0]]), "cov_yy must be positive definite"),
        (([[1]], [[1]], [[1]]), "joint covariance of x and y must be positive definite"),
        (([[1]], [[1]], [[2]]), "canonical correlation is 2"),
        (([[1]], [[1]], [[0.1, 0.2]]), r"cov_xy must have shape \(1, 1\)"),
        (([[np.nan]], [[1]], [[0]]), "cov_xx must be finite"),
        (([[1]], [[1]], [[np.inf]]), "cov_xy must be finite"),
    ],
)
def test_what_is_no_covariance(covs, message):
    with pytest.raises(ValueError, match=message):
        gaussian_bottleneck(*covs, [2.0])
