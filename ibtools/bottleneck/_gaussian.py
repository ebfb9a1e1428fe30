"""The information bottleneck of Gaussian variables, in closed form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cholesky, solve_triangular

from ibtools.bottleneck._validation import check_betas
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

# Eigenvalues below this share of the largest make a covariance singular in float64.
_RESOLUTION = 1e-13


@dataclass(frozen=True)
class GaussianBottleneck:
    """Solutions of the information bottleneck of Gaussian variables along increasing betas.

    Attributes
    ----------
    betas : ndarray of shape (n_betas,)
        Increasing.

    mi_x, mi_y : ndarray of shape (n_betas,)
        I(X;T) and I(T;Y): the curve.

    projections : ndarray of shape (n_betas, n_directions, n_x)
        A of T = A X + noise, with independent noise of unit variance in each row of A. Rows of
        directions that are not used yet are 0.

    critical_betas : ndarray of shape (n_directions,)
        Betas above which each direction is used, increasing; infinite for a direction of no
        correlation.

    mi_xy : float
        I(X;Y), the limit of I(T;Y) for large betas.

    base : float
        Base of the logarithm: all information is in its unit.

    Examples
    --------
    >>> from ibtools.bottleneck import gaussian_bottleneck
    >>> path = gaussian_bottleneck([[1.0]], [[1.0]], [[0.8]], betas=[1.0, 1e6])
    >>> path.critical_betas, path.mi_y.round(3), round(path.mi_xy, 3)  # 1 / 0.8^2
    (array([1.5625]), array([0.   , 0.737]), 0.737)
    """

    betas: _Floats
    mi_x: _Floats
    mi_y: _Floats
    projections: _Floats
    critical_betas: _Floats
    mi_xy: float
    base: float


def gaussian_bottleneck(
    cov_xx: ArrayLike,
    cov_yy: ArrayLike,
    cov_xy: ArrayLike,
    betas: ArrayLike,
    *,
    base: float = 2.0,
) -> GaussianBottleneck:
    """Information bottleneck of jointly Gaussian variables.

    The optimal T is a noisy linear projection of X [1]_. With the canonical correlations rho_i of
    X and Y and the directions v_i of X that belong to them, of unit variance, row i of A is

        A_i = sqrt([beta rho_i^2 - 1] / [1 - rho_i^2]) v_i   if beta > 1 / rho_i^2, otherwise 0

    (theorem 3.1 of [1]_, whose eigenvalues are 1 - rho_i^2), and

        I(X;T) = (1/2) sum_i log [(beta - 1) rho_i^2 / (1 - rho_i^2)],
        I(T;Y) = I(X;T) - (1/2) sum_i log [beta rho_i^2]

    over the directions in use.

    Parameters
    ----------
    cov_xx : array-like of shape (n_x, n_x)
        Covariance of X, positive definite.
    cov_yy : array-like of shape (n_y, n_y)
        Covariance of Y, positive definite.
    cov_xy : array-like of shape (n_x, n_y)
        Covariances of X and Y.
    betas : array-like of shape (n_betas,)
        Trade-offs, positive, in any order; they are sorted and repeated ones dropped.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    GaussianBottleneck
        The curve, the projections and the critical betas.

    Raises
    ------
    ValueError
        If the covariances do not fit each other, are not symmetric, or are singular, together
        included: then Y, in some direction, is a function of X and I(X;Y) is infinite.

    See Also
    --------
    ibtools.bottleneck.bottleneck_path : The bottleneck of discrete variables.

    References
    ----------
    .. [1] G. Chechik, A. Globerson, N. Tishby and Y. Weiss, "Information bottleneck for Gaussian
       variables", Journal of Machine Learning Research 6, 165-188, 2005.

    Examples
    --------
    With a correlation of sqrt(1/2), beta = 5 gives I(X;T) = (1/2) log2(4) = 1.

    >>> from ibtools.bottleneck import gaussian_bottleneck
    >>> curve = gaussian_bottleneck([[2.0]], [[1.0]], [[1.0]], [5.0])
    >>> curve.mi_x.round(6), curve.critical_betas.round(6)
    (array([1.]), array([2.]))
    """
    log_base = log_of_base(base)
    grid = check_betas(betas)
    correlations, directions = _canonical(cov_xx, cov_yy, cov_xy)
    squares = correlations**2
    signal = np.maximum(grid[:, None] * squares - 1, 0) / (1 - squares)
    # Of the variance 1 + signal of a row of T the part 1 + signal (1 - rho^2) is noise to y.
    mi_x = 0.5 * np.log1p(signal).sum(axis=1)
    mi_y = mi_x - 0.5 * np.log1p(signal * (1 - squares)).sum(axis=1)
    return GaussianBottleneck(
        betas=grid,
        mi_x=mi_x / log_base,
        mi_y=mi_y / log_base,
        projections=np.sqrt(signal)[:, :, None] * directions,
        critical_betas=np.divide(
            1.0, squares, out=np.full(squares.shape, np.inf), where=squares > _RESOLUTION**2
        ),
        mi_xy=float(-0.5 * np.log1p(-squares).sum() / log_base),
        base=float(base),
    )


def _canonical(cov_xx: ArrayLike, cov_yy: ArrayLike, cov_xy: ArrayLike) -> tuple[_Floats, _Floats]:
    """Canonical correlations, from the largest, and the directions of X, shape (n, n_x).

    They are the singular values of L_x^-1 C_xy L_y^-T with the Cholesky factors of both
    covariances, and the left singular vectors taken back by L_x^-T.
    """
    factor_x, factor_y = _factor(cov_xx, "cov_xx"), _factor(cov_yy, "cov_yy")
    cross = np.asarray(cov_xy, dtype=np.float64)
    if cross.shape != (len(factor_x), len(factor_y)):
        raise ValueError(
            f"cov_xy must have shape ({len(factor_x)}, {len(factor_y)}), one row per variable of x "
            f"and one column per variable of y, got {cross.shape}."
        )
    if not np.isfinite(cross).all():
        raise ValueError("cov_xy must be finite, got NaN or infinity.")
    whitened = solve_triangular(factor_x, cross, lower=True)
    whitened = solve_triangular(factor_y, whitened.T, lower=True).T
    left, correlations, _ = np.linalg.svd(whitened, full_matrices=False)
    if correlations[0] ** 2 >= 1 - _RESOLUTION:
        raise ValueError(
            "The joint covariance of x and y must be positive definite, but a canonical "
            f"correlation is {correlations[0]:.6g}: y is a function of x in that direction, or the "
            "covariances do not belong together."
        )
    return correlations, solve_triangular(factor_x.T, left, lower=False).T


def _factor(covariance: ArrayLike, name: str) -> _Floats:
    """Lower Cholesky factor; refuse what is not the covariance of independent directions."""
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}.")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity.")
    if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-9 * np.abs(matrix).max()):
        raise ValueError(f"{name} must be symmetric.")
    scale = np.sqrt(np.maximum(np.diagonal(matrix), 0))
    if not scale.all() or np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0] < _RESOLUTION:
        raise ValueError(
            f"{name} must be positive definite: drop constant variables and those that are linear "
            "functions of others."
        )
    return cholesky(matrix, lower=True)
