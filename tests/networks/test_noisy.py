import numpy as np
import pytest
import torch
from torch import nn

from ibtools import (
    MLP,
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    SamplePropagationMI,
)
from ibtools.datasets import make_szt
from ibtools.networks import GaussianNoise, NoisyMLP, SeedEnsemble, without_noise

X = torch.linspace(-1, 1, 24).reshape(4, 6)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("noise_std", [0.01, 0.5])
def test_noise_has_its_size_in_training_and_evaluation(noise_std, training):
    layer = GaussianNoise(noise_std).train(training)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        noise = (layer(X.repeat(20000, 1)) - X.repeat(20000, 1)).double()
    n_draws = noise.numel()
    assert abs(noise.mean()) < 4 * noise_std / n_draws**0.5
    assert abs(noise.std() / noise_std - 1) < 4 / (2 * n_draws) ** 0.5
    correlations = np.corrcoef(noise.numpy().T) - np.eye(6)
    assert np.abs(correlations).max() < 5 / len(noise) ** 0.5


def test_no_noise():
    assert torch.equal(GaussianNoise(0)(X), X)
    assert GaussianNoise(0.1)(X.double()).dtype == torch.float64


@pytest.mark.parametrize("noise_std", [-0.1, float("nan"), float("inf")])
def test_noise_that_is_no_size(noise_std):
    with pytest.raises(ValueError, match="noise_std must be a number from 0"):
        GaussianNoise(noise_std)


def test_weights_and_layers_are_those_of_the_mlp():
    sizes, options = (6, 5, 4, 2), {"activation": ["tanh", "relu"], "output": "probabilities"}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        plain = MLP(sizes, **options)
        torch.manual_seed(0)
        noisy = NoisyMLP(sizes, noise_std=0.3, **options)
    assert [name for name, _ in noisy.named_children()] == [
        "linear1", "hidden1", "noise1", "linear2", "hidden2", "noise2", "linear3", "softmax",
    ]  # fmt: skip
    assert type(noisy.hidden2) is nn.ReLU
    assert noisy.output == "probabilities"
    assert noisy.state_dict().keys() == plain.state_dict().keys()
    with without_noise(noisy):
        assert torch.equal(noisy(X), plain(X))
    assert "noise_std=0.3" in repr(noisy)


def test_deterministic_on_request_and_noisy_again():
    module = NoisyMLP((6, 5, 2), noise_std=0.5).eval()
    assert not torch.equal(module(X), module(X))
    module.noise1.is_silent = True
    with pytest.raises(KeyError), without_noise(module):
        raise KeyError
    assert module.noise1.is_silent
    module.noise1.is_silent = False
    with without_noise(module), without_noise(module):
        assert torch.equal(module(X), module(X))
    assert not torch.equal(module(X), module(X))


def make_net(**parameters):
    return InformationClassifier(
        **{
            "module": NoisyMLP,
            "module__sizes": (12, 5, 4, 2),
            "module__noise_std": 0.2,
            "optimizer": torch.optim.Adam,
            "lr": 0.02,
            "max_epochs": 2,
            "batch_size": 256,
            "random_state": 0,
            "verbose": 0,
        }
        | parameters,
    )


@pytest.mark.filterwarnings("ignore:I.X;T. = .* for want of replicates:UserWarning")
def test_trains_and_records_repeatedly():
    rows, y = make_szt()
    rows, y = rows[::16], y[::16]
    callback = InfoPlaneCallback(
        SamplePropagationMI(noise_std=0.2, random_state=0),
        layers="hidden*",
        n_replicates=3,
        on="all",
        every=1,
    )
    first, second = (make_net(callbacks=[callback]).fit(rows, y) for _ in range(2))
    plane = InformationPlane.from_history(first.history)
    assert plane == InformationPlane.from_history(second.history)
    table = plane.select(layers=["hidden1", "hidden2"]).to_frame()
    assert (table["mi_x"] < table["mi_x_ceiling"] + 4 * table["mi_x_std_error"]).all()
    # Noise upon noise: the second layer keeps less.
    last = table[table["epoch"] == 2].set_index("layer")["mi_x"]
    assert last["hidden2"] < last["hidden1"]


def test_ensembles_of_noisy_networks():
    rows, y = make_szt()
    parameters = {"module__module": NoisyMLP, "module__seeds": 2}
    with pytest.raises(ValueError, match="draws random numbers"):
        make_net(module=SeedEnsemble, **parameters).fit(rows[::8], y[::8])
    parameters["module__randomness"] = "different"
    net = make_net(module=SeedEnsemble, **parameters).fit(rows[::8], y[::8])
    assert type(net.member(1).module_) is NoisyMLP


@pytest.mark.slow
@pytest.mark.parametrize("noise_std", [0.01, 0.1])
def test_accuracy_is_that_of_the_deterministic_network(noise_std):
    """12-10-7-5-4-3-2 on the 4096 patterns: within two points."""
    rows, y = make_szt()
    order = np.random.RandomState(0).permutation(len(rows))
    train, test = order[:3482], order[3482:]
    settings = {"module__sizes": (12, 10, 7, 5, 4, 3, 2), "lr": 4e-3, "max_epochs": 300}
    scores = [
        make_net(**settings, **module, train_split=None)
        .fit(rows[train], y[train])
        .score(rows[test], y[test])
        for module in ({"module__noise_std": noise_std}, {"module__noise_std": 0.0})
    ]
    assert scores[0] > scores[1] - 0.02


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:I.X;T. = .* for want of replicates:UserWarning")
@pytest.mark.parametrize(
    ("noise_std", "n_inputs", "n_replicates"), [(0.01, 1000, 4), (0.1, 200, 20)]
)
def test_information_falls_as_the_representations_cluster(noise_std, n_inputs, n_replicates):
    """12-10-7-5-4-3-2 on the 4096 patterns: I(X;T) and H(Bin(T)) fall together in layers 4 and 5.

    T is the layer with its noise, and bins are 2 noise_std wide. H(Bin(T)) follows h(T) in every
    epoch, and I(X;T) = h(T) - h(T|X) once it falls. Before, the growing weights carry more of the
    earlier layers' noise into T as well, which h(T|X) takes out of I(X;T) and nothing out of
    H(Bin(T)): with a noise of 0.1 they correlate by 0.6 to 0.85 over all epochs, from the maximum
    of I(X;T) on by 0.96 or more (seeds 0, 1, 2).
    """
    rows, y = make_szt()
    order = np.random.RandomState(0).permutation(len(rows))[:3482]
    propagated = InfoPlaneCallback(
        {"propagated": SamplePropagationMI(noise_std=noise_std, n_draws=2, random_state=0)},
        layers="hidden[45]",
        n_records=20,
        n_replicates=n_replicates,
        max_samples=n_inputs,
        random_state=0,
    )
    binned = InfoPlaneCallback(
        {"binned": BinnedMI(bin_width=2 * noise_std)}, layers="noise[45]", n_records=20
    )
    net = make_net(
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        module__noise_std=noise_std,
        lr=0.01,
        max_epochs=600,
        train_split=None,
        callbacks=[("propagated", propagated), ("binned", binned)],
    ).fit(rows[order], y[order])
    table = InformationPlane.from_history(net.history).to_frame()
    mi_x = table.pivot(index="epoch", columns=["estimator", "layer"], values="mi_x")
    for k in (4, 5):
        information, entropy = mi_x["propagated", f"hidden{k}"], mi_x["binned", f"noise{k}"]
        falling = information.loc[information.idxmax() :]
        assert len(falling) >= 5
        assert falling.iloc[0] - falling.iloc[-1] > 0.2
        assert np.corrcoef(falling, entropy[falling.index])[0, 1] > 0.9
        assert np.corrcoef(information, entropy)[0, 1] > 0.5
