"""Which rows of a tensor are equal, and an order of them that does not depend on how they come."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ibtools.information._symbols import Symbols, hash_multipliers
from ibtools.information._torch_mixture import strips

if TYPE_CHECKING:
    from torch import Tensor

_Integers = NDArray[np.int64]


def distinct_rows(X: "Tensor") -> Symbols:
    """Number the distinct rows of a tensor, exactly.

    As :func:`ibtools.information._symbols.row_symbols` does for the words that the numbers of an
    array are made of, in the same order: by the same hash, unless two rows share it that differ.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        Finite rows, in which 0.0 equals -0.0.

    Returns
    -------
    Symbols
        On the host.
    """
    import torch

    n_words = X.shape[1] * X.element_size() // 4
    multipliers = torch.as_tensor(hash_multipliers(n_words).view(np.int64)).to(X.device)
    keys = torch.empty(len(X), dtype=torch.int64, device=X.device)
    for rows in strips(X, n_words):
        words = (X[rows] + 0.0).contiguous().view(torch.int32).long() & 0xFFFFFFFF
        keys[rows] = (words * multipliers).sum(dim=1)
    hashes = keys.cpu().numpy().view(np.uint64)
    _, first, symbols = np.unique(hashes, return_index=True, return_inverse=True)
    if not bool((X[torch.as_tensor(first[symbols]).to(X.device)] == X).all()):
        symbols = torch.unique(X, dim=0, return_inverse=True)[1].cpu().numpy()
        first = np.unique(symbols, return_index=True)[1]
    return Symbols(symbols, first)


def canonical_order(X: "Tensor", groupings: Sequence[_Integers]) -> _Integers:
    """Order of the rows that is the same however they are given, so that the noise follows them.

    As :func:`ibtools.information._mixture_sampling.canonical_order`. Columns are looked at until
    all rows are told apart.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        Rows, sorted by their first column, then by the second, and so on.
    groupings : sequence of ndarray of shape (n_rows,)
        Groups, by which equal rows are sorted.

    Returns
    -------
    order : ndarray of shape (n_rows,)
        The row that stands at each place, on the host.
    """
    import torch

    ranks = torch.zeros(len(X), dtype=torch.int64, device=X.device)
    for keys in chain(X.T, (torch.as_tensor(codes).to(X.device) for codes in groupings)):
        ranks = ranks * len(X) + torch.unique(keys, return_inverse=True)[1]
        values, ranks = torch.unique(ranks, return_inverse=True)
        if len(values) == len(X):
            break
    order: _Integers = torch.argsort(ranks, stable=True).cpu().numpy()
    return order
