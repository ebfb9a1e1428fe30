"""As many rows as MNIST has, in little memory and with a bar."""

import json
import subprocess
import sys

import pytest

CODE = """
import json, resource, sys
import numpy as np
from ibtools import KernelDensityMI, SamplePropagationMI

rng = np.random.default_rng(0)
y = rng.integers(10, size=60000)
T = np.tanh(rng.normal(size=(10, 10))[y] + 0.5 * rng.normal(size=(60000, 10)))
estimator = {estimator}.fit(T, y)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB; on a Mac bytes
peak /= 2**20 if sys.platform == "linux" else 2**30
print(json.dumps([peak, estimator.mi_x_lower_, estimator.mi_x_, estimator.mi_x_upper_]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    [
        "KernelDensityMI(1e-3, verbose=1)",
        "SamplePropagationMI(0.1, n_draws=2, random_state=0, verbose=1)",
    ],
)
def test_sixty_thousand_rows(estimator):
    run = subprocess.run(
        [sys.executable, "-c", CODE.format(estimator=estimator)],
        capture_output=True,
        text=True,
        check=True,
    )
    gibibytes, lower, middle, upper = json.loads(run.stdout)
    assert gibibytes < 1
    assert lower <= middle <= upper + 1e-9
    assert "pairs of rows: 100%" in run.stderr
