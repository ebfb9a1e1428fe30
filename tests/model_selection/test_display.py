"""The figure shows the values of the comparison, and the truth they are read against."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.utils import Bunch

from ibtools.model_selection import EstimatorComparisonDisplay

RNG = np.random.default_rng(0)


def _results(n_estimators=3, n_sizes=4, n_replicates=10, **kwargs):
    values = RNG.normal(1, 0.1, size=(n_estimators, n_sizes, n_replicates))
    sizes = 50 * 2 ** np.arange(n_sizes)
    return Bunch(
        estimators=[f"estimator {k}" for k in range(n_estimators)],
        mi_x=values + 3,
        mi_y=values,
        score=values - 0.5,
        n_train=np.repeat(sizes[:, None], n_replicates, axis=1),
        unit="bits",
        **kwargs,
    )


def test_bias_against_rows():
    results = _results()
    display = EstimatorComparisonDisplay.from_results(results, truth=0.9)
    left, right = display.axes_
    assert display.ax_ is left
    assert left.get_xlabel() == "rows n"
    assert left.get_ylabel() == "bias of I(T;Y) [bits]"
    assert right.get_xlabel() == "I(T;Y) at n = 400 [bits]"
    assert left.get_xscale() == "log"
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["50", "100", "200", "400"]
    for k, name in enumerate(results.estimators):
        line, _, (bars,) = display.lines_[name]
        np.testing.assert_allclose(line.get_ydata(), results.mi_y[k].mean(axis=1) - 0.9)
        np.testing.assert_allclose(line.get_xdata(), [50, 100, 200, 400], rtol=0.06)
        lengths = [np.ptp(segment[:, 1]) for segment in bars.get_segments()]
        np.testing.assert_allclose(lengths, 2 * results.mi_y[k].std(axis=1, ddof=1))


def test_boxes_hold_the_replicates_of_the_largest_size():
    results = _results()
    results.n_train = results.n_train[::-1]
    display = EstimatorComparisonDisplay.from_results(results, truth=1.0)
    right = display.axes_[1]
    names = [tick.get_text() for tick in right.get_yticklabels()]
    assert names == results.estimators
    places = right.get_yticks()
    assert (np.diff(places) < 0).all(), "the first estimator is on top"
    for k, name in enumerate(results.estimators):
        drawn = display.points_[name].get_offsets()
        np.testing.assert_allclose(drawn[:, 0], results.mi_y[k, 0])
        assert np.abs(drawn[:, 1] - places[k]).max() < 0.3
        median = display.boxes_["medians"][k].get_xdata()
        np.testing.assert_allclose(median, np.median(results.mi_y[k, 0]))


def test_truth_is_drawn_where_it_is_known():
    display = EstimatorComparisonDisplay.from_results(_results(), truth=1.1)
    zero, line = display.truth_lines_
    assert set(zero.get_ydata()) == {0.0}
    assert set(line.get_xdata()) == {1.1}
    assert [text.get_text() for text in display.axes_[1].texts] == ["truth 1.1"]
    unknown = EstimatorComparisonDisplay.from_results(_results())
    assert not unknown.truth_lines_
    assert not unknown.axes_[1].texts
    assert unknown.ax_.get_ylabel() == "I(T;Y) [bits]"
    line = unknown.lines_["estimator 0"][0]
    assert np.abs(line.get_ydata() - 1).max() < 0.2


@pytest.mark.parametrize(
    ("quantity", "label"),
    [("mi_x", "I(X;T)"), ("mi_y", "I(T;Y)"), ("score", "held-out score")],
)
def test_quantities(quantity, label):
    results = _results(n_sizes=1)
    display = EstimatorComparisonDisplay.from_results(results, quantity=quantity)
    assert display.ax_.get_xlabel() == f"{label} [bits]"
    drawn = display.points_["estimator 0"].get_offsets()
    np.testing.assert_allclose(drawn[:, 0], results[quantity][0, 0])


def test_one_size_is_boxes_alone():
    display = EstimatorComparisonDisplay.from_results(_results(n_sizes=1))
    assert len(display.axes_) == 1
    assert not display.lines_


def test_one_kind_into_given_axes():
    figure, ax = plt.subplots()
    display = EstimatorComparisonDisplay.from_results(_results(), kind="sizes", ax=ax, truth=1.0)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "estimator 0",
        "estimator 1",
        "estimator 2",
    ]
    boxes = EstimatorComparisonDisplay.from_results(
        _results(), kind="boxes", ax=plt.subplots()[1], show_points=False
    )
    assert not boxes.points_


def test_estimators_differ_in_colour_and_marker():
    display = EstimatorComparisonDisplay.from_results(_results(n_estimators=8))
    lines = [artists[0] for artists in display.lines_.values()]
    assert len({line.get_color() for line in lines}) == 8
    assert len({line.get_marker() for line in lines}) == 8


def test_what_was_not_measured_is_named():
    results = _results()
    results.mi_y[1] = np.nan
    results.mi_y[2, -1, :5] = np.nan
    results.mi_y[2, 0] = np.nan
    display = EstimatorComparisonDisplay.from_results(results)
    assert set(display.lines_) == {"estimator 0", "estimator 2"}
    assert len(display.lines_["estimator 2"][0].get_xdata()) == 3
    assert len(display.points_["estimator 2"].get_offsets()) == 5
    labels = [tick.get_text() for tick in display.axes_[1].get_yticklabels()]
    assert labels[1] == "estimator 1\n(not measured)"


def test_one_replicate():
    display = EstimatorComparisonDisplay.from_results(_results(n_replicates=1))
    assert len(display.points_["estimator 0"].get_offsets()) == 1


def test_refuses():
    results = _results()
    with pytest.raises(ValueError, match="quantity must be one of"):
        EstimatorComparisonDisplay.from_results(results, quantity="entropy")
    with pytest.raises(ValueError, match="kind must be 'sizes', 'boxes' or None"):
        EstimatorComparisonDisplay.from_results(results, kind="violins")
    with pytest.raises(ValueError, match="give 2 axes, got 1"):
        EstimatorComparisonDisplay.from_results(results, ax=plt.subplots()[1])
    results.mi_y[:] = np.nan
    with pytest.raises(ValueError, match="No estimator has a value of 'mi_y'"):
        EstimatorComparisonDisplay.from_results(results)


def test_comparing_loads_no_matplotlib():
    code = (
        "from ibtools.model_selection import compare_estimators, standard_error; import sys;"
        "assert not {'matplotlib', 'torch', 'skorch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names_of_the_package():
    from ibtools import model_selection

    for name in model_selection.__all__:
        assert getattr(model_selection, name).__name__ == name
        assert name in dir(model_selection)
    with pytest.raises(AttributeError, match="no attribute 'compare'"):
        model_selection.compare  # noqa: B018
