"""The joint distribution of input and label that a layer is measured under."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import has_fit_parameter

from ibtools.bottleneck._joint import check_joint
from ibtools.bottleneck._layers import layer_beta
from ibtools.estimators._binned import BinnedMI
from ibtools.information._counts import conditional_entropy_from_groups, entropy_from_counts
from ibtools.information._discrete import entropy, mutual_information
from ibtools.information._symbols import joint_counts, row_symbols

_Floats = NDArray[np.float64]


def check_declared_joint(
    p_xy: ArrayLike, n_rows: int, estimators: dict[str, Any], *, n_replicates: int = 1
) -> _Floats:
    """Validate the joint distribution of the rows that are measured and the label.

    Parameters
    ----------
    p_xy : array-like of shape (n_rows, n_classes)
        Joint probabilities.
    n_rows : int
        Number of rows.
    estimators : dict of str to estimator
        What measures.
    n_replicates : int, default=1
        How many times each row is propagated.

    Returns
    -------
    p_xy : ndarray of shape (n_replicates * n_rows, n_classes)
        The same in float64, with the probability of a row shared among its propagations.

    Raises
    ------
    ValueError
        If it is no joint distribution, has not one row for each row measured, or an estimator
        takes no weights.
    """
    table = check_joint(p_xy)
    if len(table) != n_rows:
        raise ValueError(
            f"p_xy has {len(table)} rows, but {n_rows} rows are measured: give the probabilities "
            "p(x,y) of exactly these rows, in their order."
        )
    weightless = [
        name
        for name, estimator in estimators.items()
        if not has_fit_parameter(estimator, "sample_weight")
    ]
    if weightless:
        raise ValueError(
            f"Under a joint distribution rows are weighted, but {', '.join(weightless)} cannot "
            "weight rows: use BinnedMI, or measure without p_xy."
        )
    return np.tile(table, (n_replicates, 1)) / n_replicates


def joint_cells(p_xy: _Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], _Floats]:
    """Every row once per label that it can have, weighted with p(y|x) where p(x) is uniform.

    Parameters
    ----------
    p_xy : ndarray of shape (n_rows, n_classes)
        Joint probabilities.

    Returns
    -------
    rows, labels, weights : ndarray of shape (n_cells,)
        The cells that are not empty. The weights sum to the number of rows.
    """
    rows, labels = np.nonzero(p_xy)
    return rows, labels, p_xy[rows, labels] * len(p_xy)


def measure_beta(estimator: Any, representation: NDArray[np.floating], p_xy: _Floats) -> float:
    """Measure the beta of a layer's code, see :func:`ibtools.bottleneck.layer_beta`.

    Parameters
    ----------
    estimator : estimator of mutual information
        Fitted on the representation.
    representation : ndarray of shape (n_rows, n_features)
        The activations.
    p_xy : ndarray of shape (n_rows, n_classes)
        Joint distribution of these rows and the label.

    Returns
    -------
    beta : float
        NaN for an estimator whose T is no code of the rows.
    """
    if not isinstance(estimator, BinnedMI):
        return math.nan
    return layer_beta(p_xy, row_symbols(estimator.transform(representation)).symbols).beta


def describe_joint(p_xy: _Floats, inputs: NDArray[Any] | None, *, base: float) -> dict[str, float]:
    """H(X), H(Y) and I(X;Y) of a joint distribution of rows and labels.

    Parameters
    ----------
    p_xy : ndarray of shape (n_rows, n_classes)
        Joint probabilities.
    inputs : ndarray of shape (n_rows,) or (n_rows, n_input_features), or None
        Which input each row came from; None makes each its own.
    base : float
        Base of the logarithm.

    Returns
    -------
    informations : dict of str to float
        "mi_x_ceiling", "mi_y_ceiling" and "mi_xy".
    """
    if inputs is not None:
        numbers = number_inputs(inputs)
        table = np.zeros((numbers.max() + 1, p_xy.shape[1]))
        np.add.at(table, numbers, p_xy)
        p_xy = table
    return {
        "mi_x_ceiling": entropy(p_xy.sum(axis=1), base=base),
        "mi_y_ceiling": entropy(p_xy.sum(axis=0), base=base),
        "mi_xy": mutual_information(p_xy, base=base),
    }


def describe_rows(
    n_rows: int, y: NDArray[Any] | None, inputs: NDArray[Any] | None, *, base: float
) -> dict[str, float]:
    """H(X), H(Y) and I(X;Y) of rows that have one label each.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    y : ndarray of shape (n_rows,) or None
        Labels.
    inputs : ndarray of shape (n_rows,) or (n_rows, n_input_features), or None
        Which input each row came from; None makes each its own.
    base : float
        Base of the logarithm.

    Returns
    -------
    informations : dict of str to float
        "mi_x_ceiling", and "mi_y_ceiling" and "mi_xy" where there are labels.
    """
    numbers = np.arange(n_rows) if inputs is None else number_inputs(inputs)
    informations = {"mi_x_ceiling": entropy_from_counts(np.bincount(numbers), base=base)}
    if y is not None:
        labels = np.unique(y, return_inverse=True)[1]
        entropy_y = entropy_from_counts(np.bincount(labels), base=base)
        cells = joint_counts(labels, numbers)
        noise = conditional_entropy_from_groups(cells.counts, cells.groups, base=base)
        informations |= {"mi_y_ceiling": entropy_y, "mi_xy": entropy_y - noise}
    return informations


def number_inputs(inputs: NDArray[Any]) -> NDArray[np.int64]:
    """Number the distinct inputs that rows came from, given by an index or by values."""
    return np.unique(inputs, axis=0, return_inverse=True)[1].ravel()
