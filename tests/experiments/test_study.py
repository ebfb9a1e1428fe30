"""The declaration of a study: what it makes of files and objects, and which runs."""

import json
import tomllib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibtools.experiments._study import SECTIONS, Study
from ibtools.experiments._study_errors import StudyError
from ibtools.experiments._study_sections import Output, Training
from ibtools.experiments._template import example_study

fuzzed = settings(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def factors(**sweep):
    return [run.factors for run in Study(sweep=sweep).runs()]


def levels(field, **sweep):
    return list(dict.fromkeys(run.factors[field] for run in Study(sweep=sweep).runs()))


def test_everything_has_a_default():
    study = Study()
    (run,) = study.runs()
    assert run.factors == {"seed": 0}
    assert (study.name, study.description, len(study)) == ("study", "", 1)
    assert run.settings["network"] == {
        "kind": "mlp",
        "hidden": [10, 7, 5, 4, 3],
        "activation": "tanh",
        "init": "fan_in",
    }
    assert run.settings["data"]["seed"] == run.settings["seed"] == 0
    assert run.settings["estimators"][0]["parameters"]["n_bins"] == 30


def test_file_dict_and_objects_are_the_same(tmp_path):
    text = '[study]\nname = "a"\n[training]\nepochs = 5\n[output]\nfolder = "b"\nfigures = false\n'
    path = tmp_path / "study.toml"
    path.write_text("\ufeff" + text, encoding="utf-8")  # as some editors of Windows save it
    from_file = Study.from_toml(path)
    from_dict = Study.from_dict(tomllib.loads(text), home=tmp_path)
    objects = Study(
        study={"name": "a"}, training=Training(epochs=5), output=Output(folder="b", figures=False)
    )
    assert from_file.runs() == from_dict.runs() == objects.runs()
    assert from_file.to_dict() == from_dict.to_dict() == objects.to_dict()
    assert from_file.folder == from_dict.folder == (tmp_path / "b").resolve()
    assert Study.from_dict(from_file.to_dict()).runs() == from_file.runs()


def test_a_study_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Study().training.epochs = 3


def test_product_changes_the_seed_fastest():
    found = factors(**{"network.activation": ["tanh", "relu"], "training.epochs": [1, 2]}, seeds=2)
    assert len(found) == 8
    assert found[0] == {"activation": "tanh", "training_epochs": 1, "seed": 0}
    assert found[1] == {"activation": "tanh", "training_epochs": 1, "seed": 1}
    assert found[-1] == {"activation": "relu", "training_epochs": 2, "seed": 1}


def test_zip_combines_the_nth_levels_with_all_seeds():
    sweep = {"network": {"activation": ["tanh", "relu"]}, "training": {"batch_size": [8, "full"]}}
    found = factors(how="zip", seeds=[7, 3], **sweep)
    assert [tuple(each.values()) for each in found] == [
        ("tanh", 8, 7),
        ("tanh", 8, 3),
        ("relu", "full", 7),
        ("relu", "full", 3),
    ]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"start": 0.1, "stop": 0.5, "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5]),
        ({"start": 0.2, "stop": 0.5, "step": 0.1}, [0.2, 0.3, 0.4, 0.5]),
        ({"start": 0.5, "stop": 0.1, "step": -0.2}, [0.5, 0.3, 0.1]),
        ({"start": 1e-4, "stop": 1e-2, "num": 3, "scale": "log"}, [1e-4, 1e-3, 1e-2]),
        ({"start": 0.25, "stop": 1, "num": 4}, [0.25, 0.5, 0.75, 1.0]),
        ({"start": 0.5, "stop": 0.5, "num": 1}, [0.5]),
    ],
)
def test_ranges_of_numbers(declared, expected):
    assert levels("learning_rate", **{"training.learning_rate": declared}) == expected


def test_ranges_of_whole_numbers():
    found = levels("batch_size", **{"training.batch_size": {"start": 10, "stop": 25, "step": 5}})
    assert found == [10, 15, 20, 25]
    assert all(type(level) is int for level in found)
    log = {"start": 4, "stop": 64, "num": 5, "scale": "log"}
    assert levels("batch_size", **{"training.batch_size": log}) == [4, 8, 16, 32, 64]
    with pytest.raises(StudyError, match=r"training\.batch_size: got 5\.5"):
        Study(sweep={"training.batch_size": {"start": 1, "stop": 10, "num": 3}})


def test_fields_of_estimators_are_swept_by_name():
    estimators = [{"name": "width 0.07", "bin_width": 0.07}, {"kind": "GaussianMI"}]
    sweep = {
        "estimators.width 0.07.bin_width": [0.1, 0.2],
        "estimators.GaussianMI.target": ["auto"],
    }
    runs = Study(estimators=estimators, sweep=sweep).runs()
    assert [run.factors["bin_width"] for run in runs] == [0.1, 0.2]
    measured = [run.settings["estimators"][0]["parameters"]["bin_width"] for run in runs]
    assert measured == [0.1, 0.2]
    assert {run.settings["estimators"][0]["name"] for run in runs} == {"width 0.07"}


def test_kinds_are_swept():
    runs = Study(sweep={"network.kind": ["mlp", "noisy_mlp"]}).runs()
    assert "noise_std" not in runs[0].settings["network"]
    assert runs[1].settings["network"]["noise_std"] == 0.1
    assert runs[1].settings["recording"]["layers"] == ["hidden*"]


def test_factors_of_one_name_get_longer_ones():
    estimators = [{"name": "a"}, {"name": "b"}]
    sweep = {"estimators.a.n_bins": [2], "estimators.b.n_bins": [3], "data.seed": [1], "seeds": 1}
    (run,) = Study(estimators=estimators, sweep=sweep).runs()
    assert run.factors == {"a_n_bins": 2, "b_n_bins": 3, "data_seed": 1, "seed": 0}
    assert run.settings["data"]["seed"] == 1


def test_estimators_draw_from_the_seed_of_the_run():
    study = Study(
        estimators=[
            {"kind": "RenyiMatrixMI"},
            {"name": "b", "kind": "RenyiMatrixMI", "random_state": 5},
        ],
        sweep={"seeds": [8]},
    )
    found = [each["parameters"]["random_state"] for each in study.runs()[0].settings["estimators"]]
    assert found == [8, 5]


def test_settings_are_what_json_can_hold_and_do_not_depend_on_where_they_run():
    plain = Study(estimators=[{"bounds": [-1, 1]}], network={"activation": ["tanh"] * 5})
    elsewhere = Study(
        study={"name": "other"},
        estimators=[{"bounds": [-1, 1]}],
        network={"activation": ["tanh"] * 5},
        output={"folder": "other"},
        execution={"n_jobs": 7},
    )
    settings_ = plain.runs()[0].settings
    assert json.loads(json.dumps(settings_, allow_nan=False)) == settings_
    assert elsewhere.runs()[0].settings == settings_


def test_a_data_file_is_found_beside_the_study(tmp_path):
    np.savez(tmp_path / "rows.npz", X=np.eye(4), y=[0, 1, 0, 1])
    declaration = {"data": {"dataset": "file", "file": "rows.npz"}}
    (run,) = Study.from_dict(declaration, home=tmp_path).runs()
    assert run.settings["data"]["file"] == str(tmp_path / "rows.npz")


def test_as_many_runs_as_there_can_be():
    study = Study(
        sweep={
            "training.learning_rate": {"start": 1, "stop": 100, "num": 100},
            "training.epochs": list(range(1, 101)),
            "seeds": 10,
        }
    )
    assert len(study) == 100_000


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
known = st.sampled_from(
    sorted(
        {
            field
            for model in SECTIONS.values()
            for each in (model.models.values() if hasattr(model, "models") else [model])
            for field in each.model_fields
        }
        | {"n_bins", "bin_width", "network.activation", "training", "start", "stop", "num"}
    )
)
words = st.sampled_from(["szt", "file", "mlp", "lenet5", "tanh", "full", "log", "BinnedMI", "rule"])
content = st.dictionaries(known, junk | words | st.integers(1, 9), max_size=4)


def only_study_errors(read, *arguments):
    try:
        study = read(*arguments)
    except StudyError:
        return
    json.dumps([run.settings for run in study.runs()[:3]], allow_nan=False)


@fuzzed
@given(st.binary(max_size=200))
def test_random_bytes(tmp_path, content):
    (tmp_path / "study.toml").write_bytes(content)
    only_study_errors(Study.from_toml, tmp_path / "study.toml")


@fuzzed
@given(st.text(alphabet="[]{}=\"'.,#\n\\01e-ansestudy", max_size=60))
def test_what_looks_like_toml(tmp_path, content):
    (tmp_path / "study.toml").write_text(content, encoding="utf-8")
    only_study_errors(Study.from_toml, tmp_path / "study.toml")


@fuzzed
@given(
    st.dictionaries(
        st.sampled_from(list(SECTIONS)) | st.text(max_size=5),
        content | junk | st.lists(content, max_size=3),
        max_size=4,
    )
)
def test_random_declarations(declaration):
    only_study_errors(Study.from_dict, declaration)


@fuzzed
@given(junk)
def test_declarations_that_are_no_tables(declaration):
    only_study_errors(Study.from_dict, declaration)


@fuzzed
@given(st.data())
def test_mutated_examples(tmp_path, data):
    text = bytearray(example_study().encode())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    (tmp_path / "study.toml").write_bytes(bytes(text))
    only_study_errors(Study.from_toml, tmp_path / "study.toml")


@fuzzed
@given(st.data())
def test_examples_with_another_value(data):
    declaration = tomllib.loads(example_study())
    section = data.draw(st.sampled_from(sorted(set(declaration) - {"estimators"})))
    field = data.draw(st.sampled_from(sorted(declaration[section])))
    declaration[section][field] = data.draw(junk | words)
    only_study_errors(Study.from_dict, declaration)


def test_odd_python_objects():
    circle = {}
    circle["training"] = circle
    for declaration in [
        circle,
        {1: 2},
        {"training": {1: 2}},
        {"data": {"dataset": "\ud800"}},
        {"study": {"name": "\ud800"}},
        {"training": {"epochs": 10**5000}},
        {"sweep": circle},
        {"sweep": {"training.epochs": [object()]}},
        {"sweep": {"training.epochs": {"start": 10**400, "stop": 1, "num": 2}}},
        {"sweep": {"training.learning_rate": [float("nan")]}},
        {"home": "x"},
        {"self": 1},
    ]:
        with pytest.raises(StudyError):
            Study.from_dict(declaration)
