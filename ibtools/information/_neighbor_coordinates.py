"""Coordinates in which distances between rows are taken."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

import ibtools.information._torch_neighbors as torch_neighbors

_Floats = NDArray[np.float64]

_DIGITS = 32  # binary ones, of means and deviations


@dataclass(frozen=True)
class Coordinates:
    """A map of every column: shift and scale, or ranks to normal quantiles.

    Attributes
    ----------
    center, scale : ndarray or torch.Tensor of shape (n_features,)
        The linear map (t - center) / scale.
    knots : tuple of (values, scores) per column, or None
        Sorted distinct values of a column and their normal scores; None where the map is linear.
    """

    center: Any
    scale: Any
    knots: tuple[tuple[Any, Any], ...] | None = None

    @property
    def log_volume(self) -> float:
        """Entropy that the linear map takes away, sum ln scale, in nats."""
        return float(np.log(torch_neighbors.on_host(self.scale)).sum())

    def on_host(self) -> "Coordinates":
        """Give the map of arrays, whatever it was found from."""
        center, scale = map(torch_neighbors.on_host, (self.center, self.scale))
        if self.knots is None:
            return Coordinates(center, scale)
        knots = [tuple(map(torch_neighbors.on_host, of_column)) for of_column in self.knots]
        return Coordinates(center, scale, tuple(knots))

    def apply(self, X: Any) -> Any:
        """Map rows.

        Parameters
        ----------
        X : ndarray or torch.Tensor of shape (n_samples, n_features)
            Rows, of the kind that the map was found from. Beyond the values of the knots the
            outermost scores hold.

        Returns
        -------
        coordinates : ndarray or torch.Tensor of shape (n_samples, n_features)
            Coordinates.
        """
        if self.knots is None:
            return (X - self.center) / self.scale
        pairs = zip(X.T, self.knots, strict=True)
        if isinstance(X, np.ndarray):
            return np.stack([np.interp(column, *knots) for column, knots in pairs], axis=1)
        columns = [torch_neighbors.interpolate(column, *knots) for column, knots in pairs]
        return torch_neighbors.columns_of(columns)


def fit_coordinates(X: Any, *, standardize: bool = True, copula: bool = False) -> Coordinates:
    """Find the coordinates of the columns of some rows.

    Parameters
    ----------
    X : ndarray or torch.Tensor of shape (n_samples, n_features)
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
    center: Any = np.zeros(n_features)
    scale: Any = np.ones(n_features)
    if copula:
        on_host = isinstance(X, np.ndarray)
        scores = _normal_scores if on_host else torch_neighbors.normal_scores
        return Coordinates(center, scale, tuple(scores(column) for column in X.T))
    if standardize:
        center, scale = _standardisation(X)
    elif not isinstance(X, np.ndarray):
        center, scale = torch_neighbors.like(center, X), torch_neighbors.like(scale, X)
    return Coordinates(center, scale)


def jittered(points: Any, jitter: float, rng: np.random.RandomState) -> Any:
    """Add normal noise of `jitter` standard deviations of each column."""
    noise = rng.standard_normal(tuple(points.shape))
    if not isinstance(points, np.ndarray):
        deviation = torch_neighbors.center_and_deviation(points)[1]
        deviation[points.amax(dim=0) == points.amin(dim=0)] = 0
        return points + jitter * deviation * torch_neighbors.like(noise, points)
    constant = points.max(axis=0) == points.min(axis=0)
    return points + np.where(constant, 0.0, jitter * _center_and_deviation(points)[1]) * noise


def _normal_scores(column: _Floats) -> tuple[_Floats, _Floats]:
    values, first = np.unique(column, return_index=True)
    scores = ndtri(rankdata(column)[first] / (len(column) + 1))
    return values, np.rint(scores * torch_neighbors.SCORE_STEPS) / torch_neighbors.SCORE_STEPS


def _standardisation(X: Any) -> tuple[Any, Any]:
    """Means and standard deviations of the columns, the same on every device.

    Sums differ in their last digits with the order in which they are taken. Without these digits,
    coordinates do not differ, and equal distances between them are equal everywhere or nowhere.
    """
    center, deviation = _center_and_deviation(X)
    if isinstance(X, np.ndarray):
        return _rounded(center, deviation)
    rounded = _rounded(*map(torch_neighbors.on_host, (center, deviation)))
    return torch_neighbors.like(rounded[0], X), torch_neighbors.like(rounded[1], X)


def _rounded(center: _Floats, deviation: _Floats) -> tuple[_Floats, _Floats]:
    """Both to 2^-32 of the larger of them; a constant column, of deviation 1, keeps its value."""
    largest = np.frexp(np.maximum(np.abs(center), deviation))[1] - _DIGITS
    own = np.frexp(deviation)[1] - _DIGITS
    near = np.ldexp(np.rint(np.ldexp(center, -largest)), largest)
    return np.where(deviation == 1, center, near), np.ldexp(np.rint(np.ldexp(deviation, -own)), own)


def _center_and_deviation(X: Any) -> tuple[Any, Any]:
    """Means and standard deviations of the columns, 1 where a column is constant."""
    if not isinstance(X, np.ndarray):
        return torch_neighbors.center_and_deviation(X)
    # Sorted, so that the order of the rows does not change the last bit, and with it ties.
    ordered = np.sort(X, axis=0)
    constant = ordered[0] == ordered[-1]
    center = np.where(constant, ordered[0], ordered.mean(axis=0))
    centred = ordered - center
    # Scaled first, so that the squares of very small values do not vanish.
    largest = np.where(constant, 1.0, np.abs(centred[[0, -1]]).max(axis=0))
    deviation = largest * np.sqrt(((centred / largest) ** 2).mean(axis=0))
    return center, np.where(constant, 1.0, deviation)
