"""Every public name has a page and an example."""

import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import ibtools

PAGES = (Path(__file__).parent.parent / "docs" / "api" / "index.rst").read_text(encoding="utf-8")

MODULES = ["ibtools"] + [
    f"ibtools.{module.name}"
    for module in iter_modules(ibtools.__path__)
    if not module.name.startswith("_")
]

PUBLIC = [f"{module}.{name}" for module in MODULES for name in import_module(module).__all__]


def _named(name):
    module, _, name = name.rpartition(".")
    return getattr(import_module(module), name)


def _home(name):
    """Where a name is defined: some can be imported from two packages."""
    named = _named(name)
    return named.__module__, named.__qualname__


def _pages():
    """Dotted names in the lists of the API, from which Sphinx makes a page each."""
    module, is_list = "", False
    for line in PAGES.splitlines():
        if match := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = match[1]
        elif line and not line.startswith(" "):
            is_list = line.startswith(".. autosummary::")
        elif is_list and (match := re.match(r" +(\w+)$", line)):
            yield f"{module}.{match[1]}"


def test_pages_are_of_public_names_and_there_once():
    pages = list(_pages())
    assert len(pages) == len(set(pages))
    assert set(pages) <= set(PUBLIC)


def test_every_public_name_has_a_page():
    shown = {_home(page) for page in _pages()}
    assert not [name for name in PUBLIC if _home(name) not in shown]


@pytest.mark.parametrize("name", sorted(set(_pages())))
def test_every_public_name_has_an_example(name):
    examples = inspect.getdoc(_named(name)).partition("\nExamples\n--------\n")[2]
    assert ">>> " in examples
