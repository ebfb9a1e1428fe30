"""The table that skorch prints while a net trains."""

from collections.abc import Iterable
from typing import Any

from skorch.callbacks import PrintLog


def hide_from_print_logs(net: Any, keys: Iterable[str]) -> None:
    """Keep values of the history out of the table that skorch prints.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    keys : iterable of str
        Keys of the history.
    """
    for _, callback in net.callbacks_:
        if isinstance(callback, PrintLog):
            callback.keys_ignored_.update(keys)
