"""The dependence graph against its definition, row by row in dictionaries."""

import math
from collections import Counter

import numpy as np
import pytest

from ibtools.information._hashing import graph_information, hash_codes
from ibtools.information._symbols import row_symbols


def _graph_of_dictionaries(X, Y, width):
    """Counts of nodes and edges in dictionaries: the algorithm as it is published."""
    first = [tuple(math.floor(value / width) for value in row) for row in X]
    second = [tuple(math.floor(value / width) for value in row) for row in Y]
    nodes, others, edges = Counter(first), Counter(second), Counter(zip(first, second, strict=True))
    n = len(X)
    return sum(
        count / n * math.log(count * n / (nodes[a] * others[b])) for (a, b), count in edges.items()
    )


def _our_graph(X, Y, width):
    nodes = [row_symbols(hash_codes(Z, width, np.zeros(Z.shape[1]))).symbols for Z in (X, Y)]
    return graph_information(*nodes)


@pytest.mark.parametrize(("n_samples", "d_x", "d_y"), [(4096, 12, 10), (10000, 50, 20)])
def test_dependence_graph(n_samples, d_x, d_y, compare):
    rng = np.random.default_rng(0)
    X, Y = np.tanh(rng.normal(size=(n_samples, d_x))), np.tanh(rng.normal(size=(n_samples, d_y)))
    compare(
        lambda: _our_graph(X, Y, 0.7),
        lambda: _graph_of_dictionaries(X, Y, 0.7),
        peer_name="published formula, a loop over rows",
        rounds=5,
        truth=_graph_of_dictionaries(X, Y, 0.7),
        reach="20x",
    )


def test_cost_grows_as_n_log_n(compare):
    """The ratio is the time for 80000 rows over that for 20000: about 4, not 16."""
    X = np.random.default_rng(0).normal(size=(80_000, 4))
    compare(
        lambda: _our_graph(X[:20_000, :2], X[:20_000, 2:], 0.3),
        lambda: _our_graph(X[:, :2], X[:, 2:], 0.3),
        peer_name="4 n",
    )
