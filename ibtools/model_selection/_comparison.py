"""The same resampled rows through several estimators."""

import time
import traceback
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length

from ibtools.information._units import unit_name
from ibtools.model_selection._measurement import (
    base_of,
    check_inputs,
    fit,
    informations,
    seeded_clone,
)
from ibtools.model_selection._resampling import Split, Units, make_splits, resolve_train_sizes

_RESAMPLES = ("cv", "subsample", "bootstrap")
_MEASURES = ("mi_x", "mi_y", "score", "fit_time", "score_time")


def compare_estimators(
    estimators: Any,
    X: ArrayLike,
    y: ArrayLike | None,
    *,
    inputs: ArrayLike | None = None,
    resample: str = "cv",
    cv: Any = None,
    n_replicates: int = 10,
    train_sizes: Sequence[float] = (1.0,),
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    return_estimator: bool = False,
    error_score: float | str = np.nan,
    verbose: int = 0,
) -> Bunch:
    """Measure the same rows with several estimators, again and again.

    Every estimator is fitted on the same training sets, so that differences between estimators
    are not differences between samples.

    Parameters
    ----------
    estimators : dict, list or estimator
        Estimators by name, a list of them (named by their class), or one; pipelines and searches
        that end in an estimator of information are estimators too.

    X : array-like of shape (n_samples, n_features)
        The representation T.

    y : array-like of shape (n_samples,) or (n_samples, n_targets), or None
        Class labels, or a real target for the estimators that take one; None measures I(X;T) only.

    inputs : array-like of shape (n_samples,) or (n_samples, n_input_features), default=None
        Which input each row came from, as an index or as values; values become an index for the
        estimators that need one. Rows of one input are drawn together. None makes each row its
        own input.

    resample : {"cv", "subsample", "bootstrap"}, default="cv"
        How replicates are drawn. "cv" trains on all folds but one. "subsample" trains on random
        halves: the spread between halves estimates the standard error on all rows. "bootstrap"
        draws with replacement. Rows that are not drawn are held out for `score`.

    cv : int, splitter or iterable, default=None
        Folds of ``resample="cv"``: their number, or what
        :func:`~sklearn.model_selection.check_cv` takes. None makes `n_replicates` folds, with
        classes in proportion.

    n_replicates : int, default=10
        Number of replicates. A splitter given as `cv` makes its own number.

    train_sizes : sequence of float or int, default=(1.0,)
        Sizes of the training sets, as fractions of the training set of each replicate or as
        numbers of inputs (rows, where each row is its own input). Smaller sets are part of larger
        ones.

    n_jobs : int, default=None
        Number of processes; see joblib.

    random_state : int, RandomState instance or None, default=None
        Source of the splits, and of every `random_state` that the estimators leave unset.

    return_estimator : bool, default=False
        Whether to return the fitted estimators.

    error_score : float or "raise", default=nan
        What stands for the values of a fit that failed, with a warning; "raise" raises its error.

    verbose : int, default=0
        Progress: above 0, joblib reports the number of fits done.

    Returns
    -------
    results : Bunch
        With the attributes

        mi_x, mi_y, score : ndarray of shape (n_estimators, n_sizes, n_replicates)
            I(X;T) and I(T;Y) on the training sets, and the held-out score. NaN for what an
            estimator does not measure or cannot score.
        mi_x_mean, mi_x_std, ... : ndarray of shape (n_estimators, n_sizes)
            Mean and standard deviation over the replicates, for each of the three.
        fit_time, score_time : ndarray of shape (n_estimators, n_sizes, n_replicates)
            Seconds.
        estimators : list of str
            Names.
        n_train : ndarray of shape (n_sizes, n_replicates)
            Rows in each training set.
        unit : str
            Unit of information, "bits" by default.
        resample : str
            As given.
        estimator : ndarray of objects, shape (n_estimators, n_sizes, n_replicates)
            The fitted estimators. Only with ``return_estimator=True``.

    Raises
    ------
    ValueError
        If a parameter is out of range, the estimators measure in different units, or every fit
        failed.

    Warns
    -----
    UserWarning
        With ``resample="bootstrap"``: repeated rows inflate plug-in values.
    FitFailedWarning
        If fits or scores failed and `error_score` is a number.

    See Also
    --------
    EstimatorComparisonDisplay : The results as a figure.
    ibtools.model_selection.standard_error : Standard error of one estimator's values.
    check_mi_estimator : Whether an estimator's numbers keep what information promises.

    Notes
    -----
    Replicates share rows: their spread is not that of independent samples, except that halves
    ("subsample") spread as much as independent samples of all rows do. Estimates at different
    sizes show the bias: what is constant in n is trusted more than what still moves.

    Examples
    --------
    >>> from ibtools import BinnedMI, compare_estimators
    >>> from ibtools.datasets import DiscretePair
    >>> X, y = DiscretePair.symmetric(0.0).sample(200, random_state=0)
    >>> results = compare_estimators({"coarse": BinnedMI(1), "fine": BinnedMI(2)}, X, y)
    >>> results.mi_y.shape, results.mi_y_mean.round(2).ravel().tolist()
    ((2, 1, 10), [0.0, 1.0])
    """
    named = _named(estimators)
    _check_parameters(resample, cv, n_replicates, error_score)
    unit = _shared_unit(named)
    check_consistent_length(X, y, inputs)
    T, target = _indexable(X), None if y is None else np.asarray(y)
    index = check_inputs(inputs, T)
    rng = check_random_state(random_state)
    units = Units(len(T), index, target)
    splits = make_splits(
        units, resample=resample, cv=cv, n_replicates=n_replicates, rng=rng, X=T, y=target
    )
    sizes = resolve_train_sizes(train_sizes, splits)
    if resample == "bootstrap":
        warnings.warn(
            "A bootstrap sample repeats rows, which plug-in estimates read as information: their "
            "values are inflated, and nearest neighbours meet themselves. Use "
            "resample='subsample' for a spread without repeated rows.",
            UserWarning,
            stacklevel=2,
        )
    seeds = rng.randint(2**31 - 1, size=len(splits))
    jobs = [
        _Job(estimator, units.rows(split.train[: size[k]]), units.rows(split.test), int(seeds[k]))
        for estimator in named.values()
        for size in sizes
        for k, split in enumerate(splits)
    ]
    outcomes = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(_run)(job, T, target, index, error_score, return_estimator) for job in jobs
    )
    return _results(
        named,
        outcomes,
        n_train=_training_rows(units, splits, sizes),
        error_score=error_score,
        return_estimator=return_estimator,
        unit=unit,
        resample=resample,
    )


class _Job(NamedTuple):
    """One fit: the estimator, the rows it is fitted on and scored on, and its seed."""

    estimator: BaseEstimator
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    seed: int


class _Outcome(NamedTuple):
    """What one fit gave; `error` tells where it failed, None where it did not."""

    values: dict[str, float]
    estimator: BaseEstimator | None
    error: str | None


def _run(
    job: _Job, X: Any, y: Any, inputs: Any, error_score: float | str, return_estimator: bool
) -> _Outcome:
    values = dict.fromkeys(_MEASURES, np.nan)
    estimator = seeded_clone(job.estimator, job.seed)
    error = None
    start = time.perf_counter()
    try:
        fit(estimator, _take(X, job.train), _take(y, job.train), _take(inputs, job.train))
        values["fit_time"] = time.perf_counter() - start
        values["mi_x"], values["mi_y"] = informations(estimator)
    except Exception:
        if error_score == "raise":
            raise
        error = "fit failed:\n" + traceback.format_exc()
        values |= dict.fromkeys(("mi_x", "mi_y", "score"), float(error_score))
    if error is None and y is not None and len(job.test) and hasattr(estimator, "score"):
        start = time.perf_counter()
        try:
            values["score"] = float(estimator.score(_take(X, job.test), y[job.test]))
            values["score_time"] = time.perf_counter() - start
        except NotFittedError:
            pass  # it decodes classes, and the target is a number: there is no score to fail
        except Exception:
            if error_score == "raise":
                raise
            error = "score failed:\n" + traceback.format_exc()
            values["score"] = float(error_score)
    return _Outcome(values, estimator if return_estimator else None, error)


def _take(rows: Any, index: NDArray[np.int64]) -> Any:
    if rows is None:
        return None
    return rows.iloc[index] if hasattr(rows, "iloc") else rows[index]


def _indexable(X: Any) -> Any:
    """X as it is where rows can be taken from it (a DataFrame keeps its names), else an array."""
    return X if hasattr(X, "iloc") else np.asarray(X)


def _named(estimators: Any) -> dict[str, BaseEstimator]:
    if isinstance(estimators, Mapping):
        named = {str(name): estimator for name, estimator in estimators.items()}
    elif isinstance(estimators, list | tuple):
        named = dict(zip(_class_names(estimators), estimators, strict=True))
    else:
        named = {type(estimators).__name__: estimators}
    if not named:
        raise ValueError("estimators is empty: give at least one.")
    for name, estimator in named.items():
        if not hasattr(estimator, "fit") or isinstance(estimator, type):
            raise TypeError(f"{name!r} is not an estimator: {estimator!r} cannot be fitted.")
    return named


def _class_names(estimators: Sequence[BaseEstimator]) -> list[str]:
    """Names of the classes, numbered where one occurs more than once."""
    names = [type(estimator).__name__ for estimator in estimators]
    total, seen, numbered = Counter(names), Counter[str](), []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name}-{seen[name]}" if total[name] > 1 else name)
    return numbered


def _check_parameters(resample: str, cv: Any, n_replicates: int, error_score: Any) -> None:
    if resample not in _RESAMPLES:
        raise ValueError(f"resample must be one of {_RESAMPLES}, got {resample!r}.")
    if cv is not None and resample != "cv":
        raise ValueError(f"cv makes the folds of resample='cv', but resample is {resample!r}.")
    if not isinstance(n_replicates, Integral) or n_replicates < 1:
        raise ValueError(f"n_replicates must be a positive integer, got {n_replicates!r}.")
    if error_score != "raise" and not isinstance(error_score, Real):
        raise ValueError(f"error_score must be a number or 'raise', got {error_score!r}.")


def _shared_unit(named: dict[str, BaseEstimator]) -> str:
    bases = {name: base_of(estimator) for name, estimator in named.items()}
    if len(set(bases.values())) > 1:
        units = ", ".join(f"{name}: {unit_name(base)}" for name, base in bases.items())
        raise ValueError(f"The estimators measure in different units: {units}. Give one base.")
    return unit_name(next(iter(bases.values())))


def _training_rows(
    units: Units, splits: Sequence[Split], sizes: list[list[int]]
) -> NDArray[np.int64]:
    return np.array(
        [
            [len(units.rows(split.train[:n])) for n, split in zip(size, splits, strict=True)]
            for size in sizes
        ]
    )


def _results(
    named: dict[str, BaseEstimator],
    outcomes: list[_Outcome],
    *,
    n_train: NDArray[np.int64],
    error_score: float | str,
    return_estimator: bool,
    unit: str,
    resample: str,
) -> Bunch:
    shape = (len(named), *n_train.shape)
    _report_failures(list(named), outcomes, error_score)
    results = Bunch(estimators=list(named), n_train=n_train, unit=unit, resample=resample)
    for name in _MEASURES:
        results[name] = np.array([outcome.values[name] for outcome in outcomes]).reshape(shape)
    for name in ("mi_x", "mi_y", "score"):
        results[f"{name}_mean"] = results[name].mean(axis=2)
        results[f"{name}_std"] = results[name].std(axis=2, ddof=1 if shape[2] > 1 else 0)
    if return_estimator:
        fitted = np.empty(len(outcomes), dtype=object)
        fitted[:] = [outcome.estimator for outcome in outcomes]
        results.estimator = fitted.reshape(shape)
    return results


def _report_failures(names: list[str], outcomes: list[_Outcome], error_score: float | str) -> None:
    """Warn once for each estimator and error; raise if no fit worked at all."""
    errors = [outcome.error for outcome in outcomes]
    unfitted = [error for error in errors if error and error.startswith("fit failed")]
    if len(unfitted) == len(outcomes):
        raise ValueError(f"All {len(outcomes)} fits failed. The first:\n{unfitted[0]}")
    per_estimator = len(outcomes) // len(names)
    for k, name in enumerate(names):
        own = errors[k * per_estimator : (k + 1) * per_estimator]
        for error, count in Counter(error for error in own if error).items():
            warnings.warn(
                f"{name}: in {count} of {per_estimator} fits, {error_score} stands where the "
                f"{error}",
                FitFailedWarning,
                stacklevel=4,
            )
