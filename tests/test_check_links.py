"""The check of the documentation's links finds what is broken, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "docs" / "check_links.py"


def _check(folder):
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def site(tmp_path):
    (tmp_path / "guide").mkdir()
    (tmp_path / "plane.png").touch()
    (tmp_path / "guide" / "bins.html").write_text('<h1 id="width">Bins</h1>', encoding="utf-8")
    (tmp_path / "index.html").write_text(
        '<h1 id="top">All</h1> <a href="#top">up</a> <a href="guide/bins.html?q=1#width">bins</a>'
        '<img src="plane.png" srcset="plane.png, plane.png 2.00x"><a href="https://a.b/c">c</a>',
        encoding="utf-8",
    )
    return tmp_path


def test_whole_site(site):
    run = _check(site)
    assert run.returncode == 0
    assert run.stdout == "2 pages, 6 links, 0 broken\n"


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ('<a href="index.html">home</a>', "index.html: no such file"),
        ('<a href="../index.html#botom">end</a>', "../index.html#botom: no such place in the page"),
        ('<a href="#height">height</a>', "#height: no such place in the page"),
        ('<img src="plane.png">', "plane.png: no such file"),
        (
            '<img src="../plane.png" srcset="../plane_2x.png 2.00x">',
            "../plane_2x.png: no such file",
        ),
    ],
)
def test_broken_link(site, element, problem):
    page = site / "guide" / "bins.html"
    page.write_text(f'<h1 id="width">Bins</h1>\n{element}', encoding="utf-8")
    run = _check(site)
    assert run.returncode == 1
    assert f"{page}:2: {problem}" in run.stdout
    assert "1 broken" in run.stdout


def test_no_pages(tmp_path):
    assert _check(tmp_path).returncode == 1
