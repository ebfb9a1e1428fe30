"""compare_estimators: the same rows for all, what it returns, and what it refuses."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ibtools import BinnedMI, GaussianMI, RenyiMatrixMI, compare_estimators

RNG = np.random.default_rng(0)
ROWS = np.arange(60.0)[:, None]
LABELS = np.arange(60) % 3
NOISY = RNG.normal(size=(120, 2)) + 2 * (np.arange(120) % 2)[:, None]
CLASSES = np.arange(120) % 2


class Recorder(BaseEstimator):
    """I(T;Y) is the sum of the rows; keeps what it was given."""

    inputs_as = "index"

    def __init__(self, random_state=None, shift=0.0):
        self.random_state = random_state
        self.shift = shift

    def fit(self, X, y=None, inputs=None):
        self.X_, self.y_, self.inputs_ = X, y, inputs
        self.rows_ = np.asarray(X)[:, 0].astype(int)
        self.mi_x_ = float(len(X))
        self.mi_y_ = float(np.sum(X)) + self.shift
        return self

    def score(self, X, y):
        self.held_out_ = np.asarray(X)[:, 0].astype(int)
        return float(len(X))


class Values(Recorder):
    inputs_as = "values"


class Failing(BaseEstimator):
    """Fits fail where row 0 is in the training set."""

    def fit(self, X, y=None):
        if 0 in X:
            raise RuntimeError("row 0 is too much")
        self.mi_y_ = 1.0
        return self

    def score(self, X, y):
        raise RuntimeError("no score today")


def _fitted(resample="cv", estimators=None, **kwargs):
    kwargs = {"n_replicates": 4, "random_state": 0, **kwargs}
    estimators = {"a": Recorder(), "b": Recorder()} if estimators is None else estimators
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A bootstrap sample")
        return compare_estimators(
            estimators, ROWS, LABELS, resample=resample, return_estimator=True, **kwargs
        )


@pytest.mark.parametrize("resample", ["cv", "subsample", "bootstrap"])
def test_all_estimators_see_the_same_rows(resample):
    results = _fitted(resample, train_sizes=(0.3, 1.0))
    assert results.mi_y.shape == results.estimator.shape == (2, 2, 4)
    np.testing.assert_array_equal(results.mi_y[0], results.mi_y[1])
    for a, b in results.estimator.reshape(2, -1).T:
        np.testing.assert_array_equal(a.rows_, b.rows_)
        np.testing.assert_array_equal(a.held_out_, b.held_out_)
        assert a.random_state == b.random_state
        assert not set(a.rows_) & set(a.held_out_)
    assert len({e.random_state for e in results.estimator[0, 0]}) == 4
    assert len(np.unique(results.mi_y[0, 1])) > 1


@pytest.mark.parametrize("resample", ["cv", "subsample", "bootstrap"])
def test_small_training_sets_are_part_of_large_ones(resample):
    results = _fitted(resample, train_sizes=(0.2, 0.6, 1.0))
    for small, middle, large in results.estimator[0].T:
        assert set(small.rows_) <= set(middle.rows_) <= set(large.rows_)
        assert len(small.rows_) < len(middle.rows_) < len(large.rows_)


def test_folds_hold_every_row_out_once():
    results = _fitted("cv", n_replicates=5)
    held_out = np.concatenate([e.held_out_ for e in results.estimator[0, 0]])
    np.testing.assert_array_equal(np.sort(held_out), np.arange(60))
    np.testing.assert_array_equal(results.n_train, [[48] * 5])
    for e in results.estimator[0, 0]:
        np.testing.assert_array_equal(np.bincount(e.y_), [16, 16, 16])


def test_halves():
    results = _fitted("subsample")
    for e in results.estimator[0, 0]:
        assert len(e.rows_) == len(e.held_out_) == 30
        assert len(set(e.rows_)) == 30
        np.testing.assert_array_equal(np.bincount(e.y_), [10, 10, 10])


def test_training_sets_of_all_sizes_keep_the_classes_in_proportion():
    results = _fitted("subsample", train_sizes=(0.2, 0.5))
    for e in results.estimator[0].ravel():
        counts = np.bincount(e.y_, minlength=3)
        assert counts.max() - counts.min() <= 2


def test_bootstrap_repeats_rows_and_warns():
    with pytest.warns(UserWarning, match="inflated.*resample='subsample'"):
        results = compare_estimators(
            [Recorder()], ROWS, LABELS, resample="bootstrap", return_estimator=True, random_state=0
        )
    for e in results.estimator[0, 0]:
        assert len(e.rows_) == 60
        assert len(set(e.rows_)) < 50
        assert set(e.rows_) | set(e.held_out_) == set(range(60))


def test_bootstrap_does_inflate_the_plug_in():
    T, y = RNG.normal(size=(300, 1)), RNG.integers(2, size=300)
    with pytest.warns(UserWarning, match="inflated"):
        drawn = compare_estimators(BinnedMI(30), T, y, resample="bootstrap", random_state=0)
    assert drawn.mi_y_mean[0, 0] > BinnedMI(30).fit(T, y).mi_y_ + 0.02


def test_values_are_those_of_the_estimator():
    results = compare_estimators(
        {"5 bins": BinnedMI(5), "9 bins": BinnedMI(9)},
        NOISY,
        CLASSES,
        cv=3,
        train_sizes=(20, 1.0),
        return_estimator=True,
        random_state=0,
    )
    assert results.estimators == ["5 bins", "9 bins"]
    assert results.unit == "bits"
    assert results.resample == "cv"
    np.testing.assert_array_equal(results.n_train, [[20] * 3, [80] * 3])
    for name in ("mi_x", "mi_y"):
        expected = [getattr(e, f"{name}_") for e in results.estimator.ravel()]
        np.testing.assert_array_equal(results[name].ravel(), expected)
        np.testing.assert_allclose(results[f"{name}_mean"], results[name].mean(axis=2))
        np.testing.assert_allclose(results[f"{name}_std"], results[name].std(axis=2, ddof=1))
    assert (results.score > 0.1).any()
    assert (results.fit_time > 0).all()
    assert (results.score_time > 0).all()
    assert results.estimator[1, 0, 0].n_bins == 9


def test_score_is_of_the_held_out_rows():
    folds = KFold(3, shuffle=True, random_state=1)
    results = compare_estimators(BinnedMI(5), NOISY, CLASSES, cv=folds)
    for k, (train, test) in enumerate(folds.split(NOISY)):
        binned = BinnedMI(5).fit(NOISY[train], CLASSES[train])
        assert results.score[0, 0, k] == binned.score(NOISY[test], CLASSES[test])
        assert results.mi_y[0, 0, k] == pytest.approx(binned.mi_y_, abs=1e-12)


def test_same_seed_same_answer_on_any_number_of_processes():
    arguments = ([BinnedMI(5), BinnedMI(9)], NOISY, CLASSES)
    one = compare_estimators(*arguments, n_replicates=3, random_state=5)
    two = compare_estimators(*arguments, n_replicates=3, random_state=5, n_jobs=2)
    other = compare_estimators(*arguments, n_replicates=3, random_state=6)
    np.testing.assert_array_equal(one.mi_y, two.mi_y)
    np.testing.assert_array_equal(one.score, two.score)
    assert (one.mi_y != other.mi_y).any()
    assert one.estimators == ["BinnedMI-1", "BinnedMI-2"]


def test_a_given_random_state_is_kept():
    results = _fitted(estimators=[Recorder(random_state=3)])
    assert {e.random_state for e in results.estimator.ravel()} == {3}


def test_estimators_are_not_fitted_themselves():
    recorder = Recorder()
    _fitted(estimators=[recorder])
    assert not hasattr(recorder, "mi_y_")
    assert recorder.random_state is None


def test_pipelines_and_searches():
    inputs = np.arange(120) // 2
    pipeline = make_pipeline(StandardScaler(), BinnedMI(5))
    search = GridSearchCV(BinnedMI(), {"n_bins": [2, 5]}, cv=3)
    results = compare_estimators(
        {"pipeline": pipeline, "search": search},
        NOISY,
        CLASSES,
        inputs=inputs,
        n_replicates=3,
        return_estimator=True,
    )
    assert np.isfinite([results.mi_x, results.mi_y, results.score]).all()
    assert (results.mi_x < math.log2(60)).all()
    for k, fitted in enumerate(results.estimator[0, 0]):
        assert results.mi_x[0, 0, k] == fitted[-1].mi_x_
    nested = make_pipeline(StandardScaler(), pipeline)
    again = compare_estimators({"nested": nested}, NOISY, CLASSES, inputs=inputs)
    assert np.isfinite(again.mi_x).all()


def test_data_frames_keep_their_names():
    frame = pd.DataFrame(NOISY, columns=["u", "v"])
    results = compare_estimators(BinnedMI(5), frame, CLASSES, cv=3, return_estimator=True)
    assert results.estimator[0, 0, 0].feature_names_in_.tolist() == ["u", "v"]


def test_without_labels():
    results = compare_estimators(BinnedMI(5), NOISY, None, n_replicates=3)
    assert np.isfinite(results.mi_x).all()
    assert np.isnan(results.mi_y).all()
    assert np.isnan(results.score).all()


def test_estimators_without_score_or_without_mi_x():
    class Bare(BaseEstimator):
        def fit(self, X, y):
            self.mi_y_ = 1.0
            return self

    results = compare_estimators(Bare(), ROWS, LABELS, cv=3)
    assert results.estimators == ["Bare"]
    assert np.isnan(results.score).all()
    assert np.isnan(results.score_time).all()
    assert np.isnan(results.mi_x).all()
    np.testing.assert_array_equal(results.mi_y, 1)


@pytest.mark.parametrize("resample", ["cv", "subsample", "bootstrap"])
def test_rows_of_one_input_stay_together(resample):
    """Four replicates of each input: either all are drawn, as often as the input, or none."""
    inputs = np.tile(np.arange(15), 4)
    results = _fitted(resample, inputs=inputs, train_sizes=(0.5, 1.0))
    for e in results.estimator[0].ravel():
        drawn = np.bincount(e.rows_, minlength=60).reshape(4, 15)
        assert (drawn == drawn[0]).all()
        np.testing.assert_array_equal(e.inputs_, inputs[e.rows_])
        assert not set(inputs[e.rows_]) & set(inputs[e.held_out_])


def test_input_values_become_an_index_where_one_is_wanted():
    values = np.repeat(RNG.normal(size=(20, 2)), 3, axis=0)
    results = _fitted(estimators=[Recorder(), Values()], inputs=values)
    for index, kept in results.estimator.reshape(2, -1).T:
        np.testing.assert_array_equal(kept.inputs_, values[kept.rows_])
        assert index.inputs_.ndim == 1
        same = (kept.inputs_[:, None] == kept.inputs_).all(axis=2)
        np.testing.assert_array_equal(index.inputs_[:, None] == index.inputs_, same)


def test_splitters_get_the_inputs_as_groups():
    inputs = np.arange(60) // 4
    results = _fitted(estimators=[Recorder()], inputs=inputs, cv=GroupKFold(3))
    assert results.mi_y.shape == (1, 1, 3)
    with pytest.raises(ValueError, match="rows of one input into the training set and"):
        _fitted(inputs=inputs, cv=[(np.arange(30), np.arange(30, 60))])


def test_given_splits():
    splits = [(np.arange(40), np.arange(40, 60)), (np.arange(20, 60), np.arange(20))]
    results = _fitted(estimators=[Recorder()], cv=splits)
    for e, (train, test) in zip(results.estimator[0, 0], splits, strict=True):
        np.testing.assert_array_equal(np.sort(e.rows_), train)
        np.testing.assert_array_equal(e.held_out_, test)


def test_failing_fits_and_scores_are_told_once():
    with pytest.warns(FitFailedWarning) as told:
        results = compare_estimators(
            {"good": Recorder(), "bad": Failing()},
            ROWS,
            LABELS,
            cv=3,
            random_state=0,
        )
    messages = [str(warning.message) for warning in told]
    assert len(messages) == 2
    assert any("bad: in 2 of 3 fits, nan stands where the fit failed" in m for m in messages)
    assert any("row 0 is too much" in m for m in messages)
    assert any("bad: in 1 of 3 fits, nan stands where the score failed" in m for m in messages)
    assert np.isfinite(results.mi_y[0]).all()
    assert np.isnan(results.mi_y[1]).sum() == 2
    assert np.isnan(results.score[1]).all()


def test_error_score():
    with pytest.warns(FitFailedWarning):
        results = compare_estimators(
            {"good": Recorder(), "bad": Failing()}, ROWS, LABELS, cv=3, error_score=-1
        )
    assert (results.mi_y[1] == -1).sum() == 2
    assert (results.score[1] == -1).all()
    folds = [(np.arange(40), np.arange(40, 60))]
    with pytest.raises(RuntimeError, match="row 0 is too much"):
        compare_estimators(Failing(), ROWS, LABELS, cv=folds, error_score="raise")
    with pytest.raises(RuntimeError, match="no score today"):
        compare_estimators(Failing(), ROWS + 1, LABELS, cv=3, error_score="raise")


def test_all_fits_failed():
    with pytest.raises(ValueError, match=r"All 2 fits failed(.|\n)*row 0 is too much"):
        compare_estimators(Failing(), 0 * ROWS, LABELS, resample="subsample", n_replicates=2)


def test_units():
    results = compare_estimators(BinnedMI(base=math.e), NOISY, CLASSES, cv=3)
    assert results.unit == "nats"
    with pytest.raises(ValueError, match="different units: a: bits, b: nats"):
        compare_estimators({"a": BinnedMI(), "b": BinnedMI(base=math.e)}, NOISY, CLASSES)


def test_progress(capsys):
    compare_estimators(BinnedMI(5), NOISY, CLASSES, cv=3, verbose=1)
    told = capsys.readouterr()
    assert "3 out of" in told.out + told.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resample": "jackknife"}, "resample must be one of"),
        ({"resample": "subsample", "cv": 3}, "cv makes the folds of resample='cv'"),
        ({"n_replicates": 0}, "n_replicates must be a positive integer"),
        ({"n_replicates": 1}, "Cannot make 1 folds of 60 inputs"),
        ({"cv": 61}, "Cannot make 61 folds of 60 inputs"),
        ({"error_score": "ignore"}, "error_score must be a number or 'raise'"),
        ({"train_sizes": (0.0,)}, "train_sizes must be fractions"),
        ({"train_sizes": (1.5,)}, "train_sizes must be fractions"),
        ({"train_sizes": (1,)}, "whole numbers from 2 to 54"),
        ({"train_sizes": (55,)}, "whole numbers from 2 to 54"),
        ({"train_sizes": ()}, "train_sizes is empty"),
        ({"estimators": {}}, "estimators is empty"),
        ({"y": LABELS[:50]}, "inconsistent numbers of samples"),
        ({"inputs": np.arange(50)}, "inconsistent numbers of samples"),
        ({"inputs": np.full(60, np.nan)}, "inputs contains NaN"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        compare_estimators(**{"estimators": [Recorder()], "X": ROWS, "y": LABELS, **arguments})


@pytest.mark.parametrize("estimators", [[BinnedMI], {"a": "BinnedMI"}, 3])
def test_not_estimators(estimators):
    with pytest.raises(TypeError, match="is not an estimator"):
        compare_estimators(estimators, ROWS, LABELS)


def test_a_real_target_has_no_score_where_classes_are_decoded(recwarn):
    rng = np.random.default_rng(0)
    T = rng.normal(size=(60, 2))
    results = compare_estimators([RenyiMatrixMI(), GaussianMI()], T, T[:, 0] + 1, n_replicates=2)
    assert np.isfinite(results["mi_y"]).all()
    assert np.isnan(results["score"][0]).all()
    assert np.isfinite(results["score"][1]).all()
    assert not [warning for warning in recwarn if "score" in str(warning.message)]
