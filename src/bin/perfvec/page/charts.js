// Parts of the page: elements, tables, charts. Text goes in as text, never as HTML: names come from programs.

const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("main");
const contents = el("ul");
document.getElementById("contents").append(contents);

const PART_COLOURS = ["#8b98a5", "#4e9de0", "#9b6fd6", "#2fae9f", "#b39b2c", "#75a83f", "#efb062", "#e9843c", "#d95736", "#b2303b", "#d270b1"];
const LINE_COLOURS = ["#3f8fdc", "#dd7a2f", "#2aa789", "#c0559e", "#9a7fe0", "#b39b2c", "#d05050", "#6f8396"];

function el(name, text, attributes) {
  const e = document.createElement(name);
  if (text !== undefined && text !== null) e.textContent = text;
  for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
  return e;
}

function section(id, title, note) {
  const s = el("section", null, { id: id, "aria-labelledby": id + "-title" });
  s.append(el("h2", title, { id: id + "-title" }));
  if (note) s.append(el("p", note, { class: "note" }));
  main.append(s);
  const item = el("li");
  item.append(el("a", title, { href: "#" + id }));
  contents.append(item);
  return s;
}

// --- numbers ---

/** A count in groups of three. */
function grouped(x) {
  return Math.round(x).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function seconds(s) {
  if (s >= 1) return s.toFixed(3) + " s";
  return s >= 1e-3 ? (s * 1e3).toFixed(3) + " ms" : (s * 1e6).toFixed(3) + " \u00b5s";
}

function percent(share, digits) {
  return (share * 100).toFixed(digits === undefined ? 1 : digits) + "\u202f%";
}

function signed(x, text) {
  return (x < 0 ? "\u2212" : "+") + text(Math.abs(x));
}

const sum = (xs) => xs.reduce((a, b) => a + b, 0);

// A cell is a text, or a number with how it is shown; the number itself stays in data-value.
const count = (x) => ({ value: x, text: grouped(x) });
const fixed = (x, digits) => ({ value: x, text: x.toFixed(digits === undefined ? 3 : digits) });
const share = (x, digits) => ({ value: x, text: percent(x, digits) });
const time = (x) => ({ value: x, text: seconds(x) });

/** Columns whose title starts with "<" hold text. */
function table(caption, columns, rows) {
  const box = el("div", null, { class: "scroll", tabindex: "0", role: "region", "aria-label": caption });
  const t = el("table");
  t.append(el("caption", caption));
  const texts = columns.map((c) => c.startsWith("<"));
  const head = el("tr");
  columns.forEach((c, n) => head.append(el("th", texts[n] ? c.slice(1) : c, { scope: "col", class: texts[n] ? "text" : "number" })));
  const thead = el("thead");
  thead.append(head);
  const body = el("tbody");
  for (const row of rows) {
    const tr = el("tr");
    row.forEach((cell, n) => {
      const number = cell !== null && typeof cell === "object";
      const td = el(n === 0 ? "th" : "td", number ? cell.text : cell, { class: texts[n] ? "text" : "number" });
      if (n === 0) td.setAttribute("scope", "row");
      if (number) td.dataset.value = String(cell.value);
      if (texts[n]) td.title = td.textContent;
      tr.append(td);
    });
    body.append(tr);
  }
  t.append(thead, body);
  box.append(t);
  return box;
}

function details(title, content, open) {
  const d = el("details");
  d.open = Boolean(open);
  d.append(el("summary", title), content);
  return d;
}

// --- charts ---

const charts = [];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function theme() {
  Chart.defaults.color = colour("--ink");
  Chart.defaults.borderColor = colour("--line");
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.plugins.legend.labels.boxWidth = 14;
  Chart.defaults.plugins.legend.align = "start";
}

/**
 * A chart in `parent`. `make` answers its configuration and is asked again whenever it changes.
 * Returns a function that draws it anew, in `height` pixels.
 */
function chart(parent, label, make) {
  const box = el("div", null, { class: "chart" });
  const canvas = el("canvas", null, { role: "img", "aria-label": label + "; its numbers are in the table below it" });
  box.append(canvas);
  parent.append(box);
  const entry = { shown: null };
  entry.draw = () => {
    const { height, config } = make();
    if (entry.shown) entry.shown.destroy();
    box.style.height = height + "px";
    entry.shown = new Chart(canvas, config);
  };
  charts.push(entry);
  entry.draw();
  return entry.draw;
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  theme();
  charts.forEach((c) => c.draw());
});

/** Height of `rows` bars, with room for `extra` pixels of axis and legend. */
const barsHeight = (rows, extra) => rows * 26 + extra;

/** Whiskers on bars: `halfWidths` of a dataset are shares of its values. */
const WHISKERS = {
  id: "whiskers",
  afterDatasetsDraw(c) {
    const { ctx } = c;
    c.data.datasets.forEach((set, n) => {
      if (!set.halfWidths || !c.isDatasetVisible(n)) return;
      ctx.save();
      ctx.strokeStyle = colour("--ink");
      ctx.lineWidth = 1.5;
      c.getDatasetMeta(n).data.forEach((bar, i) => {
        const half = set.data[i] * set.halfWidths[i];
        if (!(half > 0)) return;
        const [from, to] = [set.data[i] - half, set.data[i] + half].map((x) => c.scales.x.getPixelForValue(x));
        ctx.beginPath();
        ctx.moveTo(from, bar.y);
        ctx.lineTo(to, bar.y);
        [from, to].forEach((x) => { ctx.moveTo(x, bar.y - 4); ctx.lineTo(x, bar.y + 4); });
        ctx.stroke();
      });
      ctx.restore();
    });
  },
};

/** Stacked bars: `series` is a list of {label, colour, data}, one number for each of `names`. */
function stackedBars(names, series, axis) {
  const legend = Math.ceil(series.length / Math.max(2, Math.floor(main.clientWidth / 110))) * 24;
  return {
    height: barsHeight(names.length, 60 + legend),
    config: {
      type: "bar",
      data: {
        labels: names,
        datasets: series.map((s) => ({ label: s.label, data: s.data, backgroundColor: s.colour, maxBarThickness: 20 })),
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "nearest", axis: "y", intersect: false },
        scales: {
          x: { stacked: true, beginAtZero: true, title: { display: true, text: axis } },
          y: { stacked: true, ticks: { autoSkip: false }, grid: { display: false } },
        },
      },
    },
  };
}

/** Lines over the retirements of `span`. `series` is a list of {label, colour, data: [{x, y}], dash}. */
function lines(span, series, axis, stacked) {
  const legend = Math.ceil(series.length / Math.max(2, Math.floor(main.clientWidth / 130))) * 24;
  return {
    height: 280 + legend,
    config: {
      type: "line",
      data: {
        datasets: series.map((s) => ({
          label: s.label, data: s.data, borderColor: s.colour, backgroundColor: s.colour, borderDash: s.dash || [],
          borderWidth: stacked ? 0 : 2, pointRadius: s.data.length < 2 ? 3 : 0, pointHitRadius: 8, fill: Boolean(stacked),
        })),
      },
      options: {
        parsing: false,
        interaction: { mode: "index", intersect: false },
        scales: {
          x: { type: "linear", title: { display: true, text: "instructions" }, ticks: { callback: short, maxRotation: 0, includeBounds: false }, min: span[0], max: span[1] },
          y: { stacked: Boolean(stacked), beginAtZero: Boolean(stacked), title: { display: true, text: axis } },
        },
      },
    },
  };
}

/** A number for an axis: 20 M. */
function short(x) {
  for (const [size, unit] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]]) {
    if (Math.abs(x) >= size) return +(x / size).toPrecision(4) + unit;
  }
  return String(+x.toPrecision(4));
}

// --- controls ---

function group(parent, legend) {
  const set = el("fieldset", null, { class: "controls" });
  set.append(el("legend", legend));
  parent.append(set);
  return set;
}

/** Boxes to tick or, where `one`, buttons of which one is chosen; calls `changed` with the chosen indices. */
function choices(parent, legend, names, chosen, one, changed) {
  const set = group(parent, legend);
  if (!one) set.classList.add("cores");
  names.forEach((name, n) => {
    const label = el("label");
    const input = el("input", null, { type: one ? "radio" : "checkbox", name: legend + parent.id });
    input.checked = chosen.includes(n);
    input.addEventListener("change", () => {
      const boxes = [...set.querySelectorAll("input")];
      changed(boxes.flatMap((b, i) => (b.checked ? [i] : [])));
    });
    label.append(input, name);
    set.append(label);
  });
}

function select(parent, title, names, changed) {
  const set = el("p", null, { class: "controls" });
  const label = el("label", title + " ");
  const list = el("select");
  names.forEach((name) => list.append(el("option", name)));
  list.addEventListener("change", () => changed(list.selectedIndex));
  label.append(list);
  set.append(label);
  parent.append(set);
}

function numbers(pairs) {
  const list = el("dl", null, { class: "numbers" });
  for (const [name, value] of pairs) {
    const item = el("div");
    item.append(el("dt", name), el("dd", value));
    list.append(item);
  }
  main.append(list);
}

function title(text, subtitle) {
  document.title = text + " \u2014 perfvec";
  document.getElementById("title").textContent = text;
  document.getElementById("subtitle").textContent = subtitle;
}

function footer() {
  const f = document.getElementById("footer");
  f.append(el("p", "Made by perfvec " + data.version + " with"), el("pre", data.command.join(" ")));
  f.append(el("p", "Charts: Chart.js (MIT licence). This page loads nothing from anywhere."));
}

const shapes = {};
