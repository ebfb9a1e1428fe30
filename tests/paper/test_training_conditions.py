"""Shwartz-Ziv & Tishby (2017): amount of data, depth and size of batches."""

import pandas as pd
import pytest
import torch
from sklearn.model_selection import train_test_split

from ibtools import (
    MLP,
    BinnedMI,
    GradientSNRCallback,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
)
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble
from ibtools.plane import drift_diffusion_transition, gradient_table, information_phases

SIZES = (12, 10, 7, 5, 4, 3, 2)
ADAM = {"optimizer": torch.optim.Adam, "optimizer__fused": True, "train_split": None, "verbose": 0}


def _ensemble(n_seeds, sizes, **parameters):
    return InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=sizes,
        module__seeds=n_seeds,
        **ADAM,
        **parameters,
    )


def _mean_mi_y(part):
    """I(T;Y) of the last hidden layer on all patterns, over epochs; the mean of five seeds."""
    X, y = make_szt()
    rows, _, labels, _ = train_test_split(X, y, train_size=part, random_state=0, stratify=y)
    net = _ensemble(
        5,
        SIZES,
        lr=0.01,
        batch_size=-(-len(rows) // 7),
        max_epochs=150,
        callbacks=[InfoPlaneCallback(BinnedMI(n_bins=30), on=(X, y), every=[34])],
    )
    plane = InformationPlane.from_history(net.fit(rows, labels).history).mean()
    return plane.select(layers="hidden5").to_frame().set_index("epoch")["mi_y"]


@pytest.mark.slow
def test_layers_forget_the_label_on_little_data_only():
    little, much = _mean_mi_y(0.05), _mean_mi_y(0.85)
    assert little[34] > little[0] + 0.4
    assert little[150] < little[34] - 0.05, little
    assert much[150] > much[34] + 0.05, much
    assert much[150] > little[150] + 0.2


@pytest.mark.slow
def test_three_hidden_layers_need_about_half_the_epochs_of_one():
    def epochs_until(sizes):
        net = _ensemble(5, sizes, lr=3e-3, batch_size=512, max_epochs=30).fit(*make_szt())
        losses = pd.DataFrame(net.history[:, [f"member{k}/train_loss" for k in range(5)]])
        assert losses.iloc[-1].max() < 0.4
        return losses.lt(0.4).idxmax() + 1

    one, three = epochs_until((12, 10, 2)), epochs_until((12, 10, 7, 5, 2))
    assert (three < one).all()
    assert three.median() < 0.7 * one.median(), (one, three)


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(0, marks=pytest.mark.slow),
        pytest.param(1, marks=pytest.mark.paper),
        pytest.param(2, marks=pytest.mark.paper),
    ],
)
def test_larger_batches_move_both_transitions_in_proportion(seed):
    def transitions(batch_size):
        net = InformationClassifier(
            MLP,
            module__sizes=SIZES,
            lr=2e-3,
            batch_size=batch_size,
            max_epochs=80,
            random_state=seed,
            callbacks=[
                GradientSNRCallback("linear6"),
                InfoPlaneCallback(on="all", layers="hidden5", n_records=20),
            ],
            **ADAM,
        ).fit(*make_szt())
        plane = InformationPlane.from_history(net.history).select(layers="probabilities")
        gradient = drift_diffusion_transition(gradient_table(net.history))["epoch"].iloc[0]
        return gradient, information_phases(plane)["compresses_from"].iloc[0]

    small, large = transitions(256), transitions(1024)
    assert all(2.5 < after / before < 5.5 for before, after in zip(small, large, strict=True))
    assert small[1] < small[0]
    assert large[1] < large[0]
