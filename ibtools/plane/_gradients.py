"""The gradient's signal and noise as a table, and the epoch at which noise takes over."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

GRADIENT_QUANTITIES = ("gradient_mean", "gradient_std", "gradient_snr", "weight_norm")
_SCORES = ("train_loss", "valid_loss", "valid_acc")
_ROUNDING = 1e-9  # a ratio that changes by less, relative, is constant
_NO_SPREAD = 1e-24


def gradient_table(history: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Read what a GradientSNRCallback recorded.

    Parameters
    ----------
    history : skorch.history.History
        ``net.history`` of a live net or of a loaded checkpoint.

    Returns
    -------
    table : pandas.DataFrame
        One row per epoch and layer: ``epoch``, ``layer``, ``gradient_mean``, ``gradient_std``,
        ``gradient_snr``, ``weight_norm`` and, where they were recorded, ``train_loss``,
        ``valid_loss`` and ``valid_acc`` of the epoch. The layers stand in the order of the network.

    Raises
    ------
    ValueError
        If nothing was recorded.

    See Also
    --------
    ibtools.GradientSNRCallback : Records it, and defines the quantities.

    Examples
    --------
    >>> from ibtools.plane import gradient_table
    >>> gradient_table([{"epoch": 1, "gradient_snr/linear1": 2.0, "train_loss": 0.7}])
       epoch    layer  gradient_snr  train_loss
    0      1  linear1           2.0         0.7
    """
    rows: list[dict[str, Any]] = []
    for row in history:
        layers: dict[str, dict[str, Any]] = {}
        for key, value in row.items():
            quantity, slash, layer = key.partition("/")
            if slash and quantity in GRADIENT_QUANTITIES:
                layers.setdefault(layer, {})[quantity] = value
        scores = {name: row[name] for name in _SCORES if name in row}
        rows += [
            {"epoch": row["epoch"], "layer": layer, **values, **scores}
            for layer, values in layers.items()
        ]
    if not rows:
        raise ValueError(
            "The history has no gradients: train with callbacks=[GradientSNRCallback()]."
        )
    return pd.DataFrame(rows)


def drift_diffusion_transition(table: pd.DataFrame, *, bandwidth: float = 0.5) -> pd.DataFrame:
    """Find the epoch at which the gradient's signal falls behind its noise.

    Parameters
    ----------
    table : pandas.DataFrame
        As `gradient_table` gives it.

    bandwidth : float, default=0.5
        The slope is that of straight lines fitted in Gaussian windows of this standard deviation,
        in ln(epoch). Without a window the noise of late epochs, which lie close together on a
        logarithmic axis, makes the steepest slope. Closer than two of them to either end of
        training, the transition is uncertain by about a third of one.

    Returns
    -------
    transitions : pandas.DataFrame
        One row per layer: ``layer``; ``epoch``, where the ratio falls most steeply over the
        logarithm of the epoch (NaN if it never falls); ``slope``, its change per factor of e
        there; ``before`` and ``after``, the geometric means of the ratio over the logarithm of the
        epoch, up to that epoch and after it.

    Raises
    ------
    ValueError
        If a ratio is defined in fewer than three epochs (it is nowhere where an epoch is a single
        batch), or `bandwidth` is not positive or less than the steps between epochs.

    See Also
    --------
    ibtools.GradientSNRDisplay : Draws the ratio and marks the transition.

    Notes
    -----
    The epoch is argmin d SNR / d log(epoch). The drift of [1]_ is the part of training with a
    ratio well above 1, the diffusion the part below.

    References
    ----------
    .. [1] R. Shwartz-Ziv and N. Tishby, "Opening the black box of deep neural networks via
       information", arXiv:1703.00810, 2017, section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from ibtools.plane import drift_diffusion_transition
    >>> epoch = np.arange(1, 1001)
    >>> snr = np.where(epoch < 100, 10.0, 0.1)
    >>> table = pd.DataFrame({"epoch": epoch, "layer": "linear1", "gradient_snr": snr})
    >>> transition = drift_diffusion_transition(table).iloc[0]
    >>> bool(90 < transition["epoch"] < 110)
    True
    """
    if not bandwidth > 0:
        raise ValueError(f"bandwidth must be positive, got {bandwidth!r}.")
    return pd.DataFrame(
        [
            {"layer": layer, **_transition(points, str(layer), bandwidth)}
            for layer, points in table.groupby("layer", sort=False)
        ]
    )


def _transition(points: pd.DataFrame, layer: str, bandwidth: float) -> dict[str, float]:
    points = points[points["gradient_snr"].between(0, np.inf, inclusive="neither")]
    if points["epoch"].nunique() < 3:
        raise ValueError(
            f"The gradient of {layer!r} has a signal-to-noise ratio in fewer than three epochs; it "
            "has none where an epoch is a single batch."
        )
    epoch = points["epoch"].to_numpy(dtype=np.float64)
    snr = points["gradient_snr"].to_numpy(dtype=np.float64)
    log_epoch = np.log(epoch)
    grid = np.linspace(log_epoch.min(), log_epoch.max(), 200)
    slopes = np.array([_slope(log_epoch, snr, at, bandwidth, 1 / epoch) for at in grid])
    if np.isnan(slopes).any():
        raise ValueError(
            f"bandwidth={bandwidth!r} is so small that windows hold a single epoch of {layer!r}: "
            "give a larger one."
        )
    steepest = int(np.argmin(slopes))
    if slopes[steepest] >= -_ROUNDING * snr.max():
        return {"epoch": np.nan, "slope": slopes[steepest], "before": np.nan, "after": np.nan}
    is_before = log_epoch <= grid[steepest]
    sides = [
        float(np.exp(np.average(np.log(snr[side]), weights=1 / epoch[side])))
        if side.any()
        else np.nan
        for side in (is_before, ~is_before)
    ]
    return {
        "epoch": float(np.exp(grid[steepest])),
        "slope": float(slopes[steepest]),
        "before": sides[0],
        "after": sides[1],
    }


def _slope(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    at: float,
    bandwidth: float,
    density: NDArray[np.float64],
) -> float:
    """Slope at `at` of the line through points weighted by a Gaussian window around it."""
    exponents = -(((x - at) / bandwidth) ** 2) / 2
    weights = density * np.exp(exponents - exponents.max())
    weights /= weights.sum()
    centred = x - weights @ x
    spread = (weights * centred) @ centred
    # A window with one epoch in it has a spread of rounding errors, and no slope.
    return float((weights * centred) @ y / spread) if spread > _NO_SPREAD else np.nan
