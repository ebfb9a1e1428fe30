"""Section [[estimators]] of a study: estimators of mutual information, by name."""

import math
from collections.abc import Mapping
from functools import cache
from inspect import signature
from numbers import Integral
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, GetJsonSchemaHandler, StringConstraints, model_validator
from pydantic_core import CoreSchema
from sklearn.utils.validation import has_fit_parameter

from ibtools._validation import Interval, StrOptions
from ibtools.estimators._binned import BinnedMI
from ibtools.estimators._dependence_graph import DependenceGraphMI
from ibtools.estimators._gaussian import GaussianMI
from ibtools.estimators._kernel_density import KernelDensityMI
from ibtools.estimators._nearest_neighbors import NearestNeighborsMI
from ibtools.estimators._renyi import RenyiMatrixMI
from ibtools.estimators._sample_propagation import SamplePropagationMI
from ibtools.experiments._study_errors import Problems, unknown
from ibtools.experiments._study_fields import Patterns, Section
from ibtools.experiments._study_messages import refused

ESTIMATORS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        BinnedMI,
        KernelDensityMI,
        SamplePropagationMI,
        RenyiMatrixMI,
        NearestNeighborsMI,
        GaussianMI,
        DependenceGraphMI,
    )
}
Kind = Literal[
    "BinnedMI",
    "KernelDensityMI",
    "SamplePropagationMI",
    "RenyiMatrixMI",
    "NearestNeighborsMI",
    "GaussianMI",
    "DependenceGraphMI",
]

# Parameters that change what is printed, and nothing that is measured.
_NOT_DECLARED = frozenset({"verbose"})

# What scikit-learn's words for constraints are in a file.
_SCHEMAS: dict[str, dict[str, Any]] = {
    "array-like": {"type": "array", "items": {"type": "number"}, "minItems": 1},
    "boolean": {"type": "boolean"},
    "random_state": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
}

# A slash parts the names in a history's keys.
_EstimatorName = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/]*$")
]


class Estimator(Section):
    """An estimator and its parameters, beside name, kind and layers."""

    model_config = ConfigDict(extra="allow")

    name: _EstimatorName | None = None
    """Name in tables and figures. Without it, the kind."""

    kind: Kind = "BinnedMI"
    """Class of the estimator."""

    layers: Patterns | None = None
    """Names of layers or patterns that it measures. Without it, those of [recording]."""

    @property
    def label(self) -> str:
        """Name in tables and figures."""
        return self.name or self.kind

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters that are declared."""
        return dict(self.model_extra or {})

    @model_validator(mode="after")
    def _check_parameters(self) -> "Estimator":
        problems = list(_parameter_problems(f"estimators.{self.label}", self.kind, self.parameters))
        if problems:
            raise Problems(problems)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Schema with the parameters of every kind."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        own = schema["properties"]
        schema.pop("additionalProperties", None)
        schema["anyOf"] = [
            {
                "title": kind,
                "properties": {
                    **own,
                    "kind": {"const": kind, "description": own["kind"]["description"]},
                    **{name: dict(field) for name, field in parameter_schemas(kind).items()},
                },
                "additionalProperties": False,
                "required": [] if kind == cls.model_fields["kind"].default else ["kind"],
            }
            for kind in ESTIMATORS
        ]
        return schema


def make_estimator(kind: str, parameters: Mapping[str, Any]) -> Any:
    """Make an estimator.

    Parameters
    ----------
    kind : str
        Name of its class.
    parameters : mapping
        Its parameters.

    Returns
    -------
    estimator : estimator of mutual information
        Not fitted.
    """
    return ESTIMATORS[kind](**parameters)


def all_parameters(kind: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of an estimator, the defaults of the others written out.

    Parameters
    ----------
    kind : str
        Name of its class.
    parameters : mapping
        Those that are declared.

    Returns
    -------
    parameters : dict
        All of them; JSON can hold it.
    """
    found = make_estimator(kind, parameters).get_params()
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if name not in _NOT_DECLARED
    }


def weights_rows(kind: str) -> bool:
    """Whether an estimator takes weights of rows.

    Parameters
    ----------
    kind : str
        Name of its class.

    Returns
    -------
    weights_rows : bool
        Whether `fit` has a parameter `sample_weight`.
    """
    return has_fit_parameter(ESTIMATORS[kind], "sample_weight")


@cache
def parameter_schemas(kind: str) -> dict[str, dict[str, Any]]:
    """JSON schema of every parameter of an estimator, made from the estimator's own constraints.

    Parameters
    ----------
    kind : str
        Name of its class.

    Returns
    -------
    schemas : dict
        By the name of the parameter.
    """
    defaults = signature(ESTIMATORS[kind]).parameters
    schemas = {}
    for name, constraints in ESTIMATORS[kind]._parameter_constraints.items():
        if name in _NOT_DECLARED:
            continue
        choices = [schema for each in constraints if (schema := _constraint_schema(each))]
        schema = choices[0] if len(choices) == 1 else {"anyOf": choices}
        default = defaults[name].default
        schemas[name] = schema if default is None else {**schema, "default": default}
    return schemas


def _parameter_problems(place: str, kind: str, parameters: Mapping[str, Any]) -> Any:
    schemas = parameter_schemas(kind)
    for name, value in parameters.items():
        if name not in schemas:
            known = [*Estimator.model_fields, *schemas]
            yield f"{place}: {unknown(f'parameter of {kind}', name, known)}"
        elif not _is_allowed(kind, name, value):
            yield refused(f"{place}.{name}", value, schemas[name])


def _is_allowed(kind: str, name: str, value: Any) -> bool:
    """Whether an estimator would take a value; scikit-learn takes true for 1 and any list."""
    constraints = ESTIMATORS[kind]._parameter_constraints[name]
    if isinstance(value, bool):
        return "boolean" in constraints
    if isinstance(value, list | tuple):
        return "array-like" in constraints and len(value) > 0 and all(map(_is_number, value))
    if not (isinstance(value, str) or _is_number(value)):
        return False
    try:
        make_estimator(kind, {name: value})._validate_params()
    except (ValueError, OverflowError):
        return False
    return True


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _constraint_schema(constraint: Any) -> dict[str, Any] | None:
    """Schema of a constraint, None for what a file cannot say: no value, and Python objects."""
    if constraint is str:
        return {"type": "string", "minLength": 1, "maxLength": 200}
    if constraint is None or isinstance(constraint, type):
        return None
    if isinstance(constraint, StrOptions):
        return {"type": "string", "enum": sorted(constraint.options)}
    if isinstance(constraint, Interval):
        return _interval_schema(constraint)
    return _SCHEMAS.get(constraint)


def _interval_schema(interval: Interval) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer" if interval.type is Integral else "number"}
    if interval.left is not None:
        opens = interval.closed in ("right", "neither")
        schema["exclusiveMinimum" if opens else "minimum"] = interval.left
    if interval.right is not None:
        opens = interval.closed in ("left", "neither")
        schema["exclusiveMaximum" if opens else "maximum"] = interval.right
    return schema
