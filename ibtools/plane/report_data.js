// What the page of a plane shows: its tables, the choices that were made, and the averages that
// are drawn. Names in the data are untrusted: they reach the page through textContent, and plotly,
// which reads tags in its texts, through `plain`.
const PLAY_MILLISECONDS = 8000;
const MAX_PANELS = 24;
const MAX_DRAWN = 6000; // points of one panel
const MAX_ROWS = 400; // of the table below the panels
const WINDOWS_PER_DECADE = 12;
const NUMBERS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };

const element = (id) => document.getElementById(id);
const page = JSON.parse(element("data").textContent);

// --- tables

class Table {
  constructor({ length, columns }) {
    this.length = length;
    this.columns = new Map(columns.map((column) => [column.name, Table.decode(column)]));
  }

  static decode({ levels, type, base64 }) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const values = new NUMBERS[type](bytes.buffer);
    // One value stands for all rows.
    return { levels, at: values.length === 1 ? () => values[0] : (row) => values[row] };
  }

  // Reads a column by row; NaN where there is no such column.
  reader(name) {
    return this.columns.get(name)?.at ?? (() => NaN);
  }

  // Rows whose levels are the wanted ones; null wants any.
  rows(wanted) {
    const tests = [...wanted].filter(([name, code]) => code !== null && this.columns.has(name));
    const readers = tests.map(([name, code]) => [this.reader(name), code]);
    const found = [];
    for (let row = 0; row < this.length; row += 1) {
      if (readers.every(([read, code]) => read(row) === code)) found.push(row);
    }
    return found;
  }

  csv() {
    const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const number = (value) => (Number.isNaN(value) ? "" : String(value).replace("Infinity", "inf"));
    const columns = [...this.columns.values()];
    const lines = [[...this.columns.keys()].map(quoted).join(",")];
    for (let row = 0; row < this.length; row += 1) {
      const cells = columns.map(({ levels, at }) =>
        levels ? quoted(levels[at(row)]) : number(at(row)),
      );
      lines.push(cells.join(","));
    }
    return `${lines.join("\n")}\n`;
  }
}

const points = new Table(page.points);
const curves = page.curves && new Table(page.curves);

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const name = key(item);
    if (groups.has(name)) groups.get(name).push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

// Mean of a column over rows, with its spread: the standard deviation between rows or, of a
// single row, what the table has.
function average(table, name, rows) {
  const values = rows.map(table.reader(name)).filter((value) => !Number.isNaN(value));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length > 1) {
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const spread = Math.sqrt(squares / (values.length - 1));
    return { mean, spread, kind: `standard deviation of ${values.length} runs` };
  }
  if (values.length === 0) return { mean: NaN, spread: NaN, kind: "" };
  const row = rows.find((candidate) => !Number.isNaN(table.reader(name)(candidate)));
  const deviation = table.reader(`${name}_std`)(row);
  if (!Number.isNaN(deviation)) {
    const runs = table.reader("n_runs")(row);
    return { mean, spread: deviation, kind: `standard deviation of ${runs} runs` };
  }
  return { mean, spread: table.reader(`${name}_std_error`)(row), kind: "standard error" };
}

// --- state

const state = {
  estimator: 0,
  panels: page.panels,
  view: "trajectory",
  levels: new Map(page.factors.map(({ name, start }) => [name, start])),
  hidden: new Set(),
  bound: true,
  epoch: page.epochs.length - 1,
};
const NO_FACTOR = ""; // one panel
const MEAN = "mean"; // of all levels of a factor
const BY_ESTIMATOR = "estimator/"; // no name of a factor: those are numbered
const factorOf = (choice) => page.factors[Number(choice)];

function panelChoices() {
  const wanted = (estimator, changes = []) =>
    new Map([["estimator", estimator], ...state.levels, ...changes]);
  if (state.panels === NO_FACTOR) {
    return [{ title: "", estimator: state.estimator, wanted: wanted(state.estimator) }];
  }
  if (state.panels === BY_ESTIMATOR) {
    return page.estimators.map(({ name }, code) => ({
      title: name, estimator: code, wanted: wanted(code),
    }));
  }
  const { name, levels } = factorOf(state.panels);
  return levels.slice(0, MAX_PANELS).map((level, code) => ({
    title: `${name}: ${level || "(none)"}`,
    estimator: state.estimator,
    wanted: wanted(state.estimator, [[name, code]]),
  }));
}

// The points of a panel by layer, each averaged over the rows of its epoch.
function measured(rows) {
  const [layer, epoch] = ["layer", "epoch"].map((name) => points.reader(name));
  const layers = new Map();
  for (const [code, own] of [...groupBy(rows, layer)].sort(([a], [b]) => a - b)) {
    const epochs = [...groupBy(own, epoch)].sort(([a], [b]) => a - b);
    layers.set(code, epochs.map(([at, same]) => ({
      epoch: at,
      x: average(points, "mi_x", same),
      y: average(points, "mi_y", same),
      distance: average(points, "bound_distance", same).mean,
    })));
  }
  return layers;
}

const largest = (table, name, rows) =>
  rows.map(table.reader(name)).reduce((most, value) => (value > most ? value : most), -Infinity);

function ceilingsOf(rows) {
  const [x, y, task] = ["mi_x_ceiling", "mi_y_ceiling", "mi_xy"].map((name) => largest(points, name, rows));
  return { x, y: Math.min(y, task > 0 ? task : y), label: task < y - 1e-6 ? "I(X;Y)" : "H(Y)" };
}

let panels = [];

function choosePanels() {
  panels = panelChoices().map((panel) => {
    const rows = points.rows(panel.wanted);
    return {
      ...panel,
      rows,
      unit: page.estimators[panel.estimator].unit,
      layers: measured(rows),
      ceilings: ceilingsOf(rows),
      ranges: rangesOf(panel.estimator),
    };
  });
}

// One range for all epochs and panels of an estimator: what moves are the points.
const ranges = new Map();
function rangesOf(estimator) {
  if (!ranges.has(estimator)) {
    const rows = points.rows(new Map([["estimator", estimator]]));
    const axis = (names, atLeast) => {
      let [low, high] = atLeast;
      for (const name of names) {
        for (const value of rows.map(points.reader(name))) {
          if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
        }
      }
      const margin = 0.06 * (high - low || 1);
      return [low < 0 ? low - margin : low, high + margin];
    };
    ranges.set(estimator, {
      x: axis(["mi_x", "mi_x_ceiling"], [0, 0]),
      y: axis(["mi_y", "mi_y_ceiling"], [0, 0]),
    });
  }
  return ranges.get(estimator);
}
