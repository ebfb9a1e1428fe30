"""What tells one run of a study from all others."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ibtools import __version__

_LENGTH = 16  # hexadecimal digits; 64 bits, enough for billions of runs


def canonical_json(value: Any) -> str:
    """Write a value as the one JSON text that all equal values have.

    Parameters
    ----------
    value : dict, list, str, number, bool or None
        What JSON can hold.

    Returns
    -------
    text : str
        With sorted keys, no blanks and ASCII letters only.

    Raises
    ------
    ValueError
        If JSON cannot hold the value: NaN and infinity are no numbers there.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except TypeError as error:
        raise ValueError(f"JSON cannot hold the settings: {error}.") from error


def run_identity(
    settings: Mapping[str, Any], data_checksum: str, version: str = __version__
) -> str:
    """Name a run by what its outcome depends on.

    Parameters
    ----------
    settings : dict
        All settings of the run, defaults written out, as JSON can hold them. The path of a data
        file is left out: the checksum stands for its content, wherever the file is.

    data_checksum : str
        Checksum of the data.

    version : str
        Version of this package.

    Returns
    -------
    identity : str
        16 hexadecimal digits of the SHA-256 of all three.

    Raises
    ------
    ValueError
        If JSON cannot hold the settings.

    Examples
    --------
    >>> from ibtools.experiments._identity import run_identity
    >>> run_identity({"seed": 0, "epochs": 5}, "abc", "1.0")
    'df8ca0d18455f1fc'
    >>> run_identity({"epochs": 5, "seed": 0}, "abc", "1.0")
    'df8ca0d18455f1fc'
    """
    content = {"settings": _without_path(settings), "data": data_checksum, "version": version}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:_LENGTH]


def _without_path(settings: Mapping[str, Any]) -> dict[str, Any]:
    data = settings.get("data")
    if not isinstance(data, Mapping) or "file" not in data:
        return dict(settings)
    return {**settings, "data": {name: data[name] for name in data if name != "file"}}
