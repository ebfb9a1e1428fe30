"""Progress of a training on screen."""

import sys
from typing import Any, Self

from skorch.callbacks import Callback
from tqdm import tqdm


class EpochProgress(Callback):
    """A bar of epochs with the time left, the losses and the validation accuracy."""

    def initialize(self) -> Self:
        """Forget the bar of an earlier training."""
        self.bar_: Any = None
        return self

    def on_batch_begin(self, net: Any, **kwargs: Any) -> None:
        """Start the bar with the first batch."""
        if self.bar_ is None:
            interval = 0.2 if sys.stderr.isatty() else 10
            self.bar_ = tqdm(total=net.max_epochs, unit="epoch", mininterval=interval)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Advance it."""
        values = {name: net.history[-1].get(name) for name in ("train_loss", "valid_acc")}
        shown = {name: f"{value:.3f}" for name, value in values.items() if value is not None}
        self.bar_.set_postfix(shown, refresh=False)
        self.bar_.update()

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """End it."""
        if self.bar_ is not None:
            self.bar_.close()
