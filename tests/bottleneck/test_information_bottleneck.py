"""InformationBottleneck: closed forms, weights, unseen rows, inequalities and bad input."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import entr
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError

from ibtools import InformationBottleneck
from ibtools.bottleneck import bottleneck_path
from ibtools.information import mutual_information

reproducible = settings(deadline=None, derandomize=True, max_examples=15)

ERROR = 0.1
CHANNEL = np.array([[1 - ERROR, ERROR], [ERROR, 1 - ERROR]]) / 2
BETAS = np.array([1.2, 1.5, 1.6, 2.0, 3.0, 10.0, 100.0])


def cells_of(p_xy):
    """A joint distribution as enumerated cells: rows, labels and weights."""
    x, y = np.indices(p_xy.shape)
    return x.reshape(-1, 1), y.ravel(), p_xy.ravel()


def binary_entropy(p):
    return float(entr(p) + entr(1 - p)) / math.log(2)


def random_rows(seed, n_rows=60, n_values=4, n_classes=3):
    rng = np.random.default_rng(seed)
    X, y = rng.integers(n_values, size=(n_rows, 2)), rng.integers(n_classes, size=n_rows)
    X[:n_classes], y[:n_classes] = 0, np.arange(n_classes)
    return X, y


@pytest.fixture
def channel():
    X, y, weights = cells_of(CHANNEL)
    return InformationBottleneck(betas=BETAS, random_state=0).fit(X, y, sample_weight=weights)


def test_binary_symmetric_channel(channel):
    """I(T;Y) = 1 - h(e * d) where I(X;T) = 1 - h(d): Mrs Gerber's lemma holds with equality."""
    above = BETAS > 1 / (1 - 2 * ERROR) ** 2
    assert not channel.mi_x_[~above].any()
    for mi_x, mi_y in zip(channel.mi_x_[above], channel.mi_y_[above], strict=True):
        d = brentq(lambda d, mi_x=mi_x: 1 - binary_entropy(d) - mi_x, 0, 0.5, xtol=1e-15)
        flipped = ERROR * (1 - d) + d * (1 - ERROR)
        assert mi_y == pytest.approx(1 - binary_entropy(flipped), abs=1e-9)
    assert (np.diff(channel.mi_x_[above]) > 0).all()
    assert channel.mi_x_[above][0] == pytest.approx(0.129, abs=1e-3)


def test_critical_beta_of_the_binary_symmetric_channel():
    X, y, weights = cells_of(CHANNEL)
    fitted = InformationBottleneck(random_state=0).fit(X, y, sample_weight=weights)
    assert fitted.critical_betas_ == pytest.approx([1 / (1 - 2 * ERROR) ** 2], abs=1e-3)


def test_channel_at_the_largest_beta(channel):
    """At beta = 100 a cluster is a symbol but for exp(-100 KL): nothing is lost."""
    assert channel.mi_xy_ == pytest.approx(1 - binary_entropy(ERROR), abs=1e-12)
    assert channel.mi_y_[-1] == pytest.approx(channel.mi_xy_, abs=1e-9)
    assert channel.mi_x_[-1] == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(channel.decoder_[:, 0], [1 - ERROR, ERROR], atol=1e-9)
    np.testing.assert_allclose(channel.encoder_, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(channel.marginal_, [0.5, 0.5], atol=1e-9)


def test_attributes_are_one_distribution(channel):
    """p(t), p(y|t) and the informations follow from p(x,y) and p(t|x), at every beta."""
    for k, beta in enumerate(BETAS):
        X, y, weights = cells_of(CHANNEL)
        at = InformationBottleneck(betas=BETAS, beta=beta, random_state=0)
        at.fit(X, y, sample_weight=weights)
        p_ty = at.encoder_.T @ CHANNEL
        assert at.beta_ == beta
        np.testing.assert_allclose(at.marginal_, p_ty.sum(axis=1), atol=1e-9)
        np.testing.assert_allclose(at.decoder_ * at.marginal_[:, None], p_ty, atol=1e-9)
        np.testing.assert_allclose(at.mi_x_, channel.mi_x_, atol=1e-9)
        joint = CHANNEL.sum(axis=1)[:, None] * at.encoder_
        assert at.mi_x_[k] == pytest.approx(mutual_information(joint), abs=1e-9)
        assert at.mi_y_[k] == pytest.approx(mutual_information(p_ty / p_ty.sum()), abs=1e-9)


def test_deterministic_labels():
    """Below beta = 1 nothing is kept, above it the label is: (H(Y), H(Y))."""
    X = np.arange(12).reshape(-1, 1)
    y = np.array([0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    entropy = -sum(p * math.log2(p) for p in (1 / 12, 2 / 12, 9 / 12))
    fitted = InformationBottleneck(betas=[0.5, 0.9, 1.1, 50.0], random_state=0).fit(X, y)
    np.testing.assert_allclose(fitted.mi_x_, [0, 0, entropy, entropy], atol=1e-9)
    np.testing.assert_allclose(fitted.mi_y_, [0, 0, entropy, entropy], atol=1e-9)
    assert fitted.mi_xy_ == pytest.approx(entropy, abs=1e-12)
    np.testing.assert_array_equal(fitted.labels_, y)
    np.testing.assert_allclose(fitted.decoder_, np.eye(3), atol=1e-9)
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_joint_as_weighted_cells_is_the_path_of_the_joint():
    p_xy = np.random.default_rng(0).dirichlet(np.ones(24)).reshape(8, 3)
    X, y, weights = cells_of(p_xy)
    fitted = InformationBottleneck(betas=BETAS, n_init=2, random_state=0)
    fitted.fit(X, y, sample_weight=weights)
    path = bottleneck_path(p_xy, BETAS, n_init=2, random_state=0)
    np.testing.assert_allclose(fitted.mi_x_, path.mi_x, atol=1e-9)
    np.testing.assert_allclose(fitted.mi_y_, path.mi_y, atol=1e-9)
    order = np.argsort(-path[-1].decoder[:, 0])
    np.testing.assert_allclose(fitted.encoder_, path[-1].encoder[:, order], atol=1e-9)
    np.testing.assert_allclose(fitted.decoder_, path[-1].decoder[order], atol=1e-9)
    np.testing.assert_allclose(fitted.marginal_, path[-1].marginal[order], atol=1e-9)
    np.testing.assert_array_equal(fitted.symbols_, np.arange(8)[:, None])
    np.testing.assert_array_equal(fitted.classes_, np.arange(3))


@pytest.mark.filterwarnings("ignore:All 2 clusters are in use")
@pytest.mark.parametrize(
    "setting", [{"n_clusters": 2}, {"alpha": 0.0}, {"alpha": 0.5}, {"base": 10.0}]
)
def test_parameters_reach_the_path(setting):
    p_xy = np.random.default_rng(1).dirichlet(np.ones(18)).reshape(6, 3)
    X, y, weights = cells_of(p_xy)
    fitted = InformationBottleneck(betas=BETAS, random_state=0, **setting)
    fitted.fit(X, y, sample_weight=weights)
    path = bottleneck_path(p_xy, BETAS, random_state=0, **setting)
    np.testing.assert_allclose(fitted.mi_x_, path.mi_x, atol=1e-9)
    np.testing.assert_allclose(fitted.mi_y_, path.mi_y, atol=1e-9)
    if "n_clusters" in setting:
        assert fitted.transform(X).shape[1] == 2
    if setting.get("alpha") == 0:
        assert set(fitted.encoder_.ravel().tolist()) == {0.0, 1.0}


def test_every_parameter_reaches_the_path(monkeypatch):
    calls = []

    def spy(p_xy, betas=None, **settings):
        calls.append({"betas": betas.tolist(), **settings})
        return bottleneck_path(p_xy, betas, **settings)

    monkeypatch.setattr("ibtools.bottleneck._information_bottleneck.bottleneck_path", spy)
    settings = {"n_clusters": 20, "alpha": 0.5, "n_init": 1, "max_iter": 700, "tol": 1e-3}
    settings |= {"base": 4.0, "random_state": 5, "betas": [9.0]}
    X, y = random_rows(0)
    fitted = InformationBottleneck(**settings).fit(X, y)
    (call,) = calls
    del call["progress"]
    assert call == settings
    assert fitted.n_iter_ == fitted.path_.n_iter.max()


@reproducible
@given(st.integers(0, 2**32 - 1))
def test_weights_are_repetitions(seed):
    X, y = random_rows(seed)
    weights = np.random.default_rng(seed).integers(4, size=len(X))
    weights[:3] += 1
    repeated = np.repeat(np.arange(len(X)), weights)
    weighted = InformationBottleneck(betas=[15.0], tol=1e-4)
    plain = InformationBottleneck(betas=[15.0], tol=1e-4)
    weighted.fit(X, y, sample_weight=weights)
    plain.fit(X[repeated], y[repeated])
    np.testing.assert_array_equal(weighted.symbols_, plain.symbols_)
    for name in ("mi_x_", "mi_y_", "encoder_", "decoder_", "marginal_", "mi_xy_"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(plain, name), atol=1e-12)
    np.testing.assert_array_equal(weighted.labels_[repeated], plain.labels_)
    np.testing.assert_array_equal(weighted.labels_, plain.predict(X))
    assert weighted.score(X, y, sample_weight=weights) == pytest.approx(
        plain.score(X[repeated], y[repeated]), abs=1e-12
    )


@reproducible
@given(st.integers(0, 2**32 - 1))
def test_order_of_the_rows_does_not_matter(seed):
    X, y = random_rows(seed)
    order = np.random.default_rng(seed).permutation(len(X))
    one = InformationBottleneck(betas=[15.0], tol=1e-4).fit(X, y)
    other = InformationBottleneck(betas=[15.0], tol=1e-4).fit(X[order], y[order])
    np.testing.assert_array_equal(one.symbols_, other.symbols_)
    np.testing.assert_array_equal(one.encoder_, other.encoder_)
    np.testing.assert_array_equal(one.labels_[order], other.labels_)


@reproducible
@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(2, 4))
def test_inequalities(seed, n_values, n_classes):
    X, y = random_rows(seed, n_values=n_values, n_classes=n_classes)
    fitted = InformationBottleneck(betas=[1.2, 8.0, 100.0], tol=1e-3).fit(X, y)
    counts = np.unique(X, axis=0, return_counts=True)[1] / len(X)
    assert (fitted.mi_y_ <= np.minimum(fitted.mi_x_, fitted.mi_xy_) + 1e-9).all()
    assert (fitted.mi_x_ <= -(counts @ np.log2(counts)) + 1e-9).all()
    assert (np.diff(fitted.mi_y_) >= -1e-9).all()
    np.testing.assert_allclose(fitted.transform(X).sum(axis=1), 1, atol=1e-12)


def test_scale_of_the_weights_changes_the_score_alone():
    X, y, weights = cells_of(CHANNEL)
    one, many = (InformationBottleneck(beta=50.0, betas=[2.0], random_state=0) for _ in range(2))
    one.fit(X, y, sample_weight=weights)
    many.fit(X, y, sample_weight=weights * 1e9)
    np.testing.assert_allclose(one.mi_y_, many.mi_y_, atol=1e-12)
    np.testing.assert_allclose(one.encoder_, many.encoder_, atol=1e-12)
    assert many.score(X, y, sample_weight=weights) == pytest.approx(many.mi_y_[-1], abs=1e-6)
    assert one.score(X, y, sample_weight=weights) < many.mi_y_[-1] - 0.1


def test_score_by_hand():
    """Four rows in a cluster, three of them of class 0, of six: q(0|t) = (3 + 5/12) / 4.5."""
    X = np.array([[0], [0], [0], [0], [1], [1]])
    y = np.array([0, 0, 0, 1, 0, 1])
    y[4] = 1
    fitted = InformationBottleneck(betas=[1e6]).fit(X, y)
    q_0, q_1 = (3 + 0.25) / 4.5, (0 + 0.25) / 2.5  # p(0) = 1/2
    information = fitted.pointwise_mutual_info([[0], [0], [1], [1]], [0, 1, 0, 1])
    expected = np.log2([2 * q_0, 2 * (1 - q_0), 2 * q_1, 2 * (1 - q_1)])
    np.testing.assert_allclose(information, expected, rtol=1e-6)
    assert fitted.score([[0], [1]], [0, 0]) == pytest.approx(expected[[0, 2]].mean(), rel=1e-6)
    assert fitted.score([[0], [1]], [0, 0], sample_weight=[3, 1]) == pytest.approx(
        (3 * expected[0] + expected[2]) / 4, rel=1e-6
    )


def test_score_through_a_soft_encoder():
    """q(y|x) = sum_t p(t|x) q(y|t), with many rows so that the smoothing is nothing."""
    X, y, weights = cells_of(CHANNEL)
    fitted = InformationBottleneck(betas=[2.0]).fit(X, y, sample_weight=weights * 1e12)
    q_y = fitted.encoder_ @ fitted.decoder_
    assert 0.51 < q_y[0, 0] < 1 - ERROR - 0.01
    np.testing.assert_allclose(
        fitted.pointwise_mutual_info([[0], [1], [1]], [0, 0, 1]),
        np.log2([2 * q_y[0, 0], 2 * q_y[1, 0], 2 * q_y[1, 1]]),
        atol=1e-9,
    )


def test_score_does_not_reward_memorising():
    rng = np.random.default_rng(0)
    X, y = rng.integers(8, size=(600, 2)), rng.integers(2, size=600)
    y[X[:, 0] > 4] = 1
    fitted = {b: InformationBottleneck(betas=[b]).fit(X[:300], y[:300]) for b in (3.0, 1e3)}
    assert fitted[1e3].mi_y_[0] > fitted[3.0].mi_y_[0] + 0.03
    assert fitted[1e3].score(X[300:], y[300:]) < fitted[3.0].score(X[300:], y[300:]) - 0.01


def test_rows_that_fit_did_not_see():
    X, y = np.array([[0, 1], [0, 1], [1, 0], [1, 0], [1, 1]]), [0, 1, 1, 1, 0]
    fitted = InformationBottleneck(betas=[30.0]).fit(X, y)
    new = [[0, 0], [0.5, 1], [1, 1]]
    encoded = fitted.transform(new)
    np.testing.assert_array_equal(encoded[:2], [fitted.marginal_] * 2)
    np.testing.assert_array_equal(encoded[2], fitted.encoder_[-1])
    np.testing.assert_array_equal(fitted.predict(new)[:2], [fitted.marginal_.argmax()] * 2)
    information = fitted.pointwise_mutual_info(new, [0, 1, 0])
    np.testing.assert_array_equal(information[:2], [0, 0])
    assert information[2] > 0


def test_rows_without_weight_are_not_seen():
    X, y = [[0], [1], [2]], ["a", "b", "c"]
    fitted = InformationBottleneck(betas=[5.0]).fit(X, y, sample_weight=[1, 2, 0])
    assert fitted.symbols_.tolist() == [[0], [1]]
    assert fitted.classes_.tolist() == ["a", "b"]
    assert fitted.labels_.shape == (3,)
    assert fitted.labels_[2] == fitted.labels_[1], "the most probable cluster"


def test_beta_picks_the_point():
    X, y = random_rows(0)
    every = InformationBottleneck(betas=[1.5, 3.0, 20.0], random_state=0).fit(X, y)
    middle = InformationBottleneck(betas=[20.0, 1.5, 3.0], beta=3.0, random_state=0).fit(X, y)
    assert every.beta_ == 20
    assert middle.beta_ == 3
    np.testing.assert_array_equal(middle.betas_, [1.5, 3, 20])
    np.testing.assert_array_equal(middle.mi_y_, every.mi_y_)
    assert set(map(tuple, every.path_[1].encoder.T)) == set(map(tuple, middle.encoder_.T))
    np.testing.assert_array_equal(middle.transform(every.symbols_), middle.encoder_)
    np.testing.assert_array_equal(middle.labels_, middle.transform(X).argmax(axis=1))


@pytest.mark.parametrize("beta", [2.5, 1.0, 1e3])
def test_a_beta_of_its_own_joins_the_path(beta):
    X, y = random_rows(0)
    fitted = InformationBottleneck(betas=[1.5, 3.0, 20.0], beta=beta, random_state=0).fit(X, y)
    np.testing.assert_array_equal(fitted.betas_, sorted([1.5, 3, 20, beta]))
    assert fitted.beta_ == beta
    assert len(fitted.mi_x_) == len(fitted.mi_y_) == len(fitted.converged_) == 4


def test_a_beta_joins_the_usual_path():
    X, y, weights = cells_of(CHANNEL)
    usual = InformationBottleneck().fit(X, y, sample_weight=weights)
    joined = InformationBottleneck(beta=math.pi).fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(joined.betas_, np.union1d(usual.betas_, math.pi))
    assert joined.beta_ == math.pi


def test_nats_and_bits_are_one_encoder():
    X, y = random_rows(3)
    bits = InformationBottleneck(betas=[2.0, 8.0], random_state=0).fit(X, y)
    nats = InformationBottleneck(betas=[2.0, 8.0], base=math.e, random_state=0).fit(X, y)
    np.testing.assert_allclose(nats.mi_x_, bits.mi_x_ * math.log(2), atol=1e-12)
    np.testing.assert_allclose(nats.encoder_, bits.encoder_, atol=1e-12)
    assert nats.mi_xy_ == pytest.approx(bits.mi_xy_ * math.log(2))
    assert nats.score(X, y) == pytest.approx(bits.score(X, y) * math.log(2))


def test_kinds_of_rows_and_labels():
    X, y = random_rows(4)
    X = X / 10
    one = InformationBottleneck(betas=[4.0], random_state=0).fit(X, y)
    single = X.astype(np.float32)
    names = np.array(["cat", "dog", "eel"])[y]
    other = InformationBottleneck(betas=[4.0], random_state=0).fit(single, names)
    assert other.classes_.tolist() == ["cat", "dog", "eel"]
    np.testing.assert_array_equal(one.encoder_, other.encoder_)
    np.testing.assert_array_equal(other.predict(single), one.predict(X))
    np.testing.assert_array_equal(other.predict(single.astype(np.float64)), one.predict(X))
    assert other.score(single, names) == one.score(X, y)
    flags = InformationBottleneck(betas=[4.0], random_state=0).fit(X, y == 1)
    assert flags.classes_.tolist() == [False, True]


@pytest.mark.filterwarnings("ignore:All 2 clusters are in use")
def test_frames():
    import pandas as pd

    X, y = random_rows(5)
    frame, labels = pd.DataFrame(X, columns=["a", "b"]), pd.Series(y, name="y")
    fitted = InformationBottleneck(2, betas=[9.0]).set_output(transform="pandas")
    encoded = fitted.fit_transform(frame, labels)
    assert encoded.columns.tolist() == ["informationbottleneck0", "informationbottleneck1"]
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(encoded.to_numpy(), fitted.encoder_[_symbol_index(fitted, X)])


def _symbol_index(fitted, X):
    rows = [tuple(row) for row in fitted.symbols_]
    return [rows.index(tuple(row)) for row in X]


def test_labels_in_a_column_warn():
    X, y = random_rows(5)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        fitted = InformationBottleneck(betas=[9.0]).fit(X, y[:, None])
    assert fitted.classes_.tolist() == [0, 1, 2]


def test_fit_predict_and_refit():
    X, y = random_rows(6)
    fitted = InformationBottleneck(betas=[9.0])
    labels = fitted.fit_predict(X, y, sample_weight=np.ones(len(X)))
    np.testing.assert_array_equal(labels, fitted.labels_)
    fitted.set_params(betas=[0.5]).fit(X[:30, :1], y[:30])
    assert fitted.transform(X[:, :1]).shape == (60, 1)
    assert fitted.n_features_in_ == 1


def test_seed_and_pickle():
    X, y = random_rows(7)
    fitted = InformationBottleneck(betas=[8.0, 30.0], n_init=3, random_state=0).fit(X, y)
    again = InformationBottleneck(betas=[8.0, 30.0], n_init=3, random_state=0).fit(X, y)
    np.testing.assert_array_equal(fitted.transform(X), again.transform(X))
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(copy.path_.mi_y, fitted.mi_y_)


@pytest.mark.parametrize(
    ("X", "y", "reason"),
    [
        ([[0], [1], [1]], ["a", "a", "a"], "all labels are 'a'"),
        ([[2], [2], [2]], [0, 1, 1], "all rows of X are equal"),
        ([[2], [2]], [0, 0], "all labels are 0 and all rows of X are equal"),
    ],
)
def test_nothing_to_tell(X, y, reason):
    with pytest.warns(UserWarning, match=f"bound is 0 everywhere, because .*{reason}"):
        fitted = InformationBottleneck().fit(X, y)
    assert fitted.mi_xy_ == 0
    assert not fitted.mi_x_.any()
    assert not fitted.mi_y_.any()
    assert fitted.critical_betas_.size == 0
    assert fitted.score(X, y) == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(fitted.labels_, 0)
    np.testing.assert_array_equal(fitted.transform(X), 1)


def test_too_few_iterations_warn():
    X, y = random_rows(8)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        fitted = InformationBottleneck(betas=[9.0, 20.0], max_iter=1).fit(X, y)
    assert fitted.converged_.shape == (2,)
    assert not fitted.converged_.all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [[0.0], [np.nan]], "y": [0, 1]}, "NaN"),
        ({"X": [[0.0], [np.inf]], "y": [0, 1]}, "infinity"),
        ({"X": [[0.0]], "y": [0]}, "1 sample"),
        ({"X": [0.0, 1.0], "y": [0, 1]}, "2D array"),
        ({"X": [[0.0], [1.0]], "y": None}, "requires y to be passed"),
        ({"X": [[0.0], [1.0]], "y": [0.5, 1.5]}, "continuous"),
        ({"X": [[0.0], [1.0]], "y": [0.0, np.nan]}, "y contains NaN"),
        ({"X": [[0.0], [1.0]], "y": [0, 1, 1]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "y": [[0, 1], [1, 1]]}, "1d array"),
        ({"X": [["a"], ["b"]], "y": [0, 1]}, "could not convert string|string"),
        ({"X": [[0.0], [1.0]], "y": [0, 1], "sample_weight": [0, 0]}, "at least one non-zero"),
        ({"X": [[0.0], [1.0]], "y": [0, 1], "sample_weight": [1, -1]}, "Negative values"),
        ({"X": [[0.0], [1.0]], "y": [0, 1], "sample_weight": [1, np.nan]}, "NaN"),
        ({"X": [[0.0], [1.0]], "y": [0, 1], "sample_weight": [1, 1, 1]}, "sample_weight"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        InformationBottleneck().fit(**arguments)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_clusters": 0}, "n_clusters"),
        ({"betas": 3.0}, "betas"),
        ({"betas": []}, "beta"),
        ({"betas": [1.0, -2.0]}, "beta"),
        ({"betas": [1.0, np.nan]}, "beta"),
        ({"betas": [[1.0, 2.0]]}, "beta"),
        ({"betas": [[1.0, 2.0]], "beta": 3.0}, "beta"),
        ({"betas": [1.0, -2.0], "beta": 3.0}, "beta"),
        ({"betas": ["low", "high"]}, "could not convert string"),
        ({"betas": ["low", "high"], "beta": 3.0}, "could not convert string"),
        ({"beta": 0.0}, "beta"),
        ({"beta": np.inf}, "beta"),
        ({"alpha": -0.1}, "alpha"),
        ({"n_init": -1}, "n_init"),
        ({"max_iter": 0}, "max_iter"),
        ({"tol": -1.0}, "tol"),
        ({"base": 1.0}, "base"),
        ({"random_state": "seed"}, "random_state"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        InformationBottleneck(**parameters).fit([[0.0], [1.0]], [0, 1])


def test_bad_held_out_rows():
    X, y = random_rows(9)
    fitted = InformationBottleneck(betas=[3.0]).fit(X, y)
    with pytest.raises(ValueError, match=r"labels that fit did not see: \[7\]"):
        fitted.score(X[:1], [7])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fitted.score(X, y[1:])
    with pytest.raises(ValueError, match="3 features"):
        fitted.transform(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="at least one non-zero"):
        fitted.score(X[:2], y[:2], sample_weight=[0, 0])
    with pytest.raises(ValueError, match="NaN"):
        fitted.predict([[np.nan, 0.0]])


@pytest.mark.parametrize("method", ["transform", "predict"])
def test_unfitted(method):
    with pytest.raises(NotFittedError):
        getattr(InformationBottleneck(), method)([[0.0]])
    with pytest.raises(NotFittedError):
        InformationBottleneck().score([[0.0]], [0])
