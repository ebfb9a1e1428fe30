"""Many runs in parallel: the one place that hands work to joblib."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def parallel_runs(
    run: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    n_jobs: int | None = None,
    verbose: int = 0,
    **options: Any,
) -> Any:
    """Call a function on every item, each call with one thread.

    Parameters
    ----------
    run : callable
        The function. Whatever is random in it must be seeded from the item.

    items : iterable
        What it is called with. An iterator is read as far as calls are handed out.

    n_jobs : int, default=None
        Number of processes; see joblib, whose backend at the moment is used.

    verbose : int, default=0
        Above 0, joblib reports the number of calls done.

    **options : dict
        More parameters of joblib.Parallel, such as ``return_as="generator_unordered"``.

    Returns
    -------
    results : list, or what `return_as` says
        What the calls returned. They do not depend on the number of processes.
    """
    calls = (delayed(_alone)(run, item) for item in items)
    return Parallel(n_jobs=n_jobs, verbose=verbose, **options)(calls)


def _alone(run: Callable[[_Item], _Result], item: _Item) -> _Result:
    with one_thread():
        return run(item)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread, in torch, in BLAS and in OpenMP, and give the others back.

    Sums are taken in another order with another number of threads, and small networks are slower
    with more than one.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(n_threads)


@contextmanager
def ending_calls(results: Any) -> Iterator[Any]:
    """End the calls whose results nobody has taken, when the results are left.

    Parameters
    ----------
    results : generator
        What `parallel_runs` has returned.

    Yields
    ------
    results : generator
        The same.
    """
    try:
        yield results
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib's, of calls that are given up
            results.close()
