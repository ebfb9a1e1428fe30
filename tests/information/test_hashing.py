"""Hashing and the dependence graph: plug-in information, weights by hand, linear cost."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibtools.information import mutual_information_from_counts
from ibtools.information._hashing import (
    cancelled_powers,
    dependence_graph,
    ensemble_weights,
    ensemble_widths,
    graph_information,
    hash_codes,
    hashed_nodes,
    lone_share,
    standard_scale,
)

reproducible = settings(deadline=None, derandomize=True, max_examples=50)


def test_hash_codes_by_hand():
    X = np.array([[-0.6], [-0.5], [0.0], [0.4], [0.5]])
    assert hash_codes(X, 0.5, [0]).ravel().tolist() == [-2, -1, 0, 0, 1]
    assert hash_codes(X, 0.5, [0.5]).ravel().tolist() == [-1, -1, 0, 1, 1]
    two = hash_codes(np.array([[0.4, 0.4]]), 0.5, [0, 0.5])
    assert two.tolist() == [[0, 1]]


def test_too_narrow_bins():
    with pytest.raises(ValueError, match="too narrow"):
        hash_codes(np.array([[1.0]]), 1e-16, [0])


def test_standard_scale():
    X = np.array([[1.0, 0.1], [3.0, 0.1], [3.0, 0.1]])
    mean, inverse = standard_scale(X)
    np.testing.assert_allclose(mean, [7 / 3, 0.1])
    np.testing.assert_allclose(inverse, [1 / X[:, 0].std(), 0])
    weighted = standard_scale(X[:2], np.array([1.0, 2.0]))
    np.testing.assert_allclose(weighted, [mean, inverse])


@reproducible
@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(1, 8))
def test_graph_information_is_the_plug_in(seed, n_first, n_second):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(n_first, size=50), rng.integers(n_second, size=50)
    table = np.zeros((n_first, n_second))
    np.add.at(table, (first, second), 1)
    expected = mutual_information_from_counts(table, base=math.e)
    assert graph_information(first, second) == pytest.approx(expected, abs=1e-12)
    assert graph_information(second, first) == pytest.approx(expected, abs=1e-12)


def test_lone_share():
    nodes, partners = np.array([0, 0, 1, 2]), np.array([0, 1, 0, 0])
    assert lone_share(nodes) == 0.5
    assert lone_share(nodes, partners) == 1
    assert lone_share(nodes, partners, np.array([1.0, 1, 2, 4])) == 0.25


def test_graph_information_with_weights():
    """A binary symmetric channel that flips 1/4, in four weighted rows."""
    first, second = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    found = graph_information(first, second, np.array([3.0, 1, 1, 3]))
    flip = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert found == pytest.approx(math.log(2) - flip, abs=1e-12)


def test_widths_by_hand():
    np.testing.assert_allclose(ensemble_widths(10_000, 2, 4, (2, 8)), [0.2, 0.4, 0.6, 0.8])
    np.testing.assert_allclose(ensemble_widths(10_000, 2, 1, (2, 8)), [0.5])
    np.testing.assert_allclose(ensemble_widths(100, 0, 2, (2, 8)), [0.2, 0.8])


def test_powers():
    assert cancelled_powers(None, 4) == ()
    assert cancelled_powers("smoothing", 4) == (1, 2, 3, 4)
    assert cancelled_powers("leading", 4) == (-4, 2)
    assert cancelled_powers("leading", 0) == (-1, 2)


@pytest.mark.parametrize("powers", [(), (1,), (2,), (-3, 2), (1, 2, 3)])
def test_weights_cancel_powers_with_the_smallest_norm(powers):
    widths = np.linspace(0.2, 0.9, 6)
    weights = ensemble_weights(widths, powers)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    for power in powers:
        assert weights @ widths**power == pytest.approx(0, abs=1e-9 * max(widths**power))
    # Smallest norm: nothing in the null space of the constraints is in the weights.
    constraints = np.array([widths**power for power in (0, *powers)])
    _, _, right = np.linalg.svd(constraints)
    np.testing.assert_allclose(right[len(constraints) :] @ weights, 0, atol=1e-8)


def test_weights_of_two_widths():
    np.testing.assert_allclose(ensemble_weights(np.array([1.0, 3.0]), [2]), [9 / 8, -1 / 8])
    np.testing.assert_allclose(ensemble_weights(np.array([1.0, 3.0]), []), [0.5, 0.5])


def test_weights_of_many_dimensions_are_finite():
    weights = ensemble_weights(np.linspace(2, 8, 10), (-2000, 2))
    assert weights.sum() == pytest.approx(1)
    assert weights[0] == pytest.approx(0, abs=1e-12)


def test_too_few_widths():
    with pytest.raises(ValueError, match=r"To cancel 2 terms .* at least 3 widths, got 2"):
        ensemble_weights(np.array([1.0, 2.0]), (1, 2))


def test_known_biases_cancel():
    """Estimates I + C eps^2 + B eps^-2 give I back."""
    widths = np.linspace(0.3, 0.9, 5)
    weights = ensemble_weights(widths, cancelled_powers("leading", 2))
    assert weights @ (0.7 - 3 * widths**2 + 0.01 / widths**2) == pytest.approx(0.7, abs=1e-12)


def test_ensemble_adds_up_and_shuffles():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 1))
    widths = np.array([0.4, 0.6, 0.8])
    nodes = hashed_nodes(X, widths, rng.uniform(size=(3, 1)))
    orders = [rng.permutation(500) for _ in range(3)]
    graph = dependence_graph(nodes, nodes, widths, (), permutations=orders)
    assert graph.information == pytest.approx(graph.weights @ graph.estimates)
    alone = [graph_information(a, a[orders[1]]) for a in nodes]
    assert graph.permuted[1] == pytest.approx(graph.weights @ alone)
    assert graph.permuted.max() < 0.2 < graph.information


def test_information_of_one_variable_with_itself_is_its_entropy():
    symbols = np.array([0, 0, 1, 2])
    assert graph_information(symbols, symbols) == pytest.approx(1.5 * math.log(2), abs=1e-12)
