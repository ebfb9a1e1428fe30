"""Subsamples of the measured rows: their mean is recorded, and how far chance moves it."""

import numpy as np
import pytest
import torch
from scipy import stats

from ibtools import BinnedMI, InfoPlaneCallback, InformationPlane, KernelDensityMI
from ibtools.plane._subsamples import draw_subsamples


def _table(net):
    return InformationPlane.from_history(net.history).to_frame()


def _fit(data, make_net, callback, **parameters):
    return make_net(callback, train_split=None, **parameters).fit(*data)


def test_means_and_errors_by_hand(data, make_net, by_hand):
    callback = InfoPlaneCallback(
        BinnedMI(4), on="all", every=[0], max_samples=20, n_subsamples=3, random_state=0
    )
    net = _fit(data, make_net, callback, max_epochs=1)
    parts = draw_subsamples(60, 3, dict(net.callbacks_)["InfoPlaneCallback"].seed_)
    values = [by_hand(net.module_, data[0][rows], data[1][rows]) for rows in parts]
    table = _table(net).query("epoch == 1").set_index("layer")
    for layer, quantity in values[0]:
        of_parts = [value[layer, quantity] for value in values]
        row = table.loc[layer]
        assert row[quantity] == pytest.approx(np.mean(of_parts), abs=1e-12)
        error = np.std(of_parts, ddof=1) / np.sqrt(3)
        assert row[f"{quantity}_std_error"] == pytest.approx(error, abs=1e-12)


def test_ceilings_are_those_of_a_subsample(data, make_net):
    callback = InfoPlaneCallback(max_samples=20, n_subsamples=3, random_state=0)
    net = _fit(data, make_net, callback)
    parts = draw_subsamples(60, 3, dict(net.callbacks_)["InfoPlaneCallback"].seed_)
    p = [np.bincount(data[1][rows], minlength=2) / 20 for rows in parts]
    table = _table(net)
    np.testing.assert_allclose(table["mi_x_ceiling"], np.log2(20))
    np.testing.assert_allclose(
        table["mi_y_ceiling"], np.mean([stats.entropy(q, base=2) for q in p])
    )
    assert (table["mi_x"] <= table["mi_x_ceiling"] + 1e-12).all()


@pytest.mark.parametrize("n_replicates", [2, 3])
def test_copies_of_a_row_stay_in_its_subsample(data, make_net, n_replicates):
    """Of a network without noise, copies change nothing."""
    drawn = {"max_samples": 15, "n_subsamples": 3, "random_state": 0}
    one, several = (
        _table(_fit(data, make_net, InfoPlaneCallback(n_replicates=n, **drawn)))
        for n in (1, n_replicates)
    )
    names = ["mi_x", "mi_y", "mi_x_std_error", "mi_y_std_error"]
    np.testing.assert_allclose(one[names], several[names], atol=1e-12)


def test_rows_that_are_no_more_are_measured_together(data, make_net):
    together = _table(_fit(data, make_net, InfoPlaneCallback()))
    for max_samples in (60, 100):
        callback = InfoPlaneCallback(max_samples=max_samples, n_subsamples=3)
        table = _table(_fit(data, make_net, callback))
        np.testing.assert_array_equal(table["mi_x"], together["mi_x"])
        assert "mi_x_std_error" not in table or table["mi_x_std_error"].isna().all()


def test_one_subsample_has_no_error_of_its_own(data, make_net):
    table = _table(_fit(data, make_net, InfoPlaneCallback(max_samples=20, random_state=0)))
    assert "mi_x_std_error" not in table or table["mi_x_std_error"].isna().all()
    np.testing.assert_allclose(table["mi_x_ceiling"], np.log2(20))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"n_subsamples": 0, "max_samples": 5},
            "n_subsamples must be a whole number of 1",
        ),
        ({"n_subsamples": 2}, "max_samples rows each: say how many"),
        ({"n_subsamples": 4, "max_samples": 20}, "need 80 rows, but there are 60"),
    ],
)
def test_subsamples_that_cannot_be_drawn(data, make_net, parameters, message):
    with pytest.raises(ValueError, match=message):
        _fit(data, make_net, InfoPlaneCallback(**parameters))


def test_errors_cover_over_draws_of_rows(make_net):
    """One untrained network: the values of 40 draws lie around their mean as the errors say."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 6)).astype(np.float32)
    y = (X[:, 0] + 0.5 * rng.normal(size=len(X)) > 0).astype(int)
    tables = []
    for seed in range(40):
        callback = InfoPlaneCallback(
            {"binned": BinnedMI(6), "kernels": KernelDensityMI(0.02)},
            layers="hidden2",
            every=[1],
            max_samples=60,
            n_subsamples=6,
            random_state=seed,
        )
        net = _fit((X, y), make_net, callback, max_epochs=1, lr=0.0, batch_size=5000)
        tables.append(_table(net).query("epoch == 0").set_index(["estimator", "layer"]))
    quantile = stats.t.ppf(0.95, 5)
    for point in tables[0].index:
        for name in ("mi_x", "mi_y"):
            values = np.array([table.loc[point, name] for table in tables])
            errors = np.array([table.loc[point, f"{name}_std_error"] for table in tables])
            covered = np.abs(values - values.mean()) < quantile * errors
            assert covered.mean() >= 0.775  # 90 % less 2.6 standard deviations of 40 draws
            assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(ddof=1), rel=0.4)


def test_tensors_are_subsampled_as_arrays_are():
    rows = draw_subsamples(12, 2, 0)[0]
    tensor = torch.arange(24.0).reshape(12, 2)
    np.testing.assert_array_equal(tensor[rows].numpy(), tensor.numpy()[rows])
