"""Mutual information from the distances to nearest neighbours."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from ibtools._validation import Interval, StrOptions, fit_context
from ibtools.estimators._contract import (
    MutualInformationDecoder,
    forget_fit,
    learn_classes,
    resolve_target,
)
from ibtools.estimators._device import (
    DEVICE_CONSTRAINT,
    flat_rows_on,
    host_rows,
    host_values,
    rows_on,
    uses_torch,
)
from ibtools.estimators._neighbor_methods import NeighborMethod
from ibtools.estimators._neighbor_warnings import (
    warn_of_function,
    warn_of_repeats,
    warn_of_saturation,
    warn_of_small_classes,
)
from ibtools.information._decoding import neighbor_log_ratio
from ibtools.information._neighbor_coordinates import fit_coordinates, jittered
from ibtools.information._neighbor_limits import distinct_rows
from ibtools.information._neighbors import check_neighbors
from ibtools.information._torch_neighbors import on_host
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


class NearestNeighborsMI(OneToOneFeatureMixin, TransformerMixin, MutualInformationDecoder):
    """Mutual information of a representation from the distances to nearest neighbours.

    No density is estimated and nothing is binned: where rows that are neighbours in T and Y
    together are much nearer than chance has it in T alone and in Y alone, T and Y share
    information. Targets are classes [2]_ or numbers [1]_, also several; I(X;T) needs the values
    of the inputs.

    Parameters
    ----------
    n_neighbors : int or sequence of int, default=3
        Number k of neighbours. Small numbers have little bias and much spread. Several are
        evaluated in one pass over the neighbours and averaged.

    method : {"auto", "ksg", "ross", "mixed", "lnn", "kl"}, default="auto"
        Estimator:

        - "ksg": the first estimator of Kraskov et al. [1]_, for real-valued targets and inputs;
        - "ross": its counterpart for classes [2]_;
        - "mixed": that of Gao et al. [3]_, with tie counts where rows are equal, and for classes
          Ross's with the same tie counts;
        - "auto": "ksg" for numbers and "ross" for classes, "mixed" where rows are tied (without
          ties it is the same);
        - "lnn": differences of entropies by local Gaussian fits [4]_;
        - "kl": differences of entropies by Kozachenko and Leonenko.

    metric : {"chebyshev", "euclidean"}, default="chebyshev"
        Norm in T, in X and in Y, the maximum norm or the Euclidean; in two of them together always
        the larger of both distances. "lnn" is Euclidean throughout.

    standardize : bool, default=True
        Whether distances are taken between standardised columns (of T, X and Y), so that no unit
        counts more for its scale.

    copula : bool, default=False
        Whether the values of every column are replaced by the normal quantiles of their ranks.
        Information does not change under such maps of single columns, estimates do: heavy tails
        are pulled in.

    target : {"auto", "discrete", "continuous"}, default="auto"
        Whether `y` is a class or a number. "auto" follows scikit-learn's
        :func:`~sklearn.utils.multiclass.type_of_target`: strings, booleans and whole numbers in
        one column are classes.

    n_local : int, default=None
        Neighbours in the local fits of "lnn", at least 3 per dimension. None takes 3^d k, within
        30 to 400.

    jitter : float, default=None
        Standard deviation of normal noise with which `fit` breaks ties, in standard deviations of
        each column: 1e-10 separates equal values and changes nothing else. None adds nothing.

    random_state : int, RandomState instance or None, default=None
        Seed of the noise.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    device : str or torch.device, default="cpu"
        Where neighbours are found: "cpu" with trees, numpy and numba, a torch.device or the name
        of one ("cuda", "cuda:0", "mps") with torch on that device, among all pairs of rows. "lnn"
        is for "cpu" only.

    Attributes
    ----------
    mi_x_ : float
        I(X;T). Only when values of the inputs were given.

    mi_y_ : float
        I(T;Y). Only when `y` was given.

    mi_x_per_k_, mi_y_per_k_ : ndarray of shape (n_k,)
        The same for every number of neighbours.

    method_x_, method_y_ : str
        Estimator of `mi_x_` and `mi_y_`, "auto" resolved.

    entropy_ : float
        Differential entropy h(T) in the units of the data, by local Gaussian fits for "lnn" and
        by Kozachenko and Leonenko otherwise; computed when asked for. There is none (it is minus
        infinity) where rows are tied or a column is constant, nor with `copula`.

    classes_ : ndarray of shape (n_classes,)
        The labels. Only when `y` was given and is a class.

    n_neighbors_ : ndarray of shape (n_k,)
        Numbers of neighbours.

    n_features_in_ : int
        Number of units.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the units, when X had names.

    See Also
    --------
    ibtools.BinnedMI : Information of binned units.
    sklearn.feature_selection.mutual_info_classif : The same estimators, one unit at a time.

    Notes
    -----
    - A deterministic layer of continuous inputs has an infinite I(X;T). The estimate is then a
      statement about the number of rows, and `fit` warns, as it does of an estimate within 1 nat
      of psi(n) - psi(k), above which n rows cannot read. (That T is a function of the inputs is
      recognised where it is smooth, or a monotone activation of what is; others may pass.)
    - Exact repeats of a row of T with its real target or inputs inflate the estimate, jittered or
      not, by 0.3 bits where they are a fifth, and `fit` warns where they are more than a
      twentieth: drop them. With classes, equal rows may be what the layer does, and there is no
      warning. Repeats of discrete data are counted as they are.
    - Real values rounded to a grid that the rows resolve are read too high: 400 pairs with 0.5
      bits, rounded to a tenth of the deviation, read 0.9, and 0.5 with ``jitter=1e-10``.
    - The estimates are biased towards zero, the more the higher the dimension and the larger
      the information. For Gaussian pairs of correlation 0.6 and k = 3, "ksg" reads within 0.02
      nats in one dimension (1000 rows), 0.34 nats of 1.12 too little in five dimensions (1000
      rows) and 0.21 (5000 rows). For independent variables it is centred on zero and half of the
      values are negative: nothing is clipped.
    - "lnn" is for few dimensions and ``n_neighbors`` of 5 or more. Its constants hold
      where the density is flat over the fitted neighbours: h of 4000 normal rows reads 0.4 nats
      too much in five dimensions, and 5-dimensional pairs lose 2 nats of information and more.
    - "lnn" and "kl" take differences of entropies whose errors do not cancel as in "ksg".
    - A class with one row (with too few rows for the fits, for "lnn"; with no k neighbours, for
      "kl") has no neighbours: its rows are left out of `mi_y_`, with a warning.
    - Distances beyond ten dimensions in all, and Euclidean ones, are computed in tiles: time
      grows with the square of the rows, memory does not. Where numba is installed (the extra
      ``fast``) this is so beyond six dimensions, for up to 40000 rows, and faster; the values are
      the same.
    - On a torch device `X`, `inputs` and `y` may be tensors of that device. Of these only `y`,
      which is checked there, is copied to the host: what comes back is one number for each row,
      and 4096 rows that tell whether T is a function of the inputs. In float64 the distances of
      given coordinates, and with them all counts, are those of the host to the last bit, and so
      are coordinates: means, deviations and normal scores are rounded to 32 binary digits, which
      sums in another order do not change. Informations differ by less than 1e-9 bits. `transform`
      and `score` compute on the host.
    - `inputs` may be an index for other estimators; here only values give `mi_x_`.

    References
    ----------
    .. [1] A. Kraskov, H. Stoegbauer and P. Grassberger, "Estimating mutual information", Physical
       Review E 69:066138, 2004, equation 8.

    .. [2] B. C. Ross, "Mutual information between discrete and continuous data sets", PLoS ONE
       9(2):e87357, 2014, equation 2.

    .. [3] W. Gao, S. Kannan, S. Oh and P. Viswanath, "Estimating mutual information for
       discrete-continuous mixtures", NIPS 2017, algorithm 1.

    .. [4] W. Gao, S. Oh and P. Viswanath, "Breaking the bandwidth barrier: geometrical adaptive
       entropy estimation", NIPS 2016.

    Examples
    --------
    Two classes far apart: T knows the class, 1 bit.

    >>> import numpy as np
    >>> from ibtools import NearestNeighborsMI
    >>> y = np.arange(1000) % 2
    >>> T = np.random.default_rng(0).normal(size=(1000, 2)) + 100 * y[:, None]
    >>> round(NearestNeighborsMI().fit(T, y).mi_y_, 2)
    1.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "method": [StrOptions({"auto", "ksg", "ross", "mixed", "lnn", "kl"})],
        "metric": [StrOptions({"chebyshev", "euclidean"})],
        "standardize": ["boolean"],
        "copula": ["boolean"],
        "target": [StrOptions({"auto", "discrete", "continuous"})],
        "n_local": [None, Interval(Integral, 1, None, closed="left")],
        "jitter": [None, Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
        "base": [Interval(Real, 1, None, closed="neither")],
        "device": DEVICE_CONSTRAINT,
    }

    inputs_as = "values"

    def __init__(
        self,
        n_neighbors: int | Sequence[int] = 3,
        *,
        method: str = "auto",
        metric: str = "chebyshev",
        standardize: bool = True,
        copula: bool = False,
        target: str = "auto",
        n_local: int | None = None,
        jitter: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        base: float = 2.0,
        device: Any = "cpu",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.method = method
        self.metric = metric
        self.standardize = standardize
        self.copula = copula
        self.target = target
        self.n_local = n_local
        self.jitter = jitter
        self.random_state = random_state
        self.base = base
        self.device = device

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, *, inputs: ArrayLike | None = None
    ) -> Self:
        """Measure I(X;T) when values of the inputs are given, and I(T;Y) when a target is.

        Parameters
        ----------
        X : array-like or torch.Tensor of shape (n_samples, n_features)
            The representation T, one row per sample.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Class labels, or real-valued targets.

        inputs : array-like of shape (n_samples, n_input_features), default=None
            Values of the inputs. A one-dimensional index of inputs has no distances: it is
            accepted, and there is no `mi_x_`.

        Returns
        -------
        self : NearestNeighborsMI
            The fitted estimator.
        """
        forget_fit(self)
        T = rows_on(self, X, self.device)
        if self.method == "lnn" and uses_torch(self.device):
            raise ValueError(
                f"method='lnn' fits on the host, and device is {str(self.device)!r}: take "
                "device='cpu', or another method."
            )
        check_consistent_length(T, y, inputs)
        self.n_neighbors_ = check_neighbors(self.n_neighbors, len(T))
        rng = check_random_state(self.random_state)
        self._coordinates_ = fit_coordinates(T, standardize=self.standardize, copula=self.copula)
        self._points_ = self._separated(self._coordinates_.apply(T), rng)
        if inputs is not None and not _is_index(inputs):
            self._fit_inputs(T, flat_rows_on(inputs, self.device, "inputs"), rng)
        if y is not None:
            self._fit_target(T, y, rng)
        return self

    def _fit_inputs(self, T: Any, inputs: Any, rng: np.random.RandomState) -> None:
        values = self._variable(inputs, rng)
        self.method_x_, nats = self._method.of_numbers(self._points_, values)
        self.mi_x_per_k_ = nats / log_of_base(self.base)
        self.mi_x_ = float(self.mi_x_per_k_.mean())
        distinct = distinct_rows(T, inputs)
        warn_of_repeats("I(X;T)", len(T), distinct)
        warn_of_function(values[distinct], self._points_[distinct])
        warn_of_saturation("I(X;T)", nats, len(T), self.n_neighbors_, self.base)

    def _fit_target(self, T: Any, target: ArrayLike, rng: np.random.RandomState) -> None:
        y = check_array(host_values(target), ensure_2d=False, dtype=None, input_name="y")
        # "ross" is for classes only: what is none is an error.
        kind = "discrete" if self.method == "ross" else "auto"
        if resolve_target(y, kind if self.target == "auto" else self.target) == "discrete":
            self._fit_classes(*learn_classes(y))
        else:
            self._fit_numbers(T, flat_rows_on(target, self.device, "y"), rng)

    def _fit_numbers(self, T: Any, target: Any, rng: np.random.RandomState) -> None:
        values = self._variable(target, rng)
        self.method_y_, nats = self._method.of_numbers(self._points_, values)
        self.mi_y_per_k_ = nats / log_of_base(self.base)
        self.mi_y_ = float(self.mi_y_per_k_.mean())
        warn_of_repeats("I(T;Y)", len(T), distinct_rows(T, target))
        warn_of_saturation("I(T;Y)", nats, len(T), self.n_neighbors_, self.base)

    def _fit_classes(self, classes: NDArray[Any], labels: _Integers) -> None:
        sizes, fewest = np.bincount(labels), self._method.fewest_rows(self.n_features_in_)
        if sizes.max() < fewest:
            raise ValueError(
                f"No class has the {fewest} rows that this method needs, the largest has "
                f"{sizes.max()}: are these labels real-valued (target='continuous')?"
            )
        warn_of_small_classes(classes, sizes, fewest)
        kept = sizes[labels] >= fewest
        self.method_y_, nats = self._method.of_classes(self._points_[kept], labels[kept])
        self.mi_y_per_k_ = nats / log_of_base(self.base)
        self.mi_y_ = float(self.mi_y_per_k_.mean())
        self.classes_, self._labels_ = classes, labels

    @property
    def _method(self) -> NeighborMethod:
        return NeighborMethod(self.method, self.n_neighbors_, self.metric, self.n_local)

    def _variable(self, rows: Any, rng: np.random.RandomState) -> Any:
        """Coordinates of real-valued inputs or targets."""
        map_ = fit_coordinates(rows, standardize=self.standardize, copula=self.copula)
        return self._separated(map_.apply(rows), rng)

    def _separated(self, points: Any, rng: np.random.RandomState) -> Any:
        return points if self.jitter is None else jittered(points, self.jitter, rng)

    @property
    def entropy_(self) -> float:
        """Differential entropy of T in the units of the data."""
        check_is_fitted(self)
        if self.copula:
            raise AttributeError("There is no entropy_ of ranks (copula=True).")
        try:
            nats = self._method.entropy(self._points_)
        except ValueError as error:
            raise AttributeError(f"There is no entropy_ of these rows. {error}") from error
        return float(nats.mean() + self._coordinates_.log_volume) / log_of_base(self.base)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X: ArrayLike) -> _Floats:
        """Coordinates in which distances are taken, without the noise of `jitter`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Representations.

        Returns
        -------
        coordinates : ndarray of shape (n_samples, n_features)
            Standardised values, or normal quantiles of ranks.
        """
        check_is_fitted(self)
        T = host_rows(self, host_values(X), reset=False)
        return self._coordinates_.on_host().apply(T)

    def pointwise_mutual_info(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Information that each row's neighbours give about its label, log q(y|t) / p(y).

        The decoder counts the training rows within the distance of the k-th neighbour, and is
        smoothed towards the prior: q(y|t) = (n_ty + p(y) / 2) / (n_t + 1 / 2), averaged over the
        numbers of neighbours.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Representations.

        y : array-like of shape (n_samples,)
            Their labels, each seen in fit.

        Returns
        -------
        information : ndarray of shape (n_samples,)
            Information in the units of `base`, bits by default.
        """
        points = self.transform(X)
        labels = self._known_labels(host_values(y), points)
        log_ratio = neighbor_log_ratio(
            on_host(self._points_),
            self._labels_,
            points,
            labels,
            self.n_neighbors_,
            metric=self.metric,
        )
        return log_ratio / log_of_base(self.base)


def _is_index(inputs: ArrayLike) -> bool:
    """Whether inputs are numbered, which gives them no distances."""
    if len(np.shape(inputs)) == 1:
        check_array(host_values(inputs), ensure_2d=False, dtype=None, input_name="inputs")
        return True
    return False
