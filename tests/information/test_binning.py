"""Bins: every value gets the code of its bin, edges and rounding included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibtools.information import bin_codes, counted_bins, spaced_bins
from ibtools.information._bin_codes import bin_histograms
from ibtools.information._binning import (
    check_bounds,
    check_unit_bounds,
    quantile_bins,
)

reproducible = settings(deadline=None, derandomize=True)


def _codes(values, bins):
    return bin_codes(np.atleast_2d(values).T, bins).ravel().tolist()


def test_counted_bins_by_hand():
    bins = counted_bins(4, -1, 1)
    assert _codes([-1, -0.51, -0.5, -0.1, 0, 0.49, 0.5, 1], bins) == [0, 0, 1, 1, 2, 2, 3, 3]
    np.testing.assert_allclose(bins.edges(0, 3), [-1, -0.5, 0, 0.5, 1])


def test_spaced_bins_by_hand():
    bins = spaced_bins(0.5)
    assert _codes([-0.6, -0.5, -0.1, 0, 0.4, 0.5, 1.0], bins) == [-2, -1, -1, 0, 0, 1, 2]
    assert _codes([-0.1, 0.2, 0.6], spaced_bins(0.5, origin=0.1)) == [-1, 0, 1]


TANH_BINS = [
    counted_bins(30, -1, 1),
    counted_bins(7, -1, 1),
    spaced_bins(0.07, bounds=(-1, 1)),
    spaced_bins(0.1, bounds=(-1, 1)),
    spaced_bins(1e-3, bounds=(-1, 1)),
    spaced_bins(0.25, origin=0.1, bounds=(-1, 1)),
]


@pytest.mark.parametrize("bins", TANH_BINS, ids=str)
def test_edges_belong_to_the_bin_above(bins):
    edges = bins.edges(bins.first, bins.last)[1:-1]
    assert _codes(edges, bins) == list(range(bins.first + 1, bins.last + 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bins", TANH_BINS, ids=str)
def test_saturated_units_share_the_code_of_their_neighbours(bins, dtype):
    one = dtype(1)
    below = np.nextafter(one, dtype(0))
    top, almost, bottom, above = _codes(np.array([one, below, -one, -below], dtype=dtype), bins)
    assert top == almost == bins.last
    assert bottom == bins.first
    assert above == bottom


@pytest.mark.parametrize(
    ("width", "upper", "last"), [(0.1, 0.3, 2), (0.05, 0.15, 2), (0.2, 0.6, 2), (0.1, 0.35, 3)]
)
def test_the_last_of_decimal_bins(width, upper, last):
    assert spaced_bins(width, bounds=(0, upper)).last == last


@pytest.mark.parametrize("width", [0.07, 0.1, 1e-3, 2 / 30])
def test_float32_and_float64_of_the_same_values_agree(width):
    rng = np.random.default_rng(0)
    X = np.tanh(rng.normal(scale=8, size=(4000, 5))).astype(np.float32)
    for bins in (spaced_bins(width, bounds=(-1, 1)), spaced_bins(width), counted_bins(30, -1, 1)):
        np.testing.assert_array_equal(bin_codes(X, bins), bin_codes(X.astype(np.float64), bins))


def test_division_in_float32_would_move_values_across_edges():
    """The data of the test above do sit on edges: codes in float32 differ."""
    rng = np.random.default_rng(0)
    X = np.tanh(rng.normal(scale=8, size=(4000, 5))).astype(np.float32)
    naive = np.floor(X / np.float32(1e-3))
    assert (naive != bin_codes(X, spaced_bins(1e-3))).any()


@pytest.mark.parametrize("bins", [counted_bins(30, -1, 1), spaced_bins(0.07, bounds=(-1, 1))])
def test_values_outside_get_codes_of_their_own(bins):
    codes = _codes([-1e300, -1.0000001, -1, 1, 1.0000001, 5], bins)
    assert codes == [
        bins.first - 1,
        bins.first - 1,
        bins.first,
        bins.last,
        bins.last + 1,
        bins.last + 1,
    ]


def test_constant_values_fill_one_bin():
    assert _codes([3.5, 3.5], counted_bins(30, 3.5, 3.5)) == [0, 0]


@pytest.mark.parametrize(
    ("width", "dtype"), [(0.1, np.int8), (1e-3, np.int16), (1e-6, np.int32), (1e-12, np.int64)]
)
def test_codes_take_the_smallest_type(width, dtype):
    X = np.array([[-1.0], [1.0]])
    codes = bin_codes(X, spaced_bins(width))
    assert codes.dtype == dtype
    np.testing.assert_array_equal(codes, np.floor(X / width))


def test_too_narrow_bins():
    with pytest.raises(ValueError, match="too narrow"):
        bin_codes(np.array([[0.0], [1e6]]), spaced_bins(1e-12))


@reproducible
@given(
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=30),
    st.integers(1, 100),
)
def test_codes_are_ordered_and_in_range(values, n_bins):
    values = np.sort(values)
    codes = _codes(values, counted_bins(n_bins, -1, 1))
    assert codes == sorted(codes)
    assert codes[0] >= 0
    assert codes[-1] < n_bins


@reproducible
@given(st.floats(-1e3, 1e3), st.floats(1e-3, 10), st.floats(-5, 5))
def test_values_lie_between_the_edges_of_their_bin(value, width, origin):
    bins = spaced_bins(width, origin=origin)
    (code,) = _codes([value], bins)
    left, right = bins.edges(code, code)
    slack = 1e-9 * width + 1e-12 * (abs(value) + abs(origin))
    assert left - slack <= value <= right + slack


def test_blocks_do_not_matter():
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, size=(3000, 70))
    bins = counted_bins(30, -1, 1)
    rows = np.concatenate([bin_codes(row[None], bins) for row in X[::97]])
    np.testing.assert_array_equal(bin_codes(X, bins)[::97], rows)


def formula(X, bins):
    """Codes as the docstring has them, in float64 throughout."""
    codes = np.floor((X.astype(np.float64) - bins.origin) / bins.width + 1e-9)
    if bins.first is None:
        return codes
    codes = np.clip(codes, bins.first, bins.last)
    return np.where(bins.lower > X, bins.first - 1, np.where(bins.upper < X, bins.last + 1, codes))


@pytest.mark.parametrize("scale", [1e-3, 1, 100, 1e5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize(
    "bins",
    [
        spaced_bins(0.01),
        spaced_bins(1 / 3, origin=-0.77),
        spaced_bins(0.25, bounds=(-3, 40)),
        spaced_bins(3e-4, origin=50, bounds=(-1, 7)),
        counted_bins(254, -2, 2),
        counted_bins(30, 0.1, 0.7),
    ],
    ids=str,
)
def test_codes_of_any_size_are_those_of_the_formula(bins, dtype, scale):
    """Random values, saturated ones, zeros, and values on both sides of every edge."""
    rng = np.random.default_rng(0)
    X = (scale * np.tanh(3 * rng.normal(size=(400, 7)))).astype(dtype)
    edges = bins.edges(-140, 139)[:280].reshape(-1, 7)
    near = (
        [np.nextafter(edges.astype(dtype), end) for end in (-9e9, 9e9)] if dtype != np.int64 else []
    )
    X = np.concatenate([X, np.zeros((1, 7), dtype), edges.astype(dtype), *near]).astype(dtype)
    codes = bin_codes(X, bins)
    np.testing.assert_array_equal(codes, formula(X, bins))
    np.testing.assert_array_equal(bin_codes(X[:, ::-2], bins), codes[:, ::-2])


@pytest.mark.parametrize("low", [-128, -100, 0, 127, -129, -32768, -40000])
@pytest.mark.parametrize("span", [0, 127, 128, 255, 256, 65535])
def test_codes_at_the_ends_of_a_type(low, span):
    values = np.array([low, low + span // 2, low + span], dtype=float)
    assert _codes(values, spaced_bins(1.0)) == values.tolist()
    assert _codes(values + 0.999, spaced_bins(1.0)) == values.tolist()


def test_many_blocks():
    X = np.random.default_rng(0).uniform(-1, 1, size=(9000, 300))
    for bins in (spaced_bins(0.07), counted_bins(30, -1, 1)):
        np.testing.assert_array_equal(bin_codes(X, bins), formula(X, bins))


@pytest.mark.parametrize("bounds", [(1, -1), (0, 0), (0, np.inf), (0, np.nan), (0,), (0, 1, 2), 3])
def test_bad_bounds(bounds):
    with pytest.raises(ValueError, match="two finite numbers"):
        check_bounds(bounds)


def test_histograms_of_codes_at_the_end_of_their_type():
    X = np.array([[-128.0], [0.0], [127.0], [127.0]])
    bins = spaced_bins(1)
    codes = bin_codes(X, bins)
    assert codes.dtype == np.int8
    histogram = bin_histograms(codes, np.ones(4), bins)
    assert histogram.shape == (1, 256)
    assert histogram[0, [0, 128, 255]].tolist() == [1, 1, 2]
    assert histogram.sum() == 4


def test_bins_of_equal_mass_by_hand():
    np.testing.assert_allclose(quantile_bins([3, 1, 2, 4], 2).boundaries, [1, 2.5, 4])
    np.testing.assert_allclose(quantile_bins([1, 2, 3], 2).boundaries, [1, 2.5, 3])
    np.testing.assert_allclose(quantile_bins([1, 2, 3], 1).boundaries, [1, 3])
    np.testing.assert_allclose(quantile_bins([5, 5], 4).boundaries, [5, 5])
    weighted = quantile_bins([1, 2, 3], 2, weights=np.array([4.0, 1, 1]), bounds=(0, 9))
    np.testing.assert_allclose(weighted.boundaries, [0, 1.5, 9])


@pytest.mark.parametrize("weight", [0.01, 0.1, 1 / 3, 1.0, 7.0])
def test_constant_weights_do_not_move_bins_of_equal_mass(weight):
    bins = quantile_bins(np.arange(100), 10, weights=np.full(100, weight))
    np.testing.assert_array_equal(bins.boundaries, quantile_bins(np.arange(100), 10).boundaries)


@reproducible
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.integers(1, 10))
def test_no_bin_has_more_than_its_mass_but_for_ties(values, n_bins):
    bins = quantile_bins(values, n_bins)
    codes = np.array(_codes(values, bins))
    assert codes.min() == 0
    assert codes.max() == bins.last < n_bins
    counts = np.bincount(codes)
    assert counts.min() > 0
    largest_tie = np.unique(values, return_counts=True)[1].max()
    assert counts.max() < len(values) / n_bins + largest_tie


def test_edges_of_equal_mass_between_neighbouring_floats():
    pair = np.array([1.0, np.nextafter(1.0, 2)])
    bins = quantile_bins(pair, 2)
    assert _codes(pair, bins) == [0, 1]
    assert _codes([0.5, 1.5], bins) == [-1, 2]
    assert bins.range_of(np.array([0])) == (0, 1)
    np.testing.assert_array_equal(bins.edges(0, 1), bins.boundaries)


def test_bins_of_each_unit():
    X = np.array([[0.0, 5.0], [1.0, 1000.0]])
    codes = bin_codes(X, [counted_bins(2, 0, 1), spaced_bins(1)])
    np.testing.assert_array_equal(codes, [[0, 5], [1, 1000]])


@pytest.mark.parametrize(
    "bounds", [[[0, 1]], [[0, 1, 2], [3, 4, 5]], [[0, 0], [1, 0]], [[0, 0], [1, np.nan]]]
)
def test_bad_bounds_of_units(bounds):
    with pytest.raises(ValueError, match=r"shape \(2, 2\)|two finite numbers"):
        check_unit_bounds(bounds, 2)


@reproducible
@given(
    st.lists(st.sampled_from([-2.0, -0.5, -0.0, 0.0, 0.1, 0.3, 7.0]), min_size=1, max_size=40),
    st.integers(1, 60),
)
def test_quantiles_of_rows_are_those_of_equal_weights(values, n_bins):
    rows = np.array(values, dtype=np.float32)
    found = quantile_bins(rows, n_bins).boundaries
    weighted = quantile_bins(rows, n_bins, weights=np.ones(len(rows))).boundaries
    np.testing.assert_array_equal(found, weighted)


@reproducible
@given(st.lists(st.integers(0, 9), min_size=2, max_size=60), st.integers(2, 12))
def test_quantiles_reach_their_part_of_the_mass(values, n_bins):
    """The k-th edge is the first between distinct values below which k / n_bins of them lie."""
    distinct = sorted(set(values))
    edges = []
    for k in range(1, n_bins):
        reached = n_bins * np.searchsorted(np.sort(values), distinct, "right") >= k * len(values)
        below = distinct[np.argmax(reached)]
        if below != distinct[-1]:
            edges.append((below + distinct[distinct.index(below) + 1]) / 2)
    expected = [distinct[0], *sorted(set(edges)), distinct[-1]]
    np.testing.assert_array_equal(quantile_bins(values, n_bins).boundaries, expected)
