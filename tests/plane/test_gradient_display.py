"""Figure of the gradient."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.exceptions import NotFittedError

from ibtools.plane._gradient_display import GradientSNRDisplay

HISTORY = [
    {
        "epoch": epoch,
        **{f"gradient_mean/linear{k}": 1.0 / epoch for k in (1, 2)},
        **{f"gradient_std/linear{k}": 0.1 for k in (1, 2)},
        **{f"gradient_snr/linear{k}": 0.1 + 10 / (1 + (epoch / (30 * k)) ** 4) for k in (1, 2)},
    }
    for epoch in range(1, 1001)
]


def test_lines_hold_the_values():
    display = GradientSNRDisplay.from_history(HISTORY)
    assert len(display.axes_) == 3
    line = display.lines_["gradient_mean", "linear2"]
    np.testing.assert_allclose(line.get_ydata(), 1 / np.arange(1, 1001))
    average = display.averages_["gradient_mean", "linear2"]
    np.testing.assert_allclose(average.get_ydata() * average.get_xdata(), 1)
    assert len(average.get_xdata()) < 40
    assert all(ax.get_xscale() == ax.get_yscale() == "log" for ax in display.axes_)
    np.testing.assert_allclose(display.transitions_["epoch"], [30, 60], rtol=0.1)


def test_on_given_axes():
    _, ax = plt.subplots()
    display = GradientSNRDisplay.from_history(
        HISTORY, ax=ax, quantities=["gradient_std"], legend=False
    )
    assert display.ax_ is ax
    assert display.transitions_ is None
    assert ax.get_legend() is None


def test_from_estimator():
    class Net:
        history = HISTORY

    display = GradientSNRDisplay.from_estimator(Net(), transition=False)
    assert display.transitions_ is None


def test_refusals():
    with pytest.raises(ValueError, match="quantities must be some of"):
        GradientSNRDisplay.from_history(HISTORY, quantities=["gradient"])
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="Give 3 axes, one per quantity, got 1"):
        GradientSNRDisplay.from_history(HISTORY, ax=ax)


def test_a_net_that_was_not_fitted():
    class Net:
        history = None

    with pytest.raises(NotFittedError, match=r"fit it with callbacks=\[GradientSNRCallback\(\)\]"):
        GradientSNRDisplay.from_estimator(Net())
