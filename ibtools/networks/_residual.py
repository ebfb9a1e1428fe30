"""A small residual network, for images of 32 x 32."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from ibtools.networks._activations import Activation, activation_maker
from ibtools.networks._layer_sequence import LayerSequence


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions whose result is added to the input: f(x + g(x)), f the activation.

    Parameters
    ----------
    n_in, n_out : int
        Channels before and after; a 1 x 1 convolution brings x to `n_out` where they differ.

    stride : int, default=1
        By which height and width are divided.

    activation : str or callable, default="relu"
        Activation, see :class:`ibtools.MLP`.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import ResidualBlock
    >>> ResidualBlock(4, 8, stride=2)(torch.zeros(1, 4, 6, 6)).shape
    torch.Size([1, 8, 3, 3])
    """

    def __init__(
        self, n_in: int, n_out: int, *, stride: int = 1, activation: Activation = "relu"
    ) -> None:
        super().__init__()
        make = activation_maker(activation)
        self.residual = nn.Sequential(
            OrderedDict(
                convolution1=nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False),
                norm1=nn.BatchNorm2d(n_out),
                inner=make(),
                convolution2=nn.Conv2d(n_out, n_out, 3, padding=1, bias=False),
                norm2=nn.BatchNorm2d(n_out),
            )
        )
        self.shortcut: nn.Module = nn.Identity()
        if n_in != n_out or stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )
        self.outer = make()

    def forward(self, X: Tensor) -> Tensor:
        """Add the residual to the input.

        Parameters
        ----------
        X : Tensor of shape (n_samples, n_in, height, width)
            Images or maps.

        Returns
        -------
        maps : Tensor of shape (n_samples, n_out, height / stride, width / stride)
            Activations.
        """
        maps: Tensor = self.outer(self.shortcut(X) + self.residual(X))
        return maps


class SmallResNet(LayerSequence):
    """Residual network for small images: a convolution, stages of residual blocks, a linear layer.

    The representation after the k-th block is ``blockK``: record them with
    ``InfoPlaneCallback(layers="block?")``, and from ten blocks on with
    ``layers=["block?", "block??"]``. Information can pass a block unchanged, so the planes of
    residual networks need not look like those of chains.

    Parameters
    ----------
    n_filters : sequence of int, default=(16, 32, 64)
        Channels of the stages; each stage but the first halves height and width.

    n_blocks : int, default=1
        Residual blocks in each stage: 1, 2 and 3 give networks of 8, 14 and 20 layers with three
        stages [1]_.

    activation : str or callable, default="relu"
        Activation, see :class:`ibtools.MLP`.

    n_channels : int, default=3
        Channels of the images.

    n_classes : int, default=10
        Number of classes, that of the logits.

    Raises
    ------
    ValueError
        If a number is not positive.

    References
    ----------
    .. [1] K. He et al., "Deep residual learning for image recognition", CVPR 2016,
       arXiv:1512.03385.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import SmallResNet
    >>> SmallResNet(n_filters=(4, 8))(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        n_filters: Sequence[int] = (16, 32, 64),
        n_blocks: int = 1,
        activation: Activation = "relu",
        *,
        n_channels: int = 3,
        n_classes: int = 10,
    ) -> None:
        if not len(n_filters) or min(*n_filters, n_blocks, n_channels, n_classes) < 1:
            raise ValueError(
                "n_filters, n_blocks, n_channels and n_classes must be positive, got "
                f"{n_filters!r}, {n_blocks!r}, {n_channels!r} and {n_classes!r}."
            )
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            convolution=nn.Conv2d(n_channels, n_filters[0], 3, padding=1, bias=False),
            norm=nn.BatchNorm2d(n_filters[0]),
            stem=activation_maker(activation)(),
        )
        n_in = n_filters[0]
        for stage, n_out in enumerate(n_filters):
            for k in range(n_blocks):
                stride = 2 if stage and not k else 1
                block = ResidualBlock(n_in, n_out, stride=stride, activation=activation)
                layers[f"block{stage * n_blocks + k + 1}"] = block
                n_in = n_out
        layers["pool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers["linear"] = nn.Linear(n_in, n_classes)
        super().__init__(layers)
