"""Data: the 4096-pattern task in closed form, and fetchers of image collections."""

from ibtools.datasets._cifar10 import fetch_cifar10
from ibtools.datasets._fetch import fetch_fashion_mnist, fetch_mnist, fetch_notmnist
from ibtools.datasets._szt import make_szt, szt_classes, szt_joint

__all__ = [
    "fetch_cifar10",
    "fetch_fashion_mnist",
    "fetch_mnist",
    "fetch_notmnist",
    "make_szt",
    "szt_classes",
    "szt_joint",
]
