"""Channels and mixed pairs against closed forms and sums that were written otherwise."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from ibtools.datasets._distribution_base import IndependentBlocks
from ibtools.datasets._distributions_discrete import (
    DiscretePair,
    DiscreteUniformNoise,
    GaussianWithAtoms,
    ZeroInflatedPoisson,
)


def _h(p):
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)


@pytest.mark.parametrize("flip", [0.01, 0.11, 0.5])
def test_binary_symmetric_channel(flip):
    channel = DiscretePair.symmetric(flip)
    assert channel.mutual_information == pytest.approx(1 - _h(flip), abs=1e-12)
    biased = DiscretePair.symmetric(flip, p=0.2)
    out = 0.2 * (1 - flip) + 0.8 * flip
    assert biased.mutual_information == pytest.approx(_h(out) - _h(flip), abs=1e-12)


def test_erasure_channel():
    channel = DiscretePair.erasure(0.3, p=0.2)
    assert channel.mutual_information == pytest.approx(0.7 * _h(0.2), abs=1e-12)
    assert channel.n_classes == 3
    X, y = channel.sample(20_000, 0)
    assert np.mean(y == 2) == pytest.approx(0.3, abs=0.02)
    assert X.mean() == pytest.approx(0.2, abs=0.02)
    kept = y < 2
    np.testing.assert_array_equal(X[kept, 0], y[kept])


def test_conditional_of_a_table():
    pair = DiscretePair([[0.1, 0.3], [0.6, 0.0]])
    np.testing.assert_allclose(pair.conditional([[0], [0], [1]], [0, 1, 1]), [0.25, 0.75, 0])


@pytest.mark.parametrize("table", [[[0.5, 0.6]], [[-0.5, 1.5]], [0.5, 0.5], [[np.nan, 1.0]]])
def test_table_of_no_probabilities(table):
    with pytest.raises(ValueError, match="p_xy"):
        DiscretePair(table)


def test_published_values_of_mixed_pairs():
    """Gao et al. 2017: ln 5 - (4/5) ln 2 nats, and 1.29 nats to their two digits."""
    assert DiscreteUniformNoise(5).mutual_information * math.log(2) == pytest.approx(
        math.log(5) - 0.8 * math.log(2), abs=1e-12
    )
    assert GaussianWithAtoms().mutual_information * math.log(2) == pytest.approx(1.29, abs=5e-3)


def test_published_higher_dimensional_pair():
    """Experiment III of Gao et al.: two independent pairs of experiment II, which add."""
    pair = IndependentBlocks([DiscreteUniformNoise(5), DiscreteUniformNoise(5)])
    assert pair.mutual_information == pytest.approx(2 * (math.log2(5) - 0.8), abs=1e-12)
    assert pair.n_classes == 25


def test_label_plus_uniform_noise_by_hand():
    """X in (0, 1) has the label 0, in (1, 2) the labels 0 and 1 alike."""
    pair = DiscreteUniformNoise(3)
    np.testing.assert_array_equal(
        pair.conditional([[0.5], [1.5], [1.5], [3.5], [1.5]], [0, 0, 1, 2, 2]),
        [1, 0.5, 0.5, 1, 0],
    )


def test_atoms_never_meet_gaussian_values():
    pair = GaussianWithAtoms()
    assert pair.pointwise_information([[1.0]], [[0.3]])[0] == -np.inf
    X, y = pair.sample(20_000, 0)
    atoms = np.abs(X[:, 0]) == 1
    np.testing.assert_array_equal(atoms, np.abs(y[:, 0]) == 1)
    assert atoms.mean() == pytest.approx(0.5, abs=0.02)
    assert np.mean(X[atoms] == y[atoms]) == pytest.approx(0.9, abs=0.02)
    assert np.corrcoef(X[~atoms, 0], y[~atoms, 0])[0, 1] == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize("inflation", [0.0, 0.15, 0.6])
def test_zero_inflated_poisson_by_quadrature(inflation):
    """H(Y) - E H(Y|x), and not the printed (1 - p) I_0, which is right at p = 0 only."""
    counts = np.arange(120)

    def surprise(x):
        p = (1 - inflation) * stats.poisson(x).pmf(counts)
        p[0] += inflation
        return math.exp(-x) * stats.entropy(p, base=2)

    noise = integrate.quad(surprise, 0, 40, epsabs=1e-11, limit=200)[0]
    p_y = (1 - inflation) * 0.5 ** (counts + 1.0)
    p_y[0] += inflation
    truth = stats.entropy(p_y, base=2) - noise
    pair = ZeroInflatedPoisson(inflation)
    assert pair.mutual_information == pytest.approx(truth, abs=1e-8)
    printed = (1 - inflation) * ZeroInflatedPoisson(0.0).mutual_information
    assert (abs(printed - truth) > 0.01) == (inflation > 0)


def test_zero_inflated_poisson_at_zero_is_the_printed_value():
    truth = ZeroInflatedPoisson(0.0).mutual_information
    assert truth * math.log(2) == pytest.approx(0.3012, abs=5e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DiscreteUniformNoise(0), "n_classes must be at least 1"),
        (lambda: ZeroInflatedPoisson(1.0), r"inflation must be in \[0, 1\)"),
        (lambda: GaussianWithAtoms(correlation=1.0), "positive definite"),
        (lambda: GaussianWithAtoms(flip=1.5), "p_xy"),
    ],
)
def test_bad_parameters(make, message):
    with pytest.raises(ValueError, match=message):
        make()
