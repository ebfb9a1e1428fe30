"""Labels become the numbers of their classes."""

import numpy as np
import pytest

from ibtools.information._labels import encode_known_labels, encode_labels


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (["b", "a", "b"], ["a", "b"]),
        ([3, -1, 3], [-1, 3]),
        ([True, False, True], [False, True]),
        ([2.0, 0.0, 2.0], [0.0, 2.0]),
    ],
)
def test_classes_are_sorted(y, classes):
    found, encoded = encode_labels(y)
    assert found.tolist() == classes
    assert encoded.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0.5, 1.2, 2.7], "continuous"),
        ([[0, 1], [1, 0]], "1d array"),
        ([0.0, np.nan], "NaN"),
    ],
)
def test_what_is_no_class_is_refused(y, message):
    with pytest.raises(ValueError, match=message):
        encode_labels(y)


def test_known_labels_have_the_numbers_of_fit():
    classes = np.array(["a", "b", "c"])
    assert encode_known_labels(["c", "a"], classes).tolist() == [2, 0]
    with pytest.raises(ValueError, match=r"did not see.*'d'"):
        encode_known_labels(["d", "a"], classes)
