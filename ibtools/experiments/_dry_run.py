"""What a study would do, and about how long it would take."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from joblib import cpu_count

from ibtools.callbacks._schedule import log_spaced_epochs
from ibtools.experiments._probe import Probe, ProbeError, probe
from ibtools.experiments._study import Run, Study

_MOST_ROWS = 30
_MOST_PROBES = 3
_UNITS = {"days": 86_400.0, "h": 3600.0, "min": 60.0}
_NO_MEMORY = "not told by this system"

# Fields that a probe's times do not depend on, or that they are multiplied with.
_FREE = {
    "data": {"seed", "gain", "label_noise"},
    "training": {"epochs", "learning_rate", "momentum", "weight_decay"},
    "recording": {"every", "n_records"},
}


def describe_runs(study: Study, folder: Path | None = None, *, n_jobs: int | None = None) -> str:
    """List the runs of a study, and estimate what they take.

    Parameters
    ----------
    study : Study
        The study.
    folder : Path, default=None
        Folder of the results; None takes that of the study.
    n_jobs : int, default=None
        Number of processes, -1 for as many as there are cores; None takes that of the study.

    Returns
    -------
    text : str
        A table of the runs with their factors, and estimates of time and memory.

    Notes
    -----
    The estimate comes from short trainings on this machine, each in a process of its own: one of
    each kind of run, up to three kinds. Kinds differ in data, network, batch size or what is
    measured. Times are those of one run at a time; how much slower runs are side by side, and how
    fast the machines of a cluster are, it cannot know. If a probe fails, the run would: the text
    says why.
    """
    runs = study.runs()
    n_runs = f"{len(runs)} run" + "s" * (len(runs) > 1)
    lines = [f"{study.name}: {n_runs}, results in {folder or study.folder}", "", *_table(runs), ""]
    try:
        return "\n".join([*lines, *_estimate(runs, n_jobs or study.execution.n_jobs)])
    except ProbeError as error:
        return "\n".join([*lines, "No estimate, for a short training failed:", f"  {error}"])


def count_records(settings: Mapping[str, Any]) -> int:
    """Count the epochs that a run records.

    Parameters
    ----------
    settings : mapping
        Settings of the run.

    Returns
    -------
    n_records : int
        The untrained network and the last epoch included.
    """
    recording, last = settings["recording"], settings["training"]["epochs"]
    every, first = recording["every"], recording["window"]
    untrained = int(first == 1)
    if isinstance(every, int):
        return untrained + last // every - (first - 1) // every + int(last % every > 0)
    epochs = log_spaced_epochs(last, recording["n_records"]) if every == "log" else every
    return untrained + len({epoch for epoch in [*epochs, last] if first <= epoch <= last})


def _table(runs: Sequence[Run]) -> list[str]:
    """Rows of the factors; from the middle of a long table none."""
    numbers = list(range(len(runs)))
    if len(runs) > _MOST_ROWS:
        numbers = [*numbers[: _MOST_ROWS // 2], *numbers[-(_MOST_ROWS // 2) :]]
    names = list(runs[0].factors)
    rows = [["run", *names]]
    rows += [[str(k), *(_level(runs[k].factors[name]) for name in names)] for k in numbers]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    if len(runs) > _MOST_ROWS:
        lines.insert(1 + _MOST_ROWS // 2, f"... {len(runs) - _MOST_ROWS} more")
    return [f"  {line}" for line in lines]


def _level(level: Any) -> str:
    return level if isinstance(level, str) else json.dumps(level)


def _estimate(runs: Sequence[Run], n_jobs: int) -> list[str]:
    kinds: dict[str, int] = {}
    for number, run in enumerate(runs):
        kinds.setdefault(_kind(run.settings), number)
    probes = {
        kind: probe(runs[number].settings) for kind, number in list(kinds.items())[:_MOST_PROBES]
    }
    times = [_seconds(run, probes) for run in runs]
    n_jobs = min(cpu_count() if n_jobs == -1 else n_jobs, len(runs))
    memories = [each.memory for each in probes.values() if each.memory is not None]
    memory = f"{max(memories) / 2**20:.0f} MiB" if memories else _NO_MEMORY
    in_all = _duration(sum(times) / n_jobs)
    at_a_time = "one at a time" if n_jobs == 1 else f"{n_jobs} at a time, if none slows another"
    least, most = _duration(min(times)), _duration(max(times))
    each = least if least == most else f"{least} to {most}"
    return [
        "Estimate for this machine:",
        f"  time    about {each} for a run, {in_all} for all, {at_a_time}",
        f"  memory  about {memory} for each process that runs",
        f"It comes from short trainings of {_covered(len(kinds), len(probes))}. It counts loading,",
        "training, measuring and the bound, and neither figures nor tables.",
    ]


def _covered(n_kinds: int, n_probes: int) -> str:
    if n_kinds == 1:
        return "the first run, which all others are like"
    if n_kinds == n_probes:
        return f"one run of each of {n_kinds} kinds"
    return f"{n_probes} of {n_kinds} kinds of runs, the others being taken for their mean"


def _kind(settings: Mapping[str, Any]) -> str:
    """What tells apart runs that take different times for an epoch or a record."""
    kept = {
        name: {field: value for field, value in settings[name].items() if field not in free}
        for name, free in _FREE.items()
    }
    estimators = [
        {**each, "parameters": {**each["parameters"], "random_state": None}}
        for each in settings["estimators"]
    ]
    rest = {name: settings[name] for name in ("network", "bound")}
    return json.dumps({**kept, **rest, "estimators": estimators}, sort_keys=True)


def _seconds(run: Run, probes: Mapping[str, Probe]) -> float:
    n_epochs, n_records = run.settings["training"]["epochs"], count_records(run.settings)
    own = probes.get(_kind(run.settings))
    known = list(probes.values()) if own is None else [own]
    return math.fsum(each.seconds(n_epochs, n_records) for each in known) / len(known)


def _duration(seconds: float) -> str:
    for unit, length in _UNITS.items():
        if seconds >= 1.5 * length:
            return f"{seconds / length:.2g} {unit}"
    return f"{max(seconds, 0.1):.1f} s" if seconds < 10 else f"{seconds:.0f} s"
