"""Capture what the layers of a module give, whatever the module."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ibtools.networks._mlp import LinearActivation

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
_BOUNDS: dict[str, tuple[float, float]] = {
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "softmin": (0.0, 1.0),
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
    """

    name: str
    is_activation: bool
    is_leaf: bool
    bounds: Bounds


Report = Callable[[Layer, Tensor], None]


@contextmanager
def watch_outputs(module: nn.Module, report: Report) -> Iterator[None]:
    """Report every output of every module, and of activation functions, in order of execution.

    No hook is left when the block ends, also by an exception.

    Parameters
    ----------
    module : torch.nn.Module
        The module that will be run in the block.
    report : callable
        Called as ``report(layer, tensor)``. The tensor has its rows in the first dimension and is
        the network's own: copy what is kept, for an in-place activation may change it later.
    """
    watch = _Watch(report)
    handles = []
    fast_path = torch.backends.mha.get_fastpath_enabled()
    try:
        # The fused path of transformer layers runs none of the modules inside.
        torch.backends.mha.set_fastpath_enabled(False)
        for name, child in module.named_modules():
            handles.append(child.register_forward_pre_hook(watch.enter(name)))
            handles.append(child.register_forward_hook(watch.leave(name)))
        with watch:
            yield
    finally:
        for handle in handles:
            handle.remove()
        torch.backends.mha.set_fastpath_enabled(fast_path)


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
                activation = type(module).__name__.lower()
                self._report_tensors(
                    self._numbered(name),
                    output,
                    module,
                    is_activation=isinstance(module, (*_MODULES, LinearActivation)),
                    is_leaf=not any(True for _ in module.children()),
                    bounds=_BOUNDS.get(activation),
                )

        return end

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        function = getattr(func, "__name__", "").rstrip("_")
        if function in _FUNCTIONS and self.running:
            parent, module = self.running[-1]
            if not isinstance(module, _MODULES):
                self._report_tensors(
                    self._numbered(f"{parent}.{function}".lstrip(".")),
                    output,
                    module,
                    is_activation=True,
                    is_leaf=False,
                    bounds=_BOUNDS.get(function),
                )
        return output

    def _numbered(self, name: str) -> str:
        self.calls[name] += 1
        return name if self.calls[name] == 1 else f"{name}#{self.calls[name] - 1}"

    def _report_tensors(self, name: str, output: Any, module: nn.Module, **traits: Any) -> None:
        tensors = list(_tensors(output))
        for k, tensor in enumerate(tensors):
            if tensor.ndim > 0:
                part = name if len(tensors) == 1 else f"{name}:{k}"
                self.report(Layer(part, **traits), _rows_first(tensor, module, is_state=k > 0))


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


def _rows_first(tensor: Tensor, module: nn.Module, *, is_state: bool) -> Tensor:
    """Bring the rows of recurrent and attention modules into the first dimension."""
    if isinstance(module, nn.RNNBase) and is_state:
        return tensor.transpose(0, 1)
    sequence_first = getattr(module, "batch_first", True) is False
    return tensor.transpose(0, 1) if sequence_first and tensor.ndim > 2 else tensor


def list_layers(module: nn.Module, forward: Callable[[], Any]) -> list[Layer]:
    """List every output of a forward pass.

    Parameters
    ----------
    module : torch.nn.Module
        The module.
    forward : callable
        Runs the module, without arguments.

    Returns
    -------
    layers : list of Layer
        In order of execution.
    """
    layers: list[Layer] = []
    with watch_outputs(module, lambda layer, _: layers.append(layer)):
        forward()
    return layers


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
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    for pattern in patterns:
        if not any(_fits(layer.name, pattern) for layer in layers):
            raise ValueError(
                f"layers={pattern!r} fits no layer of the network. Its layers are: "
                + ", ".join(layer.name for layer in layers)
                + "."
            )
    return [layer for layer in layers if any(_fits(layer.name, pattern) for pattern in patterns)]


def _fits(name: str, pattern: str) -> bool:
    stem = name.split(":")[0].split("#")[0]
    return fnmatchcase(name, pattern) or fnmatchcase(stem, pattern)


@contextmanager
def capture_outputs(
    module: nn.Module, names: set[str]
) -> Iterator[dict[str, NDArray[np.floating]]]:
    """Capture copies of chosen outputs, as arrays with one row per sample.

    Parameters
    ----------
    module : torch.nn.Module
        The module that will be run in the block.
    names : set of str
        Names of the layers to capture.

    Yields
    ------
    captured : dict of str to ndarray of shape (n_samples, n_features)
        Filled by a forward pass, in order of execution.
    """
    captured: dict[str, NDArray[np.floating]] = {}

    def keep(layer: Layer, tensor: Tensor) -> None:
        if layer.name in names:
            captured[layer.name] = as_rows(tensor)

    with watch_outputs(module, keep):
        yield captured


def as_rows(tensor: Tensor) -> NDArray[np.floating]:
    """Copy a tensor into an array with one row per sample, in float32 or float64."""
    dtype = tensor.dtype if tensor.dtype == torch.float64 else torch.float32
    rows = tensor.detach().to("cpu", dtype, copy=True).numpy()
    return rows.reshape(len(rows), -1)
