"""Which formula each method of nearest neighbours takes for numbers, classes and entropies."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibtools.information._local_gaussian import class_entropy_nats, lnn_entropy_nats, lnn_nats
from ibtools.information._neighbors import (
    kl_entropy_nats,
    ksg_nats,
    mixed_class_nats,
    mixed_nats,
    ross_nats,
)
from ibtools.information._tensors import side_by_side

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NeighborMethod:
    """A method with its settings; what it returns is in nats, one value for each k.

    Attributes
    ----------
    name : {"auto", "ksg", "ross", "mixed", "lnn", "kl"}
        The method.
    ks : ndarray of shape (n_k,)
        Numbers of neighbours.
    metric : {"chebyshev", "euclidean"}
        Norm.
    n_local : int or None
        Neighbours in the local fits of "lnn".
    """

    name: str
    ks: _Integers
    metric: str
    n_local: int | None

    def of_numbers(self, points: Any, values: Any) -> tuple[str, _Floats]:
        """Information of rows and real values, with the method that "auto" became."""
        if self.name == "ross":
            raise ValueError(
                "method='ross' measures classes, but the target or the inputs are real-valued: "
                "use method='auto', or 'ksg'."
            )
        if self.name == "ksg":
            return "ksg", ksg_nats(points, values, self.ks, self.metric)
        if self.name == "lnn":
            return "lnn", lnn_nats(points, values, self.ks, self.n_local)
        if self.name == "kl":
            spaces = points, values, side_by_side([points, values])
            own, other, joint = (self.entropy(space) for space in spaces)
            return "kl", own + other - joint
        nats, tied = mixed_nats(points, values, self.ks, self.metric)
        return "mixed" if tied or self.name == "mixed" else "ksg", nats

    def of_classes(self, points: Any, labels: _Integers) -> tuple[str, _Floats]:
        """Information of rows and classes, with the method that "auto" became."""
        if self.name == "ksg":
            raise ValueError(
                "method='ksg' measures real-valued targets, but y is a class: use method='auto' or "
                "'ross', or target='continuous'."
            )
        if self.name == "ross":
            return "ross", ross_nats(points, labels, self.ks, self.metric)
        if self.name in ("lnn", "kl"):
            given = class_entropy_nats(self._entropy, points, labels, self.ks)
            return self.name, self.entropy(points) - given
        nats, tied = mixed_class_nats(points, labels, self.ks, self.metric)
        return "mixed" if tied or self.name == "mixed" else "ross", nats

    def entropy(self, points: Any) -> _Floats:
        """Differential entropy, by local fits for "lnn" and by Kozachenko and Leonenko else."""
        return self._entropy(points, self.ks)

    def _entropy(self, points: Any, ks: _Integers) -> _Floats:
        if self.name == "lnn":
            return lnn_entropy_nats(points, ks, n_local=self.n_local)
        return kl_entropy_nats(points, ks, metric=self.metric)

    def fewest_rows(self, n_features: int) -> int:
        """Rows that a class needs to have neighbours."""
        k = int(self.ks.max())
        if self.name == "lnn":
            return (self.n_local or max(3 * n_features, k + 1)) + 1
        return k + 1 if self.name == "kl" else 2
