"""The page of the benchmarks in Markdown, from rows and from the words in `page.toml`."""

import tomllib
from pathlib import Path

from figures import figure_name

WORDS = tomllib.loads(Path(__file__).with_name("page.toml").read_text())
COLUMNS = (
    "Task",
    "Peer",
    "Ours",
    "Peer's",
    "Ratio",
    "By the wall, two threads",
    "Memory: ours, peer's",
    "Error: ours, peer's",
    "Aim",
)
NO_BREAK = "\N{NO-BREAK SPACE}"
UNITS = {
    "bytes": "bytes read",
    "operations_float64": "operations in float64",
    "operations_float32": "operations in float32",
    "exponentials": "exponentials",
}


def page(run, estimators, on_gpu=None):
    """All of it.

    `run` is what was measured, `estimators` are those that have a figure of their cost, and
    `on_gpu` is what was measured on a GPU, if anything.
    """
    parts = [
        f"# {WORDS['title']}",
        WORDS["introduction"].strip(),
        _machine(run),
        *_tables(run),
        "## What was not reached, and why",
        _missed(run),
        *_costs(estimators),
        *_gpu(on_gpu),
    ]
    return "\n\n".join(parts) + "\n"


def _machine(run):
    found = run.machine
    names = {"python": "Python", "blas": "BLAS:"}
    known = ("python", "numpy", "scipy", "scikit-learn", "torch", "numba", "blas")
    versions = [f"{names.get(name, name)} {found[name]}" for name in known if found[name]]
    processor = f"{found['processor']}, {found['cores']} cores, {found['system']}"
    return f"Measured {_dates(run)} on: {processor}; {', '.join(versions)}.\n{_rates(run)}"


def _rates(run):
    names = [(name, unit) for name, unit in UNITS.items() if name in run.machine["rates"]]
    amounts = [f"{run.machine['rates'][name] / 1e9:.2g} billion {unit}" for name, unit in names]
    return f"In a second one thread gives {', '.join(amounts)}."


def _dates(run):
    dates = sorted({row.date or run.date for row in run.rows} or {run.date})
    return dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"


def _tables(run):
    """A section for each group, in the order of the words."""
    groups = run.tasks()
    for group in sorted(groups, key=_place):
        yield f"## {WORDS['groups'].get(group, group)}"
        if group in WORDS["notes"]:
            yield WORDS["notes"][group].strip()
        yield _table(groups[group])


def _place(group):
    order = list(WORDS["groups"])
    return order.index(group) if group in order else len(order)


def _table(tasks):
    lines = [COLUMNS, ["---"] * 2 + ["--:"] * 6 + ["---"]]
    for rows in tasks:
        for place, row in enumerate(rows):
            task = _title(row) if place == 0 else ""
            cells = _cells(row, best=place == 0 and len(rows) > 1)
            lines.append([task, *cells, _aim(row, rows)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _title(row):
    return _escaped(", ".join(filter(None, [_task(row.task), row.size])))


def _task(name):
    title = name.replace("_", " ")
    return WORDS["tasks"].get(name, title[:1].upper() + title[1:])


def _cells(row, *, best):
    if row.failure:
        return [f"{_escaped(row.peer)}: **{_escaped(row.failure)}**", *[""] * 6]
    peer = _escaped(row.peer or "none")
    return [
        f"**{peer}**" if best else peer,
        _time(row.seconds),
        _time(row.peer_seconds),
        _number(row.ratio),
        _number(row.wall_ratio),
        _both(_mebibytes(row.memory), _mebibytes(row.peer_memory)),
        _errors(row),
    ]


def _errors(row):
    found = {"ours": row.error, "peer": row.peer_error}
    texts = {who: "" if error is None else f"{error:.1e}" for who, error in found.items()}
    if row.wrong:
        texts[row.wrong] = f"**{texts[row.wrong]} (wrong: over {row.tolerance:g})**"
    return _both(*texts.values())


def _aim(row, rows):
    aim, reached = _escaped(row.reach.replace("<=", "≤")), _reached(row, rows)
    return aim if reached is None else f"{aim}: {'reached' if reached else 'missed'}"


def _reached(row, rows):
    """A time is reached where any of the rows has it: they measure the same call of ours."""
    if not row.reach or row.reach[0].isdigit():
        return row.reached
    return max((r.reached for r in rows if r.reached is not None), default=None)


def _missed(run):
    """A line for each task and size that is slower than aimed at, and the reason."""
    lines = []
    for tasks in run.tasks().values():
        for rows in tasks:
            missed = next((row for row in rows if _reached(row, rows) is False), None)
            if missed:
                words = (_shortfall(missed), *_reason(missed, run.machine["rates"]))
                lines.append(f"- **{_title(missed)}**: {' '.join(words)}")
    lines += [f"- **{limit['title']}**: {_one_line(limit['text'])}" for limit in WORDS["besides"]]
    return "\n".join(lines) if lines else "Everything was reached."


def _shortfall(row):
    aim = _escaped(row.reach.replace("<=", "at most"))
    if row.reach[0].isdigit():
        return f"{_number(row.ratio)} of {aim} ({_escaped(row.peer)})."
    return f"{_time(row.seconds)}, not {aim}."


def _reason(row, rates):
    """The words for this task, and this size where several are given; then what was counted."""
    for limit in WORDS["limits"]:
        if limit["task"] == row.task and limit.get("size", row.size) == row.size:
            yield _one_line(limit["text"])
            yield from _counted(limit, rates, row)
            return
    yield "The reason is not known."


def _counted(limit, rates, row):
    """Bytes or operations that can not be left out, at what the machine gives."""
    for name, unit in UNITS.items():
        if name in limit and name in rates:
            amount, seconds = limit[name], limit[name] / rates[name]
            amount = f"{amount:.3g}".replace("e+0", "e").replace("e+", "e")
            most = f": at most {_number(row.peer_seconds / seconds)}x" if row.peer_seconds else ""
            yield f"Counted: {amount} {unit}, {_time(seconds)} of our {_time(row.seconds)}{most}."


def _one_line(text):
    return text.strip().replace("\n", " ")


def _costs(estimators):
    if estimators:
        yield "## Cost against rows and columns"
        yield WORDS["costs"].strip()
    for estimator in estimators:
        yield f"### {estimator}"
        text = f"CPU seconds of {estimator} and of a peer against rows and columns, log-log."
        yield f"![{text}](_static/benchmarks/{figure_name(estimator)})"


def _gpu(run):
    if run is None:
        return
    yield "## On a GPU"
    yield WORDS["gpu"].strip()
    yield f"{_machine(run)} GPU: {run.machine['gpu']}."
    for tasks in run.tasks().values():
        yield _table(tasks)


def _time(seconds):
    if seconds is None:
        return ""
    amount, unit = (seconds, "s") if seconds >= 1 else (1e3 * seconds, "ms")
    return f"{amount:.3g}{NO_BREAK}{unit}"


def _number(value):
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _mebibytes(memory):
    if memory is None:
        return ""
    mebibytes = memory / 2**20
    amount = f"<{NO_BREAK}1" if mebibytes < 1 else f"{mebibytes:.0f}"
    return f"{amount}{NO_BREAK}MiB"


def _both(ours, theirs):
    return ", ".join(filter(None, [ours, theirs]))


def _escaped(text):
    """Of what would end a cell or begin a tag."""
    return text.replace("|", r"\|").replace("<", r"\<").replace("*", r"\*").replace("_", r"\_")
