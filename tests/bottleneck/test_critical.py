"""Where clusters appear."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ibtools.bottleneck import bottleneck_path, critical_beta
from ibtools.bottleneck._critical import instability
from ibtools.bottleneck._iteration import encodings_of
from ibtools.bottleneck._joint import joint_letters


def random_joint(seed, n_x, n_y):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(n_y), n_x) * rng.dirichlet(np.ones(n_x))[:, None]
    return table / table.sum()


@pytest.mark.parametrize("error", [0.0, 0.1, 0.3, 0.49])
def test_symmetric_channel(error):
    p_xy = np.array([[1 - error, error], [error, 1 - error]]) / 2
    assert critical_beta(p_xy) == pytest.approx(1 / (1 - 2 * error) ** 2, rel=1e-10)


def test_erasure_channel():
    # Y is X with probability 1 - e, and erased otherwise: rho^2 = 1 - e.
    p_xy = np.array([[0.7, 0, 0.3], [0, 0.7, 0.3]]) / 2
    assert critical_beta(p_xy) == pytest.approx(1 / 0.7)


def test_second_eigenvalue():
    p_xy = random_joint(0, 7, 4)
    p_x_given_y = p_xy / p_xy.sum(axis=0)
    p_y_given_x = p_xy / p_xy.sum(axis=1, keepdims=True)
    values = np.sort(np.linalg.eigvals(p_x_given_y.T @ p_y_given_x).real)
    assert values[-1] == pytest.approx(1)
    assert critical_beta(p_xy) == pytest.approx(1 / values[-2])


def test_independent_variables_have_none():
    assert critical_beta(np.outer([0.2, 0.8], [0.5, 0.5])) == math.inf
    assert critical_beta([[1.0]]) == math.inf


@pytest.mark.parametrize("shape", [(9, 4), (4, 9)])
def test_instability_of_no_information_is_the_first_critical_beta(shape):
    p_xy = random_joint(1, *shape)
    letters = joint_letters(p_xy)
    nothing = encodings_of(letters, np.ones((1, 1, len(letters.p_x))))
    assert instability(letters, nothing, critical_beta(p_xy)) == pytest.approx(1)


def test_letters_alone_are_stable():
    letters = joint_letters(random_joint(1, 9, 4))
    alone = encodings_of(letters, np.eye(9)[None])
    assert instability(letters, alone, 1e6) == pytest.approx(0, abs=1e-6)


def test_transitions_of_blocks():
    # Two blocks that share no class, each a symmetric channel of its own error: the blocks part
    # at beta = 1, then each parts where its channel does.
    p_xy = np.zeros((4, 4))
    for k, error in enumerate([0.05, 0.2]):
        block = np.array([[1 - error, error], [error, 1 - error]]) / 4
        p_xy[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = block
    path = bottleneck_path(p_xy, np.geomspace(0.9, 20, 30))
    assert_allclose(path.critical_betas, [1, 1 / 0.9**2, 1 / 0.6**2], rtol=1e-3)
    assert path.n_clusters.tolist()[0] == 1
    assert path.n_clusters.tolist()[-1] == 4


@pytest.mark.parametrize("alpha", [1.0, 0.5, 0.0])
def test_number_of_clusters_differs_across_every_transition(alpha):
    p_xy = random_joint(1, 12, 3)
    critical = bottleneck_path(p_xy, np.geomspace(1, 60, 15), alpha=alpha).critical_betas
    assert len(critical) > 4
    separate = critical[np.diff(critical, prepend=0) > 0.03 * critical]
    separate = separate[np.diff(separate, append=np.inf) > 0.03 * separate]
    around = np.stack([separate * (1 - 0.01), separate * (1 + 0.01)], axis=1).ravel()
    # from the largest beta, so that the annealing knows the finest solution
    path = bottleneck_path(p_xy, np.append(around, 60), alpha=alpha)
    assert (np.diff(path.n_clusters)[:-1:2] > 0).all()


def test_a_cluster_enters_before_the_trivial_solution_is_unstable():
    rng = np.random.default_rng(0)
    p_xy = rng.random((24, 24))
    p_xy /= p_xy.sum()
    first = bottleneck_path(p_xy, [10.0, 14.0, 15.0], tol=1e-5).critical_betas[0]
    assert first < 0.9 * critical_beta(p_xy)
    at = bottleneck_path(p_xy, [first * 0.999, first * 1.001])
    assert at.mi_x[0] == 0 < at.mi_x[1]


@pytest.mark.parametrize(("seed", "n_transitions"), [(1, 4), (0, 2), (3, 5)])
def test_a_cluster_enters_within_a_thousandth(seed, n_transitions):
    p_xy = random_joint(seed, 12, 3)
    critical = bottleneck_path(p_xy, np.geomspace(2, 10, 9)).critical_betas
    assert len(critical) == n_transitions
    # On both sides the cluster comes or goes slowly.
    options = {"tol": 1e-8, "max_iter": 200_000}
    for beta in critical:
        below, above = bottleneck_path(p_xy, [beta * 0.999, beta * 1.001], **options).n_clusters
        assert below < above


@pytest.mark.parametrize("seed", [1, 0, 3])
def test_transitions_are_continuous(seed):
    # The informations do not jump, and the cluster that enters is not a half of another.
    p_xy = random_joint(seed, 12, 3)
    letters = joint_letters(p_xy)
    for beta in bottleneck_path(p_xy, np.geomspace(2, 10, 9)).critical_betas:
        low, high = bottleneck_path(p_xy, [beta * 0.998, beta * 1.002], tol=1e-9).solutions
        assert high.mi_x - low.mi_x < 0.06 * np.log2(12)
        assert high.marginal.min() < 0.07
        before = encodings_of(letters, low.encoder.T[None])
        assert instability(letters, before, beta) < 0.999
