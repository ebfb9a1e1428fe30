"""Distinct rows of data as symbols of a joint distribution."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIGN_BIT = np.uint64(1 << 63)


def distinct_rows(X: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Sort out the distinct rows of an array, exactly.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite numbers of any kind.

    Returns
    -------
    rows : ndarray of shape (n_rows, n_features)
        The distinct rows, sorted by their first column, then by the second, and so on.
    index : ndarray of shape (n_samples,)
        The distinct row that each row is.
    """
    _, first, index = np.unique(_row_keys(X), return_index=True, return_inverse=True)
    return X[first], index


def find_rows(rows: NDArray[Any], X: NDArray[Any]) -> NDArray[np.int64]:
    """Find rows among the distinct rows of other data.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Distinct rows, sorted as `distinct_rows` does.
    X : ndarray of shape (n_samples, n_features)
        Finite numbers; numbers of another kind are equal where their values are.

    Returns
    -------
    index : ndarray of shape (n_samples,)
        The distinct row that each row is, -1 where it is none.
    """
    common = np.result_type(rows, X)
    known, wanted = _row_keys(rows.astype(common)), _row_keys(X.astype(common))
    index = np.searchsorted(known, wanted)
    index[index == len(known)] = 0
    return np.where(known[index] == wanted, index, -1)


def _row_keys(X: NDArray[Any]) -> NDArray[np.void]:
    """Bytes of each row, equal where rows are and sorted as rows are."""
    words = X.astype(np.uint64) if X.dtype.kind == "u" else _signed_bits(X) ^ _SIGN_BIT
    keys = np.ascontiguousarray(words, dtype=">u8")
    return keys.view(np.dtype((np.void, 8 * X.shape[1]))).ravel()


def _signed_bits(X: NDArray[Any]) -> NDArray[np.uint64]:
    """Bits of signed integers that have the order of the numbers."""
    if X.dtype.kind != "f":
        return X.astype(np.int64).view(np.uint64)
    bits = (X.astype(np.float64) + 0.0).view(np.int64)  # -0.0 + 0.0 is 0.0: one zero, not two
    # The bits of a float are a sign and a size; those of an integer run through from the least.
    return (bits ^ ((bits >> 63) & np.int64(2**63 - 1))).view(np.uint64)
