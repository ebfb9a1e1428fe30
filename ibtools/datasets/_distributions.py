"""Pairs of real variables that know their mutual information."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from ibtools.datasets._distribution_base import LN2, JointDensity, log_normal, squared_norm

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CorrelatedGaussian(JointDensity):
    """Two jointly Gaussian vectors of mean zero.

    I(X;Y) = 1/2 log2 [det S_x det S_y / det S]: equation 8.56 of [1]_ (three differential
    entropies of theorem 8.4.1).

    Parameters
    ----------
    covariance : array-like of shape (n_features + n_targets, n_features + n_targets)
        Covariance S of (X, Y), positive definite.
    n_features : int
        Number of columns of X; the others are Y.

    See Also
    --------
    CorrelatedStudentT : The same with heavy tails.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley, 2006.

    Examples
    --------
    >>> from ibtools.datasets import CorrelatedGaussian
    >>> pair = CorrelatedGaussian.sparse(3, correlation=0.6)
    >>> round(pair.mutual_information, 6)  # 3 times -log2(1 - 0.36) / 2
    0.965784
    >>> X, y = pair.sample(100, random_state=0)
    >>> X.shape, y.shape
    ((100, 3), (100, 3))
    """

    covariance: Any
    n_features: int

    def __post_init__(self) -> None:
        covariance = np.array(self.covariance, dtype=np.float64)
        if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
            raise ValueError(f"covariance must be square, got the shape {covariance.shape}.")
        if not 1 <= self.n_features < len(covariance):
            raise ValueError(
                f"n_features must leave columns for X and for Y: 1 to {len(covariance) - 1}, got "
                f"{self.n_features!r}."
            )
        if not np.allclose(covariance, covariance.T) or np.linalg.eigvalsh(covariance)[0] <= 0:
            raise ValueError("covariance must be symmetric and positive definite.")
        object.__setattr__(self, "covariance", covariance)

    @classmethod
    def sparse(
        cls,
        n_features: int = 1,
        n_targets: int | None = None,
        *,
        correlation: float = 0.6,
        n_pairs: int | None = None,
    ) -> Self:
        """Unit variances, X_i and Y_i correlated for i < n_pairs, all else independent.

        Parameters
        ----------
        n_features : int, default=1
            Number of columns of X.
        n_targets : int, default=None
            Number of columns of Y; None takes `n_features`.
        correlation : float, default=0.6
            Correlation of each pair.
        n_pairs : int, default=None
            Number of pairs; None correlates as many as there are.

        Returns
        -------
        distribution : CorrelatedGaussian
            With I(X;Y) = -n_pairs / 2 log2(1 - correlation**2).
        """
        return cls(*_sparse_covariance(n_features, n_targets, correlation, n_pairs))

    @classmethod
    def dense(
        cls, n_features: int = 1, n_targets: int | None = None, *, correlation: float = 0.5
    ) -> Self:
        """Unit variances, the same correlation between any two columns of (X, Y).

        Parameters
        ----------
        n_features : int, default=1
            Number of columns of X.
        n_targets : int, default=None
            Number of columns of Y; None takes `n_features`.
        correlation : float, default=0.5
            Correlation of any two columns.

        Returns
        -------
        distribution : CorrelatedGaussian
            The distribution.
        """
        return cls(*_dense_covariance(n_features, n_targets, correlation))

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        k = self.n_features
        blocks = (self.covariance[:k, :k], self.covariance[k:, k:], self.covariance)
        of_x, of_y, joint = (np.linalg.slogdet(block)[1] for block in blocks)
        return float(of_x + of_y - joint) / (2 * LN2)

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Floats]:
        factor = np.linalg.cholesky(self.covariance)
        Z = rng.standard_normal((n, len(factor))) @ factor.T
        return Z[:, : self.n_features], Z[:, self.n_features :]

    def _log_densities(self, X: _Floats, y: _Floats) -> tuple[_Floats, _Floats, _Floats]:
        k = self.n_features
        return (
            log_normal(np.hstack([X, y]), self.covariance),
            log_normal(X, self.covariance[:k, :k]),
            log_normal(y, self.covariance[k:, k:]),
        )


@dataclass(frozen=True, eq=False)
class CorrelatedStudentT(CorrelatedGaussian):
    """Two vectors that are jointly Student-t distributed: heavy tails, dependent even uncorrelated.

    (X, Y) is a Gaussian vector of covariance S divided by the root of an independent chi-square
    variable over its degrees of freedom. I(X;Y) is that of the Gaussian plus
    f(v) + f(v + m + n) - f(v + m) - f(v + n) nats, f(v) = ln G(v/2) - (v/2) psi(v/2), with m and n
    columns and v degrees of freedom: section 3 of [1]_.

    Parameters
    ----------
    covariance : array-like of shape (n_features + n_targets, n_features + n_targets)
        Dispersion S of (X, Y), positive definite; the covariance is v / (v - 2) times it.
    n_features : int
        Number of columns of X; the others are Y.
    df : float, default=3.0
        Degrees of freedom v, positive; 1 is the Cauchy distribution.

    References
    ----------
    .. [1] R. B. Arellano-Valle, J. E. Contreras-Reyes and M. G. Genton, "Shannon entropy and
       mutual information for multivariate skew-elliptical distributions", Scandinavian Journal of
       Statistics 40, 2013.

    Examples
    --------
    >>> from ibtools.datasets import CorrelatedStudentT
    >>> uncorrelated = CorrelatedStudentT.sparse(1, correlation=0.0, df=2)
    >>> round(uncorrelated.mutual_information, 6)  # (4 - ln(16 pi)) / ln 2
    0.119284
    """

    df: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.df < math.inf:
            raise ValueError(f"df must be positive and finite, got {self.df!r}.")

    @classmethod
    def sparse(
        cls,
        n_features: int = 1,
        n_targets: int | None = None,
        *,
        correlation: float = 0.6,
        n_pairs: int | None = None,
        df: float = 3.0,
    ) -> Self:
        """Unit dispersions, X_i and Y_i correlated for i < n_pairs.

        Parameters
        ----------
        n_features : int, default=1
            Number of columns of X.
        n_targets : int, default=None
            Number of columns of Y; None takes `n_features`.
        correlation : float, default=0.6
            Correlation of each such pair in the dispersion.
        n_pairs : int, default=None
            Number of correlated pairs; None takes as many as there are.
        df : float, default=3.0
            Degrees of freedom, positive.

        Returns
        -------
        distribution : CorrelatedStudentT
            With that dispersion.
        """
        return cls(*_sparse_covariance(n_features, n_targets, correlation, n_pairs), df)

    @classmethod
    def dense(
        cls,
        n_features: int = 1,
        n_targets: int | None = None,
        *,
        correlation: float = 0.5,
        df: float = 3.0,
    ) -> Self:
        """Unit dispersions, the same correlation between any two columns of (X, Y).

        Parameters
        ----------
        n_features : int, default=1
            Number of columns of X.
        n_targets : int, default=None
            Number of columns of Y; None takes `n_features`.
        correlation : float, default=0.5
            Correlation of any two columns in the dispersion.
        df : float, default=3.0
            Degrees of freedom, positive.

        Returns
        -------
        distribution : CorrelatedStudentT
            With that dispersion.
        """
        return cls(*_dense_covariance(n_features, n_targets, correlation), df)

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        v, m, both = self.df, self.n_features, len(self.covariance)
        tails = _tail_term(v) + _tail_term(v + both)
        tails -= _tail_term(v + m) + _tail_term(v + both - m)
        return super().mutual_information + tails / LN2

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Floats]:
        X, y = super()._draw(n, rng)
        stretch = np.sqrt(self.df / rng.chisquare(self.df, size=(n, 1)))
        return X * stretch, y * stretch

    def _log_densities(self, X: _Floats, y: _Floats) -> tuple[_Floats, _Floats, _Floats]:
        k = self.n_features
        return (
            _log_student(np.hstack([X, y]), self.covariance, self.df),
            _log_student(X, self.covariance[:k, :k], self.df),
            _log_student(y, self.covariance[k:, k:], self.df),
        )


@dataclass(frozen=True, eq=False)
class UniformNoise(JointDensity):
    """X uniform on (0, 1), Y = X plus uniform noise on (-noise, noise).

    I(X;Y) = h(Y) - ln(2 noise), with Y trapezoidal: noise - ln(2 noise) nats for a noise up to
    1/2, and 1 / (4 noise) beyond.

    Parameters
    ----------
    noise : float, default=0.25
        Half width of the noise, positive.

    Examples
    --------
    >>> from ibtools.datasets import UniformNoise
    >>> round(UniformNoise(noise=0.5).mutual_information, 6)  # 1 / (2 ln 2)
    0.721348
    """

    noise: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.noise < math.inf:
            raise ValueError(f"noise must be positive and finite, got {self.noise!r}.")

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        # A trapezoid of plateau a and two slopes of width b has h = ln(a + b) + b / (2 (a + b)),
        # here with a = |1 - 2 noise|, b = min(1, 2 noise) and a + b = max(1, 2 noise).
        width = 2 * self.noise
        longer, shorter = max(1.0, width), min(1.0, width)
        return (math.log(longer) + shorter / (2 * longer) - math.log(width)) / LN2

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Floats]:
        X = rng.uniform(size=(n, 1))
        return X, X + rng.uniform(-self.noise, self.noise, size=(n, 1))

    def _log_densities(self, X: _Floats, y: _Floats) -> tuple[_Floats, _Floats, _Floats]:
        x, t = X[:, 0], y[:, 0]
        in_x = (x >= 0) & (x <= 1)
        in_y = np.abs(t - x) <= self.noise
        overlap = np.minimum(t + self.noise, 1) - np.maximum(t - self.noise, 0)
        with np.errstate(divide="ignore"):
            of_x = np.log(in_x.astype(np.float64))
            given_x = np.log(in_y / (2 * self.noise))
            of_y = np.log(np.maximum(overlap, 0) / (2 * self.noise))
        return of_x + given_x, of_x, of_y


def _sparse_covariance(
    n_features: int, n_targets: int | None, correlation: float, n_pairs: int | None
) -> tuple[_Floats, int]:
    n_targets = n_features if n_targets is None else n_targets
    most = min(n_features, n_targets)
    n_pairs = most if n_pairs is None else n_pairs
    if not 0 <= n_pairs <= most:
        raise ValueError(f"n_pairs must be from 0 to {most}, got {n_pairs!r}.")
    covariance = np.eye(n_features + n_targets)
    pairs = np.arange(n_pairs)
    covariance[pairs, n_features + pairs] = covariance[n_features + pairs, pairs] = correlation
    return covariance, n_features


def _dense_covariance(
    n_features: int, n_targets: int | None, correlation: float
) -> tuple[_Floats, int]:
    n = n_features + (n_features if n_targets is None else n_targets)
    return (1 - correlation) * np.eye(n) + correlation, n_features


def _log_student(X: _Floats, dispersion: _Floats, df: float) -> _Floats:
    """Log density of the multivariate t distribution, shape (n_samples,)."""
    norm, log_det = squared_norm(X, dispersion)
    d = len(dispersion)
    constant = gammaln((df + d) / 2) - gammaln(df / 2) - 0.5 * (d * math.log(df * math.pi))
    return constant - 0.5 * log_det - (df + d) / 2 * np.log1p(norm / df)


def _tail_term(v: float) -> float:
    """f(v) = ln G(v/2) - (v/2) psi(v/2)."""
    return float(gammaln(v / 2) - v / 2 * digamma(v / 2))
