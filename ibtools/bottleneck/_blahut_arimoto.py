"""The information bottleneck at one beta, from one start."""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from ibtools.bottleneck._annealing import finest
from ibtools.bottleneck._iteration import Encodings, descend, encodings_of
from ibtools.bottleneck._joint import JointLetters, joint_letters
from ibtools.bottleneck._results import Bottleneck, bottleneck_of, over_symbols
from ibtools.bottleneck._squared import descend_squared
from ibtools.bottleneck._validation import check_beta, check_options
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

_SUM_TOLERANCE = 1e-9


def blahut_arimoto(
    p_xy: ArrayLike,
    beta: float,
    *,
    n_clusters: int | None = None,
    alpha: float = 1.0,
    init: str | ArrayLike | None = None,
    squared: bool = False,
    max_iter: int = 5000,
    tol: float = 1e-7,
    base: float = 2.0,
    random_state: int | np.random.RandomState | None = None,
) -> Bottleneck:
    """Minimise the bottleneck functional from one start, by Blahut-Arimoto iteration.

    The functional is I(X;T) - beta I(T;Y) of [1]_ and, for any `alpha`,

        L = H(T) - alpha H(T|X) - beta I(T;Y)   [2]_.

    Its stationary points satisfy p(t|x) = p(t) exp(-beta D[p(y|x) || p(y|t)]) / Z(x) (equation
    28 of [1]_); iterating the two sides in turn never increases it.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, x along the rows; they sum to 1.
    beta : float
        Trade-off between compression and relevance, positive. Without unit, but in the unit of
        `base` if `squared`.
    n_clusters : int, default=None
        Number of clusters the start has, at most one per distinct p(y|x), which is what None
        takes. Not used with an array as `init`.
    alpha : float, default=1.0
        Weight of H(T|X): 1 for the information bottleneck, 0 for the deterministic one, whose
        encoder is hard.
    init : None, "random" or array-like of shape (n_x, n_clusters), default=None
        Where to start: None lets every distinct p(y|x) be a cluster of its own (or, with fewer
        clusters, joins the nearest), "random" draws p(t|x) uniformly, an array is p(t|x).
    squared : bool, default=False
        Minimise I(X;T)^2 - beta I(T;Y) of [3]_ instead, which finds every point of the curve for
        deterministic labels.
    max_iter : int, default=5000
        Largest number of evaluations of the map.
    tol : float, default=1e-7
        Largest change of any p(y|t), and of any p(t) relative to itself, in one step.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.
    random_state : int, RandomState instance or None, default=None
        Source of the random start.

    Returns
    -------
    Bottleneck
        Encoder, decoder, marginal, informations and the history of the functional.

    Raises
    ------
    ValueError
        If `p_xy` is not a joint distribution or an option is out of range.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` is reached first.

    See Also
    --------
    ibtools.bottleneck.bottleneck_path : Least functional over many starts, at many betas.
    ibtools.bottleneck.deterministic_bottleneck : Hard clusters from many starts.

    Notes
    -----
    The result is a stationary point, and which one depends on the start. With deterministic
    labels p(y|x) the default start stays where it is at every beta, even below 1, where no
    information is the better answer: `bottleneck_path` compares.

    Every third evaluation starts from a point extrapolated by SQUAREM [4]_, and counts only if
    the functional does not grow: near a critical beta the plain iteration takes thousands of
    steps. Symbols of equal p(y|x) are treated as one, which changes nothing but the cost.

    References
    ----------
    .. [1] N. Tishby, F. Pereira and W. Bialek, "The information bottleneck method", 1999,
       arXiv:physics/0004057.
    .. [2] D. J. Strouse and D. J. Schwab, "The deterministic information bottleneck", Neural
       Computation 29(6), 1611-1630, 2017.
    .. [3] A. Kolchinsky, B. D. Tracey and S. Van Kuyk, "Caveats for information bottleneck in
       deterministic scenarios", ICLR 2019.
    .. [4] R. Varadhan and C. Roland, "Simple and globally convergent methods for accelerating the
       convergence of any EM algorithm", Scandinavian Journal of Statistics 35(2), 335-353, 2008.

    Examples
    --------
    Below beta = 1 / (1 - 2 * 0.1)^2 a symmetric channel of error 0.1 is not worth any bit.

    >>> from ibtools.bottleneck import blahut_arimoto
    >>> channel = [[0.45, 0.05], [0.05, 0.45]]
    >>> round(abs(blahut_arimoto(channel, 1.5).mi_x), 6), blahut_arimoto(channel, 3).mi_x > 0.9
    (0.0, True)
    """
    check_options(alpha=alpha, squared=squared, max_iter=max_iter, tol=tol, n_clusters=n_clusters)
    beta, log_base = check_beta(beta), log_of_base(base)
    letters = joint_letters(p_xy)
    start = _start(letters, init, n_clusters, random_state)
    if squared:
        descent = descend_squared(letters, start, beta * log_base, max_iter=max_iter, tol=tol)
    else:
        descent = descend(
            letters,
            start,
            np.array([beta]),
            alpha,
            max_iter=max_iter,
            tol=tol,
            keep_history=True,
        )
    if not descent.converged[0]:
        warnings.warn(
            f"The decoders still moved after {descent.n_iter[0]} evaluations at beta={beta:g}. "
            "Increase max_iter or tol, or move away from a critical beta.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return over_symbols(
        letters,
        bottleneck_of(
            letters,
            descent.encodings,
            beta=beta,
            history=np.array([value[0] for value in descent.history]),
            n_iter=int(descent.n_iter[0]),
            converged=bool(descent.converged[0]),
            power=2 if squared else 1,
            base=base,
        ),
    )


def _start(
    letters: JointLetters,
    init: str | ArrayLike | None,
    n_clusters: int | None,
    random_state: int | np.random.RandomState | None,
) -> Encodings:
    """Encoder to start from."""
    n_letters = len(letters.p_x)
    limit = n_letters if n_clusters is None else min(n_clusters, n_letters)
    if init is None:
        return finest(letters, limit)
    if isinstance(init, str):
        if init != "random":
            raise ValueError(f"init must be None, 'random' or an encoder, got {init!r}.")
        drawn = check_random_state(random_state).standard_exponential((n_letters, limit))
        encoder = drawn / drawn.sum(axis=1, keepdims=True)
    else:
        encoder = letters.over_letters(_checked_encoder(init, len(letters.letters)))
    return encodings_of(letters, np.ascontiguousarray(encoder.T)[None])


def _checked_encoder(init: ArrayLike, n_x: int) -> _Floats:
    """Return an encoder as float64; refuse it unless each row is a distribution."""
    encoder = np.asarray(init, dtype=np.float64)
    if encoder.ndim != 2 or encoder.shape[0] != n_x or not encoder.shape[1]:
        raise ValueError(
            f"init must have one row per row of p_xy, shape ({n_x}, n_clusters), got "
            f"{encoder.shape}."
        )
    sums = encoder.sum(axis=1)
    if not (np.abs(sums - 1) <= _SUM_TOLERANCE).all() or encoder.min() < 0:
        raise ValueError("Every row of init must be a distribution p(t|x): non-negative, sum 1.")
    return encoder
