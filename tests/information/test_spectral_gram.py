"""Kernel variables: one matrix for a joint, blocks for codes, tiles for many rows."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist

from ibtools.information._spectral import renyi_entropy, renyi_joint_entropy
from ibtools.information._spectral_entropy import spectral_entropy
from ibtools.information._spectral_gram import (
    blocks_of_equal_code,
    delta_variable,
    gram_matrix,
    gram_moments,
    joint_variable,
    kernel_of_rows,
    rbf_variable,
)
from ibtools.information._spectral_maps import equal_maps, equality_variables, stack_maps

fixed = settings(deadline=None, derandomize=True, max_examples=40)


def explicit(values, bandwidth):
    return np.exp(-cdist(values, values, "sqeuclidean") / (2 * bandwidth**2))


def test_kernel_by_hand():
    """Two rows at the distance of two bandwidths: exp(-2)."""
    variable = rbf_variable([np.array([[0.0], [6.0]])], np.array([3.0]))
    assert_allclose(gram_matrix(variable), [[1, math.exp(-2)], [math.exp(-2), 1]], rtol=1e-14)


@pytest.mark.parametrize("n_maps", [2, 3, 8, 16, 32])
def test_one_matrix_is_the_product_of_all(n_maps):
    rng = np.random.default_rng(n_maps)
    maps = [rng.normal(size=(60, size)) for size in rng.integers(1, 9, n_maps)]
    bandwidths = rng.uniform(2, 9, n_maps)
    joint = rbf_variable(maps, bandwidths)
    grams = [explicit(values, s) for values, s in zip(maps, bandwidths, strict=True)]
    assert_allclose(gram_matrix(joint), np.prod(grams, axis=0), rtol=0, atol=1e-13)
    for alpha in (0.7, 1, 1.01, 2, 3):
        assert spectral_entropy(joint, alpha=alpha).entropy == pytest.approx(
            renyi_joint_entropy(grams, alpha=alpha), abs=1e-10
        )


@fixed
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.7, 1, 1.01, 2, 5]))
def test_codes_are_a_factor_of_the_product(seed, alpha):
    """The blocks of a joint with classes give what the whole matrix gives."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(30, 2))
    y, z = rng.integers(3, size=30), rng.integers(2, size=30)
    joint = joint_variable(delta_variable(z), rbf_variable([values], [1.5]), delta_variable(y))
    alike = (y[:, None] == y) & (z[:, None] == z)
    gram = explicit(values, 1.5) * alike
    assert_allclose(gram_matrix(joint), gram, atol=1e-14)
    measured = spectral_entropy(joint, alpha=alpha)
    assert measured.entropy == pytest.approx(renyi_entropy(gram, alpha=alpha), abs=1e-10)
    off_diagonal = (gram.sum() - 30) / (30 * 29)
    assert measured.mean_similarity == pytest.approx(off_diagonal, abs=1e-13)
    assert measured.std_error == 0


def test_classes_alone():
    y = np.repeat([0, 1, 2, 3], [4, 2, 1, 1])
    for alpha in (1, 2):
        expected = {1: 1.75, 2: -math.log2((16 + 4 + 1 + 1) / 64)}[alpha]
        assert spectral_entropy(delta_variable(y), alpha=alpha).entropy == pytest.approx(expected)


def test_blocks_have_the_rows_of_one_code():
    variable = joint_variable(
        rbf_variable([np.arange(5.0)[:, None]], [1.0]), delta_variable(np.array([1, 0, 1, 2, 0]))
    )
    blocks = [sorted((block[:, 0] + 2).tolist()) for block in blocks_of_equal_code(variable)]
    assert blocks == [[1, 4], [0, 2], [3]]


def test_pairs_of_codes_are_not_confused():
    first, second = np.array([0, 1, 1, 2]), np.array([2, 0, 1, 0])
    joint = joint_variable(delta_variable(first), delta_variable(second))
    assert len(np.unique(joint.codes)) == 4


@pytest.mark.parametrize("n", [1, 2, 511, 512, 513, 1100])
def test_moments_over_tiles(n):
    values = np.random.default_rng(n).normal(size=(n, 3))
    gram = explicit(values, 1)
    moments = gram_moments(values)
    assert moments.total == pytest.approx(gram.sum(), rel=1e-12)
    assert moments.squared_norm == pytest.approx((gram**2).sum(), rel=1e-12)


def test_order_two_keeps_no_matrix():
    variable = rbf_variable([np.random.default_rng(0).normal(size=(3000, 5))], [1.0])
    tracemalloc.start()
    spectral_entropy(variable, alpha=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 2**20  # the matrix itself has 72 MB


def test_far_offset_and_tiny_bandwidth_keep_their_digits():
    """Distances far below the values: differences, where the product would lose them."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 3)) * 1e-3
    moved = rbf_variable([values + 1000], [1e-3])
    assert_allclose(gram_matrix(moved), explicit(values, 1e-3), atol=1e-8)
    clusters = np.repeat([[0.0, 0, 0], [1e6, 0, 0]], 20, axis=0) + values
    far = rbf_variable([clusters], [1e-3])
    assert_allclose(gram_matrix(far), explicit(clusters, 1e-3), atol=1e-6)


def test_equal_rows_are_alike_whatever_the_bandwidth():
    values = np.repeat(np.random.default_rng(0).normal(size=(4, 50)), 3, axis=0)
    for bandwidth in (1e-9, 1e-3):
        gram = gram_matrix(rbf_variable([values], [bandwidth]))
        assert_allclose(gram, np.kron(np.eye(4), np.ones((3, 3))), atol=1e-12)


def test_the_diagonal_is_exactly_one():
    values = 100 * np.random.default_rng(0).normal(size=(200, 7))
    assert (gram_matrix(rbf_variable([values], [1.0])).diagonal() == 1).all()


def test_rows_against_others():
    rng = np.random.default_rng(0)
    rows, others = rng.normal(size=(7, 2)), rng.normal(size=(5, 2))
    expected = np.exp(-cdist(rows, others, "sqeuclidean") / 2)
    assert_allclose(kernel_of_rows(rows, others), expected, rtol=1e-12)


def test_centres_of_other_rows_keep_the_distances():
    rng = np.random.default_rng(0)
    values, centre = rng.normal(size=(9, 2)), rng.normal(size=2)
    free, tied = rbf_variable([values], [1.0]), rbf_variable([values], [1.0], [centre])
    assert_allclose(gram_matrix(free), gram_matrix(tied), rtol=1e-12)
    assert_allclose(tied.coordinates, values - centre)


@fixed
@given(st.integers(0, 2**32 - 1))
def test_rotation_and_order_change_nothing(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(25, 4))
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    plain = spectral_entropy(rbf_variable([values], [1.2])).entropy
    turned = (values @ rotation + 5)[rng.permutation(25)]
    assert spectral_entropy(rbf_variable([turned], [1.2])).entropy == pytest.approx(
        plain, abs=1e-10
    )


def test_maps_of_a_list():
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=(6, 2, 3)), rng.normal(size=(6, 4))]
    columns, sizes = stack_maps(maps)
    assert sizes.tolist() == [6, 4]
    assert_allclose(columns[:, :6], maps[0].reshape(6, 6))
    rows = [[1.0, 2.0], [3.0, 4.0]]
    assert stack_maps(rows) == (rows, None)
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[6, 5\]"):
        stack_maps([maps[0], maps[1][:5]])


def test_equal_maps():
    assert equal_maps(12, 3).tolist() == [4, 4, 4]
    with pytest.raises(ValueError, match="does not divide the 12 features"):
        equal_maps(12, 5)


def test_equal_rows_share_a_code_over_all_parts():
    first, second = equality_variables([np.array([[0.0], [1.5]]), np.array([[1.5], [-0.0], [2.0]])])
    assert first.codes.tolist() == second.codes[[1, 0]].tolist()
    assert second.codes[2] not in first.codes


def test_unknown_base_and_order():
    variable = delta_variable(np.array([0, 1]))
    with pytest.raises(ValueError, match="base"):
        spectral_entropy(variable, base=0.5)
    with pytest.raises(ValueError, match="alpha"):
        spectral_entropy(variable, alpha=0)
