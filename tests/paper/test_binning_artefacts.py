"""Revisiting the information plane: what bins make of mixed networks and of a bottleneck."""

import pytest
import torch

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier, InformationPlane
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble
from ibtools.plane import data_processing_pairs


def _plane(sizes, activation, max_epochs):
    """Hidden layers of five seeds in bins of 0.07, trained at a learning rate of 0.005."""
    X, y = make_szt()
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=sizes,
        module__activation=activation,
        module__seeds=5,
        optimizer=torch.optim.Adam,
        lr=5e-3,
        batch_size=512,
        max_epochs=max_epochs,
        train_split=None,
        callbacks=[
            InfoPlaneCallback(BinnedMI(bin_width=0.07), layers="hidden*", n_records=10, on="all")
        ],
        verbose=0,
    ).fit(X, y)
    plane = InformationPlane.from_history(net.history)
    return plane.select(layers=[f"hidden{k}" for k in range(1, len(sizes) - 1)])


@pytest.mark.slow
def test_the_last_layer_compresses_if_it_is_tanh_whatever_stands_in_the_middle():
    """Measured after 300 epochs: hidden5 loses 0.69 to 2.09 bits as tanh, nothing as ReLU."""
    lost = {}
    for last, middle in [("tanh", "relu"), ("relu", "tanh")]:
        activations = [last, last, middle, last, last]
        plane = _plane((12, 10, 7, 5, 4, 3, 2), activations, 300)
        paths = plane.select(layers="hidden5").to_frame().groupby("run")["mi_x"]
        lost[last] = paths.max() - paths.last()
    assert (lost["tanh"] > 0.4).all(), lost["tanh"].round(2)
    assert (lost["relu"] < 0.1).all(), lost["relu"].round(2)


@pytest.mark.slow
def test_a_wide_layer_seems_to_know_more_than_the_narrow_one_before_it():
    """Measured over 300 epochs: an excess of 1.87 to 3.55 bits, at every epoch of every seed."""
    plane = _plane((12, 3, 2, 12, 2, 2), "tanh", 100)
    pairs = data_processing_pairs(plane)
    excess = pairs.pivot(index=["run", "epoch"], columns="later", values="excess")
    assert (excess["hidden3"] > 1.5).all(), excess.round(2)
    assert (excess[["hidden2", "hidden4"]] < 0).all(axis=None), excess.round(2)
