"""Stochastic Lanczos quadrature of a trace, with the traces that are known as control variates."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ibtools.information._spectral import entropy_slope, trace_terms
from ibtools.information._spectral_gram import GramMoments, upper_tiles

_Floats = NDArray[np.float64]
_Singles = NDArray[np.float32]
_Product = Callable[[_Singles], _Singles]

STORED_ROWS = 8192  # a Gram matrix of more rows is computed anew, tile by tile, for every product
_STEPS = (8, 12, 18, 27, 40, 60)  # lengths of the recurrence at which the quadrature is compared
_SETTLED = 1e-4
_MAX_ROUNDS = 16
_ROUNDING = 1e-6  # of float32, relative


class Trace(NamedTuple):
    """Estimate of a trace.

    Attributes
    ----------
    value : float
        The trace.
    std_error : float
        Standard error over the probes and, in quadrature with it, the last change that a longer
        recurrence made.
    """

    value: float
    std_error: float


class _Quadrature(NamedTuple):
    """What the probes of one round measured, each normalised to estimate a trace."""

    traces: _Floats
    first_moments: _Floats
    second_moments: _Floats
    change: float


def lanczos_trace(
    coordinates: _Floats,
    n_samples: int,
    *,
    alpha: float,
    n_probes: int,
    tol: float,
    rng: np.random.Generator,
) -> tuple[Trace, GramMoments]:
    """Trace of f(K / n) for the terms f of an entropy, from products of K with random vectors.

    A probe v of random signs has E[v' f(A) v] = tr f(A), and m steps of Lanczos from v give
    v' f(A) v by a Gauss quadrature [1]_. The spread over the probes is then regressed on
    v' A v - tr A and v' A^2 v - tr A^2, whose means are exactly 0 because both traces are known:
    what is left of it is one or two orders of magnitude smaller.

    Parameters
    ----------
    coordinates : ndarray of shape (n_rows, n_coordinates)
        Rows of a block of the Gram matrix K.
    n_samples : int
        n, the rows of the whole matrix.
    alpha : float
        Order of the entropy.
    n_probes : int
        Probes of a round, at least 5.
    tol : float
        Rounds are added, 16 at the most, until the standard error that the trace leaves in the
        entropy, in nats, is below.
    rng : numpy.random.Generator
        Source of the probes.

    Returns
    -------
    trace : Trace
        Estimate with its standard error.
    moments : GramMoments
        Of the block of K, exact.

    References
    ----------
    .. [1] S. Ubaru, J. Chen and Y. Saad, "Fast estimation of tr(f(A)) via stochastic Lanczos
       quadrature", SIAM Journal on Matrix Analysis and Applications 38, 2017.
    """
    product, moments = _prepare_product(coordinates, n_samples)
    known = len(coordinates) / n_samples, moments.squared_norm / n_samples**2
    rounds: list[_Quadrature] = []
    while True:
        signs = rng.integers(2, size=(len(coordinates), n_probes)).astype(np.float32)
        rounds.append(_quadrature(product, 2 * signs - 1, alpha))
        trace = _controlled_mean(rounds, known)
        error = trace.std_error * entropy_slope(trace.value, alpha)
        if error <= tol or len(rounds) == _MAX_ROUNDS:
            return trace, moments


def _controlled_mean(rounds: list[_Quadrature], known: tuple[float, float]) -> Trace:
    """Intercept of the regression of the traces on the two controls, with its standard error."""
    traces = np.concatenate([measured.traces for measured in rounds])
    first = np.concatenate([measured.first_moments for measured in rounds]) - known[0]
    second = np.concatenate([measured.second_moments for measured in rounds]) - known[1]
    controls = np.stack([first, second], axis=1)
    # A control that is the same for all probes but for rounding would take the intercept's part.
    spread = np.ptp(controls, axis=0)
    varies = spread > _ROUNDING * np.array(known)
    controls = np.divide(controls, spread, out=np.zeros_like(controls), where=varies)
    design = np.column_stack([np.ones_like(traces), controls])
    inverse = np.linalg.pinv(design.T @ design, rcond=1e-12)
    weights = inverse @ design.T
    residuals = traces - design @ (weights @ traces)
    # The spread of a trace grows with the controls: each probe is left out in turn (HC3).
    left_out = residuals / (1 - np.einsum("ij,ji->i", design, weights))
    change = np.mean([measured.change for measured in rounds])
    error = np.hypot(np.linalg.norm(weights[0] * left_out), change)
    return Trace(float(weights[0] @ traces), float(error))


def _quadrature(product: _Product, probes: _Singles, alpha: float) -> _Quadrature:
    """Run Lanczos from all probes at once until a longer recurrence changes little."""
    n_rows, n_probes = probes.shape
    current, previous = probes / np.float32(np.sqrt(n_rows)), np.zeros_like(probes)
    diagonals: list[_Floats] = []
    off_diagonals = [np.zeros(n_probes)]
    estimates: list[_Floats] = []
    while not _has_settled(estimates):
        image = product(current)
        diagonals.append(_column_products(current, image))
        if len(diagonals) == 1:
            first, second = diagonals[0], _column_products(image, image)
        image -= current * diagonals[-1].astype(np.float32)
        image -= previous * off_diagonals[-1].astype(np.float32)
        if len(diagonals) in _STEPS:
            estimates.append(n_rows * _gauss_rule(diagonals, off_diagonals[1:], alpha))
        beta = np.sqrt(_column_products(image, image))
        # An invariant subspace ends the recurrence: what is left of the image is rounding.
        alive = beta > _ROUNDING * diagonals[0]
        off_diagonals.append(np.where(alive, beta, 0.0))
        inverse = np.divide(1.0, beta, out=np.zeros_like(beta), where=alive)
        previous, current = current, image * inverse.astype(np.float32)
    change = float(np.mean(estimates[-1] - estimates[-2]))
    return _Quadrature(estimates[-1], n_rows * first, n_rows * second, change)


def _has_settled(estimates: list[_Floats]) -> bool:
    """Whether the last lengthening changed the trace by less than a ten-thousandth of it."""
    if len(estimates) < 2:
        return False
    change = abs(np.mean(estimates[-1] - estimates[-2]))
    return len(estimates) == len(_STEPS) or change <= _SETTLED * abs(np.mean(estimates[-1]))


def _gauss_rule(diagonals: list[_Floats], off_diagonals: list[_Floats], alpha: float) -> _Floats:
    """Sum of weight times f(node) of the Gauss rule of each probe's tridiagonal matrix."""
    m, n_probes = len(diagonals), len(diagonals[0])
    tridiagonal = np.zeros((n_probes, m, m))
    steps = np.arange(m)
    tridiagonal[:, steps, steps] = np.stack(diagonals, axis=1)
    tridiagonal[:, steps[1:], steps[:-1]] = np.stack(off_diagonals, axis=1)
    nodes, vectors = np.linalg.eigh(tridiagonal)
    return (vectors[:, 0, :] ** 2 * trace_terms(nodes, alpha)).sum(axis=1)


def _column_products(a: _Singles, b: _Singles) -> _Floats:
    """Inner product of each column of a with the same column of b."""
    return np.einsum("ij,ij->j", a, b, dtype=np.float64)


def _prepare_product(coordinates: _Floats, n_samples: int) -> tuple[_Product, GramMoments]:
    """Product of K / n with vectors, from a matrix in memory or from tiles, and K's moments."""
    n_rows = len(coordinates)
    stored = np.empty((n_rows, n_rows), dtype=np.float32) if n_rows <= STORED_ROWS else None
    total = squared_norm = 0.0
    for rows, columns, kernel in upper_tiles(coordinates):
        times = 1 if rows == columns else 2
        total += times * float(kernel.sum())
        squared_norm += times * float(np.vdot(kernel, kernel))
        if stored is not None:
            stored[rows, columns] = kernel
            stored[columns, rows] = kernel.T
    moments = GramMoments(total, squared_norm)
    if stored is not None:
        stored /= np.float32(n_samples)
        return lambda vectors: stored @ vectors, moments
    return lambda vectors: _tiled_product(coordinates, vectors, n_samples), moments


def _tiled_product(coordinates: _Floats, vectors: _Singles, n_samples: int) -> _Singles:
    """Product of K / n with vectors, K computed tile by tile."""
    image = np.zeros_like(vectors)
    for rows, columns, kernel in upper_tiles(coordinates):
        tile = kernel.astype(np.float32)
        image[rows] += tile @ vectors[columns]
        if rows != columns:
            image[columns] += tile.T @ vectors[rows]
    image /= np.float32(n_samples)
    return image
