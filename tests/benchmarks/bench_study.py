"""A whole study: 50 seeds of 12-10-7-5-4-3-2 on 4096 patterns, 8000 epochs, 75 records.

One record of all members and layers is measured against the training between two records, a 75th
of all epochs: the study is 75 times both. What is printed beside the row is that product.
"""

import statistics
import time

import pytest
import torch

from ibtools import BinnedMI, InfoPlaneCallback, InformationClassifier, KernelDensityMI
from ibtools.datasets import make_szt
from ibtools.networks import MLP, SeedEnsemble

N_SEEDS, N_EPOCHS, N_RECORDS = 50, 8000, 75
BETWEEN_RECORDS = round(N_EPOCHS / N_RECORDS)

ESTIMATORS = {
    "binned": {"binned": BinnedMI(30)},
    "kernel density": {"kernels": KernelDensityMI()},
    "both": {"binned": BinnedMI(30), "kernels": KernelDensityMI()},
}


class Study:
    """A net that trains all members, and the callback that measures them, each called by itself."""

    def __init__(self, estimators):
        self.X, self.y = make_szt()
        self.net = InformationClassifier(
            SeedEnsemble,
            module__module=MLP,
            module__sizes=(12, 10, 7, 5, 4, 3, 2),
            module__seeds=N_SEEDS,
            optimizer=torch.optim.Adam,
            optimizer__fused=True,
            lr=4e-4,
            batch_size=512,
            iterator_valid__batch_size=4096,
            max_epochs=1,
            train_split=None,
            verbose=0,
        ).fit(self.X, self.y)
        self.net.set_params(max_epochs=BETWEEN_RECORDS)
        self.callback = InfoPlaneCallback(estimators, on="all").initialize()
        self.callback.on_train_begin(self.net, self.X, self.y)
        dataset = self.net.get_dataset(self.X, self.y)
        self.callback.on_epoch_begin(self.net, dataset_train=dataset)
        assert len(self.callback.layers_) == 6
        self.seconds = {"training": [], "measuring": []}

    def measure(self):
        """One record of all members and layers."""
        self._timed("measuring", self.callback.record, self.net, self.callback.rows_, 1)

    def train(self):
        """The epochs between two records."""
        self._timed("training", self.net.partial_fit, self.X, self.y)

    def _timed(self, part, function, *arguments):
        start = time.process_time()
        function(*arguments)
        self.seconds[part].append(time.process_time() - start)

    def __str__(self):
        minutes = {
            part: N_RECORDS * statistics.median(seconds) / 60
            for part, seconds in self.seconds.items()
        }
        parts = ", ".join(f"{part} {value:.1f}" for part, value in minutes.items())
        return f"the whole study, minutes of the processor: {parts}"


@pytest.mark.parametrize("estimators", ESTIMATORS)
def test_record_of_a_study(compare, capsys, estimators):
    """The ratio is training / measuring: above 1, training is the larger part."""
    study = Study(ESTIMATORS[estimators])
    compare(study.measure, study.train, peer_name="training between two records", reach="1x")
    with capsys.disabled():
        print(study, flush=True)
