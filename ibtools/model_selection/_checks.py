"""What scikit-learn's check_estimator is for the interface, for the number."""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import pandas as pd
from sklearn.base import BaseEstimator

from ibtools.model_selection._check_numerics import duplicates, order, precision, scale
from ibtools.model_selection._check_probe import Claim, Evidence, Probe
from ibtools.model_selection._check_properties import (
    additivity,
    ceiling,
    data_processing,
    invariance,
    one_functional,
    symmetry,
)
from ibtools.model_selection._check_statistics import independence, truths

_CHECKS: dict[str, Callable[[Probe], Iterator[Claim]]] = {
    "independence": independence,
    "symmetry": symmetry,
    "invariance": invariance,
    "data processing": data_processing,
    "additivity": additivity,
    "one functional": one_functional,
    "ceiling": ceiling,
    "scale": scale,
    "precision": precision,
    "order": order,
    "duplicates": duplicates,
    "known truth": truths,
}


class MICheckFailed(AssertionError):
    """An estimator's number breaks what information promises.

    Parameters
    ----------
    report : MIEstimatorReport
        The checks, those that failed among them.

    Examples
    --------
    >>> from ibtools import KernelDensityMI, check_mi_estimator
    >>> from ibtools.model_selection import MICheckFailed
    >>> try:
    ...     check_mi_estimator(KernelDensityMI(), checks=["scale"], raise_on_failure=True)
    ... except MICheckFailed as failed:  # its noise does not grow with the layer
    ...     failed.report.failures["case"].tolist()
    ['T times 1000, labels', 'T times 0.001, labels']
    """

    def __init__(self, report: "MIEstimatorReport") -> None:
        super().__init__(f"{report}\n{report.failures.to_string(index=False)}")
        self.report = report


class _Row(NamedTuple):
    check: str
    case: str
    expected: float
    measured: float
    std: float
    tolerance: float
    status: str
    detail: str


class MIEstimatorReport:
    """What `check_mi_estimator` found.

    Parameters
    ----------
    estimator : estimator
        The estimator that was checked.
    rows : sequence of tuples
        The rows of the table.

    Attributes
    ----------
    estimator : estimator
        The estimator that was checked.

    Examples
    --------
    >>> from ibtools import BinnedMI, check_mi_estimator
    >>> report = check_mi_estimator(BinnedMI(4), checks=["order", "precision"])
    >>> report
    <Checks of BinnedMI(n_bins=4): 2 passed>
    >>> len(report.failures)
    0
    """

    def __init__(self, estimator: BaseEstimator, rows: Sequence[_Row]) -> None:
        self.estimator = estimator
        self._rows = list(rows)

    @property
    def table(self) -> pd.DataFrame:
        """One row for each case.

        The columns are check, case, expected, measured, std, tolerance (bits, but where the case
        names another unit), status and detail. The status is "passed", "failed", "refused" (the
        estimator raised a ValueError instead of giving a number; the detail is its message) or
        "not applicable".
        """
        return pd.DataFrame(self._rows, columns=list(_Row._fields))

    @property
    def failures(self) -> pd.DataFrame:
        """The rows of the table that failed."""
        table = self.table
        return table[table["status"] == "failed"].reset_index(drop=True)

    @property
    def summary(self) -> pd.DataFrame:
        """Number of cases for each check and status."""
        table = self.table
        counts = pd.crosstab(table["check"], table["status"])
        return counts.reindex(table["check"].unique()).rename_axis(columns=None)

    @property
    def passed(self) -> bool:
        """Whether no case failed."""
        return all(row.status != "failed" for row in self._rows)

    def raise_for_failures(self) -> None:
        """Raise MICheckFailed if any case failed."""
        if not self.passed:
            raise MICheckFailed(self)

    def __repr__(self) -> str:
        statuses = [row.status for row in self._rows]
        counts = ", ".join(f"{statuses.count(s)} {s}" for s in dict.fromkeys(sorted(statuses)))
        return f"<Checks of {self.estimator}: {counts}>"

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.4g}".format)


def check_mi_estimator(
    estimator: BaseEstimator,
    *,
    checks: Sequence[str] | None = None,
    n_samples: int = 500,
    n_replicates: int = 5,
    n_permutations: int = 20,
    tolerance: float = 0.1,
    random_state: int = 0,
    raise_on_failure: bool = False,
) -> MIEstimatorReport:
    """Check whether an estimator's number behaves as mutual information does.

    scikit-learn's :func:`~sklearn.utils.estimator_checks.check_estimator` looks at the interface;
    this looks at the value. No estimator passes everything: the report says what the one at hand
    can be trusted with.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Estimator of information. Only copies of it are fitted.

    checks : sequence of str, default=None
        Names of the checks to run, among those of the notes; None runs all.

    n_samples : int, default=500
        Rows of every sample.

    n_replicates : int, default=5
        Samples of every known truth.

    n_permutations : int, default=20
        Permutations of the target, for what is read of independent variables.

    tolerance : float, default=0.1
        Bits by which an estimate may miss where it is statistical.

    random_state : int, default=0
        Seed of all samples, and of every `random_state` that the estimator leaves unset.

    raise_on_failure : bool, default=False
        Whether to raise an error when a case failed.

    Returns
    -------
    report : MIEstimatorReport
        With `table`, `failures` and `summary` as DataFrames, and `passed`.

    Raises
    ------
    MICheckFailed
        With ``raise_on_failure=True``, if a case failed. An AssertionError.
    ValueError
        If a parameter is out of range, or the estimator reads no I(T;Y) of labels, no I(T;Y) of
        a real target and no I(X;T).

    See Also
    --------
    compare_estimators : Several estimators on data of one's own.

    Notes
    -----
    The checks, each for class labels and for real targets, as far as the estimator takes them:

    - "independence": permuted targets give 0 on average, an independent target is not told from
      permuted ones, and a dependent one is.
    - "symmetry": I(A;B) = I(B;A). Real targets only.
    - "invariance": invertible maps of T (another order, a rotation, half-cube, asinh, a spiral)
      change nothing.
    - "data processing": I(g(T);Y) <= I(T;Y) for a unit alone, rounded units, and signs.
    - "additivity": the informations of independent blocks add.
    - "one functional": I(X;T) with the labels as inputs is I(T;Y).
    - "ceiling": I(T;Y) <= min(H(T), H(Y)) and I(X;T) <= min(H(T), log n); a truth of 20 bits,
      which no sample shows, is read through a model or warned of.
    - "scale": T times 1000, times 0.001, plus a million.
    - "precision": float32 against float64.
    - "order": the order of the rows.
    - "duplicates": every row twice.
    - "known truth": bias and standard deviation on distributions that know their information.

    A case that is statistical passes within `tolerance`, plus two standard errors where several
    values were averaged and four standard deviations between seeds where the estimator draws
    random numbers; a ceiling may be
    exceeded by 0.01 bits, and a case that arithmetic alone decides passes within 0.001 bits.

    Examples
    --------
    >>> from ibtools import BinnedMI, check_mi_estimator
    >>> report = check_mi_estimator(BinnedMI(4), checks=["order", "precision"])
    >>> report.passed
    True
    >>> report.table["status"].tolist()
    ['passed', 'passed']
    """
    chosen = _choose(checks)
    for name, value, least in (
        ("n_samples", n_samples, 20),
        ("n_replicates", n_replicates, 2),
        ("n_permutations", n_permutations, 2),
        ("random_state", random_state, 0),
    ):
        if not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name} must be a whole number from {least}, got {value!r}.")
    if not 0 < tolerance < math.inf:
        raise ValueError(f"tolerance must be positive and finite, got {tolerance!r}.")
    probe = Probe(estimator, n_samples, n_replicates, n_permutations, tolerance, random_state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not probe.targets and not probe.measures_mi_x:
            raise ValueError(
                f"{estimator} gives no finite mi_y_ for labels or real targets, and no finite "
                "mi_x_: there is nothing to check. Does its fit raise an error?"
            )
        rows = [_row(claim) for name in chosen for claim in _CHECKS[name](probe)]
    report = MIEstimatorReport(estimator, rows)
    if raise_on_failure:
        report.raise_for_failures()
    return report


def _choose(checks: Sequence[str] | None) -> list[str]:
    if checks is None:
        return list(_CHECKS)
    unknown = sorted(set(checks) - set(_CHECKS))
    if unknown:
        raise ValueError(f"Unknown checks {unknown}: choose among {list(_CHECKS)}.")
    return list(checks)


def _row(claim: Claim) -> _Row:
    """Weigh a claim, with a status for each way in which that can end."""
    missing: dict[str, Any] = dict.fromkeys(("expected", "measured", "std", "tolerance"), math.nan)
    if claim.weigh is None:
        return _Row(claim.check, claim.case, **missing, status="not applicable", detail="")
    try:
        evidence, detail = _weigh(claim.weigh)
    except ValueError as refusal:
        return _Row(claim.check, claim.case, **missing, status="refused", detail=str(refusal))
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        return _Row(claim.check, claim.case, **missing, status="failed", detail=detail)
    status = "passed" if evidence.holds else "failed"
    numbers = (evidence.expected, evidence.measured, evidence.std, evidence.tolerance)
    return _Row(claim.check, claim.case, *numbers, status=status, detail=detail)


def _weigh(weigh: Callable[[], Evidence]) -> tuple[Evidence, str]:
    """Evidence, and its detail with the first of the warnings that it came with."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        evidence = weigh()
    warned = [f"warns: {caught[0].message}"] if caught else []
    return evidence, "; ".join([*filter(None, [evidence.detail]), *warned])
