import numpy as np
import pytest
from sklearn.datasets import make_classification


@pytest.fixture(scope="session")
def data():
    """Sixty rows of six features in two classes."""
    X, y = make_classification(n_samples=60, n_features=6, random_state=0)
    return X.astype(np.float32), y
