"""Planes as datasets of xarray."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from ibtools import InformationPlane

xr = pytest.importorskip("xarray")


def table_of(dataset, plane):
    """Points of a dataset as rows in the order of a plane."""
    table = dataset.to_dataframe().reset_index()
    columns = plane.to_frame().columns
    table = table.reindex(columns=columns)[table["mi_x"].notna()]
    places = [
        name for name in ("run", *plane.factors, "epoch", "layer", "estimator") if name in columns
    ]
    ordered = plane.to_frame()[places].merge(table, how="left", on=places)
    return ordered[columns]


def test_round_trip(make_plane):
    plane = make_plane(mi_x_std_error=0.1)
    dataset = plane.to_xarray()
    assert dict(dataset.sizes) == {"epoch": 3, "layer": 3, "estimator": 1}
    assert dataset["layer"].values.tolist() == ["a", "b", "out"]
    again = InformationPlane(
        table_of(dataset, plane), settings=json.loads(dataset.attrs["settings"])
    )
    assert again == plane


def test_runs_carry_their_factors(make_plane):
    planes = [make_plane(seed, lr=lr) for seed, lr in enumerate([0.1, 0.2, 0.2])]
    plane = InformationPlane.concat(planes)
    dataset = plane.to_xarray()
    assert dict(dataset.sizes) == {"run": 3, "epoch": 3, "layer": 3, "estimator": 1}
    np.testing.assert_array_equal(dataset["lr"], [0.1, 0.2, 0.2])
    assert dataset["lr"].dims == ("run",)
    mean = dataset["mi_x"].groupby("lr").mean()
    expected = np.mean([planes[1].to_frame()["mi_x"], planes[2].to_frame()["mi_x"]], axis=0)
    np.testing.assert_allclose(
        mean.sel(lr=0.2, estimator="BinnedMI").values.ravel(), expected.reshape(3, 3).ravel()
    )
    assert InformationPlane(table_of(dataset, plane), settings=plane.settings) == plane


def test_factors_without_runs_are_axes(make_plane):
    table = pd.concat([make_plane(width=width).to_frame() for width in (2, 1)])
    plane = InformationPlane(table)
    dataset = plane.to_xarray()
    assert dataset["mi_y"].dims == ("width", "epoch", "layer", "estimator")
    assert dataset["width"].values.tolist() == [2, 1]
    assert InformationPlane(table_of(dataset, plane)) == plane


def test_a_point_that_was_not_made_is_missing(make_plane):
    plane = InformationPlane(make_plane().to_frame().iloc[:-1])
    found = plane.to_xarray()["mi_x"]
    assert np.isnan(found.sel(epoch=10, layer="out", estimator="BinnedMI"))
    assert int(found.isnull().sum()) == 1


def test_units(make_plane):
    plane = make_plane(unit="nats")
    dataset = plane.to_xarray()
    assert dataset["mi_x"].attrs["units"] == "nats"
    assert dataset["mi_y_ceiling"].attrs["units"] == "nats"
    assert "units" not in dataset["beta"].attrs
    other = make_plane(estimator="other").to_frame()
    mixed = InformationPlane(pd.concat([plane.to_frame(), other])).to_xarray()
    assert "units" not in mixed["mi_x"].attrs
    assert mixed["unit"].sel(estimator="other") == "bits"
    assert mixed["unit"].sel(estimator="BinnedMI") == "nats"


def test_two_points_of_one_place(make_plane):
    table = pd.concat([make_plane(0).to_frame(), make_plane(1).to_frame()])
    with pytest.raises(ValueError, match=r"Two points have the same place .*concat"):
        InformationPlane(table).to_xarray()


def test_needs_xarray(make_plane, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match=r"neural-information-bottleneck\[xarray\]"):
        make_plane().to_xarray()
