"""Gaussian mixtures with labels and a noisy network layer, with truths by quadrature."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, expit, logsumexp, softmax, xlogy
from sklearn.utils import check_random_state

from ibtools.datasets._distribution_base import LN2, Distribution, log_normal, real_pair

_Floats = NDArray[np.float64]
_Labels = NDArray[np.int64]

_REACH = 9.0  # standard deviations: 2e-19 of the normal distribution is beyond
_STEPS = {1: 0.01, 2: 0.05}  # of the quadrature, in standard deviations, by dimension
_STEP_OF_NARROWEST = 0.2  # the same in standard deviations of the narrowest class
_MAX_GRID = 1_000_000  # points per class: beyond, Monte Carlo
_N_DRAWS = 200_000
_MAX_POINTS = 4000  # per unit, so that two take 128 MB
_BLOCK_ROWS = 500


@dataclass(frozen=True, eq=False)
class LabelledGaussians(Distribution):
    """A label, and X Gaussian about the mean of its class.

    I(X;Y) = sum_y p(y) E_{x|y} ln [p(x|y) / p(x)], by quadrature where the classes differ in at
    most two directions and a grid resolves the narrowest of them, else H(Y) - E H(Y|x) by Monte
    Carlo; `mutual_information_error` states the error.

    Parameters
    ----------
    means : array-like of shape (n_classes, n_features)
        Means of the classes.
    covariance : float or array-like of shape (n_features, n_features) or \
            (n_classes, n_features, n_features), default=1.0
        Covariance of all classes, or of each; a number is a variance.
    p_y : array-like of shape (n_classes,), default=None
        Probabilities of the classes; None makes them equal.

    Examples
    --------
    >>> from ibtools.datasets import LabelledGaussians
    >>> far_apart = LabelledGaussians([[-20.0], [0.0], [20.0], [40.0]])
    >>> round(far_apart.mutual_information, 9)
    2.0
    """

    means: Any
    covariance: Any = 1.0
    p_y: Any = None

    def __post_init__(self) -> None:
        means = np.array(self.means, dtype=np.float64)
        if means.ndim != 2:
            raise ValueError(f"means must be of shape (n_classes, n_features), got {means.shape}.")
        n, d = means.shape
        covariance = np.asarray(self.covariance, dtype=np.float64)
        shared = covariance.ndim < 3
        if covariance.ndim == 0:
            covariance = covariance * np.eye(d)
        covariance = np.broadcast_to(covariance, (n, d, d))
        if np.linalg.eigvalsh(covariance).min() <= 0:
            raise ValueError("covariance must be positive definite.")
        p_y = np.full(n, 1 / n) if self.p_y is None else np.array(self.p_y, dtype=np.float64)
        if p_y.shape != (n,) or p_y.min() <= 0 or abs(p_y.sum() - 1) > 1e-9:
            raise ValueError(f"p_y must be {n} positive probabilities that sum to 1.")
        fields = {"means": means, "covariance": covariance, "p_y": p_y, "n_classes": n}
        for name, value in {**fields, "_shared": shared}.items():
            object.__setattr__(self, name, value)

    @property
    def mutual_information(self) -> float:
        """I(X;Y) in bits."""
        return self._truth[0]

    @property
    def mutual_information_error(self) -> float:
        """Change on doubling the step of the quadrature, or bound of the Monte Carlo error.

        The bound is three standard errors and what 200,000 draws may miss, by the empirical
        Bernstein inequality, with probability 0.95.
        """
        return self._truth[1]

    @cached_property
    def _truth(self) -> tuple[float, float]:
        means, factors = self._essential_coordinates()
        if means.shape[1] > 2:
            return self._monte_carlo()
        steps = _resolving_steps(factors)
        if (2 * _REACH / min(steps)) ** means.shape[1] > _MAX_GRID:
            return self._monte_carlo()
        fine = _label_information(means, factors, self.p_y, steps)
        coarse = _label_information(means, factors, self.p_y, [2 * step for step in steps])
        return fine, abs(fine - coarse) + 1e-12

    def _monte_carlo(self) -> tuple[float, float]:
        """H(Y) - E H(Y|x) in bits and the bound of its error.

        H(Y|x) is bounded, unlike ln [p(x|y) / p(x)], and so is what rare draws may add: with
        ln(4 / delta) = 4.5 the inequality of Maurer and Pontil (2009) is three standard errors and
        10.5 bounds / n.
        """
        X, _ = self.sample(_N_DRAWS, 0)
        log_joint = np.log(self.p_y) + self._log_densities(X)
        posterior = softmax(log_joint, axis=1)
        draws = entr(posterior).sum(axis=1) / LN2
        information = float(entr(self.p_y).sum()) / LN2 - float(draws.mean())
        rare = 10.5 * math.log2(len(self.p_y)) / (_N_DRAWS - 1)
        return information, 3 * float(draws.std(ddof=1)) / math.sqrt(_N_DRAWS) + rare

    def _essential_coordinates(self) -> tuple[_Floats, _Floats]:
        """Means and Cholesky factors in the coordinates in which the classes differ.

        Under one covariance these are the directions between the whitened means: whatever is
        orthogonal to them is noise that all classes share.
        """
        factors = np.linalg.cholesky(self.covariance)
        if not self._shared:  # type: ignore[attr-defined]
            return self.means, factors
        white = np.linalg.solve(factors[0], self.means.T).T
        white = white - white.mean(axis=0)
        _, singular, directions = np.linalg.svd(white, full_matrices=False)
        rank = max(1, int((singular > 1e-12 * max(singular[0], 1)).sum()))
        means = white @ directions[:rank].T
        return means, np.broadcast_to(np.eye(rank), (len(means), rank, rank))

    def conditional(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Probability p(y|x) of each label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            First variable.
        y : array-like of int of shape (n_samples,)
            Labels.

        Returns
        -------
        probability : ndarray of shape (n_samples,)
            Probability of y given x.
        """
        labels = np.ravel(y).astype(np.int64)
        log_joint = np.log(self.p_y) + self._log_densities(np.asarray(X, dtype=np.float64))
        rows = np.arange(len(labels))
        return np.exp(log_joint[rows, labels] - logsumexp(log_joint, axis=1))

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        densities = self._log_densities(X)
        given_y = densities[np.arange(len(X)), np.ravel(y).astype(np.int64)]
        return (given_y - logsumexp(np.log(self.p_y) + densities, axis=1)) / LN2

    def _log_densities(self, X: _Floats) -> _Floats:
        """Log density ln p(x|y) of every class, shape (n_samples, n_classes)."""
        classes = zip(self.means, self.covariance, strict=True)
        return np.stack([log_normal(X - mean, S) for mean, S in classes], axis=1)

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Labels]:
        y = rng.choice(len(self.means), size=n, p=self.p_y)
        Z = rng.standard_normal((n, self.means.shape[1]))
        factors = np.linalg.cholesky(self.covariance)
        X = np.empty_like(Z)
        for label, (mean, factor) in enumerate(zip(self.means, factors, strict=True)):
            X[y == label] = mean + Z[y == label] @ factor.T
        return X, y


def _resolving_steps(factors: _Floats) -> list[float]:
    """Step for the grid of each class, in its standard deviations, that resolves all classes."""
    steps = []
    for factor in factors:
        # Beside a stack of matrices numpy 1.26 takes a single one for a stack of vectors.
        widest = np.linalg.norm(np.linalg.solve(factors, factor[None]), 2, axis=(1, 2)).max()
        steps.append(min(_STEPS[len(factor)], _STEP_OF_NARROWEST / float(widest)))
    return steps


def _label_information(
    means: _Floats, factors: _Floats, p_y: _Floats, steps: Sequence[float]
) -> float:
    """sum_y p(y) E ln [p(x|y) / p(x)] in bits, by the trapezoidal rule in 1-d or 2-d.

    The integrand is smooth and falls as a Gaussian, so that the rule converges exponentially once
    the step resolves the narrowest class.
    """
    covariances = factors @ factors.transpose(0, 2, 1)
    information = 0.0
    for label, (mean, factor) in enumerate(zip(means, factors, strict=True)):
        Z, weights = _normal_grid(means.shape[1], steps[label])
        X = mean + Z @ factor.T
        classes = zip(means, covariances, strict=True)
        densities = np.stack([log_normal(X - m, S) for m, S in classes])
        mixture = logsumexp(np.log(p_y)[:, None] + densities, axis=0)
        information += float(p_y[label] * (weights @ (densities[label] - mixture)))
    return information / LN2


def _normal_grid(n_features: int, step: float) -> tuple[_Floats, _Floats]:
    """Grid of the standard normal distribution and the weights of its points."""
    line = np.arange(-_REACH, _REACH + step / 2, step)
    grid = np.stack(np.meshgrid(*[line] * n_features, indexing="ij"), axis=-1)
    Z = grid.reshape(-1, n_features)
    weights = np.exp(-(Z**2).sum(axis=1) / 2)
    return Z, weights / weights.sum()


@dataclass(frozen=True, eq=False)
class NoisyLayer(Distribution):
    """A noisy layer of one or two units: T = f(W x + b) + noise, x and the noise Gaussian.

    X is the representation T and Y the input x: I(T;x) = h(T) - h(noise). The density of T is an
    integral over the one or two pre-activations, done by quadrature.

    Parameters
    ----------
    weights : array-like of shape (n_units, n_inputs)
        Weights W. The inputs are independent with unit variance.
    bias : array-like of shape (n_units,), default=None
        Bias b; None for 0.
    noise_std : float, default=0.2
        Standard deviation of the noise of each unit.
    activation : {"tanh", "sigmoid", "relu", "linear"}, default="tanh"
        Activation f.

    See Also
    --------
    LabelledGaussians : The layer of a finite number of inputs, with ``means=f(W x + b)``.

    Notes
    -----
    The quadrature is exponentially accurate for smooth activations. The kink of "relu" leaves an
    error of second order in the step, and `mutual_information_error` states it.

    Examples
    --------
    >>> from ibtools.datasets import NoisyLayer
    >>> linear = NoisyLayer([[3.0, 4.0]], noise_std=5.0, activation="linear")
    >>> round(linear.mutual_information, 9)  # log2(1 + 25 / 25) / 2
    0.5
    """

    weights: Any
    bias: Any = None
    noise_std: float = 0.2
    activation: str = "tanh"

    def __post_init__(self) -> None:
        weights = np.atleast_2d(np.array(self.weights, dtype=np.float64))
        if weights.ndim != 2 or len(weights) not in (1, 2):
            raise ValueError(
                f"The quadrature is for one or two units: weights of shape (1 or 2, n_inputs), got "
                f"{weights.shape}."
            )
        if self.activation not in _ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {sorted(_ACTIVATIONS)}, got {self.activation!r}."
            )
        if not 0 < self.noise_std < math.inf:
            raise ValueError(f"noise_std must be positive and finite, got {self.noise_std!r}.")
        n_units = len(weights)
        bias = np.zeros(n_units) if self.bias is None else np.array(self.bias, dtype=np.float64)
        if bias.shape != (n_units,):
            raise ValueError(f"bias must be of shape ({n_units},), got {bias.shape}.")
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "bias", bias)

    @classmethod
    def random(
        cls,
        n_inputs: int = 5,
        n_units: int = 1,
        *,
        gain: float = 2.0,
        noise_std: float = 0.2,
        activation: str = "tanh",
        random_state: int | np.random.RandomState | None = None,
    ) -> Self:
        """Layer with Gaussian weights of variance gain^2 / n_inputs and bias of variance 1/4.

        Parameters
        ----------
        n_inputs : int, default=5
            Number of inputs.
        n_units : {1, 2}, default=1
            Number of units.
        gain : float, default=2.0
            Standard deviation of the pre-activations, on average.
        noise_std : float, default=0.2
            Standard deviation of the noise.
        activation : {"tanh", "sigmoid", "relu", "linear"}, default="tanh"
            Activation.
        random_state : int, RandomState instance or None, default=None
            Source of the weights.

        Returns
        -------
        distribution : NoisyLayer
            The layer.
        """
        rng = check_random_state(random_state)
        weights = rng.normal(scale=gain / math.sqrt(n_inputs), size=(n_units, n_inputs))
        return cls(weights, rng.normal(scale=0.5, size=n_units), noise_std, activation)

    @property
    def mutual_information(self) -> float:
        """I(T;x) in bits."""
        return self._truth[0]

    @property
    def mutual_information_error(self) -> float:
        """Change of `mutual_information` on doubling all steps of the quadrature, in bits."""
        return self._truth[1]

    def pre_noise(self, inputs: ArrayLike) -> _Floats:
        """What the units give before the noise, f(W x + b).

        Parameters
        ----------
        inputs : array-like of shape (n_samples, n_inputs)
            Inputs x.

        Returns
        -------
        S : ndarray of shape (n_samples, n_units)
            The mean of T given each input.
        """
        inputs = np.asarray(inputs, dtype=np.float64)
        return _ACTIVATIONS[self.activation](inputs @ self.weights.T + self.bias)

    def conditional(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Density p(t|x) of the layer at each pair (t, x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_units)
            The noisy layer T, which is the first variable.
        y : array-like of shape (n_samples, n_inputs)
            The inputs.

        Returns
        -------
        density : ndarray of shape (n_samples,)
            Density of T given the input, which is that of the noise.
        """
        return np.exp(self._log_noise(*real_pair(X, y)))

    def _log_noise(self, T: _Floats, inputs: _Floats) -> _Floats:
        return log_normal(T - self.pre_noise(inputs), self.noise_std**2 * np.eye(T.shape[1]))

    def _pointwise(self, X: NDArray[Any], y: NDArray[Any]) -> _Floats:
        T, inputs = real_pair(X, y)
        layer = _PreActivations(self, 2.0)
        blocks = np.array_split(T, math.ceil(len(T) / _BLOCK_ROWS))
        density = np.concatenate([layer.density(block) for block in blocks])
        return (self._log_noise(T, inputs) - np.log(density)) / LN2

    @cached_property
    def _truth(self) -> tuple[float, float]:
        fine, coarse = (self._information(coarseness) for coarseness in (1.0, 2.0))
        return fine, abs(fine - coarse) + 1e-12

    def _information(self, coarseness: float) -> float:
        """h(T) - h(noise) in bits, with -p ln p summed over a grid of T."""
        layer = _PreActivations(self, coarseness)
        n_units = len(self.weights)
        step = coarseness * self.noise_std / 4
        kernels = []
        for unit in range(n_units):
            reach = _REACH * self.noise_std
            low, high = layer.means[unit].min() - reach, layer.means[unit].max() + reach
            kernels.append(layer.kernel(np.arange(low, high + step, step), unit))
        density = kernels[0] @ layer.mass
        if n_units == 2:
            density = density @ kernels[1].T
        entropy = -float(xlogy(density, density).sum()) * step**n_units
        noise = n_units / 2 * math.log(2 * math.pi * math.e * self.noise_std**2)
        return (entropy - noise) / LN2

    def _draw(self, n: int, rng: np.random.RandomState) -> tuple[_Floats, _Floats]:
        inputs = rng.standard_normal((n, self.weights.shape[1]))
        S = self.pre_noise(inputs)
        return S + self.noise_std * rng.standard_normal(S.shape), inputs


class _PreActivations:
    """Grid of the pre-activations of a layer: their mass, and the noise about their means.

    Parameters
    ----------
    layer : NoisyLayer
        The layer.
    coarseness : float
        Factor of the step.
    """

    def __init__(self, layer: NoisyLayer, coarseness: float) -> None:
        self.noise_std = layer.noise_std
        covariance = layer.weights @ layer.weights.T
        spread = np.sqrt(np.diag(covariance))
        activation = _ACTIVATIONS[layer.activation]
        # A sum of Gaussians of the noise's width, half such a width apart, is smooth to 1e-34; and
        # the density of the pre-activations is to be resolved as well.
        correlation = covariance / np.outer(spread, spread)
        narrowest = math.sqrt(max(0.0, np.linalg.eigvalsh(correlation)[0]))
        widest = 0.01 if layer.activation == "relu" else 0.1  # a kink wants a fine grid
        step = coarseness * min(widest, layer.noise_std / (2 * spread.max()), narrowest / 3)
        if _MAX_POINTS * step < 2 * _REACH:
            raise ValueError(
                f"The quadrature would take more than {_MAX_POINTS} points per unit: noise_std="
                f"{layer.noise_std:g} is too small for these weights, or the two units are almost "
                "the same."
            )
        n_points = 2 * math.ceil(_REACH / step) + 1
        line = step * (np.arange(n_points) - n_points // 2)
        self.means = [activation(b + s * line) for b, s in zip(layer.bias, spread, strict=True)]
        if len(spread) == 1:
            mass = np.exp(-(line**2) / 2)
        else:
            rho = correlation[0, 1]
            conditional = (line[:, None] - rho * line) ** 2 / (1 - rho**2)
            mass = np.exp(-(conditional + line**2) / 2)
        self.mass: _Floats = mass / mass.sum()

    def density(self, T: _Floats) -> _Floats:
        """Density p(t) of each row, shape (n_samples,)."""
        smoothed = self.mass if T.shape[1] == 1 else self.kernel(T[:, 0], 0) @ self.mass
        return (smoothed * self.kernel(T[:, -1], T.shape[1] - 1)).sum(axis=1)

    def kernel(self, values: _Floats, unit: int) -> _Floats:
        """Density of the noise at values about each mean, shape (n_values, n_points)."""
        offset = (values[:, None] - self.means[unit]) / self.noise_std
        return np.exp(-(offset**2) / 2) / (math.sqrt(2 * math.pi) * self.noise_std)


def _relu(u: _Floats) -> _Floats:
    return np.maximum(u, 0.0)


def _linear(u: _Floats) -> _Floats:
    return u


_ACTIVATIONS: dict[str, Callable[[_Floats], _Floats]] = {
    "tanh": np.tanh,
    "sigmoid": expit,
    "relu": _relu,
    "linear": _linear,
}
