"""The table of points: made, selected, joined, averaged, saved."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from ibtools import (
    BinnedMI,
    InformationPlane,
    KernelDensityMI,
    NearestNeighborsMI,
    RenyiMatrixMI,
)
from ibtools.bottleneck._layers import layer_beta
from ibtools.information import entropy, mutual_information


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
        "mi_xy",
        "beta",
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
    assert (table["mi_xy"] == 1).all()
    assert table["beta"].isna().all()
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


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_from_activations_that_are_tensors(monkeypatch, dtype):
    """They are handed over as tensors to estimators that measure these, and as arrays to others."""
    estimators = {
        "arrays": KernelDensityMI(),
        "tensors": KernelDensityMI(device=torch.device("cpu")),
    }
    T, y = torch.arange(8.0, dtype=dtype).reshape(4, 1, 2), torch.tensor([0, 0, 1, 1])
    seen, fit = [], KernelDensityMI.fit
    monkeypatch.setattr(
        KernelDensityMI,
        "fit",
        lambda self, X, *args, **kwargs: [seen.append(type(X)), fit(self, X, *args, **kwargs)][1],
    )
    table = InformationPlane.from_activations(
        {"a": T.requires_grad_()}, y, estimator=estimators, inputs=torch.arange(4)
    ).to_frame()
    assert seen == [np.ndarray, torch.Tensor]
    assert table["mi_x"].tolist() == pytest.approx([2.0, 2.0])
    assert table["mi_y"].tolist() == pytest.approx([1.0, 1.0])


def test_the_informations_of_repeated_inputs():
    """Input "a" has both labels, "b" one: H(X) = 1, H(Y) = 1.5 - 0.5, I(X;Y) = 1 - 0.5."""
    T = np.arange(4.0).reshape(4, 1)
    table = InformationPlane.from_activations(
        {"first": T}, [0, 1, 1, 1], inputs=["a", "a", "b", "b"]
    ).to_frame()
    assert table["mi_x_ceiling"].item() == 1
    assert table["mi_y_ceiling"].item() == pytest.approx(entropy([0.25, 0.75]))
    assert table["mi_xy"].item() == pytest.approx(entropy([0.25, 0.75]) - 0.5)


def test_unequal_inputs_have_less_than_log_n():
    T = np.zeros((4, 1))
    table = InformationPlane.from_activations({"a": T}, inputs=[0, 1, 1, 1]).to_frame()
    assert table["mi_x_ceiling"].item() == pytest.approx(entropy([0.25, 0.75]))
    assert table["mi_xy"].isna().all()


def test_from_a_joint_distribution():
    """Two codes over three inputs; the second input has a label that is drawn."""
    p_xy = np.array([[0.5, 0.0], [0.125, 0.125], [0.0, 0.25]])
    codes = np.array([[0.0], [1.0], [1.0]])
    table = InformationPlane.from_activations(
        {"code": codes, "input": np.arange(3.0)[:, None]}, p_xy=p_xy
    ).to_frame()
    code, own = table.to_dict("records")
    assert code["mi_x"] == pytest.approx(1)
    assert code["mi_y"] == pytest.approx(mutual_information([[0.5, 0], [0.125, 0.375]]))
    assert code["beta"] == pytest.approx(layer_beta(p_xy, [0, 1, 1]).beta)
    assert own["mi_x"] == pytest.approx(1.5)
    assert own["mi_x_ceiling"] == 1.5
    assert own["mi_y"] == pytest.approx(mutual_information(p_xy))
    assert own["beta"] == math.inf
    assert own["mi_xy"] == pytest.approx(mutual_information(p_xy))
    assert own["mi_y_ceiling"] == pytest.approx(entropy([0.625, 0.375]))


def test_a_joint_distribution_in_nats_and_over_repeated_inputs():
    p_xy = np.array([[0.1, 0.15], [0.25, 0.0], [0.15, 0.1], [0.0, 0.25]])
    T = np.arange(4.0)[:, None]
    table = InformationPlane.from_activations(
        {"a": T}, p_xy=p_xy, inputs=[0, 1, 0, 1], estimator=BinnedMI(base=math.e)
    ).to_frame()
    assert table["unit"].item() == "nats"
    assert table["mi_x"].item() == pytest.approx(math.log(2))
    assert table["mi_x_ceiling"].item() == pytest.approx(math.log(2))
    assert table["mi_xy"].item() == pytest.approx(0, abs=1e-12)
    assert table["mi_y"].item() == pytest.approx(mutual_information(p_xy, base=math.e))


def test_a_deterministic_joint_is_the_labels():
    y = np.array([0, 1, 1, 0, 2])
    T = np.array([[0.0], [1.0], [1.0], [2.0], [2.0]])
    own = InformationPlane.from_activations({"a": T}, y).to_frame()
    joint = InformationPlane.from_activations({"a": T}, p_xy=np.eye(3)[y] / 5).to_frame()
    assert joint["beta"].item() == pytest.approx(1)
    pd.testing.assert_frame_equal(own.drop(columns="beta"), joint.drop(columns="beta"))


def test_an_estimator_with_noise_has_no_beta():
    """Under the joint distribution it weights rows, but its T is no code of them."""
    p_xy = np.full((4, 2), 0.125)
    T = np.arange(4.0)[:, None]
    plane = InformationPlane.from_activations({"a": T}, p_xy=p_xy, estimator=KernelDensityMI())
    assert plane.to_frame()["mi_y"].item() == pytest.approx(0, abs=1e-9)
    assert plane.to_frame()["beta"].isna().all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"p_xy": np.full((3, 2), 1 / 6)}, "p_xy has 3 rows, but 4 rows are measured"),
        ({"p_xy": np.full((4, 2), 1.0)}, "p_xy must sum to 1"),
        ({"p_xy": np.full((4, 2), 0.125), "y": [0, 1, 0, 1]}, "not both"),
        (
            {"p_xy": np.full((4, 2), 0.125), "estimator": {"renyi": RenyiMatrixMI()}},
            "renyi cannot weight rows: use BinnedMI",
        ),
    ],
)
def test_bad_joint_distributions(given, message):
    with pytest.raises(ValueError, match=message):
        InformationPlane.from_activations({"a": np.arange(4.0)[:, None]}, **given)


def test_older_tables_have_no_joint(make_plane, tmp_path):
    make_plane().save(tmp_path / "plane.csv")
    table = pd.read_csv(tmp_path / "plane.csv", dtype=str, keep_default_na=False)
    old = table.drop(columns=["mi_xy", "beta"])
    old.to_csv(tmp_path / "plane.csv", index=False)
    assert InformationPlane.load(tmp_path / "plane.csv") == make_plane()


def test_betas_that_are_infinite_or_none_are_kept(make_plane, tmp_path):
    plane = make_plane(beta=[math.inf, math.nan, 1.5] * 3)
    plane.save(tmp_path / "plane.csv")
    assert InformationPlane.load(tmp_path / "plane.csv") == plane


@pytest.mark.parametrize(
    ("activations", "message"),
    [
        (np.ones((4, 2)), "by layer, .* got ndarray"),
        ([np.ones((4, 2))], "by layer, .* got list"),
        ({0: np.ones((4, 2))}, "layers as text, got ndarray for 0"),
        ({"hidden": {0: np.ones((4, 2))}}, "whole numbers, got dict for 'hidden'"),
        ({0.5: {"hidden": np.ones((4, 2))}}, "whole numbers, got dict for 0.5"),
        ({0: {"hidden": np.ones((4, 2))}, 1: np.ones((4, 2))}, "got ndarray for 1"),
        ({"hidden": 0.5}, "got float for 'hidden'"),
        ({5: {"hidden": np.full((4, 2), np.nan)}}, "'hidden' .* at epoch 5: .* not finite"),
        ({5: {"hidden": torch.full((4, 2), torch.inf)}}, "'hidden' .* at epoch 5: .* not finite"),
        ({"hidden": np.ones((3, 2))}, r"'hidden' .* at epoch 0: .*\[3, 4\]"),
    ],
)
def test_activations_that_do_not_fit(activations, message):
    with pytest.raises(ValueError, match=message):
        InformationPlane.from_activations(activations, [0, 0, 1, 1])


@pytest.mark.parametrize("y", [[0.1, 0.2, 0.3, 0.7], np.eye(2)[[0, 0, 1, 1]]])
def test_labels_of_activations_that_are_no_classes(y):
    T = np.random.default_rng(0).normal(size=(4, 2))
    with pytest.raises(ValueError, match=r"one class label .* for BinnedMI: .*argmax\(axis=1\)"):
        InformationPlane.from_activations({"hidden": T}, y)


def test_labels_of_activations_in_a_column():
    T = {"hidden": np.arange(8.0).reshape(4, 2)}
    labels = np.array([0, 0, 1, 1])
    plane = InformationPlane.from_activations(T, labels[:, None])
    assert plane == InformationPlane.from_activations(T, labels)


def test_values_of_the_input_that_are_missing():
    rng = np.random.default_rng(0)
    T, y = {"hidden": rng.normal(size=(50, 2))}, rng.normal(size=50)
    with pytest.raises(ValueError, match=r"NearestNeighborsMI .* give inputs=X"):
        InformationPlane.from_activations(T, y, estimator=NearestNeighborsMI())


def test_what_is_no_plane_yet():
    with pytest.raises(ValueError, match=r"got NoneType, as of a net that was not fitted\."):
        InformationPlane.from_history(None)
    with pytest.raises(ValueError, match=r"got SimpleNamespace, pass its history\."):
        InformationPlane.from_history(SimpleNamespace(history=[]))
    with pytest.raises(TypeError, match="got list: make a plane by from_history"):
        InformationPlane([{"epoch": 1}])


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


def test_cut_after_an_epoch(make_plane):
    plane = make_plane()
    last = plane.epochs[-1]
    assert plane.until(last) == plane
    cut = plane.until(last - 1)
    assert cut.epochs == plane.epochs[:-1]
    with pytest.raises(ValueError, match="The first epoch of the plane is"):
        plane.until(-1)


def test_levels_of_factors(make_plane):
    table = make_plane().to_frame()
    both = pd.concat([table.assign(width=0.5), table.assign(width=1.0)])
    plane = InformationPlane(both)
    assert plane.factors == ["width"]
    assert plane.select(width=0.5).to_frame()["width"].unique().tolist() == [0.5]
    assert len(plane.select(width=[0.5, 1.0])) == len(both)
    with pytest.raises(ValueError, match=r"The plane has no width \[2\.0\]"):
        plane.select(width=2.0)
    with pytest.raises(ValueError, match="The plane has no height; it has"):
        plane.select(height=1)


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
    with pytest.raises(FileNotFoundError, match=r"There is no such folder: .*nowhere"):
        make_plane().save(tmp_path / "nowhere" / "plane.csv")


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


def test_a_mean_keeps_points_without_a_level_of_a_factor():
    def plane(**factor):
        T = np.arange(4.0)[:, None]
        table = InformationPlane.from_activations({"T": T}, y=[0, 0, 1, 1]).to_frame()
        return InformationPlane(table.assign(**factor))

    both = InformationPlane.concat([plane(width=1.0), plane(rate=2.0)])
    assert len(both.mean()) == 2


def test_levels_that_stand_as_text_are_selected_by_their_value():
    T = np.arange(4.0)[:, None]
    table = InformationPlane.from_activations({"T": T}, y=[0, 0, 1, 1]).to_frame()
    plane = InformationPlane(pd.concat([table.assign(norm=True), table.assign(norm=False)]))
    assert len(plane.select(norm=True)) == 1
    assert len(plane.select(norm=[True, False])) == 2
