"""Saxe et al. (2018) and other controls: what falls where nothing can be compressed.

The networks of ``examples/papers/plot_controls.py``.
"""

import numpy as np
import pytest
import torch

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier, InformationPlane
from ibtools.datasets import make_szt, szt_classes
from ibtools.networks import InvertibleMLP, SeedEnsemble

TANH = {"module__module": MLP, "module__sizes": (12, 10, 7, 5, 4, 3, 2)}


def _table(network, X, y, callbacks, **changes):
    """Train three seeds; give their plane as a table."""
    parameters = {"batch_size": 586, "max_epochs": 100} | changes
    net = InformationClassifier(
        SeedEnsemble,
        module__seeds=3,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=0.01,
        train_split=None,
        callbacks=callbacks,
        verbose=0,
        **network,
        **parameters,
    ).fit(X, y)
    return InformationPlane.from_history(net.history).to_frame()


def _paths(network, **changes):
    """I(X;T) of the last hidden layer by width of the bins, over epochs and three seeds."""
    X, y = make_szt()
    bins = {"wide": BinnedMI(bin_width=0.07), "narrow": BinnedMI(bin_width=1e-4)}
    measure = InfoPlaneCallback(bins, on="all", layers="hidden?", n_records=8)
    table = _table(network, X, y, [measure], **changes)
    table = table[table["layer"] == "hidden5"]
    return {
        name: of_bins.pivot(index="epoch", columns="run", values="mi_x")
        for name, of_bins in table.groupby("estimator")
    }


def _falls(paths):
    return paths["wide"].max() - paths["wide"].iloc[-1]


@pytest.fixture(scope="module")
def tanh_falls():
    """What the last hidden layer of the tanh network loses, for each seed."""
    return _falls(_paths(TANH))


@pytest.mark.slow
def test_an_invertible_network_loses_nothing():
    invertible = {"module__module": InvertibleMLP, "module__n_units": 12, "module__n_layers": 5}
    paths = _paths(invertible)
    assert (paths["wide"] > 11.99).all(axis=None)
    assert (paths["narrow"] > 11.99).all(axis=None)


@pytest.mark.slow
def test_leaky_relu_does_not_compress_where_tanh_does(tanh_falls):
    leaky = _falls(_paths(TANH | {"module__activation": "leaky_relu"}))
    assert (leaky < 0.25).all(), leaky
    assert tanh_falls.mean() > 0.5, tanh_falls


@pytest.mark.slow
def test_a_linear_network_keeps_all_patterns_apart_while_its_bins_merge():
    """Its units align along one direction: wide bins call it compression, narrow ones do not."""
    paths = _paths(TANH | {"module__activation": "linear"})
    assert (paths["narrow"].iloc[-1] > 11.5).all(), paths["narrow"]
    assert _falls(paths).mean() > 1, _falls(paths)


@pytest.mark.slow
def test_the_gradient_of_the_full_batch_compresses_no_less(tanh_falls):
    """Measured after 700 steps: 1.1, 2.1 and 3.0 bits, and 1.0, 1.0 and 1.6 in 7 batches."""
    full = _falls(_paths(TANH, batch_size=4096, max_epochs=700))
    assert (full > 0.7).all(), full
    assert full.mean() > tanh_falls.mean(), (full, tanh_falls)


@pytest.mark.slow
def test_under_random_labels_a_layer_keeps_what_cannot_matter():
    """Measured from epoch 2 to 100: hidden5 loses 1.4 to 2.4 bits that cannot matter for the label,
    and gains 0.3 to 1.2 of them where labels are permuted.
    """
    X, y = make_szt()
    measure = InfoPlaneCallback(
        BinnedMI(bin_width=0.07), on=(X, szt_classes()), layers="hidden?", every=[2, 100]
    )

    def gains(labels):
        table = _table(TANH, X, labels, [measure])
        table = table[table["layer"] == "hidden5"].set_index(["run", "epoch"])
        cannot_matter = (table["mi_x"] - table["mi_y"]).unstack("epoch")
        return cannot_matter[100] - cannot_matter[2]

    true, permuted = gains(y), gains(np.random.default_rng(0).permutation(y))
    assert (true < -0.8).all(), true
    assert (permuted > 0).all(), permuted


@pytest.mark.slow
def test_inputs_that_do_not_matter_are_compressed():
    """Two bits beside each pattern. Measured in hidden3, untrained and after 40 epochs: 1.07 to
    1.57 and 0.36 to 1.08 bits about the two, 10.3 to 11.0 and 11.7 to 11.9 about the pattern.
    """
    X, y = make_szt()
    extra = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=X.dtype)
    rows = np.hstack([np.repeat(X, 4, axis=0), np.tile(extra, (len(X), 1))])
    parts = {"pattern": np.repeat(np.arange(len(X)), 4), "extra": np.tile(np.arange(4), len(X))}
    measures = [
        (
            name,
            InfoPlaneCallback(
                {name: BinnedMI(bin_width=0.07)}, on=(rows, part), layers="hidden?", every=[0, 40]
            ),
        )
        for name, part in parts.items()
    ]
    network = TANH | {"module__sizes": (14, 10, 7, 5, 4, 3, 2)}
    table = _table(network, rows, np.repeat(y, 4), measures, max_epochs=40)
    mi = table.pivot(index=["layer", "run"], columns=["estimator", "epoch"], values="mi_y")
    change = mi.xs(40, axis=1, level="epoch") - mi.xs(0, axis=1, level="epoch")
    assert (change.loc["hidden3", "extra"] < -0.25).all(), mi.round(2)
    assert (change.loc["hidden5", "extra"] < -0.05).all(), mi.round(2)
    assert (change.loc[["hidden3", "hidden5"], "pattern"] > 0.5).all(), mi.round(2)
