"""From the declaration of a study to its runs: levels, sections and settings of each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ibtools.experiments._study_checks import Sections, check_sections
from ibtools.experiments._study_data import DATASETS, Data
from ibtools.experiments._study_errors import Problems, quoted, unknown
from ibtools.experiments._study_estimators import Estimator, all_parameters
from ibtools.experiments._study_fields import Kinds, Section
from ibtools.experiments._study_messages import Model, problems_of
from ibtools.experiments._study_networks import NETWORKS, Network, default_layers
from ibtools.experiments._study_paths import data_file
from ibtools.experiments._study_sections import Bound, Recording, Training
from ibtools.experiments._study_sweep import Sweep, combinations
from ibtools.plane._columns import COLUMNS

# Sections that a run depends on, with what reads them.
_MODELS: dict[str, Model] = {
    "data": DATASETS,
    "network": NETWORKS,
    "training": Training,
    "recording": Recording,
    "estimators": Estimator,
    "bound": Bound,
}
_READERS: dict[str, TypeAdapter[Any]] = {
    "data": TypeAdapter(Data),
    "network": TypeAdapter(Network),
    "training": TypeAdapter(Training),
    "recording": TypeAdapter(Recording),
    "estimators": TypeAdapter(tuple[Estimator, ...]),
    "bound": TypeAdapter(Bound),
}

# Names of columns and of what tables are selected by, which no factor can have.
_TAKEN = COLUMNS | {"layers", "epochs", "estimators", "seed"}


@dataclass(frozen=True)
class Run:
    """One training of a study.

    Attributes
    ----------
    settings : dict
        Everything that the run depends on, with every default written out and the seed inside:
        "data", "network", "training", "recording", "estimators", "bound", "seed". JSON can hold it.
        ``settings["data"]["file"]``, where the data are a file, is an absolute path; an identity of
        the run leaves it out, for the checksum of the data stands for it.

    factors : dict
        Swept fields under short names, such as "activation", and their levels; "seed" is always
        among them. JSON can hold it; a level can be a list.
    """

    settings: dict[str, Any]
    factors: dict[str, Any]


class Plan:
    """Runs that the sections of a study make, checked one by one.

    Parameters
    ----------
    declared : mapping
        Section by name, as declared.
    sweep : Sweep
        What is varied.
    home : Path
        Folder of the study.

    Raises
    ------
    Problems
        If a swept field is unknown, a level is not allowed, or what a run is made of does not fit
        together.
    """

    def __init__(self, declared: Mapping[str, Any], sweep: Sweep, home: Path) -> None:
        self._declared = declared
        self._home = home
        self._read: dict[tuple[str, str], Any] = {}
        labels = [estimator.label for estimator in declared["estimators"]]
        self._places = {field: _place(field, labels) for field in sweep.levels()}
        self._names = _factor_names(self._places)
        self._runs: list[tuple[dict[str, Any], Sections]] = []
        problems: dict[str, None] = {}
        checked: set[tuple[int, ...]] = set()
        for levels in combinations(sweep):
            try:
                sections = self._sections(levels)
            except Problems as error:
                problems.update(dict.fromkeys(error.problems))
                continue
            identity = tuple(map(id, vars(sections).values()))
            if identity not in checked:
                checked.add(identity)
                problems.update(dict.fromkeys(check_sections(sections)))
            self._runs += [({**levels, "seed": seed}, sections) for seed in sweep.seed_levels()]
        if problems:
            raise Problems(problems)
        if "file" in {sections.data.dataset for _, sections in self._runs}:
            self._find_files()

    def __len__(self) -> int:
        return len(self._runs)

    def runs(self) -> Iterator[Run]:
        """All runs, in the order of the declaration."""
        for levels, sections in self._runs:
            factors = {self._names[field]: level for field, level in levels.items()}
            yield Run(_settings(sections, levels["seed"], self._home), factors)

    def _find_files(self) -> None:
        for file in dict.fromkeys(
            getattr(sections.data, "file", None) for _, sections in self._runs
        ):
            if file is not None:
                data_file(self._home, file)

    def _sections(self, levels: Mapping[str, Any]) -> Sections:
        """Sections with some levels; those with the same levels are the same objects."""
        changes: dict[str, dict[tuple[str, ...], Any]] = {}
        for field, level in levels.items():
            section, *inner = self._places[field]
            changes.setdefault(section, {})[tuple(inner)] = level
        return Sections(
            **{
                name: self._section(name, changes[name]) if name in changes else declared
                for name, declared in self._declared.items()
            }
        )

    def _section(self, name: str, changes: dict[tuple[str, ...], Any]) -> Any:
        key = name, json.dumps([[*inner, level] for inner, level in changes.items()], default=repr)
        if key not in self._read:
            self._read[key] = _with_levels(name, self._declared[name], changes)
        found = self._read[key]
        if isinstance(found, Problems):
            raise found
        return found


def _with_levels(name: str, declared: Any, changes: dict[tuple[str, ...], Any]) -> Any:
    """A section with the levels of some of its fields, or what is wrong with it."""
    if name == "estimators":
        content: Any = [_as_declared(estimator) for estimator in declared]
        for (label, field), level in changes.items():
            number = next(k for k, each in enumerate(declared) if each.label == label)
            content[number] |= {"name": label, field: level}
    else:
        content = _as_declared(declared) | {field: level for (field,), level in changes.items()}
    try:
        return _READERS[name].validate_python(content)
    except ValidationError as error:
        lines = problems_of(error, content, _MODELS, name)
        return Problems(f"sweep: {line}" for line in lines)


def _as_declared(section: Section) -> dict[str, Any]:
    return section.model_dump(exclude_unset=True)


def _place(field: str, labels: list[str]) -> tuple[str, ...]:
    """Section and field of a dotted field, and between them the name of an estimator."""
    section, _, inner = field.partition(".")
    if section not in _MODELS:
        known = list(_MODELS)
        raise Problems([f"sweep: {unknown('section', section, known)}, as in network.activation"])
    if section != "estimators":
        known = _fields(_MODELS[section])
        if inner not in known:
            raise Problems([f"sweep: {unknown(f'field of [{section}]', inner, known)}"])
        return section, inner
    for label in sorted(labels, key=len, reverse=True):
        if inner.startswith(f"{label}."):
            return section, label, inner.removeprefix(f"{label}.")
    label = inner.rpartition(".")[0] or inner
    raise Problems(
        [
            f"sweep: {unknown('estimator', label, labels)}; a swept parameter is "
            f"{quoted(f'estimators.{labels[0]}.n_bins')}"
        ]
    )


def _fields(model: Model) -> list[str]:
    models = model.models.values() if isinstance(model, Kinds) else [model]
    return list(dict.fromkeys(field for each in models for field in each.model_fields))


def _factor_names(places: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Shortest names that tell swept fields apart: activation, or network_activation."""
    names = {"seed": "seed"}
    for field, parts in places.items():
        for n_parts in range(1, len(parts) + 1):
            name = "_".join(parts[-n_parts:])
            others = ["_".join(other[-n_parts:]) for other in places.values() if other != parts]
            if name not in {*_TAKEN, *others, *names.values()}:
                break
        names[field] = name
    return names


def _settings(sections: Sections, seed: int, home: Path) -> dict[str, Any]:
    """Settings of a run, every default written out."""
    data = sections.data.model_dump(mode="json")
    data["seed"] = seed if data["seed"] is None else data["seed"]
    if "file" in data:
        data["file"] = str(data_file(home, data["file"]))
    recording = sections.recording.model_dump(mode="json")
    if recording["layers"] is None:
        recording["layers"] = default_layers(sections.network)
    return {
        "data": data,
        "network": sections.network.model_dump(mode="json"),
        "training": sections.training.model_dump(mode="json"),
        "recording": recording,
        "estimators": [_estimator_settings(each, seed) for each in sections.estimators],
        "bound": sections.bound.model_dump(mode="json"),
        "seed": seed,
    }


def _estimator_settings(estimator: Estimator, seed: int) -> dict[str, Any]:
    parameters = all_parameters(estimator.kind, estimator.parameters)
    if "random_state" in parameters and parameters["random_state"] is None:
        parameters["random_state"] = seed
    layers = estimator.layers
    return {
        "name": estimator.label,
        "kind": estimator.kind,
        "layers": list(layers) if isinstance(layers, tuple) else layers,
        "parameters": parameters,
    }
