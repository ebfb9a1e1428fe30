"""Whether another cluster would lower the bottleneck functional, and which."""

import numpy as np
from numpy.typing import NDArray

from ibtools.bottleneck._iteration import Encodings, logarithms, step
from ibtools.bottleneck._joint import JointLetters

_Floats = NDArray[np.float64]

# Steps uphill of each decoder that is tried; the most promising of them get cycles of three.
_N_STEPS = 8
_N_CYCLES = 15
_N_PROMISING = 8

# Decoders closer to that of a cluster, in total variation, are that cluster's.
_SAME = 1e-3

_NO_BEND = 1e-30

# Rise of ln L in a cycle at which the climb ends.
_STILL = 1e-10

# Share of the probability with which a cluster enters.
_ENTRY = 0.01


def log_weights(letters: JointLetters, encodings: Encodings, beta: float) -> _Floats:
    """Ln [p(x) / Z(x)] with Z(x) = sum_t p(t) exp(beta sum_y p(y|x) ln p(y|t)), of a single run.

    H(Y|x), the same for all clusters, is left out here and in `entry_gains`.
    """
    exponents = beta * (encodings.log_decoder[0] @ letters.p_y_given_x.T)
    exponents += encodings.log_marginal[0][:, None]
    largest = exponents.max(axis=0)
    weights: _Floats = (
        np.log(letters.p_x) - largest - np.log(np.exp(exponents - largest).sum(axis=0))
    )
    return weights


def entry_gains(
    letters: JointLetters, weights: _Floats, beta: float, decoders: _Floats
) -> tuple[_Floats, _Floats]:
    """Return ln L(r) of decoders r, and each after one step uphill.

    L(r) = sum_x p(x) exp(-beta D[p(y|x) || r]) / Z(x). A cluster that enters with decoder r and a
    small probability changes the functional by 1 - L(r) times that probability. Of the clusters
    of a minimum each has L = 1, and nowhere is L larger: as a function of the distribution of
    decoders, the functional - sum_x p(x) ln Z(x) is convex, so that this is not only necessary
    but sufficient, and no functional is lower by more than max L - 1, in nats. The step, the mean
    of p(y|x) under the terms of the sum, is one of expectation maximisation: L never falls.

    Parameters
    ----------
    letters : JointLetters
        The joint distribution.
    weights : ndarray of shape (n_letters,)
        ln [p(x) / Z(x)], from `log_weights`.
    beta : float
        Trade-off.
    decoders : ndarray of shape (n_decoders, n_y)
        r.

    Returns
    -------
    gains : ndarray of shape (n_decoders,)
        ln L(r), in nats.
    uphill : ndarray of shape (n_decoders, n_y)
        Decoders of a larger L.
    """
    _, logs = logarithms(letters, decoders[None])
    terms = beta * (logs[0] @ letters.p_y_given_x.T) + weights
    largest = terms.max(axis=1)
    shares = np.exp(terms - largest[:, None])
    sums = shares.sum(axis=1)
    return largest + np.log(sums), shares @ letters.p_y_given_x / sums[:, None]


def newcomers(
    letters: JointLetters, encodings: Encodings, beta: float, decoders: _Floats
) -> tuple[_Floats, _Floats]:
    """Climb from decoders to where a cluster would enter; those that end at a cluster are left out.

    Returns
    -------
    gains : ndarray of shape (n_newcomers,)
        ln L(r), in nats: positive if the cluster lowers the functional.
    newcomers : ndarray of shape (n_newcomers, n_y)
        Their decoders.
    """
    weights = log_weights(letters, encodings, beta)
    known = encodings.joint[0] / encodings.marginal[0][:, None]
    for _ in range(_N_STEPS):
        _, decoders = entry_gains(letters, weights, beta, decoders)
    decoders = decoders[_is_apart(decoders, known)]
    gains, _ = entry_gains(letters, weights, beta, decoders)
    promising = np.argsort(-gains, kind="stable")[:_N_PROMISING]
    gains, decoders = gains[promising], decoders[promising]
    for _ in range(_N_CYCLES):
        before, (gains, decoders) = gains, _climbed(letters, weights, beta, decoders)
        if np.max(gains - before, initial=0) <= _STILL:
            break
    apart = _is_apart(decoders, known)
    return gains[apart], decoders[apart]


def _climbed(
    letters: JointLetters, weights: _Floats, beta: float, decoders: _Floats
) -> tuple[_Floats, _Floats]:
    """Two steps uphill, and one from where they extrapolate to if that is higher (SQUAREM).

    Gains on the way, and the decoders at the end.
    """
    _, first = entry_gains(letters, weights, beta, decoders)
    least, second = entry_gains(letters, weights, beta, first)
    change = first - decoders
    curvature = second - first - change
    bend = np.maximum(np.sum(curvature**2, axis=1), _NO_BEND)
    length = np.maximum(np.sqrt(np.sum(change**2, axis=1) / bend), 1.0)[:, None]
    far = decoders + 2 * length * change + length**2 * curvature
    far = np.where((far > 0).all(axis=1, keepdims=True), far, second)
    reached, third = entry_gains(letters, weights, beta, far)
    higher = reached >= least
    return np.maximum(reached, least), np.where(higher[:, None], third, second)


def _is_apart(decoders: _Floats, known: _Floats) -> NDArray[np.bool_]:
    """Whether a decoder is none of the known ones."""
    distances = np.abs(decoders[:, None] - known).sum(axis=2).min(axis=1) / 2
    apart: NDArray[np.bool_] = distances > _SAME
    return apart


def entered(
    letters: JointLetters, encodings: Encodings, beta: float, decoder: _Floats
) -> Encodings:
    """Encoder after a step with another cluster, whose decoder is given."""
    _, log_decoder = logarithms(letters, decoder[None, None])
    log_marginal = np.append(encodings.log_marginal[0] + np.log1p(-_ENTRY), np.log(_ENTRY))
    logs = np.concatenate([encodings.log_decoder[0], log_decoder[0]])
    return step(letters, log_marginal[None], logs[None], np.array([beta]), 1.0)
