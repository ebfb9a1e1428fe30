"""Gram matrices of tensors against those of arrays, and against plain formulas."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist, pdist

from ibtools.information import _torch_spectral
from ibtools.information._decomposition import decompose_variables, draw_pairs, map_by_map
from ibtools.information._spectral_bandwidths import choose_bandwidths
from ibtools.information._spectral_entropy import spectral_entropy
from ibtools.information._spectral_gram import (
    KernelVariable,
    delta_variable,
    gram_matrix,
    gram_moments,
    joint_variable,
    rbf_variable,
)
from ibtools.information._torch_spectral import kernel_of_rows

RNG = np.random.default_rng(0)
PLAIN = RNG.normal(size=(150, 4))
CASES = {
    "random": (PLAIN, 1.0),
    "offset": (PLAIN + 1e6, 1.0),
    "duplicates": (np.repeat(PLAIN[:50], 3, axis=0), 0.5),
    "constant column": (np.column_stack([PLAIN, np.full(150, 3.0)]), 0.7),
    "saturated in single precision": (np.tanh(30 * PLAIN).astype(np.float32).astype(float), 0.3),
    "tiny bandwidth": (PLAIN, 1e-7),
    "far apart": (PLAIN * np.array([1e6, 1, 1, 1]), 1.0),
}


def variables(values, bandwidth):
    bandwidths = np.array([bandwidth])
    return rbf_variable([values], bandwidths), rbf_variable([torch.tensor(values)], bandwidths)


@pytest.mark.parametrize("case", CASES)
def test_kernel_is_the_plain_formula(case):
    values, bandwidth = CASES[case]
    plain = np.exp(-cdist(values, values, "sqeuclidean") / (2 * bandwidth**2))
    ours = variables(values, bandwidth)[1].coordinates
    # Values 1e6 apart have lost their last ten digits before they come here.
    tolerance = 1e-8 if case == "offset" else 1e-11
    assert_allclose(kernel_of_rows(ours).numpy(), plain, atol=tolerance)
    assert (kernel_of_rows(ours).diagonal() == 1).all()
    assert_allclose(kernel_of_rows(ours[:40], ours).numpy(), plain[:40], atol=tolerance)


@pytest.mark.parametrize("alpha", [0.7, 1, 1.01, 2, 3])
@pytest.mark.parametrize("case", CASES)
def test_entropy_is_that_of_the_host(case, alpha):
    on_host, on_device = variables(*CASES[case])
    expected = spectral_entropy(on_host, alpha=alpha)
    entropy = spectral_entropy(on_device, alpha=alpha)
    assert entropy.entropy == pytest.approx(expected.entropy, abs=1e-9)
    assert entropy.mean_similarity == pytest.approx(expected.mean_similarity, abs=1e-12)
    assert entropy.method == expected.method


@pytest.mark.parametrize("alpha", [1.01, 2])
def test_joint_with_codes(alpha):
    """Classes cut the tensor into blocks; codes alone have no columns beside it."""
    codes = RNG.integers(4, size=150)
    joints = [joint_variable(variable, delta_variable(codes)) for variable in variables(PLAIN, 1.0)]
    assert isinstance(joints[1].coordinates, torch.Tensor)
    expected, ours = (spectral_entropy(joint, alpha=alpha).entropy for joint in joints)
    assert ours == pytest.approx(expected, abs=1e-9)
    assert_allclose(gram_matrix(joints[1]), gram_matrix(joints[0]), atol=1e-12)


def test_tiles(monkeypatch):
    """Moments and quadrature tile by tile, in memory and made anew, with the host's probes."""
    on_host, on_device = variables(PLAIN, 2.0)
    whole = gram_matrix(on_host)
    monkeypatch.setattr(_torch_spectral, "HOST_TILE_ROWS", 40)
    moments = gram_moments(on_device.coordinates)
    assert_allclose(moments, [whole.sum(), (whole**2).sum()], rtol=1e-12)
    exact = spectral_entropy(on_host).entropy
    for stored_rows in (1000, 10):
        monkeypatch.setattr("ibtools.information._spectral_lanczos.STORED_ROWS", stored_rows)
        expected, ours = (
            spectral_entropy(v, method="lanczos", rng=np.random.default_rng(3))
            for v in (on_host, on_device)
        )
        assert ours.entropy == pytest.approx(expected.entropy, abs=0.1 * expected.std_error)
        assert abs(ours.entropy - exact) <= 4 * ours.std_error


@pytest.mark.parametrize("rule", ["scaled", "silverman", "median", "alignment", 0.4])
def test_bandwidths_are_those_of_the_host(rule):
    maps = [PLAIN[:, :2], np.repeat(PLAIN[:1, 2:], 150, axis=0), CASES["constant column"][0]]
    target = delta_variable(RNG.integers(2, size=150))
    bandwidths = [
        choose_bandwidths(
            given, rule, 150, factor=None, target=target, rng=np.random.default_rng(0)
        )
        for given in (maps, [torch.tensor(values) for values in maps])
    ]
    assert_allclose(bandwidths[1], bandwidths[0], rtol=1e-12)


def test_pair_distances_lose_no_digits():
    values = PLAIN + 1e6
    ours = _torch_spectral.pair_distances(torch.tensor(values))
    assert_allclose(ours, pdist(values), rtol=1e-14)


@pytest.mark.parametrize("alpha", [1.01, 2, 3])
def test_pairs_of_maps(alpha):
    maps = [np.tanh(RNG.normal(size=(60, 3))) for _ in range(4)]
    codes, values = RNG.integers(3, size=60), RNG.normal(size=(60, 2))
    pairs = draw_pairs(4, None, RNG)
    measured = [
        decompose_variables(
            map_by_map([kind(part) for part in maps], np.full(4, 0.8)),
            [None, delta_variable(codes), rbf_variable([kind(values)], np.ones(1))],
            pairs,
            alpha=alpha,
        )
        for kind in (np.asarray, torch.tensor)
    ]
    for expected, ours in zip(*measured, strict=True):
        for name in ("mmi", "map_mi", "pair_mi", "pair_entropy"):
            assert_allclose(getattr(ours, name), getattr(expected, name), atol=1e-8)


def test_float32_of_a_device_without_more():
    """A tensor in single precision stays so, and is compared by differences."""
    rows = torch.tensor(PLAIN, dtype=torch.float32)
    kernel = kernel_of_rows(rows)
    assert kernel.dtype == torch.float32
    plain = np.exp(-cdist(PLAIN, PLAIN, "sqeuclidean") / 2)
    assert_allclose(kernel.numpy(), plain, atol=1e-6)
    expected = spectral_entropy(KernelVariable(PLAIN)).entropy
    assert spectral_entropy(KernelVariable(rows)).entropy == pytest.approx(expected, abs=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda():
    on_host, on_device = variables(PLAIN, 1.0)
    there = KernelVariable(on_device.coordinates.cuda(), RNG.integers(3, size=150))
    here = KernelVariable(on_host.coordinates, there.codes)
    for alpha, method, tolerance in (
        (1.01, "exact", 1e-9),
        (2, "auto", 1e-9),
        (1, "lanczos", 1e-3),
    ):
        expected, ours = (spectral_entropy(v, alpha=alpha, method=method) for v in (here, there))
        assert ours.entropy == pytest.approx(expected.entropy, abs=tolerance)
