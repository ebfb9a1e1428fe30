"""Tables of points as files, written whole or not at all."""

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from ibtools.plane._columns import COLUMNS

_NAMES = ["layer", "estimator", "unit"]


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
    """
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
    """Read a table of points and its settings, in the format that the ending names."""
    return _format(path)[1](path)


def _settings_path(path: Path) -> Path:
    return path.with_suffix(".settings.json")


def _write_csv(table: pd.DataFrame, settings: dict[str, Any], path: Path) -> None:
    with replacing(_settings_path(path)) as temporary:
        temporary.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def _read_csv(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in table.columns.difference(_NAMES):
        table[name] = (_numbers if name in COLUMNS else _levels)(table[name])
    settings = _settings_path(path)
    return table, json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {}


def _numbers(texts: pd.Series) -> pd.Series:
    """Numbers from their text; Python's float gives back every digit that was written."""
    return texts.map(lambda text: float(text) if text else math.nan)


def _levels(texts: pd.Series) -> pd.Series:
    """Levels of a factor from their text: numbers where all of them are written as numbers are."""
    for read in (int, float):
        with suppress(ValueError):
            levels = texts.map(lambda text, read=read: read(text) if text else math.nan)
            if all(str(level) == text for level, text in zip(levels, texts, strict=True) if text):
                return levels
    return texts


def _write_parquet(table: pd.DataFrame, settings: dict[str, Any], path: Path) -> None:
    table = table.copy()
    table.attrs = {"settings": json.dumps(settings)}
    with replacing(path) as temporary, _needing_pyarrow():
        table.to_parquet(temporary, engine="pyarrow", index=False)


def _read_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    with _needing_pyarrow():
        table = pd.read_parquet(path, engine="pyarrow")
    return table, json.loads(table.attrs.pop("settings", "{}"))


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
_Read = Callable[[Path], tuple[pd.DataFrame, dict[str, Any]]]
_FORMATS: dict[str, tuple[_Write, _Read]] = {
    ".csv": (_write_csv, _read_csv),
    ".parquet": (_write_parquet, _read_parquet),
}


def _format(path: Path) -> tuple[_Write, _Read]:
    if path.suffix not in _FORMATS:
        raise ValueError(f"A plane is a .csv or a .parquet file, got {path.name!r}.")
    return _FORMATS[path.suffix]
