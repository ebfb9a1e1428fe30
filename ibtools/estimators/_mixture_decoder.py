"""What the estimators that measure a Gaussian mixture share: labels, noise and their decoder."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from ibtools.estimators._contract import MutualInformationDecoder
from ibtools.estimators._device import host_values, rows_on
from ibtools.information._mixture_backends import mixture_backend
from ibtools.information._units import log_of_base


class MixtureDecoder(MutualInformationDecoder):
    """Decoder of labels by one Gaussian mixture a class, centred on the training rows."""

    base: float
    _kernel_variance_: float
    _centres_: Any  # where they were measured: an array, or a tensor on its device
    _joint_weights_: NDArray[np.float64]

    def pointwise_mutual_info(self, X: Any, y: ArrayLike) -> NDArray[np.float64]:
        """Information that each row gives about its label, log q(y|t) / p(y).

        The decoder weighs each training row of a class by exp(-distance^2 / (2 noise variance))
        and is smoothed towards the prior by half a row, so that a representation far from all that
        were seen in fit gives 0.

        Parameters
        ----------
        X : array-like or torch.Tensor of shape (n_samples, n_features)
            Representations. They are compared with those of fit where these are, on the host or
            on their device.

        y : array-like of shape (n_samples,)
            Their labels, each seen in fit.

        Returns
        -------
        information : ndarray of shape (n_samples,)
            Information in the units of `base`, bits by default.
        """
        check_is_fitted(self)
        labels = self._known_labels(host_values(y), X)
        centres = self._centres_
        device = "cpu" if isinstance(centres, np.ndarray) else centres.device
        T = rows_on(self, X, device, reset=False)
        log_ratio = mixture_backend(centres).mixture_log_ratio(
            centres, self._joint_weights_, self._kernel_variance_, T, labels
        )
        return log_ratio / log_of_base(self.base)

    def _keep_decoder(
        self,
        T: Any,
        variance: float,
        classes: NDArray[Any],
        labels: NDArray[np.int64],
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        """Store what the decoder needs."""
        self.classes_ = classes
        self._kernel_variance_ = variance
        # The caller's may change.
        self._centres_ = T.copy() if isinstance(T, np.ndarray) else T.clone()
        self._joint_weights_ = np.zeros((len(T), len(classes)))
        self._joint_weights_[np.arange(len(T)), labels] = 1 if weights is None else weights
