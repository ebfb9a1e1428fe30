"""Shwartz-Ziv & Tishby (2017) and Saxe et al. (2018): tanh compresses, ReLU does not.

Measured on the networks that ``python -m ibtools plane`` trains, over five seeds each.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ibtools import InformationPlane
from ibtools.datasets import make_szt
from ibtools.experiments._plane_run import _make_net
from ibtools.experiments._settings import PlaneSettings

SEEDS = range(5)
HIDDEN = [f"hidden{k}" for k in range(1, 6)]


def _falls(folder, *options):
    """By how much I(X;T) of the hidden layers falls from its maximum to the end, per seed."""

    def run(seed):
        output = folder / str(seed)
        command = ["plane", *options, "--seed", str(seed), "--output", str(output)]
        subprocess.run([sys.executable, "-m", "ibtools", *command], check=True)
        plane = InformationPlane.load(output / "plane.csv")
        mi_x = plane.to_frame().pivot(index="epoch", columns="layer", values="mi_x")[HIDDEN]
        return mi_x.max() - mi_x.iloc[-1]

    with ThreadPoolExecutor(max_workers=2) as pool:
        return np.array(list(pool.map(run, SEEDS)))


@pytest.mark.slow
def test_the_last_hidden_layer_of_a_tanh_network_compresses(tmp_path):
    falls = _falls(tmp_path)
    assert (falls[:, -1] > 2).sum() >= 4, falls.round(3)
    assert (falls[:, :2] < 0.2).all(), falls.round(3)


@pytest.mark.slow
def test_a_relu_network_does_not_compress(tmp_path):
    """In single seeds units of the fourth layer die, and what they leave does cluster: seed 3."""
    falls = _falls(tmp_path, "--activation", "relu", "--bin-width", "0.07")
    assert (falls < 0.5).all(axis=1).sum() >= 4, falls.round(3)
    assert (falls[0] < 0.1).all(), "the default run"


@pytest.mark.parametrize("seed", SEEDS)
def test_narrow_bins_tell_all_patterns_apart_before_training(seed):
    """Bins of 1e-3: every hidden layer of the untrained network is near log2 4096 = 12 bits."""
    X, y = make_szt()
    net = _make_net(PlaneSettings(seed=seed, bin_width=1e-3, epochs=1), n_inputs=12, n_classes=2)
    net.set_params(callbacks__EpochProgress=None, callbacks__InfoPlaneCallback__every=[0])
    plane = InformationPlane.from_history(net.fit(X, y).history)
    mi_x = plane.select(epochs=0, layers=HIDDEN).to_frame()["mi_x"]
    assert len(mi_x) == 5
    assert (mi_x >= 11.95).all()
    assert (mi_x <= 12 + 1e-12).all()
