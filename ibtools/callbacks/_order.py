"""Where a callback that records values stands among the other callbacks of a net."""

from typing import Any

from skorch.callbacks import Callback, EpochScoring, EpochTimer, PassthroughScoring


def move_ahead(net: Any, callback: Callback) -> None:
    """Put a callback behind skorch's timer and scores, and before all that read the history.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net; its list of callbacks is replaced.
    callback : skorch.callbacks.Callback
        One of its callbacks. Loggers such as TensorBoard would otherwise miss its values.
    """
    own = [named for named in net.callbacks_ if named[1] is callback]
    others = [named for named in net.callbacks_ if named[1] is not callback]
    writes = [isinstance(cb, EpochTimer | PassthroughScoring | EpochScoring) for _, cb in others]
    place = [*writes, False].index(False)
    net.callbacks_ = [*others[:place], *own, *others[place:]]
