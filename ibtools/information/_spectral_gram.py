"""Kernel variables: what a Gram matrix is made of, its blocks and its tiles.

The Gram matrix of every variable here is K_ij = exp(-|z_i - z_j|^2 / 2) [c_i = c_j], with
coordinates z (values in units of the bandwidth) and codes c (classes, or the input a row came
from). A Hadamard product of such matrices is again one: the coordinates of its factors side by
side, and their codes paired. So the joint of any number of variables costs one matrix product,
and codes cut the matrix into blocks that share no eigenvalue.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

TILE_ROWS = 512
_SMALLEST_EXPONENT = -700.0  # beyond it exp leaves its fast path, for a number below 1e-304
_LOST_DIGITS = 1e-10


class KernelVariable(NamedTuple):
    """A variable with a Gram matrix of unit diagonal.

    Attributes
    ----------
    coordinates : ndarray of shape (n_samples, n_coordinates)
        Centred values in units of the bandwidth. Without columns the kernel sees codes only.
    codes : ndarray of shape (n_samples,) or None
        Rows of different codes have the similarity 0. None: all rows share one.
    """

    coordinates: _Floats
    codes: _Integers | None = None

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.coordinates)

    def take(self, rows: _Integers) -> "KernelVariable":
        """Give the variable of some of the rows."""
        codes = None if self.codes is None else self.codes[rows]
        return KernelVariable(self.coordinates[rows], codes)


def rbf_variable(
    maps: Sequence[NDArray[np.floating]],
    bandwidths: _Floats,
    centres: Sequence[NDArray[np.floating]] | None = None,
) -> KernelVariable:
    """Variable of one or several maps under the kernel exp(-sum_c |x_c - x'_c|^2 / (2 s_c^2)).

    This is the Hadamard product of the Gram matrices of all maps, each with its bandwidth s_c
    [1]_, as one matrix.

    Parameters
    ----------
    maps : list of ndarray of shape (n_samples, n_features_c)
        Values.
    bandwidths : ndarray of shape (n_maps,)
        Standard deviations s_c.
    centres : list of ndarray of shape (n_features_c,), default=None
        Subtracted from the values, so that their distances keep their digits. None takes the
        means; rows that are compared with others need the centres of those.

    Returns
    -------
    KernelVariable
        With one column per feature of all maps.

    References
    ----------
    .. [1] S. Yu, L. G. Sanchez Giraldo, R. Jenssen and J. C. Principe, "Multivariate extension of
       matrix-based Renyi's alpha-order entropy functional", IEEE TPAMI 42, 2019.
    """
    if centres is None:
        centres = [values.mean(axis=0, dtype=np.float64) for values in maps]
    scaled = [
        (values - centre) / bandwidth
        for values, centre, bandwidth in zip(maps, centres, bandwidths, strict=True)
    ]
    return KernelVariable(np.hstack(scaled))


def delta_variable(codes: _Integers) -> KernelVariable:
    """Variable of classes: similarity 1 within a class, 0 between classes."""
    return KernelVariable(np.empty((len(codes), 0)), codes)


def joint_variable(*variables: KernelVariable) -> KernelVariable:
    """Variable whose Gram matrix is the Hadamard product of the Gram matrices given."""
    codes: _Integers | None = None
    for variable in variables:
        if variable.codes is None:
            continue
        pairs = variable.codes
        if codes is not None:
            pairs = codes * (int(pairs.max()) + 1) + pairs
        codes = np.unique(pairs, return_inverse=True)[1]
    return KernelVariable(np.hstack([variable.coordinates for variable in variables]), codes)


def gram_matrix(variable: KernelVariable) -> _Floats:
    """Gram matrix K of a variable, shape (n_samples, n_samples), with ones on its diagonal."""
    gram = kernel_of_rows(variable.coordinates)
    if variable.codes is not None:
        gram *= variable.codes[:, None] == variable.codes
    return gram


def blocks_of_equal_code(variable: KernelVariable) -> list[_Floats]:
    """Coordinates of the rows of each code: the diagonal blocks of a sorted Gram matrix."""
    if variable.codes is None:
        return [variable.coordinates]
    order = np.argsort(variable.codes, kind="stable")
    starts = np.flatnonzero(np.diff(variable.codes[order])) + 1
    return np.split(variable.coordinates[order], starts)


def kernel_of_rows(rows: _Floats, others: _Floats | None = None) -> _Floats:
    """Kernel exp(-|z_i - z_j|^2 / 2) of rows, or of rows against others.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_coordinates)
        Coordinates.
    others : ndarray of shape (n_others, n_coordinates) or None
        None compares the rows with themselves.

    Returns
    -------
    kernel : ndarray of shape (n_rows, n_others)
        With a diagonal of exactly 1 where rows are compared with themselves.
    """
    second = rows if others is None else others
    half_norms = (rows**2).sum(axis=1) / 2
    second_norms = half_norms if others is None else (second**2).sum(axis=1) / 2
    largest = max(half_norms.max(initial=0), second_norms.max(initial=0))
    if largest * np.finfo(np.float64).eps > _LOST_DIGITS:  # rows far apart, or a tiny bandwidth
        exponents = cdist(rows, second, "sqeuclidean")
        exponents *= -0.5
    else:
        exponents = rows @ second.T
        exponents -= half_norms[:, None]
        exponents -= second_norms
    np.clip(exponents, _SMALLEST_EXPONENT, 0, out=exponents)
    if others is None:
        np.fill_diagonal(exponents, 0)
    return np.exp(exponents, out=exponents)


def upper_tiles(coordinates: _Floats) -> Iterator[tuple[slice, slice, _Floats]]:
    """Tiles (rows, columns, kernel) on and above the diagonal of a Gram matrix."""
    starts = range(0, len(coordinates), TILE_ROWS)
    slices = [slice(start, start + TILE_ROWS) for start in starts]
    for i, rows in enumerate(slices):
        yield rows, rows, kernel_of_rows(coordinates[rows])
        for columns in slices[i + 1 :]:
            yield rows, columns, kernel_of_rows(coordinates[rows], coordinates[columns])


class GramMoments(NamedTuple):
    """Sums over all entries of a Gram matrix.

    Attributes
    ----------
    total : float
        sum_ij K_ij.
    squared_norm : float
        sum_ij K_ij^2, the square of the Frobenius norm.
    """

    total: float
    squared_norm: float


def gram_moments(coordinates: _Floats) -> GramMoments:
    """Sum and squared Frobenius norm of a Gram matrix, tile by tile: memory O(1) in n."""
    if len(coordinates) == 1:
        return GramMoments(1.0, 1.0)
    total = squared_norm = 0.0
    for rows, columns, kernel in upper_tiles(coordinates):
        times = 1 if rows == columns else 2
        total += times * float(kernel.sum())
        squared_norm += times * float(np.vdot(kernel, kernel))
    return GramMoments(total, squared_norm)
