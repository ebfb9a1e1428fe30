"""The page of a study: from a folder of results to one file."""

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ibtools import InformationPlane
from ibtools.experiments import ResultsError, Study, StudyResults, run_study, write_report
from ibtools.experiments._report import report_page
from ibtools.experiments._results_runs import Failure

pytest.importorskip("plotly")

EVIL = "</script><script>alert(1)</script>"


def data_of(page):
    """What the page draws."""
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    return json.loads(text)


def column(table, name):
    (found,) = [each for each in table["columns"] if each["name"] == name]
    values = np.frombuffer(base64.b64decode(found["base64"]), "<" + found["type"])
    return np.broadcast_to(values, table["length"])


@pytest.fixture
def results():
    """Two runs of one layer, and a third that failed."""
    runs = [
        {
            "run": run,
            "identity": f"{run:016x}",
            "factors": {"noise": level},
            "settings": {"bound": {"squared": False}},
            "data": "checksum",
        }
        for run, level in enumerate([0.1, 0.2, 0.3])
    ]
    points = pd.DataFrame(
        {
            "run": [0, 0, 1, 1],
            "noise": [0.1, 0.1, 0.2, 0.2],
            "epoch": [0, 1] * 2,
            "layer": "a",
            "estimator": "BinnedMI",
            "mi_x": [0.5, 0.6, 0.4, 0.3],
            "mi_y": [0.1, 0.2, 0.2, 0.1],
            "mi_xy": 0.5,
            "unit": "bits",
        }
    )
    return StudyResults(
        points=points,
        curves=points[["run", "noise", "epoch"]].assign(train_loss=0.5),
        bound=None,
        settings={"study": {"study": {"name": "toy"}, "training": {"epochs": 1}}, "runs": runs},
        versions={"numpy": "2.0"},
        failures=(Failure(2, "2" * 16, {"noise": 0.3}, "ValueError: no", "Traceback\n no"),),
        missing=(),
        seconds={0: 1.04, 1: 2.0},
        logs={0: "", 1: "a note"},
    )


@pytest.fixture
def bound():
    """Solutions on a line of slope 1/2, which ends at 0.4 bits."""
    table = {"beta": [1.0, 2.0, 4.0], "mi_x": [0.0, 0.4, 0.8], "mi_y": [0.0, 0.2, 0.4]}
    return pd.DataFrame({"run": 0, "noise": 0.1, **table, "unit": "bits"})


def test_report_of_a_study(tmp_path):
    study = Study(
        study={"name": "Small & <b>quick</b>"},
        network={"hidden": [3]},
        training={"epochs": 3},
        recording={"every": 1},
        estimators=[{"name": "binned", "kind": "BinnedMI", "n_bins": 5}],
        sweep={"network": {"activation": ["tanh", "relu"]}, "seeds": 2},
    )
    results = run_study(study, tmp_path / "results")
    path = write_report(tmp_path / "results")
    assert path == tmp_path / "results" / "report.html"
    page = path.read_text(encoding="utf-8")
    assert "<title>Small &amp; &lt;b&gt;quick&lt;/b&gt;</title>" in page
    data = data_of(page)
    assert [factor["name"] for factor in data["factors"]] == ["activation", "seed"]
    assert data["factors"][0]["levels"] == ["tanh", "relu"]
    assert data["panels"] == "0"
    np.testing.assert_array_equal(column(data["points"], "mi_x"), results.points["mi_x"])
    np.testing.assert_array_equal(
        column(data["curves"], "train_loss"), results.curves["train_loss"]
    )
    assert [chart["title"] for chart in data["charts"]][:2] == ["Loss", "Accuracy"]
    other = write_report(tmp_path / "results", tmp_path / "other.html")
    assert other.read_text(encoding="utf-8") == page


def test_no_results(tmp_path):
    with pytest.raises(ResultsError, match="holds no results"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_finished_run(results, tmp_path, monkeypatch):
    empty = replace(results, points=results.points.iloc[:0], missing=(0, 1))
    monkeypatch.setattr("ibtools.experiments._report.read_results", lambda folder: empty)
    with pytest.raises(ResultsError, match=r"nothing to show. 1 failed, 2 are missing"):
        write_report(tmp_path)


def test_says_what_failed_and_what_is_missing(results):
    page = report_page(replace(results, missing=(3,)), title="toy")
    assert "1 of 3 runs failed and are not on this page: ValueError: no." in page
    assert "1 of 3 runs are not finished yet." in page
    assert '<th scope="row">run 2 (noise=0.3)</th><td>Traceback\n no</td>' in page
    assert '<th scope="row">run 1</th><td>a note</td>' in page
    assert '<th scope="row">numpy</th><td>2.0</td>' in page
    assert "<td>1.0</td>" in page


def test_bound_of_all_runs(results, bound):
    both = pd.concat([bound, bound.assign(run=1, noise=0.2)])
    (found,) = data_of(report_page(replace(results, bound=both), title=""))["bounds"]
    assert found["conditions"] == []
    assert found["unit"] == "bits"
    # Tangents: from (0, 0) with slope 1, then 1/2, then 1/4, and never above I(X;Y).
    at = np.interp([0.2, 0.4, 0.8], found["mi_x"], found["mi_y"])
    np.testing.assert_allclose(at, [0.1, 0.2, 0.4], atol=1e-12)
    assert max(found["mi_y"]) <= 0.5


def test_bounds_that_differ_between_runs(results, bound):
    other = bound.assign(run=1, noise=0.2, mi_y=bound["mi_y"] / 2)
    found = data_of(report_page(replace(results, bound=pd.concat([bound, other])), title=""))
    assert [each["conditions"] for each in found["bounds"]] == [
        [{"run": "0", "noise": "0.1"}],
        [{"run": "1", "noise": "0.2"}],
    ]
    (only,) = data_of(report_page(replace(results, bound=bound), title=""))["bounds"]
    assert only["conditions"] == [{"run": "0", "noise": "0.1"}]


def test_bound_of_the_squared_functional(results, bound):
    for run in results.settings["runs"]:
        run["settings"]["bound"]["squared"] = True
    squared = bound.assign(beta=4 * bound["mi_x"])  # 2 I(X;T) / beta = 1/2
    (found,) = data_of(report_page(replace(results, bound=squared), title=""))["bounds"]
    at = np.interp([0.2, 0.6], found["mi_x"], found["mi_y"])
    np.testing.assert_allclose(at, [0.1, 0.3], atol=1e-12)


def test_bounds_without_a_solution(results, bound):
    nothing = bound.assign(mi_y=np.nan)
    assert data_of(report_page(replace(results, bound=nothing), title=""))["bounds"] == []


def test_tables_that_are_not_those_of_a_study(results, bound):
    with pytest.raises(ResultsError, match="bounds has no columns"):
        report_page(replace(results, bound=bound.drop(columns="beta")), title="")
    with pytest.raises(ResultsError, match="bounds of the results are no numbers"):
        report_page(replace(results, bound=bound.assign(beta="x")), title="")
    with pytest.raises(ResultsError, match="points of the results are no plane"):
        report_page(replace(results, points=results.points.drop(columns="unit")), title="")
    with pytest.raises(ResultsError, match="curves of the results have no column 'epoch'"):
        report_page(replace(results, curves=results.curves.drop(columns="epoch")), title="")


def test_names_from_someone_else_are_text(results):
    clean = report_page(results, title="toy")
    settings = {"study": {EVIL: {EVIL: [EVIL]}, "study": EVIL}, "runs": results.settings["runs"]}
    settings["runs"][0]["factors"] = {EVIL: EVIL}
    points = results.points.assign(layer=EVIL).rename(columns={"noise": EVIL})
    evil = replace(
        results,
        points=points,
        curves=results.curves.rename(columns={"noise": EVIL}),
        settings=settings,
        versions={EVIL: EVIL},
        failures=(replace(results.failures[0], error=EVIL, traceback=EVIL, factors={EVIL: 1}),),
        logs={0: EVIL},
    )
    page = report_page(evil, title=EVIL)
    assert page.count("<script") == clean.count("<script")
    assert EVIL not in page
    assert data_of(page)["layers"][0]["name"] == EVIL


def test_a_folder_names_a_study_without_a_name(results, tmp_path, monkeypatch):
    nameless = replace(results, settings={**results.settings, "study": {}})
    monkeypatch.setattr("ibtools.experiments._report.read_results", lambda folder: nameless)
    (tmp_path / "mine").mkdir()
    page = write_report(tmp_path / "mine").read_text(encoding="utf-8")
    assert "<title>mine</title>" in page


def test_points_are_a_plane(results):
    assert InformationPlane(results.points).factors == ["noise"]
