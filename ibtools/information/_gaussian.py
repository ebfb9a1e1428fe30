"""Information under Gaussian distributions, in closed form."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

# Directions whose share of the variance is below this, per direction, are rounding errors.
_RANK_RESOLUTION = 8 * np.finfo(np.float64).eps

# Rows of the distribution of all rows that every class gets on top of its own.
_PRIOR_ROWS = 0.5


@dataclass(frozen=True)
class GaussianMoments:
    """Mean and covariance of rows.

    Attributes
    ----------
    mean : ndarray of shape (n_features,)
        Mean.
    covariance : ndarray of shape (n_features, n_features)
        Covariance, with divisor n, shrunk.
    shrinkage : float
        The part s of the target in it, between 0 and 1.
    """

    mean: _Floats
    covariance: _Floats
    shrinkage: float


@dataclass(frozen=True)
class CanonicalCorrelations:
    """Pairs of directions of two sets of variables, each correlated with its partner only.

    Attributes
    ----------
    correlations : ndarray of shape (n_pairs,)
        Correlation of each pair, from the largest, between 0 and 1.
    first : ndarray of shape (n_first, n_pairs)
        Directions of the first set; the centred first set times them has unit variances.
    second : ndarray of shape (n_second, n_pairs)
        Directions of the second set.
    n_directions : int
        Number of directions in which either set varies, the sum of both.
    """

    correlations: _Floats
    first: _Floats
    second: _Floats
    n_directions: int


@dataclass(frozen=True)
class GaussianClasses:
    """A Gaussian for each class.

    Attributes
    ----------
    priors : ndarray of shape (n_classes,)
        Frequencies p(y) of the classes.
    means : ndarray of shape (n_classes, n_features)
        Means.
    factors : ndarray of shape (n_classes, n_features, n_features)
        Lower Cholesky factors of the covariances.
    """

    priors: _Floats
    means: _Floats
    factors: _Floats

    @property
    def half_log_determinants(self) -> _Floats:
        """Half the logarithm of each covariance's determinant, shape (n_classes,)."""
        return np.log(np.diagonal(self.factors, axis1=1, axis2=2)).sum(axis=1)


def gaussian_moments(
    X: _Floats, *, shrinkage: str | float | None = None, weights: _Floats | None = None
) -> GaussianMoments:
    """Mean and covariance of rows, the correlations shrunk towards none.

    With D the diagonal matrix of the standard deviations and R the sample correlations, the
    covariance is D [(1 - s) R + s I] D: a shrinkage that knows no units of measurement.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite values.
    shrinkage : {"ledoit_wolf", "oas"}, float or None
        The part s of the target: by the rule of Ledoit and Wolf (2004) or of Chen et al. (2010)
        applied to the standardised rows, a number between 0 and 1, or none.
    weights : ndarray of shape (n_samples,) or None
        How often each row counts.

    Returns
    -------
    GaussianMoments
        ``mean``, ``covariance`` and the resolved ``shrinkage``.
    """
    mean = np.average(X, axis=0, weights=weights)
    centred = X - mean
    scale = np.sqrt(np.average(centred**2, axis=0, weights=weights))
    scale[X.max(axis=0) == X.min(axis=0)] = 0.0  # exactly, whatever the rounding of the mean
    varies = scale > 0
    correlations = np.zeros((X.shape[1], X.shape[1]))
    intensity = 0.0
    if varies.any():
        correlations[np.ix_(varies, varies)], intensity = _shrunk_second_moments(
            centred[:, varies] / scale[varies], shrinkage, weights
        )
    return GaussianMoments(mean, correlations * np.outer(scale, scale), intensity)


def _shrunk_second_moments(
    centred: _Floats, shrinkage: str | float | None, weights: _Floats | None
) -> tuple[_Floats, float]:
    """(1 - s) S + s (tr S / d) I, with S the covariance of centred rows, and s."""
    total = len(centred) if weights is None else weights.sum()
    rows = centred if weights is None else centred * np.sqrt(weights)[:, None]
    S = rows.T @ rows / total
    if shrinkage == "ledoit_wolf":
        squared_norms = np.square(centred).sum(axis=1)
        fourth_moment = float(np.average(squared_norms**2, weights=weights))
        intensity = _ledoit_wolf_intensity(S, total, fourth_moment)
    elif shrinkage == "oas":
        intensity = _oas_intensity(S, total)
    else:
        intensity = 0.0 if shrinkage is None else float(shrinkage)
    target = np.trace(S) / len(S) * np.eye(len(S))
    return (1 - intensity) * S + intensity * target, intensity


def _ledoit_wolf_intensity(S: _Floats, n: float, fourth_moment: float) -> float:
    """Ledoit and Wolf (2004), lemma 3.2 to 3.4: s = min(b^2, d^2) / d^2.

    d^2 = |S - m I|^2 with m = tr S / d, and b^2 = (1/n) [(1/n) sum_i |x_i|^4 - |S|^2], the
    variance of the sample covariance, in squared Frobenius norms.
    """
    distance = float((S**2).sum() - np.trace(S) ** 2 / len(S))
    variance = (fourth_moment - float((S**2).sum())) / n
    return 0.0 if distance <= 0 else min(max(variance, 0.0) / distance, 1.0)


def _oas_intensity(S: _Floats, n: float) -> float:
    """Oracle approximating shrinkage of Chen et al. (2010), eq. 23, as scikit-learn states it.

    s = min(1, (a + m^2) / [(n + 1) (a - m^2 / d)]), with a = |S|^2 / d^2 and m = tr S / d.
    """
    a, m2 = float((S**2).mean()), float(np.trace(S) / len(S)) ** 2
    denominator = (n + 1) * (a - m2 / len(S))
    return 1.0 if denominator <= 0 else min((a + m2) / denominator, 1.0)


def gaussian_entropy(covariance: ArrayLike, *, base: float = 2.0) -> float:
    """Differential entropy of a Gaussian.

    h = (1/2) log[(2 pi e)^d det C]: theorem 8.4.1 of [1]_.

    Parameters
    ----------
    covariance : array-like of shape (n_features, n_features)
        Covariance C, symmetric and without negative eigenvalues.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    entropy : float
        In units of the base, bits by default; minus infinity for a singular covariance.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley, 2006.

    Examples
    --------
    >>> import math
    >>> from ibtools.information import gaussian_entropy
    >>> round(gaussian_entropy([[1 / (2 * math.pi * math.e)]]), 12)
    0.0
    """
    scale, values, _ = _eigen_correlations(np.asarray(covariance, dtype=np.float64))
    if len(values) < len(scale):
        return -math.inf
    log_determinant = 2 * np.log(scale).sum() + np.log(values).sum()
    return (
        0.5
        * float(len(scale) * math.log(2 * math.pi * math.e) + log_determinant)
        / log_of_base(base)
    )


def _eigen_correlations(covariance: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Standard deviations, and the positive eigenvalues of the correlations with their vectors."""
    scale = np.sqrt(np.diag(covariance))
    inverse = _inverse_where_positive(scale)
    values, vectors = np.linalg.eigh(covariance * np.outer(inverse, inverse))
    vectors[scale == 0] = 0.0  # not a rounding error's worth of a constant unit in any direction
    kept = values > _RANK_RESOLUTION * len(values) * max(values[-1], 0.0)
    return scale, values[kept], vectors[:, kept]


def _inverse_where_positive(scale: _Floats) -> _Floats:
    return np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)


def whitening_directions(covariance: _Floats) -> tuple[_Floats, _Floats]:
    """Directions in which rows have unit variance and no correlation.

    Parameters
    ----------
    covariance : ndarray of shape (n_features, n_features)
        Covariance.

    Returns
    -------
    directions : ndarray of shape (n_features, n_directions)
        Centred rows times it are white; as many directions as the covariance has rank.
    rotation : ndarray of shape (n_directions, n_features)
        ``directions @ rotation`` is the symmetric whitening of the correlations, in which every
        unit stays as near to itself as can be ("ZCA-cor" of Kessy, Lewin and Strimmer 2018).
    """
    scale, values, vectors = _eigen_correlations(covariance)
    directions = _inverse_where_positive(scale)[:, None] * vectors / np.sqrt(values)
    return directions, vectors.T


def canonical_correlations(
    covariance: _Floats, n_first: int, *, resolution: float = 1e-12
) -> CanonicalCorrelations:
    """Canonical correlations of the first variables of a covariance with the others.

    Parameters
    ----------
    covariance : ndarray of shape (n_features, n_features)
        Covariance of both sets, the first set first.
    n_first : int
        Number of variables in the first set.
    resolution : float
        A correlation r with 1 - r^2 up to this counts as 1.

    Returns
    -------
    CanonicalCorrelations
        ``correlations`` and the directions of both sets. Directions in which a set does not vary
        have no part in them.
    """
    first, _ = whitening_directions(covariance[:n_first, :n_first])
    second, _ = whitening_directions(covariance[n_first:, n_first:])
    left, r, right = np.linalg.svd(
        first.T @ covariance[:n_first, n_first:] @ second, full_matrices=False
    )
    r = np.where((1 - r) * (1 + r) <= resolution, 1.0, r)
    n_directions = first.shape[1] + second.shape[1]
    return CanonicalCorrelations(r, first @ left, second @ right.T, n_directions)


def gaussian_mutual_information(covariance: ArrayLike, n_first: int, *, base: float = 2.0) -> float:
    """Mutual information of two sets of variables that are jointly Gaussian.

    I = (1/2) log[det C_1 det C_2 / det C] = -(1/2) sum_k log(1 - r_k^2), with r_k the canonical
    correlations: Gelfand and Yaglom [1]_, chapter II; example 8.5.1 of [2]_ for one variable each.

    Parameters
    ----------
    covariance : array-like of shape (n_features, n_features)
        Covariance C of both sets, the first set first.
    n_first : int
        Number of variables in the first set.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    mutual_information : float
        In units of the base, bits by default; infinite when some combination of the first set is
        a combination of the second. Constant and repeated variables change nothing.

    References
    ----------
    .. [1] I. M. Gelfand and A. M. Yaglom, "Calculation of the amount of information about a random
       function contained in another such function", 1957.
    .. [2] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley, 2006.

    Examples
    --------
    >>> from ibtools.information import gaussian_mutual_information
    >>> round(gaussian_mutual_information([[1, 0.75**0.5], [0.75**0.5, 1]], 1), 12)
    1.0
    """
    covariance = np.asarray(covariance, dtype=np.float64)
    return information_of_correlations(
        canonical_correlations(covariance, n_first).correlations
    ) / log_of_base(base)


def information_of_correlations(correlations: _Floats) -> float:
    """I = -(1/2) sum_k ln(1 - r_k^2), in nats; infinite where a correlation is 1."""
    if (correlations >= 1).any():
        return math.inf
    return float(-0.5 * np.log1p(-(correlations**2)).sum())


def canonical_log_ratio(correlations: _Floats, first: _Floats, second: _Floats) -> _Floats:
    """Log ratio ln q(y|t) / q(y) of rows under a joint Gaussian.

    In canonical coordinates a of t and b of y, of unit variance and mean 0, it is
    sum_k [-(1/2) ln(1 - r_k^2) - (b_k - r_k a_k)^2 / (2 (1 - r_k^2)) + b_k^2 / 2].

    Parameters
    ----------
    correlations : ndarray of shape (n_pairs,)
        Correlations r_k, below 1.
    first, second : ndarray of shape (n_samples, n_pairs)
        Canonical coordinates a and b of the rows.

    Returns
    -------
    log_ratio : ndarray of shape (n_samples,)
        In nats.
    """
    unexplained = (1 - correlations) * (1 + correlations)
    residual = second - correlations * first
    squares = second**2 - residual**2 / unexplained
    return 0.5 * squares.sum(axis=1) - 0.5 * np.log(unexplained).sum()


def gaussian_classes(
    Z: _Floats,
    labels: NDArray[np.int64],
    *,
    shrinkage: str | float | None = None,
    weights: _Floats | None = None,
) -> GaussianClasses:
    """Fit a Gaussian to the rows of each class.

    With S_y the covariance of the n_y rows of a class, shrunk, the covariance of the Gaussian is
    (n_y S_y + I / 2) / (n_y + 1 / 2): half a row of prior, as in the decoder of symbols, so that a
    class that has collapsed to a point, or has a single row, keeps a density.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_features)
        Rows whose covariance over all classes is the identity I.
    labels : ndarray of shape (n_samples,)
        Class of each row, 0 to n_classes - 1, every class with rows.
    shrinkage : {"ledoit_wolf", "oas"}, float or None
        Shrinkage of every class towards a multiple of the identity, as in `gaussian_moments`.
    weights : ndarray of shape (n_samples,) or None
        How often each row counts.

    Returns
    -------
    GaussianClasses
        ``priors``, ``means`` and ``factors``.
    """
    if weights is None:
        weights = np.ones(len(Z))
    counts = np.bincount(labels, weights)
    means = np.zeros((len(counts), Z.shape[1]))
    factors = np.zeros((len(counts), Z.shape[1], Z.shape[1]))
    for c in range(len(counts) if Z.shape[1] else 0):
        rows = labels == c
        means[c] = np.average(Z[rows], axis=0, weights=weights[rows])
        own, _ = _shrunk_second_moments(Z[rows] - means[c], shrinkage, weights[rows])
        total = counts[c] * own + _PRIOR_ROWS * np.eye(len(own))
        factors[c] = np.linalg.cholesky(total / (counts[c] + _PRIOR_ROWS))
    return GaussianClasses(counts / counts.sum(), means, factors)


def class_log_ratio(classes: GaussianClasses, Z: _Floats, labels: NDArray[np.int64]) -> _Floats:
    """Log ratio ln q(y|t) / p(y) of rows under Gaussian classes, by Bayes' rule.

    ln N(t; m_y, C_y) - ln sum_c p(c) N(t; m_c, C_c): the decoder of quadratic discriminant
    analysis.

    Parameters
    ----------
    classes : GaussianClasses
        The classes.
    Z : ndarray of shape (n_samples, n_features)
        Rows, in the coordinates of the classes.
    labels : ndarray of shape (n_samples,)
        Class of each row.

    Returns
    -------
    log_ratio : ndarray of shape (n_samples,)
        In nats; at most -ln p(y).
    """
    log_density = np.empty((len(Z), len(classes.priors)))
    for c, (mean, factor) in enumerate(zip(classes.means, classes.factors, strict=True)):
        residual = (Z - mean).T
        if len(factor):  # LAPACK refuses a system without unknowns
            residual = solve_triangular(factor, residual, lower=True)
        log_density[:, c] = -0.5 * (residual**2).sum(axis=0)
    log_density -= classes.half_log_determinants
    of_label = np.take_along_axis(log_density, labels[:, None], axis=1)[:, 0]
    return of_label - logsumexp(log_density, b=classes.priors, axis=1)


def gaussian_class_information(classes: GaussianClasses) -> float:
    """One Gaussian's entropy less the mean entropy of the classes, in nats.

    h_G(T) - sum_y p(y) h_G(T|y) = -(1/2) sum_y p(y) ln det C_y, in coordinates in which all rows
    together have the identity as covariance.
    """
    return float(-classes.priors @ classes.half_log_determinants)
