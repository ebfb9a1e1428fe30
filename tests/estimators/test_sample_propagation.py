"""SamplePropagationMI: closed forms, quadrature, rates, replicates and bad input."""

import math
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from ibtools.estimators._kernel_density import KernelDensityMI
from ibtools.estimators._sample_propagation import SamplePropagationMI


def make_layer(n_samples=300, n_features=4, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n_samples)
    return np.tanh(rng.normal(size=(n_samples, n_features)) + y[:, None] - 1), y


def values(fitted):
    return {name: v for name, v in vars(fitted).items() if name[:3] in ("mi_", "ent")}


def integral(surface, grid):
    return ((surface[1:] + surface[:-1]) / 2).sum() * (grid[1] - grid[0])


def entropy_of(density, grid):
    positive = np.where(density > 0, density, 1)
    return integral(-density * np.log2(positive), grid)


def noise_bits(n_features, noise_std):
    return n_features / 2 * math.log2(2 * math.pi * math.e * noise_std**2)


@pytest.mark.parametrize("seed", range(20))
def test_one_gaussian(seed):
    noisy = SamplePropagationMI(0.3, random_state=seed).fit(np.full((50, 3), 2.0))
    error = abs(noisy.entropy_ - noise_bits(3, 0.3))
    assert error <= 3 * noisy.entropy_std_error_ + 1e-9
    assert noisy.mi_x_ == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_two_separated_gaussians(seed):
    S, y = np.repeat([[-1.0, 0], [1.0, 0]], [30, 10], axis=0), np.repeat([0, 1], [30, 10])
    noisy = SamplePropagationMI(0.1, random_state=seed).fit(S, y)
    expected = 0.75 * math.log2(4 / 3) + 0.25 * 2
    assert abs(noisy.mi_x_ - expected) <= 3 * noisy.mi_x_std_error_ + 1e-9
    assert abs(noisy.mi_y_ - expected) <= 3 * noisy.mi_y_std_error_ + 1e-9
    error = noisy.entropy_ - expected - noise_bits(2, 0.1)
    assert abs(error) <= 3 * noisy.entropy_std_error_ + 1e-9


@pytest.mark.parametrize("noise_std", [0.03, 0.3, 3.0])
def test_mixtures_by_quadrature(noise_std):
    """Entropy and both informations of one mixture, 20 seeds within 3 standard errors."""
    rng = np.random.default_rng(0)
    S, y = rng.normal(size=120), rng.integers(2, size=120)
    inputs = np.arange(120) // 12
    grid = np.linspace(S.min() - 9 * noise_std, S.max() + 9 * noise_std, 20001)
    densities = norm.pdf(grid[:, None], S, noise_std)

    def conditional(groups):
        return np.mean([entropy_of(densities[:, groups == g].mean(axis=1), grid) for g in groups])

    entropy = entropy_of(densities.mean(axis=1), grid)
    truth = {
        "entropy": entropy,
        "mi_y": entropy - conditional(y),
        "mi_x": entropy - conditional(inputs),
    }
    misses = []
    for seed in range(20):
        noisy = SamplePropagationMI(noise_std, random_state=seed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SamplePropagationMI, "_check_replicates", lambda *_: None)
            noisy.fit(S[:, None], y, inputs=inputs)
        for name, true in truth.items():
            error = getattr(noisy, f"{name}_std_error_")
            misses.append(abs(getattr(noisy, f"{name}_") - true) / error)
    assert np.mean(np.array(misses) <= 2) > 0.9
    assert max(misses) < 4


def test_error_falls_as_the_square_root_of_the_sample():
    """h of N(0, 1) + N(0, 1/4): the mean absolute error for n = 50, 200, 800."""
    truth, errors = math.log2(2 * math.pi * math.e * 1.25) / 2, []
    for n_samples in (50, 200, 800):
        seeds = range(60)
        entropies = [
            SamplePropagationMI(0.5, n_draws=8, random_state=seed)
            .fit(np.random.default_rng(seed).normal(size=(n_samples, 1)))
            .entropy_
            for seed in seeds
        ]
        errors.append(np.abs(np.array(entropies) - truth).mean())
    slopes = np.diff(np.log(errors)) / math.log(4)
    assert slopes.mean() == pytest.approx(-0.5, abs=0.12)


def make_noisy_net(n_replicates, seed=0, noise=(0.3, 0.2)):
    """X in four values; T1 = tanh(2 X) + Z1, T2 = 2 tanh(2 T1 + 1/2) + Z2; rows of S2."""
    rng = np.random.default_rng(seed)
    X = np.array([-1.0, -0.2, 0.3, 1.0])
    inputs = np.repeat(np.arange(4), n_replicates)
    first = np.tanh(2 * X)[inputs] + noise[0] * rng.normal(size=4 * n_replicates)
    return 2 * np.tanh(2 * first + 0.5)[:, None], inputs, np.tanh(2 * X)


def quadrature_of_noisy_net(centres, noise=(0.3, 0.2)):
    t1 = np.linspace(-3.5, 3.5, 4001)
    t2 = np.linspace(-4, 4, 2001)
    weights = norm.pdf(t1[:, None], centres, noise[0]) * (t1[1] - t1[0])
    densities = norm.pdf(t2[:, None], 2 * np.tanh(2 * t1 + 0.5), noise[1]) @ weights
    noise_entropy = np.mean([entropy_of(density, t2) for density in densities.T])
    y = np.array([0, 0, 1, 1])
    of_labels = [entropy_of(densities[:, y == c].mean(axis=1), t2) for c in (0, 1)]
    entropy = entropy_of(densities.mean(axis=1), t2)
    return entropy, entropy - noise_entropy, entropy - np.mean(of_labels)


def test_depth_two_noisy_net_against_quadrature():
    S, inputs, centres = make_noisy_net(600)
    entropy, mi_x, mi_y = quadrature_of_noisy_net(centres)
    noisy = SamplePropagationMI(0.2, random_state=0).fit(S, inputs >= 2, inputs=inputs)
    assert noisy.entropy_ == pytest.approx(entropy, abs=0.04)
    assert noisy.mi_x_ == pytest.approx(mi_x, abs=0.03)
    assert noisy.mi_y_ == pytest.approx(mi_y, abs=0.03)
    twice = SamplePropagationMI(0.2, random_state=0).fit(
        S + 0.2 * np.random.default_rng(1).normal(size=S.shape), inputs=inputs
    )
    assert twice.entropy_ > entropy + 0.1, "T given in place of S counts the noise twice"


def test_information_is_at_most_what_the_noise_leaves():
    S, inputs, _ = make_noisy_net(50)
    noisy = SamplePropagationMI(0.2, random_state=0).fit(S, inputs=inputs)
    assert noisy.noise_entropy_ == pytest.approx(noise_bits(1, 0.2))
    ceiling = noisy.entropy_ - noisy.noise_entropy_
    assert noisy.mi_x_ + 3 * noisy.mi_x_std_error_ < ceiling
    alone = SamplePropagationMI(0.2, random_state=0).fit(S)
    assert alone.mi_x_ == pytest.approx(alone.entropy_ - alone.noise_entropy_, abs=1e-12)
    for seed in range(20):
        S, y = make_layer(100, 3, seed)
        noisy = SamplePropagationMI(0.3, random_state=seed).fit(S, y)
        assert noisy.mi_y_ <= noisy.mi_x_ + 3 * noisy.mi_x_std_error_
        assert -3 * noisy.mi_y_std_error_ <= noisy.mi_y_


@pytest.mark.parametrize(
    ("n_features", "n_replicates", "bias"), [(3, 6, 1.06), (3, 100, 0.15), (7, 100, 1.56)]
)
def test_few_replicates_read_too_much(n_features, n_replicates, bias):
    """S = N(0, 4 s^2 I) whatever the input: nothing to know, and the bias is what is read."""
    inputs = np.repeat(np.arange(4000 // n_replicates), n_replicates)
    S = 2 * np.random.default_rng(0).normal(size=(len(inputs), n_features))
    noisy = SamplePropagationMI(1.0, random_state=0, base=math.e)
    with pytest.warns(UserWarning, match="want of replicates") as caught:
        noisy.fit(S, inputs=inputs)
    assert caught[0].filename == __file__
    noise = n_features / 2 * math.log(2 * math.pi * math.e * 5)
    assert noise - (noisy.entropy_ - noisy.mi_x_) == pytest.approx(bias, abs=0.05)
    assert noisy.mi_x_half_replicates_ > noisy.mi_x_ + 3 * noisy.mi_x_std_error_


def test_few_replicates_of_inputs_far_apart_do_no_harm():
    rng = np.random.default_rng(0)
    inputs = np.repeat(np.arange(8), 6)
    S = rng.normal(size=(48, 3)) + 100 * inputs[:, None]
    noisy = SamplePropagationMI(1.0, random_state=0).fit(S, inputs=inputs)
    assert noisy.mi_x_ == pytest.approx(3, abs=1e-9)
    assert noisy.mi_x_half_replicates_ == pytest.approx(3, abs=1e-9)


def test_enough_replicates_are_enough():
    S, inputs, centres = make_noisy_net(300)
    noisy = SamplePropagationMI(0.2, random_state=0).fit(S, inputs=inputs)
    assert noisy.mi_x_half_replicates_ == pytest.approx(noisy.mi_x_, rel=0.05)
    same = SamplePropagationMI(0.2, random_state=0).fit(
        np.repeat(centres, 9)[:, None], inputs=np.repeat(np.arange(4), 9)
    )
    assert same.mi_x_half_replicates_ == pytest.approx(same.mi_x_, abs=1e-9)
    assert same.mi_x_ == pytest.approx(same.entropy_ - same.noise_entropy_, abs=1e-9)


def test_one_row_per_input_has_only_the_noise():
    S, y = make_layer()
    one = SamplePropagationMI(0.2, random_state=0).fit(S, y)
    same = SamplePropagationMI(0.2, random_state=0).fit(S, y, inputs=np.arange(300)[::-1])
    assert values(one) == values(same)
    assert not hasattr(same, "mi_x_half_replicates_")


def test_pairwise_bounds_are_those_of_the_kernels():
    S, y = make_layer()
    inputs = np.arange(300) // 30
    noisy = SamplePropagationMI(0.2, random_state=0)
    with pytest.warns(UserWarning, match="want of replicates"):
        noisy.fit(S, y, inputs=inputs)
    kernels = KernelDensityMI(0.04).fit(S, y, inputs=inputs)
    for name in ("entropy", "mi_x", "mi_y"):
        for end in ("lower", "upper"):
            bound = getattr(kernels, f"{name}_{end}_")
            assert getattr(noisy, f"{name}_{end}_") == pytest.approx(bound, abs=1e-10)
        assert getattr(noisy, f"{name}_lower_") < getattr(noisy, f"{name}_")
        assert getattr(noisy, f"{name}_") < getattr(noisy, f"{name}_upper_")


def test_scale_and_offset_change_nothing():
    S, y = make_layer(n_features=10)
    here = SamplePropagationMI(0.2, random_state=0).fit(S, y)
    for scale, offset in ((1e3, 0), (1e-3, 0), (1, 1e3)):
        there = SamplePropagationMI(0.2 * scale, random_state=0).fit(scale * S + offset, y)
        for name in ("mi_x_", "mi_x_std_error_", "mi_y_", "mi_x_lower_", "mi_y_upper_"):
            assert getattr(there, name) == pytest.approx(getattr(here, name), abs=1e-6)


def test_nats():
    S, y = make_layer()
    bits = SamplePropagationMI(0.2, random_state=0).fit(S, y)
    nats = SamplePropagationMI(0.2, random_state=0, base=math.e).fit(S, y)
    for name, value in values(bits).items():
        assert getattr(nats, name) == pytest.approx(value * math.log(2), rel=1e-12)
    assert nats.noise_entropy_ == pytest.approx(bits.noise_entropy_ * math.log(2))


def test_same_seed_same_answer_in_any_order():
    S, y = make_layer(n_features=1)
    order = np.random.default_rng(1).permutation(300)
    here = SamplePropagationMI(0.5, random_state=0).fit(S, y, inputs=y)
    again = clone(here).fit(S[order], y[order], inputs=y[order])
    for name, value in values(here).items():
        assert getattr(again, name) == pytest.approx(value, abs=1e-9)
    assert values(clone(here).fit(S, y, inputs=y)) == values(here)
    other = clone(here).set_params(random_state=1).fit(S, y, inputs=y)
    assert 1e-5 < abs(other.mi_x_ - here.mi_x_) < 5 * here.mi_x_std_error_


def test_labels_do_not_change_the_entropy():
    S, y = make_layer()
    alone = SamplePropagationMI(0.2, random_state=0).fit(S)
    labelled = SamplePropagationMI(0.2, random_state=0).fit(S, y)
    assert labelled.entropy_ == pytest.approx(alone.entropy_, abs=1e-9)
    assert labelled.entropy_std_error_ == pytest.approx(alone.entropy_std_error_, abs=1e-9)


def test_float32():
    S, y = make_layer()
    S = S.astype(np.float32)
    single = SamplePropagationMI(0.2, random_state=0).fit(S, y)
    double = SamplePropagationMI(0.2, random_state=0).fit(S.astype(float), y)
    assert values(single) == values(double)


def test_draws_stop_at_the_tolerance():
    S, y = make_layer(n_features=2)
    rough = SamplePropagationMI(0.2, n_draws=2, random_state=0).fit(S, y)
    fine = SamplePropagationMI(0.2, n_draws=2, tol=0.01, random_state=0).fit(S, y)
    assert rough.n_draws_ == 2
    assert 2 < fine.n_draws_ < 100
    assert max(fine.mi_x_std_error_, fine.mi_y_std_error_) <= 0.01 < rough.mi_x_std_error_
    with pytest.warns(ConvergenceWarning, match="above tol=1e-06") as caught:
        SamplePropagationMI(0.2, tol=1e-6, max_draws=5, random_state=0).fit(S, y)
    assert caught[0].filename == __file__


def test_activations_in_units_of_the_noise():
    S, _ = make_layer(20)
    assert_allclose(SamplePropagationMI(0.2).fit(S).transform(S), S / 0.2, rtol=1e-15)


def test_score_by_hand():
    noisy = SamplePropagationMI(0.03, random_state=0).fit([[-1.0]] * 3 + [[1.0]], [0, 0, 1, 0])
    information = noisy.pointwise_mutual_info([[-1.0], [-1.0], [1.06], [50.0]], [0, 1, 0, 1])
    near = math.exp(-2)
    expected = [
        (2 + 0.375) / 3.5 / 0.75,
        (1 + 0.125) / 3.5 / 0.25,
        (near + 0.375) / (near + 0.5) / 0.75,
        1,
    ]
    assert_allclose(information, np.log2(expected), atol=1e-12)


def test_score_of_held_out_rows():
    S, y = make_layer(600)
    train, test = slice(0, 400), slice(400, None)
    noisy = SamplePropagationMI(0.3, random_state=0).fit(S[train], y[train])
    assert 0.3 < noisy.score(S[test], y[test]) < noisy.mi_y_ + 0.2
    shuffled = np.random.default_rng(1).permutation(y)
    noisy.fit(S[train], shuffled[train])
    assert noisy.score(S[test], shuffled[test]) < 0


def test_refitting_without_labels_forgets_them():
    S, y = make_layer(n_features=1)
    noisy = SamplePropagationMI(0.5, random_state=0).fit(S, y, inputs=y).fit(S)
    names = ("mi_y_", "mi_y_lower_", "mi_y_upper_", "mi_y_std_error_", "mi_x_half_replicates_")
    for name in (*names, "classes_"):
        assert not hasattr(noisy, name)
    with pytest.raises(NotFittedError, match="fitted without labels"):
        noisy.score(S, y)


def test_one_class_warns():
    with pytest.warns(UserWarning, match="with one class"):
        noisy = SamplePropagationMI(random_state=0).fit([[0.0], [1.0]], [1, 1])
    assert noisy.mi_y_ == pytest.approx(0, abs=1e-12)


def test_constant_units_and_class_with_one_row():
    S, y = make_layer(60)
    y[0] = 7
    noisy = SamplePropagationMI(0.2, random_state=0).fit(np.column_stack([S, np.ones(60)]), y)
    plain = SamplePropagationMI(0.2, random_state=0).fit(S, y)
    error = math.hypot(noisy.mi_x_std_error_, plain.mi_x_std_error_)
    assert abs(noisy.mi_x_ - plain.mi_x_) < 4 * error


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
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        SamplePropagationMI().fit(**arguments)


@pytest.mark.parametrize(
    "parameters",
    [{"noise_std": 0.0}, {"n_draws": 1}, {"tol": 0.0}, {"max_draws": 1}, {"base": 1.0}],
)
def test_bad_parameters(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        SamplePropagationMI(**parameters).fit([[0.0], [1.0]])


def test_unknown_label_in_score():
    with pytest.raises(ValueError, match=r"labels that fit did not see: \[2\]"):
        SamplePropagationMI().fit([[0.0], [1.0]], [0, 1]).score([[0.0]], [2])


def test_unfitted():
    for call in (lambda k: k.transform([[0.0]]), lambda k: k.score([[0.0]], [0])):
        with pytest.raises(NotFittedError):
            call(SamplePropagationMI())


def test_frames_in_frames_out():
    import pandas as pd

    frame = pd.DataFrame(make_layer(20, 2)[0], columns=["a", "b"])
    noisy = SamplePropagationMI(random_state=0).set_output(transform="pandas")
    assert noisy.fit_transform(frame).columns.tolist() == ["a", "b"]


def test_memory_does_not_grow_with_the_pairs():
    """All pairs of 20000 rows are 3.2 GB; a quarter of the rows, and a fit has 1 / 64 of it."""
    S, y = make_layer(5000, 20)
    tracemalloc.start()
    SamplePropagationMI(0.1, n_draws=2, random_state=0).fit(S, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
