"""What a ClusteringCallback recorded, as tables."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from ibtools.plane._history import UNTRAINED

CLUSTERING_QUANTITIES = (
    "n_distinct",
    "bin_entropy",
    "empty_bins",
    "class_separation",
    "class_rank",
)
_PREFIX = "clustering_"
_BOUNDS = ("histogram_lower", "histogram_upper")
_BIN = "histogram_bin"


def clustering_key(quantity: str, layer: str, *, untrained: bool = False) -> str:
    """Name a value in a history, ``clustering_<quantity>/<layer>``.

    Parameters
    ----------
    quantity : str
        One of `CLUSTERING_QUANTITIES`, or part of a histogram.
    layer : str
        Name of the layer.
    untrained : bool, default=False
        Whether the value is that of epoch 0, which stands in the row of epoch 1 with ``@0``
        appended.

    Returns
    -------
    key : str
        The key.

    Raises
    ------
    ValueError
        If the layer's name ends as the keys of the untrained network do.
    """
    if layer.endswith(UNTRAINED):
        raise ValueError(
            f"The name of layer {layer!r} ends in {UNTRAINED}, which marks the untrained network."
        )
    return f"{_PREFIX}{quantity}/{layer}{UNTRAINED if untrained else ''}"


def histogram_values(
    fractions: Iterable[float], lower: float, upper: float
) -> Iterator[tuple[str, float]]:
    """Take a histogram apart into plain numbers, as a history keeps them.

    Parameters
    ----------
    fractions : iterable of float
        Fraction of the activations in each bin.
    lower, upper : float
        Ends of the bins.

    Yields
    ------
    quantity : str
        For `clustering_key`.
    value : float
        The number.
    """
    yield from zip(_BOUNDS, (lower, upper), strict=True)
    for k, fraction in enumerate(fractions):
        yield f"{_BIN}{k}", fraction


def clustering_table(history: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Read how clustered each layer was.

    Parameters
    ----------
    history : skorch.history.History
        ``net.history`` of a live net or of a loaded checkpoint.

    Returns
    -------
    table : pandas.DataFrame
        One row per epoch, 0 being the untrained network, and layer, in order of execution:
        ``epoch``, ``layer``, ``n_distinct``, ``bin_entropy``, ``empty_bins`` and, where the target
        is a class, ``class_separation`` and ``class_rank``.

    Raises
    ------
    ValueError
        If nothing was recorded.

    See Also
    --------
    ibtools.ClusteringCallback : Records it, and defines the quantities.

    Examples
    --------
    >>> from ibtools.plane import clustering_table
    >>> clustering_table([{"epoch": 1, "clustering_empty_bins/hidden1": 0.25}])
       epoch    layer  empty_bins
    0      1  hidden1        0.25
    """
    rows = [
        {"epoch": epoch, "layer": layer}
        | {name: values[name] for name in CLUSTERING_QUANTITIES if name in values}
        for (epoch, layer), values in _recorded(history)
        if any(name in values for name in CLUSTERING_QUANTITIES)
    ]
    return _as_table(rows)


def activation_histograms(history: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Read the histograms of the activations.

    Parameters
    ----------
    history : skorch.history.History
        ``net.history`` of a live net or of a loaded checkpoint.

    Returns
    -------
    table : pandas.DataFrame
        One row per epoch, layer and bin: ``epoch``, ``layer``, the edges ``lower`` and ``upper``
        of the bin, and ``fraction``, the part of the activations of all units on all rows that is
        in it.

    Raises
    ------
    ValueError
        If nothing was recorded.

    See Also
    --------
    ibtools.ClusteringCallback : Records them.

    Examples
    --------
    >>> from ibtools.plane import activation_histograms
    >>> bounds = {"clustering_histogram_lower/T": -1.0, "clustering_histogram_upper/T": 1.0}
    >>> bins = {"clustering_histogram_bin0/T": 0.25, "clustering_histogram_bin1/T": 0.75}
    >>> activation_histograms([{"epoch": 1, **bounds, **bins}])
       epoch layer  lower  upper  fraction
    0      1     T   -1.0    0.0      0.25
    1      1     T    0.0    1.0      0.75
    """
    rows = [
        {"epoch": epoch, "layer": layer, **each}
        for (epoch, layer), values in _recorded(history)
        if _BOUNDS[0] in values
        for each in _bins(values)
    ]
    return _as_table(rows)


def _bins(values: Mapping[str, float]) -> Iterator[dict[str, float]]:
    fractions = [value for name, value in values.items() if name.startswith(_BIN)]
    lower, upper = (values[name] for name in _BOUNDS)
    width = (upper - lower) / len(fractions)
    for k, fraction in enumerate(fractions):
        yield {
            "lower": lower + k * width,
            "upper": lower + (k + 1) * width,
            "fraction": fraction,
        }


def _recorded(
    history: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[tuple[int, str], dict[str, float]]]:
    """Values by epoch and layer."""
    for row in history:
        layers: dict[tuple[int, str], dict[str, float]] = {}
        for key, value in row.items():
            quantity, slash, place = key.partition("/")
            if slash and quantity.startswith(_PREFIX):
                epoch = 0 if place.endswith(UNTRAINED) else row["epoch"]
                values = layers.setdefault((epoch, place.removesuffix(UNTRAINED)), {})
                values[quantity.removeprefix(_PREFIX)] = value
        yield from layers.items()


def _as_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    if not rows:
        raise ValueError(
            "The history has nothing about clustering: train with callbacks=[ClusteringCallback()]."
        )
    return pd.DataFrame(rows)
