"""Checks against what should not matter: units of measurement, precision, order, repetition."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from ibtools.model_selection._check_probe import EXACT, Claim, Evidence, Probe, equal

_SCALES = {
    "T times 1000": (1e3, 0.0),
    "T times 0.001": (1e-3, 0.0),
    "T plus 1000000": (1.0, 1e6),
}


def scale(probe: Probe) -> Iterator[Claim]:
    """The unit in which T is measured changes nothing, nor does where its zero is."""
    for kind in probe.targets:
        for name, (factor, offset) in _SCALES.items():
            weigh = partial(_weigh_scale, probe, kind, factor, offset)
            yield Claim("scale", f"{name}, {kind}", weigh)


def _weigh_scale(probe: Probe, kind: str, factor: float, offset: float) -> Evidence:
    T, y = probe.sample(probe.dependent(kind))
    tolerance = EXACT + probe.jitter[kind]
    return equal(probe.mi_y(T, y), probe.mi_y(factor * T + offset, y), tolerance)


def precision(probe: Probe) -> Iterator[Claim]:
    """The same numbers as float32 and as float64 read the same."""
    for kind in probe.targets:
        yield Claim("precision", f"float32, {kind}", partial(_weigh_precision, probe, kind))


def _weigh_precision(probe: Probe, kind: str) -> Evidence:
    T, y = probe.sample(probe.dependent(kind))
    T = T.astype(np.float32)
    y = y if kind == "labels" else y.astype(np.float32)
    double = T.astype(np.float64), y if kind == "labels" else y.astype(np.float64)
    return equal(probe.mi_y(*double), probe.mi_y(T, y), EXACT + probe.jitter[kind])


def order(probe: Probe) -> Iterator[Claim]:
    """The order of the rows changes nothing."""
    for kind in probe.targets:
        yield Claim("order", f"rows reversed, {kind}", partial(_weigh_order, probe, kind))


def _weigh_order(probe: Probe, kind: str) -> Evidence:
    T, y = probe.sample(probe.dependent(kind))
    return equal(probe.mi_y(T, y), probe.mi_y(T[::-1], y[::-1]), EXACT + probe.jitter[kind])


def duplicates(probe: Probe) -> Iterator[Claim]:
    """Rows that occur twice: the same information, or a clear refusal."""
    for kind in probe.targets:
        weigh = partial(_weigh_duplicates, probe, kind)
        yield Claim("duplicates", f"every row twice, {kind}", weigh)


def _weigh_duplicates(probe: Probe, kind: str) -> Evidence:
    T, y = probe.sample(probe.dependent(kind))
    doubled = probe.mi_y(np.repeat(T, 2, axis=0), np.repeat(y, 2, axis=0))
    return equal(probe.mi_y(T, y), doubled, probe.tolerance + probe.jitter[kind])
