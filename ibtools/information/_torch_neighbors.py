"""Neighbours among all pairs of rows that are a tensor, tile by tile on its device.

Differences along each axis are taken in turn, without fused operations: the distances are those of
the host to the last bit, wherever there is float64, and so are the counts of rows strictly inside
them. Rows stay on the device; what comes back is one number for each row.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ibtools.information._threads import row_blocks

if TYPE_CHECKING:
    from torch import Tensor

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

SCORE_STEPS = 2.0**32  # scores are multiples of 1 / 2^32, so that they do not differ on any device
_HOST_VALUES, _DEVICE_VALUES = 2**19, 2**26  # distances of a tile: a cache, or enough work


def joint_pair_neighbors(
    x: "Tensor", y: "Tensor", ks: _Integers, metric: str
) -> tuple[_Floats, _Integers, _Integers]:
    """Distances to the k-th neighbours in (x, y), and the rows strictly nearer in x and in y.

    Parameters
    ----------
    x, y : Tensor of shape (n_samples, n_x) and (n_samples, n_y)
        The variables; the joint distance is the larger one of the distances in both.
    ks : ndarray of shape (n_k,)
        Numbers of neighbours, each below n_samples.
    metric : {"chebyshev", "euclidean"}
        Norm in x and in y.

    Returns
    -------
    radii, x_counts, y_counts : ndarray of shape (n_k, n_samples)
        On the host.
    """
    import torch

    radii, x_counts, y_counts = [], [], []
    for rows in tiles(x):
        in_x, in_y = distances_to_others(x, rows, metric), distances_to_others(y, rows, metric)
        nearest = _kth_smallest(torch.maximum(in_x, in_y), ks)
        radii.append(nearest)
        x_counts.append(_counts_below(in_x, nearest))
        y_counts.append(_counts_below(in_y, nearest))
    return _on_host(radii), _on_host(x_counts), _on_host(y_counts)


def kth_pair_distances(points: "Tensor", ks: _Integers, metric: str) -> _Floats:
    """Distance of every row to its k-th neighbour, shape (n_k, n_samples), on the host."""
    return _on_host(
        [_kth_smallest(distances_to_others(points, rows, metric), ks) for rows in tiles(points)]
    )


def strict_pair_counts(points: "Tensor", radii: _Floats, metric: str) -> _Integers:
    """Other rows whose distance is smaller than a radius, shape (n_k, n_samples), on the host."""
    import torch

    inside = torch.as_tensor(radii).to(points.device, points.dtype)
    return _on_host(
        [
            _counts_below(distances_to_others(points, rows, metric), inside[:, rows])
            for rows in tiles(points)
        ]
    )


def tiles(points: "Tensor") -> list[slice]:
    """Slices of rows whose distances to all rows are a tile that suits the device."""
    on_host = points.device.type == "cpu"
    return row_blocks(len(points), len(points), _HOST_VALUES if on_host else _DEVICE_VALUES)


def distances_to_others(points: "Tensor", rows: slice, metric: str) -> "Tensor":
    """Distances of a tile of rows to all rows; a row is infinitely far from itself."""
    import torch

    some = points[rows]
    if metric == "chebyshev" or points.shape[1] == 1:  # a maximum is the same in any order
        distances = torch.cdist(some, points, p=torch.inf)
    else:
        distances = torch.zeros(len(some), len(points), dtype=points.dtype, device=points.device)
        for own, all_rows in zip(some.T, points.T, strict=True):
            gaps = own[:, None] - all_rows
            distances += gaps * gaps
        _take_roots(distances)
    own_places = torch.arange(len(some), device=points.device)
    distances[own_places, own_places + rows.start] = torch.inf
    return distances


def _take_roots(squares: "Tensor") -> None:
    """Square roots in place, rounded to the nearest number as IEEE has it.

    Torch's own on the host are not always: there numpy takes them, in the same memory.
    """
    if squares.device.type == "cpu":
        np.sqrt(squares.numpy(), out=squares.numpy())
    else:
        squares.sqrt_()


def identical_rows(points: "Tensor") -> _Integers:
    """Number of rows that are equal to each row, itself included, on the host."""
    import torch

    _, numbers, counts = torch.unique(points, dim=0, return_inverse=True, return_counts=True)
    return np.asarray(counts[numbers].cpu().numpy())


def center_and_deviation(X: "Tensor") -> tuple["Tensor", "Tensor"]:
    """Means and standard deviations of the columns, 1 where a column is constant."""
    import torch

    low, high = X.amin(dim=0), X.amax(dim=0)
    constant = low == high
    center = torch.where(constant, low, X.mean(dim=0))
    centred = X - center
    # Scaled first, so that the squares of very small values do not vanish.
    largest = torch.where(constant, 1.0, centred.abs().amax(dim=0))
    deviation = largest * ((centred / largest) ** 2).mean(dim=0).sqrt()
    return center, torch.where(constant, 1.0, deviation)


def normal_scores(column: "Tensor") -> tuple["Tensor", "Tensor"]:
    """Distinct values of a column, sorted, and the normal quantiles of their mean ranks."""
    import torch

    values, counts = torch.unique(column, return_counts=True)
    counts = counts.to(column.dtype)
    ranks = counts.cumsum(0) - (counts - 1) / 2
    scores = torch.special.ndtri(ranks / (len(column) + 1))
    return values, (scores * SCORE_STEPS).round() / SCORE_STEPS


def interpolate(column: "Tensor", values: "Tensor", scores: "Tensor") -> "Tensor":
    """Scores of a column, between and beyond the knots as numpy.interp has them."""
    import torch

    if len(values) == 1:
        return scores.expand(len(column))
    above = torch.searchsorted(values, column.contiguous()).clamp(1, len(values) - 1)
    low, high = values[above - 1], values[above]
    share = ((column - low) / (high - low)).clamp(0, 1)
    between = torch.lerp(scores[above - 1], scores[above], share)
    return torch.where(share == 1, scores[above], between)


def columns_of(columns: Sequence["Tensor"]) -> "Tensor":
    """Columns side by side, one tensor for each."""
    import torch

    return torch.stack(list(columns), dim=1)


def on_host(values: Any) -> Any:
    """A tensor as an array; an array as it is."""
    return values if isinstance(values, np.ndarray) else np.asarray(values.cpu().numpy())


def like(values: _Floats, points: "Tensor") -> "Tensor":
    """Numbers of the host, in the type of some points and where they are."""
    import torch

    return torch.as_tensor(values).to(points.device, points.dtype)


def _kth_smallest(distances: "Tensor", ks: _Integers) -> "Tensor":
    """The k-th smallest distances of every row, shape (n_k, n_rows)."""
    nearest = distances.topk(int(ks.max()), dim=1, largest=False, sorted=True).values
    return nearest.T[ks - 1]


def _counts_below(distances: "Tensor", radii: "Tensor") -> "Tensor":
    import torch

    return torch.stack([(distances < inside[:, None]).sum(dim=1) for inside in radii])


def _on_host(parts: Sequence["Tensor"]) -> Any:
    """What the tiles gave, side by side, as an array."""
    import torch

    values = torch.hstack(list(parts)).cpu().numpy()
    return values.astype(np.float64) if values.dtype.kind == "f" else values
