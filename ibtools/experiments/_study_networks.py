"""Section [network] of a study: kinds of networks and their fields.

The text below a field is what an editor shows for it, through the JSON schema.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from ibtools.experiments._settings import PlaneSettings
from ibtools.experiments._study_fields import (
    MOST_LAYERS,
    Activation,
    Activations,
    Init,
    Interval,
    Kinds,
    Pair,
    Section,
    Sizes,
    Units,
)

DEFAULT = PlaneSettings()


class PerceptronNetwork(Section):
    """Multilayer perceptron."""

    kind: Literal["mlp"] = "mlp"
    """What kind of network."""

    hidden: Sizes = DEFAULT.hidden
    """Units of the hidden layers."""

    activation: Activations = "tanh"
    """Activation of the hidden layers: one for all, or a list with one for each."""

    init: Init = "fan_in"
    """Initialisation of the weights."""


class NoisyNetwork(PerceptronNetwork):
    """Multilayer perceptron with Gaussian noise on every hidden unit."""

    kind: Literal["noisy_mlp"]  # type: ignore[assignment]
    """What kind of network."""

    noise_std: Annotated[float, Field(ge=0)] = 0.1
    """Standard deviation of the noise."""


class QuantizedNetwork(PerceptronNetwork):
    """Multilayer perceptron whose hidden units take a few values."""

    kind: Literal["quantized_mlp"]  # type: ignore[assignment]
    """What kind of network."""

    n_levels: Annotated[int, Field(ge=2, le=2**24)] = 256
    """Number of values of each hidden unit."""

    bounds: Interval | None = None
    """Interval of the values. Without it, that of the activation, tanh or sigmoid."""


class LeNetNetwork(Section):
    """LeNet-5, for images of 28 x 28 or 32 x 32."""

    kind: Literal["lenet5"]
    """What kind of network."""

    n_filters: Pair = (6, 12)
    """Filters of the two convolutions."""

    n_units: Pair = (120, 84)
    """Units of the two fully connected hidden layers."""

    activation: Activations = "sigmoid"
    """Activation: one for all, or a list of four."""

    pooling: Literal["max", "average"] = "max"
    """How 2 x 2 values become one."""

    init: Init = "torch"
    """Initialisation of the weights."""


class VGGNetwork(Section):
    """Blocks of two convolutions and a pooling, then one fully connected hidden layer."""

    kind: Literal["small_vgg"]
    """What kind of network."""

    n_filters: Sizes = (32, 64)
    """Filters in each block, each of which halves height and width."""

    n_units: Units = 128
    """Units of the fully connected hidden layer."""

    activation: Activation = "relu"
    """Activation of all layers."""

    batch_norm: bool = True
    """Whether each convolution is followed by batch normalisation."""

    init: Init = "torch"
    """Initialisation of the weights."""


class ResidualNetwork(Section):
    """Small residual network for images."""

    kind: Literal["small_resnet"]
    """What kind of network."""

    n_filters: Sizes = (16, 32, 64)
    """Channels of the stages."""

    n_blocks: Annotated[int, Field(ge=1, le=MOST_LAYERS)] = 1
    """Residual blocks in each stage."""

    activation: Activation = "relu"
    """Activation of all layers."""


class InvertibleNetwork(Section):
    """Network of coupling layers, which cannot lose information."""

    kind: Literal["invertible_mlp"]
    """What kind of network."""

    n_layers: Annotated[int, Field(ge=1, le=MOST_LAYERS)] = 4
    """Number of coupling layers."""

    n_hidden: Units = 32
    """Hidden units inside each coupling."""

    activation: Activation = "relu"
    """Activation inside the couplings."""


NETWORKS = Kinds(
    "kind",
    "mlp",
    {
        "mlp": PerceptronNetwork,
        "noisy_mlp": NoisyNetwork,
        "quantized_mlp": QuantizedNetwork,
        "lenet5": LeNetNetwork,
        "small_vgg": VGGNetwork,
        "small_resnet": ResidualNetwork,
        "invertible_mlp": InvertibleNetwork,
    },
)

Network: TypeAlias = Annotated[
    Annotated[PerceptronNetwork, Tag("PerceptronNetwork")]
    | Annotated[NoisyNetwork, Tag("NoisyNetwork")]
    | Annotated[QuantizedNetwork, Tag("QuantizedNetwork")]
    | Annotated[LeNetNetwork, Tag("LeNetNetwork")]
    | Annotated[VGGNetwork, Tag("VGGNetwork")]
    | Annotated[ResidualNetwork, Tag("ResidualNetwork")]
    | Annotated[InvertibleNetwork, Tag("InvertibleNetwork")],
    Discriminator(NETWORKS.tag),
]


def default_layers(network: Network) -> list[str] | None:
    """Patterns of the hidden layers of a network.

    Parameters
    ----------
    network : Network
        Section of the network.

    Returns
    -------
    layers : list of str or None
        None where the activations are the hidden layers.
    """
    if isinstance(network, ResidualNetwork):
        return _numbered("block", len(network.n_filters) * network.n_blocks)
    if isinstance(network, InvertibleNetwork):
        return _numbered("hidden", network.n_layers)
    if isinstance(network, NoisyNetwork | QuantizedNetwork | LeNetNetwork):
        return ["hidden*"]
    return None


def _numbered(name: str, n_layers: int) -> list[str]:
    """Patterns of numbered layers, without the layers inside them."""
    return [name + "?" * n_digits for n_digits in range(1, len(str(n_layers)) + 1)]
