"""Arrays of numpy and tensors of torch alike, without importing torch for arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def is_tensor(values: Any) -> bool:
    """Whether values are a torch tensor, told without importing torch."""
    return any(
        (kind.__module__, kind.__qualname__) == ("torch", "Tensor") for kind in type(values).__mro__
    )


def side_by_side(parts: Sequence[Any]) -> Any:
    """Columns of all parts, arrays or tensors; a single part as it is."""
    if len(parts) == 1:
        return parts[0]
    if is_tensor(parts[0]):
        import torch

        return torch.hstack(list(parts))
    return np.hstack(parts)
