"""Feature maps: groups of columns of a representation, and the variables made of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ibtools.information._torch_spectral as torch_spectral
from ibtools.information._spectral_gram import (
    KernelVariable,
    column_means,
    delta_variable,
    rbf_variable,
)
from ibtools.information._symbols import row_symbols
from ibtools.information._tensors import is_tensor, side_by_side
from ibtools.information._torch_mixture_rows import distinct_rows

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


def stack_maps(X: Any) -> tuple[Any, _Integers | None]:
    """Put the maps of a list side by side, and leave anything else as it is.

    Parameters
    ----------
    X : list of arrays or tensors of shape (n_samples, ...), or anything else
        Feature maps; all axes but the first are features.

    Returns
    -------
    columns : ndarray or torch.Tensor of shape (n_samples, n_features) or X itself
        All columns.
    sizes : ndarray of shape (n_maps,) or None
        Columns of each map. None when X is not a list of maps.

    Raises
    ------
    ValueError
        If the maps differ in their numbers of rows.
    """
    if not isinstance(X, list | tuple) or not X or any(_n_axes(part) < 2 for part in X):
        return X, None
    lengths = [len(part) for part in X]
    if len(set(lengths)) > 1:
        raise ValueError(f"The maps have inconsistent numbers of samples: {lengths}.")
    tensors = all(is_tensor(part) for part in X)
    maps = [(part if tensors else np.asarray(part)).reshape(len(part), -1) for part in X]
    return side_by_side(maps), np.array([values.shape[1] for values in maps])


def _n_axes(part: Any) -> int:
    return part.ndim if is_tensor(part) else np.ndim(part)


def equal_maps(n_features: int, n_maps: int) -> _Integers:
    """Columns of each of a number of maps of equal size.

    Parameters
    ----------
    n_features, n_maps : int
        Number of all columns and of the maps.

    Returns
    -------
    sizes : ndarray of shape (n_maps,)
        Columns of each map.

    Raises
    ------
    ValueError
        If the columns cannot be shared equally.
    """
    if n_features % n_maps:
        raise ValueError(
            f"n_maps={n_maps} does not divide the {n_features} features of X into groups of equal "
            "size. Give maps of different sizes as a list of arrays."
        )
    return np.full(n_maps, n_features // n_maps)


def split_maps(values: Any, sizes: _Integers) -> list[Any]:
    """Columns, or what belongs to them on the last axis, map by map."""
    ends = np.cumsum(sizes)[:-1]
    if isinstance(values, np.ndarray):
        return np.split(values, ends, axis=-1)
    return torch_spectral.split(values, ends, dim=-1)


def map_variables(
    parts: Sequence[Any], sizes: _Integers, bandwidths: _Floats
) -> list[KernelVariable]:
    """Variables of rows under Gaussian kernels, such that rows of all parts can be compared.

    Parameters
    ----------
    parts : list of ndarray or torch.Tensor of shape (n_rows, n_features)
        Rows, those first around whose mean all are centred.
    sizes : ndarray of shape (n_maps,)
        Columns of each map.
    bandwidths : ndarray of shape (n_maps,)
        Standard deviation of the kernel of each map.

    Returns
    -------
    variables : list of KernelVariable
        One for each part.
    """
    centres = split_maps(column_means(parts[0]), sizes)
    return [rbf_variable(split_maps(part, sizes), bandwidths, centres) for part in parts]


def equality_variables(parts: Sequence[Any]) -> list[KernelVariable]:
    """Variables of rows that are alike when they are equal, comparable over all parts."""
    if not isinstance(parts[0], np.ndarray):
        return [delta_variable(distinct_rows(part).symbols) for part in parts]
    # Equal numbers have equal bytes, once -0.0 is 0.0.
    codes = row_symbols((np.concatenate(parts) + 0.0).view(np.int64)).symbols
    ends = np.cumsum([len(part) for part in parts])[:-1]
    return [delta_variable(part) for part in np.split(codes, ends)]
