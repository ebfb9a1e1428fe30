"""Entropy and information of discrete variables, from probabilities."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, xlogy

from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

_SUM_TOLERANCE = 1e-9


def entropy(p: ArrayLike, *, base: float = 2.0) -> float:
    """Entropy of a distribution.

    H = -sum_i p_i log p_i, with 0 log 0 = 0: equation 2.1 of [1]_.

    Parameters
    ----------
    p : array-like of any shape
        Probabilities, summed over all entries.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    entropy : float
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If `p` is empty, not finite, negative, or does not sum to 1 within 1e-9.

    See Also
    --------
    entropy_from_counts : Entropy estimated from counts.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley, 2006.

    Examples
    --------
    >>> from ibtools.information import entropy
    >>> entropy([0.5, 0.25, 0.25])
    1.5
    """
    p = _check_distribution(p)
    return float(entr(p).sum()) / log_of_base(base)


def joint_entropy(p_xy: ArrayLike, *, base: float = 2.0) -> float:
    """Entropy of a pair of variables.

    H(X,Y) = -sum_xy p(x,y) log p(x,y): equation 2.8 of [1]_.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, x along the rows and y along the columns.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    joint_entropy : float
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If `p_xy` is not a table of probabilities that sum to 1 within 1e-9.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley, 2006.

    Examples
    --------
    >>> from ibtools.information import joint_entropy
    >>> joint_entropy([[0.25, 0.25], [0.25, 0.25]])
    2.0
    """
    return entropy(_check_distribution(p_xy, name="p_xy", ndim=2), base=base)


def conditional_entropy(p_xy: ArrayLike, *, base: float = 2.0) -> float:
    """Entropy H(Y|X) of the columns of a table, given its row.

    H(Y|X) = sum_x p(x) H(Y|X=x): equation 2.10 of [1]_.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, x along the rows and y along the columns. The rows are given; the
        transposed table gives H(X|Y).
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    conditional_entropy : float
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If `p_xy` is not a table of probabilities that sum to 1 within 1e-9.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley, 2006.

    Examples
    --------
    Two rows, equally likely: the first decides the column, the second leaves it open.

    >>> from ibtools.information import conditional_entropy
    >>> conditional_entropy([[0.5, 0.0], [0.25, 0.25]])
    0.5
    """
    p_x, p_y_given_x = _rows(_check_distribution(p_xy, name="p_xy", ndim=2))
    return float(p_x @ entr(p_y_given_x).sum(axis=1)) / log_of_base(base)


def mutual_information(p_xy: ArrayLike, *, base: float = 2.0) -> float:
    """Mutual information of the rows and columns of a table.

    I(X;Y) = sum_xy p(x,y) log[p(x,y) / (p(x) p(y))]: equation 2.28 of [1]_.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, x along the rows and y along the columns.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    mutual_information : float
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If `p_xy` is not a table of probabilities that sum to 1 within 1e-9.

    See Also
    --------
    mutual_information_from_counts : Mutual information estimated from counts.

    Notes
    -----
    It is computed as sum_x p(x) D[p(y|x) || p(y)], a sum of terms none of which is negative: the
    information of an almost independent table, which a difference of entropies would lose in
    their rounding, keeps its leading digits.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley, 2006.

    Examples
    --------
    >>> from ibtools.information import mutual_information
    >>> mutual_information([[0.5, 0.0], [0.0, 0.5]])
    1.0
    """
    return _information(_check_distribution(p_xy, name="p_xy", ndim=2)) / log_of_base(base)


def kl_divergence(p: ArrayLike, q: ArrayLike, *, base: float = 2.0) -> float:
    """Kullback-Leibler divergence D(p || q).

    D = sum_i p_i log(p_i / q_i): equation 2.26 of [1]_.

    Parameters
    ----------
    p, q : array-like of any shape, the same for both
        Probabilities, summed over all entries.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    divergence : float
        In units of the base, bits by default; infinite where `q` is 0 and `p` is not.

    Raises
    ------
    ValueError
        If the shapes differ, or either is not a distribution that sums to 1 within 1e-9.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley, 2006.

    Examples
    --------
    >>> from ibtools.information import kl_divergence
    >>> kl_divergence([1.0, 0.0], [0.25, 0.75])
    2.0
    """
    p, q = _check_distribution(p), _check_distribution(q, name="q")
    if p.shape != q.shape:
        raise ValueError(f"p and q must have the same shape, got {p.shape} and {q.shape}.")
    return float(_divergence(p.ravel(), q.ravel())) / log_of_base(base)


def jensen_shannon_divergence(
    ps: ArrayLike, weights: ArrayLike | None = None, *, base: float = 2.0
) -> float:
    """Jensen-Shannon divergence of several distributions.

    JSD = H(sum_k w_k p_k) - sum_k w_k H(p_k), the generalised divergence of [1]_ (section V). It
    is the mutual information of the distribution's index and the symbol, and is computed so.

    Parameters
    ----------
    ps : array-like of shape (n_distributions, n_symbols)
        Probabilities; every row sums to 1.
    weights : array-like of shape (n_distributions,), default=None
        Weights w_k, which sum to 1; None for equal weights.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    divergence : float
        In units of the base, bits by default; at most the entropy of the weights.

    Raises
    ------
    ValueError
        If a row of `ps` or the weights are not a distribution that sums to 1 within 1e-9, or
        there is not one weight per row.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on
       Information Theory 37(1), 145-151, 1991.

    Examples
    --------
    >>> from ibtools.information import jensen_shannon_divergence
    >>> jensen_shannon_divergence([[1.0, 0.0], [0.0, 1.0]])
    1.0
    """
    ps = _check_distribution(ps, name="every row of ps", ndim=2, axis=1)
    if weights is None:
        weights = np.full(len(ps), 1 / len(ps))
    weights = _check_distribution(weights, name="weights", ndim=1)
    if len(weights) != len(ps):
        raise ValueError(f"There are {len(ps)} distributions but {len(weights)} weights.")
    return _information(weights[:, None] * ps) / log_of_base(base)


def _rows(p_xy: _Floats) -> tuple[_Floats, _Floats]:
    """Split a joint table into p(x) and p(y|x), without the rows of probability 0."""
    p_x = p_xy.sum(axis=1)
    occupied = p_x > 0
    p_x = p_x[occupied]
    return p_x, p_xy[occupied] / p_x[:, None]


def _information(p_xy: _Floats) -> float:
    """I(X;Y) = sum_x p(x) D[p(y|x) || p(y)], in nats.

    Conditionals are compared because a product p(x) p(y) of two small numbers can be 0.
    """
    p_x, p_y_given_x = _rows(p_xy)
    return float(p_x @ _divergence(p_y_given_x, p_xy.sum(axis=0)))


def _divergence(p: _Floats, q: _Floats) -> _Floats:
    """D(p || q) = sum_i [p_i ln(p_i / q_i) - p_i + q_i] over the last axis, in nats.

    The terms beyond the logarithm sum to 0 for distributions, and leave no term negative. Where
    p = q (1 + r) with a small r, the term is q [(1 + r) ln(1 + r) - r], about q r^2 / 2, and
    nothing of order r is left to cancel in the sum.
    """
    excess = p - q
    is_near = np.abs(excess) < q / 2
    r = np.divide(excess, q, out=np.zeros_like(excess), where=is_near)
    near = q * ((1 + r) * np.log1p(r) - r)
    far = xlogy(p, p) - xlogy(p, q) - excess
    return np.where(is_near, near, far).sum(axis=-1)


def _check_distribution(
    p: ArrayLike, *, name: str = "p", ndim: int | None = None, axis: int | None = None
) -> _Floats:
    """Return probabilities as float64; refuse them unless each sum along `axis` is 1."""
    p = check_non_negative(p, name)
    if ndim is not None and p.ndim != ndim:
        raise ValueError(f"{name} must come with {ndim} axes, got shape {p.shape}.")
    sums = np.atleast_1d(p.sum(axis=axis))
    worst = float(sums[np.argmax(np.abs(sums - 1))])
    if abs(worst - 1) > _SUM_TOLERANCE:
        raise ValueError(f"{name} must sum to 1, got {worst!r}: divide by the sum, in float64.")
    return p


def check_non_negative(values: ArrayLike, name: str) -> _Floats:
    """Return values as float64; refuse them unless they are finite and not negative."""
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {values.shape}.")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity.")
    if values.min() < 0:
        raise ValueError(f"{name} must be non-negative, got a minimum of {values.min()}.")
    return values
