"""Standard errors against those of statistics that are known, and of real estimates."""

import math

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from ibtools import BinnedMI
from ibtools.datasets._distributions_labelled import LabelledGaussians
from ibtools.model_selection._standard_error import standard_error


class Mean(BaseEstimator):
    """I(T;Y) is a mean, whose standard error is s / sqrt(n); I(X;T) twice that."""

    def fit(self, X, y=None, inputs=None):
        self.mi_y_, self.mi_x_ = float(np.mean(X)), 2 * float(np.mean(X))
        return self


class Noise(BaseEstimator):
    """A random number that the seed alone decides."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None):
        self.mi_y_ = float(np.random.RandomState(self.random_state).normal())
        return self


X = np.random.default_rng(0).normal(size=(400, 1))


@pytest.mark.parametrize(
    ("method", "n_replicates", "tolerance"),
    [("subsample", 2000, 0.06), ("jackknife", 400, 1e-12), ("jackknife", 100, 0.25)],
)
def test_error_of_a_mean(method, n_replicates, tolerance):
    result = standard_error(Mean(), X, method=method, n_replicates=n_replicates, random_state=0)
    truth = X.std(ddof=1) / math.sqrt(400)
    assert result.mi_y_std_error == pytest.approx(truth, rel=tolerance)
    assert result.mi_x_std_error == pytest.approx(2 * result.mi_y_std_error)
    assert result.mi_y == np.mean(X)
    assert result.mi_y_replicates.shape == (n_replicates,)


@pytest.mark.parametrize("method", ["subsample", "jackknife"])
def test_rows_of_one_input_are_not_independent(method):
    """Four equal rows of each of 100 inputs: the error of 100 means, not of 400."""
    rows, inputs = np.repeat(X[:100], 4, axis=0), np.repeat(np.arange(100), 4)
    result = standard_error(
        Mean(), rows, inputs=inputs, method=method, n_replicates=100, random_state=0
    )
    assert result.mi_y_std_error == pytest.approx(X[:100].std(ddof=1) / 10, rel=0.2)


@pytest.mark.parametrize("method", ["subsample", "jackknife"])
def test_error_of_an_information(method):
    """Against the spread of 200 samples, whose own error is 5 %; that of the method is 7 %."""
    pair = LabelledGaussians([[-1.0], [1.0]])
    values = [BinnedMI(8).fit(*pair.sample(1000, seed)).mi_y_ for seed in range(200)]
    errors = [
        standard_error(
            BinnedMI(8), *pair.sample(1000, seed), method=method, random_state=0
        ).mi_y_std_error
        for seed in range(3)
    ]
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.25)


def test_one_seed_for_all_replicates():
    result = standard_error(Noise(), X, np.zeros(400, dtype=int), random_state=0)
    assert result.mi_y_std_error == pytest.approx(0, abs=1e-12)
    assert math.isnan(result.mi_x)
    assert math.isnan(result.mi_x_std_error)


def test_reproducible_on_any_number_of_processes():
    y = (X[:, 0] > 0).astype(int)
    arguments = {"n_replicates": 6, "random_state": 3}
    one = standard_error(BinnedMI(5), X, y, **arguments)
    two = standard_error(BinnedMI(5), X, y, n_jobs=2, **arguments)
    assert one.mi_y_std_error == two.mi_y_std_error > 0
    assert one.unit == "bits"
    assert standard_error(BinnedMI(base=math.e), X, y, **arguments).unit == "nats"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "bootstrap"}, "method must be 'subsample' or 'jackknife'"),
        ({"n_replicates": 1}, "n_replicates must be a whole number from 2"),
        ({"method": "jackknife", "n_replicates": 401}, "Cannot make 401 folds of 400 inputs"),
        ({"y": [0, 1]}, "inconsistent numbers of samples"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        standard_error(Mean(), X, **arguments)
