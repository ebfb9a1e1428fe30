"""A study: what is varied, trained, measured and kept, declared in one file or as objects."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError, model_validator
from pydantic_core.core_schema import ValidationInfo

from ibtools.experiments._study_checks import check_execution
from ibtools.experiments._study_data import DATASETS, Data, PatternData
from ibtools.experiments._study_errors import Problems, StudyError, quoted
from ibtools.experiments._study_estimators import Estimator
from ibtools.experiments._study_fields import Listed
from ibtools.experiments._study_messages import Model, problems_of
from ibtools.experiments._study_networks import NETWORKS, Network, PerceptronNetwork
from ibtools.experiments._study_paths import read_text, results_folder
from ibtools.experiments._study_runs import Plan, Run
from ibtools.experiments._study_sections import (
    About,
    Bound,
    Execution,
    Output,
    Recording,
    Training,
)
from ibtools.experiments._study_sweep import Sweep

__all__ = ["SECTIONS", "Run", "Study"]

SECTIONS: dict[str, Model] = {
    "study": About,
    "data": DATASETS,
    "network": NETWORKS,
    "training": Training,
    "recording": Recording,
    "estimators": Estimator,
    "bound": Bound,
    "sweep": Sweep,
    "output": Output,
    "execution": Execution,
}


class Study(BaseModel):
    """Declaration of a study: data, network, training, what is measured, and what is varied.

    The sections of a TOML file and the arguments are the same. Every section has defaults, and an
    unknown field is refused.

    Parameters
    ----------
    study : About or dict
        Name and description.

    data : PatternData, ImageData, FileData or dict
        What is trained on.

    network : PerceptronNetwork or another of the networks, or dict
        The network.

    training : Training or dict
        How it learns.

    recording : Recording or dict
        When, where and on which rows layers are measured.

    estimators : sequence of Estimator or dict
        What measures them.

    bound : Bound or dict
        The information bottleneck bound.

    sweep : Sweep or dict
        Fields that are varied and their levels, and seeds.

    output : Output or dict
        Where results go.

    execution : Execution or dict
        How the runs are executed.

    Raises
    ------
    StudyError
        If something is wrong with it.

    See Also
    --------
    ibtools.experiments.sweep : Varies any function of one's own.

    Examples
    --------
    >>> from ibtools.experiments import Study
    >>> study = Study(
    ...     training={"epochs": 100},
    ...     sweep={"network.activation": ["tanh", "relu"], "seeds": 3},
    ... )
    >>> runs = study.runs()
    >>> len(runs), runs[-1].factors
    (6, {'activation': 'relu', 'seed': 2})
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )

    study: About = About()
    """What the study is called and what it is for."""

    data: Data = PatternData()
    """What is trained on."""

    network: Network = PerceptronNetwork()
    """The network."""

    training: Training = Training()
    """How it learns."""

    recording: Recording = Recording()
    """When, where and on which rows layers are measured."""

    estimators: Annotated[tuple[Estimator, ...], Listed] = (Estimator(),)
    """What measures them."""

    bound: Bound = Bound()
    """The information bottleneck bound."""

    sweep: Sweep = Sweep()
    """What is varied."""

    output: Output = Output()
    """Where results go."""

    execution: Execution = Execution()
    """How the runs are executed."""

    _folder: Path = PrivateAttr()
    _plan: Plan = PrivateAttr()

    def __init__(self, **sections: Any) -> None:
        self._read(sections, Path.cwd(), "study")

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a study from a TOML file.

        Parameters
        ----------
        path : str or path
            The file. The paths in it are relative to its folder.

        Returns
        -------
        study : Study
            The study.

        Raises
        ------
        StudyError
            If the file cannot be read, is no TOML, or something is wrong with the study.
        """
        source = str(path)
        try:
            declaration = tomllib.loads(read_text(Path(path)))
        except Problems as error:
            raise StudyError(source, error.problems) from error
        except RecursionError:
            raise StudyError(source, ["is nested too deeply to be read"]) from None
        except ValueError as error:  # TOMLDecodeError, or a number with too many digits
            raise StudyError(source, [f"is no valid TOML: {error}"]) from error
        return cls._of(declaration, Path(path).parent, source)

    @classmethod
    def from_dict(cls, declaration: Mapping[str, Any], *, home: str | Path | None = None) -> Self:
        """Make a study of a dict that is like the TOML file.

        Parameters
        ----------
        declaration : dict
            Fields by section.

        home : str or path, default=None
            Folder that paths are relative to; None is the working folder.

        Returns
        -------
        study : Study
            The study.

        Raises
        ------
        StudyError
            If something is wrong with it.
        """
        return cls._of(declaration, Path.cwd() if home is None else Path(home), "study")

    @classmethod
    def _of(cls, declaration: Any, home: Path, source: str) -> Self:
        study = cls.__new__(cls)
        study._read(declaration, home, source)
        return study

    def _read(self, declaration: Any, home: Path, source: str) -> None:
        if not isinstance(declaration, Mapping):
            raise StudyError(source, [f"got {quoted(declaration)}; allowed: sections by name"])
        try:
            self.__pydantic_validator__.validate_python(
                dict(declaration), self_instance=self, context=home
            )
        except ValidationError as error:
            raise StudyError(source, problems_of(error, declaration, SECTIONS)) from None

    @model_validator(mode="after")
    def _settle(self, info: ValidationInfo) -> Self:
        """Find the runs and the folder; both need all sections."""
        problems: list[str] = list(check_execution(self.execution))
        home = info.context or Path.cwd()
        try:
            self._folder = results_folder(home, self.output.folder)
        except Problems as error:
            problems += error.problems
        try:
            self._plan = Plan(dict(self._sections_of_runs()), self.sweep, home)
        except Problems as error:
            problems += error.problems
        if problems:
            raise Problems(problems)
        return self

    def _sections_of_runs(self) -> Iterator[tuple[str, Any]]:
        for name in ("data", "network", "training", "recording", "estimators", "bound"):
            yield name, getattr(self, name)

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.study.name

    @property
    def description(self) -> str:
        """What the study is for."""
        return self.study.description

    @property
    def folder(self) -> Path:
        """Absolute path of the results."""
        return self._folder

    def __len__(self) -> int:
        return len(self._plan)

    def runs(self) -> tuple[Run, ...]:
        """List all runs, in the order of the declaration, the seed changing fastest.

        Returns
        -------
        runs : tuple of Run
            With the settings and the factors of each.
        """
        return tuple(self._plan.runs())

    def to_dict(self) -> dict[str, Any]:
        """Return the declaration, every default written out.

        Returns
        -------
        declaration : dict
            Fields by section; JSON can hold it.
        """
        return self.model_dump(mode="json")
