"""Standard errors of any estimator's values, from its values on fewer rows."""

import math
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
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
from ibtools.model_selection._resampling import Units, make_splits


def standard_error(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    inputs: ArrayLike | None = None,
    method: str = "subsample",
    n_replicates: int = 50,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> Bunch:
    """Standard error of an estimator's I(X;T) and I(T;Y), by drawing fewer rows.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Estimator of information.

    X : array-like of shape (n_samples, n_features)
        The representation T.

    y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
        Target.

    inputs : array-like of shape (n_samples,) or (n_samples, n_input_features), default=None
        Which input each row came from. Rows of one input are left out together.

    method : {"subsample", "jackknife"}, default="subsample"
        "subsample" takes the standard deviation between estimates on random halves of the rows.
        "jackknife" leaves out one of `n_replicates` groups of rows at a time.

    n_replicates : int, default=50
        Number of halves, or of groups. The standard error itself is known to about one part in
        ``sqrt(2 * n_replicates)``.

    n_jobs : int, default=None
        Number of processes; see joblib.

    random_state : int, RandomState instance or None, default=None
        Source of the draws, and of every `random_state` that the estimator leaves unset.

    verbose : int, default=0
        Progress: above 0, joblib reports the number of fits done.

    Returns
    -------
    results : Bunch
        With the attributes

        mi_x, mi_y : float
            I(X;T) and I(T;Y) on all rows; NaN for what was not measured.
        mi_x_std_error, mi_y_std_error : float
            Their standard errors.
        mi_x_replicates, mi_y_replicates : ndarray of shape (n_replicates,)
            The values on fewer rows.
        unit : str
            Unit of information, "bits" by default.

    Raises
    ------
    ValueError
        If `method` is unknown, or there are too few rows for the replicates.

    See Also
    --------
    ibtools.compare_estimators : Replicates of several estimators.

    Notes
    -----
    Drawn without replacement, m of n rows have a mean of variance (1 - m/n) s^2 / m, which at
    m = n/2 is s^2 / n, that of the mean of all n: the spread between halves needs no factor [1]_.
    The jackknife with g groups is (g - 1)/g sum_i (I_i - mean I)^2 [2]_. Both describe how the
    value varies between samples; neither sees its bias, which is mostly the larger error.
    The jackknife needs an estimate that changes smoothly with its rows: with nearest neighbours
    or adaptive bins take "subsample".

    References
    ----------
    .. [1] D. N. Politis, J. P. Romano and M. Wolf, "Subsampling", Springer, 1999, section 2.3.

    .. [2] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993,
       eq. 11.5.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import BinnedMI
    >>> from ibtools.model_selection import standard_error
    >>> T, y = np.tile([[0.0], [1.0]], (50, 1)), np.tile([0, 1], 50)
    >>> result = standard_error(BinnedMI(2), T, y, random_state=0)
    >>> round(result.mi_y, 9), round(result.mi_y_std_error, 9)
    (1.0, 0.0)
    """
    if method not in ("subsample", "jackknife"):
        raise ValueError(f"method must be 'subsample' or 'jackknife', got {method!r}.")
    if not isinstance(n_replicates, Integral) or n_replicates < 2:
        raise ValueError(f"n_replicates must be a whole number from 2, got {n_replicates!r}.")
    check_consistent_length(X, y, inputs)
    T, target = np.asarray(X), None if y is None else np.asarray(y)
    index = check_inputs(inputs, T)
    rng = check_random_state(random_state)
    seed = int(rng.randint(2**31 - 1))
    units = Units(len(T), index, target)
    splits = make_splits(
        units,
        resample="cv" if method == "jackknife" else "subsample",
        cv=None,
        n_replicates=n_replicates,
        rng=rng,
        X=T,
        y=target,
    )
    row_sets = [np.arange(len(T)), *(np.sort(units.rows(split.train)) for split in splits)]
    # One seed for all: a replicate differs from the others by its rows only.
    values = np.array(
        Parallel(n_jobs=n_jobs, verbose=verbose)(
            delayed(_measure)(estimator, T, target, index, rows, seed) for rows in row_sets
        )
    )
    results = Bunch(unit=unit_name(base_of(estimator)))
    for column, name in enumerate(("mi_x", "mi_y")):
        whole, replicates = values[0, column], values[1:, column]
        results[name] = float(whole)
        results[f"{name}_replicates"] = replicates
        spread = float(replicates.std(ddof=1))
        # (g - 1)/g sum (I_i - mean)^2 is (g - 1)^2 / g times the variance with ddof = 1.
        factor = 1.0 if method == "subsample" else (n_replicates - 1) / math.sqrt(n_replicates)
        results[f"{name}_std_error"] = factor * spread
    return results


def _measure(
    estimator: BaseEstimator, X: Any, y: Any, inputs: Any, rows: Any, seed: int
) -> tuple[float, float]:
    chosen = [None if values is None else values[rows] for values in (y, inputs)]
    return informations(fit(seeded_clone(estimator, seed), X[rows], *chosen))
