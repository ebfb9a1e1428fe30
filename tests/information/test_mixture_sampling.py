"""Monte Carlo entropies: unbiased, with standard errors that cover the truth."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ibtools.information import _kernel_tiles
from ibtools.information._mixture import noise_entropy
from ibtools.information._mixture_sampling import (
    canonical_order,
    mean_overlaps,
    random_halves,
    sampled_information,
    stratified_mean,
    unseen_overlap_error,
    zero_mean_forms,
)
from ibtools.information._pairwise import kernel_sums


def sample(X, noise_std, groupings=(), contrasts=None, *, n_draws=4, seed=0, **stopping):
    """About the rows and about each grouping, unless other contrasts are named."""
    contrasts = contrasts or [(0, -1), *((0, k + 1) for k in range(len(groupings)))]
    overlaps = mean_overlaps(kernel_sums(X, noise_std**2, groupings), contrasts)
    return sampled_information(
        X,
        noise_std**2,
        groupings,
        contrasts,
        overlaps=overlaps,
        n_draws=n_draws,
        random_generator=np.random.default_rng(seed),
        **stopping,
    )


@pytest.mark.parametrize(
    ("n_rows", "n_features", "noise_std", "n_draws"),
    [
        (300, 10, 0.07, 2),  # overlaps so rare that most samples see none
        (300, 10, 0.1, 2),
        (300, 10, 0.2, 4),
        (300, 5, 0.05, 4),
        (300, 3, 0.2, 2),
        (300, 2, 0.02, 4),
        (30, 2, 0.5, 2),
    ],
)
def test_standard_errors_cover_the_truth(n_rows, n_features, noise_std, n_draws):
    """Two of them 90 %, three 97 % of the time over 100 seeds (the truth from 400 draws)."""
    rng = np.random.default_rng(n_features)
    X, labels = np.tanh(rng.normal(size=(n_rows, n_features))), rng.integers(3, size=n_rows)
    truth, _ = sample(X, noise_std, [labels], n_draws=400, seed=10**6)
    samples = [sample(X, noise_std, [labels], n_draws=n_draws, seed=k)[0] for k in range(100)]
    for k, true in enumerate(truth):
        values, errors = np.transpose([means[k] for means in samples])
        misses = np.abs(values - true.value) / np.hypot(errors, true.std_error)
        assert (misses <= 2).mean() >= 0.9
        assert (misses <= 3).mean() >= 0.97
        bias = values.mean() - true.value
        assert abs(bias) <= 3.5 * math.hypot(errors.mean() / 10, true.std_error)


def test_standard_error_is_not_wasteful():
    """Where overlaps are common it is the spread of the samples."""
    X = np.tanh(np.random.default_rng(0).normal(size=(500, 4)))
    samples = np.array([sample(X, 0.3, seed=k)[0][0] for k in range(100)])
    assert samples[:, 1].mean() == pytest.approx(samples[:, 0].std(), rel=0.25)


def test_controls_lower_the_standard_error():
    """Against drawing centres and noise at random, by the factor that trials gave at least."""
    X = np.tanh(np.random.default_rng(0).normal(size=(500, 10)))
    rng = np.random.default_rng(1)
    for noise_std, factor in ((0.1, 8), (0.5, 2)):
        rows = rng.integers(500, size=2000)
        noise = rng.normal(size=(2000, 10))
        draws = X[rows] + noise_std * noise
        distances = ((draws[:, None] - X) ** 2).sum(axis=2) / (2 * noise_std**2)
        plain = -np.log(np.exp(-distances).mean(axis=1))
        (mean,), _ = sample(X, noise_std)
        assert mean.value + 5 == pytest.approx(plain.mean(), abs=4 * plain.std() / math.sqrt(2000))
        assert mean.std_error < plain.std() / math.sqrt(2000) / factor


def test_controls_have_mean_zero_for_every_centre():
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.normal(size=(3, 2)), 40000, axis=0)
    controls = zero_mean_forms(centres, rng.normal(size=centres.shape), np.array([[2, 1], [1, 3]]))
    each = controls.reshape(2, 3, -1)
    assert_allclose(each.mean(axis=2) / (each.std(axis=2) / 200), 0, atol=4)


def test_stratified_mean_takes_controls_out():
    """f = stratum + 3 c: the strata are no error, nor is what c explains."""
    rng = np.random.default_rng(0)
    strata, control = 10 * rng.normal(size=200), rng.normal(size=(4, 1, 200))
    mean = stratified_mean(strata + 3 * control[:, 0], control)
    assert mean.value == pytest.approx(strata.mean(), abs=1e-12)
    assert mean.std_error == pytest.approx(0, abs=1e-12)
    noise = rng.normal(size=(4, 200))
    mean = stratified_mean(strata + 3 * control[:, 0] + noise, control)
    assert mean.std_error == pytest.approx(1 / math.sqrt(800), rel=0.1)
    assert abs(mean.value - strata.mean()) < 4 * mean.std_error


def test_few_draws_do_without_controls():
    values, controls = np.array([[1.0, 2.0], [3.0, 2.0]]), np.ones((2, 2, 2))
    mean = stratified_mean(values, controls)
    assert mean == (2, math.sqrt(2 / 2 / 4))


def test_unseen_overlaps():
    assert unseen_overlap_error(0, 100) == 0
    assert unseen_overlap_error(1e-4, 1000) == pytest.approx(math.sqrt(2.2 * 1e-4 / 1000))
    assert unseen_overlap_error(1, 1000) == pytest.approx(math.sqrt(22) / 1000)
    w = np.exp(np.linspace(-40, 40, 10001))
    assert (np.log1p(w) ** 2 <= 2.2 * np.sqrt(w)).all(), "the inequality that it rests on"


def test_mean_overlaps_by_definition():
    X = np.array([[0.0], [1.0], [3.0]])
    sums = kernel_sums(X, 1.0, [np.array([0, 0, 1])])
    one, two, three = np.exp(-np.array([1, 4, 9]) / 8)
    expected = [(min(one + three, 1) + min(one + two, 1) + min(two + three, 1)) / 3]
    expected += [(three + two + min(two + three, 1)) / 3, 2 * one / 3]
    assert_allclose(mean_overlaps(sums, [(0, -1), (0, 1), (1, -1)]), expected, rtol=1e-12)
    assert mean_overlaps(sums) == expected[:1]


def test_chain_rule_of_contrasts():
    """All against rows is all against groups, plus groups against rows."""
    X = np.random.default_rng(0).normal(size=(300, 2))
    contrasts = [(0, -1), (0, 1), (1, -1)]
    (rows, groups, within), _ = sample(X, 0.3, [np.arange(300) % 5], contrasts)
    assert rows.value == pytest.approx(groups.value + within.value, abs=1e-9)
    assert within.value == pytest.approx(
        np.mean([sample(X[k::5], 0.3, n_draws=40)[0][0].value for k in range(5)]), abs=0.05
    )


@pytest.mark.parametrize("noise_std", [1e-3, 0.03, 0.3])
@pytest.mark.parametrize("n_clusters", [2, 10, 1500])
def test_float32_is_good_enough(n_clusters, noise_std, monkeypatch):
    """For scattered rows and for equal ones, whose errors do not cancel."""
    X = np.tanh(np.random.default_rng(0).normal(size=(n_clusters, 6)))[np.arange(1500) % n_clusters]
    labels = np.arange(1500) % 3
    single, _ = sample(X + 100, noise_std, [labels])
    monkeypatch.setattr(_kernel_tiles, "_FLOAT32_ROWS", math.inf)
    double, _ = sample(X, noise_std, [labels])
    assert_allclose(single, double, rtol=0, atol=5e-7)


def test_more_draws_until_the_tolerance():
    X = np.random.default_rng(0).normal(size=(200, 2))
    means, n_draws = sample(X, 0.3, n_draws=2, tol=0.01, max_draws=100)
    assert 2 < n_draws < 100
    assert means[0].std_error <= 0.01
    assert sample(X, 0.3, n_draws=2, tol=1e-9, max_draws=5)[1] == 5
    assert sample(X, 0.3, n_draws=3, tol=10, max_draws=5)[1] == 3


@pytest.mark.parametrize(
    ("n_features", "n_replicates", "bias"), [(3, 6, -1.06), (3, 100, -0.15), (7, 100, -1.56)]
)
def test_bias_of_few_replicates(n_features, n_replicates, bias):
    """The mixture of R draws from N(0, 4 v I) against N(0, 5 v I), which it stands for."""
    rng = np.random.default_rng(0)
    values = [
        sample(2 * rng.normal(size=(n_replicates, n_features)), 1.0, seed=k)[0][0].value
        for k in range(1200 // n_replicates + 60)
    ]
    entropy = noise_entropy(n_features, 1) + np.mean(values)
    assert entropy - noise_entropy(n_features, 5) == pytest.approx(bias, abs=0.04)


def test_canonical_order_forgets_the_order_given():
    rng = np.random.default_rng(0)
    X, labels = rng.integers(2, size=(60, 3)).astype(float), rng.integers(2, size=60)
    shuffled = rng.permutation(60)
    order, again = canonical_order(X, [labels]), canonical_order(X[shuffled], [labels[shuffled]])
    assert_array_equal(X[order], X[shuffled][again])
    assert_array_equal(labels[order], labels[shuffled][again])


def test_halves_of_groups():
    groups = np.array([0, 1, 0, 0, 2, 1, 0, 0])
    sides = random_halves(groups, np.random.default_rng(0))
    assert_array_equal(np.bincount(2 * groups + sides, minlength=6), [3, 2, 1, 1, 1, 0])
    assert len({tuple(random_halves(groups, np.random.default_rng(k))) for k in range(50)}) > 10
