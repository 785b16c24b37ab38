// Intervals that `perfvec simpoints` chose.

shapes.simpoints = () => {
  const found = data.result;
  const cores = found.microarchs.map((core, index) => ({ ...core, index })).filter((core) => data.shown.includes(core.name));
  const [chosen] = found.choices;
  const total = sum(found.intervals.map((i) => i.retirements));
  title(found.program || "a program", (chosen.points.length === 1 ? "An interval" : chosen.points.length + " intervals") + " of " + grouped(found.interval) + " instructions that stand for it");
  numbers([
    ["instructions", grouped(total)],
    ["points, " + BY[chosen.by], grouped(chosen.points.length)],
    ["of the instructions", percent(chosen.simulated / total, 2)],
    ["off by, mean over cores", percent(chosen.mean_error, 2)],
  ]);
  if (found.whole) simulated(found, chosen, total);
  // The core that was simulated comes first.
  const simulatedOn = (core) => Number(found.whole !== null && core.name === found.whole.microarch);
  pointsOverTime(found, [...cores].sort((a, b) => simulatedOn(b) - simulatedOn(a)));
  if (cores.length) totalsOfPoints(found, cores);
  choicesCompared(found, total);
  pointLimits(found);
};

const BY = { vectors: "by program vectors", blocks: "by basic blocks", systematic: "at equal distances", points: "as given" };
const lengthOf = (all) => all.first + all.retirements;

function pointsOverTime(found, cores) {
  const s = section("points", "Which intervals", "CPI over the run; a dot is a point, the larger the more it stands for." + (data.merged > 1 ? " Up to " + data.merged + " intervals of the line stand as one, their mean by instructions." : ""));
  let core = 0;
  let choice = 0;
  const redraw = () => { draw(); fill(); };
  if (found.choices.length > 1) choices(s, "Points", found.choices.map((c) => BY[c.by]), [0], true, ([n]) => { choice = n; redraw(); });
  if (cores.length > 1) select(s, "Core", cores.map((c) => c.name), (n) => { core = n; redraw(); });
  const points = () => found.choices[choice].points;
  const first = (p) => p.interval * found.interval;
  const middle = (from, n) => from + n / 2;
  const draw = cores.length ? chart(s, "CPI over the run, with the points", () => {
    const k = cores[core].index;
    const { height, config } = lines([0, lengthOf(found.intervals.at(-1))], [
      { label: cores[core].name, colour: LINE_COLOURS[0], data: found.intervals.map((i) => ({ x: middle(i.first, i.retirements), y: i.cpi[k] })) },
    ], "cycles per instruction");
    config.data.datasets.unshift({
      label: "points", data: points().map((p) => ({ x: middle(first(p), p.retirements), y: p.cpi[k] })), showLine: false,
      pointRadius: points().map((p) => 4 + 12 * Math.sqrt(p.weight)), backgroundColor: LINE_COLOURS[1] + "b0", borderColor: LINE_COLOURS[1],
    });
    config.options.interaction = { mode: "nearest", intersect: false };
    config.options.plugins = { tooltip: { callbacks: {
      title: ([item]) => (item.datasetIndex === 0 ? "interval " + points()[item.dataIndex].interval : "instruction " + grouped(item.raw.x)),
      label: (item) => (item.datasetIndex === 0 ? "stands for " + percent(points()[item.dataIndex].weight, 2) + ", " : "") + "CPI " + item.raw.y.toFixed(3),
    } } };
    return { height, config };
  }) : () => {};
  const box = el("div");
  const fill = () => {
    const c = cores[core];
    box.replaceChildren(table("Points " + BY[found.choices[choice].by], ["<interval", "first instruction", "instructions", "weight", ...(c ? ["CPI on " + c.name] : [])],
      points().map((p) => [String(p.interval), count(first(p)), count(p.retirements), share(p.weight, 2), ...(c ? [fixed(p.cpi[c.index])] : [])])));
  };
  fill();
  s.append(details("Table of points", box, true));
}

function totalsOfPoints(found, cores) {
  const s = section("cores", "Every core from the points", "How far the points' estimates, by their weights, are from the estimate of the whole.");
  chart(s, "Difference on each core", () => ({
    height: barsHeight(cores.length, 80) + (found.choices.length - 1) * 8 * cores.length,
    config: {
      type: "bar",
      data: {
        labels: cores.map((c) => c.name),
        datasets: found.choices.map((c, n) => ({ label: BY[c.by], data: cores.map((core) => c.differences[core.index]), backgroundColor: LINE_COLOURS[n], maxBarThickness: 12 })),
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "index", axis: "y", intersect: false },
        plugins: { tooltip: { callbacks: { label: (item) => item.dataset.label + ": " + signed(item.raw, (x) => percent(x, 2)) } } },
        scales: {
          x: { title: { display: true, text: "from points against the whole" }, ticks: { callback: (x) => percent(x, 1), maxRotation: 0 } },
          y: { ticks: { autoSkip: false }, grid: { display: false } },
        },
      },
    },
  }));
  const off = (x) => ({ value: x, text: signed(x, (y) => percent(y, 2)) });
  const rows = cores.map((c) => [c.name, count(c.cycles), count(c.weighted_cycles), ...found.choices.map((x) => off(x.differences[c.index]))]);
  s.append(details("Table of all cores", table("Cycles from points", ["<core", "cycles, all", "from points " + BY[found.choices[0].by], ...found.choices.map((c) => "differs " + BY[c.by])], rows), true));
}

function choicesCompared(found, total) {
  if (found.choices.length < 2) return;
  const s = section("choices", "Ways to choose");
  s.append(table("Choices", ["<points", "how many", "of the instructions", "off by, mean over all cores", "worst"],
    found.choices.map((c) => [BY[c.by], count(c.points.length), share(c.simulated / total, 2), share(c.mean_error, 2), share(c.worst_error, 2)])));
}

function simulated(found, chosen, total) {
  const w = found.whole;
  const k = found.microarchs.findIndex((c) => c.name === w.microarch);
  const s = section("whole", "The whole, as simulated on " + w.microarch, "Plain: what was simulated, by the points' weights. Corrected: every interval's estimate, plus the mean difference between what was simulated of the points and what was estimated.");
  const half = w.half_width === null ? "\u2013" : { value: w.half_width, text: "\u00b1 " + percent(w.half_width, 2) };
  s.append(table("Cycles of the whole program", ["<from", "cycles", "CPI", "95 % interval"], [
    ["plain weights", count(w.plain_cycles), fixed(w.plain_cycles / total), "\u2013"],
    ["corrected estimate", count(w.cycles), fixed(w.cycles / total), half],
    ["estimate alone", count(found.microarchs[k].cycles), fixed(found.microarchs[k].cycles / total), "\u2013"],
  ]));
  chart(s, "CPI of each point, estimated and simulated", () => ({
    height: 260,
    config: {
      type: "bar",
      data: {
        labels: chosen.points.map((p) => String(p.interval)),
        datasets: [["estimated", (p) => p.cpi[k]], ["simulated", (p, n) => w.measured_cpi[n]]]
          .map(([label, of], n) => ({ label, data: chosen.points.map(of), backgroundColor: LINE_COLOURS[n], maxBarThickness: 24 })),
      },
      options: {
        interaction: { mode: "index", intersect: false },
        scales: { x: { title: { display: true, text: "interval" } }, y: { beginAtZero: true, title: { display: true, text: "cycles per instruction" } } },
      },
    },
  }));
  s.append(details("Table of simulated points", table("Points as simulated", ["<interval", "weight", "CPI estimated", "CPI simulated"],
    chosen.points.map((p, n) => [String(p.interval), share(p.weight, 2), fixed(p.cpi[k]), fixed(w.measured_cpi[n])]))));
}

function pointLimits(found) {
  const s = section("limits", "What this does not say");
  const list = el("ul");
  [
    "Differences are between estimates: what the points leave out, not how far an estimate is from a detailed simulation.",
    found.whole
      ? (found.whole.half_width === null ? "A single point has no interval." : "The 95 % interval holds for points at equal distances; points of clusters are a single draw, of which it is a guide.")
      : "No point was simulated in detail: --points PREFIX --cycles FILE --on CORE gives the whole from such timings.",
    "An interval that is simulated alone needs warm caches and predictors.",
  ].forEach((text) => list.append(el("li", text)));
  s.append(list);
}
