"""What happens in a worker: one run, alone, and never cut short without notice."""

import os
import platform
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from ibtools import __version__
from ibtools.experiments._outcome import Outcome
from ibtools.experiments._results_runs import PlannedRun

Execute = Callable[[dict[str, Any]], Outcome]
Checksum = Callable[[dict[str, Any]], str]
Item = tuple[int, PlannedRun]

_PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "skorch", "torch")
_LOOK_EVERY_S = 1.0

# Random states are of the process: a Dask worker with several threads makes its runs in turn.
_ONE_RUN = threading.Lock()


@dataclass(frozen=True)
class Attempt:
    """How a run ended.

    Attributes
    ----------
    number : int
        Place of the run in the study.
    outcome : Outcome or None
        What it left; None if it failed.
    error, traceback : str
        How it failed, in one line and in full.
    versions : dict of str to str
        Packages that made it.
    """

    number: int
    outcome: Outcome | None = None
    error: str = ""
    traceback: str = ""
    versions: dict[str, str] = field(default_factory=dict)


Make = Callable[[int | None, Item], Attempt]


def make_run(execute: Execute, data_checksum: Checksum, parent: int | None, item: Item) -> Attempt:
    """Make one run of a study.

    Parameters
    ----------
    execute, data_checksum : callable
        Give the outcome of settings, and the checksum of the data that they name.
    parent : int or None
        Process that must be alive for the run to be of use; None if it is on another machine.
    item : (int, PlannedRun)
        Place of the run in the study, and the run.

    Returns
    -------
    attempt : Attempt
        The outcome, or the error: one run that fails does not end the others.

    Raises
    ------
    KeyboardInterrupt
        If there was a Ctrl-C while the run was made, even if the run caught it: nets end their
        training then and look as if they had finished.
    """
    number, run = item
    if parent is not None:
        _end_with(parent)
    with _ONE_RUN, _noticing_interrupts():
        try:
            _check_data(data_checksum(run.settings), run.data)
            return Attempt(number, execute(run.settings), versions=_versions())
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            return Attempt(number, error=said, traceback=traceback.format_exc())


def _check_data(found: str, planned: str) -> None:
    if found != planned:
        raise ValueError(
            f"The data changed after the study was started, or are others on {platform.node()}: "
            f"their checksum is {found[:16]} in place of {planned[:16]}. Start the study again."
        )


def _versions() -> dict[str, str]:
    return {
        "ibtools": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def _end_with(parent: int) -> None:
    """End this worker when its parent is gone: loky's workers would stay, waiting for work."""
    following = any(thread.name == _end_with.__name__ for thread in threading.enumerate())
    if os.getpid() == parent or os.name == "nt" or following:
        return

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY_S)
        os._exit(1)

    threading.Thread(target=follow, name=_end_with.__name__, daemon=True).start()


@contextmanager
def _noticing_interrupts() -> Iterator[None]:
    ignored = signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)
    if threading.current_thread() is not threading.main_thread() or ignored:
        yield
        return
    noticed = []

    def notice(number: int, frame: Any) -> None:
        noticed.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, notice)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if noticed:
            raise KeyboardInterrupt


@contextmanager
def shielding_workers() -> Iterator[None]:
    """Let processes started meanwhile be deaf to Ctrl-C: their parent hears it and ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
