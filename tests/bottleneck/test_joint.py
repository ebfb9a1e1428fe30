"""Joint tables: what is accepted, and which symbols are one letter."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ibtools.bottleneck._joint import check_joint, joint_letters
from ibtools.datasets import szt_classes, szt_joint
from ibtools.information import mutual_information


def test_equal_conditionals_are_one_letter():
    letters = joint_letters([[0.1, 0.3], [0.05, 0.15], [0.2, 0.2]])
    assert letters.letters[0] == letters.letters[1] != letters.letters[2]
    assert_allclose(np.sort(letters.p_x), [0.4, 0.6])
    assert_allclose(letters.p_y, [0.35, 0.65])


def test_rounding_errors_do_not_part_letters():
    rng = np.random.default_rng(0)
    p_y_given_x = rng.dirichlet([1, 1, 1], 5)
    weights = rng.dirichlet(np.ones(50))
    table = weights[:, None] * np.tile(p_y_given_x, (10, 1))
    assert len(joint_letters(table / table.sum()).p_x) == 5


def test_small_probabilities_part_letters():
    table = np.array([[1e-14, 1 - 1e-14], [2e-14, 1 - 2e-14]]) / 2
    assert len(joint_letters(table).p_x) == 2


def test_letters_of_the_4096_patterns():
    letters = joint_letters(szt_joint(gain=50))
    assert len(letters.p_x) == 53
    for k in range(64):  # patterns of one orbit are one letter
        assert len(set(letters.letters[szt_classes() == k].tolist())) == 1
    assert letters.mi_xy / np.log(2) == pytest.approx(0.9875, abs=5e-5)
    assert len(joint_letters(szt_joint()).p_x) == 2


def test_merging_loses_nothing():
    rng = np.random.default_rng(0)
    table = np.repeat(rng.dirichlet(np.ones(12)).reshape(4, 3), 3, axis=0) / 3
    merged, apart = joint_letters(table), joint_letters(table, merge=False)
    assert (len(merged.p_x), len(apart.p_x)) == (4, 12)
    assert merged.mi_xy == pytest.approx(mutual_information(table, base=np.e), rel=1e-13)
    assert_allclose(merged.mi_xy, apart.mi_xy, rtol=1e-13)


def test_symbols_and_classes_of_no_probability():
    table = np.array([[0.2, 0, 0.3], [0, 0, 0], [0.4, 0, 0.1]])
    letters = joint_letters(table)
    assert_array_equal(letters.classes, [0, 2])
    assert letters.letters[1] == -1
    encoder = letters.over_symbols(np.array([[1.0, 0], [0, 1]]), np.array([0.3, 0.7]))
    assert_allclose(encoder[1], [0.3, 0.7])
    assert_array_equal(letters.over_classes(letters.p_y_given_x)[:, 1], 0)


def test_encoder_of_a_letter_is_the_mean_over_its_symbols():
    letters = joint_letters([[0.1, 0.3], [0.05, 0.15], [0.2, 0.2]])
    encoder = np.array([[1, 0], [0.4, 0.6], [0, 1.0]])
    merged = letters.over_letters(encoder)[letters.letters]
    assert_allclose(merged, [[0.8, 0.2], [0.8, 0.2], [0, 1]])


def test_the_table_is_not_touched():
    table = np.full((2, 2), 0.25)
    letters = joint_letters(table)
    letters.p_xy[0, 0] = 1
    assert_array_equal(table, 0.25)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, 2], [3, 4]], r"must sum to 1, got 10.*pass p_xy / p_xy.sum\(\)"),
        ([[0.5, 0.6], [-0.1, 0]], "must be non-negative"),
        ([[np.nan, 1]], "must be finite"),
        ([[np.inf, 1]], "must be finite"),
        ([0.5, 0.5], "must be a table"),
        ([[[1.0]]], "must be a table"),
        (np.empty((0, 2)), "must not be empty"),
        ([[0.0, 0.0]], "must sum to 1"),
    ],
)
def test_what_is_no_joint_distribution(table, message):
    with pytest.raises(ValueError, match=message):
        check_joint(table)
