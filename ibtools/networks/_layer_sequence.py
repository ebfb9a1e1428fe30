"""The base of networks that are a chain of named layers."""

from collections import OrderedDict
from typing import Any

from torch import nn


class LayerSequence(nn.Sequential):
    """Chain of layers whose parts are plain chains.

    A slice of a ``torch.nn.Sequential`` is made by its class from the layers. The networks here are
    made from numbers of units and the like, so their slices, ``MLP(sizes)[:3]``, are
    ``torch.nn.Sequential``.
    """

    def __getitem__(self, index: slice | int) -> Any:
        """Give a layer, or a chain of layers under their names."""
        if isinstance(index, slice):
            return nn.Sequential(OrderedDict([*self._modules.items()][index]))
        return super().__getitem__(index)
