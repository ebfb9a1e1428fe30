"""The information bottleneck bound of a task, and the points of a plane read against it."""

import math
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from ibtools.bottleneck._joint import joint_letters
from ibtools.bottleneck._layers import bound_mi_y
from ibtools.information._discrete import entropy
from ibtools.information._units import log_of_base, unit_name

_Floats = NDArray[np.float64]

# Informations of one joint distribution, in bits, agree to more digits than this.
_AGREEMENT = 1e-6

# Functionals that differ by less, per unit of beta, are equal: they carry rounding errors.
_ROUNDING = 1e-9

_OTHER_FUNCTIONAL = (
    "These solutions are not on the bound, for they trade H(T) and not I(X;T): compute it with "
    "alpha=1."
)

# What identifies the joint distribution of a point, by column of the table.
_IDENTITY = {"mi_x_ceiling": "H(X)", "mi_y_ceiling": "H(Y)", "mi_xy": "I(X;Y)"}


@dataclass(frozen=True)
class TaskBound:
    """The curve I(T;Y) over I(X;T) that no representation exceeds, and the joint it belongs to.

    Attributes
    ----------
    mi_x, mi_y : ndarray of shape (n_points,)
        Points of the curve.

    slopes : ndarray of shape (n_points,)
        Slope of the curve at each: 1/beta, or 2 I(X;T) / beta by the squared functional.

    mi_xy : float
        I(X;Y).

    entropy_x, entropy_y, corner_x : float
        H(X), H(Y) and the least I(X;T) at which I(T;Y) = I(X;Y), the entropy of the minimal
        sufficient statistic. NaN where the variables are continuous or the joint is not kept.

    n_classes : int or None
        Number of labels that occur; None where that is not known.

    critical_betas, critical_mi_x : ndarray of shape (n_transitions,)
        Betas of the phase transitions within the range of the betas, and their I(X;T).

    base : float
        Base of the logarithm.
    """

    mi_x: _Floats
    mi_y: _Floats
    slopes: _Floats
    mi_xy: float
    entropy_x: float
    entropy_y: float
    corner_x: float
    n_classes: int | None
    critical_betas: _Floats
    critical_mi_x: _Floats
    base: float

    def at(self, mi_x: ArrayLike) -> _Floats:
        """Most I(T;Y) that a representation with this I(X;T) can have."""
        return bound_mi_y(mi_x, self.mi_x, self.mi_y, self.slopes, self.mi_xy)

    @property
    def unit(self) -> str:
        """Name of the unit."""
        return unit_name(self.base)

    def in_unit(self, unit: str) -> Self:
        """The same bound in another unit.

        Parameters
        ----------
        unit : str
            "bits", "nats", "hartleys", or the bound's own.

        Returns
        -------
        bound : TaskBound
            With every information converted; betas have no unit.

        Raises
        ------
        ValueError
            If the unit is none of these.
        """
        bases = {unit_name(base): base for base in (2.0, math.e, 10.0, self.base)}
        if unit not in bases:
            raise ValueError(
                f"The points are in {unit}, the bound in {self.unit}: compute the bound with the "
                "base of the points."
            )
        scale = log_of_base(self.base) / log_of_base(bases[unit])
        return replace(
            self,
            mi_x=self.mi_x * scale,
            mi_y=self.mi_y * scale,
            mi_xy=self.mi_xy * scale,
            entropy_x=self.entropy_x * scale,
            entropy_y=self.entropy_y * scale,
            corner_x=self.corner_x * scale,
            critical_mi_x=self.critical_mi_x * scale,
            base=bases[unit],
        )


def read_bound(bound: Any) -> TaskBound:
    """Read the bound that a fitted estimator or a path holds.

    Parameters
    ----------
    bound : InformationBottleneck, BottleneckPath, GaussianBottleneck or TaskBound
        A fitted estimator, or the curve of a joint distribution.

    Returns
    -------
    bound : TaskBound
        Its curve, slopes and joint.

    Raises
    ------
    NotFittedError
        If an estimator is not fitted.
    ValueError
        If it holds no curve, or the curve of another functional than the bottleneck's.
    """
    if isinstance(bound, TaskBound):
        return bound
    alpha = getattr(bound, "alpha", 1.0)
    if hasattr(bound, "fit"):
        check_is_fitted(bound)
        bound = getattr(bound, "path_", None)
    if not all(hasattr(bound, name) for name in ("betas", "mi_x", "mi_y", "mi_xy", "base")):
        raise ValueError(
            "A bound is a fitted InformationBottleneck, or what bottleneck_path or "
            f"gaussian_bottleneck returns, got {type(bound).__name__}."
        )
    if alpha != 1.0:
        raise ValueError(_OTHER_FUNCTIONAL)
    betas, mi_x, mi_y = (np.asarray(values) for values in (bound.betas, bound.mi_x, bound.mi_y))
    slopes = _slopes(betas, mi_x, mi_y, getattr(bound, "objective", None))
    known = np.isfinite(slopes)
    critical = np.asarray(bound.critical_betas)
    critical = critical[(critical >= betas[0]) & (critical <= betas[-1])]
    critical_mi_x = np.interp(np.log(critical), np.log(betas), mi_x)
    # Information starts at the first transition itself, and not at the solution before it.
    if len(critical) and (mi_x[betas < critical[0]] <= _ROUNDING).all():
        critical_mi_x[0] = 0.0
    return TaskBound(
        mi_x=mi_x[known],
        mi_y=mi_y[known],
        slopes=slopes[known],
        mi_xy=float(bound.mi_xy),
        critical_betas=critical,
        critical_mi_x=critical_mi_x,
        base=float(bound.base),
        **_joint_traits(getattr(bound, "p_xy", None), float(bound.base)),
    )


def _slopes(betas: _Floats, mi_x: _Floats, mi_y: _Floats, objective: _Floats | None) -> _Floats:
    """dI(T;Y) / dI(X;T) where I(X;T) - beta I(T;Y) is least, or I(X;T)^2 - beta I(T;Y).

    Which of the two the solutions minimise is told by the least value that they report.
    """
    rounding = _ROUNDING * (1 + betas)
    if objective is None or (np.abs(mi_x - betas * mi_y - objective) <= rounding).all():
        return 1 / betas
    if (np.abs(mi_x**2 - betas * mi_y - objective) <= rounding).all():
        # A square is flat at 0: a solution without information says nothing of the slope there.
        return np.where(mi_x > 0, 2 * mi_x / betas, np.nan)
    raise ValueError(_OTHER_FUNCTIONAL)


def _joint_traits(p_xy: _Floats | None, base: float) -> dict[str, Any]:
    """Entropies of a joint distribution, NaN for one of continuous variables."""
    if p_xy is None:
        unknown = dict.fromkeys(["entropy_x", "entropy_y", "corner_x"], math.nan)
        return {**unknown, "n_classes": None}
    letters = joint_letters(p_xy)
    return {
        "entropy_x": entropy(p_xy.sum(axis=1) / p_xy.sum(), base=base),
        "entropy_y": entropy(letters.p_y, base=base),
        "corner_x": entropy(letters.p_x, base=base),
        "n_classes": len(letters.p_y),
    }


def check_same_joint(table: pd.DataFrame, bound: TaskBound) -> None:
    """Refuse points that were measured under another joint distribution than the bound's.

    The bound depends on the joint distribution only up to the names of inputs and labels; H(X),
    H(Y) and I(X;Y) tell apart what is not the same.

    Parameters
    ----------
    table : DataFrame
        Points in the unit of the bound, with the columns "mi_x_ceiling", "mi_y_ceiling" and
        "mi_xy".
    bound : TaskBound
        The bound.

    Raises
    ------
    ValueError
        If they differ, or the points do not say what I(X;Y) they were measured under.
    """
    if table["mi_xy"].isna().any():
        raise ValueError(
            "Some points do not say which I(X;Y) they were measured under (column mi_xy), so that "
            "nobody can tell whether the bound is theirs: record them again, or give the column."
        )
    own = dict(zip(_IDENTITY, (bound.entropy_x, bound.entropy_y, bound.mi_xy), strict=True))
    tolerance = _AGREEMENT * math.log(2) / log_of_base(bound.base)
    for column, value in own.items():
        apart = np.abs(table[column] - value)
        if not math.isnan(value) and not (apart <= tolerance).all():
            other = table[column][apart.fillna(math.inf).idxmax()]
            raise ValueError(
                "The points and the bound belong to different joint distributions: "
                f"{_IDENTITY[column]} is {other:.6g} {bound.unit} for the points and {value:.6g} "
                f"{bound.unit} for the bound. Compute the bound of the rows and labels that were "
                "measured, or measure the layers under the joint distribution of the bound: "
                "p_xy=... of InformationPlane.from_activations and of InfoPlaneCallback."
            )


def read_against(table: pd.DataFrame, bound: Any) -> pd.DataFrame:
    """Add to every point what the bound allows at its I(X;T), and how far below it is.

    Parameters
    ----------
    table : DataFrame
        Points of a plane.
    bound : fitted InformationBottleneck, or path
        The bound.

    Returns
    -------
    table : DataFrame
        With the columns "bound_mi_y" and "bound_distance", in the unit of each point.
    """
    bound = read_bound(bound)
    table = table.assign(bound_mi_y=math.nan)
    for unit, points in table.groupby("unit"):
        converted = bound.in_unit(str(unit))
        check_same_joint(points, converted)
        table.loc[points.index, "bound_mi_y"] = converted.at(points["mi_x"])
    return table.assign(bound_distance=table["bound_mi_y"] - table["mi_y"])
