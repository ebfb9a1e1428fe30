"""Arrows point down: what may import what."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ibtools

PACKAGE = Path(ibtools.__file__).parent

# Each package may import itself and what stands on a lower level.
LEVELS = {
    "_validation": 0,
    "information": 1,
    "estimators": 2,
    "bottleneck": 2,
    "datasets": 2,
    "networks": 3,
    "plane": 3,
    "callbacks": 4,
    "model_selection": 4,
    "experiments": 5,
    "__main__": 6,
}

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def _imported(path):
    """Dotted names that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def _package(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_to_private_modules(path):
    own = _package(path)
    for name in _imported(path):
        assert not name.startswith("."), f"relative import of {name!r}"
        if not name.startswith("ibtools."):
            continue
        _, package, *module = name.split(".")
        lower = LEVELS[package] < LEVELS[own]
        assert package == own or lower, f"{own} must not import {package}"
        if package != "_validation":
            assert module, f"import the private module, not {name!r}"


def test_every_package_has_a_level():
    assert {_package(path) for path in MODULES} <= set(LEVELS)


def test_only_validation_touches_private_scikit_learn():
    for path in MODULES:
        if path.name == "_validation.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                private = [name.name for name in node.names if name.name.startswith("_")]
                assert not private, f"{path.name} imports {private}"
                assert "._" not in node.module, f"{path.name} imports {node.module}"


def _loaded_after(statement):
    code = f"{statement}; import sys; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.split()}


def test_importing_ibtools_loads_nothing_heavy():
    assert not {"torch", "skorch", "matplotlib", "pandas", "sklearn"} & _loaded_after(
        "import ibtools"
    )


def test_estimators_and_datasets_load_no_torch():
    loaded = _loaded_after("from ibtools import BinnedMI; import ibtools.datasets")
    assert not {"torch", "skorch", "matplotlib"} & loaded


@pytest.mark.parametrize("name", ibtools.__all__)
def test_public_names_are_what_they_say(name):
    assert getattr(ibtools, name).__name__ == name
    assert name in dir(ibtools)


def test_unknown_name():
    with pytest.raises(AttributeError, match="has no attribute 'BinnedIM'"):
        ibtools.BinnedIM  # noqa: B018
