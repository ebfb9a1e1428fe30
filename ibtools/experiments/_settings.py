"""Settings of one recorded training."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PlaneSettings:
    """What to train, on what, and how to measure it.

    Attributes
    ----------
    dataset : {"szt", "mnist", "fashion-mnist"}
        The data.
    classes : tuple of int or None
        Labels of the image classes to use; None uses all.
    samples_per_class : int or None
        Images to draw from each class; None uses all.
    train_fraction : float
        Fraction of the rows to train on.
    activation : tuple of str
        Activation of all hidden layers, or of each.
    hidden : tuple of int
        Units of the hidden layers.
    epochs, batch_size : int
        Length of training, rows per step.
    learning_rate : float
        Of the optimizer.
    optimizer : {"adam", "sgd"}
        The optimizer.
    seed : int
        Of everything that is drawn.
    n_bins : int
        Number of bins of a unit, unless there is a width.
    bin_width : float or None
        Width of a bin.
    rows : {"all", "train", "valid"}
        Rows on which layers are measured.
    records : int
        Number of log-spaced epochs at which they are measured.
    output : Path
        Folder of the results.
    """

    dataset: str = "szt"
    classes: tuple[int, ...] | None = None
    samples_per_class: int | None = None
    train_fraction: float = 0.8
    activation: tuple[str, ...] = ("tanh",)
    hidden: tuple[int, ...] = (10, 7, 5, 4, 3)
    epochs: int = 8000
    batch_size: int = 512
    learning_rate: float = 4e-4
    optimizer: str = "adam"
    seed: int = 0
    n_bins: int = 30
    bin_width: float | None = None
    rows: str = "all"
    records: int = 75
    output: Path = Path("ibtools-results")


def check_settings(settings: PlaneSettings) -> None:
    """Refuse settings that do not fit together.

    Parameters
    ----------
    settings : PlaneSettings
        Each valid by itself.

    Raises
    ------
    ValueError
        With the names of the options that do not fit, and what to do.
    """
    n_hidden, n_named = len(settings.hidden), len(settings.activation)
    if n_named not in (1, n_hidden):
        raise ValueError(
            f"argument --activation: {n_named} names for {n_hidden} hidden layers; give one for "
            "all or one for each"
        )
    if settings.rows == "valid" and settings.train_fraction == 1:
        raise ValueError(
            "argument --rows: there are no validation rows with --train-fraction 1; give a smaller "
            "fraction or --rows train"
        )
    if settings.dataset == "szt" and (settings.classes or settings.samples_per_class):
        raise ValueError(
            "argument --classes/--samples-per-class: only for image datasets; give --dataset mnist "
            "or fashion-mnist"
        )
    classes = settings.classes or (0, 1)
    if len(set(classes)) < max(2, len(classes)) or max(classes) > 9:
        raise ValueError("argument --classes: give two or more different labels from 0 to 9")


def check_output(output: Path, *, overwrite: bool) -> None:
    """Refuse a folder that cannot take the results, before hours are spent on them.

    Parameters
    ----------
    output : Path
        The folder. It need not exist.
    overwrite : bool
        Whether results in it may be replaced.

    Raises
    ------
    ValueError
        If it is no folder, holds files that may not be replaced, or cannot be written.
    """
    if output.exists() and not output.is_dir():
        raise ValueError(f"argument --output: {output} is a file; name a folder")
    if not overwrite and output.is_dir() and any(output.iterdir()):
        raise ValueError(
            f"argument --output: {output} exists and is not empty; name another folder, or give "
            "--overwrite to replace the results in it"
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"argument --output: cannot make {output}: {error.strerror}") from error
    if not os.access(output, os.W_OK):
        raise ValueError(f"argument --output: {output} cannot be written to")
