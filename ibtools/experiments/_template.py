"""An example of a study, and the schema that editors check studies with."""

import json
from pathlib import Path
from typing import Any

from ibtools.experiments._study import Study

_FOLDER = Path(__file__).parent
SCHEMA_FILE = _FOLDER / "study.schema.json"
_EXAMPLE_FILE = _FOLDER / "study.example.toml"


def example_study() -> str:
    """Return a commented study that can be run as it is.

    Returns
    -------
    text : str
        TOML. Its first line tells editors where the schema is.

    Examples
    --------
    >>> import tomllib
    >>> from ibtools.experiments import Study
    >>> from ibtools.experiments._template import example_study
    >>> len(Study.from_dict(tomllib.loads(example_study())).runs())
    6
    """
    return f"#:schema {SCHEMA_FILE.as_uri()}\n{_EXAMPLE_FILE.read_text(encoding='utf-8')}"


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a study.

    Returns
    -------
    schema : dict
        Of draft 7, which the TOML extensions of editors know. It is shipped with the package as
        ``study.schema.json``.

    Examples
    --------
    >>> from ibtools.experiments._template import json_schema
    >>> sorted(json_schema()["properties"])[:4]
    ['bound', 'data', 'estimators', 'execution']
    """
    schema = _plain(Study.model_json_schema())
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Study of ibtools",
        "description": "What is trained, measured and varied.",
        **{name: schema[name] for name in ("type", "properties", "additionalProperties", "$defs")},
    }


def _plain(schema: Any) -> Any:
    """A schema of what TOML can say: it has no null, and its arrays are of one kind.

    Versions of pydantic differ in what is dropped here.
    """
    if isinstance(schema, list):
        return [_plain(each) for each in schema if each != {"type": "null"}]
    if isinstance(schema, str):
        return " ".join(schema.split())
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain(value) for name, value in schema.items() if not _is_dropped(name, value)}
    if "prefixItems" in plain:
        plain["items"] = plain.pop("prefixItems")[0]
    if "const" in plain:
        plain.pop("enum", None)
        plain["type"] = "string"
    for name in ("anyOf", "allOf"):
        if len(plain.get(name, ())) == 1:
            plain |= plain.pop(name)[0]
    # What stands beside a reference is ignored by draft 7.
    return {"$ref": plain["$ref"]} if "$ref" in plain else plain


def _is_dropped(name: str, value: Any) -> bool:
    """Whether something is no news in an editor: titles, and defaults of whole sections."""
    if name == "default":
        items = value if isinstance(value, list) else [value]
        return any(item is None or isinstance(item, dict) for item in items)
    return name == "title" and isinstance(value, str)


if __name__ == "__main__":
    SCHEMA_FILE.write_text(f"{json.dumps(json_schema(), indent=1)}\n", encoding="utf-8")
