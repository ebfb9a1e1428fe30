"""Progress of a study on screen."""

import sys
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from ibtools.experiments._results_runs import PlannedRun
from ibtools.experiments._runner_task import Attempt


class RunProgress:
    """A bar of runs with the time left, where there is a terminal, and a line per run on request.

    Parameters
    ----------
    n_runs, n_done : int
        Runs of the study, and how many of them are finished already.
    verbose : int
        Above 0, every run that ends is a line on stderr.
    """

    def __init__(self, n_runs: int, n_done: int, verbose: int) -> None:
        self.n_runs = n_runs
        self.n_done = n_done
        self.verbose = verbose
        self.n_failed = 0

    def __enter__(self) -> Self:
        self._bar: Any = tqdm(
            total=self.n_runs, initial=self.n_done, unit="run", disable=None, file=sys.stderr
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def tell(self, run: PlannedRun, attempt: Attempt) -> None:
        """Count a run that has ended."""
        self.n_done += 1
        if attempt.outcome is None:
            self.n_failed += 1
            self._bar.set_postfix(failed=self.n_failed, refresh=False)
        self._bar.update()
        if self.verbose > 0:
            line = f"[{self.n_done}/{self.n_runs}] {named(run.factors)}: {_ending(attempt)}"
            self._bar.write(line, file=sys.stderr)


def named(factors: dict[str, Any]) -> str:
    """Levels of a run in one line."""
    return ", ".join(f"{name}={level}" for name, level in factors.items())


def _ending(attempt: Attempt) -> str:
    if attempt.outcome is None:
        return f"failed, {attempt.error}"
    return f"{attempt.outcome.seconds:.1f} s"
