"""Sums and densities of mixtures on a torch device against plain formulas and the host's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from ibtools.information import _pairwise, _torch_mixture
from ibtools.information._mixture_sampling import mixture_sampler as host_sampler
from ibtools.information._torch_mixture import (
    kernel_sums,
    log_density_ratios,
    mixture_sampler,
)

reproducible = settings(deadline=None, derandomize=True, max_examples=30)


def plain_sums(X, variance, groupings, weights):
    """Sums of both kernels over all rows and over those of the same group."""
    squares = cdist(X, X, "sqeuclidean")
    masks = [np.ones_like(squares), *(g[:, None] == g for g in groupings)]
    return np.array(
        [
            [(np.exp(-squares / (width * variance)) * mask) @ weights for width in (8, 2)]
            for mask in masks
        ]
    )


def plain_ratios(S, Z, groupings):
    """ln of the densities at s + z over that of the centre s, from differences."""
    exponents = (np.square(Z).sum(axis=1)[:, None] - cdist(S + Z, S, "sqeuclidean")) / 2
    np.fill_diagonal(exponents, 0)  # but for the rounding of s + z
    masks = [np.ones_like(exponents), *(g[:, None] == g for g in groupings)]
    return np.array([logsumexp(exponents, b=mask, axis=1) for mask in masks])


def make_rows(name, n_rows=500):
    rng = np.random.default_rng(0)
    rows = {
        "smooth": np.tanh(rng.normal(size=(n_rows, 4))),
        "offset": np.tanh(rng.normal(size=(n_rows, 4))) + 1e6,
        "equal": np.full((n_rows, 3), -7.0),
        "repeated": rng.normal(size=(20, 3))[rng.integers(20, size=n_rows)],
        "saturated": np.tanh(9 * rng.normal(size=(n_rows, 5))).astype(np.float32),
        "spread": 1e5 * rng.normal(size=(n_rows, 2)) + rng.integers(2, size=(n_rows, 1)),
        "wide": np.tanh(rng.normal(size=(n_rows, 90))) / 10,
    }
    return rows[name].astype(np.float64), rng.integers(4, size=n_rows), rng.random(n_rows)


NAMES = ["smooth", "offset", "equal", "repeated", "saturated", "spread", "wide"]


@pytest.mark.parametrize("variance", [1e-8, 1e-3, 0.1, 10])
@pytest.mark.parametrize("name", NAMES)
def test_sums_of_kernels(name, variance):
    X, groups, weights = make_rows(name)
    groupings = [groups, np.arange(len(X)) // 3, np.zeros(len(X), dtype=int)]
    sums = kernel_sums(torch.as_tensor(X), variance, groupings, weights)
    expected = plain_sums(X, variance, groupings, weights)
    # An offset of 1e6 leaves rows a precision of 1e-10, in units of a noise that is 1e-4 wide.
    rtol = {1e-8: 1e-5, 1e-3: 1e-7}.get(variance, 1e-9) if name == "offset" else 1e-9
    assert_allclose(sums.total, expected[0], rtol=rtol)
    assert_allclose(sums.own, expected[1:], rtol=rtol)


@pytest.mark.parametrize("noise_std", [1e-4, 0.03, 1.0])
@pytest.mark.parametrize("name", NAMES)
def test_ratios_of_densities(name, noise_std):
    X, groups, _ = make_rows(name)
    S = (X - X.mean(axis=0)) / noise_std
    Z = np.random.default_rng(1).normal(size=X.shape)
    groupings = [groups, np.arange(len(X)) // 3]
    tensors = [torch.as_tensor(codes) for codes in groupings]
    ratios = log_density_ratios(torch.as_tensor(S), torch.as_tensor(Z), tensors)
    # Where squares are up to 1e7 their differences lose nine digits.
    assert_allclose(ratios, plain_ratios(S, Z, groupings), atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_values", [1, 2000, 10**9])
def test_strips_change_nothing(monkeypatch, name, n_values):
    X, groups, weights = make_rows(name, 120)
    whole = kernel_sums(torch.as_tensor(X), 0.1, [groups], weights)
    Z = torch.as_tensor(np.random.default_rng(1).normal(size=X.shape))
    ratios = log_density_ratios(torch.as_tensor(X), Z, [torch.as_tensor(groups)])
    monkeypatch.setattr(_torch_mixture, "_HOST_VALUES", n_values)
    cut = kernel_sums(torch.as_tensor(X), 0.1, [groups], weights)
    assert_allclose(cut.total, whole.total, rtol=1e-12)
    assert_allclose(cut.own, whole.own, rtol=1e-12)
    cut = log_density_ratios(torch.as_tensor(X), Z, [torch.as_tensor(groups)])
    assert_allclose(cut, ratios, rtol=1e-9, atol=1e-12)


def test_host_and_device_agree_where_the_host_has_float32():
    """The stated 1e-6 of every sum, with enough rows that the host computes in float32."""
    X, groups, weights = make_rows("smooth", 1500)
    for variance in (1e-3, 0.1):
        host = _pairwise.kernel_sums(X, variance, [groups], weights)
        device = kernel_sums(torch.as_tensor(X), variance, [groups], weights)
        assert_allclose(device.total, host.total, rtol=1e-6)
        assert_allclose(device.own, host.own, rtol=1e-6)


def test_weights_of_any_scale():
    X, groups, weights = make_rows("smooth", 200)
    weights[:100] *= 1e-200
    sums = kernel_sums(torch.as_tensor(X), 0.1, [groups], weights)
    assert_allclose(sums.total, plain_sums(X, 0.1, [], weights)[0], rtol=1e-12)
    # Beside a row of so little weight even the kernel of one far away counts.
    X, weights = np.array([[0.0], [20.0]]), np.array([1e-150, 1.0])
    total = kernel_sums(torch.as_tensor(X), 0.25, [], weights).total
    assert total[0, 0] == pytest.approx(np.exp(-200), rel=1e-9, abs=0)


@pytest.mark.parametrize("name", ["smooth", "repeated", "saturated", "wide"])
def test_rows_in_float32(name):
    """The stated precision of a device that has no float64."""
    X, groups, weights = make_rows(name)
    X = X.astype(np.float32).astype(np.float64)
    single = torch.as_tensor(X).float()
    for variance in (1e-4, 0.1):
        sums = kernel_sums(single, variance, [groups], weights)
        expected = plain_sums(X, variance, [groups], weights)
        assert_allclose(np.log(sums.total), np.log(expected[0]), atol=1e-5)
        assert_allclose(np.log(sums.own), np.log(expected[1:]), atol=1e-5)
    Z = np.random.default_rng(1).normal(size=X.shape).astype(np.float32)
    for noise_std, atol in ((1e-3, 1e-2), (1e-2, 1e-3), (1.0, 1e-5)):
        S = ((single - single.mean(dim=0)) / noise_std).double().numpy()
        ratios = log_density_ratios(
            torch.as_tensor(S).float(), torch.as_tensor(Z), [torch.as_tensor(groups)]
        )
        assert_allclose(ratios, plain_ratios(S, Z.astype(float), [groups]), atol=atol)


@pytest.mark.parametrize("name", ["smooth", "offset", "repeated", "wide"])
def test_draws_are_those_of_the_host(name):
    X, groups, _ = make_rows(name, 300)
    noise = np.random.default_rng(1).normal(size=X.shape)
    order = _pairwise.tile_layout(X, [groups]).order
    host = host_sampler(X, 0.1, [groups])(noise.copy())
    device = mixture_sampler(torch.as_tensor(X), 0.1, [groups])(noise.copy())
    assert_allclose(device.ratios[:, order], host.ratios, atol=1e-7)
    assert_allclose(device.controls[:, order], host.controls, atol=1e-7)
    assert_array_equal(device.ratios[-1], 0)


@reproducible
@given(st.integers(2, 40), st.integers(1, 6), st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_sums_at_random(n_rows, n_features, seed, exponent):
    rng = np.random.default_rng(seed)
    X, weights = rng.normal(size=(n_rows, n_features)), rng.uniform(0.01, 1, size=n_rows)
    groups, variance = rng.integers(3, size=n_rows), 10.0**exponent
    sums = kernel_sums(torch.as_tensor(X), variance, [groups], weights)
    expected = plain_sums(X, variance, [groups], weights)
    assert_allclose(sums.total, expected[0], rtol=1e-10)
    assert_allclose(sums.own, expected[1:], rtol=1e-10)
