"""Revisiting the information plane: narrower bins push every layer towards the corner.

The numbers of the data sets in its table are tested with BinnedMI and with the stored images. The
networks here are trained for 150 epochs at a learning rate of 0.01, three seeds of each.
"""

import numpy as np
import pytest
import torch
from sklearn.model_selection import train_test_split

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier, InformationPlane
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble

WIDTHS = (0.01, 0.07, 0.15, 0.3)
HIDDEN = [f"hidden{k}" for k in range(1, 6)]


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_bin_width_drift(activation):
    """Measured, tanh: 3.2, 5.1 and 5.5 bits between bins of 0.01 and of 0.3 in the last layers."""
    X, y = make_szt()
    X, _, y, _ = train_test_split(X, y, train_size=0.8, random_state=42)
    estimators = {str(width): BinnedMI(bin_width=width) for width in WIDTHS}
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        module__activation=activation,
        module__seeds=3,
        optimizer=torch.optim.Adam,
        lr=1e-2,
        batch_size=512,
        max_epochs=150,
        train_split=None,
        callbacks=[InfoPlaneCallback(estimators, layers="hidden*", every=[150], on="train")],
        verbose=0,
    ).fit(X, y)
    last = InformationPlane.from_history(net.history).select(layers=HIDDEN, epochs=-1).to_frame()
    np.testing.assert_allclose(last["mi_x_ceiling"], 11.677719641641012, rtol=0, atol=1e-12)
    np.testing.assert_allclose(last["mi_xy"], 0.9976734295143714, rtol=0, atol=1e-12)
    mi_x = last.pivot(index=["run", "layer"], columns="estimator", values="mi_x")
    # Bins of 0.3 are pairs of bins of 0.15, which can only lose.
    assert (mi_x["0.15"] >= mi_x["0.3"] - 1e-9).all()
    means = mi_x.groupby("layer").mean()[[str(width) for width in WIDTHS]]
    assert (means.diff(axis=1).iloc[:, 1:] < 0.01).all(axis=None), means.round(2)
    moved = means["0.01"] - means["0.3"]
    assert (moved[HIDDEN[2:]] > 2.5).all(), means.round(2)
    if activation == "tanh":
        assert (means.loc[HIDDEN[:3], "0.01"] > 11.67).all(), means.round(2)
