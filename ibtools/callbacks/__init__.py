"""What skorch callbacks record while a network learns."""

from ibtools.callbacks._clustering import ClusteringCallback
from ibtools.callbacks._error_plane import ErrorPlaneCallback
from ibtools.callbacks._gradient_snr import GradientSNRCallback
from ibtools.callbacks._info_plane import InfoPlaneCallback
from ibtools.callbacks._orthonormality import OrthonormalWeights
from ibtools.callbacks._recorder import ActivationRecorder
from ibtools.callbacks._schedule import log_spaced_epochs

__all__ = [
    "ActivationRecorder",
    "ClusteringCallback",
    "ErrorPlaneCallback",
    "GradientSNRCallback",
    "InfoPlaneCallback",
    "OrthonormalWeights",
    "log_spaced_epochs",
]
