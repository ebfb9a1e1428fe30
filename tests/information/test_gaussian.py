"""Gaussian closed forms: truths by hand, determinants, quadrature and scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm
from sklearn.covariance import ledoit_wolf, oas, shrunk_covariance

from ibtools.information._gaussian import (
    canonical_correlations,
    canonical_log_ratio,
    class_log_ratio,
    gaussian_class_information,
    gaussian_classes,
    gaussian_entropy,
    gaussian_moments,
    gaussian_mutual_information,
    information_of_correlations,
    whitening_directions,
)

reproducible = settings(deadline=None, derandomize=True, max_examples=50)


def _covariance(rng, d, scales=True):
    A = rng.normal(size=(d, d + 2))
    scale = 10.0 ** rng.uniform(-3, 3, size=d) if scales else np.ones(d)
    return scale[:, None] * (A @ A.T) * scale


def _half_log_det(covariance):
    return 0.5 * np.linalg.slogdet(covariance)[1]


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)) * [1, 1e3, 1e-3, 5, 1] + 7


@pytest.mark.parametrize(("name", "peer"), [("ledoit_wolf", ledoit_wolf), ("oas", oas)])
def test_shrinkage_is_scikit_learns_on_standardised_rows(rows, name, peer):
    scale = rows.std(axis=0)
    expected, intensity = peer((rows - rows.mean(axis=0)) / scale)
    moments = gaussian_moments(rows, shrinkage=name)
    assert 0.01 < intensity < 0.9
    assert moments.shrinkage == pytest.approx(intensity, rel=1e-9)
    np.testing.assert_allclose(moments.covariance, expected * np.outer(scale, scale), rtol=1e-9)


def test_shrinkage_by_a_number_and_none(rows):
    S = np.cov(rows.T, bias=True)
    np.testing.assert_allclose(gaussian_moments(rows).covariance, S, rtol=1e-12)
    np.testing.assert_allclose(gaussian_moments(rows).mean, rows.mean(axis=0))
    scale = np.sqrt(np.diag(S))
    expected = shrunk_covariance(S / np.outer(scale, scale), 0.3) * np.outer(scale, scale)
    np.testing.assert_allclose(
        gaussian_moments(rows, shrinkage=0.3).covariance, expected, rtol=1e-12
    )


@pytest.mark.parametrize("shrinkage", [None, 0.2, "ledoit_wolf", "oas"])
def test_weights_are_repetitions(rows, shrinkage):
    weights = np.random.default_rng(1).integers(1, 4, size=len(rows)).astype(float)
    weighted = gaussian_moments(rows, shrinkage=shrinkage, weights=weights)
    repeated = gaussian_moments(np.repeat(rows, weights.astype(int), axis=0), shrinkage=shrinkage)
    np.testing.assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-10)
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-12)
    assert weighted.shrinkage == pytest.approx(repeated.shrinkage, abs=1e-12)


@pytest.mark.parametrize("shrinkage", [None, 0.2, "ledoit_wolf", "oas"])
def test_constant_variables_stay_constant(rows, shrinkage):
    with_constant = np.insert(rows, 2, 0.1 + 0.2, axis=1)
    moments = gaussian_moments(with_constant, shrinkage=shrinkage)
    assert not moments.covariance[2].any()
    others = np.delete(np.delete(moments.covariance, 2, axis=0), 2, axis=1)
    expected = gaussian_moments(rows, shrinkage=shrinkage)
    np.testing.assert_allclose(others, expected.covariance, rtol=1e-12)
    assert not gaussian_moments(np.full((4, 2), 0.1), shrinkage=shrinkage).covariance.any()


def test_entropy():
    assert gaussian_entropy([[4.0]], base=math.e) == pytest.approx(norm(scale=2).entropy())
    S = _covariance(np.random.default_rng(0), 6)
    expected = 3 * math.log(2 * math.pi * math.e) + _half_log_det(S)
    assert gaussian_entropy(S, base=math.e) == pytest.approx(expected, rel=1e-10)
    assert gaussian_entropy(S) == pytest.approx(expected / math.log(2), rel=1e-10)
    assert gaussian_entropy(1e-12 * np.eye(3), base=math.e) == pytest.approx(
        3 * norm(scale=1e-6).entropy()
    )


@pytest.mark.parametrize("S", [[[1, 0], [0, 0]], [[1, 1], [1, 1]], [[0.0]], [[1, 2e3], [2e3, 4e6]]])
def test_singular_covariance_has_no_density(S):
    assert gaussian_entropy(S) == -math.inf


@reproducible
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 5))
def test_information_is_the_ratio_of_determinants(seed, n_first, n_second):
    S = _covariance(np.random.default_rng(seed), n_first + n_second, scales=False)
    expected = (
        _half_log_det(S[:n_first, :n_first])
        + _half_log_det(S[n_first:, n_first:])
        - _half_log_det(S)
    )
    assert gaussian_mutual_information(S, n_first, base=math.e) == pytest.approx(
        expected, rel=1e-6, abs=1e-9
    )


@reproducible
@given(st.integers(0, 2**32 - 1))
def test_information_does_not_know_units_of_measurement(seed):
    rng = np.random.default_rng(seed)
    S = _covariance(rng, 5, scales=False)
    scale = 10.0 ** rng.uniform(-6, 6, size=5)
    assert gaussian_mutual_information(S * np.outer(scale, scale), 2) == pytest.approx(
        gaussian_mutual_information(S, 2), rel=1e-6
    )


@reproducible
@given(st.integers(0, 2**32 - 1))
def test_inequalities(seed):
    """Data processing, symmetry and the chain rule's part: fewer variables tell less."""
    S = _covariance(np.random.default_rng(seed), 6, scales=False)
    whole = gaussian_mutual_information(S, 3)
    fewer = gaussian_mutual_information(S[1:, 1:], 2)
    swapped = gaussian_mutual_information(np.roll(S, 3, axis=(0, 1)), 3)
    assert 0 <= fewer <= whole + 1e-9
    assert swapped == pytest.approx(whole, rel=1e-7)


def test_small_information_keeps_its_digits():
    """I = r^2 / 2 for a small r, which a difference of determinants would lose."""
    S = [[1, 1e-7], [1e-7, 1]]
    assert gaussian_mutual_information(S, 1, base=math.e) == pytest.approx(0.5e-14, rel=1e-6)


def test_constant_and_repeated_variables_change_nothing():
    S = np.array([[1, 0.6], [0.6, 1]])
    expected = gaussian_mutual_information(S, 1)
    assert expected == pytest.approx(-0.5 * math.log2(1 - 0.36))
    repeated = S[np.ix_([0, 0, 1, 1], [0, 0, 1, 1])]
    assert gaussian_mutual_information(repeated, 2) == pytest.approx(expected, rel=1e-9)
    with_constant = np.zeros((4, 4))
    with_constant[np.ix_([0, 3], [0, 3])] = S
    assert gaussian_mutual_information(with_constant, 2) == pytest.approx(expected, rel=1e-12)


def test_common_direction_is_infinite():
    assert gaussian_mutual_information(np.ones((2, 2)), 1) == math.inf
    assert information_of_correlations(np.array([0.3, 1.0])) == math.inf
    assert information_of_correlations(np.array([])) == 0


def test_whitening(rows):
    S = gaussian_moments(rows).covariance
    directions, rotation = whitening_directions(S)
    np.testing.assert_allclose(directions.T @ S @ directions, np.eye(5), atol=1e-9)
    symmetric = np.sqrt(np.diag(S))[:, None] * (directions @ rotation)
    np.testing.assert_allclose(symmetric, symmetric.T, atol=1e-9)
    assert np.linalg.eigvalsh(symmetric).min() > 0
    singular = S[np.ix_([0, 1, 1], [0, 1, 1])]
    directions, _ = whitening_directions(singular)
    assert directions.shape == (3, 2)


def test_canonical_directions_pair_up(rows):
    S = gaussian_moments(rows).covariance
    found = canonical_correlations(S, 2)
    first = found.first.T @ S[:2, 2:] @ found.second
    np.testing.assert_allclose(first, np.diag(found.correlations), atol=1e-9)
    assert found.n_directions == 5
    assert (np.diff(found.correlations) <= 0).all()


def test_log_ratio_is_that_of_the_densities():
    S = _covariance(np.random.default_rng(3), 5, scales=False)
    X = np.random.default_rng(4).multivariate_normal(np.zeros(5), S, size=20)
    expected = (
        multivariate_normal(cov=S).logpdf(X)
        - multivariate_normal(cov=S[:2, :2]).logpdf(X[:, :2])
        - multivariate_normal(cov=S[2:, 2:]).logpdf(X[:, 2:])
    )
    found = canonical_correlations(S, 2)
    log_ratio = canonical_log_ratio(
        found.correlations, X[:, :2] @ found.first, X[:, 2:] @ found.second
    )
    np.testing.assert_allclose(log_ratio, expected, atol=1e-8)


def test_classes_by_hand():
    """Half a row of prior: variances (2 * 1 + .5) / 2.5 and (1 * 0 + .5) / 1.5."""
    Z, labels = np.array([[-1.0], [1.0], [5.0]]), np.array([0, 0, 1])
    classes = gaussian_classes(Z, labels)
    np.testing.assert_allclose(classes.priors, [2 / 3, 1 / 3])
    np.testing.assert_allclose(classes.means, [[0], [5]])
    np.testing.assert_allclose(classes.factors.ravel() ** 2, [1, 1 / 3])
    assert gaussian_class_information(classes) == pytest.approx(math.log(3) / 6)


def test_class_log_ratio_is_bayes_rule():
    rng = np.random.default_rng(0)
    Z = np.concatenate([rng.normal(size=(40, 2)), 2 + rng.normal(size=(20, 2)) * [1, 3]])
    labels = np.repeat([0, 1], [40, 20])
    classes = gaussian_classes(Z, labels, shrinkage=0.1)
    density = np.array(
        [
            multivariate_normal(mean, factor @ factor.T).pdf(Z)
            for mean, factor in zip(classes.means, classes.factors, strict=True)
        ]
    )
    expected = np.log(density[labels, np.arange(60)] / (classes.priors @ density))
    np.testing.assert_allclose(class_log_ratio(classes, Z, labels), expected, atol=1e-12)


def test_mean_log_ratio_is_the_information_of_gaussian_classes():
    """Classes N(-1, 1) and N(1, 1), equally likely: truth by quadrature."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=100_000)
    Z = rng.normal(size=(100_000, 1)) + 2.0 * labels[:, None] - 1
    classes = gaussian_classes(Z, labels)
    found = class_log_ratio(classes, Z, labels)

    def integrand(z):
        return norm.pdf(z - 1) * math.log(2 * norm.pdf(z - 1) / (norm.pdf(z - 1) + norm.pdf(z + 1)))

    truth = quad(integrand, -9, 11)[0]
    assert truth == pytest.approx(0.3369, abs=5e-4)
    assert found.mean() == pytest.approx(truth, abs=3 * found.std() / math.sqrt(len(found)))
    assert found.max() <= math.log(2) + 0.01
