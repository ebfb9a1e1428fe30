"""Phases of fitting and compression, on trajectories whose phases are known."""

import numpy as np
import pandas as pd
import pytest

from ibtools.plane._phases import information_phases
from ibtools.plane._plane import InformationPlane


def _plane(values, **columns):
    table = pd.DataFrame(
        {
            "epoch": np.arange(len(values)) * 10,
            "layer": "T",
            "estimator": "binned",
            "mi_x": values,
            "unit": "bits",
        }
        | columns
    )
    return InformationPlane(table)


def _only(phases):
    assert len(phases) == 1
    return phases.iloc[0]


def test_rise_plateau_and_fall():
    phases = _only(information_phases(_plane([1.0, 3.0, 5.0, 4.95, 4.0, 2.5])))
    assert phases["first"] == 1.0
    assert phases["maximum"] == 5.0
    assert phases["last"] == 2.5
    assert phases["rise"] == 4.0
    assert phases["drop"] == 2.5
    assert phases["epoch_of_maximum"] == 20
    assert phases["fitted_at"] == 20
    assert phases["compresses_from"] == 30
    assert phases["fits"]
    assert phases["compresses"]
    assert phases["unit"] == "bits"


def test_a_plateau_at_the_maximum_is_no_compression():
    phases = _only(information_phases(_plane([4.0, 11.95, 12.0, 11.97, 11.99])))
    assert phases["fitted_at"] == 10
    assert phases["compresses_from"] == 40
    assert not phases["compresses"]


def test_a_falling_trajectory_does_not_fit():
    phases = _only(information_phases(_plane([5.0, 4.0, 3.0])))
    assert phases["rise"] == 0.0
    assert not phases["fits"]
    assert phases["compresses"]


def test_standard_errors_raise_the_noise():
    values, errors = [1.0, 5.0, 4.5], [0.0, 0.3, 0.3]
    assert _only(information_phases(_plane(values)))["compresses"]
    noisy = information_phases(_plane(values, mi_x_std_error=errors))
    assert not _only(noisy)["compresses"]  # 0.5 is less than 2 sqrt(2) 0.3


def test_epochs_in_any_order():
    table = _plane([1.0, 3.0, 2.0]).to_frame().sample(frac=1, random_state=0)
    phases = _only(information_phases(InformationPlane(table)))
    assert phases["epoch_of_maximum"] == 10
    assert phases["drop"] == 1.0


def test_one_row_per_run_estimator_and_layer():
    one, two = _plane([1.0, 2.0]), _plane([2.0, 1.0])
    phases = information_phases(InformationPlane.concat([one, two]))
    assert phases["run"].tolist() == [0, 1]
    assert phases["drop"].tolist() == [0.0, 1.0]


def test_information_about_the_label():
    plane = _plane([1.0, 1.0], mi_y=[0.2, 0.9])
    phases = _only(information_phases(plane, quantity="mi_y"))
    assert phases["rise"] == pytest.approx(0.7, abs=1e-12)


@pytest.mark.parametrize(
    ("plane", "parameters", "message"),
    [
        (_plane([1.0, 2.0]), {"quantity": "mi"}, "quantity must be 'mi_x' or 'mi_y', got 'mi'"),
        (_plane([1.0, 2.0]), {"quantity": "mi_y"}, "The plane has no mi_y"),
        (_plane([1.0, 2.0]), {"threshold": -1}, "threshold must be a number of at least 0"),
        (_plane([1.0, 2.0]), {"threshold": np.nan}, "threshold must be a number of at least 0"),
        (_plane([1.0]), {}, "Phases need at least two epochs, the plane has epoch 0 alone"),
    ],
)
def test_refusals(plane, parameters, message):
    with pytest.raises(ValueError, match=message):
        information_phases(plane, **parameters)


def test_levels_of_factors_are_apart():
    rising = _plane([1.0, 5.0], width=1).to_frame()
    falling = _plane([9.0, 2.0], width=2).to_frame()
    phases = information_phases(InformationPlane(pd.concat([rising, falling])))
    assert phases["width"].tolist() == [1, 2]
    assert phases["maximum"].tolist() == [5.0, 9.0]
    assert phases["drop"].tolist() == [0.0, 7.0]
