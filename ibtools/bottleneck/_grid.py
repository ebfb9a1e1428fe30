"""Betas that cover a curve whose extent is not known."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ibtools.bottleneck._annealing import Candidate, Search, annealed, enveloped, finest, relaxed

_Floats = NDArray[np.float64]

_N_BETAS = 50
_N_COARSE = 20

# The last beta is where I(T;Y) has reached this part of what the clusters can tell.
_REACHED = 0.999
_LARGEST_BETA = 1e6

# How well the betas that only look for the extent are iterated.
_HASTY_ITER = 150
_HASTY_TOL = 1e-5


def grid_of_betas(search: Search, n_clusters: int) -> _Floats:
    """Fifty betas from just below the first transition to where I(T;Y) is nearly reached.

    The last is a power of 2; the first is taken from a coarse path, since the trivial solution
    may be left at any beta from 1 up.
    """
    hasty = replace(search, max_iter=min(search.max_iter, _HASTY_ITER), tol=_HASTY_TOL)
    start = finest(search.letters, n_clusters)
    last = 2.0
    while last < _LARGEST_BETA:
        reached = relaxed(hasty, start, last)
        if reached.encodings.mi_y[0] >= _REACHED * start.mi_y[0] and not _is_idle(
            hasty, reached, last
        ):
            break
        last *= 2
    coarse = np.geomspace(1.0, last, _N_COARSE)
    path = enveloped(hasty, coarse, [annealed(hasty, coarse, n_clusters)])
    informed = [candidate.n_clusters > 1 for candidate in path]
    first = coarse[max(informed.index(True) - 1, 0)] if any(informed) else 1.0
    return np.geomspace(0.95 * first, last, _N_BETAS)


def _is_idle(search: Search, candidate: Candidate, beta: float) -> bool:
    """Whether a solution that tells something is worse than the trivial one."""
    return candidate.functional(beta, search.alpha) > 0


def grid_of_squared_betas(betas: _Floats, curve: list[Candidate]) -> _Floats:
    """Fifty trade-offs of the squared functional, in nats, for the curve of the plain one.

    Both functionals have the same optimum where beta_squared = 2 beta I(X;T). The row ends at the
    first beta from which on I(T;Y) is nearly reached, and starts at a fiftieth of that.
    """
    mi_x = np.array([candidate.encodings.mi_x[0] for candidate in curve])
    mi_y = np.array([candidate.encodings.mi_y[0] for candidate in curve])
    last = int(np.argmax(mi_y >= _REACHED * mi_y[-1]))
    largest = 2 * betas[last] * mi_x[last]
    # Without any information to gain all trade-offs are alike.
    return np.geomspace(largest / _N_BETAS, largest, _N_BETAS) if largest > 0 else np.ones(1)
