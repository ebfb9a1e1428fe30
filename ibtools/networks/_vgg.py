"""A small network of the VGG kind, for images of 32 x 32."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from ibtools.networks._activations import Activation, activation_maker
from ibtools.networks._initialization import initialize_weights
from ibtools.networks._layer_sequence import LayerSequence


class SmallVGG(LayerSequence):
    """Blocks of two 3 x 3 convolutions and a pooling, then one fully connected hidden layer.

    ``hidden1``, ``hidden2``, ... are the activations in the order of execution, two in each block;
    ``pool1``, ``pool2``, ... end the blocks and halve height and width.

    Parameters
    ----------
    n_filters : sequence of int, default=(32, 64, 128)
        Number of filters in each block. Images of 32 x 32 can be halved five times.

    activation : str or callable, default="relu"
        Activation, see :class:`ibtools.MLP`.

    image_size : int, default=32
        Height and width of the images, a multiple of 2 to the power of the number of blocks.

    n_channels : int, default=3
        Channels of the images.

    n_classes : int, default=10
        Number of classes, that of the logits.

    n_units : int, default=128
        Units of the fully connected hidden layer.

    batch_norm : bool, default=True
        Whether each convolution is followed by batch normalisation.

    init : {"fan_in", "fan_out", "orthogonal", "torch"}, default="torch"
        Initialisation of the weights, see :func:`ibtools.networks.initialize_weights`.

    Raises
    ------
    ValueError
        If the images cannot be halved so often, or a number is not positive.

    References
    ----------
    K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image
    recognition", ICLR 2015, arXiv:1409.1556.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import SmallVGG
    >>> SmallVGG(n_filters=(8, 16))(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        n_filters: Sequence[int] = (32, 64, 128),
        activation: Activation = "relu",
        *,
        image_size: int = 32,
        n_channels: int = 3,
        n_classes: int = 10,
        n_units: int = 128,
        batch_norm: bool = True,
        init: str = "torch",
    ) -> None:
        if not len(n_filters) or min(*n_filters, image_size, n_channels, n_classes, n_units) < 1:
            raise ValueError(
                "n_filters, image_size, n_channels, n_classes and n_units must be positive, got "
                f"{n_filters!r}, {image_size!r}, {n_channels!r}, {n_classes!r} and {n_units!r}."
            )
        width, rest = divmod(image_size, 2 ** len(n_filters))
        if rest or not width:
            raise ValueError(
                f"Images of {image_size} x {image_size} cannot be halved {len(n_filters)} times: "
                "give fewer n_filters or another image_size."
            )
        make = activation_maker(activation)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        n_in = n_channels
        for block, n_out in enumerate(n_filters, start=1):
            for k in (2 * block - 1, 2 * block):
                layers[f"convolution{k}"] = nn.Conv2d(n_in, n_out, 3, padding=1)
                if batch_norm:
                    layers[f"norm{k}"] = nn.BatchNorm2d(n_out)
                layers[f"hidden{k}"] = make()
                n_in = n_out
            layers[f"pool{block}"] = nn.MaxPool2d(2)
        layers["flatten"] = nn.Flatten()
        layers["linear1"] = nn.Linear(n_in * width**2, n_units)
        layers[f"hidden{2 * len(n_filters) + 1}"] = make()
        layers["linear2"] = nn.Linear(n_units, n_classes)
        super().__init__(layers)
        initialize_weights(self, init)
