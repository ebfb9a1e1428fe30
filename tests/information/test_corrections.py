"""Bias corrections against hand computation, brute force and known distributions."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.special import digamma

from ibtools.information import (
    conditional_entropy_from_groups,
    entropy,
    entropy_from_counts,
    mutual_information_from_counts,
)
from ibtools.information._corrections import CORRECTIONS

fixed = settings(deadline=None, derandomize=True, max_examples=60)
count_vectors = arrays(int, st.integers(1, 12), elements=st.integers(0, 30)).filter(np.any)

every_correction = pytest.mark.parametrize("correction", CORRECTIONS)


def nats(counts, correction=None):
    return entropy_from_counts(counts, correction=correction, base=math.e)


def grassberger_number(n):
    """G(n) as the paper defines it."""
    return digamma(n) + (-1) ** n / 2 * (digamma((n + 1) / 2) - digamma(n / 2))


def leave_one_out(counts):
    """Jackknife of the plug-in entropy by its definition, one row at a time, with 50 digits."""

    def plug_in(counts):
        total = Decimal(sum(counts))
        return -sum(n / total * (n / total).ln() for n in map(Decimal, counts) if n)

    with localcontext(prec=50):
        total = sum(counts)
        without = sum(
            n * plug_in([*counts[:i], n - 1, *counts[i + 1 :]])
            for i, n in enumerate(counts)
            if n and total > 1
        )
        return float(total * plug_in(counts) - Decimal(total - 1) / total * without)


def test_miller_madow_by_hand():
    # Two symbols seen of three, ten rows: (2 - 1) / (2 * 10) nats are added.
    plug_in = -0.7 * math.log(0.7) - 0.3 * math.log(0.3)
    assert_allclose(nats([7, 0, 3], "miller-madow"), plug_in + 1 / 20, rtol=1e-14)
    assert_allclose(nats([1, 1, 1, 1], "miller-madow"), math.log(4) + 3 / 8, rtol=1e-14)


@fixed
@given(count_vectors)
def test_miller_madow_adds_its_term(counts):
    term = (np.count_nonzero(counts) - 1) / (2 * counts.sum())
    assert_allclose(nats(counts, "miller-madow"), nats(counts) + term, rtol=0, atol=1e-13)


def test_grassberger_by_hand():
    g = {1: -np.euler_gamma - math.log(2), 2: 2 - np.euler_gamma - math.log(2)}
    assert_allclose(nats([1], "grassberger"), -g[1], rtol=1e-14)
    assert_allclose(nats([2], "grassberger"), math.log(2) - g[2], rtol=1e-13)
    expected = math.log(4) - (2 * g[2] + 2 * g[1]) / 4
    assert_allclose(nats([2, 1, 1], "grassberger"), expected, rtol=1e-14)


def test_grassberger_numbers_follow_the_recursion():
    n = np.arange(1, 200)
    # One symbol seen n times has the entropy ln n - G(n).
    g = dict(enumerate(np.log(n) - [nats([k], "grassberger") for k in n], start=1))
    for k in range(1, 99):
        assert_allclose(g[2 * k + 1], g[2 * k], rtol=0, atol=1e-13)
        assert_allclose(g[2 * k + 2], g[2 * k] + 2 / (2 * k + 1), rtol=0, atol=1e-13)


@fixed
@given(count_vectors)
def test_grassberger_is_the_formula_of_the_paper(counts):
    total, seen = counts.sum(), counts[counts > 0]
    expected = math.log(total) - seen @ grassberger_number(seen) / total
    assert_allclose(nats(counts, "grassberger"), expected, rtol=0, atol=1e-12)


def test_jackknife_by_hand():
    # Without one of two different rows nothing is uncertain: 2 ln 2 - 0.
    assert_allclose(nats([1, 1], "jackknife"), 2 * math.log(2), rtol=1e-15)
    assert nats([1], "jackknife") == 0
    assert nats([9], "jackknife") == 0


@fixed
@given(count_vectors)
def test_jackknife_is_brute_force_leave_one_out(counts):
    assert_allclose(nats(counts, "jackknife"), leave_one_out(counts.tolist()), atol=1e-13)


@pytest.mark.parametrize(
    "counts", [[999_997, 1, 2], [400_000, 350_000, 249_000, 1000], 200 * [5000]]
)
def test_jackknife_of_a_million_rows_keeps_its_digits(counts):
    assert_allclose(nats(counts, "jackknife"), leave_one_out(counts), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("correction", "share"), [("miller-madow", 0.5), ("grassberger", 0.2), ("jackknife", 0.2)]
)
def test_a_correction_leaves_a_fraction_of_the_bias(correction, share):
    p = 1 / np.arange(1, 101)
    p /= p.sum()
    samples = np.random.default_rng(0).multinomial(200, p, size=300)

    def bias(correction):
        estimates = [entropy_from_counts(counts, correction=correction) for counts in samples]
        return np.mean(estimates) - entropy(p)

    assert bias(None) < -0.3
    assert abs(bias(correction)) < share * abs(bias(None))


@pytest.mark.parametrize(
    ("correction", "excess"), [("miller-madow", 0), ("grassberger", 1 / 600), ("jackknife", 0)]
)
def test_a_correction_removes_the_leading_bias_once_all_symbols_are_seen(correction, excess):
    p = np.arange(1, 11) / 55
    samples = np.random.default_rng(1).multinomial(300, p, size=2000)
    # Both estimates of a sample share its noise, so their difference shows what is added.
    added = np.mean([nats(counts, correction) - nats(counts) for counts in samples])
    leading_bias = -9 / 600
    assert abs(leading_bias + added - excess) < 0.05 * abs(leading_bias)


@pytest.mark.parametrize("correction", CORRECTIONS[1:])
def test_corrected_information_of_independent_variables_is_near_zero(correction):
    p = np.full(40, 1 / 40)
    samples = np.random.default_rng(2).multinomial(400, p, size=300).reshape(300, 10, 4)
    plug_in = np.mean([mutual_information_from_counts(counts) for counts in samples])
    corrected = [
        mutual_information_from_counts(counts, correction=correction) for counts in samples
    ]
    assert plug_in > 0.04
    assert abs(np.mean(corrected)) < 0.1 * plug_in
    assert min(corrected) < 0


@every_correction
@fixed
@given(arrays(int, (6, 5), elements=st.integers(0, 9)).filter(np.any))
def test_information_is_a_difference_of_entropies_under_one_correction(correction, table):
    columns = [column for column in table.T if column.any()]
    within = [
        c.sum() / table.sum() * entropy_from_counts(c, correction=correction) for c in columns
    ]
    expected = entropy_from_counts(table.sum(axis=1), correction=correction) - math.fsum(within)
    information = mutual_information_from_counts(table, correction=correction)
    assert_allclose(information, expected, rtol=0, atol=1e-12)


@every_correction
def test_groups_at_once_are_the_groups_one_by_one(correction):
    rng = np.random.default_rng(3)
    counts, groups = rng.integers(0, 40, 3000), rng.integers(0, 500, 3000)
    parts = [counts[groups == g] for g in range(500)]
    parts = [part for part in parts if part.any()]
    expected = math.fsum(
        part.sum() / counts.sum() * entropy_from_counts(part, correction=correction)
        for part in parts
    )
    together = conditional_entropy_from_groups(counts, groups, correction=correction)
    assert_allclose(together, expected, rtol=0, atol=1e-12)


@every_correction
def test_empty_groups_have_no_say(correction):
    counts, groups = np.array([2.0, 1.0, 0.0]), np.array([1, 1, 3])
    together = conditional_entropy_from_groups(counts, groups, correction=correction, base=math.e)
    assert_allclose(together, nats([2, 1], correction), rtol=1e-14)


@every_correction
def test_groups_of_one_row_are_the_entropy_of_one_row(correction):
    n = 100_000
    together = conditional_entropy_from_groups(np.ones(n), np.arange(n), correction=correction)
    assert_allclose(together, entropy_from_counts([1], correction=correction), rtol=1e-13)


@every_correction
def test_zeros_and_order_do_not_matter(correction):
    expected = nats([5, 3, 1, 1], correction)
    assert_allclose(nats([1, 0, 3, 0, 0, 5, 1], correction), expected, rtol=1e-14)


def test_weights_are_taken_by_the_plug_in_estimate_only():
    assert entropy_from_counts([0.5, 0.25, 0.25]) == 1.5
    for correction in CORRECTIONS[1:]:
        # Whole numbers pass, whatever their type.
        assert nats([2.0, 1.0], correction) == nats([2, 1], correction)
        with pytest.raises(ValueError, match=f"'{correction}' needs whole counts: the bias"):
            entropy_from_counts([1.5, 2], correction=correction)
        with pytest.raises(ValueError, match="needs whole counts"):
            mutual_information_from_counts([[1.5, 2]], correction=correction)
        with pytest.raises(ValueError, match="needs whole counts"):
            conditional_entropy_from_groups([1.5, 2], [0, 1], correction=correction)


def test_an_unknown_correction_is_refused_with_the_known_ones():
    message = r"\(None, 'miller-madow', 'grassberger', 'jackknife'\), got 'laplace'"
    with pytest.raises(ValueError, match=message):
        entropy_from_counts([1, 2], correction="laplace")
    with pytest.raises(ValueError, match=message):
        mutual_information_from_counts([[1, 2]], correction="laplace")
    with pytest.raises(ValueError, match=message):
        conditional_entropy_from_groups([1, 2], [0, 1], correction="laplace")
