"""The information plane: its table of points and its figure."""

from ibtools.plane._display import InformationPlaneDisplay
from ibtools.plane._plane import InformationPlane

__all__ = ["InformationPlane", "InformationPlaneDisplay"]
