"""One run: what it leaves, that it is repeated exactly, and that it is what skorch would do."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import ShuffleSplit
from skorch.dataset import ValidSplit

from ibtools import (
    MLP,
    BinnedMI,
    GradientSNRCallback,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
)
from ibtools.bottleneck import bottleneck_path
from ibtools.datasets import make_szt, szt_joint
from ibtools.experiments._execution import data_checksum, execute
from ibtools.experiments._study import Study

SMALL = {
    "network": {"hidden": [4, 3]},
    "training": {"epochs": 2},
    "recording": {"n_records": 1, "max_samples": 300},
}


def settings(home=None, **sections):
    """Settings of the first run of a small study."""
    declaration = {name: {**SMALL.get(name, {}), **sections.get(name, {})} for name in SMALL}
    return Study.from_dict({**sections, **declaration}, home=home).runs()[0].settings


def test_a_run_leaves_points_and_curves():
    outcome = execute(settings())
    assert outcome.points["layer"].unique().tolist() == ["hidden1", "hidden2", "probabilities"]
    assert outcome.points["epoch"].unique().tolist() == [0, 2]
    assert outcome.points["mi_x_ceiling"].iloc[0] == pytest.approx(np.log2(300))
    assert outcome.curves["epoch"].tolist() == [1, 2]
    assert list(outcome.curves)[:5] == [
        "epoch",
        "train_loss",
        "valid_loss",
        "valid_acc",
        "gradient_mean/linear1",
    ]
    assert "weight_norm/linear3" in outcome.curves
    assert outcome.bound is None
    assert outcome.log == ""
    assert outcome.seconds > 0


def test_the_same_settings_give_the_same_outcome_and_other_seeds_do_not():
    first = execute(settings())
    assert first.equals(execute(json.loads(json.dumps(settings()))))
    other = execute(settings(sweep={"seeds": [1]}))
    assert not first.equals(other)
    assert first.curves.shape == other.curves.shape
    assert not np.isclose(first.curves["train_loss"], other.curves["train_loss"]).any()


def test_another_process_with_other_threads_gives_the_same_bits(tmp_path):
    code = (
        "import json, sys, torch; torch.set_num_threads(2)\n"
        "from ibtools.experiments._execution import execute\n"
        "torch.manual_seed(12345)\n"
        "outcome = execute(json.load(sys.stdin))\n"
        "assert torch.get_num_threads() == 2\n"
        f"outcome.points.to_pickle({str(tmp_path / 'points')!r})\n"
        f"outcome.curves.to_pickle({str(tmp_path / 'curves')!r})\n"
    )
    declared = settings(network={"kind": "noisy_mlp"})
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(declared),
        text=True,
        check=True,
        env=environment,
    )
    outcome = execute(declared)
    pd.testing.assert_frame_equal(
        outcome.points, pd.read_pickle(tmp_path / "points"), check_exact=True
    )
    pd.testing.assert_frame_equal(
        outcome.curves, pd.read_pickle(tmp_path / "curves"), check_exact=True
    )


def test_torch_is_left_as_it_was():
    state = torch.random.get_rng_state()
    n_threads = torch.get_num_threads()
    execute(settings())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == n_threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_it_is_what_the_same_declaration_by_hand_gives():
    outcome = execute(
        settings(
            network={"hidden": [5, 3], "activation": "relu"},
            training={
                "optimizer": "sgd",
                "momentum": 0.9,
                "weight_decay": 0.01,
                "learning_rate": 0.05,
                "epochs": 3,
            },
            data={"train_fraction": 0.5, "seed": 11},
            recording={"max_samples": 4096, "on": "valid", "n_records": 2},
            estimators=[{"name": "a", "bin_width": 0.1}, {"name": "b", "layers": "hidden1"}],
            sweep={"seeds": [3]},
        )
    )
    X, y = make_szt()
    net = InformationClassifier(
        MLP,
        module__sizes=(12, 5, 3, 2),
        module__activation="relu",
        optimizer=torch.optim.SGD,
        optimizer__fused=True,
        optimizer__momentum=0.9,
        optimizer__weight_decay=0.01,
        lr=0.05,
        batch_size=512,
        max_epochs=3,
        train_split=ValidSplit(ShuffleSplit(1, train_size=0.5, random_state=11)),
        callbacks=[
            InfoPlaneCallback({"a": BinnedMI(bin_width=0.1)}, on="valid", n_records=2),
            (
                "second",
                InfoPlaneCallback({"b": BinnedMI()}, on="valid", n_records=2, layers="hidden1"),
            ),
            GradientSNRCallback(),
        ],
        random_state=3,
        verbose=0,
    ).fit(X, y)
    expected = InformationPlane.from_history(net.history).to_frame()
    pd.testing.assert_frame_equal(outcome.points, expected, check_exact=True)
    assert outcome.curves["valid_loss"].tolist() == net.history[:, "valid_loss"]
    assert outcome.curves["gradient_snr/linear1"].tolist() == net.history[:, "gradient_snr/linear1"]
    measured = outcome.points.groupby("estimator")["layer"].unique()
    assert measured["b"].tolist() == ["hidden1", "probabilities"]


@pytest.mark.parametrize(
    ("kind", "layers"),
    [
        ("noisy_mlp", ["hidden1", "hidden2"]),
        ("quantized_mlp", ["hidden1", "hidden2"]),
        ("invertible_mlp", ["hidden1", "hidden2", "hidden3", "hidden4"]),
    ],
)
def test_networks_of_rows(kind, layers):
    network = {"kind": kind} if kind == "invertible_mlp" else {"kind": kind, "hidden": [4, 3]}
    declaration = {**SMALL, "network": network}
    outcome = execute(Study.from_dict(declaration).runs()[0].settings)
    assert outcome.points["layer"].unique().tolist() == [*layers, "probabilities"]


@pytest.fixture
def image_folder(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, size=(20, 1, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "images.npz", X=X, y=np.repeat(["cat", "dog"], 10))
    return tmp_path


@pytest.mark.parametrize(
    ("network", "n_layers"),
    [
        ({"kind": "lenet5", "n_filters": [2, 3], "n_units": [6, 5]}, 6),
        ({"kind": "small_vgg", "n_filters": [2, 3], "n_units": 4}, 5),
        ({"kind": "small_resnet", "n_filters": [2, 3]}, 2),
        ({"kind": "mlp", "hidden": [3]}, 1),
    ],
)
def test_networks_of_images(network, n_layers, image_folder):
    declaration = {
        "data": {"dataset": "file", "file": "images.npz"},
        "network": network,
        "training": {"epochs": 1, "batch_size": 5},
        "recording": {"on": "train"},
    }
    outcome = execute(Study.from_dict(declaration, home=image_folder).runs()[0].settings)
    assert outcome.points["layer"].nunique() == n_layers + 1
    assert outcome.points["mi_x_ceiling"].iloc[0] == pytest.approx(4)


def test_every_kind_of_estimator_and_its_warnings():
    kinds = [
        "KernelDensityMI",
        "SamplePropagationMI",
        "RenyiMatrixMI",
        "NearestNeighborsMI",
        "GaussianMI",
        "DependenceGraphMI",
    ]
    outcome = execute(
        settings(estimators=[{"kind": kind} for kind in kinds], recording={"max_samples": 100})
    )
    assert outcome.points["estimator"].unique().tolist() == kinds
    lines = outcome.log.splitlines()
    assert any("I(X;T) is infinite" in line for line in lines)
    assert any("more like it" in line for line in lines)
    assert len(lines) < 8


def test_the_bound_of_the_rows():
    recording = {"on": "train", "max_samples": 200}
    outcome = execute(settings(bound={"enabled": True, "squared": True}, recording=recording))
    top = outcome.points["mi_y_ceiling"].iloc[0]
    np.testing.assert_allclose(outcome.bound["mi_y"], outcome.bound["mi_x"], atol=1e-6)
    assert 0.99 * top < outcome.bound["mi_y"].max() <= top + 1e-9
    assert (outcome.points["bound_distance"] > -1e-9).all()
    assert outcome.bound["unit"].unique().tolist() == ["bits"]


def test_the_bound_of_the_rule():
    sections = {
        "data": {"gain": 50.0},
        "network": {"hidden": [4, 3]},
        "training": {"epochs": 1},
        "recording": {"labels": "rule", "n_records": 1},
        "bound": {"enabled": True, "betas": [1.5, 20.0, 60.0]},
    }
    outcome = execute(Study.from_dict(sections).runs()[0].settings)
    path = bottleneck_path(szt_joint(50), [1.5, 20.0, 60.0])
    assert outcome.bound["beta"].tolist() == path.betas.tolist()
    assert outcome.bound["mi_y"].tolist() == path.mi_y.tolist()
    np.testing.assert_allclose(outcome.points["mi_xy"], path.mi_xy)
    assert (outcome.points["bound_distance"] > -1e-9).all()


def test_training_that_fails_says_why():
    training = {"epochs": 2, "optimizer": "sgd", "learning_rate": 1e30}
    with pytest.raises(ValueError, match="could not be measured at epoch 2"):
        execute(settings(network={"activation": "linear"}, training=training))


def test_schedules_batches_and_windows_reach_training():
    outcome = execute(
        settings(
            training={"epochs": 5, "batch_size": "full"},
            recording={"every": [2, 4], "window": 2, "gradient_snr": False, "max_samples": 50},
        )
    )
    assert outcome.points["epoch"].unique().tolist() == [2, 4, 5]
    assert list(outcome.curves) == ["epoch", "train_loss", "valid_loss", "valid_acc"]


def test_checksum_follows_the_data():
    plain = data_checksum(settings())
    assert plain == data_checksum(settings(training={"epochs": 7}, sweep={"seeds": [4]}))
    drawn = data_checksum(settings(data={"gain": 5.0}))
    assert len({plain, drawn, data_checksum(settings(data={"gain": 5.0, "seed": 1}))}) == 3
