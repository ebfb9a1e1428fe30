"""
=====================================================
Does compression begin where the gradient gets noisy?
=====================================================

Shwartz-Ziv and Tishby (2017) saw two phases in the gradients of a network: *drift*, in which the
mean over the batches is larger than the noise, and *diffusion*, in which it is smaller. They
explained compression by the second. Here one fit records both: the gradient's mean and noise, and
the information plane.
"""

# %%
# A network and two callbacks
# ---------------------------
# The tanh network on the 4096-pattern task. The learning rate is ten times that of the other
# examples, and the epochs far fewer, so that this page is built quickly.

import torch

from ibtools import MLP, GradientSNRCallback, InfoPlaneCallback, InformationClassifier
from ibtools.datasets import make_szt

torch.set_num_threads(1)

X, y = make_szt()
net = InformationClassifier(
    MLP,
    module__sizes=(12, 10, 7, 5, 4, 3, 2),
    optimizer=torch.optim.Adam,
    optimizer__fused=True,
    lr=4e-3,
    batch_size=256,
    max_epochs=500,
    callbacks=[GradientSNRCallback(), InfoPlaneCallback(on="all", n_records=40)],
    random_state=0,
    verbose=0,
).fit(X, y)

# %%
# The gradient
# ------------
# The dotted lines mark, for every layer, the epoch at which the ratio falls most steeply.

from ibtools import GradientSNRDisplay

display = GradientSNRDisplay.from_estimator(net)
print(display.transitions_.round(2).to_string(index=False))

# %%
# The plane, and its phases
# -------------------------
# Bits that every layer has gained about the input since the first epoch, and lost again since its
# maximum.

from ibtools import InformationPlane
from ibtools.plane import information_phases

plane = InformationPlane.from_history(net.history)
phases = information_phases(plane)
columns = ["layer", "maximum", "drop", "compresses_from", "compresses"]
print(phases[columns].round(2).to_string(index=False))

# %%
# Side by side
# ------------
# The ratio of the last layer's gradient, and the information that the last hidden layer keeps about
# the input.

import matplotlib.pyplot as plt

from ibtools.plane import gradient_table

gradients = gradient_table(net.history)
last = gradients[gradients["layer"] == "linear6"]
hidden5 = plane.select(layers="hidden5").to_frame()

figure, (above, below) = plt.subplots(2, sharex=True, layout="constrained", figsize=(5.5, 4.5))
GradientSNRDisplay(last).plot(ax=above, quantities=["gradient_snr"])
below.plot(hidden5["epoch"], hidden5["mi_x"], color="#D55E00", marker=".")
below.set(xlabel="epoch", ylabel="I(X;T) of hidden5 [bits]", xscale="log")

# %%
# Both happen, and the order in which they do is a question of this seed, this learning rate and
# these bins: a coincidence in one run is no explanation. Saxe et al. (2018) found the same two
# phases of the gradient in networks that do not compress.
