"""Entropy and information of discrete variables, from counts of rows or from their weights."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.information._corrections import CORRECTIONS, mean_surprise
from ibtools.information._discrete import check_non_negative
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]


def entropy_from_counts(
    counts: ArrayLike, *, correction: str | None = None, base: float = 2.0
) -> float:
    """Entropy of a variable, estimated from the counts of its symbols.

    The plug-in estimate is H = log N - (1/N) sum_i n_i log n_i, N = sum_i n_i.

    Parameters
    ----------
    counts : array-like of any shape
        Count n_i of each symbol; zeros are ignored. Without a correction any non-negative
        weights will do.
    correction : {None, "miller-madow", "grassberger", "jackknife"}, default=None
        Correction of the bias, see Notes. None is the plug-in estimate.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    entropy : float
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If the counts are not finite, are negative or have no positive total, if they are not
        whole numbers and a correction is asked for, or if the correction is unknown.

    See Also
    --------
    entropy : Entropy of known probabilities.
    conditional_entropy_from_groups : Mean entropy within groups.

    Notes
    -----
    The plug-in estimate is too low, by about (m - 1) / (2N) nats for m symbols. In nats:

    - "miller-madow" [1]_ adds that: H + (m - 1) / (2N), with m the number of symbols seen. It
      falls short while symbols remain unseen.
    - "grassberger" [2]_: ln N - (1/N) sum_i n_i G(n_i), with
      G(n) = psi(n) + (-1)^n / 2 [psi((n+1)/2) - psi(n/2)]. It is derived for a total that varies;
      with a fixed N it is too high by about 1 / (2N) even when all symbols are seen, and a single
      row gets -G(1) = 1.27 nats, not 0.
    - "jackknife" [3]_: N H - (N - 1)/N sum_i n_i H_{-i}, with H_{-i} the plug-in estimate
      without one row of symbol i. A single row gets 0.

    A corrected estimate may exceed the logarithm of the number of symbols.

    References
    ----------
    .. [1] G. A. Miller, "Note on the bias of information estimates", in Information Theory in
       Psychology, 95-100, 1955.
    .. [2] P. Grassberger, "Entropy estimates from insufficient samplings", 2003,
       arXiv:physics/0307138.
    .. [3] S. Zahl, "Jackknifing an index of diversity", Ecology 58(4), 907-913, 1977.

    Examples
    --------
    >>> from ibtools.information import entropy_from_counts
    >>> entropy_from_counts([2, 1, 1])
    1.5
    >>> entropy_from_counts([1, 1], correction="jackknife")
    2.0
    """
    counts = _check_counts(counts, correction)
    return mean_surprise(counts, counts.sum(), correction=correction) / log_of_base(base)


def conditional_entropy_from_groups(
    counts: ArrayLike, groups: ArrayLike, *, correction: str | None = None, base: float = 2.0
) -> float:
    """Mean entropy of a variable within groups, estimated from counts in sparse form.

    H(T|V) = sum_g (N_g / N) H(T|V=g), with N_g the total of group g.

    Parameters
    ----------
    counts : array-like of shape (n_cells,)
        Count of each cell, a pair (group, symbol) that occurs; zeros are ignored. A pair must not
        be listed twice: its parts would count as different symbols. Without a correction any
        non-negative weights will do.
    groups : array-like of shape (n_cells,)
        Group of each cell, integers 0 to n_groups - 1, in any order.
    correction : {None, "miller-madow", "grassberger", "jackknife"}, default=None
        Correction of the bias of each group's entropy, see `entropy_from_counts`.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    conditional_entropy : float
        In units of the base, bits by default.

    Raises
    ------
    ValueError
        If the counts or the correction are refused by `entropy_from_counts`, or the groups are not
        one non-negative integer per cell.

    See Also
    --------
    entropy_from_counts : Entropy of a single group.
    mutual_information_from_counts : Information from a full table.

    Examples
    --------
    Group 0 holds two symbols once each, group 1 one symbol twice.

    >>> from ibtools.information import conditional_entropy_from_groups
    >>> conditional_entropy_from_groups([1, 1, 2], [0, 0, 1])
    0.5
    """
    counts = _check_counts(counts, correction)
    groups = _check_groups(groups, counts)
    totals = np.asarray(np.bincount(groups, counts), dtype=np.float64)[groups]
    return mean_surprise(counts, totals, correction=correction) / log_of_base(base)


def mutual_information_from_counts(
    counts_xy: ArrayLike, *, correction: str | None = None, base: float = 2.0
) -> float:
    """Mutual information of the rows and columns of a table, estimated from its counts.

    I = H(X) - sum_y p(y) H(X|y), with the same estimate of entropy in each term.

    Parameters
    ----------
    counts_xy : array-like of shape (n_x, n_y)
        Counts, x along the rows and y along the columns. Without a correction any non-negative
        weights will do.
    correction : {None, "miller-madow", "grassberger", "jackknife"}, default=None
        Correction of the bias of each entropy, see `entropy_from_counts`.
    base : float, default=2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    mutual_information : float
        In units of the base, bits by default. The plug-in estimate is symmetric in x and y; a
        corrected one is not, and may be negative.

    Raises
    ------
    ValueError
        If `counts_xy` is not a table, or its counts or the correction are refused by
        `entropy_from_counts`.

    See Also
    --------
    mutual_information : Mutual information of known probabilities.

    Examples
    --------
    >>> from ibtools.information import mutual_information_from_counts
    >>> mutual_information_from_counts([[2, 0], [0, 2]])
    1.0
    """
    counts = _check_counts(counts_xy, correction)
    if counts.ndim != 2:
        raise ValueError(f"counts_xy must have 2 axes, got shape {counts.shape}.")
    totals_x, totals_y = counts.sum(axis=1), counts.sum(axis=0)
    entropy_x = mean_surprise(totals_x, totals_x.sum(), correction=correction)
    entropy_x_given_y = mean_surprise(counts, totals_y, correction=correction)
    return (entropy_x - entropy_x_given_y) / log_of_base(base)


def _check_counts(counts: ArrayLike, correction: str | None) -> _Floats:
    """Return counts as float64; refuse them, or the correction, where they do not fit."""
    if correction not in CORRECTIONS:
        raise ValueError(f"correction must be one of {CORRECTIONS}, got {correction!r}.")
    counts = check_non_negative(counts, "counts")
    if not counts.any():
        raise ValueError("counts must have a positive total, got only zeros.")
    if correction is not None and (counts % 1).any():
        raise ValueError(
            f"correction={correction!r} needs whole counts: the bias depends on the number of "
            "rows, which weights do not tell. Use correction=None with weights."
        )
    return counts


def _check_groups(groups: ArrayLike, counts: _Floats) -> NDArray[np.intp]:
    groups = np.asarray(groups)
    if groups.shape != counts.shape or groups.ndim != 1:
        raise ValueError(
            f"counts and groups must be of one shape (n_cells,), got {counts.shape} and "
            f"{groups.shape}."
        )
    if not np.issubdtype(groups.dtype, np.integer) or groups.min() < 0:
        raise ValueError("groups must be integers from 0 to n_groups - 1.")
    return groups.astype(np.intp)
