"""The information plane as a table of points."""

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ibtools.information._units import unit_name
from ibtools.plane._files import read_table, write_table
from ibtools.plane._history import history_points
from ibtools.plane._measurement import (
    QUANTITIES,
    log_base,
    measure_ceilings,
    measure_point,
    named_estimators,
)

_PLACE = ["epoch", "layer", "estimator"]
_VALUES = [name for name in QUANTITIES if name != "log_base"]
_SPREAD = ["mi_x_std", "mi_y_std", "n_runs"]
_TYPES = (
    dict.fromkeys(["run", "epoch", "n_runs"], "int64")
    | dict.fromkeys(["layer", "estimator", "unit"], str)
    | dict.fromkeys([*_VALUES, "mi_x_std", "mi_y_std"], "float64")
)


class InformationPlane:
    """Points (I(X;T), I(T;Y)) of the layers of a network over its training.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per point. Columns "epoch", "layer", "estimator", "mi_x" and "unit" are needed;
        "mi_y", "mi_x_std_error", "mi_y_std_error", "mi_x_ceiling" and "mi_y_ceiling" are NaN where
        they are missing; "run" tells repeated runs apart; "mi_x_std", "mi_y_std" and "n_runs"
        belong to a mean over runs. Layers are ordered as they first appear.

    settings : dict, default=None
        How the points were made: anything that JSON can hold. Kept by `save`.

    Attributes
    ----------
    settings : dict
        As given.

    See Also
    --------
    InformationPlaneDisplay : Draws a plane.
    ibtools.InfoPlaneCallback : Records one.

    Notes
    -----
    Each point carries the ceilings that it should be read against: ``mi_x_ceiling`` is log N, the
    information about N distinct inputs, and ``mi_y_ceiling`` is H(Y), both in the unit of the
    point. A layer at the first ceiling is one whose bins tell all inputs apart.

    Examples
    --------
    >>> import numpy as np
    >>> from ibtools import InformationPlane
    >>> T = np.array([[-0.9], [-0.2], [0.2], [0.9]])
    >>> plane = InformationPlane.from_activations(
    ...     {"first": T, "second": np.sign(T)}, y=[0, 0, 1, 1]
    ... )
    >>> plane.to_frame()[["layer", "mi_x", "mi_y", "mi_x_ceiling", "unit"]]
        layer  mi_x  mi_y  mi_x_ceiling  unit
    0   first   2.0   1.0           2.0  bits
    1  second   1.0   1.0           2.0  bits
    """

    def __init__(self, table: pd.DataFrame, *, settings: Mapping[str, Any] | None = None) -> None:
        missing = [name for name in [*_PLACE, "mi_x", "unit"] if name not in table]
        if missing:
            raise ValueError(f"A plane needs the columns {missing}, got {list(table.columns)}.")
        if table.empty:
            raise ValueError("A plane needs at least one point, the table has no points.")
        runs = [name for name in ["run"] if name in table]
        spread = [name for name in _SPREAD if name in table]
        columns = [*runs, *_PLACE, *_VALUES, *spread, "unit"]
        self._table = (
            table.reindex(columns=columns)
            .astype({name: kind for name, kind in _TYPES.items() if name in columns})
            .reset_index(drop=True)
        )
        try:
            self.settings = json.loads(json.dumps(dict(settings or {})))
        except TypeError as error:
            raise ValueError(f"settings must be what JSON can hold: {error}.") from error

    @classmethod
    def from_history(
        cls, history: Iterable[Mapping[str, Any]], *, settings: Mapping[str, Any] | None = None
    ) -> Self:
        """Rebuild the plane that an InfoPlaneCallback recorded.

        Parameters
        ----------
        history : skorch.history.History
            ``net.history`` of a live net or of a loaded checkpoint.

        settings : dict, default=None
            How the points were made.

        Returns
        -------
        plane : InformationPlane
            With all epochs recorded, 0 being the untrained network.

        Raises
        ------
        ValueError
            If nothing was recorded.
        """
        points = list(history_points(history))
        if not points:
            raise ValueError(
                "The history has no points of an information plane: train with "
                "callbacks=[InfoPlaneCallback()]."
            )
        return cls(_with_units(pd.DataFrame(points)), settings=settings)

    @classmethod
    def from_activations(
        cls,
        activations: Mapping[Any, Any],
        y: ArrayLike | None = None,
        *,
        estimator: Any = None,
        inputs: ArrayLike | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Self:
        """Measure representations that are at hand.

        Parameters
        ----------
        activations : dict
            Arrays or tensors of shape (n_samples, ...) by layer, or by epoch and layer.

        y : array-like of shape (n_samples,), default=None
            Labels.

        estimator : estimator of mutual information or dict of them, default=None
            What measures; None means ``BinnedMI()``, whose bins then cover the values of each
            layer at each epoch.

        inputs : array-like of shape (n_samples,) or (n_samples, n_input_features), default=None
            What the estimator takes as `inputs`.

        settings : dict, default=None
            How the points were made.

        Returns
        -------
        plane : InformationPlane
            One point per epoch, layer and estimator.
        """
        inputs = None if inputs is None else np.asarray(inputs)
        labels = None if y is None else np.asarray(y)
        points = [
            {"epoch": epoch, "layer": layer, "estimator": name}
            | measure_point(measure, values, labels, inputs)
            | measure_ceilings(_count_inputs(values, inputs), labels, base=log_base(measure))
            for epoch, layer, values in _representations(activations)
            for name, measure in named_estimators(estimator).items()
        ]
        return cls(_with_units(pd.DataFrame(points)), settings=settings)

    @classmethod
    def concat(cls, planes: Iterable["InformationPlane"]) -> Self:
        """Put the planes of repeated runs into one, told apart by a column "run".

        Parameters
        ----------
        planes : iterable of InformationPlane
            One plane per run; a plane that has runs keeps them apart.

        Returns
        -------
        plane : InformationPlane
            With runs 0, 1, ... and, as ``settings["runs"]``, the settings of each plane.

        Raises
        ------
        ValueError
            If there is no plane, or an estimator's unit differs between planes.
        """
        planes = list(planes)
        if not planes:
            raise ValueError("There are no planes to put together.")
        tables: list[pd.DataFrame] = []
        for plane in planes:
            table = plane.to_frame()
            run = table.pop("run") if "run" in table else pd.Series(0, index=table.index)
            start = tables[-1]["run"].max() + 1 if tables else 0
            table.insert(0, "run", start + pd.factorize(run)[0])
            tables.append(table)
        merged = pd.concat(tables, ignore_index=True)
        units = merged.groupby("estimator")["unit"].unique()
        for name, found in units[units.map(len) > 1].items():
            raise ValueError(f"Runs measure {name!r} in different units: {', '.join(found)}.")
        return cls(merged, settings={"runs": [plane.settings for plane in planes]})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a plane that `save` has written.

        Parameters
        ----------
        path : str or path
            A file ending in ``.csv`` or ``.parquet``.

        Returns
        -------
        plane : InformationPlane
            Equal to the one that was saved, settings and units included.
        """
        table, settings = read_table(Path(path))
        return cls(table, settings=settings)

    def save(self, path: str | Path) -> None:
        """Write the table, whole or not at all.

        Parameters
        ----------
        path : str or path
            A file ending in ``.csv`` (settings then go to ``<name>.settings.json`` beside it) or
            ``.parquet`` (which needs pyarrow, and holds the settings itself).

        Raises
        ------
        ValueError
            If the ending is another.
        ImportError
            If pyarrow is missing.
        OSError
            If the file cannot be written; what was there before is still there.
        """
        write_table(self._table, self.settings, Path(path))

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table, one row per point."""
        return self._table.copy()

    @property
    def layers(self) -> list[str]:
        """Names of the layers, in order of execution."""
        return list(self._table["layer"].unique())

    @property
    def epochs(self) -> list[int]:
        """Recorded epochs, increasing."""
        return np.unique(self._table["epoch"]).tolist()

    @property
    def estimators(self) -> list[str]:
        """Names of the estimators."""
        return list(self._table["estimator"].unique())

    def select(
        self,
        *,
        layers: str | Sequence[str] | None = None,
        epochs: int | Sequence[int] | None = None,
        estimators: str | Sequence[str] | None = None,
    ) -> Self:
        """Keep the points of some layers, epochs or estimators.

        Parameters
        ----------
        layers, estimators : str or sequence of str, default=None
            Names to keep; None keeps all.

        epochs : int or sequence of int, default=None
            Epochs to keep; -1 is the last epoch of every run.

        Returns
        -------
        plane : InformationPlane
            The points kept.

        Raises
        ------
        ValueError
            If the plane does not have what is named.
        """
        table = self._table
        is_last = table["epoch"] == _last_epochs(table)
        for column, wanted in {"layer": layers, "epoch": epochs, "estimator": estimators}.items():
            if wanted is None:
                continue
            names = [wanted] if isinstance(wanted, str | int | np.integer) else list(wanted)
            unknown = set(names) - set(self._table[column]) - ({-1} if column == "epoch" else set())
            if unknown:
                raise ValueError(
                    f"The plane has no {column} {sorted(unknown, key=str)}; it has "
                    f"{self._table[column].unique().tolist()}."
                )
            kept = table[column].isin(names)
            if column == "epoch" and -1 in names:
                kept |= is_last[table.index]
            table = table[kept]
        return type(self)(table, settings=self.settings)

    def mean(self) -> Self:
        """Average over runs.

        Returns
        -------
        plane : InformationPlane
            With the mean over runs of every value, the standard deviation between runs as
            "mi_x_std" and "mi_y_std" (NaN for one run), and the number of runs as "n_runs".
            Standard errors of single measurements are left out. Warns if not all runs have all
            points, as when some have stopped early.

        Raises
        ------
        ValueError
            If the plane has no column "run".
        """
        if "run" not in self._table:
            raise ValueError("There are no runs to average: join planes with concat first.")
        groups = self._table.groupby([*_PLACE, "unit"], sort=False)
        table = groups[["mi_x", "mi_y", "mi_x_ceiling", "mi_y_ceiling"]].mean()
        table[["mi_x_std", "mi_y_std"]] = groups[["mi_x", "mi_y"]].std()
        table["n_runs"] = groups.size()
        if table["n_runs"].nunique() > 1:
            warnings.warn(
                f"Points are means of {table['n_runs'].min()} to {table['n_runs'].max()} runs, for "
                "not all runs have recorded the same epochs: see the column n_runs.",
                UserWarning,
                stacklevel=2,
            )
        return type(self)(table.reset_index(), settings=self.settings)

    def __len__(self) -> int:
        return len(self._table)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InformationPlane):
            return NotImplemented
        return self._table.equals(other._table) and self.settings == other.settings

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"<InformationPlane: {len(self)} points, {len(self.layers)} layers, "
            f"epochs {self.epochs[0]} to {self.epochs[-1]}, {', '.join(self.estimators)}>"
        )


def _last_epochs(table: pd.DataFrame) -> pd.Series:
    """Last epoch of the run of every row."""
    if "run" not in table:
        return pd.Series(table["epoch"].max(), index=table.index)
    return table.groupby("run")["epoch"].transform("max")


def _with_units(points: pd.DataFrame) -> pd.DataFrame:
    return points.assign(unit=points["log_base"].map(unit_name))


def _representations(
    activations: Mapping[Any, Any],
) -> Iterator[tuple[int, str, NDArray[np.floating]]]:
    if not activations:
        raise ValueError("activations is empty: give arrays by layer, or by epoch and layer.")
    nested = isinstance(next(iter(activations.values())), Mapping)
    for epoch, layers in (activations if nested else {0: activations}).items():
        for layer, values in layers.items():
            if hasattr(values, "detach"):
                values = values.detach().cpu().numpy()  # a torch tensor
            yield epoch, layer, np.reshape(values, (len(values), -1))


def _count_inputs(values: NDArray[Any], inputs: NDArray[Any] | None) -> int:
    return len(values) if inputs is None else len(np.unique(inputs, axis=0))
