"""Tables as text, read back bit for bit and with their types."""

import csv
import io
import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

_READERS: dict[str, Callable[[str], Any]] = {
    "int64": int,
    "float64": lambda text: float(text) if text else math.nan,
    "bool": {"True": True, "False": False}.__getitem__,
    "str": str,
}


def column_types(table: pd.DataFrame) -> dict[str, str]:
    """Type of every column, by its name.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns of whole numbers, numbers, truth values and text.

    Returns
    -------
    types : dict of str to {"int64", "float64", "bool", "str"}
        In the order of the columns. Whatever is no number is text.
    """
    return {str(name): _type(table[name]) for name in table}


def _type(values: pd.Series) -> str:
    kinds = {"i": "int64", "u": "int64", "f": "float64", "b": "bool"}
    return kinds.get(getattr(values.dtype, "kind", "O"), "str")


def table_to_csv(table: pd.DataFrame) -> bytes:
    """Write a table as CSV, every number with all its digits, and without its index.

    All text is in quotes: else a carriage return in a name would end a row when it is read.
    """
    return table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).encode()


def table_from_csv(content: bytes, types: Mapping[str, str]) -> pd.DataFrame:
    """Read what `table_to_csv` has written.

    Parameters
    ----------
    content : bytes
        The text.
    types : dict of str to str
        What `column_types` gave of the table.

    Returns
    -------
    table : pandas.DataFrame
        Equal to the one written.

    Raises
    ------
    ValueError
        If the text is not the table that the types describe.
    """
    unknown = sorted(set(map(str, types.values())) - set(_READERS))
    if unknown:
        raise ValueError(f"columns have the unknown types {unknown}")
    try:
        header, *rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""))) or [[]]
        if header != list(types) or any(len(row) != len(header) for row in rows):
            raise ValueError(f"it is not a table with the columns {list(types)}")
        columns = zip(*rows, strict=True) if rows else [()] * len(header)
        return pd.DataFrame(
            {
                name: _column(values, types[name])
                for name, values in zip(header, columns, strict=True)
            }
        )
    except (csv.Error, KeyError, OverflowError) as error:
        raise ValueError(f"it is no table: {error}") from error


def _column(texts: tuple[str, ...], kind: str) -> pd.Series:
    return pd.Series([_READERS[kind](text) for text in texts], dtype=kind)
