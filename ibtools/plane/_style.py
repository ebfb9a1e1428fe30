"""How layers are told apart in figures, also in grey and by the colour-blind."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt

# Colours of Okabe and Ito, told apart by the colour-blind; the markers tell layers apart in grey.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#8C6D31")
_MARKERS = "osD^vPXph*"


def layer_styles(layers: Sequence[str]) -> dict[str, tuple[Any, str]]:
    """Give every layer a colour and a marker.

    Parameters
    ----------
    layers : sequence of str
        Names of the layers, in their order.

    Returns
    -------
    styles : dict of str to (color, marker)
        By layer; colours along a scale where there are more layers than distinct colours.
    """
    colors: Sequence[Any] = _COLORS
    if len(layers) > len(_COLORS):
        colors = list(plt.get_cmap("viridis")(np.linspace(0, 0.95, len(layers))))
    return {layer: (colors[k], _MARKERS[k % len(_MARKERS)]) for k, layer in enumerate(layers)}
