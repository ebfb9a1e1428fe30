"""The real collections: what is stored is what was published, and what is returned is stored."""

import numpy as np
import pytest

from ibtools import BinnedMI
from ibtools.datasets import fetch_cifar10, fetch_fashion_mnist, fetch_mnist, fetch_notmnist


def assert_form(X, shape, y, counts, first_labels):
    assert X.shape == shape
    assert X.dtype == np.float32
    assert X.min() == 0
    assert X.max() == 1
    np.testing.assert_array_equal(np.bincount(y), counts)
    np.testing.assert_array_equal(y[: len(first_labels)], first_labels)


def test_mnist_for_training(real_data):
    X, y = fetch_mnist(data_home=real_data, download_if_missing=False, return_X_y=True)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert_form(X, (60000, 784), y, counts, [5, 0, 4, 1, 9])


def test_three_digits_of_mnist(real_data):
    bunch = fetch_mnist(
        data_home=real_data,
        download_if_missing=False,
        classes=(1, 3, 8),
        n_per_class=500,
        random_state=0,
    )
    np.testing.assert_array_equal(np.bincount(bunch.target), [500, 500, 500])
    binned = BinnedMI(n_bins=30, bounds=(0, 1)).fit(bunch.data, bunch.target)
    assert binned.mi_x_ == pytest.approx(10.550746785383243, abs=1e-12)
    assert binned.mi_y_ == pytest.approx(1.5849625007211579, abs=1e-12)
    assert bunch.target_names == ["1", "3", "8"]
    assert len(np.unique(bunch.data, axis=0)) == 1500


@pytest.mark.parametrize(
    ("fetcher", "parameters", "counts", "first_labels"),
    [
        (
            fetch_mnist,
            {"subset": "test"},
            [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
            [7, 2, 1, 0, 4],
        ),
        (fetch_fashion_mnist, {"subset": "test"}, [1000] * 10, [9, 2, 1, 1, 6]),
        (fetch_notmnist, {}, [1000] * 10, [3, 5, 9, 2, 7]),
    ],
)
def test_test_sets(real_data, fetcher, parameters, counts, first_labels):
    X, y = fetcher(
        data_home=real_data,
        download_if_missing=False,
        return_X_y=True,
        as_images=True,
        **parameters,
    )
    assert_form(X, (10000, 1, 28, 28), y, counts, first_labels)


def test_fashion_mnist_for_training(real_data):
    bunch = fetch_fashion_mnist(
        data_home=real_data, download_if_missing=False, classes=["Ankle boot", "T-shirt/top"]
    )
    assert_form(bunch.data, (12000, 784), bunch.target, [6000, 6000], [0, 1, 1, 1])


def test_cifar10(real_data):
    bunch = fetch_cifar10(
        subset="test", data_home=real_data, download_if_missing=False, as_images=True
    )
    n_images = len(bunch.target)
    assert n_images == (1000 if "excerpt" in bunch.DESCR else 10000)
    assert bunch.data.shape == (n_images, 3, 32, 32)
    assert 0 <= bunch.data.min() < 0.1
    assert 0.9 < bunch.data.max() <= 1
    np.testing.assert_array_equal(np.bincount(bunch.target), [n_images // 10] * 10)
