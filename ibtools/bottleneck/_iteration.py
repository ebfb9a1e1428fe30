"""The Blahut-Arimoto map, many runs at once, and its acceleration.

A run is one (beta, start); arrays carry runs along their first axis and clusters before letters,
so that both sums of the map are one matrix product over all runs.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from ibtools.bottleneck._joint import JointLetters

_Floats = NDArray[np.float64]

# exp of less leaves the fast path of the processor, and contributes nothing.
_MIN_EXPONENT = -700.0
_TINY = 1e-300

# A cluster of less has too few digits for a decoder.
_EMPTY = 1e-280

LONGEST_STEP = 1e6
_LEAST_CELL = 1e-100


@dataclass(frozen=True)
class Encodings:
    """Encoders of several runs and what the map needs of them; information in nats.

    Attributes
    ----------
    encoder : ndarray of shape (n_runs, n_clusters, n_letters)
        p(t|x), clusters first.

    joint : ndarray of shape (n_runs, n_clusters, n_y)
        p(t,y).

    log_marginal : ndarray of shape (n_runs, n_clusters)
        ln p(t).

    log_decoder : ndarray of shape (n_runs, n_clusters, n_y)
        ln p(y|t).

    entropy, noise, mi_y : ndarray of shape (n_runs,)
        H(T), H(T|X) and I(T;Y).
    """

    encoder: _Floats
    joint: _Floats
    log_marginal: _Floats
    log_decoder: _Floats
    entropy: _Floats
    noise: _Floats
    mi_y: _Floats

    def __getitem__(self, runs: slice | NDArray[np.generic]) -> "Encodings":
        """Encodings of some of the runs."""
        return Encodings(*(getattr(self, field.name)[runs] for field in fields(self)))

    @property
    def mi_x(self) -> _Floats:
        """I(X;T) = H(T) - H(T|X)."""
        return self.entropy - self.noise

    @property
    def marginal(self) -> _Floats:
        """p(t), shape (n_runs, n_clusters)."""
        return self.joint.sum(axis=2)

    def functional(self, betas: _Floats, alpha: float) -> _Floats:
        """H(T) - alpha H(T|X) - beta I(T;Y), shape (n_runs,)."""
        return self.entropy - alpha * self.noise - betas * self.mi_y


@dataclass(frozen=True)
class Descent:
    """Runs that were iterated.

    Attributes
    ----------
    encodings : Encodings
        The last encoders.

    n_iter : ndarray of int of shape (n_runs,)
        Evaluations of the map.

    converged : ndarray of bool of shape (n_runs,)
        Whether the decoders changed by less than the tolerance.

    history : list of ndarray of shape (n_runs,)
        The functional at the start and after each accepted evaluation.
    """

    encodings: Encodings
    n_iter: NDArray[np.int64]
    converged: NDArray[np.bool_]
    history: list[_Floats]


def encodings_of(letters: JointLetters, encoder: _Floats) -> Encodings:
    """Marginals, decoders and informations of encoders of shape (n_runs, n_clusters, n_letters)."""
    noise = -(xlogy(encoder, encoder).sum(axis=1) @ letters.p_x)
    return _encodings(letters, encoder, noise)


def _encodings(letters: JointLetters, encoder: _Floats, noise: _Floats) -> Encodings:
    """p(t,y) = sum_x p(t|x) p(x,y), its logarithms, and the informations."""
    joint = encoder @ letters.joint
    log_marginal, log_decoder = logarithms(letters, joint)
    if encoder.shape[1] == 1:  # one cluster tells nothing, exactly
        nothing = np.zeros(len(encoder))
        return Encodings(encoder, joint, log_marginal, log_decoder, nothing, nothing, nothing)
    entropy = -np.einsum("rt,rt->r", joint.sum(axis=2), log_marginal)
    mi_y = np.einsum("rty,rty->r", joint, log_decoder - np.log(letters.p_y))
    return Encodings(encoder, joint, log_marginal, log_decoder, entropy, noise, mi_y)


def logarithms(letters: JointLetters, joint: _Floats) -> tuple[_Floats, _Floats]:
    """Return ln p(t) and ln p(y|t), floored where they are 0; an empty cluster decodes to p(y)."""
    marginal = joint.sum(axis=2)
    log_marginal = np.log(np.maximum(marginal, _TINY))
    log_decoder = np.log(np.maximum(joint, _TINY)) - log_marginal[:, :, None]
    empty = marginal < _EMPTY
    if empty.any():
        log_decoder[empty] = np.log(letters.p_y)
    return log_marginal, log_decoder


def step(
    letters: JointLetters,
    log_marginal: _Floats,
    log_decoder: _Floats,
    betas: _Floats,
    alpha: float,
) -> Encodings:
    """One Blahut-Arimoto step from marginals and decoders.

    p(t|x) is proportional to exp([ln p(t) - beta D(p(y|x) || p(y|t))] / alpha): the equation of
    Tishby, Pereira and Bialek (1999) at alpha = 1; at alpha = 0 all of it stands on the largest
    exponent (Strouse and Schwab, 2017). H(Y|x), the same for all t, cancels.
    """
    logits = log_decoder @ letters.p_y_given_x.T
    logits *= betas[:, None, None]
    logits += log_marginal[:, :, None]
    if alpha == 0:
        hard = np.zeros_like(logits)
        np.put_along_axis(hard, logits.argmax(axis=1)[:, None], 1.0, axis=1)
        return _encodings(letters, hard, np.zeros(len(hard)))
    logits -= logits.max(axis=1, keepdims=True)
    logits /= alpha
    np.maximum(logits, _MIN_EXPONENT, out=logits)
    encoder = np.exp(logits)
    partition = encoder.sum(axis=1)
    encoder /= partition[:, None]
    logits *= encoder
    noise = (np.log(partition) - logits.sum(axis=1)) @ letters.p_x
    return _encodings(letters, encoder, noise)


def descend(
    letters: JointLetters,
    start: Encodings,
    betas: _Floats,
    alpha: float,
    *,
    max_iter: int,
    tol: float,
    keep_history: bool = False,
) -> Descent:
    """Iterate the map, extrapolating as SQUAREM does, until the decoders stand still.

    Every three evaluations are a cycle: two steps of the map, and one from the point to which
    their change and its change extrapolate (Varadhan and Roland, 2008). That point is
    accepted only if the functional of its encoder is not above that of the second step: the
    functional never increases.

    Parameters
    ----------
    letters : JointLetters
        The joint distribution.
    start : Encodings
        One start per run.
    betas : ndarray of shape (n_runs,)
        Beta of each run.
    alpha : float
        Weight of H(T|X).
    max_iter : int
        Largest number of evaluations of a run.
    tol : float
        Largest change of any p(y|t) and, relatively, of any p(t), in one step.
    keep_history : bool, default=False
        Whether the functional of each step is kept.

    Returns
    -------
    Descent
        The last encoders.
    """
    now = start
    n_iter = np.zeros(len(betas), dtype=np.int64)
    converged = np.zeros(len(betas), dtype=np.bool_)
    history = [now.functional(betas, alpha)] if keep_history else []
    reach = np.full(len(betas), LONGEST_STEP)
    active = np.arange(len(betas))
    while len(active):
        runs = now if len(active) == len(betas) else now[active]
        cycle, moved, reach[active] = _cycle(letters, runs, betas[active], alpha, reach[active])
        n_iter[active] += len(cycle)
        converged[active] = moved <= tol
        if keep_history:
            history += [point.functional(betas, alpha) for point in cycle]
        now = cycle[-1] if len(active) == len(betas) else _put(now, active, cycle[-1])
        active = active[(moved > tol) & (n_iter[active] + 3 <= max_iter)]
    return Descent(now, n_iter, converged, history)


def _cycle(
    letters: JointLetters, start: Encodings, betas: _Floats, alpha: float, reach: _Floats
) -> tuple[list[Encodings], _Floats, _Floats]:
    """Two steps and an extrapolated one, how far the first moved the decoders, and the reach.

    The reach of the extrapolation after a rejected one is a fifth of that.
    """
    first = step(letters, start.log_marginal, start.log_decoder, betas, alpha)
    moved = movement(start, first)
    second = step(letters, first.log_marginal, first.log_decoder, betas, alpha)
    if alpha == 0:
        return [first, second], moved, reach
    far, length = extrapolated(start.joint, first.joint, second.joint, reach)
    third = step(letters, *logarithms(letters, far), betas, alpha)
    worse = ~(third.functional(betas, alpha) <= second.functional(betas, alpha))
    if worse.any():
        third = _put(third, np.flatnonzero(worse), second[worse])
    return [first, second, third], moved, np.where(worse, np.maximum(length / 5, 1), LONGEST_STEP)


def movement(before: Encodings, after: Encodings) -> _Floats:
    """Largest change of p(t,y), relative to p(t), shape (n_runs,)."""
    change = np.abs(after.joint - before.joint).sum(axis=2)
    return (change / np.maximum(after.marginal, 1e-9)).max(axis=1)


def extrapolated(
    start: _Floats, first: _Floats, second: _Floats, reach: _Floats
) -> tuple[_Floats, _Floats]:
    """Extrapolate p(t,y) to a + 2 s r + s^2 v, with r = b - a and v = c - 2 b + a.

    The step is s = -rv / vv where the change slows down and ``|r| / |v|`` where it gathers speed,
    as it does on the way from a saddle, and 1 at least. Products are sums over the cells weighted
    by 1 / c, the metric in which the map is symmetric at its fixed point. The sums over t stay
    p(y); a cell that would become negative takes a tenth of its last value. Returns the point and
    the step, which `reach` limits.
    """
    change = first - start
    curvature = second - first - change
    weights = 1 / np.maximum(second, _LEAST_CELL)
    speed = np.einsum("rty,rty,rty->r", weights, change, change)
    slowing = -np.einsum("rty,rty,rty->r", weights, change, curvature)
    bend = np.einsum("rty,rty,rty->r", weights, curvature, curvature)
    s = np.where(slowing > 0, slowing, np.sqrt(speed) * np.sqrt(bend)) / np.maximum(bend, _TINY)
    s = np.clip(s, 1.0, reach)
    stretch = s[:, None, None]
    far = start + 2 * stretch * change + stretch**2 * curvature
    return np.where(far > 0, far, 0.1 * second), s


def _put(encodings: Encodings, runs: NDArray[np.generic], values: Encodings) -> Encodings:
    """Copy of the encodings with some of its runs replaced."""
    changed = {}
    for field in fields(encodings):
        array = getattr(encodings, field.name).copy()
        array[runs] = getattr(values, field.name)
        changed[field.name] = array
    return replace(encodings, **changed)
