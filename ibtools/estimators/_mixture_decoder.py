"""What the estimators that measure a Gaussian mixture share: labels, noise and their decoder."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from ibtools.estimators._contract import MutualInformationDecoder
from ibtools.information._mixture_density import mixture_log_ratio
from ibtools.information._units import log_of_base


class MixtureDecoder(MutualInformationDecoder):
    """Decoder of labels by one Gaussian mixture a class, centred on the training rows."""

    base: float
    _kernel_variance_: float
    _centres_: NDArray[np.float64]
    _joint_weights_: NDArray[np.float64]

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
        labels = self._known_labels(y, T)
        log_ratio = mixture_log_ratio(
            self._centres_, self._joint_weights_, self._kernel_variance_, T, labels
        )
        return log_ratio / log_of_base(self.base)

    def _keep_decoder(
        self,
        T: NDArray[np.float64],
        variance: float,
        classes: NDArray[Any],
        labels: NDArray[np.int64],
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        """Store what the decoder needs."""
        self.classes_ = classes
        self._kernel_variance_ = variance
        self._centres_ = T
        self._joint_weights_ = np.zeros((len(T), len(classes)))
        self._joint_weights_[np.arange(len(T)), labels] = 1 if weights is None else weights
