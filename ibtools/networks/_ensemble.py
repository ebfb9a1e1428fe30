"""Many seeds of one network as one module."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from ibtools.networks._random import torch_seed
from ibtools.networks._stacking import stack_modules


class SeedEnsemble(nn.Module):
    """Many seeds of one network, trained together as one module.

    The parameters of all members are stacked, and every operation runs once for all of them. As
    the module of :class:`ibtools.InformationClassifier` it gives what separate fits of the
    network with ``random_state=seed`` give, up to rounding, and for small networks in a fraction
    of the time: each member has the initial weights and the order of batches of its own seed.

    Parameters
    ----------
    module : torch.nn.Module class, callable or instance
        The network of each member. An instance is copied: the members then start from the same
        weights and differ in the order of batches.

    seeds : int or iterable of int, default=10
        The `random_state` of the separate fits; a number stands for so many seeds from 0.

    randomness : {"error", "different"}, default="error"
        What to do if the network draws random numbers while it runs (dropout, noise). They cannot
        be those of separate fits: "different" draws others, independently for each member, from
        the random stream of the net that trains the ensemble.

    **parameters : dict
        Parameters of `module`.

    Attributes
    ----------
    seeds : tuple of int
        Seed of each member.

    n_members : int
        Number of members.

    stacked : torch.nn.Module
        The network with every parameter and buffer stacked, members first.

    streams : list of torch.Tensor
        State of each member's random generator, from which the order of its batches is drawn.

    Raises
    ------
    ValueError
        If seeds are repeated or none, or the members differ in more than the values of their
        parameters and buffers.

    See Also
    --------
    ibtools.InformationClassifier : Trains it; its `member` gives one of the nets alone.

    Notes
    -----
    The loss is the sum over members of each member's loss, so that optimisers that act on each
    weight by itself (SGD, Adam and the like) treat every member as if it were alone. The history
    has the members' mean loss, and of each member ``member<number>/train_loss`` and so on.
    :class:`ibtools.InfoPlaneCallback` measures every member: the plane has a column "run", the
    member's number, and ``plane.mean()`` averages over members. `predict_proba` is the members'
    mean.

    What ties members together is refused: gradient clipping by norm, optimisers that look at more
    than one weight (LBFGS), weights changed by callbacks, a loss with parameters of its own and,
    unless `randomness` allows it, dropout. So is what cannot be stacked: members of different
    structure, or with values of their own that are neither parameters nor buffers (torch's
    recurrent layers, parametrizations), and steps that depend on the values of one member. Batch
    normalisation is stacked with its statistics. Callbacks that follow a score (early stopping,
    learning rates on a plateau) see the members' mean, and the validation split is one for all.

    In training mode the module takes one batch per member, of shape (n_samples, n_members, ...);
    in evaluation mode the same rows for all. It gives (n_samples, n_members, ...).

    Examples
    --------
    >>> from ibtools import MLP, InformationClassifier
    >>> from ibtools.datasets import make_szt
    >>> from ibtools.networks import SeedEnsemble
    >>> X, y = make_szt()
    >>> net = InformationClassifier(
    ...     SeedEnsemble, module__module=MLP, module__sizes=(12, 4, 2), module__seeds=5,
    ...     max_epochs=2, verbose=0,
    ... ).fit(X, y)  # fmt: skip
    >>> alone = net.member(3)  # as if fitted with random_state=3
    >>> net.predict_proba(X).shape, alone.predict_proba(X).shape
    ((4096, 2), (4096, 2))
    """

    def __init__(
        self,
        module: Callable[..., nn.Module] | nn.Module,
        seeds: int | Iterable[int] = 10,
        *,
        randomness: str = "error",
        **parameters: Any,
    ) -> None:
        super().__init__()
        if randomness not in ("error", "different"):
            raise ValueError(f"randomness must be 'error' or 'different', got {randomness!r}.")
        self.seeds = _as_seeds(seeds)
        self.randomness = randomness
        members, self.streams = _draw_members(module, self.seeds, parameters)
        self.stacked = stack_modules(members)

    @property
    def n_members(self) -> int:
        """Number of members."""
        return len(self.seeds)

    @property
    def output(self) -> Any:
        """What the network says that it gives, logits or probabilities."""
        return getattr(self.stacked, "output", None)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run every member, each on its own rows in training and on the same in evaluation."""
        rows = 1 if self.training else None
        run = torch.vmap(
            self._run_one, in_dims=(0, 0, rows, rows), out_dims=1, randomness=self.randomness
        )
        parameters, buffers = (
            dict(self.stacked.named_parameters()),
            dict(self.stacked.named_buffers()),
        )
        with _explaining_failure():
            return run(parameters, buffers, args, kwargs)

    def member(self, index: int) -> nn.Module:
        """Give one member as an ordinary module, with a copy of its weights.

        Parameters
        ----------
        index : int
            Number of the member, in the order of `seeds`.

        Returns
        -------
        module : torch.nn.Module
            What `module` makes, with the member's parameters and buffers.
        """
        index = range(self.n_members)[index]
        own: dict[int, Any] = {}
        for parameter in self.stacked.parameters():
            values = parameter.detach()[index].clone()
            own[id(parameter)] = nn.Parameter(values, requires_grad=parameter.requires_grad)
        for buffer in self.stacked.buffers():
            own[id(buffer)] = buffer[index].clone()
        # A copy in which the stacked tensors are replaced, and shared ones stay shared.
        return copy.deepcopy(self.stacked, own)

    def extra_repr(self) -> str:
        """Seeds, in the module's representation."""
        return f"seeds={self.seeds}"

    def _run_one(self, parameters: Any, buffers: Any, args: Any, kwargs: Any) -> Any:
        with _LinearInColumns():
            return functional_call(self.stacked, (parameters, buffers), args, kwargs)


class _LinearInColumns(TorchFunctionMode):
    """Linear layers with samples in columns: a third faster in a stack of small networks.

    The gradient of the biases is then a sum over the innermost dimension in memory.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.linear and not kwargs and len(args) == 3 and args[2] is not None:
            rows, weight, bias = args
            if rows.ndim == 2:
                return torch.addmm(bias[:, None], weight, rows.mT).mT
        return func(*args, **(kwargs or {}))


@contextmanager
def _explaining_failure() -> Iterator[None]:
    """Say why members cannot run together, where torch says what it cannot do."""
    try:
        yield
    except RuntimeError as error:
        message = str(error)
        if "vmap" not in message and "functorch" not in message:
            raise
        if "random" in message:
            raise ValueError(
                "The network draws random numbers while it runs (dropout, noise), which in an "
                "ensemble cannot be those of separate fits. Pass randomness='different' to let "
                "each member draw others, or fit the seeds one by one."
            ) from error
        raise ValueError(
            "The network cannot run for all members at once, for it does something that depends "
            f"on the values of one: fit the seeds one by one. Torch says: {message}"
        ) from error


def _as_seeds(seeds: int | Iterable[int]) -> tuple[int, ...]:
    given = list(range(seeds) if isinstance(seeds, int | np.integer) else seeds)
    if not given or not all(isinstance(seed, int | np.integer) for seed in given):
        raise ValueError(f"seeds must be a positive number or whole numbers, got {seeds!r}.")
    if len(set(given)) < len(given):
        raise ValueError(f"seeds must differ, or members are copies of one another: got {seeds!r}.")
    return tuple(int(seed) for seed in given)


def _draw_members(
    module: Callable[..., nn.Module] | nn.Module, seeds: tuple[int, ...], parameters: dict[str, Any]
) -> tuple[list[nn.Module], list[Tensor]]:
    """Make every member as a separate fit does, and keep what its random stream goes on from."""
    if isinstance(module, nn.Module) and parameters:
        raise ValueError(
            f"module is an instance, which takes no parameters {sorted(parameters)}: give its "
            "class instead."
        )
    members, streams = [], []
    with torch.random.fork_rng(devices=[]):
        for seed in seeds:
            torch.default_generator.manual_seed(torch_seed(seed))
            made = copy.deepcopy(module) if isinstance(module, nn.Module) else module(**parameters)
            members.append(made)
            streams.append(torch.default_generator.get_state())
    return members, streams
