"""Settings as tables of HTML in which every name is escaped."""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LONGEST = 2000  # letters of a value
_MOST = 1000  # rows of a table


def escaped(text: str) -> str:
    """Write text as HTML shows it: nothing in it is mark-up, and all letters are ASCII."""
    return html.escape(text).encode("ascii", "xmlcharrefreplace").decode()


def settings_tables(settings: Mapping[str, Any]) -> str:
    """Write settings as tables, one for each section.

    Parameters
    ----------
    settings : dict
        What JSON can hold. Under "runs", a list of the settings of runs is written as what all
        have in common and a table of the rest, with one row for each run.

    Returns
    -------
    markup : str
        HTML.
    """
    settings = dict(settings)
    runs = settings.get("runs")
    parts: list[str] = []
    is_list_of_runs = isinstance(runs, list) and runs and all(isinstance(run, dict) for run in runs)
    if isinstance(runs, list) and is_list_of_runs:
        del settings["runs"]
    sections = {
        name: value for name, value in settings.items() if isinstance(value, dict) and value
    }
    loose = {name: value for name, value in settings.items() if name not in sections}
    if loose:
        parts.append(_pairs(flattened(loose)))
    groups = [
        f'<div class="group"><h3>{escaped(name)}</h3>{_pairs(flattened(section))}</div>'
        for name, section in sections.items()
    ]
    if groups:
        parts.append(f'<div class="groups">{"".join(groups)}</div>')
    if isinstance(runs, list) and is_list_of_runs:
        parts += _runs(runs)
    return "\n".join(parts) or "<p>None were recorded.</p>"


def flattened(settings: Mapping[str, Any]) -> dict[str, str]:
    """Write nested settings as texts by dotted name."""
    return dict(_walk(settings, ""))


def _walk(settings: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _walk(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", _text(value)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text)} letters)"


def _pairs(values: Mapping[str, str]) -> str:
    rows = [
        f'<tr><th scope="row">{escaped(name)}</th><td>{escaped(value)}</td></tr>'
        for name, value in list(values.items())[:_MOST]
    ]
    return _table("".join(rows), "Settings", len(values))


def _runs(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    flat = [flattened(run) for run in runs]
    names = list(dict.fromkeys(name for run in flat for name in run))
    common = {
        name: flat[0][name]
        for name in names
        if all(run.get(name) == flat[0].get(name) for run in flat) and name in flat[0]
    }
    varied = [name for name in names if name not in common]
    parts = [f"<h3>All {len(runs)} runs</h3>", _pairs(common)] if common else []
    if not varied:
        return parts
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in ["run", *varied])
    rows = [
        f'<tr><th scope="row">{number}</th>'
        + "".join(f"<td>{escaped(run.get(name, ''))}</td>" for name in varied)
        + "</tr>"
        for number, run in enumerate(flat[:_MOST])
    ]
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return [*parts, "<h3>What differs between runs</h3>", _table(body, "Runs", len(runs), "runs")]


def _table(body: str, label: str, n_rows: int, kind: str = "settings") -> str:
    rest = f"<p>And {n_rows - _MOST} more.</p>" if n_rows > _MOST else ""
    return (
        f'<div class="scroll {kind}" role="region" aria-label="{label}" tabindex="0">'
        f"<table>{body}</table></div>{rest}"
    )
