"""Entropy of counts within groups, with and without a correction of its bias.

Every estimate here is a mean surprise, with a logarithm of its own for the count n_i of a symbol
and for the total N_g of its group:

    H(T|V) = sum_i (n_i / N) [L(N_g) - l(n_i)]

The plug-in estimate has L = l = ln. A correction replaces ln by a function that makes up for the
curvature of the logarithm at small counts, and nothing else changes.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, xlog1py

_Floats = NDArray[np.float64]
_Logarithm = Callable[[_Floats], _Floats]


def mean_surprise(counts: _Floats, totals: _Floats, *, correction: str | None = None) -> float:
    """Mean entropy within groups: sum_i (n_i / N) [L(N_g) - l(n_i)], N = sum_i n_i.

    This is sum_g (N_g / N) H_g, where H_g = sum_{i in g} (n_i / N_g) [L(N_g) - l(n_i)] is the
    entropy of one group.

    Parameters
    ----------
    counts : ndarray of any shape
        Count n_i of each cell, a pair (group, symbol). Cells with a count of 0 are ignored.
    totals : ndarray, broadcastable to the shape of `counts`
        Total N_g of the group of each cell.
    correction : {None, "miller-madow", "grassberger", "jackknife"}
        The pair of logarithms.

    Returns
    -------
    entropy : float
        In nats.
    """
    log_of_total, log_of_count = _LOGARITHMS[correction]
    occupied = counts > 0
    totals = np.broadcast_to(totals, counts.shape)[occupied]
    counts = counts[occupied]
    # The difference is taken before the sum: each term is then of the size of the entropy itself,
    # whereas N L(N) and sum n_i l(n_i) are N times larger and would cancel.
    surprises = log_of_total(totals) - log_of_count(counts)
    return float((counts / counts.sum() * surprises).sum())


def _miller_madow_log(n: _Floats) -> _Floats:
    """Logarithm of Miller (1955): l(n) = ln n - 1 / (2n).

    The second term, averaged over m symbols, is the correction: H + (m - 1) / (2N).
    """
    return np.log(n) - 0.5 / n


def _grassberger_log(n: _Floats) -> _Floats:
    """Logarithm of Grassberger (2003): G(n) = psi(n) + (-1)^n / 2 [psi((n+1)/2) - psi(n/2)].

    By the duplication formula psi(n) = [psi(n/2) + psi((n+1)/2)] / 2 + ln 2, one of the two terms
    cancels: G(n) = ln 2 + psi(floor(n/2) + 1/2).
    """
    return math.log(2) + digamma(np.floor(n / 2) + 0.5)


def _jackknife_log(n: _Floats) -> _Floats:
    """Logarithm of the jackknife: d(n) = n ln n - (n - 1) ln(n - 1).

    Leaving out one row of symbol i takes d(n_i) from sum n ln n, so that
    N H - (N - 1)/N sum_i n_i H_{-i} = d(N) - (1/N) sum_i n_i d(n_i).
    """
    # Written as ln n - (n - 1) ln(1 - 1/n), a sum of terms no larger than d(n): the two products
    # above are n times larger, and their difference would lose the digits of n.
    return np.log(n) - xlog1py(n - 1, -1 / n)


# L of the total and l of a count.
_LOGARITHMS: dict[str | None, tuple[_Logarithm, _Logarithm]] = {
    None: (np.log, np.log),
    "miller-madow": (_miller_madow_log, _miller_madow_log),
    "grassberger": (np.log, _grassberger_log),
    "jackknife": (_jackknife_log, _jackknife_log),
}

CORRECTIONS = tuple(_LOGARITHMS)
