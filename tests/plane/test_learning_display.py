"""Figure of loss and accuracy."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.exceptions import NotFittedError
from skorch.callbacks import EpochScoring

from ibtools import MLP, InformationClassifier
from ibtools.datasets import make_szt
from ibtools.plane._learning_display import LearningCurveDisplay
from ibtools.plane._stopping import StoppingPoints

# The validation loss is least after epoch 20, and has not improved for 7 epochs after epoch 27.
EPOCHS = np.arange(1, 101)
HISTORY = [
    {
        "epoch": int(epoch),
        "train_loss": 1 / epoch,
        "valid_loss": 0.2 + 0.001 * (epoch - 20) ** 2,
        "train_acc": 1 - 0.5 / epoch,
        "valid_acc": 0.9 - 0.4 / epoch,
        "batches": [{"train_loss": 0.0}],
    }
    for epoch in EPOCHS.tolist()
]


def without(*names):
    return [{key: row[key] for key in row if key not in names} for row in HISTORY]


def test_lines_and_marks():
    display = LearningCurveDisplay.from_history(HISTORY, patience=7)
    assert display.stopping_ == StoppingPoints(early=27, perfect=20, patience=7)
    assert [ax.get_ylabel() for ax in display.axes_] == ["loss", "accuracy"]
    assert all(ax.get_xscale() == "log" for ax in display.axes_)
    values = {key: line.get_ydata() for key, line in display.lines_.items()}
    np.testing.assert_allclose(values["loss", "training"], 1 / EPOCHS)
    np.testing.assert_allclose(values["loss", "validation"], 0.2 + 0.001 * (EPOCHS - 20) ** 2)
    np.testing.assert_allclose(values["accuracy", "training"], 1 - 0.5 / EPOCHS)
    np.testing.assert_allclose(values["accuracy", "validation"], 0.9 - 0.4 / EPOCHS)
    for line in display.lines_.values():
        np.testing.assert_array_equal(line.get_xdata(), EPOCHS)
    places = {key: mark.get_xdata()[0] for key, mark in display.marks_.items()}
    assert places == {
        ("loss", "early"): 27,
        ("loss", "perfect"): 20,
        ("accuracy", "early"): 27,
        ("accuracy", "perfect"): 20,
    }
    (legend,) = display.figure_.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "training", "validation", "early stopping, patience 7: 27", "perfect stopping: 20",
    ]  # fmt: skip


def test_a_loss_that_never_stalled_has_no_early_stopping_point():
    display = LearningCurveDisplay.from_history(HISTORY[:20])
    assert set(display.marks_) == {("loss", "perfect"), ("accuracy", "perfect")}
    assert LearningCurveDisplay.from_history(HISTORY, min_delta=0.1).stopping_.early < 20


def test_marks_stand_at_the_epochs_of_their_rows():
    display = LearningCurveDisplay.from_history(HISTORY[9:], patience=7)
    assert display.stopping_.perfect == 11
    assert display.marks_["loss", "perfect"].get_xdata()[0] == 20


def test_on_given_axes():
    _, ax = plt.subplots()
    display = LearningCurveDisplay.from_history(HISTORY, ax=ax, quantities=["accuracy"])
    assert display.ax_ is ax
    assert set(display.lines_) == {("accuracy", "training"), ("accuracy", "validation")}
    assert ax.get_legend() is not None
    display.plot(plt.subplots(ncols=2)[1], legend=False)
    assert all(panel.get_legend() is None for panel in display.axes_)


def test_from_estimator():
    X, y = make_szt()
    parameters = {"module__sizes": (12, 4, 2), "max_epochs": 2, "random_state": 0, "verbose": 0}
    net = InformationClassifier(MLP, **parameters)
    with pytest.raises(NotFittedError, match="has no history: fit it first"):
        LearningCurveDisplay.from_estimator(net)
    display = LearningCurveDisplay.from_estimator(net.fit(X, y))
    assert set(display.lines_) == {
        ("loss", "training"), ("loss", "validation"), ("accuracy", "validation"),
    }  # fmt: skip
    np.testing.assert_allclose(
        display.lines_["accuracy", "validation"].get_ydata(), net.history[:, "valid_acc"]
    )
    scoring = EpochScoring("accuracy", lower_is_better=False, on_train=True, name="train_acc")
    net.set_params(callbacks=[scoring])
    display = LearningCurveDisplay.from_estimator(net.fit(X, y))
    np.testing.assert_allclose(
        display.lines_["accuracy", "training"].get_ydata(), net.history[:, "train_acc"]
    )


def test_without_accuracy():
    history = without("train_acc", "valid_acc")
    with pytest.raises(ValueError, match="no accuracy, neither valid_acc nor train_acc"):
        LearningCurveDisplay.from_history(history)
    display = LearningCurveDisplay.from_history(history, quantities=["loss"])
    assert len(display.axes_) == 1


def test_without_validation_losses():
    with pytest.raises(ValueError, match="no validation loss in epoch 1: train with a train_split"):
        LearningCurveDisplay.from_history(without("valid_loss"))
    history = [*HISTORY[:5], *without("valid_loss")[5:]]
    with pytest.raises(ValueError, match="no validation loss in epoch 6"):
        LearningCurveDisplay.from_history(history)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"quantities": ["error"]}, r"quantities must be some of \['loss', 'accuracy'\]"),
        ({"quantities": []}, "quantities must be some of"),
        ({"patience": 0}, "patience must be an integer of at least 1, got 0"),
        ({"min_delta": -1}, "min_delta must be a number of at least 0"),
    ],
)
def test_refusals(parameters, message):
    with pytest.raises(ValueError, match=message):
        LearningCurveDisplay.from_history(HISTORY, **parameters)


def test_other_refusals():
    with pytest.raises(ValueError, match="The history has no epochs"):
        LearningCurveDisplay.from_history([])
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="Give 2 axes, one per quantity, got 1"):
        LearningCurveDisplay.from_history(HISTORY, ax=ax)
    diverged = [*HISTORY[:3], HISTORY[3] | {"valid_loss": float("nan")}]
    with pytest.raises(ValueError, match="The loss of epoch 4 is NaN"):
        LearningCurveDisplay.from_history(diverged)
