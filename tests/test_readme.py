"""What the README shows runs."""

import re
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    scripts = [block for block in blocks if ">>>" not in block]
    assert scripts
    for script in scripts:
        exec(compile(script, "README.md", "exec"), {})
    assert (tmp_path / "plane.png").exists()


def test_the_commands_are_those_that_continuous_integration_runs():
    ci = (Path(__file__).parent.parent / ".ci" / "run").read_text(encoding="utf-8")
    (command,) = re.findall(r"^    (.* && tox -e py)$", README, flags=re.MULTILINE)
    assert command in ci
