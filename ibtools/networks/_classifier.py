"""A skorch classifier whose fits can be repeated."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Self

import numpy as np
import torch
from skorch.utils import is_dataset
from torch import nn

from ibtools.networks._batches import BatchIterator, map_data
from ibtools.networks._memberwise import MemberwiseClassifier
from ibtools.networks._random import torch_seed


class InformationClassifier(MemberwiseClassifier):
    """Skorch classifier with reproducible fits and batches sliced from memory.

    Everything that skorch's ``NeuralNetClassifier`` does, with a `random_state`, the loss of
    networks that give logits, and the fast data path for data in memory. Real-valued input is
    given to the module in the precision of its parameters, so that float64 arrays (what
    scikit-learn's transformers give) need no conversion.

    Parameters
    ----------
    module : torch.nn.Module class or instance
        The network, for instance :class:`ibtools.MLP`. An instance is copied, not trained itself.

    *args : tuple
        Parameters of :class:`skorch.classifier.NeuralNetClassifier` by position.

    criterion : torch criterion, default=torch.nn.CrossEntropyLoss
        The loss. ``CrossEntropyLoss`` takes logits; ``NLLLoss`` takes probabilities, whose
        logarithm skorch then computes.

    random_state : int, RandomState instance or None, default=None
        Seed of everything that torch draws in initialisation and training: weights, the order of
        batches, dropout. With it, fits are repeated exactly, torch's global random state is left
        alone, and training in several calls of `partial_fit` equals training in one. A
        `train_split` that draws has a random state of its own. None draws from torch's global
        random state.

    iterator_train, iterator_valid : class, default=BatchIterator
        Make the batches of training and of validation. Pass ``torch.utils.data.DataLoader`` for
        datasets that are not in memory.

    iterator_train__shuffle : bool, default=True
        Whether training batches are drawn in a new order every epoch.

    **kwargs : dict
        Parameters of :class:`skorch.classifier.NeuralNetClassifier`.

    See Also
    --------
    ibtools.InfoPlaneCallback : Measures every layer while the network learns.
    ibtools.networks.SeedEnsemble : As `module`, fits many seeds at once.

    Examples
    --------
    >>> from ibtools import MLP, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> X, y = make_szt()
    >>> net = InformationClassifier(
    ...     MLP, module__sizes=(12, 10, 2), max_epochs=2, random_state=0, verbose=0
    ... )
    >>> first = net.fit(X, y).predict_proba(X)
    >>> bool((net.fit(X, y).predict_proba(X) == first).all())
    True
    """

    def __init__(
        self,
        module: Any,
        *args: Any,
        criterion: Any = nn.CrossEntropyLoss,
        random_state: Any = None,
        iterator_train: Any = BatchIterator,
        iterator_valid: Any = BatchIterator,
        iterator_train__shuffle: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            module,
            *args,
            criterion=criterion,
            iterator_train=iterator_train,
            iterator_valid=iterator_valid,
            iterator_train__shuffle=iterator_train__shuffle,
            **kwargs,
        )
        self.random_state = random_state

    def initialize_module(self) -> Self:
        """Make the module, with weights drawn from `random_state`."""
        with self._random_stream(restart=True):
            super().initialize_module()
        return self

    def initialized_instance(self, instance_or_cls: Any, kwargs: Any) -> Any:
        """Make an instance; one that was passed is copied, so that fits do not change it."""
        made = super().initialized_instance(instance_or_cls, kwargs)
        return deepcopy(made) if made is instance_or_cls else made

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any) -> Self:
        """Train without initialising anew, going on with the random stream of earlier calls.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...), or dataset
            Inputs.

        y : array-like of shape (n_samples,), default=None
            Labels; None where `X` is a dataset, which has them.

        classes : array-like of shape (n_classes,), default=None
            Not used; it is there because scikit-learn's classifiers have it.

        **fit_params : dict
            Given on to the module and to the split.

        Returns
        -------
        self : InformationClassifier
            Trained for `max_epochs` epochs more.
        """
        if not self.initialized_:
            self.initialize()
        with self._random_stream(restart=False):
            super().partial_fit(X, y, classes=classes, **fit_params)
        return self

    def check_data(self, X: Any, y: Any) -> None:
        """Refuse labels that torch's losses cannot take."""
        super().check_data(X, np.asarray(y) if isinstance(y, list | tuple) else y)
        if y is None and self.iterator_train is BatchIterator and not is_dataset(X):
            raise ValueError("No labels are given (y=None): pass y, or a dataset that has labels.")
        classes = getattr(self, "classes_inferred_", np.zeros(1, dtype=np.int64))
        if classes.dtype.kind not in "iub" or (classes < 0).any():
            raise ValueError(
                f"Labels must be whole numbers from 0 to n_classes - 1, got {classes[:10]!r}. Use "
                "sklearn.preprocessing.LabelEncoder to number them."
            )

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Refuse a network that gives what the loss does not take, logits or probabilities."""
        super().on_train_begin(net, X=X, y=y, **kwargs)
        output = getattr(self.module_, "output", None)
        loss = type(_uncompiled(self.criterion_))
        expected = {nn.CrossEntropyLoss: "logits", nn.NLLLoss: "probabilities"}.get(loss)
        if output in ("logits", "probabilities") and expected not in (None, output):
            raise ValueError(
                f"The module gives {output}, but {loss.__name__} takes "
                f"{expected}: use criterion=torch.nn.CrossEntropyLoss for logits and "
                "criterion=torch.nn.NLLLoss for probabilities."
            )
        if loss is nn.CrossEntropyLoss and isinstance([*self.module_.modules()][-1], nn.Softmax):
            warnings.warn(
                "The module ends in a softmax, and CrossEntropyLoss applies another: leave it out, "
                "or pass criterion=torch.nn.NLLLoss.",
                UserWarning,
                stacklevel=2,
            )

    def infer(self, x: Any, **fit_params: Any) -> Any:
        """Run the module, on real values in the precision of its parameters."""
        dtype = next((p.dtype for p in self.module_.parameters()), None)
        if dtype is not None and dtype.is_floating_point:
            x = map_data(lambda values: _in_precision(values, dtype), x)
        return super().infer(x, **fit_params)

    def get_loss(self, y_pred: Any, y_true: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the loss; labels may be integers of any size."""
        criterion = _uncompiled(self.criterion_)
        if isinstance(criterion, nn.CrossEntropyLoss | nn.NLLLoss):
            y_true = y_true if y_true.is_floating_point() else y_true.long()
        if isinstance(criterion, nn.NLLLoss) and criterion is not self.criterion_:
            # skorch takes this logarithm only where the loss is not compiled.
            y_pred = torch.log(y_pred + torch.finfo(y_pred.dtype).eps)
        return super().get_loss(y_pred, y_true, *args, **kwargs)

    @contextmanager
    def _random_stream(self, restart: bool) -> Iterator[None]:
        """Draw from the net's own random stream, and leave torch's global one as it was."""
        if self.random_state is None:
            yield
            return
        device = torch.device(self.device or "cpu")
        generators = [torch.default_generator]
        if device.type == "cuda":
            torch.cuda.init()
            generators.append(torch.cuda.default_generators[device.index or 0])
        states = [generator.get_state() for generator in generators]
        try:
            self._position_stream(generators, restart)
            yield
            self.random_stream_ = [generator.get_state() for generator in generators]
        finally:
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)

    def _position_stream(self, generators: list[torch.Generator], restart: bool) -> None:
        if restart or not hasattr(self, "random_stream_"):
            seed = torch_seed(self.random_state)
            for generator in generators:
                generator.manual_seed(seed)
        else:
            for generator, state in zip(generators, self.random_stream_, strict=True):
                generator.set_state(state)


def _in_precision(values: Any, dtype: torch.dtype) -> Any:
    real = isinstance(values, torch.Tensor) and values.is_floating_point()
    return values.to(dtype) if real else values


def _uncompiled(module: nn.Module) -> nn.Module:
    return getattr(module, "_orig_mod", module)
