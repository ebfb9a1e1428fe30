"""Mutual information of a representation with Gaussian noise, between pairwise bounds."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ibtools._validation import Interval, StrOptions, fit_context
from ibtools.estimators._contract import encode_inputs, forget_fit, learn_classes, weigh_rows
from ibtools.estimators._device import DEVICE_CONSTRAINT, host_values, rows_on
from ibtools.estimators._mixture_decoder import MixtureDecoder
from ibtools.information._mixture import (
    EntropyBounds,
    bounds_from_sums,
    information_bounds,
    noise_entropy,
)
from ibtools.information._mixture_backends import mixture_backend
from ibtools.information._mixture_density import gaussian_kernel, kernel_whitening
from ibtools.information._progress import Progress
from ibtools.information._units import log_of_base


class KernelDensityMI(ClassNamePrefixFeaturesOutMixin, TransformerMixin, MixtureDecoder):
    """Mutual information of a representation with Gaussian noise, between pairwise bounds.

    A deterministic layer of a continuous input has infinite I(X;T). Here Gaussian noise is added
    to the representation, for the measurement only, and T is the mixture of Gaussians centred on
    the rows. Its entropy has no closed form, but distances between pairs of rows bound it from
    both sides [1]_: the estimator with which [2]_ measured ReLU networks.

    Parameters
    ----------
    noise_variance : float or "cv", default=1e-3
        Variance of the noise in every unit. [2]_ takes 1e-1 for ReLU networks and 1e-3 for small
        tanh networks. "cv" takes the variance under which held-out rows are most likely, where a
        row is held out with all rows that equal it or share its input.

    bound : {"upper", "lower"}, default="upper"
        Which bound of the entropies is `entropy_`, `mi_x_` and `mi_y_`. The other is there too.

    bin_width : float, default=None
        Take the variance of a uniform distribution over a bin of this width, ``bin_width**2 /
        12``, to compare with :class:`ibtools.BinnedMI`. `noise_variance` is then ignored.

    n_components : int, default=100
        Largest number of kernel features that `transform` gives.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    device : str or torch.device, default="cpu"
        Where pairs of rows are compared: "cpu" with numpy, a torch.device or the name of one
        ("cuda", "cuda:0", "mps") with torch on that device.

    verbose : int, default=0
        Above 0, a bar shows how many tiles of the pairs are done and the time that is left.

    random_state : int, RandomState instance or None, default=None
        Chooses the rows on which the kernel features are built, where there are more distinct
        rows than `n_components`. No measured value is random.

    Attributes
    ----------
    mi_x_ : float
        I(X;T), with the bound that was asked for on both entropies.

    mi_x_lower_, mi_x_upper_ : float
        Guaranteed bracket of I(X;T). With one row per input its ends are the two bounds themselves.

    mi_y_ : float
        I(T;Y), with the same bound on H(T) and on H(T|Y): the value in the literature, and no
        bound of I(T;Y). Only when `y` was given.

    mi_y_lower_, mi_y_upper_ : float
        Guaranteed bracket of I(T;Y). Only when `y` was given.

    entropy_ : float
        The bound of the differential entropy H(T) that was asked for; it may be negative.

    entropy_lower_, entropy_upper_ : float
        Both bounds of H(T).

    noise_variance_ : float
        Variance of the noise.

    classes_ : ndarray of shape (n_classes,)
        The labels. Only when `y` was given.

    components_ : ndarray of shape (n_components, n_features)
        Distinct rows on which the kernel features are built.

    n_features_in_ : int
        Number of units.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the units, when X had names.

    See Also
    --------
    SamplePropagationMI : The entropy of the same mixture itself, with a Monte Carlo error.
    BinnedMI : Bins instead of noise.

    Notes
    -----
    The bounds hold for the mixture over the rows given, not for the population they come from:
    I(X;T) is at most log n_samples, and reaches it as the noise vanishes, whatever the network.
    I(T;Y) then reaches H(Y), memorising the labels; `score`, the held-out information, does not.
    The noise is not scaled with the layer, so that a layer with larger activations reads higher.

    All pairs of rows are compared, in tiles: time grows with n_samples^2, memory does not. From
    1000 rows on, kernels (not their exponents) are taken in float32, which moves every value by
    less than 1e-6 nats.

    On a torch device `X` may be a tensor of that device, which is not copied to the host: only one
    number for each row, and `components_`, come back. Values are those of the host within 1e-6
    nats, in float64; "mps", which has none, gives them in float32 within 1e-4. Labels, inputs and
    weights may be tensors too, and are copied to the host. The training rows, which `score`
    compares with on the device, stay there. With ``device="cpu"`` a tensor of the host is taken as
    the array it holds.

    References
    ----------
    .. [1] A. Kolchinsky and B. D. Tracey, "Estimating mixture entropy with pairwise distances",
       Entropy 19(7):361, 2017.

    .. [2] A. M. Saxe et al., "On the information bottleneck theory of deep learning", ICLR 2018.

    Examples
    --------
    >>> from ibtools import KernelDensityMI
    >>> T = [[-1.0], [-1.0], [1.0], [1.0]]
    >>> kernels = KernelDensityMI(noise_variance=1e-3).fit(T, y=[0, 0, 1, 1])
    >>> round(kernels.mi_x_, 6), round(kernels.mi_y_, 6)
    (1.0, 1.0)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "noise_variance": [Interval(Real, 0, None, closed="neither"), StrOptions({"cv"})],
        "bound": [StrOptions({"upper", "lower"})],
        "bin_width": [None, Interval(Real, 0, None, closed="neither")],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "base": [Interval(Real, 1, None, closed="neither")],
        "device": DEVICE_CONSTRAINT,
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    inputs_as = "index"

    def __init__(
        self,
        noise_variance: float | str = 1e-3,
        *,
        bound: str = "upper",
        bin_width: float | None = None,
        n_components: int = 100,
        base: float = 2.0,
        device: Any = "cpu",
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.noise_variance = noise_variance
        self.bound = bound
        self.bin_width = bin_width
        self.n_components = n_components
        self.base = base
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        inputs: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Measure I(X;T), and I(T;Y) when labels are given.

        Parameters
        ----------
        X : array-like or torch.Tensor of shape (n_samples, n_features)
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
        self : KernelDensityMI
            The fitted estimator.
        """
        forget_fit(self)
        T = rows_on(self, X, self.device)
        y, inputs, sample_weight = map(host_values, (y, inputs, sample_weight))
        T, y, inputs, weights = weigh_rows(T, y, inputs, sample_weight)
        sources = np.arange(len(T)) if inputs is None else encode_inputs(inputs)
        distinct = mixture_backend(T).distinct_rows(T)

        self.noise_variance_ = self._resolve_variance(T, [distinct.symbols, sources], weights)
        groupings, classes = [sources], None
        if y is not None:
            classes, labels = learn_classes(y)
            groupings = [labels, sources]
        self._measure(T, groupings, weights)
        if classes is not None:
            self._keep_decoder(T, self.noise_variance_, classes, groupings[0], weights)
        self._fit_features(T, distinct.representatives)
        return self

    def _resolve_variance(
        self,
        T: Any,
        held_out: list[NDArray[np.int64]],
        weights: NDArray[np.float64] | None,
    ) -> float:
        if self.bin_width is not None:
            return self.bin_width**2 / 12
        if isinstance(self.noise_variance, str):
            return mixture_backend(T).most_likely_variance(
                T, held_out, weights, progress=Progress(self.verbose > 0, "held-out likelihood")
            )
        return float(self.noise_variance)

    def _measure(
        self,
        T: Any,
        groupings: list[NDArray[np.int64]],
        weights: NDArray[np.float64] | None,
    ) -> None:
        """Bounds of H(T) and of the information about each grouping: the labels, the inputs."""
        unit = log_of_base(self.base)
        *labels, sources = groupings
        repeated = [sources] if sources.max() + 1 < len(sources) else []
        groups, variance = [*labels, *repeated], self.noise_variance_
        progress = Progress(self.verbose > 0, "pairs of rows")
        sums = mixture_backend(T).kernel_sums(T, variance, groups, weights, progress=progress)
        noise = noise_entropy(T.shape[1], variance)
        weights = np.ones(len(T)) if weights is None else weights
        entropy, conditional = bounds_from_sums(sums, noise, groups, weights)
        if not repeated:
            conditional = [*conditional, EntropyBounds(noise, noise)]
        chosen = ("lower", "upper").index(self.bound)
        self.entropy_lower_, self.entropy_upper_ = (value / unit for value in entropy)
        self.entropy_ = entropy[chosen] / unit
        for name, given in zip(("mi_x", "mi_y"), reversed(conditional), strict=False):
            lower, upper = information_bounds(entropy, given)
            setattr(self, f"{name}_", (entropy[chosen] - given[chosen]) / unit)
            setattr(self, f"{name}_lower_", lower / unit)
            setattr(self, f"{name}_upper_", upper / unit)

    def _fit_features(self, T: Any, rows: NDArray[np.int64]) -> None:
        if len(rows) > self.n_components:
            random = check_random_state(self.random_state)
            rows = rows[random.permutation(len(rows))[: self.n_components]]
        self.components_ = np.asarray(host_values(T[rows]), dtype=np.float64)

    @property
    def _n_features_out(self) -> int:
        """Number of kernel features, for their names."""
        return len(self.components_)

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Kernel features, whose products are the kernels exp(-distance^2 / (2 noise variance)).

        Exact where at least one of two rows is among `components_`, an approximation of their
        rank elsewhere.

        Parameters
        ----------
        X : array-like or torch.Tensor of shape (n_samples, n_features)
            Representations. Those of a device are copied to the host.

        Returns
        -------
        features : ndarray of shape (n_samples, n_components)
            At most `n_components` features, one for each distinct row of a smaller sample.
        """
        check_is_fitted(self)
        rows = host_values(rows_on(self, X, self.device, reset=False))
        T = np.asarray(rows, dtype=np.float64)
        kernel = gaussian_kernel(T, self.components_, self.noise_variance_)
        return kernel @ kernel_whitening(self.components_, self.noise_variance_)
