"""Matrix-based Renyi information of a representation."""

from collections.abc import Callable
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from ibtools._validation import Interval, StrOptions, fit_context
from ibtools.estimators._contract import (
    MutualInformationDecoder,
    encode_inputs,
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
)
from ibtools.estimators._random import random_generator
from ibtools.estimators._spectral_warnings import warn_of_quadrature, warn_of_saturation
from ibtools.information._progress import Progress
from ibtools.information._spectral_bandwidths import RULES, choose_bandwidths
from ibtools.information._spectral_entropy import METHODS
from ibtools.information._spectral_features import (
    kernel_log_ratio,
    landmark_features,
    landmark_rows,
)
from ibtools.information._spectral_gram import (
    KernelVariable,
    delta_variable,
    on_host,
    rbf_variable,
)
from ibtools.information._spectral_information import (
    Information,
    SpectralInformation,
    draw_batches,
    spectral_information,
)
from ibtools.information._spectral_maps import (
    equal_maps,
    equality_variables,
    map_variables,
    split_maps,
    stack_maps,
)
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]
_POSITIVE = Interval(Real, 0, None, closed="neither")
_ONE_HOT_BANDWIDTH = 0.1


class RenyiMatrixMI(ClassNamePrefixFeaturesOutMixin, TransformerMixin, MutualInformationDecoder):
    """Matrix-based Renyi information of a representation.

    The rows are compared by a kernel, and the entropy of order alpha is that of the eigenvalues of
    their Gram matrix A, normalised to trace 1: S(A) = log(tr A^alpha) / (1 - alpha) [1]_. A joint
    entropy is that of a Hadamard product of Gram matrices [2]_, and I = S(A) + S(B) - S(A, B). No
    density is estimated, so that layers of many units can be measured.

    Parameters
    ----------
    alpha : float, default=1.01
        Order of the entropy, positive. 1 is von Neumann's entropy; 2 needs no eigenvalues.

    bandwidth : {"scaled", "silverman", "median", "alignment"} or float, default="scaled"
        Standard deviation s of the kernel ``exp(-|t - t'|^2 / (2 s^2))``, for each map its own, or
        a rule that finds it. With C maps of d features, n rows and the factor h:

        - "silverman": h n^(-1 / (4 + d)), whatever the scale of the values [3]_;
        - "scaled": h u sqrt(C d) n^(-1 / (4 + d)), u the standard deviation of the features, of
          which it counts only those that vary;
        - "median": h sqrt(C) times the median distance;
        - "alignment": h sqrt(C) times the mean distance, times the ratio for which the Gram matrix
          is most like that of the target [4]_.

    bandwidth_factor : float, default=None
        The factor h of a rule. None is 5 for "silverman", as published, and 1 for the others.

    kernel : {"rbf", "delta"}, default="rbf"
        Kernel of the rows. "delta" makes equal rows alike and others unlike, for few values: the
        informations are then, at alpha = 1, the plug-in ones.

    n_maps : int, default=1
        Number of feature maps: consecutive groups of equally many columns. Each has a Gram matrix
        of its own, and T is all of them together. 1 is one kernel for the whole layer.

    input_bandwidth : {"scaled", "silverman", "median", "alignment"} or float, default=None
        Bandwidth for the values of the inputs, as `bandwidth`; None is the same as `bandwidth`.

    label_kernel : {"delta", "rbf"}, default="delta"
        Kernel of class labels: 1 within a class and 0 between, or Gaussian on one-hot vectors.

    target : {"auto", "discrete", "continuous"}, default="auto"
        Whether `y` is a class or a number; "auto" follows
        :func:`~sklearn.utils.multiclass.type_of_target`.

    target_bandwidth : {"scaled", "silverman", "median"} or float, default=None
        Bandwidth for a real-valued target or one-hot labels. None is "scaled" for the former and
        0.1 for the latter, nearly the delta kernel.

    method : {"auto", "exact", "lanczos"}, default="auto"
        All eigenvalues, or for matrices of more than 64 rows a stochastic Lanczos quadrature with
        the traces of A and A^2 as control variates; "auto" takes it for more than 2048 rows, if
        alpha is at least 0.9. Below, where small eigenvalues dominate, it is biased by more than
        the error that it states, and "lanczos" warns. alpha = 2 is always exact.

    n_probes : int, default=30
        Random vectors of a round of the quadrature.

    tol : float, default=0.02
        Standard error of an entropy, in the units of `base`, at which the quadrature stops, if
        not after 16 rounds. A warning tells of a standard error that stayed above.

    batch_size : int, default=None
        Average over mini-batches of so many rows (128 in the papers), drawn without replacement;
        rows that fill no batch are left out. None measures all rows at once.

    n_components : int, default=None
        The most features of `transform`. None gives all that the Gram matrix has.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    device : str or torch.device, default="cpu"
        Where rows are compared: "cpu" with numpy, a torch.device or the name of one ("cuda",
        "cuda:0", "mps") with torch on that device.

    verbose : int, default=0
        Above 0, a bar shows how many mini-batches are done, or products of a quadrature, and the
        time that is left by what is known of its error.

    random_state : int, RandomState instance or None, default=None
        Draws mini-batches, probes, and rows for "median" (of more than 2000) and "alignment" (of
        more than 1000).

    Attributes
    ----------
    mi_x_ : float
        I(X;T); `inputs_kernel_` says which.

    inputs_kernel_ : {"identity", "delta", "rbf"}
        What `mi_x_` is: S(A_T) for "identity", without `inputs`, and S(A_T) + S(A_X) - S(A_T, A_X)
        for "delta", an index of the inputs, and "rbf", their values.

    mi_y_ : float
        I(T;Y) = S(A_T) + S(A_Y) - S(A_T, A_Y). Only when `y` was given.

    entropy_, input_entropy_, target_entropy_, joint_entropy_x_, joint_entropy_y_ : float
        S(A_T), S(A_X), S(A_Y), S(A_T, A_X) and S(A_T, A_Y), means over the mini-batches; those of
        Y only when `y` was given. S(A_X) is the ceiling of `mi_x_`.

    entropy_std_error_, mi_x_std_error_, mi_y_std_error_ : float
        Standard errors of the mean over mini-batches, or else of the quadrature. Not there after
        an exact computation on all rows.

    mean_similarity_ : float
        Mean entry of n A_T off its diagonal. Near 0 the entropy is log n whatever T is.

    method_ : {"exact", "frobenius", "lanczos"}
        How S(A_T) was computed.

    n_batches_ : int
        Number of mini-batches.

    bandwidth_ : ndarray of shape (n_maps,)
        Bandwidth of each map. Not there for ``kernel="delta"``.

    input_bandwidth_, target_bandwidth_ : float
        Bandwidths of the inputs and of the target, where their kernels are Gaussian.

    target_ : {"discrete", "continuous"}
        What the target was taken for. Only when `y` was given.

    classes_ : ndarray of shape (n_classes,)
        The labels. Only when `y` was given and is discrete.

    map_sizes_ : ndarray of shape (n_maps,)
        Number of columns of each map.

    n_features_in_ : int
        Number of units.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the units, when X had names.

    See Also
    --------
    ibtools.BinnedMI : Information of bins, from the frequencies of equal rows.

    Notes
    -----
    The numbers are those of a Gram matrix, no estimates of Shannon's information, and depend on
    the bandwidth: for a small one every entropy is log n, for a large one 0. Where all rows are
    nearly unlike, a warning says so; one kernel for many maps (``n_maps=1``), "scaled" and
    "alignment" are remedies.

    S(A) <= S(A, B) at every order, but S(A, B) <= S(A) + S(B), hence I >= 0, holds at alpha = 1
    only; at alpha = 2 small negative informations occur, and are reported.

    Maps cost no more than one: the product of their kernels is a kernel of summed distances. Exact
    entropies take a time of O(n^3) and a memory of O(n^2), alpha = 2 O(n^2) and O(1), the
    quadrature O(n^2) and, for more than 23170 rows, O(n); up to so many it keeps half of the
    matrix in float32, 1 GiB at most.

    On a torch device `X`, `inputs` and `y` may be tensors of that device. Of these only `y`, which
    is checked there, and an index as `inputs` are copied to the host: eigenvalues and, for the
    rules "median" and "alignment", distances of the drawn rows come back. In float64 exact
    values are those of the host within 1e-9 bits; a quadrature has the same probes and agrees
    within a tenth of its stated error. "mps", which has float32 only, agrees within 1e-3 bits.
    `transform` and `score` compute on the host.

    References
    ----------
    .. [1] L. G. Sanchez Giraldo, M. Rao and J. C. Principe, "Measures of entropy from data using
       infinitely divisible kernels", IEEE Transactions on Information Theory 61, 2015.

    .. [2] S. Yu, L. G. Sanchez Giraldo, R. Jenssen and J. C. Principe, "Multivariate extension of
       matrix-based Renyi's alpha-order entropy functional", IEEE TPAMI 42, 2019.

    .. [3] S. Yu, K. Wickstrom, R. Jenssen and J. C. Principe, "Understanding convolutional neural
       networks with information theory", IEEE TNNLS 32, 2021.

    .. [4] K. Wickstrom et al., "Information plane analysis of deep neural networks via
       matrix-based Renyi's entropy and tensor kernels", arXiv:1909.11396, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import RenyiMatrixMI
    >>> T = np.array([[-9.0], [-9.0], [9.0], [9.0]])
    >>> renyi = RenyiMatrixMI(bandwidth=0.1).fit(T, y=[0, 0, 1, 1])
    >>> round(renyi.mi_x_, 6), round(renyi.mi_y_, 6)
    (1.0, 1.0)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [_POSITIVE],
        "bandwidth": [StrOptions(set(RULES)), _POSITIVE],
        "bandwidth_factor": [None, _POSITIVE],
        "kernel": [StrOptions({"rbf", "delta"})],
        "n_maps": [Interval(Integral, 1, None, closed="left")],
        "input_bandwidth": [None, StrOptions(set(RULES)), _POSITIVE],
        "label_kernel": [StrOptions({"delta", "rbf"})],
        "target": [StrOptions({"auto", "discrete", "continuous"})],
        "target_bandwidth": [None, StrOptions(set(RULES) - {"alignment"}), _POSITIVE],
        "method": [StrOptions(set(METHODS))],
        "n_probes": [Interval(Integral, 5, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "batch_size": [None, Interval(Integral, 2, None, closed="left")],
        "n_components": [None, Interval(Integral, 1, None, closed="left")],
        "base": [Interval(Real, 1, None, closed="neither")],
        "device": DEVICE_CONSTRAINT,
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    inputs_as = "values"

    def __init__(
        self,
        alpha: float = 1.01,
        *,
        bandwidth: str | float = "scaled",
        bandwidth_factor: float | None = None,
        kernel: str = "rbf",
        n_maps: int = 1,
        input_bandwidth: str | float | None = None,
        label_kernel: str = "delta",
        target: str = "auto",
        target_bandwidth: str | float | None = None,
        method: str = "auto",
        n_probes: int = 30,
        tol: float = 0.02,
        batch_size: int | None = None,
        n_components: int | None = None,
        base: float = 2.0,
        device: Any = "cpu",
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.alpha = alpha
        self.bandwidth = bandwidth
        self.bandwidth_factor = bandwidth_factor
        self.kernel = kernel
        self.n_maps = n_maps
        self.input_bandwidth = input_bandwidth
        self.label_kernel = label_kernel
        self.target = target
        self.target_bandwidth = target_bandwidth
        self.method = method
        self.n_probes = n_probes
        self.tol = tol
        self.batch_size = batch_size
        self.n_components = n_components
        self.base = base
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, *, inputs: ArrayLike | None = None
    ) -> Self:
        """Measure I(X;T), and I(T;Y) when a target is given.

        Parameters
        ----------
        X : array-like or torch.Tensor of shape (n_samples, n_features) or list of them
            The representation T, one row per sample. A list has the feature maps, each of shape
            (n_samples, ...), and their number takes the place of `n_maps`.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Class labels, or a real-valued target.

        inputs : array-like of shape (n_samples,) or (n_samples, n_input_features), default=None
            An index of the input that each row came from, repeated by its propagations, or the
            values of the inputs. None makes each row its own input.

        Returns
        -------
        self : RenyiMatrixMI
            The fitted estimator.
        """
        forget_fit(self)
        X, sizes = stack_maps(X)
        T = rows_on(self, X, self.device)
        check_consistent_length(T, y, inputs)
        rng = random_generator(self.random_state)
        batches = draw_batches(len(T), self.batch_size, rng)
        self.map_sizes_ = equal_maps(T.shape[1], self.n_maps) if sizes is None else sizes
        # The caller's may change.
        self._rows_ = T.copy() if isinstance(T, np.ndarray) else T.clone()

        choose = partial(
            choose_bandwidths, n_rows=len(batches[0]), factor=self.bandwidth_factor, rng=rng
        )
        target = None if y is None else self._fit_target(y, choose)
        choose = partial(choose, target=target)
        source = self._fit_inputs(inputs, choose)
        if self.kernel == "rbf":
            self.bandwidth_ = choose(split_maps(T, self.map_sizes_), self.bandwidth)
        information = spectral_information(
            self._variables(T)[0],
            [other for other in (source, target) if other is not None],
            batches,
            alpha=self.alpha,
            base=self.base,
            method=self.method,
            n_probes=self.n_probes,
            tol=self.tol,
            rng=rng,
            progress=Progress(self.verbose > 0),
        )
        self.n_batches_ = len(batches)
        self._store(information, has_inputs=source is not None)
        if self.kernel == "rbf":
            warn_of_saturation(self.mean_similarity_)
        warn_of_quadrature(information.largest_error, self.alpha, self.tol)
        return self

    def _fit_target(self, y: ArrayLike, choose: Callable[..., _Floats]) -> KernelVariable:
        y = check_array(host_values(y), dtype=None, ensure_2d=False, input_name="y")
        self.target_ = resolve_target(y, self.target)
        if self.target_ == "continuous":
            values = flat_rows_on(y, self.device, "y")
            rule: str | float = "scaled" if self.target_bandwidth is None else self.target_bandwidth
        else:
            self.classes_, self._labels_ = learn_classes(y)
            if self.label_kernel == "delta":
                return delta_variable(self._labels_)
            one_hot = np.eye(len(self.classes_))[self._labels_]
            values = flat_rows_on(one_hot, self.device, "y")
            rule = _ONE_HOT_BANDWIDTH if self.target_bandwidth is None else self.target_bandwidth
        bandwidths = choose([values], rule, target=None)
        self.target_bandwidth_ = float(bandwidths[0])
        return rbf_variable([values], bandwidths)

    def _fit_inputs(
        self, inputs: ArrayLike | None, choose: Callable[..., _Floats]
    ) -> KernelVariable | None:
        """Variable of the inputs; None where every row is its own."""
        if inputs is None:
            self.inputs_kernel_ = "identity"
            return None
        if len(np.shape(inputs)) == 1:
            self.inputs_kernel_ = "delta"
            return delta_variable(encode_inputs(host_values(inputs)))
        self.inputs_kernel_ = "rbf"
        values = flat_rows_on(inputs, self.device, "inputs")
        rule = self.bandwidth if self.input_bandwidth is None else self.input_bandwidth
        bandwidths = choose([values], rule)
        self.input_bandwidth_ = float(bandwidths[0])
        return rbf_variable([values], bandwidths)

    def _store(self, information: SpectralInformation, *, has_inputs: bool) -> None:
        # The Gram matrix of inputs that are all their own, I / n, has the entropy log n, alone and
        # together with any other.
        log_rows = float(np.log(self.batch_size or len(self._rows_)) / log_of_base(self.base))
        x = Information(information.entropy, information.std_error, log_rows, log_rows)
        if has_inputs:
            x = information.about[0]
        is_sampled = self.n_batches_ > 1 or information.largest_error > 0
        self.entropy_, self.mean_similarity_ = information.entropy, information.mean_similarity
        self.method_ = information.method
        self.mi_x_, error, self.input_entropy_, self.joint_entropy_x_ = x
        if is_sampled:
            self.entropy_std_error_, self.mi_x_std_error_ = information.std_error, error
        if hasattr(self, "target_"):
            y = information.about[-1]
            self.mi_y_, error, self.target_entropy_, self.joint_entropy_y_ = y
            if is_sampled:
                self.mi_y_std_error_ = error

    def _variables(self, *parts: Any) -> list[KernelVariable]:
        """Variables of rows that are to be compared with each other, the fitted ones first."""
        if self.kernel == "delta":
            return equality_variables(parts)
        return map_variables(parts, self.map_sizes_, self.bandwidth_)

    def _validated(self, X: ArrayLike) -> _Floats:
        check_is_fitted(self)
        X, sizes = stack_maps(X)
        if sizes is not None and not np.array_equal(sizes, self.map_sizes_):
            raise ValueError(
                f"X is a list of maps of {sizes.tolist()} columns, but fit saw maps of "
                f"{self.map_sizes_.tolist()}."
            )
        return host_rows(self, host_values(X), reset=False)

    def transform(self, X: ArrayLike) -> _Floats:
        """Kernel features Z, of which Z Z' is the Gram matrix n A that is measured.

        For the fitted rows Z Z' is their kernel, up to 1e-8, or what `n_components` of them, chosen
        by a Cholesky factorisation with pivots, span of it. New rows are projected on the same
        span, as by Nystroem: a row far from all fitted ones gives zeros.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or list of arrays
            Representations.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            Features, fewer than the fitted rows where some of these are nearly alike.
        """
        T = self._validated(X)
        fitted, rows = self._variables(on_host(self._rows_), T)
        landmarks = fitted.take(landmark_rows(fitted, self.n_components))
        return landmark_features(landmarks, rows)

    @property
    def _n_features_out(self) -> int:
        fitted = self._variables(on_host(self._rows_))[0]
        return len(landmark_rows(fitted, self.n_components))

    def pointwise_mutual_info(self, X: ArrayLike, y: ArrayLike) -> _Floats:
        """Information that each row gives about its label, log q(y|t) / p(y).

        The decoder is a vote of the fitted rows by their similarities k to t, with half a row of
        prior: q(y|t) = (sum_{i in y} k_i + p(y) / 2) / (sum_i k_i + 1 / 2).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or list of arrays
            Representations.

        y : array-like of shape (n_samples,)
            Their labels, each seen in fit.

        Returns
        -------
        information : ndarray of shape (n_samples,)
            Information in the units of `base`, bits by default.
        """
        T = self._validated(X)
        labels = self._known_labels(host_values(y), T)
        fitted, rows = self._variables(on_host(self._rows_), T)
        return kernel_log_ratio(fitted, self._labels_, rows, labels) / log_of_base(self.base)
