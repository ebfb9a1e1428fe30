"""Layers measured under a joint distribution, and the bound that they may be read against."""

import math

import numpy as np
import pytest
import torch
from skorch.history import History

from ibtools import (
    MLP,
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    RenyiMatrixMI,
)
from ibtools.bottleneck import bottleneck_path
from ibtools.datasets import make_szt, szt_joint
from ibtools.information import entropy, mutual_information


@pytest.fixture
def p_xy(data):
    """Each of the sixty rows has its label in three cases of four."""
    other = np.eye(2)[1 - data[1]]
    return (0.75 * np.eye(2)[data[1]] + 0.25 * other) / 60


def _frame(net, **chosen):
    return InformationPlane.from_history(net.history).select(**chosen).to_frame()


class TestValues:
    def test_by_hand(self, data, make_net, p_xy):
        callback = InfoPlaneCallback(BinnedMI(4), on=(data[0], None), p_xy=p_xy, layers="hidden*")
        net = make_net(callback).fit(*data)
        with torch.no_grad():
            hidden = torch.tanh(net.module_.linear1(torch.as_tensor(data[0])))
        expected = InformationPlane.from_activations(
            {"hidden1": hidden}, p_xy=p_xy, estimator=BinnedMI(4, bounds=(-1, 1))
        ).to_frame()
        measured = _frame(net, epochs=-1, layers="hidden1")
        for column in ("mi_x", "mi_y", "beta", "mi_x_ceiling", "mi_y_ceiling", "mi_xy"):
            assert measured[column].item() == pytest.approx(expected[column].item(), abs=1e-12)

    def test_what_they_are_read_against(self, data, make_net, p_xy):
        callback = InfoPlaneCallback(on=(data[0], data[1]), p_xy=p_xy)
        table = _frame(make_net(callback).fit(*data))
        np.testing.assert_allclose(table["mi_x_ceiling"], np.log2(60))
        np.testing.assert_allclose(table["mi_y_ceiling"], entropy(p_xy.sum(axis=0)))
        np.testing.assert_allclose(table["mi_xy"], mutual_information(p_xy))
        assert (table["mi_y"] <= table["mi_xy"] + 1e-12).all()

    def test_certain_labels_are_the_labels(self, data, make_net):
        certain = np.eye(2)[data[1]] / 60
        labels = make_net(InfoPlaneCallback(BinnedMI(4), on=data)).fit(*data)
        joint = make_net(InfoPlaneCallback(BinnedMI(4), on=data, p_xy=certain)).fit(*data)
        columns = ["mi_x", "mi_y", "mi_x_ceiling", "mi_y_ceiling", "mi_xy"]
        np.testing.assert_allclose(_frame(joint)[columns], _frame(labels)[columns], atol=1e-12)
        assert _frame(labels)["beta"].isna().all()
        assert _frame(joint)["beta"].notna().all()

    def test_propagations_share_the_probability_of_their_input(self, data, make_net, p_xy):
        tables = [
            _frame(
                make_net(
                    InfoPlaneCallback(
                        BinnedMI(4), on=(data[0], None), p_xy=p_xy, n_replicates=n_replicates
                    )
                ).fit(*data)
            )
            for n_replicates in (1, 3)
        ]
        columns = ["mi_x", "mi_y", "mi_x_ceiling", "mi_xy"]
        np.testing.assert_allclose(tables[1][columns], tables[0][columns], atol=1e-12)
        np.testing.assert_allclose(tables[1]["beta"], tables[0]["beta"], rtol=1e-6)

    def test_a_history_that_is_saved(self, data, make_net, p_xy, tmp_path):
        """Its numbers are Python's own, infinite betas among them."""
        net = make_net(InfoPlaneCallback(on=(data[0], None), p_xy=p_xy)).fit(*data)
        keys = [key for key in net.history[-1] if key.partition("/")[0] in ("beta", "mi_xy")]
        assert len(keys) == 4
        assert all(type(net.history[-1][key]) is float for key in keys)
        assert math.inf in [net.history[-1][key] for key in keys]
        net.history.to_file(tmp_path / "history.json")
        loaded = InformationPlane.from_history(History.from_file(tmp_path / "history.json"))
        assert loaded == InformationPlane.from_history(net.history)

    def test_nothing_large_is_kept(self, data, make_net, p_xy):
        net = make_net(InfoPlaneCallback(on=(data[0], None), p_xy=p_xy)).fit(*data)
        assert dict(net.callbacks_)["InfoPlaneCallback"].joint_ is None


class TestRefusals:
    @pytest.mark.parametrize(
        "parameters", [{"on": "train"}, {"on": "all"}, {"max_samples": 10, "on": "pair"}]
    )
    def test_rows_that_are_not_named(self, data, make_net, p_xy, parameters):
        parameters = parameters | ({"on": data} if parameters["on"] == "pair" else {})
        with pytest.raises(ValueError, match=r"name the rows with on=\(X, None\)"):
            make_net(InfoPlaneCallback(p_xy=p_xy, **parameters)).fit(*data)

    def test_other_rows(self, data, make_net, p_xy):
        callback = InfoPlaneCallback(on=(data[0][:50], None), p_xy=p_xy)
        with pytest.raises(ValueError, match="p_xy has 60 rows, but 50 rows are measured"):
            make_net(callback).fit(*data)

    def test_counts(self, data, make_net, p_xy):
        callback = InfoPlaneCallback(on=(data[0], None), p_xy=p_xy * 60)
        with pytest.raises(ValueError, match="p_xy must sum to 1"):
            make_net(callback).fit(*data)

    @pytest.mark.parametrize(
        "parameters",
        [
            {"estimator": {"renyi": RenyiMatrixMI()}},
            {
                "estimator": {"renyi": BinnedMI()},
                "layer_estimators": {"hidden1": RenyiMatrixMI()},
            },
        ],
    )
    def test_estimators_that_take_no_weights(self, data, make_net, p_xy, parameters):
        callback = InfoPlaneCallback(on=(data[0], None), p_xy=p_xy, **parameters)
        with pytest.raises(ValueError, match="renyi cannot weight rows"):
            make_net(callback).fit(*data)


class TestTrainedNets:
    """The 4096 patterns: no layer is above the bound of the distribution it is measured under."""

    def train(self, callbacks, gain, n_epochs, seed=0):
        X, y = make_szt(gain=gain, random_state=seed)
        return InformationClassifier(
            MLP,
            module__sizes=(12, 10, 7, 5, 4, 3, 2),
            module__activation="tanh",
            optimizer=torch.optim.Adam,
            lr=4e-3,
            batch_size=512,
            max_epochs=n_epochs,
            callbacks=callbacks,
            train_split=None,
            random_state=seed,
            verbose=0,
        ).fit(X, y)

    def read(self, gain, n_epochs, n_records, seed=0):
        X, y = make_szt(gain=gain, random_state=seed)
        p_xy = szt_joint(gain)
        rule = InfoPlaneCallback({"rule": BinnedMI()}, on=(X, None), p_xy=p_xy, n_records=n_records)
        labels = InfoPlaneCallback({"labels": BinnedMI()}, on=(X, y), n_records=n_records)
        net = self.train([rule, labels], gain, n_epochs, seed)
        return InformationPlane.from_history(net.history), bottleneck_path(p_xy)

    def check_stochastic(self, plane, bound):
        rule = plane.select(estimators="rule").with_bound(bound)
        table = rule.to_frame()
        assert table["bound_distance"].min() > -1e-9
        assert table["bound_distance"].max() > 0.5
        last = rule.select(epochs=-1).to_frame().set_index("layer")
        assert last.loc["hidden1", "bound_distance"] < 1e-3
        betas = last.loc[["hidden1", "hidden4", "probabilities"], "beta"]
        assert betas.is_monotonic_decreasing
        assert math.isfinite(betas["probabilities"])
        drawn = plane.select(estimators="labels")
        with pytest.raises(ValueError, match="different joint distributions"):
            drawn.with_bound(bound)
        assert (drawn.to_frame()["mi_y"] > bound.mi_xy + 1e-3).any()

    def check_deterministic(self, plane, bound):
        table = plane.with_bound(bound).to_frame()
        assert table["bound_distance"].min() > -1e-9
        expected = np.minimum(table["mi_x"], table["mi_y_ceiling"])
        np.testing.assert_allclose(table["bound_mi_y"], expected, atol=1e-9)

    def test_stochastic_rule(self):
        self.check_stochastic(*self.read(50, 40, 5))

    def test_deterministic_labels(self):
        self.check_deterministic(*self.read(None, 15, 3))

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", [1, 2])
    def test_hundreds_of_epochs(self, seed):
        self.check_stochastic(*self.read(50, 400, 40, seed))
        self.check_deterministic(*self.read(None, 400, 40, seed))
