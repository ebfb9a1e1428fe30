"""What a history has of every member of an ensemble."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torch import Tensor

_OF_ALL = ("epoch", "dur", "train_batch_count", "valid_batch_count")


def member_key(index: int | None, key: str) -> str:
    """Name a value of one member, ``member<index>/<key>``; of a net without members, ``<key>``."""
    return key if index is None else f"member{index}/{key}"


class MemberScores:
    """Losses and accuracies of the members of an ensemble over one epoch."""

    def __init__(self) -> None:
        self._sums: dict[str, Any] = defaultdict(float)
        self._n_samples: dict[str, int] = defaultdict(int)

    def add(self, phase: str, losses: Tensor, y: Any, y_pred: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        phase : {"train", "valid"}
            Which rows these are.
        losses : tensor of shape (n_members,)
            Mean loss of each member.
        y : tensor of shape (n_samples, ...)
            Labels.
        y_pred : tensor of shape (n_samples, n_members, n_classes) or None
            What members predict; nothing for training.
        """
        self._n_samples[phase] += len(y)
        self._sums[f"{phase}_loss"] += losses.double() * len(y)
        if isinstance(y_pred, Tensor) and y_pred.ndim == 3 and y.ndim == 1:
            hits = y_pred.detach().argmax(dim=2) == y.to(y_pred.device)[:, None]
            self._sums[f"{phase}_acc"] += hits.sum(dim=0).cpu().double()

    def means(self) -> dict[str, float]:
        """Give the means over samples, by the keys of the history."""
        means = {
            name: (sums / self._n_samples[name.split("_")[0]]).tolist()
            for name, sums in self._sums.items()
        }
        return {
            member_key(index, name): value
            for name, values in means.items()
            for index, value in enumerate(values)
        }


def member_rows(history: Iterable[Mapping[str, Any]], index: int) -> Iterator[dict[str, Any]]:
    """Give the rows of a history as a separate fit of one member has them.

    Parameters
    ----------
    history : skorch.history.History
        History of an ensemble.
    index : int
        Number of the member.

    Yields
    ------
    row : dict
        What is recorded of the member, under the keys of a net without members, and what is the
        same for all.
    """
    prefix = member_key(index, "")
    for row in history:
        # Keys with a slash that name no member are ceilings, which all members share.
        shared = {
            key: value
            for key, value in row.items()
            if key in _OF_ALL or ("/" in key and not key.startswith("member"))
        }
        own = {key.removeprefix(prefix): row[key] for key in row if key.startswith(prefix)}
        yield shared | own
