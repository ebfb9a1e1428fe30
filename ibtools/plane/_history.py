"""Names under which the points of a plane stand in a skorch history."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from ibtools.plane._measurement import QUANTITIES

UNTRAINED = "@0"
_MEMBER = re.compile(r"member(\d+)/")


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


def history_points(history: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Read the points that a history has.

    Parameters
    ----------
    history : skorch.history.History, or rows of one
        One mapping per epoch.

    Yields
    ------
    point : dict
        With "epoch", "estimator", "layer" and the quantities that were recorded, in the order of
        recording; and, in the history of an ensemble, whose keys begin with ``member<number>/``,
        with "run", the member's number.
    """
    for row in history:
        shared: dict[tuple[int, str], dict[str, float]] = {}
        points: dict[tuple[int, int | None, str, str], dict[str, float]] = {}
        for full_key, value in row.items():
            member = _MEMBER.match(full_key)
            key = full_key[member.end() :] if member else full_key
            quantity, slash, place = key.partition("/")
            if not slash or quantity not in QUANTITIES:
                continue
            epoch = 0 if place.endswith(UNTRAINED) else row["epoch"]
            estimator, _, layer = place.removesuffix(UNTRAINED).partition("/")
            if layer:
                run = int(member[1]) if member else None
                points.setdefault((epoch, run, estimator, layer), {})[quantity] = value
            else:
                shared.setdefault((epoch, estimator), {})[quantity] = value
        for (epoch, run, estimator, layer), values in points.items():
            yield ({} if run is None else {"run": run}) | {
                "epoch": epoch,
                "layer": layer,
                "estimator": estimator,
                **values,
                **shared.get((epoch, estimator), {}),
            }


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
    """
    net = net[-1] if isinstance(net, Pipeline) else net
    history = getattr(net, "history", None)
    if not history:
        how = f"with callbacks=[{callback}()] " if callback else ""
        raise NotFittedError(f"This {type(net).__name__} has no history: fit it {how}first.")
    return history
