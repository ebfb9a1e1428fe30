"""Held-out likelihood, decoder and kernel features of mixtures."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from scipy.stats import norm

from ibtools.information._mixture_density import (
    gaussian_kernel,
    held_out_log_likelihoods,
    kernel_whitening,
    mixture_log_ratio,
    most_likely_variance,
)


def direct_likelihood(X, variance, together, weights):
    logs = []
    for i in range(len(X)):
        others = ~together[i]
        exponents = cdist(X[[i]], X[others], "sqeuclidean")[0] / (-2 * variance)
        mass = weights[others].sum()
        logs.append(logsumexp(exponents, b=weights[others] / mass))
    return np.average(logs, weights=weights) - X.shape[1] / 2 * math.log(2 * math.pi * variance)


@pytest.mark.parametrize("variance", [1e-6, 0.01, 1, 30])
def test_held_out_likelihood_by_definition(variance):
    rng = np.random.default_rng(0)
    X, inputs, classes = rng.normal(size=(90, 3)), np.arange(90) // 3, rng.integers(20, size=90)
    weights = rng.uniform(0.5, 2, size=90)
    together = (inputs[:, None] == inputs) | (classes[:, None] == classes)
    (value,) = held_out_log_likelihoods(X, np.array([variance]), [inputs, classes], weights)
    assert value == pytest.approx(direct_likelihood(X, variance, together, weights), rel=1e-10)


def test_likelihood_of_two_points_peaks_at_their_squared_distance():
    """Each row is held out by the other alone: -D / (2 v) - ln(v) / 2 is largest at v = D."""
    X = np.array([[0.0], [3.0]])
    variances = np.array([6.0, 9.0, 12.0])
    values = held_out_log_likelihoods(X, variances, [np.arange(2)])
    assert_allclose(values, norm.logpdf(3, scale=np.sqrt(variances)), rtol=1e-12)
    assert values.argmax() == 1
    assert most_likely_variance(X, [np.arange(2)]) == pytest.approx(9, rel=0.1)


def test_most_likely_variance_of_a_normal_sample():
    """Near the optimum of a Gaussian kernel for normal data, (1.06 n^(-1/5))^2."""
    X = np.random.default_rng(0).normal(size=(1500, 1))
    expected = (1.06 * 1500**-0.2) ** 2
    assert most_likely_variance(X, [np.arange(1500)]) == pytest.approx(expected, rel=0.5)
    assert most_likely_variance(1e3 * X, [np.arange(1500)]) == pytest.approx(
        1e6 * most_likely_variance(X, [np.arange(1500)]), rel=1e-9
    )


def test_rows_without_others_are_left_out():
    X = np.array([[0.0], [1.0], [1.0], [2.0]])
    with pytest.raises(ValueError, match="Nothing can be held out"):
        held_out_log_likelihoods(X, np.array([1.0]), [np.zeros(4, int)])
    with pytest.raises(ValueError, match="Nothing can be held out"):
        most_likely_variance(np.ones((3, 2)), [np.arange(3)])


def test_decoder_by_hand():
    centres, joint = np.array([[0.0], [0.0], [4.0]]), np.array([[1.0, 0], [0, 1], [0, 1]])
    near, far = 1.0, math.exp(-8)
    counts = np.array([near, near + far])
    prior = np.array([1 / 3, 2 / 3])
    expected = np.log((counts + prior / 2) / (counts.sum() + 0.5) / prior)
    information = mixture_log_ratio(
        centres, joint, 1.0, np.array([[0.0], [0.0], [1e6]]), np.array([0, 1, 1])
    )
    assert_allclose(information, [*expected, 0], atol=1e-12)


def test_decoder_in_blocks():
    rng = np.random.default_rng(0)
    centres, X = rng.normal(size=(700, 3)), rng.normal(size=(900, 3))
    joint, labels = np.eye(4)[rng.integers(4, size=700)], rng.integers(4, size=900)
    whole = mixture_log_ratio(centres, joint, 0.3, X, labels)
    rows = [
        mixture_log_ratio(centres, joint, 0.3, X[i : i + 1], labels[i : i + 1]) for i in range(900)
    ]
    assert_allclose(whole, np.concatenate(rows), rtol=1e-9)


def test_kernel_far_from_the_origin():
    rng = np.random.default_rng(0)
    X, centres = rng.normal(size=(20, 5)), rng.normal(size=(30, 5))
    expected = np.exp(-cdist(X, centres, "sqeuclidean") / (2 * 0.7))
    assert_allclose(gaussian_kernel(X, centres, 0.7), expected, rtol=1e-12)
    assert_allclose(gaussian_kernel(X + 1e3, centres + 1e3, 0.7), expected, rtol=1e-9)


@pytest.mark.parametrize("variance", [0.01, 1, 1e4])
def test_whitening_inverts_the_kernel(variance):
    centres = np.random.default_rng(0).normal(size=(40, 2))
    kernel = gaussian_kernel(centres, centres, variance)
    features = kernel @ kernel_whitening(centres, variance)
    assert_allclose(features @ features.T, kernel, atol=1e-9)


@pytest.mark.parametrize("noise_std", [1e-4, 1e-2])
def test_rows_spread_over_many_widths_keep_their_digits(noise_std):
    """Rows 1e4 apart: each has a kernel of 1 with itself, and of 0 with all others."""
    X = 1e4 * np.random.default_rng(0).normal(size=(60, 4))
    labels = np.arange(60) % 3
    joint = np.eye(3)[labels]
    ratios = mixture_log_ratio(X, joint, noise_std**2, X, labels)
    assert_allclose(ratios, np.log((1 + 1 / 6) / (1.5 / 3)), rtol=1e-12)
    near = X + noise_std / np.sqrt(4)
    kernels = np.exp(-1 / 2)
    ratios = mixture_log_ratio(X, joint, noise_std**2, near, labels)
    assert_allclose(ratios, np.log((kernels + 1 / 6) / ((kernels + 0.5) / 3)), atol=1e-7)
