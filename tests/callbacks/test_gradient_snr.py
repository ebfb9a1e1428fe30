"""Signal and noise of the gradient, against their definition."""

import io
import json
import math

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, PrintLog
from torch import nn

from ibtools import MLP, InformationClassifier
from ibtools.callbacks._gradient_snr import GradientMoments, GradientSNRCallback
from ibtools.plane._gradients import gradient_table


class _Gradients(Callback):
    """Keeps every batch's gradient of every layer."""

    def on_train_begin(self, net, **kwargs):
        self.epochs_ = []

    def on_epoch_begin(self, net, **kwargs):
        self.epochs_.append({"linear1": [], "linear2": []})

    def on_grad_computed(self, net, named_parameters, training=False, **kwargs):
        if training:
            for name, batches in self.epochs_[-1].items():
                batches.append(net.module_.get_submodule(name).weight.grad.double().numpy().copy())


def _fit(data, callbacks, **parameters):
    X, y = data
    parameters = {"batch_size": 16, "max_epochs": 3, "verbose": 0} | parameters
    return InformationClassifier(
        MLP,
        module__sizes=(6, 5, 2),
        callbacks=callbacks,
        random_state=0,
        **parameters,
    ).fit(X, y)


def test_values_are_the_definition(data):
    seen = _Gradients()
    net = _fit(data, [("seen", seen), GradientSNRCallback()])
    kept = dict(net.callbacks_)["seen"].epochs_
    table = gradient_table(net.history).set_index(["epoch", "layer"])
    for epoch, gradients in enumerate(kept, start=1):
        for layer, batches in gradients.items():
            mean = np.linalg.norm(np.mean(batches, axis=0))
            std = np.linalg.norm(np.std(batches, axis=0, ddof=1))
            row = table.loc[(epoch, layer)]
            assert row["gradient_mean"] == pytest.approx(mean, rel=1e-4)
            assert row["gradient_std"] == pytest.approx(std, rel=1e-4)
            assert row["gradient_snr"] == pytest.approx(mean / std, rel=1e-4)
    norm = torch.linalg.vector_norm(net.module_.linear2.weight).item()
    assert table.loc[(3, "linear2"), "weight_norm"] == pytest.approx(norm, rel=1e-6)
    assert table["train_loss"].notna().all()
    assert table["valid_acc"].notna().all()


def test_a_strong_signal_does_not_drown_the_noise():
    weight = nn.Parameter(torch.zeros(50, 40))
    noise = torch.randn(30, 50, 40, generator=torch.Generator().manual_seed(0))
    moments = GradientMoments([weight])
    for each in noise:
        weight.grad = 1000 + 1e-2 * each
        moments.add()
    (summary,) = moments.summaries()
    kept = (1000 + 1e-2 * noise).double().numpy()
    assert summary[1] == pytest.approx(np.linalg.norm(kept.std(axis=0, ddof=1)), rel=1e-3)
    assert summary[0] == pytest.approx(np.linalg.norm(kept.mean(axis=0)), rel=1e-6)


def test_pure_noise_has_a_ratio_of_one_over_the_root_of_the_batches():
    weight = nn.Parameter(torch.zeros(100, 100))
    generator = torch.Generator().manual_seed(0)
    moments = GradientMoments([weight])
    for _ in range(25):
        weight.grad = torch.randn(100, 100, generator=generator)
        moments.add()
    (summary,) = moments.summaries()
    assert summary[2] == pytest.approx(1 / 5, rel=0.03)


def test_training_is_not_changed(data):
    with_callback, without = _fit(data, [GradientSNRCallback()]), _fit(data, [])
    for one, other in zip(
        with_callback.module_.parameters(), without.module_.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_one_batch_in_an_epoch_warns_once(data):
    with pytest.warns(UserWarning, match="single batch") as caught:
        net = _fit(data, [GradientSNRCallback()], batch_size=10_000)
    assert len([each for each in caught if "single batch" in str(each.message)]) == 1
    table = gradient_table(net.history)
    assert table["gradient_snr"].isna().all()
    assert table["gradient_mean"].gt(0).all()


def test_layers_are_chosen_by_pattern(data):
    net = _fit(data, [GradientSNRCallback(layers="linear2")])
    assert gradient_table(net.history)["layer"].unique().tolist() == ["linear2"]
    with pytest.raises(ValueError, match=r"layers='conv' fits no layer.*linear1, linear2"):
        _fit(data, [GradientSNRCallback(layers="conv")])


def test_a_layer_that_is_not_used_has_no_gradient(data):
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.Linear(6, 2), nn.Linear(6, 2)

        def forward(self, X):
            return self.used(X)

    X, y = data
    net = NeuralNetClassifier(
        Unused,
        criterion=nn.CrossEntropyLoss,
        callbacks=[GradientSNRCallback()],
        batch_size=16,
        max_epochs=1,
        verbose=0,
    ).fit(X, y)
    row = gradient_table(net.history).set_index("layer").loc["unused"]
    assert row["gradient_mean"] == 0
    assert math.isnan(row["gradient_snr"])


def test_history_holds_plain_numbers_and_the_log_stays_short(data):
    lines = []
    net = _fit(
        data, [GradientSNRCallback()], callbacks__print_log=PrintLog(sink=lines.append), verbose=1
    )
    assert not any("gradient" in line for line in lines)
    file = io.StringIO()
    json.dump(net.history.to_list(), file)
    again = gradient_table(json.loads(file.getvalue()))
    assert again.equals(gradient_table(net.history))


def test_a_network_without_weights_is_refused(data):
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(2))

        def forward(self, X):
            return X[:, :2] * self.scale

    X, y = data
    net = NeuralNetClassifier(
        Scale, criterion=nn.CrossEntropyLoss, callbacks=[GradientSNRCallback()], verbose=0
    )
    with pytest.raises(ValueError, match="no layer whose weight is a matrix"):
        net.fit(X, y)
