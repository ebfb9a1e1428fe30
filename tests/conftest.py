"""What every test shares."""

import os

import matplotlib
import pytest


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    """More threads than one are slower for layers as small as the tests'."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def real_data():
    """Folder of the real files; their absence is a failure where CI=true, a skip elsewhere."""
    folder = os.environ.get("IBTOOLS_DATA")
    if folder:
        return folder
    reason = "IBTOOLS_DATA is unset: it names the folder that holds mnist/, cifar10/, ..."
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def closed_figures():
    """Leave no figure open."""
    matplotlib.use("agg")
    yield
    from matplotlib import pyplot as plt

    plt.close("all")
