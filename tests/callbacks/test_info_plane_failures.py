from collections import OrderedDict

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback
from torch import nn

from ibtools import BinnedMI, InfoPlaneCallback, InformationPlane


def epochs_of(net):
    return InformationPlane.from_history(net.history).epochs


@pytest.mark.parametrize("timer", [{}, {"callbacks__epoch_timer": None}])
@pytest.mark.parametrize(
    ("method", "epoch", "recorded"),
    [
        ("on_batch_end", 1, [0]),
        ("on_batch_begin", 3, [0, 2]),
        ("on_batch_end", 4, [0, 2, 3]),
        ("on_epoch_begin", 3, [0, 2]),
        ("on_epoch_end", 3, [0, 2, 3]),
    ],
)
def test_interrupted_epochs_are_not_recorded(data, make_net, method, epoch, recorded, timer):
    class Interrupting(Callback):
        def on_train_begin(self, net, **kwargs):
            self.done_ = False

    def interrupt(self, net, *args, **kwargs):
        if len(net.history) == epoch and not self.done_:
            self.done_ = True
            raise KeyboardInterrupt

    setattr(Interrupting, method, interrupt)
    callback = InfoPlaneCallback(every={2, 3} if epoch == 4 else {2})
    net = make_net(callback, Interrupting(), max_epochs=6, **timer).fit(*data)
    assert len(net.history) == epoch
    assert epochs_of(net) == recorded
    net.predict(data[0])


class Counting(nn.Module):
    """Ctrl-C at some forward pass."""

    def __init__(self, stop_at):
        super().__init__()
        self.linear, self.stop_at, self.calls = nn.Linear(6, 2), stop_at, 0

    def forward(self, x):
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return torch.tanh(self.linear(x))


def test_interrupted_at_any_forward_pass(data, make_net):
    complete = make_net(InfoPlaneCallback(every=1), module=Counting(10**6)).fit(*data)
    expected = InformationPlane.from_history(complete.history)
    n_calls = complete.module_.calls
    for stop_at in range(1, n_calls):
        net = make_net(InfoPlaneCallback(every=1), module=Counting, module__stop_at=stop_at)
        net.fit(*data)
        assert not any(m._forward_hooks for m in net.module_.modules())
        keys = [key for row in net.history for key in row if key.startswith("mi_x/")]
        assert len(keys) % 2 == 0
        if not keys:
            continue
        finished = [row["epoch"] for row in net.history if "dur" in row]
        assert set(epochs_of(net)) <= {0, *finished}
    assert expected.epochs == [0, 1, 2, 3]


class Diverging(nn.Module):
    """Its tanh is not a number from some epoch on."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 4), nn.Linear(4, 2)
        self.register_buffer("factor", torch.tensor(1.0))

    def forward(self, x):
        return self.last(torch.tanh(self.first(x)) * self.factor)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(data, make_net, value):
    class Spoil(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                net.module_.factor.fill_(value)

    net = make_net(InfoPlaneCallback(every=1), Spoil(), module=Diverging, max_epochs=6)
    with pytest.raises(ValueError, match=r"Layer 'tanh' .* at epoch 3: .* not finite"):
        net.fit(*data)
    assert epochs_of(net) == [0, 1, 2]
    assert len(net.history[:, "train_loss"]) == 3
    assert net.predict(data[0]).shape == (60,)


def test_values_outside_the_bounds_name_layer_and_epoch(data, make_net):
    callback = InfoPlaneCallback(BinnedMI(bounds=(0, 1)), layers="linear1")
    with pytest.raises(ValueError, match=r"Layer 'linear1' .* epoch 0: .*bounds=\(0, 1\)"):
        make_net(callback).fit(*data)


def test_name_that_would_be_read_as_untrained(data, make_net):
    module = nn.Sequential(OrderedDict({"linear": nn.Linear(6, 2), "act@0": nn.Tanh()}))
    with pytest.raises(ValueError, match=r"Layer 'act@0' .* ends in @0"):
        make_net(InfoPlaneCallback(), module=module).fit(*data)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"layers": "conv*"}, r"layers='conv\*' fits no layer.*: linear1, hidden1, linear2,"),
        ({"on": "valid"}, "no validation data"),
        ({"on": "test"}, "on must be"),
        ({"every": "linear"}, "every must be"),
        ({"n_replicates": 0}, "n_replicates must be a whole number of 1 or more, got 0"),
        ({"max_samples": 0}, "max_samples must be a whole number of 1 or more, got 0"),
        ({"window": 1.5}, r"window must be a whole number of 1 or more, got 1\.5"),
        ({"layers": -1}, "names of layers or patterns, got -1"),
        ({"on": (np.zeros((0, 6), np.float32), np.zeros(0, int))}, "no rows to measure"),
        ({"estimator": {}}, "empty dict"),
        ({"estimator": {"a/b": BinnedMI()}}, "without a slash"),
        ({"layer_estimators": {"conv*": BinnedMI()}}, r"'conv\*'.* measured: hidden1, hidden2,"),
        ({"layer_estimators": {"hidden1": {"x": BinnedMI()}}}, r"\['x'\], .*\['BinnedMI'\]"),
        ({"layer_estimators": {"hidden1": BinnedMI(base=3)}}, r"'BinnedMI' has base 2\.0 .* 3\.0"),
        (
            {
                "estimator": {"a": BinnedMI(), "b": BinnedMI()},
                "layer_estimators": {"hidden1": BinnedMI(3)},
            },
            r"\['a', 'b'\].*by a dict",
        ),
    ],
)
def test_parameters_that_do_not_fit(data, make_net, parameters, message):
    net = make_net(InfoPlaneCallback(**parameters), train_split=None)
    with pytest.raises(ValueError, match=message):
        net.fit(*data)
    assert not hasattr(clone(net), "module_")


def test_two_callbacks_need_names(data, make_net):
    with pytest.raises(ValueError, match=r"\['BinnedMI'\].*write over each other"):
        make_net(InfoPlaneCallback(), InfoPlaneCallback(on="valid")).fit(*data)
    named = InfoPlaneCallback({"valid": BinnedMI()}, on="valid")
    net = make_net(InfoPlaneCallback(), named).fit(*data)
    table = InformationPlane.from_history(net.history).to_frame()
    ceilings = table.groupby("estimator")["mi_x_ceiling"].first()
    assert ceilings.to_dict() == pytest.approx({"BinnedMI": np.log2(48), "valid": np.log2(12)})
