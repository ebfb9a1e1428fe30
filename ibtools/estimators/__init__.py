"""Estimators of mutual information as scikit-learn transformers."""

from ibtools.estimators._binned import BinnedMI
from ibtools.estimators._dependence_graph import DependenceGraphMI
from ibtools.estimators._feature_maps import FeatureMapDecomposition
from ibtools.estimators._gaussian import GaussianMI
from ibtools.estimators._kernel_density import KernelDensityMI
from ibtools.estimators._nearest_neighbors import NearestNeighborsMI
from ibtools.estimators._renyi import RenyiMatrixMI
from ibtools.estimators._sample_propagation import SamplePropagationMI

__all__ = [
    "BinnedMI",
    "DependenceGraphMI",
    "FeatureMapDecomposition",
    "GaussianMI",
    "KernelDensityMI",
    "NearestNeighborsMI",
    "RenyiMatrixMI",
    "SamplePropagationMI",
]
