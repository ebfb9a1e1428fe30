"""Mutual information by hashing: the ensemble of dependence graphs."""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ibtools._validation import Estimator, Interval, StrOptions, fit_context
from ibtools.estimators._contract import (
    check_input_values,
    check_target_values,
    encode_inputs,
    forget_fit,
    learn_classes,
    resolve_target,
    weigh_rows,
)
from ibtools.estimators._warnings import warn_user
from ibtools.information._counts import entropy_from_counts
from ibtools.information._hashing import (
    DependenceGraph,
    cancelled_powers,
    dependence_graph,
    ensemble_widths,
    hash_codes,
    hashed_nodes,
    lone_share,
    standard_scale,
)
from ibtools.information._html_repr import InformationRepr
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]

# From this part of rows alone in their codes, at the narrowest width, the graph counts rows.
_SATURATED = 0.75


class DependenceGraphMI(OneToOneFeatureMixin, TransformerMixin, InformationRepr, Estimator):
    """Mutual information of hashed values, by an ensemble of bin widths (EDGE).

    Standardised values are hashed to floor((t + b) / eps) with a random offset b; the rows that
    share a code are a node of the dependence graph, and its edges count the rows of each pair of
    codes. The plug-in informations at several widths eps are added up with weights that cancel
    the leading terms of their bias [1]_. The time grows as n log n.

    Parameters
    ----------
    n_widths : int, default=10
        Number of widths in the ensemble. Ignored when `widths` is given.

    widths : array-like of shape (n_widths,), default=None
        Widths of the bins, in standard deviations of each unit. None takes
        eps = t n^(-1 / (2 d)) with `n_widths` values of t evenly spaced from 2 to 8, and d the
        number of units that vary, together with those of the inputs or the target where they are
        real values.

    cancel : {"leading", "smoothing"} or None, default="leading"
        Terms of the bias that the ensemble cancels. "smoothing" is the published choice, eps^1 to
        eps^d, what bins smooth away. "leading" takes the first term of that, eps^2, and the first
        of what few rows per bin add, 1 / (n eps^d). None averages over the widths.

    n_permutations : int, default=0
        How often the rows of the inputs and of the target are shuffled to measure what the
        estimate reads where there is no information, see `graph_y_`.

    target : {"auto", "discrete", "continuous"}, default="auto"
        Whether y is a class or a number. "auto" follows scikit-learn's
        :func:`~sklearn.utils.multiclass.type_of_target`: integers are classes, numbers with a
        fractional part and several columns are real values.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    random_state : int, RandomState instance or None, default=None
        Source of the offsets and permutations. An int gives the same result every time.

    Attributes
    ----------
    mi_x_ : float
        I(X;T). Only when `inputs` were given.

    mi_y_ : float
        I(T;Y). Only when `y` was given.

    graph_x_, graph_y_ : DependenceGraph
        How `mi_x_` and `mi_y_` came about: ``widths``, ``weights`` and ``estimates`` of the
        ensemble, and ``permuted``, what it reads for shuffled rows.

    widths_ : ndarray of shape (n_widths,)
        Widths for the representation alone and for class labels.

    offsets_ : ndarray of shape (n_widths, n_features)
        Offsets b of the representation, as parts of the width.

    mean_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of every unit.

    classes_ : ndarray of shape (n_classes,)
        The labels. Only when `y` was given and discrete.

    n_features_in_ : int
        Number of units.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the units, when X had names.

    See Also
    --------
    ibtools.BinnedMI : One width for all, and no randomness.

    Notes
    -----
    The estimate is derived from the paper. Against it, values that share a code are found exactly
    (no table in which codes collide), large edge weights are not cut off, and "leading" is the
    default: the weights of "smoothing" magnify what few rows per bin add. For Gaussian T and V
    with 1000 rows, in bits (mean of six samples):

    ================  =====  =========  ===========
    T and V           truth  "leading"  "smoothing"
    ================  =====  =========  ===========
    1-d independent   0      0.01       0.32
    1-d r = 0.6       0.32   0.33       0.58
    1-d r = 0.9       1.20   1.07       1.46
    2-d independent   0      0.11       4.20
    3-d independent   0      0.45       19.7
    3-d r = 0.6       0.97   0.89       12.3
    10-d independent  0      6.8
    ================  =====  =========  ===========

    It fails, then, in more than about five dimensions of both sides together (with labels: of
    the representation), where every row has a code of its own and any data seem to share
    information; shuffled rows (`n_permutations`) show it, and a warning says so where at least
    three quarters of the rows are alone at the narrowest width, or where the value exceeds the
    entropy of the labels (the logarithm of the number of rows for real values). A strong
    dependence is read too low, and n rows never show more than log n in a single graph. The
    information about inputs of a deterministic representation is infinite: what is reported tells
    of the widths. Units are standardised, a nearly dead one too.

    Discrete values keep apart in bins narrower than their distance: then every graph, and the
    ensemble, gives the plug-in information of their counts.

    References
    ----------
    .. [1] M. Noshad, Y. Zeng and A. O. Hero, "Scalable mutual information estimation using
       dependence graphs", arXiv:1801.09125, 2018: the theorems on the bias and on the
       ensemble.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import DependenceGraphMI
    >>> y = np.arange(1000) % 2
    >>> graph = DependenceGraphMI(random_state=0).fit(y.reshape(-1, 1), y)
    >>> round(graph.mi_y_, 12)
    1.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_widths": [Interval(Integral, 1, None, closed="left")],
        "widths": [None, "array-like"],
        "cancel": [StrOptions({"leading", "smoothing"}), None],
        "n_permutations": [Interval(Integral, 0, None, closed="left")],
        "target": [StrOptions({"auto", "discrete", "continuous"})],
        "base": [Interval(Real, 1, None, closed="neither")],
        "random_state": ["random_state"],
    }

    inputs_as = "values"

    def __init__(
        self,
        n_widths: int = 10,
        *,
        widths: Sequence[float] | None = None,
        cancel: str | None = "leading",
        n_permutations: int = 0,
        target: str = "auto",
        base: float = 2.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_widths = n_widths
        self.widths = widths
        self.cancel = cancel
        self.n_permutations = n_permutations
        self.target = target
        self.base = base
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        inputs: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Measure I(X;T) when inputs are given, and I(T;Y) when a target is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The representation T, one row per sample.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Class labels or real values, as `target` says.

        inputs : array-like of shape (n_samples, n_input_features) or (n_samples,), default=None
            Values of the input of each row, which are hashed as well; or a one-dimensional index
            of the inputs, each of them a node.

        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts. Scale weights of another kind so that they sum to the
            number of rows: a sum below 2 is refused.

        Returns
        -------
        self : DependenceGraphMI
            The fitted estimator.
        """
        forget_fit(self)
        T = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        T, y, inputs, weights = weigh_rows(T, y, inputs, sample_weight, as_counts=True)
        random = check_random_state(self.random_state)
        of_units, *of_partners = random.randint(np.iinfo(np.int32).max, size=3)

        self.mean_, self._inverse_scale_ = standard_scale(T, weights)
        self.scale_ = np.sqrt(np.average((T - self.mean_) ** 2, axis=0, weights=weights))
        n_rows = len(T) if weights is None else float(weights.sum())
        self.widths_ = self._resolve_widths(n_rows, self._n_varying)
        shape = (len(self.widths_), T.shape[1])
        self.offsets_ = np.random.default_rng(of_units).uniform(size=shape)
        if inputs is not None:
            values = encode_inputs(inputs) if np.ndim(inputs) == 1 else check_input_values(inputs)
            self.graph_x_ = self._compare(T, values, weights, of_partners[0], "mi_x_")
            self.mi_x_ = self.graph_x_.information
        if y is not None:
            self.graph_y_ = self._compare(
                T, self._encode_target(y), weights, of_partners[1], "mi_y_"
            )
            self.mi_y_ = self.graph_y_.information
        return self

    @property
    def _n_varying(self) -> int:
        return int((self._inverse_scale_ > 0).sum())

    def _encode_target(self, y: ArrayLike) -> NDArray[Any]:
        """Numbers of the classes, one-dimensional, or real values, two-dimensional."""
        if resolve_target(y, self.target) == "continuous":
            return check_target_values(y)
        self.classes_, labels = learn_classes(y)
        return labels

    def _resolve_widths(self, n_samples: float, dimension: int) -> _Floats:
        if self.widths is None:
            return ensemble_widths(n_samples, dimension, self.n_widths, (2, 8))
        widths = np.asarray(self.widths, dtype=np.float64)
        usable = widths.ndim == 1 and widths.size and np.isfinite(widths).all()
        if not usable or widths.min() <= 0 or len(np.unique(widths)) < len(widths):
            raise ValueError(
                "widths must be one or several distinct positive numbers, in standard deviations, "
                f"got {self.widths!r}."
            )
        return np.sort(widths)

    def _compare(
        self, T: _Floats, partner: NDArray[Any], weights: _Floats | None, seed: int, name: str
    ) -> DependenceGraph:
        """Dependence graphs of the representation and its partner, in units of `base`."""
        rng = np.random.default_rng(seed)
        n_rows = len(T) if weights is None else float(weights.sum())
        dimension, widths = self._n_varying, self.widths_
        second = [partner] * len(widths)
        if partner.ndim == 2:
            values = partner.astype(np.float64, copy=False)
            mean, inverse = standard_scale(values, weights)
            dimension += int((inverse > 0).sum())
            widths = self._resolve_widths(n_rows, dimension)
            offsets = rng.uniform(size=(len(widths), len(mean)))
            second = hashed_nodes((values - mean) * inverse, widths, offsets)
        first = hashed_nodes(self._standardised(T), widths, self.offsets_)
        graph = dependence_graph(
            first,
            second,
            widths,
            cancelled_powers(self.cancel, dimension),
            weights=weights,
            permutations=(rng.permutation(len(T)) for _ in range(self.n_permutations)),
        )
        hashed = partner.ndim == 2
        ceiling = float(np.log(n_rows))
        if not hashed:
            ceiling = entropy_from_counts(np.bincount(partner, weights), base=math.e)
        alone = lone_share(first[0], second[0] if hashed else None, weights)
        unit = log_of_base(self.base)
        _warn_if_saturated(name, graph.information / unit, ceiling / unit, alone)
        return DependenceGraph(
            graph.information / unit,
            graph.widths,
            graph.weights,
            graph.estimates / unit,
            graph.permuted / unit,
        )

    def _standardised(self, T: _Floats) -> _Floats:
        return (T - self.mean_) * self._inverse_scale_

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X: ArrayLike) -> NDArray[np.int64]:
        """Hash codes of every unit, at the middle one of `widths_`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Representations.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_features)
            Integer codes.
        """
        check_is_fitted(self)
        T = validate_data(self, X, dtype=np.float64, reset=False)
        middle = len(self.widths_) // 2
        return hash_codes(self._standardised(T), self.widths_[middle], self.offsets_[middle])


def _warn_if_saturated(name: str, information: float, ceiling: float, alone: float) -> None:
    """Warn where rows are alone in their codes, or the ensemble exceeds what there can be."""
    if alone >= _SATURATED and ceiling > 0:
        warn_user(
            f"{alone:.0%} of the rows have codes of their own at the narrowest width: {name} is "
            f"{information:.3g} in good part because of the few rows, not of dependence. Use fewer "
            "dimensions, wider `widths` or more rows."
        )
    elif information > ceiling * (1 + 1e-9) + 1e-9:
        warn_user(
            f"{name} is {information:.3g}, above {ceiling:.3g}, the most there can be: the excess "
            "is made by the weights of the ensemble from bins with few rows, not by dependence. "
            "Use fewer dimensions, wider `widths` or cancel=None."
        )
