"""KernelDensityMI: bounds, closed forms, invariances and bad input."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from ibtools.estimators._kernel_density import KernelDensityMI
from ibtools.estimators._sample_propagation import SamplePropagationMI

reproducible = settings(deadline=None, derandomize=True, max_examples=40)


def make_layer(n_samples=300, n_features=4, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n_samples)
    return np.tanh(rng.normal(size=(n_samples, n_features)) + y[:, None] - 1), y


def values(fitted):
    return {name: v for name, v in vars(fitted).items() if name[:3] in ("mi_", "ent")}


@pytest.mark.parametrize("variance", [1e-4, 1e-2, 1.0])
def test_lower_bound_is_the_upper_one_of_four_times_the_variance(variance):
    T, _ = make_layer()
    lower = KernelDensityMI(variance, bound="lower").fit(T)
    upper = KernelDensityMI(4 * variance, bound="upper").fit(T)
    assert lower.mi_x_ == pytest.approx(upper.mi_x_, abs=1e-9)


def test_vanishing_noise_tells_all_rows_apart():
    T, y = make_layer()
    shares = np.bincount(y) / len(y)
    kernels = KernelDensityMI(1e-9).fit(T, y)
    assert kernels.mi_x_ == pytest.approx(math.log2(300), abs=1e-9)
    assert kernels.mi_y_ == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_sampled_entropy_lies_between_the_bounds(seed):
    T, y = make_layer(400, 1 + seed % 5, seed)
    noise_std = 10 ** np.random.default_rng(seed).uniform(-2, 0)
    kernels = KernelDensityMI(noise_std**2).fit(T, y)
    sampled = SamplePropagationMI(noise_std, random_state=seed).fit(T, y)
    slack = 3 * sampled.entropy_std_error_
    assert kernels.entropy_lower_ - slack <= sampled.entropy_ <= kernels.entropy_upper_ + slack
    slack = 3 * sampled.mi_x_std_error_
    assert kernels.mi_x_lower_ - slack <= sampled.mi_x_ <= kernels.mi_x_upper_ + slack
    slack = 3 * sampled.mi_y_std_error_
    assert kernels.mi_y_lower_ - slack <= sampled.mi_y_ <= kernels.mi_y_upper_ + slack


def test_two_clusters_are_one_bit():
    T = np.repeat([[-1.0, 0], [1.0, 0]], 50, axis=0)
    kernels = KernelDensityMI(1e-2, bound="lower").fit(T, np.repeat([0, 1], 50))
    for name in ("mi_x_", "mi_x_lower_", "mi_x_upper_", "mi_y_", "mi_y_lower_", "mi_y_upper_"):
        assert getattr(kernels, name) == pytest.approx(1, abs=1e-12)
    noise = math.log2(2 * math.pi * math.e * 1e-2)
    assert kernels.entropy_ == pytest.approx(1 + noise, abs=1e-12)


def test_unequal_clusters():
    """Three quarters of the rows here, one quarter there: h(1/4) bits about place and label."""
    T, y = np.repeat([[0.0], [1.0]], [60, 20], axis=0), np.repeat([0, 1], [60, 20])
    kernels = KernelDensityMI(1e-3).fit(T, y)
    expected = 0.75 * math.log2(4 / 3) + 0.25 * 2
    assert kernels.mi_x_ == pytest.approx(expected, abs=1e-12)
    assert kernels.mi_y_ == pytest.approx(expected, abs=1e-12)


def test_the_bound_that_was_asked_for():
    T, y = make_layer()
    upper, lower = KernelDensityMI(0.1).fit(T, y), KernelDensityMI(0.1, bound="lower").fit(T, y)
    assert upper.entropy_ == upper.entropy_upper_ == lower.entropy_upper_
    assert lower.entropy_ == lower.entropy_lower_ == upper.entropy_lower_
    assert upper.mi_x_ == pytest.approx(upper.mi_x_upper_, abs=1e-12)
    assert lower.mi_x_ == pytest.approx(upper.mi_x_lower_, abs=1e-12)
    assert upper.mi_y_lower_ < lower.mi_y_ < upper.mi_y_ < upper.mi_y_upper_
    middle = (upper.mi_y_lower_ + upper.mi_y_upper_) / 2
    assert (upper.mi_y_ + lower.mi_y_) / 2 == pytest.approx(middle, abs=1e-12)


def test_nats():
    T, y = make_layer()
    bits, nats = KernelDensityMI(0.1).fit(T, y), KernelDensityMI(0.1, base=math.e).fit(T, y)
    for name, value in values(bits).items():
        assert getattr(nats, name) == pytest.approx(value * math.log(2), rel=1e-12)
    assert nats.score(T, y) == pytest.approx(bits.score(T, y) * math.log(2), rel=1e-12)


def test_offset_changes_nothing():
    T, y = make_layer(n_features=10)
    for variance in (1e-4, 1e-2, 1):
        here = KernelDensityMI(variance).fit(T, y)
        there = KernelDensityMI(variance).fit(T + 1e3, y)
        for name, value in values(here).items():
            assert getattr(there, name) == pytest.approx(value, abs=1e-6)
        assert there.score(T + 1e3, y) == pytest.approx(here.score(T, y), abs=1e-6)


def test_repeats_measure_the_noise_of_the_net():
    """Two inputs far apart, each two far rows: H(T|X) is a bit above the noise."""
    T, inputs = np.array([[0.0], [1.0], [10.0], [11.0]]), ["a", "a", "b", "b"]
    alone, paired = KernelDensityMI(1e-3).fit(T), KernelDensityMI(1e-3).fit(T, inputs=inputs)
    assert alone.mi_x_ == pytest.approx(2, abs=1e-9)
    assert paired.mi_x_ == pytest.approx(1, abs=1e-9)
    assert paired.entropy_ == pytest.approx(alone.entropy_, abs=1e-12)


def test_labels_are_groups_like_inputs():
    T, y = make_layer()
    kernels = KernelDensityMI(0.1).fit(T, y, inputs=y)
    assert kernels.mi_x_ == pytest.approx(kernels.mi_y_, abs=1e-12)
    assert kernels.mi_x_lower_ == pytest.approx(kernels.mi_y_lower_, abs=1e-12)
    assert kernels.mi_x_upper_ == pytest.approx(kernels.mi_y_upper_, abs=1e-12)


def test_one_row_per_input_has_only_the_noise():
    T, _ = make_layer()
    one = KernelDensityMI(0.1).fit(T)
    same = KernelDensityMI(0.1).fit(T, inputs=np.arange(300)[::-1])
    assert one.mi_x_ == same.mi_x_
    noise = 2 * math.log2(2 * math.pi * math.e * 0.1)
    assert one.mi_x_ == pytest.approx(one.entropy_ - noise, abs=1e-12)


@reproducible
@given(st.integers(0, 2**32 - 1), st.floats(-4, 1), st.sampled_from(["upper", "lower"]))
def test_inequalities(seed, exponent, bound):
    T, y = make_layer(60, 3, seed)
    y[:3] = 0, 1, 2
    variance = 10.0**exponent
    kernels = KernelDensityMI(variance, bound=bound).fit(T, y)
    noisier = KernelDensityMI(2 * variance, bound=bound).fit(T, y)
    part = KernelDensityMI(variance, bound=bound).fit(T[:, :2], y)
    assert kernels.entropy_lower_ <= kernels.entropy_upper_ + 1e-12
    assert kernels.mi_y_lower_ <= kernels.mi_y_ + 1e-12 <= kernels.mi_y_upper_ + 2e-12
    assert -1e-12 <= kernels.mi_y_ <= kernels.mi_x_ + 1e-12
    assert kernels.mi_x_ <= math.log2(60) + 1e-12
    assert noisier.mi_x_ <= kernels.mi_x_ + 1e-12, "noise takes information away"
    assert part.mi_x_ <= kernels.mi_x_ + 1e-12, "and so do units left out"


@reproducible
@given(st.integers(0, 2**32 - 1))
def test_weights_are_repetitions(seed):
    rng = np.random.default_rng(seed)
    T, y = rng.normal(size=(40, 2)).round(1), rng.integers(3, size=40)
    inputs, weights = rng.integers(10, size=40), rng.integers(4, size=40)
    y[np.flatnonzero(weights)[:2]] = 0, 1
    rows = np.repeat(np.arange(40), weights)
    weighted = KernelDensityMI(0.1).fit(T, y, inputs=inputs, sample_weight=weights)
    plain = KernelDensityMI(0.1).fit(T[rows], y[rows], inputs=inputs[rows])
    for name, value in values(plain).items():
        assert getattr(weighted, name) == pytest.approx(value, abs=1e-10)
    assert weighted.score(T[rows], y[rows]) == pytest.approx(plain.score(T[rows], y[rows]))


def test_stochastic_rule_is_measured_exactly():
    """Each row once per class with weight p(y|x): two far inputs and a binary channel."""
    T, labels = np.array([[0.0], [0.0], [9.0], [9.0]]), [0, 1, 0, 1]
    flip = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    kernels = KernelDensityMI().fit(
        T, labels, inputs=[0, 0, 1, 1], sample_weight=[0.75, 0.25, 0.25, 0.75]
    )
    assert kernels.mi_x_ == pytest.approx(1, abs=1e-12)
    assert kernels.mi_y_ == pytest.approx(1 - flip, abs=1e-12)


def test_order_of_the_samples_does_not_matter():
    T, y = make_layer()
    inputs, order = np.arange(300) // 3, np.random.default_rng(1).permutation(300)
    here = KernelDensityMI(0.1, n_components=20, random_state=0).fit(T, y, inputs=inputs)
    there = clone(here).fit(T[order], y[order], inputs=inputs[order])
    for name, value in values(here).items():
        assert getattr(there, name) == pytest.approx(value, abs=1e-12)
    assert_allclose(there.transform(T), here.transform(T), atol=1e-9)


def test_float32():
    T, y = make_layer()
    T = T.astype(np.float32)
    single, double = KernelDensityMI(0.1).fit(T, y), KernelDensityMI(0.1).fit(T.astype(float), y)
    assert values(single) == values(double)


def test_variance_of_a_bin():
    T, y = make_layer()
    binned = KernelDensityMI("cv", bin_width=0.6).fit(T, y)
    assert binned.noise_variance_ == pytest.approx(0.03)
    assert binned.mi_x_ == KernelDensityMI(0.6**2 / 12).fit(T, y).mi_x_


def test_variance_by_held_out_likelihood():
    rng = np.random.default_rng(0)
    T = rng.normal(size=(500, 1))
    kernels = KernelDensityMI("cv").fit(T)
    assert kernels.noise_variance_ == pytest.approx((1.06 * 500**-0.2) ** 2, rel=0.6)
    assert KernelDensityMI("cv").fit(7 * T).mi_x_ == pytest.approx(kernels.mi_x_, abs=1e-9)
    twice = KernelDensityMI("cv").fit(np.repeat(T, 2, axis=0))
    assert twice.noise_variance_ == pytest.approx(kernels.noise_variance_, rel=0.01), (
        "equal rows are held out together"
    )
    noisy = T + 1e-4 * rng.normal(size=(3, 500, 1))
    tied = KernelDensityMI("cv").fit(noisy.reshape(-1, 1), inputs=np.tile(np.arange(500), 3))
    assert tied.noise_variance_ == pytest.approx(kernels.noise_variance_, rel=0.2)
    assert KernelDensityMI("cv").fit(noisy.reshape(-1, 1)).noise_variance_ < 1e-3


def test_features_multiply_to_kernels():
    T, _ = make_layer(80)
    kernels = KernelDensityMI(0.3).fit(T[:60])
    Z = kernels.transform(T)
    expected = np.exp(-((T[:60, None] - T) ** 2).sum(axis=2) / 0.6)
    assert Z.shape == (80, 60)
    assert_allclose(Z[:60] @ Z.T, expected, atol=1e-9)
    few = KernelDensityMI(0.3, n_components=10, random_state=0).fit(T)
    assert few.transform(T).shape == (80, 10)
    assert few.components_.shape == (10, 4)
    assert len(few.get_feature_names_out()) == 10
    rows = few.transform(few.components_)
    assert_allclose(np.diag(rows @ rows.T), 1, atol=1e-9)


def test_features_leave_repeated_rows_out():
    T = np.array([[0.0], [-0.0], [1.0], [1.0], [2.0]])
    assert KernelDensityMI().fit(T).components_.ravel().tolist().count(0) == 1
    assert KernelDensityMI().fit(T).transform(T).shape == (5, 3)


def test_score_by_hand():
    """Far clusters: q = (n_ty + p / 2) / (n_t + 1/2), as of a symbol."""
    T, y = [[-1.0]] * 3 + [[1.0]], [0, 0, 1, 0]
    kernels = KernelDensityMI(1e-3).fit(T, y)
    information = kernels.pointwise_mutual_info([[-1.0], [-1.0], [1.0], [50.0]], [0, 1, 0, 1])
    expected = [(2 + 0.375) / 3.5 / 0.75, (1 + 0.125) / 3.5 / 0.25, (1 + 0.375) / 1.5 / 0.75, 1]
    assert_allclose(information, np.log2(expected), atol=1e-12)
    assert kernels.score([[-1.0], [1.0]], [0, 0]) == pytest.approx(np.log2(expected)[[0, 2]].mean())


def test_grid_search_finds_a_variance_between_the_extremes():
    T, y = make_layer(600, 2)
    grid = {"noise_variance": [1e-8, 1e-4, 1e-2, 0.1, 1e4]}
    search = GridSearchCV(KernelDensityMI(), grid, cv=5).fit(T, y)
    assert search.best_params_["noise_variance"] in (1e-2, 0.1)
    assert search.best_score_ > 0.3
    assert KernelDensityMI(1e-8).fit(T, y).mi_y_ > 1.5, "which memorises the labels"


def test_score_of_independent_labels_is_not_above_zero():
    T, _ = make_layer(600)
    y = np.random.default_rng(1).integers(2, size=600)
    assert KernelDensityMI(0.05).fit(T[:400], y[:400]).score(T[400:], y[400:]) < 0


def test_constant_units_and_equal_rows():
    T, y = make_layer()
    constant = KernelDensityMI(0.1).fit(np.column_stack([T, np.full(300, 5.0)]), y)
    plain = KernelDensityMI(0.1).fit(T, y)
    assert constant.mi_x_ == pytest.approx(plain.mi_x_, abs=1e-12)
    assert constant.mi_y_ == pytest.approx(plain.mi_y_, abs=1e-12)
    equal = KernelDensityMI().fit(np.full((5, 3), 7.0), [0, 1, 0, 1, 0])
    assert equal.mi_x_ == equal.mi_x_lower_ == equal.mi_y_ == 0


def test_class_with_one_row():
    kernels = KernelDensityMI(1e-3).fit([[0.0], [1.0], [2.0]], ["a", "a", "b"])
    assert kernels.classes_.tolist() == ["a", "b"]
    assert kernels.mi_y_ == pytest.approx(math.log2(3) - 2 / 3, abs=1e-9)


def test_refitting_without_labels_forgets_them():
    T, y = make_layer()
    kernels = KernelDensityMI().fit(T, y).fit(T)
    for name in ("mi_y_", "mi_y_lower_", "mi_y_upper_", "classes_"):
        assert not hasattr(kernels, name)
    with pytest.raises(NotFittedError, match="fitted without labels"):
        kernels.score(T, y)


def test_one_class_warns():
    with pytest.warns(UserWarning, match="with one class") as caught:
        kernels = KernelDensityMI().fit([[0.0], [1.0]], [1, 1])
    assert caught[0].filename == __file__
    assert kernels.mi_y_ == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [[0.0], [np.nan]]}, "NaN"),
        ({"X": [[0.0], [np.inf]]}, "infinity"),
        ({"X": [[0.0]]}, "1 sample"),
        ({"X": [0.0, 1.0]}, "2D array"),
        ({"X": [[0.0], [1.0]], "y": [0.5, 1.5]}, "continuous"),
        ({"X": [[0.0], [1.0]], "y": [0, 1, 1]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "inputs": [0, 1, 2]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "inputs": [[0, 1], [1, 1]]}, "one-dimensional index"),
        ({"X": [[0.0], [1.0]], "inputs": [0, np.nan]}, "inputs contains NaN"),
        ({"X": [[0.0], [1.0]], "sample_weight": [0, 0]}, "at least one non-zero"),
        ({"X": [[0.0], [1.0]], "sample_weight": [1, -1]}, "Negative values"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        KernelDensityMI().fit(**arguments)


@pytest.mark.parametrize(
    "parameters",
    [
        {"noise_variance": 0.0},
        {"noise_variance": "auto"},
        {"bound": "middle"},
        {"bin_width": 0.0},
        {"n_components": 0},
        {"base": 1.0},
    ],
)
def test_bad_parameters(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        KernelDensityMI(**parameters).fit([[0.0], [1.0]])


def test_nothing_to_hold_out():
    with pytest.raises(ValueError, match="Nothing can be held out: all rows are equal"):
        KernelDensityMI("cv").fit(np.ones((4, 2)))
    with pytest.raises(ValueError, match="share one input"):
        KernelDensityMI("cv").fit([[0.0], [1.0]], inputs=[0, 0])


def test_unknown_label_in_score():
    with pytest.raises(ValueError, match=r"labels that fit did not see: \[2\]"):
        KernelDensityMI().fit([[0.0], [1.0]], [0, 1]).score([[0.0]], [2])


def test_unfitted():
    for call in (lambda k: k.transform([[0.0]]), lambda k: k.score([[0.0]], [0])):
        with pytest.raises(NotFittedError):
            call(KernelDensityMI())


def test_frames_in_frames_out():
    import pandas as pd

    T, _ = make_layer(20, 2)
    frame = pd.DataFrame(T, columns=["a", "b"])
    features = KernelDensityMI(n_components=3).set_output(transform="pandas").fit_transform(frame)
    assert features.columns.tolist() == ["kerneldensitymi0", "kerneldensitymi1", "kerneldensitymi2"]


def test_memory_does_not_grow_with_the_pairs():
    """All pairs of 20000 rows are 3.2 GB; a quarter of the rows, and a fit has 1 / 64 of it."""
    T, y = make_layer(5000, 20)
    tracemalloc.start()
    KernelDensityMI(0.1).fit(T, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
