// The figures of the page: colours, texts, traces and layouts.

// --- colours

const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const coarse = matchMedia("(pointer: coarse)");
const shade = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const colorOf = (style) => (dark.matches ? style.dark : style.light);

function mixed(color, share) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [front, back] = [parts(color), parts(shade("background"))];
  return `rgb(${front.map((part, k) => Math.round(share * part + (1 - share) * back[k])).join(",")})`;
}

// --- texts

const digits = (value) => {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return Number(value.toPrecision(4)).toString().replace("-", "−");
};
// A spread of rounding errors is none.
const withSpread = ({ mean, spread }) => {
  if (!Number.isFinite(spread)) return digits(mean);
  const isRounding = spread < 1e-12 * Math.abs(mean);
  return `${digits(mean)} ± ${isRounding ? "0" : digits(Number(spread.toPrecision(2)))}`;
};

// Plotly would read tags and entities.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function hover(layer, point, panel) {
  const most = (value, name) => (value > 0 ? `, of at most ${name} = ${digits(value)}` : "");
  const lines = [
    `${page.layers[layer].name}, epoch ${point.epoch}`,
    `I(X;T) = ${withSpread(point.x)} ${panel.unit}${most(panel.ceilings.x, "H(X)")}`,
    `I(T;Y) = ${withSpread(point.y)} ${panel.unit}${most(panel.ceilings.y, panel.ceilings.label)}`,
  ];
  if (Number.isFinite(point.x.spread) || Number.isFinite(point.y.spread)) lines.push(`± ${point.x.kind || point.y.kind}`);
  if (!Number.isNaN(point.distance)) lines.push(`${digits(point.distance)} ${panel.unit} below the bound`);
  return lines.map(plain).join("<br>");
}

// --- traces of a plane

const drawable = ({ x, y }) => Number.isFinite(x.mean) && Number.isFinite(y.mean);
const age = (epoch) => Math.log1p(epoch);

function thinned(items, most) {
  if (items.length <= most) return items;
  const last = age(items.at(-1).epoch - items[0].epoch);
  let next = -1;
  return items.filter((item, k) => {
    const step = Math.floor((age(item.epoch - items[0].epoch) / last) * (most - 2));
    if (step < next && k < items.length - 1) return false;
    next = step + 1;
    return true;
  });
}

const spreads = (found, axis, color) => ({
  type: "data", array: found.map((point) => point[axis].spread), visible: found.some((point) => point[axis].spread > 0),
  color, thickness: 1, width: 3,
});

function pointTrace(layer, found, panel, options) {
  const style = page.layers[layer];
  return {
    type: "scatter", mode: "markers", name: plain(style.name),
    x: found.map(({ x }) => x.mean), y: found.map(({ y }) => y.mean),
    hoverinfo: "text", hovertext: found.map((point) => hover(layer, point, panel)),
    ...options,
    marker: { symbol: style.symbol, ...options.marker },
  };
}

function currentTrace(layer, found, panel) {
  const color = colorOf(page.layers[layer]);
  return pointTrace(layer, found, panel, {
    meta: "current",
    marker: { color, size: 11, line: { color: shade("background"), width: 1.5 } },
    error_x: spreads(found, "x", color), error_y: spreads(found, "y", color),
  });
}

function trajectoryTraces(panel, visible, epoch) {
  const most = Math.max(20, Math.floor(MAX_DRAWN / (visible.length || 1)));
  const [first, last] = [page.epochs[0], page.epochs.at(-1)];
  return visible.flatMap(([layer, all]) => {
    const past = thinned(all.filter((point) => point.epoch <= epoch && drawable(point)), most);
    if (past.length === 0) return [];
    const color = colorOf(page.layers[layer]);
    const path = {
      type: "scatter", mode: "lines", hoverinfo: "skip", meta: "path",
      x: past.map(({ x }) => x.mean), y: past.map(({ y }) => y.mean),
      line: { color: mixed(color, 0.45), width: 1 },
    };
    const steps = pointTrace(layer, past, panel, {
      meta: "steps",
      marker: {
        size: 7, color: past.map((point) => age(point.epoch)), cmin: age(first), cmax: age(Math.max(last, first + 1)),
        colorscale: [[0, mixed(color, 0.15)], [1, color]], line: { color, width: 0.6 },
      },
    });
    return [path, steps, currentTrace(layer, past.slice(-1), panel)];
  });
}

function epochTraces(panel, visible, epoch) {
  const now = visible
    .map(([layer, all]) => [layer, all.filter((point) => point.epoch === epoch && drawable(point))])
    .filter(([, found]) => found.length);
  const joined = now.map(([, [point]]) => point);
  const path = {
    type: "scatter", mode: "lines", hoverinfo: "skip", meta: "path", line: { color: shade("muted"), width: 1 },
    x: joined.map(({ x }) => x.mean), y: joined.map(({ y }) => y.mean),
  };
  return [path, ...now.map(([layer, found]) => currentTrace(layer, found, panel))];
}

// Bounds of the task that a panel's points were measured on; several if its runs differ in it.
function boundsOf({ unit, wanted }) {
  const fits = (levels) => Object.entries(levels).every(([name, level]) => {
    const code = wanted.get(name) ?? null;
    const factor = page.factors.find((candidate) => candidate.name === name);
    return !factor || code === null || factor.levels[code] === level;
  });
  return page.bounds.filter((bound) =>
    bound.unit === unit && (bound.conditions.length === 0 || bound.conditions.some(fits)));
}

function boundTraces(panel) {
  const { x, y } = panel.ranges;
  const bounds = state.bound ? boundsOf(panel) : [];
  const shared = { type: "scatter", mode: "lines", hoverinfo: "skip" };
  return bounds.flatMap((bound) => {
    const [mi_x, mi_y] = [[...bound.mi_x], [...bound.mi_y]];
    if (mi_x.at(-1) < x[1]) {
      mi_x.push(x[1]);
      mi_y.push(mi_y.at(-1));
    }
    const top = Math.max(y[1], mi_y.at(-1));
    const line = {
      ...shared, meta: "bound", x: mi_x, y: mi_y, line: { color: shade("ink"), width: 1.4 },
    };
    const region = {
      ...shared, meta: "region", fill: "toself", fillcolor: shade("region"), line: { width: 0 },
      x: [...mi_x, mi_x.at(-1), mi_x[0]], y: [...mi_y, top, top],
    };
    // What one bound forbids another may allow.
    return bounds.length === 1 ? [region, line] : [line];
  });
}

// --- layouts

const axisStyle = (title, more = {}) => ({
  title: { text: title, standoff: 8 }, gridcolor: shade("grid"), linecolor: shade("line"), zeroline: false,
  showline: true, automargin: true, ticks: "", fixedrange: coarse.matches, ...more,
});
const logAxis = (title, more) =>
  axisStyle(title, { type: "log", dtick: 1, exponentformat: "power", ...more });

const layoutStyle = (more) => ({
  showlegend: false, hovermode: "closest", autosize: true, dragmode: coarse.matches ? false : "zoom",
  margin: { l: 10, r: 12, t: 24, b: 10 },
  paper_bgcolor: shade("background"), plot_bgcolor: shade("background"),
  font: { family: "system-ui, sans-serif", size: 13, color: shade("ink") },
  hoverlabel: { align: "left", font: { size: 13 } },
  ...more,
});
const CONFIG = {
  responsive: true, displaylogo: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
};

function planeLayout({ unit, ceilings, ranges: { x, y } }) {
  const dashed = { type: "line", line: { color: shade("muted"), width: 1, dash: "dash" }, layer: "below" };
  const font = { size: 11.5, color: shade("muted") };
  const [shapes, annotations] = [[], []];
  if (Number.isFinite(ceilings.x)) {
    shapes.push({ ...dashed, x0: ceilings.x, x1: ceilings.x, yref: "paper", y0: 0, y1: 1 });
    annotations.push({ text: `H(X) = ${digits(ceilings.x)}`, x: ceilings.x, yref: "paper", y: 1, yanchor: "bottom", xanchor: "right", showarrow: false, font });
  }
  if (Number.isFinite(ceilings.y)) {
    shapes.push({ ...dashed, y0: ceilings.y, y1: ceilings.y, xref: "paper", x0: 0, x1: 1 });
    annotations.push({ text: `${ceilings.label} = ${digits(ceilings.y)}`, y: ceilings.y, xref: "paper", x: 0.01, xanchor: "left", yanchor: "bottom", showarrow: false, font });
  }
  return layoutStyle({
    xaxis: axisStyle(`I(X;T) [${plain(unit)}]`, { range: [...x] }),
    yaxis: axisStyle(`I(T;Y) [${plain(unit)}]`, { range: [...y] }),
    shapes, annotations, uirevision: "same",
  });
}

// --- curves

function curveOf(rows, column) {
  const epochs = [...groupBy(rows, curves.reader("epoch"))].sort(([a], [b]) => a - b);
  return epochs
    .map(([epoch, same]) => ({ epoch, ...average(curves, column, same) }))
    .filter(({ epoch, mean }) => Number.isFinite(mean) && epoch > 0);
}

// Geometric means over windows that are equally wide on a logarithmic axis.
function smoothed(curve) {
  const window = ({ epoch }) => Math.floor(Math.log10(epoch) * WINDOWS_PER_DECADE);
  const middle = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  const positive = curve.filter(({ mean }) => mean > 0);
  return [...groupBy(positive, window).values()].map((same) => ({
    epoch: middle(same.map(({ epoch }) => epoch)),
    mean: middle(same.map(({ mean }) => mean)),
    spread: same.reduce((sum, { spread }) => sum + spread, 0) / same.length,
  }));
}

function curveTraces(rows, { column, name, style, smooth }) {
  const color = colorOf(style);
  const raw = thinned(curveOf(rows, column), 1500);
  const bold = smooth ? smoothed(raw) : raw;
  const line = (curve, width, opacity, meta) => ({
    type: "scatter", mode: curve.length > 1 ? "lines" : "markers", meta, name: plain(name), opacity,
    x: curve.map(({ epoch }) => epoch), y: curve.map(({ mean }) => mean),
    line: { color, width, dash: style.dash }, marker: { color },
    hoverinfo: meta === "curve" ? "text" : "skip",
    hovertext: curve.map((point) => plain(`${name}, epoch ${digits(point.epoch)}: ${withSpread(point)}`)),
  });
  const band = bold.filter(({ mean, spread }) => Number.isFinite(spread) && (!smooth || mean > spread));
  const area = {
    type: "scatter", mode: "lines", meta: "band", hoverinfo: "skip", fill: "toself", line: { width: 0 },
    fillcolor: color, opacity: smooth ? 0.1 : 0.18,
    x: [...band, ...[...band].reverse()].map(({ epoch }) => epoch),
    y: [...band.map(({ mean, spread }) => mean + spread), ...[...band].reverse().map(({ mean, spread }) => mean - spread)],
  };
  return [...(band.length > 1 ? [area] : []), ...(smooth ? [line(raw, 0.7, 0.3, "raw")] : []), line(bold, 2, 1, "curve")];
}

// One range of values for all panels of a chart, so that they can be compared.
function rangeOf(panels, log) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of panels.flat().flatMap(({ y }) => y)) {
    if (log && value <= 0) continue;
    [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  if (low > high) return undefined;
  if (log) [low, high] = [Math.log10(low), Math.log10(high)];
  const margin = 0.05 * (high - low || 1);
  return [low - margin, high + margin];
}

function chartLayout(chart, range) {
  return layoutStyle({
    xaxis: logAxis("epoch"),
    yaxis: chart.log ? logAxis(chart.axis, { range }) : axisStyle(chart.axis, { range }),
    shapes: [epochMark()],
  });
}

// Where the slider stands; the untrained network has no place on a logarithmic axis.
function epochMark() {
  const epoch = page.epochs[state.epoch];
  return {
    type: "line", x0: epoch || 1, x1: epoch || 1, yref: "paper", y0: 0, y1: 1, layer: "below",
    visible: epoch > 0, line: { color: shade("muted"), width: 1 },
  };
}
