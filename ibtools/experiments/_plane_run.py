"""Train one network, record its information plane, and leave the results in files."""

import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ibtools import __version__
from ibtools.callbacks._info_plane import InfoPlaneCallback
from ibtools.datasets._fetch import fetch_fashion_mnist, fetch_mnist
from ibtools.datasets._szt import make_szt
from ibtools.estimators._binned import BinnedMI
from ibtools.experiments._nets import make_classifier
from ibtools.experiments._progress import EpochProgress
from ibtools.experiments._settings import PlaneSettings
from ibtools.networks._classifier import InformationClassifier
from ibtools.networks._mlp import MLP
from ibtools.plane._display import InformationPlaneDisplay
from ibtools.plane._files import replacing
from ibtools.plane._history import history_points
from ibtools.plane._plane import InformationPlane

_NOT_WRITTEN = "could not be written"
_FETCHERS = {"mnist": fetch_mnist, "fashion-mnist": fetch_fashion_mnist}


def run_plane(settings: PlaneSettings) -> int:
    """Train, record, write the results and say where they are.

    Parameters
    ----------
    settings : PlaneSettings
        What to do.

    Returns
    -------
    exit_code : int
        0, or 130 if Ctrl-C ended the training early.

    Raises
    ------
    OSError
        If data cannot be had, or a file cannot be written.
    KeyboardInterrupt
        If there was a Ctrl-C before anything was recorded.
    """
    torch.set_num_threads(1)  # more are slower for layers this small
    X, y = _load_data(settings)
    net = _make_net(settings, n_inputs=X.shape[1], n_classes=len(np.unique(y)))
    failure = None
    try:
        net.fit(X, y)
    except ValueError as error:
        failure = error
        dict(net.callbacks_)["EpochProgress"].on_train_end(net)
    if not any(history_points(net.history)):
        raise failure or KeyboardInterrupt

    n_epochs = sum("dur" in row for row in net.history)
    plane = InformationPlane.from_history(net.history, settings=_describe(settings, n_epochs))
    files = _write_results(plane, net.history, settings.output)
    print(_summary(plane, files))
    exit_code = _say_how_it_ended(n_epochs, settings.epochs, failure)
    return exit_code or int(any(_NOT_WRITTEN in file for file in files))


def _load_data(settings: PlaneSettings) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    if settings.dataset == "szt":
        return make_szt()
    return _FETCHERS[settings.dataset](
        classes=settings.classes,
        n_per_class=settings.samples_per_class,
        random_state=settings.seed,
        return_X_y=True,
    )


def _make_net(settings: PlaneSettings, n_inputs: int, n_classes: int) -> InformationClassifier:
    estimator = BinnedMI(n_bins=settings.n_bins, bin_width=settings.bin_width)
    activation = settings.activation
    return make_classifier(
        MLP,
        {
            "sizes": (n_inputs, *settings.hidden, n_classes),
            "activation": activation[0] if len(activation) == 1 else activation,
        },
        optimizer=settings.optimizer,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        train_fraction=settings.train_fraction,
        seed=settings.seed,
        callbacks=[
            InfoPlaneCallback(estimator, on=settings.rows, n_records=settings.records),
            EpochProgress(),
        ],
    )


def _describe(settings: PlaneSettings, n_epochs: int) -> dict[str, Any]:
    packages = ["numpy", "scikit-learn", "scipy", "skorch", "torch"]
    versions = {name: version(name) for name in packages}
    return {
        **asdict(settings),
        "output": str(settings.output),
        "epochs_trained": n_epochs,
        "versions": {"ibtools": __version__, "python": platform.python_version(), **versions},
    }


def _write_results(plane: InformationPlane, history: Any, output: Path) -> list[str]:
    """Write every file that can be written; say of each where it is or what was in the way."""
    figure = InformationPlaneDisplay.from_plane(plane).figure_
    writers: dict[str, Callable[[Path], None]] = {
        "plane.png": partial(_save_figure, figure),
        "plane.svg": partial(_save_figure, figure),
        "plane.csv": plane.save,
        "plane.parquet": plane.save,
        "history.json": partial(_save_history, history),
    }
    if find_spec("pyarrow") is None:
        del writers["plane.parquet"]
        (output / "plane.parquet").unlink(missing_ok=True)
    files = [_write(output / name, write) for name, write in writers.items()]
    return [*files, str(output / "plane.settings.json")]


def _write(path: Path, write: Callable[[Path], None]) -> str:
    try:
        write(path)
    except OSError as error:
        return f"{path}: {_NOT_WRITTEN}, {error}"
    return str(path)


def _save_figure(figure: Figure, path: Path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=200)


def _save_history(history: Any, path: Path) -> None:
    with replacing(path) as temporary:
        history.to_file(str(temporary))


def _summary(plane: InformationPlane, files: list[str]) -> str:
    last = plane.select(epochs=-1).to_frame()
    unit = last["unit"].iloc[0]
    width = max(map(len, last["layer"]))
    points = [
        f"  {point.layer:{width}}  {point.mi_x:8.4f}  {point.mi_y:8.4f}"
        for point in last.itertuples()
    ]
    return "\n".join(
        [
            f"Epoch {plane.epochs[-1]}, in {unit}:",
            f"  {'layer':{width}}  {'I(X;T)':>8}  {'I(T;Y)':>8}",
            *points,
            f"Ceilings: log2 N = {last['mi_x_ceiling'].iloc[0]:.4f}, "
            f"H(Y) = {last['mi_y_ceiling'].iloc[0]:.4f}",
            "Results:",
            *(f"  {file}" for file in files),
        ]
    )


def _say_how_it_ended(n_epochs: int, n_wanted: int, failure: ValueError | None) -> int:
    if failure is None and n_epochs == n_wanted:
        return 0
    print(
        f"{failure or 'Interrupted by Ctrl-C.'}\nTrained {n_epochs} of {n_wanted} epochs; what was "
        "recorded until then is kept in these files.",
        file=sys.stderr,
    )
    return 1 if failure else 130
