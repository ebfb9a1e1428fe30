"""Gram matrices of rows that are a tensor: what the spectral functions need of torch.

Rows stay on their device. Codes, probe vectors and what is one number for each row or eigenvalue
are on the host. Everything is computed in the type of the rows, which is float64 wherever a device
has it: entropies are then those of the host within 1e-9 bits, those of a Lanczos quadrature (from
the same probes, in float32 here as there) within a tenth of the error that it states. In float32,
on "mps", the eigenvalues of n rows are known to n times 6e-8 only, and entropies to 1e-3 bits.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

_Floats = NDArray[np.float64]

HOST_TILE_ROWS, DEVICE_TILE_ROWS = 512, 4096  # for a processor's cache, or enough work
_SMALLEST_EXPONENT = -700.0
_LOST_DIGITS = 1e-10


def tile_rows(rows: "Tensor") -> int:
    """Rows of a tile of the Gram matrix that suits the device."""
    return HOST_TILE_ROWS if rows.device.type == "cpu" else DEVICE_TILE_ROWS


def kernel_of_rows(rows: "Tensor", others: "Tensor | None" = None) -> "Tensor":
    """Kernel exp(-|z_i - z_j|^2 / 2) of rows, or of rows against others.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, n_coordinates)
        Coordinates.
    others : Tensor of shape (n_others, n_coordinates) or None
        None compares the rows with themselves.

    Returns
    -------
    kernel : Tensor of shape (n_rows, n_others)
        With a diagonal of exactly 1 where rows are compared with themselves.
    """
    import torch

    second = rows if others is None else others
    half_norms, second_norms = ((part**2).sum(dim=1) / 2 for part in (rows, second))
    largest = float(torch.maximum(half_norms.max(), second_norms.max()))
    if largest * torch.finfo(rows.dtype).eps > _LOST_DIGITS:
        exponents = _distances(rows, second).square_().mul_(-0.5)
    else:
        exponents = torch.addmm(half_norms[:, None], rows, second.T, beta=-1).sub_(second_norms)
    exponents.clamp_(_SMALLEST_EXPONENT, 0)
    if others is None:
        exponents.fill_diagonal_(0)
    return exponents.exp_()


def _distances(rows: "Tensor", others: "Tensor") -> "Tensor":
    """Distances from differences of coordinates, which lose no digits."""
    import torch

    return torch.cdist(rows, others, compute_mode="donot_use_mm_for_euclid_dist")


def eigenvalues(matrices: "Tensor") -> _Floats:
    """Eigenvalues of one symmetric matrix or of a stack, in ascending order, on the host."""
    import torch

    return np.asarray(torch.linalg.eigvalsh(matrices).cpu().numpy(), dtype=np.float64)


def stacked(matrices: Sequence["Tensor"]) -> "Tensor":
    """Matrices of one shape as one tensor."""
    import torch

    return torch.stack(list(matrices))


def split(rows: "Tensor", starts: NDArray[np.int64], dim: int = 0) -> list["Tensor"]:
    """Rows, or columns, from each start to the next."""
    return list(rows.tensor_split(starts.tolist(), dim=dim))


def pair_distances(rows: "Tensor") -> _Floats:
    """Euclidean distances of all pairs i < j of some hundreds of rows, on the host."""
    import torch

    first, second = torch.triu_indices(len(rows), len(rows), 1, device=rows.device)
    return on_host(_distances(rows, rows)[first, second])


def varying_columns(values: "Tensor") -> "Tensor":
    """Columns that are not constant."""
    return values[:, values.amax(dim=0) > values.amin(dim=0)]


def total_variance(values: "Tensor") -> float:
    """Sum of the variances of all columns."""
    return float(((values - values.mean(dim=0)) ** 2).mean(dim=0).sum())


def column_products(a: "Tensor", b: "Tensor") -> _Floats:
    """Inner product of each column of a with the same column of b, on the host."""
    return on_host((_wide(a) * _wide(b)).sum(dim=0))


def _wide(values: "Tensor") -> "Tensor":
    """In float64, where the device has it."""
    return values if values.device.type == "mps" else values.double()


def singles(values: Any, rows: "Tensor") -> "Tensor":
    """Numbers in float32 on the device of some rows."""
    import torch

    return torch.as_tensor(values).to(rows.device, torch.float32)


def on_host(values: "Tensor") -> _Floats:
    """Few numbers, as an array in float64."""
    return np.asarray(values.cpu().numpy(), dtype=np.float64)
