import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibtools.callbacks import log_spaced_epochs
from ibtools.callbacks._schedule import recording_epochs


@given(n_epochs=st.integers(1, 5000), n_records=st.integers(1, 200))
def test_log_spaced_epochs_are_distinct_and_end_at_the_last(n_epochs, n_records):
    epochs = log_spaced_epochs(n_epochs, n_records)
    assert len(epochs) == min(n_epochs, n_records)
    assert (np.diff(epochs) > 0).all()
    assert epochs[-1] == n_epochs
    assert epochs[0] == 1 or n_records == 1


def test_log_spaced_epochs_grow_by_a_factor():
    epochs = np.array(log_spaced_epochs(10**6, 7))
    np.testing.assert_allclose(epochs[1:] / epochs[:-1], 10, rtol=0.01)


def test_every_kth():
    every_third = recording_epochs(3, 10, 75)
    assert [epoch for epoch in range(20) if epoch in every_third] == [3, 6, 9, 12, 15, 18]
    assert 10 in recording_epochs(np.int64(5), 10, 75)
    assert 10 not in recording_epochs(11, 10, 75)


@pytest.mark.parametrize("epochs", [{1, 4}, [4, 1, 4], (1, 4), np.array([1, 4]), range(1, 5, 3)])
def test_epochs_named(epochs):
    assert recording_epochs(epochs, 10, 75) == {1, 4}


def test_log_is_the_number_of_records():
    assert recording_epochs("log", 1000, 7) == {1, 3, 10, 32, 101, 318, 1000}


@pytest.mark.parametrize("every", ["linear", 0, -2, {1.5}, {-1}, ["a"]])
def test_not_a_schedule(every):
    with pytest.raises(ValueError, match=r"every must .*"):
        recording_epochs(every, 10, 75)


def test_no_records():
    with pytest.raises(ValueError, match="n_records of 1 or more"):
        recording_epochs("log", 10, 0)
