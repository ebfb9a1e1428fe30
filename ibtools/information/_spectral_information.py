"""Information between kernel variables, of all rows or as a mean over mini-batches."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ibtools.information._progress import SILENT, Progress
from ibtools.information._spectral_entropy import SpectralEntropy, spectral_entropy
from ibtools.information._spectral_gram import KernelVariable, joint_variable

_Floats = NDArray[np.float64]


class Information(NamedTuple):
    """What one variable says about another, I = S(A) + S(B) - S(A, B).

    Attributes
    ----------
    mutual_information : float
        I_alpha(A; B), as it is: negative values are left.
    std_error : float
        Its standard error.
    entropy, joint_entropy : float
        S_alpha(B) and S_alpha(A, B).
    """

    mutual_information: float
    std_error: float
    entropy: float
    joint_entropy: float


class SpectralInformation(NamedTuple):
    """Entropy of a variable and its information about others.

    Attributes
    ----------
    entropy, std_error : float
        S_alpha(A) and its standard error.
    mean_similarity : float
        Mean entry of the Gram matrix off its diagonal.
    method : str
        How S_alpha(A) was computed.
    about : list of Information
        One for each other variable.
    largest_error : float
        Largest standard error of the computation of any entropy of a batch: 0 but for stochastic
        Lanczos quadrature.
    """

    entropy: float
    std_error: float
    mean_similarity: float
    method: str
    about: list[Information]
    largest_error: float


def draw_batches(
    n_samples: int, batch_size: int | None, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Draw mini-batches of rows without replacement.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    batch_size : int or None
        Rows of a batch. None puts all rows into one.
    rng : numpy.random.Generator
        Source of the order; rows that fill no batch are left out.

    Returns
    -------
    batches : list of ndarray of shape (batch_size,)
        Indices of rows.

    Raises
    ------
    ValueError
        If there are fewer rows than a batch has.
    """
    if batch_size is None:
        return [np.arange(n_samples)]
    if n_samples < batch_size:
        raise ValueError(
            f"batch_size={batch_size} is more than the {n_samples} rows of X. Give more rows, a "
            "smaller batch_size, or batch_size=None to measure all rows at once."
        )
    n_batches = n_samples // batch_size
    return np.split(rng.permutation(n_samples)[: n_batches * batch_size], n_batches)


def spectral_information(
    variable: KernelVariable,
    others: Sequence[KernelVariable],
    batches: Sequence[NDArray[np.int64]],
    *,
    alpha: float = 1.01,
    base: float = 2.0,
    method: str = "auto",
    n_probes: int = 30,
    tol: float = 0.02,
    rng: np.random.Generator | None = None,
    progress: Progress = SILENT,
) -> SpectralInformation:
    """Matrix-based information I_alpha(A; B) = S_alpha(A) + S_alpha(B) - S_alpha(A, B).

    When A is a variable of several maps, this is I_alpha({A_1, ..., A_C}; B) [1]_.

    Parameters
    ----------
    variable : KernelVariable
        A.
    others : list of KernelVariable
        Variables B of the same rows.
    batches : list of ndarray of shape (n_rows,)
        Rows of each mini-batch. The entropies are those of one batch, averaged over all.
    alpha, base, method, n_probes, tol, rng
        As in :func:`spectral_entropy`.
    progress : Progress
        Shows the mini-batches, or of all rows at once the products of a quadrature.

    Returns
    -------
    SpectralInformation
        Standard errors are those between batches or, of a single batch, of the computation.

    References
    ----------
    .. [1] S. Yu, L. G. Sanchez Giraldo, R. Jenssen and J. C. Principe, "Multivariate extension of
       matrix-based Renyi's alpha-order entropy functional", IEEE TPAMI 42, 2019.
    """

    def measure_all(part: KernelVariable, name: str) -> list[SpectralEntropy]:
        named = progress.named(name)
        several = len(batches) > 1
        return [
            spectral_entropy(
                part.take(rows),
                alpha=alpha,
                base=base,
                method=method,
                n_probes=n_probes,
                tol=tol,
                rng=rng,
                progress=SILENT if several else named,
            )
            for rows in (named.over(batches) if several else batches)
        ]

    own = measure_all(variable, "S(T)")
    about, computed = [], [*own]
    for i, other in enumerate(others, start=1):
        alone = measure_all(other, f"S(B{i})")
        joint = measure_all(joint_variable(variable, other), f"S(T,B{i})")
        about.append(_difference(own, alone, joint))
        computed += alone + joint
    values, errors = _values(own)
    return SpectralInformation(
        float(values.mean()),
        _mean_error(values, errors),
        float(np.mean([measured.mean_similarity for measured in own])),
        own[0].method,
        about,
        max(measured.std_error for measured in computed),
    )


def _difference(
    own: list[SpectralEntropy], alone: list[SpectralEntropy], joint: list[SpectralEntropy]
) -> Information:
    entropies, squared_errors = zip(*map(_values, (own, alone, joint)), strict=True)
    informations = entropies[0] + entropies[1] - entropies[2]
    return Information(
        float(informations.mean()),
        _mean_error(informations, np.sum(squared_errors, axis=0)),
        float(entropies[1].mean()),
        float(entropies[2].mean()),
    )


def _values(entropies: list[SpectralEntropy]) -> tuple[_Floats, _Floats]:
    """Entropies of the batches and the squares of their standard errors."""
    values = np.array([measured.entropy for measured in entropies])
    return values, np.array([measured.std_error for measured in entropies]) ** 2


def _mean_error(values: _Floats, squared_errors: _Floats) -> float:
    """Standard error of a mean over batches; that of the computation where there is only one."""
    if len(values) == 1:
        return float(np.sqrt(squared_errors[0]))
    return float(values.std(ddof=1) / np.sqrt(len(values)))
