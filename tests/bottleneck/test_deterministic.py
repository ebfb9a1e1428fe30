"""Hard clusters: the deterministic bottleneck and its place in the alpha family."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import entr

from ibtools.bottleneck import bottleneck_path, deterministic_bottleneck
from ibtools.bottleneck._deterministic import hard_descent
from ibtools.bottleneck._joint import joint_letters
from ibtools.information import entropy, mutual_information

CLUSTERINGS = np.array(list(product(range(5), repeat=5)))


def random_joint(seed, n_x=5, n_y=3):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(n_y, 0.5), n_x) * rng.dirichlet(np.ones(n_x))[:, None]
    return table / table.sum()


def value(p_xy, labels, beta):
    joint = np.eye(len(p_xy))[labels].T @ p_xy
    return entropy(joint.sum(axis=1)) - beta * mutual_information(joint)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("beta", [1.5, 4.0, 12.0])
def test_every_clustering_of_five_symbols(seed, beta):
    p_xy = random_joint(seed)
    joint = np.einsum("kxt,xy->kty", np.eye(5)[CLUSTERINGS], p_xy)
    entropies = entr(joint.sum(axis=2)).sum(axis=1)
    mi_y = entropies + entr(p_xy.sum(axis=0)).sum() - entr(joint).sum(axis=(1, 2))
    best = (entropies - beta * mi_y).min() / np.log(2)
    solution = deterministic_bottleneck(p_xy, beta, random_state=0)
    assert solution.objective == pytest.approx(best, abs=1e-9)


def test_the_encoder_is_hard_and_tells_what_it_says():
    p_xy = random_joint(0)
    solution = deterministic_bottleneck(p_xy, 5.0, random_state=0)
    assert_array_equal(np.sort(solution.encoder, axis=1)[:, :-1], 0)
    assert solution.mi_x == pytest.approx(solution.entropy)
    labels = solution.encoder.argmax(axis=1)
    assert solution.objective == pytest.approx(value(p_xy, labels, 5.0))
    assert solution.converged


def test_the_path_at_alpha_zero_is_no_worse_than_one_start():
    p_xy, betas = random_joint(1, 20, 4), np.geomspace(1, 40, 8)
    path = bottleneck_path(p_xy, betas, alpha=0)
    for k, beta in enumerate(betas):
        alone = deterministic_bottleneck(p_xy, beta, n_init=0)
        assert path.objective[k] <= alone.objective + 1e-9


def test_small_alpha_approaches_the_deterministic_bottleneck():
    p_xy, betas = random_joint(2), [3.0, 9.0]
    hard = bottleneck_path(p_xy, betas, alpha=0)
    soft = bottleneck_path(p_xy, betas, alpha=1e-3)
    assert_allclose(soft.objective, hard.objective, atol=2e-3)
    # the functional falls as alpha grows, whatever the encoder
    values = [bottleneck_path(p_xy, betas, alpha=alpha).objective for alpha in (0, 0.3, 0.7, 1)]
    assert (np.diff(values, axis=0) <= 1e-9).all()


def test_runs_of_hard_descent_end_where_no_letter_gains():
    p_xy = random_joint(3, 12, 3)
    letters, beta = joint_letters(p_xy), 6.0
    starts = np.random.default_rng(0).integers(5, size=(30, 12))
    labels, values = hard_descent(letters, starts, beta, 5, max_iter=100)
    again, _ = hard_descent(letters, labels, beta, 5, max_iter=1)
    assert_array_equal(again, labels)
    order = np.argsort(letters.letters)
    for run in range(30):
        expected = value(p_xy[order], labels[run], beta) * np.log(2)
        assert values[run] == pytest.approx(expected, abs=1e-9)
    alone, _ = hard_descent(letters, starts[3:4], beta, 5, max_iter=100)
    assert_array_equal(alone[0], labels[3])


def test_the_corner_of_deterministic_labels():
    p_xy = np.array([[0.2, 0], [0.3, 0], [0, 0.1], [0, 0.4]])
    assert deterministic_bottleneck(p_xy, 0.9).mi_y == 0
    above = deterministic_bottleneck(p_xy, 1.1)
    assert above.mi_x == above.mi_y == pytest.approx(1)


def test_number_of_clusters_is_a_limit():
    solution = deterministic_bottleneck(random_joint(0), 100.0, n_clusters=2, random_state=0)
    assert solution.encoder.shape == (5, 2)


def test_same_seed_same_answer():
    p_xy = random_joint(5, 30, 4)
    one, two = (deterministic_bottleneck(p_xy, 8.0, random_state=3) for _ in range(2))
    assert_array_equal(one.encoder, two.encoder)


@pytest.mark.parametrize("beta", [1e-3, 1e6])
def test_extreme_betas(beta):
    p_xy = random_joint(0)
    solution = deterministic_bottleneck(p_xy, beta)
    assert np.isfinite(solution.objective)
    assert solution.mi_y == pytest.approx(0 if beta < 1 else mutual_information(p_xy), abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": 0.0}, "beta must be a positive finite number"),
        ({"beta": 1.0, "n_init": -1}, "n_init must be an integer of at least 0"),
        ({"beta": 1.0, "n_clusters": 0}, "n_clusters must be"),
        ({"beta": 1.0, "max_iter": 0}, "max_iter must be"),
    ],
)
def test_options_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        deterministic_bottleneck(random_joint(0), **arguments)
