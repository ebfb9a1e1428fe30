"""Distinct rows: exact, sorted, and found again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ibtools.bottleneck._rows import distinct_rows, find_rows

reproducible = settings(deadline=None, derandomize=True, max_examples=50)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 3))
numbers = {
    "float64": st.floats(allow_nan=False, allow_infinity=False),
    "float32": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "bool": st.booleans(),
}


@reproducible
@given(st.data())
@pytest.mark.parametrize("kind", numbers)
def test_same_as_numpy(kind, data):
    X = data.draw(arrays(kind, shapes, elements=numbers[kind]))
    X = X[data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=20))]
    rows, index = distinct_rows(X)
    expected = np.array(sorted({tuple(row) for row in X.tolist()}))
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(rows[index], X)
    assert rows.dtype == X.dtype
    np.testing.assert_array_equal(find_rows(rows, X), index)
    half = rows[::2]
    np.testing.assert_array_equal(
        find_rows(half, rows), np.where(np.arange(len(rows)) % 2, -1, np.arange(len(rows)) // 2)
    )


@pytest.mark.parametrize("pair", [(1.0, np.nextafter(1.0, 2)), (2**60, 2**60 + 1), (-0.5, 0.5)])
def test_neighbours_are_two(pair):
    assert len(distinct_rows(np.array(pair)[:, None])[0]) == 2


def test_zeros_are_one():
    rows, index = distinct_rows(np.array([[0.0, 1.0], [-0.0, 1.0]]))
    assert len(rows) == 1
    assert index.tolist() == [0, 0]
    assert find_rows(rows, np.array([[-0.0, 1.0]])).tolist() == [0]


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint8, np.float16, np.float32, np.bool_])
def test_kinds_of_numbers_are_compared_by_value(kind):
    rows, _ = distinct_rows(np.array([[1, 0], [0, 1], [1, 1]], dtype=kind))
    assert rows.tolist() == [[0, 1], [1, 0], [1, 1]]
    wanted = np.array([[1.0, 1.0], [0.5, 1.0], [-3.0, 0.0], [0.0, 1.0]])
    assert find_rows(rows, wanted).tolist() == [2, -1, -1, 0]
