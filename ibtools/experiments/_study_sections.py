"""Sections of a study that are the same for all data and networks.

The text below a field is what an editor shows for it, through the JSON schema.
"""

from typing import Annotated, Literal

from pydantic import Field

from ibtools.experiments._settings import PlaneSettings
from ibtools.experiments._study_fields import (
    MOST,
    MOST_LISTED,
    MOST_UNITS,
    Count,
    Listed,
    Name,
    Patterns,
    Positive,
    Section,
)

DEFAULT = PlaneSettings()


class About(Section):
    """What the study is called and what it is for."""

    name: Name = "study"
    """Name of the study, in tables, titles and pages."""

    description: Annotated[str, Field(max_length=10_000)] = ""
    """What it is for."""


class Training(Section):
    """How the network learns, by the cross-entropy."""

    optimizer: Literal["adam", "sgd"] = "adam"
    """How weights are learnt."""

    learning_rate: Positive = DEFAULT.learning_rate
    """Learning rate of the optimizer."""

    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Momentum of sgd; adam has moments of its own."""

    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Penalty on the squared weights."""

    batch_size: Count | Literal["full"] = DEFAULT.batch_size
    """Rows per step, or "full" for all of them."""

    epochs: Count = DEFAULT.epochs
    """How often the training rows are gone through."""


class Recording(Section):
    """When, where and on which rows layers are measured."""

    every: (
        Literal["log"]
        | Count
        | Annotated[
            tuple[Annotated[int, Field(ge=0, le=MOST)], ...],
            Field(max_length=MOST_LISTED),
            Listed,
        ]
    ) = "log"
    """Epochs to record: "log" for n_records of them evenly spaced on a logarithmic axis, a number k
    for every k-th, or a list. The untrained network and the last epoch are always recorded."""

    n_records: Count = DEFAULT.records
    """Number of epochs that every = "log" records."""

    on: Literal["all", "train", "valid"] = "all"
    """Rows on which layers are measured."""

    labels: Literal["drawn", "rule"] = "drawn"
    """Whether rows are measured with the label that each has, or under the rule p(y|x) by which
    labels are drawn: the szt task with a gain, on = "all", and estimators that weight rows."""

    layers: Patterns | None = None
    """Names of layers or patterns, such as "hidden*". Without it, all hidden layers of the
    network."""

    n_replicates: Count = 1
    """How often every input is propagated, for networks with noise."""

    max_samples: Count | None = None
    """Measure this many rows, drawn once, if there are more."""

    window: Count = 1
    """Measure the rows of this many epochs together."""

    gradient_snr: bool = True
    """Whether to record mean, noise and their ratio of every layer's gradient, and the norms of the
    weights."""


class Bound(Section):
    """The information bottleneck bound of the rows and labels that are measured."""

    enabled: bool = False
    """Whether to compute it, and to read every point against it."""

    betas: (
        Annotated[tuple[Positive, ...], Field(min_length=1, max_length=MOST_LISTED), Listed] | None
    ) = None
    """Trade-offs at which it is computed. Without it, fifty that cover the curve."""

    n_clusters: Count | None = None
    """Largest number of clusters. Without it, as many as the bound can use."""

    squared: bool = False
    """Whether to minimise the square of I(X;T), which finds the points between the ends of a
    straight bound, as it is for labels that are a function of the input."""


class Output(Section):
    """Where results go."""

    folder: Annotated[str, Field(min_length=1, max_length=4096)] = "results"
    """Folder of the results, inside that of the study file."""

    figures: bool = True
    """Whether to draw figures."""


class Execution(Section):
    """How the runs are executed; no result depends on it."""

    n_jobs: Annotated[int, Field(ge=-1, le=MOST_UNITS)] = 1
    """Number of runs at a time; -1 for as many as there are processors."""

    backend: Literal["loky", "dask"] = "loky"
    """Processes of this machine, or a Dask cluster."""

    scheduler: Name | None = None
    """Address of the Dask scheduler, such as "tcp://10.0.0.1:8786". Without it, a cluster on this
    machine."""

    retries: Annotated[int, Field(ge=0, le=1000)] = 2
    """How often a run is tried again whose worker was lost."""
