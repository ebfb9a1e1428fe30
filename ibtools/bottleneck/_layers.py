"""Layers against the bound: where a representation stands beside the optimal ones."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import logsumexp, softmax, xlogy

from ibtools.bottleneck._joint import joint_letters
from ibtools.information._discrete import check_non_negative, entropy, mutual_information
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

_SUM_TOLERANCE = 1e-9
_ROUNDING = 1e-12  # in nats: less than this is the rounding of a sum of logarithms
_SMALLEST_BETA, _LARGEST_BETA = 1e-6, 1e15


@dataclass(frozen=True)
class LayerBeta:
    """The beta at which a layer is most like an optimal encoder.

    Attributes
    ----------
    beta : float
        The beta of the layer, without unit. Infinite where every larger beta fits better: a layer
        that puts each x where its p(y|x) is nearest, such as one that loses nothing. NaN where all
        betas fit alike, for a layer that says nothing about the label.

    divergence : float
        E_x KL[p(t|x) || q_beta(t|x)] at this beta, in the unit of `base`: 0 for a layer that is an
        optimal encoder.

    Examples
    --------
    >>> from ibtools.bottleneck import layer_beta
    >>> lossless = layer_beta([[0.5, 0.0], [0.0, 0.5]], [[1.0, 0.0], [0.0, 1.0]])
    >>> lossless
    LayerBeta(beta=inf, divergence=0.0)
    """

    beta: float
    divergence: float


def layer_beta(p_xy: ArrayLike, encoder: ArrayLike, *, base: float = 2.0) -> LayerBeta:
    """Find the trade-off that a layer is nearest to.

    Shwartz-Ziv and Tishby's criterion [1]_: the layer's own p(t) and p(y|t) make
    for each beta the encoder that would be optimal with them,
    q_beta(t|x) = p(t) exp(-beta KL[p(y|x) || p(y|t)]) / Z_beta(x), and the layer has
    beta* = argmin_beta E_x KL[p(t|x) || q_beta(t|x)].

    Parameters
    ----------
    p_xy : array-like of shape (n_x, n_y)
        Joint distribution of input and label.
    encoder : array-like of shape (n_x, n_clusters), or of int of shape (n_x,)
        The layer: p(t|x), or the code of each x where the layer is deterministic.
    base : float, default=2.0
        Base of the logarithm of the divergence.

    Returns
    -------
    result : LayerBeta
        ``beta`` and ``divergence``.

    Raises
    ------
    ValueError
        If `p_xy` is no joint distribution, or `encoder` does not give each x a distribution or a
        code.

    See Also
    --------
    ibtools.bottleneck.bound_mi_y : The bound at a layer's I(X;T), defined for every layer.

    Notes
    -----
    Written out, the divergence is I(X;T) + beta [I(X;Y) - I(T;Y)] + E_x ln Z_beta(x). A logarithm
    of a sum of exponentials is convex, so that there is one minimum, no grid of betas is needed to
    find it, and beta* is where q_beta loses as much about the label as the layer does:
    E_x E_q KL[p(y|x) || p(y|t)] = I(X;Y) - I(T;Y).

    An infinite KL (t never occurs with a label that x can have) makes q_beta(t|x) = 0 at every
    positive beta. The layer itself puts no x into such a t, so that the divergence stays finite.

    Where the label is a function of the input, q_1(t|x) is p(t|y) by Bayes' rule: beta* is 1 for
    every layer with inputs of one label both in codes where it is frequent and in codes where it
    is rarer, and infinite for all others. There, beta says little.

    A beta is no distance: a layer may have any beta and be far from optimal, which is what
    ``divergence`` and the gap to the curve say.

    References
    ----------
    .. [1] R. Shwartz-Ziv and N. Tishby, "Opening the black box of deep neural networks via
       information", 2017, arXiv:1703.00810.

    Examples
    --------
    A code that groups the three inputs as their labels do cannot be made harder:

    >>> from ibtools.bottleneck import layer_beta
    >>> p_xy = [[0.25, 0.0], [0.25, 0.0], [0.0, 0.5]]
    >>> layer_beta(p_xy, encoder=[0, 0, 1]).beta
    inf
    """
    inputs = joint_letters(p_xy)
    p_ty, mi_x = _code_distribution(inputs.p_xy, encoder)
    codes = joint_letters(p_ty)
    if len(codes.p_x) == 1:
        return LayerBeta(math.nan, mi_x / log_of_base(base))
    # Codes with equal p(y|t) are one: they are equally far from every input.
    distortion = _divergences(inputs.p_y_given_x, codes.p_y_given_x)
    loss = inputs.mi_xy - codes.mi_xy
    beta = _stationary_beta(distortion, inputs.p_x, codes.p_x, loss)
    divergence = mi_x + _log_partition(distortion, inputs.p_x, codes.p_x, loss, beta)
    return LayerBeta(beta, float(divergence / log_of_base(base)))


def _code_distribution(p_xy: _Floats, encoder: ArrayLike) -> tuple[_Floats, float]:
    """Joint distribution p(t,y) of a layer and the label, and I(X;T) in nats."""
    encoder = np.asarray(encoder)
    if len(encoder) != len(p_xy) or encoder.ndim not in (1, 2):
        raise ValueError(
            f"encoder must have one row, or one code, for each of the {len(p_xy)} rows of p_xy, "
            f"got shape {encoder.shape}."
        )
    if encoder.ndim == 1:
        codes, symbols = np.unique(encoder, return_inverse=True)
        p_ty = np.zeros((len(codes), p_xy.shape[1]))
        np.add.at(p_ty, symbols, p_xy)
        return p_ty, entropy(p_ty.sum(axis=1), base=math.e)
    encoder = check_non_negative(encoder, "encoder")
    p_x = p_xy.sum(axis=1)
    sums = encoder.sum(axis=1)[p_x > 0]
    worst = sums[np.argmax(np.abs(sums - 1))]
    if abs(worst - 1) > _SUM_TOLERANCE:
        raise ValueError(f"Every row of encoder must sum to 1, one sums to {worst!r}.")
    return encoder.T @ p_xy, mutual_information(p_x[:, None] * encoder, base=math.e)


def _divergences(p: _Floats, q: _Floats) -> _Floats:
    """KL[p_i || q_j] in nats, shape (n_p, n_q), infinite where q_j lacks what p_i has."""
    lacking = q == 0
    cross = p @ np.log(np.where(lacking, 1.0, q)).T
    infinite = (p > 0).astype(float) @ lacking.T > 0
    return np.where(infinite, np.inf, xlogy(p, p).sum(axis=1)[:, None] - cross)


def _stationary_beta(distortion: _Floats, p_x: _Floats, p_t: _Floats, loss: float) -> float:
    """Beta at which the optimal encoder loses as much about the label as the layer."""
    finite = np.where(np.isfinite(distortion), distortion, 0.0)

    def excess(log_beta: float) -> float:
        encoder = softmax(np.log(p_t) - math.exp(log_beta) * distortion, axis=1)
        return loss - float(p_x @ (encoder * finite).sum(axis=1))

    if loss - float(p_x @ distortion.min(axis=1)) <= _ROUNDING:
        return math.inf
    low, high = math.log(_SMALLEST_BETA), 0.0
    if excess(low) >= 0:
        return 0.0
    while excess(high) < 0:
        high += 2.0
        if high > math.log(_LARGEST_BETA):
            return math.inf
    return math.exp(brentq(excess, low, high, xtol=1e-12))


def _log_partition(
    distortion: _Floats, p_x: _Floats, p_t: _Floats, loss: float, beta: float
) -> float:
    """The part of the divergence that beta changes: beta * loss + E_x ln Z_beta(x), in nats."""
    if math.isinf(beta):
        nearest = distortion <= distortion.min(axis=1, keepdims=True) + _ROUNDING
        return float(p_x @ np.log(nearest @ p_t))
    if beta == 0.0:
        return float(p_x @ np.log(np.isfinite(distortion) @ p_t))
    log_partition = logsumexp(np.log(p_t) - beta * distortion, axis=1)
    return beta * loss + float(p_x @ log_partition)


def bound_mi_y(
    mi_x: ArrayLike, curve_mi_x: ArrayLike, curve_mi_y: ArrayLike, slopes: ArrayLike, mi_xy: float
) -> _Floats:
    """Most that a representation can say about the label, for what it keeps of the input.

    The least of the tangents of the curve: I(T;Y) <= I_Y(k) + slope_k [I(X;T) - I_X(k)] for every
    solution k, whose slope is 1/beta (Gilad-Bachrach et al. 2003 [1]_ show that the curve is
    concave), and I(T;Y) <= min(I(X;T), I(X;Y)).

    Parameters
    ----------
    mi_x : array-like of any shape
        I(X;T) of representations.
    curve_mi_x, curve_mi_y, slopes : array-like of shape (n_points,)
        Points of the curve, and the slope of the curve at each.
    mi_xy : float
        I(X;Y).

    Returns
    -------
    mi_y : ndarray of the shape of `mi_x`
        The bound of I(T;Y).

    See Also
    --------
    ibtools.bottleneck.bound_mi_x : The same read sideways.

    Notes
    -----
    Lines between the points of a concave curve lie below it, and a good layer could stand above
    them. Tangents lie above: nothing can stand above them, however few points there are.

    References
    ----------
    .. [1] R. Gilad-Bachrach, A. Navot and N. Tishby, "An information theoretic tradeoff
       between complexity and accuracy", COLT 2003.

    Examples
    --------
    >>> from ibtools.bottleneck import bound_mi_y
    >>> bound_mi_y([0.25, 3.0], curve_mi_x=[0.5], curve_mi_y=[0.25], slopes=[0.5], mi_xy=1.0)
    array([0.125, 1.   ])
    """
    mi_x = np.asarray(mi_x, dtype=np.float64)
    x, y, slope = (
        np.asarray(values, dtype=np.float64) for values in (curve_mi_x, curve_mi_y, slopes)
    )
    tangents = y + slope * (mi_x[..., None] - x)
    return np.minimum(tangents.min(axis=-1, initial=np.inf), np.minimum(mi_x, mi_xy))


def bound_mi_x(
    mi_y: ArrayLike, curve_mi_x: ArrayLike, curve_mi_y: ArrayLike, slopes: ArrayLike, mi_xy: float
) -> _Floats:
    """Least that a representation must keep of the input, for what it says about the label.

    The tangents of :func:`bound_mi_y` read sideways.

    Parameters
    ----------
    mi_y : array-like of any shape
        I(T;Y) of representations.
    curve_mi_x, curve_mi_y, slopes : array-like of shape (n_points,)
        Points of the curve, and the slope of the curve at each.
    mi_xy : float
        I(X;Y).

    Returns
    -------
    mi_x : ndarray of the shape of `mi_y`
        The bound of I(X;T); infinite above I(X;Y), which no representation reaches.

    See Also
    --------
    ibtools.bottleneck.bound_mi_y : The bound of I(T;Y).

    Examples
    --------
    >>> from ibtools.bottleneck import bound_mi_x
    >>> bound_mi_x([0.125, 2.0], curve_mi_x=[0.5], curve_mi_y=[0.25], slopes=[0.5], mi_xy=1.0)
    array([0.25,  inf])
    """
    mi_y = np.asarray(mi_y, dtype=np.float64)
    x, y, slope = (
        np.asarray(values, dtype=np.float64) for values in (curve_mi_x, curve_mi_y, slopes)
    )
    rising = slope > 0
    tangents = x[rising] + (mi_y[..., None] - y[rising]) / slope[rising]
    needed = np.maximum(tangents.max(axis=-1, initial=-np.inf), mi_y)
    return np.where(mi_y > mi_xy, np.inf, needed)


def finite_sample_margins(
    mi_x: ArrayLike, *, n_samples: int, n_classes: int, constant: float, base: float = 2.0
) -> tuple[_Floats, _Floats]:
    """Margins of the informations of an empirical joint distribution around the true ones.

    Of the form of Shamir, Sabato and Tishby [1]_, as Tishby and Zaslavsky [2]_ write it: I(X;T)
    differs from its empirical value by O(K / sqrt n) and I(T;Y) by O(K ``|Y|`` / sqrt n), with
    the effective number of codes K = 2^I(X;T) for I(X;T) in bits.

    Parameters
    ----------
    mi_x : array-like of any shape
        I(X;T).
    n_samples : int
        Number n of independent samples that the empirical joint distribution was counted from.
    n_classes : int
        Number ``|Y|`` of labels.
    constant : float
        The factor behind the O, in the unit of `base`. The theory gives its order only: choose it
        on purpose.
    base : float, default=2.0
        Base of the logarithm of `mi_x`.

    Returns
    -------
    margin_x, margin_y : ndarray of the shape of `mi_x`
        The margins constant * K / sqrt n, and ``|Y|`` times that.

    Raises
    ------
    ValueError
        If `n_samples`, `n_classes` or `constant` is not positive and finite.

    References
    ----------
    .. [1] O. Shamir, S. Sabato and N. Tishby, "Learning and generalization with the information
       bottleneck", Theoretical Computer Science 411, 2696-2711, 2010.

    .. [2] N. Tishby and N. Zaslavsky, "Deep learning and the information bottleneck principle",
       2015, arXiv:1503.02406.

    Examples
    --------
    >>> from ibtools.bottleneck import finite_sample_margins
    >>> x, y = finite_sample_margins(3.0, n_samples=6400, n_classes=2, constant=0.5)
    >>> float(x), float(y)
    (0.05, 0.1)
    """
    for name, value in {
        "n_samples": n_samples,
        "n_classes": n_classes,
        "constant": constant,
    }.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite, got {value!r}.")
    bits = np.asarray(mi_x, dtype=np.float64) * (log_of_base(base) / math.log(2))
    margin_x = constant * np.exp2(bits) / math.sqrt(n_samples)
    return margin_x, n_classes * margin_x
