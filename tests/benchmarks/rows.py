"""What was measured: rows, and what can be said of one."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

KEPT = Path(__file__).with_name("measured.json")


@dataclass(frozen=True)
class Row:
    """One pair. Seconds are of the processor, at one thread; medians of the rounds."""

    group: str
    task: str
    size: str = ""
    peer: str | None = None
    reach: str = ""
    tolerance: float | None = None
    failure: str | None = None
    error: float | None = None
    peer_error: float | None = None
    seconds: float | None = None
    peer_seconds: float | None = None
    ratio: float | None = None  # peer's seconds / ours
    ratio_low: float | None = None  # quartiles of the rounds
    ratio_high: float | None = None
    wall_ratio: float | None = None  # at two threads
    memory: int | None = None  # bytes beyond what the process held before
    peer_memory: int | None = None
    rounds: int | None = None
    date: str | None = None

    @property
    def key(self):
        """What a row is called in the next run, where the peer may have another version."""
        return ", ".join(filter(None, [self.group, self.task, self.size, self.peer_alone]))

    @property
    def peer_alone(self):
        """The peer without its version."""
        return re.sub(r" \d+(\.\d+)+\S*", "", self.peer or "")

    @property
    def wrong(self):
        """Who lies too far from the truth, compared with the other: "ours", "peer" or None."""
        if None in (self.error, self.peer_error, self.tolerance):
            return None
        farther = self.peer_error - self.error
        if abs(farther) <= self.tolerance:
            return None
        return "peer" if farther > 0 else "ours"

    @property
    def reached(self):
        """Whether the row is as fast as aimed at; None where nothing was aimed at."""
        if times := re.match(r"(\d+(?:\.\d+)?)x", self.reach):
            return None if self.ratio is None else self.ratio >= float(times[1])
        if limit := re.match(r"(?:<=|under) (\d+(?:\.\d+)?) (ms|s)\b", self.reach):
            unit = 1e-3 if limit[2] == "ms" else 1.0
            return None if self.seconds is None else self.seconds <= float(limit[1]) * unit
        return None


@dataclass(frozen=True)
class Curve:
    """Cost of one estimator over one axis, as far as a call took less than about a second."""

    estimator: str
    axis: str
    sizes: list[int]
    ours: list[float]
    peer: list[float] = field(default_factory=list)
    peer_name: str | None = None


@dataclass(frozen=True)
class Run:
    """All that was measured on one machine on one day."""

    date: str
    machine: dict
    rows: list[Row]
    curves: list[Curve] = field(default_factory=list)

    @classmethod
    def from_dict(cls, found):
        """From what `run.py` writes."""
        rows = [Row(**row) for row in found["rows"]]
        curves = [Curve(**curve) for curve in found.get("curves", ())]
        return cls(found["date"], found["machine"], rows, curves)

    @classmethod
    def load(cls, path):
        """Read the file that `run.py` wrote."""
        return cls.from_dict(json.loads(Path(path).read_text()))

    def tasks(self):
        """Rows of each group, and of each task and size the best peer first.

        The best is the fastest of those that are right.
        """
        groups = {}
        for row in self.rows:
            tasks = groups.setdefault(row.group, {})
            tasks.setdefault((row.task, row.size), []).append(row)
        return {
            group: [sorted(rows, key=_rank) for rows in tasks.values()]
            for group, tasks in groups.items()
        }


def _rank(row):
    out_of_question = bool(row.failure) or row.wrong == "peer"
    return out_of_question, float("inf") if row.peer_seconds is None else row.peer_seconds


def fitted_exponent(sizes, seconds):
    """Slope of log seconds over log size, on the larger half of the sizes (three at least).

    Smaller sizes cost mostly the call itself.
    """
    import numpy as np

    n_sizes = max(3, (len(seconds) + 1) // 2)
    if len(seconds) < 3:
        return None
    used = slice(len(seconds) - n_sizes, len(seconds))
    return float(np.polyfit(np.log(sizes[used]), np.log(seconds[used]), 1)[0])
