"""The least squared functional at every beta, from the curve of the plain one."""

import numpy as np
from numpy.typing import NDArray

from ibtools.bottleneck._annealing import ROUNDING, Candidate, Search, trivial
from ibtools.bottleneck._iteration import Encodings, encodings_of
from ibtools.bottleneck._merging import compacted
from ibtools.bottleneck._squared import descend_squared, squared_functional

_Floats = NDArray[np.float64]

_FIRST_CHECK = 30
_LONGEST_CHECK = 300


def squared_path(search: Search, betas: _Floats, curve: list[Candidate]) -> list[Candidate]:
    """Minimise I(X;T)^2 - beta I(T;Y) at each beta.

    Its minimum lies on the bottleneck curve, where the slope is 2 I(X;T) / beta. Between two
    known points of the curve lie those of the encoder that is one of the two at random, with
    the choice told: its informations are the averages. The best of these is iterated. On
    straight parts of the curve, such as that of deterministic labels, it is exact already.

    Parameters
    ----------
    search : Search
        The joint distribution; alpha is 1.
    betas : ndarray of shape (n_betas,)
        Trade-offs in nats.
    curve : list of Candidate
        Solutions for the plain functional, of increasing information.

    Returns
    -------
    list of Candidate
        One per beta.
    """
    points = [trivial(search.letters), *curve]
    x = np.array([point.encodings.mi_x[0] for point in points])
    y = np.array([point.encodings.mi_y[0] for point in points])
    best = []
    for beta in betas:
        value, shares = _along_chords(x, y, beta)
        k = int(np.argmin(value))
        start = _shared(search, points[k].encodings, points[k + 1].encodings, float(shares[k]))
        best.append(relaxed_squared(search, start, float(beta)))
    return _enveloped(search, betas, best)


def _along_chords(x: _Floats, y: _Floats, beta: float) -> tuple[_Floats, _Floats]:
    """Least x^2 - beta y on each chord between neighbours, and its share of the farther end."""
    dx, dy = np.diff(x), np.diff(y)
    lowest = np.divide(beta * dy / 2 - x[:-1] * dx, dx**2, out=np.zeros_like(dx), where=dx > 0)
    shares = np.clip(lowest, 0.0, 1.0)
    return (x[:-1] + shares * dx) ** 2 - beta * (y[:-1] + shares * dy), shares


def _shared(search: Search, near: Encodings, far: Encodings, share: float) -> Encodings:
    """Encoder that is the far one with the probability `share`, in clusters of their own."""
    parts = [(1 - share) * near.encoder, share * far.encoder]
    kept = [part for part, weight in zip(parts, (1 - share, share), strict=True) if weight > 0]
    return encodings_of(search.letters, np.concatenate(kept, axis=1))


def relaxed_squared(search: Search, start: Encodings, beta: float) -> Candidate:
    """Iterate one run, merging clusters on the way, until neither changes anything."""
    encodings, n_iter, converged, interval = start, 0, False, _FIRST_CHECK
    while n_iter < search.max_iter:
        descent = descend_squared(
            search.letters,
            encodings,
            beta,
            max_iter=min(interval, search.max_iter - n_iter),
            tol=search.tol,
        )
        n_iter += int(descent.n_iter[0])
        encodings, converged = descent.encodings, bool(descent.converged[0])
        information = float(encodings.mi_x[0])
        if information <= 0:
            break
        # (x - d)^2 - beta (y - e) differs from x^2 - beta y by 2 x [beta e / 2 x - d + d^2 / 2 x].
        encodings, merged = compacted(
            search.letters,
            encodings,
            beta / (2 * information),
            1.0,
            curvature=1 / (2 * information),
        )
        if converged and not merged:
            break
        interval = min(2 * interval, _LONGEST_CHECK)
    return Candidate(encodings, n_iter, converged)


def _enveloped(search: Search, betas: _Floats, best: list[Candidate]) -> list[Candidate]:
    """Replace solutions to which that of another beta is superior, iterated at the own beta."""
    best = list(best)
    for _ in range(len(betas)):
        changed = False
        for k, beta in enumerate(betas):
            values = [squared_functional(other.encodings, beta) for other in best]
            least = int(np.argmin(values))
            if values[least] < values[k] - ROUNDING * (1 + beta):
                best[k] = relaxed_squared(search, best[least].encodings, float(beta))
                changed = True
        if not changed:
            break
    return best
