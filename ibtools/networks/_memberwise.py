"""Train the members of an ensemble as if each were alone."""

import copy
from collections.abc import Iterator
from typing import Any, Self

import torch
from sklearn.base import clone
from skorch import NeuralNetClassifier
from skorch.callbacks import Freezer, GradientNormClipping, ParamMapper, Unfreezer
from skorch.dataset import unpack_data
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ibtools.networks._batches import BatchIterator, map_data
from ibtools.networks._ensemble import SeedEnsemble
from ibtools.networks._ensemble_batches import MemberBatches
from ibtools.networks._ensemble_history import MemberScores, member_rows
from ibtools.networks._print_log import hide_from_print_logs

# Their step for one weight depends on no other weight.
_ELEMENTWISE = (
    torch.optim.ASGD,
    torch.optim.Adadelta,
    torch.optim.Adagrad,
    torch.optim.Adam,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
    torch.optim.Rprop,
    torch.optim.SGD,
)

# Callbacks that take weights for those of one network. By name, for they stand above networks.
_OF_ONE_NETWORK = ("GradientSNRCallback", "OrthonormalWeights")


class MemberwiseClassifier(NeuralNetClassifier):
    """Skorch classifier that knows what to do when its module is a :class:`SeedEnsemble`.

    With any other module it is skorch's own. With an ensemble, each member is trained on batches
    and by a loss of its own, `predict_proba` is the members' mean, and the history has the losses
    of every member, under ``member<number>/train_loss`` and so on, beside their means.
    """

    def member(self, index: int) -> Self:
        """Give one member of a fitted :class:`ibtools.networks.SeedEnsemble` as a net of its own.

        Parameters
        ----------
        index : int
            Number of the member, in the order of the ensemble's `seeds`.

        Returns
        -------
        net : InformationClassifier
            What a separate fit with the member's seed as `random_state` gives: weights, history,
            optimiser and random stream, so that `partial_fit` goes on as that fit would.

        Raises
        ------
        ValueError
            If the module is no ensemble.
        IndexError
            If there is no such member.
        """
        self.check_is_fitted()
        ensemble = ensemble_of(self)
        if ensemble is None:
            raise ValueError("Only a net whose module is a SeedEnsemble has members.")
        index = range(ensemble.n_members)[index]
        net = type(self)(**self._parameters_of(ensemble, index)).initialize()
        own = getattr(net.module_, "_orig_mod", net.module_)
        own.load_state_dict(ensemble.member(index).state_dict())
        net.optimizer_.load_state_dict(_member_state(self.optimizer_, index))
        net.random_stream_[0] = ensemble.streams[index].clone()
        if hasattr(self, "classes_inferred_"):
            net.classes_inferred_ = self.classes_inferred_
        for row in member_rows(self.history, index):
            net.history.new_epoch()
            for key, value in row.items():
                net.history.record(key, value)
        return net

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        """Make batches, in training of an ensemble with rows of its own for every member."""
        batches = super().get_iterator(dataset, training=training)
        ensemble = ensemble_of(self)
        if ensemble is None or not training:
            return batches
        if type(batches) is not BatchIterator:
            raise ValueError(
                "Every member of a SeedEnsemble has its own order of batches, which "
                f"{type(batches).__name__} cannot give: use iterator_train=BatchIterator, with "
                "data in memory."
            )
        return MemberBatches(batches, ensemble.streams)

    def get_loss(
        self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False, **kwargs: Any
    ) -> Any:
        """Compute the loss, of an ensemble the members' mean with the gradient of their sum."""
        ensemble = ensemble_of(self)
        if ensemble is None:
            return super().get_loss(y_pred, y_true, X=X, training=training, **kwargs)
        if not training:
            y_true = map_data(lambda y: _shared(y, ensemble.n_members), y_true)
        if _is_plain_cross_entropy(self.criterion_, y_true):
            losses = _cross_entropies(self.criterion_, y_pred, y_true)
        else:
            loss_of_one = super().get_loss
            pairs = (
                (_of_member(y_pred, index), _of_member(y_true, index))
                for index in range(ensemble.n_members)
            )
            losses = torch.stack([loss_of_one(*pair, **kwargs) for pair in pairs])
        self.member_losses_ = losses.detach().cpu()
        total = losses.sum()
        return total + (losses.mean() - total).detach()

    def get_all_learnable_params(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield parameters; those of an ensemble have the names that they have in one network."""
        prefix = "" if ensemble_of(self) is None else "stacked."
        for name, parameter in super().get_all_learnable_params():
            yield name.removeprefix(prefix), parameter

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Refuse what ties the members of an ensemble together."""
        super().on_train_begin(net, X=X, y=y, **kwargs)
        if ensemble_of(self) is not None:
            _refuse_couplings(self)

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin to collect the members' losses."""
        super().on_epoch_begin(net, **kwargs)
        self.member_scores_ = MemberScores()

    def on_batch_end(
        self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Collect the members' losses and, in validation, their accuracies."""
        super().on_batch_end(net, batch=batch, training=training, **kwargs)
        if ensemble_of(self) is not None:
            y = unpack_data(batch)[1]
            y_pred = None if training else kwargs.get("y_pred")
            self.member_scores_.add(
                "train" if training else "valid", self.member_losses_, y, y_pred
            )

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Record the members' losses and accuracies."""
        super().on_epoch_end(net, **kwargs)
        scores = self.member_scores_.means()
        for key, value in scores.items():
            self.history.record(key, value)
        hide_from_print_logs(self, scores)

    def _get_predict_nonlinearity(self) -> Any:
        """Map outputs to probabilities, of an ensemble the members' mean."""
        probabilities = super()._get_predict_nonlinearity()
        if ensemble_of(self) is None:
            return probabilities
        return lambda output: torch.stack([*map(probabilities, output.unbind(1))]).mean(dim=0)

    def _parameters_of(self, ensemble: SeedEnsemble, index: int) -> dict[str, Any]:
        """Parameters of the net that a separate fit of one member has."""
        parameters = clone(self).get_params(deep=False)
        given = {name for name in parameters if name.startswith("module__")}
        inner = {name.removeprefix("module__"): parameters.pop(name) for name in given}
        module = inner.pop("module", None)
        own = {
            f"module__{name}": value
            for name, value in inner.items()
            if name not in ("seeds", "randomness")
        }
        return (
            parameters
            | own
            | {
                "module": ensemble.member(index) if module is None else module,
                "random_state": ensemble.seeds[index],
            }
        )


def ensemble_of(net: Any) -> SeedEnsemble | None:
    """Give the ensemble that a net trains, also a compiled one; None if it trains none."""
    module = getattr(net, "module_", None)
    module = getattr(module, "_orig_mod", module)
    return module if isinstance(module, SeedEnsemble) else None


def _shared(values: Any, n_members: int) -> Tensor:
    """Rows that are the same for all members, (n_samples, n_members, ...), without a copy."""
    values = torch.as_tensor(values)
    return values[:, None].expand(len(values), n_members, *values.shape[1:])


def _of_member(values: Any, index: int) -> Any:
    return map_data(lambda rows: rows[:, index], values)


def _is_plain_cross_entropy(criterion: Any, y_true: Any) -> bool:
    """Whether the loss of each member is the mean over its rows of those of classes."""
    criterion = getattr(criterion, "_orig_mod", criterion)
    return (
        type(criterion) is nn.CrossEntropyLoss
        and criterion.reduction == "mean"
        and criterion.weight is None
        and criterion.ignore_index < 0
        and isinstance(y_true, Tensor)
        and y_true.ndim == 2
        and not y_true.is_floating_point()
    )


def _cross_entropies(criterion: Any, logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of every member at once: five times as fast as one by one."""
    smoothing = getattr(criterion, "_orig_mod", criterion).label_smoothing
    labels = labels.T.to(logits.device)
    losses = cross_entropy(
        logits.permute(1, 2, 0), labels, reduction="none", label_smoothing=smoothing
    )
    return losses.mean(dim=1)


def _refuse_couplings(net: Any) -> None:
    optimizer, criterion = net.optimizer_, net.criterion_
    if type(optimizer) not in (*_ELEMENTWISE, torch.optim.AdamW):
        raise ValueError(
            f"{type(optimizer).__name__} is not known to change every weight by its own gradient "
            "alone, so that it may mix the members of a SeedEnsemble. Use one of "
            f"{', '.join(kind.__name__ for kind in _ELEMENTWISE)}, or fit the seeds one by one."
        )
    if isinstance(criterion, nn.Module) and [*criterion.parameters()]:
        raise ValueError(
            f"{type(criterion).__name__} has parameters, which the members of a SeedEnsemble would "
            "share: fit the seeds one by one."
        )
    for name, callback in net.callbacks_:
        if isinstance(callback, GradientNormClipping) and callback.gradient_clip_value is not None:
            raise ValueError(
                f"{name} clips by the norm over all members of a SeedEnsemble: leave it out, or "
                "fit the seeds one by one."
            )
        if type(callback).__name__ in _OF_ONE_NETWORK:
            raise ValueError(
                f"{name} takes the stacked weights of a SeedEnsemble for those of one network: fit "
                "the seeds one by one."
            )
        if isinstance(callback, ParamMapper) and not isinstance(callback, Freezer | Unfreezer):
            raise ValueError(
                f"{name} changes parameters, which in a SeedEnsemble are those of all members "
                "stacked: do that in the module itself, or fit the seeds one by one."
            )


def _member_state(optimizer: torch.optim.Optimizer, index: int) -> dict[str, Any]:
    """State of an optimiser of stacked parameters, for one of them."""
    state = optimizer.state_dict()
    shapes = [p.shape for group in optimizer.param_groups for p in group["params"]]
    state["state"] = {
        number: {
            name: value[index].clone() if _is_stacked(value, shapes[number]) else value
            for name, value in values.items()
        }
        for number, values in state["state"].items()
    }
    return copy.deepcopy(state)


def _is_stacked(value: Any, shape: torch.Size) -> bool:
    return isinstance(value, Tensor) and value.shape == shape
