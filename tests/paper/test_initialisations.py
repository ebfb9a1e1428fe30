"""Shwartz-Ziv & Tishby (2017): two phases in the average over initialisations, and in each.

The networks of ``examples/papers/plot_initialisations.py``, five in place of fifty.
"""

import pytest
import torch

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier, InformationPlane
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble


@pytest.mark.slow
def test_five_networks_and_their_average_fit_and_then_compress():
    X, y = make_szt()
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        module__seeds=5,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=0.01,
        batch_size=512,
        max_epochs=80,
        callbacks=[InfoPlaneCallback(BinnedMI(n_bins=30), on="all", every=[4])],
        verbose=0,
    )
    net.fit(X, y)
    table = InformationPlane.from_history(net.history).to_frame()
    mi_x = table.pivot(index="epoch", columns=["layer", "run"], values="mi_x")
    mi_y = table.pivot(index="epoch", columns=["layer", "run"], values="mi_y")

    rise, fall = mi_x.loc[4] - mi_x.loc[0], mi_x.loc[4] - mi_x.loc[80]
    assert (rise["probabilities"] > 0.5).all(), rise["probabilities"]
    assert (fall["probabilities"] > 1).all(), fall["probabilities"]
    assert fall["hidden5"].mean() > 0.2, fall["hidden5"]
    assert (fall[["hidden1", "hidden2"]].abs() < 0.1).all()
    assert (mi_y.loc[80, "hidden5"] > mi_y.loc[0, "hidden5"] + 0.3).all()
