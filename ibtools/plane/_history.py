"""Names under which the points of a plane stand in a skorch history."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ibtools.plane._measurement import QUANTITIES

UNTRAINED = "@0"


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
        recording.
    """
    for row in history:
        shared: dict[tuple[int, str], dict[str, float]] = {}
        points: dict[tuple[int, str, str], dict[str, float]] = {}
        for key, value in row.items():
            quantity, slash, place = key.partition("/")
            if not slash or quantity not in QUANTITIES:
                continue
            epoch = 0 if place.endswith(UNTRAINED) else row["epoch"]
            estimator, _, layer = place.removesuffix(UNTRAINED).partition("/")
            if layer:
                points.setdefault((epoch, estimator, layer), {})[quantity] = value
            else:
                shared.setdefault((epoch, estimator), {})[quantity] = value
        for (epoch, estimator, layer), values in points.items():
            yield {
                "epoch": epoch,
                "layer": layer,
                "estimator": estimator,
                **values,
                **shared.get((epoch, estimator), {}),
            }
