"""What scikit-learn's HTML shows of a fitted object that has measured informations."""

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from types import SimpleNamespace
from typing import Any

import numpy as np

from ibtools.information._units import unit_name

_CAPTION = {"mi_x_": "I(X;T)", "mi_y_": "I(T;Y)"}
_DISTRIBUTION = "neural-information-bottleneck"


class InformationRepr:
    """Mixin: I(X;T) and I(T;Y) with their unit in the HTML of a fitted estimator.

    They stand below the name of the class in the diagram, also inside of a pipeline. Where
    scikit-learn has a table of fitted attributes (1.9), they are its first rows.
    """

    _doc_link_module = "ibtools"
    base: float

    @property
    def _doc_link_template(self) -> str:
        return _documentation()

    def _sk_visual_block_(self) -> Any:
        """How scikit-learn draws an estimator: its own block, with a caption."""
        return SimpleNamespace(
            kind="single",
            estimators=self,
            names=type(self).__name__,
            name_details=str(self),
            name_caption=information_caption(self),
            doc_link_label=None,
            dash_wrapped=True,
        )

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        attributes = super()._get_fitted_attr_html(doc_link)  # type: ignore[misc]
        found = dict(attributes)
        first = [name for name in found if _is_information(name)]
        attributes.clear()
        for name in [*first, *(name for name in found if name not in first)]:
            attributes[name] = found[name]
            if name in first and isinstance(found[name]["value"], float):
                attributes[name] = found[name] | {"value": _InUnit(found[name]["value"], self.base)}
            elif name in first:
                kind = f"{found[name]['type_name']} in {unit_name(self.base)}"
                attributes[name] = found[name] | {"type_name": kind}
        return attributes


class _InUnit(float):
    """A number that is shown with its unit."""

    def __new__(cls, value: float, base: float) -> "_InUnit":
        number = super().__new__(cls, value)
        number.base = base
        return number

    base: float

    def __format__(self, spec: str) -> str:
        return f"{float(self):{spec}} {unit_name(self.base)}"


def _is_information(name: str) -> bool:
    return name.startswith("mi_") or name == "entropy_"


def information_caption(estimator: Any) -> str | None:
    """Write down the informations that an estimator has measured.

    Parameters
    ----------
    estimator : estimator
        With `base` and, if it is fitted, `mi_x_` or `mi_y_`: numbers, or arrays of them.

    Returns
    -------
    caption : str or None
        Such as "I(X;T) = 2 bits, I(T;Y) = 1 bits"; None if there are none.
    """
    parts = []
    for name, symbol in _CAPTION.items():
        values = vars(estimator).get(name)
        if values is None:
            continue
        if np.ndim(values) == 0:
            parts.append(f"{symbol} = {values:.4g} {unit_name(estimator.base)}")
        elif np.size(values):
            ends = f"{np.min(values):.4g} to {np.max(values):.4g}"
            parts.append(f"{symbol} from {ends} {unit_name(estimator.base)}")
    return ", ".join(parts) or None


@cache
def _documentation() -> str:
    """Address of a class in the documentation; "" if the package does not name its place."""
    try:
        addresses = metadata(_DISTRIBUTION).get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    places = dict(address.split(", ", 1) for address in addresses)
    if "Documentation" not in places:
        return ""
    return f"{places['Documentation'].rstrip('/')}/api/generated/ibtools.{{estimator_name}}.html"
