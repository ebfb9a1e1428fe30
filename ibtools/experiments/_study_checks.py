"""What the sections of a study ask of each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ibtools.experiments._study_data import Data, ImageData, PatternData
from ibtools.experiments._study_errors import quoted
from ibtools.experiments._study_estimators import Estimator, weights_rows
from ibtools.experiments._study_networks import (
    LeNetNetwork,
    Network,
    PerceptronNetwork,
    QuantizedNetwork,
    ResidualNetwork,
    VGGNetwork,
)
from ibtools.experiments._study_sections import Bound, Execution, Recording, Training

_MOST_WEIGHTS = 10**9
_MOST_ESTIMATORS = 100
_IMAGE_SIZES = {"mnist": 28, "fashion_mnist": 28, "notmnist": 28, "cifar10": 32}
_N_INPUTS = {"szt": 12, "cifar10": 3 * 32 * 32}
_CONVOLUTIONAL = (LeNetNetwork, VGGNetwork, ResidualNetwork)


@dataclass(frozen=True)
class Sections:
    """Sections that one run depends on.

    Attributes
    ----------
    data, network, training, recording, estimators, bound
        As declared, with the levels of the run.
    """

    data: Data
    network: Network
    training: Training
    recording: Recording
    estimators: tuple[Estimator, ...]
    bound: Bound


def check_sections(sections: Sections) -> Iterator[str]:
    """Find what does not fit together.

    Parameters
    ----------
    sections : Sections
        Each valid by itself.

    Yields
    ------
    problem : str
        A line.
    """
    yield from _check_data(sections.data)
    yield from _check_network(sections.network)
    yield from _check_images(sections.data, sections.network)
    yield from _check_training(sections)
    yield from _check_estimators(sections.estimators)
    if sections.recording.labels == "rule":
        yield from _check_rule(sections)


def check_execution(execution: Execution) -> Iterator[str]:
    """Find what does not fit together in how runs are executed.

    Parameters
    ----------
    execution : Execution
        Valid field by field.

    Yields
    ------
    problem : str
        A line.
    """
    if execution.scheduler is not None and execution.backend != "dask":
        yield (
            f"execution.scheduler: got {quoted(execution.scheduler)} with backend = "
            f'"{execution.backend}"; give backend = "dask", or leave it out'
        )
    if execution.n_jobs == 0:
        yield "execution.n_jobs: got 0; allowed: a whole number from 1, or -1 for all processors"


def _check_data(data: Data) -> Iterator[str]:
    classes = data.classes if isinstance(data, ImageData) else None
    if classes is not None and len(set(classes)) < len(classes):
        yield f"data.classes: got {quoted(classes)}; allowed: labels that all differ"


def _check_network(network: Network) -> Iterator[str]:
    activation = getattr(network, "activation", "linear")
    if isinstance(activation, tuple):
        n_hidden = 4 if isinstance(network, LeNetNetwork) else len(getattr(network, "hidden", ()))
        if len(activation) != n_hidden:
            yield (
                f"network.activation: got {len(activation)} names for {n_hidden} hidden layers; "
                "give one for all, or a list with one for each"
            )
    if isinstance(network, QuantizedNetwork):
        yield from _check_levels(network)


def _check_levels(network: QuantizedNetwork) -> Iterator[str]:
    if network.bounds is not None:
        if not network.bounds[0] < network.bounds[1]:
            yield f"network.bounds: got {quoted(network.bounds)}; allowed: the lower one first"
        return
    names = {network.activation} if isinstance(network.activation, str) else set(network.activation)
    for name in sorted(names - {"tanh", "sigmoid"}):
        yield (
            f"network.bounds: is missing; the levels of {name} units need an interval, such as "
            "bounds = [0, 1]"
        )


def _check_images(data: Data, network: Network) -> Iterator[str]:
    """Whether a network of images gets images, and a network of rows not too many weights."""
    if isinstance(network, PerceptronNetwork):
        n_inputs = _N_INPUTS.get(data.dataset, 28 * 28) + data.irrelevant_inputs
        n_weights = sum(n * m for n, m in pairwise([n_inputs, *network.hidden]))
        if n_weights > _MOST_WEIGHTS:
            yield f"network.hidden: makes {n_weights} weights; allowed: up to {_MOST_WEIGHTS}"
    if not isinstance(network, _CONVOLUTIONAL):
        return
    if isinstance(data, PatternData):
        yield (
            f'network.kind: got "{network.kind}", a network for images, with dataset = "szt"; '
            'give kind = "mlp", or a dataset of images'
        )
    elif data.irrelevant_inputs:
        yield (
            f'data.irrelevant_inputs: got {data.irrelevant_inputs} with kind = "{network.kind}", '
            "a network for images, which have no room for more inputs; leave it out"
        )
    if isinstance(network, VGGNetwork) and isinstance(data, ImageData):
        size = _IMAGE_SIZES[data.dataset]
        if size % 2 ** len(network.n_filters):
            yield (
                f"network.n_filters: got {len(network.n_filters)} blocks, each of which halves "
                f"images of {size} x {size}; give fewer"
            )


def _check_training(sections: Sections) -> Iterator[str]:
    training, recording = sections.training, sections.recording
    if training.momentum and training.optimizer != "sgd":
        yield (
            f'training.momentum: got {training.momentum} with optimizer = "{training.optimizer}"; '
            'give optimizer = "sgd", or leave it out'
        )
    if recording.on == "valid" and sections.data.train_fraction == 1:
        yield (
            'recording.on: got "valid", but data.train_fraction = 1 leaves no validation rows; '
            'give a smaller fraction, or on = "train"'
        )
    if recording.window > training.epochs:
        yield (
            f"recording.window: got {recording.window} with training.epochs = {training.epochs}; "
            "allowed: up to the number of epochs"
        )


def _check_estimators(estimators: tuple[Estimator, ...]) -> Iterator[str]:
    labels = [estimator.label for estimator in estimators]
    if not 1 <= len(labels) <= _MOST_ESTIMATORS:
        yield f"estimators: got {len(labels)}; allowed: 1 to {_MOST_ESTIMATORS} [[estimators]]"
        return
    for label in dict.fromkeys(label for label in labels if labels.count(label) > 1):
        yield (
            f"estimators.name: {labels.count(label)} estimators are called {quoted(label)}; give "
            "each a name of its own"
        )


def _check_rule(sections: Sections) -> Iterator[str]:
    """Whether p(y|x) of the measured rows is known, and can be measured with."""
    data, recording = sections.data, sections.recording
    needs = 'recording.labels: got "rule"'
    if not isinstance(data, PatternData) or data.gain is None:
        yield f'{needs}, which needs dataset = "szt" with a gain; give data.gain, or "drawn"'
        return
    if data.label_noise or data.irrelevant_inputs:
        yield f'{needs}, which label_noise and irrelevant_inputs change; leave them out, or "drawn"'
    if recording.on != "all" or recording.max_samples is not None:
        yield f'{needs}, which is that of all rows; give on = "all" and no max_samples'
    for estimator in sections.estimators:
        if not weights_rows(estimator.kind):
            yield f"{needs}, but {estimator.kind} cannot weight rows; use BinnedMI"
