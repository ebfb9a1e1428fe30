"""What a fit of nearest neighbours says when its number tells more of the rows than of the data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibtools.estimators._warnings import warn_user
from ibtools.information._neighbor_functions import monotone_unexplained_fraction
from ibtools.information._neighbor_limits import saturation_limit, unexplained_fraction
from ibtools.information._torch_neighbors import on_host
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

# Less than this share of the variance between neighbouring inputs is left open by the inputs:
# measured 0 to 0.15 for linear, tanh and ReLU layers, steep ones too, of two inputs and more, 0.18
# and above where rows resolve the noise.
_FUNCTION = 0.15
_NEAR_SATURATION = 1.0  # nats
# Measured: so many repeats add 0.05 bits, as much as the spread of 300 rows, and 0.2 add 0.3 bits.
_MANY_REPEATS = 0.05
_MAX_TENSOR_ROWS = 4096


def warn_of_small_classes(classes: NDArray[Any], sizes: _Integers, fewest: int) -> None:
    """Warn of classes with too few rows to have neighbours, whose rows are left out."""
    small = sizes < fewest
    if small.any():
        warn_user(
            f"Rows of {np.count_nonzero(small)} of {len(classes)} classes were left out of "
            f"I(T;Y), for they have fewer than {fewest} rows: {classes[small][:10].tolist()}."
        )


def warn_of_repeats(name: str, n_rows: int, distinct: _Integers) -> None:
    """Warn where many real-valued rows repeat an earlier one."""
    repeats = n_rows - len(distinct)
    if repeats > _MANY_REPEATS * n_rows:
        warn_user(
            f"{repeats} of {n_rows} rows repeat an earlier row, in the representation and in the "
            "other variable alike. Of real-valued rows such repeats inflate the estimate of "
            f"{name}: drop the duplicates (of a deterministic network, propagate the inputs "
            "once), or add the layer's noise. A small jitter only hides them."
        )


def warn_of_function(inputs: Any, points: Any) -> None:
    """Warn where distinct rows look like a function of the inputs.

    Of rows that are a tensor a few thousand are brought to the host for it.
    """
    if not isinstance(inputs, np.ndarray):
        n_rows = min(len(inputs), _MAX_TENSOR_ROWS)
        some = np.linspace(0, len(inputs) - 1, n_rows).astype(np.int64)
        inputs, points = on_host(inputs[some]), on_host(points[some])
    measures = unexplained_fraction, monotone_unexplained_fraction
    if any(measure(inputs, points) < _FUNCTION for measure in measures):
        warn_user(
            f"At the distances that {len(inputs)} rows resolve, the representation is a "
            "function of the inputs: if it is one, I(X;T) is infinite, and the estimate says "
            "how many rows there are, not what the layer keeps. Add the layer's noise, or use "
            "an estimator with a noise model."
        )


def warn_of_saturation(name: str, nats: _Floats, n_rows: int, ks: _Integers, base: float) -> None:
    """Warn where an estimate is within a nat of the most that so many rows can show."""
    limits = saturation_limit(n_rows, ks)
    near = nats > limits - _NEAR_SATURATION
    if near.any():
        unit = log_of_base(base)
        warn_user(
            f"The estimate of {name}, {nats[near][0] / unit:.3g}, is near "
            f"{limits[near][0] / unit:.3g}, the most that {n_rows} rows can show: the information "
            "may be much larger, or infinite."
        )
