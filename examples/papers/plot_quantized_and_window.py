"""
==============================================
Can information be exact, and still compress?
==============================================

A network without noise that computes with real numbers has no information plane: I(X;T) is the
entropy of the input in every layer, and what figures show comes from their bins. Two ways around
this need no bins of our choice. Lorenzen, Igel and Nielsen (ICLR 2022) quantised the network
itself, so that every unit takes a few values only and information is exact. Grabauskas also took
the weights of successive epochs for random ones, as if training were the noise. Do the phases of
Shwartz-Ziv and Tishby remain?
"""

# %%
# Two networks
# ------------
#
# The first network on the 4096 patterns has tanh units of 16 values, 4 bits; Lorenzen et al. had 8,
# which come further down. Bins that are these values measure it exactly. The second is an ordinary
# tanh network. It is measured twice in 16 bins: as it is after an epoch, and with the activations
# of 20 successive epochs together. Then each input has 20 representations, and
# I(X;T) = H(T) - H(T|X).
#
# Both are trained for 250 epochs with a learning rate of 0.005, and one seed.

import matplotlib.pyplot as plt
import pandas as pd
import torch

from ibtools import (
    MLP,
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    InformationPlaneDisplay,
)
from ibtools.datasets import fetch_notmnist, make_szt
from ibtools.networks import QuantizedMLP
from ibtools.plane import data_processing_pairs

torch.set_num_threads(1)

EPOCHS = [20, 35, 60, 100, 160, 250]
HIDDEN = [f"hidden{k}" for k in range(1, 6)]


def train(module, data, *callbacks, **options):
    """Train a network, and give its plane."""
    net = InformationClassifier(
        module,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        callbacks=[(f"plane{k}", callback) for k, callback in enumerate(callbacks)],
        random_state=0,
        verbose=0,
        **options,
    ).fit(*data)
    print(f"{module.__name__}: accuracy {net.score(*data):.3f}")
    return InformationPlane.from_history(net.history)


def measure(name, n_bins, **options):
    """Record the information of bins between -1 and 1 under a name."""
    bins = BinnedMI(n_bins=n_bins, bounds=(-1, 1))
    return InfoPlaneCallback({name: bins}, layers="hidden*", on="all", every=EPOCHS, **options)


patterns = make_szt()
szt = {
    "module__sizes": (12, 10, 7, 5, 4, 3, 2),
    "lr": 5e-3,
    "batch_size": 512,
    "max_epochs": EPOCHS[-1],
}
planes = [
    train(QuantizedMLP, patterns, measure("16 levels, exact", 16), module__n_levels=16, **szt),
    train(
        MLP,
        patterns,
        measure("16 bins, one epoch", 16),
        measure("16 bins, 20 epochs", 16, window=20),
        **szt,
    ),
]
table = pd.concat([plane.to_frame() for plane in planes])
plane = InformationPlane(table[table["layer"].isin(HIDDEN)])

# %%
# Three planes
# ------------

InformationPlaneDisplay.from_plane(plane.select(epochs=EPOCHS))
plt.show()

# %%
# What each layer has at the end, and what it lost since its peak, in bits:

for name in plane.estimators:
    paths = plane.select(estimators=name).to_frame().groupby("layer", sort=False)["mi_x"]
    print(name)
    print("  at the end:", *(f"{bits:5.2f}" for bits in paths.last()))
    print("  lost:      ", *(f"{bits:5.2f}" for bits in paths.max() - paths.last()))

# %%
# Is a chain of exact numbers a chain?
# ------------------------------------
#
# A quantised layer is a function of the quantised layer before it, so that its information cannot
# be more. This is a theorem about the numbers that are measured, and not only about those that are
# meant.

for name in plane.estimators:
    pairs = data_processing_pairs(plane.select(estimators=name))
    print(
        f"{name}: {pairs['violated'].sum()} of {len(pairs)} pairs violated, "
        f"by up to {max(0, pairs['excess'].max()):.2f} bits"
    )

# %%
# Exact information falls, too. With units of 16 values the fourth hidden layer loses 1.2 bits about
# the input and the last one 1.0, so such a fall is not made by bins that were chosen afterwards.
# Lorenzen et al. say the same of tanh. Their other finding, that the output compresses in all
# experiments, is not looked at here: our output is not quantised.
#
# In the ordinary network the last hidden layer alone loses something, 0.7 bits. Over 20 epochs
# together it has a bit less to tell about the input, 5.1 in place of 6.1, because the weights move.
# The order of the layers stays as it is, which is what Grabauskas found. The shape of the paths
# stays too, but not in the last layer: with three seeds the paths of hidden3 and hidden4 have a
# correlation above 0.95 between one epoch and 20 together, those of hidden5 one of 0.35 to 0.54.
# There the difference between the two becomes smaller from epoch to epoch, perhaps as the weights
# come to rest, and hides the fall.
#
# These are single networks, trained for a short time. With 500 epochs and two seeds of the
# quantised one, hidden4 lost 1.5 and 1.3 bits, and hidden5 1.5 and 0.6.
#
# Eight bits
# ----------
#
# Now units of 256 values, as in the paper, and otherwise the same.

eight = train(
    QuantizedMLP, patterns, measure("256 levels, exact", 256), module__n_levels=256, **szt
).select(layers=HIDDEN)

fig, axes = plt.subplots(ncols=2, figsize=(9, 3.6), sharey=True, layout="constrained")
panels = {"4 bits": plane.select(estimators="16 levels, exact"), "8 bits": eight}
for ax, (name, levels) in zip(axes, panels.items(), strict=True):
    paths = levels.to_frame().pivot(index="epoch", columns="layer", values="mi_x")
    for layer, marker in zip(HIDDEN, "osD^v", strict=True):
        ax.plot(paths[layer], marker=marker, ms=4, label=layer)
    ax.axhline(12, color="0.4", ls="--", lw=1)
    ax.set(title=f"units of {name}", xlabel="epoch", ylim=(0, 12.5))
axes[0].set_ylabel("exact I(X;T) [bits]")
axes[1].legend(frameon=False, ncols=2, loc="lower right")
plt.show()

# %%
# With 8 bits a layer has so many states, 2 to the power of 24 in the last one, that 4096 patterns
# hardly meet: the first four layers tell all of them apart, and stay at 12 bits from beginning to
# end. The last one falls from 11.95 bits to 10.9. About half of this is lost before epoch 20, and
# 0.6 bit after a small rise, late. With four seeds and as many epochs it lost 1.1 to 3.6 bits, and
# the first three layers nothing. So information is exact with any number of levels, but how much
# of it falls, and in which layers, depends on their number as it depends on the width of bins. The
# study ``examples/studies/plot_quantized_and_window.toml`` has units of 2, 4, 6 and 8 bits, ten
# seeds and 8000 epochs.
#
# Letters
# -------
#
# Grabauskas drew the plane of other data as well. Here are 2000 letters of notMNIST, A to J in many
# typefaces, a tanh network with hidden layers of 16, 12, 8, 6 and 4 units, and 40 epochs.

letters = fetch_notmnist(n_per_class=200, random_state=0, return_X_y=True)
widths = {f"width {width}": BinnedMI(bin_width=width) for width in (0.07, 0.3)}
plane = train(
    MLP,
    letters,
    InfoPlaneCallback(widths, on="all", n_records=12),
    module__sizes=(784, 16, 12, 8, 6, 4, 10),
    lr=3e-3,
    batch_size=64,
    max_epochs=40,
)
InformationPlaneDisplay.from_plane(plane)
plt.show()

# %%

wide = plane.select(estimators="width 0.3").to_frame()
wide.pivot(index="epoch", columns="layer", values="mi_x")[plane.layers].round(2)

# %%
# The phases are there: the last hidden layer gains information for four epochs, and then loses 1.6
# bits of it, while the probabilities go on to rise for longer. In bins of 0.07 it loses 2.5 bits,
# nearer to the ceiling of 11 bits. With two more seeds it loses 1.3 and 1.4 bits in the wide bins,
# and 2.5 and 2.8 in the narrow ones. The bins are of our choice again.
