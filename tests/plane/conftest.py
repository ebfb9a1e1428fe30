"""Planes to test on."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ibtools import InformationPlane
from ibtools.information import entropy


@pytest.fixture
def make_plane():
    """Make a plane of three layers whose values depend on a seed."""

    def make(seed=0, epochs=(0, 1, 10), layers=("a", "b", "out"), **columns):
        rng = np.random.default_rng(seed)
        rows = [(epoch, layer) for epoch in epochs for layer in layers]
        table = pd.DataFrame(rows, columns=["epoch", "layer"]).assign(
            estimator="BinnedMI",
            mi_x=rng.uniform(2, 11, len(rows)),
            mi_y=rng.uniform(0, 0.9, len(rows)),
            mi_x_ceiling=12.0,
            mi_y_ceiling=1.0,
            unit="bits",
        )
        return InformationPlane(table.assign(**columns), settings={"seed": seed})

    return make


@pytest.fixture
def channel():
    """The bound of a binary symmetric channel that errs once in ten, in closed form."""
    delta = np.linspace(0.499, 0.001, 80)
    mixed = 0.1 * (1 - delta) + 0.9 * delta
    odds, mixed_odds = np.log((1 - delta) / delta), np.log((1 - mixed) / mixed)
    return SimpleNamespace(
        betas=np.append(1.5, odds / (0.8 * mixed_odds)),
        mi_x=np.array([0.0, *(1 - entropy([d, 1 - d]) for d in delta)]),
        mi_y=np.array([0.0, *(1 - entropy([d, 1 - d]) for d in mixed)]),
        mi_xy=1 - entropy([0.1, 0.9]),
        critical_betas=np.array([1.5625]),
        p_xy=np.array([[0.45, 0.05], [0.05, 0.45]]),
        base=2.0,
    )


@pytest.fixture
def measured_channel(channel):
    """Two codes of the channel's input: itself, and a constant."""
    T = np.array([[-0.5], [0.5]])
    return InformationPlane.from_activations({"all": T, "none": 0 * T}, p_xy=channel.p_xy)
