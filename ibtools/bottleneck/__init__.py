"""The information bottleneck: what a representation of x can say about y, and at what cost."""

from ibtools.bottleneck._blahut_arimoto import blahut_arimoto
from ibtools.bottleneck._critical import critical_beta
from ibtools.bottleneck._deterministic import deterministic_bottleneck
from ibtools.bottleneck._gaussian import GaussianBottleneck, gaussian_bottleneck
from ibtools.bottleneck._information_bottleneck import InformationBottleneck
from ibtools.bottleneck._layers import (
    LayerBeta,
    bound_mi_x,
    bound_mi_y,
    finite_sample_margins,
    layer_beta,
)
from ibtools.bottleneck._path import bottleneck_path
from ibtools.bottleneck._results import Bottleneck, BottleneckPath

__all__ = [
    "Bottleneck",
    "BottleneckPath",
    "GaussianBottleneck",
    "InformationBottleneck",
    "LayerBeta",
    "blahut_arimoto",
    "bottleneck_path",
    "bound_mi_x",
    "bound_mi_y",
    "critical_beta",
    "deterministic_bottleneck",
    "finite_sample_margins",
    "gaussian_bottleneck",
    "layer_beta",
]
