"""Fifty seeds at once against fifty fits, of 12-10-7-5-4-3-2 on 4096 rows."""

import pytest
import torch
from skorch import NeuralNetClassifier
from torch import nn

from ibtools import MLP, InformationClassifier
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble

N_SEEDS = 50


def _settings(batch_size):
    return {
        "module__sizes": (12, 10, 7, 5, 4, 3, 2),
        "optimizer": torch.optim.Adam,
        "optimizer__fused": True,
        "lr": 4e-4,
        "batch_size": batch_size,
        "max_epochs": 3,
        "verbose": 0,
    }


def _fit_at_once(X, y, batch_size):
    net = InformationClassifier(
        SeedEnsemble, module__module=MLP, module__seeds=N_SEEDS, **_settings(batch_size)
    ).fit(X, y)
    return [net.history[-1, f"member{number}/train_loss"] for number in range(N_SEEDS)]


def _fit_with_skorch(X, y, batch_size):
    for seed in range(N_SEEDS):
        torch.manual_seed(seed)
        NeuralNetClassifier(
            MLP,
            criterion=nn.CrossEntropyLoss,
            iterator_train__shuffle=True,
            **_settings(batch_size),
        ).fit(X, y)


def _fit_one_by_one(X, y, batch_size):
    nets = [
        InformationClassifier(MLP, random_state=seed, **_settings(batch_size)).fit(X, y)
        for seed in range(N_SEEDS)
    ]
    return [net.history[-1, "train_loss"] for net in nets]


@pytest.mark.parametrize("batch_size", [256, 4096])
def test_fifty_seeds(compare, batch_size):
    X, y = make_szt()
    compare(
        lambda: _fit_at_once(X, y, batch_size),
        lambda: _fit_with_skorch(X, y, batch_size),
        rounds=2,
        peer_name="skorch fits",
        reach="15.8x",
    )


@pytest.mark.parametrize("batch_size", [256, 4096])
def test_fifty_seeds_against_our_own_fits(compare, batch_size):
    X, y = make_szt()
    compare(
        lambda: _fit_at_once(X, y, batch_size),
        lambda: _fit_one_by_one(X, y, batch_size),
        rounds=2,
        peer_name="InformationClassifier fits",
        truth=_fit_one_by_one(X, y, batch_size),
    )
