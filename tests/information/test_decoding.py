"""Decoders from counts: symbols are tested with BinnedMI, neighbours here."""

import numpy as np
import pytest

from ibtools.information._decoding import neighbor_log_ratio


def test_neighbors_vote_with_half_a_row_of_prior():
    fitted = np.array([[0.0], [1.0], [2.0], [10.0]])
    labels = np.array([0, 0, 1, 1])
    log_ratio = neighbor_log_ratio(
        fitted, labels, np.zeros((2, 1)), np.array([0, 1]), np.array([3])
    )
    assert np.exp(log_ratio) == pytest.approx([2 * 2.25 / 3.5, 2 * 1.25 / 3.5], rel=1e-12)


def test_posteriors_of_several_k_are_averaged():
    fitted = np.array([[0.0], [1.0], [2.0], [10.0]])
    labels = np.array([0, 0, 1, 1])
    log_ratio = neighbor_log_ratio(
        fitted, labels, np.zeros((1, 1)), np.array([0]), np.array([1, 3])
    )
    assert np.exp(log_ratio) == pytest.approx([2 * (1.25 / 1.5 + 2.25 / 3.5) / 2], rel=1e-12)


def test_rows_at_the_same_distance_all_vote():
    fitted = np.array([[-1.0], [1.0], [5.0]])
    log_ratio = neighbor_log_ratio(
        fitted, np.array([0, 1, 1]), np.zeros((1, 1)), np.array([0]), np.array([1])
    )
    assert np.exp(log_ratio) == pytest.approx([(1 + 1 / 6) / 2.5 * 3], rel=1e-12)
