"""Errors of the layers of a net: gradients of each row's loss by the layers' pre-activations."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ibtools.callbacks._capture import (
    Layer,
    activation_name,
    as_rows,
    is_activation,
    watch_outputs,
)
from ibtools.callbacks._propagation import evaluation, network_layers
from ibtools.callbacks._rows import Rows
from ibtools.networks._batches import map_data


def error_layers(net: Any, rows: Rows, patterns: str | list[str] | None) -> list[Layer]:
    """Choose the layers of a net whose errors are measured, from the output backwards.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    rows : Rows
        Rows to run it on.
    patterns : str, list of str or None
        As in :func:`ibtools.callbacks._capture.select_layers`.

    Returns
    -------
    layers : list of Layer
        The output first, then the others against the order of execution. A layer that has the
        output's own error, such as the linear one that gives the logits, is not listed twice.

    Raises
    ------
    ValueError
        If there is no layer but the output.
    """
    *inner, output = network_layers(net, rows.batches[0], patterns)
    with _backward_mode(net):
        tensors, _ = _run(net, rows.batches[0], rows.targets[0], [output, *inner])
    last = tensors[output.name]
    chain = [layer for layer in reversed(inner) if tensors[layer.name] is not last]
    if not chain:
        raise ValueError("An error chain needs a layer before the output: choose other layers.")
    return [output, *chain]


def backpropagate(net: Any, rows: Rows, layers: list[Layer]) -> dict[str, NDArray[np.floating]]:
    """Collect the errors of layers, in evaluation mode.

    The error of an activation is dLoss/dz at its input z, the pre-activation; of another module
    dLoss/dz at what it gives; of the output it is that of the activation that ends the module, or
    of what the module gives. Parameters keep the gradients that they have.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    rows : Rows
        Inputs and targets.
    layers : list of Layer
        As listed by `error_layers`, the output first.

    Returns
    -------
    errors : dict of str to ndarray of shape (n_samples, n_features)
        By layer, in the order of `layers`. Every row is the gradient of the loss of that row, by
        the net's criterion with ``reduction="sum"``.
    """
    parts: dict[str, list[NDArray[np.floating]]] = {layer.name: [] for layer in layers}
    with _backward_mode(net):
        for Xi, yi in zip(rows.batches, rows.targets, strict=True):
            tensors, loss = _run(net, Xi, yi, layers)
            errors = torch.autograd.grad(loss, list(tensors.values()), materialize_grads=True)
            for layer, error in zip(layers, errors, strict=True):
                parts[layer.name].append(as_rows(error.movedim(layer.row_axis, 0)))
    return {name: np.concatenate(each) for name, each in parts.items()}


def _run(net: Any, Xi: Any, yi: Any, layers: list[Layer]) -> tuple[dict[str, Tensor], Tensor]:
    """Run the module on one batch: pre-activations by layer, and the summed loss of the rows."""
    output_layer, *inner = layers
    wanted = {layer.name for layer in inner}
    tensors: dict[str, Tensor] = {}
    kept = _ActivationInputs()

    def keep(layer: Layer, tensor: Tensor) -> None:
        if layer.name in wanted:
            tensors[layer.name] = kept.before(tensor) if layer.is_activation else tensor

    # Where the first layers are frozen, gradients start from the input. Its copy is one that a
    # module may change in place.
    Xi = map_data(_differentiable, copy.deepcopy(Xi))
    with kept.watching(net.module_), watch_outputs(net.module_, keep):
        output = net.infer(Xi)
    loss = net.get_loss(output, yi, X=Xi, training=False)
    if not hasattr(net.criterion_, "reduction") and loss.ndim == 0:
        loss = loss * len(yi)  # a mean over rows, as a loss that cannot be told to sum
    output = output[0] if isinstance(output, tuple) else output
    tensors[output_layer.name] = kept.before(output)
    missing = wanted - tensors.keys()
    if missing:
        raise ValueError(
            f"The layers {sorted(missing)} did not run on every batch of rows: choose layers that "
            "always run with layers=..."
        )
    return {layer.name: tensors[layer.name] for layer in layers}, loss.sum()


def _differentiable(values: Any) -> Any:
    if isinstance(values, Tensor) and values.is_floating_point():
        return values.requires_grad_().clone()
    return values


class _ActivationInputs(TorchFunctionMode):
    """Keeps what goes into activations, modules and functions, and hands them a copy.

    An activation that works in place changes the copy, and the kept tensor is still that of which
    the gradient is asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.entered: list[Tensor] = []
        # By the identity of what came out, which is kept as well so that it stays unique.
        self.inputs: dict[int, tuple[Any, Tensor]] = {}

    def before(self, output: Tensor) -> Tensor:
        """Give the input of the activation that gave a tensor, or the tensor if none did."""
        return self.inputs.get(id(output), (output, output))[1]

    @contextmanager
    def watching(self, module: torch.nn.Module) -> Iterator[None]:
        handles = []
        try:
            for child in module.modules():
                if is_activation(child):
                    handles.append(child.register_forward_pre_hook(self._enter, with_kwargs=True))
                    handles.append(child.register_forward_hook(self._leave))
            with self:
                yield
        finally:
            for handle in handles:
                handle.remove()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if activation_name(func) is None:
            return func(*args, **(kwargs or {}))
        tensor, args, kwargs = _copy_input(args, kwargs or {})
        output = func(*args, **kwargs)
        self.inputs[id(output)] = output, tensor
        return output

    def _enter(self, module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        tensor, args, kwargs = _copy_input(args, kwargs)
        self.entered.append(tensor)
        return args, kwargs

    def _leave(self, module: Any, args: Any, output: Any) -> None:
        self.inputs[id(output)] = output, self.entered.pop()


def _copy_input(args: Any, kwargs: dict[str, Any]) -> tuple[Tensor, Any, dict[str, Any]]:
    """The tensor that an activation is called with, and the call with a copy of it."""
    if args:
        return args[0], (args[0].clone(), *args[1:]), kwargs
    name = next(name for name, value in kwargs.items() if isinstance(value, Tensor))
    return kwargs[name], args, kwargs | {name: kwargs[name].clone()}


@contextmanager
def _backward_mode(net: Any) -> Iterator[None]:
    """Evaluation mode with gradients, and a criterion that sums."""
    criterion = net.criterion_
    summing = copy.copy(getattr(criterion, "_orig_mod", criterion))
    if hasattr(summing, "reduction"):
        summing.reduction = "sum"
    with evaluation(net), torch.enable_grad():
        net.module_.eval()
        net.criterion_ = summing
        try:
            yield
        finally:
            net.criterion_ = criterion
