"""Mutual information of a binned representation."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ibtools._validation import Interval, StrOptions, fit_context
from ibtools.estimators._contract import (
    MutualInformationDecoder,
    encode_inputs,
    forget_fit,
    learn_classes,
    weigh_rows,
)
from ibtools.information._bin_codes import bin_codes, bin_histograms
from ibtools.information._binning import (
    Bins,
    check_bounds,
    check_unit_bounds,
    counted_bins,
    quantile_bins,
    spaced_bins,
)
from ibtools.information._counts import conditional_entropy_from_groups, entropy_from_counts
from ibtools.information._decoding import decoder_log_ratio
from ibtools.information._progress import Progress
from ibtools.information._symbols import joint_counts, row_symbols
from ibtools.information._units import log_of_base

_Pair: TypeAlias = tuple[float, float]


class BinnedMI(OneToOneFeatureMixin, TransformerMixin, MutualInformationDecoder):
    """Mutual information of a representation whose units are binned.

    Every unit is divided into bins of equal width or of equal mass, and the codes of all units of
    a row make one symbol. I(X;T) and I(T;Y) are the plug-in informations of these symbols,
    H(T) - H(T|X) and H(T) - H(T|Y): the estimator with which the information plane was introduced
    [1]_.

    Parameters
    ----------
    n_bins : int, default=30
        Number of bins over `bounds`. Ignored when `bin_width` is given.

    bin_width : float, default=None
        Width of a bin; the code of a value t is ``floor((t - origin) / bin_width)``. A width of
        0.07 approximates 30 bins of (-1, 1).

    strategy : {"uniform", "quantile"}, default="uniform"
        Bins of equal width, or of equal mass: `n_bins` bins between quantiles of the values seen
        in fit. Tied values share a bin, so that there may be fewer bins. Not with `bin_width`.

    bounds : (float, float), {"layer", "unit"} or (lowers, uppers), default=None
        Interval of the values that a unit can take: (-1, 1) for tanh, (0, 1) for sigmoid and
        softmax. A value on the upper bound belongs to the last bin. "layer" uses the smallest and
        the largest value of the whole representation and "unit" those of each unit; two arrays
        of shape (n_features,) give each unit bounds of its own. Units share their bins, and
        quantiles are those of all values together, unless units have bounds of their own. None
        is "layer" for `n_bins`, and leaves bins of a `bin_width` without end.

    outside : {"error", "overflow"}, default="error"
        What happens to values outside given `bounds`: an error, or two overflow bins, below and
        above. They never join a bin inside. Values outside bounds that were taken from the
        training data (in `transform` and `score`) always fall into the overflow bins.

    origin : float, default=0.0
        Edge from which bins of a `bin_width` are laid.

    correction : {None, "miller-madow", "grassberger", "jackknife"}, default=None
        Correction of the bias of every entropy for finite samples.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    verbose : int, default=0
        Above 0, a bar shows how many blocks of rows are binned and counted, and the time left.

    Attributes
    ----------
    mi_x_ : float
        I(X;T). With ``inputs=None`` every row is its own input and this is H(T).

    mi_y_ : float
        I(T;Y). Only when `y` was given.

    entropy_ : float
        H(T).

    classes_ : ndarray of shape (n_classes,)
        The labels. Only when `y` was given.

    bins_ : UniformBins, EdgedBins or list of n_features of them
        The bins, the same for all units or those of each.

    bin_edges_ : ndarray of shape (n_bins + 1,) or list of n_features ndarrays
        Edges of the bins, the same for all units or those of each. Without bounds, bins of a
        `bin_width` run from the lowest that is occupied to the highest.

    bin_counts_ : ndarray of shape (n_features, n_bins) or list of n_features ndarrays
        Histogram of every unit: rows (or weight) in each of these bins.

    empty_bin_fraction_ : float
        Fraction of the bins of all units that are empty, a measure of clustering.

    symbols_ : ndarray of shape (n_symbols, n_features)
        The distinct rows of codes.

    symbol_counts_ : ndarray of shape (n_symbols,)
        Rows (or weight) of each symbol.

    n_features_in_ : int
        Number of units.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the units, when X had names.

    See Also
    --------
    ibtools.InfoPlaneCallback : Measure every layer while a network learns.
    sklearn.preprocessing.KBinsDiscretizer : Bins without information.

    Notes
    -----
    A deterministic network on N distinct inputs has I(X;T) = log N for bins narrow enough: the
    number says how the bins cut the representation, not how much the network could reveal [2]_.
    The plug-in overestimates both informations where there are few rows per symbol; `score`, the
    held-out information, does not.

    Rows are read in blocks: beside X there are its codes, of one byte per value for up to 128
    bins, those of the distinct rows, and a few numbers per row (with quantiles also a sorted copy
    of X). A million rows of 128 units in float32 take 1 GiB in all, X with its 0.5 GiB included.

    References
    ----------
    .. [1] R. Shwartz-Ziv and N. Tishby, "Opening the black box of deep neural networks via
       information", arXiv:1703.00810, 2017.

    .. [2] A. M. Saxe et al., "On the information bottleneck theory of deep learning", ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import BinnedMI
    >>> T = np.array([[-0.9], [-0.9], [0.9], [0.9]])
    >>> binned = BinnedMI(n_bins=2, bounds=(-1, 1)).fit(T, y=[0, 0, 1, 1])
    >>> binned.mi_x_, binned.mi_y_
    (1.0, 1.0)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_bins": [Interval(Integral, 1, None, closed="left")],
        "bin_width": [None, Interval(Real, 0, None, closed="neither")],
        "strategy": [StrOptions({"uniform", "quantile"})],
        "bounds": [None, StrOptions({"layer", "unit"}), "array-like"],
        "outside": [StrOptions({"error", "overflow"})],
        "origin": [Interval(Real, None, None, closed="neither")],
        "correction": [None, StrOptions({"miller-madow", "grassberger", "jackknife"})],
        "base": [Interval(Real, 1, None, closed="neither")],
        "verbose": ["verbose"],
    }

    inputs_as = "index"

    def __init__(
        self,
        n_bins: int = 30,
        *,
        bin_width: float | None = None,
        strategy: str = "uniform",
        bounds: ArrayLike | None = None,
        outside: str = "error",
        origin: float = 0.0,
        correction: str | None = None,
        base: float = 2.0,
        verbose: int = 0,
    ) -> None:
        self.n_bins = n_bins
        self.bin_width = bin_width
        self.strategy = strategy
        self.bounds = bounds
        self.outside = outside
        self.origin = origin
        self.correction = correction
        self.base = base
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        inputs: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Measure I(X;T), and I(T;Y) when labels are given.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The representation T, one row per sample.

        y : array-like of shape (n_samples,), default=None
            Class labels.

        inputs : array-like of shape (n_samples,), default=None
            Which input each row came from; rows that share a value are propagations of one input.
            None makes each row its own input.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. With a known rule p(y|x), give each row once per class with the
            weight p(y|x) and the index of its input in `inputs`.

        Returns
        -------
        self : BinnedMI
            The fitted estimator.
        """
        forget_fit(self)
        T = validate_data(self, X, dtype="numeric", ensure_min_samples=2)
        T, y, inputs, weights = weigh_rows(T, y, inputs, sample_weight)
        groups = None if inputs is None else encode_inputs(inputs)

        self.bins_ = self._resolve_bins(T, weights)
        self._check_bounds(T)
        progress = Progress(self.verbose > 0)
        codes = bin_codes(T, self.bins_, progress=progress.named("bins of values"))
        symbols, representatives = row_symbols(codes, progress=progress.named("symbols of rows"))
        self.symbols_ = codes[representatives]
        self.symbol_counts_ = np.bincount(symbols, weights)
        self.entropy_ = entropy_from_counts(
            self.symbol_counts_, correction=self.correction, base=self.base
        )
        self.mi_x_ = self.entropy_ - self._noise_entropy(symbols, groups, weights)
        if y is not None:
            self._fit_labels(symbols, *learn_classes(y), weights)
        return self

    def _resolve_bins(
        self, X: NDArray[Any], weights: NDArray[np.float64] | None
    ) -> Bins | list[Bins]:
        if self.strategy == "quantile" and self.bin_width is not None:
            raise ValueError(
                "Bins between quantiles have no width of their own: give n_bins and no bin_width, "
                "or strategy='uniform'."
            )
        bounds = self._resolve_bounds(X)
        if not isinstance(bounds, list):
            return self._bins_of(X, bounds, weights)
        return [self._bins_of(X[:, [u]], own, weights) for u, own in enumerate(bounds)]

    def _resolve_bounds(self, X: NDArray[Any]) -> _Pair | list[_Pair] | None:
        """One pair of bounds, one for each unit, or None: no end."""
        if self.bounds is None and self.bin_width is not None:
            return None
        if self.bounds is None or isinstance(self.bounds, str):
            if self.bounds == "unit":
                lowers, uppers = X.min(axis=0).tolist(), X.max(axis=0).tolist()
                return list(zip(lowers, uppers, strict=True))
            return float(X.min()), float(X.max())
        if np.ndim(self.bounds) == 2:
            return check_unit_bounds(self.bounds, X.shape[1])
        return check_bounds(self.bounds)

    def _bins_of(
        self, X: NDArray[Any], bounds: _Pair | None, weights: NDArray[np.float64] | None
    ) -> Bins:
        if self.bin_width is not None:
            return spaced_bins(self.bin_width, self.origin, bounds)
        lower, upper = cast(_Pair, bounds)
        if self.strategy == "uniform":
            return counted_bins(self.n_bins, lower, upper)
        mass = None if weights is None else np.broadcast_to(weights[:, None], X.shape)
        return quantile_bins(X, self.n_bins, weights=mass, bounds=(lower, upper))

    def _check_bounds(self, X: NDArray[Any]) -> None:
        if self.bounds is None or isinstance(self.bounds, str) or self.outside == "overflow":
            return
        if isinstance(self.bins_, list):
            for unit, bins in enumerate(self.bins_):
                _refuse_outside(X[:, unit], bins, f" in unit {unit}")
        else:
            _refuse_outside(X, self.bins_, "")

    def _noise_entropy(
        self,
        symbols: NDArray[np.int64],
        groups: NDArray[np.int64] | None,
        weights: NDArray[np.float64] | None,
    ) -> float:
        """H(T|X). An input with one row adds nothing: no correction can tell its noise."""
        if groups is None:
            return 0.0
        cells = joint_counts(symbols, groups, weights)
        repeated = np.ones(len(cells.counts), dtype=bool)
        if self.correction is not None:
            repeated = np.bincount(cells.groups, cells.counts)[cells.groups] > 1
        if not repeated.any():
            return 0.0
        noise = conditional_entropy_from_groups(
            cells.counts[repeated],
            cells.groups[repeated],
            correction=self.correction,
            base=self.base,
        )
        return noise * float(cells.counts[repeated].sum() / cells.counts.sum())

    def _fit_labels(
        self,
        symbols: NDArray[np.int64],
        classes: NDArray[Any],
        labels: NDArray[np.int64],
        weights: NDArray[np.float64] | None,
    ) -> None:
        cells = joint_counts(symbols, labels, weights)
        self.classes_ = classes
        self.mi_y_ = self.entropy_ - conditional_entropy_from_groups(
            cells.counts, cells.groups, correction=self.correction, base=self.base
        )
        starts = np.searchsorted(cells.symbols, np.arange(len(self.symbols_) + 1))
        self._class_counts_ = csr_array(
            (cells.counts, cells.groups, starts), shape=(len(self.symbols_), len(classes))
        )

    @property
    def bin_edges_(self) -> NDArray[np.float64] | list[NDArray[np.float64]]:
        """Edges of the bins, shape (n_bins + 1,), or those of each unit in a list."""
        check_is_fitted(self)
        if not isinstance(self.bins_, list):
            return self.bins_.edges(*self.bins_.range_of(self.symbols_))
        return [
            bins.edges(*bins.range_of(codes))
            for bins, codes in zip(self.bins_, self.symbols_.T, strict=True)
        ]

    @property
    def bin_counts_(self) -> NDArray[np.float64] | list[NDArray[np.float64]]:
        """Histogram of every unit over the bins: shape (n_features, n_bins), or a list."""
        check_is_fitted(self)
        if not isinstance(self.bins_, list):
            return bin_histograms(self.symbols_, self.symbol_counts_, self.bins_)
        return [
            bin_histograms(self.symbols_[:, [unit]], self.symbol_counts_, bins)[0]
            for unit, bins in enumerate(self.bins_)
        ]

    @property
    def empty_bin_fraction_(self) -> float:
        """Fraction of the bins of all units that are empty."""
        return float((np.concatenate(list(self.bin_counts_)) == 0).mean())

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X: ArrayLike) -> NDArray[np.signedinteger]:
        """Bin codes of every unit, the symbols whose information is measured.

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
        T = validate_data(self, X, dtype="numeric", reset=False)
        self._check_bounds(T)
        return bin_codes(T, self.bins_)

    def pointwise_mutual_info(self, X: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Information that each row's code gives about its label, log q(y|t) / p(y).

        The decoder is smoothed towards the prior, q(y|t) = (n_ty + p(y) / 2) / (n_t + 1 / 2), so
        that a code that was not seen in fit gives 0.

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
        codes = self.transform(X)
        labels = self._known_labels(y, codes)
        log_ratio = decoder_log_ratio(self.symbols_, self._class_counts_, codes, labels)
        return log_ratio / log_of_base(self.base)


def _refuse_outside(X: NDArray[Any], bins: Bins, where: str) -> None:
    low, high = X.min(), X.max()
    if low < bins.lower or high > bins.upper:
        raise ValueError(
            f"X has values from {low:.9g} to {high:.9g}{where}, outside "
            f"bounds=({bins.lower:g}, {bins.upper:g}). Give the bounds of the activation, "
            "bounds=None to take them from the data, or outside='overflow' to count such values "
            "in two bins of their own."
        )
