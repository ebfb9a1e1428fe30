"""Section [data] of a study: what is trained on.

The text below a field is what an editor shows for it, through the JSON schema.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from ibtools.experiments._settings import PlaneSettings
from ibtools.experiments._study_fields import Count, Kinds, Listed, Positive, Section, Seed

DEFAULT = PlaneSettings()


class _Rows(Section):
    train_fraction: Annotated[float, Field(gt=0, le=1)] = DEFAULT.train_fraction
    """Fraction of the rows to train on; the others validate."""

    label_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Fraction of the rows whose label is drawn anew, evenly from all classes."""

    irrelevant_inputs: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Number of inputs to add that have nothing to do with the label: random bits."""

    seed: Seed | None = None
    """Seed of all that is drawn here. Without it, the seed of the run."""


class PatternData(_Rows):
    """The task of all 4096 patterns of 12 bits."""

    dataset: Literal["szt"] = "szt"
    """What to train on."""

    gain: Positive | None = None
    """Draw each label from the rule p(y=1|x) = sigmoid(gain (g(x) - theta)); the papers have 50 and
    100. Without it, the published labels, which are a function of the pattern."""


class ImageData(_Rows):
    """Published images in ten classes."""

    dataset: Literal["mnist", "fashion_mnist", "notmnist", "cifar10"]
    """What to train on."""

    classes: (
        Annotated[
            tuple[Annotated[int, Field(ge=0, le=9)], ...],
            Field(min_length=2, max_length=10),
            Listed,
        ]
        | None
    ) = None
    """Labels of the classes to use, such as [1, 3, 8]. Without it, all ten."""

    samples_per_class: Count | None = None
    """Images to draw from each class. Without it, all."""


class FileData(_Rows):
    """Rows and labels of one's own."""

    dataset: Literal["file"]
    """What to train on."""

    file: Annotated[str, Field(min_length=1, max_length=4096)]
    """File of NumPy arrays (.npz): X of shape (n_samples, n_features), or (n_samples, n_channels,
    height, width) for convolutional networks, and y, the labels. Relative to the study's folder."""


DATASETS = Kinds(
    "dataset",
    "szt",
    {
        "szt": PatternData,
        **dict.fromkeys(("mnist", "fashion_mnist", "notmnist", "cifar10"), ImageData),
        "file": FileData,
    },
)

Data: TypeAlias = Annotated[
    Annotated[PatternData, Tag("PatternData")]
    | Annotated[ImageData, Tag("ImageData")]
    | Annotated[FileData, Tag("FileData")],
    Discriminator(DATASETS.tag),
]
