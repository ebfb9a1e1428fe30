"""Layers that say the same: trajectories of the plane that coincide."""

from itertools import combinations

import numpy as np
import pandas as pd

from ibtools.plane._plane import InformationPlane

_COLUMNS = ["kept", "superfluous", "distance", "mean_distance", "at_ceiling"]


def coinciding_layers(plane: InformationPlane, *, tol: float = 0.1) -> pd.DataFrame:
    """Propose layers to remove: those whose trajectory is that of an earlier layer.

    Parameters
    ----------
    plane : InformationPlane
        With one estimator, see ``plane.select(estimators=...)``; runs and
        levels of factors are taken together.

    tol : float, default=0.1
        Two trajectories coincide if at no epoch their points are further apart than this, in the
        unit of the plane, along either axis.

    Returns
    -------
    proposals : pandas.DataFrame
        One row per pair of layers that coincide, the closest first: ``kept`` and ``superfluous``
        are the earlier and the later layer, ``distance`` is the largest difference along either
        axis at any epoch of any run, ``mean_distance`` its mean over epochs and runs, and
        ``at_ceiling`` tells whether both layers are, to 1 %, at the ceiling of I(X;T) all the time.

    Raises
    ------
    ValueError
        If the plane has several estimators, or `tol` is negative.

    See Also
    --------
    ibtools.InformationPlane : The points.

    Notes
    -----
    The plane says what layers have in common with input and label, not with each other. Two layers
    at the ceiling H(X) coincide there whatever they compute, and are no proposal to be taken
    seriously. Whether a layer is superfluous is seen when the network is trained without it.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import InformationPlane
    >>> from ibtools.plane import coinciding_layers
    >>> T = np.array([[-0.9], [-0.2], [0.2], [0.9]])
    >>> activations = {"first": T, "second": 2 * T, "third": np.sign(T)}
    >>> plane = InformationPlane.from_activations(activations, y=[0, 0, 1, 1])
    >>> coinciding_layers(plane)
        kept superfluous  distance  mean_distance  at_ceiling
    0  first      second       0.0            0.0        True
    """
    if not tol >= 0:
        raise ValueError(f"tol must be a number of at least 0, got {tol!r}.")
    if len(plane.estimators) > 1:
        raise ValueError(
            f"The plane has the estimators {plane.estimators}: choose one with "
            "plane.select(estimators=...)."
        )
    table = plane.to_frame()
    place = [*(["run"] if "run" in table else []), *plane.factors, "epoch"]
    trajectories, saturated = {}, {}
    for layer, points in table.groupby("layer", sort=False):
        trajectories[layer] = points.set_index(place)[["mi_x", "mi_y"]]
        saturated[layer] = bool((points["mi_x"] >= 0.99 * points["mi_x_ceiling"]).all())
    rows = [
        {
            "kept": kept,
            "superfluous": later,
            **_distances(trajectories[kept], trajectories[later]),
            "at_ceiling": saturated[kept] and saturated[later],
        }
        for kept, later in combinations(plane.layers, 2)
    ]
    proposals = pd.DataFrame(rows, columns=_COLUMNS)
    close = proposals[proposals["distance"] <= tol]
    return close.sort_values(["distance", "mean_distance"], kind="stable", ignore_index=True)


def _distances(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    """Largest difference along either axis: its maximum and its mean over the common epochs."""
    apart = (first - second).abs().max(axis=1)
    return {
        "distance": float(apart.max()) if apart.notna().any() else np.inf,
        "mean_distance": float(apart.mean()),
    }
