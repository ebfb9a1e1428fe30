"""Weights kept close to orthonormal while a network learns."""

from typing import Any, Self

import torch
from skorch.callbacks import Callback
from torch import Tensor, nn

_WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class OrthonormalWeights(Callback):
    """Pull the weights towards orthonormal matrices after every batch.

    After each step of the optimiser every weight matrix W takes the step
    W <- (1 + strength) W - strength W W^T W [1]_, that of gradient descent on
    strength / 4 ||W^T W - I||^2. It moves every singular value that is neither 0 nor too large
    towards 1. In [2]_ it weakens the clustering of representations, and with it compression.

    Parameters
    ----------
    strength : float, default=1e-3
        Size of the step, between 0 and 0.5: above, the step overshoots.

    See Also
    --------
    ibtools.InfoPlaneCallback : Records the plane of the same training.

    Notes
    -----
    A convolution's matrix has one row per filter. Biases and the weights of normalisations are left
    alone. Singular values above sqrt(1 + 2 / strength) diverge; the ordinary initialisations are
    far below.

    References
    ----------
    .. [1] M. Cisse et al., "Parseval networks: improving robustness to adversarial examples",
       ICML 2017, arXiv:1704.08847.
    .. [2] Z. Goldfeld et al., "Estimating information flow in deep neural networks", ICML 2019,
       arXiv:1810.05728.

    Examples
    --------
    >>> from ibtools import MLP, InformationClassifier
    >>> from ibtools.callbacks import OrthonormalWeights
    >>> net = InformationClassifier(
    ...     MLP, module__sizes=(12, 10, 2), callbacks=[OrthonormalWeights(strength=0.01)]
    ... )
    """

    def __init__(self, strength: float = 1e-3) -> None:
        self.strength = strength

    def initialize(self) -> Self:
        """Check the strength."""
        if not 0 < self.strength <= 0.5:
            raise ValueError(f"strength must be in (0, 0.5], got {self.strength!r}.")
        return self

    @torch.no_grad()
    def on_batch_end(self, net: Any, training: bool = True, **kwargs: Any) -> None:
        """Take the step after a training batch."""
        if not training:
            return
        for weight in _weights(net.module_):
            # One row per output unit or filter; a copy where the memory is in another order.
            matrix = weight.reshape(len(weight), -1)
            is_wide = len(matrix) <= matrix.shape[1]
            gram = matrix @ matrix.T if is_wide else matrix.T @ matrix
            cubed = gram @ matrix if is_wide else matrix @ gram
            moved = (matrix * (1 + self.strength)).sub_(cubed, alpha=self.strength)
            weight.copy_(moved.reshape(weight.shape))


def _weights(module: nn.Module) -> list[Tensor]:
    """All weights, those that layers share once."""
    weights = [layer.weight for layer in module.modules() if isinstance(layer, _WEIGHTED)]
    return list(dict.fromkeys(weights))
