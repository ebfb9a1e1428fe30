"""What every test shares."""

import matplotlib
import pytest


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    """More threads than one are slower for layers as small as the tests'."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def closed_figures():
    """Leave no figure open."""
    matplotlib.use("agg")
    yield
    from matplotlib import pyplot as plt

    plt.close("all")
