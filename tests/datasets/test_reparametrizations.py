"""Maps that lose nothing: they can be undone, and the truth stays."""

import numpy as np
import pytest
from scipy.special import ndtr

from ibtools.datasets._distributions import CorrelatedGaussian
from ibtools.datasets._distributions_labelled import LabelledGaussians
from ibtools.datasets._reparametrizations import (
    Asinh,
    HalfCube,
    Reparametrized,
    Spiral,
    SwissRoll,
)

X = np.random.default_rng(0).normal(size=(200, 3))


@pytest.mark.parametrize("g", [HalfCube(), Asinh(), Asinh(0.2), Spiral(), SwissRoll()], ids=str)
def test_inverse(g):
    before = X.copy()
    np.testing.assert_allclose(g.inverse(g(X)), X, atol=1e-9)
    np.testing.assert_array_equal(X, before)
    assert not np.array_equal(g(X)[:, :3], X)


def test_by_hand():
    x = np.array([[4.0, -9.0]])
    np.testing.assert_allclose(HalfCube()(x), [[8, -27]])
    np.testing.assert_allclose(Asinh(2.0)(x), np.arcsinh([[2, -4.5]]))
    quarter = Spiral(speed=np.pi / 2)(np.array([[1.0, 0.0], [np.sqrt(2), 0.0]]))
    np.testing.assert_allclose(quarter, [[0, 1], [-np.sqrt(2), 0]], atol=1e-12)


def test_spiral_turns_every_plane_and_keeps_lengths():
    y = Spiral()(X)
    np.testing.assert_allclose((y**2).sum(axis=1), (X**2).sum(axis=1))
    np.testing.assert_array_equal(y[:, 2], X[:, 2])
    four = np.hstack([X, X[:, :1]])
    assert (np.abs(Spiral()(four) - four).max(axis=0) > 0.1).all()
    with pytest.raises(ValueError, match="two columns at least"):
        Spiral()(X[:, :1])


def test_roll_lies_on_a_spiral_of_one_and_a_half_turns():
    points = SwissRoll()(X[:, :1])
    t = 1.5 * np.pi * (1 + 2 * ndtr(X[:, 0]))
    np.testing.assert_allclose(21 * np.hypot(*points.T), t)
    np.testing.assert_allclose(np.arctan2(points[:, 1], points[:, 0]), np.angle(np.exp(1j * t)))
    assert SwissRoll()(X).shape == (200, 6)


def test_truth_stays():
    pair = CorrelatedGaussian.sparse(2)
    seen = Reparametrized(pair, SwissRoll(), Spiral())
    assert seen.mutual_information == pair.mutual_information
    assert seen.mutual_information_error == 0
    (A, B), (C, D) = pair.sample(20, 0), seen.sample(20, 0)
    np.testing.assert_array_equal(SwissRoll()(A), C)
    np.testing.assert_array_equal(Spiral()(B), D)
    np.testing.assert_allclose(
        seen.pointwise_information(C, D), pair.pointwise_information(A, B), atol=1e-8
    )


def test_labels_are_not_mapped():
    classes = LabelledGaussians([[0.0], [1.0]])
    assert Reparametrized(classes, Asinh()).n_classes == 2
    with pytest.raises(ValueError, match="y_map maps a real Y"):
        Reparametrized(classes, y_map=Asinh())
