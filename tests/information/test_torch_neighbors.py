"""Neighbours of tensors: the distances and counts of the host, to the last bit."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from ibtools.information import _torch_neighbors
from ibtools.information._neighbor_coordinates import fit_coordinates, jittered
from ibtools.information._neighbor_counts import (
    class_distances,
    identical_rows,
    joint_neighbors,
    kth_distances,
    strict_counts,
)
from ibtools.information._neighbor_limits import distinct_rows
from ibtools.information._neighbors import kl_entropy_nats, ksg_nats, mixed_class_nats, mixed_nats

RNG = np.random.default_rng(0)
KS = np.array([1, 3, 8])
PLAIN = RNG.normal(size=(200, 5))
CASES = {
    "random": PLAIN,
    "offset": PLAIN + 1e6,
    "duplicates": np.repeat(PLAIN[:100], 2, axis=0),
    "constant column": np.column_stack([PLAIN, np.full(200, 3.0)]),
    "saturated in single precision": np.tanh(30 * PLAIN).astype(np.float32).astype(float),
    "tenths": np.round(PLAIN, 1),
    "whole numbers": RNG.integers(4, size=(200, 5)).astype(float),
    "one column": PLAIN[:, :1],
}
METRICS = ("chebyshev", "euclidean")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("case", CASES)
def test_neighbours_of_the_host(case, metric):
    """Radii are equal, and so are counts strictly inside them, ties or not."""
    x, y = CASES[case], np.round(PLAIN[::-1, :2], 1)
    tx, ty = torch.tensor(x), torch.tensor(y)
    expected = joint_neighbors(x, y, KS, metric=metric)
    for ours, theirs in zip(joint_neighbors(tx, ty, KS, metric=metric), expected, strict=True):
        assert_array_equal(ours, theirs)
    radii = kth_distances(tx, KS, metric=metric)
    # A tree may round the square of a Euclidean distance otherwise.
    assert_allclose(radii, kth_distances(x, KS, metric=metric), rtol=1e-14)
    labels = np.arange(200) % 3
    radii, neighbors = class_distances(tx, labels, KS, metric=metric)
    assert_array_equal(radii, class_distances(x, labels, KS, metric=metric)[0])
    assert_array_equal(neighbors[:, 0], KS)
    assert_array_equal(
        strict_counts(tx, radii, metric=metric), strict_counts(x, radii, metric=metric)
    )
    assert_array_equal(identical_rows(tx), identical_rows(x))


@pytest.mark.parametrize("metric", METRICS)
def test_plain_formula(metric, monkeypatch):
    """Tile by tile, against all distances at once."""
    monkeypatch.setattr(_torch_neighbors, "_HOST_VALUES", 7 * 200)
    in_x, in_y = (cdist(rows, rows, metric) for rows in (PLAIN[:, :3], PLAIN[:, 3:]))
    joint = np.sort(np.maximum(in_x, in_y), axis=1)
    near = joint_neighbors(*map(torch.tensor, (PLAIN[:, :3], PLAIN[:, 3:])), KS, metric=metric)
    assert_array_equal(near.radii, joint[:, KS].T)
    for counts, distances in ((near.x_counts, in_x), (near.y_counts, in_y)):
        for k, radius in zip(counts, near.radii, strict=True):
            assert_array_equal(k, (distances < radius[:, None]).sum(axis=1) - 1)


@pytest.mark.parametrize("case", ["random", "duplicates", "tenths"])
def test_informations_of_the_host(case):
    x, y = CASES[case], CASES[case][:, :2] + PLAIN[::-1, :2]
    tx, ty = torch.tensor(x), torch.tensor(y)
    labels = np.arange(200) % 3
    assert_array_equal(ksg_nats(tx, ty, KS, "chebyshev"), ksg_nats(x, y, KS, "chebyshev"))
    for ours, theirs in (
        (mixed_nats(tx, tx, KS, "chebyshev"), mixed_nats(x, x, KS, "chebyshev")),
        (
            mixed_class_nats(tx, labels, KS, "euclidean"),
            mixed_class_nats(x, labels, KS, "euclidean"),
        ),
    ):
        assert_array_equal(ours[0], theirs[0])
        assert ours[1] == theirs[1]
    if case == "random":
        ours, theirs = (kl_entropy_nats(rows, KS, "euclidean") for rows in (tx, x))
        assert_allclose(ours, theirs, atol=1e-13)


@pytest.mark.parametrize("options", [{}, {"copula": True}, {"standardize": False}])
@pytest.mark.parametrize("case", CASES)
def test_coordinates(case, options):
    x = CASES[case]
    expected, ours = fit_coordinates(x, **options), fit_coordinates(torch.tensor(x), **options)
    # Of values around 1e6 a deviation of 1 keeps ten digits.
    assert_allclose(ours.apply(torch.tensor(x)), expected.apply(x), atol=1e-9)
    held_out = 1.5 * x[:50] + 0.01
    assert_allclose(ours.on_host().apply(held_out), expected.apply(held_out), atol=1e-5)
    assert ours.log_volume == pytest.approx(expected.log_volume, abs=1e-9)


@pytest.mark.parametrize("copula", [False, True])
@pytest.mark.parametrize("scale", [1.0, 0.1, 1 / 3, 7.0, 1e-160, 1e150])
def test_coordinates_of_a_grid_are_those_of_the_host(scale, copula):
    """To the last bit, in any order of the rows: otherwise ties of distances are broken by it."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = (rng.integers(5, size=(151, 4)) + 1e6 * (seed % 2)) * scale
        expected = fit_coordinates(x, copula=copula).apply(x)
        shuffled = torch.tensor(x[rng.permutation(151)])
        assert_array_equal(
            fit_coordinates(shuffled, copula=copula).apply(torch.tensor(x)), expected
        )


def test_rounded_coordinates_are_standardised():
    expected, constant = (PLAIN - PLAIN.mean(axis=0)) / PLAIN.std(axis=0), np.full((9, 1), 0.1)
    assert_allclose(fit_coordinates(PLAIN).apply(PLAIN), expected, atol=2e-9)
    assert_array_equal(fit_coordinates(constant).apply(constant), 0.0)


def test_interpolation_is_numpys():
    values, scores = np.array([0.0, 1.0, 4.0]), np.array([-1.0, 0.0, 1.0])
    column = np.array([-3, 0, 0.5, 1, 2.5, 4, 9])
    ours = _torch_neighbors.interpolate(*map(torch.tensor, (column, values, scores)))
    assert_allclose(ours, np.interp(column, values, scores), atol=1e-15)


def test_noise_is_that_of_the_host():
    x = CASES["constant column"]
    expected, ours = (
        jittered(rows, 1e-2, np.random.RandomState(0)) for rows in (x, torch.tensor(x))
    )
    assert_allclose(ours, expected, atol=1e-14)


@pytest.mark.parametrize("case", CASES)
def test_distinct_rows(case):
    x, y = CASES[case], CASES["duplicates"][:, :1]
    assert_array_equal(distinct_rows(torch.tensor(x), torch.tensor(y)), distinct_rows(x, y))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda():
    x, y = CASES["tenths"], PLAIN[::-1, :2].copy()
    tx, ty = torch.tensor(x).cuda(), torch.tensor(y).cuda()
    for metric in METRICS:
        expected = joint_neighbors(x, y, KS, metric=metric)
        there = joint_neighbors(tx, ty, KS, metric=metric)
        for ours, theirs in zip(there, expected, strict=True):
            assert_array_equal(ours, theirs)
