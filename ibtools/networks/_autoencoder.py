"""Stacked autoencoders with a bottleneck of chosen size."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from ibtools.networks._activations import Activation, activation_maker
from ibtools.networks._initialization import initialize_weights
from ibtools.networks._layer_sequence import LayerSequence


class Autoencoder(LayerSequence):
    """Stacked autoencoder: an encoder down to a bottleneck, and a decoder that mirrors it.

    The activations are ``encoder1``, ``encoder2``, ..., ``bottleneck``, ``decoder1``, ... in the
    order of execution; the last layer, ``reconstruction``, is linear or a sigmoid. Train it with
    ``skorch.NeuralNetRegressor`` and the input as target.

    Parameters
    ----------
    sizes : sequence of int
        Units of the input, of the encoder's hidden layers and of the bottleneck, such as
        (784, 1000, 500, 250, 2). The decoder has the same in reverse.

    activation : str or callable, default="sigmoid"
        Activation of all layers but the bottleneck and the output, see :class:`ibtools.MLP`.

    bottleneck_activation : str or callable, default="linear"
        Activation of the bottleneck.

    output : {"linear", "sigmoid"}, default="linear"
        "sigmoid" for inputs between 0 and 1.

    init : {"fan_in", "fan_out", "orthogonal", "torch"}, default="fan_in"
        Initialisation of the weights, see :func:`ibtools.networks.initialize_weights`.

    Raises
    ------
    ValueError
        If there are fewer than two sizes, a size is not positive, or a name is unknown.

    References
    ----------
    S. Yu and J. C. Principe, "Understanding autoencoders with information theoretic concepts",
    Neural Networks 117, 2019, arXiv:1804.00057.

    Examples
    --------
    >>> from ibtools.networks import Autoencoder
    >>> [name for name, _ in Autoencoder((8, 4, 2)).named_children() if "linear" not in name]
    ['encoder1', 'bottleneck', 'decoder1', 'reconstruction']
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation = "sigmoid",
        *,
        bottleneck_activation: Activation = "linear",
        output: str = "linear",
        init: str = "fan_in",
    ) -> None:
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must be two or more positive numbers of units, got {sizes!r}.")
        if output not in ("linear", "sigmoid"):
            raise ValueError(f"output must be 'linear' or 'sigmoid', got {output!r}.")
        depth = len(sizes) - 1
        hidden = {f"encoder{k}": activation for k in range(1, depth)}
        hidden["bottleneck"] = bottleneck_activation
        hidden |= {f"decoder{k}": activation for k in range(1, depth)}
        hidden["reconstruction"] = output
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        units = pairwise([*sizes, *reversed(sizes[:-1])])
        for k, ((n_in, n_out), name) in enumerate(zip(units, hidden, strict=True), start=1):
            layers[f"linear{k}"] = nn.Linear(n_in, n_out)
            layers[name] = activation_maker(hidden[name])()
        super().__init__(layers)
        initialize_weights(self, init)
