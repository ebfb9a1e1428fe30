"""Clusters that would lower the functional, and the proof that none does."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ibtools.bottleneck import bottleneck_path
from ibtools.bottleneck._entry import entered, entry_gains, log_weights, newcomers
from ibtools.bottleneck._iteration import encodings_of
from ibtools.bottleneck._joint import joint_letters

BETA = 6.0


def random_joint(seed, n_x, n_y):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(n_y), n_x) * rng.dirichlet(np.ones(n_x))[:, None]
    return table / table.sum()


def run_of(path, k):
    letters = joint_letters(path.p_xy)
    return letters, encodings_of(letters, path.solutions[k].encoder.T[None].copy())


def test_gain_is_the_derivative_of_the_functional():
    letters = joint_letters(random_joint(1, 8, 3))
    encoder = np.random.default_rng(0).dirichlet(np.ones(4), 8).T
    now = encodings_of(letters, encoder[None])
    decoder = np.array([0.2, 0.5, 0.3])
    p_t, p_y_given_t = now.marginal[0], now.joint[0] / now.marginal[0][:, None]

    def functional(share):
        # least over the encoders of the functional with the decoders given, less beta I(X;Y)
        shares = np.append((1 - share) * p_t, share)
        decoders = np.vstack([p_y_given_t, decoder])
        kernel = np.exp(
            [[-BETA * (p * np.log(p / r)).sum() for p in letters.p_y_given_x] for r in decoders]
        )
        return -letters.p_x @ np.log(shares @ kernel)

    gain = entry_gains(letters, log_weights(letters, now, BETA), BETA, decoder[None])[0][0]
    slope = (functional(1e-6) - functional(0)) / 1e-6
    assert slope == pytest.approx(1 - np.exp(gain), rel=1e-4)


def test_clusters_of_a_minimum_gain_nothing():
    path = bottleneck_path(random_joint(1, 12, 3), [BETA], tol=1e-10)
    letters, run = run_of(path, 0)
    decoders = run.joint[0] / run.marginal[0][:, None]
    gains, uphill = entry_gains(letters, log_weights(letters, run, BETA), BETA, decoders)
    assert len(gains) > 1
    assert_allclose(gains, 0, atol=1e-8)
    assert_allclose(uphill, decoders, atol=1e-8)


def test_a_step_never_goes_down():
    path = bottleneck_path(random_joint(1, 12, 3), [BETA])
    letters, run = run_of(path, 0)
    decoders = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    gains, uphill = entry_gains(letters, log_weights(letters, run, BETA), BETA, decoders)
    assert (entry_gains(letters, log_weights(letters, run, BETA), BETA, uphill)[0] >= gains).all()


def test_a_cluster_that_was_taken_away_enters_again():
    path = bottleneck_path(random_joint(1, 12, 3), [BETA])
    letters, run = run_of(path, 0)
    encoder = run.encoder[0][1:] / run.encoder[0][1:].sum(axis=0)
    fewer = encodings_of(letters, encoder[None])
    gains, found = newcomers(letters, fewer, BETA, letters.p_y_given_x)
    assert gains.max() > 1e-3
    more = entered(letters, fewer, BETA, found[gains.argmax()])
    assert more.encoder.shape[1] == path.n_clusters[0]
    betas = np.array([BETA])
    assert more.functional(betas, 1.0) < fewer.functional(betas, 1.0)


@pytest.mark.parametrize(("seed", "n_x", "n_y"), [(0, 12, 3), (1, 12, 3), (3, 20, 2), (4, 16, 5)])
def test_no_functional_is_lower(seed, n_x, n_y):
    # max L - 1 over all decoders bounds what any representation gains; they are climbed from
    # every letter and from two hundred random ones.
    path = bottleneck_path(random_joint(seed, n_x, n_y), np.geomspace(1.5, 60, 12))
    drawn = np.random.default_rng(0).dirichlet(np.full(n_y, 0.5), 200)
    for k, beta in enumerate(path.betas.tolist()):
        letters, run = run_of(path, k)
        weights = log_weights(letters, run, beta)
        decoders = np.vstack([letters.p_y_given_x, drawn])
        for _ in range(100):
            gains, decoders = entry_gains(letters, weights, beta, decoders)
        assert np.expm1(gains.max()) < 1.1e-6 * beta
