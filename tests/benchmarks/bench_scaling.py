"""Cost of each estimator against the number of rows and of columns, and of one peer.

The peers do the same task; what they give is compared in the other files.
"""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import digamma, logsumexp
from sklearn.neighbors import KDTree, KernelDensity

from ibtools import (
    BinnedMI,
    DependenceGraphMI,
    GaussianMI,
    KernelDensityMI,
    NearestNeighborsMI,
    RenyiMatrixMI,
    SamplePropagationMI,
)

AXES = {"n": (256, 512, 1024, 2048, 4096, 8192, 16384), "d": (2, 8, 32, 128, 512)}
N_ROWS, N_COLUMNS = 2048, 10  # of what does not grow
WIDTH = 0.3


def _layer(axis, size):
    n_samples, n_features = (size, N_COLUMNS) if axis == "n" else (N_ROWS, size)
    rng = np.random.default_rng(0)
    T = np.tanh(rng.normal(size=(n_samples, n_features)))
    return T, rng.integers(10, size=n_samples)


def _classes(y):
    return [y == label for label in np.unique(y)]


def _unique_rows(T, y):
    """Rows of integers, sorted: once for all and once for each class."""
    digits = np.floor(T / WIDTH).astype(np.int64)
    for rows in (digits, *(digits[mask] for mask in _classes(y))):
        np.unique(rows, axis=0, return_counts=True)


def _log_determinants(T, y):
    """Of the covariances: the formula alone, without shrinkage."""
    for rows in (T, *(T[mask] for mask in _classes(y))):
        np.linalg.slogdet(np.cov(rows.T) + 1e-3 * np.eye(T.shape[1]))


def _pairwise_bounds(T, y):
    """Both bounds from n x n matrices, of all rows and of each class."""
    for rows in (T, *(T[mask] for mask in _classes(y))):
        squares = np.square(rows).sum(axis=1)
        distances = squares[:, None] + squares - 2 * (rows @ rows.T)
        for width in (8, 2):
            logsumexp(-distances / (width * 1e-3), axis=1).mean()


def _kernel_density(T, y):
    """Two draws of noise on all rows and on those of each class, with trees."""
    rng = np.random.default_rng(0)
    for rows in (T, *(T[mask] for mask in _classes(y))):
        density = KernelDensity(bandwidth=0.1, rtol=1e-3).fit(rows)
        for _ in range(2):
            density.score_samples(rows + 0.1 * rng.normal(size=rows.shape)).mean()


def _ross(T, y):
    """The published formula with one tree per class."""
    radii = np.empty(len(T))
    for mask in _classes(y):
        distances = KDTree(T[mask], metric="chebyshev").query(T[mask], k=4)[0][:, 3]
        radii[mask] = np.nextafter(distances, 0)
    counts = KDTree(T, metric="chebyshev").query_radius(T, radii, count_only=True)
    digamma(counts).mean()


def _eigenvalues(T, y):
    """Of the Gram matrices of rows, of labels and of both, with vectors."""
    gram = np.exp(-cdist(T, T, "sqeuclidean") / (2 * T.shape[1]))
    labels = (y[:, None] == y).astype(float)
    for matrix in (gram, labels, gram * labels):
        eigenvalues = np.abs(np.linalg.eigh(matrix / len(y))[0])
        math.log2((eigenvalues**1.01).sum())


CASES = {
    "BinnedMI": (BinnedMI(bin_width=WIDTH), _unique_rows, "numpy unique(axis=0)"),
    "GaussianMI": (GaussianMI(), _log_determinants, "numpy slogdet, the formula alone"),
    "DependenceGraphMI": (DependenceGraphMI(random_state=0), None, None),
    "KernelDensityMI": (KernelDensityMI(1e-3), _pairwise_bounds, "published formula in numpy"),
    "SamplePropagationMI": (
        SamplePropagationMI(0.1, n_draws=2, random_state=0),
        _kernel_density,
        "scikit-learn kernel density",
    ),
    "NearestNeighborsMI": (NearestNeighborsMI(3), _ross, "published formula with trees"),
    "RenyiMatrixMI": (RenyiMatrixMI(), _eigenvalues, "published formula in numpy"),
}


@pytest.mark.filterwarnings("ignore")  # most of these layers are too wide for most estimators
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", CASES)
def test_cost(name, axis, cost):
    estimator, peer, peer_name = CASES[name]

    def ours(size):
        T, y = _layer(axis, size)
        return lambda: estimator.fit(T, y)

    def theirs(size):
        T, y = _layer(axis, size)
        return lambda: peer(T, y)

    cost(
        ours,
        peer and theirs,
        estimator=name,
        axis=axis,
        sizes=AXES[axis],
        peer_name=peer_name,
    )
