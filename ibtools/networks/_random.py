"""Seeds of torch's random stream."""

from typing import Any

from sklearn.utils import check_random_state


def torch_seed(random_state: Any) -> int:
    """Draw the seed of a net's random stream.

    Parameters
    ----------
    random_state : int or RandomState instance
        As in scikit-learn.

    Returns
    -------
    seed : int
        Seed of a torch generator. The same number always gives the same seed.
    """
    return int(check_random_state(random_state).randint(2**31))
