"""Networks whose hidden units take a few values only, so that their information is exact."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ibtools.networks._activations import Activation
from ibtools.networks._mlp import MLP

_BOUNDS = {nn.Tanh: (-1.0, 1.0), nn.Sigmoid: (0.0, 1.0)}


class Quantize(nn.Module):
    """Every unit takes the nearest of `n_levels` values; gradients pass as if it did not.

    The interval `bounds` is cut into `n_levels` equal bins, and a value becomes the middle of its
    bin, as the bins of ``BinnedMI(n_bins=n_levels, bounds=bounds)`` are. The gradient is that of
    clipping to the interval [1]_.

    Parameters
    ----------
    n_levels : int
        Number of values of each unit; 2 ** b for units of b bits.

    bounds : (float, float), default=(-1, 1)
        The interval that is cut. Values outside go to the first or the last level.

    Raises
    ------
    ValueError
        If there are fewer than two levels, or the bounds are no interval.

    See Also
    --------
    ibtools.BinnedMI : With matching bins it measures such a layer exactly.

    References
    ----------
    .. [1] Y. Bengio, N. Léonard and A. Courville, "Estimating or propagating gradients through
       stochastic neurons for conditional computation", arXiv:1308.3432, 2013.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import Quantize
    >>> Quantize(4)(torch.tensor([-3.0, -0.1, 0.1, 0.6]))
    tensor([-0.7500, -0.2500,  0.2500,  0.7500])
    """

    def __init__(self, n_levels: int, bounds: tuple[float, float] = (-1.0, 1.0)) -> None:
        super().__init__()
        if n_levels < 2:
            raise ValueError(f"n_levels must be 2 or more, got {n_levels!r}.")
        low, high = bounds
        if not -float("inf") < low < high < float("inf"):
            raise ValueError(f"bounds must be two numbers, the lower one first, got {bounds!r}.")
        self.n_levels = n_levels
        self.bounds = (float(low), float(high))

    def forward(self, x: Tensor) -> Tensor:
        """Move every value to the middle of its bin."""
        low, high = self.bounds
        width = (high - low) / self.n_levels
        codes = torch.floor((x.detach() - low) / width).clamp(0, self.n_levels - 1)
        inside = x.clamp(low, high)
        # In this order the difference is zero and the levels are exact.
        return low + width * (codes + 0.5) + (inside - inside.detach())

    def extra_repr(self) -> str:
        """Levels and bounds, in the module's representation."""
        return f"n_levels={self.n_levels}, bounds={self.bounds}"


class QuantizedMLP(MLP):
    """Multilayer perceptron whose hidden units take one of `n_levels` values.

    The modules are called ``linear1``, ``activation1``, ``hidden1``, ``linear2``, ... in the order
    of execution, ``hiddenK`` being the K-th hidden layer after quantisation. What such a layer
    keeps is finite and exact, without a bin width that is chosen afterwards [1]_.

    Parameters
    ----------
    sizes : sequence of int
        Number of units of the input, of every hidden layer and of the output.

    activation : str, callable or sequence of them, default="tanh"
        Activation of the hidden layers, as in :class:`ibtools.MLP`.

    n_levels : int, default=256
        Number of values of each hidden unit; 2 ** b for units of b bits.

    bounds : (float, float), default=None
        The interval of the levels. None takes that of each activation, which has to be tanh or
        sigmoid.

    init : {"fan_in", "fan_out", "orthogonal", "torch"}, default="fan_in"
        Initialisation of the weights, see :func:`ibtools.networks.initialize_weights`.

    output : {"logits", "probabilities"}, default="logits"
        What the network gives, as in :class:`ibtools.MLP`.

    Raises
    ------
    ValueError
        If the bounds of an activation are not known, or as :class:`Quantize` and
        :class:`ibtools.MLP` do.

    See Also
    --------
    ibtools.BinnedMI : With matching bins it measures the hidden layers exactly.

    Notes
    -----
    Record the plane with the bins that are the levels, ``InfoPlaneCallback(BinnedMI(n_bins=256,
    bounds=(-1, 1)), layers="hidden*")``.

    References
    ----------
    .. [1] S. S. Lorenzen, C. Igel and M. Nielsen, "Information bottleneck: exact analysis of
       (quantized) neural networks", ICLR 2022.

    Examples
    --------
    >>> from ibtools.networks import QuantizedMLP
    >>> module = QuantizedMLP((12, 4, 3, 2), n_levels=16)
    >>> [name for name, _ in module.named_children()][:4]
    ['linear1', 'activation1', 'hidden1', 'linear2']
    >>> module.hidden1
    Quantize(n_levels=16, bounds=(-1.0, 1.0))
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation | Sequence[Activation] = "tanh",
        *,
        n_levels: int = 256,
        bounds: tuple[float, float] | None = None,
        init: str = "fan_in",
        output: str = "logits",
    ) -> None:
        super().__init__(sizes, activation, init=init, output=output)
        layers = dict(self.named_children())
        for name in layers:
            delattr(self, name)
        for name, layer in layers.items():
            if name.startswith("hidden"):
                self.add_module(name.replace("hidden", "activation"), layer)
                layer = Quantize(n_levels, _bounds_of(layer) if bounds is None else bounds)
            self.add_module(name, layer)


def _bounds_of(activation: nn.Module) -> tuple[float, float]:
    if type(activation) not in _BOUNDS:
        raise ValueError(
            f"The levels of {type(activation).__name__} units need an interval: pass bounds=(low, "
            "high)."
        )
    return _BOUNDS[type(activation)]
