"""Batches of data that are in memory: sliced as arrays, not collected row by row."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from skorch.dataset import Dataset
from skorch.utils import data_from_dataset
from torch.utils.data import Subset


class BatchIterator:
    """Batches of a skorch dataset whose data are in memory.

    A drop-in for ``torch.utils.data.DataLoader`` as ``iterator_train`` and ``iterator_valid`` of
    a skorch net. A DataLoader asks for rows one at a time and stacks them again, which takes most
    of the time of training a small network; here a batch is one indexing operation.

    Parameters
    ----------
    dataset : skorch.dataset.Dataset, or torch.utils.data.Subset of one
        Data: arrays, tensors, pandas objects (taken as arrays), or dicts or sequences of them, all
        of the same length.

    batch_size : int, default=1
        Rows per batch.

    shuffle : bool, default=False
        Whether the rows are put in a new order, drawn from torch's global random generator, every
        time the batches are gone through.

    drop_last : bool, default=False
        Whether a last batch that is not full is left out.

    Raises
    ------
    TypeError
        If the data are not arrays in memory, or the dataset is a class of its own (which may
        transform rows): use ``torch.utils.data.DataLoader`` for these.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools.networks import BatchIterator
    >>> from skorch.dataset import Dataset
    >>> batches = BatchIterator(Dataset(np.zeros((10, 3)), np.arange(10)), batch_size=4)
    >>> [tuple(X.shape) for X, y in batches]
    [(4, 3), (4, 3), (2, 3)]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
    ) -> None:
        X, y = _rows_in_memory(dataset)
        self.n_samples = len(dataset)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self._X = map_data(_as_tensor, X)
        self._y = torch.zeros(self.n_samples, 1) if y is None else map_data(_as_tensor, y)

    def __len__(self) -> int:
        full, rest = divmod(self.n_samples, self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        # Also without shuffling, rows are copied by their index: a module that works in place on
        # its input must not change the caller's data.
        order = torch.randperm(self.n_samples) if self.shuffle else torch.arange(self.n_samples)
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            yield self.take(order[start : start + self.batch_size])

    def take(self, rows: torch.Tensor) -> tuple[Any, Any]:
        """Give the inputs and targets of some rows.

        Parameters
        ----------
        rows : torch.Tensor of int
            Indices of the rows, of any shape.

        Returns
        -------
        X, y : torch.Tensor, or a dict or sequence of them
            Inputs and targets; the axes of `rows` stand in place of the first axis.
        """
        return _take(self._X, rows), _take(self._y, rows)


def _rows_in_memory(dataset: Any) -> tuple[Any, Any]:
    source = dataset
    while isinstance(source, Subset):
        source = source.dataset
    if type(source) is not Dataset:
        raise TypeError(
            f"BatchIterator slices arrays, but {type(source).__name__} gives its rows one by one. "
            "Pass iterator_train=torch.utils.data.DataLoader and "
            "iterator_valid=torch.utils.data.DataLoader to the net."
        )
    X, y = data_from_dataset(dataset)
    return X, y


def map_data(function: Callable[[Any], Any], data: Any) -> Any:
    """Apply a function to data or, in a dict, a list or a tuple of them, to each."""
    if isinstance(data, Mapping):
        return {name: function(values) for name, values in data.items()}
    if type(data) in (list, tuple):
        return type(data)(function(values) for values in data)
    return function(data)


def _take(data: Any, rows: Any) -> Any:
    return map_data(lambda values: values[rows], data)


def _as_tensor(values: Any) -> torch.Tensor:
    values = values.to_numpy() if hasattr(values, "to_numpy") else values
    if isinstance(values, np.ndarray) and values.dtype != object:
        native = values.dtype.newbyteorder("=")
        return torch.from_numpy(np.require(values, native, requirements=["C", "W"]))
    if isinstance(values, torch.Tensor):
        return values
    raise TypeError(
        f"BatchIterator slices arrays and tensors, but got {type(values).__name__}. Convert the "
        "data to a numpy array, or pass iterator_train=torch.utils.data.DataLoader and "
        "iterator_valid=torch.utils.data.DataLoader to the net."
    )
