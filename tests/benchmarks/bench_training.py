"""Training: the data path against skorch's, and what recording adds."""

import torch
from torch.utils.data import DataLoader

from ibtools import MLP, GradientSNRCallback, InfoPlaneCallback, InformationClassifier
from ibtools.datasets import make_szt


def _net(max_epochs, sizes=(12, 10, 7, 5, 4, 3, 2), *, batch_size=512, **parameters):
    return InformationClassifier(
        MLP,
        module__sizes=sizes,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=4e-4,
        batch_size=batch_size,
        max_epochs=max_epochs,
        random_state=0,
        verbose=0,
        **parameters,
    )


def test_one_pass_over_the_batches(compare):
    """4096 x 12 rows in batches of 512."""
    X, y = make_szt()
    ours, peer = _net(1), _net(1, iterator_train=DataLoader)
    batches = [net.get_iterator(net.get_dataset(X, y), training=True) for net in (ours, peer)]
    compare(lambda: list(batches[0]), lambda: list(batches[1]), peer_name="DataLoader")


def test_training_20_epochs(compare):
    X, y = make_szt()
    slow = {"iterator_train": DataLoader, "iterator_valid": DataLoader}
    compare(lambda: _net(20).fit(X, y), lambda: _net(20, **slow).fit(X, y), peer_name="DataLoader")


def test_gradient_signal_and_noise_of_60_epochs(compare):
    """Batches of 256 rows: the ratio is training alone / training with the callback."""
    X, y = make_szt()
    ratio = compare(
        lambda: _net(60, batch_size=256, callbacks=[GradientSNRCallback()]).fit(X, y),
        lambda: _net(60, batch_size=256).fit(X, y),
        peer_name="not recorded",
        reach="0.87x",
    )
    print(f"the ratio of signal to noise adds {100 * (1 / ratio - 1):.1f} % to training")


def test_recording_75_epochs_of_1000(compare):
    """7 layers on 4096 rows: the ratio is training alone / training with the callback."""
    X, y = make_szt()
    sizes = (12, 10, 7, 5, 4, 4, 3, 2)
    recorded = InfoPlaneCallback(on="all", n_records=75)
    ratio = compare(
        lambda: _net(1000, sizes, callbacks=[recorded]).fit(X, y),
        lambda: _net(1000, sizes).fit(X, y),
        rounds=5,
        peer_name="not recorded",
        reach="0.91x",
    )
    print(f"recording adds {100 * (1 / ratio - 1):.1f} % to training")
