"""When to record."""

import sys
from collections.abc import Container, Iterable

import numpy as np


def log_spaced_epochs(n_epochs: int, n_records: int) -> list[int]:
    """Spread epochs evenly on a logarithmic axis, without repeating one.

    Parameters
    ----------
    n_epochs : int
        The last epoch.
    n_records : int
        Number of epochs wanted.

    Returns
    -------
    epochs : list of int
        Distinct epochs from 1 to `n_epochs`, increasing, both ends included: `n_records` of them,
        or all where there are fewer.

    Examples
    --------
    >>> from ibtools.callbacks import log_spaced_epochs
    >>> log_spaced_epochs(1000, 7)
    [1, 3, 10, 32, 101, 318, 1000]
    """
    if n_records >= n_epochs:
        return list(range(1, n_epochs + 1))
    if n_records == 1:
        return [n_epochs]
    epochs = [1]
    for remaining in range(n_records - 1, 0, -1):
        last = epochs[-1]
        epochs.append(max(last + 1, round(last * (n_epochs / last) ** (1 / remaining))))
    return epochs


def recording_epochs(
    every: str | int | Iterable[int], n_epochs: int, n_records: int
) -> Container[int]:
    """Epochs after which to record.

    Parameters
    ----------
    every : "log", int or iterable of int
        Log-spaced epochs, every k-th epoch, or the epochs named.
    n_epochs : int
        The last of the log-spaced epochs.
    n_records : int
        Number of log-spaced epochs.

    Returns
    -------
    epochs : container of int
        Epochs, 1 being the first; every k-th epoch has no end.

    Raises
    ------
    ValueError
        If `every` or `n_records` is none of these.
    """
    if isinstance(every, str):
        if every == "log" and n_records >= 1:
            return frozenset(log_spaced_epochs(n_epochs, n_records))
    elif isinstance(every, int | np.integer):
        if every >= 1:
            return range(int(every), sys.maxsize, int(every))
    elif isinstance(every, Iterable):
        epochs = frozenset(every)
        if all(isinstance(epoch, int | np.integer) and epoch >= 0 for epoch in epochs):
            return epochs
    raise ValueError(
        "every must be 'log' (with n_records of 1 or more), a number of epochs of 1 or more, or "
        f"epochs as whole numbers from 0, got every={every!r}, n_records={n_records!r}."
    )
