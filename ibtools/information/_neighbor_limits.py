"""How far neighbours of finitely many rows can see."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.special import digamma

import ibtools.information._torch_neighbors as torch_neighbors
from ibtools.information._tensors import side_by_side
from ibtools.information._torch_mixture_rows import distinct_rows as distinct_tensor_rows

_Floats = NDArray[np.float64]

_MAX_ROWS = 256
_NUGGET = 1e-8
_WIDTHS = (4.0, 1.0, 0.25)
_MAX_LEVELS = 2**16  # steps of single precision are finer
_STEP_TOLERANCE = 1e-3


def saturation_limit(n_samples: int, ks: NDArray[np.int64]) -> _Floats:
    """Information that `n_samples` rows without ties cannot exceed, psi(n) - psi(k), in nats.

    At least k - 1 rows are strictly nearer in x, and in y, than the k-th neighbour in (x, y): with
    n_x + 1 = n_y + 1 = k the estimator of Kraskov et al. is this, which y = x reaches.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    ks : ndarray of shape (n_k,)
        Numbers of neighbours.

    Returns
    -------
    limit : ndarray of shape (n_k,)
        In nats.
    """
    return np.asarray(digamma(n_samples) - digamma(ks))


def distinct_rows(x: Any, y: Any) -> NDArray[np.int64]:
    """Find the rows of a real-valued pair (x, y) that repeat no earlier one.

    Parameters
    ----------
    x : ndarray or torch.Tensor of shape (n_samples, n_x)
        First variable.
    y : ndarray or torch.Tensor of shape (n_samples, n_y)
        Second variable.

    Returns
    -------
    rows : ndarray of shape (n_distinct,)
        Their numbers in ascending order. All rows where the pair is discrete, for there repeats
        are the data: where a distinct row is met more often than a quarter of their number, or no
        column has many values, evenly spaced ones (whole numbers) not counted.
    """
    if isinstance(x, np.ndarray):
        joint: Any = np.ascontiguousarray(np.hstack([x, y]) + 0.0)  # -0.0 is 0.0
        keys = joint.view(np.dtype((np.void, joint.itemsize * joint.shape[1]))).ravel()
        first = np.sort(np.unique(keys, return_index=True)[1])
    else:
        joint = side_by_side([x, y])
        first = np.sort(distinct_tensor_rows(joint).representatives)
    few = len(first) ** 2 <= 4 * len(joint)
    if len(first) < len(joint) and (few or not any(map(_is_continuous, joint[first].T))):
        return np.arange(len(joint))
    return first


def _is_continuous(column: Any) -> bool:
    """Whether most values are different, and not multiples of one step."""
    values = np.unique(torch_neighbors.on_host(column))
    if len(values) <= max(len(column) / 2, 2):
        return False
    gaps = np.diff(values)
    if gaps.sum() > _MAX_LEVELS * gaps.min():
        return True
    steps = gaps / gaps.min()
    return bool((np.abs(steps - np.round(steps)) > _STEP_TOLERANCE).any())


def unexplained_fraction(inputs: _Floats, points: _Floats) -> float:
    """Measure what nearby inputs leave open of the column of `points` that they explain best.

    The column is predicted from the inputs with the row left out, by a Gaussian process without
    noise (several widths are tried). The median square of the error is divided by that of
    (t_i - t_j) / sqrt 2, where j is the row with the nearest other input. Noise in the column
    enters both in full, so that the ratio is near 1 or above for a column with noise that the rows
    resolve, and near 0 for a smooth function of the inputs, whatever the scale.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_inputs)
        Values of the inputs.
    points : ndarray of shape (n_samples, n_features)
        Representation. Columns of which half of the values or more repeat others are passed over:
        a discrete variable keeps a finite information.

    Returns
    -------
    fraction : float
        The smallest ratio of all columns, 1 where there is no column to look at.
    """
    n = len(inputs)
    chosen = np.unique(np.linspace(0, n - 1, min(n, _MAX_ROWS)).astype(np.int64))
    continuous = [len(np.unique(column)) > n / 2 for column in points.T]
    distances = cdist(inputs[chosen], inputs, "sqeuclidean")
    distances[distances == 0] = np.inf
    nearest = distances.argmin(axis=1)
    among = cdist(inputs[chosen], inputs[chosen], "sqeuclidean")
    if not any(continuous) or not among.any():
        return 1.0
    columns = points[:, continuous]
    differences = 0.5 * np.median((columns[chosen] - columns[nearest]) ** 2, axis=0)
    median = np.median(among[among > 0])
    errors = [_left_out_error(among / (median * w**2), columns[chosen]) for w in _WIDTHS]
    valid = differences > 0
    return float((np.min(errors, axis=0)[valid] / differences[valid]).min(initial=1.0))


def _left_out_error(distances: _Floats, columns: _Floats) -> _Floats:
    """Median squared error of predictions with the row left out: [K^-1 t]_i / [K^-1]_ii."""
    kernel = np.exp(-0.5 * distances)
    np.fill_diagonal(kernel, 1 + _NUGGET)
    inverse = np.linalg.inv(kernel)
    centred = columns - columns.mean(axis=0)
    errors = (inverse @ centred) / np.diag(inverse)[:, None]
    return np.asarray(np.median(errors**2, axis=0))
