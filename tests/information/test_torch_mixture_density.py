"""Held-out likelihoods and the decoder on a torch device against those of the host."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from ibtools.information import _mixture_density, _torch_mixture
from ibtools.information._torch_mixture_density import (
    held_out_log_likelihoods,
    mixture_log_ratio,
    most_likely_variance,
)


def make_rows(seed=0):
    rng = np.random.default_rng(seed)
    X = np.tanh(rng.normal(size=(200, 3)))
    X[150:] = X[:50]
    symbols = np.r_[np.arange(150), np.arange(50)]
    return X, [symbols, rng.integers(40, size=200)], rng.random(200)


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("weighted", [False, True])
def test_likelihoods_are_those_of_the_host(monkeypatch, weighted, offset):
    X, groupings, weights = make_rows()
    weights = weights if weighted else None
    variances = np.array([1e-6, 1e-2, 1.0])
    expected = _mixture_density.held_out_log_likelihoods(X, variances, groupings, weights)
    shifted = torch.as_tensor(X + offset)
    for n_values in (1, 10**6):
        monkeypatch.setattr(_torch_mixture, "_HOST_VALUES", n_values)
        values = held_out_log_likelihoods(shifted, variances, groupings, weights)
        assert_allclose(values, expected, rtol=1e-9 if offset == 0 else 1e-6)
    best = _mixture_density.most_likely_variance(X, groupings, weights)
    assert most_likely_variance(shifted, groupings, weights) == pytest.approx(best, rel=1e-6)


def test_rows_that_nothing_is_held_out_for():
    with pytest.raises(ValueError, match="Nothing can be held out"):
        held_out_log_likelihoods(torch.eye(4), np.array([1.0]), [np.zeros(4, int)])
    with pytest.raises(ValueError, match="all rows are equal"):
        most_likely_variance(torch.ones(3, 2), [np.arange(3)])
    # Rows 0 and 1 share a group with all others, and are left out of the mean.
    X, groupings = np.array([[0.0], [1.0], [5.0], [7.0]]), [np.array([0, 0, 1, 2])]
    groupings.append(np.array([0, 1, 0, 0]))
    values = held_out_log_likelihoods(torch.as_tensor(X), np.array([1.0, 4.0]), groupings)
    expected = _mixture_density.held_out_log_likelihoods(X, np.array([1.0, 4.0]), groupings)
    assert_allclose(values, expected, rtol=1e-12)


@pytest.mark.parametrize("variance", [1e-8, 1e-3, 1.0])
def test_decoder_is_that_of_the_host(monkeypatch, variance):
    X, _, weights = make_rows()
    labels = np.arange(200) % 3
    joint = np.zeros((200, 3))
    joint[np.arange(200), labels] = weights
    held_out = np.concatenate([X[:60] + 0.01, np.full((1, 3), 100.0)])
    asked = np.arange(61) % 3
    expected = _mixture_density.mixture_log_ratio(X, joint, variance, held_out, asked)
    monkeypatch.setattr(_torch_mixture, "_HOST_VALUES", 1000)
    values = mixture_log_ratio(
        torch.as_tensor(X), joint, variance, torch.as_tensor(held_out), asked
    )
    assert_allclose(values, expected, atol=1e-7)
    assert values[-1] == pytest.approx(0, abs=1e-12)
