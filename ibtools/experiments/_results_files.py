"""Files that are there whole or not at all, and reading that trusts nobody."""

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ibtools.experiments._results_errors import ResultsError

MOST_BYTES = 256 * 2**20  # of one file
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file through a temporary one beside it, which takes its place once it is on disk.

    Parameters
    ----------
    path : Path
        The file. It is as it was before if writing fails.
    content : bytes
        All of it.
    """
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            _write_through(stream, content)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on disk."""
    with path.open("wb") as stream:
        _write_through(stream, content)


def _write_through(stream: Any, content: bytes) -> None:
    stream.write(content)
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def json_bytes(value: Any) -> bytes:
    """JSON as it is written to files: readable, the same for equal values."""
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()


@contextmanager
def naming_a_full_disk(folder: Path) -> Iterator[None]:
    """Say of a disk that is full where it is and what to do.

    Parameters
    ----------
    folder : Path
        Folder of the results.

    Raises
    ------
    OSError
        In place of the error without a name that a full disk gives.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OSError(
            error.errno,
            f"no space is left for the results in {folder} ({os.strerror(error.errno)}). The runs "
            "that are finished are kept: free some space, then start the study again, and it goes "
            "on with the others",
        ) from error


def read_bounded(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file of reasonable size.

    Parameters
    ----------
    path : Path
        The file; a link or a device is refused.
    most : int
        Largest size, in bytes.

    Returns
    -------
    content : bytes
        All of it.

    Raises
    ------
    ResultsError
        If there is no such file, or it is larger or cannot be read.
    """
    try:
        if path.is_symlink() or not path.is_file():
            raise ResultsError(f"{path} is missing or is no plain file.")
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > most:
        raise ResultsError(f"{path} is larger than {most / 2**20:g} MiB: it is not read.")
    return content


def read_json(path: Path, most: int = MOST_BYTES) -> dict[str, Any]:
    """Read a JSON object from a file of reasonable size; ResultsError if it is anything else."""
    content = read_bounded(path, most)
    try:
        value = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path} is not JSON: {_one_line(error)}.") from error
    if not isinstance(value, dict):
        raise ResultsError(f"{path} holds no JSON object, but a {type(value).__name__}.")
    return value


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
