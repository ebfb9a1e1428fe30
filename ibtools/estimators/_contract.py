"""What every estimator of mutual information shares: its rows, its target and its score."""

from abc import ABCMeta, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array, check_consistent_length

from ibtools._validation import Estimator, check_sample_weight
from ibtools.estimators._warnings import warn_user
from ibtools.information._html_repr import InformationRepr
from ibtools.information._labels import encode_known_labels, encode_labels


def forget_fit(estimator: BaseEstimator) -> None:
    """Delete what an earlier fit learnt, which may have had labels where the next has none.

    That is all whose name ends in an underscore, private or not.

    Parameters
    ----------
    estimator : estimator
        About to be fitted.
    """
    for name in [name for name in vars(estimator) if name.endswith("_")]:
        delattr(estimator, name)


def weigh_rows(
    T: NDArray[Any],
    y: ArrayLike | None,
    inputs: ArrayLike | None,
    sample_weight: ArrayLike | None,
    *,
    as_counts: bool = False,
) -> tuple[NDArray[Any], ArrayLike | None, ArrayLike | None, NDArray[np.float64] | None]:
    """Leave out the rows that have no weight, as if they had not been given.

    Parameters
    ----------
    T : ndarray of shape (n_samples, n_features)
        Representation.
    y : array-like of shape (n_samples, ...) or None
        Target.
    inputs : array-like of shape (n_samples, ...) or None
        Index or values of the inputs.
    sample_weight : array-like of shape (n_samples,) or None
        Weights of the rows; None is no weights at all.
    as_counts : bool, default=False
        Whether the estimate depends on the sum of the weights, the number of rows.

    Returns
    -------
    T, y, inputs, weights : ndarrays or None
        What belongs to the rows of positive weight.

    Raises
    ------
    ValueError
        If the lengths differ, a weight is negative or not finite, all of them are zero, or weights
        that are counts sum to less than the two rows that a fit needs.
    """
    check_consistent_length(T, y, inputs)
    if sample_weight is None:
        return T, y, inputs, None
    weights = check_sample_weight(sample_weight, T)
    if as_counts and weights.sum() < 2:
        raise ValueError(
            f"sample_weight sums to {weights.sum():.3g}, but weights count rows, and at "
            "least 2 are needed: scale them so that they sum to the number of rows."
        )
    kept = weights > 0
    y, inputs = (None if rows is None else np.asarray(rows)[kept] for rows in (y, inputs))
    return T[kept], y, inputs, weights[kept]


def learn_classes(y: ArrayLike) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Sort out the classes of the labels of a fit, and warn where there is only one.

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
    """
    classes, encoded = encode_labels(y)
    if len(classes) == 1:
        warn_user(
            f"All labels are {classes[0]!r}: with one class I(T;Y) is 0 for every representation."
        )
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


def flat_rows(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Refuse inputs or targets that are not finite numbers, and flatten each sample.

    Parameters
    ----------
    values : array-like of shape (n_samples, ...)
        Real values.
    name : str
        What errors call them.

    Returns
    -------
    rows : ndarray of shape (n_samples, n_values)
        The same in float64, one row for each sample.

    Raises
    ------
    ValueError
        If the values are not numbers or not finite.
    """
    rows = check_array(values, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name=name)
    return np.asarray(rows.reshape(len(rows), -1))


class MutualInformationDecoder(InformationRepr, Estimator, metaclass=ABCMeta):
    """Score of the estimators that decode labels: the information held-out rows give about them."""

    classes_: NDArray[Any]

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

    def _known_labels(self, y: ArrayLike, T: NDArray[Any]) -> NDArray[np.int64]:
        """Number of each row's class among those of fit; refuse where fit had no classes."""
        if not hasattr(self, "classes_"):
            labels, target = "labels", ""
            if hasattr(self, "target"):  # then y may also have been a number
                labels, target = "class labels", " with a discrete target"
            raise NotFittedError(
                f"This {type(self).__name__} was fitted without {labels}: call fit(X, y){target} "
                "before asking what a representation says about y."
            )
        check_consistent_length(T, y)
        return encode_known_labels(y, self.classes_)
