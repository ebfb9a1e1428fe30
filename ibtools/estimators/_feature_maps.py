"""Decomposition of the information of feature maps over pairs of them."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array, check_consistent_length

from ibtools._validation import Estimator, Interval, StrOptions, fit_context
from ibtools.estimators._contract import (
    encode_inputs,
    forget_fit,
    learn_classes,
    resolve_target,
)
from ibtools.estimators._device import DEVICE_CONSTRAINT, flat_rows_on, host_values, rows_on
from ibtools.estimators._random import random_generator
from ibtools.estimators._warnings import warn_user
from ibtools.information._decomposition import (
    MapDecomposition,
    decompose_variables,
    draw_pairs,
    map_bandwidths,
    map_by_map,
)
from ibtools.information._html_repr import InformationRepr
from ibtools.information._progress import SILENT, Progress
from ibtools.information._spectral_bandwidths import RULES, choose_bandwidths
from ibtools.information._spectral_gram import KernelVariable, delta_variable, rbf_variable
from ibtools.information._spectral_information import draw_batches
from ibtools.information._spectral_maps import equal_maps, split_maps, stack_maps
from ibtools.information._units import log_of_base

_Floats = NDArray[np.float64]
_POSITIVE = Interval(Real, 0, None, closed="neither")
_SATURATED = 0.999

# Of each axis, and the field of a decomposition that has the standard error over drawn pairs.
_QUANTITIES = {
    "mmi": None,
    "redundancy_synergy": "redundancy_synergy_std_error",
    "non_redundant": "non_redundant_std_error",
    "redundancy_synergy_share": "share_std_error",
    "non_redundant_share": "share_std_error",
}


class FeatureMapDecomposition(InformationRepr, Estimator):
    """Information of feature maps, and what pairs of them share and do not share.

    Every map has a Gram matrix, that of several is the Hadamard product of theirs, and its
    matrix-based Renyi entropy S gives I(X;A) = S(A) + S(X) - S(A, X) of any set A of maps [1]_.
    The information of two maps is then decomposed into two parts that add up to it, as means over
    the pairs [2]_:

    - redundancy-synergy, I(X;T_i) + I(X;T_j) - I(X;{T_i,T_j}), positive where the maps repeat each
      other and negative where they say something together only;
    - weighted non-redundant information, 2 I(X;{T_i,T_j}) - I(X;T_i) - I(X;T_j).

    The same is done for the labels. With ``quantity="non_redundant"`` as the estimator of a
    callback, the modified information plane is recorded.

    Parameters
    ----------
    n_maps : int, default=None
        Number of feature maps, at least two: consecutive groups of equally many columns, as a
        convolutional layer has after flattening. None makes every column a map.

    quantity : {"mmi", "redundancy_synergy", "non_redundant"}, default="mmi"
        What `mi_x_` and `mi_y_` are: the information of all maps together, or the mean over pairs
        of one of the two parts.

    alpha : float, default=1.01
        Order of the entropy, positive. 1 is von Neumann's entropy; 2 needs no eigenvalues, and all
        pairs are one matrix product.

    bandwidth : {"scaled", "silverman", "median", "alignment"} or float, default="scaled"
        Standard deviation of the Gaussian kernel of each map, or a rule, see
        :class:`ibtools.RenyiMatrixMI`. It is applied to each map alone, without the factor
        sqrt(C), so that a pair does not depend on how many other maps there are.

    bandwidth_factor : float, default=None
        Factor of a rule: None is 5 for "silverman", as published, and 1 for the others.

    n_pairs : int, default=None
        Draw so many of the C (C - 1) / 2 pairs, without replacement and anew in each mini-batch,
        if there are more. None takes all.

    input_bandwidth : {"scaled", "silverman", "median", "alignment"} or float, default=None
        Bandwidth for the values of the inputs; None is the same as `bandwidth`.

    target : {"auto", "discrete", "continuous"}, default="auto"
        Whether `y` is a class or a number; "auto" follows
        :func:`~sklearn.utils.multiclass.type_of_target`. Classes have the similarity 1 within and
        0 between them.

    target_bandwidth : {"scaled", "silverman", "median"} or float, default="scaled"
        Bandwidth for a real-valued target.

    batch_size : int, default=None
        Average over mini-batches of so many rows (128 in the papers), drawn without replacement;
        rows that fill no batch are left out. None measures all rows at once.

    base : float, default=2.0
        Base of the logarithm, above 1: 2 gives bits, ``math.e`` nats.

    device : str or torch.device, default="cpu"
        Where rows are compared: "cpu" with numpy, a torch.device or the name of one ("cuda",
        "cuda:0", "mps") with torch on that device.

    verbose : int, default=0
        Above 0, a bar shows how many mini-batches are done, or chunks of the pairs of all rows,
        and the time that is left.

    random_state : int, RandomState instance or None, default=None
        Draws mini-batches, pairs, and rows for "median" and "alignment".

    Attributes
    ----------
    mi_x_, mi_y_ : float
        The `quantity` about the input and about the target. Those of the target, here and below,
        only when `y` was given.

    mmi_x_, mmi_y_ : float
        Multivariate information I(X;{T_1,...,T_C}) and I({T_1,...,T_C};Y).

    redundancy_synergy_x_, redundancy_synergy_y_ : float
        Mean redundancy-synergy of the pairs.

    non_redundant_x_, non_redundant_y_ : float
        Mean weighted non-redundant information of the pairs.

    redundancy_synergy_share_x_, non_redundant_share_x_, redundancy_synergy_share_y_, \
non_redundant_share_y_ : float
        Means over the pairs of the two as fractions of the information of the pair; together they
        are 1. Pairs without any information are left out; nan if no other is there.

    map_mi_x_, map_mi_y_ : ndarray of shape (n_maps,)
        Information of each map.

    mi_x_std_error_, mmi_x_std_error_, redundancy_synergy_x_std_error_, ... : float
        Standard errors of all of these numbers: of the mean over mini-batches, or else over the
        pairs that were drawn. Not there when all pairs of all rows were measured.

    input_entropy_, target_entropy_ : float
        S(X) and S(Y), the ceilings of the informations.

    inputs_kernel_ : {"identity", "delta", "rbf"}
        How inputs were compared: not at all, each row being its own, by their index, or by values.

    bandwidth_ : ndarray of shape (n_maps,)
        Bandwidth of each map.

    input_bandwidth_, target_bandwidth_ : float
        Bandwidths of the inputs and of the target, where their kernels are Gaussian.

    map_sizes_ : ndarray of shape (n_maps,)
        Number of columns of each map.

    n_pairs_, n_batches_ : int
        Number of pairs of a mini-batch, and of mini-batches.

    target_ : {"discrete", "continuous"}
        What the target was taken for.

    classes_ : ndarray of shape (n_classes,)
        The labels, where the target is discrete.

    n_features_in_ : int
        Number of units.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the units, when X had names.

    See Also
    --------
    ibtools.RenyiMatrixMI : Information of a layer, by one kernel or by one for each map.
    ibtools.DecompositionDisplay : Figure of decompositions over the number of filters.
    ibtools.information.decompose_feature_maps : The function, which also gives every pair.

    Notes
    -----
    The product of the kernels of many maps tends to the identity, and `mmi_x_` to its ceiling,
    log n, whatever the maps are; that of pairs does so more slowly, and a warning says when it
    did. Compare layers and networks at the same bandwidth rule and the same number of rows only.

    Redundancy and synergy of one pair can cancel: their difference 0 does not say that both are.
    Informations can be slightly negative unless alpha is 1 and are reported as they are; a share
    of an information near 0, such as that of an untrained layer about the labels, is arbitrary.

    Of C maps and n rows, a mini-batch has (C + number of pairs) matrices of n rows to reduce, and
    needs a memory of C n^2 numbers: take mini-batches rather than thousands of rows.

    On a torch device `X`, `inputs` and `y` may be tensors of that device. Of these only `y`, which
    is checked there, and an index as `inputs` are copied to the host: eigenvalues and, for the
    rules "median" and "alignment", distances of the drawn rows come back. In float64 values
    are those of the host within 1e-8 bits; "mps", which has float32 only, agrees within 1e-3 bits.

    References
    ----------
    .. [1] S. Yu, L. G. Sanchez Giraldo, R. Jenssen and J. C. Principe, "Multivariate extension of
       matrix-based Renyi's alpha-order entropy functional", IEEE TPAMI 42, 2019.

    .. [2] S. Yu, K. Wickstrom, R. Jenssen and J. C. Principe, "Understanding convolutional neural
       networks with information theory", IEEE TNNLS 32, 2021.

    Examples
    --------
    Two equal maps with four values: each has 2 bits, and so have both.

    >>> import numpy as np
    >>> from ibtools import FeatureMapDecomposition
    >>> one_map = np.repeat([[0.0], [1.0], [2.0], [3.0]], 5, axis=0)
    >>> maps = FeatureMapDecomposition(bandwidth=0.1).fit([one_map, one_map])
    >>> round(maps.mmi_x_, 6), round(maps.redundancy_synergy_share_x_, 6)
    (2.0, 1.0)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_maps": [None, Interval(Integral, 2, None, closed="left")],
        "quantity": [StrOptions({"mmi", "redundancy_synergy", "non_redundant"})],
        "alpha": [_POSITIVE],
        "bandwidth": [StrOptions(set(RULES)), _POSITIVE],
        "bandwidth_factor": [None, _POSITIVE],
        "n_pairs": [None, Interval(Integral, 2, None, closed="left")],
        "input_bandwidth": [None, StrOptions(set(RULES)), _POSITIVE],
        "target": [StrOptions({"auto", "discrete", "continuous"})],
        "target_bandwidth": [StrOptions(set(RULES) - {"alignment"}), _POSITIVE],
        "batch_size": [None, Interval(Integral, 2, None, closed="left")],
        "base": [Interval(Real, 1, None, closed="neither")],
        "device": DEVICE_CONSTRAINT,
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    inputs_as = "values"

    def __init__(
        self,
        n_maps: int | None = None,
        *,
        quantity: str = "mmi",
        alpha: float = 1.01,
        bandwidth: str | float = "scaled",
        bandwidth_factor: float | None = None,
        n_pairs: int | None = None,
        input_bandwidth: str | float | None = None,
        target: str = "auto",
        target_bandwidth: str | float = "scaled",
        batch_size: int | None = None,
        base: float = 2.0,
        device: Any = "cpu",
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_maps = n_maps
        self.quantity = quantity
        self.alpha = alpha
        self.bandwidth = bandwidth
        self.bandwidth_factor = bandwidth_factor
        self.n_pairs = n_pairs
        self.input_bandwidth = input_bandwidth
        self.target = target
        self.target_bandwidth = target_bandwidth
        self.batch_size = batch_size
        self.base = base
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, *, inputs: ArrayLike | None = None
    ) -> Self:
        """Decompose I(X;T), and I(T;Y) when a target is given.

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
        self : FeatureMapDecomposition
            The fitted estimator.
        """
        forget_fit(self)
        X, sizes = stack_maps(X)
        T = rows_on(self, X, self.device)
        if T.shape[1] < 2:
            raise ValueError(
                f"Found array with 1 feature(s) (shape={tuple(T.shape)}) while a minimum of 2 is "
                "required by FeatureMapDecomposition: pairs need two maps."
            )
        check_consistent_length(T, y, inputs)
        self.map_sizes_ = self._resolve_sizes(T.shape[1], sizes)
        rng = random_generator(self.random_state)
        batches = draw_batches(len(T), self.batch_size, rng)
        n_rows = len(batches[0])
        target = None if y is None else self._fit_target(y, n_rows, rng)
        source = self._fit_inputs(inputs, n_rows, target, rng)
        maps = split_maps(T, self.map_sizes_)
        self.bandwidth_ = map_bandwidths(
            maps, self.bandwidth, n_rows, factor=self.bandwidth_factor, target=target, rng=rng
        )
        variables = map_by_map(maps, self.bandwidth_)
        targets = [source] if y is None else [source, target]
        progress = Progress(self.verbose > 0, "pairs of maps")
        several = len(batches) > 1
        measured = [
            self._decompose(variables, targets, rows, rng, SILENT if several else progress)
            for rows in (progress.over(batches) if several else batches)
        ]
        self.n_batches_, self.n_pairs_ = len(batches), len(measured[0][0].pairs)
        for axis, of_batches in zip("xy", zip(*measured, strict=True), strict=False):
            self._store(axis, of_batches)
        _warn_of_saturation(measured, float(np.log(n_rows) / log_of_base(self.base)))
        return self

    def _resolve_sizes(self, n_features: int, sizes: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Columns of each map."""
        if sizes is None:
            return equal_maps(n_features, n_features if self.n_maps is None else self.n_maps)
        if len(sizes) < 2:
            raise ValueError(
                f"Pairs need at least two maps, and the list X has {len(sizes)}. Give the maps of "
                "a layer as one array each, or an array of columns with n_maps."
            )
        return sizes

    def _fit_target(self, y: ArrayLike, n_rows: int, rng: np.random.Generator) -> KernelVariable:
        y = check_array(host_values(y), dtype=None, ensure_2d=False, input_name="y")
        self.target_ = resolve_target(y, self.target)
        if self.target_ == "discrete":
            self.classes_, labels = learn_classes(y)
            return delta_variable(labels)
        values = [flat_rows_on(y, self.device, "y")]
        bandwidths = choose_bandwidths(
            values, self.target_bandwidth, n_rows, factor=None, target=None, rng=rng
        )
        self.target_bandwidth_ = float(bandwidths[0])
        return rbf_variable(values, bandwidths)

    def _fit_inputs(
        self,
        inputs: ArrayLike | None,
        n_rows: int,
        target: KernelVariable | None,
        rng: np.random.Generator,
    ) -> KernelVariable | None:
        """Variable of the inputs; None where every row is its own."""
        if inputs is None:
            self.inputs_kernel_ = "identity"
            return None
        if len(np.shape(inputs)) == 1:
            self.inputs_kernel_ = "delta"
            return delta_variable(encode_inputs(host_values(inputs)))
        self.inputs_kernel_ = "rbf"
        values = [flat_rows_on(inputs, self.device, "inputs")]
        rule = self.bandwidth if self.input_bandwidth is None else self.input_bandwidth
        bandwidths = choose_bandwidths(
            values, rule, n_rows, factor=self.bandwidth_factor, target=target, rng=rng
        )
        self.input_bandwidth_ = float(bandwidths[0])
        return rbf_variable(values, bandwidths)

    def _decompose(
        self,
        variables: list[KernelVariable],
        targets: list[KernelVariable | None],
        rows: NDArray[np.int64],
        rng: np.random.Generator,
        progress: Progress,
    ) -> list[MapDecomposition]:
        """Decompositions of one mini-batch, about each target."""
        return decompose_variables(
            [variable.take(rows) for variable in variables],
            [None if target is None else target.take(rows) for target in targets],
            draw_pairs(len(variables), self.n_pairs, rng),
            alpha=self.alpha,
            base=self.base,
            progress=progress,
        )

    def _store(self, axis: str, decompositions: tuple[MapDecomposition, ...]) -> None:
        """Means over mini-batches, and standard errors where something was drawn."""
        n_all_pairs = len(self.map_sizes_) * (len(self.map_sizes_) - 1) // 2
        is_sampled = self.n_batches_ > 1 or self.n_pairs_ < n_all_pairs
        for name, drawn_error in _QUANTITIES.items():
            values = np.array([getattr(each, name) for each in decompositions])
            setattr(self, f"{name}_{axis}_", float(values.mean()))
            if len(values) > 1:
                error = values.std(ddof=1) / np.sqrt(len(values))
            else:
                error = getattr(decompositions[0], drawn_error) if drawn_error else 0.0
            if is_sampled:
                setattr(self, f"{name}_{axis}_std_error_", float(error))
        setattr(self, f"mi_{axis}_", getattr(self, f"{self.quantity}_{axis}_"))
        if is_sampled:
            error = getattr(self, f"{self.quantity}_{axis}_std_error_")
            setattr(self, f"mi_{axis}_std_error_", error)
        map_mi = np.mean([each.map_mi for each in decompositions], axis=0)
        setattr(self, f"map_mi_{axis}_", map_mi)
        ceiling = float(np.mean([each.ceiling for each in decompositions]))
        setattr(self, "input_entropy_" if axis == "x" else "target_entropy_", ceiling)


def _warn_of_saturation(measured: list[list[MapDecomposition]], log_rows: float) -> None:
    """Warn where the kernels are so narrow that every pair of maps has all information."""
    entropy = float(np.mean([of_batch[0].pair_entropy for of_batch in measured]))
    if entropy > _SATURATED * log_rows:
        warn_user(
            "In nearly all pairs of maps all rows are unlike each other: S(T_i,T_j) is "
            f"{entropy:.5g} of log n = {log_rows:.5g}, whatever the maps are. Take a larger "
            "bandwidth, or the rule 'scaled' or 'alignment'."
        )
