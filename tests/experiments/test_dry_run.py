"""The list of the runs of a study, and what they are estimated to take."""

import math
import re

import pytest

from ibtools.callbacks._schedule import recording_epochs
from ibtools.experiments import _dry_run
from ibtools.experiments._dry_run import count_records, describe_runs
from ibtools.experiments._execution import execute
from ibtools.experiments._probe import Probe, ProbeError, measure, probe
from ibtools.experiments._study import Study

TINY = {
    "network": {"hidden": [3]},
    "training": {"epochs": 2},
    "recording": {"max_samples": 50},
}


@pytest.fixture
def probes(monkeypatch):
    """Probes that measure nothing, and tell what they were asked."""
    asked = []

    def pretend(settings):
        asked.append(settings)
        return Probe(start=1.0, epoch=0.5, record=2.0, memory=300 * 2**20)

    monkeypatch.setattr(_dry_run, "probe", pretend)
    return asked


def test_a_table_of_the_runs_and_an_estimate(probes, tmp_path):
    sweep = {"network.hidden": [[3], [4, 2]], "training.learning_rate": [0.1, 0.01], "seeds": 2}
    declaration = {**TINY, "study": {"name": "sizes"}, "sweep": sweep}
    text = describe_runs(Study.from_dict(declaration, home=tmp_path))
    lines = text.splitlines()
    assert lines[0] == f"sizes: 8 runs, results in {tmp_path.resolve() / 'results'}"
    assert lines[2].split() == ["run", "hidden", "learning_rate", "seed"]
    assert lines[3].split() == ["0", "[3]", "0.1", "0"]
    assert lines[10].split() == ["7", "[4,", "2]", "0.01", "1"]
    assert len(probes) == 2, "learning rates and seeds take the same time"
    # 1 s, 2 epochs of 0.5 s, 3 records of 2 s
    assert "about 8.0 s for a run, 64 s for all, one at a time" in text
    assert "about 300 MiB for each process" in text
    assert "one run of each of 2 kinds" in text


def test_jobs_share_the_time(probes):
    study = Study(**TINY, sweep={"seeds": 8}, execution={"n_jobs": 4})
    text = describe_runs(study)
    assert "16 s for all, 4 at a time, if none slows another" in text
    assert "the first run, which all others are like" in text


def test_many_kinds_are_not_all_probed(probes):
    text = describe_runs(Study(**TINY, sweep={"network.hidden": [[k] for k in range(1, 9)]}))
    assert len(probes) == 3
    assert "3 of 8 kinds of runs, the others being taken for their mean" in text


def test_a_long_table_is_cut_in_the_middle(probes):
    text = describe_runs(Study(**TINY, sweep={"seeds": 100}))
    assert "... 70 more" in text
    assert [line.split()[0] for line in text.splitlines()[3:34]] == [
        *map(str, range(15)),
        "...",
        *map(str, range(85, 100)),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.01, "0.1 s"),
        (12.4, "12 s"),
        (90, "1.5 min"),
        (3000, "50 min"),
        (7200, "2 h"),
        (86400, "24 h"),
        (1e6, "12 days"),
    ],
)
def test_durations(seconds, text):
    assert _dry_run._duration(seconds) == text


@pytest.mark.parametrize("every", ["log", 1, 3, 10, [0, 2, 5], [4, 99]])
@pytest.mark.parametrize("window", [1, 2, 4])
def test_records_are_counted_as_they_are_recorded(every, window):
    declared = {"every": every, "n_records": 5, "window": window}
    (run,) = Study(training={"epochs": 10}, recording=declared).runs()
    chosen = recording_epochs(every, 10, 5)
    epochs = {k for k in range(window, 11) if k in chosen or k == 10}
    assert count_records(run.settings) == len(epochs) + (window == 1)


def test_records_are_counted_as_a_run_records():
    declared = {"every": 3, "window": 2, "max_samples": 50}
    (run,) = Study(network={"hidden": [3]}, training={"epochs": 7}, recording=declared).runs()
    assert execute(run.settings).points["epoch"].nunique() == count_records(run.settings) == 3


def test_a_probe_measures_in_a_process_of_its_own():
    (run,) = Study(**TINY).runs()
    found = probe(run.settings)
    assert found.memory is None or 50 * 2**20 < found.memory < 4 * 2**30
    assert min(found.start, found.epoch, found.record) >= 0
    assert 0 < found.seconds(1, 2) < 60


def test_times_are_differences_of_trainings(monkeypatch):
    """Trainings whose times are known: 3 s, and 0.25 s for an epoch and 0.5 s for a record."""

    def seconds(settings, n_epochs, every):
        n_records = 1 + len({*every, n_epochs})
        return 3 + 0.25 * n_epochs + 0.5 * n_records

    monkeypatch.setattr("ibtools.experiments._probe._seconds", seconds)
    (run,) = Study(**TINY).runs()
    found = measure(run.settings)
    assert math.isclose(found.start, 3)
    assert math.isclose(found.epoch, 0.25)
    assert math.isclose(found.record, 0.5)


def test_a_probe_that_fails_says_why(monkeypatch):
    def failing(settings):
        raise ProbeError("ValueError: layers='hiden' fits no layer of the network.")

    monkeypatch.setattr(_dry_run, "probe", failing)
    text = describe_runs(Study(**TINY))
    assert re.search(r"No estimate, .*\n  ValueError: layers='hiden' fits no layer", text)


def test_what_a_failing_process_says_last():
    with pytest.raises(ProbeError, match=r"^KeyError: 'recording'$"):
        probe({"training": {}})
