"""Saxe et al. (2018) and other controls: what falls where nothing can be compressed.

The networks of ``examples/papers/plot_controls.py``.
"""

import pytest
import torch

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier, InformationPlane
from ibtools.datasets import make_szt
from ibtools.networks import InvertibleMLP, SeedEnsemble

TANH = {"module__module": MLP, "module__sizes": (12, 10, 7, 5, 4, 3, 2)}


def _paths(network, **changes):
    """I(X;T) of the last hidden layer by width of the bins, over epochs and three seeds."""
    X, y = make_szt()
    bins = {"wide": BinnedMI(bin_width=0.07), "narrow": BinnedMI(bin_width=1e-4)}
    parameters = {"batch_size": 586, "max_epochs": 100} | changes
    net = InformationClassifier(
        SeedEnsemble,
        module__seeds=3,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=0.01,
        train_split=None,
        callbacks=[InfoPlaneCallback(bins, on="all", layers="hidden?", n_records=8)],
        verbose=0,
        **network,
        **parameters,
    ).fit(X, y)
    table = InformationPlane.from_history(net.history).select(layers="hidden5").to_frame()
    return {
        name: of_bins.pivot(index="epoch", columns="run", values="mi_x")
        for name, of_bins in table.groupby("estimator")
    }


def _falls(paths):
    return paths["wide"].max() - paths["wide"].iloc[-1]


@pytest.mark.slow
def test_an_invertible_network_loses_nothing():
    invertible = {"module__module": InvertibleMLP, "module__n_units": 12, "module__n_layers": 5}
    paths = _paths(invertible)
    assert (paths["wide"] > 11.99).all(axis=None)
    assert (paths["narrow"] > 11.99).all(axis=None)


@pytest.mark.slow
def test_leaky_relu_does_not_compress_where_tanh_does():
    tanh, leaky = _falls(_paths(TANH)), _falls(_paths(TANH | {"module__activation": "leaky_relu"}))
    assert (leaky < 0.25).all(), leaky
    assert tanh.mean() > 0.5, tanh


@pytest.mark.slow
def test_a_linear_network_keeps_all_patterns_apart_while_its_bins_merge():
    """Its units align along one direction: wide bins call it compression, narrow ones do not."""
    paths = _paths(TANH | {"module__activation": "linear"})
    assert (paths["narrow"].iloc[-1] > 11.5).all(), paths["narrow"]
    assert _falls(paths).mean() > 1, _falls(paths)
