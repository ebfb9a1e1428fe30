"""The functions that measure a mixture, by where its rows are: arrays, or tensors on a device."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import ibtools.information._mixture_density as host_density
import ibtools.information._mixture_sampling as host_sampling
import ibtools.information._torch_mixture as torch_mixture
import ibtools.information._torch_mixture_density as torch_density
import ibtools.information._torch_mixture_rows as torch_rows
from ibtools.information._mixture_sampling import Draw
from ibtools.information._pairwise import KernelSums, kernel_sums
from ibtools.information._symbols import Symbols, row_symbols


class MixtureBackend(NamedTuple):
    """Functions of the same names and arguments, for rows of one kind.

    Attributes
    ----------
    distinct_rows : callable
        Number the distinct rows.
    canonical_order : callable
        Order of the rows, however they are given.
    kernel_sums : callable
        Sums of kernels over all pairs of rows.
    mixture_sampler : callable
        Draws from the mixture.
    most_likely_variance : callable
        Variance under which held-out rows are most likely.
    mixture_log_ratio : callable
        Decoder of labels.
    """

    distinct_rows: Callable[[Any], Symbols]
    canonical_order: Callable[..., NDArray[np.int64]]
    kernel_sums: Callable[..., KernelSums]
    mixture_sampler: Callable[..., Draw]
    most_likely_variance: Callable[..., float]
    mixture_log_ratio: Callable[..., NDArray[np.float64]]


def mixture_backend(X: Any) -> MixtureBackend:
    """Choose the functions for some rows.

    Parameters
    ----------
    X : ndarray or torch.Tensor of shape (n_rows, n_features)
        The rows.

    Returns
    -------
    MixtureBackend
        Those of the host for an array.
    """
    return _HOST if isinstance(X, np.ndarray) else _TORCH


def _distinct_rows(X: NDArray[np.float64]) -> Symbols:
    """Number the distinct rows of an array, exactly; 0.0 and -0.0 are alike."""
    return row_symbols(np.ascontiguousarray(X + 0.0).view(np.int32))


_HOST = MixtureBackend(
    _distinct_rows,
    host_sampling.canonical_order,
    kernel_sums,
    host_sampling.mixture_sampler,
    host_density.most_likely_variance,
    host_density.mixture_log_ratio,
)
_TORCH = MixtureBackend(
    torch_rows.distinct_rows,
    torch_rows.canonical_order,
    torch_mixture.kernel_sums,
    torch_mixture.mixture_sampler,
    torch_density.most_likely_variance,
    torch_density.mixture_log_ratio,
)
