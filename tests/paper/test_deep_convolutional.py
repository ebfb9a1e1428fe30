"""A residual network and a VGG on CIFAR-10 under matrix-based Renyi information.

Yu et al. (2021) found all layers of a VGG-16 at the ceiling, because each of many maps has a
kernel; Wickstrom et al. (2019) named remedies. A residual block passes its input on, so it may tell
more about the image than the residual it computes, and only blocks are a chain.
"""

import pytest
import torch

from ibtools import InfoPlaneCallback, InformationClassifier, InformationPlane, RenyiMatrixMI
from ibtools.datasets import fetch_cifar10
from ibtools.networks import SmallResNet, SmallVGG
from ibtools.plane import data_processing_pairs

SEEDS = [
    pytest.param(0, marks=pytest.mark.slow),
    pytest.param(1, marks=pytest.mark.paper),
    pytest.param(2, marks=pytest.mark.paper),
]
N_MAPS = {f"hidden{k}": n for k, n in enumerate((16, 16, 32, 32, 64, 64), start=1)}


@pytest.fixture(scope="module")
def images(real_data):
    return fetch_cifar10(
        data_home=real_data,
        download_if_missing=False,
        n_per_class=60,
        random_state=0,
        as_images=True,
        return_X_y=True,
    )


def _train(images, seed, module, n_filters, max_epochs, estimator, **options):
    """Train a network, and give the plane of its last epoch."""
    callback = InfoPlaneCallback(
        estimator, every=[max_epochs], max_samples=256, random_state=0, **options
    )
    net = InformationClassifier(
        module,
        module__n_filters=n_filters,
        optimizer=torch.optim.Adam,
        lr=2e-3,
        batch_size=32,
        max_epochs=max_epochs,
        train_split=None,
        callbacks=[callback],
        random_state=seed,
        verbose=0,
    ).fit(*images)
    return InformationPlane.from_history(net.history).select(epochs=-1)


def _estimators(n_maps=1):
    """The published measure and three remedies, for a layer of so many maps."""
    batches = {"batch_size": 128, "random_state": 0}
    return {
        "published": RenyiMatrixMI(n_maps=n_maps, bandwidth="silverman", **batches),
        "one kernel": RenyiMatrixMI(bandwidth="silverman", **batches),
        "scaled": RenyiMatrixMI(n_maps=n_maps, **batches),
        "alignment": RenyiMatrixMI(n_maps=n_maps, bandwidth="alignment", **batches),
    }


@pytest.mark.filterwarnings("ignore:The rows of T are nearly unlike:UserWarning")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_vgg_saturates_as_published_and_not_when_scaled(images, seed):
    """One epoch of 600 images; the ceiling of a mini-batch is 7 bits.

    Measured with seeds 0, 1 and 2, as published: the first two layers at 6.97 bits, the next two
    from 6.34 to 6.93, the last two below 5.8. One kernel differs from that by 0.3 at most. Scaled:
    from 3.1 in the first layer down to 1.5 to 2.2 in the last. Alignment leaves 0.1 to 0.2 bits to
    the lowest of the last three layers, and up to 2.0 to another.
    """
    plane = _train(
        images,
        seed,
        SmallVGG,
        (16, 32, 64),
        1,
        _estimators(),
        layers=list(N_MAPS),
        layer_estimators={layer: _estimators(n_maps) for layer, n_maps in N_MAPS.items()},
    )
    table = plane.select(layers=list(N_MAPS)).to_frame()
    mi_x = table.pivot(index="layer", columns="estimator", values="mi_x")
    assert mi_x["published"].iloc[:2].min() > 6.9, mi_x
    assert mi_x["published"].iloc[2:4].min() > 6, mi_x
    assert (mi_x["published"] - mi_x["one kernel"]).abs().max() < 0.5, mi_x
    assert mi_x["scaled"].between(1, 4).all(), mi_x
    assert mi_x["alignment"].iloc[-3:].min() < 0.3, mi_x


@pytest.mark.parametrize("seed", SEEDS)
def test_blocks_tell_more_than_their_residuals_and_are_a_chain(images, seed):
    """Three epochs of 600 images.

    Measured with seeds 0, 1 and 2: the third block exceeds its residual by 0.18, 0.27 and 0.31
    bits, the second by 0.20, 0.17 and 0.05, the first by -0.11, 0.02 and 0.03. From block to block
    one of nine pairs is violated, by 0.09 bits, three standard errors.
    """
    renyi = RenyiMatrixMI(batch_size=128, random_state=0)
    layers = ["stem", "block?", "block?.residual"]
    plane = _train(images, seed, SmallResNet, (8, 16, 32), 3, renyi, layers=layers)
    mi_x = plane.to_frame().set_index("layer")["mi_x"]
    gained = {k: mi_x[f"block{k}"] - mi_x[f"block{k}.residual"] for k in (1, 2, 3)}
    along = data_processing_pairs(plane.select(layers=["stem", "block1", "block2", "block3"]))
    assert gained[3] > 0.1, gained
    assert gained[2] > 0, gained
    assert gained[1] < gained[3] - 0.1, gained
    assert along["excess"].max() < 0.15, along
    assert along["violated"].sum() <= 1, along
