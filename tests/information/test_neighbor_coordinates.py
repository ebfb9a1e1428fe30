"""Coordinates of distances: standardised or rank-normal, for new rows too."""

import math

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtri

from ibtools.information._neighbor_coordinates import fit_coordinates, jittered


def test_standardised():
    X = np.array([[0.0, 5.0, 1e-200], [2.0, 5.0, 3e-200], [4.0, 5.0, 5e-200]])
    map_ = fit_coordinates(X)
    score = math.sqrt(1.5)
    expected = [[-score, 0, -score], [0, 0, 0], [score, 0, score]]
    assert_allclose(map_.apply(X), expected, atol=2**-31)
    assert map_.log_volume == np.log(map_.scale).sum()
    assert_allclose(map_.apply([[6.0, 6.0, 7e-200]]), [[2 * score, 1, 2 * score]])


def test_as_they_are():
    X = np.random.default_rng(0).normal(size=(10, 2))
    map_ = fit_coordinates(X, standardize=False)
    assert_array_equal(map_.apply(X), X)
    assert map_.log_volume == 0


def test_ranks_to_normal_quantiles():
    """Ranks 1, 2.5, 2.5, 4 of 4; between values linear, beyond them constant."""
    X = np.array([[3.0], [-1.0], [3.0], [100.0]])
    map_ = fit_coordinates(X, copula=True)
    scores = ndtri(np.array([2.5, 1, 2.5, 4]) / 5)
    assert_allclose(map_.apply(X).ravel(), scores, atol=2**-33)
    new = map_.apply(np.array([[-9.0], [1.0], [999.0]])).ravel()
    assert_allclose(new, [scores[1], (scores[0] + scores[1]) / 2, scores[3]])


def test_ranks_do_not_see_monotone_maps():
    X = np.random.default_rng(0).normal(size=(50, 3))
    bent = np.stack([X[:, 0] ** 3, np.exp(X[:, 1]), np.tanh(X[:, 2])], axis=1)
    assert_array_equal(
        fit_coordinates(X, copula=True).apply(X), fit_coordinates(bent, copula=True).apply(bent)
    )


def test_jitter_is_relative_to_the_column():
    X = np.random.default_rng(0).normal(size=(20000, 3)) * [1, 1e6, 0]
    noise = jittered(X, 1e-3, np.random.RandomState(0)) - X
    assert_allclose(noise.std(axis=0), [1e-3, 1e3, 0], rtol=0.05)
    assert len(np.unique(jittered(np.arange(20.0)[:, None] // 2, 1e-10, np.random))) == 20
