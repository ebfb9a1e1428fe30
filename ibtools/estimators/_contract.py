"""What every estimator of mutual information shares: its inputs, its labels and its score."""

from abc import ABCMeta, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, column_or_1d


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
        If the labels are not one class per row: real-valued or multi-output.
    """
    labels = column_or_1d(y, warn=True)
    if labels.dtype.kind not in "biu":  # whole numbers are classes, however many there are
        check_classification_targets(labels)
    classes, encoded = np.unique(labels, return_inverse=True)
    return classes, encoded


def resolve_target(y: ArrayLike, target: str) -> str:
    """Decide whether a target is a class or a number.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        The target.
    target : {"auto", "discrete", "continuous"}
        What the user says it is; "auto" follows scikit-learn's
        :func:`~sklearn.utils.multiclass.type_of_target`: binary and multiclass are discrete.

    Returns
    -------
    kind : {"discrete", "continuous"}
        What it is.
    """
    if target != "auto":
        return target
    if np.asarray(y).dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    discrete = type_of_target(y, input_name="y") in ("binary", "multiclass")
    return "discrete" if discrete else "continuous"


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


def encode_inputs(inputs: ArrayLike) -> NDArray[np.int64]:
    """Number the inputs that rows came from.

    Parameters
    ----------
    inputs : array-like of shape (n_samples,)
        An index: rows with the same value are propagations of the same input.

    Returns
    -------
    encoded : ndarray of shape (n_samples,)
        Index of each row's input, 0 to n_inputs - 1.

    Raises
    ------
    ValueError
        If `inputs` is not one-dimensional, or not finite.
    """
    index = check_array(inputs, ensure_2d=False, dtype=None, input_name="inputs")
    if index.ndim != 1:
        raise ValueError(
            f"inputs has shape {index.shape}, but this estimator needs to know only which input "
            "each row came from: a one-dimensional index. For input values, pass "
            "np.unique(inputs, axis=0, return_inverse=True)[1]."
        )
    return np.unique(index, return_inverse=True)[1]


def check_input_values(inputs: ArrayLike) -> NDArray[Any]:
    """Refuse inputs that are not the values of the input of each row.

    Parameters
    ----------
    inputs : array-like of shape (n_samples, n_input_features)
        Input values.

    Returns
    -------
    values : ndarray of shape (n_samples, n_input_features)
        The same in float32 or float64.

    Raises
    ------
    ValueError
        If `inputs` is not two-dimensional or not finite.
    """
    values = check_array(
        inputs, dtype=[np.float64, np.float32], ensure_2d=False, input_name="inputs"
    )
    if values.ndim != 2:
        raise ValueError(
            f"inputs has shape {values.shape}, but this estimator compares the values of inputs: "
            "give an array of shape (n_samples, n_input_features), inputs.reshape(-1, 1) for one "
            "value per row."
        )
    return values


def check_target_values(y: ArrayLike) -> NDArray[Any]:
    """Refuse targets that are not one or several finite numbers per row.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Real values.

    Returns
    -------
    values : ndarray of shape (n_samples, n_targets)
        The same in float32 or float64.

    Raises
    ------
    ValueError
        If the values are not numbers or not finite.
    """
    values = check_array(y, dtype=[np.float64, np.float32], ensure_2d=False, input_name="y")
    return values.reshape(len(values), -1)


def drop_weightless(weights: NDArray[np.float64], *arrays: Any) -> tuple[Any, ...]:
    """Leave out the rows that have no weight, as if they had not been given.

    Parameters
    ----------
    weights : ndarray of shape (n_samples,)
        Weights of the rows.
    *arrays : array-likes of shape (n_samples, ...) or None
        What belongs to the rows.

    Returns
    -------
    weights, *arrays : tuple
        The same without the rows of weight zero.
    """
    weighted = weights > 0
    return tuple(
        None if rows is None else np.asarray(rows)[weighted] for rows in (weights, *arrays)
    )


class MutualInformationDecoder(BaseEstimator, metaclass=ABCMeta):
    """Score of the estimators that decode labels: the information held-out rows give about them."""

    @abstractmethod
    def pointwise_mutual_info(self, X: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Information that each row's representation gives about its label."""

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: NDArray[np.floating] | None = None
    ) -> float:
        """Held-out information about the labels, the mean of log q(y|t) / p(y).

        In expectation a lower bound of I(T;Y) whatever the decoder q [1]_ (p(y) taken from the
        training labels). Memorised training rows do not raise it, so that model selection with it
        has an optimum in the resolution of the estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Representations that were not used in fit.

        y : array-like of shape (n_samples,)
            Their labels, each seen in fit.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            Information in the units of `base`, bits by default.

        References
        ----------
        .. [1] D. Barber and F. Agakov, "The IM algorithm: a variational approach to information
           maximization", NIPS 2003, eq. 3.
        """
        return float(np.average(self.pointwise_mutual_info(X, y), weights=sample_weight))
