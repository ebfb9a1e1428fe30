import errno
import gzip
import os
from http.client import IncompleteRead
from pathlib import Path

import pytest

from ibtools.datasets._files import data_path, fetch_content
from ibtools.datasets._sources import SOURCES, Source

KEY = "mnist/t10k-labels-idx1-ubyte.gz"
ARCHIVE = "cifar10/cifar-10-python.tar.gz"
CONTENT = b"the published content" * 50


@pytest.fixture
def published(publish):
    return publish(KEY, CONTENT)


def everything_in(folder):
    return [path for path in folder.rglob("*") if not path.is_dir()]


def no_leftover(home):
    return everything_in(home) == [] and list(home.glob("*/*")) == []


def test_data_home_before_the_variable_before_the_default(monkeypatch, tmp_path):
    assert data_path(KEY, None) == tmp_path / "scikit_learn_data" / "ibtools" / KEY
    monkeypatch.setenv("IBTOOLS_DATA", str(tmp_path / "variable"))
    assert data_path(KEY, None) == tmp_path / "variable" / KEY
    assert data_path(KEY, tmp_path / "argument") == tmp_path / "argument" / KEY


def test_an_empty_variable_counts_as_unset(monkeypatch, tmp_path):
    monkeypatch.setenv("IBTOOLS_DATA", "")
    assert data_path(KEY, None) == tmp_path / "scikit_learn_data" / "ibtools" / KEY


def test_a_tilde_is_the_home_folder():
    assert data_path(KEY, "~/data") == Path.home() / "data" / KEY


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_sources_have_an_address_and_a_checksum(source):
    assert source.url.startswith(("https://", "http://fashion-mnist."))
    assert len(bytes.fromhex(source.sha256)) == 32


def test_a_stored_file_is_read_without_a_download(published, place, home):
    place(KEY, published)
    assert fetch_content(KEY, home, download_if_missing=False) == CONTENT


def test_a_file_that_was_compressed_anew_is_the_published_one(published, place, home):
    again = gzip.compress(CONTENT, compresslevel=1, mtime=12345)
    assert again != published
    place(KEY, again)
    assert fetch_content(KEY, home, download_if_missing=False) == CONTENT


def test_an_archive_is_verified_as_it_is(publish, place, home):
    place(ARCHIVE, publish(ARCHIVE, CONTENT))
    assert fetch_content(ARCHIVE, home, download_if_missing=False) == CONTENT


def test_a_missing_file_is_downloaded_and_stored(published, home):
    assert fetch_content(KEY, home, download_if_missing=True) == CONTENT
    assert everything_in(home) == [home / KEY]
    assert (home / KEY).read_bytes() == published
    assert list((home / "mnist").iterdir()) == [home / KEY]
    assert fetch_content(KEY, home, download_if_missing=False) == CONTENT


def test_the_download_has_a_time_limit(monkeypatch, home):
    def timed_out(url, timeout):
        assert 0 < timeout < 600
        raise TimeoutError("timed out")

    monkeypatch.setattr("ibtools.datasets._files.urlopen", timed_out)
    with pytest.raises(OSError, match="download failed: timed out"):
        fetch_content(KEY, home, download_if_missing=True)


def assert_helpful(message, path, url):
    """The message names the file, its source, and both ways to point at a folder."""
    for part in (str(path), url, "data_home", "IBTOOLS_DATA", "download_if_missing"):
        assert part in message


def test_a_missing_file_that_must_not_be_downloaded(home):
    with pytest.raises(FileNotFoundError, match="is missing and download_if_missing=False") as info:
        fetch_content(KEY, home, download_if_missing=False)
    assert_helpful(str(info.value), home / KEY, SOURCES[KEY].url)
    assert no_leftover(home)


def test_a_missing_file_without_a_network(home):
    with pytest.raises(OSError, match=r"download failed: .*no network") as info:
        fetch_content(KEY, home, download_if_missing=True)
    assert_helpful(str(info.value), home / KEY, SOURCES[KEY].url)
    assert no_leftover(home)


def test_a_data_home_that_cannot_be_made(published, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="is missing and its download failed"):
        fetch_content(KEY, tmp_path / "file", download_if_missing=True)


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        ConnectionResetError("reset by peer"),
        IncompleteRead(b"half"),
    ],
    ids=["full disk", "connection lost", "short answer"],
)
def test_a_download_that_breaks_off_leaves_nothing(failure, published, monkeypatch, home):
    def half_a_copy(response, stream):
        stream.write(response.read(10))
        stream.flush()
        assert len(everything_in(home)) == 1
        raise failure

    monkeypatch.setattr("ibtools.datasets._files.shutil.copyfileobj", half_a_copy)
    with pytest.raises(OSError, match="is missing and its download failed") as info:
        fetch_content(KEY, home, download_if_missing=True)
    assert str(failure) in str(info.value)
    assert info.value.__cause__ is failure
    assert no_leftover(home)


def test_a_download_that_is_interrupted_leaves_nothing(published, monkeypatch, home):
    def interrupted(response, stream):
        stream.write(response.read(10))
        raise KeyboardInterrupt

    monkeypatch.setattr("ibtools.datasets._files.shutil.copyfileobj", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch_content(KEY, home, download_if_missing=True)
    assert no_leftover(home)


def test_a_download_with_a_wrong_checksum_leaves_nothing(published, monkeypatch, home):
    monkeypatch.setitem(SOURCES, KEY, Source(SOURCES[KEY].url, "0" * 64))
    with pytest.raises(
        OSError, match=r"download failed: the sha256 of its content is .* expected 0"
    ):
        fetch_content(KEY, home, download_if_missing=True)
    assert no_leftover(home)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda stored: b"<html>moved</html>", "not a complete gzip file"),
        (lambda stored: b"", "the sha256 of its content is"),
        (lambda stored: stored[:-20], "not a complete gzip file"),
        (
            lambda stored: stored[:15] + b"\xff\xff\xff\xff" + stored[19:],
            "not a complete gzip file",
        ),
        (lambda stored: gzip.compress(CONTENT[:-1]), "the sha256 of its content is"),
        (lambda stored: gzip.compress(b"other content"), "the sha256 of its content is"),
    ],
    ids=["not gzip", "empty", "cut gzip", "broken gzip", "cut content", "other content"],
)
def test_a_damaged_file_is_refused_and_kept(damage, reason, published, place, home):
    path = place(KEY, damage(published))
    before = path.read_bytes()
    with pytest.raises(OSError, match=f"cannot be used: .*{reason}") as info:
        fetch_content(KEY, home, download_if_missing=True)
    assert_helpful(str(info.value), path, SOURCES[KEY].url)
    assert "delete it first" in str(info.value)
    assert path.read_bytes() == before
