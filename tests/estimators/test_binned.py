"""BinnedMI: the numbers of the papers, closed forms, inequalities and bad input."""

import math
import subprocess
import sys
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import train_test_split

from ibtools import BinnedMI
from ibtools.datasets import make_szt, szt_joint
from ibtools.information import mutual_information

reproducible = settings(deadline=None, derandomize=True, max_examples=50)


def test_published_table_of_the_4096_patterns():
    X, y = make_szt()
    T, _, labels, _ = train_test_split(X, y, train_size=0.8, random_state=42)
    binned = BinnedMI(n_bins=30, bounds=(0, 1)).fit(T, labels)
    assert len(T) == 3276
    assert binned.mi_x_ == pytest.approx(11.677719641641012, abs=1e-12)
    assert binned.mi_y_ == pytest.approx(0.9976734295143714, abs=1e-12)


def test_stochastic_rule_is_measured_exactly():
    """Each row once per class, weighted by p(y|x): I(T;Y) of a lossless T is I(X;Y)."""
    X, _ = make_szt()
    p_xy = szt_joint(gain=50)
    rows, labels = np.repeat(np.arange(4096), 2), np.tile([0, 1], 4096)
    weights = p_xy[rows, labels]
    binned = BinnedMI(n_bins=2).fit(X[rows], labels, inputs=rows, sample_weight=weights)
    assert binned.mi_y_ == pytest.approx(mutual_information(p_xy), abs=1e-12)
    assert binned.mi_y_ == pytest.approx(0.9875, abs=5e-5)
    assert binned.mi_x_ == pytest.approx(12, abs=1e-12)


@pytest.mark.parametrize("correction", [None, "miller-madow", "grassberger", "jackknife"])
def test_binary_symmetric_channel(correction):
    """Y is T flipped with frequency 1/4, exactly: I = 1 - h(1/4)."""
    T = np.repeat([[-0.5], [0.5]], 4 * 10**4, axis=0)
    y = np.concatenate([np.tile([0, 0, 0, 1], 10**4), np.tile([1, 1, 1, 0], 10**4)])
    flip = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    binned = BinnedMI(n_bins=2, bounds=(-1, 1), correction=correction).fit(T, y)
    tolerance = 1e-12 if correction is None else 1e-4
    assert binned.mi_y_ == pytest.approx(1 - flip, abs=tolerance)
    assert binned.entropy_ == pytest.approx(1, abs=tolerance)


def test_repeated_inputs_take_the_noise_out():
    """T is X plus a fair coin: H(T) = 2 bits, H(T|X) = 1 bit."""
    T = np.array([[0.0], [1.0], [2.0], [3.0]])
    alone = BinnedMI(bin_width=1).fit(T)
    paired = BinnedMI(bin_width=1).fit(T, inputs=["a", "a", "b", "b"])
    assert alone.mi_x_ == alone.entropy_ == pytest.approx(2)
    assert paired.entropy_ == pytest.approx(2)
    assert paired.mi_x_ == pytest.approx(1)


def test_unequal_repeats_are_weighted_by_rows():
    T = np.array([[0.0], [1.0], [0.0], [5.0]])
    binned = BinnedMI(bin_width=1).fit(T, inputs=[0, 0, 0, 1])
    noise = 0.75 * (math.log2(3) - 2 / 3)
    assert binned.mi_x_ == pytest.approx(1.5 - noise, abs=1e-12)


@pytest.mark.parametrize("correction", [None, "miller-madow", "grassberger", "jackknife"])
def test_one_row_per_input_has_no_noise(correction):
    T = np.random.default_rng(0).normal(size=(50, 2))
    one = BinnedMI(correction=correction).fit(T)
    same = BinnedMI(correction=correction).fit(T, inputs=np.arange(50)[::-1])
    assert one.mi_x_ == same.mi_x_ == one.entropy_


@pytest.mark.parametrize("correction", [None, "miller-madow", "grassberger", "jackknife"])
def test_single_rows_among_repeated_ones_add_no_noise(correction):
    """Two rows of one input among 1000 have 2.83 bits at most, which weigh 2/1000."""
    T = np.random.default_rng(0).normal(size=(1000, 2))
    inputs = np.arange(1000)
    alone = BinnedMI(10, correction=correction).fit(T, inputs=inputs).mi_x_
    inputs[1] = 0
    assert BinnedMI(10, correction=correction).fit(T, inputs=inputs).mi_x_ == pytest.approx(
        alone, abs=0.00567
    )


def test_units_are_joined_into_one_symbol():
    """Two units that say nothing alone say all together (exclusive or)."""
    T = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5)
    y = np.logical_xor(T[:, 0], T[:, 1])
    assert BinnedMI(n_bins=2).fit(T, y).mi_y_ == pytest.approx(1)
    assert BinnedMI(n_bins=2).fit(T[:, :1], y).mi_y_ == pytest.approx(0, abs=1e-12)


def test_nats():
    T = np.arange(8.0)[:, None]
    assert BinnedMI(bin_width=1, base=math.e).fit(T).mi_x_ == pytest.approx(math.log(8))


def test_narrow_bins_reach_the_ceilings():
    rng = np.random.default_rng(0)
    T, y = rng.normal(size=(1000, 4)), rng.integers(3, size=1000)
    p = np.bincount(y) / 1000
    binned = BinnedMI(bin_width=1e-6).fit(T, y)
    assert binned.mi_x_ == pytest.approx(math.log2(1000), abs=1e-12)
    assert binned.mi_y_ == pytest.approx(-(p * np.log2(p)).sum(), abs=1e-12)


def test_corrections_lower_the_bias_of_information():
    """Independent labels: the plug-in reads much, corrections come nearer to 0, below it too."""
    rng = np.random.default_rng(0)
    read = {name: [] for name in (None, "miller-madow", "grassberger", "jackknife")}
    for _ in range(50):
        T, y = rng.integers(10, size=(300, 1)), rng.integers(4, size=300)
        for name, values in read.items():
            values.append(BinnedMI(n_bins=10, correction=name).fit(T, y).mi_y_)
    means = {name: np.mean(values) for name, values in read.items()}
    assert means[None] > 0.05
    for name in ("miller-madow", "grassberger", "jackknife"):
        assert abs(means[name]) < 0.01
        assert min(read[name]) < 0, "nothing is clipped"


@reproducible
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 40))
def test_inequalities(seed, n_features, n_bins):
    rng = np.random.default_rng(seed)
    T = rng.normal(size=(60, n_features)).round(1)
    y = rng.integers(3, size=60)
    whole = BinnedMI(n_bins=n_bins, bounds=(-9, 9)).fit(T, y)
    part = BinnedMI(n_bins=n_bins, bounds=(-9, 9)).fit(T[:, :1], y)
    coarse = BinnedMI(n_bins=n_bins, bounds=(-9, 9)).fit(np.floor(T), y)
    assert -1e-12 <= whole.mi_y_ <= whole.mi_x_ + 1e-12
    assert whole.mi_x_ <= math.log2(60) + 1e-12
    assert part.mi_x_ <= whole.mi_x_ + 1e-12
    assert part.mi_y_ <= whole.mi_y_ + 1e-12
    assert coarse.mi_y_ <= math.log2(3) + 1e-12


@reproducible
@given(st.integers(0, 2**32 - 1))
def test_nested_bins_never_lose_information(seed):
    rng = np.random.default_rng(seed)
    T, y = rng.uniform(-1, 1, size=(80, 2)), rng.integers(3, size=80)
    read = [BinnedMI(n_bins=n, bounds=(-1, 1)).fit(T, y) for n in (1, 2, 4, 8, 16)]
    for coarse, fine in pairwise(read):
        assert coarse.mi_x_ <= fine.mi_x_ + 1e-12
        assert coarse.mi_y_ <= fine.mi_y_ + 1e-12


@reproducible
@given(st.integers(0, 2**32 - 1))
def test_weights_are_repetitions(seed):
    rng = np.random.default_rng(seed)
    T, y = rng.uniform(-1, 1, size=(40, 2)).round(1), rng.integers(3, size=40)
    inputs, weights = rng.integers(10, size=40), rng.integers(4, size=40)
    y[np.flatnonzero(weights)[:2]] = 0, 1
    repeated = np.repeat(np.arange(40), weights)
    weighted = BinnedMI(n_bins=5).fit(T, y, inputs=inputs, sample_weight=weights)
    plain = BinnedMI(n_bins=5).fit(T[repeated], y[repeated], inputs=inputs[repeated])
    assert weighted.mi_x_ == pytest.approx(plain.mi_x_, abs=1e-12)
    assert weighted.mi_y_ == pytest.approx(plain.mi_y_, abs=1e-12)
    np.testing.assert_array_equal(weighted.classes_, plain.classes_)
    np.testing.assert_allclose(
        weighted.pointwise_mutual_info(T[repeated], y[repeated]),
        plain.pointwise_mutual_info(T[repeated], y[repeated]),
        atol=1e-12,
    )


def test_decimal_values_on_edges_have_bins_of_their_own():
    T = np.array([k / 10 for k in range(10)])[:, None]
    assert BinnedMI(10, bounds=(0, 1)).fit(T).mi_x_ == pytest.approx(math.log2(10))
    assert BinnedMI(bin_width=0.1).fit(T).mi_x_ == pytest.approx(math.log2(10))


@pytest.mark.parametrize("T", [[[-1e308], [1e308]], [[0.0], [5e-324]]])
def test_ranges_that_cannot_be_divided(T):
    with pytest.raises(ValueError, match="cannot be divided"):
        BinnedMI().fit(T)


def test_bins_cover_the_values_of_the_whole_layer():
    T = np.array([[0.0, 10.0], [1.0, 20.0], [2.0, 30.0]])
    binned = BinnedMI(n_bins=3).fit(T)
    np.testing.assert_array_equal(binned.transform(T), [[0, 1], [0, 2], [0, 2]])
    np.testing.assert_allclose(binned.bin_edges_, [0, 10, 20, 30])


@pytest.mark.parametrize("bounds", [None, "layer"])
def test_equal_mass_of_the_layer(bounds):
    """Six values in three bins of two each, whatever the unit; halfway edges."""
    T = np.array([[1.0, 100.0], [2.0, 200.0], [10.0, 20.0]])
    binned = BinnedMI(n_bins=3, strategy="quantile", bounds=bounds).fit(T)
    np.testing.assert_array_equal(binned.transform(T), [[0, 2], [0, 2], [1, 1]])
    np.testing.assert_allclose(binned.bin_edges_, [1, 6, 60, 200])
    np.testing.assert_array_equal(binned.bin_counts_, [[2, 1, 0], [0, 1, 2]])


def test_equal_mass_of_each_unit():
    """H(T) of one unit in n bins is log2 n, however skewed the values."""
    T = np.random.default_rng(0).normal(size=(1200, 3)) ** 3 * [1, 1e3, 1e-3] + [0, 1e6, 0]
    binned = BinnedMI(n_bins=8, strategy="quantile", bounds="unit").fit(T)
    assert isinstance(binned.bin_counts_, list)
    for counts in binned.bin_counts_:
        np.testing.assert_array_equal(counts, [150] * 8)
    assert binned.empty_bin_fraction_ == 0
    for unit in range(3):
        alone = BinnedMI(n_bins=8, strategy="quantile", bounds="unit").fit(T[:, [unit]])
        assert alone.entropy_ == pytest.approx(3, abs=1e-12)
        np.testing.assert_array_equal(alone.bin_edges_[0], binned.bin_edges_[unit])


@reproducible
@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_equal_mass_does_not_know_monotone_maps(seed, n_bins):
    rng = np.random.default_rng(seed)
    T, y = rng.normal(size=(60, 2)).round(1), rng.integers(3, size=60)
    one = BinnedMI(n_bins, strategy="quantile", bounds="unit").fit(T, y)
    other = BinnedMI(n_bins, strategy="quantile", bounds="unit").fit(np.exp(T) * [5, 1e-3], y)
    np.testing.assert_array_equal(one.transform(T), other.transform(np.exp(T) * [5, 1e-3]))
    assert one.mi_y_ == other.mi_y_


@reproducible
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, "unit"]))
def test_weights_are_repetitions_in_bins_of_equal_mass(seed, bounds):
    rng = np.random.default_rng(seed)
    T, y = rng.normal(size=(40, 2)).round(1), rng.integers(3, size=40)
    weights = rng.integers(4, size=40)
    repeated = np.repeat(np.arange(40), weights)
    binned = BinnedMI(5, strategy="quantile", bounds=bounds)
    weighted = binned.fit(T, y, sample_weight=weights).mi_x_, binned.transform(T)
    plain = binned.fit(T[repeated], y[repeated]).mi_x_, binned.transform(T)
    assert weighted[0] == pytest.approx(plain[0], abs=1e-12)
    np.testing.assert_array_equal(weighted[1], plain[1])


def test_ties_and_constant_units_have_fewer_bins():
    T = np.column_stack([[0.0] * 6 + [1, 2], [7.0] * 8])
    binned = BinnedMI(n_bins=4, strategy="quantile", bounds="unit").fit(T)
    np.testing.assert_allclose(binned.bin_edges_[0], [0, 0.5, 2])
    np.testing.assert_array_equal(binned.bin_counts_[0], [6, 2])
    np.testing.assert_array_equal(binned.bin_edges_[1], [7, 7])
    np.testing.assert_array_equal(binned.bin_counts_[1], [8])
    assert binned.entropy_ == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    uniform = BinnedMI(n_bins=4, bounds="unit").fit(T)
    np.testing.assert_array_equal(uniform.bin_counts_[0], [6, 0, 1, 1])
    np.testing.assert_array_equal(uniform.bin_counts_[1], [8])


def test_bounds_of_each_unit():
    T = np.array([[0.0, 10.0], [1.0, 20.0], [2.0, 30.0]])
    unit = BinnedMI(n_bins=2, bounds="unit").fit(T)
    np.testing.assert_array_equal(unit.transform(T), [[0, 0], [1, 1], [1, 1]])
    np.testing.assert_allclose(unit.bin_edges_, [[0, 1, 2], [10, 20, 30]])
    np.testing.assert_array_equal(unit.transform([[-1.0, 31.0]]), [[-1, 2]])
    given = BinnedMI(n_bins=2, bounds=([0, 0], [4, 40])).fit(T)
    np.testing.assert_array_equal(given.transform(T), [[0, 0], [0, 1], [1, 1]])
    spaced = BinnedMI(bin_width=0.5, bounds="unit").fit(T)
    np.testing.assert_allclose(spaced.bin_edges_[0], np.arange(5) / 2)
    assert len(spaced.bin_edges_[1]) == 41
    layer = BinnedMI(n_bins=3, bounds="layer").fit(T)
    np.testing.assert_array_equal(layer.transform(T), BinnedMI(n_bins=3).fit(T).transform(T))


def test_bins_of_each_unit_do_not_know_units_of_measurement():
    rng = np.random.default_rng(0)
    T, y = rng.normal(size=(300, 3)), rng.integers(2, size=300)
    one = BinnedMI(4, bounds="unit").fit(T, y)
    other = BinnedMI(4, bounds="unit").fit(T * [1024.0, 1, 2.0**-10], y)
    assert one.mi_y_ == other.mi_y_
    assert BinnedMI(4).fit(T * [1024.0, 1, 2.0**-10], y).mi_y_ != one.mi_y_


def test_equal_mass_between_given_bounds():
    T = np.array([[-0.9], [-0.8], [0.7], [0.9]])
    binned = BinnedMI(2, strategy="quantile", bounds=(-1, 1)).fit(T, [0, 0, 1, 1])
    np.testing.assert_allclose(binned.bin_edges_, [-1, -0.05, 1])
    assert binned.score([[-1.0], [1.0]], [0, 1]) > 0
    with pytest.raises(ValueError, match="outside bounds"):
        binned.transform([[1.5]])


def test_values_outside_the_bounds_of_a_unit():
    T = np.array([[0.0, 0.5], [1.0, 3.0]])
    with pytest.raises(ValueError, match=r"3 in unit 1, outside bounds=\(0, 2\)"):
        BinnedMI(bounds=([0, 0], [1, 2])).fit(T)
    overflow = BinnedMI(2, bounds=([0, 0], [1, 2]), outside="overflow").fit(T)
    np.testing.assert_array_equal(overflow.transform(T), [[0, 0], [1, 2]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_saturated_units_in_bins_of_their_own(strategy, dtype):
    """Values one unit in the last place apart are two values, as bins of equal mass see them."""
    T = np.tanh(np.random.default_rng(0).normal(scale=8, size=(500, 4))).astype(dtype)
    binned = BinnedMI(10, strategy=strategy, bounds="unit").fit(T)
    np.testing.assert_array_equal(binned.transform(T), binned.transform(T.astype(np.float64)))
    assert all(counts.sum() == 500 for counts in binned.bin_counts_)
    below = np.nextafter(np.array([[1.0]], dtype=dtype), dtype(0))
    near = np.concatenate([below, np.ones((1, 1), dtype=dtype)])
    codes = BinnedMI(2, strategy=strategy, bounds="unit").fit_transform(near)
    np.testing.assert_array_equal(codes, [[0], [1]])


def test_histograms_and_empty_bins():
    """Two units in four bins: one fills bins 0 and 3, the other bin 2 alone; 5 of 8 are empty."""
    T = np.array([[-1.0, 0.1], [0.9, 0.1], [1.0, 0.2], [1.0, 0.2]])
    binned = BinnedMI(n_bins=4, bounds=(-1, 1)).fit(T)
    np.testing.assert_array_equal(binned.bin_counts_, [[1, 0, 0, 3], [0, 0, 4, 0]])
    assert binned.empty_bin_fraction_ == 5 / 8
    weighted = BinnedMI(n_bins=4, bounds=(-1, 1)).fit(T, sample_weight=[0.5, 1, 1, 1])
    np.testing.assert_array_equal(weighted.bin_counts_, [[0.5, 0, 0, 3], [0, 0, 3.5, 0]])
    spaced = BinnedMI(bin_width=0.5).fit(T)
    np.testing.assert_allclose(spaced.bin_edges_, [-1, -0.5, 0, 0.5, 1, 1.5])
    np.testing.assert_array_equal(spaced.bin_counts_, [[1, 0, 0, 1, 2], [0, 0, 4, 0, 0]])
    assert spaced.empty_bin_fraction_ == pytest.approx(0.6)


def test_overflow_is_in_no_histogram():
    binned = BinnedMI(n_bins=2, bounds=(-1, 1), outside="overflow").fit([[-5.0], [0.5], [5.0]])
    np.testing.assert_array_equal(binned.bin_counts_, [[0, 1]])
    assert binned.empty_bin_fraction_ == 0.5


def test_values_outside_given_bounds():
    T = np.array([[-0.5], [0.5], [1.5]])
    with pytest.raises(ValueError, match=r"outside bounds=\(-1, 1\).*outside='overflow'"):
        BinnedMI(bounds=(-1, 1)).fit(T)
    overflow = BinnedMI(n_bins=2, bounds=(-1, 1), outside="overflow").fit(T)
    np.testing.assert_array_equal(overflow.transform([[-2], [0.5], [1.5]]), [[-1], [1], [2]])
    assert overflow.mi_x_ == pytest.approx(math.log2(3))
    inside = BinnedMI(bounds=(-1, 1)).fit(T[:2])
    with pytest.raises(ValueError, match="outside bounds"):
        inside.transform(T)


def test_held_out_values_outside_the_training_range():
    binned = BinnedMI(n_bins=2).fit([[0.0], [1.0]], [0, 1])
    np.testing.assert_array_equal(binned.transform([[-1], [0], [1], [9]]), [[-1], [0], [1], [2]])
    np.testing.assert_array_equal(binned.pointwise_mutual_info([[-1], [9]], [0, 1]), [0, 0])


def test_score_by_hand():
    """Three rows 0, 0, 1 in one bin: q(0) = (2 + .5 * .75) / 3.5 with the prior p(0) = .75."""
    binned = BinnedMI(n_bins=2, bounds=(-1, 1)).fit([[-1.0]] * 3 + [[1.0]], [0, 0, 1, 0])
    information = binned.pointwise_mutual_info([[-1.0], [-1.0], [1.0]], [0, 1, 0])
    expected = [(2 + 0.375) / 3.5 / 0.75, (1 + 0.125) / 3.5 / 0.25, (1 + 0.375) / 1.5 / 0.75]
    np.testing.assert_allclose(information, np.log2(expected), rtol=1e-12)
    assert binned.score([[-1.0], [1.0]], [0, 0]) == pytest.approx(
        np.mean(np.log2(expected)[[0, 2]]), rel=1e-12
    )
    assert binned.score([[-1.0], [1.0]], [0, 0], sample_weight=[1, 0]) == pytest.approx(
        math.log2(expected[0]), rel=1e-12
    )


def test_score_does_not_reward_memorising():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=2000)
    T = np.tanh(rng.normal(size=(2000, 3)) + y[:, None])
    train, test = slice(0, 1000), slice(1000, None)
    plug_in, held_out = {}, {}
    for n_bins in (2, 4, 8, 16, 64, 512):
        binned = BinnedMI(n_bins, bounds=(-1, 1)).fit(T[train], y[train])
        plug_in[n_bins] = binned.mi_y_
        held_out[n_bins] = binned.score(T[test], y[test])
    assert max(plug_in, key=plug_in.get) == 512
    assert max(held_out, key=held_out.get) in (2, 4, 8)
    assert held_out[512] < held_out[4] - 0.1


def test_string_labels():
    T, y = np.array([[0.0], [1.0], [2.0]]), np.array(["cat", "dog", "dog"])
    binned = BinnedMI(bin_width=1).fit(T, y)
    assert binned.classes_.tolist() == ["cat", "dog"]
    assert binned.score(T, y) > 0


def test_constant_unit_and_duplicate_rows():
    T = np.array([[1.0, 5.0], [1.0, 5.0], [2.0, 5.0]])
    assert BinnedMI(n_bins=4).fit(T).mi_x_ == pytest.approx(math.log2(3) - 2 / 3)
    assert BinnedMI().fit(np.full((5, 3), 7.0), [0, 1, 0, 1, 0]).mi_y_ == 0
    assert BinnedMI().fit(np.full((5, 3), 7.0)).mi_x_ == 0


def test_no_labels_no_mi_y():
    binned = BinnedMI().fit([[0.0], [1.0]])
    assert not hasattr(binned, "mi_y_")
    assert not hasattr(binned, "classes_")


def test_refitting_without_labels_forgets_them():
    binned = BinnedMI().fit([[0.0], [1.0]], [0, 1]).fit([[0.0], [1.0]])
    assert not hasattr(binned, "mi_y_")
    with pytest.raises(NotFittedError, match="fitted without labels"):
        binned.score([[0.0]], [0])


def test_one_class_warns():
    with pytest.warns(UserWarning, match="with one class"):
        binned = BinnedMI().fit([[0.0], [1.0]], [1, 1])
    assert binned.mi_y_ == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [[0.0], [np.nan]]}, "NaN"),
        ({"X": [[0.0], [np.inf]]}, "infinity"),
        ({"X": [[0.0]]}, "1 sample"),
        ({"X": [0.0, 1.0]}, "2D array"),
        ({"X": [[0.0], [1.0]], "y": [0.5, 1.5]}, "continuous"),
        ({"X": [[0.0], [1.0]], "y": [0, 1, 1]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "y": [[0, 1], [1, 1]]}, "1d array"),
        ({"X": [[0.0], [1.0]], "inputs": [0, 1, 2]}, "inconsistent numbers of samples"),
        ({"X": [[0.0], [1.0]], "inputs": [[0, 1], [1, 1]]}, "one-dimensional index"),
        ({"X": [[0.0], [1.0]], "inputs": [0, np.nan]}, "inputs contains NaN"),
        ({"X": [[0.0], [1.0]], "sample_weight": [0, 0]}, "at least one non-zero"),
        ({"X": [[0.0], [1.0]], "sample_weight": [1, -1]}, "Negative values"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        BinnedMI().fit(**arguments)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_bins": 0}, "n_bins"),
        ({"n_bins": 2.5}, "n_bins"),
        ({"bin_width": 0.0}, "bin_width"),
        ({"bounds": (1, 0)}, "lower < upper"),
        ({"bounds": (0, np.nan)}, "finite"),
        ({"bounds": "all"}, "bounds"),
        ({"bounds": ([0, 0], [1, 1])}, r"shape \(2, 1\)"),
        ({"bounds": ([1], [0])}, "lower < upper"),
        ({"strategy": "kmeans"}, "strategy"),
        ({"strategy": "quantile", "bin_width": 0.1}, "no width of their own"),
        ({"outside": "wrap"}, "outside"),
        ({"correction": "chao-shen"}, "correction"),
        ({"base": 1.0}, "base"),
        ({"bin_width": 1e-300}, "too narrow"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        BinnedMI(**parameters).fit([[0.0], [1.0]])


def test_corrections_need_whole_weights():
    with pytest.raises(ValueError, match="needs whole counts"):
        BinnedMI(correction="miller-madow").fit([[0.0], [1.0]], sample_weight=[0.5, 1])


def test_unknown_label_in_score():
    with pytest.raises(ValueError, match=r"labels that fit did not see: \[2\]"):
        BinnedMI().fit([[0.0], [1.0]], [0, 1]).score([[0.0]], [2])


def test_unfitted():
    for call in (lambda b: b.transform([[0.0]]), lambda b: b.bin_edges_):
        with pytest.raises(NotFittedError):
            call(BinnedMI())


def test_progress_is_shown_when_asked_for(capsys):
    T, y = np.random.default_rng(0).uniform(-1, 1, size=(3000, 40)), np.arange(3000) % 3
    silent = BinnedMI().fit(T, y)
    assert capsys.readouterr().err == ""
    shown = BinnedMI(verbose=1).fit(T, y)
    bars = capsys.readouterr().err
    assert "bins of values: 100%" in bars
    assert "symbols of rows: 100%" in bars
    assert (shown.mi_x_, shown.mi_y_) == (silent.mi_x_, silent.mi_y_)


@pytest.mark.parametrize("parameters", [{}, {"bounds": "unit"}, {"bounds": (-1, 1)}], ids=str)
def test_memory_is_that_of_codes(parameters):
    """Bytes of the codes, of the symbols and of a few numbers per row; a copy of X has 256 more."""
    rng = np.random.default_rng(0)
    T = np.tanh(rng.standard_normal((30_000, 64), dtype=np.float32))
    y = rng.integers(10, size=len(T))
    BinnedMI(**parameters).fit(T[:100], y[:100])
    tracemalloc.start()
    BinnedMI(**parameters).fit(T, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (2 * 64 + 120) * len(T) + 2**21


LARGE_FIT = """
import resource, sys
import numpy as np
from ibtools import BinnedMI

rng = np.random.default_rng(0)
T = np.empty((10**6, 128), dtype=np.float32)
for start in range(0, len(T), 10**4):
    T[start : start + 10**4] = rng.uniform(-1, 1, size=(10**4, 128))
T[1::2] = T[::2]
y = np.arange(len(T)) // 2 % 10
binned = BinnedMI(strategy=sys.argv[1], verbose=1).fit(T, y)
scale = 2**30 if sys.platform == "darwin" else 2**20
print(binned.mi_x_, binned.mi_y_, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale)
"""


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_a_million_rows(strategy):
    """Pairs of equal rows, all others distinct: H(T) = log2(500 000), I(T;Y) = log2(10)."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE_FIT, strategy], capture_output=True, text=True, check=True
    )
    mi_x, mi_y, gibibytes = map(float, done.stdout.split())
    assert mi_x == pytest.approx(math.log2(500_000), abs=1e-9)
    assert mi_y == pytest.approx(math.log2(10), abs=1e-9)
    assert gibibytes < 2  # of which X has 0.48
    assert "symbols of rows: 100%" in done.stderr
