"""Entropies and informations against closed forms, identities and inequalities."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from ibtools.information import (
    conditional_entropy,
    conditional_entropy_from_groups,
    entropy,
    entropy_from_counts,
    jensen_shannon_divergence,
    joint_entropy,
    kl_divergence,
    mutual_information,
    mutual_information_from_counts,
)

fixed = settings(deadline=None, derandomize=True, max_examples=60)
TOLERANCE = 1e-12


def normalised(weights):
    return weights / weights.sum()


def weights_of(shape):
    """Weights between 1e-3 and 1, or 0, and never all 0."""
    return arrays(
        float, shape, elements=st.one_of(st.just(0.0), st.floats(1e-3, 1)), fill=st.nothing()
    ).filter(np.any)


shapes = st.tuples(st.integers(1, 6), st.integers(1, 6))
distributions = st.integers(1, 12).flatmap(weights_of).map(normalised)
tables = shapes.flatmap(weights_of).map(normalised)
count_tables = shapes.flatmap(lambda shape: arrays(int, shape, elements=st.integers(0, 20))).filter(
    np.any
)


def binary_entropy(e):
    return -e * math.log2(e) - (1 - e) * math.log2(1 - e)


def channel(e):
    """Joint table of a binary symmetric channel with a uniform input."""
    return np.array([[1 - e, e], [e, 1 - e]]) / 2


def exact_information(table):
    """Mutual information in nats, with 60 digits."""
    with localcontext(prec=60):
        total = sum(Decimal(v) for v in table.ravel().tolist())
        p = [[Decimal(v) / total for v in row] for row in table.tolist()]
        p_x, p_y = [sum(row) for row in p], [sum(column) for column in zip(*p, strict=True)]
        return float(
            sum(
                v * (v / (p_x[i] * p_y[j])).ln()
                for i, row in enumerate(p)
                for j, v in enumerate(row)
                if v
            )
        )


# Closed forms


@pytest.mark.parametrize("n", [1, 2, 3, 7, 1000])
def test_entropy_of_uniform_is_log_n(n):
    assert_allclose(entropy(np.full(n, 1 / n)), math.log2(n), rtol=1e-14, atol=0)
    assert_allclose(entropy_from_counts(np.full(n, 5)), math.log2(n), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("e", [0.5, 0.11, 1e-3, 1e-9])
def test_entropy_of_bernoulli(e):
    assert_allclose(entropy([e, 1 - e]), binary_entropy(e), rtol=1e-14)


def test_entropy_of_biased_die():
    # 5/6 spread as 1/2 and six faces of 1/12 each: H = 1/2 + 1/2 log2 12.
    assert_allclose(entropy([1 / 2] + 6 * [1 / 12]), 0.5 + 0.5 * math.log2(12), rtol=1e-14)
    assert_allclose(entropy_from_counts([6, 1, 1, 1, 1, 1, 1]), 0.5 + 0.5 * math.log2(12))


def test_entropy_of_certainty_is_zero_without_a_sign():
    for value in (entropy([1.0, 0.0]), entropy(1.0), entropy_from_counts([0, 7])):
        assert value == 0
        assert math.copysign(1, value) == 1


def test_entropy_of_any_shape_is_that_of_its_entries():
    p = normalised(np.arange(24.0))
    assert entropy(p.reshape(2, 3, 4)) == pytest.approx(entropy(p), rel=1e-14)
    assert entropy_from_counts(np.arange(24).reshape(4, 6)) == pytest.approx(entropy(p), rel=1e-14)


def test_base_sets_the_unit():
    p = [0.5, 0.25, 0.25]
    nats = 1.5 * math.log(2)
    assert_allclose(entropy(p, base=math.e), nats, rtol=1e-15)
    assert_allclose(entropy(p, base=10), nats / math.log(10), rtol=1e-15)
    assert_allclose(joint_entropy(np.diag(p), base=math.e), nats)
    assert_allclose(conditional_entropy([p], base=math.e), nats)
    assert_allclose(mutual_information(np.diag(p), base=math.e), nats)
    assert_allclose(kl_divergence([1, 0], [0.25, 0.75], base=math.e), math.log(4))
    assert_allclose(jensen_shannon_divergence(np.eye(3), p, base=math.e), nats)
    assert_allclose(entropy_from_counts([2, 1, 1], base=math.e), nats)
    assert_allclose(conditional_entropy_from_groups([2, 1, 1], [0, 0, 0], base=math.e), nats)
    assert_allclose(mutual_information_from_counts(np.diag([2, 1, 1]), base=math.e), nats)


def test_conditional_entropy_is_of_the_columns_given_the_row():
    table = np.array([[0.5, 0, 0], [0.25, 0.125, 0.125]])
    assert_allclose(conditional_entropy(table), 0.5 * 1.5, rtol=1e-14)
    # Column 0, of probability 3/4, leaves 2:1 between the rows; the others decide the row.
    assert_allclose(conditional_entropy(table.T), 0.75 * binary_entropy(1 / 3), rtol=1e-14)


@pytest.mark.parametrize("e", [0.01, 0.11, 0.3, 0.5])
def test_information_of_binary_symmetric_channel(e):
    expected = 1 - binary_entropy(e)
    assert_allclose(mutual_information(channel(e)), expected, rtol=1e-13, atol=1e-15)
    if e != 0.5:
        counts = np.rint(channel(e) * 200)
        assert_allclose(mutual_information_from_counts(counts), expected, rtol=1e-13)


def test_information_from_counts_of_a_table_by_hand():
    # H(X) = h(1/3); column 0 leaves 1:2, column 1 leaves 1:0, column 2 leaves 0:2.
    table = [[1, 1, 0], [2, 0, 2]]
    expected = binary_entropy(1 / 3) - 0.5 * binary_entropy(1 / 3)
    assert_allclose(mutual_information_from_counts(table), expected, rtol=1e-14)


def test_kl_divergence_of_bernoulli():
    p, q = 0.2, 0.7
    expected = p * math.log2(p / q) + (1 - p) * math.log2((1 - p) / (1 - q))
    assert_allclose(kl_divergence([p, 1 - p], [q, 1 - q]), expected, rtol=1e-14)


def test_kl_divergence_where_either_is_zero():
    assert kl_divergence([0.5, 0.5], [1, 0]) == math.inf
    assert kl_divergence([1, 0], [0.5, 0.5]) == 1
    assert kl_divergence([0.5, 0, 0.5], [0.5, 0, 0.5]) == 0


@pytest.mark.parametrize("k", [2, 3, 8])
def test_jensen_shannon_divergence_of_disjoint_distributions(k):
    ps = np.kron(np.eye(k), [0.3, 0.7])
    assert_allclose(jensen_shannon_divergence(ps), math.log2(k), rtol=1e-14)
    weights = normalised(np.arange(1.0, k + 1))
    assert_allclose(jensen_shannon_divergence(ps, weights), entropy(weights), rtol=1e-14)


def test_jensen_shannon_divergence_ignores_a_distribution_of_weight_zero():
    assert jensen_shannon_divergence([[1, 0], [0, 1]], [1, 0]) == 0


# Accuracy


@pytest.mark.parametrize("dependence", [1e-1, 1e-3, 1e-5, 1e-7])
def test_information_of_an_almost_independent_table_keeps_its_digits(dependence):
    product = np.outer([0.3, 0.7], [0.2, 0.5, 0.3])
    table = normalised(product * (1 + dependence * np.array([[1, -1, 0.9], [-0.4, 0.3, -0.3]])))
    # The table itself is rounded: its dependence has a relative error of 1e-16 / dependence.
    rtol = 1e-14 + 1e-15 / dependence
    assert_allclose(mutual_information(table, base=math.e), exact_information(table), rtol=rtol)


def test_divergence_of_almost_equal_distributions_keeps_its_digits():
    # To third order D = d^2 / 2 [1/p + 1/(1-p)] for a shift d of a Bernoulli.
    d = 2.0**-30
    p = np.array([0.25, 0.75])
    assert_allclose(
        kl_divergence(p + np.array([d, -d]), p, base=math.e), d**2 / 2 * 16 / 3, rtol=1e-7
    )


def test_tiny_probabilities():
    tiny = 1e-200
    assert_allclose(entropy([tiny, 1.0], base=math.e), tiny * 200 * math.log(10))
    assert_allclose(
        mutual_information([[tiny, 0], [0, 1]], base=math.e), tiny * (1 + 200 * math.log(10))
    )
    assert_allclose(kl_divergence([0.5, 0.5], [5e-324, 1]), -1 + 0.5 * 1074)
    assert jensen_shannon_divergence([[tiny, 1], [0, 1]], [tiny, 1]) < 1e-190


def test_weights_of_any_scale():
    weights = np.array([1.0, 2.0, 5.0])
    for scale in (1e-300, 0.1, 1e300):
        assert_allclose(entropy_from_counts(weights * scale), entropy(weights / 8), rtol=1e-12)


# Identities and inequalities


@fixed
@given(tables)
def test_chain_rule(p_xy):
    expected = entropy(p_xy.sum(axis=1)) + conditional_entropy(p_xy)
    assert_allclose(joint_entropy(p_xy), expected, rtol=0, atol=TOLERANCE)


@fixed
@given(tables)
def test_information_is_what_one_variable_tells_of_the_other(p_xy):
    information = mutual_information(p_xy)
    h_x, h_y = entropy(p_xy.sum(axis=1)), entropy(p_xy.sum(axis=0))
    assert_allclose(information, h_y - conditional_entropy(p_xy), rtol=0, atol=TOLERANCE)
    assert_allclose(information, mutual_information(p_xy.T), rtol=0, atol=TOLERANCE)
    assert -TOLERANCE <= information <= min(h_x, h_y) + TOLERANCE


@fixed
@given(tables)
def test_information_is_the_divergence_from_independence(p_xy):
    product = np.outer(p_xy.sum(axis=1), p_xy.sum(axis=0))
    expected = kl_divergence(p_xy, product)
    assert_allclose(mutual_information(p_xy), expected, rtol=0, atol=TOLERANCE)


@fixed
@given(tables, st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_data_processing(p_xy, seed, n_z):
    noisy = np.random.default_rng(seed).dirichlet(np.full(n_z, 0.3), size=p_xy.shape[1])
    assert mutual_information(p_xy @ noisy) <= mutual_information(p_xy) + TOLERANCE


@fixed
@given(distributions)
def test_entropy_is_at_most_log_n(p):
    assert 0 <= entropy(p) <= math.log2(len(p)) + TOLERANCE
    uniform = np.full(len(p), 1 / len(p))
    expected = math.log2(len(p)) - entropy(p)
    assert_allclose(kl_divergence(p, uniform), expected, rtol=0, atol=TOLERANCE)


@fixed
@given(shapes.flatmap(weights_of), st.integers(0, 2**32 - 1))
def test_jensen_shannon_divergence_is_the_concavity_of_entropy(ps, seed):
    ps = ps[ps.any(axis=1)]
    ps /= ps.sum(axis=1, keepdims=True)
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(ps)))
    expected = entropy(weights @ ps) - weights @ [entropy(p) for p in ps]
    divergence = jensen_shannon_divergence(ps, weights)
    assert_allclose(divergence, expected, rtol=0, atol=TOLERANCE)
    assert -TOLERANCE <= divergence <= entropy(weights) + TOLERANCE


@fixed
@given(tables, st.randoms(use_true_random=False))
def test_invariance_under_permutation(p_xy, random):
    rows, columns = (random.sample(range(n), n) for n in p_xy.shape)
    shuffled = p_xy[np.ix_(rows, columns)]
    for measure in (joint_entropy, conditional_entropy, mutual_information):
        assert_allclose(measure(shuffled), measure(p_xy), rtol=0, atol=TOLERANCE)


@fixed
@given(count_tables)
def test_plug_in_estimates_are_those_of_the_frequencies(counts):
    p = normalised(counts)
    assert_allclose(entropy_from_counts(counts), entropy(p), rtol=0, atol=TOLERANCE)
    assert_allclose(
        mutual_information_from_counts(counts), mutual_information(p), rtol=0, atol=TOLERANCE
    )
    groups, _ = np.indices(counts.shape)
    assert_allclose(
        conditional_entropy_from_groups(counts.ravel(), groups.ravel()),
        conditional_entropy(p),
        rtol=0,
        atol=TOLERANCE,
    )


# Refusals


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([], "p must not be empty"),
        ([0.5, np.nan], "p must be finite"),
        ([0.5, np.inf], "p must be finite"),
        ([1.5, -0.5], r"p must be non-negative, got a minimum of -0\.5"),
        ([0.5, 0.25], r"p must sum to 1, got 0\.75: divide by the sum"),
        ([0.5, 0.5 + 1e-8], "p must sum to 1"),
    ],
)
def test_a_bad_distribution_is_refused(p, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        entropy(p)
    with pytest.raises(ValueError, match=f"^{message}"):
        kl_divergence(p, [0.5, 0.5])
    with pytest.raises(ValueError, match=message[2:]):
        kl_divergence([0.5, 0.5], p)
    for measure in (joint_entropy, conditional_entropy, mutual_information):
        with pytest.raises(ValueError, match=f"^p_xy{message[1:]}"):
            measure([p])


def test_a_sum_within_rounding_is_accepted_and_not_normalised():
    p = np.array([0.5, 0.5 + 1e-10])
    assert entropy(p) == pytest.approx(1, abs=1e-9)
    assert p.tolist() == [0.5, 0.5 + 1e-10]


@pytest.mark.parametrize("measure", [joint_entropy, conditional_entropy, mutual_information])
def test_a_joint_distribution_must_be_a_table(measure):
    with pytest.raises(ValueError, match=r"p_xy must come with 2 axes, got shape \(2,\)"):
        measure([0.5, 0.5])


def test_divergences_refuse_shapes_that_differ():
    with pytest.raises(ValueError, match=r"same shape, got \(2,\) and \(1, 2\)"):
        kl_divergence([0.5, 0.5], [[0.5, 0.5]])
    with pytest.raises(ValueError, match="2 distributions but 3 weights"):
        jensen_shannon_divergence(np.eye(2), [0.5, 0.25, 0.25])


def test_jensen_shannon_divergence_refuses_bad_rows_and_weights():
    with pytest.raises(ValueError, match=r"every row of ps must sum to 1, got 0\.5"):
        jensen_shannon_divergence([[0.5, 0.5], [0.25, 0.25]])
    with pytest.raises(ValueError, match="every row of ps must come with 2 axes"):
        jensen_shannon_divergence([0.5, 0.5])
    with pytest.raises(ValueError, match="weights must sum to 1"):
        jensen_shannon_divergence(np.eye(2), [1, 1])


@pytest.mark.parametrize("base", [-2.0, 0.0, 0.5, 1.0, math.inf, math.nan])
@pytest.mark.parametrize(
    "measure",
    [
        lambda base: entropy([1.0], base=base),
        lambda base: joint_entropy([[1.0]], base=base),
        lambda base: conditional_entropy([[1.0]], base=base),
        lambda base: mutual_information([[1.0]], base=base),
        lambda base: kl_divergence([1.0], [1.0], base=base),
        lambda base: jensen_shannon_divergence([[1.0]], base=base),
        lambda base: entropy_from_counts([1], base=base),
        lambda base: conditional_entropy_from_groups([1], [0], base=base),
        lambda base: mutual_information_from_counts([[1]], base=base),
    ],
)
def test_a_bad_base_is_refused(measure, base):
    with pytest.raises(ValueError, match="base must be a finite number above 1"):
        measure(base)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([], "counts must not be empty"),
        ([0, 0], "counts must have a positive total"),
        ([3, -1], "counts must be non-negative, got a minimum of -1"),
        ([1, np.nan], "counts must be finite"),
        ([1, np.inf], "counts must be finite"),
    ],
)
def test_bad_counts_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        entropy_from_counts(counts)
    with pytest.raises(ValueError, match=message):
        mutual_information_from_counts([counts])
    with pytest.raises(ValueError, match=message):
        conditional_entropy_from_groups(counts, np.zeros(len(counts), int))


def test_counts_of_two_variables_must_be_a_table():
    with pytest.raises(ValueError, match=r"counts_xy must have 2 axes, got shape \(2,\)"):
        mutual_information_from_counts([1, 2])


@pytest.mark.parametrize(
    ("counts", "groups", "message"),
    [
        ([1, 2], [0], r"one shape \(n_cells,\), got \(2,\) and \(1,\)"),
        ([[1, 2]], [[0, 1]], "one shape"),
        ([1, 2], [0.0, 1.0], "groups must be integers"),
        ([1, 2], [0, -1], "groups must be integers from 0"),
    ],
)
def test_bad_groups_are_refused(counts, groups, message):
    with pytest.raises(ValueError, match=message):
        conditional_entropy_from_groups(counts, groups)
