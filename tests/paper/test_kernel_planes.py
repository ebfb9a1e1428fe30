"""Saxe et al. (2018): kernel density bounds tell tanh from ReLU as bins do.

The networks of ``examples/papers/plot_kernel_planes.py``.
"""

import pytest
import torch

from ibtools import (
    MLP,
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    KernelDensityMI,
)
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble

RULERS = {
    "upper": KernelDensityMI(noise_variance=1e-3),
    "lower": KernelDensityMI(noise_variance=1e-3, bound="lower"),
    "wide": KernelDensityMI(noise_variance=0.1),
    "bins": BinnedMI(bin_width=0.07),
}


def _paths(activation):
    """I(X;T) of the last hidden layer by ruler, over epochs and three seeds."""
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        module__activation=activation,
        module__seeds=3,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=8e-3,
        batch_size=512,
        max_epochs=300,
        callbacks=[
            InfoPlaneCallback(
                RULERS,
                layers="hidden5",
                every=[0, 4, 20, 300],
                on="all",
                max_samples=700,
                random_state=0,
            )
        ],
        verbose=0,
    ).fit(*make_szt())
    table = InformationPlane.from_history(net.history).select(layers="hidden5").to_frame()
    return table.pivot(index=["run", "epoch"], columns="estimator", values="mi_x")


@pytest.mark.slow
def test_kernels_see_tanh_compress_and_relu_not():
    """Measured, tanh: 1.5 to 1.9 bits lost by the upper bound, 0.8 to 1.1 by the lower; ReLU: 0, 0
    and 0.3 bit. Noise of variance 0.1 hides it: 0.2 bit at most. The fall is smaller in shorter
    training: 0.6 to 1.4 bits by the upper bound after 150 epochs at a learning rate of 0.015.
    """
    lost = {}
    for activation in ("tanh", "relu"):
        paths = _paths(activation)
        assert (paths["lower"] <= paths["upper"]).all()
        by_run = paths.groupby("run")
        lost[activation] = by_run.max() - by_run.last()
    tanh, relu = lost["tanh"], lost["relu"]
    assert (tanh["upper"] > 1).all(), tanh.round(2)
    assert (tanh["lower"] > 0.4).all(), tanh.round(2)
    assert ((tanh - relu)[["upper", "bins"]] > 0.8).all(axis=None), (tanh - relu).round(2)
    assert (relu["upper"] < 0.5).all(), relu.round(2)
    assert (tanh["wide"] < 0.4).all(), tanh.round(2)
