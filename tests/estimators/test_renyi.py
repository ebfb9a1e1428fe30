"""RenyiMatrixMI: closed forms, what is measured of the inputs, maps, batches and bad input."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from ibtools.estimators._binned import BinnedMI
from ibtools.estimators._renyi import RenyiMatrixMI
from ibtools.information._spectral import (
    renyi_entropy,
    renyi_joint_entropy,
    renyi_mutual_information,
)

reproducible = settings(deadline=None, derandomize=True, max_examples=30)
ORDERS = (0.7, 1, 1.01, 2, 3)


def explicit(values, bandwidth):
    values = np.asarray(values, dtype=float)
    return np.exp(-cdist(values, values, "sqeuclidean") / (2 * bandwidth**2))


def same(labels):
    return (labels[:, None] == labels).astype(float)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=60)
    inputs = rng.normal(size=(60, 5)) + y[:, None]
    return np.tanh(inputs @ rng.normal(size=(5, 4))), y, inputs


@pytest.mark.parametrize("alpha", ORDERS)
def test_three_terms(data, alpha):
    """Every number against explicit Gram matrices."""
    T, y, inputs = data
    renyi = RenyiMatrixMI(alpha, bandwidth=0.8, input_bandwidth=2.0).fit(T, y, inputs=inputs)
    K, L, M = explicit(T, 0.8), same(y), explicit(inputs, 2.0)
    expected = {
        "entropy_": renyi_entropy(K, alpha=alpha),
        "target_entropy_": renyi_entropy(L, alpha=alpha),
        "input_entropy_": renyi_entropy(M, alpha=alpha),
        "joint_entropy_y_": renyi_joint_entropy([K, L], alpha=alpha),
        "joint_entropy_x_": renyi_joint_entropy([K, M], alpha=alpha),
        "mi_y_": renyi_mutual_information(K, L, alpha=alpha),
        "mi_x_": renyi_mutual_information(K, M, alpha=alpha),
    }
    for name, value in expected.items():
        assert getattr(renyi, name) == pytest.approx(value, abs=1e-10), name
    assert renyi.inputs_kernel_ == "rbf"
    assert renyi.target_ == "discrete"
    assert renyi.method_ == ("frobenius" if alpha == 2 else "exact")
    assert renyi.mean_similarity_ == pytest.approx((K.sum() - 60) / (60 * 59))
    assert not hasattr(renyi, "mi_x_std_error_")


@pytest.mark.parametrize("alpha", ORDERS)
def test_without_inputs_the_entropy_is_measured(data, alpha):
    """The Gram matrix of the inputs is I / n: three terms, of which two are log n."""
    T, y, _ = data
    alone = RenyiMatrixMI(alpha).fit(T, y)
    numbered = RenyiMatrixMI(alpha).fit(T, inputs=np.random.default_rng(0).permutation(60))
    assert alone.inputs_kernel_ == "identity"
    assert numbered.inputs_kernel_ == "delta"
    assert alone.mi_x_ == alone.entropy_
    for renyi in (alone, numbered):
        assert renyi.mi_x_ == pytest.approx(alone.entropy_, abs=1e-11)
        assert renyi.input_entropy_ == pytest.approx(math.log2(60))
        assert renyi.joint_entropy_x_ == pytest.approx(math.log2(60))


def test_an_index_takes_the_noise_out():
    """Two far groups of two inputs each, every input twice: T keeps one of two bits."""
    T = np.array([[0.0], [0.0], [0.0], [0.0], [9.0], [9.0], [9.0], [9.0]])
    inputs = ["a", "a", "b", "b", "c", "c", "d", "d"]
    renyi = RenyiMatrixMI(bandwidth=1.0).fit(T, inputs=inputs)
    assert renyi.input_entropy_ == pytest.approx(2)
    assert renyi.mi_x_ == pytest.approx(1, abs=1e-9)


def test_limits_of_the_bandwidth(data):
    T, y, _ = data
    wide = RenyiMatrixMI(bandwidth=1e6).fit(T, y)
    assert wide.entropy_ == pytest.approx(0, abs=1e-8)
    assert wide.mi_y_ == pytest.approx(0, abs=1e-8)
    with pytest.warns(UserWarning, match="nearly unlike"):
        narrow = RenyiMatrixMI(bandwidth=1e-6).fit(T, y)
    assert narrow.entropy_ == pytest.approx(math.log2(60))
    assert narrow.mi_y_ == pytest.approx(narrow.target_entropy_)
    assert narrow.mean_similarity_ < 1e-12


def test_equal_rows_give_nothing():
    for alpha in ORDERS:
        renyi = RenyiMatrixMI(alpha).fit(np.full((10, 3), 7.0), np.arange(10) % 2)
        assert renyi.mi_x_ == pytest.approx(0, abs=1e-9)
        assert renyi.mi_y_ == pytest.approx(0, abs=1e-9)


def test_delta_kernel_is_the_plug_in():
    """Rows as symbols: von Neumann's entropy is Shannon's of their frequencies."""
    rng = np.random.default_rng(0)
    T, y = rng.integers(3, size=(80, 2)).astype(float), rng.integers(3, size=80)
    inputs = rng.integers(20, size=80)
    renyi = RenyiMatrixMI(1, kernel="delta").fit(T, y, inputs=inputs)
    binned = BinnedMI(bin_width=1).fit(T, y, inputs=inputs)
    for name in ("entropy_", "mi_x_", "mi_y_"):
        assert getattr(renyi, name) == pytest.approx(getattr(binned, name), abs=1e-12)
    assert not hasattr(renyi, "bandwidth_")
    assert RenyiMatrixMI(kernel="delta").fit(np.arange(8.0)[:, None]).mi_x_ == pytest.approx(3)


def test_negative_information_is_reported():
    """Eight rows that T holds alike and y apart, eight the other way round."""
    alike, apart = np.zeros(8), np.arange(1, 9)
    T, y = np.concatenate([alike, apart])[:, None], np.concatenate([apart, alike]).astype(int)
    expected = math.log2(1 / 16) - 2 * math.log2(72 / 256)
    assert RenyiMatrixMI(2, kernel="delta").fit(T, y).mi_y_ == pytest.approx(expected)
    assert expected < -0.3


def test_continuous_around_order_one(data):
    T, y, inputs = data
    for name in ("mi_x_", "mi_y_", "entropy_"):
        at_one = getattr(RenyiMatrixMI(1).fit(T, y, inputs=inputs), name)
        for step in (-1e-7, -1e-12, 1e-12, 1e-7):
            near = getattr(RenyiMatrixMI(1 + step).fit(T, y, inputs=inputs), name)
            assert near == pytest.approx(at_one, abs=1e-6)


def test_one_hot_labels_become_the_delta_kernel(data):
    T, y, _ = data
    delta = RenyiMatrixMI().fit(T, y)
    narrow = RenyiMatrixMI(label_kernel="rbf").fit(T, y)
    wide = RenyiMatrixMI(label_kernel="rbf", target_bandwidth=1.0).fit(T, y)
    assert narrow.target_bandwidth_ == 0.1
    assert narrow.mi_y_ == pytest.approx(delta.mi_y_, abs=1e-9)
    L = np.exp(-(1 - same(y)))
    assert wide.mi_y_ == pytest.approx(
        renyi_mutual_information(explicit(T, wide.bandwidth_[0]), L), abs=1e-10
    )


def test_real_target_is_symmetric(data):
    """fit(A, y=B).mi_y_ is I(A; B)."""
    A, _, B = data
    there = RenyiMatrixMI(1).fit(A, y=B)
    back = RenyiMatrixMI(1).fit(B, y=A)
    assert there.target_ == "continuous"
    assert there.mi_y_ == pytest.approx(back.mi_y_, abs=1e-10)
    assert there.mi_y_ == pytest.approx(RenyiMatrixMI(1).fit(A, inputs=B).mi_x_, abs=1e-10)
    assert there.target_bandwidth_ == pytest.approx(back.bandwidth_[0])
    assert not hasattr(there, "classes_")


def test_target_may_be_said(data):
    T, y, _ = data
    number = RenyiMatrixMI(target="continuous", target_bandwidth=2.0).fit(T, y)
    assert number.target_ == "continuous"
    expected = renyi_mutual_information(
        explicit(T, number.bandwidth_[0]), explicit(y[:, None], 2.0)
    )
    assert number.mi_y_ == pytest.approx(expected, abs=1e-10)
    one_column = RenyiMatrixMI(target="continuous", target_bandwidth=2.0).fit(T, y[:, None])
    assert one_column.mi_y_ == pytest.approx(number.mi_y_, abs=1e-12)


@pytest.mark.parametrize("n_maps", [2, 4, 32])
def test_maps_are_a_product_of_kernels(n_maps):
    rng = np.random.default_rng(n_maps)
    T, y = rng.normal(size=(50, 3 * n_maps)), rng.integers(2, size=50)
    renyi = RenyiMatrixMI(n_maps=n_maps, bandwidth="silverman", bandwidth_factor=9).fit(T, y)
    assert_allclose(renyi.bandwidth_, 9 * 50 ** (-1 / 7))
    grams = [explicit(part, renyi.bandwidth_[0]) for part in np.split(T, n_maps, axis=1)]
    assert renyi.entropy_ == pytest.approx(renyi_joint_entropy(grams), abs=1e-10)
    expected = renyi_mutual_information(np.prod(grams, axis=0), same(y))
    assert renyi.mi_y_ == pytest.approx(expected, abs=1e-10)
    assert renyi.map_sizes_.tolist() == [3] * n_maps


def test_maps_as_a_list():
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=(30, 2, 3)), 100 * rng.normal(size=(30, 4))]
    renyi = RenyiMatrixMI().fit(maps)
    flat = [maps[0].reshape(30, 6), maps[1]]
    grams = [explicit(part, s) for part, s in zip(flat, renyi.bandwidth_, strict=True)]
    assert renyi.entropy_ == pytest.approx(renyi_joint_entropy(grams), abs=1e-10)
    Z = renyi.transform(maps)
    assert_allclose(Z @ Z.T, grams[0] * grams[1], atol=1e-8)
    assert_allclose(renyi.transform(np.hstack(flat)), Z)
    equal = RenyiMatrixMI().fit([maps[0], maps[0]])
    assert equal.entropy_ == RenyiMatrixMI(n_maps=2).fit(np.hstack([flat[0]] * 2)).entropy_
    with pytest.raises(ValueError, match=r"maps of \[4, 6\] columns, but fit saw maps of \[6, 4\]"):
        renyi.transform(maps[::-1])


def test_alignment_reads_the_labels():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=100)
    T = rng.normal(size=(100, 2)) + 8 * y[:, None]
    aligned = RenyiMatrixMI(bandwidth="alignment").fit(T, y, inputs=T)
    assert aligned.mi_y_ > 0.9
    assert aligned.input_bandwidth_ == pytest.approx(aligned.bandwidth_[0])
    with pytest.raises(ValueError, match="y was not given"):
        RenyiMatrixMI(bandwidth="alignment").fit(T)


def test_batches_are_averaged():
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=1000)
    T = rng.normal(size=(1000, 2)) + 2 * y[:, None]
    renyi = RenyiMatrixMI(batch_size=128, bandwidth="silverman", random_state=0)
    renyi.fit(T, y, inputs=T)
    assert renyi.n_batches_ == 7
    assert_allclose(renyi.bandwidth_, 5 * 128 ** (-1 / 6))
    alone = [
        RenyiMatrixMI(bandwidth=renyi.bandwidth_[0]).fit(T[rows], y[rows], inputs=T[rows])
        for rows in (np.random.default_rng(seed).choice(1000, 128) for seed in range(40))
    ]
    for name in ("mi_x", "mi_y", "entropy"):
        values = [getattr(batch, f"{name}_") for batch in alone]
        error = getattr(renyi, f"{name}_std_error_")
        assert abs(np.mean(values) - getattr(renyi, f"{name}_")) < 4 * error
        assert error == pytest.approx(np.std(values) / math.sqrt(7), rel=0.8)
    assert renyi.input_entropy_ <= math.log2(128)
    assert RenyiMatrixMI(batch_size=128).fit(T).input_entropy_ == pytest.approx(7)


def test_batches_leave_no_row_out_that_fills_one():
    """Two batches of four rows in two far groups each way: the mean of both is exact."""
    T = np.repeat([[0.0], [50.0]], 4, axis=0)
    renyi = RenyiMatrixMI(2, bandwidth=1.0, batch_size=8, random_state=0).fit(T)
    assert renyi.mi_x_ == pytest.approx(1)
    assert not hasattr(renyi, "mi_x_std_error_")
    pairs = RenyiMatrixMI(2, kernel="delta", batch_size=2, random_state=0).fit(T)
    assert pairs.n_batches_ == 4
    assert pairs.mi_x_ in (0, 0.5, 1)


def test_same_seed_same_answer(data):
    T, y, _ = data
    read = [RenyiMatrixMI(batch_size=20, random_state=seed).fit(T, y).mi_y_ for seed in (0, 0, 1)]
    assert read[0] == read[1] != read[2]


def test_lanczos_states_its_error():
    rng = np.random.default_rng(0)
    T, y = rng.normal(size=(400, 5)), rng.integers(2, size=400)
    exact = RenyiMatrixMI().fit(T, y, inputs=T[:, :2])
    renyi = RenyiMatrixMI(method="lanczos", random_state=0).fit(T, y, inputs=T[:, :2])
    assert renyi.method_ == "lanczos"
    for name in ("mi_x", "mi_y", "entropy"):
        error = getattr(renyi, f"{name}_std_error_")
        assert 0 < error < 0.04
        assert abs(getattr(renyi, f"{name}_") - getattr(exact, f"{name}_")) < 3 * error


def test_error_of_a_joint_quadrature_is_stated():
    """S(T) of few values is exact, S(T, X) is not."""
    rng = np.random.default_rng(0)
    T, X = rng.integers(3, size=(250, 1)), rng.normal(size=(250, 2))
    renyi = RenyiMatrixMI(kernel="delta", method="lanczos", random_state=0).fit(T, inputs=X)
    exact = RenyiMatrixMI(kernel="delta", method="exact").fit(T, inputs=X)
    assert renyi.method_ == "exact"
    assert renyi.entropy_std_error_ == 0 < renyi.mi_x_std_error_ < 0.05
    assert renyi.mi_x_ == pytest.approx(exact.mi_x_, abs=4 * renyi.mi_x_std_error_)
    assert not hasattr(exact, "mi_x_std_error_")


def test_lanczos_warns_at_low_orders():
    T = np.tanh(np.random.default_rng(0).normal(size=(300, 2)))
    renyi = RenyiMatrixMI(0.2, method="lanczos", random_state=0)
    with (
        pytest.warns(UserWarning, match="small eigenvalues dominate.*understated"),
        pytest.warns(UserWarning, match=r"standard error .* is 0\.\d+, above tol=0.02"),
    ):
        renyi.fit(T)
    assert renyi.entropy_std_error_ > 0.02


def test_lanczos_warns_above_the_tolerance():
    T = np.random.default_rng(0).normal(size=(300, 5))
    renyi = RenyiMatrixMI(method="lanczos", tol=1e-6, random_state=0)
    with pytest.warns(UserWarning, match="above tol=1e-06") as caught:
        renyi.fit(T)
    assert len(caught) == 1
    assert f"is {renyi.entropy_std_error_:.2g}," in str(caught[0].message)


@reproducible
@given(st.integers(0, 2**32 - 1), st.sampled_from(["scaled", "median", "alignment"]))
def test_scale_offset_order_and_precision(seed, bandwidth):
    rng = np.random.default_rng(seed)
    T, y = rng.normal(size=(40, 3)).astype(np.float32), rng.integers(3, size=40)
    y[:3] = 0, 1, 2
    order = rng.permutation(40)
    plain = RenyiMatrixMI(bandwidth=bandwidth).fit(T, y, inputs=T[:, :2])
    wide = T.astype(np.float64)
    for changed, tolerance in ((wide * 1000, 1e-9), (wide * 1e-3, 1e-9), (wide + 1e6, 1e-6)):
        moved = RenyiMatrixMI(bandwidth=bandwidth).fit(changed, y, inputs=changed[:, :2])
        assert moved.mi_x_ == pytest.approx(plain.mi_x_, abs=tolerance)
        assert moved.mi_y_ == pytest.approx(plain.mi_y_, abs=tolerance)
    shuffled = RenyiMatrixMI(bandwidth=bandwidth).fit(T[order], y[order], inputs=T[order, :2])
    assert shuffled.mi_x_ == pytest.approx(plain.mi_x_, abs=1e-9)
    assert shuffled.mi_y_ == pytest.approx(plain.mi_y_, abs=1e-9)


@reproducible
@given(st.integers(0, 2**32 - 1), st.sampled_from(ORDERS))
def test_inequalities(seed, alpha):
    rng = np.random.default_rng(seed)
    T, y = rng.normal(size=(30, 4)), rng.integers(3, size=30)
    renyi = RenyiMatrixMI(alpha, bandwidth=rng.uniform(0.3, 4)).fit(T, y, inputs=T[:, 1:])
    for joint, other in (("x", renyi.input_entropy_), ("y", renyi.target_entropy_)):
        assert getattr(renyi, f"joint_entropy_{joint}_") >= max(other, renyi.entropy_) - 1e-9
        assert getattr(renyi, f"mi_{joint}_") <= min(other, renyi.entropy_) + 1e-9
    assert renyi.entropy_ <= math.log2(30) + 1e-12
    if alpha == 1:
        assert min(renyi.mi_x_, renyi.mi_y_) >= -1e-12


def test_features_have_the_gram_matrix(data):
    T, y, _ = data
    renyi = RenyiMatrixMI().fit(T, y)
    Z = renyi.transform(T)
    K = explicit(T, renyi.bandwidth_[0])
    assert_allclose(Z @ Z.T, K, atol=1e-8)
    assert renyi_entropy(Z @ Z.T) == pytest.approx(renyi.entropy_, abs=1e-7)
    assert Z.shape[1] == len(renyi.get_feature_names_out())
    few = RenyiMatrixMI(n_components=7).fit(T)
    assert few.transform(T).shape == (60, 7)
    assert np.linalg.norm(few.transform(T) @ few.transform(T).T - K) < 0.5 * np.linalg.norm(K)
    assert_allclose(renyi.transform(T[:1] + 1e4), 0, atol=1e-12)
    symbols = RenyiMatrixMI(kernel="delta").fit(T.round())
    assert_allclose(symbols.transform(T.round()).sum(axis=1), 1)


def test_transform_does_not_depend_on_the_callers_array(data):
    T = data[0].copy()
    renyi = RenyiMatrixMI().fit(T)
    expected = renyi.transform(data[0])
    T[:] = 0
    assert_allclose(renyi.transform(data[0]), expected)


def test_score_by_hand():
    """Three rows at one place, one far away, as in the table of bins."""
    T = np.array([[0.0], [0.0], [0.0], [90.0]])
    renyi = RenyiMatrixMI(bandwidth=1.0).fit(T, ["a", "a", "b", "a"])
    information = renyi.pointwise_mutual_info([[0.0], [0.0], [90.0]], ["a", "b", "a"])
    expected = [(2 + 0.375) / 3.5 / 0.75, (1 + 0.125) / 3.5 / 0.25, (1 + 0.375) / 1.5 / 0.75]
    assert_allclose(information, np.log2(expected), rtol=1e-10)
    assert renyi.score([[0.0], [90.0]], ["a", "a"]) == pytest.approx(
        np.mean(np.log2(expected)[[0, 2]])
    )
    nats = RenyiMatrixMI(bandwidth=1.0, base=math.e).fit(T, ["a", "a", "b", "a"])
    assert nats.pointwise_mutual_info([[0.0]], ["b"])[0] == pytest.approx(math.log(expected[1]))


def test_score_has_an_optimum_in_the_bandwidth():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    T = rng.normal(size=(600, 2)) + 2 * y[:, None]
    factors = [0.01, 0.1, 0.3, 1, 10]
    search = GridSearchCV(RenyiMatrixMI(2), {"bandwidth_factor": factors}, cv=3)
    with pytest.warns(UserWarning, match="nearly unlike"):
        search.fit(T, y)
    assert search.best_params_["bandwidth_factor"] in (0.1, 0.3, 1)
    assert 0.5 < search.best_score_ <= 1


def test_memorised_noise_has_no_score():
    rng = np.random.default_rng(0)
    T, y = rng.normal(size=(400, 5)), rng.integers(2, size=400)
    renyi = RenyiMatrixMI(bandwidth=0.5).fit(T[:200], y[:200])
    assert renyi.mi_y_ > 0.5
    assert renyi.score(T[200:], y[200:]) < 0.02


def test_refitting_forgets():
    T = np.arange(8.0)[:, None]
    renyi = RenyiMatrixMI(batch_size=4, random_state=0).fit(T, np.arange(8) % 2, inputs=T)
    renyi.set_params(batch_size=None).fit(T)
    for name in ("mi_y_", "classes_", "target_", "mi_x_std_error_", "input_bandwidth_"):
        assert not hasattr(renyi, name)
    with pytest.raises(NotFittedError, match="fitted without class labels"):
        renyi.score(T, np.zeros(8))
    with pytest.raises(NotFittedError, match="with a discrete target"):
        RenyiMatrixMI().fit(T, T / 3 + 0.1).score(T, np.zeros(8))


def test_one_class_warns():
    with pytest.warns(UserWarning, match="with one class"):
        renyi = RenyiMatrixMI().fit([[0.0], [1.0], [2.0]], ["a"] * 3)
    assert renyi.mi_y_ == pytest.approx(0, abs=1e-12)


def test_a_class_of_one_row():
    T, y = np.array([[0.0], [0.1], [9.0]]), [0, 0, 1]
    renyi = RenyiMatrixMI(1, bandwidth=1.0).fit(T, y)
    assert renyi.mi_y_ == pytest.approx(math.log2(3) - 2 / 3, abs=1e-6)
    assert np.isfinite(renyi.score(T, y))


@pytest.mark.parametrize("rule", ["scaled", "median"])
def test_constant_columns_change_nothing(data, rule):
    T, y, _ = data
    wider = np.hstack([T, np.full((60, 2), 0.1)])
    plain, padded = (RenyiMatrixMI(bandwidth=rule).fit(rows, y) for rows in (T, wider))
    assert padded.mi_y_ == pytest.approx(plain.mi_y_, abs=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [[0.0], [np.nan]]}, "NaN"),
        ({"X": [[0.0], [np.inf]]}, "infinity"),
        ({"X": [[0.0]]}, "1 sample"),
        ({"X": [0.0, 1.0]}, "2D array"),
        ({"X": [np.zeros((3, 1)), np.zeros((2, 1))]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "y": [0, 1, 1]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "y": [0.5, np.nan]}, "NaN"),
        ({"X": [[0.0], [1.0]], "y": [["a", "b"], ["b", "a"]]}, "could not convert|Unable"),
        ({"X": [[0.0], [1.0]], "inputs": [0, 1, 2]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "inputs": [0, np.nan]}, "inputs contains NaN"),
        ({"X": [[0.0], [1.0]], "inputs": [[0], [np.inf]]}, "inputs contains infinity"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        RenyiMatrixMI().fit(**arguments)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": 0}, "alpha"),
        ({"alpha": -1.0}, "alpha"),
        ({"alpha": np.inf}, "alpha"),
        ({"bandwidth": 0.0}, "bandwidth"),
        ({"bandwidth": "scott"}, "bandwidth"),
        ({"bandwidth_factor": -1}, "bandwidth_factor"),
        ({"kernel": "linear"}, "kernel"),
        ({"n_maps": 0}, "n_maps"),
        ({"n_maps": 2}, "does not divide the 1 features"),
        ({"target_bandwidth": "alignment"}, "target_bandwidth"),
        ({"method": "fast"}, "method"),
        ({"n_probes": 2}, "n_probes"),
        ({"batch_size": 3}, "more than the 2 rows"),
        ({"batch_size": 1}, "batch_size"),
        ({"n_components": 0}, "n_components"),
        ({"base": 1.0}, "base"),
        ({"random_state": "seed"}, "random_state"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        RenyiMatrixMI(**parameters).fit([[0.0], [1.0]])


def test_unknown_label_in_score():
    renyi = RenyiMatrixMI().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match=r"labels that fit did not see: \[2\]"):
        renyi.score([[0.0]], [2])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        renyi.score([[0.0]], [0, 1])


def test_unfitted():
    for call in (lambda r: r.transform([[0.0]]), lambda r: r.score([[0.0]], [0])):
        with pytest.raises(NotFittedError):
            call(RenyiMatrixMI())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"alpha": 2, "bandwidth": "median"},
        {"alpha": 3, "bandwidth": "alignment", "n_maps": 2},
        {"kernel": "delta"},
        {"batch_size": 20, "label_kernel": "rbf"},
        {"bandwidth": 1e-6},
    ],
)
@pytest.mark.filterwarnings("ignore:.*unlike:UserWarning")
def test_tensors_are_measured_as_arrays_are(data, options):
    """Exactly where eigenvalues are computed; labels, indices and values of inputs as tensors."""
    T, y, inputs = data
    T = np.vstack([T[:50], T[:10]])  # duplicates
    for source, target in ((None, y), (y, inputs), (inputs, y)):
        expected = RenyiMatrixMI(random_state=0, **options).fit(T, target, inputs=source)
        ours = RenyiMatrixMI(random_state=0, device=torch.device("cpu"), **options)
        tensors = [None if part is None else torch.tensor(part) for part in (target, source)]
        ours.fit(torch.tensor(T), tensors[0], inputs=tensors[1])
        for name in ("entropy_", "mi_x_", "mi_y_", "input_entropy_", "mean_similarity_"):
            assert getattr(ours, name) == pytest.approx(getattr(expected, name), abs=1e-9), name
        assert ours.inputs_kernel_ == expected.inputs_kernel_
        assert isinstance(ours.mi_x_, float)


def test_quadrature_of_tensors(data):
    """The same probes: a tenth of the stated error at the most."""
    T = np.random.default_rng(0).normal(size=(300, 3))
    expected = RenyiMatrixMI(method="lanczos", random_state=0).fit(T)
    ours = RenyiMatrixMI(method="lanczos", random_state=0, device=torch.device("cpu")).fit(T)
    assert ours.method_ == "lanczos"
    assert ours.mi_x_ == pytest.approx(expected.mi_x_, abs=0.1 * expected.entropy_std_error_)


def test_a_tensor_is_neither_changed_nor_kept(data):
    T = torch.tensor(data[0], requires_grad=True)
    renyi = RenyiMatrixMI(device=torch.device("cpu")).fit(T)
    assert_array_equal(T.detach(), data[0])
    features = renyi.transform(data[0])
    with torch.no_grad():
        T.zero_()
    assert_array_equal(renyi.transform(data[0]), features)


def test_a_tensor_of_the_host_needs_no_device(data):
    expected = RenyiMatrixMI().fit(data[0]).mi_x_
    assert RenyiMatrixMI().fit(torch.tensor(data[0])).mi_x_ == expected


def test_features_and_score_of_tensors(data):
    T, y, _ = data
    expected = RenyiMatrixMI(bandwidth=0.5).fit(T, y)
    ours = RenyiMatrixMI(bandwidth=0.5, device=torch.device("cpu"))
    ours.fit(torch.tensor(T), torch.tensor(y))
    features = ours.transform(torch.tensor(T))
    assert_allclose(
        features @ features.T, expected.transform(T) @ expected.transform(T).T, atol=1e-7
    )
    assert ours.score(torch.tensor(T), torch.tensor(y)) == pytest.approx(expected.score(T, y))
    assert len(ours.get_feature_names_out()) == features.shape[1]


def test_maps_as_tensors(data):
    maps = [data[0].reshape(60, 2, 2)[:, i] for i in range(2)]
    expected = RenyiMatrixMI().fit(maps)
    ours = RenyiMatrixMI(device=torch.device("cpu")).fit([torch.tensor(part) for part in maps])
    assert_array_equal(ours.map_sizes_, [2, 2])
    assert ours.mi_x_ == pytest.approx(expected.mi_x_, abs=1e-9)


def test_bad_tensors_and_devices(data):
    T = torch.tensor(data[0])
    there = RenyiMatrixMI(device=torch.device("cpu"))
    with pytest.raises(ValueError, match="2D array"):
        there.fit(T[0])
    with pytest.raises(ValueError, match="NaN"):
        there.fit(torch.where(T[0, 0] == T, torch.nan, T))
    with pytest.raises(ValueError, match="inputs contains NaN"):
        there.fit(T, inputs=torch.full((60, 2), torch.nan))
    with pytest.raises(ValueError, match="no device that torch knows"):
        RenyiMatrixMI(device="abacus").fit(T)


def test_progress(data, capsys):
    """A bar of mini-batches, or of the products of a quadrature; no bar unless asked for."""
    T, y, _ = data
    quiet = RenyiMatrixMI(batch_size=20, random_state=0).fit(T, y)
    assert capsys.readouterr().err == ""
    shown = RenyiMatrixMI(batch_size=20, random_state=0, verbose=1).fit(T, y)
    bars = capsys.readouterr().err
    assert "S(T)" in bars
    assert "3/3" in bars
    assert shown.mi_y_ == quiet.mi_y_
    T = np.random.default_rng(0).normal(size=(100, 2))
    quiet = RenyiMatrixMI(method="lanczos", tol=0.05, random_state=0).fit(T)
    shown = RenyiMatrixMI(method="lanczos", tol=0.05, random_state=0, verbose=1).fit(T)
    assert "product" in capsys.readouterr().err
    assert shown.mi_x_ == quiet.mi_x_
