"""The chain of errors that an ErrorPlaneCallback recorded, as an information plane."""

from collections.abc import Iterable, Mapping
from typing import Any

from ibtools.plane._history import history_key
from ibtools.plane._plane import InformationPlane

_PREFIX = "error_"


def error_key(quantity: str, estimator: str, layer: str, *, untrained: bool = False) -> str:
    """Name a value in a history, ``error_mi_x/<estimator>/<layer>``.

    Parameters
    ----------
    quantity, estimator, layer, untrained
        As in :func:`ibtools.plane._history.history_key`.

    Returns
    -------
    key : str
        The key of a plane's point, with a prefix that keeps the two chains apart.
    """
    return _PREFIX + history_key(quantity, estimator, layer, untrained=untrained)


def error_plane(
    history: Iterable[Mapping[str, Any]], *, settings: Mapping[str, Any] | None = None
) -> InformationPlane:
    """Rebuild what an ErrorPlaneCallback recorded, as a plane.

    Parameters
    ----------
    history : skorch.history.History
        ``net.history`` of a live net or of a loaded checkpoint.

    settings : dict, default=None
        How the points were made.

    Returns
    -------
    plane : InformationPlane
        ``mi_x`` is I(delta_K; delta_l), what the error of layer l says about that of the output,
        and ``mi_x_ceiling`` the entropy of delta_K, where the estimator has it. The layers stand
        in the order in which errors are propagated, from the last to the first, so that
        :func:`ibtools.plane.data_processing_pairs` and all else about ``mi_x`` apply as they are.
        There is no ``mi_y``.

    Raises
    ------
    ValueError
        If nothing was recorded.

    See Also
    --------
    ibtools.ErrorPlaneCallback : Records it, and defines the errors.
    ibtools.DataProcessingDisplay : Draws the inequality along the chain.

    Examples
    --------
    >>> from ibtools.plane import data_processing_pairs, error_plane
    >>> values = {"hidden2": 3.0, "hidden1": 2.5}
    >>> row = {f"error_mi_x/renyi/{layer}": value for layer, value in values.items()}
    >>> plane = error_plane([{"epoch": 1, "error_log_base/renyi/": 2.0, **row}])
    >>> data_processing_pairs(plane)[["earlier", "later", "excess", "violated"]]
       earlier    later  excess  violated
    0  hidden2  hidden1    -0.5     False
    """
    rows = [
        {key.removeprefix(_PREFIX): row[key] for key in row if key.startswith(_PREFIX)}
        | {"epoch": row["epoch"]}
        for row in history
    ]
    if not any(len(row) > 1 for row in rows):
        raise ValueError(
            "The history has no chain of errors: train with callbacks=[ErrorPlaneCallback()]."
        )
    return InformationPlane.from_history(rows, settings=settings)
