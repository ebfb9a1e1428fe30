"""Propagate the measured rows through a net, and collect what its layers give."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from sklearn.base import is_classifier
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ibtools.callbacks._capture import (
    Layer,
    LayerRows,
    capture_outputs,
    copy_rows,
    join_rows,
    list_layers,
    select_layers,
)
from ibtools.networks._batches import map_data
from ibtools.networks._memberwise import ensemble_of

_JOINED_ROWS, _JOINED_VALUES = 2**12, 2**16  # and of their inputs
_PROBABILISTIC = (nn.CrossEntropyLoss, nn.NLLLoss, nn.BCELoss, nn.BCEWithLogitsLoss)


def network_layers(net: Any, batch: Any, patterns: str | list[str] | None) -> list[Layer]:
    """Choose the layers of a net that are measured; the last one is what it predicts.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    batch : tensor, dict or sequence
        One batch of inputs.
    patterns : str, list of str or None
        As in :func:`select_layers`.

    Returns
    -------
    layers : list of Layer
        In order of execution. Without patterns, a last activation that is the prediction itself
        (a softmax that ends the module) is not listed twice, nor is, in any case, a layer that has
        the prediction's name.

    Raises
    ------
    ValueError
        If the net trains an ensemble, whose members have layers, but not itself, or if its module
        is one of TorchScript.
    """
    if ensemble_of(net) is not None:
        raise ValueError(
            "The layers of a SeedEnsemble are those of its members: measure one of them alone, "
            "net.member(0)."
        )
    if any(isinstance(module, torch.jit.ScriptModule) for module in net.module_.modules()):
        raise ValueError(
            "The layers of a TorchScript module run where they cannot be seen: give the net the "
            "module that it was made from."
        )
    with evaluation(net), _explaining(net, batch):
        layers = list_layers(net.module_, lambda n: _forward(net, _repeat_first(batch, n)))
    prediction = _prediction_layer(net)
    chosen = [layer for layer in select_layers(layers, patterns) if layer.name != prediction.name]
    if patterns is None and chosen:
        last, predicted = propagate(net, [batch], [chosen[-1], prediction]).values()
        if np.array_equal(last, predicted):
            chosen = chosen[:-1]
    return [*chosen, prediction]


def propagate(
    net: Any,
    batches: list[Any],
    layers: list[Layer],
    *,
    n_replicates: int = 1,
    on_device: Collection[str] = (),
) -> dict[str, Any]:
    """Collect what the layers of a net give, in evaluation mode and without gradients.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    batches : list
        Inputs, batch by batch. Small batches of tensors are put together, up to 4096 rows.
    layers : list of Layer
        The layers, the prediction last.
    n_replicates : int, default=1
        How many times all batches are propagated, one time after the other.
    on_device : collection of str
        Names of the layers whose activations stay tensors on the device where they are computed.

    Returns
    -------
    activations : dict of str to ndarray of shape (n_replicates * n_samples, n_features)
        By layer, in the order of `layers`; tensors of the same shape for those of `on_device`.
    """
    parts: dict[str, list[LayerRows]] = {layer.name: [] for layer in layers}
    *inner, prediction = layers
    with evaluation(net), capture_outputs(net.module_, inner, on_device) as captured:
        for Xi in _join_small(net.module_, batches) * n_replicates:
            output = _forward(net, Xi)
            predicted = _predict(net, output)
            captured[prediction.name] = copy_rows(predicted, prediction.name in on_device)
            for name, rows in parts.items():
                if name not in captured:
                    raise ValueError(
                        f"Layer {name!r} did not run on every batch of rows: choose layers that "
                        "always run with layers=..."
                    )
                rows.append(captured.pop(name))
    return {name: join_rows(rows) for name, rows in parts.items()}


def _join_small(module: nn.Module, batches: list[Any]) -> list[Any]:
    """Put small batches of tensors together: a call of a small network costs more than its work.

    Not where layers normalise by what a batch has, and so depend on which rows are in it.
    """
    of_batches = any(
        isinstance(part, _BatchNorm) and part.running_mean is None for part in module.modules()
    )
    if of_batches or not all(isinstance(Xi, torch.Tensor) and Xi.ndim > 0 for Xi in batches):
        return batches
    rows = max((len(Xi) for Xi in batches), default=0)
    values = max((Xi.numel() for Xi in batches), default=0)
    n_joined = min(_JOINED_ROWS // max(1, rows), _JOINED_VALUES // max(1, values))
    if n_joined < 2 or len({Xi.shape[1:] for Xi in batches}) > 1:
        return batches
    return [torch.cat(batches[k : k + n_joined]) for k in range(0, len(batches), n_joined)]


def _forward(net: Any, Xi: Any) -> torch.Tensor:
    """Run the module on a copy, for one that works in place would change the rows kept."""
    output = net.evaluation_step((deepcopy(Xi), None))
    output = output[0] if isinstance(output, tuple) else output
    if not isinstance(output, torch.Tensor):
        raise TypeError(
            "The module has to give a tensor, or a tuple that begins with what it predicts, got "
            f"{type(output).__name__}."
        )
    return output


@contextmanager
def _explaining(net: Any, Xi: Any) -> Iterator[None]:
    """Add to the error of a module that does not take its inputs what they are."""
    try:
        yield
    except (RuntimeError, TypeError) as error:
        dtypes: list[Any] = []
        map_data(lambda values: dtypes.append(getattr(values, "dtype", None)), Xi)
        weights = {parameter.dtype for parameter in net.module_.parameters()}
        if torch.float64 in dtypes and torch.float64 not in weights:
            error.add_note(
                "The inputs are float64 and the weights are not: convert the inputs, as in "
                "X.astype(numpy.float32)."
            )
        if isinstance(Xi, dict):
            error.add_note(
                "A dict or DataFrame as input gives forward an argument for each of its names, "
                f"{', '.join(map(repr, Xi))}: for a single argument give an array, as in "
                "X.to_numpy(numpy.float32)."
            )
        raise


def _repeat_first(Xi: Any, n_samples: int) -> Any:
    return map_data(lambda values: values[[0] * n_samples], Xi)


def _predict(net: Any, output: torch.Tensor) -> torch.Tensor:
    """What `predict_proba` returns; the step from the output to it has no public name."""
    with torch.no_grad():
        predicted = net._get_predict_nonlinearity()(output)
    criterion = getattr(net.criterion_, "_orig_mod", net.criterion_)
    if isinstance(criterion, nn.NLLLoss) and ((predicted < 0) | (predicted > 1)).any():
        raise ValueError(
            "NLLLoss takes probabilities, but the module gives values outside of 0 and 1: end it "
            "with a softmax, or pass criterion=torch.nn.CrossEntropyLoss for logits."
        )
    return predicted


def _prediction_layer(net: Any) -> Layer:
    if not is_classifier(net):
        return Layer("prediction", is_activation=True, is_leaf=False, bounds=None)
    criterion = getattr(net.criterion_, "_orig_mod", net.criterion_)
    bounds = (0.0, 1.0) if isinstance(criterion, _PROBABILISTIC) else None
    return Layer("probabilities", is_activation=True, is_leaf=False, bounds=bounds)


@contextmanager
def evaluation(net: Any) -> Iterator[None]:
    """Run a net's own module, without leaving a trace in torch's random state or in its mode.

    A compiled module is left aside for the one it was made from, which runs the hooks.
    """
    module, training = net.module_, net.module_.training
    device = torch.device(net.device or "cpu")
    cuda = [device.index or 0] if device.type == "cuda" else []
    net.module_ = getattr(module, "_orig_mod", module)
    try:
        with torch.random.fork_rng(devices=cuda):
            yield
    finally:
        net.module_ = module
        module.train(training)


def list_members(net: Any) -> list[int | None]:
    """List the members of a net that trains an ensemble; any other has the one member None."""
    ensemble = ensemble_of(net)
    return [None] if ensemble is None else list(range(ensemble.n_members))


@contextmanager
def as_member(net: Any, index: int | None) -> Iterator[None]:
    """Let a net be one member of its ensemble, an ordinary net with the member's weights.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    index : int or None
        Number of the member; None leaves the net as it is.
    """
    module, ensemble = net.module_, ensemble_of(net)
    try:
        if index is not None and ensemble is not None:
            net.module_ = ensemble.member(index)
        yield
    finally:
        net.module_ = module
