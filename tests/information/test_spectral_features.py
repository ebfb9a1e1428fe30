"""Features of a Gram matrix, for its own rows and for new ones, and the decoder."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ibtools.information._spectral_features import (
    cross_kernel,
    kernel_log_ratio,
    landmark_features,
    landmark_rows,
)
from ibtools.information._spectral_gram import delta_variable, gram_matrix, rbf_variable


def variable_of(n, d, bandwidth, seed=0):
    values = np.random.default_rng(seed).normal(size=(n, d))
    return rbf_variable([values], np.array([bandwidth]))


@pytest.mark.parametrize(("d", "bandwidth"), [(1, 1.0), (3, 0.5), (10, 5.0), (2, 1e-3)])
def test_features_have_the_gram_matrix(d, bandwidth):
    variable = variable_of(80, d, bandwidth)
    Z = landmark_features(variable.take(landmark_rows(variable)), variable)
    assert_allclose(Z @ Z.T, gram_matrix(variable), atol=1e-8)
    assert Z.shape[1] <= 80


def test_all_and_the_first_landmarks_are_found_alike():
    variable = variable_of(150, 3, 1.0)
    everything = landmark_rows(variable)
    some = landmark_rows(variable, 40)
    assert len(some) == 40
    assert_allclose(some, everything[:40])
    assert len(landmark_rows(variable, 10**6)) == len(everything)


def test_equal_rows_are_found_once():
    values = np.repeat(np.arange(5.0)[:, None], 4, axis=0)
    variable = rbf_variable([values], np.array([0.5]))
    for n_landmarks in (None, 20):
        landmarks = landmark_rows(variable, n_landmarks)
        assert sorted(values[landmarks, 0]) == [0, 1, 2, 3, 4]


def test_new_rows_are_projected_on_the_span_of_the_landmarks():
    """K_xP K_PP^-1 K_Px, solved directly."""
    variable, new = variable_of(30, 2, 1.0), variable_of(9, 2, 1.0, seed=1)
    landmarks = variable.take(landmark_rows(variable, 12))
    Z = landmark_features(landmarks, new)
    K_PP, K_xP = gram_matrix(landmarks), cross_kernel(new, landmarks)
    assert_allclose(Z @ Z.T, K_xP @ np.linalg.solve(K_PP, K_xP.T), atol=1e-8)
    assert (np.einsum("ij,ij->i", Z, Z) <= 1 + 1e-8).all()


def test_far_rows_have_no_features():
    variable = variable_of(10, 1, 0.1)
    far = rbf_variable([np.full((2, 1), 1e3)], np.array([0.1]), [np.zeros(1)])
    assert_allclose(landmark_features(variable, far), 0, atol=1e-12)


def test_codes_are_indicators():
    fitted, new = delta_variable(np.array([0, 1, 0, 2])), delta_variable(np.array([2, 7, 0]))
    landmarks = fitted.take(landmark_rows(fitted))
    features = landmark_features(landmarks, new)
    assert_allclose(features @ features.T, np.diag([1, 0, 1]))


def test_decoder_by_hand():
    """Similarities 1, 1/2 to class 0 and 1/4 to class 1, priors 2/3 and 1/3."""
    distances = np.sqrt(-2 * np.log([1, 0.5, 0.25]))
    fitted = rbf_variable([distances[:, None]], np.ones(1), [np.zeros(1)])
    row = rbf_variable([np.zeros((1, 1))], np.ones(1), [np.zeros(1)])
    labels = np.array([0, 0, 1])
    q = [(1.5 + 1 / 3) / (1.75 + 0.5), (0.25 + 1 / 6) / (1.75 + 0.5)]
    for label, prior in enumerate([2 / 3, 1 / 3]):
        ratio = kernel_log_ratio(fitted, labels, row, np.array([label]))
        assert_allclose(ratio, np.log(q[label] / prior), rtol=1e-12)


def test_decoder_in_tiles(monkeypatch):
    fitted, rows = variable_of(50, 2, 1.0), variable_of(23, 2, 1.0, seed=1)
    rng = np.random.default_rng(0)
    labels, own = rng.integers(3, size=50), rng.integers(3, size=23)
    whole = kernel_log_ratio(fitted, labels, rows, own)
    monkeypatch.setattr("ibtools.information._spectral_features._TILE_VALUES", 200)
    assert_allclose(kernel_log_ratio(fitted, labels, rows, own), whole, rtol=1e-10)


def test_decoder_of_a_far_row_gives_nothing():
    fitted = rbf_variable([np.zeros((4, 1))], np.ones(1), [np.zeros(1)])
    far = rbf_variable([np.full((1, 1), 1e3)], np.ones(1), [np.zeros(1)])
    ratio = kernel_log_ratio(fitted, np.array([0, 1, 0, 1]), far, np.array([1]))
    assert_allclose(ratio, 0, atol=1e-12)
