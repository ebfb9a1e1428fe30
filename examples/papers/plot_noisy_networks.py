"""
========================================================
What is compression in a network where I(X;T) is finite?
========================================================

In a network without noise every layer tells all inputs apart, and what falls in the information
plane is a number of bins. Goldfeld et al. (ICML 2019) gave every unit a little Gaussian noise: then
I(X;T) is a property of the network, and can be estimated. Does it fall while the network learns,
and do bins follow it? Lorenzen et al. (ICLR 2022) made I(X;T) finite in another way, with units
that take few values.
"""

# %%
# How many rows an estimate takes
# -------------------------------
#
# Sample propagation takes the activations of n inputs, before their noise, as the centres of a
# Gaussian mixture, and its entropy for that of the layer. That is too low while n is small. For a
# layer of two units whose inputs are Gaussian the truth is known.

import warnings
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch

from ibtools import (
    ActivationRecorder,
    BinnedMI,
    InfoPlaneCallback,
    InformationClassifier,
    InformationPlane,
    InformationPlaneDisplay,
    RepresentationDisplay,
    SamplePropagationMI,
)
from ibtools.datasets import NoisyLayer, make_szt
from ibtools.networks import NoisyMLP, QuantizedMLP

torch.set_num_threads(1)

layer = NoisyLayer(weights=[[2, 0, 0], [0, 2, 1]], noise_std=0.1)
sizes = [32, 64, 128, 256, 512, 1024, 2048]
errors = []
for n in sizes:
    for seed in range(10):
        _, inputs = layer.sample(n, random_state=seed)
        centres = np.tanh(inputs @ layer.weights.T)
        measured = SamplePropagationMI(noise_std=0.1, random_state=0).fit(centres).mi_x_
        errors.append(measured - layer.mutual_information)
errors = np.reshape(errors, (len(sizes), -1))

fig, ax = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
ax.plot(sizes, -errors, "o", color="#0072B2", alpha=0.4, ms=4)
ax.plot(sizes, -errors.mean(axis=1), color="#0072B2", lw=2, label="mean of 10 samples")
slope = -errors.mean(axis=1)[2] * (sizes[2] / np.array(sizes))
ax.plot(sizes, slope, color="0.4", ls="--", lw=1, label="in proportion to 1/n")
ax.axhline(0, color="black", lw=0.6)
ax.set(xlabel="inputs n", xscale="log", ylabel="I(X;T) too low by [bits]")
ax.set_title(f"Sample propagation; the truth is {layer.mutual_information:.2f} bits")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()

# %%
# The mean error is 0.86 bit with 32 inputs, 0.25 with 128 and 0.02 with 2048, about in proportion
# to 1/n. The rate that Goldfeld et al. prove, of the order of one over the root of n, is a bound
# for every distribution of this dimension: this layer does better. The constant grows
# exponentially with the number of units, so that wide layers need far more inputs.
#
# A noisy network, and its bins
# -----------------------------
#
# The task of 4096 patterns, tanh units with a noise of standard deviation 0.1, and narrow layers at
# the end that can be drawn: three units, two, and the two outputs. I(X;T) is estimated from 150
# inputs, each propagated 15 times, for in deep layers the noise of those before is part of T|X.
# The estimator warns that more replicates would lower its values further. Here their course
# matters, and the warning is not shown. H(Bin(T)) is the entropy of the noisy layer in bins of
# twice its noise.

NOISE_STD = 0.1
X, y = make_szt()
training = {
    "optimizer": torch.optim.Adam,
    "lr": 0.01,
    "batch_size": 256,
    "train_split": None,
    "random_state": 0,
    "verbose": 0,
}
propagated = InfoPlaneCallback(
    {"propagated": SamplePropagationMI(noise_std=NOISE_STD, n_draws=2, random_state=0)},
    layers="hidden[45]",
    n_records=15,
    n_replicates=15,
    max_samples=150,
    random_state=0,
)
binned = InfoPlaneCallback(
    {"binned": BinnedMI(bin_width=2 * NOISE_STD)}, layers="noise[45]", n_records=15
)
folder = TemporaryDirectory()
recorder = ActivationRecorder(
    folder.name, layers="noise[45]", n_records=15, max_samples=600, overwrite=True, random_state=0
)
noisy = InformationClassifier(
    NoisyMLP,
    module__sizes=(12, 10, 7, 5, 3, 2, 2),
    module__noise_std=NOISE_STD,
    max_epochs=400,
    callbacks=[("propagated", propagated), ("binned", binned), ("recorder", recorder)],
    **training,
)
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "I.X;T. = .* for want of replicates")
    noisy.fit(X, y)
print(f"accuracy {noisy.score(X, y):.3f}")

# %%
# One curve for another
# ---------------------
#
# Both over the epochs, each on an axis of its own.

table = InformationPlane.from_history(noisy.history).to_frame()
mi_x = table.pivot(index="epoch", columns=["estimator", "layer"], values="mi_x")
fig, panels = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
peaks = {}
for ax, k, units in zip(panels, (4, 5), ("three units", "two units"), strict=True):
    information, entropy = mi_x["propagated", f"hidden{k}"], mi_x["binned", f"noise{k}"]
    peaks[k] = information.idxmax()
    (left,) = ax.plot(information, "o-", ms=4, color="#0072B2", label="I(X;T), propagated")
    other = ax.twinx()
    (right,) = other.plot(entropy, "s--", ms=4, color="#D55E00", label="H(Bin(T))")
    ax.axvline(peaks[k], color="0.6", lw=1, ls=":")
    ax.set_xscale("symlog", linthresh=1, linscale=0.3)
    ax.set(xlabel="epoch", title=f"hidden{k}, {units}", xlim=(-0.1, 500))
    ax.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
    ax.set_ylabel("I(X;T) [bits]", color=left.get_color())
    other.set_ylabel("H(Bin(T)) [bits]", color=right.get_color())
    ax.legend(handles=[left, right], frameon=False, fontsize="small", loc="lower right")
    falling = information.loc[peaks[k] :]
    r_falling = np.corrcoef(falling, entropy[falling.index])[0, 1]
    r_all = np.corrcoef(information, entropy)[0, 1]
    print(f"hidden{k}: r = {r_falling:.3f} from the maximum on, {r_all:.3f} over all epochs")
plt.show()

# %%
# I(X;T) does fall: from its maximum to the end by 0.7 bit in the layer of three units and by 0.3
# in that of two. From the maximum on (dotted), bins follow it closely: r = 0.98 and 0.95 here,
# and 0.96 to 1.00 over three seeds. Over all epochs r is smaller, 0.90 and 0.94 here and 0.68 to
# 0.94 over three seeds. While weights grow, they carry more of the noise of earlier layers into
# T, which counts in H(Bin(T)) and not in I(X;T).
#
# The paper reports that the two move together; that is so where I(X;T) falls, and less before. A
# network without noise has nothing of the kind: there I(X;T) stays at log2 N, and only H(Bin(T))
# falls. The paper's noise of 0.005 to 0.01 needs more inputs and epochs. Five seeds of the full
# reference network, with twice the replicates for more inputs, are a study::
#
#    python -m ibtools run examples/studies/plot_noisy_networks.toml
#
# What falls is a picture
# -----------------------
#
# The noisy activations of 600 inputs: untrained, at the maximum of I(X;T), and at the end.

recording = recorder.recording_
epochs = [0, peaks[4], recording.epochs[-1]]
fig = plt.figure(figsize=(9.5, 6.2), layout="constrained")
for row, (name, projection) in enumerate({"noise4": "3d", "noise5": None}.items()):
    for column, epoch in enumerate(epochs):
        ax = fig.add_subplot(2, 3, 3 * row + column + 1, projection=projection)
        rows = {name: recording.activations(epoch, name)}
        RepresentationDisplay.from_activations(rows, recording.y, ax=ax, legend=False)
        ax.set_title(f"{name}, epoch {epoch}", fontsize="medium")
        ax.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
        if projection:
            ax.set_zlim(-1.3, 1.3)
handles, names = ax.get_legend_handles_labels()
fig.legend(handles, names, loc="outside right upper", title="class", frameon=False)
plt.show()
folder.cleanup()

# %%
# At first the rows of both classes lie in one cloud. At the maximum they are spread out along a
# curve, where many inputs can be told apart. At the end most rows of a class are in one cloud, not
# much wider than the noise, and which of them it was is lost: compression is clustering. Goldfeld
# et al. show the same.
#
# A network whose information is exact
# ------------------------------------
#
# With units of 16 levels a layer has finitely many states, and bins that are the levels lose
# nothing: I(X;T) = H(T) is exact, without a width that is chosen afterwards.

quantized = InformationClassifier(
    QuantizedMLP,
    module__sizes=(12, 10, 7, 5, 4, 3, 2),
    module__n_levels=16,
    max_epochs=300,
    callbacks=[
        InfoPlaneCallback(
            {"exact": BinnedMI(n_bins=16, bounds=(-1, 1))}, layers="hidden*", n_records=30
        )
    ],
    **training,
).fit(X, y)
print(f"accuracy {quantized.score(X, y):.3f}")

plane = InformationPlane.from_history(quantized.history)
plane = plane.select(layers=[name for name in plane.layers if name.startswith("hidden")])
InformationPlaneDisplay.from_plane(plane)
plt.show()

# %%

paths = plane.to_frame().groupby("layer")["mi_x"]
(paths.max() - paths.last()).round(2)

# %%
# The third and the fourth layer lose 3.3 and 4.9 bits since their maximum, and this is no matter
# of bins: the network itself cannot tell those inputs apart. One network with units of 4 bits
# settles nothing about others.
