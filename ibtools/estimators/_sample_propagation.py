"""Mutual information of a noisy network's representation by sample propagation."""

import math
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ibtools._validation import Interval, fit_context
from ibtools.estimators._contract import encode_inputs, forget_fit, learn_classes
from ibtools.estimators._device import DEVICE_CONSTRAINT, host_values, rows_on
from ibtools.estimators._mixture_decoder import MixtureDecoder
from ibtools.estimators._warnings import warn_user
from ibtools.information._mixture import (
    EntropyBounds,
    bounds_from_sums,
    information_bounds,
    noise_entropy,
)
from ibtools.information._mixture_backends import mixture_backend
from ibtools.information._mixture_sampling import (
    ROWS,
    Contrast,
    MonteCarlo,
    mean_overlaps,
    random_halves,
    sampled_information,
)
from ibtools.information._progress import Progress
from ibtools.information._units import log_of_base

_REPLICATE_TOLERANCE = 0.05


class SamplePropagationMI(OneToOneFeatureMixin, TransformerMixin, MixtureDecoder):
    """Mutual information of a noisy network's layer by sample propagation.

    In a network with Gaussian noise, T = S + Z with Z ~ N(0, v I) and v the square of `noise_std`,
    the information I(X;T) is finite and a property of the network. Sample propagation [1]_ takes
    the rows of S, what the layer computes before its own noise, as the centres of a Gaussian
    mixture, and measures the entropy of that mixture by Monte Carlo.

    Parameters
    ----------
    noise_std : float, default=0.1
        Standard deviation of the noise that the network adds to each unit of this layer.

    n_draws : int, default=4
        Draws of the noise for each row.

    tol : float, default=None
        Draw more until no standard error is larger than this, in the units of `base`.

    max_draws : int, default=100
        Draws for each row at which to stop in any case. Used only with `tol`.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    device : str or torch.device, default="cpu"
        Where pairs of rows are compared: "cpu" with numpy, a torch.device or the name of one
        ("cuda", "cuda:0", "mps") with torch on that device.

    verbose : int, default=0
        Above 0, a bar for each draw shows how many tiles are done and the time that is left.

    random_state : int, RandomState instance or None, default=None
        Source of the noise. A seed gives the same draws on every device.

    Attributes
    ----------
    mi_x_ : float
        I(X;T) = h(T) - h(T|X). With ``inputs=None``, h(T|X) is the entropy of the noise.

    mi_y_ : float
        I(T;Y) = h(T) - h(T|Y). Only when `y` was given.

    entropy_ : float
        The differential entropy h(T); it may be negative.

    mi_x_std_error_, mi_y_std_error_, entropy_std_error_ : float
        Monte Carlo standard errors. They say nothing about the bias of a finite number of rows.

    entropy_lower_, entropy_upper_ : float
        Pairwise bounds, between which h(T) of the same mixture lies.

    mi_x_lower_, mi_x_upper_, mi_y_lower_, mi_y_upper_ : float
        Brackets of both informations from the pairwise bounds of the entropies.

    noise_entropy_ : float
        h(Z). I(X;T) is at most h(T) - h(Z).

    mi_x_half_replicates_ : float
        I(X;T) from half of the replicates of each input, the mean over both halves. Where it is
        well above `mi_x_`, more replicates would lower `mi_x_` further. Only when `inputs` with
        replicates were given.

    n_draws_ : int
        Draws made for each row.

    classes_ : ndarray of shape (n_classes,)
        The labels. Only when `y` was given.

    n_features_in_ : int
        Number of units.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the units, when X had names.

    See Also
    --------
    KernelDensityMI : Bounds of the same entropies, without Monte Carlo.
    ibtools.InfoPlaneCallback : Its `n_replicates` propagates every input repeatedly.

    Notes
    -----
    Give S, never T itself: that would count the layer's noise twice. For the first noisy layer S
    is a function of the input, each row is its own input, and h(T|X) = h(Z) exactly. Deeper, the
    noise of the layers before is in S: propagate each input repeatedly and say in `inputs` which
    rows belong together.

    Two errors are no Monte Carlo errors. The mixture of n rows stands for the distribution of T;
    the error of its entropy falls as (ln n)^(d/4) / sqrt(n) for d units of bounded range [1]_,
    with a constant exponential in d. And few replicates R read h(T|X) too low, and with it I(X;T)
    too high: where an input's S is N(x, 4 noise_std^2 I), by 1.06 nats with d = 3 and R = 6, by
    0.15 with R = 100, by 1.56 with d = 7 and R = 100. A warning tells when halving the replicates
    changes I(X;T) by more than 5 percent and more than three standard errors.

    Every row is drawn from equally often, and two variates of known mean take out most of the
    noise of the mean. Where draws seldom fall near another row, the standard error allows for
    overlaps that were not drawn. From 1000 rows on, kernels (not their exponents) are taken in
    float32, which moves every value by less than 1e-6 nats.

    On a torch device `X` may be a tensor of that device, which is not copied to the host: the
    noise goes there, and a few numbers for each row come back. Values are those of the host within
    1e-6 nats, in float64; "mps", which has none, gives them in float32 within 1e-4 where no row is
    more than 1e4 noise widths from the mean. Labels and inputs may be tensors too, and are copied
    to the host. The training rows, which `score` compares with on the device, stay there. With
    ``device="cpu"`` a tensor of the host is taken as the array it holds.

    References
    ----------
    .. [1] Z. Goldfeld, K. Greenewald, J. Weed and Y. Polyanskiy, "Optimality of the plug-in
       estimator for differential entropy estimation under Gaussian convolutions", ISIT 2019.

    .. [2] Z. Goldfeld et al., "Estimating information flow in deep neural networks", ICML 2019.

    Examples
    --------
    >>> from ibtools import SamplePropagationMI
    >>> S = [[-1.0], [-1.0], [1.0], [1.0]]
    >>> noisy = SamplePropagationMI(noise_std=0.05, random_state=0).fit(S, y=[0, 0, 1, 1])
    >>> round(noisy.mi_x_, 6), round(noisy.mi_y_, 6)
    (1.0, 1.0)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "noise_std": [Interval(Real, 0, None, closed="neither")],
        "n_draws": [Interval(Integral, 2, None, closed="left")],
        "tol": [None, Interval(Real, 0, None, closed="neither")],
        "max_draws": [Interval(Integral, 2, None, closed="left")],
        "base": [Interval(Real, 1, None, closed="neither")],
        "device": DEVICE_CONSTRAINT,
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    inputs_as = "index"

    def __init__(
        self,
        noise_std: float = 0.1,
        *,
        n_draws: int = 4,
        tol: float | None = None,
        max_draws: int = 100,
        base: float = 2.0,
        device: Any = "cpu",
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.noise_std = noise_std
        self.n_draws = n_draws
        self.tol = tol
        self.max_draws = max_draws
        self.base = base
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, *, inputs: ArrayLike | None = None
    ) -> Self:
        """Measure I(X;T), and I(T;Y) when labels are given.

        Parameters
        ----------
        X : array-like or torch.Tensor of shape (n_samples, n_features)
            What the layer computes before its noise is added, S, one row per sample.

        y : array-like of shape (n_samples,), default=None
            Class labels.

        inputs : array-like of shape (n_samples,), default=None
            Which input each row came from; rows that share a value are propagations of one input.
            None makes each row its own input.

        Returns
        -------
        self : SamplePropagationMI
            The fitted estimator.
        """
        forget_fit(self)
        S, y, inputs = rows_on(self, X, self.device), host_values(y), host_values(inputs)
        check_consistent_length(S, y, inputs)
        seed = check_random_state(self.random_state).randint(2**31 - 1, size=4)
        random_generator = np.random.default_rng(seed)
        groupings, classes = {}, None
        if y is not None:
            classes, groupings["mi_y"] = learn_classes(y)
        if inputs is not None and (sources := encode_inputs(inputs)).max() + 1 < len(S):
            groupings["mi_x"] = sources
        order = mixture_backend(S).canonical_order(S, list(groupings.values()))
        S, groupings = S[order], {name: groups[order] for name, groups in groupings.items()}

        self._measure(S, groupings, random_generator)
        if classes is not None:
            self._keep_decoder(S, self.noise_std**2, classes, groupings["mi_y"])
        return self

    def _measure(
        self,
        S: Any,
        groupings: dict[str, NDArray[np.int64]],
        random_generator: np.random.Generator,
    ) -> None:
        """Sample the mixture, and set it against those of its groups and of its rows."""
        unit, variance = log_of_base(self.base), self.noise_std**2
        noise = noise_entropy(S.shape[1], variance)
        groups, contrasts = _contrasts(groupings, random_generator)
        backend, progress = mixture_backend(S), Progress(self.verbose > 0, "pairs of rows")
        sums = backend.kernel_sums(S, variance, groups, progress=progress)
        sampled, self.n_draws_ = sampled_information(
            S,
            variance,
            groups,
            list(contrasts.values()),
            overlaps=mean_overlaps(sums, list(contrasts.values())),
            n_draws=self.n_draws,
            tol=None if self.tol is None else self.tol * unit,
            max_draws=self.max_draws,
            random_generator=random_generator,
            sampler=backend.mixture_sampler,
            progress=progress,
        )
        informations = dict(zip(contrasts, sampled, strict=True))
        bounds = bounds_from_sums(sums, noise, groups, np.ones(len(S)))
        self.noise_entropy_ = noise / unit
        self.entropy_lower_, self.entropy_upper_ = (value / unit for value in bounds.entropy)
        self.entropy_ = (noise + informations["entropy"].value) / unit
        self.entropy_std_error_ = informations["entropy"].std_error / unit
        for name in ("mi_x", *groupings):
            part = contrasts[name][1]
            given = EntropyBounds(noise, noise) if part < 0 else bounds.conditional[part - 1]
            lower, upper = information_bounds(bounds.entropy, given)
            setattr(self, f"{name}_", informations[name].value / unit)
            setattr(self, f"{name}_std_error_", informations[name].std_error / unit)
            setattr(self, f"{name}_lower_", lower / unit)
            setattr(self, f"{name}_upper_", upper / unit)
        self._check_draws(max(mean.std_error for mean in sampled) / unit)
        self._check_replicates(informations.get("half"), unit)

    def _check_draws(self, largest: float) -> None:
        if self.tol is not None and largest > self.tol:
            warn_user(
                f"After {self.n_draws_} draws for each row a standard error is {largest:.3g}, "
                f"above tol={self.tol:g}. Raise max_draws, or tol.",
                ConvergenceWarning,
            )

    def _check_replicates(self, half: MonteCarlo | None, unit: float) -> None:
        if half is None:
            return
        self.mi_x_half_replicates_ = half.value / unit
        change = self.mi_x_half_replicates_ - self.mi_x_
        error = math.hypot(half.std_error / unit, self.mi_x_std_error_)
        if change > max(_REPLICATE_TOLERANCE * self.mi_x_, 3 * error):
            warn_user(
                f"I(X;T) = {self.mi_x_:.3g} is too high for want of replicates: with half of them "
                f"it is {self.mi_x_half_replicates_:.3g}. Propagate each input more often."
            )

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Activations in units of the noise, the centres of the mixture that is measured.

        Parameters
        ----------
        X : array-like or torch.Tensor of shape (n_samples, n_features)
            What the layer computes before its noise is added. Tensors are copied to the host.

        Returns
        -------
        centres : ndarray of shape (n_samples, n_features)
            X / noise_std. No noise is drawn.
        """
        check_is_fitted(self)
        rows = host_values(rows_on(self, X, self.device, reset=False))
        return np.asarray(rows, dtype=np.float64) / self.noise_std


def _contrasts(
    groupings: dict[str, NDArray[np.int64]], random_generator: np.random.Generator
) -> tuple[list[NDArray[np.int64]], dict[str, Contrast]]:
    """Which mixtures to sample, and which to set against each other.

    Where inputs have replicates, these are dealt out to two sides, and "half" is I(X;T) on each
    side alone, by half of the replicates.
    """
    mixtures = dict(groupings)
    if "mi_x" in groupings:
        sides = random_halves(groupings["mi_x"], random_generator)
        # Rows are laid out by the first grouping, then by the second: each then lies together.
        mixtures = {"sides": sides} | groupings | {"halves": 2 * groupings["mi_x"] + sides}
    number = {name: k for k, name in enumerate(mixtures, start=1)}
    contrasts = {"entropy": ROWS, "mi_x": ROWS}
    contrasts |= {name: (0, number[name]) for name in groupings}
    if "sides" in number:
        contrasts["half"] = number["sides"], number["halves"]
    return list(mixtures.values()), contrasts
