// What `perfvec explore` found. One design is chosen at a time, in any chart or in the list.

shapes.exploration = () => {
  const found = data.result;
  const order = [...found.designs].sort((a, b) => b[data.objective] - a[data.objective]);
  const programs = order[0].programs.map((p) => p.program);
  title("Designs like " + found.like, "A space of " + grouped(data.of) + (data.of === 1 ? " design" : " designs") + " on " + (programs.length === 1 ? programs[0] : programs.length + " programs"));
  numbers([
    ["designs", grouped(data.of)],
    ["on the Pareto front", grouped(data.front)],
    ["best speedup over " + found.like, order[0][data.objective].toFixed(4)],
    ["its cost", short(order[0].cost)],
  ]);
  if (order.length < data.of) {
    main.append(el("p", "On this page are the front, the best and some of every rank, " + grouped(order.length) + " designs; the effects of axes are of all. -o keeps every design in a file.", { class: "note" }));
  }
  const chosen = { design: order.find((d) => d.core === data.best), draws: [] };
  const choose = (design) => { chosen.design = design; chosen.draws.forEach((draw) => draw()); };
  chosen.draws.push(...costs(found, order, chosen, choose));
  chosen.draws.push(...sideBySide(found, order, chosen, choose));
  chosen.draws.push(...oneDesign(found, order, chosen, choose));
  axesWorth(found);
  if (found.explained) explained(found.explained);
  explorationLimits(found, programs);
};

const OBJECTIVES = { speedup: "speedup, geometric mean over the programs", worst: "speedup of the program that gains least" };

/** From slow (0) to fast (1). */
const shade = (t, alpha) => "hsl(" + (215 - 195 * t) + " 65% 50% / " + (alpha || 1) + ")";

/** A function from values to shares of their range. */
function scale(values) {
  const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  return (v) => (high > low ? (v - low) / (high - low) : 0.5);
}

/** The axes that have several values. */
const varied = (found) => found.axes.filter((a) => a.values.length > 1);
const words = (found, d) => varied(found).map((a) => a.axis + "=" + d.axes[a.axis]).join(" ");

/** Text for a tooltip, in lines. */
const lines_of = (found, d) => [OBJECTIVES[data.objective].split(",")[0] + " " + d[data.objective].toFixed(4) + ", cost " + short(d.cost), ...varied(found).map((a) => a.axis + " " + d.axes[a.axis])];

function costs(found, order, chosen, choose) {
  const s = section("front", "Cost and speedup", "Each point is a design; the line is the Pareto front, to which no design is both cheaper and faster. Click a design to see what it is. Cost: " + data.cost.replace(/\s+/g, " ") + ".");
  const front = order.filter((d) => d.pareto).sort((a, b) => a.cost - b.cost);
  const rest = order.filter((d) => !d.pareto);
  const at = (d) => ({ x: d.cost, y: d[data.objective] });
  const draw = chart(s, "Speedup of each design over its cost", () => ({
    height: 400,
    config: {
      type: "scatter",
      data: {
        datasets: [
          { label: "chosen", designs: [chosen.design], data: [at(chosen.design)], pointRadius: 9, pointHoverRadius: 9, pointStyle: "circle", backgroundColor: "transparent", borderColor: colour("--ink"), borderWidth: 2.5 },
          { label: "Pareto front", designs: front, data: front.map(at), showLine: true, stepped: "before", pointRadius: 5, pointHitRadius: 8, backgroundColor: LINE_COLOURS[1], borderColor: LINE_COLOURS[1], borderWidth: 1.5 },
          { label: "other designs", designs: rest, data: rest.map(at), pointRadius: 3.5, pointHitRadius: 6, backgroundColor: LINE_COLOURS[0] + "b0", borderColor: LINE_COLOURS[0] },
        ],
      },
      options: {
        onClick: (event, hit, c) => { if (hit.length) choose(c.data.datasets[hit[0].datasetIndex].designs[hit[0].index]); },
        plugins: { tooltip: { callbacks: { label: (item) => lines_of(found, item.dataset.designs[item.dataIndex]) } } },
        scales: {
          // Room, so that no point lies on the edge, where it could not be clicked.
          x: { grace: "5%", title: { display: true, text: "cost" }, ticks: { callback: short, maxRotation: 0 } },
          y: { grace: "5%", title: { display: true, text: OBJECTIVES[data.objective].split(",")[0] + " over " + found.like } },
        },
      },
    },
  }));
  const rows = order.map((d) => [d.core, fixed(d.speedup, 4), fixed(d.worst, 4), { value: d.cost, text: short(d.cost) }, d.pareto ? "yes" : "no", words(found, d)]);
  s.append(details("Table of designs", table("Designs, best first", ["<design", "speedup", "worst", "cost", "<on the front", "<parameters"], rows)));
  return [draw];
}

/** Values of each axis at the height of its lines. */
const TICKS = {
  id: "ticks",
  afterDatasetsDraw(c) {
    const { ctx } = c;
    ctx.save();
    ctx.font = "12px " + Chart.defaults.font.family;
    ctx.textBaseline = "middle";
    c.options.places.forEach((place, n) => {
      const x = c.scales.x.getPixelForValue(n);
      const last = n === c.options.places.length - 1;
      ctx.textAlign = last ? "right" : "left";
      const step = Math.ceil(place.ticks.length / 10);
      place.ticks.filter((_, i) => i % step === 0).forEach(([text, y]) => {
        const at = c.scales.y.getPixelForValue(y);
        const word = text.length > 12 ? text.slice(0, 11) + "\u2026" : text;
        const width = ctx.measureText(word).width + 4;
        const from = last ? x - 4 - width : x + 4;
        ctx.globalAlpha = 0.75;
        ctx.fillStyle = colour("--page");
        ctx.fillRect(from, at - 8, width, 16);
        ctx.globalAlpha = 1;
        ctx.fillStyle = colour("--ink");
        ctx.fillText(word, last ? x - 6 : x + 6, at);
      });
    });
    ctx.restore();
  },
};

function sideBySide(found, order, chosen, choose) {
  const s = section("parallel", "Designs side by side", "Each line is a design, from blue (slow) to red (fast); it crosses each axis at its value. Click one where it crosses an axis.");
  const groups = [["the front", (d) => d.pareto], ["the best", null], ["all on this page", () => true]];
  let shown = 0;
  const few = 200;
  const pick = () => (shown === 1 ? order.slice(0, 25) : order.filter(groups[shown][1]));
  // Of more designs than a screen can tell apart, some of every rank.
  const thin = (all) => (all.length <= few ? all : Array.from({ length: few }, (_, i) => all[Math.floor(i * (all.length - 1) / (few - 1))]));
  choices(s, "Show", groups.map((g) => g[0]), [0], true, ([n]) => { shown = n; draw(); });
  const axes = varied(found);
  const [cost, speed] = [scale(order.map((d) => d.cost)), scale(order.map((d) => d[data.objective]))];
  const ends = (key, places) => {
    const sorted = order.map((d) => d[key]).sort((a, b) => a - b);
    return [[places(sorted[0]), 0], [places(sorted.at(-1)), 1]];
  };
  const height = (a, v) => a.values.indexOf(v) / (a.values.length - 1);
  const places = [
    ...axes.map((a) => ({ name: a.axis, ticks: a.values.map((v, n) => [String(v), n / (a.values.length - 1)]) })),
    { name: "cost", ticks: ends("cost", short) },
    { name: data.objective, ticks: ends(data.objective, (x) => x.toFixed(3)) },
  ];
  const line = (d) => [...axes.map((a) => height(a, d.axes[a.axis])), cost(d.cost), speed(d[data.objective])];
  const draw = chart(s, "Parameters, cost and speedup of designs", () => {
    const designs = [chosen.design, ...thin(pick()).filter((d) => d !== chosen.design)];
    return {
      height: 380,
      config: {
        type: "line",
        data: {
          labels: places.map((p) => p.name),
          datasets: designs.map((d, n) => ({
            data: line(d), design: d, borderWidth: n === 0 ? 4 : 1.2, pointRadius: n === 0 ? 4 : 2, pointHitRadius: 6,
            borderColor: n === 0 ? colour("--ink") : shade(speed(d[data.objective]), designs.length > 60 ? 0.5 : 0.85),
            backgroundColor: n === 0 ? colour("--ink") : shade(speed(d[data.objective])),
          })),
        },
        options: {
          places,
          onClick: (event, hit, c) => { if (hit.length) choose(c.data.datasets[hit[0].datasetIndex].design); },
          interaction: { mode: "nearest", intersect: true },
          plugins: {
            legend: { display: false },
            tooltip: { callbacks: { title: ([item]) => item.dataset.design.core, label: (item) => lines_of(found, item.dataset.design) } },
          },
          scales: { x: { grid: { color: colour("--quiet") }, ticks: { autoSkip: false, maxRotation: 60 } }, y: { display: false, min: -0.05, max: 1.05 } },
        },
        plugins: [TICKS],
      },
    };
  });
  return [draw];
}

function oneDesign(found, order, chosen, choose) {
  const s = section("design", "The chosen design");
  const label = el("label", "Design ");
  const list = el("select", null, { id: "chosen" });
  order.forEach((d, n) => list.append(el("option", n + 1 + ". " + d.core + (d.pareto ? " *" : ""))));
  list.addEventListener("change", () => choose(order[list.selectedIndex]));
  label.append(list);
  const set = el("p", null, { class: "controls" });
  set.append(label);
  s.append(set);
  const box = el("div");
  s.append(box);
  const cpi = (p, part) => p.stack[part] / p.retired;
  const bars = chart(s, "CPI of each program by cause, on the chosen design", () => {
    const programs = chosen.design.programs;
    return stackedBars(programs.map((p) => (p.program.length > 24 ? "\u2026" + p.program.slice(-23) : p.program)),
      data.parts.map((part, n) => ({ label: part, colour: PART_COLOURS[n], data: programs.map((p) => cpi(p, part)) })), "cycles per instruction");
  });
  const causes = el("div");
  s.append(details("Table of its programs", causes));
  const fill = () => {
    const d = chosen.design;
    list.selectedIndex = order.indexOf(d);
    const parameters = [["design", d.core], ...found.axes.map((a) => [a.axis, String(d.axes[a.axis])])];
    box.replaceChildren(
      el("p", "Speedup " + d.speedup.toFixed(4) + ", worst " + d.worst.toFixed(4) + ", cost " + short(d.cost) + (d.pareto ? "; it is on the front." : "; it is not on the front.")),
      table("Its parameters; others are those of " + found.like, ["<parameter", "<value"], parameters));
    causes.replaceChildren(table("CPI by cause, on the chosen design", ["<program", "cycles", "CPI", "time", "95 % interval", ...data.parts],
      d.programs.map((p) => [p.program, count(p.cycles), fixed(p.cpi), time(p.seconds), p.half_width ? { value: p.half_width, text: "\u00b1 " + percent(p.half_width, 2) } : "\u2013", ...data.parts.map((part) => ({ value: p.stack[part], text: cpi(p, part).toFixed(3) }))])));
  };
  fill();
  return [bars, fill];
}

function axesWorth(found) {
  const axes = [...found.axes].sort((a, b) => b.range - a.range);
  const s = section("axes", "What each axis is worth", "Range: the greatest over the least mean speedup of its values. Effect: the mean difference of two designs that differ in that axis alone. Click an axis to see its values.");
  let axis = 0;
  chart(s, "Range and effect of each axis", () => ({
    height: axes.length * 34 + 90,
    config: {
      type: "bar",
      data: {
        labels: axes.map((a) => a.axis),
        datasets: [["range", (a) => a.range - 1, LINE_COLOURS[0]], ["effect", (a) => a.effect, LINE_COLOURS[1]]]
          .map(([label, of, paint]) => ({ label, data: axes.map(of), backgroundColor: paint, maxBarThickness: 14 })),
      },
      options: {
        indexAxis: "y",
        onClick: (event, hit) => { if (hit.length) { axis = hit[0].index; list.selectedIndex = axis; values(); } },
        interaction: { mode: "index", axis: "y", intersect: false },
        scales: {
          x: { beginAtZero: true, ticks: { callback: (x) => percent(x), maxRotation: 0 }, title: { display: true, text: "of the speedup" } },
          y: { ticks: { autoSkip: false }, grid: { display: false } },
        },
      },
    },
  }));
  const rows = axes.map((a) => [a.axis, share(a.range - 1, 2), a.effect === null ? "\u2013" : share(a.effect, 2),
    a.values.map((v, n) => v + ": " + (a.speedup[n] === null ? "\u2013" : a.speedup[n].toFixed(3))).join(", ")]);
  s.append(details("Table of axes", table("Axes, largest range first", ["<axis", "range", "effect", "<mean speedup by value"], rows)));
  select(s, "Axis", axes.map((a) => a.axis), (n) => { axis = n; values(); });
  const list = s.querySelector("select");
  const values = chart(s, "Mean speedup of designs by the value of an axis", () => ({
    height: 260,
    config: {
      type: "line",
      data: { labels: axes[axis].values.map(String), datasets: [{ label: axes[axis].axis, data: axes[axis].speedup, borderColor: LINE_COLOURS[0], backgroundColor: LINE_COLOURS[0], pointRadius: 4 }] },
      options: {
        plugins: { legend: { display: false } },
        scales: { x: { title: { display: true, text: axes[axis].axis } }, y: { title: { display: true, text: "mean speedup" } } },
      },
    },
  }));
}

function explained(e) {
  const s = section("explained", "What makes the difference", "From " + e.from + " to " + e.to + ": the mean of what each change does to the speedup, over " + (e.orders === null ? "all" : grouped(e.orders)) + " orders of the changes (Shapley values).");
  const shares = [...e.shares].sort((a, b) => Math.abs(b.log_speedup) - Math.abs(a.log_speedup));
  const gain = (x) => Math.exp(x.log_speedup) - 1;
  chart(s, "Speedup by change", () => ({
    height: barsHeight(shares.length, 60),
    config: {
      type: "bar",
      data: { labels: shares.map((x) => x.change), datasets: [{ data: shares.map(gain), backgroundColor: LINE_COLOURS[2], maxBarThickness: 20 }] },
      options: {
        indexAxis: "y",
        plugins: { legend: { display: false } },
        scales: { x: { ticks: { callback: (x) => percent(x), maxRotation: 0 } }, y: { ticks: { autoSkip: false }, grid: { display: false } } },
      },
    },
  }));
  s.append(details("Table of changes", table("Changes, largest first", ["<change", "speedup"], shares.map((x) => [x.change, fixed(Math.exp(x.log_speedup), 4)])), true));
}

function explorationLimits(found, programs) {
  const s = section("limits", "What was priced, and how");
  const list = el("ul");
  [
    grouped(found.estimates) + " estimates: " + grouped(data.of) + " designs and what they are like, on " + grouped(programs.length) + (programs.length === 1 ? " program" : " programs") + "; " + grouped(found.new) + " of them priced in this run.",
    "Settings: " + found.settings + ".",
    "Differences smaller than the machines' errors are not to be trusted, nor those smaller than the intervals of a sampled run.",
    "What a machine does not model, an axis over it cannot show; what the cost leaves out, the front does not see.",
  ].forEach((text) => list.append(el("li", text)));
  s.append(list);
}
