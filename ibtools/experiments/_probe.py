"""A short training in a process of its own, which tells how long an epoch and a record take."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

# A probe goes on for about so long, where an epoch takes less, and so many epochs at most.
_SECONDS = 1.0
_MOST_EPOCHS = 20
_SLOW = 10.0


@dataclass(frozen=True)
class Probe:
    """What was measured of one kind of run.

    Attributes
    ----------
    start, epoch, record : float
        Seconds that a run takes once, for each epoch, and for each recorded epoch.
    memory : float or None
        Largest memory of the process in bytes; None where the system does not tell.
    """

    start: float
    epoch: float
    record: float
    memory: float | None

    def seconds(self, n_epochs: int, n_records: int) -> float:
        """Time of a run of so many epochs and records."""
        return self.start + self.epoch * n_epochs + self.record * n_records


class ProbeError(RuntimeError):
    """A probe has failed, and so would the run."""


def probe(settings: Mapping[str, Any]) -> Probe:
    """Measure a run by the first epochs of its training.

    Parameters
    ----------
    settings : mapping
        Settings of the run.

    Returns
    -------
    probe : Probe
        What was measured.

    Raises
    ------
    ProbeError
        With the last line of what was said.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.run(
        [sys.executable, "-m", "ibtools.experiments._probe"],
        input=json.dumps(settings),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    if process.returncode:
        said = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        raise ProbeError(said[-1])
    return Probe(**json.loads(process.stdout))


def measure(settings: Mapping[str, Any]) -> Probe:
    """Measure a run in this process.

    Parameters
    ----------
    settings : mapping
        Settings of the run.

    Returns
    -------
    probe : Probe
        Times are differences of trainings that differ in one epoch or record, so that they hold
        everything that a run does.
    """
    first = settings["recording"]["window"]  # no epoch before it is recorded
    base = _seconds(settings, first, [])
    if base < _SLOW:  # else what is loaded at first use does not count
        base = _seconds(settings, first, [])
    n_more = max(1, min(_MOST_EPOCHS, int(_SECONDS / base)))
    longer = _seconds(settings, first + n_more, [])
    denser = _seconds(settings, first + n_more, range(first, first + n_more))
    epoch = max(longer - base, 0.0) / n_more
    record = max(denser - longer, 0.0) / n_more
    n_records = 2 if first == 1 else 1  # the untrained network and the last epoch
    start = max(base - first * epoch - n_records * record, 0.0)
    return Probe(start, epoch, record, _largest_memory())


def _seconds(settings: Mapping[str, Any], n_epochs: int, every: Iterable[int]) -> float:
    from ibtools.experiments._execution import execute

    short = {
        **settings,
        "training": {**settings["training"], "epochs": n_epochs},
        "recording": {**settings["recording"], "every": list(every)},
    }
    return execute(short).seconds


def _largest_memory() -> float | None:
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


if __name__ == "__main__":
    print(json.dumps(asdict(measure(json.load(sys.stdin)))))
