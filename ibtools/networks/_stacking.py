"""Stack the parameters of networks that differ in nothing else."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

_VALUES = (bool, int, float, complex, str, bytes, type(None), np.generic, torch.dtype)


def stack_modules(modules: list[nn.Module]) -> nn.Module:
    """Put modules of one structure into one whose tensors have one more dimension.

    Parameters
    ----------
    modules : list of torch.nn.Module
        The modules, not changed.

    Returns
    -------
    stacked : torch.nn.Module
        A copy of the first in which every parameter and buffer of shape (...) is replaced by
        those of all modules, of shape (n_modules, ...). Shared parameters stay shared.

    Raises
    ------
    ValueError
        If modules differ in more than the values of parameters and buffers.
    """
    for number, module in enumerate(modules):
        _check_alike(modules[0], module, number)
    stacked = copy.deepcopy(modules[0])
    tensors = [dict(_tensors(module)) for module in modules]
    for name, values in _tensors(stacked):
        values.grad = None
        values.data = torch.stack([own[name].detach() for own in tensors])
    return stacked


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _check_alike(first: nn.Module, other: nn.Module, number: int) -> None:
    kinds = [
        [(name, type(module)) for name, module in net.named_modules()] for net in (first, other)
    ]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"Members cannot be stacked: the modules of member {number} are not those of member 0. "
            "All have to be of one structure; torch's parametrizations make a class for each."
        )
    _check_tensors(dict(_tensors(first)), dict(_tensors(other)), number)
    for (name, module), twin in zip(first.named_modules(), other.modules(), strict=True):
        _check_values(name, vars(module), vars(twin), number)


def _check_tensors(ours: dict[str, Tensor], theirs: dict[str, Tensor], number: int) -> None:
    for name in ours | theirs:
        pair = [tensors.get(name) for tensors in (ours, theirs)]
        if any(values is not None and is_lazy(values) for values in pair):
            raise ValueError(
                f"Members cannot be stacked: {name!r} has no shape before the first batch. Use a "
                "layer that is told its number of inputs."
            )
        kinds = [None if v is None else (tuple(v.shape), v.dtype, v.requires_grad) for v in pair]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"Members cannot be stacked: {name!r} is {kinds[0]} in member 0 and {kinds[1]} in "
                f"member {number} (shape, type, whether it is trained)."
            )


def _check_values(name: str, ours: dict[str, Any], theirs: dict[str, Any], number: int) -> None:
    for attribute in ours.keys() | theirs.keys():
        if not _same(ours.get(attribute), theirs.get(attribute)):
            raise ValueError(
                f"Members cannot be stacked: {attribute!r} of module {name!r} is not the same in "
                f"members 0 and {number}. What differs between members has to be a parameter or a "
                "buffer (register_buffer), and only that; torch's recurrent layers keep more."
            )


def _same(value: Any, other: Any) -> bool:
    """Whether plain values are equal; what is no plain value is taken to be."""
    if isinstance(value, Tensor | np.ndarray):
        return type(value) is type(other) and np.array_equal(_array(value), _array(other))
    if isinstance(value, _VALUES) or isinstance(other, _VALUES):
        return value == other or (value != value and other != other)
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return len(value) == len(other) and all(map(_same, value, other))
    return True


def _array(values: Any) -> Any:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else values
