"""Names of the package."""

import subprocess
import sys

import pytest

import ibtools.experiments


@pytest.mark.parametrize("name", ibtools.experiments.__all__)
def test_public_names_are_what_they_say(name):
    assert getattr(ibtools.experiments, name).__name__ == name
    assert name in dir(ibtools.experiments)


def test_unknown_name():
    with pytest.raises(AttributeError, match="has no attribute 'Studdy'"):
        ibtools.experiments.Studdy  # noqa: B018


def test_studies_and_errors_need_no_torch():
    code = "from ibtools.experiments import Study, StudyError, ResultsError; import sys; "
    code += "print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
