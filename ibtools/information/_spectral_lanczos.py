"""Stochastic Lanczos quadrature of a trace, with the traces that are known as control variates."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import ibtools.information._torch_spectral as torch_spectral
from ibtools.information._progress import SILENT, Progress
from ibtools.information._spectral import entropy_slope, trace_terms
from ibtools.information._spectral_gram import (
    GramMoments,
    kernel_tile,
    over_upper_tiles,
    sum_moments,
    tile_moments,
)

_Floats = NDArray[np.float64]
_Vectors = Any  # ndarray in float32, or such a tensor
_Product = Callable[[_Vectors], _Vectors]
_Tile = tuple[slice, slice]

# Half of a Gram matrix of so many rows, in float32, has 1 GiB. Of more rows it is computed anew,
# tile by tile, for every product.
STORED_ROWS = 23_170
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
    coordinates: Any,
    n_samples: int,
    *,
    alpha: float,
    n_probes: int,
    tol: float,
    rng: np.random.Generator,
    progress: Progress = SILENT,
) -> tuple[Trace, GramMoments]:
    """Trace of f(K / n) for the terms f of an entropy, from products of K with random vectors.

    A probe v of random signs has E[v' f(A) v] = tr f(A), and m steps of Lanczos from v give
    v' f(A) v by a Gauss quadrature [1]_. The spread over the probes is then regressed on
    v' A v - tr A and v' A^2 v - tr A^2, whose means are exactly 0 because both traces are known:
    what is left of it is one or two orders of magnitude smaller.

    Parameters
    ----------
    coordinates : ndarray or torch.Tensor of shape (n_rows, n_coordinates)
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
    progress : Progress
        Shows the products with K, and how many there will be by what the last rounds told.

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
    n_rows = len(coordinates)
    product, moments = _prepare_product(coordinates, n_samples)
    known = n_rows / n_samples, moments.squared_norm / n_samples**2
    rounds: list[_Quadrature] = []
    with progress.open_ended(_STEPS[2], "product") as (advance, expect):
        while True:
            signs = rng.integers(2, size=(n_rows, n_probes)).astype(np.float32)
            probes = _like(2 * signs - 1, coordinates)
            rounds.append(_quadrature(product, probes, alpha, advance))
            trace = _controlled_mean(rounds, known)
            error = trace.std_error * entropy_slope(trace.value, alpha)
            if error <= tol or len(rounds) == _MAX_ROUNDS:
                return trace, moments
            # The error falls with the root of the rounds.
            needed = len(rounds) * (error / tol) ** 2 if tol > 0 else _MAX_ROUNDS
            expect(min(needed, _MAX_ROUNDS) / len(rounds))


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


def _quadrature(
    product: _Product, probes: _Vectors, alpha: float, advance: Callable[[], None]
) -> _Quadrature:
    """Run Lanczos from all probes at once until a longer recurrence changes little."""
    n_rows, n_probes = probes.shape
    # All vectors have the norm of a probe, the root of n, which single precision does not round.
    current, previous = probes, 0 * probes
    diagonals: list[_Floats] = []
    off_diagonals = [np.zeros(n_probes)]
    estimates: list[_Floats] = []
    while not _has_settled(estimates):
        image = product(current)
        advance()
        diagonals.append(_column_means(current, image))
        if len(diagonals) == 1:
            first, second = diagonals[0], _column_means(image, image)
        image -= current * _like(diagonals[-1], current)
        image -= previous * _like(off_diagonals[-1], current)
        if len(diagonals) in _STEPS:
            estimates.append(n_rows * _gauss_rule(diagonals, off_diagonals[1:], alpha))
        beta = np.sqrt(_column_means(image, image))
        # An invariant subspace ends the recurrence: what is left of the image is rounding.
        alive = beta > _ROUNDING * diagonals[0]
        off_diagonals.append(np.where(alive, beta, 0.0))
        inverse = np.divide(1.0, beta, out=np.zeros_like(beta), where=alive)
        previous, current = current, image * _like(inverse, current)
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


def _column_means(a: _Vectors, b: _Vectors) -> _Floats:
    """Inner product of each column of a with the same column of b, divided by their length."""
    if isinstance(a, np.ndarray):
        return np.einsum("ij,ij->j", a, b, dtype=np.float64) / len(a)
    return torch_spectral.column_products(a, b) / len(a)


def _like(values: NDArray[np.floating], rows: Any) -> _Vectors:
    """Numbers in float32, where some rows are."""
    if isinstance(rows, np.ndarray):
        return values.astype(np.float32)
    return torch_spectral.singles(values, rows)


def _prepare_product(coordinates: Any, n_samples: int) -> tuple[_Product, GramMoments]:
    """Product of K / n with vectors, from tiles in memory or made anew, and K's moments."""
    kept: dict[tuple[int, int], _Vectors] | None = {} if len(coordinates) <= STORED_ROWS else None

    def single_tile(rows: slice, columns: slice) -> _Vectors:
        if kept is not None:
            return kept[rows.start, columns.start]
        return _single(kernel_tile(coordinates, rows, columns))

    def measure(tiles: Sequence[_Tile]) -> GramMoments:
        moments = []
        for rows, columns in tiles:
            kernel = kernel_tile(coordinates, rows, columns)
            moments.append(tile_moments(kernel, rows, columns))
            if kept is not None:
                kept[rows.start, columns.start] = _single(kernel)
        return sum_moments(moments)

    def product(vectors: _Vectors) -> _Vectors:
        def work(tiles: Sequence[_Tile]) -> _Vectors:
            image = 0 * vectors
            for rows, columns in tiles:
                tile = single_tile(rows, columns)
                image[rows] += tile @ vectors[columns]
                if rows != columns:
                    image[columns] += tile.T @ vectors[rows]
            return image

        first, *others = over_upper_tiles(work, coordinates)
        return sum(others, start=first) / n_samples

    return product, sum_moments(over_upper_tiles(measure, coordinates))


def _single(kernel: Any) -> _Vectors:
    """A kernel in float32."""
    return kernel.astype(np.float32) if isinstance(kernel, np.ndarray) else kernel.float()
