"""Binned information against packages that count rows, and against sorting rows with numpy."""

from types import SimpleNamespace

import numpy as np
import pytest

from ibtools import BinnedMI
from ibtools.information import (
    bin_codes,
    entropy_from_counts,
    mutual_information_from_counts,
    row_symbols,
    spaced_bins,
)

WIDTH = 0.07


def _activations(n_samples, n_features, n_states, n_classes):
    """Rows that repeat: noise-free units of as many inputs as there are states."""
    rng = np.random.default_rng(0)
    states = np.tanh(2 * rng.normal(size=(n_states, n_features))).astype(np.float32)
    rows = rng.integers(n_states, size=n_samples)
    y = np.where(rng.random(n_samples) < 0.8, rows % n_classes, rng.integers(n_classes))
    return SimpleNamespace(T=states[rows], y=y, rows=rows)


@pytest.fixture(scope="module")
def layer():
    """Rows of about 900 states, their labels, and what the plug-in formula reads of them."""
    data = _activations(4096, 10, 900, 2)
    data.entropy = _plug_in(np.bincount(data.rows))
    data.information = _plug_in_information(data)
    return data


def _plug_in(counts):
    p = counts[counts > 0] / counts.sum()
    return -(p * np.log2(p)).sum()


def _plug_in_information(layer):
    joint = np.bincount(layer.rows * 10 + layer.y)
    return sum(_plug_in(np.bincount(v)) for v in (layer.rows, layer.y)) - _plug_in(joint)


def _digits(T):
    return np.floor(T.astype(np.float64) / WIDTH).astype(np.int64)


def _numpy_entropy(T):
    """Floor to integers and sort the rows' bytes, the published formula in numpy."""
    digits = _digits(T)
    rows = digits.view(np.dtype((np.void, digits.itemsize * digits.shape[1]))).ravel()
    return _plug_in(np.unique(rows, return_counts=True)[1])


def _unique_rows_entropy(T):
    return _plug_in(np.unique(_digits(T), axis=0, return_counts=True)[1])


def _npeet_entropy(T):
    from npeet_plus import entropyd

    return entropyd(_digits(T))


def _hoi_entropy(T):
    from hoi.core.entropies import entropy_bin

    return float(entropy_bin(_digits(T).T.astype(np.int32)))


def _infomeasure_entropy(T):
    import infomeasure

    return infomeasure.entropy(_digits(T), approach="discrete", base=2)


def _dit_entropy(T):
    from dit.inference import entropy_0

    return entropy_0(_digits(T))


def _our_entropy(T):
    symbols = row_symbols(bin_codes(T, spaced_bins(WIDTH))).symbols
    return entropy_from_counts(np.bincount(symbols))


ENTROPY_PEERS = {
    "hoi": _hoi_entropy,
    "npeet-plus": _npeet_entropy,
    "infomeasure": _infomeasure_entropy,
    "dit": _dit_entropy,
    "numpy unique(axis=0)": _unique_rows_entropy,
    "published formula in numpy": _numpy_entropy,
}


@pytest.mark.parametrize("peer", ENTROPY_PEERS)
def test_entropy_of_4096_rows(layer, peer, compare):
    compare(
        lambda: _our_entropy(layer.T),
        lambda: ENTROPY_PEERS[peer](layer.T),
        peer_name=peer,
        truth=layer.entropy,
        reach="<= 1 ms",
    )


def test_information_of_4096_rows_on_inputs(layer, compare):
    """I(X;T) with H(T|X) input by input, where each of them is zero."""

    def peer():
        within = [_numpy_entropy(layer.T[row : row + 1]) for row in range(len(layer.T))]
        return _numpy_entropy(layer.T) - np.mean(within)

    compare(
        lambda: BinnedMI(bin_width=WIDTH).fit(layer.T).mi_x_,
        peer,
        peer_name="published formula, a loop over inputs",
        truth=layer.entropy,
        reach="<= 1 ms",
    )


def _class_by_class(T, y):
    classes, counts = np.unique(y, return_counts=True)
    return _numpy_entropy(T) - counts @ [_numpy_entropy(T[y == c]) for c in classes] / len(y)


def _npeet_information(T, y):
    from npeet_plus import midd

    return midd(_digits(T), y[:, None])


def _hoi_information(T, y):
    return _hoi_entropy(T) - sum((y == c).mean() * _hoi_entropy(T[y == c]) for c in np.unique(y))


def _rows_numbered(T):
    """Packages that take one symbol per row leave the coding of rows to numpy."""
    return np.unique(_digits(T), axis=0, return_inverse=True)[1].ravel()


def _infomeasure_information(T, y):
    import infomeasure

    return infomeasure.mutual_information(_rows_numbered(T), y, approach="discrete", base=2)


def _pyinform_information(T, y):
    import pyinform

    return pyinform.mutual_info(_rows_numbered(T), y)


INFORMATION_PEERS = {
    "pyinform on rows coded by numpy": _pyinform_information,
    "npeet-plus": _npeet_information,
    "hoi class by class": _hoi_information,
    "infomeasure on rows coded by numpy": _infomeasure_information,
    "published formula in numpy": _class_by_class,
}


@pytest.mark.parametrize("peer", INFORMATION_PEERS)
def test_information_of_4096_rows_on_labels(layer, peer, compare):
    compare(
        lambda: BinnedMI(bin_width=WIDTH).fit(layer.T, layer.y).mi_y_,
        lambda: INFORMATION_PEERS[peer](layer.T, layer.y),
        peer_name=peer,
        truth=layer.information,
        reach="<= 2 ms",
    )


def test_information_of_4096_numbered_rows(layer, compare):
    """What is left when the rows have been coded before."""

    def ours():
        cells = np.bincount(2 * layer.rows + layer.y, minlength=2 * (layer.rows.max() + 1))
        return mutual_information_from_counts(cells.reshape(-1, 2))

    def peer():
        import pyinform

        return pyinform.mutual_info(layer.rows, layer.y)

    compare(ours, peer, peer_name="pyinform", truth=layer.information)


@pytest.mark.parametrize(("n_features", "reach"), [(20, ""), (1024, "60x")])
def test_information_of_60000_rows_on_labels(n_features, reach, compare):
    """Most rows are distinct, as those of a wide layer are."""
    layer = _activations(60_000, n_features, 60_000, 10)
    compare(
        lambda: BinnedMI(bin_width=WIDTH).fit(layer.T, layer.y).mi_y_,
        lambda: _class_by_class(layer.T, layer.y),
        peer_name="published formula in numpy",
        rounds=5,
        truth=_plug_in_information(layer),
        reach=reach,
    )


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_memory_of_a_million_rows(peak_memory, strategy):
    """1e6 x 128 distinct rows with labels, beside the 0.5 GiB of the rows themselves."""
    rng = np.random.default_rng(0)
    T = rng.random((10**6, 128), dtype=np.float32)
    y = rng.integers(10, size=len(T))
    assert peak_memory(lambda: BinnedMI(strategy=strategy).fit(T, y)) < 1.5 * 2**30
