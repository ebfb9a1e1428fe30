import doctest
import hashlib
import importlib

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.special import rel_entr

from ibtools.datasets import make_szt, szt_classes, szt_joint

PUBLISHED_SHA256 = "77732f16f85e91b49d3997196b56163b3bd362d8cf631468a8de3f986e88359f"
PHI = (1 + 5**0.5) / 2
VERTICES = np.array(
    [
        *[(0, 1, PHI), (1, PHI, 0), (0, 1, -PHI), (-1, PHI, 0)],
        *[(PHI, 0, -1), (0, -1, PHI), (1, -PHI, 0), (-1, -PHI, 0)],
        *[(-PHI, 0, -1), (0, -1, -PHI), (-PHI, 0, 1), (PHI, 0, 1)],
    ]
) / np.hypot(1, PHI)


def mutual_information(p_xy):
    product = p_xy.sum(axis=1, keepdims=True) * p_xy.sum(axis=0)
    return rel_entr(p_xy, product).sum() / np.log(2)


def amplitude():
    X, _ = make_szt()
    return X.sum(axis=1) + np.linalg.norm(X @ VERTICES, axis=1)


def rotated_inputs(axis, degrees):
    """Place to which a rotation of the icosahedron takes each vertex."""
    rotation = Rotation.from_rotvec(np.deg2rad(degrees) * axis / np.linalg.norm(axis))
    cosines = VERTICES @ rotation.apply(VERTICES).T
    assert np.allclose(cosines.max(axis=0), 1)
    return cosines.argmax(axis=0)


def test_the_labels_are_the_published_ones_bit_for_bit():
    _, y = make_szt()
    assert hashlib.sha256(y.astype(np.uint8).tobytes()).hexdigest() == PUBLISHED_SHA256


def test_row_i_is_the_binary_form_of_i():
    X, y = make_szt()
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((4096, 12), np.float32, (4096,), np.int64)
    digits = ["".join(str(int(bit)) for bit in row) for row in X]
    assert digits == [f"{i:012b}" for i in range(4096)]


@pytest.mark.parametrize(("gain", "bits"), [(50, 0.9875), (100, 0.9985), (None, 0.9992)])
def test_information_about_the_label(gain, bits):
    p_xy = szt_joint(gain)
    assert p_xy.shape == (4096, 2)
    assert round(mutual_information(p_xy), 4) == bits


@pytest.mark.parametrize("gain", [None, 1e-3, 2.5, 50, 1e9])
def test_the_joint_is_a_distribution_with_uniform_patterns(gain):
    p_xy = szt_joint(gain)
    assert p_xy.min() >= 0
    np.testing.assert_allclose(p_xy.sum(axis=1), 1 / 4096, rtol=1e-12)
    assert p_xy.sum() == pytest.approx(1, abs=1e-12)


def test_the_stochastic_rule_tends_to_the_deterministic_one():
    np.testing.assert_allclose(szt_joint(1e6), szt_joint(), atol=1e-15)


def test_small_probabilities_keep_their_digits():
    p_xy = szt_joint(20)
    logit = 20 * (amplitude() - 7.632)
    np.testing.assert_allclose(np.log(p_xy[:, 1] / p_xy[:, 0]), logit, rtol=1e-6, atol=1e-4)


def test_drawn_labels_follow_the_rule():
    probability = szt_joint(1.5)[:, 1] * 4096
    labels = np.array([make_szt(gain=1.5, random_state=seed)[1] for seed in range(40)])
    standardised = (labels - probability).sum() / np.sqrt(
        40 * (probability * (1 - probability)).sum()
    )
    assert set(np.unique(labels)) == {0, 1}
    assert abs(standardised) < 4


def test_the_draw_is_reproducible():
    first, again, other = (make_szt(gain=2, random_state=seed)[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_without_gain_the_random_state_has_no_effect():
    np.testing.assert_array_equal(make_szt(random_state=3)[1], make_szt()[1])


@pytest.mark.parametrize("gain", [0, -1.0, np.inf, np.nan, "50"])
@pytest.mark.parametrize("function", [lambda gain: make_szt(gain=gain), szt_joint])
def test_a_gain_must_be_positive_and_finite(function, gain):
    with pytest.raises(ValueError, match=r"gain must be None or a positive finite number, got"):
        function(gain)


def test_there_are_64_classes():
    classes = szt_classes()
    assert classes.shape == (4096,)
    sizes = np.bincount(classes)
    assert len(sizes) == 64
    assert sizes.min() > 0
    assert sizes.sum() == 4096


@pytest.mark.parametrize("values", [make_szt()[1], amplitude()], ids=["label", "amplitude"])
def test_values_are_constant_on_each_class(values):
    classes = szt_classes()
    for number in range(64):
        assert np.ptp(values[classes == number]) < 1e-5


def test_classes_keep_all_information_about_the_label():
    p_xy = szt_joint(50)
    p_cy = np.zeros((64, 2))
    np.add.at(p_cy, szt_classes(), p_xy)
    assert mutual_information(p_cy) == pytest.approx(mutual_information(p_xy), abs=1e-12)


@pytest.mark.parametrize(
    ("axis", "degrees"),
    [
        (VERTICES[0], 72),
        (VERTICES[[0, 5, 11]].sum(axis=0), 120),
        (VERTICES[[0, 5]].sum(axis=0), 180),
    ],
    ids=["vertex", "face", "edge"],
)
def test_a_rotation_of_the_icosahedron_leaves_every_class_in_place(axis, degrees):
    inputs = rotated_inputs(axis, degrees)
    assert (inputs != np.arange(12)).any()
    X, y = make_szt()
    rows = X[:, inputs].astype(int) @ 2 ** np.arange(12)[::-1]
    np.testing.assert_array_equal(szt_classes()[rows], szt_classes())
    np.testing.assert_array_equal(y[rows], y)


@pytest.mark.parametrize("name", ["_szt", "_idx", "_fetch", "_cifar10"])
def test_examples_in_the_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"ibtools.datasets.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
