"""
===================================================
Do depth and batch size decide when phases change?
===================================================

Shwartz-Ziv and Tishby (2017, arXiv:1703.00810) explain compression by the noise of the gradient,
and draw consequences: networks with more hidden layers need fewer epochs, and compression begins
where the gradient goes over from *drift* (signal) to *diffusion* (noise). If so, changing the size
of the batches must move both. Here are networks of one to six hidden layers, and batches of three
sizes.
"""

# %%
# One to six hidden layers
# ------------------------
#
# The network of the paper, cut off after its first, second, ... hidden layer, with three units in
# the last ones; five seeds each. Training is counted as converged when the mean loss of an epoch is
# below 0.4 nats, and more strictly below 0.25.
#
# For this page the learning rate is 0.003 and there are 60 epochs, and no plane is needed. The
# study ``examples/studies/plot_training_conditions.toml`` has 8000 epochs at 0.0004, and the
# planes.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from ibtools import (
    MLP,
    GradientSNRCallback,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
)
from ibtools.datasets import make_szt
from ibtools.networks import SeedEnsemble
from ibtools.plane import drift_diffusion_transition, gradient_table, information_phases

torch.set_num_threads(1)

X, y = make_szt()
adam = {"optimizer": torch.optim.Adam, "optimizer__fused": True, "train_split": None, "verbose": 0}
hidden = (10, 7, 5, 4, 3, 3)
N_SEEDS, N_EPOCHS = 5, 60


def losses(n_hidden):
    """Train five seeds of one depth; return the training losses by epoch and seed."""
    net = InformationClassifier(
        SeedEnsemble,
        module__module=MLP,
        module__sizes=(12, *hidden[:n_hidden], 2),
        module__seeds=N_SEEDS,
        lr=0.003,
        batch_size=512,
        max_epochs=N_EPOCHS,
        **adam,
    ).fit(X, y)
    columns = [f"member{seed}/train_loss" for seed in range(N_SEEDS)]
    return pd.DataFrame(net.history[:, columns], index=range(1, N_EPOCHS + 1))


depths = {n_hidden: losses(n_hidden) for n_hidden in range(1, 7)}


def epochs_until(loss):
    """First epoch below a loss, by depth and seed; NaN where there is none."""
    return pd.DataFrame(
        {n: paths.lt(loss).idxmax().where(paths.lt(loss).any()) for n, paths in depths.items()}
    ).T


fig, (left, right) = plt.subplots(ncols=2, figsize=(9, 3.8), layout="constrained")
shades = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(depths)))
for (n_hidden, paths), color in zip(depths.items(), shades, strict=True):
    left.plot(paths.index, paths.mean(axis=1), color=color, label=n_hidden)
left.set(xlabel="epoch", ylabel="training loss [nats]", xlim=(1, N_EPOCHS))
left.legend(title="hidden layers", ncols=2, frameon=False)
for loss, marker, color in [(0.4, "o", "#0072B2"), (0.25, "s", "#D55E00")]:
    epochs = epochs_until(loss)
    right.plot(epochs.index, epochs, marker, color=color, ms=4, alpha=0.4, mec="none")
    right.plot(epochs.index, epochs.median(axis=1), marker + "-", color=color, label=f"loss {loss}")
right.set(xlabel="hidden layers", ylabel="epochs needed", ylim=(0, None), title="median of 5 seeds")
right.legend(frameon=False)
plt.show()

print(epochs_until(0.4).median(axis=1).rename("epochs until loss 0.4").to_frame().T)

# %%
# In part. From one hidden layer to three the epochs needed for a loss of 0.4 fall by half, from 19
# to 10, and from there on little: to 8 with four layers and more. For a loss of 0.25 there is
# nothing to gain beyond two, and one network of one hidden layer does not get there in 60 epochs:
# it is left out of the median. A network of one hidden layer also has the fewest weights, and that
# alone may make it slow; depth and size are not told apart here.
#
# Three sizes of batches
# ----------------------
#
# Now the network of five hidden layers, three seeds for each size, learning rate 0.002. Two epochs
# are compared: where the signal-to-noise ratio of the last layer's gradient falls most steeply over
# the logarithm of the epoch, and the last one at which the probabilities still hold their maximum
# of I(X;T), but for 0.05 bits: from there on they compress.


def transitions(batch_size, seed):
    """Train one network; return both epochs."""
    net = InformationClassifier(
        MLP,
        module__sizes=(12, 10, 7, 5, 4, 3, 2),
        lr=0.002,
        batch_size=batch_size,
        max_epochs=80,
        random_state=seed,
        callbacks=[
            GradientSNRCallback("linear6"),
            InfoPlaneCallback(on="all", layers="hidden5", n_records=20),
        ],
        **adam,
    ).fit(X, y)
    plane = InformationPlane.from_history(net.history).select(layers="probabilities")
    return {
        "batch size": batch_size,
        "seed": seed,
        "gradient": drift_diffusion_transition(gradient_table(net.history))["epoch"].iloc[0],
        "compression": information_phases(plane)["compresses_from"].iloc[0],
    }


sizes = (256, 512, 1024)
table = pd.DataFrame([transitions(size, seed) for size in sizes for seed in range(3)])
table.groupby("batch size")[["gradient", "compression"]].agg(["min", "max"]).round(1)

# %%

fig, ax = plt.subplots(figsize=(5.4, 4.0), layout="constrained")
named = {"gradient": ("o", "#0072B2"), "compression": ("s", "#D55E00")}
for what, (marker, color) in named.items():
    ax.plot(table["batch size"], table[what], marker, color=color, alpha=0.4, mec="none")
    mean = table.groupby("batch size")[what].mean()
    ax.plot(mean.index, mean, marker + "-", color=color, label=what)
ax.set(xscale="log", yscale="log", xlabel="batch size", ylabel="epoch of the transition")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.set_yticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()

# %%
# Both move with the size of the batches, nearly in proportion to it: the gradient's transition from
# epoch 10 or 11 with 256 rows to between 33 and 53 with 1024, the beginning of compression from 5
# to 7 there to between 18 and 22 here. So compression begins at about half the epoch at which the
# gradient turns noisy: before it, not after it.
#
# What this does not show is that one causes the other. A batch four times as large makes a quarter
# of the steps in an epoch: whatever happens after a number of *steps* comes four times as late,
# with noise or without. Counted in steps both transitions stay nearly where they are, although the
# noise of a batch of 1024 is half that of 256. Training without that noise is one of the controls
# in :ref:`sphx_glr_gallery_papers_plot_controls.py`.
