"""What scikit-learn's HTML shows of fitted estimators."""

import math
from email.message import Message
from html import unescape

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr

from ibtools import BinnedMI, DependenceGraphMI, GaussianMI, InformationBottleneck
from ibtools.information import _html_repr

T = np.array([[-0.9], [-0.2], [0.2], [0.9]])
Y = [0, 0, 1, 1]

needs_table = pytest.mark.skipif(
    not hasattr(BaseEstimator, "_get_fitted_attr_html"),
    reason="this scikit-learn has no table of fitted attributes",
)


def html(estimator):
    return unescape(estimator_html_repr(estimator))


def test_caption_of_a_fitted_estimator():
    assert "I(X;T)" not in html(BinnedMI())
    assert "I(X;T) = 2 bits, I(T;Y) = 1 bits" in html(BinnedMI().fit(T, Y))
    assert "I(X;T) = 1.386 nats</div>" in html(BinnedMI(base=math.e).fit(T))


def test_caption_inside_of_a_pipeline():
    pipeline = make_pipeline(PCA(), BinnedMI()).fit(T, Y)
    assert "I(X;T) = 2 bits, I(T;Y) = 1 bits" in html(pipeline)


def test_caption_of_a_path():
    bottleneck = InformationBottleneck(betas=[0.5, 1000.0], random_state=0).fit(T, Y)
    text = html(bottleneck)
    assert "I(X;T) from 0 to " in text
    assert "I(T;Y) from 0 to 1 bits" in text


@pytest.mark.parametrize("estimator", [GaussianMI(), DependenceGraphMI(random_state=0)])
def test_all_estimators_have_it(estimator):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1))
    text = html(estimator.fit(X, y=X + rng.normal(size=(200, 1))))
    assert "I(T;Y) = " in text
    assert "bits" in text


@needs_table
def test_fitted_informations_come_first_with_their_unit():
    text = html(BinnedMI().fit(T, Y))
    table = text[text.index("Fitted attributes") :]
    assert table.index("mi_x_") < table.index("bin_edges_")
    assert "2 bits" in table
    bottleneck = html(InformationBottleneck(random_state=0).fit(T, Y))
    assert "ndarray in bits" in bottleneck[bottleneck.index("Fitted attributes") :]


@needs_table
def test_attributes_stay_what_they_are():
    estimator = BinnedMI().fit(T, Y)
    html(estimator)
    assert type(estimator.mi_x_) is float
    assert f"{estimator.mi_x_}" == "2.0"


def test_text_is_as_before():
    with config_context(display="text"):
        assert repr(BinnedMI().fit(T, Y)) == "BinnedMI()"


@pytest.fixture
def documented(monkeypatch):
    message = Message()
    message["Project-URL"] = "Source, https://example.org/source"
    message["Project-URL"] = "Documentation, https://example.org/docs/"
    monkeypatch.setattr(_html_repr, "metadata", lambda name: message)
    _html_repr._documentation.cache_clear()
    yield
    _html_repr._documentation.cache_clear()


def test_links_to_the_documentation(documented):
    address = "https://example.org/docs/api/generated/ibtools.BinnedMI.html"
    assert BinnedMI()._get_doc_link() == address
    assert address in html(BinnedMI().fit(T))

    class Own(BinnedMI):
        pass

    assert Own()._get_doc_link() == ""


def test_no_link_without_a_place(monkeypatch):
    monkeypatch.setattr(_html_repr, "metadata", lambda name: Message())
    _html_repr._documentation.cache_clear()
    assert BinnedMI()._get_doc_link() == ""
    _html_repr._documentation.cache_clear()
