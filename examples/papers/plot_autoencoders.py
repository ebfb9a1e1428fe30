"""
==================================================
How wide must the bottleneck of an autoencoder be?
==================================================

An autoencoder is trained to give back its input. So its target is X itself, and both axes of the
information plane are the same. Yu and Principe (Neural Networks 2019, arXiv:1804.00057) therefore
compared every layer with the input X and with the reconstruction X'. They saw paths in this plane
part, depending on whether the bottleneck is wider than the data are. Does it show where the
dimension of the data is known?
"""

# %%
# Data of three dimensions
# ------------------------
#
# Three random numbers, bent into a space of 20 dimensions by two fixed layers of tanh. Every row
# can be restored from three numbers, and from fewer only with an error. The autoencoders go
# 20-16-12-k-12-16-20, with a bottleneck of k = 1, 2, 3 or 6 units.
#
# One callback records the plane, the other keeps the activations, to compare layers with what the
# network gives back. Matrix-based Renyi information averages over mini-batches of 128 rows, so no
# value exceeds 7 bits.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch
from skorch import NeuralNetRegressor

from ibtools import ActivationRecorder, InfoPlaneCallback, InformationPlane, RenyiMatrixMI
from ibtools.networks import Autoencoder

torch.set_num_threads(1)

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(768, 3))
for n_out in (16, 20):
    X = np.tanh(X @ rng.normal(size=(X.shape[1], n_out)) / np.sqrt(X.shape[1] / 3))
X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)

renyi = RenyiMatrixMI(batch_size=128, random_state=0)
recording = {
    "layers": ["encoder*", "bottleneck", "decoder*"],
    "every": [1, 4, 16, 50],
    "on": "train",
}
WIDTHS = (1, 2, 3, 6)


def train(width):
    """Train an autoencoder; return the net, and the bottleneck's information about X and X'."""
    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        recorder = ActivationRecorder(folder, **recording)
        net = NeuralNetRegressor(
            Autoencoder,
            module__sizes=(20, 16, 12, width),
            module__activation="tanh",
            optimizer=torch.optim.Adam,
            lr=4e-3,
            batch_size=64,
            max_epochs=50,
            train_split=None,
            callbacks=[InfoPlaneCallback(renyi, **recording), recorder],
            verbose=0,
        ).fit(X, X)
        kept = recorder.recording_
        path = [
            [
                renyi.fit(kept.activations(epoch, "bottleneck"), inputs=other).mi_x_
                for other in (X, kept.activations(epoch, "prediction"))
            ]
            for epoch in kept.epochs
        ]
    return net, np.array(path)


nets, paths = zip(*(train(width) for width in WIDTHS), strict=True)

# %%
# What comes back
# ---------------
#
# The error of the reconstruction, in units of the variance of the data, and what the
# reconstruction tells about the input.

planes = [InformationPlane.from_history(net.history) for net in nets]
last = [plane.select(epochs=-1).to_frame().set_index("layer") for plane in planes]
for width, net, table in zip(WIDTHS, nets, last, strict=True):
    print(
        f"{width} units: error {net.history[-1, 'train_loss']:.3f}, "
        f"I(X;T) of the bottleneck {table.loc['bottleneck', 'mi_x']:.2f} bits, "
        f"I(X;X') {table.loc['prediction', 'mi_x']:.2f} bits"
    )

same = max((table["mi_x"] - table["mi_y"]).abs().max() for table in last)
print(f"I(X;T) and I(T;Y) differ by {same:.1g} bits at most")

# %%
# The plane of the bottleneck
# ---------------------------
#
# On the left, the bottleneck between input and reconstruction, from the untrained network (the
# small dot) to the end (the large one). On the right, all layers at the end.

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
colors = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
for width, path, table, color, marker in zip(WIDTHS, paths, last, colors, "osD^", strict=True):
    left.plot(*path.T, color=color, lw=1.2)
    left.scatter(*path[[0, -1]].T, s=[14, 55], color=color, marker=marker, zorder=3)
    right.plot(table.index, table["mi_x"], color=color, marker=marker, label=f"k = {width}")
left.axline((2, 2), slope=1, color="0.6", lw=0.8, ls="--", zorder=0)
left.set_aspect("equal")
left.set(xlabel="I(X;T) of the bottleneck [bits]", ylabel="I(X';T) of the bottleneck [bits]")
right.set(ylabel="I(X;T) [bits]", ylim=(0, None))
right.tick_params(axis="x", rotation=30)
fig.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
plt.show()

# %%
# The dimension of the data can be read from the error, which falls several times with the second
# and with the third unit and little with three more. It can be read from I(X;X'), too: it stops
# growing at three units. This agrees with the paper, which says that the dimension of the data sets
# how wide the bottleneck has to be.
#
# Two other findings of the paper are not reproduced. The first is a point at which the paths of
# narrow and wide bottlenecks part. Here they all end near the diagonal. One unit ends above it: X'
# is a function of T, while X is more than T, so that T tells more about X'. With three and six
# units X' has become nearly X, and the two values are nearly the same. That is one network for each
# width, with few epochs, and no proof that there is no such point.
#
# The second is the data-processing inequality, by which I(X;T) falls from layer to layer. The
# bottleneck stands above the layers around it. It is linear and has few units, and the bandwidth
# "scaled" depends on their number and scale: layers of unlike kind cannot be compared to a few
# tenths of a bit.
#
# ``tests/paper/test_autoencoders.py`` repeats the first finding with two seeds. A study file cannot
# declare this example, for studies train classifiers.
