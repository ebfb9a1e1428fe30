"""Gaussian mixtures on a torch device: all pairs of rows, in strips of rows against all others.

Twins of :mod:`~ibtools.information._pairwise` and of the sampler of
:mod:`~ibtools.information._mixture_sampling` for rows that are a tensor. The rows stay where they
are; groups and weights come from the host, and sums, one number for each row, go back to it.

On a device with float64 everything is in float64, and equal to the plain formulas within 1e-9 of
the sums; the numpy path, whose kernels are in float32 from 1000 rows on, then agrees within 1e-6
nats. Rows in float32 (on "mps", which has no float64) are compared by differences of coordinates,
not of squares: values agree within 1e-4 nats while draws are less than 1e4 noise widths from the
mean of the rows.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ibtools.information._mixture_sampling import Draw, Draws
from ibtools.information._pairwise import KernelSums
from ibtools.information._progress import SILENT, Progress
from ibtools.information._threads import row_blocks

if TYPE_CHECKING:
    from torch import Tensor

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

_HOST_VALUES, _DEVICE_VALUES = 2**19, 2**24  # of a strip: a processor's cache, or enough work
_LARGEST = 1e7  # of squares, beyond which their differences lose what counts in float64 too
_LOWEST, _LOWEST_SINGLE = -690.0, -87.0  # below, exponentials underflow


class Pairs(NamedTuple):
    """Exponents u_ij of all pairs of rows, of which only strips are ever made.

    Attributes
    ----------
    left, right : Tensor of shape (n_rows, n_terms)
        Factors, u_ij = left_i . right_j, if there are no `constants`; otherwise points.
    constants : Tensor of shape (n_rows,) or None
        The c of u_ij = c_i - scale |left_i - right_j|^2.
    scale : float
        The scale.
    """

    left: "Tensor"
    right: "Tensor"
    constants: "Tensor | None" = None
    scale: float = 1.0


def strips(X: "Tensor", n_columns: int) -> list[slice]:
    """Cut rows into strips, against all columns each.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        The rows, on their device.
    n_columns : int
        Number of columns.

    Returns
    -------
    strips : list of slice
        Of a size that suits the device.
    """
    on_host = X.device.type == "cpu"
    return row_blocks(len(X), n_columns, _HOST_VALUES if on_host else _DEVICE_VALUES)


def exponentials(pairs: Pairs, rows: slice, highest: float = math.inf) -> "Tensor":
    """Exponentials of the exponents of some rows with all.

    Parameters
    ----------
    pairs : Pairs
        The exponents.
    rows : slice
        The rows.
    highest : float
        What no exponent exceeds but by rounding.

    Returns
    -------
    kernels : Tensor of shape (n_rows_of_slice, n_rows)
        In the type of the rows.
    """
    if pairs.constants is None:
        exponents = pairs.left[rows] @ pairs.right.T
    else:
        squares = squared_differences(pairs.left[rows], pairs.right)
        exponents = squares.mul_(-pairs.scale).add_(pairs.constants[rows, None])
    lowest = _LOWEST if exponents.element_size() == 8 else _LOWEST_SINGLE
    return exponents.clamp_(lowest, highest).exp_()


def squared_differences(A: "Tensor", B: "Tensor") -> "Tensor":
    """|a_i - b_j|^2 from differences of coordinates, which lose no digits.

    Parameters
    ----------
    A, B : Tensor of shape (n_rows, n_features)
        Rows.

    Returns
    -------
    squares : Tensor of shape (n_rows_of_A, n_rows_of_B)
        In the type of the rows.
    """
    import torch

    return torch.cdist(A, B, compute_mode="donot_use_mm_for_euclid_dist").square_()


def are_precise(X: "Tensor", largest: float) -> bool:
    """Whether differences of squares keep the digits that count.

    Parameters
    ----------
    X : Tensor
        Rows.
    largest : float
        The largest of the squares.

    Returns
    -------
    answer : bool
        In float64, if squares are not too large.
    """
    return X.element_size() == 8 and largest < _LARGEST


def kernel_sums(
    X: "Tensor",
    variance: float,
    groupings: Sequence[_Integers] = (),
    weights: _Floats | None = None,
    *,
    progress: Progress = SILENT,
) -> KernelSums:
    """Sum exp(-D_ij / (2 v)) and exp(-D_ij / (8 v)) over rows, D_ij = |x_i - x_j|^2.

    As :func:`ibtools.information._pairwise.kernel_sums`, with which it agrees within 1e-6 of each
    sum.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        Rows.
    variance : float
        The variance v.
    groupings : sequence of ndarray of shape (n_rows,)
        Group of each row, in each way of grouping them.
    weights : ndarray of shape (n_rows,) or None
        Weights w; None is 1 for each row.
    progress : Progress
        Shows the strips of rows.

    Returns
    -------
    KernelSums
        In the order of the rows, on the host. A row's kernel with itself is exactly 1.
    """
    import torch

    scale = 1.0 if weights is None else float(weights.max())
    scaled = np.ones(len(X)) if weights is None else weights / scale
    of_rows = torch.as_tensor(scaled).to(X)
    groups = [torch.as_tensor(codes).to(X.device) for codes in groupings]
    pairs = _distance_pairs(X, 1 / (8 * variance))
    sums = X.new_empty((1 + len(groups), 2, len(X)))
    for rows in progress.over(strips(X, len(X))):
        kernels = _without_themselves(exponentials(pairs, rows, 0.0), rows)
        same = [codes[rows, None] == codes for codes in groups]
        for width in (0, 1):
            sums[0, width, rows] = kernels @ of_rows
            for k, mask in enumerate(same, start=1):
                sums[k, width, rows] = (kernels * mask) @ of_rows
            kernels.square_().square_()
    own: _Floats = scale * (sums.cpu().double().numpy() + scaled)
    return KernelSums(own[0], own[1:])


def _distance_pairs(X: "Tensor", scale: float) -> Pairs:
    """Exponents -scale |x_i - x_j|^2."""
    import torch

    points = (X - X.mean(dim=0)) * math.sqrt(scale)
    squares = points.square().sum(dim=1, keepdim=True)
    if not are_precise(points, float(squares.max())):
        # Differences of the rows as they are lose nothing, those of rounded points would.
        return Pairs(X, X, torch.zeros_like(squares[:, 0]), scale)
    ones = torch.ones_like(squares)
    return Pairs(
        torch.cat([2 * points, -squares, ones], dim=1),
        torch.cat([points, ones, -squares], dim=1),
    )


def _without_themselves(kernels: "Tensor", rows: slice) -> "Tensor":
    """Kernels of some rows with all, zero for a row with itself."""
    kernels.diagonal(rows.start).zero_()
    return kernels


def mixture_sampler(X: "Tensor", variance: float, groupings: Sequence[_Integers]) -> Draw:
    """Prepare draws from a mixture, on its device.

    As :func:`ibtools.information._mixture_sampling.mixture_sampler`. The noise comes from the host,
    so that the draws are the same on all devices.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        Centres s of the mixture.
    variance : float
        Variance v of the noise.
    groupings : sequence of ndarray of shape (n_rows,)
        Group of each row, in each way of grouping them.

    Returns
    -------
    draw : callable
        Called with standard normal noise of the shape of `X`, which follows the rows, and the
        :class:`~ibtools.information._progress.Progress` to show.
    """
    import torch

    centres = (X - X.mean(dim=0)) / math.sqrt(variance)
    groups = [torch.as_tensor(codes).to(X.device) for codes in groupings]
    covariance = (centres.T @ centres / len(centres)).cpu().double().numpy()
    precision = torch.as_tensor(np.linalg.inv(covariance + np.eye(len(covariance)))).to(X)

    def draw(noise: _Floats, progress: Progress = SILENT) -> Draws:
        on_device = torch.as_tensor(noise).to(X)
        ratios = log_density_ratios(centres, on_device, groups, progress=progress)
        alone = np.zeros((1, len(noise)))
        return Draws(
            np.concatenate([ratios, alone]), _zero_mean_forms(centres, on_device, precision)
        )

    return draw


def log_density_ratios(
    centres: "Tensor",
    noise: "Tensor",
    groups: Sequence["Tensor"] = (),
    *,
    progress: Progress = SILENT,
) -> _Floats:
    """Logarithms of the densities of mixtures at draws from them, over that of the draw's centre.

    As :func:`ibtools.information._pairwise.log_density_ratios`.

    Parameters
    ----------
    centres : Tensor of shape (n_rows, n_features)
        Centres s, centred, in units of the noise.
    noise : Tensor of shape (n_rows, n_features)
        Standard normal draws z.
    groups : sequence of Tensor of shape (n_rows,)
        Group of each row, in each way of grouping them.
    progress : Progress
        Shows the strips of rows.

    Returns
    -------
    ratios : ndarray of shape (1 + n_groupings, n_rows)
        Over all rows, then over the rows of the same group in each grouping; on the host.
    """
    pairs = _draw_pairs(centres, noise)
    sums = centres.new_empty((1 + len(groups), len(centres)))
    for rows in progress.over(strips(centres, len(centres))):
        kernels = _without_themselves(exponentials(pairs, rows), rows)
        sums[0, rows] = kernels.sum(dim=1)
        for k, codes in enumerate(groups, start=1):
            sums[k, rows] = (kernels * (codes[rows, None] == codes)).sum(dim=1)
    ratios: _Floats = np.log1p(sums.cpu().double().numpy())
    return ratios


def _draw_pairs(centres: "Tensor", noise: "Tensor") -> Pairs:
    """Exponents (|z_i|^2 - |s_i + z_i - s_j|^2) / 2."""
    import torch

    draws = centres + noise
    half_squares = centres.square().sum(dim=1, keepdim=True) / 2
    largest = max(float(half_squares.max()), float(draws.square().sum(dim=1).max()) / 2)
    if not are_precise(centres, largest):
        return Pairs(draws, centres, noise.square().sum(dim=1) / 2, 0.5)
    ones = torch.ones_like(half_squares)
    constants = half_squares - (draws * centres).sum(dim=1, keepdim=True)
    return Pairs(
        torch.cat([draws, ones, constants], dim=1),
        torch.cat([centres, -half_squares, ones], dim=1),
    )


def _zero_mean_forms(centres: "Tensor", noise: "Tensor", precision: "Tensor") -> _Floats:
    """As :func:`ibtools.information._mixture_sampling.zero_mean_forms`."""
    import torch

    weighted = noise @ precision
    squares = noise.square().sum(dim=1) - noise.shape[1]
    forms = (weighted * (noise + 2 * centres)).sum(dim=1) - precision.trace()
    controls: _Floats = torch.stack([squares, forms]).cpu().double().numpy()
    return controls
