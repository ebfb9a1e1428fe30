"""check_mi_estimator finds what is wrong with a number, and nothing where nothing is."""

import math
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ibtools import BinnedMI
from ibtools.model_selection import MICheckFailed, check_mi_estimator


class Gaussian(BaseEstimator):
    """Closed form of a joint Gaussian, in bits: a number that is right on Gaussian data."""

    def fit(self, X, y):
        y = np.asarray(y, dtype=float).reshape(len(y), -1)
        self.mi_y_ = self.measure(np.asarray(X, dtype=float), y)
        return self

    def measure(self, X, y):
        S = np.cov(np.hstack([X, y]).T)
        k = X.shape[1]
        blocks = (S[:k, :k], S[k:, k:], S)
        of_x, of_y, both = (np.linalg.slogdet(np.atleast_2d(block))[1] for block in blocks)
        return (of_x + of_y - both) / (2 * math.log(2))


def _report(estimator, *checks, **kwargs):
    return check_mi_estimator(estimator, checks=checks or None, **kwargs)


def _failed(estimator, *checks, **kwargs):
    table = _report(estimator, *checks, **kwargs).table
    return {
        case
        for case, status in zip(table["case"], table["status"], strict=True)
        if status == "failed"
    }


def _faulty(change):
    """The closed form with a fault: `change(value, X, y)` is reported."""

    class Faulty(Gaussian):
        def fit(self, X, y):
            y = np.asarray(y)
            self.mi_y_ = change(super().fit(X, y).mi_y_, np.asarray(X), y)
            return self

    return Faulty()


def test_right_numbers_pass_what_they_promise():
    report = _report(
        Gaussian(), "independence", "symmetry", "additivity", "scale", "precision", "order",
        "data processing", "duplicates",
    )  # fmt: skip
    real = report.table[report.table["case"].str.contains("real")]
    assert (real["status"] == "passed").all(), report.failures
    assert set(real["check"]) == set(report.table["check"])


def test_right_numbers_meet_the_truths_they_assume():
    table = _report(Gaussian(), "known truth", n_samples=1000).table.set_index("case")
    gaussian = table[table.index.str.startswith("Gaussian, ")]
    assert len(gaussian) == 5
    assert (gaussian["status"] == "passed").all()
    swiss = table.loc["Swiss roll of a Gaussian, real"]
    assert swiss["status"] == "failed"
    assert swiss["expected"] == pytest.approx(-0.5 * math.log2(0.64), abs=1e-12)
    assert swiss["measured"] < 0.1
    assert (gaussian["std"] > 0).all()


def test_bias_is_seen_in_every_truth():
    """A constant bias of 0.25 bits is seen in every truth, of 0.02 bits in none."""
    off = _faulty(lambda value, X, y: value + 0.25)
    near = _faulty(lambda value, X, y: value + 0.02)
    gaussian = {c for c in _failed(off, "known truth", n_samples=1000) if c.startswith("Gaussian,")}
    assert len(gaussian) == 5
    assert not {
        c for c in _failed(near, "known truth", n_samples=1000) if c.startswith("Gaussian,")
    }


FAULTS = {
    "biased at zero": (lambda v, X, y: v + 0.2, "independence", "mean of permuted targets is 0"),
    "blind": (lambda v, X, y: float(X[0, 0]), "independence", "dependent target above the null"),
    "asymmetric": (
        lambda v, X, y: v + 0.2 * X.shape[1],
        "symmetry",
        "I(A;B) = I(B;A)",
    ),
    "of the first unit": (lambda v, X, y: v + X[:, 0].var(), "invariance", "units rotated"),
    "of the order of units": (
        lambda v, X, y: v + 0.3 * (X[0, 0] > X[0, -1]),
        "invariance",
        "units in another order",
    ),
    "fond of few units": (
        lambda v, X, y: v / X.shape[1] ** 2,
        "data processing",
        "one unit of two",
    ),
    "infinite on ties": (
        lambda v, X, y: -math.inf if len(np.unique(X)) == 2 else v,
        "data processing",
        "signs of units",
    ),
    "subadditive": (lambda v, X, y: math.sqrt(abs(v)), "additivity", "two blocks"),
    "of the scale": (lambda v, X, y: v * X.std() ** 0.01, "scale", "T times 1000"),
    "of the offset": (lambda v, X, y: v + X.mean() * 1e-6, "scale", "T plus 1000000"),
    "imprecise": (
        lambda v, X, y: v + 0.01 * (X.dtype == np.float32),
        "precision",
        "float32",
    ),
    "of the order of rows": (lambda v, X, y: v + 0.01 * X[0, 0], "order", "rows reversed"),
    "of the number of rows": (lambda v, X, y: v + len(X) / 1000, "duplicates", "every row twice"),
    "not finite": (
        lambda v, X, y: v if len(X) == 500 else math.nan,
        "duplicates",
        "every row twice",
    ),
}


@pytest.mark.parametrize(("change", "check", "case"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_are_found(change, check, case):
    failed = _failed(_faulty(change), check)
    assert any(name.startswith(case) for name in failed)
    right = _failed(Gaussian(), check)
    assert not any(name.startswith(case) and name.endswith("real") for name in right)


class Labels(BaseEstimator):
    """Plug-in of the first unit, rounded, with a factor: an index of inputs is honoured."""

    inputs_as = "index"

    def __init__(self, factor=1.0, mi_x_factor=1.0, extra=0.0):
        self.factor = factor
        self.mi_x_factor = mi_x_factor
        self.extra = extra

    def fit(self, X, y=None, inputs=None):
        binned = BinnedMI(bin_width=1.0).fit(X, y, inputs=inputs)
        self.mi_x_ = self.mi_x_factor * binned.mi_x_ + self.extra
        if y is not None:
            self.mi_y_ = self.factor * binned.mi_y_
        return self


def test_ceilings():
    assert not _failed(Labels(), "ceiling", "one functional")
    above = _failed(Labels(factor=1.1, mi_x_factor=3.0), "ceiling", "one functional")
    assert above == {
        "I(T;Y) <= H(Y), classes far apart",
        "I(T;Y) <= H(T), two values of T",
        "I(X;T) <= H(T), four values of T",
        "I(X;T) <= log2 n",
        "mi_x of inputs = y is mi_y",
    }


def test_saturation_is_told():
    fine = _report(BinnedMI(bin_width=1e-6), "ceiling").table.set_index("case")
    assert fine.loc["I(X;T) <= log2 n", "detail"] == "saturated: every row is read as apart"
    assert fine.loc["I(X;T) <= log2 n", "measured"] == pytest.approx(math.log2(500))


@pytest.mark.parametrize(("warn", "status"), [(True, "passed"), (False, "failed")])
def test_twenty_bits(warn, status):
    """Read by a model, or warned of; a value that saturates in silence fails."""

    def capped(value, X, y):
        if value > 8 and warn:
            warnings.warn("more than the rows can show", UserWarning, stacklevel=1)
        return min(value, 8.0)

    table = _report(_faulty(capped), "ceiling").table.set_index("case")
    row = table.loc["20 bits, beyond log2 n: read, or warned of"]
    assert row["status"] == status
    assert row["measured"] == 8
    assert ("more than the rows can show" if warn else "without a warning") in row["detail"]
    model = _report(Gaussian(), "ceiling").table.set_index("case")
    assert model.loc["20 bits, beyond log2 n: read, or warned of", "status"] == "passed"


def test_targets_that_are_not_taken_are_not_applicable():
    table = _report(BinnedMI(8)).table
    assert (
        not table["case"].str.endswith("real").any()
        or (table[table["case"].str.endswith("real")]["status"] == "not applicable").all()
    )
    assert table.set_index("check").loc["symmetry", "status"] == "not applicable"


def test_refusals_are_no_failures_and_accidents_are():
    def refuse(value, X, y):
        if len(X) > 500:
            raise ValueError("Rows occur twice: add noise.")
        return value

    def crash(value, X, y):
        return value / (len(X) <= 500)

    refused = _report(_faulty(refuse), "duplicates")
    assert (refused.table["status"] == "refused").all()
    assert (refused.table["detail"] == "Rows occur twice: add noise.").all()
    assert refused.passed
    crashed = _report(_faulty(lambda v, X, y: 1 // (len(X) <= 500) * v), "duplicates")
    assert (crashed.table["status"] == "failed").all()
    assert crashed.table["detail"].str.startswith("ZeroDivisionError").all()
    assert not crashed.passed
    infinite = _report(_faulty(crash), "duplicates")
    assert not infinite.passed


def test_warnings_are_in_the_detail():
    def warn(value, X, y):
        warnings.warn("watch out", UserWarning, stacklevel=1)
        return value

    table = _report(_faulty(warn), "order").table
    assert (table["detail"] == "warns: watch out").all()


class Random(Gaussian):
    """The closed form and a random number from the seed."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def measure(self, X, y):
        noise = np.random.RandomState(self.random_state).normal() if len(X) % 7 else 0.0
        shift = 0.1 * np.random.RandomState(int(abs(X[0, 0]) * 1e6) % 2**31).uniform(-1, 1)
        return super().measure(X, y) + 0.1 * noise + shift


def test_random_estimators_may_scatter_between_seeds():
    """The order of rows moves the value by less than its scatter between seeds."""
    assert not _failed(Random(), "order")
    assert _failed(_faulty(lambda v, X, y: v + 0.1 * X[0, 0]), "order")


def test_raise_on_failure():
    with pytest.raises(MICheckFailed, match=r"(?s)1 failed.*rows reversed, real") as raised:
        _report(
            _faulty(lambda v, X, y: v + 0.01 * X[0, 0] * (y.ndim == 2)),
            "order",
            raise_on_failure=True,
        )
    assert len(raised.value.report.failures) == 1
    assert _report(Gaussian(), "order", raise_on_failure=True).passed


def test_report():
    report = _report(BinnedMI(8))
    table = report.table
    assert table.columns.tolist() == [
        "check", "case", "expected", "measured", "std", "tolerance", "status", "detail",
    ]  # fmt: skip
    assert set(table["status"]) == {"passed", "failed", "not applicable"}
    assert (report.failures["status"] == "failed").all()
    assert report.summary.to_numpy().sum() == len(table)
    assert report.summary.index[0] == "independence"
    assert len(report.summary) == 12
    assert repr(report).startswith("<Checks of BinnedMI(n_bins=8): ")
    assert f"{len(report.failures)} failed" in repr(report)
    assert "<table" in report._repr_html_()


def test_bins_of_many_units_memorise():
    """What the literature reads as information of 10 units is the number of rows."""
    table = _report(BinnedMI(30), "known truth").table.set_index("case")
    row = table.loc["one Gaussian for two classes, 10 units, labels"]
    assert row["expected"] == pytest.approx(0, abs=1e-12)
    assert row["measured"] > 0.95
    assert row["status"] == "failed"


def test_same_seed_same_report():
    one, two = (_report(BinnedMI(8), random_state=3).table for _ in range(2))
    assert one.equals(two)
    assert not one.equals(_report(BinnedMI(8), random_state=4).table)


def test_pipelines_and_other_units():
    bits = _report(BinnedMI(8), "order", "known truth").table
    nats = _report(BinnedMI(8, base=math.e), "order", "known truth").table
    np.testing.assert_allclose(bits["measured"], nats["measured"], atol=1e-12)
    scaled = make_pipeline(StandardScaler(), BinnedMI(8))
    assert _report(scaled, "scale", "order").passed
    assert not _report(BinnedMI(bin_width=0.5), "scale").passed


def test_the_estimator_is_not_fitted():
    binned = BinnedMI(8)
    _report(binned, "order")
    assert not hasattr(binned, "mi_y_")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"checks": ["taste"]}, r"Unknown checks \['taste'\]"),
        ({"n_samples": 10}, "n_samples must be a whole number from 20"),
        ({"n_replicates": 1}, "n_replicates must be a whole number from 2"),
        ({"n_permutations": 1.5}, "n_permutations must be a whole number from 2"),
        ({"random_state": None}, "random_state must be a whole number from 0"),
        ({"tolerance": 0.0}, "tolerance must be positive"),
        ({"estimator": StandardScaler()}, "there is nothing to check"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_mi_estimator(**{"estimator": BinnedMI(8), **arguments})
