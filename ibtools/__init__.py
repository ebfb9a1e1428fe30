"""Information-bottleneck analysis of neural networks, the scikit-learn way."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ibtools.bottleneck._information_bottleneck import InformationBottleneck
    from ibtools.callbacks._clustering import ClusteringCallback
    from ibtools.callbacks._error_plane import ErrorPlaneCallback
    from ibtools.callbacks._gradient_snr import GradientSNRCallback
    from ibtools.callbacks._info_plane import InfoPlaneCallback
    from ibtools.callbacks._recorder import ActivationRecorder
    from ibtools.estimators._binned import BinnedMI
    from ibtools.estimators._dependence_graph import DependenceGraphMI
    from ibtools.estimators._feature_maps import FeatureMapDecomposition
    from ibtools.estimators._gaussian import GaussianMI
    from ibtools.estimators._kernel_density import KernelDensityMI
    from ibtools.estimators._nearest_neighbors import NearestNeighborsMI
    from ibtools.estimators._renyi import RenyiMatrixMI
    from ibtools.estimators._sample_propagation import SamplePropagationMI
    from ibtools.model_selection._checks import check_mi_estimator
    from ibtools.model_selection._comparison import compare_estimators
    from ibtools.model_selection._display import EstimatorComparisonDisplay
    from ibtools.networks._classifier import InformationClassifier
    from ibtools.networks._mlp import MLP
    from ibtools.plane._clustering_display import ClusteringDisplay
    from ibtools.plane._curve_display import BottleneckCurveDisplay
    from ibtools.plane._data_processing_display import DataProcessingDisplay
    from ibtools.plane._decomposition_display import DecompositionDisplay
    from ibtools.plane._display import InformationPlaneDisplay
    from ibtools.plane._gradient_display import GradientSNRDisplay
    from ibtools.plane._learning_display import LearningCurveDisplay
    from ibtools.plane._plane import InformationPlane
    from ibtools.plane._representation_display import RepresentationDisplay

__version__ = "0.1.0"

__all__ = [
    "MLP",
    "ActivationRecorder",
    "BinnedMI",
    "BottleneckCurveDisplay",
    "ClusteringCallback",
    "ClusteringDisplay",
    "DataProcessingDisplay",
    "DecompositionDisplay",
    "DependenceGraphMI",
    "ErrorPlaneCallback",
    "EstimatorComparisonDisplay",
    "FeatureMapDecomposition",
    "GaussianMI",
    "GradientSNRCallback",
    "GradientSNRDisplay",
    "InfoPlaneCallback",
    "InformationBottleneck",
    "InformationClassifier",
    "InformationPlane",
    "InformationPlaneDisplay",
    "KernelDensityMI",
    "LearningCurveDisplay",
    "NearestNeighborsMI",
    "RenyiMatrixMI",
    "RepresentationDisplay",
    "SamplePropagationMI",
    "check_mi_estimator",
    "compare_estimators",
]

# torch, skorch, matplotlib and pandas take seconds to import: names are imported on first use.
_HOME = {
    "MLP": "ibtools.networks._mlp",
    "ActivationRecorder": "ibtools.callbacks._recorder",
    "BinnedMI": "ibtools.estimators._binned",
    "BottleneckCurveDisplay": "ibtools.plane._curve_display",
    "ClusteringCallback": "ibtools.callbacks._clustering",
    "ClusteringDisplay": "ibtools.plane._clustering_display",
    "DataProcessingDisplay": "ibtools.plane._data_processing_display",
    "DecompositionDisplay": "ibtools.plane._decomposition_display",
    "DependenceGraphMI": "ibtools.estimators._dependence_graph",
    "ErrorPlaneCallback": "ibtools.callbacks._error_plane",
    "EstimatorComparisonDisplay": "ibtools.model_selection._display",
    "FeatureMapDecomposition": "ibtools.estimators._feature_maps",
    "GaussianMI": "ibtools.estimators._gaussian",
    "GradientSNRCallback": "ibtools.callbacks._gradient_snr",
    "GradientSNRDisplay": "ibtools.plane._gradient_display",
    "InfoPlaneCallback": "ibtools.callbacks._info_plane",
    "InformationBottleneck": "ibtools.bottleneck._information_bottleneck",
    "InformationClassifier": "ibtools.networks._classifier",
    "InformationPlane": "ibtools.plane._plane",
    "InformationPlaneDisplay": "ibtools.plane._display",
    "KernelDensityMI": "ibtools.estimators._kernel_density",
    "LearningCurveDisplay": "ibtools.plane._learning_display",
    "NearestNeighborsMI": "ibtools.estimators._nearest_neighbors",
    "RenyiMatrixMI": "ibtools.estimators._renyi",
    "RepresentationDisplay": "ibtools.plane._representation_display",
    "SamplePropagationMI": "ibtools.estimators._sample_propagation",
    "check_mi_estimator": "ibtools.model_selection._checks",
    "compare_estimators": "ibtools.model_selection._comparison",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ibtools' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
