"""When to record."""

from collections.abc import Iterable
from numbers import Integral


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


def recording_epochs(every: str | int | Iterable[int], n_epochs: int, n_records: int) -> set[int]:
    """Epochs after which to record.

    Parameters
    ----------
    every : "log", int or iterable of int
        Log-spaced epochs, every k-th epoch, or the epochs named.
    n_epochs : int
        The last epoch of training.
    n_records : int
        Number of log-spaced epochs.

    Returns
    -------
    epochs : set of int
        Epochs, 1 being the first.

    Raises
    ------
    ValueError
        If `every` or `n_records` is none of these.
    """
    if isinstance(every, str):
        if every != "log" or n_records < 1:
            raise ValueError(
                "every must be 'log' (with n_records of 1 or more), a number of epochs, or epochs, "
                f"got every={every!r}, n_records={n_records!r}."
            )
        return set(log_spaced_epochs(n_epochs, n_records))
    if isinstance(every, Integral):
        if every < 1:
            raise ValueError(f"every must be 1 or more epochs, got {every!r}.")
        return set(range(int(every), n_epochs + 1, int(every)))
    epochs = set(every)  # type: ignore[arg-type]  # an int is Integral, which mypy does not know
    if not all(isinstance(epoch, Integral) and epoch >= 0 for epoch in epochs):
        raise ValueError(f"every must name epochs, whole numbers from 0, got {every!r}.")
    return {int(epoch) for epoch in epochs}
