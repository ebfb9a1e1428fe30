"""Section [sweep] of a study: fields and their levels, and the combinations that are run."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from ibtools.experiments._study_errors import Problems, quoted, unknown
from ibtools.experiments._study_fields import Count, Listed, Section, Seed

MOST_RUNS = 100_000
_RANGE_FIELDS = ("start", "stop", "step", "num", "scale")
_A_RANGE = "{start = 0.1, stop = 0.5, step = 0.1} or {start = 1e-4, stop = 1e-2, num = 5, " + (
    'scale = "log"}'
)
_DEEPEST = 4

Levels = dict[str, list[Any]]


class Sweep(Section):
    """Fields of other sections, and the levels that they take."""

    model_config = ConfigDict(extra="allow")

    how: Literal["product", "zip"] = "product"
    """Whether to run all combinations of the levels, or the first levels together, then the second
    ones, and so on. Seeds are combined with all of them."""

    seeds: (
        Count | Annotated[tuple[Seed, ...], Field(min_length=1, max_length=MOST_RUNS), Listed]
    ) = 1
    """Number of seeds, 0, 1, ..., or a list of them."""

    @model_validator(mode="after")
    def _check_levels(self) -> "Sweep":
        self.levels()
        return self

    def levels(self) -> Levels:
        """Levels by dotted field, as they are declared; ranges are written out."""
        problems: list[str] = []
        levels: Levels = {}
        for field, declared in _flattened(self.model_extra or {}, ""):
            try:
                levels[field] = _levels_of(declared)
            except Problems as error:
                problems += [f'sweep."{field}": {problem}' for problem in error.problems]
        if _repeated(self.seed_levels()):
            problems.append(
                f"sweep.seeds: got {quoted(self.seeds)}; allowed: seeds that all differ"
            )
        if not problems and self.how == "zip":
            lengths = {field: len(values) for field, values in levels.items()}
            if len(set(lengths.values())) > 1:
                found = ", ".join(f"{field} has {n}" for field, n in lengths.items())
                problems.append(f'sweep: how = "zip" needs as many levels of each field; {found}')
        if problems:
            raise Problems(problems)
        return levels

    def seed_levels(self) -> Sequence[int]:
        """The seeds."""
        return range(self.seeds) if isinstance(self.seeds, int) else self.seeds

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Schema with what levels can be."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        numbers = {name: {"type": "number"} for name in ("start", "stop", "step")}
        schema["additionalProperties"] = {
            "description": "Levels of a field such as network.activation: a list, or a range "
            + _A_RANGE,
            "anyOf": [
                {"type": "array", "minItems": 1},
                {
                    "type": "object",
                    "properties": {
                        **numbers,
                        "num": {"type": "integer", "minimum": 1, "maximum": MOST_RUNS},
                        "scale": {"enum": ["linear", "log"]},
                    },
                    "required": ["start", "stop"],
                    "additionalProperties": False,
                },
                {"type": "object", "description": "Fields of a section."},
            ],
        }
        return schema


def combinations(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """Levels of the swept fields, once for all seeds.

    Parameters
    ----------
    sweep : Sweep
        What is varied.

    Yields
    ------
    levels : dict
        Level by dotted field.

    Raises
    ------
    Problems
        If there are more runs than a study can have.
    """
    levels, seeds = sweep.levels(), sweep.seed_levels()
    counts = [len(values) for values in levels.values()]
    n_levels = math.prod(counts) if sweep.how == "product" else (counts or [1])[0]
    if n_levels * len(seeds) > MOST_RUNS:
        factors = [f"{n} of {field}" for field, n in zip(levels, counts, strict=True)]
        raise Problems(
            [
                f"sweep: declares {n_levels * len(seeds)} runs "
                f"({', '.join([*factors, f'{len(seeds)} seeds'])}); allowed: up to {MOST_RUNS}"
            ]
        )
    how = product if sweep.how == "product" or not levels else zip
    for values in how(*levels.values()):
        yield dict(zip(levels, values, strict=True))


def _flattened(
    declared: Mapping[str, Any], place: str, depth: int = 1
) -> Iterator[tuple[str, Any]]:
    """Dotted fields, written with quotes or as tables."""
    for name, value in declared.items():
        field = f"{place}{name}"
        is_table = isinstance(value, Mapping) and not set(value) & set(_RANGE_FIELDS)
        if is_table and depth < _DEEPEST:
            yield from _flattened(value, f"{field}.", depth + 1)
        else:
            yield field, value


def _levels_of(declared: Any) -> list[Any]:
    if isinstance(declared, Mapping):
        return _range_levels(declared)
    if not isinstance(declared, list | tuple) or not declared:
        raise Problems(
            [f"got {quoted(declared)}; allowed: a list, [1, 2, 3], or a range, {_A_RANGE}"]
        )
    levels = list(declared)
    twice = _repeated(levels)
    if twice:
        raise Problems([f"has the level {twice[0]} more than once; give each once"])
    return levels


def _repeated(levels: Sequence[Any]) -> list[str]:
    """Levels that are not the first of their kind; 1, 1.0 and true are not the same."""
    counts = Counter(map(repr, levels))
    return [level for level, count in counts.items() if count > 1]


def _range_levels(declared: Mapping[str, Any]) -> list[Any]:
    _check_range(declared)
    start, stop, scale = declared["start"], declared["stop"], declared.get("scale", "linear")
    if "step" in declared:
        count = (stop - start) / declared["step"]
        if not 0 <= count < MOST_RUNS:
            raise Problems([f"the range has {max(count, 0):.6g} levels; allowed: 1 to {MOST_RUNS}"])
        # The stop belongs to the range where a step ends on it, but for rounding.
        steps = np.arange(math.floor(count + 1e-9) + 1)
        values = start + steps * declared["step"]
    elif scale == "log":
        values = np.geomspace(start, stop, declared["num"])
    else:
        values = np.linspace(start, stop, declared["num"])
    levels = [float(f"{value:.12g}") for value in values]
    if isinstance(start, int) and isinstance(stop, int) and all(map(float.is_integer, levels)):
        return [int(level) for level in levels]
    return levels


def _check_range(declared: Mapping[str, Any]) -> None:
    problems = [
        unknown("field of a range", str(name), _RANGE_FIELDS)
        for name in declared
        if name not in _RANGE_FIELDS
    ]
    for name in ("start", "stop", "step"):
        value = declared.get(name, None if name == "step" else "nothing")
        if value is not None and not _is_finite(value):
            problems.append(f"{name}: got {quoted(value)}; allowed: a number, as in {_A_RANGE}")
    if declared.get("scale", "linear") not in ("linear", "log"):
        problems.append(f'scale: got {quoted(declared["scale"])}; allowed: "linear" or "log"')
    num = declared.get("num", 1)
    if type(num) is not int or not 1 <= num <= MOST_RUNS:
        problems.append(f"num: got {quoted(num)}; allowed: a whole number from 1 to {MOST_RUNS}")
    if ("num" in declared) == ("step" in declared):
        problems.append(f"a range has either num or step, as in {_A_RANGE}")
    if not problems:
        problems += _range_conflicts(declared)
    if problems:
        raise Problems(problems)


def _range_conflicts(declared: Mapping[str, Any]) -> Iterator[str]:
    if declared.get("step", 1) == 0:
        yield "step: got 0; allowed: a number other than 0"
    if declared.get("scale") == "log":
        if "step" in declared:
            yield 'step: a range with scale = "log" has num in place of step'
        if min(declared["start"], declared["stop"]) <= 0:
            yield 'start and stop: allowed with scale = "log": numbers above 0'
    if declared["start"] == declared["stop"] and declared.get("num", 1) > 1:
        yield "start and stop: are equal; give num = 1, or a list"


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value) and abs(float(value)) < 1e300
    except OverflowError:
        return False
