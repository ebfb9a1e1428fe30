"""NearestNeighborsMI: truths, the choice of method, score, warnings and bad input."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import digamma
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from ibtools.estimators._nearest_neighbors import NearestNeighborsMI
from ibtools.information._local_gaussian import lnn_nats
from ibtools.information._neighbor_coordinates import fit_coordinates
from ibtools.information._neighbors import (
    kl_entropy_nats,
    ksg_mutual_information,
    mixed_mutual_information,
    ross_mutual_information,
)

reproducible = settings(deadline=None, derandomize=True, max_examples=20)


def noisy_layer(n=500, seed=0):
    """Inputs, a noisy layer of them, and classes that the inputs decide."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    T = X @ rng.normal(size=(2, 3)) + 0.5 * rng.normal(size=(n, 3))
    return X, T, (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def standardised(X):
    return fit_coordinates(np.asarray(X, dtype=float)).apply(np.asarray(X, dtype=float))


def test_both_axes_are_the_functions():
    X, T, y = noisy_layer()
    fitted = NearestNeighborsMI(4).fit(T, y, inputs=X)
    t = standardised(T)
    assert fitted.mi_x_ == pytest.approx(ksg_mutual_information(t, standardised(X), 4), abs=1e-12)
    assert fitted.mi_y_ == pytest.approx(ross_mutual_information(t, y, 4), abs=1e-12)
    assert (fitted.method_x_, fitted.method_y_) == ("ksg", "ross")
    assert_array_equal(fitted.classes_, [0, 1, 2])
    assert_array_equal(fitted.n_neighbors_, [4])


@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
def test_metric_and_real_targets(metric):
    X, T, _ = noisy_layer()
    fitted = NearestNeighborsMI(metric=metric, standardize=False).fit(T, X)
    expected = ksg_mutual_information(T, X, metric=metric)
    assert fitted.mi_y_ == pytest.approx(expected, abs=1e-12)
    assert not hasattr(fitted, "classes_")
    swapped = NearestNeighborsMI(metric=metric, standardize=False).fit(X, T)
    assert swapped.mi_y_ == pytest.approx(fitted.mi_y_, abs=1e-12)
    single = NearestNeighborsMI(metric=metric).fit(T, X[:, 0])
    assert single.mi_y_ == NearestNeighborsMI(metric=metric).fit(T, X[:, :1]).mi_y_


def test_truth_of_gaussian_rows():
    values = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(1000, 1))
        T = 0.6 * X + 0.8 * rng.normal(size=(1000, 1))
        values.append(NearestNeighborsMI(base=math.e).fit(T, inputs=X).mi_x_)
    assert np.mean(values) == pytest.approx(-0.5 * math.log(1 - 0.36), abs=0.02)


def test_several_k_are_averaged():
    X, T, y = noisy_layer()
    fitted = NearestNeighborsMI([3, 10]).fit(T, y, inputs=X)
    alone = [NearestNeighborsMI(k).fit(T, y, inputs=X) for k in (3, 10)]
    assert_array_equal(fitted.mi_x_per_k_, [one.mi_x_ for one in alone])
    assert_array_equal(fitted.mi_y_per_k_, [one.mi_y_ for one in alone])
    assert fitted.mi_x_ == np.mean(fitted.mi_x_per_k_)
    assert fitted.mi_y_ == np.mean(fitted.mi_y_per_k_)
    assert isinstance(fitted.mi_x_, float)
    assert fitted.entropy_ == pytest.approx(np.mean([one.entropy_ for one in alone]), abs=1e-12)


def test_differences_of_entropies():
    X, T, y = noisy_layer(300)
    T, ks = T[:, :1], np.array([5])
    t, x = standardised(T), standardised(X)
    kl = NearestNeighborsMI(5, method="kl", base=math.e).fit(T, y, inputs=X)
    entropies = [kl_entropy_nats(v, ks, "chebyshev")[0] for v in (t, x, np.hstack([t, x]))]
    assert kl.mi_x_ == pytest.approx(entropies[0] + entropies[1] - entropies[2], abs=1e-12)
    within = sum(np.mean(y == c) * kl_entropy_nats(t[y == c], ks, "chebyshev")[0] for c in range(3))
    assert kl.mi_y_ == pytest.approx(entropies[0] - within, abs=1e-12)
    lnn = NearestNeighborsMI(5, method="lnn", base=math.e, n_local=30).fit(T, y, inputs=X)
    assert lnn.mi_x_ == lnn_nats(t, x, ks, 30)[0]
    assert lnn.mi_y_ == pytest.approx(kl.mi_y_, abs=0.15)
    assert (kl.method_x_, lnn.method_y_) == ("kl", "lnn")


def test_entropy_is_in_the_units_of_the_data():
    T = 4 * np.random.default_rng(0).normal(size=(3000, 1)) + 7
    truth = 0.5 * math.log2(2 * math.pi * math.e * 16)
    for method in ("auto", "lnn"):
        fitted = NearestNeighborsMI(8, method=method).fit(T)
        assert fitted.entropy_ == pytest.approx(truth, abs=0.06)
        raw = NearestNeighborsMI(8, method=method, standardize=False).fit(T)
        assert fitted.entropy_ == pytest.approx(raw.entropy_, abs=1e-9)


def test_no_entropy_where_it_is_not_defined():
    T = np.random.default_rng(0).normal(size=(40, 1))
    with pytest.raises(AttributeError, match="copula"):
        _ = NearestNeighborsMI(copula=True).fit(T).entropy_
    tied = NearestNeighborsMI(1).fit(np.repeat(T, 2, axis=0))
    assert not hasattr(tied, "entropy_")
    with pytest.raises(AttributeError, match="80 of 80 rows are equal"):
        _ = tied.entropy_


@pytest.mark.parametrize("method", ["auto", "mixed"])
def test_tied_rows_are_counted(method):
    """Two values, each decides the class: 1 bit, and no noise was added."""
    y = np.arange(2000) % 2
    T = np.where(y, 3.0, -1.0)[:, None]
    fitted = NearestNeighborsMI(method=method).fit(T, y, inputs=T)
    assert fitted.mi_y_ == pytest.approx(1, abs=1e-3)
    assert fitted.mi_x_ == pytest.approx(1, abs=1e-3)
    assert (fitted.method_x_, fitted.method_y_) == ("mixed", "mixed")


@pytest.mark.parametrize("method", ["ksg", "ross", "kl", "lnn"])
def test_ties_are_an_error_or_jittered(method):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    T = (rng.normal(size=(600, 1)) + 3 * y[:, None]).round(1)
    target = {"y": y} if method == "ross" else {"y": T + rng.normal(size=(600, 1)).round(1)}
    with pytest.raises(ValueError, match=r"rows are equal to their k-th neighbour.*jitter"):
        NearestNeighborsMI(1, method=method).fit(T, **target)
    separate = NearestNeighborsMI(5, method=method, jitter=0.01, random_state=0).fit(T, **target)
    assert 0.2 < separate.mi_y_ < 1.5
    again = clone(separate).fit(T, **target)
    assert again.mi_y_ == separate.mi_y_
    other = clone(separate).set_params(random_state=1).fit(T, **target)
    assert other.mi_y_ != separate.mi_y_


def test_jitter_leaves_transform_and_untied_rows_alone():
    X, T, y = noisy_layer()
    plain = NearestNeighborsMI().fit(T, y, inputs=X)
    noisy = NearestNeighborsMI(jitter=1e-10, random_state=0).fit(T, y, inputs=X)
    assert noisy.mi_x_ == pytest.approx(plain.mi_x_, abs=1e-6)
    assert noisy.mi_y_ == pytest.approx(plain.mi_y_, abs=1e-6)
    assert_array_equal(noisy.transform(T), plain.transform(T))


def test_transform_gives_the_coordinates():
    X, T, _ = noisy_layer()
    assert_allclose(NearestNeighborsMI().fit(T).transform(T), standardised(T))
    assert_array_equal(
        NearestNeighborsMI(standardize=False).fit(T).transform(X @ np.eye(2, 3)), X @ np.eye(2, 3)
    )
    ranks = NearestNeighborsMI(copula=True).fit(T)
    assert_array_equal(ranks.transform(np.exp(T[:0:-1])).shape, (499, 3))
    assert_array_equal(ranks.transform(T), NearestNeighborsMI(copula=True).fit_transform(np.exp(T)))


def test_copula_does_not_see_monotone_maps():
    X, T, y = noisy_layer()
    ranks = NearestNeighborsMI(copula=True)
    straight = ranks.fit(T, y, inputs=X)
    values = straight.mi_x_, straight.mi_y_
    bent = ranks.fit(np.sinh(T), y, inputs=X**3)
    assert (bent.mi_x_, bent.mi_y_) == values


@pytest.mark.parametrize("copula", [False, True])
def test_scale_changes_nothing(copula):
    X, T, y = noisy_layer()
    read = NearestNeighborsMI(copula=copula).fit(T, y, inputs=X)
    for factor in (1000, 1e-3):
        scaled = NearestNeighborsMI(copula=copula).fit(factor * T, y, inputs=factor * X)
        assert scaled.mi_x_ == pytest.approx(read.mi_x_, abs=1e-12)
        assert scaled.mi_y_ == pytest.approx(read.mi_y_, abs=1e-12)
    raw = NearestNeighborsMI(standardize=False)
    read = raw.fit(T, y, inputs=X).mi_x_
    assert raw.fit(1000 * T, y, inputs=1000 * X).mi_x_ == pytest.approx(read, abs=1e-12)


def test_single_precision():
    X, T, y = noisy_layer()
    T, X = T.astype(np.float32), X.astype(np.float32)
    single = NearestNeighborsMI().fit(T, y, inputs=X)
    double = NearestNeighborsMI().fit(T.astype(float), y, inputs=X.astype(float))
    assert (single.mi_x_, single.mi_y_) == (double.mi_x_, double.mi_y_)


@reproducible
@given(st.integers(0, 2**32 - 1))
def test_order_of_the_rows(seed):
    rng = np.random.default_rng(seed)
    X, T = rng.normal(size=(60, 2)).round(1), rng.normal(size=(60, 2)).round(1)
    y, order = rng.integers(3, size=60), rng.permutation(60)
    y[:6] = 0, 0, 1, 1, 2, 2
    read = NearestNeighborsMI().fit(T, y, inputs=X)
    other = NearestNeighborsMI().fit(T[order], y[order], inputs=X[order])
    assert other.mi_x_ == pytest.approx(read.mi_x_, abs=1e-12)
    assert other.mi_y_ == pytest.approx(read.mi_y_, abs=1e-12)
    new = rng.normal(size=(10, 2)).round(1)
    assert_allclose(
        other.pointwise_mutual_info(new, y[:10]), read.pointwise_mutual_info(new, y[:10])
    )


@reproducible
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 7]))
def test_inequalities(seed, k):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=90)
    T = rng.normal(size=(90, 2)) + rng.uniform(0, 3) * y[:, None]
    fitted = NearestNeighborsMI(k, base=math.e).fit(T, y, inputs=T + rng.normal(size=(90, 2)))
    sizes = np.bincount(y)
    assert fitted.mi_y_ <= digamma(90) - sizes @ digamma(sizes) / 90 + 1e-12
    assert fitted.mi_x_ <= digamma(90) - digamma(k) + 1e-12


def test_target_is_a_class_or_a_number():
    _, T, y = noisy_layer()
    assert NearestNeighborsMI().fit(T, y).method_y_ == "ross"
    number = NearestNeighborsMI(target="continuous").fit(T, y)
    assert number.method_y_ == "ksg"
    expected = mixed_mutual_information(standardised(T), standardised(y[:, None]))
    assert number.mi_y_ == pytest.approx(expected, abs=1e-12)
    names = NearestNeighborsMI().fit(T, np.array(["a", "b", "c"])[y])
    assert names.classes_.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        NearestNeighborsMI(target="discrete").fit(T, y + 0.5 * T[:, 0])
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        NearestNeighborsMI(method="ross").fit(T, y + 0.5 * T[:, 0])


def test_methods_that_do_not_fit_the_target():
    X, T, y = noisy_layer()
    with pytest.raises(ValueError, match="method='ksg' measures real-valued targets"):
        NearestNeighborsMI(method="ksg").fit(T, y)
    with pytest.raises(ValueError, match="method='ross' measures classes"):
        NearestNeighborsMI(method="ross").fit(T, y, inputs=X)


def test_an_index_of_inputs_gives_no_mi_x():
    _, T, y = noisy_layer()
    fitted = NearestNeighborsMI().fit(T, y, inputs=np.arange(len(T)) // 2)
    assert not hasattr(fitted, "mi_x_")
    assert fitted.mi_y_ == NearestNeighborsMI().fit(T, y).mi_y_


def test_images_as_inputs():
    X, T, _ = noisy_layer()
    stacked = np.repeat(X, 2, axis=1).reshape(500, 2, 2)
    flat = NearestNeighborsMI().fit(T, inputs=stacked.reshape(500, 4))
    assert NearestNeighborsMI().fit(T, inputs=stacked).mi_x_ == flat.mi_x_


def test_repeated_propagations_of_inputs():
    """Twenty rows of each input: values repeat, and the noise of the layer is seen."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(100, 1)), 20, axis=0)
    noise = rng.normal(size=(2000, 1))
    loud, quiet = (NearestNeighborsMI().fit(X + s * noise, inputs=X).mi_x_ for s in (1, 0.3))
    assert 0.3 < loud < 0.8 < quiet < 2.5


def test_functions_of_the_inputs_warn():
    X, _, _ = noisy_layer()
    with pytest.warns(UserWarning, match=r"function of the inputs.*infinite") as caught:
        NearestNeighborsMI().fit(np.tanh(X @ [[1, 0.5], [-0.3, 1]]), inputs=X)
    assert len(caught) >= 1
    with pytest.warns(UserWarning, match="function of the inputs"):
        NearestNeighborsMI().fit(X[:, :1] + X[:, 1:], inputs=X)


@pytest.mark.parametrize(
    "layer", [lambda a: np.tanh(20 * a), lambda a: np.maximum(a, 0)], ids=["steep", "rectified"]
)
def test_steep_and_rectified_functions_of_the_inputs_warn(layer):
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(500, 5)), rng.normal(size=(5, 4)) / np.sqrt(5)
    with pytest.warns(UserWarning, match="function of the inputs"):
        NearestNeighborsMI().fit(layer(X @ W), inputs=X)
    noisy = layer(X @ W) + 0.3 * rng.normal(size=(500, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NearestNeighborsMI().fit(noisy, inputs=X)


@pytest.mark.parametrize("jitter", [None, 1e-10])
@pytest.mark.parametrize("times", [2, 3, 10])
def test_functions_of_the_inputs_warn_where_rows_are_repeated(times, jitter):
    X = np.tile(noisy_layer(300)[0], (times, 1))
    T = np.tanh(X @ [[1, 0.5], [-0.3, 1]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        NearestNeighborsMI(jitter=jitter, random_state=0).fit(T, inputs=X)
    messages = [str(one.message) for one in caught]
    assert any("300 rows resolve, the representation is a function" in one for one in messages)
    repeats = f"{300 * (times - 1)} of {300 * times} rows repeat an earlier row"
    assert any(one.startswith(repeats) for one in messages)


def test_many_repeats_of_noisy_rows_warn():
    X, T, _ = noisy_layer()
    few, many = (np.arange(n) % 500 for n in (520, 550))
    with pytest.warns(UserWarning, match=r"50 of 550.*inflate.*I\(X;T\): drop the duplicates"):
        NearestNeighborsMI().fit(T[many], inputs=X[many])
    with pytest.warns(UserWarning, match=r"50 of 550.*inflate.*I\(T;Y\): drop the duplicates"):
        NearestNeighborsMI().fit(T[many], X[many])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NearestNeighborsMI().fit(T[few], X[few, 0], inputs=X[few])


@pytest.mark.parametrize("copula", [False, True])
def test_repeats_of_discrete_rows_do_not_warn(copula):
    X = np.random.default_rng(0).integers(6, size=(1000, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NearestNeighborsMI(target="continuous", copula=copula).fit(X**2, 0.1 * X, inputs=X)


def test_saturation_warns_in_the_units_of_the_base():
    X = np.random.default_rng(0).normal(size=(400, 2))
    limit = (digamma(400) - digamma(3)) / math.log(2)
    with pytest.warns(UserWarning, match=rf"estimate of I\(T;Y\).*near {limit:.3g}, the most"):
        fitted = NearestNeighborsMI().fit(X, X)
    assert fitted.mi_y_ == pytest.approx(limit, abs=1e-12)


def test_information_below_saturation_does_not_warn():
    X, T, y = noisy_layer()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NearestNeighborsMI().fit(T, y, inputs=X)
        NearestNeighborsMI().fit(X + 100 * y[:, None], y)  # a class that is known is no saturation


def test_score_by_hand():
    """The neighbours of 0.4 are both of class 0, of 5.4 one of each; p = (3/4, 1/4)."""
    T = [[0.0], [1.0], [5.0], [6.0], [20.0], [30.0], [40.0], [50.0]]
    fitted = NearestNeighborsMI(2, standardize=False).fit(T, [0, 0, 1, 0, 0, 1, 0, 0])
    information = fitted.pointwise_mutual_info([[0.4], [0.4], [5.4]], [0, 1, 1])
    expected = [
        (2 + 0.375) / 2.5 / 0.75,
        (0 + 0.125) / 2.5 / 0.25,
        (1 + 0.125) / 2.5 / 0.25,
    ]
    assert_allclose(information, np.log2(expected), rtol=1e-12)
    assert fitted.score([[0.4], [5.4]], [0, 1], sample_weight=[1, 0]) == pytest.approx(
        math.log2(expected[0])
    )


@pytest.fixture
def one_row_classes():
    return pytest.warns(UserWarning, match="1 of 2 classes were left out.*fewer than 2 rows")


def test_score_of_a_class_with_one_row(one_row_classes):
    with one_row_classes:
        fitted = NearestNeighborsMI(1).fit([[0.0], [1.0], [2.0], [9.0]], ["a", "a", "a", "b"])
    assert fitted.mi_y_ == pytest.approx(0, abs=1e-12)
    assert fitted.classes_.tolist() == ["a", "b"]
    assert fitted.score([[8.0]], ["b"]) > 0


def test_rows_of_small_classes_are_left_out():
    X, T, y = noisy_layer()
    few = np.concatenate([2 * y, [1]])
    with pytest.warns(UserWarning, match=r"1 of 4 classes were left out.*\[1\]"):
        fitted = NearestNeighborsMI(standardize=False).fit(np.vstack([T, [[0, 0, 0]]]), few)
    assert fitted.mi_y_ == pytest.approx(ross_mutual_information(T, y), abs=1e-12)
    with pytest.warns(UserWarning, match="fewer than 6 rows"):
        NearestNeighborsMI(5, method="kl").fit(np.vstack([T, T[:4] + 1]), [*y, 8, 8, 8, 8])
    with pytest.raises(ValueError, match="No class has the 2 rows"):
        NearestNeighborsMI().fit(X[:8], list("abcdefgh"))


def test_model_selection_finds_a_number_of_neighbors_between_the_extremes():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    T = rng.normal(size=(600, 2)) + y[:, None]
    search = GridSearchCV(NearestNeighborsMI(), {"n_neighbors": [1, 50, 470]}, cv=5).fit(T, y)
    assert search.best_params_ == {"n_neighbors": 50}
    assert 0.15 < search.best_score_ < search.best_estimator_.mi_y_ + 0.05


def test_refitting_forgets():
    X, T, y = noisy_layer()
    fitted = NearestNeighborsMI().fit(T, y, inputs=X).fit(T)
    for name in ("mi_x_", "mi_y_", "mi_x_per_k_", "mi_y_per_k_", "method_y_", "classes_"):
        assert not hasattr(fitted, name)
    with pytest.raises(NotFittedError, match="without class labels"):
        fitted.score(T, y)
    with pytest.raises(NotFittedError, match="without class labels"):
        NearestNeighborsMI().fit(T, X).score(T, y)


def test_one_class_warns():
    with pytest.warns(UserWarning, match="with one class"):
        fitted = NearestNeighborsMI(1).fit([[0.0], [1.0], [3.0]], [1, 1, 1])
    assert fitted.mi_y_ == pytest.approx(0, abs=1e-12)


def test_constant_columns():
    X, T, y = noisy_layer()
    padded = np.column_stack([T, np.full(500, 7.0)])
    plain = NearestNeighborsMI().fit(T, y, inputs=X)
    fitted = NearestNeighborsMI().fit(padded, y, inputs=X)
    assert fitted.mi_y_ == pytest.approx(plain.mi_y_, abs=1e-12)
    assert fitted.mi_x_ == pytest.approx(plain.mi_x_, abs=1e-12)
    constant = NearestNeighborsMI().fit(np.full((500, 2), 3.0), y)
    assert constant.mi_y_ == pytest.approx(0, abs=1e-12)
    assert constant.method_y_ == "mixed"


ROWS = np.arange(10.0)[:, None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [[0.0], [np.nan]]}, "NaN"),
        ({"X": [[0.0], [np.inf]]}, "infinity"),
        ({"X": [[0.0]]}, "1 sample"),
        ({"X": [0.0, 1.0]}, "2D array"),
        ({"X": ROWS[:3]}, "n_neighbors=3 needs more than 3 samples, got 3"),
        ({"X": ROWS, "y": [0, 1]}, "inconsistent numbers of samples"),
        ({"X": ROWS, "y": [0.5] * 9 + [np.nan]}, "y contains NaN"),
        ({"X": ROWS, "inputs": ROWS[:9]}, "inconsistent numbers of samples"),
        ({"X": ROWS, "inputs": ROWS * np.nan}, "inputs contains NaN"),
        ({"X": ROWS, "inputs": [*range(9), np.inf]}, "inputs contains"),
        ({"X": ROWS, "inputs": [["a"]] * 10}, "convert"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        NearestNeighborsMI().fit(**arguments)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors"),
        ({"n_neighbors": 1.5}, "n_neighbors"),
        ({"n_neighbors": [3, 0]}, "n_neighbors"),
        ({"n_neighbors": [1.5]}, "n_neighbors"),
        ({"method": "ksg2"}, "method"),
        ({"metric": "cosine"}, "metric"),
        ({"standardize": "yes"}, "standardize"),
        ({"copula": 1.5}, "copula"),
        ({"target": "class"}, "target"),
        ({"n_local": 0}, "n_local"),
        ({"jitter": 0.0}, "jitter"),
        ({"base": 1.0}, "base"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        NearestNeighborsMI(**parameters).fit(ROWS)


def test_unknown_label_in_score():
    fitted = NearestNeighborsMI().fit(ROWS, [0, 1] * 5)
    with pytest.raises(ValueError, match=r"labels that fit did not see: \[2\]"):
        fitted.score([[0.0]], [2])


def test_unfitted():
    for call in (lambda e: e.transform(ROWS), lambda e: e.entropy_, lambda e: e.score(ROWS, [0])):
        with pytest.raises(NotFittedError):
            call(NearestNeighborsMI())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"metric": "euclidean", "n_neighbors": [1, 4]},
        {"copula": True},
        {"standardize": False, "method": "mixed"},
        {"method": "kl", "jitter": 1e-3, "random_state": 0},
    ],
)
@pytest.mark.filterwarnings("ignore:.*repeat an earlier row:UserWarning")
def test_tensors_are_measured_as_arrays_are(options):
    """Labels, real targets and values of inputs as tensors, a tenth of the rows repeated."""
    rng = np.random.default_rng(0)
    T, inputs = rng.normal(size=(2, 200, 3))
    T[180:], inputs[180:] = T[:20], inputs[:20]
    labels, values = np.arange(200) % 3, T[:, :2] + rng.normal(size=(200, 2))
    for target in (labels, values):
        expected = NearestNeighborsMI(**options).fit(T, target, inputs=inputs)
        ours = NearestNeighborsMI(device=torch.device("cpu"), **options)
        ours.fit(torch.tensor(T), torch.tensor(target), inputs=torch.tensor(inputs))
        for name in ("mi_x_per_k_", "mi_y_per_k_"):
            assert_allclose(getattr(ours, name), getattr(expected, name), atol=1e-9)
        assert ours.method_x_ == expected.method_x_
        assert ours.method_y_ == expected.method_y_
        assert_allclose(ours.transform(torch.tensor(T)), expected.transform(T), atol=1e-12)
    if options.get("method") == "kl":
        assert ours.entropy_ == pytest.approx(expected.entropy_, abs=1e-9)


def test_score_of_tensors():
    T, labels = np.random.default_rng(0).normal(size=(100, 2)), np.arange(100) % 2
    ours = NearestNeighborsMI(device=torch.device("cpu"))
    ours.fit(torch.tensor(T), torch.tensor(labels))
    expected = NearestNeighborsMI().fit(T, labels).score(T, labels)
    assert ours.score(torch.tensor(T), torch.tensor(labels)) == pytest.approx(expected)


def test_tensors_that_are_functions_of_the_inputs_warn():
    inputs = np.random.default_rng(0).normal(size=(300, 2))
    T = np.tanh(inputs @ np.array([[1.0, 0.5], [-0.5, 1.0]]))
    with pytest.warns(UserWarning, match="function of the inputs"):
        NearestNeighborsMI(device=torch.device("cpu")).fit(
            torch.tensor(T), inputs=torch.tensor(inputs)
        )


def test_bad_tensors_and_devices():
    there = NearestNeighborsMI(device=torch.device("cpu"))
    T = torch.zeros(10, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match="NaN"):
        there.fit(T.log() - T.log())
    with pytest.raises(ValueError, match="inconsistent"):
        there.fit(T, torch.zeros(9, 1))
    with pytest.raises(ValueError, match="'lnn' fits on the host"):
        NearestNeighborsMI(method="lnn", device=torch.device("cpu")).fit(T)
    with pytest.raises(ValueError, match="no device that torch knows"):
        NearestNeighborsMI(device="abacus").fit(T)
