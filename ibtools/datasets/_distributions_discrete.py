"""Channels and mixed discrete-continuous pairs that know their mutual information."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, xlogy

from ibtools.datasets._distribution_base import LN2, Distribution, real_pair
from ibtools.datasets._distributions import CorrelatedGaussian
from ibtools.information._discrete import mutual_information

_Floats = NDArray[np.float64]
_Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DiscretePair(Distribution):
    """Two discrete variables with a table of joint probabilities.

    X is the row and Y the column of the table, as numbers from 0.

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint probabilities, summing to 1.

    Examples
    --------
    >>> from ibtools.datasets import DiscretePair
    >>> DiscretePair.erasure(0.25).mutual_information
    0.75
    """

    p_xy: Any

    def __post_init__(self) -> None:
        p_xy = np.array(self.p_xy, dtype=np.float64)
        mutual_information(p_xy)  # refuses what is no table of probabilities
        object.__setattr__(self, "p_xy", p_xy)
        object.__setattr__(self, "n_classes", p_xy.shape[1])

    @classmethod
    def symmetric(cls, flip: float, *, p: float = 0.5) -> "DiscretePair":
        """Binary symmetric channel: Y is X, flipped with probability `flip`.

        Parameters
        ----------
        flip : float
            Probability of a flip.
        p : float, default=0.5
            Probability of X = 1. At 1/2, I(X;Y) = 1 - h(flip).

        Returns
        -------
        distribution : DiscretePair
            The channel with this input.
        """
        return cls(np.array([[1 - p], [p]]) * [[1 - flip, flip], [flip, 1 - flip]])

    @classmethod
    def erasure(cls, erasure: float, *, p: float = 0.5) -> "DiscretePair":
        """Binary erasure channel: Y is X, or 2 (erased) with probability `erasure`.

        Parameters
        ----------
        erasure : float
            Probability of an erasure.
        p : float, default=0.5
            Probability of X = 1. I(X;Y) = (1 - erasure) h(p).

        Returns
        -------
        distribution : DiscretePair
            The channel with this input.
        """
        kept = 1 - erasure
        return cls(np.array([[1 - p], [p]]) * [[kept, 0, erasure], [0, kept, erasure]])

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        return mutual_information(self.p_xy)

    def conditional(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Probability p(y|x) of each pair.

        Parameters
        ----------
        X : array-like of shape (n_samples, 1)
            First variable.
        y : array-like of shape (n_samples,)
            Labels.

        Returns
        -------
        probability : ndarray of shape (n_samples,)
            Probability of y given x.
        """
        x, y = self._cells(X, y)
        return self.p_xy[x, y] / self.p_xy.sum(axis=1)[x]

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        _, y = self._cells(X, y)
        return np.log2(self.conditional(X, y) / self.p_xy.sum(axis=0)[y])

    def _cells(self, X: ArrayLike, y: ArrayLike) -> tuple[_Labels, _Labels]:
        return np.ravel(X).astype(np.int64), np.ravel(y).astype(np.int64)

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Labels]:
        cells = rng.choice(self.p_xy.size, size=n, p=self.p_xy.ravel() / self.p_xy.sum())
        x, y = np.unravel_index(cells, self.p_xy.shape)
        return x[:, None].astype(np.float64), y


@dataclass(frozen=True, eq=False)
class DiscreteUniformNoise(Distribution):
    """A label, uniform on 0 .. n_classes - 1, and X uniform on (label, label + 2).

    Experiment II of [1]_, where the label is called X: I(X;Y) = ln m - (m - 1) ln 2 / m nats.

    Parameters
    ----------
    n_classes : int, default=5
        Number m of labels.

    References
    ----------
    .. [1] W. Gao, S. Kannan, S. Oh and P. Viswanath, "Estimating mutual information for
       discrete-continuous mixtures", NeurIPS 2017, section 4.

    Examples
    --------
    >>> from ibtools.datasets import DiscreteUniformNoise
    >>> DiscreteUniformNoise(n_classes=4).mutual_information  # 2 - 3 / 4
    1.25
    """

    n_classes: int = 5

    def __post_init__(self) -> None:
        if self.n_classes < 1:
            raise ValueError(f"n_classes must be at least 1, got {self.n_classes!r}.")

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        return math.log2(self.n_classes) - (self.n_classes - 1) / self.n_classes

    def conditional(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Probability p(y|x) of each label.

        Parameters
        ----------
        X : array-like of shape (n_samples, 1)
            First variable.
        y : array-like of int of shape (n_samples,)
            Labels.

        Returns
        -------
        probability : ndarray of shape (n_samples,)
            Probability of y given x.
        """
        x, y = np.ravel(X), np.ravel(y)
        cell = np.floor(x)
        possible = 1 + ((cell >= 1) & (cell < self.n_classes))
        return ((cell == y) | (cell == y + 1)) / possible

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        return np.log2(self.conditional(X, y) * self.n_classes)

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Labels]:
        y = rng.randint(self.n_classes, size=n)
        return (y + rng.uniform(0, 2, size=n))[:, None], y


@dataclass(frozen=True, eq=False)
class GaussianWithAtoms(Distribution):
    """Half the time correlated Gaussians, half the time two correlated signs: a mixed pair.

    Experiment I of [1]_: with probability 1/2 (X, Y) is Gaussian with unit variances, else X is a
    fair sign and Y is X, flipped with probability `flip`. Where the pair comes from is seen from X
    as well as from Y, and adds one bit: I(X;Y) = 1 + (I_Gaussian + I_signs) / 2.

    Parameters
    ----------
    correlation : float, default=0.9
        Correlation of the Gaussians.
    flip : float, default=0.1
        Probability that the signs differ.

    References
    ----------
    .. [1] W. Gao, S. Kannan, S. Oh and P. Viswanath, "Estimating mutual information for
       discrete-continuous mixtures", NeurIPS 2017, section 4.

    Examples
    --------
    >>> from ibtools.datasets import GaussianWithAtoms
    >>> GaussianWithAtoms(correlation=0.0, flip=0.5).mutual_information
    1.0
    """

    correlation: float = 0.9
    flip: float = 0.1

    def __post_init__(self) -> None:
        self._parts()

    def _parts(self) -> tuple[CorrelatedGaussian, DiscretePair]:
        gaussian = CorrelatedGaussian.sparse(correlation=self.correlation)
        return gaussian, DiscretePair.symmetric(self.flip)

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        return 1 + sum(part.mutual_information for part in self._parts()) / 2

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        X, y = real_pair(X, y)
        gaussian, signs = self._parts()
        x_atom, y_atom = np.abs(X[:, 0]) == 1, np.abs(y[:, 0]) == 1
        information = np.full(len(X), -np.inf)  # an atom never meets a Gaussian value
        atoms, smooth = x_atom & y_atom, ~x_atom & ~y_atom
        information[atoms] = signs.pointwise_information(X[atoms] > 0, y[atoms] > 0) + 1
        information[smooth] = gaussian.pointwise_information(X[smooth], y[smooth]) + 1
        return information

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Floats]:
        gaussian, signs = self._parts()
        atoms = rng.uniform(size=(n, 1)) < 0.5
        X, y = gaussian.sample(n, rng)
        x_bit, y_bit = signs.sample(n, rng)
        return np.where(atoms, 2 * x_bit - 1, X), np.where(atoms, 2 * y_bit[:, None] - 1, y)


@dataclass(frozen=True, eq=False)
class ZeroInflatedPoisson(Distribution):
    """X exponential with mean 1; Y is 0 with probability `inflation`, else Poisson of mean X.

    Experiment IV of [1]_. The information is not the (1 - inflation) (2 ln 2 - g - S) nats printed
    there, with g the constant of Euler and S = sum_k ln k / 2^k: a zero does not say whether it
    was an inflated one. Only the information of the zeros changes: with p the inflation,
    q = (1 + p) / 2 the probability of a zero and I_0 the value without inflation,
    I(X;Y) = (1 - p) (I_0 + 1/4 - ln 2 / 2) + [(p^2 - 1) / 4 - p^2 ln p / 2] / (1 - p) - q ln q.

    Parameters
    ----------
    inflation : float, default=0.15
        Probability p of an inflated zero, in [0, 1).

    References
    ----------
    .. [1] W. Gao, S. Kannan, S. Oh and P. Viswanath, "Estimating mutual information for
       discrete-continuous mixtures", NeurIPS 2017, section 4.

    Examples
    --------
    >>> from ibtools.datasets import ZeroInflatedPoisson
    >>> round(ZeroInflatedPoisson(0.0).mutual_information, 4)
    0.4346
    >>> ZeroInflatedPoisson(0.5).mutual_information < 0.5 * 0.4346
    True
    """

    inflation: float = 0.15

    def __post_init__(self) -> None:
        if not 0 <= self.inflation < 1:
            raise ValueError(f"inflation must be in [0, 1), got {self.inflation!r}.")

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        p, q = self.inflation, (1 + self.inflation) / 2
        k = np.arange(1, 80)
        whole = 2 * LN2 - np.euler_gamma - float((np.log(k) / 2.0**k).sum())
        counts = (1 - p) * (whole + 0.25 - LN2 / 2)
        zeros = ((p**2 - 1) / 4 - p * float(xlogy(p, p)) / 2) / (1 - p) - q * math.log(q)
        return (counts + zeros) / LN2

    def conditional(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Probability p(y|x) of each count.

        Parameters
        ----------
        X : array-like of shape (n_samples, 1)
            First variable, the rates.
        y : array-like of int of shape (n_samples, 1)
            Counts.

        Returns
        -------
        probability : ndarray of shape (n_samples,)
            Probability of y given x.
        """
        x, y = np.ravel(X).astype(np.float64), np.ravel(y)
        poisson = np.exp(xlogy(y, x) - x - gammaln(y + 1.0))
        return self.inflation * (y == 0) + (1 - self.inflation) * poisson

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        y = np.ravel(y)
        marginal = self.inflation * (y == 0) + (1 - self.inflation) / 2.0 ** (y + 1)
        return np.log2(self.conditional(X, y) / marginal)

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Labels]:
        X = rng.exponential(size=(n, 1))
        inflated = rng.uniform(size=n) < self.inflation
        counts = np.where(inflated, 0, rng.poisson(X[:, 0]))
        return X, counts[:, None].astype(np.float64)
