"""The table of points: made, selected, joined, averaged, saved."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from ibtools import BinnedMI, InformationPlane


def test_columns_and_order(make_plane):
    plane = make_plane()
    assert plane.to_frame().columns.tolist() == [
        "epoch",
        "layer",
        "estimator",
        "mi_x",
        "mi_y",
        "mi_x_std_error",
        "mi_y_std_error",
        "mi_x_ceiling",
        "mi_y_ceiling",
        "unit",
    ]
    assert plane.layers == ["a", "b", "out"]
    assert plane.epochs == [0, 1, 10]
    assert plane.estimators == ["BinnedMI"]
    assert len(plane) == 9
    assert repr(plane) == "<InformationPlane: 9 points, 3 layers, epochs 0 to 10, BinnedMI>"


def test_missing_columns():
    with pytest.raises(ValueError, match=r"needs the columns \['estimator', 'unit'\]"):
        InformationPlane(pd.DataFrame({"epoch": [0], "layer": ["a"], "mi_x": [1.0]}))


def test_a_plane_without_points():
    with pytest.raises(ValueError, match="no points"):
        InformationPlane(pd.DataFrame(columns=["epoch", "layer", "estimator", "mi_x", "unit"]))


def test_the_table_is_a_copy(make_plane):
    plane = make_plane()
    table = plane.to_frame()
    table["mi_x"] = 0.0
    assert plane == make_plane()


def test_equality(make_plane):
    assert make_plane() == make_plane()
    assert make_plane() != make_plane(seed=1)
    assert make_plane() != "plane"
    other = make_plane()
    other.settings["seed"] = 5
    assert make_plane() != other


def test_from_history_by_hand():
    ceilings = {"mi_x_ceiling/B/": 3.0, "mi_y_ceiling/B/": 1.0, "log_base/B/": 2.0}
    untrained = {f"{key}@0": value for key, value in ceilings.items()}
    history = [
        {
            "epoch": 1,
            "train_loss": 0.5,
            "mi_x/B/fc": 2.0,
            "mi_y/B/fc": 0.5,
            "mi_x/B/fc@0": 3.0,
            "mi_y/B/fc@0": 0.1,
            **ceilings,
            **untrained,
        },
        {"epoch": 2, "train_loss": 0.4},
        {"epoch": 3, "mi_x/B/fc": 1.0, "mi_y/B/fc": 0.75, "mi_y_std_error/B/fc": 0.01, **ceilings},
    ]
    table = InformationPlane.from_history(history).to_frame().set_index("epoch").sort_index()
    assert table["mi_x"].to_dict() == {0: 3.0, 1: 2.0, 3: 1.0}
    assert table["mi_y"].to_dict() == {0: 0.1, 1: 0.5, 3: 0.75}
    assert table.loc[3, "mi_y_std_error"] == 0.01
    assert math.isnan(table.loc[1, "mi_y_std_error"])
    assert (table["mi_x_ceiling"] == 3).all()
    assert (table["mi_y_ceiling"] == 1).all()
    assert (table["unit"] == "bits").all()


def test_layers_with_slashes_dots_and_calls():
    name = "block.0/x#1:2"
    history = [{"epoch": 1, f"mi_x/B/{name}": 2.0, "log_base/B/": math.e}]
    table = InformationPlane.from_history(history).to_frame()
    assert table["layer"].tolist() == [name]
    assert table["unit"].tolist() == ["nats"]


def test_history_without_points():
    with pytest.raises(ValueError, match=r"InfoPlaneCallback\(\)"):
        InformationPlane.from_history([{"epoch": 1, "train_loss": 0.1}])


def test_from_activations_by_hand():
    T = np.array([[0.0], [1.0], [2.0], [3.0]])
    plane = InformationPlane.from_activations(
        {"first": T, "second": T // 2}, [0, 0, 1, 1], estimator={"w": BinnedMI(bin_width=1)}
    )
    table = plane.to_frame().set_index("layer")
    assert table["mi_x"].to_dict() == {"first": 2.0, "second": 1.0}
    assert table["mi_y"].to_dict() == {"first": 1.0, "second": 1.0}
    assert (table["mi_x_ceiling"] == 2).all()
    assert (table["mi_y_ceiling"] == 1).all()
    assert plane.estimators == ["w"]


def test_from_activations_with_epochs_images_and_repeated_inputs():
    T = np.arange(16.0).reshape(4, 1, 2, 2)
    plane = InformationPlane.from_activations(
        {0: {"conv": T}, 5: {"conv": np.zeros_like(T)}}, inputs=["a", "a", "b", "b"]
    )
    table = plane.to_frame().set_index("epoch")
    assert table["mi_x"].to_dict() == {0: 1.0, 5: 0.0}
    assert table["mi_x_ceiling"].to_dict() == {0: 1.0, 5: 1.0}
    assert table["mi_y"].isna().all()


def test_from_no_activations():
    with pytest.raises(ValueError, match="activations is empty"):
        InformationPlane.from_activations({})


def test_select(make_plane):
    plane = make_plane()
    assert plane.select(layers="a").layers == ["a"]
    assert plane.select(layers=["out", "a"]).layers == ["a", "out"]
    assert plane.select(epochs=-1).epochs == [10]
    assert plane.select(epochs=[0, 10], estimators="BinnedMI").epochs == [0, 10]
    assert plane.select(epochs=1).settings == plane.settings


@pytest.mark.parametrize("wanted", [{"layers": "c"}, {"epochs": 2}, {"estimators": ["KDE"]}])
def test_select_what_is_not_there(make_plane, wanted):
    with pytest.raises(ValueError, match=r"The plane has no .* it has"):
        make_plane().select(**wanted)


def test_runs_are_averaged(make_plane):
    planes = [make_plane(seed) for seed in range(3)]
    runs = InformationPlane.concat(planes)
    assert runs.to_frame()["run"].unique().tolist() == [0, 1, 2]
    assert runs.settings == {"runs": [{"seed": 0}, {"seed": 1}, {"seed": 2}]}
    mean = runs.mean().to_frame()
    each = np.stack([plane.to_frame()["mi_x"] for plane in planes])
    np.testing.assert_allclose(mean["mi_x"], each.mean(axis=0))
    np.testing.assert_allclose(mean["mi_x_std"], each.std(axis=0, ddof=1))
    assert (mean["n_runs"] == 3).all()
    assert (mean["mi_x_ceiling"] == 12).all()
    assert runs.mean().layers == ["a", "b", "out"]


def test_planes_with_runs_can_be_joined(make_plane):
    pair = InformationPlane.concat([make_plane(0), make_plane(1)])
    three = InformationPlane.concat([pair, make_plane(2)])
    assert three.to_frame()["run"].unique().tolist() == [0, 1, 2]
    assert len(three) == 27


def test_runs_in_different_units(make_plane):
    with pytest.raises(ValueError, match="different units: bits, nats"):
        InformationPlane.concat([make_plane(), make_plane(unit="nats")])


def test_nothing_to_join_or_average(make_plane):
    with pytest.raises(ValueError, match="no planes"):
        InformationPlane.concat([])
    with pytest.raises(ValueError, match="join planes with concat"):
        make_plane().mean()


@pytest.mark.parametrize("name", ["plane.csv", "plane.parquet"])
def test_saved_planes_load_equal(make_plane, tmp_path, name):
    plane = make_plane(layers=("NA", "1", 'quote"d, comma'))
    plane.settings |= {"bins": [1, 2], "note": None}
    for saved in (plane, InformationPlane.concat([plane, plane])):
        saved.save(tmp_path / name)
        assert InformationPlane.load(tmp_path / name) == saved
    mean = InformationPlane.concat([plane, make_plane(1, layers=plane.layers)]).mean()
    mean.save(tmp_path / name)
    assert InformationPlane.load(str(tmp_path / name)) == mean


def test_a_csv_is_plain(make_plane, tmp_path):
    make_plane().save(tmp_path / "plane.csv")
    assert pd.read_csv(tmp_path / "plane.csv").columns[0] == "epoch"
    settings = (tmp_path / "plane.settings.json").read_text(encoding="utf-8")
    assert json.loads(settings) == {"seed": 0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plane.csv", "plane.settings.json"]


def test_a_csv_without_settings(make_plane, tmp_path):
    make_plane().save(tmp_path / "plane.csv")
    (tmp_path / "plane.settings.json").unlink()
    assert InformationPlane.load(tmp_path / "plane.csv").settings == {}


def test_unknown_ending(make_plane, tmp_path):
    with pytest.raises(ValueError, match=r"a \.csv or a \.parquet"):
        make_plane().save(tmp_path / "plane.xlsx")


def test_without_pyarrow(make_plane, tmp_path, monkeypatch):
    def missing(*args, **kwargs):
        raise ImportError("Unable to find a usable engine")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", missing)
    with pytest.raises(ImportError, match=r"neural-information-bottleneck\[parquet\]"):
        make_plane().save(tmp_path / "plane.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["plane.csv", "plane.parquet"])
def test_a_full_disk_leaves_the_old_file(make_plane, tmp_path, monkeypatch, name):
    make_plane().save(tmp_path / name)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(self, path, **kwargs):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    method = "to_csv" if name.endswith("csv") else "to_parquet"
    monkeypatch.setattr(pd.DataFrame, method, full)
    with pytest.raises(OSError, match="No space left"):
        make_plane().save(tmp_path / name)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_settings_that_json_cannot_hold(make_plane, tmp_path):
    plane = make_plane()
    plane.settings["net"] = object()
    with pytest.raises(TypeError, match="not JSON serializable"):
        plane.save(tmp_path / "plane.csv")
    assert not list(tmp_path.iterdir())


def test_the_last_epoch_is_that_of_each_run(make_plane):
    """The second run has stopped early."""
    runs = InformationPlane.concat([make_plane(0), make_plane(1, epochs=(0, 1))])
    last = runs.select(epochs=-1).to_frame()
    assert last.groupby("run")["epoch"].unique().map(list).to_dict() == {0: [10], 1: [1]}
    assert runs.select(epochs=[-1, 0], layers="a").to_frame()["epoch"].tolist() == [0, 10, 0, 1]
    with pytest.warns(UserWarning, match="means of 1 to 2 runs"):
        mean = runs.mean().to_frame()
    assert mean.groupby("epoch")["n_runs"].first().to_dict() == {0: 2, 1: 2, 10: 1}


def test_tensors_that_need_gradients():
    import torch

    T = torch.arange(4.0, requires_grad=True).reshape(4, 1)
    table = InformationPlane.from_activations({"a": T, "b": T.detach()}).to_frame()
    assert table["mi_x"].tolist() == [2.0, 2.0]


def test_settings_are_what_json_gives_back(make_plane):
    table = make_plane().to_frame()
    assert InformationPlane(table, settings={"bins": (1, 2)}).settings == {"bins": [1, 2]}
    with pytest.raises(ValueError, match="settings must be what JSON can hold"):
        InformationPlane(table, settings={"n": np.int64(3)})
