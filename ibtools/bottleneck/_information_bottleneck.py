"""The information bottleneck of labelled rows."""

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from ibtools._validation import Interval, check_sample_weight, fit_context
from ibtools.bottleneck._fit_callbacks import CallbackSupportMixin, told_to_callbacks
from ibtools.bottleneck._path import bottleneck_path, default_betas
from ibtools.bottleneck._results import BottleneckPath
from ibtools.bottleneck._rows import distinct_rows, find_rows
from ibtools.bottleneck._validation import check_betas
from ibtools.information._html_repr import InformationRepr
from ibtools.information._labels import encode_known_labels, encode_labels
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]


class InformationBottleneck(
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    InformationRepr,
    BaseEstimator,
):
    """Cluster the rows of X so that the clusters keep what X says about y.

    Every distinct row of X is one symbol, and the joint distribution of symbols and labels is that
    of the training rows. The information bottleneck [1]_ is the encoder p(t|x) that minimises
    I(X;T) - beta I(T;Y): what the clusters T keep of the symbol, less beta times what they say
    about the label. Along all betas the pairs (I(X;T), I(T;Y)) are the bound that no
    representation of X can exceed. The encoder at one beta, the largest unless another is chosen,
    is that with which rows are transformed, clustered and scored.

    Parameters
    ----------
    n_clusters : int, default=None
        Largest number of clusters. None allows as many as the bound can use.

    betas : array-like of shape (n_betas,), default=None
        Trade-offs at which the bound is computed, positive. None is the grid of
        :func:`~ibtools.bottleneck.bottleneck_path`.

    beta : float, default=None
        Trade-off of the encoder that is used. It joins `betas` if it is not one of them. None is
        the largest of `betas`. For a single encoder without the rest of the bound, as in a
        search, ``betas=[beta]`` is faster.

    alpha : float, default=1.0
        1 is the information bottleneck. At 0 the functional is H(T) - beta I(T;Y), the
        deterministic information bottleneck [2]_, whose clusters are hard; values between are
        its generalisation, H(T) - alpha H(T|X) - beta I(T;Y).

    n_init : int, default=0
        Number of random starts at each beta, beside the path that descends from the largest.

    max_iter : int, default=5000
        Largest number of iterations at each beta.

    tol : float, default=1e-7
        Change of the decoders at which the iterations stop.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    random_state : int, RandomState instance or None, default=None
        Seed of the random starts.

    Attributes
    ----------
    symbols_ : ndarray of shape (n_symbols, n_features)
        The distinct rows of X, sorted.

    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.

    betas_ : ndarray of shape (n_betas,)
        The trade-offs, increasing.

    mi_x_, mi_y_ : ndarray of shape (n_betas,)
        I(X;T) and I(T;Y) along `betas_`: the bound.

    mi_xy_ : float
        I(X;Y) of the training rows, which no I(T;Y) exceeds.

    critical_betas_ : ndarray of shape (n_transitions,)
        Betas at which the number of clusters grows, increasing. They are searched for when they
        are first asked for, which may take longer than the fit.

    beta_ : float
        The trade-off of the encoder, decoder, marginal and labels.

    encoder_ : ndarray of shape (n_symbols, n_clusters)
        p(t|x); its rows are those of `symbols_`.

    decoder_ : ndarray of shape (n_clusters, n_classes)
        p(y|t). Clusters are sorted by the probability of the first class, the largest first, and
        then by that of the next.

    marginal_ : ndarray of shape (n_clusters,)
        p(t).

    labels_ : ndarray of shape (n_samples,)
        Most probable cluster of each row of X.

    path_ : BottleneckPath
        All solutions along `betas_`; ``path_[k]`` is that of ``betas_[k]``.

    n_iter_ : int
        Largest number of iterations at any beta.

    converged_ : ndarray of bool of shape (n_betas,)
        Whether the tolerance was reached, along `betas_`.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, when X had names.

    See Also
    --------
    ibtools.bottleneck.bottleneck_path : The same from a joint distribution.
    ibtools.BinnedMI : Bins for continuous features, and the information of each row's code.

    Notes
    -----
    A known joint distribution is given as its cells: one row for each pair of a symbol and a
    label, weighted with its probability. The bound does not change when all weights are
    multiplied by a number. `score` does: there, weights count rows.

    The bound is that of the training rows, and only for a known distribution that of the
    distribution: every row of continuous features is a symbol of its own, whose label is known
    with certainty. Put features into bins first (`BinnedMI` or
    :class:`~sklearn.preprocessing.KBinsDiscretizer`), and let `score` on held-out rows choose the
    bins and beta. With too few rows per symbol the bound is too high [3]_.

    It takes labels to fit and gives clusters when it predicts, so that scikit-learn counts it
    neither among the classifiers nor among the clusterers: a search does not stratify its splits
    unless told to.

    Callbacks of scikit-learn, from version 1.9 on, follow the fit: ``set_callbacks``.

    References
    ----------
    .. [1] N. Tishby, F. C. Pereira and W. Bialek, "The information bottleneck method", 1999,
       arXiv:physics/0004057.

    .. [2] D. J. Strouse and D. J. Schwab, "The deterministic information bottleneck", Neural
       Computation 29(6), 1611-1630, 2017.

    .. [3] O. Shamir, S. Sabato and N. Tishby, "Learning and generalization with the information
       bottleneck", Theoretical Computer Science 411(29-30), 2696-2711, 2010.

    Examples
    --------
    A binary symmetric channel that errs once in ten: no cluster is worth its information below
    beta = 1 / (1 - 2 * 0.1)^2.

    >>> from ibtools import InformationBottleneck
    >>> X, y, weights = [[0], [0], [1], [1]], [0, 1, 0, 1], [9, 1, 1, 9]
    >>> bottleneck = InformationBottleneck(beta=1000).fit(X, y, sample_weight=weights)
    >>> bottleneck.critical_betas_.round(2)
    array([1.56])
    >>> round(bottleneck.mi_xy_, 3), bottleneck.predict([[0], [1]])
    (0.531, array([0, 1]))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_clusters": [None, Interval(Integral, 1, None, closed="left")],
        "betas": [None, "array-like"],
        "beta": [None, Interval(Real, 0, None, closed="neither")],
        "alpha": [Interval(Real, 0, 1, closed="both")],
        "n_init": [Interval(Integral, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "base": [Interval(Real, 1, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        betas: ArrayLike | None = None,
        beta: float | None = None,
        alpha: float = 1.0,
        n_init: int = 0,
        max_iter: int = 5000,
        tol: float = 1e-7,
        base: float = 2.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.betas = betas
        self.beta = beta
        self.alpha = alpha
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.base = base
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Compute the bound, and the encoder at the chosen beta.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; equal rows are one symbol.

        y : array-like of shape (n_samples,)
            Class labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows: probabilities of the cells of a joint distribution, or numbers of
            rows.

        Returns
        -------
        self : InformationBottleneck
            The fitted estimator.
        """
        rows, target = validate_data(self, X, y, dtype="numeric", ensure_min_samples=2)
        weights = np.ones(len(rows))
        if sample_weight is not None:
            weights = check_sample_weight(sample_weight, rows)
        held = weights > 0
        data = {"X": rows, "y": target, "metadata": {"sample_weight": sample_weight}}
        with told_to_callbacks(self, **data) as progress:
            self._fit_rows(rows[held], target[held], weights[held], progress)
            self.labels_ = self._encode(find_rows(self.symbols_, rows)).argmax(axis=1)
        return self

    def _fit_rows(
        self,
        X: NDArray[Any],
        y: NDArray[Any],
        weights: _Floats,
        progress: Callable[[float], None] | None,
    ) -> None:
        self.symbols_, symbols = distinct_rows(X)
        self.classes_, labels = encode_labels(y)
        self._warn_of_constants()
        counts = np.zeros((len(self.symbols_), len(self.classes_)))
        np.add.at(counts, (symbols, labels), weights)
        self._keep(self._trace(counts / counts.sum(), progress), counts.sum())

    def _warn_of_constants(self) -> None:
        constant = []
        if len(self.classes_) == 1:
            constant.append(f"all labels are {self.classes_.tolist()[0]!r}")
        if len(self.symbols_) == 1:
            constant.append("all rows of X are equal")
        if constant:
            warnings.warn(
                f"The bound is 0 everywhere, because {' and '.join(constant)}.",
                UserWarning,
                stacklevel=5,
            )

    def _trace(self, p_xy: _Floats, progress: Callable[[float], None] | None) -> BottleneckPath:
        """Solve the bottleneck at all betas, the chosen one among them."""
        options: dict[str, Any] = {
            "n_clusters": self.n_clusters,
            "alpha": self.alpha,
            "max_iter": self.max_iter,
            "tol": self.tol,
        }
        betas = default_betas(p_xy, **options) if self.betas is None else check_betas(self.betas)
        if self.beta is not None:
            betas = np.union1d(betas, self.beta)
        return bottleneck_path(
            p_xy,
            betas,
            n_init=self.n_init,
            base=self.base,
            random_state=self.random_state,
            progress=progress,
            **options,
        )

    def _keep(self, path: BottleneckPath, n_rows: float) -> None:
        self.path_ = path
        self.betas_ = path.betas
        self.mi_x_, self.mi_y_, self.mi_xy_ = path.mi_x, path.mi_y, path.mi_xy
        self.n_iter_, self.converged_ = int(path.n_iter.max()), path.converged
        self.beta_ = float(path.betas[-1] if self.beta is None else self.beta)
        chosen = path[int(np.searchsorted(path.betas, self.beta_))]
        order = _order_of_clusters(chosen.decoder)
        self.encoder_, self.decoder_ = chosen.encoder[:, order], chosen.decoder[order]
        self.marginal_ = chosen.marginal[order]
        prior = path.p_xy.sum(axis=0)
        decoder = _smoothed(self.decoder_, prior, n_rows * self.marginal_)
        self._log_ratios = np.log(self.encoder_ @ decoder / prior) / log_of_base(self.base)

    @property
    def critical_betas_(self) -> _Floats:
        """Betas at which the number of clusters grows, searched for at the first access."""
        check_is_fitted(self)
        return self.path_.critical_betas

    @property
    def _n_features_out(self) -> int:
        return len(self.marginal_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _find_symbols(self, X: ArrayLike) -> NDArray[np.int64]:
        """Symbol of each row of new data, -1 for one that fit did not see."""
        check_is_fitted(self)
        return find_rows(self.symbols_, validate_data(self, X, dtype="numeric", reset=False))

    def _encode(self, symbols: NDArray[np.int64]) -> _Floats:
        """p(t|x) of symbols, p(t) for -1."""
        return np.vstack([self.encoder_, self.marginal_])[symbols]

    def transform(self, X: ArrayLike) -> _Floats:
        """Probabilities p(t|x) of the clusters at the chosen beta.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        encoded : ndarray of shape (n_samples, n_clusters)
            Of each row its p(t|x); the marginal p(t) for a row that fit did not see.
        """
        return self._encode(self._find_symbols(X))

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Most probable cluster at the chosen beta.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        clusters : ndarray of shape (n_samples,)
            Index of each row's cluster; that of the most probable cluster of all for a row that
            fit did not see.
        """
        return self.transform(X).argmax(axis=1)

    def fit_predict(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NDArray[np.int64]:
        """Fit, and return the most probable cluster of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        y : array-like of shape (n_samples,)
            Class labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        clusters : ndarray of shape (n_samples,)
            The same as `labels_`.
        """
        return self.fit(X, y, sample_weight=sample_weight).labels_

    def pointwise_mutual_info(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Information that each row's clusters give about its label, log q(y|x) / p(y).

        The label is decoded through the clusters, q(y|x) = sum_t p(t|x) q(y|t), from a decoder
        that is smoothed towards the prior, q(y|t) = (n_t p(y|t) + p(y) / 2) / (n_t + 1 / 2) with
        n_t rows of the training data in the cluster. A row that fit did not see gives 0.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        y : array-like of shape (n_samples,)
            Their labels, each seen in fit.

        Returns
        -------
        information : ndarray of shape (n_samples,)
            Information in the units of `base`, bits by default.
        """
        symbols = self._find_symbols(X)
        check_consistent_length(symbols, y)
        labels = encode_known_labels(y, self.classes_)
        return np.where(symbols >= 0, self._log_ratios[symbols, labels], 0.0)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Held-out information about the labels, the mean of log q(y|x) / p(y).

        In expectation a lower bound of I(T;Y) whatever the decoder q [1]_ (p(y) taken from the
        training labels), and the same quantity as the score of the estimators of mutual
        information. Memorised training rows do not raise it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows that were not used in fit.

        y : array-like of shape (n_samples,)
            Their labels, each seen in fit.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            Information in the units of `base`, bits by default.

        References
        ----------
        .. [1] D. Barber and F. Agakov, "The IM algorithm: a variational approach to information
           maximization", NIPS 2003, eq. 3.
        """
        information = self.pointwise_mutual_info(X, y)
        if sample_weight is None:
            return float(information.mean())
        return float(
            np.average(information, weights=check_sample_weight(sample_weight, information))
        )


def _order_of_clusters(decoder: _Floats) -> NDArray[np.intp]:
    """Clusters by p(y|t) of the first class, the largest first, then by that of the second.

    The search finds them in an order that hangs on rounding errors; distinct clusters differ in
    p(y|t) by more.
    """
    return np.lexsort(-decoder.round(9).T[::-1])


def _smoothed(decoder: _Floats, prior: _Floats, rows: _Floats) -> _Floats:
    """q(y|t) = (n_t p(y|t) + p(y) / 2) / (n_t + 1 / 2): half a row of prior in every cluster."""
    return (rows[:, None] * decoder + 0.5 * prior) / (rows[:, None] + 0.5)
