"""The curve against closed forms, and the laws that every curve obeys."""

import math
import pickle
import warnings
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brentq
from scipy.special import xlogy
from sklearn.exceptions import ConvergenceWarning

from ibtools.bottleneck import blahut_arimoto, bottleneck_path, gaussian_bottleneck
from ibtools.bottleneck._iteration import descend, encodings_of
from ibtools.bottleneck._joint import joint_letters
from ibtools.datasets import szt_joint
from ibtools.information import mutual_information

fixed = settings(deadline=None, derandomize=True, max_examples=12)


def random_joint(seed, n_x, n_y, concentration=1.0):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(n_y, concentration), n_x) * rng.dirichlet(np.ones(n_x))[:, None]
    return table / table.sum()


def binary_entropy(p):
    return -(xlogy(p, p) + xlogy(1 - p, 1 - p)) / math.log(2)


def channel(error):
    return np.array([[1 - error, error], [error, 1 - error]]) / 2


def most_informative(mi_x, error):
    """1 - h(error * d) with 1 - h(d) = I(X;T), by Mrs. Gerber's lemma."""
    if mi_x >= 1:
        return 1 - binary_entropy(error)
    d = brentq(lambda d: 1 - binary_entropy(d) - mi_x, 0, 0.5, xtol=1e-15)
    return 1 - binary_entropy(error * (1 - d) + d * (1 - error))


joints = st.builds(
    random_joint,
    st.integers(0, 10**6),
    st.integers(2, 8),
    st.integers(2, 4),
    st.sampled_from([0.3, 1.0]),
)


# Closed forms


@pytest.mark.parametrize("error", [0.01, 0.1, 0.3])
def test_symmetric_channel(error):
    path = bottleneck_path(channel(error), np.geomspace(1.01, 100, 40))
    expected = [most_informative(min(x, 1), error) for x in path.mi_x]
    assert_allclose(path.mi_y, expected, atol=1e-9)
    assert path.mi_xy == pytest.approx(1 - binary_entropy(error), abs=1e-12)
    critical = 1 / (1 - 2 * error) ** 2
    assert_allclose(path.critical_betas, [critical], rtol=1e-6)
    below = path.betas < critical
    assert_array_equal(path.mi_x[below], 0)
    assert (path.mi_x[path.betas > critical * 1.001] > 0).all()


def test_beta_has_no_unit():
    # A Kullback-Leibler divergence in bits inside exp() would solve beta / ln 2.
    beta, error = 1.3, 0.11
    assert bottleneck_path(channel(error), [beta]).mi_x[0] == 0
    path = bottleneck_path(channel(error), [2.5])
    d = brentq(
        lambda d: (
            (1 - 2 * error) * 2.5 * math.log((1 - (s := error + d - 2 * error * d)) / s)
            - math.log((1 - d) / d)
        ),
        1e-9,
        0.49,
    )
    assert path.mi_x[0] == pytest.approx(1 - binary_entropy(d), abs=1e-7)


def test_base_changes_the_unit_only():
    p_xy = random_joint(0, 6, 3)
    bits, nats = (bottleneck_path(p_xy, [4.0, 10.0], base=base) for base in (2, math.e))
    for name in ("mi_x", "mi_y", "entropy", "objective", "mi_xy"):
        assert_allclose(getattr(bits, name) * math.log(2), getattr(nats, name), rtol=1e-12)
    assert_allclose(bits[1].encoder, nats[1].encoder)


def test_discretised_gaussian():
    # Clusters of neighbouring cells are almost equal: decoders converge slowly, the curve fast.
    rho, n = 0.8, 80
    grid = np.linspace(-5, 5, n)
    x, y = np.meshgrid(grid, grid, indexing="ij")
    p_xy = np.exp(-(x**2 - 2 * rho * x * y + y**2) / (2 * (1 - rho**2)))
    p_xy /= p_xy.sum()
    betas = np.array([1.3, 1.7, 2.0, 3.0, 6.0, 10.0, 20.0, 50.0])
    path = bottleneck_path(p_xy, betas, tol=1e-4)
    exact = gaussian_bottleneck([[1]], [[1]], [[rho]], betas)
    assert_allclose(path.mi_x, exact.mi_x, atol=1e-3)
    assert_allclose(path.mi_y, exact.mi_y, atol=1e-3)


def test_deterministic_labels_give_the_corner():
    p_xy = szt_joint()
    path = bottleneck_path(p_xy, [0.5, 0.999, 1.0, 1.001, 50.0])
    corner = path.mi_xy
    assert corner == pytest.approx(binary_entropy(1978 / 4096), abs=1e-12)
    assert_allclose(path.mi_x, [0, 0, 0, corner, corner], atol=1e-9)
    assert_allclose(path.mi_y, [0, 0, 0, corner, corner], atol=1e-9)
    assert_allclose(path.critical_betas, [1.0])
    assert_array_equal(path.n_clusters, [1, 1, 1, 2, 2])


# Laws of every curve


@fixed
@given(joints, st.sampled_from([1.0, 0.5, 0.0]))
def test_laws_of_every_curve(p_xy, alpha):
    path = bottleneck_path(p_xy, np.geomspace(0.8, 300, 25), alpha=alpha)
    assert (path.mi_y <= path.mi_x + 1e-9).all()
    assert (path.mi_y <= path.mi_xy + 1e-9).all()
    assert (np.diff(path.mi_y) >= -1e-7).all()
    # concave in the cost that the functional has: H(T) - alpha H(T|X)
    cost = path.entropy * (1 - alpha) + path.mi_x * alpha
    assert (np.diff(cost) >= -1e-6).all()
    values = cost - path.betas[:, None] * path.mi_y
    assert (values.min(axis=1) >= np.diagonal(values) - 1e-8).all()
    assert_allclose(np.diagonal(values), path.objective, atol=1e-8)
    assert (np.diff(path.n_clusters) >= 0).sum() >= 20


def test_slope_is_one_over_beta():
    p_xy = random_joint(5, 8, 4)
    betas = np.array([4.0, 6.0, 8.0, 11.0, 15.0])
    around = (betas[:, None] * [0.999, 1, 1.001]).ravel()
    path = bottleneck_path(p_xy, around, tol=1e-10, max_iter=50000)
    mi_x, mi_y = path.mi_x.reshape(-1, 3), path.mi_y.reshape(-1, 3)
    slope = (mi_y[:, 2] - mi_y[:, 0]) / (mi_x[:, 2] - mi_x[:, 0])
    smooth = np.ptp(path.n_clusters.reshape(-1, 3), axis=1) == 0
    assert smooth.sum() >= 3
    assert_allclose(slope[smooth], 1 / betas[smooth], rtol=1e-3)


def test_solutions_are_what_the_curve_says():
    p_xy = random_joint(1, 9, 4)
    path = bottleneck_path(p_xy, np.geomspace(1, 50, 8))
    for k, solution in enumerate([path[k] for k in range(len(path))]):
        p_x = p_xy.sum(axis=1)
        joint_xt = p_x[:, None] * solution.encoder
        joint_ty = solution.encoder.T @ p_xy
        assert mutual_information(joint_xt) == pytest.approx(path.mi_x[k], abs=1e-9)
        assert mutual_information(joint_ty) == pytest.approx(path.mi_y[k], abs=1e-9)
        assert_allclose(solution.marginal, joint_xt.sum(axis=0), atol=1e-12)
        assert_allclose(solution.decoder, joint_ty / joint_ty.sum(1, keepdims=True), atol=1e-9)
        assert solution.objective == pytest.approx(
            path.mi_x[k] - path.betas[k] * path.mi_y[k], abs=1e-9
        )
        assert len(solution.marginal) == path.n_clusters[k]


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_permutations_change_nothing(alpha):
    p_xy, rng = random_joint(2, 10, 4), np.random.default_rng(0)
    betas = np.geomspace(1, 10, 8)
    path = bottleneck_path(p_xy, betas, alpha=alpha)
    rows, columns = rng.permutation(10), rng.permutation(4)
    other = bottleneck_path(p_xy[np.ix_(rows, columns)], betas, alpha=alpha)
    assert_allclose(other.objective, path.objective, atol=1e-9)
    assert_allclose(other.mi_x, path.mi_x, atol=1e-5)
    assert_allclose(other.critical_betas, path.critical_betas, rtol=2e-3)


@fixed
@given(joints, st.integers(0, 10**6))
def test_processed_symbols_have_a_lower_curve(p_xy, seed):
    # x' comes from x by a channel p(x'|x), with rows x'.
    conditional = np.random.default_rng(seed).dirichlet(np.ones(5), len(p_xy)).T
    processed = conditional @ p_xy
    betas = np.geomspace(1, 100, 6)
    whole, part = bottleneck_path(p_xy, betas), bottleneck_path(processed, betas)
    assert part.mi_xy <= whole.mi_xy + 1e-12
    # I(X;T) <= I(X';T) for T of x', so any T of x' is one of x that costs no more.
    assert (whole.objective <= part.objective + 1e-7).all()


def test_merging_equals_the_unmerged_computation():
    p_xy = np.repeat(random_joint(3, 8, 3), 4, axis=0) * np.tile([0.1, 0.2, 0.3, 0.4], 8)[:, None]
    merged = bottleneck_path(p_xy, [2.0, 8.0, 30.0], tol=1e-10, max_iter=50000)
    apart = joint_letters(p_xy, merge=False)
    assert len(apart.p_x) == 32
    for k, beta in enumerate(merged.betas):
        start = encodings_of(apart, merged[k].encoder.T[None])
        end = descend(apart, start, np.array([beta]), 1.0, max_iter=3000, tol=1e-10).encodings
        assert end.mi_x[0] / math.log(2) == pytest.approx(merged.mi_x[k], abs=1e-8)
        assert end.mi_y[0] / math.log(2) == pytest.approx(merged.mi_y[k], abs=1e-8)


@pytest.mark.parametrize(("seed", "n_x", "n_y", "concentration"), [(0, 8, 3, 0.3), (5, 6, 2, 0.5)])
def test_restarts_never_beat_the_curve(seed, n_x, n_y, concentration):
    p_xy = random_joint(seed, n_x, n_y, concentration)
    letters, betas = joint_letters(p_xy), np.geomspace(1.5, 60, 10)
    path = bottleneck_path(p_xy, betas)
    rng = np.random.default_rng(0)
    for k, beta in enumerate(betas):
        encoder = rng.dirichlet(np.ones(n_x), (200, n_x)).transpose(0, 2, 1)
        runs = np.full(200, beta)
        end = descend(
            letters, encodings_of(letters, encoder), runs, 1.0, max_iter=300, tol=1e-7
        ).encodings
        assert end.functional(runs, 1.0).min() / math.log(2) >= path.objective[k] - 1e-7


def test_restarts_change_nothing_here():
    p_xy, betas = random_joint(0, 8, 3, 0.3), np.geomspace(1.5, 60, 10)
    path = bottleneck_path(p_xy, betas)
    restarted = bottleneck_path(p_xy, betas, n_init=5, random_state=0)
    assert_allclose(restarted.objective, path.objective, atol=1e-9)


# Betas


def test_betas_are_sorted_and_unique():
    path = bottleneck_path(channel(0.1), [3.0, 1.0, 3.0, 2.0])
    assert_array_equal(path.betas, [1, 2, 3])
    assert len(path) == 3


def test_default_betas_cover_the_curve():
    for p_xy in (channel(0.1), random_joint(1, 12, 3), szt_joint(gain=50)):
        path = bottleneck_path(p_xy)
        assert len(path) == 50
        assert path.mi_x[0] == 0
        assert path.mi_y[-1] >= 0.999 * path.mi_xy
        assert path.mi_y[-12] < path.mi_y[-1]
        assert (path.mi_x > 0).sum() > 35


def test_extreme_betas():
    for p_xy in (random_joint(0, 6, 3, 0.02), channel(0.1), channel(0), channel(1e-12)):
        path = bottleneck_path(p_xy, [1e-3, 1.0, 1e3, 1e6])
        assert_array_equal(path.mi_x[:1], 0)
        for name in ("mi_x", "mi_y", "entropy", "objective"):
            assert np.isfinite(getattr(path, name)).all()
        assert path.mi_y[-1] == pytest.approx(path.mi_xy, rel=1e-5)


# Odd tables


def test_critical_betas_are_searched_for_once():
    path = bottleneck_path(channel(0.1), [1.2, 3.0])
    assert (path.alpha, path.squared, path.max_iter, path.tol) == (1.0, False, 5000, 1e-7)
    assert "critical_betas" not in vars(path)
    copy = pickle.loads(pickle.dumps(path))
    assert path.critical_betas is path.critical_betas
    assert_array_equal(copy.critical_betas, path.critical_betas)
    with pytest.raises(FrozenInstanceError):
        path.alpha = 0.5


def test_independent_variables():
    path = bottleneck_path(np.outer([0.3, 0.7], [0.2, 0.5, 0.3]))
    assert_array_equal(path.mi_x, 0)
    assert len(path.critical_betas) == 0


@pytest.mark.parametrize("p_xy", [[[1.0]], [[0.3, 0.7]], [[0.3], [0.7]]])
@pytest.mark.parametrize("options", [{}, {"alpha": 0}, {"squared": True}, {"n_init": 2}])
def test_one_symbol_or_one_class(p_xy, options):
    path = bottleneck_path(p_xy, [0.5, 5.0], **options)
    assert_array_equal(path.mi_x, 0)
    assert_array_equal(path.mi_y, 0)
    assert path[0].encoder.shape == (len(p_xy), 1)
    bottleneck_path(p_xy, **options)


def test_empty_rows_and_columns():
    full = random_joint(4, 5, 3)
    table = np.zeros((7, 5))
    table[np.ix_([0, 2, 3, 5, 6], [0, 1, 4])] = full
    path, expected = (bottleneck_path(p, [3.0, 20.0]) for p in (table, full))
    assert_allclose(path.mi_y, expected.mi_y)
    solution = path[-1]
    assert_allclose(solution.encoder[1], solution.marginal)
    assert_array_equal(solution.decoder[:, 2:4], 0)
    assert_allclose(solution.encoder.sum(axis=1), 1)


def test_class_with_one_symbol():
    p_xy = np.array([[0.3, 0.1, 0], [0.1, 0.3, 0], [0, 0, 0.2]])
    path = bottleneck_path(p_xy, [0.9, 2.0, 1e4])
    assert path.mi_y[-1] == pytest.approx(path.mi_xy, rel=1e-9)
    # the third class is told for free
    assert path.mi_y[1] >= binary_entropy(0.2) - 1e-9


# Limits and warnings


def test_too_few_clusters_warn():
    p_xy = random_joint(1, 16, 3)
    with pytest.warns(ConvergenceWarning, match="All 3 clusters are in use.*increase n_clusters"):
        few = bottleneck_path(p_xy, [2.0, 60.0], n_clusters=3)
    many = bottleneck_path(p_xy, [2.0, 60.0])
    assert few.n_clusters[-1] == 3
    assert few.objective[-1] > many.objective[-1]
    with pytest.warns(ConvergenceWarning, match="All 1 clusters"):
        assert bottleneck_path(p_xy, [60.0], n_clusters=1, squared=True).mi_x[0] == 0


def test_enough_clusters_do_not_warn():
    p_xy = random_joint(1, 16, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        few = bottleneck_path(p_xy, [3.2, 4.0], n_clusters=8)
    assert_allclose(few.objective, bottleneck_path(p_xy, [3.2, 4.0]).objective, atol=1e-6)


def test_too_few_iterations_warn():
    with pytest.warns(ConvergenceWarning, match="after 3 evaluations at 1 of 1 betas.*max_iter"):
        path = bottleneck_path(random_joint(1, 16, 3), [5.0], max_iter=3)
    assert not path.converged[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"betas": []}, "at least one value"),
        ({"betas": 3.0}, "one-dimensional"),
        ({"betas": [1.0, 0.0]}, "betas must be positive and finite, got 0.0"),
        ({"betas": [1.0, np.nan]}, "betas must be positive and finite, got nan"),
        ({"betas": [1.0, np.inf]}, "betas must be positive and finite, got inf"),
        ({"alpha": 1.5}, "alpha must be between 0 .* and 1"),
        ({"alpha": 0.5, "squared": True}, "squared functional is defined for alpha=1"),
        ({"n_clusters": 0}, "n_clusters must be an integer of at least 1"),
        ({"n_init": -1}, "n_init must be an integer of at least 0"),
        ({"max_iter": 2.5}, "max_iter must be an integer"),
        ({"tol": -1.0}, "tol must be a non-negative"),
        ({"base": 1.0}, "base must be a finite number above 1"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        bottleneck_path(channel(0.1), **({"betas": [2.0]} | options))


def test_no_joint_distribution():
    with pytest.raises(ValueError, match="must sum to 1"):
        bottleneck_path([[1.0, 2.0]])


def test_path_never_lies_above_one_start():
    p_xy = random_joint(8, 12, 4, 0.3)
    betas = np.geomspace(1.5, 40, 6)
    path = bottleneck_path(p_xy, betas)
    for k, beta in enumerate(betas):
        assert path.objective[k] <= blahut_arimoto(p_xy, beta).objective + 1e-9
