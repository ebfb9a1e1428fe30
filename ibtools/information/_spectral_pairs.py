"""Joint entropy of all pairs of Gram matrices."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ibtools.information._spectral import check_order
from ibtools.information._spectral_traces import stack_entropies
from ibtools.information._threads import row_blocks
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

_CHUNK_VALUES = 2**20  # of the products whose entropies are computed at a time


def renyi_pairwise_entropies(
    grams: _Floats, *, alpha: float = 1.01, base: float = 2.0, n_jobs: int = 1
) -> _Floats:
    """Joint entropies S_alpha(A_i, A_j) of all pairs of C Gram matrices.

    At alpha = 2 all pairs are one matrix product, sum_kl (K_i o K_j)_kl^2 = <K_i o K_i, K_j o K_j>;
    at other orders each pair has its matrix, of which from 0.9 to 1.5 no eigenvalues are needed.

    Parameters
    ----------
    grams : ndarray of shape (n_maps, n_samples, n_samples)
        Gram matrices of the same rows, with ones on their diagonals.
    alpha : float, default=1.01
        Order, positive.
    base : float, default=2.0
        Base of the logarithm: 2 gives bits.
    n_jobs : int, default=1
        Threads over the pairs, which gain time where eigenvalues are computed: at orders below
        0.9 and above 1.5, and of fewer than 48 rows. BLAS should have one thread each then.

    Returns
    -------
    entropies : ndarray of shape (n_maps, n_maps)
        Symmetric, in the units of `base`; on the diagonal S_alpha(A_i) itself.

    Raises
    ------
    ValueError
        If `grams` is no stack of square matrices with diagonals of ones.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.information import renyi_pairwise_entropies
    >>> halves = np.kron(np.eye(2), np.ones((2, 2)))  # rows 0 and 1 are alike, and 2 and 3
    >>> parity = np.kron(np.ones((2, 2)), np.eye(2))
    >>> renyi_pairwise_entropies(np.stack([halves, parity])).round(6)
    array([[1., 2.],
           [2., 1.]])
    """
    check_order(alpha)
    K = np.asarray(grams, dtype=np.float64)
    if K.ndim != 3 or K.shape[1] != K.shape[2] or not np.allclose(K.diagonal(0, 1, 2), 1):
        raise ValueError(
            "grams must be a stack of square Gram matrices with ones on their diagonals, "
            f"(n_maps, n_samples, n_samples); got the shape {K.shape}."
        )
    nats = _from_norms(K) if alpha == 2 else _matrix_by_matrix(K, alpha, n_jobs)
    return nats / log_of_base(base)


def _from_norms(grams: _Floats) -> _Floats:
    """-ln |A_i o A_j / tr|_F^2 of all pairs: one product of the squared matrices, as vectors."""
    n_maps, n_samples = grams.shape[:2]
    rows, columns = np.triu_indices(n_samples, 1)
    squares = grams[:, rows, columns] ** 2
    norms = 2 * squares @ squares.T + n_samples
    # The pair (i, i) is not a joint of two: its matrix is A_i, not A_i o A_i.
    own = 2 * squares.sum(axis=1) + n_samples
    norms[np.arange(n_maps), np.arange(n_maps)] = own
    return 2 * np.log(n_samples) - np.log(norms)


def _matrix_by_matrix(grams: _Floats, alpha: float, n_jobs: int) -> _Floats:
    n_maps, n_samples = grams.shape[:2]
    entropies = np.empty((n_maps, n_maps))
    first, second = np.triu_indices(n_maps)

    def fill(chunk: slice) -> None:
        i, j = first[chunk], second[chunk]
        products = grams[i]
        for product, own, other in zip(products, i, j, strict=True):
            if own < other:
                product *= grams[other]
        entropies[i, j] = entropies[j, i] = stack_entropies([products], alpha)

    with ThreadPoolExecutor(n_jobs) as threads:
        list(threads.map(fill, row_blocks(len(first), n_samples**2, _CHUNK_VALUES)))
    return entropies
