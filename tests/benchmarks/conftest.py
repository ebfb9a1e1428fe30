"""Speed, memory and error beside a peer's, measured in turn in one process.

`run.py` starts each of these tests in a process of its own, with the environment that they need.
"""

import contextlib
import gc
import json
import math
import resource
import statistics
import sys
import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

FEWEST_ROUNDS = 5
ROUNDS_AT_TWO = 3
SHORTEST = 0.01  # seconds of a round; calls that take less are repeated
THREADED = (0.02, 10.0)  # seconds of a call for which a second thread can pay, and is tried
TOLERANCE = 0.05  # bits or nats that a value may lie farther from the truth than the other's
LONGEST = 1.0  # seconds of a call on the curves of cost
SIZES = {
    "n_samples": "n",
    "n_features": "d",
    "dimension": "d",
    "d_x": "d(X)",
    "d_y": "d(Y)",
    "noise_std": "noise",
}
HIDDEN = ("peer", "reach", "goal")  # parameters that are no size


class Seconds(NamedTuple):
    """Of one call."""

    cpu: float
    wall: float


def pytest_addoption(parser):
    parser.addoption("--rows", type=Path, help="file to which each measured row adds a JSON line")


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    """Threads are set by what measures; and pairs without torch do without its start."""


@pytest.fixture(autouse=True)
def closed_figures():
    """There are none."""


@pytest.fixture
def compare(request):
    """Run two functions in turn and keep the ratio of their times, round by round.

    The ratio returned is that of CPU seconds at one thread. Calls that take long enough are then
    run at two threads, for the ratio by the wall. A peer that raises has a row that says so, and
    a ratio of nan.

    Parameters of the fixture's function: `peer_name`, of which a first word that names an
    installed distribution is completed by its version; `truth`, the value (or array) that both
    functions should return, for the largest error of each; `errors`, the pair of errors itself
    where it is known otherwise; `tolerance`, how much farther from the truth than the other a
    value may lie before it is called wrong; `reach`, the ratio aimed at, in words; and `clock`,
    "wall" for work that the processor only waits for.
    """

    def run(
        ours,
        peer,
        *,
        peer_name,
        rounds=FEWEST_ROUNDS,
        truth=None,
        errors=(None, None),
        tolerance=TOLERANCE,
        reach="",
        clock="cpu",
    ):
        peer = _without_warnings(peer)
        row = {"peer": _named(peer_name), "reach": reach, "tolerance": tolerance}
        our_value, failure, peer_value = ours(), *_first_call(peer)
        if truth is not None:
            errors = [None if v is None else _error(v, truth) for v in (our_value, peer_value)]
        row |= {"failure": failure, "error": errors[0], "peer_error": errors[1]}
        if not failure:
            row |= _measure(ours, peer, max(rounds, FEWEST_ROUNDS), clock)
        _keep_row(request, row)
        return row.get("ratio", math.nan)

    with threads(1):
        yield run


@pytest.fixture
def alone(request):
    """Keep the seconds of a function that no peer can run, and return its value."""

    def run(function, *, reach=""):
        value = function()
        seconds = statistics.median(_timed(function).cpu for _ in range(FEWEST_ROUNDS))
        _keep_row(request, {"reach": reach, "seconds": seconds, "rounds": FEWEST_ROUNDS})
        return value

    with threads(1):
        yield run


@pytest.fixture
def peak_memory(request):
    """Run a function, keep and return the most bytes that it held at any time."""

    def run(function):
        memory, seconds = _held_and_timed(function)
        if math.isnan(memory):
            pytest.skip("The memory of a process is read from /proc, which is not here.")
        _keep_row(request, {"memory": memory, "seconds": seconds.cpu, "rounds": 1})
        return memory

    with threads(1):
        yield run


@pytest.fixture
def cost(request):
    """Measure two functions of one size over growing sizes, until they take too long.

    The second may be None, where there is no peer. Parameters of the fixture's function: `ours`
    and `peer`, which take a size and return what is to be timed; `estimator`, `axis` ("n" or
    "d") and `sizes`; and `peer_name`.
    """

    def run(ours, peer, *, estimator, axis, sizes, peer_name=None):
        curves = [_curve(function, sizes) if function else [] for function in (ours, peer)]
        curve = {"estimator": estimator, "axis": axis, "sizes": list(sizes)}
        curve |= {"ours": curves[0], "peer": curves[1]}
        _write(request, {"curve": curve | {"peer_name": peer_name and _named(peer_name)}})

    with threads(1):
        yield run


@contextlib.contextmanager
def threads(n_threads):
    """As many for BLAS, OpenMP, torch and numba, where they are loaded."""
    with threadpool_limits(n_threads):
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(n_threads)
        if "numba" in sys.modules:
            numba = sys.modules["numba"]
            numba.set_num_threads(min(n_threads, numba.config.NUMBA_NUM_THREADS))
        yield


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
        return None, peer()
    except ImportError as error:
        return f"not installed: {error}"[:80], None
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:80], None


def _error(value, truth):
    return float(np.abs(np.asarray(value, dtype=np.float64) - truth).max())


def _measure(ours, peer, n_rounds, clock):
    """Medians of the rounds; the first, of one call each, tells how many the others need.

    It also tells the memory, for which nothing else has to be run.
    """
    with threads(1):
        memory, first = zip(*(_held_and_timed(function) for function in (ours, peer)), strict=True)
        n_calls = [max(1, round(SHORTEST / call.wall)) for call in first]
        pairs = [first, *_pairs(ours, peer, n_calls, n_rounds - 1)]
    seconds = [[getattr(call, clock) for call in calls] for calls in zip(*pairs, strict=True)]
    ratios = [theirs / our for our, theirs in zip(*seconds, strict=True)]
    quarters = statistics.quantiles(ratios, n=4, method="inclusive")
    least, most = THREADED
    wall_ratio = None
    # JAX reads its number of threads once, when it is loaded.
    if least <= max(call.cpu for call in first) <= most and "jax" not in sys.modules:
        with threads(2):
            pairs_at_two = _pairs(ours, peer, n_calls, ROUNDS_AT_TWO)
        wall_ratio = statistics.median(theirs.wall / our.wall for our, theirs in pairs_at_two)
    return {
        "seconds": statistics.median(seconds[0]),
        "peer_seconds": statistics.median(seconds[1]),
        "ratio": statistics.median(ratios),
        "ratio_low": quarters[0],
        "ratio_high": quarters[2],
        "wall_ratio": wall_ratio,
        "memory": _or_none(memory[0]),
        "peer_memory": _or_none(memory[1]),
        "rounds": n_rounds,
    }


def _pairs(ours, peer, n_calls, n_rounds):
    return [(_timed(ours, n_calls[0]), _timed(peer, n_calls[1])) for _ in range(n_rounds)]


def _timed(function, n_calls=1):
    """Seconds of one call; those of processes that it started and awaited among them."""
    cpu, wall = _cpu_seconds(), time.perf_counter()
    for _ in range(n_calls):
        function()
    cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - wall
    return Seconds(cpu / n_calls, wall / n_calls)


def _cpu_seconds():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _held_and_timed(function):
    """Bytes that a call added to the process at its fullest (Linux only), and its seconds."""
    gc.collect()
    memory = Path("/proc/self/clear_refs")
    if memory.exists():
        memory.write_text("5")  # the highest mark is set back to what is held now
    before = _process_bytes("VmRSS")
    seconds = _timed(function)
    return _process_bytes("VmHWM") - before, seconds


def _process_bytes(name):
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else ()
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(name)), math.nan)


def _or_none(value):
    return None if math.isnan(value) else value


def _curve(function, sizes):
    """Seconds of the processor at each size, until a call takes too long."""
    curve = []
    for size in sizes:
        call = _without_warnings(function(size))
        call()
        first = _timed(call)
        n_calls = max(1, round(SHORTEST / first.wall))
        seconds = [first, *(_timed(call, n_calls) for _ in range(FEWEST_ROUNDS - 1))]
        curve.append(statistics.median(round_.cpu for round_ in seconds))
        if curve[-1] > LONGEST:
            break
    return curve


def _named(peer_name):
    """Complete the name of a distribution by its version."""
    first, _, rest = peer_name.partition(" ")
    try:
        return f"{first} {version(first.rstrip(','))} {rest}".rstrip()
    except PackageNotFoundError:
        return peer_name


def _size(request):
    """The parameters of a test, less what has a column of its own."""
    node = request.node
    params = node.callspec.params.items() if hasattr(node, "callspec") else ()
    names = {name: SIZES.get(name, name.replace("_", " ")) for name, _ in params}
    return ", ".join(f"{names[k]} = {v}" for k, v in params if k not in HIDDEN)


def _keep_row(request, row):
    names = {
        "group": request.path.stem.removeprefix("bench_"),
        "task": request.node.originalname.removeprefix("test_"),
        "size": _size(request),
    }
    _write(request, names | row)


def _write(request, row):
    """At once, for a long run may be cut short; on the terminal where no file is named."""
    line = json.dumps(row)
    if path := request.config.getoption("--rows", None):
        with path.open("a") as file:
            file.write(line + "\n")
        return
    with request.getfixturevalue("capsys").disabled():
        print("", line, sep="\n", flush=True)
