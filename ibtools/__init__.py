"""Information-bottleneck analysis of neural networks, the scikit-learn way."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ibtools.callbacks._info_plane import InfoPlaneCallback
    from ibtools.estimators._binned import BinnedMI
    from ibtools.estimators._dependence_graph import DependenceGraphMI
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
    from ibtools.plane._display import InformationPlaneDisplay
    from ibtools.plane._plane import InformationPlane

__version__ = "0.1.0"

__all__ = [
    "MLP",
    "BinnedMI",
    "DependenceGraphMI",
    "EstimatorComparisonDisplay",
    "GaussianMI",
    "InfoPlaneCallback",
    "InformationClassifier",
    "InformationPlane",
    "InformationPlaneDisplay",
    "KernelDensityMI",
    "NearestNeighborsMI",
    "RenyiMatrixMI",
    "SamplePropagationMI",
    "check_mi_estimator",
    "compare_estimators",
]

# torch, skorch, matplotlib and pandas take seconds to import: names are imported on first use.
_HOME = {
    "BinnedMI": "ibtools.estimators._binned",
    "DependenceGraphMI": "ibtools.estimators._dependence_graph",
    "EstimatorComparisonDisplay": "ibtools.model_selection._display",
    "GaussianMI": "ibtools.estimators._gaussian",
    "InfoPlaneCallback": "ibtools.callbacks._info_plane",
    "InformationClassifier": "ibtools.networks._classifier",
    "InformationPlane": "ibtools.plane._plane",
    "InformationPlaneDisplay": "ibtools.plane._display",
    "MLP": "ibtools.networks._mlp",
    "KernelDensityMI": "ibtools.estimators._kernel_density",
    "NearestNeighborsMI": "ibtools.estimators._nearest_neighbors",
    "RenyiMatrixMI": "ibtools.estimators._renyi",
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
