"""The same estimators on a GPU and on one thread of the processor, by the clock on the wall."""

import shutil

import numpy as np
import pytest

from ibtools import KernelDensityMI, NearestNeighborsMI, RenyiMatrixMI, SamplePropagationMI

CASES = {
    "KernelDensityMI": (KernelDensityMI(1e-2), 60_000),
    "SamplePropagationMI": (SamplePropagationMI(0.1, n_draws=2, random_state=0), 60_000),
    "NearestNeighborsMI": (NearestNeighborsMI(3), 20_000),
    "RenyiMatrixMI": (RenyiMatrixMI(alpha=2), 20_000),
}


pytestmark = pytest.mark.skipif(
    shutil.which("nvidia-smi") is None, reason="No CUDA device is here."
)


@pytest.mark.parametrize("n_samples", [4096, 20_000, 60_000])
@pytest.mark.parametrize("estimator", CASES)
def test_on_gpu(estimator, n_samples, compare):
    """10 columns, ten classes."""
    estimator, most = CASES[estimator]
    if n_samples > most:
        pytest.skip("It would take minutes on the processor.")
    rng = np.random.default_rng(0)
    T = np.tanh(rng.normal(size=(n_samples, 10))).astype(np.float32)
    y = rng.integers(10, size=n_samples)

    def fitted(device):
        return estimator.set_params(device=device).fit(T, y).mi_y_

    compare(
        lambda: fitted("cuda"),
        lambda: fitted("cpu"),
        peer_name="the same on the processor",
        errors=(abs(fitted("cuda") - fitted("cpu")), 0.0),
        clock="wall",
    )
