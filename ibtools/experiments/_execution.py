"""Execute one run of a study: train, record, measure."""

import json
import re
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from skorch.callbacks import Callback
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ibtools.bottleneck._path import bottleneck_path
from ibtools.bottleneck._results import BottleneckPath
from ibtools.callbacks._gradient_snr import GradientSNRCallback
from ibtools.callbacks._info_plane import InfoPlaneCallback
from ibtools.experiments._data import RunData, checksum, load_data
from ibtools.experiments._nets import make_classifier, module_of, takes_images
from ibtools.experiments._outcome import Outcome
from ibtools.experiments._study_estimators import make_estimator
from ibtools.information._units import unit_name
from ibtools.networks._classifier import InformationClassifier
from ibtools.plane._gradients import GRADIENT_QUANTITIES
from ibtools.plane._plane import InformationPlane

_SCORES = ("epoch", "train_loss", "valid_loss", "valid_acc")


def execute(settings: Mapping[str, Any]) -> Outcome:
    """Train and measure as the settings of a run say.

    Parameters
    ----------
    settings : mapping
        ``run.settings`` of a run of a study.

    Returns
    -------
    outcome : Outcome
        The same for the same settings, bit for bit on one machine, in any process: one thread,
        deterministic algorithms, and all that is drawn is drawn from the seed.

    Raises
    ------
    OSError
        If data cannot be had.
    ValueError
        If the data are not what the network takes, or the layers not what an estimator takes;
        also where activations are no longer finite.
    """
    started = time.perf_counter()
    with _reproducible(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = load_data(settings["data"], as_images=takes_images(settings["network"]["kind"]))
        rows = MeasuredLabels()
        net = make_net(settings, data, rows).fit(data.X, data.y)
        plane = InformationPlane.from_history(net.history)
        bound = None
        if settings["bound"]["enabled"]:
            path = _bound(settings, data, rows)
            plane, bound = plane.with_bound(path), _bound_table(path)
    return Outcome(
        points=plane.to_frame(),
        curves=_curves(net.history),
        bound=bound,
        log=_log(caught),
        seconds=time.perf_counter() - started,
    )


def data_checksum(settings: Mapping[str, Any]) -> str:
    """Checksum of the data that a run trains on.

    Parameters
    ----------
    settings : mapping
        ``run.settings`` of a run of a study.

    Returns
    -------
    sha256 : str
        Hexadecimal; computed once per process for data that have not changed.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    return checksum(settings["data"])


def make_net(settings: Mapping[str, Any], data: RunData, *callbacks: Any) -> InformationClassifier:
    """Make the net that a run trains.

    Parameters
    ----------
    settings : mapping
        Settings of the run.
    data : RunData
        What it is trained on.
    *callbacks : skorch.callbacks.Callback
        Callbacks beside those of the settings.

    Returns
    -------
    net : InformationClassifier
        Not fitted.
    """
    training, module = settings["training"], module_of(settings["network"], data)
    options = {"weight_decay": training["weight_decay"]}
    if training["optimizer"] == "sgd":
        options["momentum"] = training["momentum"]
    return make_classifier(
        *module,
        optimizer=training["optimizer"],
        learning_rate=training["learning_rate"],
        batch_size=len(data.y) if training["batch_size"] == "full" else training["batch_size"],
        epochs=training["epochs"],
        train_fraction=settings["data"]["train_fraction"],
        seed=settings["seed"],
        split_seed=settings["data"]["seed"],
        optimizer_options=options,
        callbacks=[*_recorders(settings, data), *callbacks],
    )


class MeasuredLabels(Callback):
    """Keeps the labels of the rows that an InfoPlaneCallback measures."""

    def __init__(self) -> None:
        self.y: NDArray[np.int64] | None = None

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Take them from the callback, which has read its rows by then."""
        if self.y is None:
            plane = next(each for _, each in net.callbacks_ if isinstance(each, InfoPlaneCallback))
            self.y = plane.rows_.y if plane.rows_ else None


def _recorders(settings: Mapping[str, Any], data: RunData) -> list[Callback]:
    """One InfoPlaneCallback for the estimators that measure the same layers, and the gradients."""
    recording = settings["recording"]
    by_rule = recording["labels"] == "rule"
    groups: dict[str, dict[str, Any]] = {}
    for each in settings["estimators"]:
        layers = recording["layers"] if each["layers"] is None else each["layers"]
        group = groups.setdefault(json.dumps(layers), {})
        group[each["name"]] = make_estimator(each["kind"], each["parameters"])
    recorders: list[Callback] = [
        InfoPlaneCallback(
            estimators,
            layers=json.loads(layers),
            every=recording["every"],
            n_records=recording["n_records"],
            on=(data.X, None) if by_rule else recording["on"],
            n_replicates=recording["n_replicates"],
            max_samples=recording["max_samples"],
            p_xy=data.p_xy if by_rule else None,
            window=recording["window"],
            random_state=settings["seed"],
        )
        for layers, estimators in groups.items()
    ]
    if recording["gradient_snr"]:
        recorders.append(GradientSNRCallback())
    return recorders


def _log(caught: Sequence[warnings.WarningMessage]) -> str:
    """One line for all warnings that differ in numbers only, the first of them."""
    lines: dict[str, list[str]] = {}
    for each in caught:
        line = " ".join(f"{each.category.__name__}: {each.message}".split())
        lines.setdefault(re.sub(r"\d[\d.]*(e[-+]?\d+)?", "#", line), []).append(line)
    return "\n".join(
        alike[0] + (f" ({len(alike) - 1} more like it)" if len(alike) > 1 else "")
        for alike in lines.values()
    )


def _curves(history: Any) -> pd.DataFrame:
    """What the history has of every epoch: losses and accuracy, gradients and weights."""
    first = history[0]
    scores = [name for name in _SCORES if name in first]
    gradients = [
        key for quantity in GRADIENT_QUANTITIES for key in first if key.startswith(f"{quantity}/")
    ]
    columns = [*scores, *gradients]
    return pd.DataFrame([[row[name] for name in columns] for row in history], columns=columns)


def _bound(settings: Mapping[str, Any], data: RunData, rows: MeasuredLabels) -> BottleneckPath:
    """The bound of the joint distribution that the layers were measured under."""
    options = settings["bound"]
    if settings["recording"]["labels"] == "rule":
        p_xy = data.p_xy
    else:
        p_xy = None if rows.y is None else np.eye(data.n_classes)[rows.y] / len(rows.y)
    assert p_xy is not None, "a run that has fitted has measured rows with labels"
    return bottleneck_path(
        p_xy,
        options["betas"],
        n_clusters=options["n_clusters"],
        squared=options["squared"],
        base=settings["estimators"][0]["parameters"]["base"],
    )


def _bound_table(path: BottleneckPath) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "beta": path.betas,
            "mi_x": path.mi_x,
            "mi_y": path.mi_y,
            "unit": unit_name(path.base),
        }
    )


@contextmanager
def _reproducible() -> Iterator[None]:
    """One thread and deterministic algorithms, in whatever process this is."""
    n_threads = torch.get_num_threads()
    was_deterministic = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.use_deterministic_algorithms(was_deterministic)
        torch.set_num_threads(n_threads)
