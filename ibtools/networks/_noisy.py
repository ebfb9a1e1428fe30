"""Networks with Gaussian noise in every hidden layer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ibtools.networks._activations import Activation
from ibtools.networks._mlp import MLP


class GaussianNoise(nn.Module):
    """Noise of fixed size that is added to every unit, T = S + Z with Z ~ N(0, noise_std² I).

    Unlike dropout, the noise is part of the network: it is there in training and in evaluation,
    so that I(X;T) is finite. :func:`ibtools.networks.without_noise` takes it out for a while.

    Parameters
    ----------
    noise_std : float
        Standard deviation of the noise.

    Attributes
    ----------
    is_silent : bool
        Whether what comes in is given unchanged.

    Raises
    ------
    ValueError
        If `noise_std` is negative or not finite.

    See Also
    --------
    ibtools.SamplePropagationMI : Measures I(X;T) of such a layer from what comes into it.

    Notes
    -----
    Z is drawn from torch's global random stream, anew in every pass.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import GaussianNoise, without_noise
    >>> layer = GaussianNoise(0.1).eval()
    >>> S = torch.zeros(10000)
    >>> round(float(layer(S).std()), 1)
    0.1
    >>> with without_noise(layer):
    ...     bool((layer(S) == S).all())
    True
    """

    def __init__(self, noise_std: float) -> None:
        super().__init__()
        if not 0 <= noise_std < float("inf"):
            raise ValueError(f"noise_std must be a number from 0, got {noise_std!r}.")
        self.noise_std = noise_std
        self.is_silent = False

    def forward(self, x: Tensor) -> Tensor:
        """Add noise."""
        return x if self.is_silent else x + self.noise_std * torch.randn_like(x)

    def extra_repr(self) -> str:
        """Standard deviation, in the module's representation."""
        return f"noise_std={self.noise_std}"


@contextmanager
def without_noise(module: nn.Module) -> Iterator[None]:
    """Make a network deterministic: its layers of Gaussian noise add none inside the block.

    Parameters
    ----------
    module : torch.nn.Module
        A network, for instance ``net.module_`` of a fitted net.

    Yields
    ------
    None
        The network adds no noise until the block ends, also by an error.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import NoisyMLP, without_noise
    >>> module = NoisyMLP((12, 4, 2), noise_std=0.5)
    >>> with without_noise(module), torch.no_grad():
    ...     bool((module(torch.ones(1, 12)) == module(torch.ones(1, 12))).all())
    True
    """
    layers = [layer for layer in module.modules() if isinstance(layer, GaussianNoise)]
    before = [layer.is_silent for layer in layers]
    try:
        for layer in layers:
            layer.is_silent = True
        yield
    finally:
        for layer, was_silent in zip(layers, before, strict=True):
            layer.is_silent = was_silent


class NoisyMLP(MLP):
    """Multilayer perceptron with Gaussian noise on every hidden unit.

    The modules are called ``linear1``, ``hidden1``, ``noise1``, ``linear2``, ... in the order of
    execution. ``hiddenK`` is the K-th hidden layer before its own noise, which is what
    :class:`ibtools.SamplePropagationMI` takes; ``noiseK`` is what the next layer gets [1]_. The
    output has no noise of its own.

    Parameters
    ----------
    sizes : sequence of int
        Number of units of the input, of every hidden layer and of the output.

    activation : str, callable or sequence of them, default="tanh"
        Activation of the hidden layers, as in :class:`ibtools.MLP`.

    noise_std : float, default=0.1
        Standard deviation of the noise.

    init : {"fan_in", "fan_out", "orthogonal", "torch"}, default="fan_in"
        Initialisation of the weights, see :func:`ibtools.networks.initialize_weights`.

    output : {"logits", "probabilities"}, default="logits"
        What the network gives, as in :class:`ibtools.MLP`.

    Raises
    ------
    ValueError
        If `noise_std` is negative or not finite, or as :class:`ibtools.MLP` does.

    See Also
    --------
    ibtools.SamplePropagationMI : Measures I(X;T) of its layers.
    ibtools.networks.without_noise : Makes it deterministic for a while.

    Notes
    -----
    What the network predicts is random: two calls of `predict_proba` differ. From the second
    hidden layer on, S is random given X: record with ``InfoPlaneCallback(...,
    layers="hidden*", n_replicates=R)``.

    References
    ----------
    .. [1] Z. Goldfeld et al., "Estimating information flow in deep neural networks", ICML 2019.

    Examples
    --------
    >>> from ibtools.networks import NoisyMLP
    >>> [name for name, _ in NoisyMLP((12, 4, 3, 2), noise_std=0.01).named_children()]
    ['linear1', 'hidden1', 'noise1', 'linear2', 'hidden2', 'noise2', 'linear3']
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation | Sequence[Activation] = "tanh",
        *,
        noise_std: float = 0.1,
        init: str = "fan_in",
        output: str = "logits",
    ) -> None:
        super().__init__(sizes, activation, init=init, output=output)
        layers = dict(self.named_children())
        for name in layers:
            delattr(self, name)
        for name, layer in layers.items():
            self.add_module(name, layer)
            if name.startswith("hidden"):
                self.add_module(name.replace("hidden", "noise"), GaussianNoise(noise_std))
