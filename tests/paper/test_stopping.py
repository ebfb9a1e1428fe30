"""Revisiting the information plane: the validation loss, the accuracy and compression disagree."""

import pytest
import torch
from sklearn.utils import shuffle

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier, InformationPlane
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble
from ibtools.plane import stopping_points

EPOCHS = 300


@pytest.mark.slow
def test_after_perfect_stopping_the_loss_rises_the_accuracy_stays_and_layers_compress():
    """Measured with three seeds, from the least validation loss to the end: it rises by 10 to 28 %,
    the accuracy changes by at most 0.005, and hidden5 loses another 0.5 to 1.9 bits.
    """
    X, y = shuffle(*make_szt(), random_state=0)
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        module__seeds=3,
        optimizer=torch.optim.Adam,
        lr=1e-2,
        batch_size=256,
        max_epochs=EPOCHS,
        callbacks=[
            InfoPlaneCallback(BinnedMI(n_bins=30), layers="hidden*", n_records=25, on="all")
        ],
        verbose=0,
    ).fit(X, y)
    for k in range(3):
        history = net.member(k).history
        loss, accuracy = history[:, "valid_loss"], history[:, "valid_acc"]
        perfect = stopping_points(loss, patience=20).perfect
        assert perfect < EPOCHS
        assert loss[-1] > 1.05 * loss[perfect - 1]
        assert abs(accuracy[-1] - accuracy[perfect - 1]) < 0.015
        plane = InformationPlane.from_history(history).select(layers="hidden5")
        stopped, end = (plane.until(epoch).to_frame()["mi_x"] for epoch in (perfect, EPOCHS))
        assert stopped.max() - stopped.iloc[-1] > 0.2  # compression has begun
        assert stopped.iloc[-1] - end.iloc[-1] > 0.3  # and goes on
