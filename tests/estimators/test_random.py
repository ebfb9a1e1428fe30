import numpy as np

from ibtools.estimators._random import random_generator


def test_equal_seeds_equal_numbers():
    first, second, other = (random_generator(seed).random(3).tolist() for seed in (0, 0, 1))
    assert first == second != other
    state = np.random.RandomState(0)
    assert random_generator(state).random() != random_generator(state).random()
