"""Betas at which a representation gains clusters."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.bottleneck._annealing import (
    Candidate,
    Search,
    decoders_of,
    enveloped,
    grown,
    relaxed,
)
from ibtools.bottleneck._entry import newcomers
from ibtools.bottleneck._iteration import Encodings
from ibtools.bottleneck._joint import JointLetters, joint_letters

_Floats = NDArray[np.float64]

# Relative width to which a transition is enclosed.
RESOLUTION = 1e-3

# Letters with a smaller share of a cluster do not count as its own: they could split it for free.
_NO_SHARE = 1e-12

# Width of ln beta to which the entry of a cluster is enclosed.
_ENCLOSED = 3e-4

# Gain, in nats, with which a cluster enters: just above a transition it is small.
_LEAST_GAIN = 1e-9

# How well solutions are iterated that only tell on which side of a transition they are.
_MOST_STEPS = 300
_HASTY_TOL = 1e-6

# A solution and its beta.
_At = tuple[float, Candidate]


def critical_beta(p_xy: ArrayLike) -> float:
    """Beta at which no information at all stops being a minimum of the bottleneck functional.

    It is 1 / rho^2, with rho the maximal correlation of x and y: rho^2 is the second largest
    eigenvalue, after 1, of the matrix sum_x p(x|y') p(y|x) over y and y'.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, x along the rows; they sum to 1.

    Returns
    -------
    beta : float
        At least 1, without unit; infinite if x and y are independent.

    Raises
    ------
    ValueError
        If `p_xy` is not a joint distribution.

    See Also
    --------
    ibtools.bottleneck.bottleneck_path : All critical betas of a range.

    Notes
    -----
    Let the decoder of a cluster be p(y) + epsilon(y), with the epsilons averaging to 0 over the
    clusters. To first order a Blahut-Arimoto step multiplies epsilon by beta times the matrix,
    so it grows where beta times the eigenvalue exceeds 1. Some distributions leave the trivial
    solution at a smaller beta, in a jump: then the first of a path's `critical_betas` is less.

    References
    ----------
    N. Tishby, F. Pereira and W. Bialek, "The information bottleneck method", 1999,
    arXiv:physics/0004057.

    Examples
    --------
    A symmetric channel of error e = 0.1 has 1 / (1 - 2e)^2.

    >>> from ibtools.bottleneck import critical_beta
    >>> round(critical_beta([[0.45, 0.05], [0.05, 0.45]]), 6)
    1.5625
    """
    return first_critical_beta(joint_letters(p_xy))


def first_critical_beta(letters: JointLetters) -> float:
    """1 / rho^2, from the singular values of p(x,y) / sqrt(p(x) p(y)), of which the first is 1.

    The matrix is taken without its first pair of singular vectors, whose product is
    sqrt(p(x) p(y)): what is left has rho as its largest.
    """
    expected = np.sqrt(letters.p_x[:, None] * letters.p_y)
    rho = float(np.linalg.norm(letters.joint / expected - expected, ord=2))
    # Rounding leaves 1e-16 of correlation between independent variables.
    return math.inf if rho < 1e-12 else max(1.0, 1 / rho**2)


def instability(letters: JointLetters, encodings: Encodings, beta: float) -> float:
    """Largest factor by which a step parts the two halves of a cluster that was cut in two.

    For the cluster t it is beta times the second eigenvalue of the matrix
    sum_x p(x|t) p(y|x) p(y'|x) / p(y'|t): above 1 the cluster splits of itself, at alpha = 1.
    """
    p_x_given_t = encodings.encoder[0] * letters.p_x
    p_x_given_t[p_x_given_t < _NO_SHARE * p_x_given_t.sum(axis=1, keepdims=True)] = 0
    p_x_given_t /= p_x_given_t.sum(axis=1, keepdims=True)
    decoder = p_x_given_t @ letters.p_y_given_x
    inverse = np.divide(1.0, decoder, out=np.zeros_like(decoder), where=decoder > 0)
    # The trace, less the first eigenvalue 1, bounds the second one.
    bounds = np.einsum("ty,ty->t", p_x_given_t @ letters.p_y_given_x**2, inverse) - 1
    largest = 0.0
    for t in np.argsort(-bounds):
        if bounds[t] <= largest:
            break
        largest = max(largest, _second_eigenvalue(letters, p_x_given_t[t], decoder[t]))
    return beta * largest


def _second_eigenvalue(letters: JointLetters, p_x: _Floats, p_y: _Floats) -> float:
    """Return that of sum_x p(x) p(y|x) p(y'|x) / p(y'), for p(x) and p(y) within a cluster."""
    held, seen = p_x > 0, p_y > 0
    spread = np.sqrt(p_x[held])[:, None] * (letters.p_y_given_x[np.ix_(held, seen)] / p_y[seen] - 1)
    spread *= np.sqrt(p_y[seen])
    wide = spread.shape[0] < spread.shape[1]
    moments = spread @ spread.T if wide else spread.T @ spread
    return float(np.linalg.eigvalsh(moments)[-1])


def transitions(search: Search, betas: _Floats, path: list[Candidate]) -> _Floats:
    """Betas at which the number of clusters grows, between neighbours on a path that differ in it.

    Parameters
    ----------
    search : Search
        The joint distribution and alpha.
    betas : ndarray of shape (n_betas,)
        Increasing.
    path : list of Candidate
        Solution at each beta.

    Returns
    -------
    critical_betas : ndarray of shape (n_transitions,)
        Increasing; relatively exact to `RESOLUTION`. Transitions closer than that are one.
    """
    found: list[float] = []
    for low, high in pairwise(zip(betas.tolist(), path, strict=True)):
        if low[1].n_clusters < high[1].n_clusters:
            between = _entries if search.alpha == 1 else _jumps
            found += between(search, low, high)
    return np.array(found)


def _entries(search: Search, low: _At, high: _At) -> list[float]:
    """Betas at which a cluster enters, from one solution up to another, at alpha = 1.

    A cluster enters, with a probability that grows from 0, where `newcomers` finds a gain or a
    cluster is unstable. From there the larger solution is followed to the next such beta.
    """
    careful = replace(search, max_iter=min(search.max_iter, 2 * _MOST_STEPS))
    hasty = replace(search, max_iter=min(search.max_iter, _MOST_STEPS), tol=_HASTY_TOL)
    found: list[float] = []
    beta, now = low
    decoders = decoders_of(high[1].encodings)
    while now.n_clusters < high[1].n_clusters:
        entry, now = _next_entry(hasty, (beta, now), high[0], decoders)
        n_clusters, distance, is_above = now.n_clusters, RESOLUTION, True
        # Just above, a cluster that splits in two may be too close to its threshold to part.
        while is_above and now.n_clusters <= n_clusters:
            beta = entry * (1 + distance)
            if beta >= high[0]:
                return [*found, entry]
            kept = relaxed(hasty, now.encodings, beta)
            now = grown(careful, kept, beta, decoders, high[1].n_clusters, _LEAST_GAIN)
            is_above = now.n_clusters <= n_clusters and _excess(hasty, now, beta, decoders)[0] > 0
            distance *= 2
        if now.n_clusters > n_clusters:
            found.append(entry)
    return found


def _next_entry(
    search: Search, low: _At, high_beta: float, decoders: _Floats
) -> tuple[float, Candidate]:
    """Beta at which the first cluster enters a solution that is iterated along, or the last beta.

    The excess over the condition of entry is negative below it and positive above; its zero is
    enclosed by the method of Illinois, in ln beta. The solution just below is returned, too.
    """
    left, right = (
        (math.log(beta), *_excess(search, low[1], beta, decoders)) for beta in (low[0], high_beta)
    )
    if right[1] <= 0:
        return high_beta, right[2]
    if left[1] >= 0:
        return low[0], left[2]
    pull = [1.0, 1.0]
    while right[0] - left[0] > _ENCLOSED:
        a, b = pull[0] * left[1], pull[1] * right[1]
        middle = (left[0] * b - right[0] * a) / (b - a)
        middle = min(max(middle, left[0] + _ENCLOSED / 2), right[0] - _ENCLOSED / 2)
        point = (middle, *_excess(search, left[2], math.exp(middle), decoders))
        if point[1] < 0:
            left, pull = point, [1.0, pull[1] / 2]
        else:
            right, pull = point, [pull[0] / 2, 1.0]
    zero = (left[0] * right[1] - right[0] * left[1]) / (right[1] - left[1])
    return math.exp(zero), left[2]


def _excess(
    search: Search, start: Candidate, beta: float, decoders: _Floats
) -> tuple[float, Candidate]:
    """How far the best newcomer or the most unstable cluster is above its threshold."""
    kept = relaxed(search, start.encodings, beta)
    gains, _ = newcomers(search.letters, kept.encodings, beta, decoders)
    unstable = instability(search.letters, kept.encodings, beta) - 1
    return max(unstable, float(gains.max(initial=-math.inf))), kept


def _jumps(search: Search, low: _At, high: _At) -> list[float]:
    """Betas at which the functionals of two solutions cross, from one solution up to another.

    Each functional is concave in beta with the slope -I(T;Y), and the tangents of both ends
    tell where they cross. The interval is cut on one side of that beta and then on the other,
    until it is narrower than `RESOLUTION`.
    """
    found: list[float] = []
    intervals = [(low, high, 0)]
    while intervals:
        (low_beta, less), (high_beta, more), n_cuts = intervals.pop()
        if less.n_clusters >= more.n_clusters:
            continue
        expected = _crossing(search, (low_beta, less), (high_beta, more))
        if high_beta / low_beta - 1 < RESOLUTION:
            found.append(expected)
            continue
        cut = expected * (1 + (0.4 if n_cuts % 2 else -0.4) * RESOLUTION)
        if n_cuts % 4 > 1 or not low_beta < cut < high_beta:
            cut = math.sqrt(low_beta * high_beta)
        reached = [[relaxed(search, end.encodings, cut)] for end in (less, more)]
        between = (cut, enveloped(search, np.array([cut]), reached)[0])
        intervals.append(((low_beta, less), between, n_cuts + 1))
        intervals.append((between, (high_beta, more), n_cuts + 1))
    return sorted(found)


def _crossing(search: Search, low: _At, high: _At) -> float:
    """Beta at which the tangents of two functionals cross, if that is between the two."""
    less, more = (end[1].functional(0.0, search.alpha) for end in (low, high))
    gain = float(high[1].encodings.mi_y[0] - low[1].encodings.mi_y[0])
    expected = (more - less) / gain if gain > 0 else math.inf
    return expected if low[0] <= expected <= high[0] else math.sqrt(low[0] * high[0])
