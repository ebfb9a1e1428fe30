"""The folder of results: what is written, and what is said when it was tampered with."""

import contextlib
import json
import os
import pickle
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibtools import InformationPlane
from ibtools.experiments import _results_files, _results_summary
from ibtools.experiments._results import read_results
from ibtools.experiments._results_errors import ResultsError
from ibtools.experiments._results_lock import only_writer
from ibtools.experiments._results_plan import prepare_folder
from ibtools.experiments._results_runs import remove_leftovers
from ibtools.experiments._results_tables import column_types, table_from_csv
from ibtools.experiments._runner import run_with
from ibtools.experiments._study_sections import Execution


def _run(toy, folder, n_runs=3, retries=2, **options):
    return run_with(
        toy.study(n_runs, **options),
        folder,
        Execution(retries=retries),
        execute=toy.execute,
        data_checksum=toy.checksum,
    )


@pytest.fixture
def folder(toy, tmp_path):
    _run(toy, tmp_path / "results", bound=True, fails=[2])
    return tmp_path / "results"


def test_what_is_read_is_what_was_run(toy, tmp_path):
    results = _run(toy, tmp_path / "results", bound=True)
    for found in (results, read_results(str(tmp_path / "results"))):
        assert found.points["run"].tolist() == [0, 0, 1, 1, 2, 2]
        assert found.points["activation"].tolist() == ["tanh"] * 2 + ["relu"] * 2 + ["tanh"] * 2
        expected = [toy.execute(run.settings) for run in toy.study(3, marks=str(tmp_path)).runs()]
        for name in ("points", "curves"):
            joined = pd.concat([getattr(each, name) for each in expected], ignore_index=True)
            pd.testing.assert_frame_equal(getattr(found, name)[list(joined)], joined)
        assert len(found.bound) == 6
        assert found.seconds == {0: 0.0, 1: 1.0, 2: 2.0}
        assert found.logs == {0: "", 1: "note of 1", 2: ""}
        assert found.failures == found.missing == ()
        assert found.settings["study"] == {"study": {"name": "toy"}}
        assert found.settings["runs"][2]["factors"] == {"activation": "tanh", "seed": 2}
        assert found.settings["runs"][2]["settings"]["seed"] == 2
        assert "torch" in found.versions
    assert "3 runs finished, 0 failed, 0 missing; 6 points" in repr(results)
    plane = InformationPlane(results.points)
    assert plane.factors == ["activation", "seed"]


def test_the_folder(folder):
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    tables = {"points.parquet", "curves.parquet", "bound.parquet", "runs.csv"}
    notes = {"settings.json", "versions.json", "log.txt"}
    assert names == tables | notes | {"runs", "failed", "figures"}
    results = read_results(folder)
    for name in ("points", "curves", "bound"):
        written = pd.read_parquet(folder / f"{name}.parquet")
        pd.testing.assert_frame_equal(written, getattr(results, name))
    runs = pd.read_csv(folder / "runs.csv")
    assert runs["state"].tolist() == ["finished", "finished", "failed"]
    assert runs["seed"].tolist() == [0, 1, 2]
    assert (folder / "log.txt").read_text() == "run 1: note of 1\n"


def test_without_pyarrow_tables_are_csv(toy, tmp_path, monkeypatch):
    with_pyarrow = _run(toy, tmp_path / "results")
    monkeypatch.setattr(_results_summary, "find_spec", lambda name: None)
    _run(toy, tmp_path / "results")
    names = {path.name for path in (tmp_path / "results").glob("*.*")}
    assert {"points.csv", "curves.csv"} <= names
    assert not any(name.endswith(".parquet") for name in names)
    content = (tmp_path / "results/points.csv").read_bytes()
    table = table_from_csv(content, column_types(with_pyarrow.points))
    pd.testing.assert_frame_equal(table, with_pyarrow.points)


def test_failures_say_where(folder):
    (failure,) = read_results(folder).failures
    assert (failure.run, failure.factors["seed"]) == (2, 2)
    assert failure.error == "ValueError: no seed 2"
    assert "Traceback" in failure.traceback
    assert "in execute" in failure.traceback


def test_a_study_of_which_nothing_is_finished(toy, tmp_path):
    results = _run(toy, tmp_path / "results", n_runs=1, fails=[0])
    assert list(results.points.columns) == ["run", "activation", "seed"]
    assert results.points.empty
    assert results.curves.empty
    assert results.bound is None


def test_levels_of_factors_have_one_type(toy, tmp_path):
    study = toy.study(3)
    runs = study.runs()
    for run, width, mixed in zip(runs, [1, 2.5, 7], ["a", 1, [3, 2]], strict=True):
        run.factors.update(width=width, mixed=mixed)
    study.runs = lambda: runs
    results = run_with(
        study, tmp_path / "r", Execution(), execute=toy.execute, data_checksum=toy.checksum
    )
    levels = results.points.drop_duplicates("run")
    assert levels["width"].tolist() == [1.0, 2.5, 7.0]
    assert levels["mixed"].tolist() == ["a", "1", "[3, 2]"]


# What somebody else can have done to a folder, and what is said.
TAMPERED = {
    "no folder": (lambda home: shutil.rmtree(home), "no results of a study"),
    "no plan": (lambda home: (home / "settings.json").unlink(), "no results of a study"),
    "other format": (lambda home: _edit(home / "settings.json", format="pickle"), "is not of"),
    "no runs": (lambda home: _edit(home / "settings.json", runs=[]), "names 0 runs"),
    "no list": (lambda home: _edit(home / "settings.json", runs={}), "lacks the study or its runs"),
    "path as name": (lambda home: _edit_run(home, identity="../../../etc"), "a run that is none"),
    "no settings": (lambda home: _edit_run(home, settings=3), "a run that is none"),
    "factor is a column": (lambda home: _edit_run(home, all, factors={"mi_x": 1}), "columns of"),
    "other factors": (lambda home: _edit_run(home, factors={"a": 1}), "different factors"),
    "changed data": (lambda home: _edit_run(home, data="1" * 64), "is of another run"),
    "changed settings": (lambda home: _edit(_record(home), settings={"seed": 9}), "another run"),
    "changed table": (lambda home: _append(_record(home).parent / "points.csv"), "was changed"),
    "no table": (lambda home: (_record(home).parent / "curves.csv").unlink(), "missing"),
    "no log": (lambda home: (_record(home).parent / "log.txt").unlink(), "missing"),
    "no columns": (lambda home: _edit(_record(home), columns=[]), "holds no run"),
    "seconds": (lambda home: _edit(_record(home), seconds="long"), "holds no run"),
    "versions": (lambda home: _edit(_record(home), versions=7), "holds no run"),
    "no JSON": (lambda home: _append(_record(home)), "is not JSON"),
    "link": (lambda home: _link(_record(home).parent), "is a link"),
    "linked runs": (lambda home: _link(home / "runs"), "runs is a link"),
    "linked failures": (lambda home: _link(home / "failed"), "failed is a link"),
    "failure": (lambda home: _edit(next((home / "failed").iterdir()), error=3), "does not say"),
}


def _record(home):
    return sorted((home / "runs").iterdir())[0] / "run.json"


def _edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _edit_run(home, which=None, **changes):
    path = home / "settings.json"
    plan = json.loads(path.read_text())
    for run in plan["runs"] if which is all else plan["runs"][:1]:
        run.update(changes)
    path.write_text(json.dumps(plan))


def _append(path):
    path.write_text(path.read_text() + "x")


def _link(path):
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


@pytest.mark.parametrize("how", TAMPERED)
def test_tampered_results_are_refused(folder, how):
    tamper, message = TAMPERED[how]
    tamper(folder)
    with pytest.raises(ResultsError, match=message):
        read_results(folder)


def test_a_damaged_run_says_how_it_is_made_anew(toy, folder):
    home = _record(folder).parent
    _append(home / "points.csv")
    with pytest.raises(ResultsError, match=rf"Delete the folder {home} and start the study again"):
        read_results(folder)
    shutil.rmtree(home)
    before = toy.count()
    _run(toy, folder, bound=True, fails=[2])
    assert toy.count() == before + 1


def test_sizes_are_bounded(folder, monkeypatch):
    monkeypatch.setattr(_results_files.read_bounded, "__defaults__", (50,))
    with pytest.raises(ResultsError, match=r"points\.csv is larger than"):
        read_results(folder)
    monkeypatch.undo()
    monkeypatch.setattr("ibtools.experiments._results._MOST_ROWS", 3)
    with pytest.raises(ResultsError, match="more than 3 rows"):
        read_results(folder)
    monkeypatch.setattr("ibtools.experiments._results_plan._MOST_RUNS", 2)
    with pytest.raises(ResultsError, match="names 3 runs; 1 to 2 can be read"):
        read_results(folder)


@given(data=st.data())
@settings(
    deadline=None,
    derandomize=True,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damaged_files_raise_only_our_error(folder, data):
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    path = data.draw(st.sampled_from(files))
    content = path.read_bytes()
    at = data.draw(st.integers(0, max(len(content) - 1, 0)))
    how = data.draw(st.sampled_from(["truncate", "replace", "mutate", "insert"]))
    noise = data.draw(st.binary(min_size=1, max_size=30))
    changed = {
        "truncate": content[:at],
        "replace": noise,
        "mutate": content[:at] + noise + content[at + len(noise) :],
        "insert": content[:at] + noise + content[at:],
    }[how]
    path.write_bytes(changed)
    try:
        with contextlib.suppress(ResultsError):
            read_results(folder)
    finally:
        path.write_bytes(content)


_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_JSON = _LEAF | st.lists(_LEAF, max_size=3) | st.dictionaries(st.text(max_size=5), _LEAF)


@given(data=st.data())
@settings(
    deadline=None,
    derandomize=True,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_other_values_in_the_records_raise_only_our_error(folder, data):
    failed = next((folder / "failed").iterdir())
    path = data.draw(st.sampled_from([folder / "settings.json", _record(folder), failed]))
    content = path.read_text()
    record = json.loads(content)
    place = record
    if path.name == "settings.json" and data.draw(st.booleans()):
        place = record["runs"][data.draw(st.integers(0, 2))]
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(_JSON)
    path.write_text(json.dumps(record))
    try:
        with contextlib.suppress(ResultsError):
            read_results(folder)
    finally:
        path.write_text(content)


def test_nothing_is_unpickled(folder, tmp_path):
    """A pickle in place of every file is not executed."""

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    for path in [*folder.rglob("*.json"), *folder.rglob("*.csv"), *folder.rglob("*.parquet")]:
        content = path.read_bytes()
        path.write_bytes(pickle.dumps(Evil()))
        with contextlib.suppress(ResultsError):
            read_results(folder)
        path.write_bytes(content)
    assert not (tmp_path / "evil").exists()


def test_leftovers_of_killed_writers_are_removed(toy, folder):
    half = folder / "runs" / ".0123456789abcdef-x7"
    half.mkdir()
    (half / "points.csv").write_text("epo")
    (folder / ".abc.part").write_text("")
    (folder / ".notes").write_text("mine")
    remove_leftovers(folder)
    assert not half.exists()
    assert not (folder / ".abc.part").exists()
    assert (folder / ".notes").exists()


def test_a_run_without_its_record_is_made_again(toy, folder):
    _record(folder).unlink()
    before = toy.count()
    results = _run(toy, folder, bound=True, fails=[2])
    assert toy.count() == before + 1
    assert len(results.seconds) == 2


@pytest.mark.parametrize("content", ["file", "folder"])
def test_other_files_are_not_mixed_with_results(tmp_path, content):
    home = tmp_path / "home"
    if content == "file":
        home.write_text("")
    else:
        home.mkdir()
        (home / "thesis.tex").write_text("")
    with pytest.raises(ResultsError, match=r"is a file|holds thesis\.tex and no results"):
        prepare_folder(home)


@pytest.mark.parametrize("name", [".lock", "runs", "failed", "figures"])
def test_nothing_is_written_through_a_link(toy, folder, tmp_path, name):
    outside = tmp_path / "outside"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    if name == ".lock":
        outside.write_text("mine")
    before = sorted(tmp_path.rglob("outside/*"))
    with pytest.raises(ResultsError, match=rf"{name} is a link, and results have none"):
        _run(toy, folder, n_runs=5)
    assert sorted(tmp_path.rglob("outside/*")) == before
    assert name != ".lock" or outside.read_text() == "mine"


def test_a_folder_whose_first_writer_was_killed_early(tmp_path):
    prepare_folder(tmp_path / "results")
    prepare_folder(tmp_path / "results")
    with pytest.raises(ResultsError, match="no results of a study"):
        read_results(tmp_path / "results")


def test_one_writer_at_a_time(toy, folder):
    with (
        only_writer(folder),
        pytest.raises(ResultsError, match=rf"is in use: another process \({os.getpid()}\)"),
    ):
        _run(toy, folder)
    _run(toy, folder)


def test_the_lock_ends_with_a_killed_writer(folder):
    code = f"""
import os, pathlib
from ibtools.experiments._results_lock import only_writer
with only_writer(pathlib.Path({str(folder)!r})):
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with only_writer(folder):
        pass
