"""What a Gram matrix says of rows that it was not made of: features, and a decoder of classes."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from ibtools.information._spectral_gram import KernelVariable, kernel_of_rows

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

# A residual diagonal below it counts as 0. Its root divides the features, so that rounding stays
# far below the features themselves.
_RESIDUAL = 1e-12
_TILE_VALUES = 2**22


def cross_kernel(rows: KernelVariable, others: KernelVariable) -> _Floats:
    """Kernel between the rows of two variables of the same coordinates and codes."""
    kernel = kernel_of_rows(rows.coordinates, others.coordinates)
    if rows.codes is not None and others.codes is not None:
        kernel *= rows.codes[:, None] == others.codes
    return kernel


def landmark_rows(variable: KernelVariable, n_landmarks: int | None = None) -> _Integers:
    """Rows that span the Gram matrix, by a Cholesky factorisation with pivots.

    Each landmark is the row that those before it explain least: the one of the largest diagonal
    of the residual K - K_:P K_PP^-1 K_P:.

    Parameters
    ----------
    variable : KernelVariable
        Rows with a Gram matrix of unit diagonal.
    n_landmarks : int, default=None
        The most landmarks. None takes as many as leave a residual of 1e-12, with memory for the
        whole matrix; a number needs memory for so many of its columns.

    Returns
    -------
    landmarks : ndarray of shape (n_found,)
        Indices of rows, in the order in which they were found.
    """
    if n_landmarks is None:
        _, pivots, rank, _ = dpstrf(cross_kernel(variable, variable), tol=_RESIDUAL, lower=1)
        return pivots[:rank].astype(np.int64) - 1
    residual = np.ones(variable.n_samples)
    factor = np.empty((variable.n_samples, min(n_landmarks, variable.n_samples)))
    landmarks: list[int] = []
    while len(landmarks) < factor.shape[1] and residual.max() > _RESIDUAL:
        found, landmark = len(landmarks), int(np.argmax(residual))
        column = cross_kernel(variable, variable.take(np.array([landmark])))[:, 0]
        column -= factor[:, :found] @ factor[landmark, :found]
        factor[:, found] = column / np.sqrt(residual[landmark])
        residual -= factor[:, found] ** 2
        landmarks.append(landmark)
    return np.array(landmarks)


def landmark_features(landmarks: KernelVariable, rows: KernelVariable) -> _Floats:
    """Features Z of rows such that Z Z' is the part of their Gram matrix that landmarks span.

    Z = K_xP L^-T with the Cholesky factor K_PP = L L': Z Z' = K_xP K_PP^-1 K_Px, the extension of
    Nystroem.

    Parameters
    ----------
    landmarks : KernelVariable
        Rows P that are linearly independent, as `landmark_rows` finds them.
    rows : KernelVariable
        Any rows x.

    Returns
    -------
    features : ndarray of shape (n_rows, n_landmarks)
        Row by row, the coordinates of x in an orthonormal basis of the landmarks' span.
    """
    lower = np.linalg.cholesky(cross_kernel(landmarks, landmarks))
    return solve_triangular(lower, cross_kernel(rows, landmarks).T, lower=True).T


def kernel_log_ratio(
    fitted: KernelVariable,
    fitted_labels: _Integers,
    rows: KernelVariable,
    labels: _Integers,
) -> _Floats:
    """Log ratio ln q(y|t) / p(y) of rows under a decoder made of kernel weights.

    q(y|t) = (sum_{i in y} k(t, t_i) + p(y) / 2) / (sum_i k(t, t_i) + 1 / 2): a vote of the fitted
    rows, each with its similarity to t, and half a row of prior, so that a row far from all others
    gives 0.

    Parameters
    ----------
    fitted : KernelVariable
        The training rows t_i.
    fitted_labels : ndarray of shape (n_fitted,)
        Their class indices; every class occurs.
    rows : KernelVariable
        The held-out rows t.
    labels : ndarray of shape (n_rows,)
        Their class indices.

    Returns
    -------
    log_ratio : ndarray of shape (n_rows,)
        In nats.
    """
    counts = np.bincount(fitted_labels)
    prior = counts / counts.sum()
    members = np.eye(len(counts))[fitted_labels]
    log_ratio = np.empty(rows.n_samples)
    size = max(1, _TILE_VALUES // fitted.n_samples)
    for start in range(0, rows.n_samples, size):
        tile = np.arange(start, min(start + size, rows.n_samples))
        votes = cross_kernel(rows.take(tile), fitted) @ members
        own = votes[np.arange(len(tile)), labels[tile]]
        p = prior[labels[tile]]
        log_ratio[tile] = np.log((own + 0.5 * p) / ((votes.sum(axis=1) + 0.5) * p))
    return log_ratio
