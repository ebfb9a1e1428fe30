"""Neighbour estimates against packages, and against trees and loops as research code has them.

Errors are distances from the truth of the distribution, in nats: estimates that agree share them.
"""

import math

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.special import digamma, entr
from scipy.stats import norm
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.neighbors import KDTree

from ibtools import NearestNeighborsMI
from ibtools.information import (
    kozachenko_leonenko_entropy,
    ksg_mutual_information,
    local_gaussian_entropy,
    ross_mutual_information,
)
from ibtools.information._local_gaussian import flat_height

K = 3


def _pair(n_samples, dimension, correlation=0.6):
    """Correlated in each dimension, standardised, and their information in nats."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_samples, dimension))
    y = correlation * x + math.sqrt(1 - correlation**2) * rng.normal(size=x.shape)
    return x / x.std(axis=0), y / y.std(axis=0), -dimension / 2 * math.log1p(-(correlation**2))


def _npeet(x, y):
    from npeet_plus import mi

    return mi(x, y, k=K, base=math.e)


def _ennemi(x, y):
    from ennemi import estimate_mi

    return estimate_mi(y.ravel(), x.ravel(), k=K, max_threads=1).item()


def _scikit_learn(x, y):
    return mutual_info_regression(x, y.ravel(), n_neighbors=K, random_state=0)[0]


def _infomeasure(x, y):
    import infomeasure

    return infomeasure.mutual_information(x, y, approach="ksg", k=K, noise_level=0, base=math.e)


def _bmi(x, y):
    from bmi.estimators import KSGEnsembleFirstEstimator

    options = {"standardize": False, "metric_x": "chebyshev", "chunk_size": 500}
    return KSGEnsembleFirstEstimator(neighborhoods=(K,), **options).estimate(x, y)


def _dit(x, y):
    from dit.inference import total_correlation_ksg

    columns = np.arange(2 * x.shape[1]).reshape(2, -1).tolist()
    return total_correlation_ksg(np.hstack([x, y]), columns, k=K, noise=0) * math.log(2)


KSG_PEERS = {
    "scikit-learn": _scikit_learn,
    "ennemi": _ennemi,
    "npeet-plus": _npeet,
    "infomeasure": _infomeasure,
    "benchmark-mi": _bmi,
    "dit": _dit,
}


@pytest.mark.parametrize(
    ("n_samples", "dimension", "peer", "reach"),
    [
        (20000, 1, "scikit-learn", "2x"),
        (20000, 1, "ennemi", "2x"),
        (20000, 1, "npeet-plus", "2x"),
        (20000, 1, "infomeasure", ""),
        (20000, 1, "dit", ""),
        (20000, 5, "npeet-plus", "1.45x"),
        (5000, 5, "infomeasure", ""),
        (5000, 20, "benchmark-mi", "3.3x"),
        (5000, 20, "npeet-plus", "3.3x"),
        (20000, 20, "benchmark-mi", "2.75x"),
    ],
)
def test_ksg(n_samples, dimension, peer, reach, compare):
    x, y, truth = _pair(n_samples, dimension)
    compare(
        lambda: ksg_mutual_information(x, y, K, base=math.e),
        lambda: KSG_PEERS[peer](x, y),
        peer_name=peer,
        rounds=5,
        truth=truth,
        reach=reach,
    )


def test_ksg_of_five_k(compare):
    x, y, _ = _pair(4000, 10)
    ks = [1, 2, 3, 5, 10]
    compare(
        lambda: ksg_mutual_information(x, y, ks),
        lambda: [ksg_mutual_information(x, y, k) for k in ks],
        peer_name="one pass per k",
        rounds=5,
    )


def _classes(n_samples, dimension):
    """Ten classes that differ in the first column."""
    grid = np.linspace(-10, 19, 10_001)
    density = norm.pdf(grid[:, None] - np.arange(10)).mean(axis=1)
    entropy = trapezoid(entr(density), grid)
    labels = np.arange(n_samples) % 10
    x = np.random.default_rng(0).normal(size=(n_samples, dimension))
    x[:, 0] += labels
    return x / x.std(axis=0), labels, entropy - norm.entropy()


def _scikit_learn_classes(x, labels):
    options = {"discrete_features": False, "n_neighbors": K, "random_state": 0}
    return mutual_info_classif(x, labels, **options)[0]


def _ennemi_classes(x, labels):
    from ennemi import estimate_mi

    return estimate_mi(labels, x.ravel(), k=K, discrete_y=True, max_threads=1).item()


def _npeet_classes(x, labels):
    from npeet_plus import micd

    return micd(x, labels[:, None], k=K, base=math.e)


def _tree_ross(x, labels):
    """Ross's estimator with one tree per class, as scikit-learn has it for one column."""
    radii = np.empty(len(x))
    for label in np.unique(labels):
        own = x[labels == label]
        distances = KDTree(own, metric="chebyshev").query(own, k=K + 1)[0][:, K]
        radii[labels == label] = np.nextafter(distances, 0)
    counts = KDTree(x, metric="chebyshev").query_radius(x, radii, count_only=True)
    of_classes = digamma(np.bincount(labels)[labels])
    return digamma(len(x)) + digamma(K) - np.mean(of_classes + digamma(counts))


ROSS_PEERS = {
    "scikit-learn": _scikit_learn_classes,
    "ennemi": _ennemi_classes,
    "npeet-plus": _npeet_classes,
    "published formula with trees": _tree_ross,
}


@pytest.mark.parametrize(
    ("n_samples", "dimension", "peer"),
    [
        (20000, 1, "scikit-learn"),
        (20000, 1, "ennemi"),
        (10000, 3, "npeet-plus"),
        (10000, 3, "published formula with trees"),
        (4096, 10, "npeet-plus"),
        (4096, 10, "published formula with trees"),
    ],
)
def test_ross(n_samples, dimension, peer, compare):
    x, labels, truth = _classes(n_samples, dimension)
    compare(
        lambda: ross_mutual_information(x, labels, K, base=math.e),
        lambda: ROSS_PEERS[peer](x, labels),
        peer_name=peer,
        truth=truth,
    )


def _loop_lnn(x, k=5, m=30):
    """Local Gaussian entropy one row at a time, and the constant bias that is taken off."""
    n, d = x.shape
    distances, indices = KDTree(x).query(x, m + 1)
    total = 0.0
    for i in range(n):
        u = (x[indices[i, 1:]] - x[i]) / distances[i, k]
        w = np.exp(-0.5 * (u**2).sum(axis=1))
        mean = w @ u / w.sum()
        sigma = (w[:, None] * u).T @ u / w.sum() - np.outer(mean, mean)
        shape = np.linalg.slogdet(sigma)[1] + mean @ np.linalg.solve(sigma, mean)
        total += math.log(w.sum()) - 0.5 * (d * math.log(2 * math.pi) + shape)
    ball = kozachenko_leonenko_entropy(x, k, metric="euclidean", base=math.e)
    return ball - total / n + flat_height(k, m, d)


@pytest.mark.parametrize(("n_samples", "dimension"), [(1000, 2), (1000, 10), (5000, 5)])
def test_lnn(n_samples, dimension, compare):
    x = np.random.default_rng(0).normal(size=(n_samples, dimension))
    compare(
        lambda: local_gaussian_entropy(x, 5, n_local=30, base=math.e),
        lambda: _loop_lnn(x),
        peer_name="published formula, a loop over rows",
        rounds=5,
        truth=dimension / 2 * math.log(2 * math.pi * math.e),
    )


def test_local_shape_of_a_strong_correlation(compare):
    """Two corrections of one bias: a local Gaussian, and the box of the principal axes."""
    x, y, truth = _pair(1000, 1, 0.9999)

    def peer():
        from npeet_plus import mi

        return mi(x, y, k=5, base=math.e, alpha=0.25)

    compare(
        lambda: NearestNeighborsMI(5, method="lnn", base=math.e).fit(x, y).mi_y_,
        peer,
        peer_name="npeet-plus with its correction",
        rounds=5,
        truth=truth,
    )
