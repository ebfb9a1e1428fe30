"""Finding, verifying and downloading the files of a data set."""

import gzip
import hashlib
import os
import shutil
import zlib
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from sklearn.datasets import get_data_home

from ibtools.datasets._sources import SOURCES, Source

DATA_VARIABLE = "IBTOOLS_DATA"
TIMEOUT_S = 60

DataHome = str | os.PathLike[str] | None


def data_path(key: str, data_home: DataHome) -> Path:
    """Path of the file `key` in the data home.

    The data home is `data_home` if given, else the environment variable IBTOOLS_DATA if set, else
    the folder ``ibtools`` in scikit-learn's data home.
    """
    home = data_home or os.environ.get(DATA_VARIABLE) or Path(get_data_home(), "ibtools")
    return Path(home).expanduser() / key


def fetch_content(key: str, data_home: DataHome, download_if_missing: bool) -> bytes:
    """Return the verified content of the published file `key`, downloaded if it is absent.

    Raises FileNotFoundError if the file is absent and must not be downloaded, OSError if the
    download fails or if the file at hand is damaged.
    """
    path = data_path(key, data_home)
    if path.exists():
        return _stored_content(key, path)
    if download_if_missing:
        return _download(key, path)
    raise FileNotFoundError(
        f"{path} is missing and download_if_missing=False. {_remedy(key, path)}"
    )


def _stored_content(key: str, path: Path) -> bytes:
    try:
        return _verified_content(path, SOURCES[key])
    except OSError as error:
        raise OSError(
            f"{path} cannot be used: {error}. {_remedy(key, path)} To download it anew, delete it "
            "first."
        ) from error


def _download(key: str, path: Path) -> bytes:
    """Put the published file `key` at `path`, whole and verified, or leave nothing there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Inside the target folder, so that the last step is a rename within one file system.
        with TemporaryDirectory(prefix=".download-", dir=path.parent) as folder:
            part = Path(folder, path.name)
            _copy_url(SOURCES[key].url, part)
            content = _verified_content(part, SOURCES[key])
            part.replace(path)
    except (OSError, HTTPException) as error:
        raise OSError(
            f"{path} is missing and its download failed: {error}. {_remedy(key, path)}"
        ) from error
    return content


def _copy_url(url: str, path: Path) -> None:
    with urlopen(url, timeout=TIMEOUT_S) as response, path.open("wb") as stream:
        shutil.copyfileobj(response, stream)


def _verified_content(path: Path, source: Source) -> bytes:
    """Content of the file at `path`; OSError with the reason if it is not the published one."""
    content = path.read_bytes()
    if source.gzipped:
        content = _gunzipped(content)
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256:
        raise OSError(f"the sha256 of its content is {found}, expected {source.sha256}")
    return content


def _gunzipped(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise OSError(f"it is not a complete gzip file ({error})") from error


def _remedy(key: str, path: Path) -> str:
    return (
        f"Save {SOURCES[key].url} as {path}, or name the folder that holds {key} with data_home "
        f"or the environment variable {DATA_VARIABLE}. With download_if_missing=True a missing "
        "file is downloaded."
    )
