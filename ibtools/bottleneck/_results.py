"""What a bottleneck computation returns."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ibtools.bottleneck._annealing import Candidate, Search
from ibtools.bottleneck._critical import transitions
from ibtools.bottleneck._iteration import Encodings, encodings_of
from ibtools.bottleneck._joint import JointLetters, joint_letters
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

# Probability below which a cluster is empty.
_EMPTY = 1e-13


@dataclass(frozen=True)
class Bottleneck:
    """Solution of the information bottleneck at one beta.

    Attributes
    ----------
    beta : float
        Trade-off between compression and relevance, without unit (in units of `base` for the
        squared functional).

    encoder : ndarray of shape (n_x, n_clusters)
        p(t|x); the rows sum to 1, a symbol of no probability has the row of the marginal.

    decoder : ndarray of shape (n_clusters, n_y)
        p(y|t).

    marginal : ndarray of shape (n_clusters,)
        p(t), positive.

    mi_x, mi_y : float
        I(X;T) and I(T;Y).

    entropy : float
        H(T).

    objective : float
        Value of the functional at the solution.

    objective_history : ndarray of shape (n_iter + 1,)
        Its value at the start and after each iteration; it never increases.

    n_iter : int
        Number of iterations.

    converged : bool
        Whether the tolerance was reached.

    base : float
        Base of the logarithm: all information is in its unit.

    Examples
    --------
    >>> from ibtools.bottleneck import blahut_arimoto
    >>> solution = blahut_arimoto([[0.5, 0.0], [0.0, 0.5]], beta=10.0)
    >>> round(solution.mi_x, 6), round(solution.mi_y, 6), solution.marginal
    (1.0, 1.0, array([0.5, 0.5]))
    """

    beta: float
    encoder: _Floats
    decoder: _Floats
    marginal: _Floats
    mi_x: float
    mi_y: float
    entropy: float
    objective: float
    objective_history: _Floats
    n_iter: int
    converged: bool
    base: float


@dataclass(frozen=True)
class BottleneckPath:
    """Solutions of the information bottleneck along increasing betas.

    Index it for the solution at one beta: ``path[-1]`` is that of the largest.

    Attributes
    ----------
    betas : ndarray of shape (n_betas,)
        Increasing.

    mi_x, mi_y, entropy : ndarray of shape (n_betas,)
        I(X;T), I(T;Y) and H(T): the curve.

    objective : ndarray of shape (n_betas,)
        Least value of the functional that was found at each beta.

    n_clusters : ndarray of int of shape (n_betas,)
        Effective number of clusters: of distinct p(y|t) with positive p(t).

    solutions : tuple of Bottleneck
        One per beta, their encoders over letters: symbols with equal p(y|x) are one letter.

    letters : ndarray of int of shape (n_x,)
        Letter of each symbol, -1 for a symbol of no probability.

    p_xy : ndarray of shape (n_x, n_y)
        The joint distribution, as it was given.

    mi_xy : float
        I(X;Y), which no I(T;Y) exceeds.

    converged : ndarray of bool of shape (n_betas,)
        Whether the tolerance was reached.

    n_iter : ndarray of int of shape (n_betas,)
        Number of iterations.

    alpha : float
        Weight of H(T|X) in the functional: 1 for the information bottleneck.

    squared : bool
        Whether the functional is the squared one.

    max_iter : int
        Largest number of iterations that a beta was allowed.

    tol : float
        Change of the decoders at which the iterations stopped.

    base : float
        Base of the logarithm: all information is in its unit.

    critical_betas : ndarray of shape (n_transitions,)
        Betas at which the effective number of clusters grows, increasing. They are searched for
        when they are first asked for, which may take longer than the path itself.

    Examples
    --------
    >>> from ibtools.bottleneck import bottleneck_path
    >>> path = bottleneck_path([[0.4, 0.1], [0.1, 0.4]], betas=[1.0, 100.0])
    >>> path.n_clusters, path.critical_betas.round(3)  # 1 / correlation^2 = 1 / 0.36
    (array([1, 2]), array([2.778]))
    """

    betas: _Floats
    mi_x: _Floats
    mi_y: _Floats
    entropy: _Floats
    objective: _Floats
    n_clusters: NDArray[np.int64]
    solutions: tuple[Bottleneck, ...]
    letters: NDArray[np.int64]
    p_xy: _Floats
    mi_xy: float
    converged: NDArray[np.bool_]
    n_iter: NDArray[np.int64]
    alpha: float
    squared: bool
    max_iter: int
    tol: float
    base: float

    def __len__(self) -> int:
        return len(self.betas)

    def __getitem__(self, k: int) -> Bottleneck:
        """Solution at the k-th beta, its encoder expanded to all symbols."""
        solution = self.solutions[k]
        encoder = np.vstack([solution.encoder, solution.marginal])[self.letters]
        return replace(solution, encoder=encoder)

    @cached_property
    def critical_betas(self) -> _Floats:
        """Betas at which the effective number of clusters grows."""
        if self.squared:
            return np.empty(0)
        letters = joint_letters(self.p_xy)
        search = Search(letters, self.alpha, self.max_iter, self.tol)
        candidates = [
            Candidate(
                encodings_of(letters, np.ascontiguousarray(solution.encoder.T)[None]),
                solution.n_iter,
                solution.converged,
            )
            for solution in self.solutions
        ]
        return transitions(search, self.betas, candidates)


def bottleneck_of(
    letters: JointLetters,
    encodings: Encodings,
    *,
    beta: float,
    history: _Floats,
    n_iter: int,
    converged: bool,
    power: int,
    base: float,
) -> Bottleneck:
    """Solution over letters from a single run; `history` in nats to the given power."""
    log_base = log_of_base(base)
    occupied = encodings.marginal[0] > _EMPTY
    encoder = encodings.encoder[0][occupied].T
    joint = encodings.joint[0][occupied]
    marginal = joint.sum(axis=1)
    history = history / log_base**power
    return Bottleneck(
        beta=float(beta),
        encoder=encoder / encoder.sum(axis=1, keepdims=True),
        decoder=letters.over_classes(joint / marginal[:, None]),
        marginal=marginal / marginal.sum(),
        mi_x=float(encodings.mi_x[0]) / log_base,
        mi_y=float(encodings.mi_y[0]) / log_base,
        entropy=float(encodings.entropy[0]) / log_base,
        objective=float(history[-1]),
        objective_history=history,
        n_iter=n_iter,
        converged=converged,
        base=float(base),
    )


def over_symbols(letters: JointLetters, solution: Bottleneck) -> Bottleneck:
    """Expand a solution's encoder from letters to symbols; those of no probability get p(t)."""
    return replace(solution, encoder=letters.over_symbols(solution.encoder, solution.marginal))
