"""Whether the units of a representation are functions of the inputs, however steep or bounded."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from ibtools.information._neighbor_limits import unexplained_fraction

_Floats = NDArray[np.float64]

_MAX_TIED_COLUMNS = 4
_LEAST_ROWS = 32


def monotone_unexplained_fraction(inputs: _Floats, points: _Floats) -> float:
    """As `unexplained_fraction`, after each column's activation is undone.

    A unit is g(w x + b) with g monotone: where g is steep, nearby inputs have far values, and no
    smooth function predicts them. Normal scores of the ranks do not depend on g. Rows at a bound
    of g (0 of a rectifier, 1 of a saturated tanh) repeat one value, and are left out.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_inputs)
        Values of the inputs.
    points : ndarray of shape (n_samples, n_features)
        Representation. Of the columns with repeated values the four with the fewest are looked at,
        if at least an eighth of their rows do not repeat and the repeats lie at the ends: a
        discrete variable keeps a finite information.

    Returns
    -------
    fraction : float
        The smallest ratio of all columns, 1 where there is no column to look at.
    """
    single = np.stack([_unrepeated(column) for column in points.T], axis=1)
    untied = single.all(axis=0)
    fractions = [unexplained_fraction(inputs, _normal_scores(points[:, untied]))]
    tied = np.flatnonzero(~untied)
    fewest_repeats = tied[np.argsort(-single[:, tied].sum(axis=0), kind="stable")]
    for unit in fewest_repeats[:_MAX_TIED_COLUMNS]:
        rows = single[:, unit]
        if _repeats_at_ends(points[:, unit], rows):
            fractions.append(unexplained_fraction(inputs[rows], _normal_scores(points[rows, unit])))
    return min(fractions)


def _unrepeated(column: _Floats) -> NDArray[np.bool_]:
    """Rows whose value no other row has."""
    _, index, counts = np.unique(column, return_inverse=True, return_counts=True)
    return np.asarray(counts[index] == 1)


def _repeats_at_ends(column: _Floats, single: NDArray[np.bool_]) -> bool:
    """Whether enough rows are single, and no repeated value is amid them."""
    if single.sum() < max(_LEAST_ROWS, len(column) / 8):
        return False
    low, high = np.quantile(column[single], [0.25, 0.75])
    repeated = column[~single]
    return not ((low < repeated) & (repeated < high)).any()


def _normal_scores(values: _Floats) -> _Floats:
    """Normal quantiles of the ranks in each column."""
    columns = values.reshape(len(values), -1)
    return np.asarray(ndtri(rankdata(columns, axis=0) / (len(columns) + 1)))
