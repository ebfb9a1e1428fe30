"""Learning curves and gradients as the page of a plane draws them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ibtools.plane._html_data import page_styles

_SIDES = {"train": "training", "valid": "validation"}
_SCORES = {"loss": "Loss", "acc": "Accuracy"}

# Title, label of the axis, and whether both axes are logarithmic.
_BY_LAYER = {
    "weight_norm": ("Norm of the weights", "Frobenius norm", False),
    "gradient_snr": ("Gradient: signal to noise", "mean / noise", True),
    "gradient_mean": ("Gradient: norm of the mean", "Frobenius norm", True),
    "gradient_std": ("Gradient: norm of the noise", "Frobenius norm", True),
}


def curve_table(
    curves: pd.DataFrame | Iterable[Mapping[str, Any]], kept: Sequence[str]
) -> pd.DataFrame:
    """Take what the page draws from a history or a table of training curves.

    Parameters
    ----------
    curves : skorch.history.History or DataFrame
        One row per epoch, and per run: "epoch", losses and accuracies ("train_loss", "valid_acc",
        ...), and gradients of layers ("gradient_snr/<layer>", ...).
    kept : sequence of str
        Columns that tell runs apart.

    Returns
    -------
    table : DataFrame
        What was recorded of these.

    Raises
    ------
    ValueError
        If there is no column "epoch", or what is to be drawn is no number.
    """
    if not isinstance(curves, pd.DataFrame):
        curves = pd.DataFrame(
            [{name: row[name] for name in row if name != "batches"} for row in curves]
        )
    if "epoch" not in curves:
        raise ValueError(
            "curves must be a history, or a table with one row per epoch and a column 'epoch'."
        )
    names = [name for name in curves if name == "epoch" or _place(str(name))]
    try:
        numbers = curves[names].astype("float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"Learning curves must be numbers: {error}.") from error
    return pd.concat([curves[[name for name in kept if name in curves]], numbers], axis=1)


def charts(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Sort the columns of a table of curves into charts.

    Parameters
    ----------
    table : DataFrame
        As `curve_table` makes it.

    Returns
    -------
    charts : list of dict
        With "title", "axis", "log", and "lines" with "column", "name" and "style".
    """
    columns: dict[str, list[tuple[str, str]]] = {}
    for column in map(str, table):
        place = _place(column)
        if place and table[column].notna().any():
            columns.setdefault(place[0], []).append((place[1], column))
    made = []
    for quantity in [*_SCORES, *_BY_LAYER]:
        found = columns.get(quantity)
        if not found:
            continue
        title, axis, log = _BY_LAYER.get(quantity) or (
            _SCORES[quantity],
            _SCORES[quantity].lower(),
            False,
        )
        styles: list[dict[str, str]] = page_styles([column for _, column in found], lines=True)
        lines = [
            {"column": column, "name": _SIDES.get(name, name), "style": style}
            for (name, column), style in zip(found, styles, strict=True)
        ]
        made.append({"title": title, "axis": axis, "log": log, "lines": lines})
    return made


def _place(column: str) -> tuple[str, str] | None:
    """Quantity that a column has, and of which side or layer."""
    quantity, slash, layer = column.partition("/")
    if slash and quantity in _BY_LAYER:
        return quantity, layer
    side, _, score = column.partition("_")
    return (score, side) if side in _SIDES and score in _SCORES else None
