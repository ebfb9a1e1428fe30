"""The information plane as a table of points."""

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ibtools.information._units import unit_name
from ibtools.plane._activations import measure_activations, measure_recording
from ibtools.plane._bound import read_against
from ibtools.plane._columns import COLUMNS, PLACE, typed
from ibtools.plane._export import PlaneExport
from ibtools.plane._files import read_table
from ibtools.plane._history import history_points
from ibtools.plane._recording import ActivationRecording
from ibtools.plane._selection import select_points


class InformationPlane(PlaneExport):
    """Points (I(X;T), I(T;Y)) of the layers of a network over its training.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per point. Columns "epoch", "layer", "estimator", "mi_x" and "unit" are needed;
        "mi_y", "mi_x_std_error", "mi_y_std_error", "mi_x_ceiling", "mi_y_ceiling", "mi_xy" and
        "beta" are NaN where they are missing; "run" tells repeated runs apart; "mi_x_std",
        "mi_y_std" and "n_runs" belong to a mean over runs, "bound_mi_y" and "bound_distance" to
        a plane `with_bound`. Layers are ordered as they first appear.

    settings : dict, default=None
        How the points were made: anything that JSON can hold. Kept by `save`.

    Attributes
    ----------
    settings : dict
        As given.

    factors : list of str
        Columns that tell under which conditions a point was made, such as "bin_width" or "seed":
        all columns of the table that have none of the names above.

    See Also
    --------
    InformationPlaneDisplay : Draws a plane.
    ibtools.InfoPlaneCallback : Records one.
    ibtools.experiments.sweep : Makes one with factors.

    Notes
    -----
    Each point carries what it should be read against, in its unit: ``mi_x_ceiling`` is H(X),
    log N for N equally likely inputs, ``mi_y_ceiling`` is H(Y), and ``mi_xy`` is I(X;Y), which is
    H(Y) where every input has one label. A layer at the first ceiling is one whose bins tell all
    inputs apart.

    Together they say under which joint distribution a point was measured, so that `with_bound`
    can refuse the bound of another. ``beta`` is the trade-off of the optimal encoder that a layer
    is most like (:func:`ibtools.bottleneck.layer_beta`). It needs the joint distribution and
    a layer that is a code: it is recorded by BinnedMI with `p_xy`, and NaN elsewhere.

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
        if not isinstance(table, pd.DataFrame):
            raise TypeError(
                f"table must be a DataFrame of points, got {type(table).__name__}: make a plane by "
                "from_history, from_activations or load."
            )
        missing = [name for name in [*PLACE, "mi_x", "unit"] if name not in table]
        if missing:
            raise ValueError(f"A plane needs the columns {missing}, got {list(table.columns)}.")
        if table.empty:
            raise ValueError("A plane needs at least one point, the table has no points.")
        self.factors = [str(name) for name in table if name not in COLUMNS]
        self._table = typed(table, self.factors)
        try:
            self.settings = json.loads(json.dumps(dict(settings or {})))
        except TypeError as error:
            raise ValueError(f"settings must be what JSON can hold: {error}.") from error

    @classmethod
    def from_history(
        cls,
        history: Iterable[Mapping[str, Any]] | str | Path,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Self:
        """Rebuild the plane that an InfoPlaneCallback recorded.

        Parameters
        ----------
        history : skorch.history.History, list of dict, or path
            ``net.history``, live or of a loaded checkpoint; its rows; or the JSON file that
            ``net.history.to_file`` or ``net.save_params(f_history=...)`` wrote.

        settings : dict, default=None
            How the points were made.

        Returns
        -------
        plane : InformationPlane
            With all epochs recorded, 0 being the untrained network.

        Raises
        ------
        OSError
            If the file cannot be opened.
        ValueError
            If nothing was recorded, or it is no history: one of someone else is data, and nothing
            in it is ever run.
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
        p_xy: ArrayLike | None = None,
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

        p_xy : array-like of shape (n_samples, n_classes), default=None
            Joint distribution of the rows and the label, in place of `y`: each row counts once per
            label, with its probability. For estimators that weight rows, such as BinnedMI.

        settings : dict, default=None
            How the points were made.

        Returns
        -------
        plane : InformationPlane
            One point per epoch, layer and estimator.

        Raises
        ------
        ValueError
            If both `y` and `p_xy` are given, or `p_xy` is not a joint distribution of the rows.
        """
        points = measure_activations(activations, y, estimator=estimator, inputs=inputs, p_xy=p_xy)
        return cls(_with_units(pd.DataFrame(points)), settings=settings)

    @classmethod
    def from_recording(
        cls,
        path: str | Path | ActivationRecording,
        estimator: Any = None,
        *,
        layers: str | Sequence[str] | None = None,
        epochs: int | Sequence[int] | None = None,
        p_xy: ArrayLike | None = None,
        window: int = 1,
        settings: Mapping[str, Any] | None = None,
    ) -> Self:
        """Measure the activations that an ActivationRecorder has stored.

        Parameters
        ----------
        path : str, path or ActivationRecording
            Folder of the recording, or the recording.

        estimator : estimator of mutual information or dict of them, default=None
            What measures; None means ``BinnedMI()``. An estimator with ``bounds=None`` gets the
            bounds of the layer's activation, where it has some.

        layers : str or sequence of str, default=None
            Which of the recorded layers to measure; None measures all.

        epochs : int or sequence of int, default=None
            Which of the recorded epochs to measure; None measures all.

        p_xy : array-like of shape (n_samples, n_classes), default=None
            Joint distribution of the recorded rows and the label, in place of the recorded labels.

        window : int, default=1
            Measure so many recorded epochs together, each one and those before it, see
            :class:`ibtools.InfoPlaneCallback`.

        settings : dict, default=None
            How the points were made.

        Returns
        -------
        plane : InformationPlane
            One point per epoch, layer and estimator: what an InfoPlaneCallback with the same
            estimator would have recorded.

        Raises
        ------
        FileNotFoundError
            If there is no recording.
        ValueError
            If it does not have what is named, or a layer cannot be measured at an epoch, which are
            named then, or its files are damaged.
        """
        points = measure_recording(
            path if isinstance(path, ActivationRecording) else ActivationRecording(path),
            estimator=estimator,
            layers=layers,
            epochs=epochs,
            p_xy=p_xy,
            window=window,
        )
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

        Raises
        ------
        OSError
            If it cannot be opened.
        ValueError
            If it is no table of points, is cut off, or is too large to be read unseen. Nothing
            in a file is ever unpickled.
        """
        table, settings = read_table(Path(path))
        return cls(table, settings=settings)

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
        **factors: Any,
    ) -> Self:
        """Keep the points of some layers, epochs, estimators or levels of factors.

        Parameters
        ----------
        layers : str or sequence of str, default=None
            Layers to keep; None keeps all.

        epochs : int or sequence of int, default=None
            Epochs to keep; -1 is the last epoch of every run.

        estimators : str or sequence of str, default=None
            Estimators to keep; None keeps all.

        **factors : level or sequence of levels
            Levels of `factors` to keep, or numbers of runs: ``plane.select(seed=[0, 1])``.

        Returns
        -------
        plane : InformationPlane
            The points kept.

        Raises
        ------
        ValueError
            If the plane does not have what is named.
        """
        chosen = {"layer": layers, "epoch": epochs, "estimator": estimators, **factors}
        return type(self)(select_points(self._table, chosen), settings=self.settings)

    def until(self, epoch: int) -> Self:
        """Cut the plane after an epoch, such as a point at which training could have stopped.

        Parameters
        ----------
        epoch : int
            The last epoch to keep.

        Returns
        -------
        plane : InformationPlane
            The points of the epochs up to it.

        Raises
        ------
        ValueError
            If no epoch is left.

        See Also
        --------
        ibtools.plane.stopping_points : Early and perfect stopping points.
        """
        kept = self._table[self._table["epoch"] <= epoch]
        if kept.empty:
            raise ValueError(f"The first epoch of the plane is {self.epochs[0]}, after {epoch}.")
        return type(self)(kept, settings=self.settings)

    def mean(self, over: str | Sequence[str] = ()) -> Self:
        """Average over runs.

        Parameters
        ----------
        over : str or sequence of str, default=()
            Factors whose levels are averaged over as well, such as "seed". Points that differ in
            another factor are not averaged.

        Returns
        -------
        plane : InformationPlane
            With the mean over runs of every value, the standard deviation between runs as
            "mi_x_std" and "mi_y_std" (NaN for one run), and the number of runs as "n_runs".
            Standard errors and betas, which are of single measurements, are left out. Warns if not
            all runs have all points, as when some have stopped early.

        Raises
        ------
        ValueError
            If the plane has no column "run", or not the factor that is named.
        """
        if "run" not in self._table:
            raise ValueError("There are no runs to average: join planes with concat first.")
        over = [over] if isinstance(over, str) else list(over)
        unknown = [name for name in over if name not in self.factors]
        if unknown:
            raise ValueError(f"The plane has no factor {unknown}; it has {self.factors}.")
        kept = [name for name in self.factors if name not in over]
        groups = self._table.groupby([*kept, *PLACE, "unit"], sort=False, dropna=False)
        table = groups[["mi_x", "mi_y", "mi_x_ceiling", "mi_y_ceiling", "mi_xy"]].mean()
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

    def with_bound(self, bound: Any) -> Self:
        """Read every point against the information bottleneck bound.

        Parameters
        ----------
        bound : InformationBottleneck, or what bottleneck_path returns
            The bound of the joint distribution that the points were measured under; converted to
            the unit of the points.

        Returns
        -------
        plane : InformationPlane
            With two more columns: "bound_mi_y", the most that a representation with the I(X;T)
            of the point can say about the label, and "bound_distance", by how much I(T;Y) is less:
            positive below the curve.

        Raises
        ------
        ValueError
            If the points were measured under another joint distribution, as when one drawn label
            per row is read against the bound of a stochastic rule: layers could then be above it.
            H(X), H(Y) and I(X;Y) have to agree to 1e-6 bits.

        See Also
        --------
        ibtools.bottleneck.bound_mi_y : What the bound is at one I(X;T).
        ibtools.InformationPlaneDisplay : Draws the points and the bound.

        Notes
        -----
        The bound holds for the exact informations of a representation. Those are what BinnedMI
        measures, for its T is the code of each row and the joint distribution of codes and labels
        is known. The T of KernelDensityMI and SamplePropagationMI has noise added, and all
        estimators other than BinnedMI err: their points can be above the bound.
        """
        return type(self)(read_against(self._table, bound), settings=self.settings)

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


def _with_units(points: pd.DataFrame) -> pd.DataFrame:
    return points.assign(unit=points["log_base"].map(unit_name))
