"""Decomposition of feature maps against products of Gram matrices, and in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ibtools.information._decomposition import (
    decompose_feature_maps,
    decompose_variables,
    draw_pairs,
    map_bandwidths,
    map_by_map,
)
from ibtools.information._spectral_gram import delta_variable, joint_variable, rbf_variable

ALPHAS = [0.7, 1, 1.01, 2, 3]


def _gram(values, bandwidth):
    rows = np.asarray(values, dtype=float).reshape(len(values), -1)
    distances = ((rows[:, None] - rows) ** 2).sum(axis=-1)
    return np.exp(-distances / (2 * bandwidth**2))


def _entropy(gram, alpha):
    """In bits, from the definition; near alpha = 1 by expm1, which loses no digits."""
    p = np.maximum(np.linalg.eigvalsh(gram / len(gram)), 0)
    p = p[p > 1e-17]
    if alpha == 1:
        return -(p * np.log2(p)).sum()
    return math.log1p((p * np.expm1((alpha - 1) * np.log(p))).sum()) / (1 - alpha) / math.log(2)


def _naive(maps, bandwidths, target, alpha):
    """One Hadamard product and one eigendecomposition for each of the three terms."""
    grams = [_gram(values, bandwidth) for values, bandwidth in zip(maps, bandwidths, strict=True)]

    def information(gram):
        alone, ceiling = _entropy(gram, alpha), _entropy(target, alpha)
        return alone + ceiling - _entropy(gram * target, alpha)

    of_maps = [information(gram) for gram in grams]
    pairs = [(i, j) for i in range(len(maps)) for j in range(i + 1, len(maps))]
    of_pairs = np.array([information(grams[i] * grams[j]) for i, j in pairs])
    shared = np.array([of_maps[i] + of_maps[j] for i, j in pairs]) - of_pairs
    distinct = np.array([-of_maps[i] - of_maps[j] for i, j in pairs]) + 2 * of_pairs
    return {
        "mmi": information(np.prod(grams, axis=0)),
        "redundancy_synergy": shared.mean(),
        "non_redundant": distinct.mean(),
        "redundancy_synergy_share": (shared / of_pairs).mean(),
        "non_redundant_share": (distinct / of_pairs).mean(),
        "ceiling": _entropy(target, alpha),
        "map_mi": of_maps,
        "pair_mi": of_pairs,
    }


@pytest.fixture(scope="module")
def layer():
    """Values of inputs, five maps of them (of different sizes), and labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 6))
    maps = [np.tanh(X @ rng.normal(size=(6, size))) for size in (2, 3, 4, 4, 5)]
    return X, maps, rng.integers(4, size=40)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("kind", ["identity", "labels", "values"])
def test_equals_products_of_gram_matrices(layer, alpha, kind):
    X, maps, labels = layer
    bandwidths = np.linspace(1.0, 2.0, 5)
    target, gram = {
        "identity": (None, np.eye(40)),
        "labels": (labels, (labels[:, None] == labels).astype(float)),
        "values": (X, _gram(X, 1.7)),
    }[kind]
    measured = decompose_feature_maps(
        maps, target, bandwidth=bandwidths, target_bandwidth=1.7, alpha=alpha
    )
    # The least eigenvalues count most at alpha = 0.7, and are known to fewer digits.
    atol = 1e-6 if alpha < 1 else 1e-9
    for name, expected in _naive(maps, bandwidths, gram, alpha).items():
        assert_allclose(getattr(measured, name), expected, atol=atol, err_msg=name)


def test_sixteen_maps_of_a_mini_batch():
    """128 rows and all 120 pairs, in several chunks."""
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(16, 128, 4))
    labels = rng.integers(10, size=128)
    bandwidths = np.full(16, 3.0)
    measured = decompose_feature_maps(maps, labels, bandwidth=3.0)
    assert len(measured.pairs) == 120
    gram = (labels[:, None] == labels).astype(float)
    for name, expected in _naive(maps, bandwidths, gram, 1.01).items():
        assert_allclose(getattr(measured, name), expected, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("alpha", [1.01, 2])
def test_target_of_classes_and_values(layer, alpha):
    """A target of both: its kernel within the blocks of the classes."""
    X, maps, labels = layer
    target = joint_variable(delta_variable(labels), rbf_variable([X], np.array([1.7])))
    variables = map_by_map(maps, np.full(5, 1.5))
    pairs = draw_pairs(5, None, np.random.default_rng(0))
    measured, itself = decompose_variables(variables, [target, None], pairs, alpha=alpha)
    gram = _gram(X, 1.7) * (labels[:, None] == labels)
    for decomposition, its_gram in ((measured, gram), (itself, np.eye(40))):
        for name, expected in _naive(maps, np.full(5, 1.5), its_gram, alpha).items():
            assert_allclose(getattr(decomposition, name), expected, atol=1e-9, err_msg=name)


def test_copies_are_redundant(layer):
    X, maps, labels = layer
    for target in (None, labels, X):
        measured = decompose_feature_maps([maps[0]] * 3, target, bandwidth=1e-5)
        # So narrow a kernel knows the rows: what one copy says is all there is to say.
        assert_allclose(measured.map_mi, measured.ceiling, atol=1e-9)
        assert measured.redundancy_synergy == pytest.approx(measured.ceiling, abs=1e-9)
        assert measured.redundancy_synergy_share == pytest.approx(1, abs=1e-9)
        assert measured.non_redundant == pytest.approx(0, abs=1e-9)

    # For any kernel, two copies are one map whose bandwidth is narrower by sqrt(2).
    wide, narrower = (
        decompose_feature_maps([maps[0]] * 2, labels, bandwidth=bandwidth)
        for bandwidth in (1.0, math.sqrt(0.5))
    )
    assert_allclose(wide.pair_mi, narrower.map_mi[:1])
    assert wide.redundancy_synergy > 0.05


@pytest.mark.parametrize("alpha", ALPHAS)
def test_exclusive_or_is_synergy(alpha):
    """Each bit alone says nothing about their exclusive or, both together all: 0 + 0 - 1 bits."""
    first, second = np.repeat([[0, 0, 1, 1], [0, 1, 0, 1]], 5, axis=1)[..., None]
    measured = decompose_feature_maps(
        [first, second], (first != second).ravel(), bandwidth=0.05, alpha=alpha
    )
    assert_allclose(measured.map_mi, 0, atol=1e-12)
    assert measured.mmi == pytest.approx(1, abs=1e-12)
    assert measured.redundancy_synergy == pytest.approx(-1, abs=1e-12)
    assert measured.non_redundant == pytest.approx(2, abs=1e-12)
    assert measured.redundancy_synergy_share == pytest.approx(-1, abs=1e-12)


def test_independent_bits_are_neither():
    """About the input, two bits of a uniform pair: 1 + 1 - 2 bits."""
    first, second = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])[..., None]
    measured = decompose_feature_maps([first, second], bandwidth=0.05)
    assert measured.redundancy_synergy == pytest.approx(0, abs=1e-12)
    assert measured.non_redundant == pytest.approx(2, abs=1e-12)
    assert measured.mmi == measured.ceiling == pytest.approx(2, abs=1e-12)
    in_nats = decompose_feature_maps([first, second], bandwidth=0.05, base=math.e)
    assert in_nats.non_redundant == pytest.approx(2 * math.log(2), abs=1e-12)
    assert_allclose(in_nats.pair_entropy, 2 * math.log(2))


def test_dead_maps_have_no_share():
    """Two constant maps say nothing: their pair has no fraction, the others count."""
    dead, alive = np.zeros((8, 3)), np.arange(8.0).reshape(8, 1)
    for alpha in (1.01, 2):
        measured = decompose_feature_maps([dead, dead, alive], bandwidth=0.1, alpha=alpha)
        assert measured.redundancy_synergy_share == pytest.approx(0, abs=1e-12)
        assert measured.redundancy_synergy == pytest.approx(0, abs=1e-12)
        assert measured.non_redundant == pytest.approx(2, abs=1e-12)  # (0 + 3 + 3) / 3
        others = decompose_feature_maps([dead, dead, alive, alive], bandwidth=0.1, alpha=alpha)
        assert others.redundancy_synergy_share == pytest.approx(1 / 5)
        assert others.share_std_error == 0  # left out or not, all pairs were measured
        silent = decompose_feature_maps([dead, dead], alpha=alpha)
        assert silent.mmi == pytest.approx(0, abs=1e-12)
        assert math.isnan(silent.redundancy_synergy_share)
        assert math.isnan(silent.non_redundant_share)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    seed=st.integers(0, 2**31),
    n_maps=st.integers(2, 5),
    alpha=st.sampled_from(ALPHAS),
    kind=st.sampled_from(["identity", "labels", "values"]),
    bandwidth=st.floats(0.2, 5),
)
def test_inequalities_and_invariances(seed, n_maps, alpha, kind, bandwidth):
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(n_maps, 16, 2))
    values = rng.normal(size=(16, 3))
    target = {"identity": None, "labels": np.arange(16) % 3, "values": values}[kind]
    options = {"bandwidth": bandwidth, "alpha": alpha}
    measured = decompose_feature_maps(maps, target, **options)

    first, second = measured.map_mi[measured.pairs.T]
    # Each row its own input: information is an entropy, which never falls with a map more.
    if kind == "identity":
        assert (measured.pair_mi >= np.maximum(first, second) - 1e-9).all()
        assert measured.mmi >= measured.pair_mi.max() - 1e-9
    informations = np.array([measured.mmi, *measured.map_mi, *measured.pair_mi])
    assert (informations <= measured.ceiling + 1e-6).all()
    if alpha == 1:
        assert (informations >= -1e-9).all()
    total = measured.redundancy_synergy + measured.non_redundant
    assert total == pytest.approx(measured.pair_mi.mean(), abs=1e-9)
    assert (measured.pair_entropy <= 4 + 1e-9).all()

    order, rows = rng.permutation(n_maps), rng.permutation(16)
    shuffled = decompose_feature_maps(
        maps[order][:, rows], None if target is None else target[rows], **options
    )
    rotated = decompose_feature_maps(maps @ np.array([[0.6, 0.8], [-0.8, 0.6]]), target, **options)
    tolerance = 1e-6 if alpha < 1 else 1e-9
    for other in (shuffled, rotated):
        for name in ("mmi", "redundancy_synergy", "non_redundant", "ceiling"):
            assert_allclose(getattr(other, name), getattr(measured, name), atol=tolerance)


def test_joint_with_classes_grows_at_alpha_1():
    """I(Y; {T_i, T_j}) >= I(Y; T_i) where maps are discrete, as for Shannon's information."""
    rng = np.random.default_rng(0)
    maps = rng.integers(2, size=(4, 60, 1)).astype(float)
    labels = (maps.sum(axis=(0, 2)) > 2).astype(int)
    measured = decompose_feature_maps(maps, labels, bandwidth=0.05, alpha=1)
    first, second = measured.map_mi[measured.pairs.T]
    assert (measured.pair_mi >= np.maximum(first, second)).all()
    assert measured.mmi == pytest.approx(measured.ceiling, abs=1e-9)  # all bits tell the label


@pytest.mark.parametrize("alpha", [1.01, 2])
def test_sampled_pairs(layer, alpha):
    _, maps, labels = layer
    everything = decompose_feature_maps(maps, labels, alpha=alpha)
    drawn = decompose_feature_maps(maps, labels, alpha=alpha, n_pairs=4, random_state=0)
    assert drawn.pairs.shape == (4, 2)
    assert drawn.mmi == everything.mmi
    numbers = {tuple(pair): k for k, pair in enumerate(everything.pairs)}
    kept = [numbers[tuple(pair)] for pair in drawn.pairs]
    assert_allclose(drawn.pair_mi, everything.pair_mi[kept])
    assert everything.redundancy_synergy_std_error == everything.share_std_error == 0
    again = decompose_feature_maps(maps, labels, alpha=alpha, n_pairs=4, random_state=0)
    assert again.redundancy_synergy == drawn.redundancy_synergy


def test_standard_error_is_that_of_the_draws(layer):
    """Of all draws of 6 out of 10 pairs: unbiased, and their spread is the error stated."""
    _, maps, labels = layer
    everything = decompose_feature_maps(maps, labels)
    draws = [
        decompose_feature_maps(maps, labels, n_pairs=6, random_state=seed) for seed in range(400)
    ]
    for name, error in (
        ("redundancy_synergy", "redundancy_synergy_std_error"),
        ("non_redundant", "non_redundant_std_error"),
        ("redundancy_synergy_share", "share_std_error"),
    ):
        values = np.array([getattr(draw, name) for draw in draws])
        stated = np.sqrt(np.mean([getattr(draw, error) ** 2 for draw in draws]))
        assert values.mean() == pytest.approx(getattr(everything, name), abs=4 * stated / 20)
        assert values.std() == pytest.approx(stated, rel=0.12)


def test_draw_pairs():
    rng = np.random.default_rng(0)
    assert draw_pairs(3, None, rng).tolist() == [[0, 1], [0, 2], [1, 2]]
    assert draw_pairs(3, 7, rng).tolist() == [[0, 1], [0, 2], [1, 2]]
    pairs = draw_pairs(40, 100, rng)
    assert len(np.unique(pairs, axis=0)) == 100
    assert (pairs[:, 0] < pairs[:, 1]).all()


def test_a_rule_does_not_look_at_other_maps(layer):
    """So a pair is the same among any number of maps."""
    _, maps, labels = layer
    for rule in ("scaled", "silverman", "median", "alignment"):
        five = decompose_feature_maps(maps, labels, bandwidth=rule)
        two = decompose_feature_maps(maps[:2], labels, bandwidth=rule)
        assert two.pair_mi[0] == pytest.approx(five.pair_mi[0], abs=1e-12)
    options = {"factor": None, "target": None, "rng": np.random.default_rng(0)}
    silverman = map_bandwidths(maps, "silverman", 40, **options)
    assert_allclose(silverman, [5 * 40 ** (-1 / (4 + part.shape[1])) for part in maps])
    assert_allclose(map_bandwidths(maps, 0.3, 40, **options), np.full(5, 0.3))


def test_float32_and_images_are_accepted(layer):
    _, maps, labels = layer
    images = [part[:, :2].reshape(-1, 2, 1).astype(np.float32) for part in maps]
    flat = [part[:, :2].astype(np.float32).astype(float) for part in maps]
    left, right = (decompose_feature_maps(part, labels) for part in (images, flat))
    assert left.mmi == right.mmi


def test_many_maps_do_not_underflow():
    """The product of 400 kernels of e^-2 each: the summed distances give exactly log n."""
    maps = 2 * np.random.default_rng(0).normal(size=(400, 6, 1))
    measured = decompose_feature_maps(maps, bandwidth=1.0, n_pairs=3, random_state=0)
    assert measured.mmi == pytest.approx(math.log2(6), abs=1e-12)
    assert np.isfinite(measured.pair_mi).all()


@pytest.mark.parametrize(
    ("maps", "target", "options", "message"),
    [
        ([np.zeros((4, 1))], None, {}, "at least two maps, got 1"),
        ([np.zeros((4, 1)), np.zeros((3, 1))], None, {}, r"numbers of samples: \[4, 3\]"),
        ([np.zeros((1, 1))] * 2, None, {}, "2 are needed, got 1"),
        ([np.zeros(4)] * 2, None, {}, r"maps\[0\] has shape \(4,\)"),
        ([np.zeros((4, 1)), np.full((4, 1), np.nan)], None, {}, r"maps\[1\] contains NaN"),
        ([np.ones((4, 1))] * 2, [0, 1], {}, "target has 2 rows, but the maps have 4"),
        ([np.ones((4, 1))] * 2, np.full((4, 1), np.inf), {}, "target contains NaN"),
        ([np.ones((4, 1))] * 2, [0.5, 1.0, 2.0, 0.1], {}, "continuous"),
        ([np.ones((4, 1))] * 2, None, {"bandwidth": [1, 2, 3]}, "each of the 2 maps"),
        ([np.ones((4, 1))] * 2, None, {"bandwidth": -1}, "a positive number"),
        ([np.ones((4, 1))] * 2, None, {"bandwidth": [1, np.nan]}, "positive"),
        ([np.ones((4, 1))] * 2, None, {"bandwidth": "alignment"}, "y was not given"),
        ([np.ones((4, 1))] * 2, None, {"alpha": 0}, "alpha must be"),
        ([np.ones((4, 1))] * 2, None, {"base": 1}, "base must be"),
    ],
)
def test_bad_input(maps, target, options, message):
    with pytest.raises(ValueError, match=message):
        decompose_feature_maps(maps, target, **options)
