"""Information of Gaussian mixtures by Monte Carlo, with control variates and an honest error.

The mixture is S + Z, where S is one of n rows s_i and Z ~ N(0, v I) is noise of variance v. Draws
are stratified: every centre is drawn equally often. In nats throughout.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ibtools.information._pairwise import (
    KernelSums,
    centred,
    log_density_ratios,
    tile_layout,
)
from ibtools.information._progress import SILENT, Progress

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]

Contrast = tuple[int, int]

ROWS: Contrast = (0, -1)
"""All rows against each row alone."""

# sup_w ln(1 + w)^2 / sqrt(w) = 2.195, at w = 51.8
_SQUARE_OF_OVERLAP = 2.2
_UNSEEN_OVERLAPS = 10
_ROWS_PER_CONTROL = 10


class MonteCarlo(NamedTuple):
    """A mean over random draws.

    Attributes
    ----------
    value : float
        The mean.
    std_error : float
        Its standard error.
    """

    value: float
    std_error: float


class Draws(NamedTuple):
    """What one draw from every centre gives.

    Attributes
    ----------
    ratios : ndarray of shape (1 + n_groupings + 1, n_rows)
        D of all mixtures: of all rows, of the row's group in each grouping, and 0 of the row alone.
    controls : ndarray of shape (2, n_rows)
        Variates whose mean over the noise of every row is exactly zero.
    """

    ratios: _Floats
    controls: _Floats


Draw = Callable[[_Floats, Progress], Draws]
"""Draws once from every centre, with given noise."""


def mixture_sampler(X: _Floats, variance: float, groupings: Sequence[_Integers]) -> Draw:
    """Prepare draws from a mixture.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Centres s of the mixture.
    variance : float
        Variance v of the noise.
    groupings : sequence of ndarray of shape (n_rows,)
        Group of each row, in each way of grouping them.

    Returns
    -------
    draw : callable
        Called with standard normal noise of the shape of `X`, which follows the rows, and the
        :class:`~ibtools.information._progress.Progress` to show.
    """
    layout = tile_layout(X, groupings)
    rows = centred(X)[layout.order] / math.sqrt(variance)
    precision = np.linalg.inv(rows.T @ rows / len(rows) + np.eye(X.shape[1]))

    def draw(noise: _Floats, progress: Progress = SILENT) -> Draws:
        noise = noise[layout.order]
        ratios = log_density_ratios(rows, noise, layout, progress=progress)
        alone = np.zeros((1, len(noise)))
        return Draws(np.concatenate([ratios, alone]), zero_mean_forms(rows, noise, precision))

    return draw


def sampled_information(
    X: Any,
    variance: float,
    groupings: Sequence[_Integers] = (),
    contrasts: Sequence[Contrast] = (ROWS,),
    *,
    overlaps: Sequence[float],
    n_draws: int,
    tol: float | None = None,
    max_draws: int = 100,
    random_generator: np.random.Generator,
    sampler: Callable[..., Draw] = mixture_sampler,
    progress: Progress = SILENT,
) -> tuple[list[MonteCarlo], int]:
    """Information I(S+Z; V) by sample propagation [1]_: entropies of known mixtures, sampled.

    With the n_g rows of the group of row i in a grouping V, and the n_w rows of a whole W that
    the group is part of,

    I = (1/n) sum_i E_z ln(p_g(s_i + z) / p_w(s_i + z))
      = (1/n) sum_i [ln(n_w / n_g) - E_z (D_w - D_g)],

    where p_w and p_g are the densities of the two mixtures and the D are
    :func:`~ibtools.information._pairwise.log_density_ratios`. For all rows against each row alone
    this is h(S+Z) - h(Z), and D_g = 0.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Centres s of the mixture, as `sampler` takes them.
    variance : float
        Variance v of the noise.
    groupings : sequence of ndarray of shape (n_rows,)
        Group of each row, 0 to n_groups - 1, in each way of grouping them.
    contrasts : sequence of (int, int)
        Which mixtures are set against each other, the whole and the part: 0 is all rows, k the
        row's group in grouping k, counted from 1, and -1 the row alone.
    overlaps : sequence of float
        Of each contrast, :func:`mean_overlaps`.
    n_draws : int
        Draws from every centre, at least 2.
    tol : float or None
        Draw more until no standard error is larger than this.
    max_draws : int
        Draws from every centre at which to stop in any case.
    random_generator : numpy.random.Generator
        Source of the noise.
    sampler : callable
        What draws, :func:`mixture_sampler` or its twin for tensors.
    progress : Progress
        Shows the tiles of every draw.

    Returns
    -------
    informations : list of MonteCarlo
        Of each contrast.
    n_draws : int
        Draws made from every centre.

    References
    ----------
    .. [1] Z. Goldfeld, K. Greenewald, J. Weed and Y. Polyanskiy, "Optimality of the plug-in
       estimator for differential entropy estimation under Gaussian convolutions", ISIT 2019.
    """
    sample = sampler(X, variance, groupings)

    def draw(number: int) -> Draws:
        # Noise as large as the rows is not named here, so that it can be let go of.
        return sample(
            random_generator.standard_normal(tuple(X.shape)), progress.named(f"draw {number}")
        )

    sizes = [np.full(len(X), len(X)), *(np.bincount(g)[g] for g in groupings), np.ones(len(X))]
    ceilings = [np.log(sizes[whole] / sizes[part]).mean() for whole, part in contrasts]
    draws = [draw(number) for number in range(1, n_draws + 1)]
    gains = _mean_gains(draws, contrasts, overlaps)
    while tol is not None and max(gain.std_error for gain in gains) > tol:
        if len(draws) >= max_draws:
            break
        draws.append(draw(len(draws) + 1))
        gains = _mean_gains(draws, contrasts, overlaps)
    informations = [
        MonteCarlo(float(ceiling - gain.value), gain.std_error)
        for ceiling, gain in zip(ceilings, gains, strict=True)
    ]
    return informations, len(draws)


def zero_mean_forms(centres: _Floats, noise: _Floats, precision: NDArray[np.floating]) -> _Floats:
    """Two controls that follow the density of one Gaussian, at the centre and over all centres.

    |z|^2 - d, and the form of x = s + z in the precision A of the mixture without its mean,
    2 s'Az + z'Az - tr A.

    Parameters
    ----------
    centres, noise : ndarray of shape (n_rows, n_features)
        Centred centres s and draws z, in units of the noise.
    precision : ndarray of shape (n_features, n_features)
        Inverse A of the covariance of s + z.

    Returns
    -------
    controls : ndarray of shape (2, n_rows)
        Their mean over the noise of every row is zero.
    """
    weighted = noise @ precision
    squares = np.einsum("ij,ij->i", noise, noise) - noise.shape[1]
    forms = np.einsum("ij,ij->i", weighted, noise) - np.trace(precision)
    forms += 2 * np.einsum("ij,ij->i", weighted, centres)
    return np.array([squares, forms])


def _mean_gains(
    draws: list[Draws], contrasts: Sequence[Contrast], overlaps: Sequence[float]
) -> list[MonteCarlo]:
    """Mean of D_w - D_g for each contrast."""
    controls = np.array([draw.controls for draw in draws])
    means = []
    for (whole, part), overlap in zip(contrasts, overlaps, strict=True):
        gains = np.array([draw.ratios[whole] - draw.ratios[part] for draw in draws])
        mean = stratified_mean(gains, controls)
        unseen = unseen_overlap_error(overlap, gains.size)
        means.append(MonteCarlo(mean.value, math.hypot(mean.std_error, unseen)))
    return means


def mean_overlaps(sums: KernelSums, contrasts: Sequence[Contrast] = (ROWS,)) -> list[float]:
    """Mean of min(b_i, 1), b_i = sum_j exp(-|s_i - s_j|^2 / (8 v)) over rows of the whole alone.

    Parameters
    ----------
    sums : KernelSums
        Sums of the kernels, without weights.
    contrasts : sequence of (int, int)
        As in :func:`sampled_information`.

    Returns
    -------
    overlaps : list of float
        Of each contrast.
    """
    wide = [sums.total[0], *sums.own[:, 0], np.ones_like(sums.total[0])]
    return [float(np.clip(wide[whole] - wide[part], 0, 1).mean()) for whole, part in contrasts]


def stratified_mean(values: _Floats, controls: _Floats) -> MonteCarlo:
    """Mean over strata that are drawn equally often, with controls of mean zero in each.

    f - b c, where b is the least-squares slope of f on c within strata, and only the residuals
    within strata count as error: the strata themselves are not random.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_strata)
        Values f.
    controls : ndarray of shape (n_draws, n_controls, n_strata)
        Controls c. They are left out when there are too few draws to learn their slopes.

    Returns
    -------
    MonteCarlo
        The mean and its standard error.
    """
    n_draws, n_controls, n_strata = controls.shape
    freedom = n_strata * (n_draws - 1)
    residuals = values - values.mean(axis=0)
    mean = values.mean()
    if freedom >= _ROWS_PER_CONTROL * n_controls:
        within = (controls - controls.mean(axis=0)).swapaxes(0, 1).reshape(n_controls, -1)
        gram = np.linalg.pinv(within @ within.T, hermitian=True)
        slopes = gram @ (within @ residuals.ravel())
        residuals = residuals.ravel() - slopes @ within
        mean -= slopes @ controls.mean(axis=(0, 2))
        freedom -= n_controls
    variance = np.square(residuals).sum() / freedom
    return MonteCarlo(float(mean), float(math.sqrt(variance / values.size)))


def unseen_overlap_error(overlap: float, n_draws: int) -> float:
    """Standard error that residuals do not show, of rare draws that fall near another centre.

    For centres at a distance of many noise widths D = ln(1 + w) is zero but for rare draws, and
    often none of them has been seen. As ln(1 + w)^2 <= 2.2 sqrt(w), whose mean is known, the
    variance of D for row i is at most 2.2 b_i, with b_i = sum_j exp(-|s_i - s_j|^2 / (8 v)) over
    the other mixture's rows j. Up to ten overlaps are counted: where there are more the residuals
    show them.

    Parameters
    ----------
    overlap : float
        Mean of min(b_i, 1) over the rows.
    n_draws : int
        Draws from all centres together.

    Returns
    -------
    std_error : float
        sqrt(2.2 min(n_draws overlap, 10)) / n_draws.
    """
    return math.sqrt(_SQUARE_OF_OVERLAP * min(n_draws * overlap, _UNSEEN_OVERLAPS)) / n_draws


def canonical_order(X: _Floats, groupings: Sequence[_Integers]) -> _Integers:
    """Order of the rows that is the same however they are given, so that the noise follows them.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows, sorted by their first column, then by the second, and so on.
    groupings : sequence of ndarray of shape (n_rows,)
        Groups, by which equal rows are sorted.

    Returns
    -------
    order : ndarray of shape (n_rows,)
        The row that stands at each place.
    """
    return np.lexsort((*reversed(groupings), *X.T[::-1]))


def random_halves(groups: _Integers, random_generator: np.random.Generator) -> _Integers:
    """Deal the rows of every group out to two sides at random.

    Parameters
    ----------
    groups : ndarray of shape (n_rows,)
        Group of each row, 0 to n_groups - 1.
    random_generator : numpy.random.Generator
        Source of the deal.

    Returns
    -------
    sides : ndarray of shape (n_rows,)
        0 or 1, as often as the other in every group, or once more 0.
    """
    shuffled = random_generator.permutation(len(groups))
    shuffled = shuffled[np.argsort(groups[shuffled], kind="stable")]
    sizes = np.bincount(groups)
    places = np.arange(len(groups)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    sides = np.empty_like(groups)
    sides[shuffled] = places % 2
    return sides
