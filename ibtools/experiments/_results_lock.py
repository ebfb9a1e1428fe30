"""One writer at a time in a folder of results."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ibtools.experiments._results_errors import ResultsError

LOCK = ".lock"

if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[str]) -> None:
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(stream: IO[str]) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of results.

    Parameters
    ----------
    folder : Path
        The results.

    Raises
    ------
    ResultsError
        If another process holds it.

    Notes
    -----
    The lock is the operating system's: it ends with the process that holds it, however that ends.
    """
    path = folder / LOCK
    # Not inherited: what a killed writer has started must not hold the lock for it.
    with path.open("a+", encoding="utf-8") as stream:
        try:
            _lock(stream)
        except OSError as error:
            raise ResultsError(
                f"{folder} is in use: another process{_holder(path)} is running a study into it. "
                "Wait until it ends, or name another folder."
            ) from error
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        yield


def _holder(path: Path) -> str:
    try:
        number = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return f" ({number})" if number.isdigit() else ""
