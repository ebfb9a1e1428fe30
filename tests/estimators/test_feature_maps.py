"""The decomposition of feature maps as an estimator."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from ibtools import RenyiMatrixMI
from ibtools.estimators._feature_maps import FeatureMapDecomposition
from ibtools.information._decomposition import decompose_feature_maps
from ibtools.plane._measurement import measure_point

ESTIMATORS = [
    FeatureMapDecomposition(),
    FeatureMapDecomposition(quantity="non_redundant", n_pairs=2, random_state=0),
]
NAMES = (
    "mmi",
    "redundancy_synergy",
    "non_redundant",
    "redundancy_synergy_share",
    "non_redundant_share",
)
# Of the checks that scikit-learn runs on itself, those of estimators that transform nothing.
OWN_CHECKS = [
    "check_dataframe_column_names_consistency",
    "check_inplace_ensure_writeable",
    "check_param_validation",
]


@parametrize_with_checks(ESTIMATORS)
def test_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
@pytest.mark.parametrize("name", OWN_CHECKS)
def test_checks_of_scikit_learn_itself(estimator, name):
    getattr(estimator_checks, name)(type(estimator).__name__, estimator)


@pytest.fixture(scope="module")
def layer():
    """Inputs, six maps of four columns, side by side, and labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    return X, np.tanh(X @ rng.normal(size=(5, 24))), (X[:, 0] > 0).astype(int)


def _maps(T):
    return np.split(T, 6, axis=1)


def _assert_same(fitted, axis, decomposition):
    for name in NAMES:
        assert getattr(fitted, f"{name}_{axis}_") == pytest.approx(
            getattr(decomposition, name), abs=1e-12
        )
    assert_allclose(getattr(fitted, f"map_mi_{axis}_"), decomposition.map_mi)


@pytest.mark.parametrize("alpha", [1, 1.01, 2])
def test_both_axes_are_those_of_the_function(layer, alpha):
    X, T, y = layer
    fitted = FeatureMapDecomposition(6, alpha=alpha).fit(T, y)
    _assert_same(fitted, "x", decompose_feature_maps(_maps(T), alpha=alpha))
    _assert_same(fitted, "y", decompose_feature_maps(_maps(T), y, alpha=alpha))
    assert fitted.inputs_kernel_ == "identity"
    assert fitted.input_entropy_ == pytest.approx(math.log2(60))
    assert fitted.n_pairs_ == 15
    assert fitted.n_batches_ == 1
    assert not [name for name in vars(fitted) if "std_error" in name]

    fitted = fitted.fit(T, inputs=X)
    _assert_same(fitted, "x", decompose_feature_maps(_maps(T), X, alpha=alpha))
    assert fitted.inputs_kernel_ == "rbf"
    assert not hasattr(fitted, "mi_y_")
    index = np.repeat(np.arange(30), 2)
    _assert_same(
        fitted.fit(T, inputs=index), "x", decompose_feature_maps(_maps(T), index, alpha=alpha)
    )
    assert fitted.inputs_kernel_ == "delta"


def test_real_valued_target(layer):
    X, T, _ = layer
    fitted = FeatureMapDecomposition(6).fit(T, X[:, :2])
    assert fitted.target_ == "continuous"
    _assert_same(fitted, "y", decompose_feature_maps(_maps(T), X[:, :2]))
    assert not hasattr(fitted, "classes_")
    assert fitted.target_bandwidth_ > 0


def test_mmi_is_the_information_of_all_maps(layer):
    X, T, y = layer
    fitted = FeatureMapDecomposition(6, bandwidth=2.0).fit(T, y, inputs=X)
    whole = RenyiMatrixMI(n_maps=6, bandwidth=2.0).fit(T, y, inputs=X)
    assert fitted.mi_x_ == fitted.mmi_x_ == pytest.approx(whole.mi_x_, abs=1e-10)
    assert fitted.mi_y_ == fitted.mmi_y_ == pytest.approx(whole.mi_y_, abs=1e-10)
    assert fitted.input_entropy_ == pytest.approx(whole.input_entropy_, abs=1e-10)
    assert fitted.target_entropy_ == pytest.approx(whole.target_entropy_, abs=1e-10)


def test_list_of_maps(layer):
    _, T, y = layer
    images = [part.reshape(-1, 2, 2) for part in _maps(T)]
    listed, columns = FeatureMapDecomposition().fit(images, y), FeatureMapDecomposition(6).fit(T, y)
    assert listed.map_sizes_.tolist() == [4] * 6
    assert listed.redundancy_synergy_y_ == columns.redundancy_synergy_y_
    uneven = FeatureMapDecomposition().fit([T[:, :5], T[:, 5:12], T[:, 12:]])
    assert uneven.map_sizes_.tolist() == [5, 7, 12]


def test_every_column_is_a_map_by_default(layer):
    _, T, _ = layer
    units = FeatureMapDecomposition(n_pairs=10, random_state=0).fit(T)
    assert units.map_sizes_.tolist() == [1] * 24
    assert units.n_pairs_ == 10


def test_mini_batches(layer):
    _, T, y = layer
    fitted = FeatureMapDecomposition(6, batch_size=16, random_state=0).fit(T, y)
    assert fitted.n_batches_ == 3
    assert fitted.input_entropy_ == pytest.approx(4)
    for name in NAMES:
        assert getattr(fitted, f"{name}_x_std_error_") > 0
        assert getattr(fitted, f"{name}_y_std_error_") > 0
    whole = RenyiMatrixMI(
        n_maps=6, batch_size=16, bandwidth=float(fitted.bandwidth_[0]), random_state=0
    ).fit(T)
    fitted = FeatureMapDecomposition(
        6, batch_size=16, bandwidth=float(fitted.bandwidth_[0]), random_state=0
    ).fit(T)
    assert fitted.mi_x_ == pytest.approx(whole.mi_x_, abs=1e-10)
    assert fitted.mi_x_std_error_ == pytest.approx(whole.mi_x_std_error_, abs=1e-10)


def test_bandwidths_are_those_of_a_mini_batch(layer):
    """Silverman's rule: h n^(-1 / (4 + d)), n the rows of a mini-batch."""
    X, T, _ = layer
    options = {"bandwidth": "silverman", "batch_size": 20, "random_state": 0}
    fitted = FeatureMapDecomposition(6, **options).fit(T, inputs=X)
    assert_allclose(fitted.bandwidth_, np.full(6, 5 * 20 ** (-1 / 8)))
    assert fitted.input_bandwidth_ == pytest.approx(5 * 20 ** (-1 / 9))
    fitted.set_params(bandwidth_factor=2.0).fit(T, inputs=X)
    assert_allclose(fitted.bandwidth_, np.full(6, 2 * 20 ** (-1 / 8)))
    assert fitted.input_bandwidth_ == pytest.approx(2 * 20 ** (-1 / 9))
    fitted.set_params(input_bandwidth=0.7, target_bandwidth=0.3).fit(T, X, inputs=X)
    assert (fitted.input_bandwidth_, fitted.target_bandwidth_) == (0.7, 0.3)


def test_drawn_pairs_have_standard_errors(layer):
    _, T, y = layer
    every = FeatureMapDecomposition(6).fit(T, y)
    drawn = FeatureMapDecomposition(6, n_pairs=8, random_state=0).fit(T, y)
    for name in NAMES[1:]:
        difference = getattr(drawn, f"{name}_x_") - getattr(every, f"{name}_x_")
        assert 0 < abs(difference) < 4 * getattr(drawn, f"{name}_x_std_error_")
    assert drawn.mmi_x_std_error_ == 0  # of all maps, nothing was drawn
    assert drawn.mmi_x_ == every.mmi_x_
    batches = FeatureMapDecomposition(6, n_pairs=8, batch_size=20, random_state=0).fit(T, y)
    assert batches.n_pairs_ == 8
    assert batches.mi_x_std_error_ > 0


@pytest.mark.parametrize("quantity", ["mmi", "redundancy_synergy", "non_redundant"])
def test_quantity_of_the_plane(layer, quantity):
    X, T, y = layer
    estimator = FeatureMapDecomposition(6, quantity=quantity, batch_size=20, random_state=1)
    point = measure_point(estimator, T, y, X)
    fitted = clone(estimator).fit(T, y, inputs=X)
    assert point == {
        "mi_x": getattr(fitted, f"{quantity}_x_"),
        "mi_y": getattr(fitted, f"{quantity}_y_"),
        "mi_x_std_error": getattr(fitted, f"{quantity}_x_std_error_"),
        "mi_y_std_error": getattr(fitted, f"{quantity}_y_std_error_"),
    }


def test_order_of_rows_and_kind_of_numbers(layer):
    _, T, y = layer
    order = np.random.default_rng(3).permutation(60)
    fitted = FeatureMapDecomposition(6).fit(T, y)
    shuffled = FeatureMapDecomposition(6).fit(T[order], y[order])
    single = FeatureMapDecomposition(6).fit(pd.DataFrame(T.astype(np.float32)), y)
    for name in NAMES:
        for axis in "xy":
            value = getattr(fitted, f"{name}_{axis}_")
            assert getattr(shuffled, f"{name}_{axis}_") == pytest.approx(value, abs=1e-9)
            assert getattr(single, f"{name}_{axis}_") == pytest.approx(value, abs=1e-5)
    in_nats = FeatureMapDecomposition(6, base=math.e).fit(T, y)
    assert in_nats.mi_y_ == pytest.approx(fitted.mi_y_ * math.log(2))


def test_a_refit_forgets_labels_and_errors(layer):
    _, T, y = layer
    fitted = FeatureMapDecomposition(6, batch_size=20, random_state=0).fit(T, y)
    fitted.set_params(batch_size=None).fit(T)
    assert not [name for name in vars(fitted) if "std_error" in name or "_y_" in name]


def test_narrow_kernels_warn(layer):
    _, T, _ = layer
    with pytest.warns(UserWarning, match="pairs of maps all rows are unlike each other"):
        FeatureMapDecomposition(6, bandwidth=1e-3).fit(T)


def test_one_class_warns_and_says_nothing(layer):
    _, T, _ = layer
    with pytest.warns(UserWarning, match="one class"):
        fitted = FeatureMapDecomposition(6).fit(T, np.zeros(60))
    assert fitted.mi_y_ == pytest.approx(0, abs=1e-12)
    assert math.isnan(fitted.redundancy_synergy_share_y_)


def test_constant_columns_and_equal_rows(layer):
    _, T, y = layer
    dead = np.hstack([T[:, :4], np.zeros((60, 4))])
    fitted = FeatureMapDecomposition(2).fit(dead, y)
    assert fitted.map_mi_x_[1] == pytest.approx(0, abs=1e-12)
    assert fitted.redundancy_synergy_x_ == pytest.approx(0, abs=1e-12)
    silent = FeatureMapDecomposition(2).fit(np.ones((10, 4)), y[:10])
    assert silent.mmi_x_ == pytest.approx(0, abs=1e-12)
    assert math.isnan(silent.non_redundant_share_x_)


@pytest.mark.parametrize(
    ("X", "y", "options", "message"),
    [
        (np.ones((6, 5)), None, {"n_maps": 2}, "n_maps=2 does not divide the 5 features"),
        ([np.ones((6, 5))], None, {}, "at least two maps, and the list X has 1"),
        ([np.ones((6, 2)), np.ones((5, 2))], None, {}, r"numbers of samples: \[6, 5\]"),
        (np.ones((6, 1)), None, {}, "minimum of 2 is required"),
        (np.ones((1, 4)), None, {}, "minimum of 2 is required"),
        (np.full((6, 4), np.nan), None, {}, "NaN"),
        (np.full((6, 4), np.inf), None, {}, "infinity"),
        (np.ones((6, 4)), [0, 1], {}, "inconsistent numbers of samples"),
        (np.ones((6, 4)), [0, 1, np.nan, 1, 0, 1], {}, "NaN"),
        (np.ones((6, 4)), None, {"batch_size": 7}, "batch_size=7 is more than the 6 rows"),
        (np.ones((6, 4)), None, {"bandwidth": "alignment"}, "y was not given"),
        (np.ones((6, 4)), None, {"n_maps": 1}, "'n_maps' parameter"),
        (np.ones((6, 4)), None, {"quantity": "share"}, "'quantity' parameter"),
    ],
)
def test_bad_input(X, y, options, message):
    with pytest.raises(ValueError, match=message):
        FeatureMapDecomposition(**options).fit(X, y)


def test_bad_inputs(layer):
    _, T, _ = layer
    for inputs, message in ((np.full((60, 2), np.nan), "NaN"), (np.ones(3), "inconsistent")):
        with pytest.raises(ValueError, match=message):
            FeatureMapDecomposition(6).fit(T, inputs=inputs)


@pytest.mark.parametrize(
    "options",
    [{}, {"alpha": 2}, {"batch_size": 15, "n_pairs": 3}, {"bandwidth": "alignment"}],
)
def test_tensors_are_measured_as_arrays_are(options):
    rng = np.random.default_rng(0)
    maps = [np.tanh(rng.normal(size=(60, 2, 2))) for _ in range(4)]
    y, values = rng.integers(3, size=60), rng.normal(size=(60, 2))
    for source, target in ((None, y), (np.arange(60) % 20, y), (values, y)):
        expected = FeatureMapDecomposition(random_state=0, **options)
        expected.fit(maps, target, inputs=source)
        ours = FeatureMapDecomposition(random_state=0, device=torch.device("cpu"), **options)
        ours.fit(
            [torch.tensor(part) for part in maps],
            torch.tensor(target),
            inputs=None if source is None else torch.tensor(source),
        )
        for name in ("mmi_x_", "mmi_y_", "redundancy_synergy_x_", "non_redundant_y_", "map_mi_y_"):
            assert_allclose(getattr(ours, name), getattr(expected, name), atol=1e-8)
    real = FeatureMapDecomposition(device=torch.device("cpu")).fit(maps, torch.tensor(values))
    assert real.mi_y_ == pytest.approx(FeatureMapDecomposition().fit(maps, values).mi_y_, abs=1e-8)


def test_a_tensor_of_one_column_has_no_pairs():
    with pytest.raises(ValueError, match="minimum of 2"):
        FeatureMapDecomposition(device=torch.device("cpu")).fit(torch.zeros(5, 1))


def test_progress(capsys):
    """A bar of mini-batches, or of the chunks of all pairs."""
    X = np.random.default_rng(0).normal(size=(40, 4))
    quiet = FeatureMapDecomposition().fit(X)
    assert capsys.readouterr().err == ""
    shown = FeatureMapDecomposition(verbose=1).fit(X)
    assert "pairs of maps" in capsys.readouterr().err
    assert shown.mi_x_ == quiet.mi_x_
    FeatureMapDecomposition(verbose=1, batch_size=10).fit(X)
    assert "4/4" in capsys.readouterr().err
