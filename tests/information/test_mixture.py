"""Pairwise bounds of mixture entropies against direct formulas, quadrature and closed forms."""

import math
import tracemalloc
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from ibtools.information import _kernel_tiles, _pairwise, _threads
from ibtools.information._mixture import (
    EntropyBounds,
    information_bounds,
    mixture_bounds,
    noise_entropy,
)
from ibtools.information._pairwise import centred, kernel_sums, log_density_ratios, tile_layout

reproducible = settings(deadline=None, derandomize=True, max_examples=40)


def direct_entropy(X, variance, weights, width):
    """The bound as the paper writes it, from differences of rows, in the log domain."""
    n_features, p = X.shape[1], weights / weights.sum()
    exponents = cdist(X, X, "sqeuclidean") / (-2 * width * variance)
    logs = logsumexp(exponents, b=p, axis=1)
    return n_features / 2 * math.log(2 * math.pi * math.e * variance) - p @ logs


def quadrature_entropy(centres, variance, weights=None):
    """Entropy of a one-dimensional mixture on a grid."""
    p = np.full(len(centres), 1 / len(centres)) if weights is None else weights / weights.sum()
    noise_std = math.sqrt(variance)
    reach = 9 * noise_std
    grid = np.linspace(centres.min() - reach, centres.max() + reach, 20001)
    density = np.exp(-((grid[:, None] - centres) ** 2) / (2 * variance)) @ p
    density /= noise_std * math.sqrt(2 * math.pi)
    surprise = -density * np.log(np.where(density > 0, density, 1))
    return ((surprise[1:] + surprise[:-1]) / 2).sum() * (grid[1] - grid[0])


@pytest.mark.parametrize("n_rows", [2, 300, 700])
@pytest.mark.parametrize("n_features", [1, 5, 70])
def test_bounds_are_those_of_the_paper(n_rows, n_features):
    rng = np.random.default_rng(n_rows + n_features)
    X = np.tanh(rng.normal(size=(n_rows, n_features)))
    labels, inputs = rng.integers(3, size=n_rows), rng.integers(n_rows // 2, size=n_rows)
    weights = rng.uniform(0.1, 2, size=n_rows)
    variance = 0.05 * n_features
    bounds = mixture_bounds(X, variance, [labels, inputs], weights)
    for k, width in enumerate((4, 1)):
        assert_allclose(bounds.entropy[k], direct_entropy(X, variance, weights, width), atol=1e-10)
        for groups, conditional in zip((labels, inputs), bounds.conditional, strict=True):
            shares = np.bincount(groups, weights) / weights.sum()
            expected = sum(
                shares[g] * direct_entropy(X[groups == g], variance, weights[groups == g], width)
                for g in np.unique(groups)
            )
            assert_allclose(conditional[k], expected, atol=1e-10)


@reproducible
@given(st.integers(0, 2**32 - 1), st.floats(-4, 2), st.integers(1, 30))
def test_one_dimensional_entropy_lies_between_the_bounds(seed, exponent, n_rows):
    centres = np.random.default_rng(seed).normal(size=n_rows)
    variance = 10.0**exponent
    lower, upper = mixture_bounds(centres[:, None], variance).entropy
    truth = quadrature_entropy(centres, variance)
    assert lower - 1e-6 <= truth <= upper + 1e-6
    assert noise_entropy(1, variance) - 1e-12 <= lower
    assert upper <= noise_entropy(1, variance) + math.log(n_rows) + 1e-12


@reproducible
@given(st.integers(0, 2**32 - 1), st.floats(-3, 1))
def test_information_lies_in_its_bracket(seed, exponent):
    rng = np.random.default_rng(seed)
    centres, labels, variance = rng.normal(size=40), rng.integers(3, size=40), 10.0**exponent
    labels[:3] = 0, 1, 2
    entropy, (conditional,) = mixture_bounds(centres[:, None], variance, [labels])
    lower, upper = information_bounds(entropy, conditional)
    noise = sum(
        (labels == c).mean() * quadrature_entropy(centres[labels == c], variance) for c in range(3)
    )
    assert lower - 1e-6 <= quadrature_entropy(centres, variance) - noise <= upper + 1e-6


def test_information_bracket_takes_opposite_ends():
    bracket = information_bounds(EntropyBounds(3, 5), EntropyBounds(1, 2))
    assert bracket == (1, 4)


def test_equal_rows_are_one_gaussian():
    bounds = mixture_bounds(np.full((300, 4), 7.0), 0.3)
    assert_allclose(bounds.entropy, 2 * math.log(2 * math.pi * math.e * 0.3), atol=1e-13)


@pytest.mark.parametrize("variance", [1e-6, 1e-3, 0.1, 1, 100])
def test_lower_bound_is_the_upper_one_of_four_times_the_variance(variance):
    X = np.random.default_rng(0).normal(size=(400, 6))
    narrow = mixture_bounds(X, variance).entropy.lower - noise_entropy(6, variance)
    wide = mixture_bounds(X, 4 * variance).entropy.upper - noise_entropy(6, 4 * variance)
    assert narrow == pytest.approx(wide, abs=1e-9)


def test_far_rows_reach_log_n():
    X = np.random.default_rng(0).normal(size=(500, 3))
    assert mixture_bounds(X, 1e-8).entropy.upper - noise_entropy(3, 1e-8) == pytest.approx(
        math.log(500), abs=1e-9
    )


def test_offset_changes_nothing():
    X = np.tanh(np.random.default_rng(0).normal(size=(500, 10)))
    for variance in (1e-5, 1e-3, 0.1):
        here, there = mixture_bounds(X, variance).entropy, mixture_bounds(X + 1e3, variance).entropy
        assert_allclose(here, there, atol=1e-6)


def test_saturated_clusters_keep_their_digits():
    """Twelve tight clusters at the corners of a cube, where float32 is wrong by 0.3 nats."""
    rng = np.random.default_rng(0)
    corners = rng.choice([-1.0, 1.0], size=(12, 200))
    X = corners[rng.integers(12, size=400)] + 1e-3 * rng.normal(size=(400, 200))
    entropy = mixture_bounds(X, 1e-5).entropy
    for k, width in enumerate((4, 1)):
        assert entropy[k] == pytest.approx(direct_entropy(X, 1e-5, np.ones(400), width), abs=1e-8)


ROWS = 1200  # exponentials of so many rows are taken in float32
ADVERSARIES = {
    "scattered": lambda rng: np.tanh(rng.normal(size=(ROWS, 10))),
    "saturated": lambda rng: np.tanh(8 * rng.normal(size=(ROWS, 10))),
    "offset": lambda rng: np.tanh(rng.normal(size=(ROWS, 10))) + 100,
    "corners": lambda rng: (
        rng.choice([-1.0, 1.0], size=(12, 200))[rng.integers(12, size=ROWS)]
        + 1e-3 * rng.normal(size=(ROWS, 200))
    ),
    "two points": lambda rng: rng.normal(size=(2, 20))[np.arange(ROWS) % 2],
    "ten points": lambda rng: rng.normal(size=(10, 60))[rng.integers(10, size=ROWS)],
    "rectified": lambda rng: np.maximum(5 * rng.normal(size=(ROWS, 5)), 0),
    "one row far away": lambda rng: np.r_[rng.normal(size=(ROWS - 1, 3)), [[1e4, 0, 0]]],
}


@pytest.mark.parametrize(
    ("variance", "scale"), [(1e-5, 1), (1e-3, 1), (1e-3, 1000), (0.1, 1), (1, 1)]
)
@pytest.mark.parametrize("name", ADVERSARIES)
def test_many_rows_are_as_good_as_a_millionth(name, variance, scale):
    """Against the formula in float64, from differences of rows, labels and weights included."""
    rng = np.random.default_rng(0)
    X, labels = ADVERSARIES[name](rng), rng.integers(3, size=ROWS)
    weights = 10 ** rng.uniform(-6, 0, size=ROWS)
    bounds = mixture_bounds(scale * X, scale**2 * variance, [labels], weights)
    size = noise_entropy(X.shape[1], variance) - noise_entropy(X.shape[1], scale**2 * variance)
    for k, width in enumerate((4, 1)):
        expected = direct_entropy(X, variance, weights, width)
        assert bounds.entropy[k] + size == pytest.approx(expected, abs=1e-6)
        expected = sum(
            weights[labels == g].sum()
            / weights.sum()
            * direct_entropy(X[labels == g], variance, weights[labels == g], width)
            for g in range(3)
        )
        assert bounds.conditional[0][k] + size == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("variance", [1e-3, 0.1])
def test_many_rows_in_any_order(variance):
    rng = np.random.default_rng(0)
    X, labels, order = (
        np.tanh(rng.normal(size=(ROWS, 4))),
        np.arange(ROWS) % 5,
        rng.permutation(ROWS),
    )
    here, there = (mixture_bounds(X[p], variance, [labels[p]]) for p in (slice(None), order))
    assert_allclose(
        [here.entropy, *here.conditional], [there.entropy, *there.conditional], atol=1e-7
    )


def test_weights_of_many_magnitudes():
    """Rows of almost no weight, whose own term float32 could not hold."""
    X = np.random.default_rng(0).normal(size=(ROWS, 2))
    weights = 10.0 ** np.random.default_rng(1).uniform(-60, 5, size=ROWS)
    bounds = mixture_bounds(X, 1e-3, [np.arange(ROWS)], weights)
    for k, width in enumerate((4, 1)):
        assert_allclose(bounds.entropy[k], direct_entropy(X, 1e-3, weights, width), atol=1e-6)
        assert_allclose(bounds.conditional[0][k], noise_entropy(2, 1e-3), atol=1e-12)


@pytest.mark.parametrize(("n_rows", "rtol"), [(900, 1e-13), (1500, 1e-6)])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_threads_share_the_tiles(n_threads, n_rows, rtol, monkeypatch):
    class Pools:
        def select(self, **_):
            return self

        def info(self):
            return [{"num_threads": n_threads}]

        def limit(self, **_):
            return nullcontext()

    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(2, n_rows, 3))
    groups = np.arange(n_rows) % 7
    layout = tile_layout(X, [groups])
    sums, ratios = kernel_sums(X, 0.1, [groups]), log_density_ratios(X, noise, layout)
    monkeypatch.setattr(_threads, "_thread_pools", Pools)
    assert_allclose(kernel_sums(X, 0.1, [groups]).own, sums.own, rtol=rtol)
    assert_allclose(kernel_sums(X, 0.1, [groups]).total, sums.total, rtol=rtol)
    assert_allclose(log_density_ratios(X, noise, layout), ratios, rtol=rtol, atol=1e-15)


def test_groups_lie_together_in_a_layout():
    rng = np.random.default_rng(0)
    labels, inputs = rng.integers(3, size=900), rng.integers(300, size=900)
    layout = tile_layout(np.zeros((900, 2)), [labels, 3 * inputs + labels])
    assert sorted(layout.order) == list(range(900))
    assert (np.diff(layout.codes) >= 0).all()
    assert (layout.lowest[0] == layout.highest[0]).all()  # few labels share no block


@pytest.mark.parametrize("n_groups", [0, 1, 3, 4, 300])
def test_blocks_cover_all_rows(n_groups):
    groups = np.random.default_rng(0).integers(max(1, n_groups), size=1000)
    layout = tile_layout(np.zeros((1000, 2)), [groups][:n_groups])
    covered = np.concatenate([np.arange(block.start, block.stop) for block in layout.blocks])
    assert_array_equal(covered, np.arange(1000))
    assert min(block.stop - block.start for block in layout.blocks) > 0
    assert layout.largest_block <= 256


@pytest.mark.parametrize("beyond", [-2, -0.1, 0.1, 2])
def test_a_crowd_at_the_edge_of_what_is_left_out_in_float32(beyond):
    """One row, and all others as far from it as kernels stop to count, or a little less or more."""
    n_rows, variance = 4096, 1e-3
    exponent = 21 + math.log(n_rows) + beyond
    X = np.full((n_rows, 1), math.sqrt(8 * variance * exponent))
    X[0] = 0
    in_a_block_of_its_own = (np.arange(n_rows) > 0).astype(np.int64)
    wide, narrow = kernel_sums(X, variance, [in_a_block_of_its_own]).total
    alone = 1 + (n_rows - 1) * np.exp([-exponent, -4 * exponent])
    assert_allclose([wide[0], narrow[0]], alone, rtol=1e-9)
    crowd = n_rows - 1 + np.exp([-exponent, -4 * exponent])
    assert_allclose([wide[1:], narrow[1:]], np.tile(crowd, (n_rows - 1, 1)).T, rtol=1e-6)


@pytest.mark.parametrize(("n_rows", "atol"), [(600, 1e-10), (ROWS, 5e-7)])
@pytest.mark.parametrize("n_features", [3, 80])
@pytest.mark.parametrize("scale", [1, 300])
def test_density_ratios_are_logarithms_of_sums(n_features, n_rows, atol, scale):
    """From 1000 rows on kernels are taken in float32, but never exponents."""
    rng = np.random.default_rng(0)
    centres = scale * rng.normal(size=(30, n_features))[np.arange(n_rows) % 30]
    centres = centred(centres + rng.normal(size=(n_rows, n_features)))
    noise, groups = rng.normal(size=(n_rows, n_features)), rng.integers(4, size=n_rows)
    layout = tile_layout(centres, [groups])
    ordered, z = centres[layout.order], noise[layout.order]
    exponents = (np.square(z).sum(axis=1)[:, None] - cdist(ordered + z, ordered) ** 2) / 2
    same = groups[layout.order][:, None] == groups[layout.order]
    ratios = log_density_ratios(ordered, z, layout)
    assert_allclose(ratios[0], logsumexp(exponents, axis=1), atol=atol)
    assert_allclose(ratios[1], logsumexp(exponents, b=same, axis=1), atol=atol)


def test_blocks_far_apart_are_left_out_without_a_trace(monkeypatch):
    """A long line of rows, on which most pairs of blocks say nothing of each other."""
    monkeypatch.setattr(_kernel_tiles, "_FLOAT32_ROWS", math.inf)
    rng = np.random.default_rng(0)
    X = centred(np.column_stack([rng.uniform(0, 300, size=2000), rng.normal(size=2000)]))
    layout = tile_layout(X, [])
    near = _pairwise._near_blocks(X[layout.order], X[layout.order], layout, 80.0)
    assert near.diagonal().all()
    assert near.sum() < 0.5 * near.size
    entropy = mixture_bounds(X, 1.0).entropy
    for k, width in enumerate((4, 1)):
        assert entropy[k] == pytest.approx(direct_entropy(X, 1.0, np.ones(2000), width), abs=1e-12)
    ordered, z = X[layout.order], rng.normal(size=(2000, 2))
    exponents = (np.square(z).sum(axis=1)[:, None] - cdist(ordered + z, ordered) ** 2) / 2
    assert_allclose(
        log_density_ratios(ordered, z, layout)[0], logsumexp(exponents, axis=1), atol=1e-11
    )


@pytest.mark.parametrize("exponent", [10, 20])
def test_blocks_that_just_matter_are_kept(exponent):
    X = np.repeat([0.0, math.sqrt(8 * exponent)], 256)[:, None]
    lower = mixture_bounds(X, 1.0).entropy.lower - noise_entropy(1, 1.0)
    assert lower == pytest.approx(math.log(2) - math.log1p(math.exp(-exponent)), abs=1e-13)


def test_memory_does_not_grow_with_the_pairs():
    """An array of all pairs would take 128 MB."""
    X = np.random.default_rng(0).normal(size=(4000, 20))
    tracemalloc.start()
    mixture_bounds(X, 0.1, [np.arange(4000) % 10])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 2**20
