"""Networks of the papers as torch modules, and the skorch classifier around them."""

from ibtools.networks._autoencoder import Autoencoder
from ibtools.networks._batches import BatchIterator
from ibtools.networks._classifier import InformationClassifier
from ibtools.networks._ensemble import SeedEnsemble
from ibtools.networks._initialization import initialize_weights
from ibtools.networks._invertible import CouplingLayer, InvertibleMLP
from ibtools.networks._lenet import LeNet5
from ibtools.networks._mlp import MLP
from ibtools.networks._noisy import GaussianNoise, NoisyMLP, without_noise
from ibtools.networks._quantized import Quantize, QuantizedMLP
from ibtools.networks._residual import ResidualBlock, SmallResNet
from ibtools.networks._vgg import SmallVGG

__all__ = [
    "MLP",
    "Autoencoder",
    "BatchIterator",
    "CouplingLayer",
    "GaussianNoise",
    "InformationClassifier",
    "InvertibleMLP",
    "LeNet5",
    "NoisyMLP",
    "Quantize",
    "QuantizedMLP",
    "ResidualBlock",
    "SeedEnsemble",
    "SmallResNet",
    "SmallVGG",
    "initialize_weights",
    "without_noise",
]
