"""Kernel variables: what a Gram matrix is made of, its blocks and its tiles.

The Gram matrix of every variable here is K_ij = exp(-|z_i - z_j|^2 / 2) [c_i = c_j], with
coordinates z (values in units of the bandwidth) and codes c (classes, or the input a row came
from). A Hadamard product of such matrices is again one: the coordinates of its factors side by
side, and their codes paired. So the joint of any number of variables costs one matrix product,
and codes cut the matrix into blocks that share no eigenvalue.

Coordinates are an array, or a torch tensor that stays on its device; codes are on the host.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

import ibtools.information._torch_spectral as torch_spectral
from ibtools.information._tensors import side_by_side
from ibtools.information._threads import in_threads

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]
_Result = TypeVar("_Result")
_Tile = tuple[slice, slice]

TILE_ROWS = 512
_SMALLEST_EXPONENT = -700.0  # beyond it exp leaves its fast path, for a number below 1e-304
_LOST_DIGITS = 1e-10


class KernelVariable(NamedTuple):
    """A variable with a Gram matrix of unit diagonal.

    Attributes
    ----------
    coordinates : ndarray or torch.Tensor of shape (n_samples, n_coordinates)
        Centred values in units of the bandwidth. Without columns the kernel sees codes only.
    codes : ndarray of shape (n_samples,) or None
        Rows of different codes have the similarity 0. None: all rows share one.
    """

    coordinates: Any
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
    maps: Sequence[Any], bandwidths: _Floats, centres: Sequence[Any] | None = None
) -> KernelVariable:
    """Variable of one or several maps under the kernel exp(-sum_c |x_c - x'_c|^2 / (2 s_c^2)).

    This is the Hadamard product of the Gram matrices of all maps, each with its bandwidth s_c
    [1]_, as one matrix.

    Parameters
    ----------
    maps : list of ndarray or torch.Tensor of shape (n_samples, n_features_c)
        Values.
    bandwidths : ndarray of shape (n_maps,)
        Standard deviations s_c.
    centres : list of ndarray or torch.Tensor of shape (n_features_c,), default=None
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
        centres = [column_means(values) for values in maps]
    ends = np.cumsum([values.shape[1] for values in maps])
    shape = len(maps[0]), int(ends[-1])
    on_device = not isinstance(maps[0], np.ndarray)
    coordinates = maps[0].new_empty(shape) if on_device else np.empty(shape)
    for values, centre, bandwidth, end in zip(maps, centres, bandwidths, ends, strict=True):
        part = coordinates[:, end - values.shape[1] : end]
        part[:] = values
        part -= centre
        part /= float(bandwidth)
    return KernelVariable(coordinates)


def column_means(values: Any) -> Any:
    """Means of the columns, in float64 for an array."""
    if isinstance(values, np.ndarray):
        return values.mean(axis=0, dtype=np.float64)
    return values.mean(dim=0)


def stacked(matrices: Sequence[Any]) -> Any:
    """Matrices of one shape as one array or tensor."""
    if isinstance(matrices[0], np.ndarray):
        return np.stack(matrices)
    return torch_spectral.stacked(matrices)


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
    # Codes alone have no columns; they are an array beside the tensors of others.
    parts = [v.coordinates for v in variables if v.coordinates.shape[1]]
    return KernelVariable(side_by_side(parts or [variables[0].coordinates]), codes)


def gram_matrix(variable: KernelVariable) -> _Floats:
    """Gram matrix K of a variable, shape (n_samples, n_samples), on the host."""
    gram = on_host(kernel_of_rows(variable.coordinates))
    if variable.codes is not None:
        gram *= variable.codes[:, None] == variable.codes
    return gram


def on_host(values: Any) -> _Floats:
    """An array as it is, or the numbers of a tensor as an array."""
    return values if isinstance(values, np.ndarray) else torch_spectral.on_host(values)


def blocks_of_equal_code(variable: KernelVariable) -> list[Any]:
    """Coordinates of the rows of each code: the diagonal blocks of a sorted Gram matrix."""
    if variable.codes is None:
        return [variable.coordinates]
    order = np.argsort(variable.codes, kind="stable")
    starts = np.flatnonzero(np.diff(variable.codes[order])) + 1
    rows = variable.coordinates[order]
    if isinstance(rows, np.ndarray):
        return np.split(rows, starts)
    return torch_spectral.split(rows, starts)


def kernel_of_rows(rows: Any, others: Any = None) -> Any:
    """Kernel exp(-|z_i - z_j|^2 / 2) of rows, or of rows against others.

    Parameters
    ----------
    rows : ndarray or torch.Tensor of shape (n_rows, n_coordinates)
        Coordinates.
    others : ndarray or torch.Tensor of shape (n_others, n_coordinates) or None
        None compares the rows with themselves.

    Returns
    -------
    kernel : ndarray or torch.Tensor of shape (n_rows, n_others)
        With a diagonal of exactly 1 where rows are compared with themselves.
    """
    if not isinstance(rows, np.ndarray):
        return torch_spectral.kernel_of_rows(rows, others)
    second = rows if others is None else others
    half_norms = np.einsum("ij,ij->i", rows, rows) / 2
    second_norms = half_norms if others is None else np.einsum("ij,ij->i", second, second) / 2
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


def over_upper_tiles(work: Callable[[Sequence[_Tile]], _Result], coordinates: Any) -> list[_Result]:
    """Go through the tiles on and above the diagonal of a Gram matrix.

    Parameters
    ----------
    work : callable
        Takes some of the tiles, as slices of rows and of columns.
    coordinates : ndarray or torch.Tensor of shape (n_rows, n_coordinates)
        Rows.

    Returns
    -------
    results : list
        What `work` returned, once for every thread; a device is given all tiles at once.
    """
    on_device = not isinstance(coordinates, np.ndarray)
    size = torch_spectral.tile_rows(coordinates) if on_device else TILE_ROWS
    slices = [slice(start, start + size) for start in range(0, len(coordinates), size)]
    tiles = [(rows, columns) for i, rows in enumerate(slices) for columns in slices[i:]]
    return [work(tiles)] if on_device else in_threads(work, tiles)


def kernel_tile(coordinates: Any, rows: slice, columns: slice) -> Any:
    """Kernel of a tile."""
    if rows == columns:
        return kernel_of_rows(coordinates[rows])
    return kernel_of_rows(coordinates[rows], coordinates[columns])


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


def gram_moments(coordinates: Any) -> GramMoments:
    """Sum and squared Frobenius norm of a Gram matrix, tile by tile: memory O(1) in n."""
    if len(coordinates) == 1:
        return GramMoments(1.0, 1.0)

    def work(tiles: Sequence[_Tile]) -> GramMoments:
        return sum_moments(tile_moments(kernel_tile(coordinates, *tile), *tile) for tile in tiles)

    return sum_moments(over_upper_tiles(work, coordinates))


def tile_moments(kernel: Any, rows: slice, columns: slice) -> GramMoments:
    """Part of the moments that a tile and its mirror image have."""
    times, values = 1 if rows == columns else 2, kernel.reshape(-1)
    return GramMoments(times * float(values.sum()), times * float(values @ values))


def sum_moments(parts: Iterable[GramMoments]) -> GramMoments:
    """Moments of all parts together."""
    totals, squared_norms = zip(*parts, strict=True)
    return GramMoments(math.fsum(totals), math.fsum(squared_norms))
