"""The example of a study and the schema: valid, complete and up to date."""

import json
import re
import tomllib

import jsonschema
import pytest

from ibtools.experiments._study import SECTIONS, Study
from ibtools.experiments._study_estimators import ESTIMATORS
from ibtools.experiments._study_fields import Kinds
from ibtools.experiments._template import SCHEMA_FILE, example_study, json_schema

EXAMPLE = tomllib.loads(example_study())
VALIDATOR = jsonschema.Draft7Validator(json_schema())


def test_the_example_is_valid_and_is_what_it_says():
    study = Study.from_dict(EXAMPLE)
    assert study.name == "tanh against ReLU"
    assert [tuple(run.factors.values()) for run in study.runs()] == [
        (activation, seed) for activation in ("tanh", "relu") for seed in range(3)
    ]
    VALIDATOR.validate(EXAMPLE)


def test_the_first_line_tells_editors_where_the_schema_is():
    first = example_study().splitlines()[0]
    assert first == f"#:schema {SCHEMA_FILE.as_uri()}"


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_names_every_field(section):
    header = "[[estimators]]" if section == "estimators" else f"[{section}]"
    start = example_study().index(f"\n{header}\n")
    later = example_study()[start + 3 :]
    text = later if section == "estimators" else re.split(r"\n\[", later)[0]
    model = SECTIONS[section]
    models = model.models.values() if isinstance(model, Kinds) else [model]
    for field in {field for each in models for field in each.model_fields}:
        assert re.search(rf"^(# )?{field} = ", text, flags=re.MULTILINE), field


def test_the_example_names_every_choice():
    text = example_study()
    for model in (SECTIONS["data"], SECTIONS["network"]):
        for name in model.models:
            assert f'"{name}"' in text
    for name in ESTIMATORS:
        assert f'"{name}"' in text


def test_what_is_commented_out_is_valid_too():
    """Every commented field by itself, with the kind that it says it is for."""
    kinds = {
        "noise_std": "noisy_mlp",
        "n_levels": "quantized_mlp",
        "bounds": "quantized_mlp",
        "n_layers": "invertible_mlp",
        "n_hidden": "invertible_mlp",
        "pooling": "lenet5",
        "n_filters": "lenet5",
        "n_units": "lenet5",
        "batch_norm": "small_vgg",
        "n_blocks": "small_resnet",
    }
    section, found = None, 0
    for line in example_study().splitlines():
        if header := re.fullmatch(r"\[+(\w+)\]+", line):
            section = header[1]
        commented = re.match(r"# ([\w.]+) = (.*?)(?:  #.*)?$", line)
        if not commented or section in (None, "estimators"):
            continue
        field, value = commented.groups()
        content = tomllib.loads(f"{field} = {value.split('   ')[0].split('  #')[0]}")
        if field in kinds:
            content["kind"] = kinds[field]
        declaration = {section: content}
        if field in ("classes", "samples_per_class") or field in kinds:
            declaration.setdefault("data", {})["dataset"] = "mnist"
        if field == "file":
            content["dataset"] = "file"
        if field == "scheduler":
            content["backend"] = "dask"
        if field == "estimators.binned.bin_width":
            declaration["estimators"] = [{"name": "binned"}]
        VALIDATOR.validate(declaration)
        if field != "file":
            Study.from_dict(declaration)
        found += 1
    assert found > 30


def test_the_schema_is_valid_and_the_shipped_one_is_up_to_date():
    jsonschema.Draft7Validator.check_schema(json_schema())
    shipped = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert shipped == json_schema(), "write it anew: python -m ibtools.experiments._template"


@pytest.mark.parametrize(
    "declaration",
    [
        {"netwrk": {}},
        {"network": {"activation": "rel"}},
        {"network": {"noise_std": 0.1}},
        {"network": {"kind": "lenet5", "hidden": [3]}},
        {"data": {"dataset": "file"}},
        {"training": {"epochs": 0}},
        {"training": {"epochs": "many"}},
        {"estimators": [{"kind": "GaussianMI", "n_bins": 3}]},
        {"estimators": [{"n_bins": 0}]},
        {"estimators": [{"kind": "RenyiMatrixMI", "kernel": "rbg"}]},
        {"sweep": {"training.epochs": {"start": 1, "end": 3, "num": 3}, "how": "both"}},
    ],
)
def test_an_editor_refuses_what_the_reader_refuses(declaration):
    assert not VALIDATOR.is_valid(declaration)
    with pytest.raises(ValueError, match="study: "):
        Study.from_dict(declaration)
