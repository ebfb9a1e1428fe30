"""Runs in processes of this machine, some of which may be killed."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

from joblib import parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from ibtools.experiments._parallel_runs import ending_calls, parallel_runs
from ibtools.experiments._results_runs import PlannedRun
from ibtools.experiments._runner_task import Attempt, Item, Make, shielding_workers


def attempts_on_loky(
    make: Make, runs: Mapping[int, PlannedRun], *, n_jobs: int, retries: int
) -> Iterator[Attempt]:
    """Make runs in processes of this machine.

    Parameters
    ----------
    make : callable
        Makes a run, given its parent process and the run.
    runs : dict of int to PlannedRun
        The runs by their places in the study.
    n_jobs : int
        Number of processes; see joblib. One run after the other is made in this process if 1.
    retries : int
        How often a run whose worker was lost is made again, at least once.

    Yields
    ------
    attempt : Attempt
        As soon as a run has ended.

    Notes
    -----
    When a worker is killed, the others die with it, and nobody can say whose run it was. All runs
    under way are made again. One that has been under way `retries` times is made alone the last
    time, so that a run that kills its worker is found out, and does not take others with it.
    """
    waiting = dict(runs)
    lost: Counter[int] = Counter()
    while waiting:
        together = [number for number in waiting if lost[number] < max(retries, 1)]
        chosen = {number: waiting[number] for number in together or waiting}
        alone = not together
        under_way: set[int] = set()
        try:
            for attempt in _attempts(make, chosen, under_way, n_jobs=n_jobs, alone=alone):
                del waiting[attempt.number]
                yield attempt
        except TerminatedWorkerError as error:
            lost.update(under_way)
            if alone:
                for number in under_way:
                    del waiting[number]
                    yield Attempt(number, error=_said(lost[number], error))


def _attempts(
    make: Make,
    runs: Mapping[int, PlannedRun],
    under_way: set[int],
    *,
    n_jobs: int,
    alone: bool,
) -> Iterator[Attempt]:
    """Make runs in one pool of workers, and keep account of those that are under way."""

    def handed_out() -> Iterator[Item]:
        for number in runs:
            under_way.add(number)
            yield number, runs[number]

    with parallel_config(backend="loky"), shielding_workers():
        attempts = parallel_runs(
            partial(make, os.getpid()),
            handed_out(),
            n_jobs=n_jobs,
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch=1 if alone else "n_jobs",
        )
    with ending_calls(attempts):
        for attempt in attempts:
            under_way.discard(attempt.number)
            yield attempt


def _said(times: int, error: TerminatedWorkerError) -> str:
    reason = next((line for line in str(error).splitlines() if "exit codes" in line), "")
    return (
        f"Its worker was lost {times} times, the last time with no other run beside it: killed, or "
        f"out of memory. {reason}".strip()
    )
