"""An invertible network: a control that cannot lose information."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from ibtools.networks._activations import Activation, activation_maker
from ibtools.networks._layer_sequence import LayerSequence


class CouplingLayer(nn.Module):
    """Additive coupling: one half of the units is kept, and shifts the other half.

    With the units split into (a, b) the layer gives (b + m(a), a), m a network with one hidden
    layer. Its inverse is (u, v) -> (v, u - m(v)), whatever m is [1]_.

    Parameters
    ----------
    n_units : int
        Units before and after, two at least.

    n_hidden : int
        Hidden units of m.

    activation : str or callable, default="relu"
        Activation inside m, see :class:`ibtools.MLP`.

    References
    ----------
    .. [1] L. Dinh, D. Krueger and Y. Bengio, "NICE: non-linear independent components estimation",
       arXiv:1410.8516, 2014.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import CouplingLayer
    >>> layer = CouplingLayer(5, 8)
    >>> X = torch.randn(3, 5)
    >>> bool(torch.allclose(layer.inverse(layer(X)), X, atol=1e-6))
    True
    """

    def __init__(self, n_units: int, n_hidden: int, activation: Activation = "relu") -> None:
        super().__init__()
        if n_units < 2 or n_hidden < 1:
            raise ValueError(
                "A coupling needs two units at least and a hidden unit, got "
                f"n_units={n_units!r} and n_hidden={n_hidden!r}."
            )
        self.n_kept = n_units // 2
        self.shift = nn.Sequential(
            nn.Linear(self.n_kept, n_hidden),
            activation_maker(activation)(),
            nn.Linear(n_hidden, n_units - self.n_kept),
        )

    def forward(self, X: Tensor) -> Tensor:
        """Apply the layer.

        Parameters
        ----------
        X : Tensor of shape (n_samples, n_units)
            Input.

        Returns
        -------
        T : Tensor of shape (n_samples, n_units)
            Output, from which the input can be had back.
        """
        kept, shifted = X[:, : self.n_kept], X[:, self.n_kept :]
        return torch.cat([shifted + self.shift(kept), kept], dim=1)

    def inverse(self, T: Tensor) -> Tensor:
        """Recover the input.

        Parameters
        ----------
        T : Tensor of shape (n_samples, n_units)
            Output of the layer.

        Returns
        -------
        X : Tensor of shape (n_samples, n_units)
            Its input, but for rounding.
        """
        n_shifted = T.shape[1] - self.n_kept
        shifted, kept = T[:, :n_shifted], T[:, n_shifted:]
        return torch.cat([kept, shifted - self.shift(kept)], dim=1)


class InvertibleMLP(LayerSequence):
    """Classifier on invertible layers: no hidden representation loses information.

    ``hidden1``, ``hidden2``, ... are coupling layers with as many units as the input; a linear
    layer gives the logits. Whatever compression a plane of this network shows, the estimator has
    made [1]_. Record it with ``InfoPlaneCallback(layers="hidden?")``, and from ten layers on with
    ``layers=["hidden?", "hidden??"]``.

    Parameters
    ----------
    n_units : int
        Units of the input and of every hidden layer, two at least.

    n_layers : int, default=4
        Number of coupling layers.

    n_hidden : int, default=32
        Hidden units inside each coupling.

    activation : str or callable, default="relu"
        Activation inside the couplings, see :class:`ibtools.MLP`.

    n_classes : int, default=2
        Number of classes, that of the logits.

    References
    ----------
    .. [1] J.-H. Jacobsen, A. W. M. Smeulders and E. Oyallon, "i-RevNet: deep invertible networks",
       ICLR 2018, arXiv:1802.07088.

    Examples
    --------
    >>> import torch
    >>> from ibtools.networks import InvertibleMLP
    >>> module = InvertibleMLP(12)
    >>> X = torch.randn(3, 12)
    >>> T = module.hidden2(module.hidden1(X))
    >>> bool(torch.allclose(module.hidden1.inverse(module.hidden2.inverse(T)), X, atol=1e-5))
    True
    """

    def __init__(
        self,
        n_units: int,
        n_layers: int = 4,
        *,
        n_hidden: int = 32,
        activation: Activation = "relu",
        n_classes: int = 2,
    ) -> None:
        if n_layers < 1:
            raise ValueError(f"n_layers must be at least 1, got {n_layers!r}.")
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for k in range(1, n_layers + 1):
            layers[f"hidden{k}"] = CouplingLayer(n_units, n_hidden, activation)
        layers["linear"] = nn.Linear(n_units, n_classes)
        super().__init__(layers)
