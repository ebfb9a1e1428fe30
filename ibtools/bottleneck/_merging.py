"""Clusters that the functional does not need: merged where that lowers it, dropped where empty."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from ibtools.bottleneck._iteration import Encodings, encodings_of
from ibtools.bottleneck._joint import JointLetters

_Floats = NDArray[np.float64]

# Probability below which a cluster is empty.
_EMPTY = 1e-13

# Rounding errors of the change of the functional, in nats, per unit of beta.
_ROUNDING = 1e-13

_TILE_VALUES = 2**20


def compacted(
    letters: JointLetters,
    encodings: Encodings,
    beta: float,
    alpha: float,
    *,
    curvature: float = 0.0,
    only_equal: bool = False,
) -> tuple[Encodings, bool]:
    """Drop the empty clusters of one run, and merge clusters if that does not raise the functional.

    Clusters that are equal are merged all at once. Of pairs whose merger lowers the functional
    only the best is merged: once the encoder has relaxed, the others may no longer gain, and
    merging them together was seen to miss the optimum by a percent of the functional.

    Parameters
    ----------
    letters : JointLetters
        The joint distribution.
    encodings : Encodings
        A single run.
    beta : float
        Trade-off.
    alpha : float
        Weight of H(T|X).
    curvature : float, default=0.0
        What the square of a loss of H(T) - alpha H(T|X) costs.
    only_equal : bool, default=False
        Merge equal clusters only: on the way to a solution just above a critical beta, clusters
        that will differ may for a while be better merged.

    Returns
    -------
    encodings : Encodings
        The run with the clusters that are left.
    merged : bool
        Whether clusters were merged.
    """
    encoder = encodings.encoder[0]
    occupied = encodings.marginal[0] > _EMPTY
    if not occupied.all():
        encoder = encoder[occupied] / encoder[occupied].sum(axis=0)
    pairs = _pairs_to_merge(letters, encoder, beta, alpha, curvature, only_equal)
    if len(pairs):
        encoder = _merged(encoder, pairs)
    if len(encoder) == encodings.encoder.shape[1]:
        return encodings, False
    return encodings_of(letters, encoder[None]), len(pairs) > 0


def merge_changes(
    letters: JointLetters, encoder: _Floats, beta: float, alpha: float
) -> tuple[NDArray[np.int64], _Floats, _Floats]:
    """Change of the functional when two clusters become one, where it may be negative.

    Merging t and u with p(v) = p(t) + p(u) lowers H(T), H(T|X) and I(T;Y), each by
    sum f(p_t) + f(p_u) - f(p_t + p_u) with f(p) = -p ln p: over the marginals for H(T), over
    p(x) p(t|x) for H(T|X), and less the sum over p(t,y) for I(T;Y). The sum over letters is the
    costly one: pairs for which a lower bound of it shows that the functional would grow are left
    out.

    Parameters
    ----------
    letters : JointLetters
        The joint distribution.
    encoder : ndarray of shape (n_clusters, n_letters)
        p(t|x).
    beta : float
        Trade-off.
    alpha : float
        Weight of H(T|X).

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2)
        The pairs.
    losses : ndarray of shape (n_pairs,)
        The loss of H(T) - alpha H(T|X) in nats.
    changes : ndarray of shape (n_pairs,)
        The change of H(T) - alpha H(T|X) - beta I(T;Y) in nats.
    """
    joint = encoder @ letters.joint
    marginal = joint.sum(axis=1)
    first, second = np.triu_indices(len(encoder), 1)
    entropy = (
        entr(marginal[first]) + entr(marginal[second]) - entr(marginal[first] + marginal[second])
    )
    mi_y = entropy - _loss(entr(joint), joint, first, second, np.ones(joint.shape[1]))
    least = beta * mi_y - entropy + alpha * _least_noise(letters, encoder)[first, second]
    near = least <= _ROUNDING * (1 + beta)
    first, second, entropy, mi_y = first[near], second[near], entropy[near], mi_y[near]
    noise = _loss(entr(encoder), encoder, first, second, letters.p_x)
    losses = entropy - alpha * noise
    return np.column_stack([first, second]), losses, beta * mi_y - losses


def _least_noise(letters: JointLetters, encoder: _Floats) -> _Floats:
    """Lower bound of the loss of H(T|X), f(a) + f(b) - f(a + b) >= 4 ln 2 ab / (a + b), all pairs.

    The sum a + b is at most its largest value over the letters, which leaves a matrix product.
    """
    largest = encoder.max(axis=1)
    products = (encoder * letters.p_x) @ encoder.T
    return 4 * math.log(2) * products / (largest[:, None] + largest)


def _loss(
    terms: _Floats,
    values: _Floats,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    weights: _Floats,
) -> _Floats:
    """sum_i w_i [f(a_i) + f(b_i) - f(a_i + b_i)] for pairs of rows a, b, with f(p) = -p ln p."""
    apart = terms @ weights
    together = np.empty(len(first))
    size = max(1, _TILE_VALUES // values.shape[1])
    for start in range(0, len(first), size):
        rows = slice(start, start + size)
        together[rows] = entr(values[first[rows]] + values[second[rows]]) @ weights
    return apart[first] + apart[second] - together


def _pairs_to_merge(
    letters: JointLetters,
    encoder: _Floats,
    beta: float,
    alpha: float,
    curvature: float,
    only_equal: bool,
) -> NDArray[np.int64]:
    """Pairs of equal clusters, and the best other pair that lowers the functional, disjoint."""
    pairs, losses, changes = merge_changes(letters, encoder, beta, alpha)
    changes = changes + curvature * losses**2
    rounding = _ROUNDING * (1 + beta)
    chosen: list[tuple[int, int]] = []
    taken: set[int] = set()
    has_lowered = only_equal
    for k in np.argsort(changes, kind="stable"):
        lowers = changes[k] < -rounding
        t, u = pairs[k].tolist()
        if changes[k] > rounding:
            break
        if (lowers and has_lowered) or t in taken or u in taken:
            continue
        has_lowered |= lowers
        taken |= {t, u}
        chosen.append((t, u))
    return np.array(chosen, dtype=np.int64).reshape(-1, 2)


def _merged(encoder: _Floats, pairs: NDArray[np.int64]) -> _Floats:
    """Add the second cluster of each pair to the first."""
    merged = encoder.copy()
    merged[pairs[:, 0]] += merged[pairs[:, 1]]
    return np.delete(merged, pairs[:, 1], axis=0)
