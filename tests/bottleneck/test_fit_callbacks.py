"""Scikit-learn's callbacks follow the fit of a bottleneck, where the version has them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from ibtools import BinnedMI, InformationBottleneck
from ibtools.bottleneck._fit_callbacks import CallbackSupportMixin

X, Y = np.array([[0], [0], [1], [1], [1]]), np.array([0, 0, 1, 1, 0])

with_callbacks = pytest.mark.skipif(
    not hasattr(CallbackSupportMixin, "set_callbacks"), reason="scikit-learn before 1.9"
)


class Recorder:
    """Remember what a callback is told."""

    max_propagation_depth = None

    def __init__(self):
        self.events, self.betas = [], []

    def setup(self, estimator, context):
        self.events.append("setup")

    def on_fit_task_begin(self, estimator, context, *, X=None, metadata=None):
        is_beta = context.task_name.startswith("beta")
        if isinstance(estimator, InformationBottleneck) and not is_beta:
            self.events.append(("begin", X.tolist(), metadata["sample_weight"]))

    def on_fit_task_end(self, estimator, context, *, y=None, fitted_estimator=None):
        if context.task_name.startswith("beta"):
            self.betas.append(context.task_name)
        elif isinstance(estimator, InformationBottleneck):
            self.events.append(("end", y.tolist(), fitted_estimator.predict(X).tolist()))

    def teardown(self, estimator, context):
        self.events.append("teardown")


@with_callbacks
def test_begin_and_end():
    recorder, weights = Recorder(), [1, 2, 3, 4, 5]
    fitted = InformationBottleneck(betas=[9.0]).set_callbacks(recorder)
    fitted.fit(X, Y, sample_weight=weights)
    assert recorder.events == [
        "setup",
        ("begin", X.tolist(), weights),
        ("end", Y.tolist(), fitted.labels_.tolist()),
        "teardown",
    ]


@with_callbacks
def test_an_error_ends_without_an_end():
    recorder = Recorder()
    with pytest.raises(ValueError, match="positive"):
        InformationBottleneck(betas=[-1.0]).set_callbacks(recorder).fit(X, Y)
    assert recorder.events[0] == "setup"
    assert recorder.events[-1] == "teardown"
    assert len(recorder.events) == 3


@with_callbacks
@pytest.mark.filterwarnings("ignore:The estimator BinnedMI does not support callbacks")
def test_callbacks_of_a_pipeline():
    recorder = Recorder()
    pipeline = make_pipeline(BinnedMI(bin_width=1), InformationBottleneck(betas=[9.0]))
    pipeline.set_callbacks(recorder).fit(X, Y)
    assert [event[0] for event in recorder.events if isinstance(event, tuple)] == ["begin", "end"]


def test_without_callbacks():
    fitted = clone(InformationBottleneck(betas=[9.0])).fit(X, Y)
    assert not [name for name in vars(fitted) if "callback" in name]


@with_callbacks
def test_every_beta_is_a_task():
    recorder = Recorder()
    InformationBottleneck(betas=[2.0, 9.5, 50.0]).set_callbacks(recorder).fit(X, Y)
    assert recorder.betas == ["beta = 50", "beta = 9.5", "beta = 2"]
