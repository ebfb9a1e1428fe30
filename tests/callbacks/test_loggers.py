"""What the callbacks record, in TensorBoard, MLflow and Weights & Biases."""

from types import SimpleNamespace

import pytest
from skorch.callbacks import EarlyStopping, MlflowLogger, TensorBoard, WandbLogger

from ibtools import (
    BinnedMI,
    ClusteringCallback,
    ErrorPlaneCallback,
    GradientSNRCallback,
    InfoPlaneCallback,
    RenyiMatrixMI,
)
from ibtools.callbacks._loggers import mlflow_name

# TensorBoard's reader goes by the names of types that numpy and protobuf have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

N_EPOCHS = 3


@pytest.fixture
def recorders():
    """Callbacks of all kinds, at every epoch."""
    return [
        InfoPlaneCallback({"binned": BinnedMI(n_bins=8)}, every=1, on="all"),
        ErrorPlaneCallback({"matrix": RenyiMatrixMI(alpha=2)}, every=1, on="all"),
        ClusteringCallback(n_bins=4, every=1, on="all", histogram_epochs=[0, 2]),
        GradientSNRCallback(),
    ]


@pytest.fixture
def tensorboard(tmp_path):
    """TensorBoard's writer, and what stands in its event files as {tag: {step: value}}."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    def read():
        events = EventAccumulator(str(tmp_path / "tb"), size_guidance={"scalars": 0}).Reload()
        return {
            tag: {event.step: event.value for event in events.Scalars(tag)}
            for tag in events.Tags()["scalars"]
        }

    return SimpleNamespace(writer=SummaryWriter(str(tmp_path / "tb")), read=read)


@pytest.fixture
def mlflow_run(tmp_path, monkeypatch):
    """A run in a local file store of MLflow, and its metrics as {name: {step: value}}."""
    # Recent versions refuse the file store until told that it is wanted.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("GIT_PYTHON_REFRESH", "quiet")
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    run = client.create_run(client.create_experiment("planes"))

    def read():
        names = client.get_run(run.info.run_id).data.metrics
        histories = {name: client.get_metric_history(run.info.run_id, name) for name in names}
        return {
            name: {metric.step: metric.value for metric in history}
            for name, history in histories.items()
        }

    def make(**parameters):
        return MlflowLogger(run, client, create_artifact=False, **parameters)

    return SimpleNamespace(make=make, read=read)


def steps_of(history):
    """Scalars of a history by key and step, where the point of the untrained network is step 0."""
    scalars = {}
    for row in history:
        for key, value in row.items():
            if "/" in key:
                step = 0 if key.endswith("@0") else row["epoch"]
                scalars.setdefault(key.removesuffix("@0"), {})[step] = value
    return scalars


def assert_logged(logged, history, name):
    expected = {name(key): values for key, values in steps_of(history).items()}
    assert {key for key in logged if "/" in key and not key.startswith("Loss/")} == set(expected)
    for key, values in expected.items():
        assert logged[key] == pytest.approx(values, rel=1e-6, nan_ok=True), key


@pytest.mark.parametrize("first", [True, False])
def test_tensorboard_has_every_scalar_at_its_step(data, make_net, recorders, tensorboard, first):
    logger = TensorBoard(tensorboard.writer)
    callbacks = [logger, *recorders] if first else [*recorders, logger]
    net = make_net(*callbacks).fit(*data)
    logged = tensorboard.read()
    assert_logged(logged, net.history, str)
    assert sorted(logged["mi_x/binned/hidden1"]) == [0, 1, 2, 3]
    assert sorted(logged["gradient_snr/linear1"]) == [1, 2, 3]
    assert sorted(logged["error_mi_x/matrix/hidden1"]) == [0, 1, 2, 3]
    assert sorted(logged["clustering_bin_entropy/hidden2"]) == [0, 1, 2, 3]
    assert not any("@" in tag or tag.endswith("_0") for tag in logged)


def test_mlflow_has_every_scalar_at_its_step(data, make_net, recorders, mlflow_run):
    net = make_net(mlflow_run.make(), *recorders).fit(*data)
    logged = mlflow_run.read()
    assert_logged(logged, net.history, mlflow_name)
    assert logged["mi_x/binned/hidden1"][0] == net.history[0]["mi_x/binned/hidden1@0"]
    assert logged["log_base/binned"] == dict.fromkeys(range(4), 2.0)
    assert all(type(value) is float for values in logged.values() for value in values.values())
    assert sorted(logged["train_loss"]) == [1, 2, 3]  # skorch's own


class Fake:
    """A run of Weights & Biases."""

    def __init__(self):
        self.calls = []

    def watch(self, module):
        self.module = module

    def log(self, values):
        self.calls.append(dict(values))


def test_wandb_has_every_scalar_in_the_row_of_its_epoch(data, make_net, recorders):
    run = Fake()
    net = make_net(WandbLogger(run, save_model=False), *recorders).fit(*data)
    assert len(run.calls) == N_EPOCHS
    for logged, row in zip(run.calls, net.history, strict=True):
        scalars = {key: value for key, value in row.items() if "/" in key}
        assert {key: logged[key] for key in scalars} == pytest.approx(scalars, nan_ok=True)
        assert all(type(logged[key]) is float for key in scalars)


def test_a_last_epoch_that_nobody_foresaw_is_logged(data, make_net, tensorboard, mlflow_run):
    run = Fake()
    net = make_net(
        TensorBoard(tensorboard.writer),
        mlflow_run.make(),
        WandbLogger(run, save_model=False),
        InfoPlaneCallback(every=[1]),
        EarlyStopping("train_loss", patience=2, threshold=10.0, sink=lambda _: None),
        max_epochs=9,
    ).fit(*data)
    last = len(net.history)
    assert last < 9
    value = net.history[-1]["mi_x/BinnedMI/hidden1"]
    assert tensorboard.read()["mi_x/BinnedMI/hidden1"][last] == pytest.approx(value, rel=1e-6)
    assert mlflow_run.read()["mi_x/BinnedMI/hidden1"][last] == value
    assert run.calls[-1]["mi_x/BinnedMI/hidden1"] == value


def test_training_that_goes_on_is_logged_as_before(data, make_net, mlflow_run):
    net = make_net(mlflow_run.make(terminate_after_train=False), InfoPlaneCallback(every=[1, 5]))
    net.set_params(max_epochs=2)
    net.fit(*data)
    net.set_params(max_epochs=3)
    net.partial_fit(*data)
    assert sorted(mlflow_run.read()["mi_x/BinnedMI/hidden1"]) == [0, 1, 2, 5]


def test_what_the_user_ignores_stays_out(data, make_net, tensorboard, mlflow_run):
    ignored = ["mi_x/BinnedMI/hidden1", "log_base/BinnedMI/"]
    make_net(
        TensorBoard(tensorboard.writer, keys_ignored=ignored),
        mlflow_run.make(keys_ignored=ignored),
        InfoPlaneCallback(every=1),
    ).fit(*data)
    for logged in (tensorboard.read(), mlflow_run.read()):
        assert "mi_x/BinnedMI/hidden1" not in logged
        assert not any(name.startswith("log_base") for name in logged)
        assert sorted(logged["mi_x/BinnedMI/hidden2"]) == [0, 1, 2, 3]


def test_mlflow_only_where_it_is_asked_for_epochs(data, make_net, mlflow_run):
    make_net(
        mlflow_run.make(log_on_epoch_end=False, log_on_batch_end=True), InfoPlaneCallback(every=1)
    ).fit(*data)
    assert not any(name.startswith("mi_x") for name in mlflow_run.read())


def test_a_suffix_of_epochs_is_kept(data, make_net, mlflow_run):
    logger = mlflow_run.make(log_on_batch_end=True)
    make_net(logger, InfoPlaneCallback(every=1)).fit(*data)
    assert sorted(mlflow_run.read()["mi_x/BinnedMI/hidden1_epoch"]) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("mi_x/binned/hidden1", "mi_x/binned/hidden1"),
        ("mi_x/width 0.01/block.relu-2", "mi_x/width 0.01/block.relu-2"),
        ("mi_x/binned/act#1", "mi_x/binned/act_1"),
        ("mi_x/binned/lstm:0", "mi_x/binned/lstm_0"),
        ("log_base/binned/", "log_base/binned"),
        ("mi_x/α (narrow)/T", "mi_x/α _narrow_/T"),
    ],
)
def test_names_that_mlflow_takes(key, name, mlflow_run):
    assert mlflow_name(key) == name
    logger = mlflow_run.make().initialize()
    logger.client_.log_metric(logger.run_.info.run_id, name, 1.0)
