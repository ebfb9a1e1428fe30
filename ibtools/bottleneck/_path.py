"""The curve of the information bottleneck: the least functional at every beta."""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from ibtools.bottleneck._annealing import (
    Candidate,
    Search,
    annealed,
    completed,
    enveloped,
    restarted,
)
from ibtools.bottleneck._critical import instability
from ibtools.bottleneck._grid import grid_of_betas, grid_of_squared_betas
from ibtools.bottleneck._joint import joint_letters
from ibtools.bottleneck._results import BottleneckPath, bottleneck_of
from ibtools.bottleneck._squared import squared_functional
from ibtools.bottleneck._squared_path import squared_path
from ibtools.bottleneck._validation import check_betas, check_count, check_options
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

# Letters beyond this number start as that many clusters unless told otherwise.
_MOST_CLUSTERS = 128


def bottleneck_path(
    p_xy: ArrayLike,
    betas: ArrayLike | None = None,
    *,
    n_clusters: int | None = None,
    alpha: float = 1.0,
    squared: bool = False,
    n_init: int = 0,
    max_iter: int = 5000,
    tol: float = 1e-7,
    base: float = 2.0,
    random_state: int | np.random.RandomState | None = None,
    progress: Callable[[float], None] | None = None,
) -> BottleneckPath:
    """Least value of the bottleneck functional at many betas: the curve of I(T;Y) over I(X;T).

    At each beta the representation T of x minimises I(X;T) - beta I(T;Y) [1]_ or, for any
    `alpha`, H(T) - alpha H(T|X) - beta I(T;Y) [2]_.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, x along the rows; they sum to 1.
    betas : array-like of shape (n_betas,), default=None
        Trade-offs, positive, in any order; they are sorted and repeated ones dropped. Without
        unit, but in the unit of `base` if `squared`. None takes 50 in a geometric row, from
        below the first critical one to where I(T;Y) is within a thousandth of I(X;Y).
    n_clusters : int, default=None
        Largest number of clusters. None takes as many as there are distinct p(y|x), 128 at most.
    alpha : float, default=1.0
        Weight of H(T|X): 1 for the information bottleneck, 0 for the deterministic one.
    squared : bool, default=False
        Minimise I(X;T)^2 - beta I(T;Y) of [3]_ instead, which finds every point of the curve
        where the curve is straight, as it is for deterministic labels.
    n_init : int, default=0
        Number of random starts per beta, on top of the reverse annealing.
    max_iter : int, default=5000
        Largest number of evaluations of the map at each beta.
    tol : float, default=1e-7
        Largest change of any p(y|t), and of any p(t) relative to itself, in one step.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.
    random_state : int, RandomState instance or None, default=None
        Source of the random starts; without effect if `n_init` is 0.
    progress : callable, default=None
        Called with each beta, from the largest down, when its solution has been found first.

    Returns
    -------
    BottleneckPath
        The curve, its critical betas, and a solution per beta.

    Raises
    ------
    ValueError
        If `p_xy` is not a joint distribution or an option is out of range.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` is reached at some beta, or more clusters than allowed would do better.

    See Also
    --------
    ibtools.bottleneck.blahut_arimoto : One beta from one start.
    ibtools.bottleneck.gaussian_bottleneck : The curve of Gaussian variables in closed form.

    Notes
    -----
    Symbols of equal p(y|x) are merged first: their partition is the minimal sufficient statistic
    of x for y, and nothing is lost. Then, from the largest beta down, each solution starts from
    the last one (reverse annealing), and two clusters become one where the functional does not
    grow by it. At last every solution is compared with those of all other betas and with the
    trivial one. At alpha = 1, with as many clusters allowed as there are distinct p(y|x), a
    cluster then enters wherever that lowers the functional, of those that are tried. The
    functional is convex in the distribution of the decoders p(y|t), so that a solution which no
    decoder can enter is the global minimum. Not all decoders can be tried, and for other alphas
    that does not hold: the result is the least value found, an upper bound of the minimum.

    The points are those of the lower envelope of the functional. They are monotone and concave,
    with slope 1 / beta where the curve is smooth. Straight parts of the curve belong to a single
    beta, at which the solution jumps: with deterministic labels p(y|x) this is the whole curve,
    from no information below beta = 1 to the corner (H(Y), H(Y)) above. At beta = 1 itself every
    point of it is a solution, and the trivial one is returned. Use `squared` for the others:
    there it is I(X;T) = beta / 2 up to the corner.

    A critical beta is one at which the number of clusters grows. At alpha = 1 a cluster enters
    there with a probability that grows from 0: most often apart from the others, or by one
    that becomes unstable and splits (`critical_beta` is where no information at all does). Only
    where minima are many, as for deterministic labels at beta = 1, or at another alpha, do the
    informations jump. They are sought between neighbouring betas that differ in the number
    of clusters, to a relative 1e-3, and transitions closer to each other are one; those of
    clusters that enter and leave again between two betas are not seen. With `squared` they are
    left out: none.

    References
    ----------
    .. [1] N. Tishby, F. Pereira and W. Bialek, "The information bottleneck method", 1999,
       arXiv:physics/0004057.
    .. [2] D. J. Strouse and D. J. Schwab, "The deterministic information bottleneck", Neural
       Computation 29(6), 1611-1630, 2017.
    .. [3] A. Kolchinsky, B. D. Tracey and S. Van Kuyk, "Caveats for information bottleneck in
       deterministic scenarios", ICLR 2019.

    Examples
    --------
    A symmetric channel of error 0.1 keeps its 0.531 bits only at the price of the whole input.

    >>> from ibtools.bottleneck import bottleneck_path
    >>> path = bottleneck_path([[0.45, 0.05], [0.05, 0.45]], [1.2, 3.0, 1000.0])
    >>> path.mi_x.round(3), path.mi_y.round(3)
    (array([0.   , 0.949, 1.   ]), array([0.   , 0.517, 0.531]))
    >>> path.critical_betas.round(4)
    array([1.5625])
    """
    check_options(alpha=alpha, squared=squared, max_iter=max_iter, tol=tol, n_clusters=n_clusters)
    check_count(n_init, "n_init", least=0)
    log_base = log_of_base(base)
    given = None if betas is None else check_betas(betas)
    search, limit = _search(p_xy, n_clusters, alpha, max_iter, tol)
    grid = grid_of_betas(search, limit) if given is None or squared else given
    candidates = [annealed(search, grid, limit, progress)]
    if n_init:
        candidates.append(restarted(search, grid, limit, n_init, check_random_state(random_state)))
    best = enveloped(search, grid, candidates)
    if search.alpha == 1 and limit == len(search.letters.p_x):
        best = enveloped(search, grid, [completed(search, grid, best, limit)])
    if squared:
        grid = grid_of_squared_betas(grid, best) / log_base if given is None else given
        best = squared_path(search, grid * log_base, best)
    path = _path_of(search, grid, best, squared=squared, base=base)
    _warn(search, path, best, limit, squared=squared)
    return path


def default_betas(
    p_xy: ArrayLike,
    *,
    n_clusters: int | None = None,
    alpha: float = 1.0,
    max_iter: int = 5000,
    tol: float = 1e-7,
) -> _Floats:
    """Betas that `bottleneck_path` takes where none are given.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities.
    n_clusters, alpha, max_iter, tol
        As in `bottleneck_path`.

    Returns
    -------
    betas : ndarray of shape (n_betas,)
        Increasing.
    """
    return grid_of_betas(*_search(p_xy, n_clusters, alpha, max_iter, tol))


def _search(
    p_xy: ArrayLike, n_clusters: int | None, alpha: float, max_iter: int, tol: float
) -> tuple[Search, int]:
    """What every search shares, and the largest number of clusters."""
    letters = joint_letters(p_xy)
    limit = min(_MOST_CLUSTERS if n_clusters is None else n_clusters, len(letters.p_x))
    return Search(letters, float(alpha), max_iter, tol), limit


def _path_of(
    search: Search,
    betas: _Floats,
    best: list[Candidate],
    *,
    squared: bool,
    base: float,
) -> BottleneckPath:
    """Gather the solutions of all betas, in the unit of the base."""
    log_base = log_of_base(base)
    solutions = []
    for beta, candidate in zip(betas.tolist(), best, strict=True):
        if squared:
            objective = squared_functional(candidate.encodings, beta * log_base)
        else:
            objective = candidate.functional(beta, search.alpha)
        solutions.append(
            bottleneck_of(
                search.letters,
                candidate.encodings,
                beta=beta,
                history=np.array([objective]),
                n_iter=candidate.n_iter,
                converged=candidate.converged,
                power=2 if squared else 1,
                base=base,
            )
        )
    return BottleneckPath(
        betas=betas,
        mi_x=np.array([solution.mi_x for solution in solutions]),
        mi_y=np.array([solution.mi_y for solution in solutions]),
        entropy=np.array([solution.entropy for solution in solutions]),
        objective=np.array([solution.objective for solution in solutions]),
        n_clusters=np.array([len(solution.marginal) for solution in solutions], dtype=np.int64),
        solutions=tuple(solutions),
        letters=search.letters.letters,
        p_xy=search.letters.p_xy,
        mi_xy=search.letters.mi_xy / log_base,
        converged=np.array([solution.converged for solution in solutions]),
        n_iter=np.array([solution.n_iter for solution in solutions], dtype=np.int64),
        alpha=search.alpha,
        squared=squared,
        max_iter=search.max_iter,
        tol=search.tol,
        base=float(base),
    )


def _warn(
    search: Search, path: BottleneckPath, best: list[Candidate], limit: int, *, squared: bool
) -> None:
    """Say where the decoders still moved, and whether the limit of clusters cost something."""
    if not path.converged.all():
        moving = path.betas[~path.converged]
        warnings.warn(
            f"The decoders still moved after {search.max_iter} evaluations at {len(moving)} of "
            f"{len(path)} betas, the first {moving[0]:g}. Increase max_iter or tol.",
            ConvergenceWarning,
            stacklevel=3,
        )
    last = best[-1]
    if last.n_clusters < limit or limit == len(search.letters.p_x):
        return
    beta = path.betas[-1]
    if squared:
        information = float(last.encodings.mi_x[0])
        beta = beta * log_of_base(path.base) / (2 * information) if information else np.inf
    if search.alpha < 1 or instability(search.letters, last.encodings, 1.0) * beta > 1:
        warnings.warn(
            f"All {limit} clusters are in use at the largest beta, and more would lower the "
            f"functional: increase n_clusters, up to {len(search.letters.p_x)}.",
            ConvergenceWarning,
            stacklevel=3,
        )
