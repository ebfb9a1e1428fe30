"""Files and folders that a study names: what is read, and where results may go."""

from pathlib import Path

from ibtools.experiments._study_errors import Problems, quoted

MOST_BYTES = 2**20


def read_text(path: Path) -> str:
    """Read a study file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    text : str
        Its content.

    Raises
    ------
    Problems
        If it is no file, cannot be read, is larger than a study can be, or is not UTF-8.
    """
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "there is no such file"
            raise Problems([f"{what}; name a study file, or make one: python -m ibtools new"])
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Problems([f"is larger than {MOST_BYTES} bytes, the most that a study can have"])
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Problems([f"line {line}: is not UTF-8 text; save the file as UTF-8"]) from error
    except OSError as error:
        raise Problems([f"cannot be read: {error.strerror or error}"]) from error


def results_folder(home: Path, folder: str) -> Path:
    """Folder of the results, which is inside that of the study.

    Parameters
    ----------
    home : Path
        Folder of the study.
    folder : str
        As declared.

    Returns
    -------
    path : Path
        Absolute, without links.

    Raises
    ------
    Problems
        If it is outside, also through ``..`` or a link.
    """
    try:
        root = home.resolve()
        path = (root / folder).resolve()
        is_inside = path.is_relative_to(root) and path != root and not Path(folder).is_absolute()
        is_taken = path.exists() and not path.is_dir()
    except (OSError, ValueError, RuntimeError) as error:  # names too long, zero bytes, loops
        raise Problems([f"output.folder: got {quoted(folder)}; {error}"]) from error
    if not is_inside:
        raise Problems(
            [
                f"output.folder: got {quoted(folder)}; allowed: a folder inside that of the study, "
                'such as "results"; a folder elsewhere is given on the command line'
            ]
        )
    if is_taken:
        raise Problems([f"output.folder: got {quoted(folder)}, which is a file; name a folder"])
    return path


def data_file(home: Path, file: str) -> Path:
    """Find the file of the data.

    Parameters
    ----------
    home : Path
        Folder of the study.
    file : str
        As declared.

    Returns
    -------
    path : Path
        Absolute.

    Raises
    ------
    Problems
        If there is none, or it is of another kind.
    """
    path = home.absolute() / file
    try:
        is_there = path.is_file()
    except (OSError, ValueError) as error:
        raise Problems([f"data.file: got {quoted(file)}; {error}"]) from error
    if path.suffix != ".npz":
        raise Problems([f"data.file: got {quoted(file)}; allowed: a file that ends in .npz"])
    if not is_there:
        raise Problems(
            [f"data.file: got {quoted(file)}; there is no such file in {home.absolute()}"]
        )
    return path
