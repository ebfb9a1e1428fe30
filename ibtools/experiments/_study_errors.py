"""What is wrong with a study, said in one readable line per problem."""

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

# Lines of a message, and characters of a value that is quoted in one.
_MOST_PROBLEMS = 20
_MOST_QUOTED = 80


class StudyError(ValueError):
    """A study cannot be read, or declares what cannot be run.

    The message names the file and, for each problem, the field, what it got, what is allowed, and
    the name that was perhaps meant.

    Parameters
    ----------
    source : str
        What was read: the path of a file, or "study".

    problems : sequence of str
        A line for each.

    Attributes
    ----------
    source : str
        As given.

    problems : tuple of str
        As given.

    Examples
    --------
    >>> from ibtools.experiments import Study, StudyError
    >>> try:
    ...     Study(training={"epoch": 100})
    ... except StudyError as error:
    ...     print(error.problems[0].split(";")[0])
    training: unknown field "epoch" (did you mean "epochs"?)
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        source = _on_one_line(self.source)
        lines = [_on_one_line(problem) for problem in self.problems[:_MOST_PROBLEMS]]
        if len(lines) == 1:
            return f"{source}: {lines[0]}"
        if len(self.problems) > _MOST_PROBLEMS:
            lines.append(f"... and {len(self.problems) - _MOST_PROBLEMS} more")
        count = f"{source}: {len(self.problems)} problems"
        return "\n".join([count, *(f"  {line}" for line in lines)])


class Problems(ValueError):
    """Problems that a check has found, on their way into a StudyError.

    Parameters
    ----------
    problems : iterable of str
        A line for each.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def quoted(value: Any) -> str:
    """Show a value as it stands in the file, cut where it is long.

    Parameters
    ----------
    value : object
        What was declared.

    Returns
    -------
    text : str
        One line.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):  # circular, too many digits, odd keys
        text = f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}..."


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """Say that a name is none of those known, and which was perhaps meant.

    Parameters
    ----------
    what : str
        What the name would be, such as "field".
    name : str
        The name.
    known : sequence of str
        Those that there are.

    Returns
    -------
    text : str
        Part of a line.
    """
    return f"unknown {what} {quoted(name)}{meant(name, known)}; allowed: {', '.join(known)}"


def meant(name: Any, known: Sequence[str]) -> str:
    """Suggest names that are close to one.

    Parameters
    ----------
    name : object
        What was written.
    known : sequence of str
        Those that there are.

    Returns
    -------
    text : str
        Part of a line; "" if none is close.
    """
    if not isinstance(name, str):
        return ""
    by_case = {choice.casefold(): choice for choice in known}
    found = get_close_matches(name[:_MOST_QUOTED].casefold(), by_case, n=1)
    return f" (did you mean {quoted(by_case[found[0]])}?)" if found else ""


def _on_one_line(text: str) -> str:
    """The text without line breaks and other control characters, and printable everywhere."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown.encode("utf-8", "backslashreplace").decode()
