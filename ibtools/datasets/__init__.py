"""Data: the 4096-pattern task, images, and distributions that know their information."""

from ibtools.datasets._cifar10 import fetch_cifar10
from ibtools.datasets._distribution_base import Distribution, IndependentBlocks
from ibtools.datasets._distributions import CorrelatedGaussian, CorrelatedStudentT, UniformNoise
from ibtools.datasets._distributions_discrete import (
    DiscretePair,
    DiscreteUniformNoise,
    GaussianWithAtoms,
    ZeroInflatedPoisson,
)
from ibtools.datasets._distributions_labelled import LabelledGaussians, NoisyLayer
from ibtools.datasets._fetch import fetch_fashion_mnist, fetch_mnist, fetch_notmnist
from ibtools.datasets._reparametrizations import Asinh, HalfCube, Reparametrized, Spiral, SwissRoll
from ibtools.datasets._szt import make_szt, szt_classes, szt_joint

__all__ = [
    "Asinh",
    "CorrelatedGaussian",
    "CorrelatedStudentT",
    "DiscretePair",
    "DiscreteUniformNoise",
    "Distribution",
    "GaussianWithAtoms",
    "HalfCube",
    "IndependentBlocks",
    "LabelledGaussians",
    "NoisyLayer",
    "Reparametrized",
    "Spiral",
    "SwissRoll",
    "UniformNoise",
    "ZeroInflatedPoisson",
    "fetch_cifar10",
    "fetch_fashion_mnist",
    "fetch_mnist",
    "fetch_notmnist",
    "make_szt",
    "szt_classes",
    "szt_joint",
]
