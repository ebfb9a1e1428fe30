"""The command line: options, what is wrong with them, and what a run leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from skorch.history import History

import ibtools
from ibtools import MLP, InformationPlane
from ibtools.experiments import _plane_run
from ibtools.experiments._command_line import main

SMALL = ["plane", "--epochs", "3", "--records", "3"]


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_leaves_figures_tables_and_history(tmp_path, capsys):
    assert main(SMALL) == 0
    output = tmp_path / "ibtools-results"
    names = sorted(path.name for path in output.iterdir())
    assert names == [
        "history.json",
        "plane.csv",
        "plane.parquet",
        "plane.png",
        "plane.settings.json",
        "plane.svg",
    ]
    plane = InformationPlane.load(output / "plane.csv")
    assert plane == InformationPlane.load(output / "plane.parquet")
    assert plane.epochs == [0, 1, 2, 3]
    assert plane.layers == [*(f"hidden{k}" for k in range(1, 6)), "probabilities"]
    rebuilt = InformationPlane.from_history(History.from_file(str(output / "history.json")))
    assert rebuilt.to_frame().equals(plane.to_frame())
    assert plane.settings["seed"] == 0
    assert plane.settings["versions"]["ibtools"] == ibtools.__version__
    assert (output / "plane.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (output / "plane.svg").read_bytes()

    said = capsys.readouterr()
    assert "log2 N = 12.0000, H(Y) = 0.9992" in said.out
    for name in names:
        assert f"ibtools-results/{name}" in said.out
    for layer in plane.select(epochs=3).to_frame().itertuples():
        assert f"{layer.layer:13}  {layer.mi_x:8.4f}  {layer.mi_y:8.4f}" in said.out
    assert "3/3" in said.err, "progress is on screen"


def test_an_existing_folder_is_kept_unless_told(tmp_path, capsys):
    output = tmp_path / "mine"
    output.mkdir()
    (output / "notes.txt").write_text("keep")
    with pytest.raises(SystemExit) as stop:
        main([*SMALL, "--output", "mine"])
    assert stop.value.code == 2
    assert "--overwrite" in capsys.readouterr().err
    assert [path.name for path in output.iterdir()] == ["notes.txt"]
    assert main([*SMALL, "--output", "mine", "--overwrite"]) == 0
    assert (output / "notes.txt").read_text() == "keep"
    assert (output / "plane.csv").exists()


def test_options_reach_the_network(monkeypatch):
    made = []
    original = _plane_run._make_net
    monkeypatch.setattr(
        _plane_run, "_make_net", lambda *args, **kw: made.append(original(*args, **kw)) or made[0]
    )
    words = "--activation tanh,relu --hidden 6,3 --batch-size 100 --learning-rate 0.01"
    more = "--optimizer sgd --seed 7 --bin-width 0.2 --rows valid --train-fraction 0.5"
    assert main([*SMALL, *words.split(), *more.split()]) == 0
    net = made[0]
    assert isinstance(net.module_, MLP)
    kinds = [type(module).__name__ for module in net.module_]
    assert kinds == ["Linear", "Tanh", "Linear", "ReLU", "Linear"]
    assert [layer.out_features for layer in net.module_ if hasattr(layer, "weight")] == [6, 3, 2]
    assert type(net.optimizer_).__name__ == "SGD"
    assert (net.lr, net.batch_size, net.random_state) == (0.01, 100, 7)
    plane = InformationPlane.load("ibtools-results/plane.csv")
    assert plane.to_frame()["mi_x_ceiling"].iloc[0] == pytest.approx(11)
    assert sum(net.history[-1, "batches", :, "train_batch_size"]) == 2048
    estimator = dict(net.callbacks_)["InfoPlaneCallback"].estimator
    assert (estimator.n_bins, estimator.bin_width) == (30, 0.2)


def test_same_seed_same_plane_other_seed_other_plane():
    tables = []
    for k, seed in enumerate(["1", "1", "2"]):
        assert main([*SMALL, "--seed", seed, "--output", f"run{k}"]) == 0
        tables.append(InformationPlane.load(f"run{k}/plane.csv").to_frame())
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_without_validation_rows():
    assert main([*SMALL, "--train-fraction", "1", "--rows", "train"]) == 0
    plane = InformationPlane.load("ibtools-results/plane.csv")
    assert plane.to_frame()["mi_x_ceiling"].iloc[0] == pytest.approx(12)


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_images(dataset, monkeypatch):
    def fetch(**options):
        assert options == {
            "classes": (1, 3, 8),
            "n_per_class": 5,
            "random_state": 0,
            "return_X_y": True,
        }
        rng = np.random.default_rng(0)
        return rng.random((15, 784), dtype=np.float32), np.repeat([0, 1, 2], 5)

    monkeypatch.setitem(_plane_run._FETCHERS, dataset, fetch)
    images = ["--dataset", dataset, "--classes", "1,3,8", "--samples-per-class", "5"]
    assert main([*SMALL, *images, "--hidden", "4"]) == 0
    plane = InformationPlane.load("ibtools-results/plane.csv")
    np.testing.assert_allclose(plane.to_frame()["mi_y_ceiling"], np.log2(3))


def test_data_that_cannot_be_had(monkeypatch, capsys):
    def fetch(**options):
        raise OSError("train-images-idx3-ubyte.gz is missing: put it there.")

    monkeypatch.setitem(_plane_run._FETCHERS, "mnist", fetch)
    assert main([*SMALL, "--dataset", "mnist"]) == 1
    assert "error: train-images-idx3-ubyte.gz is missing" in capsys.readouterr().err


BAD = {
    "--epochs 0": "'0' is not a whole number of 1 or more",
    "--epochs many": "'many' is not a whole number",
    "--batch-size -1": "--batch-size",
    "--learning-rate 0": "'0' is not a number above 0",
    "--learning-rate nan": "not a number above 0",
    "--learning-rate inf": "not a number above 0",
    "--train-fraction 1.5": "at most 1",
    "--activation swish": "'swish' is not one of tanh, relu, leaky_relu, sigmoid, linear",
    "--activation tanh,relu": "2 names for 5 hidden layers",
    "--hidden 10,,3": "'' is not a whole number",
    "--optimizer lbfgs": "invalid choice: 'lbfgs'",
    "--dataset cifar": "invalid choice: 'cifar'",
    "--seed -1": "whole number of 0 or more",
    "--seed 5000000000": "at most 4294967295",
    "--bin-width 1e-20": "too narrow",
    "--train-fraction 1e-5 --epochs 1": "train_size",
    "--dataset mnist --classes 1,1": "two or more different labels",
    "--bin-width 0": "--bin-width",
    "--n-bins 10 --bin-width 0.1": "not allowed with",
    "--rows test": "invalid choice: 'test'",
    "--rows valid --train-fraction 1": "no validation rows",
    "--classes 1,3": "only for image datasets",
    "--samples-per-class 3": "only for image datasets",
    "--dataset mnist --classes 1": "two or more different labels",
    "--dataset mnist --classes 1,10": "from 0 to 9",
    "--output file.txt": "is a file",
    "--output file.txt/x": "cannot make",
    "--records 0": "--records",
    "--bins 3": "unrecognized arguments",
    "extra": "unrecognized arguments: extra",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_values_are_one_line_and_exit_code_2(words, tmp_path, capsys):
    (tmp_path / "file.txt").write_text("")
    with pytest.raises(SystemExit) as stop:
        main(["plane", *words.split()])
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert said.err.startswith("python -m ibtools")
    assert BAD[words] in said.err
    assert not (tmp_path / "ibtools-results").exists()


def test_help_names_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["plane", "--help"])
    assert stop.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for option, default in {
        "--activation": "tanh",
        "--hidden": "10,7,5,4,3",
        "--epochs": "8000",
        "--batch-size": "512",
        "--learning-rate": "0.0004",
        "--optimizer": "adam",
        "--seed": "0",
        "--n-bins": "30",
        "--dataset": "szt",
        "--train-fraction": "0.8",
        "--rows": "all",
        "--records": "75",
        "--output": "ibtools-results",
    }.items():
        assert option in text
        assert f"(default: {default})" in text
    assert "--bin-width" in text
    assert "--overwrite" in text
    assert "None" not in text


def test_no_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_activations_that_are_not_finite_keep_what_was_recorded(capsys):
    words = ["--activation", "linear", "--optimizer", "sgd", "--learning-rate", "1e30"]
    assert main([*SMALL, *words]) == 1
    said = capsys.readouterr()
    assert "could not be measured at epoch 1" in said.err
    assert "what was recorded until then is kept" in said.err
    assert InformationPlane.load("ibtools-results/plane.csv").epochs == [0]


def test_a_full_disk_is_said_and_costs_no_other_file(tmp_path, monkeypatch, capsys):
    def full(self, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(InformationPlane, "save", full)
    assert main(SMALL) == 1
    said = capsys.readouterr()
    assert "plane.csv: could not be written, [Errno 28] No space left on device" in said.out
    assert "hidden5" in said.out
    names = {path.name for path in (tmp_path / "ibtools-results").iterdir()}
    assert names == {"plane.png", "plane.svg", "history.json"}


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_ctrl_c_keeps_what_was_recorded(tmp_path):
    """A real process and a real signal, once training is on its way."""
    with subprocess.Popen(
        [sys.executable, "-m", "ibtools", "plane", "--epochs", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        started = ""
        while "train_loss" not in started:
            assert process.poll() is None, started + process.stderr.read()
            started += process.stderr.read(20)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Interrupted by Ctrl-C" in err
    plane = InformationPlane.load(tmp_path / "ibtools-results" / "plane.csv")
    assert plane.epochs[0] == 0
    assert len(plane.epochs) > 3
    settings = json.loads((tmp_path / "ibtools-results/plane.settings.json").read_text())
    assert plane.epochs[-1] <= settings["epochs_trained"] < 100000
    assert "Results:" in out


def test_ctrl_c_before_anything_was_recorded(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(_plane_run, "make_szt", interrupted)
    assert main(SMALL) == 130
    assert "Interrupted. Files written: none." in capsys.readouterr().err


def test_ctrl_c_while_files_are_written_names_them(monkeypatch, capsys):
    def interrupted(self, path):
        raise KeyboardInterrupt

    monkeypatch.setattr(InformationPlane, "save", interrupted)
    assert main(SMALL) == 130
    said = capsys.readouterr().err
    assert "Files written: ibtools-results/plane.png, ibtools-results/plane.svg\n" in said


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"ibtools {ibtools.__version__}\n"
