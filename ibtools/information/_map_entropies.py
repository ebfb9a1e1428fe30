"""Joint entropies of feature maps: of all, of each and of pairs, alone or jointly with a target."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ibtools.information._progress import SILENT, Progress
from ibtools.information._spectral_entropy import spectral_entropy
from ibtools.information._spectral_gram import (
    KernelVariable,
    joint_variable,
    kernel_of_rows,
    on_host,
)
from ibtools.information._spectral_traces import stack_entropies
from ibtools.information._threads import in_threads, row_blocks

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]
_Blocks = list[tuple[Any, Any]]  # arrays or tensors

_CHUNK_VALUES = 2**20  # of the products whose entropies are computed at a time


class MapEntropies(NamedTuple):
    """Entropies, or informations, of feature maps in nats.

    Attributes
    ----------
    together : float
        Of all maps.
    maps : ndarray of shape (n_maps,)
        Of each map.
    pairs : ndarray of shape (n_pairs,)
        Of each pair of maps.
    """

    together: float
    maps: _Floats
    pairs: _Floats


def map_entropies(
    variables: Sequence[KernelVariable],
    kernels: Any,
    pairs: _Integers,
    target: KernelVariable | None,
    alpha: float,
    progress: Progress = SILENT,
) -> MapEntropies:
    """Entropies of all maps together, of each and of pairs, alone or jointly with a target.

    Parameters
    ----------
    variables : list of KernelVariable
        The maps, with coordinates and no codes.
    kernels : ndarray or torch.Tensor of shape (n_maps, n_samples, n_samples)
        Their Gram matrices, with ones on the diagonals.
    pairs : ndarray of shape (n_pairs, 2)
        Numbers of the maps of each pair.
    target : KernelVariable or None
        What the entropies are joint with; None for nothing.
    alpha : float
        Order, positive. Order 2 is computed from norms, others from each matrix.
    progress : Progress
        Shows the chunks of pairs, where each has a matrix.

    Returns
    -------
    entropies : MapEntropies
        In nats.
    """
    # As one variable of summed distances: a product of many kernels would run out of exponents.
    everything = joint_variable(*variables, *([] if target is None else [target]))
    together = spectral_entropy(everything, alpha=alpha, base=math.e, method="exact").entropy
    blocks = _blocks(kernels, target)
    if alpha == 2:
        return MapEntropies(together, *_from_norms(blocks, pairs))
    return MapEntropies(together, *_matrix_by_matrix(blocks, pairs, alpha, progress))


def _blocks(kernels: Any, target: KernelVariable | None) -> _Blocks:
    """Kernels of the maps, and these times the target's, among the rows of each code."""
    if target is None:
        return [(kernels, kernels)]
    if target.codes is None:
        return [(kernels, kernels * kernel_of_rows(target.coordinates))]
    blocks = []
    for code in np.unique(target.codes):
        rows = np.flatnonzero(target.codes == code)
        block = kernels[:, rows[:, None], rows]
        own = target.coordinates[rows]
        blocks.append((block, block * kernel_of_rows(own) if own.shape[1] else block))
    return blocks


def _from_norms(blocks: _Blocks, pairs: _Integers) -> tuple[_Floats, _Floats]:
    """Entropies of order 2 of maps and pairs: the norms of all pairs are one matrix product."""
    n_maps = len(blocks[0][0])
    n_samples = sum(block.shape[1] for block, _ in blocks)
    alone, joint = np.zeros(n_maps), np.zeros((n_maps, n_maps))
    for block, weighted in blocks:
        squares = weighted.reshape(n_maps, -1) ** 2
        alone += on_host(squares.sum(axis=1))
        joint += on_host(squares @ (block.reshape(n_maps, -1) ** 2).T)
    return -np.log(alone / n_samples**2), -np.log(joint[tuple(pairs.T)] / n_samples**2)


def _matrix_by_matrix(
    blocks: _Blocks, pairs: _Integers, alpha: float, progress: Progress
) -> tuple[_Floats, _Floats]:
    """Entropies of maps and pairs, each from its matrix."""
    n_maps = len(blocks[0][0])
    n_values = sum(block.shape[1] ** 2 for block, _ in blocks)

    def map_matrices(chunk: slice) -> list[Any]:
        return [weighted[chunk] for _, weighted in blocks]

    def pair_matrices(chunk: slice) -> list[Any]:
        first, second = pairs[chunk].T
        return [weighted[first] * block[second] for block, weighted in blocks]

    return (
        _chunked_entropies(map_matrices, n_maps, n_values, alpha, SILENT),
        _chunked_entropies(pair_matrices, len(pairs), n_values, alpha, progress),
    )


def _chunked_entropies(
    matrices: Callable[[slice], list[Any]],
    n_matrices: int,
    n_values: int,
    alpha: float,
    progress: Progress,
) -> _Floats:
    """Entropies of many matrices, each given by its diagonal blocks, a chunk of them at a time."""
    entropies = np.empty(n_matrices)

    def fill(chunks: Sequence[slice]) -> None:
        for chunk in chunks:
            entropies[chunk] = stack_entropies(matrices(chunk), alpha)

    in_threads(fill, progress.over(row_blocks(n_matrices, n_values, _CHUNK_VALUES)))
    return entropies
