"""The data-processing inequality along layers."""

import numpy as np
import pandas as pd
import pytest

from ibtools.plane._data_processing import data_processing_pairs
from ibtools.plane._plane import InformationPlane


def _plane(values, errors=np.nan, **columns):
    table = pd.DataFrame(
        {
            "epoch": 0,
            "layer": [f"hidden{k}" for k in range(1, len(values) + 1)],
            "estimator": "renyi",
            "mi_x": values,
            "mi_x_std_error": errors,
            "unit": "bits",
        }
        | columns
    )
    return InformationPlane(table)


def test_consecutive_pairs():
    table = data_processing_pairs(_plane([5.0, 4.0, 4.5]))
    assert table["earlier"].tolist() == ["hidden1", "hidden2"]
    assert table["later"].tolist() == ["hidden2", "hidden3"]
    assert table["excess"].tolist() == [-1.0, 0.5]
    assert table["violated"].tolist() == [False, True]


def test_all_pairs():
    table = data_processing_pairs(_plane([5.0, 4.0, 4.5]), pairs="all")
    assert len(table) == 3
    assert table["violated"].tolist() == [False, False, True]


def test_an_excess_within_two_standard_errors_is_no_violation():
    plane = _plane([4.0, 4.5], errors=[0.3, 0.4])
    (pair,) = data_processing_pairs(plane).to_dict("records")
    assert pair["std_error"] == pytest.approx(0.5, abs=1e-15)
    assert not pair["violated"]
    assert data_processing_pairs(plane, n_std_errors=0.9)["violated"].item()


def test_rounding_is_no_violation():
    assert not data_processing_pairs(_plane([12.0, 12.0 + 2e-15]))["violated"].item()


def test_every_epoch_of_every_run():
    plane = _plane([1.0, 2.0])
    later = InformationPlane(plane.to_frame().assign(epoch=5))
    both = InformationPlane(pd.concat([plane.to_frame(), later.to_frame()]))
    table = data_processing_pairs(InformationPlane.concat([both, plane]))
    assert list(zip(table["run"], table["epoch"], strict=True)) == [(0, 0), (0, 5), (1, 0)]


@pytest.mark.parametrize(
    ("plane", "parameters", "message"),
    [
        (_plane([1.0, 2.0]), {"quantity": "mi"}, "quantity must be"),
        (_plane([1.0, 2.0]), {"quantity": "mi_y"}, "The plane has no mi_y"),
        (_plane([1.0, 2.0]), {"pairs": "some"}, "pairs must be 'consecutive' or 'all'"),
        (_plane([1.0, 2.0]), {"n_std_errors": -1}, "n_std_errors must be"),
        (_plane([1.0]), {}, "Pairs need two layers, the plane has 'hidden1' alone"),
    ],
)
def test_refusals(plane, parameters, message):
    with pytest.raises(ValueError, match=message):
        data_processing_pairs(plane, **parameters)


def test_levels_of_factors_are_apart():
    table = pd.DataFrame(
        {
            "width": [1, 1, 2, 2],
            "epoch": 0,
            "layer": ["a", "b", "a", "b"],
            "estimator": "binned",
            "mi_x": [3.0, 2.0, 9.0, 8.0],
            "unit": "bits",
        }
    )
    pairs = data_processing_pairs(InformationPlane(table))
    assert pairs["width"].tolist() == [1, 2]
    assert pairs["excess"].tolist() == [-1.0, -1.0]
