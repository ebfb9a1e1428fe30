"""Random numbers from the parameter `random_state`."""

import numpy as np
from sklearn.utils import check_random_state


def random_generator(random_state: int | np.random.RandomState | None) -> np.random.Generator:
    """Make a generator from what scikit-learn calls a random state: equal seeds, equal numbers."""
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max, size=4)
    return np.random.default_rng(seed)
