"""Local Gaussian entropy against a loop over rows, closed forms and its own constants."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import digamma, gammaln
from sklearn.neighbors import NearestNeighbors

from ibtools.information import _local_gaussian
from ibtools.information._local_gaussian import (
    class_entropy_nats,
    flat_height,
    lnn_entropy_nats,
    lnn_nats,
    local_gaussian_entropy,
    resolve_n_local,
)


def entropy_by_loop(x, k, m):
    """-<ln f> of the paper row by row, psi(n) for ln n, and the constant of a flat density."""
    n, d = x.shape
    distances, indices = NearestNeighbors(n_neighbors=m + 1).fit(x).kneighbors(x)
    logs = []
    for i in range(n):
        r = distances[i, k]
        u = (x[indices[i, 1:]] - x[i]) / r
        w = np.exp(-0.5 * (u**2).sum(axis=1))
        s0, s1, s2 = w.sum(), w @ u, (w[:, None] * u).T @ u
        mean = s1 / s0
        sigma = s2 / s0 - np.outer(mean, mean)
        f = s0 * math.exp(-0.5 * mean @ np.linalg.solve(sigma, mean))
        f /= math.exp(digamma(n)) * r**d * (2 * math.pi) ** (d / 2)
        logs.append(math.log(f / math.sqrt(np.linalg.det(sigma))))
    volume = d / 2 * math.log(math.pi) - gammaln(d / 2 + 1)
    constant = digamma(k) - volume - flat_height(k, m, d)
    return -np.mean(logs) - constant


@pytest.mark.parametrize(("d", "m"), [(1, 30), (2, 45), (5, 30), (12, 40)])
def test_rows_at_once_are_rows_in_turn(d, m):
    x = np.random.default_rng(0).normal(size=(150, d))
    read = lnn_entropy_nats(x, np.array([3, 6]), m)
    assert_allclose(read, [entropy_by_loop(x, k, m) for k in (3, 6)], rtol=0, atol=1e-11)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_constant_density_has_no_bias(d):
    """Uniform rows of a torus: the rows of the middle cell among those of all cells around."""
    rng = np.random.default_rng(0)
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * d), axis=-1).reshape(-1, d)
    x = rng.uniform(size=(3000, d))
    everywhere = (x + shifts[:, None]).reshape(-1, d)
    k, m = 5, 30
    distances, indices = NearestNeighbors(n_neighbors=m + 1).fit(everywhere).kneighbors(x)
    differences = everywhere[indices[:, 1:]] - x[:, None]
    heights = _local_gaussian._log_heights(differences.T, distances[:, k])
    assert heights.mean() == pytest.approx(flat_height(k, m, d), abs=0.02)


@pytest.mark.parametrize("d", [1, 2])
def test_entropy_of_normal_rows(d):
    values = [
        local_gaussian_entropy(np.random.default_rng(seed).normal(size=(1000, d)), 5, base=math.e)
        for seed in range(8)
    ]
    assert np.mean(values) == pytest.approx(d / 2 * math.log(2 * math.pi * math.e), abs=0.04)


def test_information_of_strongly_correlated_variables():
    """Correlation 0.999, 3.11 nats: the known bias, which falls with the number of rows."""
    for n, n_seeds, bias in [(1000, 10, -0.134), (4000, 4, -0.062)]:
        values = []
        for seed in range(n_seeds):
            rng = np.random.default_rng(seed)
            x = rng.normal(size=(n, 1))
            y = 0.999 * x + math.sqrt(1 - 0.999**2) * rng.normal(size=(n, 1))
            values.append(lnn_nats(x, y, np.array([5]), None)[0])
        assert np.mean(values) == pytest.approx(-0.5 * math.log(1 - 0.999**2) + bias, abs=0.035)


def test_information_of_independent_variables_is_near_zero():
    values = []
    for seed in range(8):
        x, y = np.random.default_rng(seed).normal(size=(2, 600, 1))
        values.append(lnn_nats(x, y, np.array([8]), None)[0])
    assert abs(np.mean(values)) < 0.06


def test_scale_rotation_and_order():
    rng = np.random.default_rng(0)
    x, ks = rng.normal(size=(200, 3)), np.array([5])
    read = lnn_entropy_nats(x, ks, 40)
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    assert_allclose(lnn_entropy_nats(x @ rotation, ks, 40), read, atol=1e-10)
    assert_allclose(lnn_entropy_nats(x[::-1], ks, 40), read, atol=1e-12)
    assert_allclose(lnn_entropy_nats(1000 * x, ks, 40), read + 3 * math.log(1000), atol=1e-10)
    assert_allclose(lnn_entropy_nats(x + 1e6, ks, 40), read, atol=1e-6)


def test_tiles_change_nothing(monkeypatch):
    for d in (2, 12):
        x = np.random.default_rng(0).normal(size=(100, d))
        read = lnn_entropy_nats(x, np.array([3]), 40)
        with monkeypatch.context() as patch:
            patch.setattr(_local_gaussian, "_TILE_VALUES", 900)
            patch.setattr(_local_gaussian, "_BLOCK_VALUES", 100)
            patch.setattr(_local_gaussian, "_BLOCK_ROWS", 7)
            assert_allclose(lnn_entropy_nats(x, np.array([3]), 40), read, rtol=1e-13)
            flat_height.cache_clear()
            assert_allclose(lnn_entropy_nats(x, np.array([3]), 40), read, rtol=1e-13)


def test_rows_in_a_subspace_are_dropped_with_a_warning():
    rng = np.random.default_rng(0)
    line = np.repeat(rng.normal(size=(60, 1)), 2, axis=1) + 100
    x = np.concatenate([rng.normal(size=(200, 2)), line])
    with pytest.warns(UserWarning, match="60 of 260 rows were dropped"):
        read = local_gaussian_entropy(x, 5, n_local=30)
    assert np.isfinite(read)
    with pytest.raises(ValueError, match="lie in a subspace"):
        local_gaussian_entropy(line, 5)


def shape_by_inverse(covariance, mean):
    return np.linalg.slogdet(covariance)[1], mean @ np.linalg.inv(covariance) @ mean


@pytest.mark.parametrize("d", [1, 2, 7, 20])
def test_shapes_by_elimination(d):
    rng = np.random.default_rng(0)
    factors, mean = rng.normal(size=(50, d, 2 * d)), rng.normal(size=(50, d))
    covariance = factors @ factors.swapaxes(1, 2)
    read = _local_gaussian._gaussian_shape(covariance.transpose(1, 2, 0), mean.T)
    expected = [shape_by_inverse(*pair) for pair in zip(covariance, mean, strict=True)]
    assert_allclose(np.transpose(read), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("d", [2, 5, 12])
@pytest.mark.parametrize("scale", [1e-100, 1.0, 1e100])
def test_singular_shapes_are_told_by_their_eigenvalues(d, scale):
    """Smallest variance over the largest just above and below 100 d eps, and far from it."""
    rng = np.random.default_rng(0)
    limit = 100 * d * np.finfo(float).eps
    ratios = np.array([0.1 / limit, 1e4, 1.3, 0.7, 1e-3, 0.0]) * limit
    variances = np.linspace(0.5, 1, d)[:, None] * np.ones(len(ratios))
    variances[0], variances[-1] = ratios, 1
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    covariance = scale * np.einsum("ia,an,ja->ijn", axes, variances, axes)
    log_determinant, distance = _local_gaussian._gaussian_shape(
        (covariance + covariance.swapaxes(0, 1)) / 2, np.zeros((d, len(ratios)))
    )
    regular = [True, True, True, False, False, False]
    assert_array_equal(np.isfinite(log_determinant), regular)
    assert_array_equal(np.isfinite(distance), regular)
    expected = np.log(scale * variances[:, :3]).sum(axis=0)
    assert (np.abs(log_determinant[:3] - expected) < [1e-12, 1e-3, 0.3]).all()


def test_duplicates():
    x = np.repeat(np.random.default_rng(0).normal(size=(40, 2)), 2, axis=0)
    assert np.isfinite(local_gaussian_entropy(x, 5))
    with pytest.raises(ValueError, match="80 of 80 rows are equal"):
        local_gaussian_entropy(x, 1)


def test_entropy_within_classes():
    x, labels = np.random.default_rng(0).normal(size=(150, 1)), np.arange(150) % 3 // 2
    ks = np.array([5])
    of_classes = [lnn_entropy_nats(x[labels == c], ks, 30) for c in (0, 1)]
    expected = 100 / 150 * of_classes[0] + 50 / 150 * of_classes[1]
    assert_allclose(class_entropy_nats(lnn_entropy_nats, x, labels, ks, 30), expected)


def test_number_of_fitted_neighbors():
    assert resolve_n_local(None, 1000, 1, np.array([5])) == 30
    assert resolve_n_local(None, 1000, 2, np.array([5])) == 45
    assert resolve_n_local(None, 1000, 8, np.array([5])) == 400
    assert resolve_n_local(None, 100, 8, np.array([5])) == 99
    assert resolve_n_local(None, 1000, 200, np.array([5])) == 600
    assert resolve_n_local(25, 1000, 8, np.array([5])) == 25


@pytest.mark.parametrize(
    ("shape", "n_local", "message"),
    [
        ((100, 4), 11, "too few for a Gaussian of 4 dimensions.*n_local=12 or more"),
        ((100, 1), 5, "n_local=6 or more"),
        ((30, 12), None, "only 30 rows"),
        ((40, 2), 40, "only 40 rows"),
    ],
)
def test_too_few_neighbors(shape, n_local, message):
    x = np.random.default_rng(0).normal(size=shape)
    with pytest.raises(ValueError, match=message):
        local_gaussian_entropy(x, 5, n_local=n_local)
