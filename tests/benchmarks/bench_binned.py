"""Binned information against sorting rows with numpy."""

import numpy as np
import pytest

from ibtools import BinnedMI
from ibtools.information import bin_codes, entropy_from_counts, row_symbols, spaced_bins

WIDTH = 0.07


def _numpy_entropy(T):
    """Floor to integers and sort the rows' bytes: what the published scripts do."""
    digits = np.ascontiguousarray(np.floor(T / WIDTH).astype(np.int64))
    rows = digits.view(np.dtype((np.void, digits.itemsize * digits.shape[1]))).ravel()
    p = np.unique(rows, return_counts=True)[1] / len(T)
    return -(p * np.log2(p)).sum()


def _numpy_information(T, y):
    classes, counts = np.unique(y, return_counts=True)
    noise = [_numpy_entropy(T[y == label]) for label in classes]
    return _numpy_entropy(T) - counts @ noise / len(y)


def _our_entropy(T):
    symbols = row_symbols(bin_codes(T, spaced_bins(WIDTH))).symbols
    return entropy_from_counts(np.bincount(symbols))


@pytest.fixture(params=[(4096, 10, 2), (10000, 20, 10), (60000, 1024, 10)], ids=str)
def data(request):
    n_samples, n_features, n_classes = request.param
    rng = np.random.default_rng(0)
    T = np.tanh(2 * rng.normal(size=(n_samples, n_features))).astype(np.float32)
    return T, rng.integers(n_classes, size=n_samples)


def test_entropy(data, compare):
    T, _ = data
    assert _our_entropy(T) == pytest.approx(_numpy_entropy(T), abs=1e-12)
    compare(lambda: _our_entropy(T), lambda: _numpy_entropy(T), peer_name="numpy rows")


def test_both_informations(data, compare):
    T, y = data
    binned = BinnedMI(bin_width=WIDTH)
    assert binned.fit(T, y).mi_y_ == pytest.approx(_numpy_information(T, y), abs=1e-12)
    compare(lambda: binned.fit(T, y), lambda: _numpy_information(T, y), peer_name="numpy per class")
