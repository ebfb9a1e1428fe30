"""Speed and error beside a peer's, both measured in turn in one process."""

import gc
import math
import os
import statistics
import time
import tracemalloc
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

RATIOS = pytest.StashKey[list]()
MEMORY = pytest.StashKey[list]()
SHORTEST = 0.01  # seconds of a round
HEADER = ("task", "peer", "ours, ms", "ratio", "wall", "our error", "peer's", "reach")

# One thread each. These libraries read the number once, when they are loaded.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)


class Seconds(NamedTuple):
    """Of one call."""

    cpu: float
    wall: float


class Measured(NamedTuple):
    """Our CPU seconds, and the peer's time / our time by both clocks; medians."""

    ours: float
    ratio: float
    wall_ratio: float


NOTHING = Measured(float("nan"), float("nan"), float("nan"))


@pytest.fixture
def compare(benchmark, request):
    """Run two functions in turn and keep the ratio of their times, round by round.

    The ratio returned is that of CPU seconds; the table shows the wall clock's beside it. A peer
    that raises has a line that says so, and a ratio of nan.

    Parameters of the fixture's function: `peer_name`, of which a first word that names an
    installed distribution is completed by its version; `truth`, the value (or array) that both
    functions should return, for the largest error of each; `errors`, the pair of errors itself
    where it is known otherwise; and `reach`, the ratio aimed at, in words.
    """

    def run(ours, peer, *, peer_name, rounds=7, truth=None, errors=(None, None), reach=""):
        peer = _without_warnings(peer)
        our_value, failure, peer_value = ours(), *_first_call(peer)
        if truth is not None:
            errors = [None if v is None else _error(v, truth) for v in (our_value, peer_value)]
        measured = NOTHING if failure else _measure(ours, peer, rounds)
        name = ": ".join(filter(None, [_named(peer_name), failure]))
        _keep_row(request, name, measured, errors, reach)
        benchmark.extra_info.update(peer=name, reach=reach, **measured._asdict())
        benchmark.pedantic(ours, rounds=1)
        return measured.ratio

    with threadpool_limits(limits=1):
        yield run


@pytest.fixture
def peak_memory(request):
    """Run a function, keep and return the most bytes that it held at any time."""

    def run(function):
        gc.collect()
        tracemalloc.start()
        function()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        lines = request.config.stash.setdefault(MEMORY, [])
        lines.append(f"{_task(request)}: {peak / 2**20:.0f} MiB")
        return peak

    with threadpool_limits(limits=1):
        yield run


def _without_warnings(peer):
    """Errors are for our own warnings."""

    def quiet():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return peer()

    return quiet


def _first_call(peer):
    """What went wrong in the first call, if anything, and its value."""
    try:
        return "", peer()
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:60], None


def _error(value, truth):
    return float(np.abs(np.asarray(value, dtype=np.float64) - truth).max())


def _measure(ours, peer, rounds):
    """Medians of the rounds; the first, of one call each, tells how many the others need."""
    gc.collect()
    first = _timed(ours, 1), _timed(peer, 1)
    n_ours, n_peer = (max(1, round(SHORTEST / seconds.wall)) for seconds in first)
    others = [(_timed(ours, n_ours), _timed(peer, n_peer)) for _ in range(rounds - 1)]
    pairs = [first, *others]
    return Measured(
        statistics.median(a.cpu for a, _ in pairs),
        statistics.median(b.cpu / a.cpu for a, b in pairs),
        statistics.median(b.wall / a.wall for a, b in pairs),
    )


def _timed(function, n_calls):
    """Seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(n_calls):
        function()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Seconds(cpu / n_calls, wall / n_calls)


def _named(peer_name):
    """Complete the name of a distribution by its version."""
    first, _, rest = peer_name.partition(" ")
    try:
        return f"{first} {version(first.rstrip(','))} {rest}".rstrip()
    except PackageNotFoundError:
        return peer_name


def _task(request):
    """Name of the test with its parameters, less what has a column of its own."""
    node = request.node
    task = node.originalname.removeprefix("test_").replace("_", " ")
    params = node.callspec.params.items() if hasattr(node, "callspec") else ()
    return ", ".join([task, *(str(v) for k, v in params if k not in ("peer", "reach"))])


def _keep_row(request, peer, measured, errors, reach):
    """For the table; and at once on the terminal, for a long run may be cut short."""
    times = [1e3 * measured.ours, measured.ratio, measured.wall_ratio]
    row = (
        _task(request),
        peer,
        *("" if math.isnan(time) else f"{time:.3g}" for time in times),
        *("" if error is None else f"{error:.1e}" for error in errors),
        reach,
    )
    request.config.stash.setdefault(RATIOS, []).append(row)
    with request.getfixturevalue("capsys").disabled():
        print("", *row, sep="  ", flush=True)


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash.get(RATIOS, [])
    if rows:
        terminalreporter.section("time of the peer / our time at one thread, median of the rounds")
        widths = [max(len(row[column]) for row in [HEADER, *rows]) for column in range(len(HEADER))]
        for row in [HEADER, *rows]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            terminalreporter.line("  ".join(cells).rstrip())
    if lines := config.stash.get(MEMORY, []):
        terminalreporter.section("peak extra memory")
        for line in lines:
            terminalreporter.line(line)
