"""Read files that anyone may have made: they hold data, of bounded size, or are refused."""

import json
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from numpy.lib import format as npy
from numpy.typing import NDArray

# Of a text file or a table; what it becomes in memory is several times as large.
MAX_BYTES = 2**28
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


@contextmanager
def refusing_nonsense(path: Path, what: str) -> Iterator[None]:
    """Turn whatever the reader of a format raises into one error that names the file.

    Parameters
    ----------
    path : Path
        The file, which has been opened.
    what : str
        What it should be.

    Raises
    ------
    ValueError
        If reading fails.
    """
    try:
        yield
    # Readers raise errors of some twenty classes on bytes that they do not understand.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ValueError(f"{path} is not {what}, or damaged: {reason}") from error


def refuse_large(path: Path, instead: str) -> None:
    """Refuse a file that is too large to be read as a whole.

    Parameters
    ----------
    path : Path
        The file.
    instead : str
        What its owner can do.

    Raises
    ------
    ValueError
        If it is larger than `MAX_BYTES`.
    """
    n_bytes = path.stat().st_size
    if n_bytes > MAX_BYTES:
        raise ValueError(
            f"{path} has {n_bytes} bytes, more than the {MAX_BYTES} that are read unseen. If you "
            f"know where it comes from, {instead}."
        )


def read_json(path: Path, what: str, instead: str) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it should be.
    instead : str
        What to do with a large one.

    Returns
    -------
    value : object
        What it holds, of any structure.

    Raises
    ------
    OSError
        If it cannot be opened.
    ValueError
        If it is too large, or not JSON.
    """
    refuse_large(path, instead)
    content = path.read_bytes()
    with refusing_nonsense(path, what):
        return json.loads(content.decode("utf-8"))


@contextmanager
def opened_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive of arrays, ``.npz``, and refuse it if it cannot be read.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    archive : ZipFile
        For `read_array`.

    Raises
    ------
    OSError
        If it cannot be opened.
    ValueError
        If it is not an archive, or what is read from it in the block is not an array.
    """
    with (
        path.open("rb") as stream,
        refusing_nonsense(path, "an archive of arrays"),
        zipfile.ZipFile(stream) as archive,
    ):
        yield archive


def read_array(archive: zipfile.ZipFile, name: str, max_bytes: int) -> NDArray[Any]:
    """Read an array of numbers, truth values or text; objects, which are pickled, are refused.

    Parameters
    ----------
    archive : ZipFile
        From `opened_archive`.
    name : str
        Name of the array.
    max_bytes : int
        The size in memory above which it is refused before it is read.

    Returns
    -------
    array : ndarray
        The array.

    Raises
    ------
    ValueError
        If it is too large, or has objects, or is shorter than it says. What else can go wrong is
        turned into a ValueError by `opened_archive`.
    """
    member = archive.getinfo(f"{name}.npy")
    with archive.open(member) as stream:
        n_bytes = _declared_size(stream)
    if n_bytes > max_bytes:
        raise ValueError(
            f"the array {name!r} has {n_bytes} bytes, more than max_bytes={max_bytes}. If you know "
            "where it comes from, read it with ActivationRecording(path, max_bytes=...)."
        )
    if n_bytes > member.file_size:
        raise ValueError(f"the array {name!r} is shorter than it says.")
    with archive.open(member) as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


def _declared_size(stream: IO[bytes]) -> int:
    """Size of an array in bytes, as its header has it; the header cannot be trusted."""
    read_header = _HEADERS[npy.read_magic(stream)]
    shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise ValueError("it has Python objects, which are never read.")
    if min(shape, default=0) < 0:
        raise ValueError(f"it has the shape {shape}.")
    return math.prod(shape) * dtype.itemsize
