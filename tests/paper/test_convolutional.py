"""Yu et al. (2021): LeNet-5, the information of its layers and of its errors.

Matrix-based Renyi information of order 1.01, averaged over mini-batches of 128 rows. Along the
layers the data-processing inequality is true of the true information. These numbers depend on a
kernel besides, whose one bandwidth does not follow the size of a layer's values, and the second
convolution (hidden3) exceeds the pooling before it. The errors are no Markov chain, for they
depend on the activations too: what they violate is a finding.
"""

import pytest
import torch

from ibtools import (
    ErrorPlaneCallback,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    RenyiMatrixMI,
)
from ibtools.datasets import fetch_fashion_mnist, fetch_mnist
from ibtools.networks import LeNet5
from ibtools.plane import data_processing_pairs, error_plane

HIDDEN = [f"hidden{k}" for k in range(1, 7)]


def _images(folder, subset, n_per_class=None, fetch=fetch_mnist):
    return fetch(
        subset=subset,
        data_home=folder,
        download_if_missing=False,
        return_X_y=True,
        n_per_class=n_per_class,
        random_state=0,
        as_images=True,
    )


def _train(images, labels, seed=0, **parameters):
    """Train as published, and record both chains after every epoch."""
    renyi = RenyiMatrixMI(
        alpha=1.01, bandwidth="silverman", bandwidth_factor=5, batch_size=128, random_state=0
    )
    measured = {"every": 1, "max_samples": 1280, "random_state": 0}
    callbacks = [
        ("forward", InfoPlaneCallback(renyi, layers="hidden*", **measured)),
        ("errors", ErrorPlaneCallback(**measured)),
    ]
    net = InformationClassifier(
        LeNet5,
        optimizer=torch.optim.SGD,
        optimizer__momentum=0.95,
        train_split=None,
        callbacks=callbacks,
        random_state=seed,
        verbose=0,
        **parameters,
    )
    return net.fit(images, labels)


def _forward_pairs(net, pairs="consecutive"):
    """Layers two by two after every epoch of training, within one standard error."""
    plane = InformationPlane.from_history(net.history)
    plane = plane.select(epochs=plane.epochs[1:], layers=HIDDEN)
    return data_processing_pairs(plane, pairs=pairs, n_std_errors=1)


def _error_pairs(net):
    plane = error_plane(net.history)
    return data_processing_pairs(plane.select(epochs=plane.epochs[1:]), n_std_errors=1)


def _report(title, pairs):
    violated = pairs.loc[pairs["violated"], ["epoch", "earlier", "later", "excess", "std_error"]]
    text = f"{title}: {len(violated)} of {len(pairs)} pairs violated, in bits"
    return f"{text}\n{violated.to_string(index=False)}" if len(violated) else text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The rows of T are nearly unlike:UserWarning")
def test_a_small_relu_network_keeps_to_the_inequality(real_data):
    """4000 images and 3 epochs, in batches of 32: those of 128 are too few steps to learn.

    Measured with two seeds: accuracy 0.93; after each epoch hidden3 exceeds hidden2 by 0.02 to
    0.03 bit, less than two standard errors, and no other layer the one before it.
    """
    images, labels = _images(real_data, "train", 400)
    net = _train(images, labels, module__activation="relu", lr=0.01, batch_size=32, max_epochs=3)
    assert net.score(*_images(real_data, "test", 100)) > 0.9
    forward, errors = _forward_pairs(net), _error_pairs(net)
    assert len(forward) == 15
    assert forward["violated"].mean() <= 0.25, _report("layers", forward)
    assert forward["excess"].max() < 0.05, _report("layers", forward)
    assert len(errors) == 9
    assert errors["violated"].mean() < 0.5, _report("errors", errors)


def _train_on_all(folder, fetch, activation, lr, seed):
    """Train with 60000 images for 10 epochs; give accuracy, layers, neighbours and errors."""
    images, labels = _images(folder, "train", fetch=fetch)
    training = {"module__activation": activation, "lr": lr, "batch_size": 128, "max_epochs": 10}
    net = _train(images, labels, seed, **training)
    reached = net.score(*_images(folder, "test", fetch=fetch))
    all_pairs, neighbours, errors = (
        _forward_pairs(net, "all"),
        _forward_pairs(net),
        _error_pairs(net),
    )
    print(f"{activation}, seed {seed}: accuracy {reached:.4f}")
    print(_report("layers", neighbours))
    print(_report("errors", errors))
    assert (len(all_pairs), len(neighbours), len(errors)) == (150, 50, 30)
    return reached, all_pairs, neighbours, errors


@pytest.mark.paper
@pytest.mark.filterwarnings("ignore:The rows of T are nearly unlike:UserWarning")
@pytest.mark.parametrize(
    ("fetch", "activation", "lr", "seed", "accuracy"),
    [
        (fetch_mnist, "sigmoid", 0.1, 0, 0.97),
        (fetch_mnist, "sigmoid", 0.1, 1, 0.97),
        (fetch_mnist, "sigmoid", 0.1, 2, 0.97),
        (fetch_mnist, "relu", 0.01, 0, 0.98),
        (fetch_fashion_mnist, "sigmoid", 0.1, 0, 0.82),
        (fetch_fashion_mnist, "sigmoid", 0.1, 1, 0.82),
        (fetch_fashion_mnist, "sigmoid", 0.1, 2, 0.82),
    ],
)
def test_all_images(real_data, fetch, activation, lr, seed, accuracy):
    """60000 images and 10 epochs in batches of 128; ReLU dies at the published rate of 0.1.

    Measured with digits, sigmoids and seeds 0, 1 and 2: accuracy 0.974, 0.978 and 0.980; of the 50
    pairs of neighbours 3, 6 and 5 are violated, always hidden3 exceeding hidden2, by 0.1 to 0.5
    bit: at least 96 of 100 pairs of any two layers hold, 88 of 100 pairs of neighbours. At most 1
    of 30 pairs of errors is violated. Measured with ReLU: accuracy 0.983, no pair of either kind
    is. Measured with clothes and sigmoids: accuracy 0.861, 0.836 and 0.866; 4, 6 and 7 of 50 pairs
    of neighbours are violated, the same ones, and no pair of errors.
    """
    reached, all_pairs, neighbours, errors = _train_on_all(real_data, fetch, activation, lr, seed)
    assert reached > accuracy
    assert 1 - all_pairs["violated"].mean() >= 0.95, _report("any two layers", all_pairs)
    assert 1 - neighbours["violated"].mean() >= 0.85
    assert set(neighbours.loc[neighbours["violated"], "later"]) <= {"hidden3"}
    assert errors["violated"].mean() <= 0.1, _report("errors", errors)


@pytest.mark.paper
@pytest.mark.filterwarnings("ignore:The rows of T are nearly unlike:UserWarning")
@pytest.mark.parametrize("seed", [0, 1])
def test_all_clothes_with_relu(real_data, seed):
    """Not reproduced: Fashion-MNIST with ReLU violates the inequality in both chains.

    Measured with seeds 0 and 1: accuracy 0.891 and 0.892. After each epoch hidden3 exceeds hidden2,
    by 0.02 to 0.09 bit, which makes 10 of 50 pairs of neighbours. Of the pairs of errors 19 and 20
    of 30 are violated, always from a layer to the convolution below it, by 0.1 to 0.2 bit, which is
    one to two standard errors at each epoch.
    """
    reached, all_pairs, neighbours, errors = _train_on_all(
        real_data, fetch_fashion_mnist, "relu", 0.01, seed
    )
    assert reached > 0.87
    assert 1 - all_pairs["violated"].mean() >= 0.85, _report("any two layers", all_pairs)
    assert set(neighbours.loc[neighbours["violated"], "later"]) == {"hidden3"}
    assert 0.02 < neighbours["excess"].max() < 0.2, _report("layers", neighbours)
    assert set(errors.loc[errors["violated"], "later"]) == {"hidden3", "hidden1"}
    assert errors["violated"].mean() > 0.4, _report("errors", errors)
