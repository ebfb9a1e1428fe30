"""Commands and their options; what is wrong with them is said in one line."""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import ibtools
from ibtools.experiments._settings import PlaneSettings, check_output, check_settings

T = TypeVar("T")

_ACTIVATIONS = ("tanh", "relu", "leaky_relu", "sigmoid", "linear")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


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
    parser, plane = _parsers()
    options = vars(parser.parse_args(arguments))
    del options["command"]
    overwrite = options.pop("overwrite", False)
    settings = PlaneSettings(**options)
    existed = settings.output.exists()
    try:
        check_settings(settings)
        check_output(settings.output, overwrite=overwrite)

        from ibtools.experiments._plane_run import run_plane  # torch takes seconds to import

        return run_plane(settings)
    except ValueError as error:
        plane.error(" ".join(str(error).split()))
    except OSError as error:
        print(f"{plane.prog}: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        written = sorted(map(str, settings.output.glob("*"))) if not existed else []
        print("Interrupted. Files written:", ", ".join(written) or "none.", file=sys.stderr)
        return 130
    finally:
        if not existed and settings.output.is_dir() and not any(settings.output.iterdir()):
            settings.output.rmdir()


def _parsers() -> tuple[_Parser, _Parser]:
    parser = _Parser(prog="python -m ibtools", description=ibtools.__doc__)
    parser.add_argument("--version", action="version", version=f"ibtools {ibtools.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    plane = commands.add_parser(
        "plane",
        help="train a network and draw its information plane",
        description="Train a multilayer perceptron, measure I(X;T) and I(T;Y) of every layer "
        "while it learns, and leave the information plane as figures and tables.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_data_options(plane.add_argument_group("data"))
    _add_network_options(plane.add_argument_group("network and training"))
    _add_measuring_options(plane.add_argument_group("measuring"))
    _add_output_options(plane.add_argument_group("results"))
    return parser, plane


def _add_data_options(group: argparse._ArgumentGroup) -> None:
    default = PlaneSettings()
    group.add_argument(
        "--dataset",
        choices=("szt", "mnist", "fashion-mnist"),
        default=default.dataset,
        help="szt is the task of all 4096 patterns of 12 bits",
    )
    group.add_argument(
        "--classes",
        type=_comma_separated(_whole(0)),
        default=argparse.SUPPRESS,
        metavar="K,K,...",
        help="labels of the image classes to use, for instance 1,3,8 (default: all)",
    )
    group.add_argument(
        "--samples-per-class",
        type=_whole(1),
        default=argparse.SUPPRESS,
        metavar="N",
        help="images to draw from each class (default: all)",
    )
    group.add_argument(
        "--train-fraction",
        type=_real(0, 1),
        default=default.train_fraction,
        metavar="F",
        help="fraction of the rows to train on; the others validate",
    )


def _add_network_options(group: argparse._ArgumentGroup) -> None:
    default = PlaneSettings()
    group.add_argument(
        "--activation",
        type=_comma_separated(_activation),
        default="tanh",
        metavar="NAME[,NAME...]",
        help=f"{', '.join(_ACTIVATIONS)}; one for all hidden layers or one for each",
    )
    group.add_argument(
        "--hidden",
        type=_comma_separated(_whole(1)),
        default=",".join(map(str, default.hidden)),
        metavar="N,N,...",
        help="units of the hidden layers",
    )
    group.add_argument(
        "--epochs",
        type=_whole(1),
        default=default.epochs,
        metavar="N",
        help="times that the training rows are gone through",
    )
    group.add_argument(
        "--batch-size",
        type=_whole(1),
        default=default.batch_size,
        metavar="N",
        help="rows per step of the optimizer",
    )
    group.add_argument(
        "--learning-rate",
        type=_real(0, math.inf),
        default=default.learning_rate,
        metavar="R",
        help="of the optimizer",
    )
    group.add_argument(
        "--optimizer",
        choices=("adam", "sgd"),
        default=default.optimizer,
        help="how weights are learnt",
    )
    group.add_argument(
        "--seed",
        type=_whole(0, 2**32 - 1),
        default=default.seed,
        metavar="N",
        help="seed of weights, order of batches, split and drawn images",
    )


def _add_measuring_options(group: argparse._ArgumentGroup) -> None:
    default = PlaneSettings()
    bins = group.add_mutually_exclusive_group()
    bins.add_argument(
        "--n-bins",
        type=_whole(1),
        default=default.n_bins,
        metavar="N",
        help="bins over the range of the activation, or over the values of a layer without one",
    )
    bins.add_argument(
        "--bin-width",
        type=_real(0, math.inf),
        default=argparse.SUPPRESS,
        metavar="W",
        help="width of a bin, in place of their number",
    )
    group.add_argument(
        "--rows",
        choices=("all", "train", "valid"),
        default=default.rows,
        help="rows on which layers are measured",
    )
    group.add_argument(
        "--records",
        type=_whole(1),
        default=default.records,
        metavar="N",
        help="log-spaced epochs at which layers are measured, besides the untrained network",
    )


def _add_output_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--output", type=Path, default=PlaneSettings().output, metavar="DIR", help="folder to make"
    )
    group.add_argument(
        "--overwrite",
        action="store_true",
        default=argparse.SUPPRESS,
        help="replace the results in an existing folder",
    )


def _whole(least: int, most: float = math.inf) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            limit = "" if most == math.inf else f" and at most {most}"
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number of {least} or more{limit}"
            )
        return value

    return parse


def _real(above: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (above < value <= most and math.isfinite(value)):
            limit = "" if most == math.inf else f" and at most {most:g}"
            raise argparse.ArgumentTypeError(f"{text!r} is not a number above {above:g}{limit}")
        return value

    return parse


def _activation(text: str) -> str:
    if text not in _ACTIVATIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(_ACTIVATIONS)}")
    return text


def _comma_separated(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    return lambda text: tuple(parse(part.strip()) for part in text.split(","))
