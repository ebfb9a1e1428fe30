"""What the estimators that measure a Gaussian mixture share: labels, noise and their decoder."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from ibtools.estimators._contract import MutualInformationDecoder, encode_known_labels
from ibtools.information._mixture_density import mixture_log_ratio
from ibtools.information._units import log_of_base


class MixtureDecoder(MutualInformationDecoder):
    """Decoder of labels by one Gaussian mixture a class, centred on the training rows."""

    base: float
    _kernel_variance: float
    _centres: NDArray[np.float64]
    _joint_weights: NDArray[np.float64]
    classes_: NDArray[Any]

    def pointwise_mutual_info(self, X: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Information that each row gives about its label, log q(y|t) / p(y).

        The decoder weighs each training row of a class by exp(-distance^2 / (2 noise variance))
        and is smoothed towards the prior by half a row, so that a representation far from all that
        were seen in fit gives 0.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Representations.

        y : array-like of shape (n_samples,)
            Their labels, each seen in fit.

        Returns
        -------
        information : ndarray of shape (n_samples,)
            Information in the units of `base`, bits by default.
        """
        check_is_fitted(self)
        T = validate_data(self, X, dtype=np.float64, reset=False)
        if not hasattr(self, "_joint_weights"):
            raise NotFittedError(
                f"This {type(self).__name__} was fitted without labels: call fit(X, y) before "
                "asking what a representation says about y."
            )
        check_consistent_length(T, y)
        labels = encode_known_labels(y, self.classes_)
        return mixture_log_ratio(
            self._centres, self._joint_weights, self._kernel_variance, T, labels
        ) / log_of_base(self.base)

    def _keep_decoder(
        self,
        T: NDArray[np.float64],
        variance: float,
        classes: NDArray[Any],
        labels: NDArray[np.int64],
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        """Store what the decoder needs; warn when there is nothing to decode."""
        if len(classes) == 1:
            warnings.warn(
                f"All labels are {classes[0]!r}: with one class I(T;Y) is 0 for every "
                "representation.",
                UserWarning,
                stacklevel=4,
            )
        self.classes_ = classes
        self._kernel_variance = variance
        self._centres = T
        self._joint_weights = np.zeros((len(T), len(classes)))
        self._joint_weights[np.arange(len(T)), labels] = 1 if weights is None else weights

    def _forget_labels(self, *names: str) -> None:
        """Drop what an earlier fit with labels left behind."""
        for name in ("classes_", "_kernel_variance", "_centres", "_joint_weights", *names):
            self.__dict__.pop(name, None)
