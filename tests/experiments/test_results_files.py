"""Files that are there whole or not at all, and bounded reading."""

import errno
import os

import pytest

from ibtools.experiments import _results_files
from ibtools.experiments._results_errors import ResultsError
from ibtools.experiments._results_files import (
    naming_a_full_disk,
    read_bounded,
    read_json,
    write_whole,
)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "table"
    write_whole(path, b"before")

    def full(stream, content):
        stream.write(content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_results_files, "_write_through", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_named(tmp_path, number):
    with (
        pytest.raises(OSError, match=r"no space is left .* free some space") as caught,
        naming_a_full_disk(tmp_path),
    ):
        raise OSError(number, os.strerror(number))
    assert str(tmp_path) in str(caught.value)
    assert caught.value.errno == number


def test_other_errors_stay(tmp_path):
    with pytest.raises(PermissionError, match="mine"), naming_a_full_disk(tmp_path):
        raise PermissionError(errno.EACCES, "mine")


def test_reading_is_bounded(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert read_bounded(path, 100) == b"x" * 100
    with pytest.raises(ResultsError, match="larger than"):
        read_bounded(path, 99)


def test_links_and_devices_are_not_followed(tmp_path):
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to("/etc/hostname")
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "missing"):
        with pytest.raises(ResultsError, match="missing or is no plain file"):
            read_bounded(path)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff", b"[1]", b"3", b"null", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"],
)
def test_what_is_no_json_object(tmp_path, text):
    path = tmp_path / "file.json"
    path.write_bytes(text)
    with pytest.raises(ResultsError, match=r"file\.json"):
        read_json(path)
