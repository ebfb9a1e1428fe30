"""Mutual information of Gaussian representations."""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from ibtools._validation import Interval, StrOptions, fit_context
from ibtools.estimators._contract import (
    MutualInformationDecoder,
    check_input_values,
    check_target_values,
    forget_fit,
    learn_classes,
    resolve_target,
    weigh_rows,
)
from ibtools.estimators._warnings import warn_user
from ibtools.information._gaussian import (
    CanonicalCorrelations,
    canonical_correlations,
    canonical_log_ratio,
    class_log_ratio,
    gaussian_class_information,
    gaussian_classes,
    gaussian_entropy,
    gaussian_moments,
    information_of_correlations,
    whitening_directions,
)
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

# Up to this part of unexplained variance, a unit counts as a linear function: the square of a
# relative rounding error that has grown through a sum of a hundred terms.
_RESOLUTION = {np.dtype(np.float32): 1e-10, np.dtype(np.float64): 1e-12}


class GaussianMI(OneToOneFeatureMixin, TransformerMixin, MutualInformationDecoder):
    """Mutual information of a representation that is taken to be Gaussian.

    Between a representation T and real values V (the values of the inputs, or a real target) it
    is the closed form (1/2) log[det C_T det C_V / det C], with C the covariance of both [1]_: all
    that linear dependence tells, and exact when both are jointly Gaussian. Labels are decoded
    from one Gaussian per class. It is the baseline for every other estimator.

    Parameters
    ----------
    shrinkage : {"ledoit_wolf", "oas"}, float or None, default="ledoit_wolf"
        How far sample correlations (and the covariances of the classes) are shrunk towards none:
        by the rule of Ledoit and Wolf [2]_, of Chen et al. [3]_, or by a given part between 0 and
        1. None takes them as they are.

    target : {"auto", "discrete", "continuous"}, default="auto"
        Whether y is a class or a number. "auto" follows scikit-learn's
        :func:`~sklearn.utils.multiclass.type_of_target`: integers are classes, numbers with a
        fractional part and several columns are real values.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    Attributes
    ----------
    mi_x_ : float
        I(X;T) under a joint Gaussian. Only when the values of the inputs were given.

    mi_y_ : float
        I(T;Y), only when `y` was given. For a real target the closed form. For classes the mean of
        log q(y|t) / p(y) over the rows, with q the posterior of one Gaussian per class
        (quadratic discriminant analysis): at most H(Y). The covariance of every class has half a
        row of prior, the covariance of all rows, so that a collapsed class keeps a density.

    mi_y_upper_ : float
        For classes: h(T) under one Gaussian less the mean entropy of the Gaussian classes, at
        least I(T;Y) where the classes are Gaussian. It may exceed H(Y).

    entropy_ : float
        Differential entropy h(T) of a Gaussian with the covariance of T; minus infinity when a
        unit is constant or a combination of others.

    mean_ : ndarray of shape (n_features,)
        Mean of every unit.

    covariance_ : ndarray of shape (n_features, n_features)
        Covariance of the units, shrunk.

    shrinkage_ : float
        The part of the target in it.

    whitening_ : ndarray of shape (n_features, n_features)
        Symmetric matrix on the standardised units by which `transform` multiplies.

    classes_ : ndarray of shape (n_classes,)
        The labels. Only when `y` was given and discrete.

    n_features_in_ : int
        Number of units.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the units, when X had names.

    See Also
    --------
    ibtools.BinnedMI : Makes no assumption on the distribution, and depends on the bins.
    sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis : The decoder of classes.

    Notes
    -----
    Assumptions. For real values that are not jointly Gaussian the number is no bound in general;
    where the values V alone are Gaussian it does not exceed I(T;V) in the limit of many rows. For
    classes, `mi_y_` approaches a lower bound of I(T;Y) whatever the distribution; where the
    classes are Gaussian it approaches I(T;Y) itself, and I(T;Y) <= `mi_y_upper_`. A dependence
    without correlation, such as V = T^2, reads 0.

    Bias. Without shrinkage, independent T and V read about d_T d_V / (2n) nats; the rules of
    shrinkage take most of that away, and lower the information of dependent ones by a little.
    With classes, `mi_y_` is measured on the rows of the fit; `score` is not.

    A unit that is a linear function of the inputs has infinite information about them: a warning
    says so, and without shrinkage so does the value. With shrinkage the value is finite and is
    made by the shrinkage. As many directions as rows also correlate perfectly, whatever the truth.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd edition, Wiley,
       2006, theorem 8.4.1.

    .. [2] O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance
       matrices", Journal of Multivariate Analysis 88(2), 365-411, 2004.

    .. [3] Y. Chen, A. Wiesel, Y. C. Eldar and A. O. Hero, "Shrinkage algorithms for MMSE covariance
       estimation", IEEE Transactions on Signal Processing 58(10), 5016-5029, 2010.

    Examples
    --------
    T is V plus noise of the same variance, uncorrelated with it: (1/2) log2(1 + 1) bits.

    >>> import numpy as np
    >>> from ibtools import GaussianMI
    >>> V, noise = np.array([[1.0], [1], [-1], [-1]]), np.array([[1.0], [-1], [1], [-1]])
    >>> gaussian = GaussianMI(shrinkage=None).fit(V + noise, inputs=V)
    >>> round(gaussian.mi_x_, 12)
    0.5
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "shrinkage": [
            StrOptions({"ledoit_wolf", "oas"}),
            Interval(Real, 0, 1, closed="both"),
            None,
        ],
        "target": [StrOptions({"auto", "discrete", "continuous"})],
        "base": [Interval(Real, 1, None, closed="neither")],
    }

    inputs_as = "values"

    def __init__(
        self,
        shrinkage: str | float | None = "ledoit_wolf",
        *,
        target: str = "auto",
        base: float = 2.0,
    ) -> None:
        self.shrinkage = shrinkage
        self.target = target
        self.base = base

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        inputs: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Measure I(X;T) when input values are given, and I(T;Y) when a target is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The representation T, one row per sample.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Class labels or real values, as `target` says.

        inputs : array-like of shape (n_samples, n_input_features), default=None
            Values of the input of each row.

        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts. Scale weights of another kind so that they sum to the
            number of rows: a sum below 2 is refused.

        Returns
        -------
        self : GaussianMI
            The fitted estimator.
        """
        forget_fit(self)
        T = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        T, y, inputs, weights = weigh_rows(T, y, inputs, sample_weight, as_counts=True)
        moments = gaussian_moments(_as_float64(T), shrinkage=self.shrinkage, weights=weights)
        self.mean_, self.covariance_ = moments.mean, moments.covariance
        self.shrinkage_ = moments.shrinkage
        self.entropy_ = gaussian_entropy(self.covariance_, base=self.base)
        self._directions_, rotation = whitening_directions(self.covariance_)
        self.whitening_ = self._directions_ @ rotation
        if inputs is not None:
            joint, _ = self._correlate(T, check_input_values(inputs), weights, "inputs")
            self.mi_x_ = self._information(joint)
        if y is not None and resolve_target(y, self.target) == "discrete":
            self._fit_classes(T, *learn_classes(y), weights)
        elif y is not None:
            self._fit_values(T, check_target_values(y), weights)
        return self

    def _information(self, joint: CanonicalCorrelations) -> float:
        return information_of_correlations(joint.correlations) / log_of_base(self.base)

    def _correlate(
        self, T: NDArray[Any], values: NDArray[Any], weights: _Floats | None, name: str
    ) -> tuple[CanonicalCorrelations, _Floats]:
        """Canonical correlations of T with values, and the mean of the values."""
        resolution = max(_RESOLUTION[array.dtype] for array in (T, values))
        rows = np.hstack([_as_float64(T), _as_float64(values)])
        moments = gaussian_moments(rows, shrinkage=self.shrinkage, weights=weights)
        shrinks = moments.shrinkage > 0
        plain = gaussian_moments(rows, weights=weights) if shrinks else moments
        found = canonical_correlations(plain.covariance, T.shape[1], resolution=resolution)
        _warn_if_determined(found, len(T), moments.shrinkage, name)
        if shrinks:
            found = canonical_correlations(moments.covariance, T.shape[1], resolution=resolution)
        return found, plain.mean[T.shape[1] :]

    def _fit_values(self, T: NDArray[Any], values: NDArray[Any], weights: _Floats | None) -> None:
        self._canonical_, self._target_mean_ = self._correlate(T, values, weights, "y")
        self.mi_y_ = self._information(self._canonical_)

    def _fit_classes(
        self,
        T: NDArray[Any],
        classes: NDArray[Any],
        labels: NDArray[np.int64],
        weights: _Floats | None,
    ) -> None:
        Z = self._white(T)
        self.classes_ = classes
        gaussians = gaussian_classes(Z, labels, shrinkage=self.shrinkage, weights=weights)
        log_ratio = class_log_ratio(gaussians, Z, labels)
        unit = log_of_base(self.base)
        self.mi_y_ = float(np.average(log_ratio, weights=weights)) / unit
        self.mi_y_upper_ = gaussian_class_information(gaussians) / unit
        self._class_gaussians_ = gaussians

    def _white(self, T: NDArray[Any]) -> _Floats:
        return (_as_float64(T) - self.mean_) @ self._directions_

    def transform(self, X: ArrayLike) -> _Floats:
        """Whiten representations: units of variance 1 without correlation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Representations.

        Returns
        -------
        white : ndarray of shape (n_samples, n_features)
            The centred rows times `whitening_`. Directions in which the rows of the fit did not
            vary are left out, so that a constant unit is 0.
        """
        check_is_fitted(self)
        T = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return (_as_float64(T) - self.mean_) @ self.whitening_

    def pointwise_mutual_info(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Information that each row gives about its target under the Gaussian decoder.

        For classes log q(y|t) / p(y), with q the posterior of one Gaussian per class and p the
        frequencies in fit. For a real target log q(y|t) / q(y), the densities of the regression
        and of the target under the joint Gaussian: its mean is a lower bound of I(T;Y) only if
        the target is Gaussian.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Representations.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their labels, each seen in fit, or their real targets.

        Returns
        -------
        information : ndarray of shape (n_samples,)
            Information in the units of `base`, bits by default.
        """
        check_is_fitted(self)
        T = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        if not hasattr(self, "mi_y_"):
            raise NotFittedError(
                "This GaussianMI was fitted without a target: call fit(X, y) before asking what a "
                "representation says about y."
            )
        if hasattr(self, "classes_"):
            labels = self._known_labels(y, T)
            log_ratio = class_log_ratio(self._class_gaussians_, self._white(T), labels)
        else:
            check_consistent_length(T, y)
            log_ratio = self._regression_log_ratio(T, check_target_values(y))
        return log_ratio / log_of_base(self.base)

    def _regression_log_ratio(self, T: NDArray[Any], values: NDArray[Any]) -> _Floats:
        if values.shape[1] != len(self._target_mean_):
            raise ValueError(
                f"y has {values.shape[1]} column(s), but fit saw {len(self._target_mean_)}."
            )
        if (self._canonical_.correlations >= 1).any():
            raise ValueError(
                "y is a linear function of X in the rows of fit: the decoder has no density. Use "
                "shrinkage to score such a target."
            )
        first = (_as_float64(T) - self.mean_) @ self._canonical_.first
        second = (_as_float64(values) - self._target_mean_) @ self._canonical_.second
        return canonical_log_ratio(self._canonical_.correlations, first, second)


def _as_float64(values: NDArray[Any]) -> _Floats:
    return values.astype(np.float64, copy=False)


def _warn_if_determined(
    found: CanonicalCorrelations, n_samples: int, shrinkage: float, name: str
) -> None:
    """Warn where sample correlations of 1 make the information infinite."""
    n_perfect = int((found.correlations >= 1).sum())
    reported = "infinite" if shrinkage == 0 else f"made by the shrinkage of {shrinkage:.3g}"
    if n_perfect and found.n_directions < n_samples:
        warn_user(
            f"X and {name} share {n_perfect} direction(s) up to rounding: there one is a linear "
            "function of the other, and their information is infinite. The value reported is "
            f"{reported}."
        )
    elif n_perfect and shrinkage == 0:
        warn_user(
            f"X and {name} vary in {found.n_directions} directions together, but there are "
            f"{n_samples} rows: they correlate perfectly whatever the truth, and the value "
            "reported is infinite. Give more rows, or use shrinkage."
        )
