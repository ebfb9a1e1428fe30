"""Class labels as whole numbers, in the order of the sorted classes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d


def encode_labels(y: ArrayLike) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Sort out the classes of labels and give each row the number of its class.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The distinct labels, sorted.
    encoded : ndarray of shape (n_samples,)
        Index of each row's class.

    Raises
    ------
    ValueError
        If the labels are not one class per row: real-valued, not finite or multi-output.
    """
    labels = column_or_1d(y, warn=True)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    if labels.dtype.kind not in "biu":  # whole numbers are classes, however many there are
        check_classification_targets(labels)
    classes, encoded = np.unique(labels, return_inverse=True)
    return classes, encoded


def encode_known_labels(y: ArrayLike, classes: NDArray[Any]) -> NDArray[np.int64]:
    """Give each row the number of its class among the classes of the training data.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels.
    classes : ndarray of shape (n_classes,)
        The classes seen in fit, sorted.

    Returns
    -------
    encoded : ndarray of shape (n_samples,)
        Index of each row's class.

    Raises
    ------
    ValueError
        If there is a label that fit did not see.
    """
    found, encoded = encode_labels(y)
    unknown = np.setdiff1d(found, classes)
    if len(unknown):
        raise ValueError(
            f"y has labels that fit did not see: {unknown.tolist()}. Fit on rows of every class, "
            "for instance with a stratified split."
        )
    return np.searchsorted(classes, found)[encoded]
