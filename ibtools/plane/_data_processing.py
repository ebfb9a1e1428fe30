"""The data-processing inequality along the layers, checked point by point."""

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd

from ibtools.plane._plane import InformationPlane


def data_processing_pairs(
    plane: InformationPlane,
    *,
    quantity: str = "mi_x",
    pairs: str = "consecutive",
    n_std_errors: float = 2.0,
) -> pd.DataFrame:
    """Compare the information of earlier and later layers: I(X;T_k) >= I(X;T_l) for k < l.

    Parameters
    ----------
    plane : InformationPlane
        Its layers in order of execution must be a chain, each computed from the one before: pick
        them with ``plane.select(layers=...)`` where the network has branches.

    quantity : {"mi_x", "mi_y"}, default="mi_x"
        I(X;T) or I(T;Y): neither can grow along a chain.

    pairs : {"consecutive", "all"}, default="consecutive"
        Whether to compare neighbours, or every layer with all later ones.

    n_std_errors : float, default=2.0
        An excess of more than so many of its standard errors is a violation. Points without a
        standard error have 0, which makes every excess a violation: read its size.

    Returns
    -------
    table : pandas.DataFrame
        One row per pair of layers, epoch and estimator (and run and level of factors):
        ``earlier`` and ``later`` name the layers, ``excess`` is the later value less the earlier
        one, negative where the inequality holds, ``std_error`` that of the excess if the two points
        are independent, ``violated`` whether the excess is more than noise, ``unit`` the unit of
        the excess.

    Raises
    ------
    ValueError
        If a parameter is unknown, the plane has a single layer, or has no such quantity.

    See Also
    --------
    ibtools.InformationPlane : The points.

    Notes
    -----
    The inequality is true of the true information. A violation is therefore a finding about the
    estimator: binning sees more in many units than in few, whatever they hold.

    The points of two layers come from the same rows, so their errors are correlated, most often
    positively: `std_error` is then too large and violations are understated.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import BinnedMI, InformationPlane
    >>> from ibtools.plane import data_processing_pairs
    >>> narrow = np.linspace(0.1, 0.4, 4)[:, None]
    >>> plane = InformationPlane.from_activations(
    ...     {"narrow": narrow, "wide": 10 * narrow}, estimator=BinnedMI(bin_width=1.0)
    ... )
    >>> data_processing_pairs(plane)[["earlier", "later", "excess", "violated"]]
      earlier later  excess  violated
    0  narrow  wide     2.0      True
    """
    _check(plane, quantity, pairs, n_std_errors)
    table = plane.to_frame()
    runs = ["run"] if "run" in table else []
    columns = [*runs, *plane.factors, "epoch", "estimator"]
    choose = pairwise if pairs == "consecutive" else (lambda layers: combinations(layers, 2))
    rows = [
        dict(zip(columns, place, strict=True)) | _compared(earlier, later, quantity, n_std_errors)
        for place, points in table.groupby(columns, sort=False, dropna=False)
        for earlier, later in choose(points.to_dict("records"))
    ]
    return pd.DataFrame(rows)


def _check(plane: InformationPlane, quantity: str, pairs: str, n_std_errors: float) -> None:
    if quantity not in ("mi_x", "mi_y"):
        raise ValueError(f"quantity must be 'mi_x' or 'mi_y', got {quantity!r}.")
    if pairs not in ("consecutive", "all"):
        raise ValueError(f"pairs must be 'consecutive' or 'all', got {pairs!r}.")
    if not n_std_errors >= 0:
        raise ValueError(f"n_std_errors must be a number of at least 0, got {n_std_errors!r}.")
    if len(plane.layers) < 2:
        raise ValueError(f"Pairs need two layers, the plane has {plane.layers[0]!r} alone.")
    if plane.to_frame()[quantity].isna().all():
        raise ValueError(f"The plane has no {quantity}: it was measured without what it needs.")


def _compared(
    earlier: dict[Any, Any], later: dict[Any, Any], quantity: str, n_std_errors: float
) -> dict[str, Any]:
    excess = later[quantity] - earlier[quantity]
    errors = np.nan_to_num([point[f"{quantity}_std_error"] for point in (earlier, later)])
    std_error = float(np.hypot(*errors))
    # Two sums in different order differ in their last digits: that is no violation.
    rounding = 1e-9 * max(1.0, abs(earlier[quantity]))
    return {
        "earlier": earlier["layer"],
        "later": later["layer"],
        "excess": excess,
        "std_error": std_error,
        "violated": bool(excess > n_std_errors * std_error + rounding),
        "unit": earlier["unit"],
    }
