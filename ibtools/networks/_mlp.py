"""The multilayer perceptron of the information-plane papers."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from ibtools.networks._activations import Activation, activation_makers
from ibtools.networks._initialization import initialize_weights
from ibtools.networks._layer_sequence import LayerSequence


class MLP(LayerSequence):
    """Multilayer perceptron whose hidden representations have names.

    The modules are called ``linear1``, ``hidden1``, ``linear2``, ``hidden2``, ... in the order of
    execution, ``hiddenK`` being the activation of the K-th hidden layer.

    Parameters
    ----------
    sizes : sequence of int
        Number of units of the input, of every hidden layer and of the output. The network of [1]_
        is (12, 10, 7, 5, 4, 3, 2).

    activation : str, callable or sequence of them, default="tanh"
        Activation of the hidden layers, one for all or one for each: "tanh", "relu", "leaky_relu",
        "sigmoid", "linear", or a callable without arguments that makes a module.

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
        activation: Activation | Sequence[Activation] = "tanh",
        *,
        init: str = "fan_in",
        output: str = "logits",
    ) -> None:
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must be two or more positive numbers of units, got {sizes!r}.")
        if output not in ("logits", "probabilities"):
            raise ValueError(f"output must be 'logits' or 'probabilities', got {output!r}.")
        makers = activation_makers(activation, n_hidden=len(sizes) - 2)
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
