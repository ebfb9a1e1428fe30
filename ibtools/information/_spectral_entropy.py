"""Entropy of kernel variables, by the method that fits their size and order."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import ibtools.information._torch_spectral as torch_spectral
from ibtools.information._progress import SILENT, Progress
from ibtools.information._spectral import (
    check_order,
    entropy_from_trace,
    entropy_slope,
    frobenius_entropy,
    positive_part,
    spectrum_entropy,
    trace_terms,
)
from ibtools.information._spectral_gram import (
    KernelVariable,
    blocks_of_equal_code,
    gram_moments,
    kernel_of_rows,
)
from ibtools.information._spectral_lanczos import lanczos_trace
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

METHODS = ("auto", "exact", "lanczos")
EXACT_ROWS = 2048  # method="auto" computes the eigenvalues of blocks of at most so many rows
LANCZOS_ORDER = 0.9  # the least for which method="auto" takes the quadrature
_LEAST_LANCZOS_ROWS = 64  # smaller blocks have fewer eigenvalues than the quadrature has products


class SpectralEntropy(NamedTuple):
    """Matrix-based entropy of a variable.

    Attributes
    ----------
    entropy : float
        S_alpha(A), in the units of the base.
    std_error : float
        Standard error of the computation: 0 but for stochastic Lanczos quadrature.
    mean_similarity : float
        Mean entry of K off the diagonal; near 0 the entropy is log n, whatever the data.
    method : str
        "exact" (eigenvalues), "frobenius" (alpha = 2) or "lanczos".
    """

    entropy: float
    std_error: float
    mean_similarity: float
    method: str


def spectral_entropy(
    variable: KernelVariable,
    *,
    alpha: float = 1.01,
    base: float = 2.0,
    method: str = "auto",
    n_probes: int = 30,
    tol: float = 0.02,
    rng: np.random.Generator | None = None,
    progress: Progress = SILENT,
) -> SpectralEntropy:
    """Matrix-based Renyi entropy of a variable, its Gram matrix not larger than it must be.

    Rows of different codes share no eigenvalue: a Gram matrix of several classes is taken apart
    into its blocks. At alpha = 2 the entropy is the Frobenius norm, summed tile by tile. Otherwise
    small blocks give their eigenvalues (no vectors), large ones a stochastic Lanczos quadrature.

    Parameters
    ----------
    variable : KernelVariable
        Rows with their coordinates and codes.
    alpha : float, default=1.01
        Order, positive.
    base : float, default=2.0
        Base of the logarithm: 2 gives bits.
    method : {"auto", "exact", "lanczos"}, default="auto"
        "exact" computes all eigenvalues, "lanczos" estimates the trace for every block of more
        than 64 rows, "auto" does so for blocks of more than 2048 rows, if alpha is at least 0.9:
        below, eigenvalues too small for the quadrature to see count, its values are biased and
        `std_error` is understated. alpha = 2 is always exact.
    n_probes : int, default=30
        Random vectors of a round of the quadrature.
    tol : float, default=0.02
        Standard error in the units of `base` below which no more rounds are run; 16 rounds at most.
    rng : numpy.random.Generator, default=None
        Source of the probes. None takes a generator of seed 0.
    progress : Progress
        Shows the products of the quadrature, and of `tol` how many more there may be.

    Returns
    -------
    SpectralEntropy
        ``entropy``, ``std_error``, ``mean_similarity`` and ``method``.
    """
    check_order(alpha)
    unit, n_samples = log_of_base(base), variable.n_samples
    blocks = blocks_of_equal_code(variable)
    largest = max(map(len, blocks))
    if method == "auto" and alpha < LANCZOS_ORDER:
        method = "exact"
    limit = {"auto": EXACT_ROWS, "exact": largest, "lanczos": _LEAST_LANCZOS_ROWS}[method]
    if variable.coordinates.shape[1] == 0:
        measured = _of_classes(blocks, alpha)
    elif alpha == 2:
        measured = _of_frobenius_norm(blocks, n_samples)
    elif largest <= limit:
        measured = _of_eigenvalues(blocks, alpha)
    else:
        rng = np.random.default_rng(0) if rng is None else rng
        measured = _of_trace(
            blocks,
            n_samples,
            limit,
            progress,
            alpha=alpha,
            n_probes=n_probes,
            tol=tol * unit,
            rng=rng,
        )
    entropy, error, total, used = measured
    similarity = (total - n_samples) / (n_samples * max(n_samples - 1, 1))
    return SpectralEntropy(entropy / unit, error / unit, similarity, used)


class _Measured(NamedTuple):
    """Entropy and standard error in nats, sum of all entries of K, and the method."""

    entropy: float
    std_error: float
    total: float
    method: str


def _of_classes(blocks: list[Any], alpha: float) -> _Measured:
    """Entropy of rows without coordinates: each block is of ones, its eigenvalue its size."""
    sizes = np.array([len(block) for block in blocks], dtype=np.float64)
    return _Measured(spectrum_entropy(sizes, alpha=alpha), 0.0, float(sizes @ sizes), "exact")


def _of_frobenius_norm(blocks: list[Any], n_samples: int) -> _Measured:
    moments = [gram_moments(block) for block in blocks]
    squared_norm = sum(block.squared_norm for block in moments)
    total = sum(block.total for block in moments)
    return _Measured(frobenius_entropy(squared_norm, n_samples), 0.0, total, "frobenius")


def _of_eigenvalues(blocks: list[Any], alpha: float) -> _Measured:
    spectra, totals = zip(*map(_spectrum, blocks), strict=True)
    entropy = spectrum_entropy(np.concatenate(spectra), alpha=alpha)
    return _Measured(entropy, 0.0, sum(totals), "exact")


def _of_trace(
    blocks: list[Any],
    n_samples: int,
    limit: int,
    progress: Progress,
    *,
    alpha: float,
    n_probes: int,
    tol: float,
    rng: np.random.Generator,
) -> _Measured:
    """Entropy from the trace of a function of A, the sum over its blocks."""
    value = variance = total = 0.0
    for block in blocks:
        if len(block) > limit:
            trace, moments = lanczos_trace(
                block,
                n_samples,
                alpha=alpha,
                n_probes=n_probes,
                tol=tol,
                rng=rng,
                progress=progress,
            )
            value, variance = value + trace.value, variance + trace.std_error**2
            total += moments.total
        else:
            spectrum, entries = _spectrum(block)
            value += float(trace_terms(positive_part(spectrum) / n_samples, alpha).sum())
            total += entries
    error = np.sqrt(variance) * entropy_slope(value, alpha)
    return _Measured(entropy_from_trace(value, alpha), float(error), total, "lanczos")


def _spectrum(block: Any) -> tuple[NDArray[np.floating], float]:
    """Eigenvalues of the kernel of a block and the sum of its entries."""
    if len(block) == 1:
        return np.ones(1), 1.0
    kernel = kernel_of_rows(block)
    return eigenvalues(kernel), float(kernel.sum())


def eigenvalues(matrices: Any) -> NDArray[np.floating]:
    """Eigenvalues, on the host, of a matrix or a stack of them, array or tensor."""
    if isinstance(matrices, np.ndarray):
        return np.linalg.eigvalsh(matrices)
    return torch_spectral.eigenvalues(matrices)
