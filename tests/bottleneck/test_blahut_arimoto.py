"""One beta from one start."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brentq
from sklearn.exceptions import ConvergenceWarning

from ibtools.bottleneck import blahut_arimoto, bottleneck_path
from ibtools.information import mutual_information

fixed = settings(deadline=None, derandomize=True, max_examples=40)
CHANNEL = np.array([[0.45, 0.05], [0.05, 0.45]])


def random_joint(seed, n_x, n_y, concentration=1.0):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(n_y, concentration), n_x) * rng.dirichlet(np.ones(n_x))[:, None]
    return table / table.sum()


@pytest.mark.parametrize("init", [None, "random", [[0.7, 0.3], [0.4, 0.6]]])
def test_symmetric_channel(init):
    # The optimal encoder is a symmetric channel of error d with
    # (1 - 2e) beta ln[(1 - s) / s] = ln[(1 - d) / d], s = e + d - 2ed.
    beta, error = 3.0, 0.1

    def stationarity(d):
        s = error + d - 2 * error * d
        return (1 - 2 * error) * beta * math.log((1 - s) / s) - math.log((1 - d) / d)

    d = brentq(stationarity, 1e-9, 0.4)
    solution = blahut_arimoto(CHANNEL, beta, init=init, random_state=1, tol=1e-9)
    assert_allclose(np.sort(solution.encoder, axis=1), [[d, 1 - d]] * 2, atol=1e-7)
    assert solution.mi_y > 0.5  # a distortion or a rate of 0 would be wrong
    assert solution.converged


@fixed
@given(
    st.integers(0, 10**6),
    st.integers(1, 16),
    st.integers(1, 8),
    st.sampled_from([1.0, 0.5, 0.0]),
    st.floats(-3, 6),
)
def test_functional_never_increases(seed, n_x, n_y, alpha, log_beta):
    p_xy, beta = random_joint(seed, n_x, n_y, 0.3), 10**log_beta
    init = np.random.default_rng(seed).dirichlet(np.ones(4), n_x)
    solution = blahut_arimoto(p_xy, beta, alpha=alpha, init=init, max_iter=3000, tol=1e-4)
    history = solution.objective_history
    assert (np.diff(history) <= 2e-13 * (1 + beta)).all()
    assert len(history) == solution.n_iter + 1
    noise = solution.entropy - solution.mi_x
    value = solution.entropy - alpha * noise - beta * solution.mi_y
    assert solution.objective == pytest.approx(value, abs=1e-9 * (1 + beta))


def test_result_is_consistent():
    p_xy = random_joint(0, 7, 3)
    solution = blahut_arimoto(p_xy, 6.0)
    p_xt = p_xy.sum(axis=1)[:, None] * solution.encoder
    p_ty = solution.encoder.T @ p_xy
    assert mutual_information(p_xt) == pytest.approx(solution.mi_x, abs=1e-9)
    assert mutual_information(p_ty) == pytest.approx(solution.mi_y, abs=1e-9)
    assert_allclose(solution.encoder.sum(axis=1), 1)
    assert_allclose(solution.decoder, p_ty / p_ty.sum(axis=1, keepdims=True), atol=1e-9)
    assert_allclose(solution.marginal, p_ty.sum(axis=1))
    assert (solution.beta, solution.base) == (6.0, 2.0)


def test_a_fixed_point_stays():
    p_xy = random_joint(0, 7, 3)
    best = bottleneck_path(p_xy, [6.0], tol=1e-10)[0]
    again = blahut_arimoto(p_xy, 6.0, init=best.encoder, tol=1e-6)
    assert again.n_iter == 3
    assert_allclose(again.encoder, best.encoder, atol=1e-6)


def test_fewer_clusters_than_letters():
    p_xy = np.array([[0.2, 0.05], [0.19, 0.06], [0.04, 0.21], [0.05, 0.2]])
    solution = blahut_arimoto(p_xy, 50.0, n_clusters=2)
    labels = solution.encoder.argmax(axis=1)
    assert labels[0] == labels[1] != labels[2] == labels[3]
    assert solution.encoder.shape == (4, 2)
    assert solution.mi_y > 0.95 * mutual_information(p_xy)


def test_random_start_depends_on_the_seed_only():
    p_xy = random_joint(3, 9, 3)
    one, two, other = (
        blahut_arimoto(p_xy, 3.2, init="random", random_state=seed, max_iter=12, tol=1)
        for seed in (0, 0, 1)
    )
    assert_array_equal(one.encoder, two.encoder)
    assert not np.array_equal(one.encoder, other.encoder)


def test_deterministic_labels_stay_at_the_default_start():
    # documented: only a comparison with the trivial solution tells
    assert blahut_arimoto(np.diag([0.5, 0.5]), 0.5).mi_x == pytest.approx(1)
    assert bottleneck_path(np.diag([0.5, 0.5]), [0.5]).mi_x[0] == 0


def test_too_few_iterations_warn():
    with pytest.warns(ConvergenceWarning, match="moved after 3 evaluations at beta=1.57"):
        assert not blahut_arimoto(CHANNEL, 1.57, max_iter=3).converged


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": -1}, "beta must be a positive finite number"),
        ({"beta": math.nan}, "beta must be a positive finite number"),
        ({"init": "best"}, "init must be None, 'random' or an encoder"),
        ({"init": [[1.0]]}, r"shape \(2, n_clusters\), got \(1, 1\)"),
        ({"init": [[0.5, 0.4], [1, 0]]}, "Every row of init must be a distribution"),
        ({"init": [[1.5, -0.5], [1, 0]]}, "Every row of init must be a distribution"),
        ({"init": [[np.nan, 0.5], [1, 0]]}, "Every row of init must be a distribution"),
        ({"n_clusters": 0}, "n_clusters must be an integer"),
        ({"alpha": -0.1}, "alpha must be between"),
    ],
)
def test_options_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        blahut_arimoto(CHANNEL, **({"beta": 2.0} | arguments))
