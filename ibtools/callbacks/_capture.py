"""Capture what the layers of a module give, whatever the module."""

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ibtools.networks._activations import LinearActivation

Bounds = tuple[float, float] | None

_FUNCTIONS = frozenset(
    {
        "celu",
        "elu",
        "gelu",
        "glu",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "leaky_relu",
        "log_softmax",
        "logsigmoid",
        "mish",
        "prelu",
        "relu",
        "relu6",
        "rrelu",
        "selu",
        "sigmoid",
        "silu",
        "softmax",
        "softmin",
        "softplus",
        "softsign",
        "tanh",
        "tanhshrink",
    }
)
_MODULES = tuple(
    module
    for name in nn.modules.activation.__all__
    if name != "MultiheadAttention"
    for module in [getattr(nn, name)]
)
_FUNCTION_BOUNDS: dict[str, tuple[float, float]] = {
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "softmin": (0.0, 1.0),
}
_MODULE_BOUNDS: dict[type[nn.Module], tuple[float, float]] = {
    nn.Tanh: (-1.0, 1.0),
    nn.Softsign: (-1.0, 1.0),
    nn.Sigmoid: (0.0, 1.0),
    nn.Hardsigmoid: (0.0, 1.0),
    nn.Softmax: (0.0, 1.0),
    nn.Softmax2d: (0.0, 1.0),
    nn.Softmin: (0.0, 1.0),
}


@dataclass(frozen=True)
class Layer:
    """One output that a module gives in a forward pass.

    Attributes
    ----------
    name : str
        Qualified name of the module, or of a function called in a module (``block.relu``). The
        second call of the same has ``#1`` appended, the third ``#2``; the tensors of a tuple
        ``:0``, ``:1``, ...
    is_activation : bool
        Whether it is the output of an activation, as a module or as a function.
    is_leaf : bool
        Whether it is the output of a module without modules inside.
    bounds : (float, float) or None
        The interval of the values that it can take, where the activation has one.
    row_axis : int
        The dimension in which the samples of a batch stand.
    """

    name: str
    is_activation: bool
    is_leaf: bool
    bounds: Bounds
    row_axis: int = 0


Report = Callable[[Layer, Tensor], None]
LayerRows = NDArray[np.floating] | Tensor


@contextmanager
def watch_outputs(module: nn.Module, report: Report) -> Iterator[None]:
    """Report every output of every module, and of activation functions, in order of execution.

    No hook is left when the block ends, also by an exception.

    Parameters
    ----------
    module : torch.nn.Module
        The module that will be run in the block.
    report : callable
        Called as ``report(layer, tensor)``. The tensor is the network's own: copy what is kept,
        for an in-place activation may change it later.
    """
    watch = _Watch(report)
    handles = []
    try:
        for name, child in module.named_modules():
            handles.append(child.register_forward_pre_hook(watch.enter(name)))
            handles.append(child.register_forward_hook(watch.leave(name)))
        # The watch also keeps transformer layers from their fused path, which runs no modules.
        with watch:
            yield
    finally:
        for handle in handles:
            handle.remove()


class _Watch(TorchFunctionMode):
    """Follows a forward pass: which module runs, what it gives, which functions it calls."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report
        self.running: list[tuple[str, nn.Module]] = []
        self.calls: Counter[str] = Counter()

    def enter(self, name: str) -> Callable[[nn.Module, Any], None]:
        def begin(module: nn.Module, _: Any) -> None:
            if not self.running:
                self.calls.clear()
            self.running.append((name, module))

        return begin

    def leave(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def end(module: nn.Module, _: Any, output: Any) -> None:
            self.running.pop()
            if self.running:
                self._report_tensors(
                    self._numbered(name),
                    output,
                    is_activation=is_activation(module),
                    is_leaf=not any(True for _ in module.children()),
                    bounds=_MODULE_BOUNDS.get(type(module)),
                )

        return end

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        function = activation_name(func)
        if function is not None and self.running:
            parent, module = self.running[-1]
            if not isinstance(module, _MODULES):
                self._report_tensors(
                    self._numbered(f"{parent}.{function}".lstrip(".")),
                    output,
                    is_activation=True,
                    is_leaf=False,
                    bounds=_FUNCTION_BOUNDS.get(function),
                )
        return output

    def _numbered(self, name: str) -> str:
        self.calls[name] += 1
        return name if self.calls[name] == 1 else f"{name}#{self.calls[name] - 1}"

    def _report_tensors(self, name: str, output: Any, **traits: Any) -> None:
        tensors = list(_tensors(output))
        for k, tensor in enumerate(tensors):
            if tensor.ndim > 0:
                part = name if len(tensors) == 1 else f"{name}:{k}"
                self.report(Layer(part, **traits), tensor)


def is_activation(module: nn.Module) -> bool:
    """Whether a module is an activation."""
    return isinstance(module, (*_MODULES, LinearActivation))


def activation_name(func: Any) -> str | None:
    """Name of the activation that a torch function is, in place or not; None if it is none."""
    name = getattr(func, "__name__", "").rstrip("_")
    return name if name in _FUNCTIONS else None


def _tensors(output: Any) -> Iterator[Tensor]:
    """Flatten nested tuples, lists and dicts into tensors."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        for part in output.values():
            yield from _tensors(part)
    elif isinstance(output, list | tuple):
        for part in output:
            yield from _tensors(part)


def list_layers(module: nn.Module, forward: Callable[[int], Any]) -> list[Layer]:
    """List every output of a forward pass that has something for each sample.

    Parameters
    ----------
    module : torch.nn.Module
        The module.
    forward : callable
        Runs the module on as many samples as its argument says.

    Returns
    -------
    layers : list of Layer
        In order of execution, with the dimension of the samples: the one that grows with them.
        Outputs that fold samples and another dimension into one are left out, with a warning; and
        there is one of a recurrent module that takes samples for the steps of a sequence.
    """
    few, many = _shapes(module, forward, 2), _shapes(module, forward, 3)
    layers, folded, mixed = [], [], []
    modules = dict(module.named_modules())
    for layer, shape in few.items():
        sizes = list(zip(shape, many.get(layer, shape), strict=True))
        if (2, 3) in sizes:
            layers.append(replace(layer, row_axis=sizes.index((2, 3))))
            name, _, part = layer.name.partition(":")
            cell = modules.get(name.split("#")[0])
            if isinstance(cell, nn.RNNBase) and part == "0" and sizes[0] == (2, 3):
                mixed += [name] * (len(shape) == 2 or not cell.batch_first)
        elif any(small != large for small, large in sizes):
            folded.append(layer.name)
    if folded:
        warnings.warn(
            "Not measured, for the network folds samples and other dimensions into one there, and "
            f"it cannot be told which is which: {', '.join(folded)}.",
            UserWarning,
            stacklevel=2,
        )
    if mixed:
        warnings.warn(
            f"{', '.join(mixed)}: the samples of a batch are taken for the steps of one sequence, "
            "and what is given for a sample depends on the others. Give the module "
            "batch_first=True, and inputs of shape (n_samples, n_steps, n_features).",
            UserWarning,
            stacklevel=2,
        )
    return layers


def _shapes(
    module: nn.Module, forward: Callable[[int], Any], n_samples: int
) -> dict[Layer, torch.Size]:
    shapes: dict[Layer, torch.Size] = {}
    with watch_outputs(module, lambda layer, tensor: shapes.update({layer: tensor.shape})):
        forward(n_samples)
    return shapes


def select_layers(layers: list[Layer], patterns: str | list[str] | None) -> list[Layer]:
    """Choose layers by name.

    Parameters
    ----------
    layers : list of Layer
        The layers that there are.
    patterns : str, list of str, or None
        Names or patterns (``*``, ``?``, ``[...]`` as in :mod:`fnmatch`); a name also chooses all
        its calls and parts (``lstm`` the tensors ``lstm:0``, ``lstm:1``). None chooses the
        activations or, in a module that has none, every module that has no modules inside.

    Returns
    -------
    chosen : list of Layer
        In order of execution.

    Raises
    ------
    ValueError
        If a pattern fits no layer; the message lists the names that there are.
    """
    if patterns is None:
        activations = [layer for layer in layers if layer.is_activation]
        return activations or [layer for layer in layers if layer.is_leaf]
    patterns = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(patterns, Iterable) or not all(isinstance(each, str) for each in patterns):
        raise ValueError(f"layers must be names of layers or patterns, got {patterns!r}.")
    for pattern in patterns:
        if not any(fits_pattern(layer.name, pattern) for layer in layers):
            raise ValueError(
                f"layers={pattern!r} fits no layer of the network. Its layers are: "
                + ", ".join(layer.name for layer in layers)
                + "."
            )
    return [
        layer for layer in layers if any(fits_pattern(layer.name, pattern) for pattern in patterns)
    ]


def fits_pattern(name: str, pattern: str) -> bool:
    """Whether a name, or the name without the number of its call and part, fits a pattern."""
    stem = name.split(":")[0].split("#")[0]
    return fnmatchcase(name, pattern) or fnmatchcase(stem, pattern)


@contextmanager
def capture_outputs(
    module: nn.Module, layers: list[Layer], on_device: Collection[str] = ()
) -> Iterator[dict[str, LayerRows]]:
    """Capture copies of chosen outputs, as arrays or tensors with one row per sample.

    Parameters
    ----------
    module : torch.nn.Module
        The module that will be run in the block.
    layers : list of Layer
        What to capture, as listed by :func:`list_layers`.
    on_device : collection of str
        Names of the layers whose outputs stay on the device where they are computed.

    Yields
    ------
    captured : dict of str to ndarray or Tensor of shape (n_samples, n_features)
        Filled by a forward pass, in order of execution.
    """
    captured: dict[str, LayerRows] = {}
    row_axes = {layer.name: layer.row_axis for layer in layers}

    def keep(layer: Layer, tensor: Tensor) -> None:
        if layer.name in row_axes:
            rows = tensor.movedim(row_axes[layer.name], 0)
            captured[layer.name] = copy_rows(rows, layer.name in on_device)

    with watch_outputs(module, keep):
        yield captured


def copy_rows(tensor: Tensor, on_device: bool) -> LayerRows:
    """Copy a tensor with one row per sample, on its device or into an array."""
    return tensor_rows(tensor) if on_device else as_rows(tensor)


def as_rows(tensor: Tensor) -> NDArray[np.floating]:
    """Copy a tensor into an array with one row per sample, in float32 or float64."""
    rows = tensor.detach().to("cpu", _float_type(tensor), copy=True).numpy()
    return rows.reshape(len(rows), -1)


def tensor_rows(tensor: Tensor) -> Tensor:
    """Copy a tensor on its device, with one row per sample, in float32 or float64."""
    rows = tensor.detach().to(_float_type(tensor), copy=True)
    return rows.reshape(len(rows), -1)


def _float_type(tensor: Tensor) -> torch.dtype:
    return tensor.dtype if tensor.dtype == torch.float64 else torch.float32


def join_rows(parts: list[Any]) -> Any:
    """Put parts of a layer's rows one after the other, where they are."""
    if len(parts) == 1:
        return parts[0]
    return torch.cat(parts) if isinstance(parts[0], Tensor) else np.concatenate(parts)


def are_finite(rows: LayerRows) -> bool:
    """Whether all values of a layer are finite, tested where they are."""
    finite = torch.isfinite(rows) if isinstance(rows, Tensor) else np.isfinite(rows)
    return bool(finite.all())
