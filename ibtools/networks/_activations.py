"""Activations by name."""

from collections.abc import Callable, Sequence

from torch import nn

Activation = str | Callable[[], nn.Module]


class LinearActivation(nn.Identity):
    """The activation of a linear layer: what goes in comes out, and can be captured."""


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "sigmoid": nn.Sigmoid,
    "linear": LinearActivation,
}


def activation_maker(activation: Activation) -> Callable[[], nn.Module]:
    """Resolve an activation.

    Parameters
    ----------
    activation : str or callable
        "tanh", "relu", "leaky_relu", "sigmoid" or "linear", or a callable without arguments that
        makes a module.

    Returns
    -------
    make : callable
        Makes a new module of the activation.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if callable(activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {list(ACTIVATIONS)}, got {activation!r}.")
    return ACTIVATIONS[activation]


def activation_makers(
    activation: Activation | Sequence[Activation], n_hidden: int
) -> list[Callable[[], nn.Module]]:
    """Resolve one activation for all hidden layers, or one for each.

    Parameters
    ----------
    activation : str, callable or sequence of them
        See `activation_maker`.
    n_hidden : int
        Number of hidden layers.

    Returns
    -------
    makers : list of callable
        One for each hidden layer.

    Raises
    ------
    ValueError
        If a name is unknown, or the number of activations is not that of the layers.
    """
    if isinstance(activation, str) or callable(activation):
        activation = [activation] * n_hidden
    if len(activation) != n_hidden:
        raise ValueError(
            f"activation names {len(activation)} layers, but there are {n_hidden} hidden layers."
        )
    return [activation_maker(each) for each in activation]
