import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from torch import nn

from ibtools import MLP


def test_names_follow_execution():
    names = [name for name, _ in MLP((12, 4, 3, 2), output="probabilities").named_children()]
    assert names == ["linear1", "hidden1", "linear2", "hidden2", "linear3", "softmax"]


def test_forward_is_the_formula():
    module = MLP((3, 4, 2), "tanh")
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    first, last = module.linear1, module.linear2
    expected = torch.tanh(x @ first.weight.T + first.bias) @ last.weight.T + last.bias
    torch.testing.assert_close(module(x), expected)


def test_probabilities_are_the_softmax_of_the_logits():
    module = MLP((3, 4, 2), output="probabilities")
    logits = nn.Sequential(*list(module)[:-1])
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(module(x), logits(x).softmax(-1))


@pytest.mark.parametrize(
    ("name", "kind"), [("tanh", nn.Tanh), ("relu", nn.ReLU), ("sigmoid", nn.Sigmoid)]
)
def test_one_name_for_all_layers(name, kind):
    module = MLP((3, 4, 5, 2), name)
    assert type(module.hidden1) is kind
    assert type(module.hidden2) is kind
    assert module.hidden1 is not module.hidden2


def test_one_activation_per_layer():
    module = MLP((3, 4, 4, 4, 2), ["relu", nn.ELU, "linear"])
    assert [type(module.hidden1), type(module.hidden2)] == [nn.ReLU, nn.ELU]
    x = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(module.hidden3(x), x)


def test_no_hidden_layer():
    assert [name for name, _ in MLP((3, 2)).named_children()] == ["linear1"]


def test_init_reaches_the_weights():
    weight = MLP((8, 8, 8), init="orthogonal").linear1.weight.detach()
    torch.testing.assert_close(weight @ weight.T, torch.eye(8), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (3,)}, "two or more positive"),
        ({"sizes": (3, 0, 2)}, "two or more positive"),
        ({"sizes": (3, 4, 2), "activation": ["tanh", "tanh"]}, "names 2 layers.* 1 hidden"),
        ({"sizes": (3, 4, 2), "activation": "swish"}, "'tanh', 'relu'.*'swish'"),
        ({"sizes": (3, 4, 2), "activation": ["swish"]}, "'tanh', 'relu'.*'swish'"),
        ({"sizes": (3, 4, 2), "output": "softmax"}, "'logits' or 'probabilities'.*'softmax'"),
        ({"sizes": (3, 4, 2), "init": "zeros"}, "init must be one of"),
    ],
)
def test_errors_name_the_parameter(arguments, message):
    with pytest.raises(ValueError, match=message):
        MLP(**arguments)


@pytest.mark.parametrize(
    ("output", "criterion"), [("logits", nn.CrossEntropyLoss), ("probabilities", nn.NLLLoss)]
)
def test_in_skorch_classifier(data, output, criterion):
    X, y = data
    net = NeuralNetClassifier(
        MLP(sizes=(6, 8, 2), output=output), criterion=criterion, max_epochs=30, lr=0.2, verbose=0
    ).fit(X, y)
    proba = net.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert net.score(X, y) > 0.8
    # The loss of one batch is the cross-entropy of these probabilities.
    loss = net.get_loss(net.forward(X), torch.as_tensor(y)).item()
    assert loss == pytest.approx(-np.log(proba[np.arange(len(y)), y]).mean(), rel=1e-4)
