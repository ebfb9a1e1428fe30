"""GaussianMI: closed forms, decoders, infinite information, invariances and bad input."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.base import clone
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score

from ibtools.estimators._gaussian import GaussianMI


def _correlated(n_samples, rho, d=1, seed=0):
    """Pairs of standard Gaussians, correlated by rho in each of d dimensions."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, d))
    return X, rho * X + math.sqrt(1 - rho**2) * rng.normal(size=(n_samples, d))


def _truth(rho, d=1):
    return -0.5 * d * math.log2(1 - rho**2)


@pytest.fixture
def labelled():
    """Two classes N(-1, 1) and N(1, 1) in the first of two units; 0.4860 bits."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=4000)
    T = rng.normal(size=(4000, 2))
    T[:, 0] += 2.0 * y - 1
    return T @ [[1.0, 0.5], [0.0, 30.0]], y


def _two_class_truth():
    def integrand(z):
        mixture = 0.5 * norm.pdf(z - 1) + 0.5 * norm.pdf(z + 1)
        return norm.pdf(z - 1) * math.log2(norm.pdf(z - 1) / mixture)

    return quad(integrand, -9, 11)[0]


@pytest.mark.parametrize(("rho", "d"), [(0.6, 1), (0.9, 1), (0.5, 5)])
def test_correlated_gaussians(rho, d):
    """Over 40 samples, up to the bias d^2 / 2n and three standard errors rho sqrt(d / n) nats."""
    rng = np.random.default_rng(0)
    plain, shrunk = [], []
    for _ in range(40):
        T, V = _correlated(2000, rho, d, rng)
        gaussian = GaussianMI(None).fit(T, V, inputs=V)
        assert gaussian.mi_x_ == gaussian.mi_y_
        plain.append(gaussian.mi_x_)
        shrunk.append(GaussianMI().fit(T, inputs=V).mi_x_)
    bias = d**2 / 4000 / math.log(2)
    error = rho * math.sqrt(d / 2000 / 40) / math.log(2)
    assert np.mean(plain) == pytest.approx(_truth(rho, d) + bias, abs=3 * error)
    assert (np.array(shrunk) < plain).all()
    assert np.mean(shrunk) == pytest.approx(np.mean(plain), rel=0.06)


def test_closed_form_to_the_last_digit():
    """Uncorrelated parts by construction: T = V + noise of variance 1/3, I = log2(4) / 2 = 1."""
    V, noise = np.array([[1.0], [1], [-1], [-1]]), np.array([[1.0], [-1], [1], [-1]])
    gaussian = GaussianMI(None, target="continuous")
    gaussian.fit(V + noise / math.sqrt(3), V[:, 0], inputs=V)
    assert gaussian.mi_x_ == pytest.approx(1, abs=1e-12)
    assert gaussian.mi_y_ == pytest.approx(1, abs=1e-12)
    assert gaussian.score(V + noise / math.sqrt(3), V) == pytest.approx(1, abs=1e-12)
    nats = GaussianMI(None, base=math.e).fit(V + noise / math.sqrt(3), inputs=V)
    assert nats.mi_x_ == pytest.approx(math.log(2), abs=1e-12)
    assert nats.entropy_ == pytest.approx(norm(scale=math.sqrt(4 / 3)).entropy(), abs=1e-12)


def test_bias_on_independent_data():
    """d_T d_V / (2n) nats without shrinkage (16 * 20 repeats), next to none with it."""
    plain, shrunk = [], []
    for seed in range(40):
        T, V = _correlated(400, 0.0, 4, seed)
        plain.append(GaussianMI(None, base=math.e).fit(T, inputs=V).mi_x_)
        shrunk.append(GaussianMI(base=math.e).fit(T, inputs=V).mi_x_)
    assert np.mean(plain) == pytest.approx(16 / 800, rel=0.2)
    assert np.mean(shrunk) < 0.1 * np.mean(plain)


def test_dependence_without_correlation_reads_nothing():
    V = np.linspace(-1, 1, 2001)[:, None]
    assert GaussianMI(None).fit(V**2, inputs=V).mi_x_ == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("shrinkage", [None, 0.3, "ledoit_wolf", "oas"])
def test_units_of_measurement_and_offsets_do_not_matter(shrinkage, labelled):
    T, V = _correlated(300, 0.7, 3)
    moved = T * [1e3, 1e-3, 1] + [1e6, 0, -5]
    expected = GaussianMI(shrinkage).fit(T, inputs=V)
    assert GaussianMI(shrinkage).fit(moved, inputs=V).mi_x_ == pytest.approx(
        expected.mi_x_, rel=1e-6
    )
    assert GaussianMI(shrinkage).fit(moved).entropy_ == pytest.approx(expected.entropy_, abs=1e-6)
    T, y = labelled
    by_class = GaussianMI(shrinkage).fit(T, y)
    scaled = GaussianMI(shrinkage).fit(1e3 * T + 1e6, y)
    assert scaled.mi_y_ == pytest.approx(by_class.mi_y_, rel=1e-6)
    assert scaled.score(1e3 * T + 1e6, y) == pytest.approx(by_class.score(T, y), rel=1e-6)


def test_linear_maps_do_not_matter_without_shrinkage():
    T, V = _correlated(300, 0.7, 3)
    A = np.random.default_rng(1).normal(size=(3, 3))
    assert GaussianMI(None).fit(T @ A, inputs=V).mi_x_ == pytest.approx(
        GaussianMI(None).fit(T, inputs=V).mi_x_, rel=1e-9
    )


def test_order_of_the_rows_does_not_matter(labelled):
    T, y = labelled
    order = np.random.default_rng(0).permutation(len(y))
    one, other = GaussianMI().fit(T, y, inputs=T**2), GaussianMI()
    other.fit(T[order], y[order], inputs=T[order] ** 2)
    assert other.mi_x_ == pytest.approx(one.mi_x_, rel=1e-9)
    assert other.mi_y_ == pytest.approx(one.mi_y_, rel=1e-9)


def test_float32_and_float64_agree(labelled):
    T, y = labelled
    single, double = GaussianMI().fit(T.astype(np.float32), y), GaussianMI()
    double.fit(T.astype(np.float32).astype(np.float64), y)
    assert single.mi_y_ == double.mi_y_
    assert single.transform(T.astype(np.float32)).dtype == np.float64


@pytest.mark.parametrize("shrinkage", [None, "ledoit_wolf"])
def test_gaussian_classes(labelled, shrinkage):
    """One dimension of truth among two: 0.486 bits, and an upper value of log2(2) / 2."""
    T, y = labelled
    gaussian = GaussianMI(shrinkage).fit(T, y)
    information = gaussian.pointwise_mutual_info(T, y)
    error = information.std() / math.sqrt(len(y))
    assert _two_class_truth() == pytest.approx(0.486, abs=5e-4)
    assert gaussian.mi_y_ == pytest.approx(_two_class_truth(), abs=3 * error)
    assert gaussian.mi_y_ == pytest.approx(information.mean(), abs=1e-12)
    assert gaussian.score(T, y) == pytest.approx(gaussian.mi_y_, abs=1e-12)
    assert gaussian.mi_y_upper_ == pytest.approx(0.5, abs=0.03)


def test_classes_that_differ_in_spread_alone():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=20_000)
    T = rng.normal(size=(20_000, 1)) * np.where(y, 5.0, 1.0)[:, None]

    def integrand(t, scale):
        mixture = 0.5 * norm.pdf(t) + 0.5 * norm.pdf(t, scale=5)
        return norm.pdf(t, scale=scale) * math.log2(norm.pdf(t, scale=scale) / mixture)

    truth = (
        0.5 * quad(integrand, -9, 9, args=(1,))[0] + 0.5 * quad(integrand, -45, 45, args=(5,))[0]
    )
    assert GaussianMI().fit(T, y).mi_y_ == pytest.approx(truth, abs=0.02)
    assert truth > 0.3


def test_class_information_never_exceeds_the_entropy_of_the_labels():
    """Far apart: log2(3) exactly, where the difference of entropies knows no ceiling."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 100)
    T = rng.normal(size=(300, 2)) + 1e3 * y[:, None]
    gaussian = GaussianMI(None).fit(T, y)
    assert gaussian.mi_y_ == pytest.approx(math.log2(3), abs=1e-9)
    assert gaussian.mi_y_upper_ > 2


def test_decoder_is_quadratic_discriminant_analysis(labelled):
    """Up to half a row of prior per class."""
    T, y = labelled
    peer = QuadraticDiscriminantAnalysis().fit(T, y)
    posterior = peer.predict_proba(T)[np.arange(len(y)), y]
    expected = np.log2(posterior / peer.priors_[y])
    gaussian = GaussianMI(None).fit(T, y)
    np.testing.assert_allclose(gaussian.pointwise_mutual_info(T, y), expected, atol=0.02)


@pytest.mark.parametrize("d", [1, 3])
def test_regression_score(d):
    """Held out, the mean of log q(y|t) / q(y) is the closed form of Gaussian data."""
    T, V = _correlated(5000, 0.8, d)
    gaussian = GaussianMI(None).fit(T, V)
    assert gaussian.score(T, V) == pytest.approx(gaussian.mi_y_, rel=1e-9)
    held_out = _correlated(5000, 0.8, d, seed=1)
    information = gaussian.pointwise_mutual_info(*held_out)
    assert information.shape == (5000,)
    error = information.std() / math.sqrt(5000)
    assert gaussian.score(*held_out) == pytest.approx(_truth(0.8, d), abs=3 * error)


def test_score_without_information_is_not_above_zero():
    rng = np.random.default_rng(0)
    T, y = rng.normal(size=(300, 5)), rng.integers(3, size=300)
    assert cross_val_score(GaussianMI(), T, y).mean() < 0
    assert GaussianMI(None).fit(T, y).mi_y_ > 0.03, "memorised rows"


def test_grid_search_shrinks_small_samples():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    T = rng.normal(size=(60, 12)) + y[:, None]
    search = GridSearchCV(GaussianMI(), {"shrinkage": [None, "ledoit_wolf", 1.0]}, cv=5).fit(T, y)
    assert search.best_params_["shrinkage"] is not None


def test_classes_are_told_by_target():
    T, V = _correlated(500, 0.9)
    whole = np.round(4 * V[:, 0])
    assert hasattr(GaussianMI().fit(T, whole), "classes_")
    numbers = GaussianMI(target="continuous").fit(T, whole)
    assert not hasattr(numbers, "classes_")
    assert not hasattr(numbers, "mi_y_upper_")
    with pytest.raises(ValueError, match="continuous"):
        GaussianMI(target="discrete").fit(T, V[:, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_linear_functions_of_the_inputs_are_infinite(dtype):
    V = np.random.default_rng(0).normal(size=(500, 20)).astype(dtype)
    W = np.random.default_rng(1).normal(size=(20, 3)).astype(dtype)
    T = V @ W
    with pytest.warns(UserWarning, match=r"share 3 direction.*infinite. The value .* is infinite"):
        assert GaussianMI(None).fit(T, inputs=V).mi_x_ == math.inf
    with pytest.warns(UserWarning, match="made by the shrinkage"):
        assert 1 < GaussianMI().fit(T, inputs=V).mi_x_ < 50
    noisy = T + 1e-3 * np.random.default_rng(2).normal(size=T.shape).astype(dtype)
    assert GaussianMI(None).fit(noisy, inputs=V).mi_x_ > 20


def test_nonlinear_functions_are_finite():
    V = np.random.default_rng(0).normal(size=(500, 3))
    assert GaussianMI(None).fit(np.tanh(V), inputs=V).mi_x_ < 10


def test_fewer_rows_than_directions():
    rng = np.random.default_rng(0)
    T, V = rng.normal(size=(20, 15)), rng.normal(size=(20, 15))
    with pytest.warns(UserWarning, match="30 directions together, but there are 20 rows"):
        assert GaussianMI(None).fit(T, inputs=V).mi_x_ == math.inf
    assert GaussianMI().fit(T, inputs=V).mi_x_ < 2


def test_score_of_an_exactly_linear_target_needs_shrinkage():
    T = np.random.default_rng(0).normal(size=(50, 2))
    y = T @ [[1.0], [2.0]]
    with pytest.warns(UserWarning, match="infinite"):
        gaussian = GaussianMI(None).fit(T, y)
    assert gaussian.mi_y_ == math.inf
    with pytest.raises(ValueError, match="no density"):
        gaussian.score(T, y)


def test_constant_and_repeated_units(labelled):
    T, y = labelled
    dead = np.column_stack([T, np.full(len(T), 0.1), T[:, 0]])
    expected, gaussian = GaussianMI(None).fit(T, y, inputs=T**2), GaussianMI(None)
    gaussian.fit(dead, y, inputs=T**2)
    assert gaussian.mi_x_ == pytest.approx(expected.mi_x_, rel=1e-9)
    assert gaussian.mi_y_ == pytest.approx(expected.mi_y_, rel=1e-9)
    assert gaussian.entropy_ == -math.inf
    white = gaussian.transform(dead + np.eye(4)[2])
    assert not white[:, 2].any()
    assert gaussian.score(dead, y) == pytest.approx(expected.mi_y_, rel=1e-9)


def test_dead_layer_and_collapsed_classes():
    dead = GaussianMI().fit(np.ones((6, 3)), [0, 1, 0, 1, 0, 1], inputs=np.arange(6.0)[:, None])
    assert dead.mi_x_ == dead.mi_y_ == dead.mi_y_upper_ == 0
    assert not dead.transform(np.ones((2, 3))).any()
    y = np.repeat([0, 1], 200)
    collapsed = GaussianMI().fit(1.0 * y[:, None], y)
    assert collapsed.mi_y_ == pytest.approx(1, abs=1e-9)
    assert collapsed.score([[0.0], [1.0]], [0, 1]) == pytest.approx(1, abs=1e-9)


def test_class_with_one_row():
    T = np.random.default_rng(0).normal(size=(30, 2))
    gaussian = GaussianMI().fit(T, [1] + [0] * 29)
    assert 0 < gaussian.mi_y_ <= 0.5
    assert math.isfinite(gaussian.score(T, [1] + [0] * 29))


@pytest.mark.parametrize("shrinkage", [None, 0.2, "ledoit_wolf", "oas"])
def test_weights_are_repetitions(labelled, shrinkage):
    T, y = labelled[0][:100], labelled[1][:100]
    weights = np.random.default_rng(0).integers(4, size=100)
    repeated = np.repeat(np.arange(100), weights)
    one = GaussianMI(shrinkage).fit(T, y, inputs=T**2, sample_weight=weights)
    other = GaussianMI(shrinkage).fit(T[repeated], y[repeated], inputs=T[repeated] ** 2)
    for name in ("mi_x_", "mi_y_", "mi_y_upper_", "entropy_", "shrinkage_"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9)


def test_weights_count_rows():
    T, V = _correlated(200, 0.7, 2)
    with pytest.raises(ValueError, match=r"sums to 1, .*count rows.*sum to the number of rows"):
        GaussianMI().fit(T, inputs=V, sample_weight=np.full(200, 1 / 200))
    scaled = GaussianMI().fit(T, inputs=V, sample_weight=200 * np.full(200, 1 / 200))
    assert scaled.mi_x_ == pytest.approx(GaussianMI().fit(T, inputs=V).mi_x_, abs=1e-9)


def test_transform_is_white_and_near_the_units(labelled):
    T, _ = labelled
    white = GaussianMI(None).fit_transform(T)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(2), atol=1e-9)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-9)
    assert np.corrcoef(white[:, 0], T[:, 0])[0, 1] > 0.9
    pd = pytest.importorskip("pandas")
    named = (
        GaussianMI()
        .set_output(transform="pandas")
        .fit_transform(pd.DataFrame(T, columns=list("ab")))
    )
    assert named.columns.tolist() == ["a", "b"]


def test_refitting_forgets(labelled):
    T, y = labelled
    gaussian = GaussianMI().fit(T, y, inputs=T**2).fit(T)
    for name in ("mi_x_", "mi_y_", "mi_y_upper_", "classes_"):
        assert not hasattr(gaussian, name)
    with pytest.raises(NotFittedError, match="without a target"):
        gaussian.score(T, y)
    gaussian.fit(T, y).fit(T, T[:, 0] ** 2)
    assert not hasattr(gaussian, "classes_")
    assert gaussian.pointwise_mutual_info(T, T[:, 0] ** 2).shape == (len(T),)


def test_one_class_warns():
    with pytest.warns(UserWarning, match="with one class"):
        gaussian = GaussianMI().fit([[0.0], [1.0], [3.0]], [1, 1, 1])
    assert gaussian.mi_y_ == pytest.approx(0, abs=1e-12)


def test_clone_and_unfitted(labelled):
    fitted = GaussianMI("oas", base=10).fit(*labelled)
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    for call in (copy.transform, lambda T: copy.score(T, [0])):
        with pytest.raises(NotFittedError):
            call([[0.0, 1.0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [[0.0], [np.nan]]}, "NaN"),
        ({"X": [[0.0], [np.inf]]}, "infinity"),
        ({"X": [[0.0]]}, "1 sample"),
        ({"X": [0.0, 1.0]}, "2D array"),
        ({"X": [[0.0], [1.0]], "y": [0, 1, 1]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "inputs": [0, 1]}, r"inputs.reshape\(-1, 1\)"),
        ({"X": [[0.0], [1.0]], "inputs": [[0], [1], [2]]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "inputs": [[0], [np.nan]]}, "inputs contains NaN"),
        ({"X": [[0.0], [1.0]], "sample_weight": [0, 0]}, "at least one non-zero"),
        ({"X": [[0.0], [1.0]], "sample_weight": [1, -1]}, "Negative values"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianMI().fit(**arguments)


@pytest.mark.parametrize("y", [[0.5, np.nan], [[0.5, 1], [0.3, np.inf]], ["a", "b"]])
def test_bad_real_targets(y):
    with pytest.raises(ValueError, match=r"y contains (NaN|infinity)|could not convert"):
        GaussianMI(target="continuous").fit([[0.0], [1.0]], y)


@pytest.mark.parametrize(
    "parameters", [{"shrinkage": 1.5}, {"shrinkage": "lasso"}, {"target": "label"}, {"base": 1.0}]
)
def test_bad_parameters(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        GaussianMI(**parameters).fit([[0.0], [1.0]])


def test_bad_input_of_score(labelled):
    gaussian = GaussianMI().fit(*labelled)
    with pytest.raises(ValueError, match=r"labels that fit did not see: \[2\]"):
        gaussian.score([[0.0, 1.0]], [2])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        gaussian.score([[0.0, 1.0]], [0, 1])
    T, V = _correlated(50, 0.5, 2)
    with pytest.raises(ValueError, match=r"1 column.* but fit saw 2"):
        GaussianMI().fit(T, V).score(T, V[:, 0])
