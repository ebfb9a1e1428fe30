"""The multilayer perceptron of the information-plane papers."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import nn

from ibtools.networks._initialization import initialize_weights


class LinearActivation(nn.Identity):
    """The activation of a linear layer: what goes in comes out, and can be captured."""


_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "linear": LinearActivation,
}


class MLP(nn.Sequential):
    """Multilayer perceptron whose hidden representations have names.

    The modules are called ``linear1``, ``hidden1``, ``linear2``, ``hidden2``, ... in the order of
    execution, ``hiddenK`` being the activation of the K-th hidden layer.

    Parameters
    ----------
    sizes : sequence of int
        Number of units of the input, of every hidden layer and of the output. The network of [1]_
        is (12, 10, 7, 5, 4, 3, 2).

    activation : str, callable or sequence of them, default="tanh"
        Activation of the hidden layers, one for all or one for each: "tanh", "relu", "sigmoid",
        "linear", or a callable without arguments that makes a module.

    init : {"fan_in", "fan_out", "orthogonal", "torch"}, default="fan_in"
        Initialisation of the weights, see :func:`ibtools.networks.initialize_weights`.

    output : {"logits", "probabilities"}, default="logits"
        What the network gives: logits for ``torch.nn.CrossEntropyLoss``, or probabilities (a
        softmax named ``softmax`` ends the network) for skorch's ``torch.nn.NLLLoss``.

    Raises
    ------
    ValueError
        If a size is not positive, or the number of activations does not fit, or a name is unknown.

    References
    ----------
    .. [1] R. Shwartz-Ziv and N. Tishby, "Opening the black box of deep neural networks via
       information", arXiv:1703.00810, 2017.

    Examples
    --------
    >>> from ibtools import MLP
    >>> [name for name, _ in MLP((12, 4, 3, 2)).named_children()]
    ['linear1', 'hidden1', 'linear2', 'hidden2', 'linear3']
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str
        | Callable[[], nn.Module]
        | Sequence[str | Callable[[], nn.Module]] = "tanh",
        *,
        init: str = "fan_in",
        output: str = "logits",
    ) -> None:
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must be two or more positive numbers of units, got {sizes!r}.")
        if output not in ("logits", "probabilities"):
            raise ValueError(f"output must be 'logits' or 'probabilities', got {output!r}.")
        makers = _activation_makers(activation, n_hidden=len(sizes) - 2)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for k, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
            layers[f"linear{k}"] = nn.Linear(n_in, n_out)
            if k <= len(makers):
                layers[f"hidden{k}"] = makers[k - 1]()
        if output == "probabilities":
            layers["softmax"] = nn.Softmax(dim=-1)
        super().__init__(layers)
        self.output = output
        initialize_weights(self, init)


def _activation_makers(
    activation: str | Callable[[], nn.Module] | Sequence[str | Callable[[], nn.Module]],
    n_hidden: int,
) -> list[Callable[[], nn.Module]]:
    if isinstance(activation, str) or callable(activation):
        activation = [activation] * n_hidden
    if len(activation) != n_hidden:
        raise ValueError(
            f"activation names {len(activation)} layers, but there are {n_hidden} hidden layers."
        )
    return [name if callable(name) else _named_activation(name) for name in activation]


def _named_activation(name: str) -> Callable[[], nn.Module]:
    if name not in _ACTIVATIONS:
        raise ValueError(f"activation must be one of {list(_ACTIVATIONS)}, got {name!r}.")
    return _ACTIVATIONS[name]
