"""Invertible maps, which change the look of a variable and none of its information."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from ibtools.datasets._distribution_base import Distribution

_Floats = NDArray[np.float64]


class Reparametrization(Protocol):
    """An invertible map of rows."""

    def __call__(self, X: ArrayLike) -> _Floats:
        """Map rows."""

    def inverse(self, X: ArrayLike) -> _Floats:
        """Map them back."""


@dataclass(frozen=True)
class HalfCube:
    """Half a cube in every column, ``x sqrt|x|``: longer tails, and a flat spot at zero.

    Examples
    --------
    >>> from ibtools.datasets import HalfCube
    >>> HalfCube()([[-4.0], [0.0], [9.0]]).ravel()
    array([-8.,  0., 27.])
    """

    def __call__(self, X: ArrayLike) -> _Floats:
        """Map rows, shape (n_samples, n_features)."""
        X = np.asarray(X, dtype=np.float64)
        return X * np.sqrt(np.abs(X))

    def inverse(self, X: ArrayLike) -> _Floats:
        """Map rows back.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            What the map has given.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            What was mapped.
        """
        X = np.asarray(X, dtype=np.float64)
        return np.sign(X) * np.cbrt(np.abs(X)) ** 2


@dataclass(frozen=True)
class Asinh:
    """Inverse hyperbolic sine of every column: short tails.

    Parameters
    ----------
    scale : float, default=1.0
        Scale above which the map is logarithmic.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.datasets import Asinh
    >>> Asinh(scale=2.0)(2 * np.sinh([[-1.0], [3.0]])).ravel()
    array([-1.,  3.])
    """

    scale: float = 1.0

    def __call__(self, X: ArrayLike) -> _Floats:
        """Map rows, shape (n_samples, n_features)."""
        return np.arcsinh(np.asarray(X, dtype=np.float64) / self.scale)

    def inverse(self, X: ArrayLike) -> _Floats:
        """Map rows back.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            What the map has given.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            What was mapped.
        """
        return self.scale * np.sinh(np.asarray(X, dtype=np.float64))


@dataclass(frozen=True)
class Spiral:
    """Rotate every plane of two neighbouring columns by an angle that grows with ``|x|^2``.

    Parameters
    ----------
    speed : float, default=0.5
        Angle per unit of ``|x|^2``, in radians.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.datasets import Spiral
    >>> quarter = Spiral(speed=np.pi / 8)([[2.0, 0.0]])  # |x|^2 is 4, the angle pi / 2
    >>> bool(np.allclose(quarter, [[0.0, 2.0]]))
    True
    """

    speed: float = 0.5

    def __call__(self, X: ArrayLike) -> _Floats:
        """Map rows, shape (n_samples, n_features), two columns at least."""
        return self._rotate(X, self.speed)

    def inverse(self, X: ArrayLike) -> _Floats:
        """Map rows back.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            What the map has given.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            What was mapped.
        """
        return self._rotate(X, -self.speed)

    def _rotate(self, X: ArrayLike, speed: float) -> _Floats:
        X = np.array(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] < 2:
            raise ValueError(f"A spiral needs two columns at least, got the shape {X.shape}.")
        angle = speed * (X**2).sum(axis=1, keepdims=True)
        last = X.shape[1] // 2 * 2
        a, b = X[:, 0:last:2].copy(), X[:, 1:last:2].copy()
        X[:, 0:last:2] = np.cos(angle) * a - np.sin(angle) * b
        X[:, 1:last:2] = np.sin(angle) * a + np.cos(angle) * b
        return X


@dataclass(frozen=True)
class SwissRoll:
    """Roll every column up in a plane of its own: (t cos t, t sin t) / 21.

    t = 3 pi / 2 (1 + 2 F(x)) with F the standard normal distribution function, so that all of the
    line lands on one and a half turns. The image has no density: distances along the roll are not
    those in the plane.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.datasets import SwissRoll
    >>> middle = SwissRoll()([[0.0]])  # F(0) is 1/2: t is 3 pi, at (-3 pi, 0) / 21
    >>> bool(np.allclose(middle, [[-np.pi / 7, 0.0]]))
    True
    """

    def __call__(self, X: ArrayLike) -> _Floats:
        """Map rows, shape (n_samples, n_features), to (n_samples, 2 * n_features)."""
        X = np.asarray(X, dtype=np.float64)
        t = 1.5 * np.pi * (1 + 2 * ndtr(X))
        return np.stack([t * np.cos(t), t * np.sin(t)], axis=2).reshape(len(X), -1) / 21

    def inverse(self, X: ArrayLike) -> _Floats:
        """Map rows back.

        Parameters
        ----------
        X : array-like of shape (n_samples, 2 * n_features)
            What the map has given.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            What was mapped.
        """
        points = np.asarray(X, dtype=np.float64).reshape(len(np.asarray(X)), -1, 2)
        t = 21 * np.hypot(points[..., 0], points[..., 1])
        return ndtri((t / (1.5 * np.pi) - 1) / 2)


@dataclass(frozen=True, eq=False)
class Reparametrized(Distribution):
    """A pair seen through invertible maps, with the information it had before.

    Parameters
    ----------
    distribution : Distribution
        The pair.
    x_map, y_map : Reparametrization, default=None
        Maps of X and of a real Y: HalfCube, Asinh, Spiral, SwissRoll, or any object that maps rows
        when called and maps them back by `inverse`. None leaves the variable as it is.

    Notes
    -----
    I(X;Y) does not change when X or Y is replaced by a one-to-one function of itself. An estimator
    whose value changes measures more than the information.

    Examples
    --------
    >>> from ibtools.datasets import CorrelatedGaussian, Reparametrized, SwissRoll
    >>> rolled = Reparametrized(CorrelatedGaussian.sparse(correlation=0.6), SwissRoll())
    >>> rolled.sample(100, random_state=0)[0].shape, round(rolled.mutual_information, 6)
    ((100, 2), 0.321928)
    """

    distribution: Distribution
    x_map: Reparametrization | None = None
    y_map: Reparametrization | None = None

    def __post_init__(self) -> None:
        if self.y_map is not None and self.distribution.n_classes is not None:
            raise ValueError("y_map maps a real Y, and this distribution has labels.")

    @property
    def n_classes(self) -> int | None:  # type: ignore[override]
        """Number of classes; None where Y is real."""
        return self.distribution.n_classes

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        return self.distribution.mutual_information

    @property
    def mutual_information_error(self) -> float:
        """Error of `mutual_information` in bits."""
        return self.distribution.mutual_information_error

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, NDArray[Any]]:
        X, y = self.distribution.sample(n, rng)
        X = X if self.x_map is None else self.x_map(X)
        return X, y if self.y_map is None else self.y_map(y)

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        X = X if self.x_map is None else self.x_map.inverse(X)
        y = y if self.y_map is None else self.y_map.inverse(y)
        return self.distribution.pointwise_information(X, y)
