"""The information plane: its table of points, what can be read from it, and its figures."""

from ibtools.plane._clustering import activation_histograms, clustering_table
from ibtools.plane._clustering_display import ClusteringDisplay
from ibtools.plane._coinciding import coinciding_layers
from ibtools.plane._curve_display import BottleneckCurveDisplay
from ibtools.plane._data_processing import data_processing_pairs
from ibtools.plane._data_processing_display import DataProcessingDisplay
from ibtools.plane._decomposition_display import DecompositionDisplay
from ibtools.plane._display import InformationPlaneDisplay
from ibtools.plane._error_plane import error_plane
from ibtools.plane._gradient_display import GradientSNRDisplay
from ibtools.plane._gradients import drift_diffusion_transition, gradient_table
from ibtools.plane._learning_display import LearningCurveDisplay
from ibtools.plane._phases import information_phases
from ibtools.plane._plane import InformationPlane
from ibtools.plane._recording import ActivationRecording
from ibtools.plane._representation_display import RepresentationDisplay
from ibtools.plane._stopping import StoppingPoints, stopping_points

__all__ = [
    "ActivationRecording",
    "BottleneckCurveDisplay",
    "ClusteringDisplay",
    "DataProcessingDisplay",
    "DecompositionDisplay",
    "GradientSNRDisplay",
    "InformationPlane",
    "InformationPlaneDisplay",
    "LearningCurveDisplay",
    "RepresentationDisplay",
    "StoppingPoints",
    "activation_histograms",
    "clustering_table",
    "coinciding_layers",
    "data_processing_pairs",
    "drift_diffusion_transition",
    "error_plane",
    "gradient_table",
    "information_phases",
    "stopping_points",
]
