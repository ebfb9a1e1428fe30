"""Neighbour estimates against scikit-learn's, and against trees as research code uses them."""

import math

import numpy as np
import pytest
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.neighbors import KDTree

from ibtools.information._local_gaussian import flat_height, lnn_entropy_nats
from ibtools.information._neighbors import (
    kl_entropy_nats,
    ksg_mutual_information,
    ross_mutual_information,
)


def _tree_ksg(x, y, k=3):
    """Kraskov's estimator with three trees of default leaves and an absolute epsilon."""
    joint = KDTree(np.hstack([x, y]), metric="chebyshev")
    radii = joint.query(np.hstack([x, y]), k=k + 1)[0][:, k] - 1e-15
    counts = [KDTree(v, metric="chebyshev").query_radius(v, radii, count_only=True) for v in (x, y)]
    return digamma(k) + digamma(len(x)) - np.mean(digamma(counts[0]) + digamma(counts[1]))


def _tree_ross(x, labels, k=3):
    """Ross's estimator with one tree per class, as scikit-learn has it for one column."""
    radii = np.empty(len(x))
    for label in np.unique(labels):
        own = x[labels == label]
        distances = KDTree(own, metric="chebyshev").query(own, k=k + 1)[0][:, k]
        radii[labels == label] = np.nextafter(distances, 0)
    counts = KDTree(x, metric="chebyshev").query_radius(x, radii, count_only=True)
    of_classes = digamma(np.bincount(labels)[labels])
    return digamma(len(x)) + digamma(k) - np.mean(of_classes + digamma(counts))


def _loop_lnn(x, k=5, m=30):
    """Local Gaussian entropy one row at a time."""
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
    return kl_entropy_nats(x, np.array([k]), "euclidean")[0] - total / n + flat_height(k, m, d)


def _pair(n, d):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, d))
    return x, 0.6 * x + 0.8 * rng.normal(size=(n, d))


@pytest.mark.parametrize("shape", [(20000, 1), (20000, 2), (20000, 5), (5000, 10), (5000, 20)])
def test_ksg_against_trees(shape, compare):
    x, y = _pair(*shape)
    ours = ksg_mutual_information(x, y, base=math.e)
    assert ours == pytest.approx(_tree_ksg(x, y), abs=1e-9)
    compare(
        lambda: ksg_mutual_information(x, y), lambda: _tree_ksg(x, y), rounds=3, peer_name="trees"
    )


def test_ksg_against_scikit_learn(compare):
    x, y = _pair(20000, 1)
    x, y = x / x.std(), y / y.std()
    peer = mutual_info_regression(x, y.ravel(), random_state=0)[0]
    assert ksg_mutual_information(x, y, base=math.e) == pytest.approx(peer, abs=1e-6)
    compare(
        lambda: ksg_mutual_information(x, y),
        lambda: mutual_info_regression(x, y.ravel(), random_state=0),
        peer_name="mutual_info_regression",
    )


def test_five_k_in_one_pass(compare):
    x, y = _pair(4000, 10)
    ks = [1, 2, 3, 5, 10]
    compare(
        lambda: ksg_mutual_information(x, y, ks),
        lambda: [ksg_mutual_information(x, y, k) for k in ks],
        rounds=3,
        peer_name="one pass per k",
    )


@pytest.mark.parametrize("shape", [(10000, 1), (10000, 3), (4096, 10), (10000, 20)])
def test_ross_against_trees(shape, compare):
    x, _ = _pair(*shape)
    labels = np.arange(len(x)) % 10
    x[:, 0] += labels
    ours = ross_mutual_information(x, labels, base=math.e)
    assert ours == pytest.approx(_tree_ross(x, labels), abs=1e-9)
    compare(
        lambda: ross_mutual_information(x, labels),
        lambda: _tree_ross(x, labels),
        rounds=3,
        peer_name="trees",
    )


def test_ross_against_scikit_learn(compare):
    x, _ = _pair(20000, 1)
    labels = np.arange(20000) % 10
    x = (x + labels[:, None]) / (x + labels[:, None]).std()
    options = {"discrete_features": False, "random_state": 0}
    peer = mutual_info_classif(x, labels, **options)[0]
    assert ross_mutual_information(x, labels, base=math.e) == pytest.approx(peer, abs=1e-6)
    compare(
        lambda: ross_mutual_information(x, labels),
        lambda: mutual_info_classif(x, labels, **options),
        peer_name="mutual_info_classif",
    )


@pytest.mark.parametrize("shape", [(1000, 2), (1000, 10), (5000, 5)])
def test_lnn_against_a_loop(shape, compare):
    x, _ = _pair(*shape)
    ks = np.array([5])
    assert lnn_entropy_nats(x, ks, 30)[0] == pytest.approx(_loop_lnn(x), abs=1e-9)
    compare(lambda: lnn_entropy_nats(x, ks, 30), lambda: _loop_lnn(x), peer_name="loop")
