"""The figure of decompositions over the number of filters."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose

from ibtools.estimators._feature_maps import FeatureMapDecomposition
from ibtools.plane._decomposition_display import DecompositionDisplay


@pytest.fixture(scope="module")
def layer():
    rng = np.random.default_rng(0)
    return np.tanh(rng.normal(size=(40, 3)) @ rng.normal(size=(3, 8))), rng.integers(3, size=40)


@pytest.fixture(scope="module")
def results(layer):
    T, y = layer
    return {n: FeatureMapDecomposition().fit(T[:, :n], y) for n in (8, 2, 4)}


@pytest.mark.parametrize("axis", ["x", "y"])
def test_lines_are_the_results(results, axis):
    display = DecompositionDisplay.from_results(results, axis=axis)
    for name in ("mmi", "redundancy_synergy_share", "non_redundant_share"):
        numbers, values = display.lines_[name, ""].get_data()
        assert list(numbers) == [2, 4, 8]
        assert_allclose(values, [getattr(results[n], f"{name}_{axis}_") for n in (2, 4, 8)])
    ceiling = {"x": "input_entropy_", "y": "target_entropy_"}[axis]
    assert_allclose(display.ceilings_[""].get_ydata(), getattr(results[2], ceiling))
    assert display.error_bars_ == {}
    about = {"x": "I(X;T)", "y": "I(T;Y)"}[axis]
    assert display.ax_.get_ylabel() == f"{about} of all maps [bits]"
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["2", "4", "8"]
    assert display.ax_.get_ylim()[1] > display.ceilings_[""].get_ydata()[0]
    names = [text.get_text() for text in display.axes_[1].get_legend().get_texts()]
    assert names == ["redundancy-synergy", "non-redundant"]


def test_layers_and_seeds(layer, results):
    T, y = layer
    seeds = [FeatureMapDecomposition().fit(part, y) for part in (T[:, :4], T[:, 4:])]
    display = DecompositionDisplay.from_results({"a": results, "b": {4: seeds, 8: results[8]}})
    assert display.table["layer"].tolist() == ["a", "a", "a", "b", "b"]
    values = [each.mmi_x_ for each in seeds]
    assert display.lines_["mmi", "b"].get_ydata()[0] == pytest.approx(np.mean(values))
    error = abs(values[0] - values[1]) / 2
    assert display.table["mmi_std_error"].iloc[3] == pytest.approx(error)
    assert set(display.error_bars_) == {
        (name, "b") for name in ("mmi", "redundancy_synergy_share", "non_redundant_share")
    }
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert names == ["ceiling", "a", "b"]
    colors = {layer: display.lines_["mmi", layer].get_color() for layer in "ab"}
    assert colors["a"] != colors["b"]


def test_standard_errors_of_a_single_fit(layer):
    T, _ = layer
    fitted = FeatureMapDecomposition(batch_size=16, random_state=0).fit(T)
    display = DecompositionDisplay.from_results({8: fitted})
    table = display.table
    assert table["mmi_std_error"][0] == fitted.mmi_x_std_error_ > 0
    assert table["share_std_error"][0] == fitted.redundancy_synergy_share_x_std_error_


def test_given_axes_and_no_legend(results):
    _, axes = plt.subplots(1, 2)
    display = DecompositionDisplay.from_results(results, ax=axes, legend=False)
    assert display.ax_ is axes[0]
    assert display.figure_ is axes[0].figure
    assert axes[0].get_legend() is None
    again = DecompositionDisplay(display.table).plot()
    assert again.figure_ is not display.figure_


def test_bad_results(layer, results):
    T, _ = layer
    unlabelled = FeatureMapDecomposition().fit(T)
    in_nats = FeatureMapDecomposition(base=3).fit(T)
    for bad, options, message in (
        ({}, {}, "results is empty"),
        ({2: []}, {}, "empty list"),
        ({2: FeatureMapDecomposition()}, {}, "has no mmi_x_"),
        ({2: unlabelled}, {"axis": "y"}, "fitted with y"),
        (results, {"axis": "z"}, "axis must be 'x' or 'y'"),
        ({2: unlabelled, 4: in_nats}, {}, "different units"),
        ({2: [unlabelled, in_nats]}, {}, "different units"),
    ):
        with pytest.raises(ValueError, match=message):
            DecompositionDisplay.from_results(bad, **options)
    with pytest.raises(ValueError, match="Give two axes"):
        DecompositionDisplay.from_results(results, ax=plt.subplots(1, 3)[1])
