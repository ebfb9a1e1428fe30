"""What the maps of a convolutional layer share, and what each of them adds.

Information about a target between kernel variables [1]_: of all maps together, of each map, and of
pairs of maps, from which what the two maps of a pair share is told from what they do not [2]_.

References
----------
.. [1] S. Yu, L. G. Sanchez Giraldo, R. Jenssen and J. C. Principe, "Multivariate extension of
   matrix-based Renyi's alpha-order entropy functional", IEEE TPAMI 42, 2019.

.. [2] S. Yu, K. Wickstrom, R. Jenssen and J. C. Principe, "Understanding convolutional neural
   networks with information theory", IEEE TNNLS 32, 2021.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ibtools.information._labels import encode_labels
from ibtools.information._map_entropies import MapEntropies, map_entropies
from ibtools.information._progress import SILENT, Progress
from ibtools.information._spectral import check_order
from ibtools.information._spectral_bandwidths import choose_bandwidths
from ibtools.information._spectral_entropy import spectral_entropy
from ibtools.information._spectral_gram import (
    KernelVariable,
    delta_variable,
    kernel_of_rows,
    rbf_variable,
    stacked,
)
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

_NO_INFORMATION = 1e-12  # in nats: what rounding leaves of none


class MapDecomposition(NamedTuple):
    """Information of feature maps about a target B, and how pairs of them share it.

    All informations are in the units of the base, and nothing is clipped.

    Attributes
    ----------
    mmi : float
        Multivariate information I(B; {T_1, ..., T_C}) of all maps together.
    redundancy_synergy : float
        Mean over the pairs of I(B; T_i) + I(B; T_j) - I(B; {T_i, T_j}): positive where two maps
        repeat each other, negative where they say something together only.
    non_redundant : float
        Mean over the pairs of 2 I(B; {T_i, T_j}) - I(B; T_i) - I(B; T_j), the weighted
        non-redundant information.
    redundancy_synergy_share, non_redundant_share : float
        Means over the pairs of the two as fractions of I(B; {T_i, T_j}), which add up to 1. Pairs
        that have no information have no fraction and are left out; nan if that is all of them.
    redundancy_synergy_std_error, non_redundant_std_error, share_std_error : float
        Standard errors of the means over pairs that were drawn; 0 for all pairs.
    ceiling : float
        S(B), which no information exceeds: log n if each row is its own input.
    map_mi : ndarray of shape (n_maps,)
        I(B; T_i).
    pairs : ndarray of shape (n_pairs, 2)
        Numbers i < j of the maps of each pair.
    pair_mi, pair_entropy : ndarray of shape (n_pairs,)
        I(B; {T_i, T_j}) and S(T_i, T_j).

    Examples
    --------
    >>> from ibtools.information import decompose_feature_maps
    >>> copied = [[0], [0], [1], [1]]
    >>> pair = decompose_feature_maps([copied, copied], [0, 0, 1, 1], bandwidth=0.1)
    >>> round(pair.mmi, 6), round(pair.redundancy_synergy, 6)  # one bit, which both have
    (1.0, 1.0)
    """

    mmi: float
    redundancy_synergy: float
    non_redundant: float
    redundancy_synergy_share: float
    non_redundant_share: float
    redundancy_synergy_std_error: float
    non_redundant_std_error: float
    share_std_error: float
    ceiling: float
    map_mi: _Floats
    pairs: _Integers
    pair_mi: _Floats
    pair_entropy: _Floats


def decompose_feature_maps(
    maps: Sequence[ArrayLike],
    target: ArrayLike | None = None,
    *,
    bandwidth: str | float | ArrayLike = "scaled",
    bandwidth_factor: float | None = None,
    target_bandwidth: str | float = "scaled",
    n_pairs: int | None = None,
    alpha: float = 1.01,
    base: float = 2.0,
    random_state: int | None = None,
) -> MapDecomposition:
    """Decompose the matrix-based information of feature maps over pairs of them.

    The Gram matrix of several maps is the Hadamard product of theirs, the exponential of a sum of
    distances. Of its entropy S are made I(B; A) = S(A) + S(B) - S(A, B) [1]_ and, from those of
    pairs of maps, redundancy-synergy and weighted non-redundant information [2]_.

    Parameters
    ----------
    maps : list of array-like of shape (n_samples, ...)
        Feature maps T_1, ..., T_C, at least two; all axes but the first are features.
    target : array-like of shape (n_samples,) or (n_samples, ...), default=None
        What the maps inform about: class labels (or an index of inputs) in one dimension, values
        in more. None makes each row its own input, for which I(X; T_i) is S(T_i).
    bandwidth : {"scaled", "silverman", "median", "alignment"}, float or array-like of shape \
(n_maps,), default="scaled"
        Standard deviation of the Gaussian kernel of each map, or a rule that is applied to each
        map alone, so that a pair does not depend on how many other maps there are.
    bandwidth_factor : float, default=None
        Factor of a rule: 5 for "silverman" and 1 for the others.
    target_bandwidth : {"scaled", "silverman", "median"} or float, default="scaled"
        Bandwidth for the values of a target.
    n_pairs : int, default=None
        Draw so many of the pairs, without replacement, if there are more. None takes all.
    alpha : float, default=1.01
        Order of the entropy, positive.
    base : float, default=2.0
        Base of the logarithm: 2 gives bits.
    random_state : int, default=None
        Seed of the draws: of pairs, and of rows for the rules "median" and "alignment".

    Returns
    -------
    decomposition : MapDecomposition
        ``mmi``, ``redundancy_synergy``, ``non_redundant`` and their shares.

    Raises
    ------
    ValueError
        If there are fewer than two maps or rows, if maps, target or bandwidths do not fit each
        other, or if a value is not finite.

    See Also
    --------
    ibtools.FeatureMapDecomposition : The same as an estimator, for both axes and mini-batches.

    References
    ----------
    .. [1] S. Yu, L. G. Sanchez Giraldo, R. Jenssen and J. C. Principe, "Multivariate extension of
       matrix-based Renyi's alpha-order entropy functional", IEEE TPAMI 42, 2019.

    .. [2] S. Yu, K. Wickstrom, R. Jenssen and J. C. Principe, "Understanding convolutional neural
       networks with information theory", IEEE TNNLS 32, 2021.

    Examples
    --------
    >>> from ibtools.information import decompose_feature_maps
    >>> first, second = [[0], [0], [1], [1]], [[0], [1], [0], [1]]
    >>> exclusive_or = decompose_feature_maps([first, second], [0, 1, 1, 0], bandwidth=0.1)
    >>> round(exclusive_or.mmi, 6), round(exclusive_or.redundancy_synergy, 6)
    (1.0, -1.0)
    """
    values = [_flat(part, f"maps[{i}]") for i, part in enumerate(maps)]
    _check_maps(values)
    n_samples = len(values[0])
    rng = np.random.default_rng(random_state)
    other = None if target is None else _target_variable(target, n_samples, target_bandwidth, rng)
    bandwidths = map_bandwidths(
        values, bandwidth, n_samples, factor=bandwidth_factor, target=other, rng=rng
    )
    variables = map_by_map(values, bandwidths)
    pairs = draw_pairs(len(values), n_pairs, rng)
    return decompose_variables(variables, [other], pairs, alpha=alpha, base=base)[0]


def map_bandwidths(
    maps: Sequence[_Floats],
    bandwidth: str | float | ArrayLike,
    n_rows: int,
    *,
    factor: float | None,
    target: KernelVariable | None,
    rng: np.random.Generator,
) -> _Floats:
    """Bandwidths of maps, where a rule is applied to each map alone.

    Parameters
    ----------
    maps : list of ndarray of shape (n_samples, n_features_c)
        Values.
    bandwidth : str, float or array-like of shape (n_maps,)
        Name of a rule, one bandwidth, or one for each map.
    n_rows, factor, target, rng
        As in :func:`choose_bandwidths`.

    Returns
    -------
    bandwidths : ndarray of shape (n_maps,)
        Standard deviations.

    Raises
    ------
    ValueError
        If bandwidths are not positive, or not one for each map.
    """
    if isinstance(bandwidth, str):
        return np.concatenate(
            [
                choose_bandwidths([part], bandwidth, n_rows, factor=factor, target=target, rng=rng)
                for part in maps
            ]
        )
    given = np.asarray(bandwidth, dtype=np.float64)
    if given.shape not in ((), (len(maps),)) or not (np.isfinite(given) & (given > 0)).all():
        raise ValueError(
            "bandwidth must be the name of a rule, a positive number, or one positive number for "
            f"each of the {len(maps)} maps; got {bandwidth!r}."
        )
    return np.broadcast_to(given, len(maps)).copy()


def map_by_map(maps: Sequence[_Floats], bandwidths: _Floats) -> list[KernelVariable]:
    """Variables of maps, each of its own."""
    return [rbf_variable([values], bandwidths[i : i + 1]) for i, values in enumerate(maps)]


def draw_pairs(n_maps: int, n_pairs: int | None, rng: np.random.Generator) -> _Integers:
    """Pairs of maps, all or drawn without replacement.

    Parameters
    ----------
    n_maps : int
        Number of maps.
    n_pairs : int or None
        How many to draw. None, or as many as there are, gives all.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2)
        Numbers i < j of the maps, in ascending order.
    """
    pairs = np.column_stack(np.triu_indices(n_maps, 1))
    if n_pairs is None or n_pairs >= len(pairs):
        return pairs
    return pairs[np.sort(rng.choice(len(pairs), n_pairs, replace=False))]


def decompose_variables(
    variables: Sequence[KernelVariable],
    targets: Sequence[KernelVariable | None],
    pairs: _Integers,
    *,
    alpha: float = 1.01,
    base: float = 2.0,
    progress: Progress = SILENT,
) -> list[MapDecomposition]:
    """Decompose the information of maps about several targets, their own entropies found once.

    Parameters
    ----------
    variables : list of KernelVariable
        The maps, with coordinates and no codes.
    targets : list of KernelVariable or None
        Targets B; None is the identity of the rows, whose Gram matrix is I / n.
    pairs : ndarray of shape (n_pairs, 2)
        Numbers i < j of the maps of each pair.
    alpha, base : float
        Order of the entropy and base of the logarithm.
    progress : Progress
        Shows the chunks of pairs, alone and about each target.

    Returns
    -------
    decompositions : list of MapDecomposition
        One for each target.
    """
    check_order(alpha)
    unit, n_samples = log_of_base(base), variables[0].n_samples
    kernels = stacked([kernel_of_rows(variable.coordinates) for variable in variables])
    own = map_entropies(variables, kernels, pairs, None, alpha, progress)
    decompositions = []
    for target in targets:
        informations, ceiling = own, float(np.log(n_samples))
        if target is not None:
            ceiling = spectral_entropy(target, alpha=alpha, base=math.e, method="exact").entropy
            joint = map_entropies(variables, kernels, pairs, target, alpha, progress)
            informations = MapEntropies(
                own.together + ceiling - joint.together,
                own.maps + ceiling - joint.maps,
                own.pairs + ceiling - joint.pairs,
            )
        decompositions.append(_decomposition(own, informations, ceiling, pairs, unit))
    return decompositions


def _decomposition(
    own: MapEntropies, informations: MapEntropies, ceiling: float, pairs: _Integers, unit: float
) -> MapDecomposition:
    """Means over the pairs, in units of which one has `unit` nats."""
    first, second = informations.maps[pairs.T]
    both, n_maps = informations.pairs, len(informations.maps)
    drawn = len(pairs) / (n_maps * (n_maps - 1) / 2)
    shared = first + second - both
    informed = np.abs(both) > _NO_INFORMATION
    shared_mean, shared_error = _mean_over_pairs(shared / unit, drawn)
    distinct_mean, distinct_error = _mean_over_pairs((both - shared) / unit, drawn)
    share, share_error = _mean_over_pairs(shared[informed] / both[informed], drawn)
    return MapDecomposition(
        mmi=informations.together / unit,
        redundancy_synergy=shared_mean,
        non_redundant=distinct_mean,
        redundancy_synergy_share=share,
        non_redundant_share=1 - share,
        redundancy_synergy_std_error=shared_error,
        non_redundant_std_error=distinct_error,
        share_std_error=share_error,
        ceiling=ceiling / unit,
        map_mi=informations.maps / unit,
        pairs=pairs,
        pair_mi=both / unit,
        pair_entropy=own.pairs / unit,
    )


def _mean_over_pairs(values: _Floats, drawn: float) -> tuple[float, float]:
    """Mean, and its standard error where a fraction of a finite number of pairs was drawn."""
    if len(values) == 0:
        return np.nan, np.nan
    variance = values.var(ddof=1) / len(values) if drawn < 1 and len(values) > 1 else 0.0
    return float(values.mean()), float(np.sqrt((1 - drawn) * variance))


def _target_variable(
    target: ArrayLike, n_samples: int, bandwidth: str | float, rng: np.random.Generator
) -> KernelVariable:
    """Classes in one dimension, values in more."""
    if len(np.asarray(target)) != n_samples:
        raise ValueError(
            f"target has {len(np.asarray(target))} rows, but the maps have {n_samples}."
        )
    if np.ndim(target) == 1:
        return delta_variable(encode_labels(target)[1])
    values = [_flat(target, "target")]
    chosen = choose_bandwidths(values, bandwidth, n_samples, factor=None, target=None, rng=rng)
    return rbf_variable(values, chosen)


def _flat(values: ArrayLike, name: str) -> _Floats:
    """Rows of finite numbers, all axes but the first as features."""
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim < 2:
        raise ValueError(
            f"{name} has shape {rows.shape}, but a row of features is needed for each sample: "
            "(n_samples, ...), values.reshape(-1, 1) for a single feature."
        )
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} contains NaN or infinity.")
    return rows.reshape(len(rows), -1)


def _check_maps(maps: Sequence[_Floats]) -> None:
    """Refuse maps of which no pair can be compared."""
    if len(maps) < 2:
        raise ValueError(f"Pairs need at least two maps, got {len(maps)}.")
    lengths = [len(values) for values in maps]
    if len(set(lengths)) > 1:
        raise ValueError(f"The maps have inconsistent numbers of samples: {lengths}.")
    if lengths[0] < 2:
        raise ValueError(f"Rows are compared with each other: 2 are needed, got {lengths[0]}.")
