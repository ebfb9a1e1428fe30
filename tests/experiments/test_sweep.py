"""Sweeps over factors."""

import joblib
import numpy as np
import pandas as pd
import pytest
import torch

from ibtools import MLP, BinnedMI, InfoPlaneCallback, InformationClassifier, InformationPlane
from ibtools.experiments._sweep import sweep

T = np.linspace(0, 7, 8)[:, None]


def _measure(bin_width, shift=0.0):
    return InformationPlane.from_activations(
        {"T": T + shift}, estimator=BinnedMI(bin_width=bin_width)
    )


def _train(seed, activation="tanh"):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 6)).astype(np.float32)
    return InformationClassifier(
        MLP,
        module__sizes=(6, 4, 2),
        module__activation=activation,
        max_epochs=2,
        callbacks=[InfoPlaneCallback(n_records=1)],
        random_state=seed,
        verbose=0,
    ).fit(X, (X[:, 0] > 0).astype(np.int64))


def _threads(seed):
    assert torch.get_num_threads() == 1
    return _measure(1.0)


def _fail(bin_width):
    if bin_width == 2.0:
        raise ValueError("no width of two")
    return _measure(bin_width)


def test_product_of_factors():
    plane = sweep(_measure, {"bin_width": [1.0, 4.0], "shift": [0, 1, 2]})
    table = plane.to_frame()
    assert plane.factors == ["bin_width", "shift"]
    assert table["bin_width"].tolist() == [1.0] * 3 + [4.0] * 3
    assert table["shift"].tolist() == [0, 1, 2] * 2
    assert table["run"].tolist() == list(range(6))
    # Eight values in bins of four: 4 + 4, 3 + 4 + 1 and 2 + 4 + 2 rows.
    uneven = 3 - (3 * np.log2(3) + 8) / 8
    np.testing.assert_allclose(table["mi_x"], [3.0] * 3 + [1.0, uneven, 1.5])
    assert plane.settings["runs"][3]["factors"] == {"bin_width": "4.0", "shift": "0"}


def test_zipped_factors():
    table = sweep(_measure, {"bin_width": [1.0, 2.0], "shift": [0, 4]}, how="zip").to_frame()
    np.testing.assert_allclose(table["mi_x"], [3.0, 2.0])


def test_nets_and_processes_give_the_same():
    factors = {"activation": ["tanh", "relu"], "seed": [0, 1]}
    alone = sweep(_train, factors)
    with joblib.parallel_config(backend="loky"):
        together = sweep(_train, factors, n_jobs=2)
    assert alone == together
    table = alone.to_frame()
    assert table["activation"].tolist()[0] == "tanh"
    assert table["epoch"].unique().tolist() == [0, 2]
    seeds = [alone.select(seed=seed, layers="hidden1", epochs=-1) for seed in (0, 1)]
    assert not seeds[0].to_frame()["mi_x"].equals(seeds[1].to_frame()["mi_x"])


def test_mean_over_seeds_keeps_other_factors():
    plane = sweep(_train, {"activation": ["tanh", "relu"], "seed": [0, 1, 2]})
    mean = plane.mean(over="seed")
    assert mean.factors == ["activation"]
    table = mean.to_frame()
    assert (table["n_runs"] == 3).all()
    assert len(table) == len(plane) / 3
    one = plane.select(activation="relu", layers="hidden1", epochs=-1).to_frame()["mi_x"]
    same = mean.select(activation="relu", layers="hidden1", epochs=-1).to_frame()["mi_x"]
    assert same.item() == pytest.approx(one.mean())
    with pytest.raises(ValueError, match=r"no factor \['width'\]; it has \['activation', 'seed'\]"):
        plane.mean(over="width")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_factors_survive_files(tmp_path, ending):
    plane = sweep(_measure, {"bin_width": [1.0, 0.25], "shift": [0, 1]})
    names = {0: "zero", 1: "one"}
    table = plane.to_frame().assign(name=lambda table: table["shift"].map(names))
    plane = InformationPlane(table, settings=plane.settings)
    plane.save(tmp_path / f"plane{ending}")
    assert InformationPlane.load(tmp_path / f"plane{ending}") == plane


def test_each_run_has_one_thread_and_the_callers_are_restored():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        sweep(_threads, {"seed": [0]})
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_an_error_names_the_levels():
    with pytest.raises(RuntimeError, match=r"run of bin_width=2\.0 failed: no width of two"):
        sweep(_fail, {"bin_width": [1.0, 2.0]})


def test_the_other_runs_are_kept_on_request():
    with pytest.warns(UserWarning, match=r"bin_width=2\.0 failed and is left out: ValueError: no"):
        plane = sweep(_fail, {"bin_width": [1.0, 2.0, 4.0]}, on_error="warn")
    assert plane.to_frame()["bin_width"].tolist() == [1.0, 4.0]
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(RuntimeError, match="All 1 runs failed"),
    ):
        sweep(_fail, {"bin_width": [2.0]}, on_error="warn")


def test_levels_that_are_no_values_stand_as_text():
    def measure(layers):
        return _measure(1.0)

    table = sweep(measure, {"layers": [(3, 2), (4,)]}).to_frame()
    assert table["layers"].tolist() == ["(3, 2)", "(4,)"]


@pytest.mark.parametrize(
    ("factors", "options", "message"),
    [
        ({}, {}, "Give at least one factor"),
        ({"a": []}, {}, r"got none for \['a'\]"),
        ({"bin_width": [1.0], "shift": [0, 1]}, {"how": "zip"}, "as many levels each"),
        ({"bin_width": [1.0]}, {"how": "sum"}, "how must be 'product' or 'zip'"),
        ({"bin_width": [1.0]}, {"on_error": "ignore"}, "on_error must be"),
    ],
)
def test_refusals(factors, options, message):
    with pytest.raises(ValueError, match=message):
        sweep(_measure, factors, **options)


@pytest.mark.parametrize("name", ["epoch", "run", "n_runs", "beta", "log_base"])
def test_a_factor_must_not_be_a_column_of_planes(name):
    def never(**levels):
        raise AssertionError("the sweep was started")

    with pytest.raises(ValueError, match=rf"columns \['{name}'\] of their own"):
        sweep(never, {name: [1]})


def test_a_factor_must_not_be_one_that_the_planes_have():
    def measured(seed):
        return sweep(_measure, {"bin_width": [1.0]})

    with pytest.raises(ValueError, match=r"factors \['bin_width'\] already"):
        sweep(lambda bin_width: measured(0), {"bin_width": [2.0]})


def test_an_experiment_returns_a_net_or_a_plane():
    with pytest.raises(RuntimeError, match="returns a fitted skorch net or an InformationPlane"):
        sweep(lambda seed: pd.DataFrame(), {"seed": [0]})


@pytest.mark.parametrize("levels", [["01", "2"], ["a", ""], ["1", "x"], [0.1, 1e-9], [3, 10**15]])
def test_levels_come_back_from_a_csv_as_they_were(tmp_path, levels):
    table = _measure(1.0).to_frame()
    plane = InformationPlane(pd.concat([table.assign(level=level) for level in levels]))
    plane.save(tmp_path / "plane.csv")
    assert InformationPlane.load(tmp_path / "plane.csv") == plane
