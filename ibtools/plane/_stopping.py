"""When training should have stopped."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class StoppingPoints:
    """Epochs at which training could have stopped.

    Attributes
    ----------
    early : int or None
        The first epoch at which the loss had not improved for `patience` epochs; None if that
        never happened.

    perfect : int
        The epoch of the least loss, the first of equals.

    patience : int
        As given.

    Examples
    --------
    >>> from ibtools.plane import stopping_points
    >>> stopping_points([0.9, 0.5, 0.6, 0.7, 0.4], patience=2)
    StoppingPoints(early=4, perfect=5, patience=2)
    """

    early: int | None
    perfect: int
    patience: int


def stopping_points(loss: ArrayLike, *, patience: int, min_delta: float = 0.0) -> StoppingPoints:
    """Find the early and the perfect stopping point of a validation loss.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        Loss on the validation set after epochs 1, 2, ..., ``net.history[:, "valid_loss"]``.

    patience : int
        After how many epochs without an improvement early stopping stops.

    min_delta : float, default=0.0
        A loss improves if it falls below the least so far by more than this.

    Returns
    -------
    points : StoppingPoints
        Epochs, counted from 1. Cut a plane there with ``plane.until(points.perfect)``.

    Raises
    ------
    ValueError
        If there is no loss, a loss is NaN, `patience` is not a positive integer or `min_delta` is
        negative.

    Examples
    --------
    >>> from ibtools.plane import stopping_points
    >>> stopping_points([0.9, 0.5, 0.6, 0.55, 0.4, 0.7], patience=2)
    StoppingPoints(early=4, perfect=5, patience=2)
    """
    losses = np.asarray(loss, dtype=np.float64)
    if losses.ndim != 1 or losses.size == 0:
        raise ValueError(f"loss must hold one number per epoch, got the shape {losses.shape}.")
    if np.isnan(losses).any():
        epoch = int(np.flatnonzero(np.isnan(losses))[0]) + 1
        raise ValueError(f"The loss of epoch {epoch} is NaN: give the epochs before it.")
    if not isinstance(patience, int | np.integer) or patience < 1:
        raise ValueError(f"patience must be an integer of at least 1, got {patience!r}.")
    if not min_delta >= 0:
        raise ValueError(f"min_delta must be a number of at least 0, got {min_delta!r}.")
    return StoppingPoints(
        early=_early(losses, int(patience), min_delta),
        perfect=int(np.argmin(losses)) + 1,
        patience=int(patience),
    )


def _early(losses: np.ndarray, patience: int, min_delta: float) -> int | None:
    best, improved = np.inf, 0
    for epoch, value in enumerate(losses, start=1):
        if value < best - min_delta:
            best, improved = value, epoch
        elif epoch - improved >= patience:
            return epoch
    return None
