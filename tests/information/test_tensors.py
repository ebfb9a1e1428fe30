import numpy as np
import torch
from numpy.testing import assert_array_equal

from ibtools.information._tensors import is_tensor, side_by_side

X = np.arange(6.0).reshape(3, 2)


def test_what_is_a_tensor():
    assert is_tensor(torch.ones(2))
    assert is_tensor(torch.nn.Parameter(torch.ones(2)))
    assert not any(map(is_tensor, (X, [1.0], None)))


def test_columns_side_by_side():
    both = np.hstack([X, X[:, :1]])
    assert_array_equal(side_by_side([X, X[:, :1]]), both)
    tensors = side_by_side([torch.as_tensor(X), torch.as_tensor(X[:, :1])])
    assert is_tensor(tensors)
    assert_array_equal(tensors.numpy(), both)
    assert side_by_side([X]) is X
