"""The convolutional network of the papers on matrix-based Renyi information."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from ibtools.networks._activations import Activation, activation_makers
from ibtools.networks._initialization import initialize_weights
from ibtools.networks._layer_sequence import LayerSequence

_POOLINGS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}


class LeNet5(LayerSequence):
    """LeNet-5: two convolutions of 5 x 5, two poolings and two fully connected hidden layers.

    The six hidden representations are called ``hidden1`` to ``hidden6``, in the order of execution:
    convolution, pooling, convolution, pooling, fully connected, fully connected. Record them all
    with ``InfoPlaneCallback(layers="hidden*")``; without `layers` the callback takes the four that
    are activations.

    Parameters
    ----------
    n_filters : pair of int, default=(6, 12)
        Number of filters of the convolutions.

    activation : str, callable or sequence of four of them, default="sigmoid"
        Activation after the convolutions and the fully connected layers, see :class:`ibtools.MLP`.

    image_size : {28, 32}, default=28
        Height and width of the images; those of 28 are padded by 2 on each side.

    n_channels : int, default=1
        Channels of the images: 1 for grey ones, 3 for colours.

    n_classes : int, default=10
        Number of classes, that of the logits.

    n_units : pair of int, default=(120, 84)
        Units of the fully connected layers.

    pooling : {"max", "average"}, default="max"
        Of 2 x 2 values into one.

    init : {"fan_in", "fan_out", "orthogonal", "torch"}, default="torch"
        Initialisation of the weights, see :func:`ibtools.networks.initialize_weights`.

    Raises
    ------
    ValueError
        If a parameter is none of these.

    See Also
    --------
    ibtools.MLP : The network of the 4096-pattern task.

    References
    ----------
    Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86, 1998;
    S. Yu et al., "Understanding convolutional neural networks with information theory: an initial
    exploration", IEEE TNNLS 32, 2021, arXiv:1804.06537.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import LeNet5
    >>> LeNet5(n_filters=(6, 12))(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        n_filters: tuple[int, int] = (6, 12),
        activation: Activation | Sequence[Activation] = "sigmoid",
        *,
        image_size: int = 28,
        n_channels: int = 1,
        n_classes: int = 10,
        n_units: tuple[int, int] = (120, 84),
        pooling: str = "max",
        init: str = "torch",
    ) -> None:
        if image_size not in (28, 32):
            raise ValueError(f"image_size must be 28 or 32, got {image_size!r}.")
        if pooling not in _POOLINGS:
            raise ValueError(f"pooling must be one of {list(_POOLINGS)}, got {pooling!r}.")
        if len(n_filters) != 2 or len(n_units) != 2 or min(*n_filters, *n_units) < 1:
            raise ValueError(
                "n_filters and n_units must be two positive numbers each, got "
                f"{n_filters!r} and {n_units!r}."
            )
        make = activation_makers(activation, n_hidden=4)
        pool, (first, second) = _POOLINGS[pooling], n_filters
        layers = OrderedDict(
            convolution1=nn.Conv2d(n_channels, first, 5, padding=(32 - image_size) // 2),
            hidden1=make[0](),
            hidden2=pool(2),
            convolution2=nn.Conv2d(first, second, 5),
            hidden3=make[1](),
            hidden4=pool(2),
            flatten=nn.Flatten(),
            linear1=nn.Linear(second * 5 * 5, n_units[0]),
            hidden5=make[2](),
            linear2=nn.Linear(n_units[0], n_units[1]),
            hidden6=make[3](),
            linear3=nn.Linear(n_units[1], n_classes),
        )
        super().__init__(layers)
        initialize_weights(self, init)
