"""The commands of studies, and whole studies whose processes are killed."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ibtools.experiments._command_line import main
from ibtools.experiments._probe import Probe
from ibtools.experiments._results import read_results
from ibtools.experiments._study import Study

STUDY = """
[study]
name = "small"
[training]
epochs = {epochs}
[recording]
n_records = 3
[sweep]
"network.activation" = ["tanh", "relu"]
seeds = {seeds}
"""


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _declare(path, epochs=2, seeds=1):
    path.write_text(STUDY.format(epochs=epochs, seeds=seeds))


def test_run_and_again(tmp_path, capsys):
    _declare(tmp_path / "study.toml")
    assert main(["run", "study.toml", "-v"]) == 0
    said = capsys.readouterr()
    assert "2 of 2 runs are finished; results in " in said.out
    assert "[2/2] activation=relu, seed=0: " in said.err
    results = read_results("results")
    assert results.points["activation"].unique().tolist() == ["tanh", "relu"]
    assert len(results.curves) == 4
    figures = {path.name for path in (tmp_path / "results/figures").iterdir()}
    assert "plane_activation-relu.png" in figures
    assert main(["run", "study.toml", "-v"]) == 0
    assert "[" not in capsys.readouterr().err, "nothing was run"


def test_failed_runs_are_listed(tmp_path, monkeypatch, capsys):
    def fails(settings):
        raise ValueError("too\nbad")

    monkeypatch.setattr("ibtools.experiments._runner.execute", fails)
    _declare(tmp_path / "study.toml")
    assert main(["run", "study.toml", "--output", "mine"]) == 1
    said = capsys.readouterr()
    assert "0 of 2 runs are finished; results in mine" in said.out
    assert "Run 1 (activation=relu, seed=0) failed: ValueError: too bad" in said.err
    assert said.err.count("Traceback") == 1, "once for the same error"
    assert "--retry-failed runs them again" in said.err
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert main(["run", "study.toml", "--output", "mine"]) == 1
    assert main(["run", "study.toml", "--output", "mine", "--retry-failed"]) == 0


def test_dry_run_runs_nothing(tmp_path, monkeypatch, capsys):
    probe = Probe(start=1.0, epoch=0.0, record=0.0, memory=None)
    monkeypatch.setattr("ibtools.experiments._dry_run.probe", lambda settings: probe)
    _declare(tmp_path / "study.toml")
    assert main(["run", "study.toml", "--dry-run", "--output", "mine", "-n", "2"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("small: 2 runs, results in mine\n")
    assert "1.0 s for all, 2 at a time" in said
    assert [path.name for path in tmp_path.iterdir()] == ["study.toml"]


def test_new_writes_a_study_and_never_over_one(tmp_path, capsys):
    assert main(["new"]) == 0
    assert "python -m ibtools run study.toml" in capsys.readouterr().out
    assert len(Study.from_toml("study.toml").runs()) > 1
    assert main(["new", "other.toml"]) == 0
    (tmp_path / "other.toml").write_text("mine")
    with pytest.raises(SystemExit) as stop:
        main(["new", "other.toml"])
    assert stop.value.code == 2
    assert "other.toml exists; name another file" in capsys.readouterr().err
    assert (tmp_path / "other.toml").read_text() == "mine"
    assert main(["new", "nowhere/study.toml"]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_schema(capsys):
    assert main(["schema"]) == 0
    assert "training" in json.loads(capsys.readouterr().out)["properties"]


def test_report(tmp_path, monkeypatch, capsys):
    written = []
    monkeypatch.setattr(
        "ibtools.experiments._report.write_report",
        lambda *words: written.append(words) or "page.html",
    )
    assert main(["report", "results", "-o", "page.html"]) == 0
    assert [tuple(map(str, words)) for words in written] == [("results", "page.html")]
    assert capsys.readouterr().out == "page.html\n"


def test_ctrl_c_elsewhere_is_one_line(monkeypatch, capsys):
    def interrupted(*words):
        raise KeyboardInterrupt

    monkeypatch.setattr("ibtools.experiments._report.write_report", interrupted)
    assert main(["report", "results"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


BAD = {
    "run missing.toml": "missing.toml",
    "run bad.toml": "trainning",
    "run study.toml -n 0": "'0' is not a whole number of 1 or more, or -1",
    "run study.toml -n many": "'many' is not a whole number",
    "run study.toml --backend threads": "invalid choice: 'threads'",
    "run study.toml --backend loky --scheduler tcp://a:1": "only for the backend dask",
    "run study.toml --output study.toml": "is a file",
    "run study.toml --output other": "holds notes.txt and no results",
    "run": "required: study",
    "report missing": "holds no results of a study",
    "report": "required: results",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_words_are_one_line_and_exit_code_2(words, tmp_path, capsys):
    _declare(tmp_path / "study.toml")
    (tmp_path / "bad.toml").write_text("[trainning]\nepochs = 3\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/notes.txt").write_text("")
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert said.err.startswith("python -m ibtools")
    assert BAD[words] in said.err
    assert not (tmp_path / "results").exists()


def test_data_that_cannot_be_had(tmp_path, monkeypatch, capsys):
    def missing(settings):
        raise FileNotFoundError("train-images is missing: put it there.")

    monkeypatch.setattr("ibtools.experiments._runner.data_checksum", missing)
    _declare(tmp_path / "study.toml")
    assert main(["run", "study.toml"]) == 1
    assert "error: train-images is missing: put it there." in capsys.readouterr().err


def test_a_full_disk_is_one_line(tmp_path, monkeypatch, capsys):
    def full(*words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ibtools.experiments._runner.save_run", full)
    _declare(tmp_path / "study.toml")
    assert main(["run", "study.toml"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"error: no space is left for the results in {tmp_path}/results" in said


def test_commands_answer_before_torch_is_imported(tmp_path):
    _declare(tmp_path / "study.toml")
    code = """
import sys
from ibtools.experiments._command_line import main
main(["new", "other.toml"])
main(["schema"])
try:
    main(["run", "missing.toml"])
except SystemExit:
    pass
print("torch" in sys.modules, file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.splitlines()[-1] == "False"


def _start(*words):
    # A group of its own gets the signal, as at a terminal: parent and workers.
    return subprocess.Popen(
        [sys.executable, "-m", "ibtools", "run", "study.toml", "-v", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _ended_runs(process, number):
    """Lines of the runs that have ended, once there are so many."""
    lines = []
    while len(lines) < number:
        line = process.stderr.readline()
        assert line, f"the command ended early, after {lines}"
        lines += [line] if line.startswith("[") else []
    return lines


def test_ctrl_c_keeps_what_is_finished(tmp_path):
    """Nets end their training at Ctrl-C and look as if they had finished: such a run is none."""
    _declare(tmp_path / "study.toml", epochs=60)
    with _start() as process:
        _ended_runs(process, 1)
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Interrupted. 1 of 2 runs are finished and kept in " in err
    assert "the same command goes on with the others." in err
    assert "Traceback" not in err
    results = read_results(tmp_path / "results")
    assert (sorted(results.seconds), results.missing) == ([0], (1,))


@pytest.mark.slow
def test_ctrl_c_ends_the_workers(tmp_path):
    _declare(tmp_path / "study.toml", epochs=60, seeds=4)
    with _start("-n", "2") as process:
        _ended_runs(process, 2)
        workers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert not psutil.wait_procs(workers, timeout=30)[1]


def _kill_a_worker(process):
    """Kill one that is at work, as the kernel does where memory is short."""
    children = psutil.Process(process.pid).children(recursive=True)
    workers = [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]
    max(workers, key=lambda worker: sum(worker.cpu_times()[:2])).kill()


@pytest.mark.slow
def test_twenty_runs_with_everything_killed(tmp_path):
    """Two activations, ten seeds, all 4096 patterns, 200 epochs, on loky and on a Dask cluster."""
    _declare(tmp_path / "study.toml", epochs=200, seeds=10)
    with _start("-n", "2", "--output", "loky") as process:
        _ended_runs(process, 3)
        _kill_a_worker(process)
        _ended_runs(process, 5)
        process.kill()
    finished = sorted(read_results("loky").seconds)
    assert 8 <= len(finished) < 20
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "loky/runs").glob("[!.]*")}
    again = _start("-n", "2", "--output", "loky")
    _, err = again.communicate(timeout=900)
    assert again.returncode == 0, err
    assert err.count("\n[") + err.startswith("[") == 20 - len(finished), "only what was missing"
    assert {path: path.stat().st_mtime_ns for path in kept} == kept

    with _start("-n", "2", "--backend", "dask", "--output", "dask") as process:
        _ended_runs(process, 3)
        _kill_a_worker(process)
        _, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    for folder in ("loky", "dask"):
        results = read_results(folder)
        assert sorted(results.seconds) == list(range(20))
        assert results.points.groupby("run")["epoch"].max().tolist() == [200] * 20
    for name in ("points.parquet", "curves.parquet"):
        tables = [(tmp_path / folder / name).read_bytes() for folder in ("loky", "dask")]
        assert tables[0] == tables[1]
