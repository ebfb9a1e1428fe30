"""Fitting and compression: when a layer gains information, and how much of it it loses again."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from ibtools.plane._plane import InformationPlane


def information_phases(
    plane: InformationPlane, *, quantity: str = "mi_x", threshold: float = 0.1
) -> pd.DataFrame:
    """Find the phases of fitting and of compression of every layer.

    Parameters
    ----------
    plane : InformationPlane
        Two epochs at least.

    quantity : {"mi_x", "mi_y"}, default="mi_x"
        Whose phases: I(X;T) or I(T;Y).

    threshold : float, default=0.1
        Differences up to this much, in the unit of the plane, are noise. Where the points have
        standard errors, differences up to two of them are noise as well.

    Returns
    -------
    phases : pandas.DataFrame
        One row per layer and estimator (and run and level of factors). ``first``, ``maximum`` and
        ``last`` are the value at the first epoch, its maximum and the value at the last epoch;
        ``rise`` is the maximum less the first, ``drop`` the maximum less the last. ``fitted_at`` is
        the first and ``compresses_from`` the last epoch at which the value is the maximum but for
        noise; ``epoch_of_maximum`` the first at which it is the maximum. ``fits`` and
        ``compresses`` tell whether rise and drop are more than noise. ``unit`` is the unit of the
        values.

    Raises
    ------
    ValueError
        If the quantity is unknown or was not measured, the threshold is negative, or the plane has
        a single epoch.

    See Also
    --------
    ibtools.InformationPlane : The points.

    Notes
    -----
    A drop is a fact about the numbers, and compression one possible reason: bins that follow the
    data, or that end below the largest activation, make drops of their own [1]_.

    References
    ----------
    .. [1] A. M. Saxe et al., "On the information bottleneck theory of deep learning", ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import InformationPlane
    >>> from ibtools.plane import information_phases
    >>> apart, pairs, one = np.arange(4.0), np.array([0.0, 0.0, 1.0, 1.0]), np.zeros(4)
    >>> epochs = {e: {"T": T[:, None]} for e, T in enumerate([one, apart, apart, pairs])}
    >>> phases = information_phases(InformationPlane.from_activations(epochs, y=[0, 0, 1, 1]))
    >>> phases[["layer", "fitted_at", "compresses_from", "rise", "drop"]]
      layer  fitted_at  compresses_from  rise  drop
    0     T          1                2   2.0   1.0
    """
    table = _measured(plane, quantity)
    if not threshold >= 0:
        raise ValueError(f"threshold must be a number of at least 0, got {threshold!r}.")
    if len(plane.epochs) < 2:
        raise ValueError(
            f"Phases need at least two epochs, the plane has epoch {plane.epochs[0]} alone."
        )
    runs = ["run"] if "run" in table else []
    columns = [*runs, *plane.factors, "estimator", "layer"]
    rows = [
        dict(zip(columns, place, strict=True)) | _phases(points, quantity, threshold)
        for place, points in _series(table, columns)
    ]
    return pd.DataFrame(rows)


def _measured(plane: InformationPlane, quantity: str) -> pd.DataFrame:
    """Rows of the plane in which the quantity is a number."""
    if quantity not in ("mi_x", "mi_y"):
        raise ValueError(f"quantity must be 'mi_x' or 'mi_y', got {quantity!r}.")
    table = plane.to_frame()
    table = table[table[quantity].notna()]
    if table.empty:
        raise ValueError(f"The plane has no {quantity}: it was measured without what it needs.")
    return table


def _series(
    table: pd.DataFrame, columns: list[str]
) -> list[tuple[tuple[Hashable, ...], pd.DataFrame]]:
    """Points of every layer over the epochs, in the order of the plane."""
    return [
        (place, points.sort_values("epoch", kind="stable"))
        for place, points in table.groupby([*columns], sort=False, dropna=False)
    ]


def _phases(points: pd.DataFrame, quantity: str, threshold: float) -> dict[str, Any]:
    epochs, values = points["epoch"].to_numpy(), points[quantity].to_numpy()
    errors = points[f"{quantity}_std_error"].fillna(0.0).to_numpy()
    peak = int(np.argmax(values))
    noise = np.maximum(threshold, 2.0 * np.hypot(errors, errors[peak]))
    below = values[peak] - values
    at_maximum = np.flatnonzero(below <= noise)
    return {
        "first": values[0],
        "maximum": values[peak],
        "last": values[-1],
        "rise": below[0],
        "drop": below[-1],
        "epoch_of_maximum": epochs[peak],
        "fitted_at": epochs[at_maximum[0]],
        "compresses_from": epochs[at_maximum[-1]],
        "fits": bool(below[0] > noise[0]),
        "compresses": bool(below[-1] > noise[-1]),
        "unit": points["unit"].iloc[0],
    }
