"""DependenceGraphMI: Gaussians, discrete data, its failures, invariances and bad input."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from ibtools.estimators._dependence_graph import DependenceGraphMI
from ibtools.information import mutual_information_from_counts


def _correlated(n_samples, rho, d, rng):
    X = rng.normal(size=(n_samples, d))
    return X, rho * X + math.sqrt(1 - rho**2) * rng.normal(size=(n_samples, d))


def _mean_reading(rho, d, n_samples, n_repeats=10, **parameters):
    rng = np.random.default_rng(0)
    read = []
    for seed in range(n_repeats):
        T, V = _correlated(n_samples, rho, d, rng)
        graph = DependenceGraphMI(random_state=seed, **parameters).fit(T, inputs=V)
        read.append(graph.mi_x_)
    return np.mean(read)


@pytest.mark.parametrize(
    ("rho", "d", "n_samples", "tolerance"),
    [
        (0.0, 1, 1000, 0.02),
        (0.6, 1, 1000, 0.03),
        (0.0, 1, 10_000, 0.01),
        (0.6, 1, 10_000, 0.015),
        (0.9, 1, 10_000, 0.03),
        (0.6, 2, 10_000, 0.08),
    ],
)
def test_gaussians(rho, d, n_samples, tolerance):
    truth = -0.5 * d * math.log2(1 - rho**2)
    assert _mean_reading(rho, d, n_samples) == pytest.approx(truth, abs=tolerance)


def test_strong_dependence_is_read_too_low_and_less_so_with_more_rows():
    truth = -0.5 * math.log2(1 - 0.9**2)
    errors = [truth - _mean_reading(0.9, 1, n_samples) for n_samples in (500, 2000, 8000)]
    assert errors[0] > errors[1] > errors[2] > 0
    assert errors[0] > 0.1
    assert errors[2] < 0.03


def test_ensemble_is_nearer_than_its_members():
    rng = np.random.default_rng(0)
    T, V = _correlated(10_000, 0.9, 1, rng)
    graph = DependenceGraphMI(random_state=0).fit(T, inputs=V).graph_x_
    errors = np.abs(graph.estimates - 1.198)
    assert abs(graph.information - 1.198) < 0.04 < np.median(errors)


def test_published_weights_magnify_what_few_rows_per_bin_add():
    """The table of the docstring: 4.2 bits for independent pairs, and next to none."""
    assert _mean_reading(0.0, 2, 1000, cancel="smoothing") > 2
    assert _mean_reading(0.0, 2, 1000) < 0.15
    assert _mean_reading(0.0, 1, 1000, cancel="smoothing") > 0.2


def test_ten_dimensions_fail_and_shuffled_rows_show_it():
    rng = np.random.default_rng(0)
    T, V = rng.normal(size=(1000, 10)), rng.normal(size=(1000, 10))
    with pytest.warns(UserWarning, match=r"codes of their own .*: mi_x_ is .* few rows"):
        graph = DependenceGraphMI(n_permutations=3, random_state=0).fit(T, inputs=V)
    assert graph.mi_x_ > 5
    np.testing.assert_allclose(graph.graph_x_.permuted, graph.mi_x_, atol=1)


def test_saturated_labels_warn():
    rng = np.random.default_rng(0)
    T, y = rng.normal(size=(300, 10)), rng.integers(2, size=300)
    with pytest.warns(UserWarning, match=r"codes of their own .*: mi_y_ is .*wider `widths`"):
        graph = DependenceGraphMI(random_state=0).fit(T, y)
    assert graph.mi_y_ > 0.5
    DependenceGraphMI(random_state=0).fit(T[:, :2], y)
    DependenceGraphMI(widths=[6, 8, 10], random_state=0).fit(T[:, :5], y)


def test_more_than_the_entropy_of_the_labels_warns():
    """Separate classes: every graph reads at most H(Y), their extrapolation more."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 10
    T = 3.0 * y[:, None] + 0.3 * rng.normal(size=(300, 1))
    with pytest.warns(UserWarning, match=r"mi_y_ is .*, above 3.32, the most there can be"):
        graph = DependenceGraphMI(random_state=0).fit(T, y)
    assert graph.mi_y_ > 3.4
    assert graph.graph_y_.estimates.max() == pytest.approx(math.log2(10))
    average = DependenceGraphMI(cancel=None, random_state=0).fit(T, y)
    assert average.mi_y_ < math.log2(10)


@pytest.mark.parametrize(("d", "tolerance"), [(1, 0.02), (2, 0.03), (5, 0.06)])
def test_gaussian_classes(d, tolerance):
    """Means 2 apart in the first of d units: 0.486 bits by quadrature."""

    def integrand(z):
        mixture = 0.5 * norm.pdf(z - 1) + 0.5 * norm.pdf(z + 1)
        return norm.pdf(z - 1) * math.log2(norm.pdf(z - 1) / mixture)

    truth = quad(integrand, -9, 11)[0]
    rng = np.random.default_rng(0)
    read = []
    for seed in range(10):
        y = rng.integers(2, size=5000)
        T = rng.normal(size=(5000, d))
        T[:, 0] += 2 * y
        read.append(DependenceGraphMI(random_state=seed).fit(T, y).mi_y_)
    assert np.mean(read) == pytest.approx(truth, abs=tolerance)


@pytest.mark.parametrize("cancel", ["leading", "smoothing", None])
def test_discrete_data_give_the_plug_in(cancel):
    """Bins narrower than the distance of the values: every graph is the table of counts."""
    rng = np.random.default_rng(0)
    X, Y = rng.integers(4, size=400), rng.integers(3, size=400)
    Y[X == 2] = 1
    table = np.zeros((4, 3))
    np.add.at(table, (X, Y), 1)
    expected = mutual_information_from_counts(table)
    graph = DependenceGraphMI(widths=[0.1, 0.2, 0.3], cancel=cancel, random_state=0)
    graph.fit(X[:, None], Y, inputs=Y[:, None])
    np.testing.assert_allclose(graph.graph_y_.estimates, expected, atol=1e-12)
    assert graph.mi_y_ == pytest.approx(expected, abs=1e-12)
    assert graph.mi_x_ == pytest.approx(expected, abs=1e-12)
    as_index = clone(graph).fit(X[:, None], inputs=Y)
    assert as_index.mi_x_ == pytest.approx(expected, abs=1e-12)


def test_binary_data_are_exact_without_asking():
    y = np.arange(1000) % 2
    flipped = np.where(np.arange(1000) % 8 < 2, 1 - y, y)
    flip = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    graph = DependenceGraphMI(random_state=0).fit(flipped[:, None], y, inputs=y[:, None])
    assert graph.mi_y_ == pytest.approx(1 - flip, abs=1e-12)
    assert graph.mi_x_ == pytest.approx(1 - flip, abs=1e-12)
    nats = DependenceGraphMI(base=math.e, random_state=0).fit(flipped[:, None], y)
    assert nats.mi_y_ == pytest.approx((1 - flip) * math.log(2), abs=1e-12)


def test_both_axes_are_one_functional():
    T, V = _correlated(500, 0.7, 2, np.random.default_rng(0))
    values = [DependenceGraphMI(random_state=s).fit(T, V, inputs=V) for s in range(30)]
    differences = [graph.mi_x_ - graph.mi_y_ for graph in values]
    spread = np.std([graph.mi_x_ for graph in values])
    assert abs(np.mean(differences)) < 3 * np.std(differences) / math.sqrt(30)
    assert 0 < np.std(differences) < 3 * spread


def test_information_of_inputs_does_not_depend_on_labels():
    T, V = _correlated(300, 0.7, 2, np.random.default_rng(0))
    alone = DependenceGraphMI(random_state=0).fit(T, inputs=V)
    both = DependenceGraphMI(random_state=0).fit(T, np.arange(300) % 3, inputs=V)
    assert alone.mi_x_ == both.mi_x_


def test_same_seed_same_answer():
    T, V = _correlated(300, 0.7, 2, np.random.default_rng(0))
    one, same, other = (DependenceGraphMI(random_state=s).fit(T, V) for s in (0, 0, 1))
    assert one.mi_y_ == same.mi_y_ != other.mi_y_
    legacy = DependenceGraphMI(random_state=np.random.RandomState(0)).fit(T, V)
    assert legacy.mi_y_ == one.mi_y_


@pytest.mark.parametrize(("scale", "offset"), [(1e3, 0), (1e-3, 0), (1, 1e6), (-1, 0)])
def test_units_of_measurement_do_not_matter(scale, offset):
    T, V = _correlated(500, 0.7, 2, np.random.default_rng(0))
    graph = DependenceGraphMI(random_state=0).fit(T, inputs=V)
    moved = DependenceGraphMI(random_state=0).fit(T * [scale, 1] + offset, inputs=V * 7 - 1)
    tolerance = 0.1 if scale < 0 else 1e-9  # a mirrored unit meets other edges
    assert moved.mi_x_ == pytest.approx(graph.mi_x_, abs=tolerance)


def test_order_of_the_rows_does_not_matter():
    T, V = _correlated(500, 0.7, 2, np.random.default_rng(0))
    order = np.random.default_rng(1).permutation(500)
    one = DependenceGraphMI(random_state=0).fit(T, V)
    other = DependenceGraphMI(random_state=0).fit(T[order], V[order])
    assert other.mi_y_ == pytest.approx(one.mi_y_, abs=1e-12)


def test_float32_and_float64_agree():
    T, V = _correlated(500, 0.7, 2, np.random.default_rng(0))
    T = T.astype(np.float32)
    one = DependenceGraphMI(random_state=0).fit(T, V)
    assert one.mi_y_ == DependenceGraphMI(random_state=0).fit(T.astype(np.float64), V).mi_y_


def test_weights_are_repetitions():
    T, V = _correlated(200, 0.7, 2, np.random.default_rng(0))
    weights = np.random.default_rng(1).integers(4, size=200)
    repeated = np.repeat(np.arange(200), weights)
    y = np.arange(200) % 3
    one = DependenceGraphMI(random_state=0).fit(T, y, inputs=V, sample_weight=weights)
    other = DependenceGraphMI(random_state=0).fit(T[repeated], y[repeated], inputs=V[repeated])
    assert one.mi_x_ == pytest.approx(other.mi_x_, abs=1e-9)
    assert one.mi_y_ == pytest.approx(other.mi_y_, abs=1e-9)


def test_weights_count_rows():
    T, V = _correlated(200, 0.7, 2, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"sums to 1, .*count rows.*sum to the number of rows"):
        DependenceGraphMI().fit(T, inputs=V, sample_weight=np.full(200, 1 / 200))
    scaled = DependenceGraphMI(random_state=0).fit(
        T, inputs=V, sample_weight=200 * np.full(200, 1 / 200)
    )
    assert scaled.mi_x_ == pytest.approx(
        DependenceGraphMI(random_state=0).fit(T, inputs=V).mi_x_, abs=1e-9
    )


def test_codes_are_those_measured():
    T = np.random.default_rng(0).normal(size=(300, 2))
    y = np.arange(300) % 3
    graph = DependenceGraphMI(n_widths=1, cancel=None, random_state=0).fit(T, y)
    codes = graph.transform(T)
    assert codes.dtype == np.int64
    np.testing.assert_array_equal(
        codes, np.floor((T - T.mean(axis=0)) / T.std(axis=0) / graph.widths_ + graph.offsets_[0])
    )
    _, symbols = np.unique(codes, axis=0, return_inverse=True)
    table = np.zeros((symbols.max() + 1, 3))
    np.add.at(table, (symbols.ravel(), y), 1)
    assert graph.mi_y_ == pytest.approx(mutual_information_from_counts(table), abs=1e-12)
    pd = pytest.importorskip("pandas")
    frame = graph.set_output(transform="pandas").fit_transform(pd.DataFrame(T, columns=["a", "b"]))
    assert frame.columns.tolist() == ["a", "b"]


def test_widths_of_the_paper():
    T, V = _correlated(1000, 0.7, 2, np.random.default_rng(0))
    graph = DependenceGraphMI(random_state=0).fit(T, np.arange(1000) % 2, inputs=V)
    np.testing.assert_allclose(graph.widths_, np.linspace(2, 8, 10) * 1000 ** (-1 / 4))
    np.testing.assert_allclose(graph.graph_y_.widths, graph.widths_)
    np.testing.assert_allclose(graph.graph_x_.widths, np.linspace(2, 8, 10) * 1000 ** (-1 / 8))
    given = DependenceGraphMI(widths=[1.0, 0.5, 2.0], random_state=0).fit(T, inputs=V)
    np.testing.assert_array_equal(given.widths_, [0.5, 1, 2])
    np.testing.assert_array_equal(given.graph_x_.widths, [0.5, 1, 2])


def test_constant_units_and_dead_layers():
    T, V = _correlated(500, 0.7, 2, np.random.default_rng(0))
    dead = np.column_stack([T, np.full(500, 0.1)])
    one = DependenceGraphMI(widths=[0.5, 1, 2], random_state=0).fit(T, inputs=V)
    other = DependenceGraphMI(widths=[0.5, 1, 2], random_state=0).fit(dead, inputs=V)
    assert other.mi_x_ == pytest.approx(one.mi_x_, abs=0.2)
    assert not other.transform(dead)[:, 2].any()
    gone = DependenceGraphMI().fit(np.ones((8, 3)), [0, 1] * 4, inputs=np.arange(8.0)[:, None])
    assert gone.mi_x_ == pytest.approx(0, abs=1e-12)
    assert gone.mi_y_ == pytest.approx(0, abs=1e-12)


def test_refitting_forgets():
    T, V = _correlated(100, 0.7, 2, np.random.default_rng(0))
    graph = DependenceGraphMI().fit(T, np.arange(100) % 2, inputs=V).fit(T)
    for name in ("mi_x_", "mi_y_", "graph_x_", "graph_y_", "classes_"):
        assert not hasattr(graph, name)
    assert not hasattr(graph, "score")


def test_target_says_what_y_is():
    T, V = _correlated(500, 0.9, 1, np.random.default_rng(0))
    whole = np.round(4 * V[:, 0])
    labels = DependenceGraphMI(random_state=0).fit(T, whole)
    assert len(labels.classes_) == len(np.unique(whole))
    numbers = DependenceGraphMI(target="continuous", random_state=0).fit(T, whole)
    assert not hasattr(numbers, "classes_")
    assert numbers.mi_y_ != labels.mi_y_


def test_one_class_warns():
    with pytest.warns(UserWarning, match="with one class"):
        graph = DependenceGraphMI().fit([[0.0], [1.0]], [1, 1])
    assert graph.mi_y_ == pytest.approx(0, abs=1e-12)


def test_one_row_in_a_class():
    graph = DependenceGraphMI(random_state=0).fit(np.arange(20.0)[:, None], [1] + [0] * 19)
    assert math.isfinite(graph.mi_y_)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [[0.0], [np.nan]]}, "NaN"),
        ({"X": [[0.0], [np.inf]]}, "infinity"),
        ({"X": [[0.0]]}, "1 sample"),
        ({"X": [0.0, 1.0]}, "2D array"),
        ({"X": [[0.0], [1.0]], "y": [0, 1, 1]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "inputs": [0, np.nan]}, "inputs contains NaN"),
        ({"X": [[0.0], [1.0]], "inputs": [[0], [np.inf]]}, "inputs contains infinity"),
        ({"X": [[0.0], [1.0]], "inputs": [[0], [1], [2]]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "sample_weight": [0, 0]}, "at least one non-zero"),
        ({"X": [[0.0], [1.0]], "sample_weight": [1, -1]}, "Negative values"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        DependenceGraphMI().fit(**arguments)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_widths": 0}, "n_widths"),
        ({"n_widths": 2}, "at least 3 widths"),
        ({"n_widths": 2, "cancel": "smoothing"}, "at least 3 widths"),
        ({"widths": [1, 0, 2]}, "distinct positive"),
        ({"widths": [1, 1, 2]}, "distinct positive"),
        ({"widths": []}, "distinct positive"),
        ({"widths": [[1, 2]]}, "distinct positive"),
        ({"widths": [1e-300, 1e-200, 1e-100]}, "too narrow"),
        ({"cancel": "all"}, "cancel"),
        ({"n_permutations": -1}, "n_permutations"),
        ({"target": "label"}, "target"),
        ({"base": 1.0}, "base"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_bad_parameters(parameters, message):
    T = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0]])
    with pytest.raises(ValueError, match=message):
        DependenceGraphMI(**parameters).fit(T, [0, 1, 0])


def test_unfitted():
    with pytest.raises(NotFittedError):
        DependenceGraphMI().transform([[0.0]])
