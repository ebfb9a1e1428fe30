"""The command ``plane``: one network, trained and drawn."""

import argparse
import math
import sys
from pathlib import Path
from typing import Any

from ibtools.experiments._command_values import Parser, comma_separated, real, whole
from ibtools.experiments._settings import PlaneSettings, check_output, check_settings

_ACTIVATIONS = ("tanh", "relu", "leaky_relu", "sigmoid", "linear")


def add_plane_command(commands: Any) -> None:
    """Add the command ``plane``.

    Parameters
    ----------
    commands : argparse subparsers
        Where to add it. Its parsed options have what runs it as `run`.
    """
    parser = commands.add_parser(
        "plane",
        help="train a network and draw its information plane",
        description="Train a multilayer perceptron, measure I(X;T) and I(T;Y) of every layer "
        "while it learns, and leave the information plane as figures and tables.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_data_options(parser.add_argument_group("data"))
    _add_network_options(parser.add_argument_group("network and training"))
    _add_measuring_options(parser.add_argument_group("measuring"))
    _add_output_options(parser.add_argument_group("results"))
    parser.set_defaults(run=lambda options: _plane(parser, options))


def _plane(parser: Parser, options: dict[str, Any]) -> int:
    overwrite = options.pop("overwrite", False)
    settings = PlaneSettings(**options)
    existed = settings.output.exists()
    try:
        check_settings(settings)
        check_output(settings.output, overwrite=overwrite)

        from ibtools.experiments._plane_run import run_plane  # torch takes seconds to import

        return run_plane(settings)
    except ValueError as error:
        parser.error(" ".join(str(error).split()))
    except OSError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        written = sorted(map(str, settings.output.glob("*"))) if not existed else []
        print("Interrupted. Files written:", ", ".join(written) or "none.", file=sys.stderr)
        return 130
    finally:
        if not existed and settings.output.is_dir() and not any(settings.output.iterdir()):
            settings.output.rmdir()


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
        type=comma_separated(whole(0)),
        default=argparse.SUPPRESS,
        metavar="K,K,...",
        help="labels of the image classes to use, for instance 1,3,8 (default: all)",
    )
    group.add_argument(
        "--samples-per-class",
        type=whole(1),
        default=argparse.SUPPRESS,
        metavar="N",
        help="images to draw from each class (default: all)",
    )
    group.add_argument(
        "--train-fraction",
        type=real(0, 1),
        default=default.train_fraction,
        metavar="F",
        help="fraction of the rows to train on; the others validate",
    )


def _add_network_options(group: argparse._ArgumentGroup) -> None:
    default = PlaneSettings()
    group.add_argument(
        "--activation",
        type=comma_separated(_activation),
        default="tanh",
        metavar="NAME[,NAME...]",
        help=f"{', '.join(_ACTIVATIONS)}; one for all hidden layers or one for each",
    )
    group.add_argument(
        "--hidden",
        type=comma_separated(whole(1)),
        default=",".join(map(str, default.hidden)),
        metavar="N,N,...",
        help="units of the hidden layers",
    )
    group.add_argument(
        "--epochs",
        type=whole(1),
        default=default.epochs,
        metavar="N",
        help="times that the training rows are gone through",
    )
    group.add_argument(
        "--batch-size",
        type=whole(1),
        default=default.batch_size,
        metavar="N",
        help="rows per step of the optimizer",
    )
    group.add_argument(
        "--learning-rate",
        type=real(0, math.inf),
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
        type=whole(0, 2**32 - 1),
        default=default.seed,
        metavar="N",
        help="seed of weights, order of batches, split and drawn images",
    )


def _add_measuring_options(group: argparse._ArgumentGroup) -> None:
    default = PlaneSettings()
    bins = group.add_mutually_exclusive_group()
    bins.add_argument(
        "--n-bins",
        type=whole(1),
        default=default.n_bins,
        metavar="N",
        help="bins over the range of the activation, or over the values of a layer without one",
    )
    bins.add_argument(
        "--bin-width",
        type=real(0, math.inf),
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
        type=whole(1),
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


def _activation(text: str) -> str:
    if text not in _ACTIVATIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(_ACTIVATIONS)}")
    return text
