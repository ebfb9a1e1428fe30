"""What the checks of an estimator's number share: reading it, and judging what was read."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from ibtools.datasets._distribution_base import Distribution
from ibtools.datasets._distributions import CorrelatedGaussian
from ibtools.datasets._distributions_labelled import LabelledGaussians
from ibtools.model_selection._measurement import (
    base_of,
    fit,
    informations,
    measuring_step,
    seeded_clone,
)

_Floats = NDArray[np.float64]

EXACT = 1e-3  # bits by which values may differ that arithmetic alone sets apart


class Evidence(NamedTuple):
    """What a check found; all numbers in bits unless its case says otherwise.

    Attributes
    ----------
    expected, measured, tolerance : float
        What there should be, what there is, and how far it may be off.
    holds : bool
        Whether it is near enough.
    std : float
        Standard deviation of single values, where there are several.
    detail : str
        What else there is to know.
    """

    expected: float
    measured: float
    tolerance: float
    holds: bool
    std: float = math.nan
    detail: str = ""


class Claim(NamedTuple):
    """One thing that should hold.

    Attributes
    ----------
    check : str
        Name of the check that it belongs to.
    case : str
        What is compared.
    weigh : callable or None
        Computes the evidence; None where the estimator does not measure what the claim is about.
    """

    check: str
    case: str
    weigh: Callable[[], Evidence] | None


def equal(expected: float, measured: float, tolerance: float, **more: Any) -> Evidence:
    """Evidence of |measured - expected| <= tolerance."""
    return Evidence(expected, measured, tolerance, abs(measured - expected) <= tolerance, **more)


def at_most(ceiling: float, measured: float, tolerance: float, **more: Any) -> Evidence:
    """Evidence of measured <= ceiling + tolerance, for a finite value."""
    holds = math.isfinite(measured) and measured <= ceiling + tolerance
    return Evidence(ceiling, measured, tolerance, holds, **more)


@dataclass(frozen=True, eq=False)
class Probe:
    """An estimator under check, and how it is to be checked.

    Parameters
    ----------
    estimator : estimator
        What is checked; only copies are fitted.
    n_samples, n_replicates, n_permutations : int
        Rows of a sample, samples of a known truth, permutations of a null.
    tolerance : float
        Bits by which an estimate may miss.
    seed : int
        Seed of all samples.
    """

    estimator: BaseEstimator
    n_samples: int
    n_replicates: int
    n_permutations: int
    tolerance: float
    seed: int

    def mi_y(self, T: Any, y: Any) -> float:
        """I(T;Y) in bits."""
        return self._read(T, y)[1]

    def mi_x(self, T: Any, y: Any = None, inputs: Any = None) -> float:
        """I(X;T) in bits."""
        return self._read(T, y, inputs)[0]

    def _read(self, T: Any, y: Any, inputs: Any = None) -> tuple[float, float]:
        fitted = fit(seeded_clone(self.estimator, self.seed), T, y, inputs)
        bits = math.log2(base_of(self.estimator))
        mi_x, mi_y = informations(fitted)
        return mi_x * bits, mi_y * bits

    @cached_property
    def takes_index(self) -> bool:
        """Whether `inputs` are an index."""
        return getattr(measuring_step(self.estimator), "inputs_as", None) == "index"

    @cached_property
    def measures_mi_x(self) -> bool:
        """Whether there is an I(X;T) without `inputs`."""
        T, _ = self.sample(self.dependent("labels"))
        try:
            return math.isfinite(self.mi_x(T))
        except Exception:
            return False

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """Which targets there is an I(T;Y) for: "labels", "real"."""
        return tuple(kind for kind in ("labels", "real") if self._takes(kind))

    def _takes(self, kind: str) -> bool:
        try:
            return math.isfinite(self.mi_y(*self.sample(self.dependent(kind))))
        except Exception:
            return False

    @cached_property
    def jitter(self) -> dict[str, float]:
        """Four standard deviations between seeds, for every target; 0 without random numbers."""
        seeds = [name for name in self.estimator.get_params() if name.endswith("random_state")]
        if not seeds:
            return dict.fromkeys(self.targets, 0.0)
        return {kind: self._jitter(kind, seeds) for kind in self.targets}

    def _jitter(self, kind: str, parameters: list[str]) -> float:
        sample = self.sample(self.dependent(kind))
        values = []
        for seed in range(8):
            estimator = clone(self.estimator).set_params(**dict.fromkeys(parameters, seed))
            values.append(informations(fit(estimator, *sample))[1])
        return 4 * math.log2(base_of(self.estimator)) * float(np.std(values, ddof=1))

    @cached_property
    def nulls(self) -> dict[str, _Floats]:
        """Values of permuted targets, shape (n_permutations,) for every target."""
        return {kind: self._null(kind) for kind in self.targets}

    def _null(self, kind: str) -> _Floats:
        T, y = self.sample(self.dependent(kind))
        rng = np.random.RandomState(self.seed + 1)
        orders = [rng.permutation(len(T)) for _ in range(self.n_permutations)]
        return np.array([self.mi_y(T, y[order]) for order in orders])

    def sample(self, distribution: Distribution, replicate: int = 0) -> tuple[_Floats, Any]:
        """A sample of a distribution, the same for the same replicate."""
        return distribution.sample(self.n_samples, np.random.RandomState(self.seed + replicate))

    @staticmethod
    def dependent(kind: str) -> Distribution:
        """The pair on which properties are checked: two units and a target that depends on them."""
        if kind == "labels":
            return LabelledGaussians([[0.0, 0.0], [2.5, 0.0], [0.0, 2.5]])
        return CorrelatedGaussian.sparse(2, correlation=0.7)
