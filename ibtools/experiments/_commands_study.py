"""The commands of studies: ``run``, ``new``, ``schema`` and ``report``."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ibtools.experiments._command_values import Parser

_Options = dict[str, Any]


def add_study_commands(commands: Any) -> None:
    """Add the commands of studies.

    Parameters
    ----------
    commands : argparse subparsers
        Where to add them. Their parsed options have what runs them as `run`.
    """
    _add_run(commands)
    new = _add(commands, "new", _new, "write a commented example of a study")
    new.add_argument(
        "file", nargs="?", type=Path, default=Path("study.toml"), help="default: study.toml"
    )
    _add(commands, "schema", _schema, "print the JSON schema of studies, for editors")
    report = _add(commands, "report", _report, "make one page for the browser of results")
    report.add_argument("results", type=Path, help="folder that a study was run into")
    report.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="default: report.html in the folder"
    )


def _add_run(commands: Any) -> None:
    run = _add(
        commands,
        "run",
        _run,
        "make the runs of a study that are not there yet",
        "Train and measure whatever a study declares and its results do not hold yet. After a "
        "crash or Ctrl-C the same command goes on with what is missing.",
    )
    run.add_argument("study", type=Path, help="a TOML file; the command new writes an example")
    run.add_argument(
        "-n", "--n-jobs", type=_jobs, metavar="JOBS", help="processes; -1 for one on every core"
    )
    run.add_argument(
        "--backend", choices=("loky", "dask"), help="processes of this machine or a Dask cluster"
    )
    run.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster")
    run.add_argument("--output", type=Path, metavar="DIR", help="folder of the results")
    run.add_argument(
        "--dry-run",
        action="store_true",
        help="list the runs and estimate time and memory, and run nothing",
    )
    run.add_argument(
        "--retry-failed", action="store_true", help="also run again what has failed before"
    )
    run.add_argument(
        "-v", "--verbose", action="count", default=0, help="a line for every run that ends"
    )


def _add(
    commands: Any,
    name: str,
    run: Callable[[_Options], int],
    text: str,
    description: str | None = None,
) -> Parser:
    parser: Parser = commands.add_parser(
        name, help=text, description=description or f"{text[0].upper()}{text[1:]}."
    )
    parser.set_defaults(run=lambda options: _telling(parser, run, options))
    return parser


def _telling(parser: Parser, run: Callable[[_Options], int], options: _Options) -> int:
    """Run a command, and say what is wrong without a traceback."""
    try:
        return run(options)
    except (ValueError, ImportError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except OSError as error:
        said = error.strerror if error.filename is None and error.strerror else error
        print(f"{parser.prog}: error: {said}", file=sys.stderr)
        return 1


def _jobs(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1 and value != -1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more, or -1")
    return value


def _run(options: _Options) -> int:
    from ibtools.experiments._study import Study

    study = Study.from_toml(options.pop("study"))
    folder = options.pop("output") or study.folder
    try:
        if options.pop("dry_run"):
            from ibtools.experiments._dry_run import describe_runs

            print(describe_runs(study, folder, n_jobs=options["n_jobs"]))
            return 0

        from ibtools.experiments._runner import run_study  # torch takes seconds to import

        return _tell_results(run_study(study, folder, **options), folder)
    except KeyboardInterrupt:
        print(f"Interrupted. {_kept(folder)}", file=sys.stderr)
        return 130


def _kept(folder: Path) -> str:
    from ibtools.experiments._results_errors import ResultsError
    from ibtools.experiments._results_plan import read_plan
    from ibtools.experiments._results_runs import is_finished

    try:
        runs = read_plan(folder)[1]
    except ResultsError:
        return "Nothing was run."
    n_finished = sum(is_finished(folder, run.identity) for run in runs)
    return (
        f"{n_finished} of {len(runs)} runs are finished and kept in {folder}; the same command "
        "goes on with the others."
    )


def _tell_results(results: Any, folder: Path) -> int:
    n_runs = len(results.settings["runs"])
    print(f"{len(results.seconds)} of {n_runs} runs are finished; results in {folder}")
    told = set()
    for failure in results.failures:
        levels = ", ".join(f"{name}={level}" for name, level in failure.factors.items())
        print(f"Run {failure.run} ({levels}) failed: {failure.error}", file=sys.stderr)
        if failure.traceback and failure.error not in told:
            print(failure.traceback, file=sys.stderr)
        told.add(failure.error)
    if results.failures:
        print(
            f"{len(results.failures)} of {n_runs} runs failed; the tracebacks are in "
            f"{folder / 'failed'}. --retry-failed runs them again.",
            file=sys.stderr,
        )
    return 1 if results.failures else 0


def _new(options: _Options) -> int:
    from ibtools.experiments._template import example_study

    file = options["file"]
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(example_study())
    except FileExistsError:
        raise ValueError(f"{file} exists; name another file") from None
    print(f"{file} is a study. Run it with: python -m ibtools run {file}")
    return 0


def _schema(options: _Options) -> int:
    from ibtools.experiments._template import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0


def _report(options: _Options) -> int:
    from ibtools.experiments._report import write_report

    print(write_report(options["results"], options["output"]))
    return 0
