"""What all pairs that know their mutual information share, and several of them side by side."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from sklearn.utils import check_random_state

_Floats = NDArray[np.float64]
LN2 = math.log(2)


class Distribution(ABC):
    """A pair of variables (X, Y) whose mutual information is known.

    Each is an estimator's X and y: ``estimator.fit(*distribution.sample(1000)).mi_y_`` is to be
    compared with ``distribution.mutual_information``, in bits. Where p(y|x) is known, it is
    ``distribution.conditional(X, y)``.

    Examples
    --------
    >>> from ibtools.datasets import DiscretePair, Distribution
    >>> pair = DiscretePair([[0.5, 0.0], [0.0, 0.5]])
    >>> isinstance(pair, Distribution), pair.mutual_information
    (True, 1.0)
    """

    # Number of classes where y is a label, None where it is a real variable.
    n_classes: int | None = None

    @property
    @abstractmethod
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""

    @property
    def mutual_information_error(self) -> float:
        """Error of `mutual_information` in bits: 0 for a closed form, else the stated bound."""
        return 0.0

    def sample(
        self, n_samples: int, random_state: int | np.random.RandomState | None = None
    ) -> tuple[_Floats, NDArray[Any]]:
        """Draw independent pairs.

        Parameters
        ----------
        n_samples : int
            Number of pairs.
        random_state : int, RandomState instance or None, default=None
            Source of the draws.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            First variable of each pair.
        y : ndarray of shape (n_samples, n_targets), or (n_samples,) where it is a label
            Second variable of each pair.

        Raises
        ------
        ValueError
            If `n_samples` is not a positive integer.
        """
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples must be a positive integer, got {n_samples!r}.")
        return self._draw(int(n_samples), check_random_state(random_state))

    @abstractmethod
    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, NDArray[Any]]:
        """Draw n pairs."""

    def pointwise_information(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Information log2 p(x,y) / (p(x) p(y)) of each pair; its mean is I(X;Y).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            First variable.
        y : array-like of shape (n_samples, n_targets) or (n_samples,)
            Second variable.

        Returns
        -------
        information : ndarray of shape (n_samples,)
            In bits.
        """
        return self._pointwise(np.asarray(X), np.asarray(y))

    @abstractmethod
    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        """Pointwise information in bits."""


class JointDensity(Distribution):
    """Pair with the logarithm of its joint density and of the two marginals."""

    @abstractmethod
    def _log_densities(self, X: _Floats, y: _Floats) -> tuple[_Floats, _Floats, _Floats]:
        """Logarithms of p(x,y), p(x) and p(y) of each pair."""

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        joint, of_x, of_y = self._log_densities(*real_pair(X, y))
        return (joint - of_x - of_y) / LN2

    def conditional(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Density p(y|x) of each pair.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            First variable.
        y : array-like of shape (n_samples, n_targets)
            Second variable.

        Returns
        -------
        density : ndarray of shape (n_samples,)
            Density of y given x.
        """
        joint, of_x, _ = self._log_densities(*real_pair(X, y))
        return np.exp(joint - of_x)


def real_pair(X: ArrayLike, y: ArrayLike) -> tuple[_Floats, _Floats]:
    """Both variables as float64 of shape (n_samples, n_columns)."""
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    return X.reshape(len(X), *X.shape[1:] or (1,)), y.reshape(len(y), *y.shape[1:] or (1,))


@dataclass(frozen=True, eq=False)
class IndependentBlocks(Distribution):
    """Several independent pairs side by side: their informations add.

    Parameters
    ----------
    blocks : sequence of Distribution
        The pairs, all with a real Y (the columns stand side by side) or all with labels (the label
        of the whole numbers the combinations).

    Examples
    --------
    >>> from ibtools.datasets import CorrelatedGaussian, IndependentBlocks, UniformNoise
    >>> pair = IndependentBlocks([CorrelatedGaussian.sparse(2), UniformNoise(0.5)])
    >>> round(pair.mutual_information, 6)  # 0.643856 + 0.721348
    1.365204
    """

    blocks: Sequence[Distribution]

    def __post_init__(self) -> None:
        labelled = [block.n_classes is not None for block in self.blocks]
        if not labelled or any(labelled) != all(labelled):
            raise ValueError("blocks must be pairs all with a real Y, or all with labels.")

    @property
    def n_classes(self) -> int | None:  # type: ignore[override]
        """Number of combinations of labels; None where Y is real."""
        return math.prod(self._label_shape) if self._label_shape else None

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        return sum(block.mutual_information for block in self.blocks)

    @property
    def mutual_information_error(self) -> float:
        """Error of `mutual_information` in bits."""
        return sum(block.mutual_information_error for block in self.blocks)

    @property
    def _label_shape(self) -> tuple[int, ...]:
        """Number of labels of each block; empty where Y is real."""
        return tuple(block.n_classes for block in self.blocks if block.n_classes is not None)

    @cached_property
    def _sizes(self) -> list[tuple[int, int]]:
        draws = [block.sample(1, 0) for block in self.blocks]
        return [(X.shape[1], int(np.prod(y.shape[1:]))) for X, y in draws]

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, NDArray[Any]]:
        draws = [block.sample(n, rng) for block in self.blocks]
        X = np.hstack([X for X, _ in draws])
        if self.n_classes is None:
            return X, np.hstack([y for _, y in draws])
        labels = tuple(y for _, y in draws)
        return X, np.asarray(np.ravel_multi_index(labels, self._label_shape))

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        columns, targets = np.cumsum(self._sizes, axis=0).T
        of_x = np.split(X, columns[:-1], axis=1)
        if self.n_classes is None:
            of_y = np.split(y, targets[:-1], axis=1)
        else:
            of_y = list(np.unravel_index(y, self._label_shape))
        pieces = zip(self.blocks, of_x, of_y, strict=True)
        return np.sum([block.pointwise_information(*pair) for block, *pair in pieces], axis=0)


def squared_norm(X: _Floats, covariance: _Floats) -> tuple[_Floats, float]:
    """Squared norm x' S^-1 x of each row, and ln det S."""
    factor = np.linalg.cholesky(covariance)
    white = solve_triangular(factor, X.T, lower=True)
    return (white**2).sum(axis=0), 2 * float(np.log(np.diag(factor)).sum())


def log_normal(X: _Floats, covariance: _Floats) -> _Floats:
    """Log density ln N(x; 0, S) = -1/2 [x' S^-1 x + ln det S + d ln 2 pi], shape (n_samples,)."""
    norm, log_det = squared_norm(X, covariance)
    return -0.5 * (norm + log_det + len(covariance) * math.log(2 * math.pi))
