"""Coordinates in which distances between rows are taken."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coordinates:
    """A map of every column: shift and scale, or ranks to normal quantiles.

    Attributes
    ----------
    center, scale : ndarray of shape (n_features,)
        The linear map (t - center) / scale.
    knots : tuple of (values, scores) per column, or None
        Sorted distinct values of a column and their normal scores; None where the map is linear.
    """

    center: _Floats
    scale: _Floats
    knots: tuple[tuple[_Floats, _Floats], ...] | None = None

    @property
    def log_volume(self) -> float:
        """Entropy that the linear map takes away, sum ln scale, in nats."""
        return float(np.log(self.scale).sum())

    def apply(self, X: _Floats) -> _Floats:
        """Map rows.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Rows. Beyond the values of the knots the outermost scores hold.

        Returns
        -------
        coordinates : ndarray of shape (n_samples, n_features)
            Coordinates.
        """
        if self.knots is None:
            return (X - self.center) / self.scale
        columns = [np.interp(column, *knots) for column, knots in zip(X.T, self.knots, strict=True)]
        return np.stack(columns, axis=1)


def fit_coordinates(X: _Floats, *, standardize: bool = True, copula: bool = False) -> Coordinates:
    """Find the coordinates of the columns of some rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Rows.
    standardize : bool, default=True
        Whether to centre each column and to divide it by its standard deviation (a constant
        column by 1).
    copula : bool, default=False
        Whether to replace each value by the normal quantile of its rank r, of 1 to n:
        ``ndtri(r / (n + 1))``, equal values sharing their mean rank. Standardising is then void.

    Returns
    -------
    Coordinates
        The map.
    """
    n_features = X.shape[1]
    center, scale = np.zeros(n_features), np.ones(n_features)
    if copula:
        return Coordinates(center, scale, tuple(_normal_scores(column) for column in X.T))
    if standardize:
        center, scale = _center_and_deviation(X)
    return Coordinates(center, scale)


def jittered(points: _Floats, jitter: float, rng: np.random.RandomState) -> _Floats:
    """Add normal noise of `jitter` standard deviations of each column."""
    noise = rng.standard_normal(points.shape)
    constant = points.max(axis=0) == points.min(axis=0)
    return points + np.where(constant, 0.0, jitter * _center_and_deviation(points)[1]) * noise


def _normal_scores(column: _Floats) -> tuple[_Floats, _Floats]:
    values, first = np.unique(column, return_index=True)
    return values, ndtri(rankdata(column)[first] / (len(column) + 1))


def _center_and_deviation(X: _Floats) -> tuple[_Floats, _Floats]:
    """Means and standard deviations of the columns, 1 where a column is constant."""
    # Sorted, so that the order of the rows does not change the last bit, and with it ties.
    ordered = np.sort(X, axis=0)
    constant = ordered[0] == ordered[-1]
    center = np.where(constant, ordered[0], ordered.mean(axis=0))
    centred = ordered - center
    # Scaled first, so that the squares of very small values do not vanish.
    largest = np.where(constant, 1.0, np.abs(centred[[0, -1]]).max(axis=0))
    deviation = largest * np.sqrt(((centred / largest) ** 2).mean(axis=0))
    return center, np.where(constant, 1.0, deviation)
