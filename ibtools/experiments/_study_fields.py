"""What the fields of a study are made of: types, limits and the base of all sections."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

# Larger numbers are mistakes: nobody trains a billion epochs, and sizes stay within memory.
MOST = 10**9
MOST_UNITS = 10**6
MOST_LAYERS = 200
MOST_LISTED = 10**4

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Count = Annotated[int, Field(ge=1, le=MOST)]
Units = Annotated[int, Field(ge=1, le=MOST_UNITS)]
Positive = Annotated[float, Field(gt=0)]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Activation = Literal["tanh", "relu", "leaky_relu", "sigmoid", "linear"]
Init = Literal["fan_in", "fan_out", "orthogonal", "torch"]

# TOML has arrays: they become tuples, whose items are checked strictly.
Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
Sizes = Annotated[tuple[Units, ...], Field(min_length=1, max_length=MOST_LAYERS), Listed]
Pair = Annotated[tuple[Units, Units], Listed]
Interval = Annotated[tuple[float, float], Listed]
Activations: TypeAlias = (
    Activation | Annotated[tuple[Activation, ...], Field(max_length=MOST_LAYERS), Listed]
)
Patterns: TypeAlias = (
    Name | Annotated[tuple[Name, ...], Field(min_length=1, max_length=MOST_LAYERS), Listed]
)


class Section(BaseModel):
    """Part of a study: unknown fields are refused, and no value is taken for another type."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=False,
    )


@dataclass(frozen=True)
class Kinds:
    """Models of a section that has several, told apart by one of its fields.

    Attributes
    ----------
    field : str
        The field that tells.
    default : str
        What it is where it is not given.
    models : mapping
        Model by what the field says.
    """

    field: str
    default: str
    models: Mapping[str, type[Section]]

    def tag(self, value: Any) -> str | None:
        """Name of the model of what was declared, None where it is not told."""
        if isinstance(value, Section):
            return type(value).__name__
        name = value.get(self.field, self.default) if isinstance(value, Mapping) else None
        if not isinstance(name, str):
            return None
        return self.models[name].__name__ if name in self.models else name

    def model(self, tag: Any) -> type[Section] | None:
        """Model of a tag."""
        return next((model for model in self.models.values() if model.__name__ == tag), None)
