"""The squared functional: every point of a curve that is straight."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from ibtools.bottleneck import blahut_arimoto, bottleneck_path
from ibtools.datasets import szt_joint

fixed = settings(deadline=None, derandomize=True, max_examples=40)


def random_joint(seed, n_x, n_y, concentration=1.0):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(n_y, concentration), n_x) * rng.dirichlet(np.ones(n_x))[:, None]
    return table / table.sum()


@pytest.mark.parametrize("base", [2.0, math.e])
def test_deterministic_labels_trace_the_straight_line(base):
    betas = np.linspace(0.1, 3, 30)
    path = bottleneck_path(szt_joint(), betas, squared=True, base=base)
    expected = np.minimum(betas / 2, path.mi_xy)  # H(Y) = I(X;Y)
    assert_allclose(path.mi_x, expected, atol=1e-9)
    assert_allclose(path.mi_y, expected, atol=1e-9)
    assert_allclose(path.objective, expected**2 - betas * expected, atol=1e-9)


def test_three_deterministic_classes():
    p_xy = np.diag([0.5, 0.3, 0.2])
    path = bottleneck_path(p_xy, [0.5, 1.0, 2.0, 10.0], squared=True)
    assert_allclose(path.mi_x, [0.25, 0.5, 1.0, path.mi_xy], atol=1e-9)
    assert_allclose(path.mi_y, path.mi_x, atol=1e-9)


def test_one_start_reaches_the_line_too():
    solution = blahut_arimoto(np.diag([0.5, 0.5]), 1.0, squared=True, init=[[0.9, 0.1], [0.2, 0.8]])
    assert solution.mi_x == pytest.approx(0.5, abs=1e-6)
    assert solution.mi_y == pytest.approx(0.5, abs=1e-6)


def test_solutions_lie_on_the_curve_of_the_plain_functional():
    p_xy = random_joint(1, 6, 3)
    squared = bottleneck_path(p_xy, [6.0, 12.0, 40.0], squared=True)
    for mi_x, mi_y, beta in zip(squared.mi_x, squared.mi_y, squared.betas, strict=True):
        plain = bottleneck_path(p_xy, [beta / (2 * mi_x)])
        objective = mi_x - plain.betas[0] * mi_y
        assert objective == pytest.approx(plain.objective[0], abs=1e-6)


def test_default_betas_reach_the_corner():
    path = bottleneck_path(szt_joint(), squared=True)
    assert len(path) == 50
    assert path.mi_x[0] < 0.05
    assert path.mi_y[-1] == pytest.approx(path.mi_xy, abs=1e-9)
    assert len(path.critical_betas) == 0


@fixed
@given(
    st.integers(0, 10**6),
    st.integers(1, 16),
    st.integers(1, 8),
    st.sampled_from([0.02, 0.3, 1.0]),
    st.floats(-3, 6),
)
def test_functional_never_increases(seed, n_x, n_y, concentration, log_beta):
    p_xy = random_joint(seed, n_x, n_y, concentration)
    rng = np.random.default_rng(seed)
    init = rng.dirichlet(np.ones(5), n_x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        solution = blahut_arimoto(p_xy, 10**log_beta, squared=True, init=init, max_iter=100)
    history = solution.objective_history
    assert np.isfinite(history).all()
    assert (np.diff(history) <= 0).all()
    assert len(history) == solution.n_iter + 1


def test_objective_is_the_squared_functional():
    solution = blahut_arimoto(random_joint(0, 6, 3), 5.0, squared=True)
    assert solution.objective == pytest.approx(solution.mi_x**2 - 5.0 * solution.mi_y, abs=1e-10)
    assert_array_equal(solution.objective_history[-1], solution.objective)


def test_no_start_from_nothing():
    # A start that tells nothing stays: its gradient is 0.
    solution = blahut_arimoto(np.diag([0.5, 0.5]), 1.0, squared=True, init=[[1.0], [1.0]])
    assert solution.mi_x == 0
    assert solution.converged
