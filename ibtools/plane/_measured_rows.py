"""What an estimator is told about the rows of a representation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibtools.plane._measurement import takes_numbers


@dataclass(frozen=True)
class MeasuredRows:
    """Rows behind a representation that may hold several copies of them, one after the other.

    Attributes
    ----------
    inputs : ndarray of shape (n_samples, n_input_features)
        The input values.
    y : ndarray of shape (n_samples,) or None
        Class labels.
    values : ndarray of shape (n_samples, n_targets) or None
        The target as numbers, where it is no class.
    n_copies : int
        Copies: propagations of the same inputs, or epochs that are pooled.
    """

    inputs: NDArray[Any]
    y: NDArray[Any] | None
    values: NDArray[Any] | None
    n_copies: int = 1

    def target_of(self, estimator: Any) -> NDArray[Any] | None:
        """Numbers for an estimator that takes them, classes otherwise."""
        is_number = self.values is not None and takes_numbers(estimator)
        return self._copied(self.values if is_number else self.y)

    def inputs_of(self, estimator: Any) -> NDArray[Any] | None:
        """What the estimator takes as inputs: values, or the index of the copied ones."""
        if getattr(estimator, "inputs_as", "index") == "values":
            return self._copied(self.inputs)
        return None if self.n_copies == 1 else self._copied(np.arange(len(self.inputs)))

    def _copied(self, rows: NDArray[Any] | None) -> NDArray[Any] | None:
        if rows is None or self.n_copies == 1:
            return rows
        return np.concatenate([rows] * self.n_copies)
