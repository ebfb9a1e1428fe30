"""Work on blocks of rows, shared over as many threads as BLAS would use."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def row_blocks(n_rows: int, n_columns: int, n_values: int) -> list[slice]:
    """Cut rows into blocks of about as many values as fit a processor's cache.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of the array.
    n_values : int
        Values of a block.

    Returns
    -------
    blocks : list of slice
        At least one row each.
    """
    size = max(1, n_values // max(1, n_columns))
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]


def in_threads(
    work: Callable[[Sequence[_Item]], _Result], items: Sequence[_Item], *, at_least: int = 2
) -> list[_Result]:
    """Share work over as many threads as BLAS would use, each with a BLAS of one thread.

    BLAS itself gains nothing on products as small as a tile. Its number of threads follows
    OMP_NUM_THREADS and what joblib allows its workers.

    Parameters
    ----------
    work : callable
        Takes some of the items.
    items : sequence
        What there is to do.
    at_least : int
        Fewer items are not worth the start of a thread.

    Returns
    -------
    results : list
        What `work` returned, once per thread.
    """
    if len(items) < at_least:
        return [work(items)]
    pools = _thread_pools().select(user_api="blas")
    n_threads = min(max([1, *(pool["num_threads"] for pool in pools.info())]), len(items))
    if n_threads == 1:
        return [work(items)]
    with pools.limit(limits=1), ThreadPoolExecutor(n_threads) as executor:
        return list(executor.map(work, [items[k::n_threads] for k in range(n_threads)]))


@lru_cache(maxsize=1)
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()
