"""Matrix-based Renyi entropy of Gram matrices.

A positive semi-definite matrix A of trace 1 has the entropy of its eigenvalues,
S_alpha(A) = log(sum_i lambda_i^alpha) / (1 - alpha), Renyi's entropy of order alpha [1]_; alpha = 1
is the limit -sum_i lambda_i log lambda_i.

References
----------
.. [1] L. G. Sanchez Giraldo, M. Rao and J. C. Principe, "Measures of entropy from data using
   infinitely divisible kernels", IEEE Transactions on Information Theory 61, 2015.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, logsumexp

from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

# Orders this close to 1 are measured by the entropy of Tsallis, in which nothing cancels there.
_NEAR_ONE = 0.5

# Rows compared with their columns to find a matrix that is not symmetric.
_ROWS_CHECKED = 16

_NOT_FINITE = "The Gram matrix contains NaN or infinity."


def renyi_entropy(gram: ArrayLike, *, alpha: float = 1.01, base: float = 2.0) -> float:
    """Matrix-based Renyi entropy S_alpha(A) of a Gram matrix.

    A_ij = K_ij / (n sqrt(K_ii K_jj)) has trace 1; S_alpha(A) = log(tr A^alpha) / (1 - alpha). At
    alpha = 2 this is ``-log |A|_F^2``, the Frobenius norm, and no eigenvalue is computed.

    Parameters
    ----------
    gram : array-like of shape (n_samples, n_samples)
        Symmetric positive semi-definite matrix K with a positive diagonal.
    alpha : float, default=1.01
        Order, positive.
    base : float, default=2.0
        Base of the logarithm: 2 gives bits.

    Returns
    -------
    entropy : float
        Between 0 (all rows alike) and log n (all rows unlike), in the units of `base`.

    Raises
    ------
    ValueError
        If the matrix is not symmetric, not finite or has a diagonal that is not positive, or if
        `alpha` is not a positive number.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.information import renyi_entropy
    >>> renyi_entropy(np.eye(8)), renyi_entropy(np.ones((8, 8)))
    (3.0, 0.0)
    """
    check_order(alpha)
    unit = log_of_base(base)
    K = _unit_diagonal(gram)
    squared_norm = float(np.vdot(K, K))
    if not np.isfinite(squared_norm):
        raise ValueError(_NOT_FINITE)
    if alpha == 2:
        return frobenius_entropy(squared_norm, len(K)) / unit
    return spectrum_entropy(np.linalg.eigvalsh(K), alpha=alpha) / unit


def renyi_joint_entropy(
    grams: Sequence[ArrayLike], *, alpha: float = 1.01, base: float = 2.0
) -> float:
    """Joint entropy S_alpha(A_1, ..., A_C), the entropy of the Hadamard product A_1 o ... o A_C.

    Parameters
    ----------
    grams : list of array-like of shape (n_samples, n_samples)
        Gram matrices of the same rows.
    alpha : float, default=1.01
        Order, positive.
    base : float, default=2.0
        Base of the logarithm: 2 gives bits.

    Returns
    -------
    entropy : float
        In the units of `base`. Not below the entropy of any of the matrices [1]_.

    See Also
    --------
    ibtools.RenyiMatrixMI : The same for maps of values, without a matrix for each.

    References
    ----------
    .. [1] S. Yu, L. G. Sanchez Giraldo, R. Jenssen and J. C. Principe, "Multivariate extension of
       matrix-based Renyi's alpha-order entropy functional", IEEE TPAMI 42, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.information import renyi_joint_entropy
    >>> halves = np.kron(np.eye(2), np.ones((2, 2)))  # rows 0 and 1 are alike, and 2 and 3
    >>> parity = np.kron(np.ones((2, 2)), np.eye(2))
    >>> round(renyi_joint_entropy([halves, parity]), 6)
    2.0
    """
    product = _unit_diagonal(grams[0])
    for gram in grams[1:]:
        product = product * _unit_diagonal(gram)
    return renyi_entropy(product, alpha=alpha, base=base)


def renyi_mutual_information(
    gram: ArrayLike, other: ArrayLike, *, alpha: float = 1.01, base: float = 2.0
) -> float:
    """Information I_alpha(A; B) = S_alpha(A) + S_alpha(B) - S_alpha(A, B) of two Gram matrices.

    Parameters
    ----------
    gram, other : array-like of shape (n_samples, n_samples)
        Gram matrices of the same rows. For I(B; {A_1, ..., A_C}), give the Hadamard product of
        the A_c.
    alpha : float, default=1.01
        Order, positive.
    base : float, default=2.0
        Base of the logarithm: 2 gives bits.

    Returns
    -------
    information : float
        In the units of `base`. It is not negative at alpha = 1; at other orders it can be, and is
        returned as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.information import renyi_mutual_information
    >>> halves = np.kron(np.eye(2), np.ones((2, 2)))  # rows 0 and 1 are alike, and 2 and 3
    >>> parity = np.kron(np.ones((2, 2)), np.eye(2))
    >>> [round(abs(renyi_mutual_information(halves, gram)), 6) for gram in (halves, parity)]
    [1.0, 0.0]
    """
    return (
        renyi_entropy(gram, alpha=alpha, base=base)
        + renyi_entropy(other, alpha=alpha, base=base)
        - renyi_joint_entropy([gram, other], alpha=alpha, base=base)
    )


def spectrum_entropy(eigenvalues: NDArray[np.floating], *, alpha: float) -> float:
    """Renyi entropy of the eigenvalues of a matrix, brought to the sum 1.

    Near alpha = 1 it is taken from the entropy of Tsallis, T = sum_i [lambda_i^alpha - lambda_i] /
    (1 - alpha), as S = log1p((1 - alpha) T) / (1 - alpha): continuous in alpha to the last digits.

    Parameters
    ----------
    eigenvalues : ndarray of shape (n_eigenvalues,)
        Eigenvalues; those that rounding leaves below zero, or of the size of rounding, count as 0.
    alpha : float
        Order, positive.

    Returns
    -------
    entropy : float
        In nats.
    """
    occupied = positive_part(eigenvalues)
    occupied = occupied / occupied.sum()
    if near_one(alpha):
        return entropy_from_trace(float(tsallis_terms(occupied, alpha).sum()), alpha)
    return _positive_zero(logsumexp(alpha * np.log(occupied)) / (1 - alpha))


def frobenius_entropy(squared_norm: float, n_samples: int) -> float:
    """Renyi entropy of order 2 in nats, -ln |K / n|_F^2, from the squared norm of K."""
    return _positive_zero(2 * np.log(n_samples) - np.log(squared_norm))


def tsallis_terms(eigenvalues: _Floats, alpha: float) -> _Floats:
    """Terms (lambda^alpha - lambda) / (1 - alpha), at alpha = 1 their limit -lambda log lambda.

    Zero, and eigenvalues that rounding left below it, give 0.
    """
    eigenvalues = np.maximum(eigenvalues, 0)
    if alpha == 1:
        return entr(eigenvalues)
    logarithms = np.log(eigenvalues, out=np.zeros_like(eigenvalues), where=eigenvalues > 0)
    return eigenvalues * np.expm1((alpha - 1) * logarithms) / (1 - alpha)


def near_one(alpha: float) -> bool:
    """Whether an order is measured by the entropy of Tsallis rather than by tr A^alpha."""
    return abs(alpha - 1) <= _NEAR_ONE


def trace_terms(eigenvalues: _Floats, alpha: float) -> _Floats:
    """Function of the eigenvalues whose sum `entropy_from_trace` takes."""
    if near_one(alpha):
        return tsallis_terms(eigenvalues, alpha)
    return np.maximum(eigenvalues, 0) ** alpha


def entropy_from_trace(trace: float, alpha: float) -> float:
    """Renyi entropy in nats from the sum of `trace_terms`."""
    if alpha == 1:
        return _positive_zero(trace)
    if near_one(alpha):
        return _positive_zero(np.log1p((1 - alpha) * trace) / (1 - alpha))
    return _positive_zero(np.log(trace) / (1 - alpha))


def entropy_slope(trace: float, alpha: float) -> float:
    """Size of the derivative of `entropy_from_trace`, which carries an error over."""
    if near_one(alpha):
        return 1 / (1 + (1 - alpha) * trace)
    return abs(1 / ((1 - alpha) * trace))


def positive_part(eigenvalues: NDArray[np.floating]) -> _Floats:
    """Eigenvalues above the rounding of their computation, n * eps * the largest."""
    floor = len(eigenvalues) * np.finfo(eigenvalues.dtype).eps * eigenvalues.max()
    return eigenvalues[eigenvalues > floor].astype(np.float64)


def check_order(alpha: float) -> None:
    """Refuse an order that is not a positive finite number."""
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be a positive finite number, got {alpha!r}.")


def _positive_zero(value: float) -> float:
    """Give -0.0 as 0.0."""
    return float(value) + 0.0


def _unit_diagonal(gram: ArrayLike) -> _Floats:
    """Normalise K to K_ij / sqrt(K_ii K_jj), after checks; n A is what it gives."""
    K = np.asarray(gram, dtype=np.float64)
    if K.ndim != 2 or K.shape[0] != K.shape[1] or len(K) == 0:
        raise ValueError(f"A Gram matrix must be square, got the shape {K.shape}.")
    diagonal = K.diagonal()
    some = np.linspace(0, len(K) - 1, _ROWS_CHECKED).astype(int)
    if not np.isfinite(diagonal).all() or not np.isfinite(K[some]).all():
        raise ValueError(_NOT_FINITE)
    if (diagonal <= 0).any():
        raise ValueError("The diagonal of a Gram matrix must be positive: k(x, x) > 0.")
    if not np.allclose(K[some], K[:, some].T, rtol=1e-8, atol=1e-10 * diagonal.max()):
        raise ValueError("A Gram matrix must be symmetric: k(x, x') = k(x', x).")
    if (diagonal == 1).all():
        return K
    scale = 1 / np.sqrt(diagonal)
    return K * scale[:, None] * scale
