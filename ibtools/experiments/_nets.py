"""The networks of runs: the module, and the classifier around it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from sklearn.model_selection import ShuffleSplit
from skorch.dataset import ValidSplit
from torch import nn

from ibtools.experiments._data import RunData
from ibtools.networks._classifier import InformationClassifier
from ibtools.networks._invertible import InvertibleMLP
from ibtools.networks._lenet import LeNet5
from ibtools.networks._mlp import MLP
from ibtools.networks._noisy import NoisyMLP
from ibtools.networks._quantized import QuantizedMLP
from ibtools.networks._residual import SmallResNet
from ibtools.networks._vgg import SmallVGG

_OPTIMIZERS: dict[str, Any] = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
_PERCEPTRONS: dict[str, type[nn.Module]] = {
    "mlp": MLP,
    "noisy_mlp": NoisyMLP,
    "quantized_mlp": QuantizedMLP,
}
_CONVOLUTIONAL: dict[str, type[nn.Module]] = {
    "lenet5": LeNet5,
    "small_vgg": SmallVGG,
    "small_resnet": SmallResNet,
}


def takes_images(kind: str) -> bool:
    """Whether a network takes images, and not rows.

    Parameters
    ----------
    kind : str
        The kind of network.

    Returns
    -------
    takes_images : bool
        Whether it is convolutional.
    """
    return kind in _CONVOLUTIONAL


def module_of(settings: Mapping[str, Any], data: RunData) -> tuple[type[nn.Module], dict[str, Any]]:
    """Class and parameters of the module that a run trains.

    Parameters
    ----------
    settings : mapping
        Section "network" of the run's settings.
    data : RunData
        What it is trained on.

    Returns
    -------
    module : class
        Of :mod:`ibtools.networks`.
    parameters : dict
        For its constructor.
    """
    parameters = dict(settings)
    kind, n_inputs = parameters.pop("kind"), data.X.shape[1]
    if kind in _PERCEPTRONS:
        sizes = (n_inputs, *parameters.pop("hidden"), data.n_classes)
        return _PERCEPTRONS[kind], {"sizes": sizes, **parameters}
    if kind == "invertible_mlp":
        return InvertibleMLP, {"n_units": n_inputs, "n_classes": data.n_classes, **parameters}
    parameters |= {"n_channels": n_inputs, "n_classes": data.n_classes}
    if kind != "small_resnet":
        parameters["image_size"] = data.X.shape[2]
    return _CONVOLUTIONAL[kind], parameters


def make_classifier(
    module: type[nn.Module],
    parameters: Mapping[str, Any],
    *,
    optimizer: str,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    train_fraction: float,
    seed: int,
    split_seed: int | None = None,
    optimizer_options: Mapping[str, Any] | None = None,
    callbacks: Sequence[Any] = (),
) -> InformationClassifier:
    """Make the classifier that a run trains.

    Parameters
    ----------
    module : class
        Class of the module.
    parameters : mapping
        Its parameters.
    optimizer : {"adam", "sgd"}
        The optimizer.
    learning_rate : float
        Its learning rate.
    batch_size, epochs : int
        Rows per step, length of training.
    train_fraction : float
        Fraction of the rows to train on; the others validate.
    seed : int
        Seed of weights and batches.
    split_seed : int, default=None
        Seed of the split; None takes `seed`.
    optimizer_options : mapping, default=None
        More parameters of the optimizer.
    callbacks : sequence
        Callbacks of skorch.

    Returns
    -------
    net : InformationClassifier
        Not fitted.
    """
    split_seed = seed if split_seed is None else split_seed
    split = ShuffleSplit(1, train_size=train_fraction, random_state=split_seed)
    options = {f"module__{name}": value for name, value in parameters.items()}
    options |= {f"optimizer__{name}": value for name, value in (optimizer_options or {}).items()}
    return InformationClassifier(
        module,
        optimizer=_OPTIMIZERS[optimizer],
        optimizer__fused=True,
        lr=learning_rate,
        batch_size=batch_size,
        max_epochs=epochs,
        train_split=ValidSplit(split) if train_fraction < 1 else None,
        callbacks=list(callbacks),
        random_state=seed,
        verbose=0,
        **options,
    )
