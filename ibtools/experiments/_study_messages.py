"""From what pydantic found wrong with a study to lines that say what to do."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from ibtools.experiments._study_errors import Problems, meant, quoted, unknown
from ibtools.experiments._study_fields import Kinds

Schema = Mapping[str, Any]
Model = type[BaseModel] | Kinds


def problems_of(
    error: ValidationError, declared: Any, models: Mapping[str, Model], section: str | None = None
) -> list[str]:
    """One line for each field that is wrong.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    declared : object
        What was validated: a study, or one of its sections.
    models : mapping
        Models of the sections.
    section : str, default=None
        Name of the section, if it is one.

    Returns
    -------
    problems : list of str
        Lines without repetitions, in the order of the fields.
    """
    lines: dict[str, None] = {}
    for each in error.errors(include_url=False):
        cause = each.get("ctx", {}).get("error")
        if isinstance(cause, Problems):
            lines.update(dict.fromkeys(cause.problems))
            continue
        place = [str(part) if isinstance(part, str) else part for part in each["loc"]]
        if section is None and (not place or place[0] not in models):
            lines[unknown("section", str(place[0] if place else ""), list(models))] = None
            continue
        name = section or str(place.pop(0))
        content = declared if section else _item(declared, name)
        lines[_line(each["type"], name, models[name], place, content)] = None
    return list(lines)


def _line(kind: str, section: str, model: Model, place: list[Any], content: Any) -> str:
    """Line of a problem at a place within a section."""
    if section == "estimators":
        if not place:
            return f"estimators: got {quoted(content)}; allowed: one or more tables [[estimators]]"
        number = place.pop(0)
        section, content = f"estimators[{number + 1}]", _item(content, number)
    if isinstance(model, Kinds):
        if kind.startswith("union_tag") and isinstance(content, Mapping):
            allowed = {"enum": list(model.models)}
            return refused(f"{section}.{model.field}", content.get(model.field), allowed)
        tag = place.pop(0) if place else None
        model = model.model(tag) or model.models[model.default]
    if not place:
        return f"{section}: got {quoted(content)}; allowed: a table [{section}] of fields"
    field = str(place[0])
    if field not in model.model_fields:
        return f"{section}: {unknown('field', field, list(model.model_fields))}"
    allowed = field_schema(model, field)
    if kind == "missing" and len(place) == 1:
        return f"{section}.{field}: is missing; allowed: {in_words(allowed)}"
    return refused(f"{section}.{field}", _item(content, field), allowed)


def refused(place: str, value: Any, allowed: Schema) -> str:
    """Say that a field has a value that it cannot have.

    Parameters
    ----------
    place : str
        Dotted path of the field.
    value : object
        What it got.
    allowed : dict
        JSON schema of what it can be.

    Returns
    -------
    line : str
        With what is allowed, and what was perhaps meant.
    """
    guess = meant(value, choices_of(allowed))
    return f"{place}: got {quoted(value)}{guess}; allowed: {in_words(allowed)}"


@cache
def field_schema(model: type[BaseModel], field: str) -> dict[str, Any]:
    """JSON schema of one field.

    Parameters
    ----------
    model : class
        A section.
    field : str
        Name of a field.

    Returns
    -------
    schema : dict
        What the field can be.
    """
    return dict(model.model_json_schema()["properties"][field])


def choices_of(schema: Schema) -> list[str]:
    """List the words that a value can be.

    Parameters
    ----------
    schema : dict
        JSON schema of the value.

    Returns
    -------
    choices : list of str
        Empty if it is no matter of words.
    """
    words = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    for part in schema.get("anyOf", ()):
        words += choices_of(part)
    return [word for word in words if isinstance(word, str)]


def in_words(schema: Schema) -> str:
    """Say in English what a value can be.

    Parameters
    ----------
    schema : dict
        JSON schema of the value.

    Returns
    -------
    text : str
        Such as "a whole number from 1 to 10".
    """
    if "anyOf" in schema:
        parts = [in_words(part) for part in schema["anyOf"] if part.get("type") != "null"]
        return " or ".join(parts)
    if "enum" in schema:
        return "one of " + ", ".join(map(quoted, schema["enum"]))
    if "const" in schema:
        return quoted(schema["const"])
    return _TYPES[schema["type"]](schema) if "type" in schema else "what the class takes"


def _array(schema: Schema) -> str:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if "prefixItems" in schema:
        return f"a list of {len(schema['prefixItems'])}, each {in_words(schema['prefixItems'][0])}"
    items = in_words(schema["items"]) if schema.get("items") else "anything"
    count = f"{least or 0} to {most} items" if most else "items"
    return f"a list of {count}, each {items}"


def _number(what: str, schema: Schema) -> str:
    limits = []
    if "exclusiveMinimum" in schema:
        limits.append(f"above {schema['exclusiveMinimum']:.12g}")
    if "minimum" in schema:
        limits.append(f"from {schema['minimum']:.12g}")
    if "exclusiveMaximum" in schema:
        limits.append(f"below {schema['exclusiveMaximum']:.12g}")
    if "maximum" in schema:
        limits.append(f"{'to' if 'minimum' in schema else 'up to'} {schema['maximum']:.12g}")
    return " ".join([what, *limits])


def _text(schema: Schema) -> str:
    most = schema.get("maxLength")
    if "pattern" in schema:
        return f"a text of 1 to {most} characters on one line" + (
            ", without a slash" if "/" in schema["pattern"] else ""
        )
    return f"a text of {schema.get('minLength', 0)} to {most} characters"


_TYPES: dict[str, Any] = {
    "integer": lambda schema: _number("a whole number", schema),
    "number": lambda schema: _number("a number", schema),
    "boolean": lambda schema: "true or false",
    "string": _text,
    "array": _array,
    "object": lambda schema: "a table",
    "null": lambda schema: "nothing",
}


def _item(container: Any, key: Any) -> Any:
    if isinstance(container, Mapping):
        return container.get(key)
    if isinstance(container, list | tuple) and isinstance(key, int) and key < len(container):
        return container[key]
    return getattr(container, str(key), None)
