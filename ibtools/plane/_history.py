"""Names under which the points of a plane stand in a skorch history."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from ibtools.plane._foreign_files import read_json
from ibtools.plane._measurement import QUANTITIES

UNTRAINED = "@0"
_MEMBER = re.compile(r"member([0-9]{1,9})/")
_LARGEST = 2**53  # beyond it floats skip whole numbers
_HISTORY = "a history: rows, one dict per epoch, as history.to_file of a skorch net writes them"


def history_key(quantity: str, estimator: str, layer: str, *, untrained: bool = False) -> str:
    """Name a value of a point, ``mi_x/<estimator>/<layer>``.

    A history has no row before the first epoch: the point of the untrained network stands in the
    row of epoch 1 with ``@0`` appended.

    Parameters
    ----------
    quantity : str
        One of "mi_x", "mi_y", "mi_x_std_error", ...
    estimator, layer : str
        Names; that of an estimator has no slash. An empty layer names what all layers share.
    untrained : bool, default=False
        Whether the point is that of epoch 0.

    Returns
    -------
    key : str
        The key.

    Raises
    ------
    ValueError
        If the layer's name ends as the keys of the untrained network do.
    """
    if layer.endswith(UNTRAINED):
        raise ValueError(f"its name ends in {UNTRAINED}, which marks the untrained network.")
    return f"{quantity}/{estimator}/{layer}{UNTRAINED if untrained else ''}"


def history_rows(history: Any) -> Iterator[Mapping[str, Any]]:
    """Read the rows of a history, which may come from anyone.

    Parameters
    ----------
    history : skorch.history.History, rows of one, or path
        One mapping per epoch, or the JSON file of such a list.

    Yields
    ------
    row : mapping
        An epoch. All its keys are text, and "epoch" is a whole number.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is no history.
    """
    if isinstance(history, str | Path):
        path = Path(history)
        history = read_json(path, _HISTORY, "pass json.loads(path.read_text())")
    if isinstance(history, Mapping | str | bytes) or not isinstance(history, Iterable):
        hint = ", as of a net that was not fitted" if history is None else ""
        hint = ", pass its history" if hasattr(history, "history") else hint
        raise ValueError(f"This is not {_HISTORY}: got {type(history).__name__}{hint}.")
    for number, row in enumerate(history):
        if not isinstance(row, Mapping) or not all(isinstance(key, str) for key in row):
            raise ValueError(f"This is not {_HISTORY}: row {number} is no dict with text as keys.")
        epoch = row.get("epoch")
        if not isinstance(epoch, Integral) or not 0 <= int(epoch) <= _LARGEST:
            raise ValueError(
                f"Row {number} of the history has the epoch {_shown(epoch)}; epochs are whole "
                "numbers from 0."
            )
        yield row


def history_points(history: Any) -> Iterator[dict[str, Any]]:
    """Read the points that a history has.

    Parameters
    ----------
    history : skorch.history.History, rows of one, or path
        One mapping per epoch, or the JSON file of such a list.

    Yields
    ------
    point : dict
        With "epoch", "estimator", "layer" and the quantities that were recorded, in the order of
        recording; and, in the history of an ensemble, whose keys begin with ``member<number>/``,
        with "run", the member's number.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is no history, or a value that belongs to a point is no number.
    """
    kinds: set[bool] = set()
    for row in history_rows(history):
        shared: dict[tuple[int, str], dict[str, float]] = {}
        points: dict[tuple[int, int | None, str, str], dict[str, float]] = {}
        for full_key, value in row.items():
            member = _MEMBER.match(full_key)
            key = full_key[member.end() :] if member else full_key
            quantity, slash, place = key.partition("/")
            if not slash or quantity not in QUANTITIES:
                continue
            value = _number(value, full_key, row["epoch"])
            epoch = 0 if place.endswith(UNTRAINED) else row["epoch"]
            estimator, _, layer = place.removesuffix(UNTRAINED).partition("/")
            if layer:
                run = int(member[1]) if member else None
                points.setdefault((epoch, run, estimator, layer), {})[quantity] = value
            else:
                shared.setdefault((epoch, estimator), {})[quantity] = value
        kinds |= {run is None for _, run, _, _ in points}
        if len(kinds) > 1:
            raise ValueError(
                "The history has points of the members of an ensemble and points of no member; "
                "it is that of one net or the other."
            )
        for (epoch, run, estimator, layer), values in points.items():
            values |= shared.get((epoch, estimator), {})
            if not 1 < values.get("log_base", math.nan) < math.inf:
                raise ValueError(
                    f"The history does not say in which unit {estimator!r} measured at epoch "
                    f"{epoch}: {history_key('log_base', estimator, '', untrained=epoch == 0)!r} "
                    "has to be the base of the logarithm, 2 for bits."
                )
            yield ({} if run is None else {"run": run}) | {
                "epoch": epoch,
                "layer": layer,
                "estimator": estimator,
                **values,
            }


def _number(value: Any, key: str, epoch: int) -> float:
    try:
        if isinstance(value, Real) and not isinstance(value, bool):
            return float(value)
    except OverflowError:
        pass
    raise ValueError(
        f"The history has {key!r} = {_shown(value)} at epoch {epoch}, where a number belongs."
    )


def _shown(value: Any) -> str:
    """A value as in an error message, of bounded length."""
    if isinstance(value, int) and abs(value) > _LARGEST:
        return f"a whole number of {value.bit_length()} bits"
    return repr(value) if value is None or isinstance(value, Real) else f"a {type(value).__name__}"


def fitted_history(net: Any, *, callback: str | None = None) -> Any:
    """History of a fitted net, or of the net that ends a fitted pipeline.

    Parameters
    ----------
    net : skorch.NeuralNet or Pipeline
        The net.
    callback : str, default=None
        Callback without which the history has nothing to show.

    Returns
    -------
    history : skorch.history.History
        With one row at least.

    Raises
    ------
    NotFittedError
        If there is none.
    TypeError
        If it is no net.
    """
    net = net[-1] if isinstance(net, Pipeline) else net
    if not hasattr(net, "history"):
        raise TypeError(
            f"{type(net).__name__} is no skorch net: draw a plane by from_plane, and a history by "
            "from_history."
        )
    history = net.history
    if not history:
        how = f"with callbacks=[{callback}()] " if callback else ""
        raise NotFittedError(f"This {type(net).__name__} has no history: fit it {how}first.")
    return history
