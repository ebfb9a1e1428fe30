"""Checks against chance, and against distributions that know their information."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from ibtools.datasets._distribution_base import Distribution
from ibtools.datasets._distributions import CorrelatedGaussian, CorrelatedStudentT, UniformNoise
from ibtools.datasets._distributions_discrete import (
    DiscretePair,
    DiscreteUniformNoise,
    GaussianWithAtoms,
)
from ibtools.datasets._distributions_labelled import LabelledGaussians
from ibtools.datasets._reparametrizations import HalfCube, Reparametrized, SwissRoll
from ibtools.model_selection._check_probe import Claim, Evidence, Probe, equal

_FAR = 4.0  # standard deviations


def independence(probe: Probe) -> Iterator[Claim]:
    """What is read of independent and of dependent targets, against permuted targets."""
    for kind in probe.targets:
        null = partial(_weigh_null, probe, kind)
        yield Claim("independence", f"mean of permuted targets is 0, {kind}", null)
        same = partial(_weigh_against_null, probe, kind, dependent=False)
        yield Claim("independence", f"independent target in the null [sd], {kind}", same)
        apart = partial(_weigh_against_null, probe, kind, dependent=True)
        yield Claim("independence", f"dependent target above the null [sd], {kind}", apart)


def _weigh_null(probe: Probe, kind: str) -> Evidence:
    null = probe.nulls[kind]
    spread = float(null.std(ddof=1))
    error = 2 * spread / math.sqrt(len(null))
    return equal(0.0, float(null.mean()), probe.tolerance + error, std=spread)


def _weigh_against_null(probe: Probe, kind: str, *, dependent: bool) -> Evidence:
    """Distance from the mean of the null in its standard deviations."""
    null = probe.nulls[kind]
    T, y = probe.sample(probe.dependent(kind))
    if not dependent:
        _, y = probe.sample(probe.dependent(kind), replicate=1000)
    distance, spread = probe.mi_y(T, y) - float(null.mean()), float(null.std(ddof=1))
    n_sd = distance / spread if spread else math.copysign(math.inf, distance) if distance else 0.0
    if dependent:
        return Evidence(_FAR, n_sd, 0.0, n_sd > _FAR)
    return equal(0.0, n_sd, _FAR)


_TRUTHS: dict[str, dict[str, Distribution]] = {
    "labels": {
        "binary symmetric channel": DiscretePair.symmetric(0.1),
        "two Gaussian classes, 1 unit": LabelledGaussians([[-1.0], [1.0]]),
        "three Gaussian classes, 10 units": LabelledGaussians(2 * np.eye(3, 10)),
        "one Gaussian for two classes, 10 units": LabelledGaussians(np.zeros((2, 10))),
        "label plus uniform noise": DiscreteUniformNoise(5),
    },
    "real": {
        "Gaussian, correlation 0.6, 1 unit": CorrelatedGaussian.sparse(1),
        "Gaussian, correlation 0.6, 5 units": CorrelatedGaussian.sparse(5),
        "Gaussian, correlation 0.999, 1 unit": CorrelatedGaussian.sparse(1, correlation=0.999),
        "Gaussian, independent, 5 units": CorrelatedGaussian.sparse(5, correlation=0.0),
        "Gaussian, dense, 3 units": CorrelatedGaussian.dense(3),
        "Student t, 2 degrees of freedom": CorrelatedStudentT.sparse(1, df=2),
        "uniform noise": UniformNoise(0.5),
        "half-cube of a Gaussian": Reparametrized(CorrelatedGaussian.sparse(1), HalfCube()),
        "Swiss roll of a Gaussian": Reparametrized(CorrelatedGaussian.sparse(1), SwissRoll()),
        "Gaussian with atoms": GaussianWithAtoms(),
    },
}


def truths(probe: Probe) -> Iterator[Claim]:
    """Bias and standard deviation on samples of distributions that know their information."""
    for kind in probe.targets:
        for name, distribution in _TRUTHS[kind].items():
            weigh = partial(_weigh_truth, probe, distribution)
            yield Claim("known truth", f"{name}, {kind}", weigh)


def _weigh_truth(probe: Probe, distribution: Distribution) -> Evidence:
    samples = (probe.sample(distribution, replicate) for replicate in range(probe.n_replicates))
    values = np.array([probe.mi_y(*sample) for sample in samples])
    spread = float(values.std(ddof=1))
    tolerance = probe.tolerance + 2 * spread / math.sqrt(len(values))
    return equal(distribution.mutual_information, float(values.mean()), tolerance, std=spread)
