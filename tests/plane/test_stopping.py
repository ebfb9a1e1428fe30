"""Early and perfect stopping points."""

import pytest

from ibtools.plane._stopping import stopping_points


def test_early_is_the_first_epoch_without_improvement_for_patience():
    points = stopping_points([5, 4, 3, 3.5, 3.2, 3.1, 2], patience=3)
    assert (points.early, points.perfect) == (6, 7)


def test_patience_that_never_ends():
    points = stopping_points([5, 4, 3, 3.5, 2], patience=2)
    assert points.early is None
    assert points.perfect == 5


def test_patience_one_stops_at_the_first_rise():
    assert stopping_points([3, 2, 2.5, 1], patience=1).early == 3


def test_an_equal_loss_is_no_improvement():
    points = stopping_points([3, 2, 2, 2], patience=2)
    assert points.early == 4
    assert points.perfect == 2


def test_min_delta():
    assert stopping_points([3, 2.99, 2.98, 1], patience=2, min_delta=0.1).early == 3
    assert stopping_points([3, 2.99, 2.98, 1], patience=2).early is None


@pytest.mark.parametrize(
    ("loss", "parameters", "message"),
    [
        ([], {"patience": 1}, "one number per epoch"),
        ([[1.0]], {"patience": 1}, "one number per epoch"),
        ([1.0, float("nan")], {"patience": 1}, "The loss of epoch 2 is NaN"),
        ([1.0], {"patience": 0}, "patience must be an integer of at least 1, got 0"),
        ([1.0], {"patience": 1.5}, "patience must be an integer"),
        ([1.0], {"patience": 1, "min_delta": -1}, "min_delta must be"),
    ],
)
def test_refusals(loss, parameters, message):
    with pytest.raises(ValueError, match=message):
        stopping_points(loss, **parameters)
