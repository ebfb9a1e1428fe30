"""Estimators of mutual information as scikit-learn transformers."""

from ibtools.estimators._binned import BinnedMI

__all__ = ["BinnedMI"]
