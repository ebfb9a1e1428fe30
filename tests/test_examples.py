"""The gallery's examples run, and its studies can."""

import runpy
from pathlib import Path

import pytest

from ibtools.experiments import Study

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.examples
@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("plot_*.py")), ids=lambda path: path.stem)
def test_example(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.toml")), ids=lambda path: path.stem)
def test_study(path):
    assert Study.from_toml(path).runs()
