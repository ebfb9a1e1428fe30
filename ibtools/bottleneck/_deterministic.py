"""The deterministic bottleneck: hard clusters of symbols, from many starts at once."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr
from sklearn.utils import check_random_state

from ibtools.bottleneck._annealing import Search, annealed, enveloped, relaxed, trivial
from ibtools.bottleneck._iteration import encodings_of
from ibtools.bottleneck._joint import JointLetters, joint_letters
from ibtools.bottleneck._results import Bottleneck, bottleneck_of, over_symbols
from ibtools.bottleneck._validation import check_beta, check_count, check_options
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

_TINY = 1e-300


def deterministic_bottleneck(
    p_xy: ArrayLike,
    beta: float,
    *,
    n_clusters: int | None = None,
    n_init: int = 20,
    max_iter: int = 1000,
    base: float = 2.0,
    random_state: int | np.random.RandomState | None = None,
) -> Bottleneck:
    """Cluster symbols so that H(T) - beta I(T;Y) is least, each symbol in one cluster.

    Each symbol joins the cluster that maximises ln p(t) - beta D[p(y|x) || p(y|t)] (equation 12
    of [1]_), in turn with the update of p(t) and p(y|t), until no symbol moves.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, x along the rows; they sum to 1.
    beta : float
        Trade-off between compression and relevance, positive, without unit.
    n_clusters : int, default=None
        Largest number of clusters; None for one per distinct p(y|x).
    n_init : int, default=20
        Number of random starts. They are iterated together, on top of one that merges clusters
        of the finest partition, pair by pair; the best of all is kept.
    max_iter : int, default=1000
        Largest number of iterations of a start.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.
    random_state : int, RandomState instance or None, default=None
        Source of the random starts.

    Returns
    -------
    Bottleneck
        ``encoder`` has one 1 per row; ``mi_x`` equals ``entropy``.

    Raises
    ------
    ValueError
        If `p_xy` is not a joint distribution or an option is out of range.

    See Also
    --------
    ibtools.bottleneck.bottleneck_path : With ``alpha=0`` the same functional at many betas.

    Notes
    -----
    It is the limit alpha = 0 of H(T) - alpha H(T|X) - beta I(T;Y). Symbols of equal p(y|x) are
    in the same cluster. The functional has many local minima: the least that was found is an
    upper bound of the minimum.

    References
    ----------
    .. [1] D. J. Strouse and D. J. Schwab, "The deterministic information bottleneck", Neural
       Computation 29(6), 1611-1630, 2017.

    Examples
    --------
    Two pairs of symbols that say almost the same become two clusters.

    >>> from ibtools.bottleneck import deterministic_bottleneck
    >>> p_xy = [[0.22, 0.03], [0.23, 0.02], [0.03, 0.22], [0.02, 0.23]]
    >>> deterministic_bottleneck(p_xy, 5.0, random_state=0).encoder.argmax(axis=1)
    array([0, 0, 1, 1])
    """
    check_options(alpha=0, squared=False, max_iter=max_iter, tol=0, n_clusters=n_clusters)
    check_count(n_init, "n_init", least=0)
    log_of_base(base)
    beta, letters = check_beta(beta), joint_letters(p_xy)
    n_letters = len(letters.p_x)
    limit = n_letters if n_clusters is None else min(n_clusters, n_letters)
    search, betas = Search(letters, 0.0, max_iter, 0.0), np.array([beta])
    candidates = [annealed(search, betas, limit), [trivial(letters)]]
    if n_init:
        starts = check_random_state(random_state).randint(limit, size=(n_init, n_letters))
        labels, value = hard_descent(letters, starts, beta, limit, max_iter=max_iter)
        best = labels[int(np.argmin(value))]
        hard = (np.unique(best)[:, None] == best).astype(float)
        candidates.append([relaxed(search, encodings_of(letters, hard[None]), beta)])
    found = enveloped(search, betas, candidates)[0]
    solution = bottleneck_of(
        letters,
        found.encodings,
        beta=beta,
        history=np.array([found.functional(beta, 0.0)]),
        n_iter=found.n_iter,
        converged=found.converged,
        power=1,
        base=base,
    )
    return over_symbols(letters, solution)


def hard_descent(
    letters: JointLetters, labels: _Integers, beta: float, n_clusters: int, *, max_iter: int
) -> tuple[_Integers, _Floats]:
    """Iterate hard clusterings together until no letter of any of them moves.

    Parameters
    ----------
    letters : JointLetters
        The joint distribution.
    labels : ndarray of int of shape (n_runs, n_letters)
        Cluster of every letter at the start.
    beta : float
        Trade-off.
    n_clusters : int
        Number of clusters; some may be empty.
    max_iter : int
        Largest number of iterations.

    Returns
    -------
    labels : ndarray of int of shape (n_runs, n_letters)
        Cluster of every letter at the end.
    values : ndarray of shape (n_runs,)
        H(T) - beta I(T;Y) in nats.
    """
    labels = labels.copy()
    active = np.arange(len(labels))
    for _ in range(max_iter):
        if not len(active):
            break
        joint = _cluster_joints(letters, labels[active], n_clusters)
        marginal = joint.sum(axis=2)
        log_marginal = np.log(np.maximum(marginal, _TINY))
        log_decoder = np.log(np.maximum(joint, _TINY)) - log_marginal[:, :, None]
        exponents = beta * log_decoder @ letters.p_y_given_x.T + log_marginal[:, :, None]
        exponents[marginal == 0] = -np.inf  # an empty cluster has no decoder to join
        moved = exponents.argmax(axis=1)
        changed = (moved != labels[active]).any(axis=1)
        labels[active] = moved
        active = active[changed]
    joint = _cluster_joints(letters, labels, n_clusters)
    # H(T) - beta [H(T) + H(Y) - H(T,Y)]
    entropy = entr(joint.sum(axis=2)).sum(axis=1)
    mi_y = entropy + entr(letters.p_y).sum() - entr(joint).sum(axis=(1, 2))
    return labels, entropy - beta * mi_y


def _cluster_joints(letters: JointLetters, labels: _Integers, n_clusters: int) -> _Floats:
    """p(t,y) of every run by one weighted count per class, shape (n_runs, n_clusters, n_y)."""
    n_runs = len(labels)
    cells = (labels + n_clusters * np.arange(n_runs)[:, None]).ravel()
    size = n_runs * n_clusters
    sums = [
        np.bincount(cells, np.tile(column, n_runs), minlength=size).astype(np.float64)
        for column in letters.joint.T
    ]
    joints: _Floats = np.stack(sums, axis=-1)
    return joints.reshape(n_runs, n_clusters, len(letters.p_y))
