"""Hand recorded values to the history, and through it to skorch's loggers."""

import re
from collections.abc import Mapping
from typing import Any

from skorch.callbacks import MlflowLogger, TensorBoard, WandbLogger

from ibtools.networks._print_log import hide_from_print_logs
from ibtools.plane._history import UNTRAINED

_NOT_IN_MLFLOW = re.compile(r"[^\w\-. /]")


def record_values(net: Any, values: Mapping[str, float], *, is_over: bool = False) -> None:
    """Write values to the last row of the history, and see that loggers get all of them.

    Loggers read the row when the epoch ends. What they would miss or misplace there is handed to
    them here: values of the untrained network, which are those of step 0 (W&B, whose steps are
    rows, gets them with epoch 1, under the keys of the history); values that are recorded after
    the loggers have read the row; and, to MLflow, values whose keys it refuses.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net.
    values : dict of str to float
        By key of the history.
    is_over : bool, default=False
        Whether training has ended, and the loggers have read the row.
    """
    for key, value in values.items():
        net.history.record(key, value)
    hide_from_print_logs(net, values)
    for _, callback in net.callbacks_:
        if isinstance(callback, TensorBoard | MlflowLogger | WandbLogger):
            _hand_over(net, callback, values, is_over)


def mlflow_name(key: str) -> str:
    """Name a value for MLflow, which takes letters, digits and ``_-. /``, and no slash at the end.

    Parameters
    ----------
    key : str
        Key of the history.

    Returns
    -------
    name : str
        With an underscore for every other character, as TensorBoard has it.
    """
    return _NOT_IN_MLFLOW.sub("_", key).rstrip("/")


def _hand_over(net: Any, logger: Any, values: Mapping[str, float], is_over: bool) -> None:
    chosen = logger.keys_ignored
    ignored = {chosen} if isinstance(chosen, str) else set(chosen or ())
    unread = {key for key in values if not _reads(logger, key)}
    logger.keys_ignored_ |= unread
    missed = {
        key: value
        for key, value in values.items()
        if ignored.isdisjoint({key, key.removesuffix(UNTRAINED)}) and (is_over or key in unread)
    }
    if isinstance(logger, WandbLogger):
        if missed:
            logger.wandb_run.log(missed)
        return
    epoch = net.history[-1]["epoch"]
    for key, value in missed.items():
        step = 0 if key.endswith(UNTRAINED) else epoch
        _log(logger, key.removesuffix(UNTRAINED), value, step)


def _reads(logger: Any, key: str) -> bool:
    """Whether a logger takes a value from the history as it is to stand in the log."""
    if isinstance(logger, WandbLogger):
        return True
    if isinstance(logger, MlflowLogger) and mlflow_name(key) != key:
        return False
    return not key.endswith(UNTRAINED)


def _log(logger: TensorBoard | MlflowLogger, key: str, value: float, step: int) -> None:
    if isinstance(logger, TensorBoard):
        logger.writer.add_scalar(logger.key_mapper(key), value, step)
    elif logger.log_on_epoch_end:
        name = mlflow_name(key) + logger.epoch_suffix_
        logger.client_.log_metric(logger.run_.info.run_id, name, value, step=step)
