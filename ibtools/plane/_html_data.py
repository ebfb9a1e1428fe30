"""What the page of a plane draws, as JSON that holds no mark-up."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import NDArray

from ibtools.plane._columns import PLACE
from ibtools.plane._style import layer_styles

_MARKERS = {
    "o": "circle",
    "s": "square",
    "D": "diamond",
    "^": "triangle-up",
    "v": "triangle-down",
    "P": "cross",
    "X": "x",
    "p": "pentagon",
    "h": "hexagon",
    "*": "star",
}

# Factors whose levels repeat the same experiment: their mean is shown first.
_REPEATS = frozenset(["run", "seed", "random_state", "fold", "member", "repeat"])

# On a dark page a colour is lightened until it is this bright.
_BRIGHT = 0.22


@dataclass(frozen=True)
class Factor:
    """A column whose levels can be chosen on the page.

    Attributes
    ----------
    name : str
        The column.
    levels : list of str
        Texts of the levels, numbers increasing; "" where there is none.
    start : int or None
        Level that is shown first; None is the mean over all.
    """

    name: str
    levels: list[str]
    start: int | None


def varied_factors(points: pd.DataFrame, factors: Sequence[str]) -> list[Factor]:
    """Find the columns that tell points of one place in the plane apart.

    Parameters
    ----------
    points : DataFrame
        Points of a plane.
    factors : sequence of str
        The plane's factors.

    Returns
    -------
    varied : list of Factor
        Factors with two levels or more; the runs as well, if factors do not tell them apart.
    """
    names = [name for name in factors if points[name].nunique(dropna=False) > 1]
    if "run" in points and points.duplicated([*names, *PLACE]).any():
        names.append("run")
    return [_factor(points[name]) for name in names]


def _factor(column: pd.Series) -> Factor:
    name = str(column.name)
    known = column.dropna().drop_duplicates()
    numbers = pd.api.types.is_numeric_dtype(known)
    levels = list(dict.fromkeys(level_texts(known.sort_values() if numbers else known)))
    if column.isna().any() and "" not in levels:
        levels.append("")
    repeats = name.rpartition(".")[2] in _REPEATS
    start = None if repeats else levels.index(level_texts(column.iloc[:1])[0])
    return Factor(name, levels, start)


def level_texts(column: pd.Series, known: Sequence[str] = ()) -> list[str]:
    """Texts of levels, as a saved table has them; "" where there is none.

    Parameters
    ----------
    column : Series
        Levels.
    known : sequence of str, default=()
        Texts that levels have already: a number that equals one of them has its text.

    Returns
    -------
    texts : list of str
        One for each row.
    """
    texts: dict[Any, str] = {level: str(level) for level in column.dropna().unique()}
    if pd.api.types.is_numeric_dtype(column):
        for text in known:
            with suppress(ValueError):
                texts[float(text)] = text
    return [texts.get(level, "") for level in column.tolist()]


def encode_table(
    table: pd.DataFrame, known_levels: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """Put a table into JSON, column by column, numbers with all their digits.

    Parameters
    ----------
    table : DataFrame
        Numbers, and texts.
    known_levels : dict of sequences of str, default=None
        Levels of the columns that are factors, which keep their codes.

    Returns
    -------
    encoded : dict
        "length" and "columns"; a column has a "name", "type" (u1, u2, u4 or f8) and "base64",
        its little-endian values, a single one where all are equal; texts are codes of "levels".
    """
    known_levels = known_levels or {}
    columns = []
    for name in table:
        column = table[name]
        if name in known_levels or not pd.api.types.is_numeric_dtype(column):
            known = known_levels.get(str(name), ())
            texts = level_texts(column, known)
            levels = list(dict.fromkeys([*known, *texts]))
            places = {level: code for code, level in enumerate(levels)}
            codes = np.array([places[text] for text in texts], dtype=np.int64)
            columns.append({"name": str(name), "levels": levels, **_bytes(_narrow(codes))})
        else:
            columns.append({"name": str(name), **_bytes(column.to_numpy(dtype="<f8"))})
    return {"length": len(table), "columns": columns}


def _narrow(codes: NDArray[Any]) -> NDArray[Any]:
    largest = int(codes.max(initial=0))
    kind = next(kind for kind in ("<u1", "<u2", "<u4") if largest <= np.iinfo(kind).max)
    return codes.astype(kind)


def _bytes(values: NDArray[Any]) -> dict[str, str]:
    same = len(values) > 0 and (values == values[0]).all()
    if same or (values.dtype.kind == "f" and np.isnan(values).all()):
        values = values[:1]
    content = base64.b64encode(values.tobytes()).decode()
    return {"type": values.dtype.str[1:], "base64": content}


def safe_json(value: Any) -> str:
    """Write JSON that can stand inside of a script element.

    Parameters
    ----------
    value : dict
        What JSON can hold, without NaN and infinity.

    Returns
    -------
    text : str
        ASCII letters only, so without separators of lines that scripts trip over; without ``<``,
        ``>`` and ``&``, so that nothing ends the element.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def page_styles(names: Sequence[str], *, lines: bool = False) -> list[dict[str, str]]:
    """Colours and markers of layers, those of the figures, on a light and on a dark page.

    Parameters
    ----------
    names : sequence of str
        Names of the layers.
    lines : bool, default=False
        Whether they are drawn as lines, without markers.

    Returns
    -------
    styles : list of dict
        With "light", "dark" and "symbol".
    """
    return [
        {
            "light": to_hex(color),
            "dark": to_hex(_lightened(to_rgb(color))),
            "symbol": "line" if lines else _MARKERS[marker],
        }
        for color, marker in layer_styles(list(names)).values()
    ]


def _lightened(color: tuple[float, float, float]) -> tuple[float, float, float]:
    """Mix a colour with white until it can be told from a dark background."""
    for share in np.linspace(0, 1, 41):
        red, green, blue = (float(part + share * (1 - part)) for part in color)
        # Relative luminance, with 2.2 in place of the exact transfer curve.
        if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 >= _BRIGHT:
            break
    return red, green, blue


def thin_epochs(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Keep so many epochs, evenly spaced on a logarithmic axis, that few enough rows are left.

    Parameters
    ----------
    table : DataFrame
        With a column "epoch".
    most : int
        Rows to keep at most.

    Returns
    -------
    thinned : DataFrame
        The table itself if it is short enough.

    Raises
    ------
    ValueError
        If the first and the last epoch alone have more rows.
    """
    if len(table) <= most:
        return table
    epochs, sizes = np.unique(table["epoch"], return_counts=True)
    n_kept = len(epochs)
    while n_kept > 2:
        n_kept = max(2, int(n_kept * 0.8))
        marks = np.linspace(0, math.log1p(float(epochs[-1] - epochs[0])), n_kept)
        kept = np.unique(np.searchsorted(epochs, epochs[0] + np.expm1(marks) - 0.5))
        kept = kept[kept < len(epochs)]
        if sizes[kept].sum() <= most:
            return table[table["epoch"].isin(epochs[kept])]
    raise ValueError(
        f"A page shows {most:,} points at most, and a single epoch has {sizes.max():,}: select "
        "layers, estimators or levels of factors first."
    )
