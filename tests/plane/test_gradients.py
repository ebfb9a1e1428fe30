"""The gradient's table and transition."""

import numpy as np
import pandas as pd
import pytest

from ibtools.plane._gradients import drift_diffusion_transition, gradient_table


def _table(epoch, snr, layer="linear1"):
    return pd.DataFrame({"epoch": epoch, "layer": layer, "gradient_snr": snr})


def test_table_of_a_history():
    history = [
        {"epoch": 1, "gradient_mean/a": 3.0, "gradient_mean/b": 1.0, "valid_loss": 0.5},
        {"epoch": 2, "gradient_mean/a": 2.0, "gradient_mean/b": 1.5, "mi_x/binned/a": 7.0},
    ]
    table = gradient_table(history)
    assert table["layer"].tolist() == ["a", "b", "a", "b"]
    assert table["gradient_mean"].tolist() == [3.0, 1.0, 2.0, 1.5]
    assert table["valid_loss"].tolist()[:2] == [0.5, 0.5]
    assert table["valid_loss"].isna().tolist()[2:] == [True, True]
    assert "mi_x/binned/a" not in table


def test_a_history_without_gradients():
    with pytest.raises(ValueError, match="The history has no gradients"):
        gradient_table([{"epoch": 1, "train_loss": 1.0}])


@pytest.mark.parametrize("knee", [30, 300, 3000])
def test_the_knee_of_a_sigmoid_in_log_epochs(knee):
    epoch = np.arange(1, 8001)
    snr = 0.1 + 10 / (1 + (epoch / knee) ** 4)
    noisy = snr * np.exp(0.1 * np.random.default_rng(0).normal(size=len(epoch)))
    transition = drift_diffusion_transition(_table(epoch, noisy)).iloc[0]
    assert abs(np.log(transition["epoch"] / knee)) < 0.2
    assert transition["slope"] < -3
    assert transition["before"] > 4
    assert transition["after"] < 2


def test_a_ratio_that_only_grows_has_no_transition():
    epoch = np.arange(1, 101)
    transition = drift_diffusion_transition(_table(epoch, np.sqrt(epoch))).iloc[0]
    assert np.isnan(transition["epoch"])


def test_one_transition_per_layer():
    epoch = np.arange(1, 8001)
    steps = [np.where(epoch < at, 10.0, 0.1) for at in (20, 400)]
    tables = [_table(epoch, snr, name) for snr, name in zip(steps, "ab", strict=True)]
    transitions = drift_diffusion_transition(pd.concat(tables))
    assert transitions["layer"].tolist() == ["a", "b"]
    np.testing.assert_allclose(transitions["epoch"], [20, 400], rtol=0.05)


def test_refusals():
    epoch = np.arange(1, 11)
    with pytest.raises(ValueError, match="bandwidth must be positive"):
        drift_diffusion_transition(_table(epoch, 1.0), bandwidth=0)
    with pytest.raises(ValueError, match="'linear1' has a signal-to-noise ratio in fewer than"):
        drift_diffusion_transition(_table(epoch, np.nan))


def test_a_constant_ratio_has_no_transition():
    transition = drift_diffusion_transition(_table(np.arange(1, 101), 1.0)).iloc[0]
    assert np.isnan(transition["epoch"])


@pytest.mark.parametrize("bandwidth", [1e-3, 1e-2])
def test_windows_of_a_single_epoch_are_refused(bandwidth):
    table = _table(np.arange(1, 101), np.linspace(2, 1, 100))
    with pytest.raises(ValueError, match="windows hold a single epoch of 'linear1'"):
        drift_diffusion_transition(table, bandwidth=bandwidth)
