"""The Blahut-Arimoto map and its acceleration."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ibtools.bottleneck._iteration import descend, encodings_of, step
from ibtools.bottleneck._joint import joint_letters
from ibtools.information import mutual_information

fixed = settings(deadline=None, derandomize=True, max_examples=60)


def random_letters(seed, n_x, n_y, concentration=1.0):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(n_y, concentration), n_x) * rng.dirichlet(np.ones(n_x))[:, None]
    return joint_letters(table / table.sum())


def random_encoders(seed, n_runs, n_clusters, n_letters):
    encoder = np.random.default_rng(seed).standard_exponential((n_runs, n_clusters, n_letters))
    return encoder / encoder.sum(axis=1, keepdims=True)


joints = st.builds(
    random_letters,
    st.integers(0, 10**6),
    st.integers(1, 16),
    st.integers(1, 8),
    st.sampled_from([0.02, 0.3, 1.0, 30.0]),
)


def test_informations_are_those_of_the_tables():
    letters = random_letters(0, 6, 4)
    encodings = encodings_of(letters, random_encoders(0, 3, 5, 6))
    for run in range(3):
        encoder = encodings.encoder[run]
        p_xt = letters.p_x[:, None] * encoder.T
        p_ty = encoder @ letters.joint
        assert encodings.mi_x[run] == pytest.approx(mutual_information(p_xt, base=math.e))
        assert encodings.mi_y[run] == pytest.approx(mutual_information(p_ty, base=math.e))
        assert_allclose(np.exp(encodings.log_decoder[run]), p_ty / p_ty.sum(1, keepdims=True))


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_step_is_the_self_consistent_equation(alpha):
    letters, beta = random_letters(0, 6, 4), 3.0
    now = encodings_of(letters, random_encoders(0, 1, 5, 6))
    p_t, p_y_given_t = np.exp(now.log_marginal[0]), np.exp(now.log_decoder[0])
    expected = np.empty((5, 6))
    for x, p in enumerate(letters.p_y_given_x):
        divergence = [(p * np.log(p / q)).sum() for q in p_y_given_t]
        unscaled = np.exp((np.log(p_t) - beta * np.array(divergence)) / alpha)
        expected[:, x] = unscaled / unscaled.sum()
    after = step(letters, now.log_marginal, now.log_decoder, np.array([beta]), alpha)
    assert_allclose(after.encoder[0], expected, rtol=1e-10)
    assert_allclose(after.noise, encodings_of(letters, after.encoder).noise, rtol=1e-12)


def test_hard_step_joins_the_best_cluster():
    letters = random_letters(0, 6, 4)
    now = encodings_of(letters, random_encoders(0, 1, 5, 6))
    betas = np.array([3.0])
    hard = step(letters, now.log_marginal, now.log_decoder, betas, 0.0)
    nearly = step(letters, now.log_marginal, now.log_decoder, betas, 1e-4)
    assert_allclose(hard.encoder, nearly.encoder, atol=1e-12)
    assert hard.noise == 0


@fixed
@given(joints, st.floats(-3, 6), st.sampled_from([1.0, 0.5, 0.0]), st.integers(0, 10**6))
def test_functional_never_increases(letters, log_beta, alpha, seed):
    betas = np.array([10**log_beta, 1.0])
    start = encodings_of(letters, random_encoders(seed, 2, 6, len(letters.p_x)))
    for run in range(2):
        alone = descend(
            letters,
            start[run : run + 1],
            betas[run : run + 1],
            alpha,
            max_iter=60,
            tol=1e-12,
            keep_history=True,
        )
        history = np.array(alone.history)[:, 0]
        assert np.isfinite(history).all()
        assert (np.diff(history) <= 1e-13 * (1 + betas[run])).all()
        assert len(history) == alone.n_iter[0] + 1
        assert np.isfinite(alone.encodings.encoder).all()


def test_runs_of_a_batch_are_those_alone():
    letters, betas = random_letters(1, 10, 3), np.array([1.5, 4.0, 50.0])
    start = encodings_of(letters, random_encoders(1, 3, 10, 10))
    together = descend(letters, start, betas, 1.0, max_iter=3000, tol=1e-8)
    for run in range(3):
        alone = descend(
            letters, start[run : run + 1], betas[run : run + 1], 1.0, max_iter=3000, tol=1e-8
        )
        assert_allclose(together.encodings.encoder[run], alone.encodings.encoder[0], atol=1e-6)
        assert together.converged[run] == alone.converged[0]


def test_extrapolation_reaches_the_same_end_in_far_fewer_steps():
    letters, beta = joint_letters([[0.45, 0.05], [0.05, 0.45]]), np.array([1.58])
    now = encodings_of(letters, np.array([[[0.9, 0.2], [0.1, 0.8]]]))
    fast = descend(letters, now, beta, 1.0, max_iter=5000, tol=1e-9)
    for plain in range(1, 5000):  # noqa: B007
        after = step(letters, now.log_marginal, now.log_decoder, beta, 1.0)
        still = np.abs(after.joint - now.joint).max() < 1e-12
        now = after
        if still:
            break
    assert fast.converged[0]
    assert_allclose(fast.encodings.mi_y, now.mi_y, rtol=1e-6)
    assert 10 * fast.n_iter[0] < plain


def test_convergence_is_of_the_decoders():
    # Close above the critical beta the functional stands still long before the decoders do.
    letters, beta = joint_letters([[0.45, 0.05], [0.05, 0.45]]), np.array([1.5626])
    start = encodings_of(letters, np.array([[[0.505, 0.495], [0.495, 0.505]]]))
    early = descend(letters, start, beta, 1.0, max_iter=3, tol=1e-7, keep_history=True)
    assert abs(early.history[-1][0] - early.history[-2][0]) < 1e-8
    assert not early.converged[0]


def test_one_cluster_tells_exactly_nothing():
    letters = random_letters(0, 7, 3)
    nothing = encodings_of(letters, np.ones((1, 1, 7)))
    assert nothing.entropy[0] == nothing.noise[0] == nothing.mi_y[0] == 0
