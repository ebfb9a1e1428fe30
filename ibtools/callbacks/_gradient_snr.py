"""Signal and noise of the gradient while a network learns."""

import math
import warnings
from collections.abc import Iterator
from typing import Any, Self

import torch
from skorch.callbacks import Callback
from torch import Tensor, nn

from ibtools.callbacks._capture import fits_pattern
from ibtools.callbacks._loggers import record_values
from ibtools.callbacks._order import move_ahead
from ibtools.plane._gradients import GRADIENT_QUANTITIES


class GradientSNRCallback(Callback):
    """Record mean, noise and their ratio of every layer's gradient over the batches of each epoch.

    The values go to ``net.history`` as plain numbers, under the keys ``gradient_mean/<layer>``,
    ``gradient_std/<layer>``, ``gradient_snr/<layer>`` and ``weight_norm/<layer>``. The table is
    ``gradient_table(net.history)``, its figure :class:`ibtools.GradientSNRDisplay`.

    Parameters
    ----------
    layers : str or list of str, default=None
        Names of modules, or patterns (``*``, ``?``); None records every module whose weight is a
        matrix or a kernel.

    Attributes
    ----------
    layers_ : list of str
        The modules recorded, in the order of the network.

    See Also
    --------
    ibtools.plane.gradient_table : The table of what was recorded.
    ibtools.plane.drift_diffusion_transition : The epoch at which noise takes over.
    ibtools.InfoPlaneCallback : Records the plane of the same training.

    Notes
    -----
    With g_b the gradient of the loss of batch b with respect to the weights of a layer, and mean
    and standard deviation over the B batches of one epoch, element by element [1]_,

    ``gradient_mean`` = ``||mean_b g_b||_F``, ``gradient_std`` = ``||std_b g_b||_F`` (dividing by
    B - 1), and ``gradient_snr`` is their ratio. ``weight_norm`` is ``||W||_F`` after the epoch.
    Biases are left out. Within an epoch the weights move, which is part of the spread.

    The mean of B independent gradients of pure noise is not zero but about 1 / sqrt(B) of their
    standard deviation: a ratio of that size says that there is no signal left.

    With one batch in an epoch (full-batch descent) there is no spread: `gradient_std` and
    `gradient_snr` are NaN, and the callback warns once.

    Training is not changed. The sums run over all layers at once.

    References
    ----------
    .. [1] R. Shwartz-Ziv and N. Tishby, "Opening the black box of deep neural networks via
       information", arXiv:1703.00810, 2017, figure 4.

    Examples
    --------
    >>> from ibtools import MLP, GradientSNRCallback, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> X, y = make_szt()
    >>> net = InformationClassifier(
    ...     MLP,
    ...     module__sizes=(12, 10, 2),
    ...     max_epochs=1,
    ...     callbacks=[GradientSNRCallback()],
    ...     random_state=0,
    ...     verbose=0,
    ... ).fit(X, y)
    >>> sorted(key for key in net.history[-1] if key.startswith("gradient_snr"))
    ['gradient_snr/linear1', 'gradient_snr/linear2']
    """

    def __init__(self, layers: str | list[str] | None = None) -> None:
        self.layers = layers

    def initialize(self) -> Self:
        """Forget an earlier training."""
        self.has_warned_ = False
        return self

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Find the weights, and move ahead of the callbacks that pass on what is recorded."""
        weights = _weights(net.module_, self.layers)
        self.layers_ = list(weights)
        self.moments_ = GradientMoments(list(weights.values()))
        move_ahead(net, self)

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Start anew."""
        self.moments_.reset()

    def on_grad_computed(
        self, net: Any, named_parameters: Any, training: bool = False, **kwargs: Any
    ) -> None:
        """Add the gradients of a training batch."""
        if training:
            self.moments_.add()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Write the values of the epoch to the history."""
        if self.moments_.n_batches == 1 and not self.has_warned_:
            warnings.warn(
                "The signal-to-noise ratio of the gradient is undefined, for an epoch has a single "
                "batch: the ratio and the standard deviation are recorded as NaN.",
                UserWarning,
                stacklevel=2,
            )
            self.has_warned_ = True
        summaries = zip(self.layers_, self.moments_.summaries(), strict=True)
        values = {
            f"{name}/{layer}": value
            for layer, summary in summaries
            for name, value in zip(GRADIENT_QUANTITIES, summary, strict=True)
        }
        record_values(net, values)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Let go of the sums."""
        del self.moments_


class GradientMoments:
    """Sums of the gradients of some weights over batches, all weights at once.

    Parameters
    ----------
    weights : list of torch.nn.Parameter
        The weights.
    """

    def __init__(self, weights: list[Tensor]) -> None:
        self.weights = weights
        self.reset()

    def reset(self) -> None:
        """Forget the batches."""
        self.n_batches = 0

    @torch.no_grad()
    def add(self) -> None:
        """Add the gradients that the weights have now."""
        grads = [torch.zeros_like(w) if w.grad is None else w.grad for w in self.weights]
        if self.n_batches == 0:
            # Deviations from the first gradient: their squares do not cancel where the signal is
            # much larger than the noise.
            self.first = [grad.clone() for grad in grads]
            self.sums = [torch.zeros_like(grad) for grad in grads]
            self.squares = [torch.zeros_like(grad) for grad in grads]
        else:
            deviations = torch._foreach_sub(grads, self.first)
            torch._foreach_add_(self.sums, deviations)
            torch._foreach_addcmul_(self.squares, deviations, deviations)
        self.n_batches += 1

    @torch.no_grad()
    def summaries(self) -> Iterator[tuple[float, float, float, float]]:
        """Norms of mean and standard deviation, their ratio, and the norm of each weight."""
        n = self.n_batches
        for k, weight in enumerate(self.weights):
            mean = torch.linalg.vector_norm(self.first[k] + self.sums[k] / n).item()
            spread = (self.squares[k] - self.sums[k] ** 2 / n).clamp_min(0).sum().item()
            std = math.sqrt(spread / (n - 1)) if n > 1 else math.nan
            yield mean, std, _ratio(mean, std), torch.linalg.vector_norm(weight).item()


def _ratio(mean: float, std: float) -> float:
    if std == 0:
        return math.inf if mean else math.nan
    return mean / std


def _weights(module: nn.Module, patterns: str | list[str] | None) -> dict[str, Tensor]:
    """Weights that are matrices or kernels, by the name of their module."""
    module = getattr(module, "_orig_mod", module)
    weights = {
        name: layer.weight
        for name, layer in module.named_modules()
        if isinstance(getattr(layer, "weight", None), nn.Parameter) and layer.weight.ndim > 1
    }
    if not weights:
        raise ValueError("The network has no layer whose weight is a matrix or a kernel.")
    if patterns is None:
        return weights
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    for pattern in patterns:
        if not any(fits_pattern(name, pattern) for name in weights):
            raise ValueError(
                f"layers={pattern!r} fits no layer with a weight. They are: {', '.join(weights)}."
            )
    return {
        name: weight
        for name, weight in weights.items()
        if any(fits_pattern(name, pattern) for pattern in patterns)
    }
