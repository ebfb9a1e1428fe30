"""Matrix-based Renyi entropy against spectra that are known in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ibtools.information._spectral import (
    renyi_entropy,
    renyi_joint_entropy,
    renyi_mutual_information,
    spectrum_entropy,
)

fixed = settings(deadline=None, derandomize=True, max_examples=60)
ORDERS = (0.3, 0.5, 0.99, 1, 1.01, 1.5, 2, 3, 7.5, 40)
every_order = pytest.mark.parametrize("alpha", ORDERS)


def renyi_of(p, alpha):
    """Renyi entropy of a distribution in bits, by its definition."""
    p = np.asarray(p, dtype=float)
    if alpha == 1:
        return -(p * np.log2(p)).sum()
    return math.log2(math.fsum(p**alpha)) / (1 - alpha)


def random_gram(rng, n=12, d=3, scale=1.0):
    X = scale * rng.normal(size=(n, d))
    return np.exp(-((X[:, None] - X) ** 2).sum(axis=2) / 2)


@every_order
def test_all_alike_and_all_unlike(alpha):
    assert renyi_entropy(np.ones((20, 20)), alpha=alpha) == pytest.approx(0, abs=1e-13)
    assert renyi_entropy(np.eye(20), alpha=alpha) == pytest.approx(math.log2(20), rel=1e-13)


@every_order
def test_two_rows(alpha):
    """Two rows of similarity k have the eigenvalues (1 + k) / 2 and (1 - k) / 2."""
    for k in (-0.9, 0.1, 0.5, 0.99):
        expected = renyi_of([(1 + k) / 2, (1 - k) / 2], alpha)
        assert_allclose(renyi_entropy([[1, k], [k, 1]], alpha=alpha), expected, rtol=1e-11)


@every_order
def test_equal_similarities(alpha):
    """n rows of similarity k: one eigenvalue (1 + (n - 1) k) / n, the others (1 - k) / n."""
    n, k = 50, 0.3
    gram = np.full((n, n), k) + (1 - k) * np.eye(n)
    expected = renyi_of([(1 + (n - 1) * k) / n] + [(1 - k) / n] * (n - 1), alpha)
    assert_allclose(renyi_entropy(gram, alpha=alpha), expected, rtol=1e-11)


@every_order
def test_classes_have_the_entropy_of_their_frequencies(alpha):
    y = np.repeat([0, 1, 2], [5, 3, 2])
    gram = (y[:, None] == y).astype(float)
    assert_allclose(renyi_entropy(gram, alpha=alpha), renyi_of([0.5, 0.3, 0.2], alpha), rtol=1e-12)


def test_scale_of_the_kernel_is_taken_out():
    """A_ij = K_ij / (n sqrt(K_ii K_jj)): a linear kernel becomes the cosine."""
    X = np.random.default_rng(0).normal(size=(15, 4))
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    for alpha in (1.01, 2):
        assert_allclose(
            renyi_entropy(X @ X.T, alpha=alpha), renyi_entropy(unit @ unit.T, alpha=alpha)
        )
        assert renyi_entropy(7 * np.eye(8), alpha=alpha) == pytest.approx(3, rel=1e-13)


def test_order_two_is_the_frobenius_norm():
    gram = random_gram(np.random.default_rng(1), n=80)
    eigenvalues = np.linalg.eigvalsh(gram / 80)
    assert_allclose(renyi_entropy(gram, alpha=2), -np.log2((eigenvalues**2).sum()), rtol=1e-13)
    neighbours = [renyi_entropy(gram, alpha=2 + step) for step in (-1e-8, 1e-8)]
    assert_allclose(neighbours, renyi_entropy(gram, alpha=2), atol=1e-7)


def test_nats():
    assert renyi_entropy(np.eye(8), base=math.e) == pytest.approx(math.log(8))


@pytest.mark.parametrize("step", [1e-3, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14])
def test_continuous_at_order_one(step):
    gram = random_gram(np.random.default_rng(2), n=60)
    at_one = renyi_entropy(gram, alpha=1)
    for alpha in (1 - step, 1 + step):
        assert abs(renyi_entropy(gram, alpha=alpha) - at_one) <= max(1e-11, 2 * step)


def test_slope_at_order_one():
    """dS/dalpha = -Var(ln p) / 2 at alpha = 1, in nats."""
    p = np.array([0.6, 0.3, 0.08, 0.02])
    slope = -(p @ np.log(p) ** 2 - (p @ np.log(p)) ** 2) / 2
    for step in (1e-4, 1e-6, 1e-8):
        rise = spectrum_entropy(p, alpha=1 + step) - spectrum_entropy(p, alpha=1 - step)
        assert rise / (2 * step) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.5, 1.5])
def test_continuous_where_the_formula_changes(alpha):
    p = np.random.default_rng(3).dirichlet(np.ones(100))
    sides = [spectrum_entropy(p, alpha=alpha + step) for step in (-1e-12, 1e-12)]
    assert sides[0] == pytest.approx(sides[1], abs=1e-10)
    assert sides[0] / math.log(2) == pytest.approx(renyi_of(p, alpha), rel=1e-10)


def test_high_orders_do_not_underflow():
    p = np.full(1000, 1e-3)
    assert spectrum_entropy(p, alpha=500.0) == pytest.approx(math.log(1000), rel=1e-12)


def test_rounding_below_zero_is_dropped():
    eigenvalues = np.array([-3e-17, 0.0, 2e-17, 0.25, 0.75])
    for alpha in (0.1, 1, 1.01, 3):
        expected = renyi_of([0.25, 0.75], alpha) * math.log(2)
        assert spectrum_entropy(eigenvalues, alpha=alpha) == pytest.approx(expected, rel=1e-12)


def test_rank_one_at_a_low_order():
    """Rounding must not count as rank: at alpha = 0.1 an eigenvalue of 1e-17 weighs 0.02."""
    assert renyi_entropy(np.ones((300, 300)), alpha=0.1) == pytest.approx(0, abs=1e-10)


@fixed
@given(st.integers(0, 2**32 - 1))
def test_falls_with_the_order(seed):
    rng = np.random.default_rng(seed)
    gram = random_gram(rng, scale=rng.uniform(0.1, 3))
    entropies = [renyi_entropy(gram, alpha=alpha) for alpha in ORDERS]
    assert np.diff(entropies).max() <= 1e-10
    assert entropies[-1] >= -1e-12
    assert entropies[0] <= math.log2(12) + 1e-12


@fixed
@given(st.integers(0, 2**32 - 1), st.sampled_from(ORDERS))
def test_a_joint_entropy_is_not_below_its_parts(seed, alpha):
    rng = np.random.default_rng(seed)
    first, second = (random_gram(rng, scale=rng.uniform(0.1, 3)) for _ in range(2))
    joint = renyi_joint_entropy([first, second], alpha=alpha)
    for part in (first, second):
        assert renyi_entropy(part, alpha=alpha) <= joint + 1e-9


@fixed
@given(st.integers(0, 2**32 - 1))
def test_information_is_not_negative_at_order_one(seed):
    rng = np.random.default_rng(seed)
    first, second = (random_gram(rng, scale=rng.uniform(0.1, 3)) for _ in range(2))
    information = renyi_mutual_information(first, second, alpha=1)
    assert information >= -1e-12
    assert information == pytest.approx(renyi_mutual_information(second, first, alpha=1), abs=1e-12)


def test_negative_information_is_left_at_order_two():
    """Eight rows that A holds alike and B apart, eight the other way round."""
    alike, apart = np.zeros(8), np.arange(1, 9)
    a, b = np.concatenate([alike, apart]), np.concatenate([apart, alike])
    grams = [(codes[:, None] == codes).astype(float) for codes in (a, b)]
    expected = math.log2(16 / 16**2) - 2 * math.log2((8**2 + 8) / 16**2)
    assert expected < -0.3
    assert renyi_mutual_information(*grams, alpha=2) == pytest.approx(expected, abs=1e-12)
    assert renyi_mutual_information(*grams, alpha=1) > 0


@every_order
def test_order_of_rows_does_not_matter(alpha):
    rng = np.random.default_rng(4)
    gram, order = random_gram(rng, n=40), rng.permutation(40)
    shuffled = gram[np.ix_(order, order)]
    assert renyi_entropy(shuffled, alpha=alpha) == pytest.approx(
        renyi_entropy(gram, alpha=alpha), rel=1e-9
    )


def test_joint_of_labels_by_hand():
    """Classes (a, a, b, b) and (a, b, a, b): 2 bits together, 1 bit each, nothing in common."""
    first = np.kron(np.eye(2), np.ones((2, 2)))
    second = np.kron(np.ones((2, 2)), np.eye(2))
    for alpha in (1, 1.01, 2):
        assert renyi_joint_entropy([first, second], alpha=alpha) == pytest.approx(2)
        assert renyi_mutual_information(first, second, alpha=alpha) == pytest.approx(0, abs=1e-12)
        assert renyi_mutual_information(first, first, alpha=alpha) == pytest.approx(1)


@pytest.mark.parametrize(
    ("gram", "message"),
    [
        (np.ones((2, 3)), r"square, got the shape \(2, 3\)"),
        (np.ones(3), "square"),
        (np.empty((0, 0)), "square"),
        ([[1, np.nan], [np.nan, 1]], "NaN or infinity"),
        ([[0, 0], [0, 1]], "diagonal of a Gram matrix must be positive"),
        ([[1, 0.5], [0.1, 1]], "symmetric"),
    ],
)
@pytest.mark.parametrize("alpha", [1.01, 2])
def test_bad_matrices(gram, message, alpha):
    with pytest.raises(ValueError, match=message):
        renyi_entropy(gram, alpha=alpha)


@pytest.mark.parametrize("alpha", [1.01, 2])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_bad_entry_of_many_is_found(value, alpha):
    gram = np.eye(100)
    gram[41, 57] = gram[57, 41] = value
    with pytest.raises(ValueError, match="NaN or infinity"):
        renyi_entropy(gram, alpha=alpha)


@pytest.mark.parametrize("alpha", [0, -1, np.inf, np.nan])
def test_bad_orders(alpha):
    with pytest.raises(ValueError, match="alpha must be a positive finite number"):
        renyi_entropy(np.eye(2), alpha=alpha)


def test_bad_base():
    with pytest.raises(ValueError, match="base"):
        renyi_entropy(np.eye(2), base=1)
