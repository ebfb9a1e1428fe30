"""Columns of a table of points: their names, their order and their types."""

from collections.abc import Sequence

import pandas as pd

from ibtools.plane._measurement import QUANTITIES

PLACE = ["epoch", "layer", "estimator"]
_VALUES = [name for name in QUANTITIES if name != "log_base"]
_SPREAD = ["mi_x_std", "mi_y_std", "n_runs"]
_BOUND = ["bound_mi_y", "bound_distance"]
TYPES = (
    dict.fromkeys(["run", "epoch", "n_runs"], "int64")
    | dict.fromkeys(["layer", "estimator", "unit"], str)
    | dict.fromkeys([*_VALUES, "mi_x_std", "mi_y_std", *_BOUND], "float64")
)

# Names that no factor can have.
COLUMNS = frozenset([*TYPES, "log_base"])


def typed(table: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Order the columns of a table, add those that are missing, and give each its type.

    Parameters
    ----------
    table : pandas.DataFrame
        Points.
    factors : sequence of str
        Columns that are levels of factors: whole numbers, numbers, or else text.

    Returns
    -------
    table : pandas.DataFrame
        With a new index.
    """
    runs = [name for name in ["run"] if name in table]
    added = [name for name in [*_SPREAD, *_BOUND] if name in table]
    columns = [*runs, *factors, *PLACE, *_VALUES, *added, "unit"]
    types = TYPES | {name: _type_of_levels(table[name]) for name in factors}
    return (
        table.reindex(columns=columns)
        .astype({name: types[name] for name in columns})
        .reset_index(drop=True)
    )


def _type_of_levels(levels: pd.Series) -> type | str:
    if pd.api.types.is_integer_dtype(levels):
        return "int64"
    return "float64" if pd.api.types.is_float_dtype(levels) else str
