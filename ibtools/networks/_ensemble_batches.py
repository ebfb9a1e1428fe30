"""Batches in which every member of an ensemble has rows of its own."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ibtools.networks._batches import BatchIterator, map_data


class MemberBatches:
    """Batches of an ensemble, of shape (n_samples, n_members, ...).

    Parameters
    ----------
    batches : BatchIterator
        The batches of one net.

    streams : list of torch.Tensor
        State of each member's random generator. Each shuffle takes them further, as it would the
        generator of that member alone.
    """

    def __init__(self, batches: BatchIterator, streams: list[Tensor]) -> None:
        self.batches = batches
        self.streams = streams

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        size = self.batches.batch_size
        orders = self._shuffled() if self.batches.shuffle else self._as_they_are()
        for start in range(0, len(self) * size, size):
            X, y = self.batches.take(orders[:, start : start + size])
            yield map_data(self._members_second, X), map_data(self._members_second, y)

    def _shuffled(self) -> Tensor:
        orders, generator = [], torch.Generator()
        for number, state in enumerate(self.streams):
            generator.set_state(state)
            orders.append(torch.randperm(self.batches.n_samples, generator=generator))
            self.streams[number] = generator.get_state()
        return torch.stack(orders)

    def _as_they_are(self) -> Tensor:
        return torch.arange(self.batches.n_samples)[None]

    def _members_second(self, values: Tensor) -> Tensor:
        # Rows that are the same for all members are not copied.
        return values.expand(len(self.streams), *values.shape[1:]).movedim(0, 1)
