"""Runs on a Dask cluster, whose workers may come and go."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from joblib import effective_n_jobs, parallel_config

from ibtools import __version__
from ibtools.experiments._parallel_runs import ending_calls, parallel_runs
from ibtools.experiments._results_runs import PlannedRun
from ibtools.experiments._runner_task import Attempt, Make, shielding_workers
from ibtools.experiments._study_errors import StudyError

_WAIT_S = 60


def attempts_on_dask(
    make: Make,
    runs: Mapping[int, PlannedRun],
    *,
    n_jobs: int,
    retries: int,
    scheduler: str | None = None,
) -> Iterator[Attempt]:
    """Make runs on a Dask cluster.

    Parameters
    ----------
    make : callable
        Makes a run, given its parent process, which is None here, and the run.
    runs : dict of int to PlannedRun
        The runs by their places in the study.
    n_jobs : int
        Number of processes of a cluster on this machine; see joblib.
    retries : int
        How often a run whose worker was lost is made again there; the scheduler of another
        cluster has its own number.
    scheduler : str, default=None
        Address of a scheduler; None starts a cluster on this machine.

    Yields
    ------
    attempt : Attempt
        As soon as a run has ended.

    Raises
    ------
    ImportError
        If Dask is not installed.
    OSError
        If the scheduler does not answer or has no workers.
    StudyError
        If a worker has not this version of this package.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Dask clusters need distributed: install neural-information-bottleneck[dask]."
        ) from error
    from ibtools.experiments._runner_dask_backend import LossTellingBackend

    with _client(n_jobs, retries, scheduler) as client:
        _check_workers(client)
        with parallel_config(backend=LossTellingBackend(client=client)):
            attempts = parallel_runs(
                partial(make, None),
                runs.items(),
                return_as="generator_unordered",
                batch_size=1,
                pre_dispatch="all",  # so that workers that come later find work
            )
        with ending_calls(attempts):
            yield from attempts


@contextmanager
def _client(n_jobs: int, retries: int, scheduler: str | None) -> Iterator[Any]:
    from distributed import Client

    if scheduler is not None:
        with Client(scheduler, timeout=_WAIT_S, set_as_default=False) as client:
            yield client
        return
    with (
        _local_cluster(n_jobs, retries) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def _local_cluster(n_jobs: int, retries: int) -> Iterator[Any]:
    """Processes of one thread, that nobody on another machine can reach."""
    import dask
    from distributed import LocalCluster

    options = {
        "distributed.scheduler.allowed-failures": retries,
        "distributed.scheduler.worker-saturation": 1.0,  # so that a lost worker loses one run
        # On a busy machine a lost worker takes long to start again, and is given up meanwhile.
        "distributed.deploy.lost-worker-timeout": "1 hour",
    }
    with dask.config.set(options):
        with shielding_workers():
            cluster = LocalCluster(
                n_workers=effective_n_jobs(n_jobs),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,
            )
        with cluster:
            yield cluster


def _check_workers(client: Any) -> None:
    def found() -> str:
        try:
            import ibtools
        except ImportError:
            return "no version"
        return ibtools.__version__

    client.wait_for_workers(1, timeout=_WAIT_S)
    for worker, version in client.run(found).items():
        if version != __version__:
            problem = (
                f"the worker {worker} has {version} of ibtools, this is {__version__}; install the "
                "same on all machines"
            )
            raise StudyError("scheduler", [problem])
