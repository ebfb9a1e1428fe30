"""How a plane leaves Python: as a table, a file, a page or an xarray dataset."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ibtools.plane._files import replacing, write_table
from ibtools.plane._html import plane_bounds, plane_page
from ibtools.plane._xarray import plane_dataset


class PlaneExport:
    """What :class:`ibtools.InformationPlane` can be turned into."""

    factors: list[str]
    settings: dict[str, Any]
    _table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table.

        Returns
        -------
        table : pandas.DataFrame
            One row per point.
        """
        return self._table.copy()

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

    def to_html(
        self,
        path: str | Path | None = None,
        *,
        bound: Any = None,
        curves: pd.DataFrame | Iterable[Mapping[str, Any]] | None = None,
        title: str | None = None,
    ) -> str | None:
        """Make a page to explore the plane in a browser, one file that needs no network.

        It has a slider of epochs, layers to toggle, panels by estimator or by a factor (repeated
        runs are averaged), learning curves, the settings, a table of the values and a download
        of all. It needs plotly: the extra ``report``.

        Parameters
        ----------
        path : str or path, default=None
            File to write, whole or not at all; None returns the page.

        bound : InformationBottleneck, path or pair of array-likes, default=None
            The information bottleneck bound, as :class:`ibtools.InformationPlaneDisplay` takes it.

        curves : skorch.history.History or pandas.DataFrame, default=None
            Losses, accuracies and what a GradientSNRCallback recorded: ``net.history``, or a table
            with one row per epoch under the keys of a history, and the plane's factors and "run"
            where there are several runs.

        title : str, default=None
            Title of the page; None is "Information plane".

        Returns
        -------
        page : str or None
            The page, if there is no path.

        Raises
        ------
        ImportError
            If plotly is missing.
        ValueError
            If there are more than two million points, the curves are no table of epochs, or the
            bound is that of another joint distribution.
        OSError
            If the file cannot be written; what was there before is still there.

        Notes
        -----
        Names of layers, factors and settings are shown as the text that they are, whatever is in
        them: the page runs no script but its own. Beyond 200 000 points it shows fewer epochs,
        and says so.

        Examples
        --------
        >>> import numpy as np
        >>> from ibtools import InformationPlane
        >>> plane = InformationPlane.from_activations({"T": np.eye(4)}, y=[0, 0, 1, 1])
        >>> page = plane.to_html(title="Four rows")
        >>> "<title>Four rows</title>" in page
        True
        """
        bounds = () if bound is None else plane_bounds(self._table, bound)
        page = plane_page(
            self._table,
            self.factors,
            settings=self.settings,
            title=title,
            bounds=bounds,
            curves=curves,
        )
        if path is None:
            return page
        with replacing(Path(path)) as temporary:
            temporary.write_text(page, encoding="utf-8")
        return None

    def to_xarray(self) -> Any:
        """Put the points on a grid, as an xarray dataset.

        It needs xarray: the extra ``xarray``.

        Returns
        -------
        dataset : xarray.Dataset
            One variable per value ("mi_x", "mi_y", standard errors, ceilings, ...) over the
            dimensions "run" (if there are runs), "epoch", "layer" and "estimator"; where there are
            no runs, over one dimension for each factor in place of "run". Factors that belong to
            runs are coordinates of "run". NaN where no point was made. The unit of each estimator
            is the coordinate "unit" and, where all have the same, the attribute "units" of the
            informations; the settings are the attribute "settings", as JSON.

        Raises
        ------
        ImportError
            If xarray is missing.
        ValueError
            If two points have the same place on the grid.

        Examples
        --------
        >>> import numpy as np
        >>> from ibtools import InformationPlane
        >>> plane = InformationPlane.from_activations({"T": np.eye(4)}, y=[0, 0, 1, 1])
        >>> dataset = plane.to_xarray()
        >>> float(dataset["mi_x"].sel(layer="T", estimator="BinnedMI", epoch=0))
        2.0
        """
        return plane_dataset(self._table, self.factors, self.settings)
