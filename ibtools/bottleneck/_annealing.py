"""Search for the least functional at every beta: annealing, restarts, and their envelope."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ibtools.bottleneck._entry import entered, newcomers
from ibtools.bottleneck._iteration import Encodings, descend, encodings_of, step
from ibtools.bottleneck._joint import JointLetters
from ibtools.bottleneck._merging import compacted

_Floats = NDArray[np.float64]

# Evaluations before clusters are compared for the first time; the interval doubles from there.
_FIRST_CHECK = 30
_LONGEST_CHECK = 300

# Evaluations that a random start gets before the best of a beta is iterated to the end.
_TRIAL = 60

# Least ln L, per unit of beta, with which a cluster enters: I(T;Y) falls short by no more nats.
_LEAST_GAIN = 1e-6

# Functionals that differ by less, per unit of beta, differ by their rounding errors.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Search:
    """What every search at every beta shares.

    Attributes
    ----------
    letters : JointLetters
        The joint distribution.

    alpha : float
        Weight of H(T|X).

    max_iter : int
        Largest number of evaluations of the map at one beta.

    tol : float
        Largest change of the decoders that counts as none.
    """

    letters: JointLetters
    alpha: float
    max_iter: int
    tol: float


@dataclass(frozen=True)
class Candidate:
    """A solution at one beta.

    Attributes
    ----------
    encodings : Encodings
        Its encoder, a single run.

    n_iter : int
        Evaluations of the map.

    converged : bool
        Whether the decoders stood still.
    """

    encodings: Encodings
    n_iter: int
    converged: bool

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return self.encodings.encoder.shape[1]

    def functional(self, beta: float, alpha: float) -> float:
        """H(T) - alpha H(T|X) - beta I(T;Y), in nats."""
        return float(self.encodings.functional(np.array([beta]), alpha)[0])


def trivial(letters: JointLetters) -> Candidate:
    """One cluster: no information, and a functional of 0."""
    return Candidate(encodings_of(letters, np.ones((1, 1, len(letters.p_x)))), 0, True)


def finest(letters: JointLetters, n_clusters: int) -> Encodings:
    """Every letter a cluster of its own or, where there are fewer clusters, the nearest ones one.

    Centres are chosen one by one, each the letter that costs the most under the centres so far,
    p(x) D(p(y|x) || p(y|centre)); every letter then joins the nearest.
    """
    n_letters = len(letters.p_x)
    if n_clusters >= n_letters:
        return encodings_of(letters, np.eye(n_letters)[None])
    softened = np.log(0.9 * letters.p_y_given_x + 0.1 * letters.p_y)
    own = np.einsum("xy,xy->x", letters.p_y_given_x, softened)
    divergences = np.empty((n_clusters, n_letters))
    centre = int(np.argmin(own - softened @ letters.p_y))
    for k in range(n_clusters):
        divergences[k] = own - letters.p_y_given_x @ softened[centre]
        divergences[k, centre] = -1.0  # a centre stays in its own cluster
        centre = int(np.argmax(letters.p_x * np.maximum(divergences[: k + 1].min(axis=0), 0)))
    nearest = divergences.argmin(axis=0)
    return encodings_of(letters, (np.arange(n_clusters)[:, None] == nearest).astype(float)[None])


def relaxed(search: Search, start: Encodings, beta: float) -> Candidate:
    """Iterate one run at one beta, merging clusters on the way, until neither changes anything."""
    encodings, n_iter, converged, interval = start, 0, False, _FIRST_CHECK
    while n_iter < search.max_iter:
        descent = descend(
            search.letters,
            encodings,
            np.array([beta]),
            search.alpha,
            max_iter=min(interval, search.max_iter - n_iter),
            tol=search.tol,
        )
        n_iter += int(descent.n_iter[0])
        converged = bool(descent.converged[0])
        encodings, merged = compacted(
            search.letters, descent.encodings, beta, search.alpha, only_equal=not converged
        )
        if converged and not merged:
            break
        interval = min(2 * interval, _LONGEST_CHECK)
    return Candidate(encodings, n_iter, converged)


def annealed(
    search: Search,
    betas: _Floats,
    n_clusters: int,
    progress: Callable[[float], None] | None = None,
) -> list[Candidate]:
    """Reverse annealing: from many clusters at the largest beta down, each start the last end."""
    encodings = finest(search.letters, n_clusters)
    candidates = []
    for beta in betas[::-1]:
        candidates.append(relaxed(search, encodings, beta))
        encodings = candidates[-1].encodings
        if progress is not None:
            progress(float(beta))
    return candidates[::-1]


def restarted(
    search: Search,
    betas: _Floats,
    n_clusters: int,
    n_init: int,
    random_state: np.random.RandomState,
) -> list[Candidate]:
    """Random starts at all betas at once; the best of each beta is iterated to the end.

    The decoders of a start are those of random letters, drawn towards p(y) by a tenth.
    """
    letters = search.letters
    picks = np.array(
        [
            random_state.choice(len(letters.p_x), n_clusters, replace=False)
            for _ in range(n_init * len(betas))
        ]
    )
    log_decoder = np.log(0.9 * letters.p_y_given_x[picks] + 0.1 * letters.p_y)
    log_marginal = np.full(picks.shape, -np.log(n_clusters))
    runs = np.repeat(betas, n_init)
    start = step(letters, log_marginal, log_decoder, runs, search.alpha)
    trial = descend(letters, start, runs, search.alpha, max_iter=_TRIAL, tol=search.tol)
    functional = trial.encodings.functional(runs, search.alpha).reshape(len(betas), n_init)
    best = functional.argmin(axis=1) + n_init * np.arange(len(betas))
    return [
        relaxed(search, trial.encodings[k : k + 1], beta)
        for k, beta in zip(best, betas, strict=True)
    ]


def enveloped(search: Search, betas: _Floats, candidates: list[list[Candidate]]) -> list[Candidate]:
    """Per beta the least functional over the solutions of all betas, and the trivial one.

    Where the solution of another beta is better, it is iterated at this beta and takes its place.
    In the end no solution is better than another at the other's beta, which makes the curve
    monotone and concave.
    """
    best = [
        min(own, key=lambda candidate: candidate.functional(beta, search.alpha))
        for own, beta in zip(zip(*candidates, strict=True), betas, strict=True)
    ]
    for _ in range(len(betas)):
        better = _borrowed(search, betas, best)
        if not better:
            break
        for k, candidate in better.items():
            best[k] = candidate
    none = trivial(search.letters)
    return [
        candidate if candidate.functional(beta, search.alpha) < -ROUNDING * (1 + beta) else none
        for candidate, beta in zip(best, betas, strict=True)
    ]


def completed(
    search: Search, betas: _Floats, path: list[Candidate], n_clusters: int
) -> list[Candidate]:
    """Let clusters enter where that lowers the functional, tried with those of the next beta.

    Only at alpha = 1 has a cluster that enters a first-order effect.
    """
    path = list(path)
    decoders = decoders_of(finest(search.letters, n_clusters))
    for k in range(len(path) - 1, -1, -1):
        beta = float(betas[k])
        if path[k].converged:
            path[k] = grown(search, path[k], beta, decoders, n_clusters, _LEAST_GAIN * beta)
        decoders = decoders_of(path[k].encodings)
    return path


def grown(
    search: Search,
    candidate: Candidate,
    beta: float,
    decoders: _Floats,
    n_clusters: int,
    least_gain: float,
) -> Candidate:
    """Let the best cluster enter and iterate, as long as one lowers the functional."""
    while candidate.n_clusters < n_clusters:
        gains, found = newcomers(search.letters, candidate.encodings, beta, decoders)
        if not len(gains) or gains.max() <= least_gain:
            break
        start = entered(search.letters, candidate.encodings, beta, found[gains.argmax()])
        larger = relaxed(search, start, beta)
        gain = candidate.functional(beta, 1.0) - larger.functional(beta, 1.0)
        if gain <= ROUNDING * (1 + beta):
            break
        candidate = larger
    return candidate


def decoders_of(encodings: Encodings) -> _Floats:
    """p(y|t) of a single run, shape (n_clusters, n_y)."""
    decoders: _Floats = encodings.joint[0] / encodings.marginal[0][:, None]
    return decoders


def _borrowed(search: Search, betas: _Floats, best: list[Candidate]) -> dict[int, Candidate]:
    """Solutions that start from another beta's where that is better than the own one."""
    costs = np.array([candidate.functional(0.0, search.alpha) for candidate in best])
    gains = np.array([candidate.encodings.mi_y[0] for candidate in best])
    functional = costs - betas[:, None] * gains
    own = np.diagonal(functional)
    others = functional.argmin(axis=1)
    is_better = functional.min(axis=1) < own - ROUNDING * (1 + betas)
    return {
        int(k): relaxed(search, best[others[k]].encodings, float(betas[k]))
        for k in np.flatnonzero(is_better)
    }
