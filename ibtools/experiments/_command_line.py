"""Commands and their options; what is wrong with them is said in one line."""

from collections.abc import Sequence

import ibtools
from ibtools.experiments._command_values import Parser
from ibtools.experiments._commands_plane import add_plane_command
from ibtools.experiments._commands_study import add_study_commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, default=None
        The words after ``python -m ibtools``; None takes those of the process.

    Returns
    -------
    exit_code : int
        0; 1 if data or files stood in the way, or training failed after something was recorded;
        130 after Ctrl-C. Options that are bad, by themselves or for the data, exit with 2.
    """
    parser = Parser(prog="python -m ibtools", description=ibtools.__doc__)
    parser.add_argument("--version", action="version", version=f"ibtools {ibtools.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_plane_command(commands)
    add_study_commands(commands)
    options = vars(parser.parse_args(arguments))
    del options["command"]
    return options.pop("run")(options)
