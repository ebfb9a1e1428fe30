"""Remove the layers of a network that say what other layers say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from ibtools.plane._coinciding import coinciding_layers
from ibtools.plane._plane import InformationPlane


@dataclass(frozen=True)
class PruningResult:
    """What pruning has left.

    Attributes
    ----------
    net : skorch.NeuralNet
        The smallest net that was kept, fitted on the training rows with the first seed.

    steps : pandas.DataFrame
        One row per net that was trained, the given one first: ``removed`` (a layer, None for the
        given net), ``coincides_with``, ``distance`` of the two trajectories, ``score`` and its
        standard deviation over seeds ``score_std``, ``n_parameters``, and whether the net was
        ``kept``. Names of layers are those of the net that the layer was removed from.

    Examples
    --------
    >>> from ibtools import MLP, InfoPlaneCallback, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> from ibtools.experiments import prune_network
    >>> net = InformationClassifier(
    ...     MLP,
    ...     module__sizes=(12, 3, 3, 2),
    ...     callbacks=[InfoPlaneCallback()],
    ...     max_epochs=2,
    ...     verbose=0,
    ... )
    >>> result = prune_network(net, *make_szt(), tol=10, max_score_drop=1)
    >>> result.net.module__sizes
    (12, 3, 2)
    """

    net: Any
    steps: pd.DataFrame


@dataclass(frozen=True)
class _Trained:
    net: Any
    plane: InformationPlane
    scores: list[float]

    @property
    def score(self) -> float:
        return float(np.mean(self.scores))


def prune_network(
    net: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    tol: float = 0.1,
    max_score_drop: float = 0.0,
    seeds: tuple[int, ...] = (0,),
    test_size: float = 0.2,
    random_state: int = 0,
    remove: Callable[[Any, str], Any] | None = None,
) -> PruningResult:
    """Remove layers whose trajectories coincide, one at a time, while the score does not fall.

    The net is trained and its plane recorded. Of the layers that coincide with an earlier one the
    closest is removed, and the smaller net is trained from scratch. It replaces the net if its
    score on held-out rows is not lower; otherwise the next proposal is tried. This is repeated
    until no proposal is left. Layers that coincide at the ceiling of I(X;T), where every
    lossless layer is, are no proposals.

    Parameters
    ----------
    net : skorch.NeuralNet
        With an InfoPlaneCallback of one estimator among its callbacks, and a `random_state`.

    X : array-like of shape (n_samples, n_features)
        Inputs.

    y : array-like of shape (n_samples,)
        Labels.

    tol : float, default=0.1
        Largest distance of trajectories that coincide, in the unit of the plane.

    max_score_drop : float, default=0.0
        By how much the mean score may be lower than that of the given net.

    seeds : tuple of int, default=(0,)
        Every net is trained once with each `random_state`; scores are averaged, and the plane of
        all runs has to coincide.

    test_size : float, default=0.2
        Fraction of the rows that are held out for the score.

    random_state : int, default=0
        Seed of the split.

    remove : callable, default=None
        ``remove(net, layer)`` gives an unfitted net without the layer, or None if the layer cannot
        be removed. None removes hidden layers of an :class:`ibtools.MLP` that is given by
        ``module__sizes``.

    Returns
    -------
    result : PruningResult
        The pruned net and a table of all steps.

    Raises
    ------
    ValueError
        If no seed is given, or the net is no MLP and `remove` is None.

    See Also
    --------
    ibtools.plane.coinciding_layers : The proposals.

    Notes
    -----
    The procedure is that of the paper "Revisiting the information plane", which removes extra
    layers of three units whose trajectories coincide.

    Examples
    --------
    >>> from ibtools import MLP, InfoPlaneCallback, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> from ibtools.experiments import prune_network
    >>> net = InformationClassifier(
    ...     MLP,
    ...     module__sizes=(12, 3, 3, 2),
    ...     callbacks=[InfoPlaneCallback()],
    ...     max_epochs=2,
    ...     verbose=0,
    ... )
    >>> result = prune_network(net, *make_szt(), tol=10, max_score_drop=1)
    >>> result.steps["removed"].tolist()[1:], result.net.module__sizes
    (['hidden2'], (12, 3, 2))
    """
    if not seeds:
        raise ValueError("seeds needs one seed at least.")
    split = train_test_split(X, y, test_size=test_size, random_state=random_state, stratify=y)
    remove = remove or remove_hidden_layer
    current = _train(net, split, seeds)
    least = current.score - max_score_drop
    steps = [_step(current, None, kept=True)]
    proposals = _proposals(current, tol)
    while proposals:
        proposal = proposals.pop(0)
        smaller = remove(current.net, proposal["superfluous"])
        if smaller is None:
            continue
        trained = _train(smaller, split, seeds)
        kept = trained.score >= least
        steps.append(_step(trained, proposal, kept=kept))
        if kept:
            current, proposals = trained, _proposals(trained, tol)
    return PruningResult(current.net, pd.DataFrame(steps))


def remove_hidden_layer(net: Any, layer: str) -> Any:
    """Declare the net again without one of the hidden layers of its MLP.

    Parameters
    ----------
    net : skorch.NeuralNet
        With ``module__sizes``.
    layer : str
        ``hidden1``, ``hidden2``, ...

    Returns
    -------
    net : skorch.NeuralNet or None
        Unfitted; None if the layer is no hidden layer of the MLP, or its only one.

    Raises
    ------
    ValueError
        If the net has no ``module__sizes``.
    """
    parameters = net.get_params(deep=False)
    if "module__sizes" not in parameters:
        raise ValueError(
            "Layers can be removed from an MLP that is given by module__sizes; for other networks "
            "say how with remove=..."
        )
    sizes = list(parameters["module__sizes"])
    number = layer.removeprefix("hidden")
    if not number.isdigit() or len(sizes) < 4 or not 1 <= int(number) <= len(sizes) - 2:
        return None
    k = int(number)
    changes: dict[str, Any] = {"module__sizes": tuple(sizes[:k] + sizes[k + 1 :])}
    activation = parameters.get("module__activation", "tanh")
    if isinstance(activation, list | tuple):
        changes["module__activation"] = [*activation[: k - 1], *activation[k:]]
    return clone(net).set_params(**changes)


def _train(net: Any, split: list[Any], seeds: tuple[int, ...]) -> _Trained:
    X_train, X_test, y_train, y_test = split
    nets = [clone(net).set_params(random_state=seed).fit(X_train, y_train) for seed in seeds]
    planes = [InformationPlane.from_history(fitted.history) for fitted in nets]
    scores = [float(fitted.score(X_test, y_test)) for fitted in nets]
    return _Trained(nets[0], InformationPlane.concat(planes), scores)


def _proposals(trained: _Trained, tol: float) -> list[dict[Any, Any]]:
    """Pairs that coincide, but for those that coincide at the ceiling, where all layers do."""
    found = coinciding_layers(trained.plane, tol=tol)
    return found[~found["at_ceiling"]].to_dict("records")


def _step(trained: _Trained, proposal: dict[Any, Any] | None, *, kept: bool) -> dict[str, Any]:
    parameters = trained.net.module_.parameters()
    return {
        "removed": proposal["superfluous"] if proposal else None,
        "coincides_with": proposal["kept"] if proposal else None,
        "distance": proposal["distance"] if proposal else np.nan,
        "score": trained.score,
        "score_std": float(np.std(trained.scores, ddof=1)) if len(trained.scores) > 1 else np.nan,
        "n_parameters": sum(parameter.numel() for parameter in parameters),
        "kept": kept,
    }
