"""Checks of what every mutual information keeps: symmetry, invariance, inequalities."""

import math
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibtools.datasets._distribution_base import Distribution
from ibtools.datasets._distributions import CorrelatedGaussian
from ibtools.datasets._distributions_labelled import LabelledGaussians
from ibtools.datasets._reparametrizations import Asinh, HalfCube, Spiral
from ibtools.model_selection._check_probe import EXACT, Claim, Evidence, Probe, at_most, equal

_Floats = NDArray[np.float64]
_Map = Callable[[Any], Any]

_ABOVE = 0.01  # bits above a ceiling: a correction of order 1/n is no error


def symmetry(probe: Probe) -> Iterator[Claim]:
    """I(A;B) = I(B;A), for an estimator that takes real targets."""
    weigh = partial(_weigh_symmetry, probe) if "real" in probe.targets else None
    yield Claim("symmetry", "I(A;B) = I(B;A), real", weigh)


def _weigh_symmetry(probe: Probe) -> Evidence:
    A, B = probe.sample(CorrelatedGaussian.sparse(2, 3, correlation=0.7))
    return equal(probe.mi_y(A, B), probe.mi_y(B, A), probe.tolerance)


def _permuted(T: _Floats) -> _Floats:
    return T[:, ::-1]


def _rotated(T: _Floats) -> _Floats:
    angle = math.pi / 6
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return T @ turn


_INVERTIBLE: dict[str, _Map] = {
    "units in another order": _permuted,
    "units rotated": _rotated,
    "half-cube of units": HalfCube(),
    "asinh of units": Asinh(0.3),
    "units in a spiral": Spiral(),
}


def invariance(probe: Probe) -> Iterator[Claim]:
    """I(g(T);Y) = I(T;Y) for invertible g."""
    for kind in probe.targets:
        for name, g in _INVERTIBLE.items():
            yield Claim("invariance", f"{name}, {kind}", partial(_weigh_map, probe, kind, g))


def _weigh_map(probe: Probe, kind: str, g: _Map) -> Evidence:
    T, y = probe.sample(probe.dependent(kind))
    tolerance = probe.tolerance + probe.jitter[kind]
    return equal(probe.mi_y(T, y), probe.mi_y(g(T), y), tolerance)


def _one_unit(T: _Floats) -> _Floats:
    return T[:, :1]


_LOSSY: dict[str, _Map] = {
    "one unit of two": _one_unit,
    "rounded units": np.round,
    "signs of units": np.sign,
}


def data_processing(probe: Probe) -> Iterator[Claim]:
    """I(g(T);Y) <= I(T;Y) for any g."""
    for kind in probe.targets:
        for name, g in _LOSSY.items():
            weigh = partial(_weigh_processing, probe, kind, g)
            yield Claim("data processing", f"{name}, {kind}", weigh)


def _weigh_processing(probe: Probe, kind: str, g: _Map) -> Evidence:
    T, y = probe.sample(probe.dependent(kind))
    return at_most(probe.mi_y(T, y), probe.mi_y(g(T), y), probe.tolerance + probe.jitter[kind])


def additivity(probe: Probe) -> Iterator[Claim]:
    """I((A,B);(C,D)) = I(A;C) + I(B;D) for independent pairs (A,C) and (B,D)."""
    for kind in probe.targets:
        yield Claim("additivity", f"two blocks, {kind}", partial(_weigh_blocks, probe, kind))


def _weigh_blocks(probe: Probe, kind: str) -> Evidence:
    block: Distribution = CorrelatedGaussian.sparse(1, correlation=0.8)
    if kind == "labels":
        block = LabelledGaussians([[-1.0], [1.0]])
    parts = [probe.sample(block, replicate) for replicate in (0, 1)]
    T = np.hstack([T for T, _ in parts])
    if kind == "labels":
        y = np.ravel_multi_index([y for _, y in parts], (2, 2))
    else:
        y = np.hstack([y for _, y in parts])
    apart = sum(probe.mi_y(*part) for part in parts)
    return equal(apart, probe.mi_y(T, y), probe.tolerance + 2 * probe.jitter[kind])


def one_functional(probe: Probe) -> Iterator[Claim]:
    """I(X;T) with the labels as inputs is I(T;Y)."""
    applies = probe.takes_index and "labels" in probe.targets
    weigh = partial(_weigh_functional, probe) if applies else None
    yield Claim("one functional", "mi_x of inputs = y is mi_y", weigh)


def _weigh_functional(probe: Probe) -> Evidence:
    T, y = probe.sample(probe.dependent("labels"))
    tolerance = EXACT + 2 * probe.jitter["labels"]
    return equal(probe.mi_y(T, y), probe.mi_x(T, y, y), tolerance)


def ceiling(probe: Probe) -> Iterator[Claim]:
    """I(T;Y) <= min(H(T), H(Y)), I(X;T) <= min(H(T), log n), and what is read beyond log n."""
    labels, mi_x = "labels" in probe.targets, probe.measures_mi_x
    cases: list[tuple[str, Callable[[Probe], Evidence], bool]] = [
        ("I(T;Y) <= H(Y), classes far apart", _weigh_label_entropy, labels),
        ("I(T;Y) <= H(T), two values of T", _weigh_binary_unit, labels),
        ("I(X;T) <= H(T), four values of T", _weigh_four_values, mi_x),
        ("I(X;T) <= log2 n", _weigh_log_n, mi_x),
        ("20 bits, beyond log2 n: read, or warned of", _weigh_saturation, "real" in probe.targets),
    ]
    for case, weigh, applies in cases:
        yield Claim("ceiling", case, partial(weigh, probe) if applies else None)


def _weigh_label_entropy(probe: Probe) -> Evidence:
    T, y = probe.sample(LabelledGaussians(20.0 * np.arange(4)[:, None]))
    p = np.bincount(y) / len(y)
    tolerance = _ABOVE + probe.jitter["labels"]
    return at_most(-float(p @ np.log2(p)), probe.mi_y(T, y), tolerance)


def _weigh_binary_unit(probe: Probe) -> Evidence:
    y = np.arange(probe.n_samples) % 4
    T = np.where(y < 2, -1.0, 1.0)[:, None]
    return at_most(1.0, probe.mi_y(T, y), _ABOVE + probe.jitter["labels"])


def _weigh_four_values(probe: Probe) -> Evidence:
    T = 20.0 * (np.arange(probe.n_samples // 4 * 4) % 4)[:, None]
    return at_most(2.0, probe.mi_x(T), _ABOVE + max(probe.jitter.values(), default=0.0))


def _weigh_log_n(probe: Probe) -> Evidence:
    T, _ = probe.sample(probe.dependent("labels"))
    log_n, measured = math.log2(len(T)), probe.mi_x(T)
    detail = "saturated: every row is read as apart" if measured > log_n - 0.05 else ""
    tolerance = _ABOVE + max(probe.jitter.values(), default=0.0)
    return at_most(log_n, measured, tolerance, detail=detail)


def _weigh_saturation(probe: Probe) -> Evidence:
    strong = CorrelatedGaussian.sparse(1, correlation=math.sqrt(1 - 2.0**-40))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        measured = probe.mi_y(*probe.sample(strong))
    evidence = equal(20.0, measured, 2.0)
    if evidence.holds:
        return evidence
    if caught:
        return evidence._replace(holds=True, detail=f"warns: {caught[0].message}")
    return evidence._replace(detail="saturates without a warning")
