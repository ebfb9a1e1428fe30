"""Cost against n and d, log-log, a figure for each estimator."""

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from rows import fitted_exponent

COLOURS = {"ours": "#0072b2", "peer": "#d55e00"}
AXES = {"n": "rows n", "d": "columns d"}
STYLE = {
    "svg.fonttype": "none",  # the reader's own fonts, small files
    "svg.hashsalt": "ibtools",  # the same bytes for the same numbers
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def figure_name(estimator):
    """Of the file."""
    return f"cost_{estimator}.svg"


def draw_costs(curves, folder):
    """Write the figures; return the names of the estimators that have one."""
    estimators = list(dict.fromkeys(curve.estimator for curve in curves))
    for estimator in estimators:
        own = {curve.axis: curve for curve in curves if curve.estimator == estimator}
        with matplotlib.rc_context(STYLE):
            _draw(own).savefig(folder / figure_name(estimator), metadata={"Date": None})
    return estimators


def _draw(curves):
    figure = Figure(figsize=(8, 3.4), layout="constrained", facecolor="white")
    panels = figure.subplots(1, len(AXES), sharey=True, squeeze=False)[0]
    for panel, (axis, label) in zip(panels, AXES.items(), strict=True):
        panel.set(xscale="log", yscale="log", xlabel=label)
        if axis in curves:
            _draw_panel(panel, curves[axis])
    panels[0].set_ylabel("CPU seconds")
    return figure


def _draw_panel(panel, curve):
    for who, name in (("ours", curve.estimator), ("peer", curve.peer_name)):
        seconds = getattr(curve, who)
        if not seconds:
            continue
        sizes = curve.sizes[: len(seconds)]
        exponent = fitted_exponent(sizes, seconds)
        power = "" if exponent is None else f": ${curve.axis}^{{{exponent:.2f}}}$"
        marker = "o" if who == "ours" else "s"
        panel.plot(sizes, seconds, marker, ls="-", ms=4, color=COLOURS[who], label=name + power)
    panel.set_xticks(curve.sizes, [f"{size:g}" for size in curve.sizes], fontsize=8)
    panel.xaxis.set_minor_locator(NullLocator())
    panel.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
