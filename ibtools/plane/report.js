// The page itself: drawing, controls, player and downloads.

// --- drawing

// As many figures as there are panels, kept where they are.
function figures(container, titles) {
  while (container.children.length > titles.length) {
    Plotly.purge(container.lastChild.querySelector(".plot"));
    container.lastChild.remove();
  }
  while (container.children.length < titles.length) {
    const figure = document.createElement("figure");
    figure.append(document.createElement("figcaption"), document.createElement("div"));
    figure.lastChild.className = "plot";
    figure.lastChild.setAttribute("role", "img");
    container.append(figure);
  }
  container.classList.toggle("alone", titles.length === 1);
  container.classList.toggle("small", titles.length > 2);
  return titles.map((title, k) => {
    container.children[k].firstChild.textContent = title;
    return container.children[k].lastChild;
  });
}

function show(plot, traces, layout, missing) {
  plot.classList.toggle("empty", Boolean(missing));
  if (missing) {
    Plotly.purge(plot);
    plot.textContent = missing;
    return;
  }
  if (!plot.classList.contains("js-plotly-plot")) plot.textContent = "";
  Plotly.react(plot, traces, layout, CONFIG);
}

const isVisible = ([layer]) => !state.hidden.has(layer);

function drawPlane() {
  const epoch = page.epochs[state.epoch];
  const plots = figures(element("panels"), panels.map(({ title }) => title));
  panels.forEach((panel, k) => {
    const visible = [...panel.layers].filter(isVisible);
    const drawn = state.view === "trajectory" ? trajectoryTraces : epochTraces;
    const known = [...panel.layers.values()].flat();
    const missing = known.length === 0
      ? "No points were made under these conditions."
      : !known.some(drawable) && "There is no pair of finite I(X;T) and I(T;Y) to draw. The table below has the values.";
    show(plots[k], [...boundTraces(panel), ...drawn(panel, visible, epoch)], planeLayout(panel), missing);
    plots[k].setAttribute("aria-label",
      `${panel.title || page.estimators[panel.estimator].name}: I(T;Y) over I(X;T) at epoch ${epoch}. The table below has the values.`);
  });
  element("epoch-text").textContent = `${epoch} of ${page.epochs.at(-1)}`;
  element("epoch").value = state.epoch;
  element("epoch").setAttribute("aria-valuetext", `epoch ${epoch}`);
  element("scale").hidden = state.view !== "trajectory";
}

function cell(row, text, tag = "td", kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  if (tag === "th") made.scope = row.parentNode?.nodeName === "THEAD" ? "col" : "row";
  row.append(made);
}

function drawValues() {
  const epoch = page.epochs[state.epoch];
  const table = document.createElement("table");
  table.createCaption().textContent = `Values at epoch ${epoch}`;
  const several = panels.length > 1;
  const head = table.createTHead().insertRow();
  for (const name of several ? ["Panel", "Layer"] : ["Layer"]) cell(head, name, "th");
  for (const name of ["I(X;T)", "H(X)", "I(T;Y)", panels[0].ceilings.label]) cell(head, name, "th", "number");
  cell(head, "Unit", "th");
  const body = table.createTBody();
  let left = MAX_ROWS;
  for (const { title, layers, ceilings, unit } of panels) {
    for (const [layer, all] of [...layers].filter(isVisible)) {
      const point = all.find((candidate) => candidate.epoch === epoch);
      if (!point || left-- <= 0) continue;
      const row = body.insertRow();
      if (several) cell(row, title);
      cell(row, page.layers[layer].name, "th");
      const known = [withSpread(point.x), digits(ceilings.x > 0 ? ceilings.x : NaN), withSpread(point.y), digits(ceilings.y > 0 ? ceilings.y : NaN)];
      for (const text of known) cell(row, text, "td", "number");
      cell(row, unit);
    }
  }
  element("values").replaceChildren(table);
  remark(left < 0 ? `The table shows the first ${MAX_ROWS} rows.` : "");
}

function remark(more) {
  const said = [more];
  const factor = factorOf(state.panels);
  if (state.panels && factor && factor.levels.length > MAX_PANELS) {
    said.push(`The first ${MAX_PANELS} of ${factor.levels.length} levels have a panel; all are in the data.`);
  }
  const spread = panels.flatMap(({ layers }) => [...layers.values()].flat()).find(({ x, y }) => x.spread > 0 || y.spread > 0);
  if (spread) said.push(`Bars, and what follows ±, are the ${spread.x.kind || spread.y.kind}.`);
  const lost = panels.flatMap(({ layers }) => [...layers].filter(isVisible).flatMap(([, all]) => all)).filter((point) => !drawable(point)).length;
  if (lost) said.push(`${lost} points are missing or infinite and are not drawn.`);
  if (state.bound && panels.some((panel) => boundsOf(panel).length)) {
    said.push("No representation reaches the shaded region. That holds for exact informations, such as those of bins; estimates can err into it.");
  }
  element("remark").textContent = said.filter(Boolean).join(" ");
}

const hiddenLines = new Set();
const stale = new Set(); // charts that are to be drawn once they are seen

const chartOf = (container) => Number(container.id.replace("chart-", ""));
const sight = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) drawChart(chartOf(target));
  },
  { rootMargin: "300px" },
);

// Panels of the curves: those of the plane, unless they only differ in the estimator.
function chartPanels() {
  if (state.panels === BY_ESTIMATOR) return [{ title: "", wanted: state.levels }];
  return panels.map(({ title, wanted }) => ({
    title, wanted: new Map([...wanted].filter(([name]) => name !== "estimator")),
  }));
}

function drawCharts() {
  page.charts.forEach((_, k) => {
    const container = element(`chart-${k}`);
    figures(container, chartPanels().map(({ title }) => title));
    stale.add(k);
    sight.unobserve(container);
    sight.observe(container);
  });
}

function drawChart(k) {
  if (!stale.delete(k)) return;
  const chart = page.charts[k];
  const shown = chartPanels().map(({ title, wanted }) => ({ title, rows: curves.rows(wanted) }));
  const lines = chart.lines.filter(({ column }) => !hiddenLines.has(column));
  const traces = shown.map(({ rows }) =>
    lines.flatMap((line) => curveTraces(rows, { ...line, smooth: chart.log })));
  const range = rangeOf(traces, chart.log);
  const plots = element(`chart-${k}`).querySelectorAll(".plot");
  shown.forEach(({ title, rows }, at) => {
    const missing = rows.length === 0 && "No curves were recorded under these conditions.";
    show(plots[at], traces[at], chartLayout(chart, range), missing);
    plots[at].setAttribute("aria-label", `${chart.title} over the epochs${title ? `, ${title}` : ""}`);
  });
}

function makeCharts() {
  page.charts.forEach((chart, k) => {
    const heading = document.createElement("h3");
    heading.textContent = chart.title;
    const legend = document.createElement("fieldset");
    legend.className = "legend";
    legend.append(document.createElement("legend"));
    legend.firstChild.textContent = "Lines";
    for (const { column, name, style } of chart.lines) {
      toggle(legend, name, style, (on) => {
        if (on) hiddenLines.delete(column);
        else hiddenLines.add(column);
        stale.add(k);
        drawChart(k);
      });
    }
    const container = document.createElement("div");
    container.id = `chart-${k}`;
    container.className = "panels";
    element("charts").append(heading, legend, container);
  });
}

// --- controls

function chooser(name, options, value, onchange, splits = "never") {
  const choice = document.createElement("div");
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.id = `choice-${element("choices").children.length}`;
  label.htmlFor = select.id;
  label.textContent = name;
  choice.append(label, select);
  choice.dataset.splits = splits;
  for (const [key, text] of options) select.add(new Option(text, key, key === value, key === value));
  select.addEventListener("change", () => onchange(select.value));
  element("choices").append(choice);
}

const SYMBOLS = {
  circle: "M8 3a5 5 0 1 0 .01 0z", square: "M3.5 3.5h9v9h-9z", diamond: "M8 2l6 6-6 6-6-6z",
  "triangle-up": "M8 2.5l6 11H2z", "triangle-down": "M8 13.5l6-11H2z", cross: "M6 2h4v4h4v4h-4v4H6v-4H2V6h4z",
  x: "M4.5 2L8 5.500 11.500 2 14 4.500 10.500 8 14 11.500 11.500 14 8 10.500 4.500 14 2 11.500 5.500 8 2 4.500z",
  pentagon: "M8 2l6 4.500-2.300 7H4.300L2 6.500z", hexagon: "M5 3h6l3 5-3 5H5L2 8z",
  star: "M8 1.500l2 4.500 4.800.500-3.600 3.200 1 4.800L8 12l-4.200 2.500 1-4.800L1.200 6.500 6 6z",
  line: "M1 7h14v2.500H1z",
};

function toggle(container, name, style, onchange) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = true;
  box.addEventListener("change", () => onchange(box.checked));
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [key, value] of Object.entries({ width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": true })) picture.setAttribute(key, value);
  path.setAttribute("d", SYMBOLS[style.symbol]);
  path.dataset.light = style.light;
  path.dataset.dark = style.dark;
  picture.append(path);
  label.append(box, picture, name);
  container.append(label);
}

function makeChoices() {
  const { estimators, factors } = page;
  const choose = (change) => (value) => {
    change(value);
    redraw();
  };
  const several = estimators.length > 1;
  const splits = [
    [NO_FACTOR, "one"],
    ...(several ? [[BY_ESTIMATOR, "one for each estimator"]] : []),
    ...factors.map(({ name }, k) => [String(k), `one for each ${name}`]),
  ];
  if (splits.length > 1) {
    chooser("Panels", splits, state.panels, choose((value) => { state.panels = value; }));
  }
  if (several) {
    const names = estimators.map(({ name }, k) => [String(k), name]);
    chooser("Estimator", names, "0", choose((value) => { state.estimator = Number(value); }), BY_ESTIMATOR);
  }
  factors.forEach(({ name, levels, start }, k) => {
    const options = [[MEAN, "mean over all"], ...levels.map((level, code) => [String(code), level || "(none)"])];
    const change = (value) => state.levels.set(name, value === MEAN ? null : Number(value));
    chooser(name, options, start === null ? MEAN : String(start), choose(change), String(k));
  });
  const views = [["trajectory", "paths up to the epoch"], ["epoch", "layers at the epoch"]];
  chooser("View", views, state.view, choose((value) => { state.view = value; }));
}

function makeLegend() {
  page.layers.forEach((style, code) => toggle(element("layers"), style.name, style, (on) => {
    if (on) state.hidden.delete(code);
    else state.hidden.add(code);
    drawNow();
  }));
  if (page.bounds.length === 0) return;
  const ink = { light: "#1c2126", dark: "#e4e8ec", symbol: "line" };
  toggle(element("layers"), "information bottleneck bound", ink, (on) => {
    state.bound = on;
    drawNow();
  });
}

// What has a panel for each of its levels is not chosen from.
function hideSplit() {
  for (const choice of element("choices").children) choice.hidden = choice.dataset.splits === state.panels;
}

let announcement = 0;
function announce() {
  clearTimeout(announcement);
  announcement = setTimeout(() => {
    const shown = page.layers.length - state.hidden.size;
    for (const plot of document.querySelectorAll("#charts .js-plotly-plot")) {
      Plotly.relayout(plot, { "shapes[0]": epochMark() });
    }
    element("status").textContent = `Epoch ${page.epochs[state.epoch]}, ${shown} of ${page.layers.length} layers shown.`;
  }, 400);
}

function drawNow() {
  drawPlane();
  drawValues();
  announce();
}

function redraw() {
  hideSplit();
  choosePanels();
  drawNow();
  drawCharts();
}

function paintLegends() {
  for (const path of document.querySelectorAll(".legend path")) path.setAttribute("fill", dark.matches ? path.dataset.dark : path.dataset.light);
}

// --- player

const player = { request: 0, started: 0, from: 0 };
const isPlaying = () => player.request !== 0;

function stop() {
  cancelAnimationFrame(player.request);
  player.request = 0;
  element("play").textContent = "Play";
  drawNow();
}

// Epochs pass evenly on a logarithmic scale, as most happens early.
function step(now) {
  const whole = Math.min(1, player.from + (now - player.started) / PLAY_MILLISECONDS);
  const share = calm.matches ? Math.floor(whole * 10) / 10 : whole;
  const [first, last] = [page.epochs[0], page.epochs.at(-1)];
  const reached = first + Math.expm1(share * age(last - first)) + 1e-9 * last;
  const index = page.epochs.findLastIndex((epoch) => epoch <= reached);
  if (index !== state.epoch) {
    state.epoch = index;
    drawPlane();
  }
  if (whole >= 1) stop();
  else player.request = requestAnimationFrame(step);
}

function play() {
  if (state.epoch === page.epochs.length - 1) state.epoch = 0;
  const [first, last] = [page.epochs[0], page.epochs.at(-1)];
  player.from = last > first ? age(page.epochs[state.epoch] - first) / age(last - first) : 1;
  player.started = performance.now();
  element("play").textContent = "Pause";
  drawPlane();
  player.request = requestAnimationFrame(step);
}

function makePlayer() {
  element("epoch").max = page.epochs.length - 1;
  element("epoch").addEventListener("input", (event) => {
    if (isPlaying()) stop();
    state.epoch = Number(event.target.value);
    drawNow();
  });
  element("play").addEventListener("click", () => (isPlaying() ? stop() : play()));
  if (page.epochs.length === 1) document.querySelector(".player").hidden = true;
}

// --- downloads

function download(table, name) {
  const address = URL.createObjectURL(new Blob([table.csv()], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

element("download-points").addEventListener("click", () => download(points, "points.csv"));
element("download-curves").addEventListener("click", () => download(curves, "curves.csv"));
if (!curves) for (const part of document.querySelectorAll("[data-needs=curves]")) part.hidden = true;

makeChoices();
makeLegend();
makePlayer();
if (curves) makeCharts();
paintLegends();
redraw();
dark.addEventListener("change", () => {
  paintLegends();
  redraw();
});
addEventListener("beforeprint", () => [...stale].forEach(drawChart));
