"""What skorch callbacks record while a network learns."""

from ibtools.callbacks._info_plane import InfoPlaneCallback
from ibtools.callbacks._schedule import log_spaced_epochs

__all__ = ["InfoPlaneCallback", "log_spaced_epochs"]
