"""Mixture entropies against the published way, all pairs at once, and against scikit-learn."""

import math

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.neighbors import KernelDensity

from ibtools.estimators._kernel_density import KernelDensityMI
from ibtools.information._mixture_sampling import mean_overlaps, sampled_information
from ibtools.information._pairwise import kernel_sums

VARIANCE = 1e-3


def _published_entropies(T):
    """Both bounds from one n x n matrix each, as in the published scripts."""
    squares = np.square(T).sum(axis=1)
    distances = squares[:, None] + squares - 2 * (T @ T.T)
    constant = T.shape[1] / 2 * (1 + math.log(2 * math.pi * VARIANCE)) + math.log(len(T))
    return [
        constant - logsumexp(-distances / (width * VARIANCE), axis=1).mean() for width in (8, 2)
    ]


def _published_information(T, y):
    """Both bounds of I(X;T) and I(T;Y) in nats, class by class."""
    noise = T.shape[1] / 2 * (1 + math.log(2 * math.pi * VARIANCE))
    entropies = np.array(_published_entropies(T))
    conditional = sum((y == c).mean() * np.array(_published_entropies(T[y == c])) for c in set(y))
    return np.concatenate([entropies - noise, entropies - conditional])


def _our_information(T, y):
    kernels = KernelDensityMI(VARIANCE, base=math.e).fit(T, y)
    upper = kernels.mi_y_
    lower = kernels.mi_y_lower_ + kernels.mi_y_upper_ - upper
    return [kernels.mi_x_lower_, kernels.mi_x_upper_, lower, upper]


@pytest.mark.parametrize(
    ("n_samples", "n_features", "n_classes"), [(4096, 10, 2), (10000, 20, 10), (4096, 200, 10)]
)
def test_kernel_bounds_of_both_axes(n_samples, n_features, n_classes, compare):
    rng = np.random.default_rng(0)
    T = np.tanh(2 * rng.normal(size=(n_samples, n_features)))
    y = rng.integers(n_classes, size=n_samples)
    np.testing.assert_allclose(_our_information(T, y), _published_information(T, y), atol=1e-6)
    compare(
        lambda: _our_information(T, y),
        lambda: _published_information(T, y),
        rounds=3,
        peer_name="numpy, all pairs",
    )


def _our_draws(S, noise_std, n_draws, overlaps, seed=0):
    (information,), _ = sampled_information(
        S,
        noise_std**2,
        overlaps=overlaps,
        n_draws=n_draws,
        random_generator=np.random.default_rng(seed),
    )
    return information


def _kernel_density_draw(S, noise_std, seed=0):
    """One draw from a random centre for each row, with scikit-learn's trees."""
    rng = np.random.default_rng(seed)
    T = S[rng.integers(len(S), size=len(S))] + noise_std * rng.normal(size=S.shape)
    logs = KernelDensity(bandwidth=noise_std, rtol=1e-3).fit(S).score_samples(T)
    return -logs.mean() - S.shape[1] / 2 * (1 + math.log(2 * math.pi * noise_std**2)), logs.std()


@pytest.mark.parametrize(
    ("n_features", "noise_std"), [(10, 0.1), (10, 0.5), (5, 0.05), (3, 0.02), (3, 0.2)]
)
def test_two_draws_of_sample_propagation(n_features, noise_std, compare):
    S = np.tanh(np.random.default_rng(0).normal(size=(4096, n_features)))
    overlaps = mean_overlaps(kernel_sums(S, noise_std**2))
    ours = _our_draws(S, noise_std, 2, overlaps)
    peer, spread = _kernel_density_draw(S, noise_std)
    peer_error = spread / math.sqrt(len(S))
    assert ours.value == pytest.approx(peer, abs=5 * math.hypot(ours.std_error, peer_error))
    gain = peer_error / math.sqrt(2) / ours.std_error
    print(f"standard error of as many draws: {gain:.1f}x smaller")
    compare(
        lambda: _our_draws(S, noise_std, 2, overlaps),
        lambda: [_kernel_density_draw(S, noise_std, seed) for seed in (0, 1)],
        rounds=3,
        peer_name="scikit-learn trees",
    )
