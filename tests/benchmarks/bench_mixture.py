"""Mixture entropies against the published way, all pairs at once, and against scikit-learn."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from sklearn.neighbors import KernelDensity

from ibtools import KernelDensityMI, SamplePropagationMI
from ibtools.information._mixture_sampling import mean_overlaps, sampled_information
from ibtools.information._pairwise import kernel_sums

VARIANCE = 1e-3
ONE_GIB = 2**30


def _layer(n_samples, n_features, n_classes=10):
    rng = np.random.default_rng(0)
    T = np.tanh(2 * rng.normal(size=(n_samples, n_features)))
    return T, rng.integers(n_classes, size=n_samples)


def _both_axes(entropies, T, y):
    """Both bounds of I(X;T), then of I(T;Y) class by class, in nats; less ln n and the noise."""
    of_all = entropies(T)
    of_classes = sum((y == c).mean() * entropies(T[y == c]) for c in np.unique(y))
    return np.concatenate([of_all, of_all - of_classes])


def _published_entropies(T):
    """Both bounds from one n x n matrix each, as in the published scripts."""
    squares = np.square(T).sum(axis=1)
    distances = squares[:, None] + squares - 2 * (T @ T.T)
    rows = [logsumexp(-distances / (width * VARIANCE), axis=1) for width in (8, 2)]
    return math.log(len(T)) - np.mean(rows, axis=1)


def _plain_entropies(T, n_rows=500):
    """Both bounds from differences in float64, some rows at a time: the reference."""
    sums = np.zeros(2)
    for start in range(0, len(T), n_rows):
        distances = cdist(T[start : start + n_rows], T, "sqeuclidean")
        for bound, width in enumerate((8, 2)):
            sums[bound] += np.log(np.exp(-distances / (width * VARIANCE)).sum(axis=1)).sum()
    return math.log(len(T)) - sums / len(T)


def _our_information(T, y):
    kernels = KernelDensityMI(VARIANCE, base=math.e).fit(T, y)
    lower = kernels.mi_y_lower_ + kernels.mi_y_upper_ - kernels.mi_y_
    return [kernels.mi_x_lower_, kernels.mi_x_upper_, lower, kernels.mi_y_]


@pytest.mark.parametrize(
    ("n_samples", "n_features", "reach"),
    [(4096, 10, ""), (4096, 200, ""), (10000, 20, "80x at 1e-6 nats")],
)
def test_kernel_bounds_of_both_axes(n_samples, n_features, reach, compare):
    T, y = _layer(n_samples, n_features)
    compare(
        lambda: _our_information(T, y),
        lambda: _both_axes(_published_entropies, T, y),
        peer_name="published formula in numpy",
        rounds=5,
        truth=_both_axes(_plain_entropies, T, y),
        reach=reach,
    )


@pytest.mark.parametrize("n_features", [20, 1024])
def test_kernel_bounds_of_20000_rows(n_features, peak_memory):
    T, y = _layer(20_000, n_features)
    assert peak_memory(lambda: KernelDensityMI(VARIANCE).fit(T, y)) < ONE_GIB


@pytest.mark.parametrize("n_features", [20, 1024])
def test_sample_propagation_of_20000_rows(n_features, peak_memory):
    T, y = _layer(20_000, n_features)
    propagation = SamplePropagationMI(0.1, n_draws=2, random_state=0)
    assert peak_memory(lambda: propagation.fit(T, y)) < ONE_GIB


def _our_draws(S, noise_std, overlaps, n_draws=2):
    (information,), _ = sampled_information(
        S,
        noise_std**2,
        overlaps=overlaps,
        n_draws=n_draws,
        random_generator=np.random.default_rng(0),
    )
    return information


def _tree_draw(S, noise_std, seed=0):
    """One draw from a random centre for each row, with scikit-learn's trees: nats, and spread."""
    rng = np.random.default_rng(seed)
    T = S[rng.integers(len(S), size=len(S))] + noise_std * rng.normal(size=S.shape)
    logs = KernelDensity(bandwidth=noise_std, rtol=1e-3).fit(S).score_samples(T)
    return -logs.mean() - S.shape[1] / 2 * (1 + math.log(2 * math.pi * noise_std**2)), logs.std()


@pytest.mark.parametrize(
    ("n_features", "noise_std", "reach"),
    [
        (3, 0.02, "2x, error 1.1x"),
        (5, 0.05, "2x, error 1.1x"),
        (10, 0.1, "3x, error 8x"),
        (3, 0.2, "20x"),
        (10, 0.5, "36x"),
    ],
)
def test_two_draws_of_sample_propagation(n_features, noise_std, reach, compare):
    """The errors are the standard errors that each states."""
    S, _ = _layer(4096, n_features)
    overlaps = mean_overlaps(kernel_sums(S, noise_std**2))
    ours = _our_draws(S, noise_std, overlaps)
    peer, spread = _tree_draw(S, noise_std)
    peer_error = spread / math.sqrt(len(S))
    assert ours.value == pytest.approx(peer, abs=5 * math.hypot(ours.std_error, peer_error))
    compare(
        lambda: _our_draws(S, noise_std, overlaps),
        lambda: [_tree_draw(S, noise_std, seed) for seed in (0, 1)],
        peer_name="scikit-learn kernel density",
        rounds=5,
        errors=(ours.std_error, peer_error / math.sqrt(2)),
        reach=reach,
    )


@pytest.mark.parametrize(("n_features", "noise_std"), [(3, 0.02), (10, 0.1), (10, 0.5)])
def test_fit_of_sample_propagation(n_features, noise_std, compare):
    """Two draws, and what the estimator adds to them: the bounds about the entropy."""
    S, _ = _layer(4096, n_features)
    propagation = SamplePropagationMI(noise_std, n_draws=2, random_state=0)
    compare(
        lambda: propagation.fit(S),
        lambda: [_tree_draw(S, noise_std, seed) for seed in (0, 1)],
        peer_name="scikit-learn kernel density",
        rounds=5,
    )
