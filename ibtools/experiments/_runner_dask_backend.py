"""Joblib's backend for Dask, told of runs that Dask has given up."""

from typing import Any

from distributed import KilledWorker
from joblib._dask import DaskDistributedBackend

from ibtools.experiments._runner_task import Attempt


class LossTellingBackend(DaskDistributedBackend):
    """Joblib's backend, which waits for ever for a run that kills its workers.

    Dask gives such a run up, and joblib (1.6) does not call back. Here it does: with an attempt
    that says so. Where the cluster has one worker, joblib would make the runs in this process; here
    they go to the worker. All methods are of joblib's interface for backends.
    """

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Threads of the cluster, as joblib is to know it; 1 would mean this process."""
        return max(int(super().effective_n_jobs(n_jobs)), 2)

    def submit(self, func: Any, callback: Any = None) -> Any:
        """Hand a batch of one run to Dask."""
        future = super().submit(func, callback)

        def tell(done: Any) -> None:
            if done.exception() is not None:
                callback(_Lost([_attempt(func, done.exception())]))

        future.add_done_callback(tell)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """Results of a batch, from what the callback was called with."""
        return list(out) if isinstance(out, _Lost) else super().retrieve_result_callback(out)


class _Lost(list[Attempt]):
    """Attempts of a batch that Dask has given up."""


def _attempt(batch: Any, error: BaseException) -> Attempt:
    """Say of the one call in a batch, which is ``(function, (run, item), {})``, that it is lost."""
    ((_, (_, (number, _)), _),) = batch.items
    if isinstance(error, KilledWorker):
        times = f"{error.allowed_failures + 1} times"
        return Attempt(number, error=f"Its worker was lost {times}: killed, or out of memory.")
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return Attempt(number, error=f"Dask has given this run up. {said}")
