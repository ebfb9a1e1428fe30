"""The rows of the benchmarks, their page, and what counts as slower. No peer is needed."""

import dataclasses
import importlib
import json
import platform
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MACHINE = {
    "processor": "a processor",
    "cores": 2,
    "system": "Linux",
    "python": "3.11.7",
    "numpy": "2.0.0",
    "scipy": "1.14.0",
    "scikit-learn": "1.6.0",
    "torch": None,
    "numba": None,
    "blas": "openblas 0.3.28",
    "rates": {"bytes": 1e10, "exponentials": 2e9},
}


@pytest.fixture(scope="module")
def modules():
    """Scripts are no package: they find each other in their folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        names = ("rows", "figures", "page", "report")
        loaded = {name: importlib.import_module(name) for name in names}
        for name in names:
            patch.delitem(importlib.sys.modules, name)
        yield type("Modules", (), loaded)


@pytest.fixture
def row(modules):
    """A row, with what is told apart."""
    defaults = {
        "group": "spectral",
        "task": "renyi_2",
        "size": "n = 1024",
        "peer": "embo 1.1.0",
        "reach": "2x",
        "tolerance": 0.05,
        "error": 1e-9,
        "peer_error": 1e-8,
        "seconds": 0.001,
        "peer_seconds": 0.003,
        "ratio": 3.0,
        "ratio_low": 2.9,
        "ratio_high": 3.1,
        "memory": 5 * 2**20,
        "peer_memory": 100,
        "rounds": 5,
    }
    return lambda **other: modules.rows.Row(**defaults | other)


def _found(*rows, **other):
    found = {"date": "2025-01-02", "machine": MACHINE, "curves": []}
    return found | {"rows": [dataclasses.asdict(row) for row in rows]} | other


def _compared(modules, kept, new):
    return modules.report.compare(*(modules.rows.Run.from_dict(_found(*r)) for r in (kept, new)))


def test_key_has_no_version(row):
    assert row().key == "spectral, renyi_2, n = 1024, embo" == row(peer="embo 2.0").key
    assert row(peer="hoi 0.0.7 class by class").peer_alone == "hoi class by class"
    assert row(peer="numpy 1.26.4 unique(axis=0)").peer_alone == "numpy unique(axis=0)"


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        ("3x", True),
        ("3.1x", False),
        ("2x, error 8x", True),
        ("<= 1 ms", True),
        ("<= 0.9 ms", False),
        ("under 5 s", True),
        ("", None),
        ("soon", None),
    ],
)
def test_reached(row, reach, expected):
    assert row(reach=reach).reached is expected


def test_a_failed_row_has_reached_nothing(row):
    assert row(ratio=None, failure="ValueError").reached is None


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ((0.0, 0.04), None),
        ((0.0, 0.06), "peer"),
        ((0.06, 0.0), "ours"),
        ((1.0, 1.04), None),
        ((None, 1.0), None),
    ],
)
def test_wrong(row, errors, expected):
    assert row(error=errors[0], peer_error=errors[1]).wrong == expected


def test_best_peer_is_the_fastest_that_is_right(modules, row):
    rows = [
        row(peer="slow", peer_seconds=2.0),
        row(peer="broken", peer_seconds=None, failure="ValueError: no"),
        row(peer="wrong", peer_seconds=0.1, peer_error=1.0),
        row(peer="fast", peer_seconds=1.0),
    ]
    run = modules.rows.Run.from_dict(_found(*rows))
    ((ranked,),) = run.tasks().values()
    assert [r.peer for r in ranked] == ["fast", "slow", "wrong", "broken"]


@pytest.mark.parametrize(
    ("ratio", "low", "high", "slower", "word"),
    [
        (2.3, 2.2, 2.35, True, "SLOWER"),
        (2.3, 2.2, 2.95, False, "within the spread"),
        (2.5, 2.45, 2.55, False, None),
        (9.0, 8.9, 9.1, False, None),
    ],
)
def test_compare(modules, row, ratio, low, high, slower, word):
    new = row(ratio=ratio, ratio_low=low, ratio_high=high, peer="embo 1.2.0")
    found, lines = _compared(modules, [row()], [new])
    assert found is slower
    if word:
        assert lines[0].startswith(word)
        assert "3 [2.9, 3.1]" in lines[0]
        assert "embo 1.1.0, now embo 1.2.0" in lines[0]
    else:
        assert lines == ["0 of 1 rows got more than 20% slower."]


def test_compare_tells_what_is_new_and_what_was_not_measured(modules, row):
    gone, new, broken = (row(task=task) for task in ("gone", "new", "broken"))
    fails = row(task="broken", failure="ValueError: no", ratio=None)
    slower, lines = _compared(modules, [gone, broken], [new, fails])
    assert not slower
    assert lines[:3] == [
        f"new: {new.key}",
        f"not measured: {broken.key}: ValueError: no",
        f"not measured: {gone.key}",
    ]


@pytest.fixture
def kept(modules, monkeypatch, tmp_path):
    """A file of its own."""
    path = tmp_path / "measured.json"
    monkeypatch.setattr(modules.report, "KEPT", path)
    return path


def test_commands(modules, row, kept, monkeypatch, tmp_path, capsys):
    docs = tmp_path / "docs"
    docs.mkdir()
    monkeypatch.setattr(modules.report, "DOCS", docs)
    run = tmp_path / "rows.json"
    run.write_text(json.dumps(_found(row())))
    assert modules.report.main("update", run) == 0
    assert modules.report.main("compare", run) == 0
    run.write_text(json.dumps(_found(row(ratio=1.0, ratio_low=0.9, ratio_high=1.1))))
    assert modules.report.main("compare", run) == 1
    assert "SLOWER: spectral, renyi_2" in capsys.readouterr().out
    assert modules.report.main("page") == 0
    assert "embo 1.1.0" in (docs / "benchmarks.md").read_text()
    with pytest.raises(SystemExit):
        modules.report.main("remove")


def test_update_replaces_what_was_measured_again(modules, row, kept, tmp_path):
    run = tmp_path / "rows.json"
    curves = [{"estimator": "E", "axis": a, "sizes": [1], "ours": [1.0]} for a in "nd"]
    run.write_text(json.dumps(_found(row(task="a"), row(task="b"), curves=curves)))
    modules.report.main("update", run)
    changed = [curves[1] | {"ours": [2.0]}]
    run.write_text(json.dumps(_found(row(task="b", ratio=7.0), row(task="c"), curves=changed)))
    modules.report.main("update", run)
    found = modules.rows.Run.load(kept)
    assert [(r.task, r.ratio) for r in found.rows] == [("a", 3.0), ("b", 7.0), ("c", 3.0)]
    assert [(c.axis, c.ours) for c in found.curves] == [("n", [1.0]), ("d", [2.0])]


def test_rows_on_a_gpu_stand_apart(modules, row, kept, tmp_path):
    run = tmp_path / "rows.json"
    run.write_text(json.dumps(_found(row())))
    modules.report.main("update", run)
    other = MACHINE | {"gpu": "a GPU"}
    run.write_text(json.dumps(_found(row(group="gpu", ratio=40.0), machine=other)))
    modules.report.main("update", run)
    found = json.loads(kept.read_text())
    assert [r["ratio"] for r in found["rows"]] == [3.0]
    assert found["machine"] == MACHINE
    modules.report.write_page(found, tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    assert "GPU: a GPU." in page.partition("## On a GPU")[2]


@pytest.fixture
def page(modules):
    """Of these rows."""
    return lambda *rows: modules.page.page(modules.rows.Run.from_dict(_found(*rows)), ["BinnedMI"])


def test_page(page, row):
    text = page(row(), row(peer="b_c", peer_seconds=2.0, peer_error=0.3))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count(" | ") for line in lines}) == 1
    cells = ["**embo 1.1.0**", "1 ms", "3 ms", "3", "", "5 MiB, < 1 MiB", "1.0e-09, 1.0e-08"]
    assert " | ".join(cells) in lines[2].replace("\N{NO-BREAK SPACE}", " ")
    assert lines[2].endswith("2x: reached |")
    assert r"b\_c" in lines[3]
    assert "**3.0e-01 (wrong: over 0.05)**" in lines[3]
    assert "Measured 2025-01-02 on: a processor, 2 cores, Linux; Python 3.11.7, numpy" in text
    assert "_static/benchmarks/cost_BinnedMI.svg" in text
    assert "GPU" not in text


def test_a_time_is_reached_once(page, row):
    """Ours is the same call in all rows of a task."""
    rows = [row(peer=peer, reach="<= 1 ms", seconds=s) for peer, s in (("a", 2e-3), ("b", 9e-4))]
    text = page(*rows)
    assert text.count("≤ 1 ms: reached") == 2
    assert "not at most 1 ms" not in text
    assert "2\N{NO-BREAK SPACE}ms, not at most 1 ms." in page(rows[0])


def test_page_tells_what_failed(page, row):
    text = page(row(failure="not installed: <embo>", ratio=None, seconds=None))
    assert r"embo 1.1.0: **not installed: \<embo>**" in text


def test_page_tells_what_was_missed_and_what_the_limit_is(page, row):
    text = page(row(reach="500x"), row(task="unknown", reach="5x"))
    missed = text.partition("## What was not reached")[2].partition("\n## ")[0]
    assert "3 of 500x (embo 1.1.0)" in missed
    missed = missed.replace("\N{NO-BREAK SPACE}", " ")
    # One read of 8 MiB at 10 GB/s.
    assert "Counted: 8.39e6 bytes read, 0.839 ms of our 1 ms: at most 3.58x." in missed
    assert "**Unknown, n = 1024**: 3 of 5x (embo 1.1.0). The reason is not known." in missed


@pytest.mark.parametrize("power", [0.5, 2.0])
def test_fitted_exponent(modules, power):
    sizes = [2**k for k in range(1, 9)]
    seconds = [max(1e-9, size**power) for size in sizes]
    assert modules.rows.fitted_exponent(sizes, seconds) == pytest.approx(power)
    # What the call itself costs is left out.
    overhead = [max(value, seconds[3]) for value in seconds]
    assert modules.rows.fitted_exponent(sizes, overhead) == pytest.approx(power)
    assert modules.rows.fitted_exponent([1, 2], [1.0, 2.0]) is None


def test_figures_of_cost_are_the_same_each_time(modules, tmp_path):
    curves = [
        modules.rows.Curve("E", "n", [1, 2, 4, 8], [1.0, 2.0, 4.0, 8.0], [1.0, 4.0, 16.0], "peer"),
        modules.rows.Curve("E", "d", [1, 2, 4], [1.0, 1.0, 1.0]),
    ]
    texts = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        assert modules.figures.draw_costs(curves, tmp_path / name) == ["E"]
        texts.append((tmp_path / name / "cost_E.svg").read_text())
    assert texts[0] == texts[1]
    assert "rows n" in texts[0]


def test_page_of_the_documentation_is_that_of_the_kept_rows(modules, tmp_path):
    modules.report.write_page(json.loads(modules.rows.KEPT.read_text()), tmp_path)
    docs = HERE.parents[1] / "docs"
    assert (tmp_path / "benchmarks.md").read_text() == (docs / "benchmarks.md").read_text()


def test_every_word_is_of_a_task_that_there_is(modules):
    tests = "".join(path.read_text() for path in HERE.glob("bench_*.py"))
    limits = [limit["task"] for limit in modules.page.WORDS["limits"]]
    for task in [*modules.page.WORDS["tasks"], *limits]:
        assert f"def test_{task}(" in tests


def test_machine_tells_no_name_of_the_host_and_no_path(modules):
    text = json.dumps(json.loads(modules.rows.KEPT.read_text())["machine"])
    assert "/" not in text
    assert platform.node() not in text
