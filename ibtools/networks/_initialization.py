"""Initialisations of the papers' networks."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn


def _truncated_normal(weight: Tensor, fan: int) -> None:
    std = 1 / math.sqrt(fan)
    nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)


def _fan_in(weight: Tensor) -> None:
    _truncated_normal(weight, weight[0].numel())


def _fan_out(weight: Tensor) -> None:
    _truncated_normal(weight, weight.numel() // weight.shape[1])


_SCHEMES: dict[str, Callable[[Tensor], object]] = {
    "fan_in": _fan_in,
    "fan_out": _fan_out,
    "orthogonal": nn.init.orthogonal_,
}


def initialize_weights(module: nn.Module, scheme: str = "fan_in") -> nn.Module:
    """Initialise the linear and convolutional layers of a module in place.

    Parameters
    ----------
    module : torch.nn.Module
        The module.
    scheme : {"fan_in", "fan_out", "orthogonal", "torch"}
        "fan_in" and "fan_out" draw weights from a normal distribution of standard deviation
        1 / sqrt(fan), truncated at two standard deviations; "orthogonal" draws orthogonal weight
        matrices; all three set biases to zero. "torch" leaves what torch has drawn.

    Returns
    -------
    module : torch.nn.Module
        The same module.

    Raises
    ------
    ValueError
        If the scheme is unknown.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import initialize_weights
    >>> layer = initialize_weights(torch.nn.Linear(100, 3))
    >>> bool(layer.weight.abs().max() <= 0.2), float(layer.bias.detach().sum())
    (True, 0.0)
    """
    if scheme == "torch":
        return module
    if scheme not in _SCHEMES:
        raise ValueError(f"init must be one of {sorted([*_SCHEMES, 'torch'])}, got {scheme!r}.")
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
                _SCHEMES[scheme](layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
    return module
