"""Networks of the papers as torch modules, and the skorch classifier around them."""

from ibtools.networks._batches import BatchIterator
from ibtools.networks._classifier import InformationClassifier
from ibtools.networks._initialization import initialize_weights
from ibtools.networks._mlp import MLP

__all__ = ["MLP", "BatchIterator", "InformationClassifier", "initialize_weights"]
