"""Running a study: what is run, what is kept, and what becomes of processes that are killed."""

import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import cloudpickle
import pandas as pd
import psutil
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

from ibtools.experiments import _runner, _runner_loky
from ibtools.experiments._results import read_results
from ibtools.experiments._runner import plan_runs, run_study, run_with
from ibtools.experiments._runner_loky import attempts_on_loky
from ibtools.experiments._runner_task import Attempt, make_run
from ibtools.experiments._study import Study
from ibtools.experiments._study_errors import StudyError
from ibtools.experiments._study_sections import Execution

TABLES = ("points.parquet", "curves.parquet", "versions.json", "log.txt")


@pytest.fixture
def run(toy, tmp_path):
    """Run a toy study into a folder; `execution` has the options of its section."""

    def run(n_runs, folder="results", execution=None, verbose=0, retry_failed=False, **options):
        return run_with(
            toy.study(n_runs, **options),
            tmp_path / folder,
            Execution(**(execution or {})),
            execute=toy.execute,
            data_checksum=toy.checksum,
            verbose=verbose,
            retry_failed=retry_failed,
        )

    return run


def test_only_what_is_missing_is_run(run, toy):
    assert len(run(2).seconds) == 2
    assert toy.count() == 2
    assert len(run(5).seconds) == 5
    assert toy.count() == 5
    assert len(run(5).seconds) == 5
    assert toy.count() == 5


def test_a_study_that_shrinks_shows_what_it_declares(run, toy):
    large, small = run(3), run(2)
    assert toy.count() == 3
    pd.testing.assert_frame_equal(small.points, large.points[large.points["run"] < 2])


def test_a_run_that_fails_does_not_end_the_others(run, toy, capsys):
    results = run(4, fails=[1], verbose=1)
    assert sorted(results.seconds) == [0, 2, 3]
    assert [failure.run for failure in results.failures] == [1]
    said = capsys.readouterr().err.splitlines()
    assert said[1] == "[2/4] activation=relu, seed=1: failed, ValueError: no seed 1"
    assert said[3] == "[4/4] activation=relu, seed=3: 3.0 s"


def test_failed_runs_are_run_again_on_request_only(run, toy, tmp_path):
    run(3, fails=[1])
    run(3, fails=[1])
    assert toy.count(1) == 1
    results = run(3, fails=[1], retry_failed=True)
    assert toy.count(1) == 2
    assert toy.count() == 4
    assert len(results.failures) == 1
    toy.execute, failing = lambda settings: failing({**settings, "fails": []}), toy.execute
    results = run(3, fails=[1], retry_failed=True)
    assert results.failures == ()
    assert sorted(results.seconds) == [0, 1, 2]
    assert list((tmp_path / "results/failed").iterdir()) == []


def test_data_that_changed_meanwhile_are_not_used(run, toy):
    checksums = iter(["a" * 64, "a" * 64, "a" * 64, "b" * 64])
    toy.checksum = lambda settings: next(checksums)
    (failure,) = run(2).failures
    assert failure.run == 1
    assert "The data changed after the study was started" in failure.error


def test_figures_show_the_mean_over_seeds(run, tmp_path):
    run(4, figures=True, bound=True)
    names = sorted(path.name for path in (tmp_path / "results/figures").iterdir())
    kinds = [
        f"{kind}_activation-{level}.png"
        for kind in ("learning", "plane")
        for level in ("relu", "tanh")
    ]
    assert names == kinds
    for name in names:
        assert (tmp_path / "results/figures" / name).read_bytes().startswith(b"\x89PNG")


def test_a_figure_that_cannot_be_drawn_costs_nothing_else(run, monkeypatch, tmp_path):
    def refuses(points, bound):
        raise ValueError("no plane to draw")

    monkeypatch.setattr("ibtools.experiments._results_figures._plane", refuses)
    with pytest.warns(UserWarning, match=r"plane_activation-tanh\.png is not drawn: no plane"):
        assert len(run(1, figures=True).seconds) == 1
    names = [path.name for path in (tmp_path / "results/figures").iterdir()]
    assert names == ["learning_activation-tanh.png"]


def test_two_runs_that_are_the_same(toy):
    study = toy.study(2)
    runs = study.runs()
    runs[1].settings = runs[0].settings
    with pytest.raises(StudyError, match=r"two runs are the same: activation=tanh, seed=0, and"):
        plan_runs(runs, toy.checksum)


def test_a_factor_with_the_name_of_a_column(toy):
    runs = toy.study(1).runs()
    runs[0].factors["epoch"] = 3
    with pytest.raises(StudyError, match=r"factors \['epoch'\]"):
        plan_runs(runs, toy.checksum)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "threading"}, 'unknown backend "threading".*loky, dask'),
        ({"n_jobs": 0}, "n_jobs: got 0"),
        ({"n_jobs": -2}, "n_jobs: got -2"),
        ({"backend": "loky", "scheduler": "tcp://a:1"}, "only for the backend dask"),
    ],
)
def test_options_of_a_study(options, message, tmp_path):
    with pytest.raises(StudyError, match=message):
        run_study(Study(), tmp_path / "results", **options)
    assert not (tmp_path / "results").exists()


def test_a_scheduler_asks_for_dask():
    chosen = _runner._chosen(Execution(retries=5), 3, None, "tcp://a:1")
    assert (chosen.backend, chosen.n_jobs, chosen.retries) == ("dask", 3, 5)


# Ctrl-C, in this process and as nets do it: they catch it and look as if they had finished.


def test_a_run_that_catches_ctrl_c_is_not_finished(run, toy, tmp_path):
    before = signal.getsignal(signal.SIGINT)

    def execute(settings):
        if settings["seed"] == 1:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        return original(settings)

    original, toy.execute = toy.execute, execute
    with pytest.raises(KeyboardInterrupt):
        run(3)
    assert signal.getsignal(signal.SIGINT) is before
    assert sorted(read_results(tmp_path / "results").seconds) == [0]
    assert pd.read_parquet(tmp_path / "results/points.parquet")["run"].unique().tolist() == [0]
    states = pd.read_csv(tmp_path / "results/runs.csv")["state"]
    assert states.tolist() == ["finished", "missing", "missing"]
    toy.execute = original
    assert len(run(3).seconds) == 3
    assert toy.count(0) == 1


def test_runs_in_threads_of_one_process_take_turns(toy):
    """As in a Dask worker with several threads."""
    under_way, most = [], []

    def execute(settings):
        under_way.append(settings["seed"])
        most.append(len(under_way))
        time.sleep(0.01)
        under_way.pop()
        return toy.execute(settings)

    plan = plan_runs(toy.study(4).runs(), toy.checksum)
    threads = [
        threading.Thread(target=make_run, args=(execute, toy.checksum, None, item))
        for item in enumerate(plan)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


# A full disk.


def test_a_full_disk_keeps_what_is_finished(run, toy, tmp_path):
    """The kernel refuses to write, as it does where a quota is used up."""
    folder = tmp_path / "results"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(OSError, match=r"no space is left .* free some space") as caught:
            run(4, fills=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno == errno.EFBIG
    assert str(folder) in str(caught.value)
    assert sorted(read_results(folder).seconds) == [0, 1]
    assert len(list((folder / "runs").iterdir())) == 2, "nothing half-written is left"
    assert len(run(4, fills=2).seconds) == 4
    assert [toy.count(seed) for seed in range(4)] == [1, 1, 2, 1]


def _can_mount(folder):
    words = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_full_file_system(run, toy, tmp_path):
    """A real one; the test above has a full disk of another kind, which needs no rights."""
    folder = tmp_path / "results"
    folder.mkdir()
    if not _can_mount(folder):
        pytest.skip("a file system of memory may not be mounted here")
    filler = folder / ".filler"
    try:
        run(2)
        with contextlib.suppress(OSError), filler.open("wb", 0) as stream:
            while True:
                stream.write(b"x" * 4096)
        with pytest.raises(OSError, match=r"no space is left .* free some space") as caught:
            run(30)
        assert caught.value.errno == errno.ENOSPC
        assert {0, 1} <= set(read_results(folder).seconds)
        filler.unlink()
        assert len(run(6).seconds) == 6
        assert toy.count(0) == toy.count(1) == 1
    finally:
        subprocess.run(["umount", str(folder)], check=True)


# Lost workers: who is run again, told by a pool that behaves as loky's does.


class _Pool:
    """Makes runs in this process, `n_jobs` under way at a time, and breaks where one kills."""

    def __init__(self, kills, n_jobs):
        self.kills = dict(kills)
        self.n_jobs = n_jobs
        self.calls = []

    def __call__(self, run, items, *, pre_dispatch, **options):
        width = self.n_jobs if pre_dispatch == "n_jobs" else pre_dispatch
        self.calls.append(width)
        return self._results(items, width)

    def _results(self, items, width):
        waiting = [item for _, item in zip(range(width), items, strict=False)]
        while waiting:
            for number, _ in waiting:
                if self.kills.get(number, 0) > 0:
                    self.kills[number] -= 1
                    raise TerminatedWorkerError("killed\nThe exit codes are {SIGKILL(-9)}")
            yield Attempt(waiting.pop(0)[0], outcome="done")
            waiting += [item for _, item in zip(range(1), items, strict=False)]


@pytest.mark.parametrize(
    ("kills", "retries", "lost"),
    [
        ({}, 2, []),
        ({3: 1}, 2, []),
        ({3: 2}, 2, []),
        ({3: 3}, 2, [3]),
        ({3: 99}, 2, [3]),
        ({3: 99, 4: 99}, 2, [3, 4]),
        ({0: 99, 7: 99}, 1, [0, 7]),
        ({3: 1}, 0, []),
        ({3: 2}, 0, [3]),
    ],
)
def test_a_run_that_kills_its_worker_is_found_out_and_no_other(monkeypatch, kills, retries, lost):
    pool = _Pool(kills, n_jobs=3)
    monkeypatch.setattr(_runner_loky, "parallel_runs", pool)
    attempts = list(attempts_on_loky(make_run, dict.fromkeys(range(8)), n_jobs=3, retries=retries))
    assert sorted(attempt.number for attempt in attempts) == list(range(8))
    failed = [attempt for attempt in attempts if attempt.outcome is None]
    assert sorted(attempt.number for attempt in failed) == lost
    for attempt in failed:
        assert "Its worker was lost" in attempt.error
        assert "SIGKILL" in attempt.error


# Real processes, really killed.


def test_loky_gives_the_same_tables_with_a_worker_killed(run, toy, tmp_path):
    alone = run(6, "alone", kills={})
    folder = tmp_path / "loky"
    results = run(6, "loky", {"n_jobs": 2}, kills={"2": toy.count(2) + 1})
    assert toy.count(2) >= 3, "it was killed once"
    assert sorted(results.seconds) == list(range(6))
    pd.testing.assert_frame_equal(results.points, alone.points)
    for name in TABLES:
        assert (folder / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name


def test_dask_gives_the_same_tables_with_a_worker_killed(run, toy, tmp_path):
    run(5, "alone", kills={})
    killed = {"1": toy.count(1) + 1}
    results = run(5, "dask", {"n_jobs": 1, "backend": "dask"}, kills=killed, fails=[4])
    assert toy.count(1) >= 3, "it was killed once"
    workers = {int(mark.read_text()) for mark in toy.marks.glob("*-[1-9]")}
    assert os.getpid() not in workers, "the one worker has made them, not this process"
    assert sorted(results.seconds) == [0, 1, 2, 3]
    (failure,) = results.failures
    assert failure.error == "ValueError: no seed 4"
    for name in ("points", "curves"):
        table, whole = (
            pd.read_parquet(tmp_path / where / f"{name}.parquet") for where in ("dask", "alone")
        )
        pd.testing.assert_frame_equal(table, whole[whole["run"] < 4])


def test_a_cluster_that_does_not_answer(run, monkeypatch):
    monkeypatch.setattr("ibtools.experiments._runner_dask._WAIT_S", 0.5)
    with pytest.raises(OSError, match="Timed out trying to connect"):
        run(1, execution={"backend": "dask", "scheduler": "tcp://127.0.0.1:9"})


def test_dask_that_is_not_installed(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"install neural-information-bottleneck\[dask\]"):
        run(1, execution={"backend": "dask"})


_SCRIPT = """
import pathlib, pickle, sys
from ibtools.experiments._runner import run_with
from ibtools.experiments._study_sections import Execution
study, folder, execute, checksum = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
run_with(study, folder, Execution(n_jobs=2), execute=execute, data_checksum=checksum)
"""


def test_a_killed_parent_leaves_no_workers_and_loses_nothing(run, toy, tmp_path):
    folder, options = tmp_path / "results", {"sleep": 0.5}
    words = (toy.study(6, **options), folder, toy.execute, toy.checksum)
    (tmp_path / "study.pkl").write_bytes(cloudpickle.dumps(words))
    with subprocess.Popen([sys.executable, "-c", _SCRIPT, str(tmp_path / "study.pkl")]) as parent:
        while not (folder / "runs").is_dir() or _n_finished(folder) < 2:
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
    workers = {int(mark.read_text()) for mark in toy.marks.iterdir()}
    assert parent.pid not in workers
    _wait_for_the_end_of(workers)
    finished = sorted(read_results(folder).seconds)
    assert 2 <= len(finished) < 6
    results = run(6, **options)
    assert sorted(results.seconds) == list(range(6))
    assert [toy.count(seed) for seed in finished] == [1] * len(finished)
    assert not [path for path in (folder / "runs").iterdir() if path.name.startswith(".")]


def _n_finished(folder):
    return len([path for path in (folder / "runs").iterdir() if not path.name.startswith(".")])


def _wait_for_the_end_of(processes):
    deadline = time.monotonic() + 30
    for process in processes:
        while _is_alive(process):
            assert time.monotonic() < deadline, f"the worker {process} stays"
            time.sleep(0.1)


def _is_alive(process):
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
