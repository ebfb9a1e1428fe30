"""Choose points of a plane."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def select_points(table: pd.DataFrame, chosen: Mapping[str, Any]) -> pd.DataFrame:
    """Keep the points of some layers, epochs, estimators or levels of factors.

    Parameters
    ----------
    table : DataFrame
        Points.
    chosen : dict
        Value or sequence of values to keep by column, None for all; the epoch -1 is the last
        epoch of every run.

    Returns
    -------
    table : DataFrame
        The points kept, in their order.

    Raises
    ------
    ValueError
        If the table does not have what is named.
    """
    is_last = table["epoch"] == _last_epochs(table)
    for column, wanted in chosen.items():
        if wanted is None:
            continue
        if column not in table:
            raise ValueError(f"The plane has no {column}; it has {list(table.columns)}.")
        names = [wanted] if np.isscalar(wanted) else list(wanted)
        if not pd.api.types.is_numeric_dtype(table[column]):
            names = [str(name) for name in names]  # levels that are no numbers are kept as text
        unknown = set(names) - set(table[column]) - ({-1} if column == "epoch" else set())
        if unknown:
            raise ValueError(
                f"The plane has no {column} {sorted(unknown, key=str)}; it has "
                f"{table[column].unique().tolist()}."
            )
        kept = table[column].isin(names)
        if column == "epoch" and -1 in names:
            kept |= is_last[table.index]
        table = table[kept]
    return table


def _last_epochs(table: pd.DataFrame) -> pd.Series:
    """Last epoch of the run of every row."""
    if "run" not in table:
        return pd.Series(table["epoch"].max(), index=table.index)
    return table.groupby("run")["epoch"].transform("max")
