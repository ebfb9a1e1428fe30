"""Goldfeld et al. (2019): I(X;T) of noisy networks, its estimate, and the bins that follow it."""

import numpy as np
import pytest
import torch

from ibtools import (
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    SamplePropagationMI,
)
from ibtools.datasets import NoisyLayer, make_szt
from ibtools.networks import NoisyMLP

NOISE_STD = 0.1


def test_the_error_of_sample_propagation_against_n():
    """A layer of two units with 4.54 bits: too low by 0.25 bit at 128 inputs, 0.02 at 2048.

    Each fourfold n makes the error 3 to 3.5 times smaller, more than a law of 1 / sqrt(n) asks for.
    """
    layer = NoisyLayer([[2, 0, 0], [0, 2, 1]], noise_std=NOISE_STD)
    errors = []
    for n in (32, 128, 512, 2048):
        measured = []
        for seed in range(10):
            _, inputs = layer.sample(n, random_state=seed)
            centres = np.tanh(inputs @ layer.weights.T)
            propagated = SamplePropagationMI(noise_std=NOISE_STD, random_state=0).fit(centres)
            measured.append(propagated.mi_x_)
        errors.append(layer.mutual_information - np.mean(measured))
    errors = np.array(errors)
    assert (errors[:-1] > 2.5 * errors[1:]).all(), errors.round(4)
    assert 0 < errors[-1] < 0.05, errors.round(4)


@pytest.mark.paper
@pytest.mark.filterwarnings("ignore:I.X;T. = .* for want of replicates:UserWarning")
@pytest.mark.parametrize("seed", range(3))
def test_bins_follow_the_information_as_it_falls(seed):
    """Layers of 3 and 2 units. Measured with three seeds, r from the maximum of I(X;T) on, and over
    all epochs: 0.995 to 0.997 and 0.83 to 0.90 (three units), 0.96 to 0.99 and 0.68 to 0.94 (two).
    """
    X, y = make_szt()
    propagated = InfoPlaneCallback(
        {"propagated": SamplePropagationMI(noise_std=NOISE_STD, n_draws=2, random_state=0)},
        layers="hidden[45]",
        n_records=14,
        n_replicates=15,
        max_samples=150,
        random_state=0,
    )
    binned = InfoPlaneCallback(
        {"binned": BinnedMI(bin_width=2 * NOISE_STD)}, layers="noise[45]", n_records=14
    )
    net = InformationClassifier(
        NoisyMLP,
        module__sizes=(12, 10, 7, 5, 3, 2, 2),
        module__noise_std=NOISE_STD,
        optimizer=torch.optim.Adam,
        lr=0.01,
        batch_size=256,
        max_epochs=400,
        train_split=None,
        callbacks=[("propagated", propagated), ("binned", binned)],
        random_state=seed,
        verbose=0,
    ).fit(X, y)
    table = InformationPlane.from_history(net.history).to_frame()
    mi_x = table.pivot(index="epoch", columns=["estimator", "layer"], values="mi_x")
    for k in (4, 5):
        information, entropy = mi_x["propagated", f"hidden{k}"], mi_x["binned", f"noise{k}"]
        falling = information.loc[information.idxmax() :]
        assert len(falling) >= 5
        assert falling.iloc[0] - falling.iloc[-1] > 0.2
        assert np.corrcoef(falling, entropy[falling.index])[0, 1] > 0.9
        assert np.corrcoef(information, entropy)[0, 1] > 0.5
