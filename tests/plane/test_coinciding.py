"""Layers whose trajectories coincide."""

import numpy as np
import pandas as pd
import pytest

from ibtools.plane._coinciding import coinciding_layers
from ibtools.plane._plane import InformationPlane


def _plane(**layers):
    rows = [
        {"epoch": epoch, "layer": name, "mi_x": mi_x, "mi_y": mi_y}
        for name, points in layers.items()
        for epoch, (mi_x, mi_y) in enumerate(points)
    ]
    return InformationPlane(pd.DataFrame(rows).assign(estimator="binned", unit="bits"))


def test_the_closest_pair_comes_first():
    plane = _plane(
        a=[(5.0, 0.5), (4.0, 0.9)],
        b=[(5.0, 0.5), (4.05, 0.9)],
        c=[(5.0, 0.5), (4.04, 0.9)],
        d=[(1.0, 0.5), (4.0, 0.9)],
    )
    proposals = coinciding_layers(plane, tol=0.06)
    pairs = list(zip(proposals["kept"], proposals["superfluous"], strict=True))
    assert pairs == [("b", "c"), ("a", "c"), ("a", "b")]
    np.testing.assert_allclose(proposals["distance"], [0.01, 0.04, 0.05], atol=1e-12)
    np.testing.assert_allclose(proposals["mean_distance"], [0.005, 0.02, 0.025], atol=1e-12)


def test_the_axis_further_apart_counts():
    plane = _plane(a=[(5.0, 0.5)], b=[(5.0, 0.9)])
    assert coinciding_layers(plane, tol=0.3).empty
    assert len(coinciding_layers(plane, tol=0.5)) == 1


def test_any_run_that_tells_two_layers_apart_counts():
    same = _plane(a=[(5.0, 0.5)], b=[(5.0, 0.5)])
    other = _plane(a=[(5.0, 0.5)], b=[(3.0, 0.5)])
    assert coinciding_layers(InformationPlane.concat([same, other])).empty


def test_layers_without_a_common_epoch_do_not_coincide():
    table = _plane(a=[(5.0, 0.5)], b=[(5.0, 0.5)]).to_frame()
    table.loc[table["layer"] == "b", "epoch"] = 7
    assert coinciding_layers(InformationPlane(table)).empty


def test_layers_at_the_ceiling_are_told_apart():
    table = _plane(a=[(5.0, 0.5)], b=[(4.95, 0.5)], c=[(4.95, 0.5)]).to_frame()
    table["mi_x_ceiling"] = np.where(table["layer"] == "c", 6.0, 5.0)
    proposals = coinciding_layers(InformationPlane(table)).set_index(["kept", "superfluous"])
    assert proposals.loc[("a", "b"), "at_ceiling"]
    assert not proposals.loc[("b", "c"), "at_ceiling"]


def test_refusals():
    plane = _plane(a=[(5.0, 0.5)], b=[(5.0, 0.5)])
    with pytest.raises(ValueError, match="tol must be"):
        coinciding_layers(plane, tol=-0.1)
    table = pd.concat([plane.to_frame(), plane.to_frame().assign(estimator="kde")])
    with pytest.raises(ValueError, match=r"choose one with plane\.select"):
        coinciding_layers(InformationPlane(table))


def test_levels_of_factors_are_compared_with_their_like():
    table = pd.DataFrame(
        {
            "width": [1, 1, 2, 2],
            "epoch": 0,
            "layer": ["a", "b", "a", "b"],
            "estimator": "binned",
            "mi_x": [3.0, 3.05, 9.0, 9.01],
            "unit": "bits",
        }
    )
    found = coinciding_layers(InformationPlane(table), tol=0.1)
    assert found["distance"].tolist() == pytest.approx([0.05])
    assert found["mean_distance"].tolist() == pytest.approx([0.03])
