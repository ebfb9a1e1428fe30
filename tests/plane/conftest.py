"""Planes to test on."""

import numpy as np
import pandas as pd
import pytest

from ibtools import InformationPlane


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
