import numpy as np
import pytest

from ibtools.datasets._idx import read_idx

HEADER = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3])


def test_values_are_read_in_row_major_order():
    values = read_idx(HEADER + bytes(range(6)))
    assert values.dtype == np.uint8
    np.testing.assert_array_equal(values, [[0, 1, 2], [3, 4, 5]])


def test_sizes_are_big_endian():
    assert read_idx(bytes([0, 0, 8, 1, 0, 0, 1, 2]) + bytes(258)).shape == (258,)


def test_no_sample_is_a_valid_file():
    assert read_idx(bytes([0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 3])).shape == (0, 3)


@pytest.mark.parametrize("n_values", [0, 5, 7])
def test_too_few_or_too_many_values(n_values):
    with pytest.raises(ValueError, match=rf"\(2, 3\), 6 values, but {n_values} values follow"):
        read_idx(HEADER + bytes(n_values))


@pytest.mark.parametrize(
    "magic", [b"", b"\0\0\x08", b"\x1f\x8b\x08\x01", b"\0\0\x0d\x01", b"\0\0\x08\0"]
)
def test_a_wrong_magic_number(magic):
    with pytest.raises(ValueError, match="not an idx file of unsigned bytes: it starts with"):
        read_idx(magic)


def test_a_header_that_ends_early():
    with pytest.raises(ValueError, match="idx header ends early: 2 dimensions, 7 bytes"):
        read_idx(HEADER[:-1])
