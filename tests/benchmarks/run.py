"""Run the benchmarks, each in a process of its own, and write what they measured.

    python tests/benchmarks/run.py rows.json [files, -k words, ...]

One test is one pair of functions that run in turn. A process of its own keeps a peer's threads,
allocations and settings away from the next pair, and survives its crash. Each is forked from one
that has loaded what all need, and no peer.
"""

import importlib
import json
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
OPTIONS = ["-q", "-o", "python_files=bench_*.py", "-p", "no:cacheprovider", "-m", ""]
LONGEST = 3600  # seconds of one process
LOADED = ("ibtools.estimators", "scipy.stats", "sklearn.covariance", "sklearn.feature_selection")
# As many threads as are used at most: what measures sets one or two. JAX cannot be told later.
ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    "NUMBA_NUM_THREADS": "2",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


def main(path, *arguments):
    """Measure, write, and tell by the exit status whether all tests passed."""
    os.environ |= ENVIRONMENT
    for module in LOADED:
        importlib.import_module(module)
    path, tests, found_on = Path(path), collect(arguments), machine()
    rows, curves, failed = [], [], []
    for number, test in enumerate(tests, 1):
        print(f"[{number}/{len(tests)}] {test.partition('::')[2]}", flush=True)
        lines, passed = measure(test)
        curves += [line["curve"] for line in lines if "curve" in line]
        date = f"{datetime.now(UTC):%Y-%m-%d}"
        rows += [line | {"date": date} for line in lines if "curve" not in line]
        failed += [] if passed else [test]
        found = {"date": date, "machine": found_on}
        text = json.dumps(found | {"rows": rows, "curves": curves}, indent=1)
        path.write_text(text + "\n")  # each time, for a long run may be cut short
    if failed:
        print("Failed:", *failed, sep="\n  ")
    return bool(failed)


def collect(arguments):
    """Names of the tests."""
    where = arguments if arguments and not arguments[0].startswith("-") else [HERE, *arguments]
    _, output = run_pytest("--collect-only", *where)
    tests = [line for line in output.splitlines() if line.partition("::")[0].endswith(".py")]
    if not tests:
        sys.exit(output)
    return tests


def measure(test):
    """Rows of one test, and whether it passed; a process that crashes has a row that says so."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        status, output = run_pytest("--rows", path, test)
        lines = path.read_text().splitlines() if path.exists() else []
    for line in lines:
        print("   ", line, flush=True)
    if status is None or status < 0:
        failure = f"no end within {LONGEST // 60} minutes"
        failure = failure if status is None else f"the process ended with signal {-status}"
        return [json.loads(line) for line in lines] or [crash_row(test, failure)], True
    if status:
        print(output[-3000:], flush=True)
    return [json.loads(line) for line in lines], status == 0


def run_pytest(*arguments):
    """Exit status, None where the time was over, and output of a process of its own."""
    with tempfile.TemporaryFile("w+") as file:
        context = multiprocessing.get_context("fork")
        process = context.Process(target=_pytest, args=(file.fileno(), list(map(str, arguments))))
        process.start()
        process.join(LONGEST)
        if process.is_alive():
            process.kill()
            process.join()
            return None, ""
        file.seek(0)
        return process.exitcode, file.read()


def _pytest(output, arguments):
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = sys.stderr = os.fdopen(1, "w", closefd=False)
    import pytest

    status = int(pytest.main([*OPTIONS, *arguments]))
    sys.stdout.flush()
    os._exit(status)  # threads that a peer left behind are not waited for


def crash_row(test, failure):
    """What is known of a pair whose process did not come back: the name of its test."""
    file, _, name = test.partition("::")
    task, _, parameters = name.removesuffix("]").partition("[")
    return {
        "group": Path(file).stem.removeprefix("bench_"),
        "task": task.removeprefix("test_"),
        "size": "",
        "peer": parameters,
        "failure": failure,
    }


def machine():
    """What the numbers depend on; no name of the host, and no path."""
    from rates import measured_rates  # numpy reads its number of threads when it is loaded

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: installed(name) for name in ("numpy", "scipy", "scikit-learn", "torch", "numba")},
        "blas": blas(),
        "gpu": gpu(),
        "rates": measured_rates(),
    }


def processor():
    """As the system names it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else ()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def installed(name):
    """Version of a distribution, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def blas():
    """The libraries of linear algebra that numpy and scipy have loaded, with their kernels."""
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    names = {f"{p['internal_api']} {p['version']} ({p.get('architecture', '?')})" for p in pools}
    return ", ".join(sorted(names))


def gpu():
    """Name of the first, or None; torch, loaded here, could not be used in forked processes."""
    if shutil.which("nvidia-smi") is None:
        return None
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return next(iter(listed.stdout.splitlines()), None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
