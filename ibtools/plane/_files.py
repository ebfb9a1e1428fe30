"""Tables of points as files, written whole or not at all."""

import errno
import json
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ibtools.plane._columns import COLUMNS, TYPES
from ibtools.plane._foreign_files import MAX_BYTES, read_json, refuse_large, refusing_nonsense

_NAMES = ["layer", "estimator", "unit"]
_TABLE = "a table of points"
_SETTINGS = "the settings of a plane"
_INSTEAD = "read the table yourself and pass it to InformationPlane(table)"
# Under this key the settings beside a CSV list the factors whose levels are text, "01" for example.
_TEXT_FACTORS = "ibtools.text_factors"
_LARGEST = 2**53


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file through a temporary one beside it, which takes its place when it is complete.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    temporary : Path
        What to write. It is removed if writing fails, and `path` is as it was before.

    Raises
    ------
    OSError
        If there is no such folder, or it cannot be written to.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", str(path.parent))
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_table(table: pd.DataFrame, settings: dict[str, Any], path: Path) -> None:
    """Write a table of points and its settings, in the format that the ending names."""
    _format(path)[0](table, settings, path)


def read_table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a table of points and its settings, in the format that the ending names.

    Parameters
    ----------
    path : Path
        A file that anyone may have made.

    Returns
    -------
    table : DataFrame
        Points: names are text, numbers are numbers.
    settings : dict
        Empty if there are none.

    Raises
    ------
    OSError
        If it cannot be opened.
    ValueError
        If it is too large, or no table of points.
    """
    reader = _format(path)[1]
    refuse_large(path, _INSTEAD)
    table, settings = reader(path)
    if not isinstance(settings, dict):
        raise ValueError(f"{path} has settings that are no dict.")
    _check_points(table, path)
    return table, settings


def _check_points(table: pd.DataFrame, path: Path) -> None:
    """Refuse what would be misread later."""
    for name in table.columns.intersection(list(TYPES)):
        column = table[name]
        if TYPES[name] is str and (column.isna().any() or (column == "").any()):
            raise ValueError(f"{path} has a point without {name}; is the file cut off?")
        if TYPES[name] == "int64" and not _are_whole(column):
            raise ValueError(f"{path} has values of {name} that are no whole numbers.")
    if {"estimator", "unit"} <= set(table):
        units = table.groupby("estimator")["unit"].unique()
        for estimator, found in units[units.map(len) > 1].items():
            raise ValueError(
                f"{path} has values of {estimator!r} in {' and in '.join(found)}: an estimator "
                "measures in one unit."
            )


def _are_whole(column: pd.Series) -> bool:
    numbers = column.to_numpy(dtype=np.float64, na_value=math.nan)
    return bool(((numbers == np.floor(numbers)) & (np.abs(numbers) <= _LARGEST)).all())


def _settings_path(path: Path) -> Path:
    return path.with_suffix(".settings.json")


def _write_csv(table: pd.DataFrame, settings: dict[str, Any], path: Path) -> None:
    texts = [
        str(name)
        for name in table.columns.difference(list(COLUMNS))
        if not pd.api.types.is_numeric_dtype(table[name])
    ]
    settings = settings | ({_TEXT_FACTORS: texts} if texts else {})
    with replacing(_settings_path(path)) as temporary:
        temporary.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def _read_csv(path: Path) -> tuple[pd.DataFrame, Any]:
    settings, beside = {}, _settings_path(path)
    if beside.exists():
        settings = read_json(beside, _SETTINGS, "remove the file")
    texts = settings.pop(_TEXT_FACTORS, []) if isinstance(settings, dict) else []
    if not isinstance(texts, list):
        raise ValueError(f"{beside} has {_TEXT_FACTORS!r} that is no list of names.")
    with path.open("rb") as stream, refusing_nonsense(path, _TABLE), warnings.catch_warnings():
        warnings.simplefilter("error")  # pandas warns of rows that are too long, and cuts them
        table = pd.read_csv(
            stream, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8"
        )
    for name in table.columns.difference(_NAMES):
        if name in COLUMNS:
            table[name] = _numbers(table[name], path)
        elif name not in texts:
            table[name] = _levels(table[name])
    return table, settings


def _numbers(texts: pd.Series, path: Path) -> pd.Series:
    """Numbers from their text; Python's float gives back every digit that was written."""

    def number(text: str) -> float:
        try:
            return float(text) if text else math.nan
        except ValueError as error:
            raise ValueError(
                f"{path} has {text[:40]!r} in the column {texts.name}, where a number belongs."
            ) from error

    return texts.map(number)


def _levels(texts: pd.Series) -> pd.Series:
    """Levels of a factor from their text: numbers where all of them are written as numbers are."""
    for read in (int, float):
        with suppress(ValueError):
            levels = texts.map(lambda text, read=read: read(text) if text else math.nan)
            are_written_so = all(
                str(level) == text for level, text in zip(levels, texts, strict=True) if text
            )
            if are_written_so and levels.dtype.kind in "if":
                return levels
    return texts


def _write_parquet(table: pd.DataFrame, settings: dict[str, Any], path: Path) -> None:
    table = table.copy()
    table.attrs = {"settings": json.dumps(settings)}
    with replacing(path) as temporary, _needing_pyarrow():
        table.to_parquet(temporary, engine="pyarrow", index=False)


def _read_parquet(path: Path) -> tuple[pd.DataFrame, Any]:
    with _needing_pyarrow():
        from pyarrow.parquet import ParquetFile
    with path.open("rb") as stream, refusing_nonsense(path, _TABLE):
        file = ParquetFile(stream)
        n_bytes = max(_unpacked_size(file.metadata), 8 * file.metadata.num_rows)
        if n_bytes > MAX_BYTES:
            raise ValueError(
                f"it unpacks to {n_bytes} bytes, more than the {MAX_BYTES} that are read unseen. "
                f"If you know where it comes from, {_INSTEAD}."
            )
        arrow = file.read()
        # What pandas has written beside the columns is not needed to rebuild them, and not trusted.
        table = arrow.to_pandas(ignore_metadata=True)
        attributes = json.loads((arrow.schema.metadata or {}).get(b"PANDAS_ATTRS", b"{}"))
        settings = json.loads(attributes.get("settings", "{}"))
    _check_types(table, path)
    return table, settings


def _unpacked_size(metadata: Any) -> int:
    groups = range(metadata.num_row_groups)
    return sum(metadata.row_group(group).total_byte_size for group in groups)


def _check_types(table: pd.DataFrame, path: Path) -> None:
    """Refuse a Parquet table whose columns have other types than those of points."""
    if not table.columns.is_unique:
        raise ValueError(f"{path} has several columns of one name.")
    for name in table:
        is_text = pd.api.types.infer_dtype(table[name], skipna=True) in ("string", "empty")
        is_number = table[name].dtype.kind in "if"
        fits = is_text if name in _NAMES else is_number or (is_text and name not in COLUMNS)
        if not fits:
            belongs = "text" if name in _NAMES else "a number"
            raise ValueError(f"{path} has {table[name].dtype} as {name}, where {belongs} belongs.")


@contextmanager
def _needing_pyarrow() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ImportError(
            "Parquet files need pyarrow: install neural-information-bottleneck[parquet], or save "
            "as .csv."
        ) from error


_Write = Callable[[pd.DataFrame, dict[str, Any], Path], None]
_Read = Callable[[Path], tuple[pd.DataFrame, Any]]
_FORMATS: dict[str, tuple[_Write, _Read]] = {
    ".csv": (_write_csv, _read_csv),
    ".parquet": (_write_parquet, _read_parquet),
}


def _format(path: Path) -> tuple[_Write, _Read]:
    if path.suffix not in _FORMATS:
        raise ValueError(f"A plane is a .csv or a .parquet file, got {path.name!r}.")
    return _FORMATS[path.suffix]
