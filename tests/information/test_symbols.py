"""Symbols: equal rows share a number, different rows never do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ibtools.information import _symbols, joint_counts, row_symbols


def _assert_exact(codes):
    symbols, representatives = row_symbols(codes)
    distinct, expected = np.unique(codes, axis=0, return_inverse=True)
    assert len(representatives) == len(distinct)
    np.testing.assert_array_equal(np.sort(symbols[representatives]), np.arange(len(distinct)))
    np.testing.assert_array_equal(codes[representatives[symbols]], codes)
    assert len(np.unique(np.stack([symbols, expected.ravel()]), axis=1).T) == len(distinct)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
@pytest.mark.parametrize(
    "shape", [(1, 1), (500, 1), (500, 3), (300, 12), (300, 200), (300, 201), (300, 202), (300, 203)]
)
def test_agrees_with_sorting_the_rows(shape, dtype):
    rng = np.random.default_rng(0)
    codes = rng.integers(-3, 3, size=shape).astype(dtype)
    _assert_exact(np.concatenate([codes, codes[::3]]))


def test_large_codes_that_lie_close_together():
    """The bits of floating-point numbers next to each other, beyond what float64 can count."""
    _assert_exact(np.array([1.0, 1 + 2**-52, 1.0, 1 + 2**-51]).view(np.int64)[:, None])
    _assert_exact(np.array([[-(2**62)], [1 - 2**62], [-(2**62)]]))


def test_rows_that_differ_in_one_place_are_told_apart():
    """One column at a time, in every column and by every amount: hashes that mix badly fail."""
    base = np.zeros(64, dtype=np.int8)
    codes = np.concatenate([base + amount * np.eye(64, dtype=np.int8) for amount in range(1, 120)])
    _assert_exact(codes)


def test_equal_rows_at_all_positions_are_one_symbol():
    """Block sizes and alignment must not change the key of a row."""
    rng = np.random.default_rng(0)
    row = rng.integers(-100, 100, size=33).astype(np.int8)
    for n_rows in (1, 2, 7, 64, 1985, 1986, 1987, 5000):
        symbols, representatives = row_symbols(np.tile(row, (n_rows, 1)))
        assert not symbols.any()
        assert len(representatives) == 1


@pytest.mark.parametrize(("dtype", "n_columns"), [(np.int8, 67), (np.int16, 35), (np.int64, 9)])
def test_every_column_is_part_of_the_hash(dtype, n_columns):
    """Those that fill words of 32 bits, and those left over."""
    codes = np.random.default_rng(0).integers(-100, 100, size=(1, n_columns)).astype(dtype)
    changed = np.concatenate([codes, codes + np.eye(n_columns, dtype=dtype)])
    assert len(np.unique(_symbols._hashed_rows(changed))) == n_columns + 1


def test_hashes_of_columns_in_any_memory_order():
    codes = np.random.default_rng(0).integers(-100, 100, size=(400, 41)).astype(np.int8)
    keys = _symbols._hashed_rows(codes)
    np.testing.assert_array_equal(_symbols._hashed_rows(np.asfortranarray(codes)), keys)


def test_many_rows_are_hashed_in_blocks():
    codes = np.random.default_rng(0).integers(-100, 100, size=(3000, 1001)).astype(np.int8)
    codes[1::2] = codes[::2]
    symbols, representatives = row_symbols(codes)
    np.testing.assert_array_equal(symbols[1::2], symbols[::2])
    assert len(representatives) == 1500


def test_codes_at_the_ends_of_int64():
    ends = np.iinfo(np.int64)
    codes = np.array([[ends.min, 0], [ends.max, 0], [ends.min, 0], [ends.min, 1]])
    _assert_exact(codes)


@pytest.mark.parametrize("span", [2**52, 2**53, 2**53 + 2])
def test_around_the_largest_number_that_is_packed(span):
    codes = np.array([[0], [span - 1], [span - 2], [1], [span - 1]])
    _assert_exact(codes)


def test_forced_collisions_are_noticed(monkeypatch):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 100, size=(400, 40)).astype(np.int8)
    codes = np.concatenate([codes, codes[:100]])
    monkeypatch.setattr(_symbols, "hash_multipliers", lambda n: np.zeros(n, dtype=np.uint64))
    _assert_exact(codes)


@settings(deadline=None, derandomize=True)
@given(
    hnp.arrays(
        np.int16,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=20),
        elements=st.sampled_from([-300, -1, 0, 1, 299, 300]),
    )
)
def test_any_rows(codes):
    _assert_exact(codes)


def test_joint_counts_by_hand():
    symbols, groups = np.array([0, 0, 1, 1, 1]), np.array([1, 0, 1, 1, 0])
    cells = joint_counts(symbols, groups)
    found = list(zip(cells.symbols, cells.groups, cells.counts, strict=True))
    assert found == [(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 2)]


def test_joint_counts_with_weights():
    cells = joint_counts(np.array([0, 0, 2]), np.array([1, 1, 0]), np.array([0.25, 0.5, 2.0]))
    found = list(zip(cells.symbols, cells.groups, cells.counts, strict=True))
    assert found == [(0, 1, 0.75), (2, 0, 2.0)]


@pytest.mark.parametrize("weighted", [False, True])
def test_joint_counts_of_tables_of_any_size(weighted, monkeypatch):
    """A table that is filled, or cells that are sorted: the same cells in the same order."""
    rng = np.random.default_rng(0)
    symbols, groups = rng.integers(40, size=500), rng.integers(30, size=500)
    weights = rng.random(500) if weighted else None
    filled = joint_counts(symbols, groups, weights)
    monkeypatch.setattr(_symbols, "_CELLS_PER_ROW", 0)
    for one, other in zip(filled, joint_counts(symbols, groups, weights), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
