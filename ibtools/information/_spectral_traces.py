"""Entropies of many Gram matrices of the same size, without the eigenvalues of any.

Half of the time that LAPACK takes for the eigenvalues of a matrix of 128 rows is spent on the
tridiagonal form to which it has reduced the matrix: each step of that iteration waits for the
division before it. But an entropy is the trace of a function of the matrix, and near order 1 that
function is a sum of logarithms log(lambda + t), each of which is a determinant. The determinants
of many tridiagonal matrices are computed at once, in vectors.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dsytrd, dsytrd_lwork

from ibtools.information._spectral import (
    entropy_from_trace,
    spectrum_entropy,
    tsallis_terms,
)
from ibtools.information._spectral_entropy import eigenvalues

_Floats = NDArray[np.float64]

ORDERS = (0.9, 1.5)  # between which few logarithms make up the function
_LEAST_ROWS = 48  # smaller matrices have their eigenvalues sooner
_SHIFTS = np.geomspace(1e-11, 10, 40)
_MATRICES = 64  # whose pivots stay in the cache
_PIVOTS = 16  # of the size of a shift and above: a product of so many is a number


def stack_entropies(blocks: Sequence[Any], alpha: float) -> _Floats:
    """Renyi entropies of many matrices, each given by its diagonal blocks.

    Parameters
    ----------
    blocks : list of ndarray or torch.Tensor of shape (n_matrices, n_rows_b, n_rows_b)
        Blocks of every matrix, kernels with ones on their diagonals.
    alpha : float
        Order, positive.

    Returns
    -------
    entropies : ndarray of shape (n_matrices,)
        In nats. They are those of the eigenvalues, within 1e-9, or 1e-7 where alpha is below 1.
    """
    sizes = [block.shape[1] for block in blocks]
    on_device = not isinstance(blocks[0], np.ndarray)
    if on_device or min(sizes) < _LEAST_ROWS or not ORDERS[0] <= alpha <= ORDERS[1]:
        spectra = np.hstack([eigenvalues(stack) for stack in blocks])
        return np.array([spectrum_entropy(each, alpha=alpha) for each in spectra])
    traces = np.sum([_stack_traces(stack, sum(sizes), alpha) for stack in blocks], axis=0)
    return np.array([entropy_from_trace(float(trace), alpha) for trace in traces])


def _stack_traces(matrices: _Floats, n_samples: int, alpha: float) -> _Floats:
    """Sum of the terms of Tsallis's entropy over the eigenvalues of each K / n."""
    diagonals, off_diagonals = _tridiagonal(matrices)
    diagonals /= n_samples
    squares = (off_diagonals / n_samples) ** 2
    chunks = [slice(i, i + _MATRICES) for i in range(0, len(matrices), _MATRICES)]
    return np.concatenate([_traces(diagonals[c], squares[c], alpha) for c in chunks])


def _tridiagonal(matrices: _Floats) -> tuple[_Floats, _Floats]:
    """Diagonals, and those beside them, of tridiagonal matrices with the same eigenvalues."""
    n_matrices, n_rows = matrices.shape[:2]
    diagonals = np.empty((n_matrices, n_rows))
    off_diagonals = np.empty((n_matrices, n_rows - 1))
    lwork = int(dsytrd_lwork(n_rows, lower=1)[0])
    for i, matrix in enumerate(matrices):
        # The transpose is the same matrix, and in LAPACK's order of memory.
        _, diagonals[i], off_diagonals[i], _, _ = dsytrd(matrix.T, lower=1, lwork=lwork)
    return diagonals, off_diagonals


def _traces(diagonals: _Floats, squares: _Floats, alpha: float) -> _Floats:
    """Sum of a_1 lambda + a_2 lambda^2 + sum_s b_s log(1 + lambda / s) over all eigenvalues.

    ``log|T + s|`` is the sum of the logarithms of the pivots of an elimination, which are
    q_i = d_i + s - e_i^2 / q_(i-1).
    """
    of_powers, of_logarithms = _weights(alpha)
    pivots = diagonals[:, :1] + _SHIFTS
    product, logarithms = pivots.copy(), np.zeros_like(pivots)
    for i in range(1, diagonals.shape[1]):
        np.divide(squares[:, i - 1, None], pivots, out=pivots)
        np.subtract(diagonals[:, i, None], pivots, out=pivots)
        pivots += _SHIFTS
        product *= pivots
        if i % _PIVOTS == 0:
            logarithms += np.log(product)
            product[:] = 1
    logarithms += np.log(product) - diagonals.shape[1] * np.log(_SHIFTS)
    first = diagonals.sum(axis=1)
    second = (diagonals**2).sum(axis=1) + 2 * squares.sum(axis=1)
    return of_powers[0] * first + of_powers[1] * second + logarithms @ of_logarithms


@lru_cache(maxsize=16)
def _weights(alpha: float) -> tuple[_Floats, _Floats]:
    """Weights of lambda, lambda^2 and log(1 + lambda / s) that make up (l^alpha - l) / (1 - alpha).

    By least squares on [0, 1], where the sum then differs by less than 1e-11.
    """
    grid = np.concatenate([[0], np.geomspace(1e-14, 1, 1000)])
    logarithms = np.log1p(grid[:, None] / _SHIFTS)
    design = np.column_stack([grid, grid**2, logarithms])
    lengths = np.linalg.norm(design, axis=0)
    wanted = tsallis_terms(grid, alpha)
    weights = np.linalg.lstsq(design / lengths, wanted, rcond=1e-14)[0] / lengths
    return weights[:2], weights[2:]
