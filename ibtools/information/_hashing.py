"""Information of hashed values: the dependence graph and its ensemble of bin widths."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.information._symbols import joint_counts, row_symbols

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

# Codes are computed in float64, which holds every integer up to here exactly.
_LARGEST_CODE = 2**53


@dataclass(frozen=True)
class DependenceGraph:
    """Information of two variables by an ensemble of dependence graphs.

    Attributes
    ----------
    information : float
        The ensemble's estimate, ``weights @ estimates``.
    widths : ndarray of shape (n_widths,)
        Widths of the bins, in standard deviations.
    weights : ndarray of shape (n_widths,)
        Weight of each width.
    estimates : ndarray of shape (n_widths,)
        Estimate of each graph alone.
    permuted : ndarray of shape (n_permutations,)
        What the ensemble reads after the rows of one variable are shuffled, where the truth is 0.
    """

    information: float
    widths: _Floats
    weights: _Floats
    estimates: _Floats
    permuted: _Floats


def standard_scale(X: _Floats, weights: _Floats | None = None) -> tuple[_Floats, _Floats]:
    """Mean of every unit, and the inverse of its standard deviation (0 for a constant unit).

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite values.
    weights : ndarray of shape (n_samples,) or None
        How often each row counts.

    Returns
    -------
    mean, inverse_scale : ndarray of shape (n_features,)
        ``(X - mean) * inverse_scale`` has unit variances.
    """
    mean = np.average(X, axis=0, weights=weights)
    variance = np.average((X - mean) ** 2, axis=0, weights=weights)
    varies = (X.max(axis=0) > X.min(axis=0)) & (variance > 0)
    inverse = np.divide(1.0, np.sqrt(variance), out=np.zeros_like(variance), where=varies)
    return mean, inverse


def hash_codes(X: _Floats, width: float, offsets: ArrayLike) -> _Integers:
    """Hash values to the number of their bin, floor((x + b) / eps).

    The first hash H_1 of Noshad, Zeng and Hero (2018). Their second hash, which maps the
    codes to a table of fixed size and lets some collide, is left out: equal codes are found
    exactly.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite values.
    width : float
        Width eps of the bins.
    offsets : array-like of shape (n_features,)
        Offset b of each unit, as a part of the width.

    Returns
    -------
    codes : ndarray of shape (n_samples, n_features)
        Integers.

    Raises
    ------
    ValueError
        If the bins are so narrow that codes could not be told apart in float64.
    """
    if np.abs(X).max(initial=0.0) >= _LARGEST_CODE * width:
        raise ValueError(
            f"Bins of width {width:g} are too narrow for values up to {np.abs(X).max():g}: beyond "
            "2**53 neighbouring bins cannot be told apart in float64."
        )
    return np.floor(X / width + np.asarray(offsets)).astype(np.int64)


def graph_information(first: _Integers, second: _Integers, weights: _Floats | None = None) -> float:
    """Mutual information of two variables from their dependence graph.

    The nodes are the hashed values of either variable, N_i and M_j rows fall into them and N_ij
    into both. With the edge weights w_ij = N_ij N / (N_i M_j) of Noshad, Zeng and Hero (2018)
    and their g(w) = w log w the estimate is

        I = sum_ij (N_i / N) (M_j / N) g(w_ij) = sum_ij (N_ij / N) log w_ij,

    without their upper limit on g: the plug-in information of the hashed values.

    Parameters
    ----------
    first, second : ndarray of shape (n_samples,)
        Node of each row, non-negative integers.
    weights : ndarray of shape (n_samples,) or None
        How often each row counts.

    Returns
    -------
    information : float
        In nats.
    """
    edges = joint_counts(first, second, weights)
    rows = np.bincount(first, weights)[edges.symbols]
    columns = np.bincount(second, weights)[edges.groups]
    total = edges.counts.sum()
    return float(edges.counts @ np.log(edges.counts / rows * (total / columns)) / total)


def lone_share(
    nodes: _Integers, partners: _Integers | None = None, weights: _Floats | None = None
) -> float:
    """Part of the rows that are alone in their node, or in their pair of nodes.

    Parameters
    ----------
    nodes : ndarray of shape (n_samples,)
        Node of each row, non-negative integers.
    partners : ndarray of shape (n_samples,) or None
        Node of each row in the other variable.
    weights : ndarray of shape (n_samples,) or None
        How often each row counts.

    Returns
    -------
    share : float
        Between 0 and 1.
    """
    counts = joint_counts(nodes, 0 * nodes if partners is None else partners, weights).counts
    return float(counts[counts <= 1].sum() / counts.sum())


def ensemble_widths(
    n_samples: float, dimension: int, n_widths: int, span: tuple[float, float]
) -> _Floats:
    """Widths eps(t) = t n^(-1/(2 d)), t evenly spaced: Noshad, Zeng and Hero (2018).

    Parameters
    ----------
    n_samples : float
        Number n of rows.
    dimension : int
        Number d of real variables on both sides.
    n_widths : int
        Number of widths.
    span : (float, float)
        Smallest and largest t; a single width takes the middle.

    Returns
    -------
    widths : ndarray of shape (n_widths,)
        Ascending.
    """
    t = np.linspace(*span, n_widths) if n_widths > 1 else np.array([sum(span) / 2])
    return t * n_samples ** (-1 / (2 * max(dimension, 1)))


def cancelled_powers(cancel: str | None, dimension: int) -> tuple[int, ...]:
    """Powers of the width whose bias the ensemble cancels.

    With bins of width eps the bias is sum_i C_i eps^i, what bins smooth away, plus a term of the
    order 1 / (n eps^d), what few rows per bin add: the theorem on the bias of
    Noshad, Zeng and Hero (2018).

    Parameters
    ----------
    cancel : {"leading", "smoothing"} or None
        "smoothing": eps^1 to eps^d, as in their theorem on the ensemble. "leading": eps^2 and
        eps^-d, the first term of either kind; with offsets drawn at random, the term in eps^1
        comes from the ends of the support alone. None: nothing.
    dimension : int
        Number d of real variables on both sides.

    Returns
    -------
    powers : tuple of int
        The powers.
    """
    if cancel is None:
        return ()
    return tuple(range(1, dimension + 1)) if cancel == "smoothing" else (-max(dimension, 1), 2)


def ensemble_weights(widths: _Floats, powers: Iterable[int]) -> _Floats:
    """Weights that sum to 1 and cancel powers of the width, of the smallest norm.

    min ``|w|^2`` subject to sum_k w_k = 1 and sum_k w_k eps_k^i = 0 for every power i: the problem
    in the theorem on the ensemble of Noshad, Zeng and Hero (2018), solved by the pseudo-inverse.

    Parameters
    ----------
    widths : ndarray of shape (n_widths,)
        Distinct positive widths.
    powers : iterable of int
        The powers i, none of them 0.

    Returns
    -------
    weights : ndarray of shape (n_widths,)
        They sum to 1.

    Raises
    ------
    ValueError
        If there are not more widths than powers.

    Examples
    --------
    Two values A + C eps at eps = 1 and 2 are extrapolated to eps = 0.

    >>> import numpy as np
    >>> from ibtools.information import ensemble_weights
    >>> ensemble_weights(np.array([1.0, 2.0]), [1]).round(12)
    array([ 2., -1.])
    """
    powers = list(powers)
    if len(widths) <= len(powers):
        raise ValueError(
            f"To cancel {len(powers)} terms of the bias an ensemble needs at least "
            f"{len(powers) + 1} widths, got {len(widths)}: give more widths, or cancel=None."
        )
    # Every power is scaled to have 1 as its largest value: the smallest norm is unchanged.
    logs = np.log(widths)
    terms = [i * logs - max(i * logs[0], i * logs[-1]) for i in powers]
    constraints = np.vstack([np.ones(len(widths)), *np.exp(terms)] if powers else [1 + 0 * widths])
    one = np.zeros(len(powers) + 1)
    one[0] = 1.0
    return np.linalg.lstsq(constraints, one, rcond=None)[0]


def dependence_graph(
    first: list[_Integers],
    second: list[_Integers],
    widths: _Floats,
    powers: Iterable[int],
    *,
    weights: _Floats | None = None,
    permutations: Iterable[NDArray[Any]] = (),
) -> DependenceGraph:
    """Information of two variables that were hashed at several widths.

    Parameters
    ----------
    first, second : list of n_widths ndarrays of shape (n_samples,)
        Node of each row at every width; the same node at every width for a discrete variable.
    widths : ndarray of shape (n_widths,)
        The widths.
    powers : iterable of int
        Powers of the width that the ensemble cancels.
    weights : ndarray of shape (n_samples,) or None
        How often each row counts.
    permutations : iterable of ndarrays of shape (n_samples,)
        Orders into which the rows of the second variable are shuffled.

    Returns
    -------
    DependenceGraph
        In nats.
    """
    ensemble = ensemble_weights(widths, powers)
    pairs = list(zip(first, second, strict=True))
    estimates = np.array([graph_information(a, b, weights) for a, b in pairs])
    permuted = np.array(
        [
            ensemble @ [graph_information(a, b[order], weights) for a, b in pairs]
            for order in permutations
        ]
    )
    return DependenceGraph(float(ensemble @ estimates), widths, ensemble, estimates, permuted)


def hashed_nodes(X: _Floats, widths: _Floats, offsets: _Floats) -> list[_Integers]:
    """Number of the node of every row, at every width.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite values.
    widths : ndarray of shape (n_widths,)
        Widths of the bins.
    offsets : ndarray of shape (n_widths, n_features)
        Offsets, as parts of the width.

    Returns
    -------
    nodes : list of n_widths ndarrays of shape (n_samples,)
        Non-negative integers.
    """
    return [
        row_symbols(hash_codes(X, width, offset)).symbols
        for width, offset in zip(widths, offsets, strict=True)
    ]
