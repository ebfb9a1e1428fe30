"""Decoders of labels from counts, smoothed so that held-out rows can be scored."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ibtools.information._neighbor_counts import class_counts_near
from ibtools.information._symbols import row_symbols


def decoder_log_ratio(
    symbols: NDArray[np.signedinteger],
    class_counts: csr_array,
    codes: NDArray[np.signedinteger],
    labels: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Log ratio ln q(y|t) / p(y) of held-out rows under a decoder learnt from counts.

    With n_ty the training rows that have the symbol t and the label y, and p the frequencies of
    the labels, q(y|t) = (n_ty + p(y) / 2) / (n_t + 1 / 2): half a row of prior in every symbol, so
    that a symbol without training rows gives 0.

    Parameters
    ----------
    symbols : ndarray of shape (n_symbols, n_features)
        The distinct rows of codes of the training data.
    class_counts : sparse array of shape (n_symbols, n_classes)
        Training rows (or weight) per symbol and class.
    codes : ndarray of shape (n_samples, n_features)
        Codes of the held-out rows.
    labels : ndarray of shape (n_samples,)
        Class index of the held-out rows.

    Returns
    -------
    log_ratio : ndarray of shape (n_samples,)
        In nats.
    """
    prior = class_counts.sum(axis=0) / class_counts.sum()
    known = _find_symbols(symbols, codes)
    seen = known >= 0
    joint = np.where(seen, class_counts[known, labels], 0.0)
    total = np.where(seen, class_counts.sum(axis=1)[known], 0.0)
    return np.log((joint + 0.5 * prior[labels]) / ((total + 0.5) * prior[labels]))


def neighbor_log_ratio(
    fitted: NDArray[np.float64],
    fitted_labels: NDArray[np.int64],
    points: NDArray[np.float64],
    labels: NDArray[np.int64],
    ks: NDArray[np.int64],
    *,
    metric: str = "chebyshev",
) -> NDArray[np.float64]:
    """Log ratio ln q(y|t) / p(y) of held-out rows under the vote of their nearest neighbours.

    With n_ty the training rows of the label y within the distance of the k-th neighbour, and p the
    frequencies of the labels, q(y|t) = (n_ty + p(y) / 2) / (n_t + 1 / 2), averaged over the k.

    Parameters
    ----------
    fitted : ndarray of shape (n_fitted, n_features)
        The training rows.
    fitted_labels : ndarray of shape (n_fitted,)
        Their class indices; every class occurs.
    points : ndarray of shape (n_samples, n_features)
        The held-out rows.
    labels : ndarray of shape (n_samples,)
        Their class indices.
    ks : ndarray of shape (n_k,)
        Numbers of neighbours, none above n_fitted.
    metric : {"chebyshev", "euclidean"}
        Norm.

    Returns
    -------
    log_ratio : ndarray of shape (n_samples,)
        In nats.
    """
    prior = np.bincount(fitted_labels) / len(fitted_labels)
    counts = class_counts_near(fitted, fitted_labels, points, ks, metric=metric)
    posterior = (counts + 0.5 * prior) / (counts.sum(axis=2, keepdims=True) + 0.5)
    of_label = posterior.mean(axis=0)[np.arange(len(labels)), labels]
    return np.log(of_label / prior[labels])


def _find_symbols(
    symbols: NDArray[np.signedinteger], codes: NDArray[np.signedinteger]
) -> NDArray[np.int64]:
    """Index of each row of codes among the distinct rows `symbols`, -1 where it is not there."""
    numbers, representatives = row_symbols(np.concatenate([symbols, codes]))
    index = np.full(len(representatives), -1)
    index[numbers[: len(symbols)]] = np.arange(len(symbols))
    return index[numbers[len(symbols) :]]
