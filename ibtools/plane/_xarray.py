"""Points of a plane on a grid with named axes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ibtools.plane._columns import PLACE

# Columns that are no information and have no unit.
_WITHOUT_UNIT = frozenset(["beta", "n_runs"])


def plane_dataset(table: pd.DataFrame, factors: Sequence[str], settings: Mapping[str, Any]) -> Any:
    """Put the points of a plane on a grid.

    Parameters
    ----------
    table : DataFrame
        Points.
    factors : sequence of str
        Columns that are levels of factors.
    settings : dict
        How the points were made.

    Returns
    -------
    dataset : xarray.Dataset
        As :meth:`ibtools.InformationPlane.to_xarray` describes it.

    Raises
    ------
    ImportError
        If xarray is missing.
    ValueError
        If two points have the same place on the grid.
    """
    try:
        import xarray as xr
    except ImportError as error:
        raise ImportError(
            "Datasets need xarray: install neural-information-bottleneck[xarray]."
        ) from error
    of_runs = factors if "run" in table and _belong_to_runs(table, factors) else []
    axes = [
        *(["run"] if "run" in table else []),
        *(name for name in factors if name not in of_runs),
    ]
    dimensions = [*axes, *PLACE]
    _check_places(table, dimensions)
    values = [name for name in table if name not in {*dimensions, *factors, "unit"}]
    indexed = table.set_index(dimensions)
    grid = {name: list(dict.fromkeys(table[name])) for name in dimensions}
    grid["epoch"] = sorted(grid["epoch"])
    dataset = xr.Dataset.from_dataframe(indexed[values]).reindex(grid)
    units = table.drop_duplicates("estimator").set_index("estimator")["unit"]
    dataset = dataset.assign_coords(
        unit=("estimator", units[grid["estimator"]].to_numpy(dtype=str))
    )
    if of_runs:
        levels = table.drop_duplicates("run").set_index("run").loc[grid["run"], list(of_runs)]
        dataset = dataset.assign_coords(
            {name: ("run", levels[name].to_numpy()) for name in of_runs}
        )
    if units.nunique() == 1:
        for name in values:
            if name not in _WITHOUT_UNIT:
                dataset[name].attrs["units"] = units.iloc[0]
    return dataset.assign_attrs(settings=json.dumps(settings))


def _belong_to_runs(table: pd.DataFrame, factors: Sequence[str]) -> bool:
    """Whether every run has one level of every factor."""
    return bool((table.groupby("run")[list(factors)].nunique(dropna=False) == 1).all(axis=None))


def _check_places(table: pd.DataFrame, dimensions: Sequence[str]) -> None:
    taken = table.duplicated(list(dimensions))
    if taken.any():
        place = table.loc[taken, list(dimensions)].iloc[0].to_dict()
        raise ValueError(
            f"Two points have the same place {place}: tell runs apart with InformationPlane.concat."
        )
