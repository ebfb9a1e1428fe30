"""Neighbour estimates against closed forms, against each other and against brute force."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import trapezoid
from scipy.special import digamma, gammaln, xlogy
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

from ibtools.information._corrections import mean_surprise
from ibtools.information._neighbors import (
    kozachenko_leonenko_entropy,
    ksg_mutual_information,
    mixed_mutual_information,
    ross_mutual_information,
)

reproducible = settings(deadline=None, derandomize=True, max_examples=30)


def gaussian_pair(n, d, rho, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(n, d))


def bias_of_ksg(n, d, seeds, rho=0.6):
    values = [
        ksg_mutual_information(*gaussian_pair(n, d, rho, seed), base=math.e) for seed in seeds
    ]
    return np.mean(values) + d / 2 * math.log(1 - rho**2)


def test_ksg_by_hand():
    """Four rows, k = 1; distances, n_x and n_y written out."""
    x, y = [0.0, 1.0, 3.0, 7.0], [0.0, 3.0, 2.0, 2.5]
    # Joint distances: 01 3, 02 3, 03 7, 12 2, 13 6, 23 4; radii 3, 2, 2, 4.
    n_x, n_y = [1, 1, 0, 0], [2, 2, 2, 3]
    n_x[0], n_y[0] = 1, 2  # |dx| = 1 < 3 (row 1); |dy| = 2, 2.5 < 3
    n_x[1], n_y[1] = 1, 2  # |dx| = 1 < 2 (row 0); |dy| = 1, 0.5 < 2
    n_x[2], n_y[2] = 0, 2  # |dx| = 2, 3, 4; |dy| = 1, 0.5 < 2, and 2 is not inside
    n_x[3], n_y[3] = 0, 3  # |dx| = 4 is not inside; |dy| = 2.5, 0.5, 0.5 < 4
    expected = digamma(1) + digamma(4) - np.mean(digamma(np.add(n_x, 1)) + digamma(np.add(n_y, 1)))
    assert ksg_mutual_information(x, y, 1, base=math.e) == pytest.approx(expected, abs=1e-14)


def test_ksg_in_one_dimension_has_little_bias():
    assert abs(bias_of_ksg(1000, 1, range(20))) < 0.02


def test_ksg_in_five_dimensions_has_its_known_bias():
    """Of 200 seeds, -0.337 +- 0.003 at 1000 rows; -0.214 at 5000: what a correct KSG-1 gives."""
    assert bias_of_ksg(1000, 5, range(20)) == pytest.approx(-0.337, abs=0.02)
    assert bias_of_ksg(5000, 5, range(8)) == pytest.approx(-0.214, abs=0.02)


def test_ksg_is_that_of_scikit_learn_in_one_dimension():
    x, y = gaussian_pair(500, 1, 0.8, 0)
    x, y = x / x.std(), y / y.std()
    peer = mutual_info_regression(x, y.ravel(), random_state=0)[0]
    assert ksg_mutual_information(x, y, base=math.e) == pytest.approx(peer, abs=1e-9)


@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
@pytest.mark.parametrize("d", [1, 3])
def test_independent_variables_are_centred_on_zero(d, metric):
    values = [
        ksg_mutual_information(*gaussian_pair(300, d, 0, seed), metric=metric) for seed in range(60)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(60) + 0.005
    assert 10 < np.sum(np.less(values, 0)) < 50, "nothing is clipped"


@pytest.mark.parametrize("k", [1, 3, 10])
def test_identical_variables_read_the_most_that_rows_can_show(k):
    x = np.random.default_rng(0).normal(size=(200, 2))
    limit = digamma(200) - digamma(k)
    assert ksg_mutual_information(x, x, k, base=math.e) == pytest.approx(limit, abs=1e-12)


@pytest.mark.parametrize("d", [1, 2, 8])
def test_scale_and_offset_change_nothing(d):
    x, y = gaussian_pair(400, d, 0.7, 0)
    read = ksg_mutual_information(x, y)
    assert ksg_mutual_information(2.0**20 * x, 2.0**20 * y) == read
    assert ksg_mutual_information(1000 * x, 1000 * y) == pytest.approx(read, abs=1e-12)
    assert ksg_mutual_information(1e-200 * x, 1e-200 * y) == pytest.approx(read, abs=1e-12)
    assert ksg_mutual_information(x + 2.0**20, y - 2.0**20) == pytest.approx(read, abs=1e-2)


def test_several_k_in_one_pass():
    x, y = gaussian_pair(300, 2, 0.7, 0)
    labels = (x[:, 0] > 0).astype(int)
    for estimate, other in [
        (ksg_mutual_information, y),
        (mixed_mutual_information, y),
        (ross_mutual_information, labels),
    ]:
        values = estimate(x, other, [5, 1, 20])
        assert values.shape == (3,)
        assert values.tolist() == [estimate(x, other, k) for k in (5, 1, 20)]
    entropies = kozachenko_leonenko_entropy(x, [5, 1])
    assert entropies.tolist() == [kozachenko_leonenko_entropy(x, k) for k in (5, 1)]


@reproducible
@given(st.integers(0, 2**32 - 1), st.sampled_from(["chebyshev", "euclidean"]))
def test_symmetry_order_and_limit(seed, metric):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(60, 2)).round(rng.integers(5)), rng.normal(size=(60, 1)).round(2)
    order = rng.permutation(60)
    read = mixed_mutual_information(x, y, metric=metric)
    assert np.isfinite(read)
    assert mixed_mutual_information(y, x, metric=metric) == pytest.approx(read, abs=1e-12)
    shuffled = mixed_mutual_information(x[order], y[order], metric=metric)
    assert shuffled == pytest.approx(read, abs=1e-12)
    assert mixed_mutual_information(x, x, metric=metric) <= math.log2(60)


def test_mixed_is_ksg_without_ties():
    x, y = gaussian_pair(300, 2, 0.7, 0)
    ks = [1, 3, 10]
    assert_allclose(
        mixed_mutual_information(x, y, ks), ksg_mutual_information(x, y, ks), rtol=0, atol=1e-14
    )


def test_mixed_of_discrete_data_is_the_plug_in_within_its_bias():
    """All digamma functions, the row itself counted: the Miller-Madow correction, up to 1/n^2."""
    rng = np.random.default_rng(0)
    x = rng.integers(4, size=2000)
    y = np.where(rng.random(2000) < 0.7, x, rng.integers(4, size=2000))
    joint = np.zeros((4, 4))
    np.add.at(joint, (x, y), 1)
    assert joint.min() > 10
    expected = digamma(2000) + sum(
        n / 2000 * (digamma(n) - digamma(joint[i].sum()) - digamma(joint[:, j].sum()))
        for (i, j), n in np.ndenumerate(joint)
    )
    read = mixed_mutual_information(x, y, base=math.e)
    assert read == pytest.approx(expected, abs=1e-12)
    counts = joint.sum(axis=0), joint.sum(axis=1), joint.ravel()
    h_x, h_y, h_xy = (mean_surprise(n, np.array(2000.0)) for n in counts)
    assert read == pytest.approx(h_x + h_y - h_xy, abs=2 * 9 / (2 * 2000))
    h_x, h_y, h_xy = (mean_surprise(n, np.array(2000.0), correction="miller-madow") for n in counts)
    assert read == pytest.approx(h_x + h_y - h_xy, abs=1.05 * np.sum(1 / joint) / (12 * 2000))
    assert ross_mutual_information(x, y, ties="count", base=math.e) == pytest.approx(
        read, abs=1e-12
    )


def test_mixed_of_a_discrete_and_a_continuous_variable():
    """Gao et al.: X uniform on 0..4, Y uniform on [X, X + 2], I = ln 5 - (4/5) ln 2."""
    values = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.integers(5, size=1000)
        values.append(mixed_mutual_information(x, x + rng.uniform(0, 2, 1000), base=math.e))
    assert np.mean(values) == pytest.approx(math.log(5) - 0.8 * math.log(2), abs=0.02)


def test_mixed_of_zero_inflated_counts():
    """Gao et al.: X ~ Exp(1), Y zero with probability 0.15, Poisson(X) otherwise.

    The truth is by quadrature. The closed form of the paper, 0.256 nats, is the information when
    it is also told which zeros are the added ones.
    """
    t, k = np.linspace(0, 40, 100_001), np.arange(40)[:, None]
    p_y = 0.85 * np.exp(k * np.log(np.maximum(t, 1e-300)) - t - gammaln(k + 1))
    p_y[0] += 0.15
    marginal = trapezoid(np.exp(-t) * p_y, t)[:, None]
    truth = trapezoid(np.exp(-t) * (xlogy(p_y, p_y) - xlogy(p_y, marginal)).sum(axis=0), t)
    assert truth == pytest.approx(0.22978, abs=1e-5)
    values = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.exponential(size=3000)
        y = rng.poisson(x) * (rng.random(3000) >= 0.15)
        values.append(mixed_mutual_information(x, y, 5, base=math.e))
    assert np.mean(values) == pytest.approx(truth, abs=0.02)


def test_mixed_of_a_mixture_of_both():
    """Half of the rows normal with correlation 0.9, half on four points apart from them."""
    density = -0.5 * math.log(1 - 0.81)
    points = 2 * 0.45 * math.log(0.45 / 0.25) + 2 * 0.05 * math.log(0.05 / 0.25)
    # Whether a row is one of the points is seen in x and in y alike: ln 2 more.
    truth = 0.5 * density + 0.5 * points + math.log(2)
    values = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x, y = (v.ravel() for v in gaussian_pair(1000, 1, 0.9, seed))
        signs = rng.choice([-1.0, 1.0], size=1000)
        flips = np.where(rng.random(1000) < 0.1, -1, 1)
        x, y = np.concatenate([x, 9 * signs]), np.concatenate([y, 9 * signs * flips])
        values.append(mixed_mutual_information(x, y, base=math.e))
    assert np.mean(values) == pytest.approx(truth, abs=0.02)


def test_ross_is_that_of_scikit_learn_in_one_dimension():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=500)
    x = rng.normal(size=(500, 1)) + labels[:, None]
    x /= x.std()
    peers = [
        mutual_info_classif(x, labels, discrete_features=False, n_neighbors=k, random_state=0)[0]
        for k in (1, 3, 20)
    ]
    assert_allclose(ross_mutual_information(x, labels, [1, 3, 20], base=math.e), peers, atol=1e-9)


@pytest.mark.parametrize("d", [1, 3])
def test_ross_of_two_normal_classes(d):
    """The truth by quadrature: I depends on the distance of the means alone, here 2."""
    t = np.linspace(-12, 12, 20001)
    p = np.exp(-0.5 * (t - 1) ** 2) / math.sqrt(2 * math.pi)
    truth = trapezoid(p * -np.log(0.5 * (1 + np.exp(-2 * t))), t)
    values = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        labels = np.repeat([0, 1], 500)
        x = rng.normal(size=(1000, d))
        x[:, 0] += 2 * labels
        values.append(ross_mutual_information(x, labels, base=math.e))
    assert np.mean(values) == pytest.approx(truth, abs=0.02)


def test_ross_by_hand():
    """Classes of two and three rows, k = 2: k_i is 1 and 2, and m_i counts strictly."""
    x, labels = [0.0, 1.0, 3.0, 4.0, 9.0], list("aabbb")
    # Radii 1, 1, 6, 5, 6; strictly nearer: 0; 0; rows 0, 1 and 3; 1, 2 and 0; 3.
    neighbors, inside = np.array([1, 1, 2, 2, 2]), np.array([0, 0, 3, 3, 1])
    sizes = np.array([2, 2, 3, 3, 3])
    expected = digamma(5) + np.mean(digamma(neighbors) - digamma(sizes) - digamma(inside + 1))
    read = ross_mutual_information(x, labels, 2, base=math.e)
    assert read == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
@pytest.mark.parametrize("d", [1, 3])
def test_entropy_of_normal_rows(d, metric):
    """With k = 1, for the tails cost the less the nearer the neighbour: 0.03 nats at k = 3."""
    values = [
        kozachenko_leonenko_entropy(
            np.random.default_rng(seed).normal(size=(4000, d)), 1, metric=metric, base=math.e
        )
        for seed in range(10)
    ]
    truth = d / 2 * math.log(2 * math.pi * math.e)
    assert np.mean(values) == pytest.approx(truth, abs=0.02)


def test_entropy_of_exponential_and_uniform_rows():
    rng = np.random.default_rng(0)
    assert kozachenko_leonenko_entropy(rng.exponential(size=20000), 5, base=math.e) == (
        pytest.approx(1, abs=0.02)
    )
    square = rng.uniform(0, 4, size=(20000, 2))
    assert kozachenko_leonenko_entropy(square, 5) == pytest.approx(4, abs=0.03)


@reproducible
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_entropy_follows_the_scale(seed, d):
    x = np.random.default_rng(seed).normal(size=(50, d))
    moved = kozachenko_leonenko_entropy(8 * x)
    assert moved == pytest.approx(kozachenko_leonenko_entropy(x) + 3 * d, abs=1e-10)


def test_ties_are_no_number():
    x = np.repeat(np.random.default_rng(0).normal(size=(20, 2)), 4, axis=0)
    labels = np.repeat([0, 1], 40)
    for call in (
        lambda: ksg_mutual_information(x, x),
        lambda: ross_mutual_information(x, labels),
        lambda: kozachenko_leonenko_entropy(x),
    ):
        with pytest.raises(ValueError, match=r"80 of 80 rows are equal.*jitter"):
            call()
    assert np.isfinite(ksg_mutual_information(x, x, 4))
    assert mixed_mutual_information(x, labels) == pytest.approx(1, abs=0.05)
    assert ross_mutual_information(x, labels, ties="count") == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ksg_mutual_information(x, x[:5]), "10 rows, but y has 5"),
        (lambda x: ksg_mutual_information(x, np.full(10, np.nan)), "y contains NaN"),
        (lambda x: ksg_mutual_information(x[None, None], x), "shape"),
        (lambda x: ksg_mutual_information(x[:0], x[:0]), "no empty"),
        (lambda x: ksg_mutual_information(x, x, 10), "more than 10 samples, got 10"),
        (lambda x: ksg_mutual_information(x, x, 0), "integer from 1 on"),
        (lambda x: ksg_mutual_information(x, x, 2.5), "integer from 1 on"),
        (lambda x: ksg_mutual_information(x, x, []), "integer from 1 on"),
        (lambda x: ksg_mutual_information(x, x, [3, 3]), "repeated"),
        (lambda x: ksg_mutual_information(x, x, metric="cosine"), "metric must be"),
        (lambda x: kozachenko_leonenko_entropy(x, metric="cosine"), "metric must be"),
        (lambda x: ross_mutual_information(x, [0] * 9 + [1]), "1 of 2 classes have one row"),
        (lambda x: ross_mutual_information(x, [0, 1]), "labels has shape"),
        (lambda x: ross_mutual_information(x, [0, 1] * 5, ties="jump"), "ties must be"),
        (lambda x: mixed_mutual_information(x, x, base=1), "base must be"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.arange(10.0))
