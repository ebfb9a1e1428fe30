"""Equal rows and the order of rows of tensors, as of arrays."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from ibtools.information import _torch_mixture_rows
from ibtools.information._mixture_backends import mixture_backend
from ibtools.information._torch_mixture_rows import canonical_order, distinct_rows


def make_rows():
    rng = np.random.default_rng(0)
    yield rng.normal(size=(100, 3))
    yield rng.integers(2, size=(100, 4)) - 0.0
    yield np.tanh(20 * rng.normal(size=(100, 2))).astype(np.float32).astype(float)
    yield rng.choice([0.0, -0.0, 1.0], size=(100, 2))
    yield np.zeros((5, 1))


@pytest.mark.parametrize("X", list(make_rows()))
def test_distinct_rows_are_those_of_the_host(X):
    host, device = mixture_backend(X).distinct_rows(X), distinct_rows(torch.as_tensor(X))
    assert_array_equal(device.symbols, host.symbols)
    assert_array_equal(X[device.representatives], X[host.representatives])
    single = distinct_rows(torch.as_tensor(X).float())
    assert len(single.representatives) == len(host.representatives)


@pytest.mark.parametrize("X", list(make_rows()))
def test_rows_that_share_a_hash_are_told_apart(monkeypatch, X):
    monkeypatch.setattr(
        _torch_mixture_rows, "hash_multipliers", lambda n: np.zeros(n, dtype=np.uint64)
    )
    symbols, representatives = distinct_rows(torch.as_tensor(X))
    assert_array_equal(X[representatives[symbols]], X)
    assert len(representatives) == len(np.unique(X + 0.0, axis=0))
    assert_array_equal(np.unique(symbols), np.arange(len(representatives)))


@pytest.mark.parametrize("X", list(make_rows()))
def test_order_is_that_of_the_host(X):
    rng = np.random.default_rng(1)
    groupings = [rng.integers(2, size=len(X)), rng.integers(3, size=len(X))]
    expected = mixture_backend(X).canonical_order(X, groupings)
    assert_array_equal(canonical_order(torch.as_tensor(X), groupings), expected)
