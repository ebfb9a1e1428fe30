"""The plain and the compiled path over all pairs: the same neighbours, to the last bit."""

import builtins
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ibtools.information import _neighbor_pairs
from ibtools.information._neighbor_counts import class_distances, joint_neighbors, strict_counts
from ibtools.information._neighbor_pairs import (
    is_compiled,
    joint_pair_neighbors,
    kth_pair_distances,
    kth_smallest,
    strict_pair_counts,
)
from ibtools.information._neighbors import ksg_mutual_information, ross_mutual_information

KS = np.array([3, 1, 10])

metrics = pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])


@pytest.fixture
def one_thread():
    numba = pytest.importorskip("numba", reason="the compiled path is that of the extra `fast`")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield numba
    numba.set_num_threads(before)


@pytest.fixture
def path(monkeypatch, one_thread):
    """Choose the path for any number of rows."""

    def choose(name):
        work = {"plain": np.inf, "compiled": 0}[name]
        monkeypatch.setattr(_neighbor_pairs, "_COMPILED_WORK", work)

    return choose


def rows(kind, n, d, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, d))
    return {
        "normal": x,
        "tied": x.round(1),
        "whole": x.round(),
        "repeated": x[np.arange(n) // 3],
        "constant": np.ones_like(x),
        "offset": 1e6 + x,
        "small": 1e-3 * x,
        "large": 1e3 * x,
        "tiny": 1e-160 * x,
        "saturated": np.tanh(6 * x).astype(np.float32).astype(np.float64),
    }[kind]


KINDS = ["normal", "tied", "whole", "repeated", "constant", "offset", "small", "large", "tiny"]


@metrics
@pytest.mark.parametrize("kind", [*KINDS, "saturated"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (12, 9)])
def test_both_paths_agree_to_the_last_bit(shape, kind, metric, path):
    x, y = rows(kind, 203, shape[0]), rows(kind, 203, shape[1], seed=1)
    radii = np.abs(np.random.default_rng(2).normal(size=(2, 203))).round(1)
    answers = []
    for name in ("plain", "compiled"):
        path(name)
        own = kth_pair_distances(x, KS, metric, compiled=name == "compiled")
        counts = strict_pair_counts(x, radii, metric), strict_pair_counts(x, own, metric)
        answers.append([*joint_pair_neighbors(x, y, KS, metric), own, *counts])
    for plain, compiled in zip(*answers, strict=True):
        assert_array_equal(compiled, plain)


@pytest.mark.parametrize("n", [2, 63, 64, 65, 1500])
def test_any_number_of_rows(n, path):
    """The last tile and the last block of rows may be of any size."""
    x, y, ks = rows("tied", n, 8), rows("normal", n, 9, seed=1), np.array([1])
    answers = []
    for name in ("plain", "compiled"):
        path(name)
        answers.append(joint_pair_neighbors(x, y, ks, "chebyshev"))
    for plain, compiled in zip(*answers, strict=True):
        assert_array_equal(compiled, plain)


@pytest.mark.parametrize("kind", ["normal", "tied"])
@pytest.mark.parametrize("ks", [[1], [2, 1], [7, 150, 30], [202, 3]])
def test_any_number_of_neighbors(ks, kind, path):
    x, y = rows(kind, 203, 8), rows(kind, 203, 2, seed=1)
    answers = []
    for name in ("plain", "compiled"):
        path(name)
        answers.append(joint_pair_neighbors(x, y, np.array(ks), "chebyshev"))
    for plain, compiled in zip(*answers, strict=True):
        assert_array_equal(compiled, plain)


def test_threads_change_nothing(path, one_thread):
    x = rows("tied", 301, 7)
    path("compiled")
    alone = joint_pair_neighbors(x, x[::-1], KS, "chebyshev")
    one_thread.set_num_threads(one_thread.config.NUMBA_NUM_THREADS)
    for one, other in zip(alone, joint_pair_neighbors(x, x[::-1], KS, "chebyshev"), strict=True):
        assert_array_equal(one, other)


@metrics
@pytest.mark.parametrize("d", [3, 12])
def test_layouts_of_memory(d, metric, path):
    """Fortran order, steps and transposed radii give what a copy gives."""
    x = rows("tied", 2 * 90, d)
    path("compiled")
    expected = joint_pair_neighbors(x[::2].copy(), x[1::2].copy(), KS, metric)
    given = joint_pair_neighbors(np.asfortranarray(x[::2]), x[1::2], KS, metric)
    for one, other in zip(expected, given, strict=True):
        assert_array_equal(one, other)
    radii = np.asfortranarray(expected[0])
    read = strict_pair_counts(np.asfortranarray(x[::2]), radii, metric)
    assert_array_equal(read, strict_pair_counts(x[::2].copy(), expected[0], metric))


@metrics
@pytest.mark.parametrize("kind", ["normal", "tied", "offset"])
def test_estimates_are_the_same(kind, metric, path):
    """Eight dimensions: a tree on the plain path, for the maximum norm."""
    x, y, labels = rows(kind, 240, 5), rows(kind, 240, 3, seed=1), np.arange(240) % 3
    answers = []
    for name in ("plain", "compiled"):
        path(name)
        answers.append(
            [
                ksg_mutual_information(x, y, [3, 5], metric=metric),
                ross_mutual_information(np.hstack([x, y]), labels, [3, 5], metric=metric),
            ]
        )
    assert_array_equal(*answers)


@metrics
def test_no_row_is_inside_the_radius_that_it_gave(metric, path):
    x, labels = rows("normal", 120, 9), np.zeros(120, dtype=np.int64)
    path("compiled")
    radii, neighbors = class_distances(x, labels, KS, metric=metric)
    assert_array_equal(strict_counts(x, radii, metric=metric), neighbors - 1)


def test_rule(monkeypatch):
    monkeypatch.setattr(_neighbor_pairs, "_kernels", object)
    assert is_compiled(10_000, 1)
    assert not is_compiled(9_999, 1)
    assert is_compiled(1000, 100)
    monkeypatch.setattr(_neighbor_pairs, "_kernels", lambda: None)
    assert not is_compiled(10**5, 100)


def test_without_numba(monkeypatch):
    """A NumPy that numba refuses is as if there were none."""
    plain = builtins.__import__

    def refuse(name, *arguments):
        if name == "ibtools.information._neighbor_kernels":
            raise ImportError("Numba needs another NumPy")
        return plain(name, *arguments)

    _neighbor_pairs._kernels.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", refuse)
        assert not is_compiled(10**5, 100)
    _neighbor_pairs._kernels.cache_clear()


def test_small_problems_do_not_import_numba():
    program = (
        "import sys, numpy as np, ibtools\n"
        "from ibtools.information import ksg_mutual_information\n"
        "x = np.random.default_rng(0).normal(size=(300, 12))\n"
        "ksg_mutual_information(x, x[::-1])\n"
        "assert 'numba' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_memory_is_that_of_tiles(path):
    n = 6000
    x = rows("normal", n, 12)
    for name in ("plain", "compiled"):
        path(name)
        joint_neighbors(x[:100], x[:100], np.array([3]))  # compiled before memory is traced
        tracemalloc.start()
        joint_neighbors(x, x[:, ::-1].copy(), np.array([3]))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 40e6 < 8 * n**2 / 4


@pytest.mark.parametrize("n_columns", [5, 95, 96, 333, 4000])
@pytest.mark.parametrize("ks", [[1], [3, 1], [2, 5, 4]])
def test_smallest_of_rows(n_columns, ks):
    values = np.random.default_rng(0).integers(50, size=(30, n_columns)).astype(float)
    values[3] = 7
    values[4, ::2] = np.inf
    smallest = kth_smallest(values, np.array(ks))
    finite = np.sort(values, axis=1)[:, np.array(ks) - 1].T
    assert_array_equal(smallest, finite)
