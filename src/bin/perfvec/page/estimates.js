// What `perfvec run` and `perfvec replay` found.

shapes.estimates = () => {
  const result = data.result;
  const order = result.microarchs
    .map((core, index) => ({ ...core, index }))
    .filter((core) => data.shown.includes(core.name))
    .sort((a, b) => a.seconds - b.seconds);
  title(result.program || "a program", "What it takes on " + order.length + (order.length === 1 ? " core" : " cores"));
  const pairs = [["instructions", grouped(result.retired)]];
  if (result.measured < result.retired) pairs.push(["measured", percent(result.measured / result.retired, 2)]);
  if (order.length) {
    pairs.push(["fastest: " + order[0].name, seconds(order[0].seconds)]);
    const last = order[order.length - 1];
    if (order.length > 1) pairs.push(["slowest: " + last.name, seconds(last.seconds)]);
  }
  numbers(pairs);
  if (result.partial) {
    main.append(el("p", "This is a part of the program only: " + result.partial.reasons.join("; "), { class: "warning", role: "note" }));
  }
  ranking(order);
  stacks(order, result);
  overTime(order, result);
  if (data.profile) profile(data.profile);
  threads(result);
  limits(result, order);
};

/** How far an estimate may be off, as a share: the whole error where it is known, else sampling's. */
const error = (c) => (c.error_90 === undefined ? c.half_width : c.error_90);

function ranking(order) {
  const s = section("cores", "Cores, fastest first");
  const metrics = [
    ["time", "seconds", (c) => c.seconds, seconds],
    ["cycles", "cycles", (c) => c.cycles, grouped],
    ["CPI", "cycles per instruction", (c) => c.cpi, (x) => x.toFixed(3)],
  ];
  let metric = metrics[0];
  choices(s, "Show", metrics.map((m) => m[0]), [0], true, ([n]) => { metric = metrics[n]; draw(); });
  const draw = chart(s, "Cores by time, cycles or CPI", () => ({
    height: barsHeight(order.length, 60),
    config: {
      type: "bar",
      data: {
        labels: order.map((c) => c.name),
        datasets: [{ label: metric[0], data: order.map(metric[2]), halfWidths: order.map(error), backgroundColor: LINE_COLOURS[0], maxBarThickness: 20 }],
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "nearest", axis: "y", intersect: false },
        plugins: {
          legend: { display: false },
          tooltip: { callbacks: { label: (item) => metric[3](item.raw) + (error(order[item.dataIndex]) ? " \u00b1 " + percent(error(order[item.dataIndex]), 2) : "") } },
        },
        scales: {
          x: { beginAtZero: true, suggestedMax: Math.max(...order.map((c) => metric[2](c) * (1 + error(c)))), title: { display: true, text: metric[1] }, ticks: { callback: metric[0] === "time" ? seconds_axis : short, maxRotation: 0 } },
          y: { ticks: { autoSkip: false }, grid: { display: false } },
        },
      },
      plugins: [WHISKERS],
    },
  }));
  const rows = order.map((c) => [c.name, fixed(c.clock_hz / 1e9, 2), time(c.seconds), count(c.cycles), fixed(c.cpi), error(c) ? { value: error(c), text: "\u00b1 " + percent(error(c), 2) } : "\u2013"]);
  s.append(details("Table of all cores", table("Cores, fastest first", ["<core", "GHz", "time", "cycles", "CPI", order.some((c) => c.error_90 !== undefined) ? "90 % interval" : "95 % interval"], rows), true));
}

function seconds_axis(s) {
  if (s === 0) return "0";
  if (s >= 1) return +s.toPrecision(4) + " s";
  return s >= 1e-3 ? +(s * 1e3).toPrecision(4) + " ms" : +(s * 1e6).toPrecision(4) + " \u00b5s";
}

const hasStacks = (order) => order.length > 0 && order.every((c) => c.stack);

function stacks(order, result) {
  if (!hasStacks(order)) return;
  const s = section("stacks", "Where the cycles go", "CPI by cause: what each core waits for. The parts of a core add up to its CPI.");
  const cpi = (c, part) => c.stack[part] / result.retired;
  const series = data.parts.map((part, n) => ({ label: part, colour: PART_COLOURS[n], data: order.map((c) => cpi(c, part)) }));
  const narrow = order.map((c) => c.name);
  chart(s, "CPI of each core by cause", () => stackedBars(narrow, series, "cycles per instruction"));
  const rows = order.map((c) => [c.name, ...data.parts.map((part) => ({ value: c.stack[part], text: cpi(c, part).toFixed(3) })), fixed(c.cpi)]);
  s.append(details("Table of causes", table("CPI by cause", ["<core", ...data.parts, "sum"], rows)));
}

/** The interval series of a result: of the whole, or of its threads. */
function seriesOf(result) {
  if (result.intervals && result.intervals.length) return [{ name: "", intervals: result.intervals }];
  return (result.threads || [])
    .filter((t) => t.intervals && t.intervals.length)
    .map((t) => ({ name: "thread " + t.tid + (t.name ? " (" + t.name + ")" : ""), intervals: t.intervals }));
}

function overTime(order, result) {
  const all = seriesOf(result);
  if (!all.length || !order.length) return;
  const s = section("time", "CPI over the run", data.merged > 1 ? "Up to " + data.merged + " intervals stand as one, their mean by instructions." : null);
  let stream = 0;
  let shown = order.map((c, n) => n).slice(0, 4);
  let core = 0;
  const tables = [];
  const redraw = () => { draws.forEach((draw) => draw()); tables.forEach((fill) => fill()); };
  if (all.length > 1) select(s, "Thread", all.map((x) => x.name), (n) => { stream = n; redraw(); });
  const middle = (i) => i.first + i.retirements / 2;
  const span = () => {
    const [first, last] = [all[stream].intervals[0], all[stream].intervals.at(-1)];
    return [first.first, last.first + last.retirements];
  };
  const draws = [];
  choices(s, "Cores", order.map((c) => c.name), shown, false, (n) => { shown = n; redraw(); });
  draws.push(chart(s, "CPI of chosen cores over the run", () => lines(
    span(),
    shown.map((n) => ({
      label: order[n].name, colour: LINE_COLOURS[n % LINE_COLOURS.length], dash: [[], [6, 3], [2, 2]][Math.floor(n / LINE_COLOURS.length) % 3],
      data: all[stream].intervals.map((i) => ({ x: middle(i), y: i.cpi[order[n].index] })),
    })), "cycles per instruction")));
  const cpis = el("div");
  tables.push(() => cpis.replaceChildren(table("CPI by interval", ["first instruction", "instructions", ...order.map((c) => c.name)],
    all[stream].intervals.map((i) => [count(i.first), count(i.retirements), ...order.map((c) => fixed(i.cpi[c.index]))]))));
  s.append(details("Table of intervals", cpis));
  if (all.every((x) => x.intervals.every((i) => i.stacks)) && hasStacks(order)) {
    s.append(el("h3", "By cause, over the run"));
    select(s, "Core", order.map((c) => c.name), (n) => { core = n; redraw(); });
    // An interval of which a part was measured has that part's causes.
    const part = (i, n) => {
      const k = order[core].index;
      const all = sum(i.stacks[k]);
      return all > 0 ? i.cpi[k] * i.stacks[k][n] / all : 0;
    };
    draws.push(chart(s, "CPI by cause over the run", () => lines(
      span(),
      data.parts.map((name, n) => ({ label: name, colour: PART_COLOURS[n], data: all[stream].intervals.map((i) => ({ x: middle(i), y: part(i, n) })) })),
      "cycles per instruction", true)));
    const causes = el("div");
    tables.push(() => causes.replaceChildren(table("CPI by cause and interval, on " + order[core].name, ["first instruction", ...data.parts, "sum"],
      all[stream].intervals.map((i) => [count(i.first), ...data.parts.map((_, n) => fixed(part(i, n))), fixed(i.cpi[order[core].index])]))));
    s.append(details("Table of causes by interval", causes));
  }
  tables.forEach((fill) => fill());
}

function threads(result) {
  if (!result.threads || result.threads.length < 2) return;
  const s = section("threads", "Threads and processes", "Cycles of cores are sums over them.");
  const all = sum(result.threads.map((t) => t.retired));
  const rows = [...result.threads].sort((a, b) => b.retired - a.retired).map((t) => [String(t.tid), t.name || "", String(t.process), time(t.start), time(t.end), count(t.retired), share(t.retired / all)]);
  s.append(table("Threads, longest first", ["<thread", "<name", "<process", "from", "to", "instructions", "of all"], rows));
  if ((result.processes || []).length > 1) {
    s.append(table("Processes", ["<process", "<pid", "<program", "instructions", "<problem"],
      result.processes.map((p) => [String(p.id), String(p.pid), p.program, count(p.retired), p.problem || ""])));
  }
}

function limits(result, order) {
  const s = section("limits", "What was not measured, and why");
  const list = el("ul");
  const say = (text, warn) => list.append(el("li", text, warn ? { class: "warning" } : {}));
  if (result.partial) {
    say("In the result are " + grouped(result.partial.in_result) + " of " + grouped(result.partial.retired) + " instructions that were seen (" + percent(result.partial.share) + ").", true);
    result.partial.reasons.forEach((why) => say(why));
  } else {
    say("All instructions that retired" + (result.region ? " in the region" : "") + " are in the result.");
  }
  if (result.region) say("Only a region of the program was asked for: " + region(result.region) + ".");
  if (result.ended && result.ended.includes("killed")) say("The program " + result.ended + ".", true);
  if (result.units > 0) {
    say("Sampled: " + grouped(result.measured) + " of " + grouped(result.retired) + " instructions were measured, in " + grouped(result.units) + " units; the intervals hold the error of that.");
  } else {
    say("Nothing was sampled: every instruction was measured.");
  }
  if (result.sampling && result.sampling.warming) say("Features saw only " + grouped(result.sampling.warming) + " instructions before each unit; no interval holds the error of that.", true);
  if (result.ood_score === null || result.ood_score === undefined) {
    say(hasStacks(order)
      ? "Cores are priced by their own parameters: there are no training programs that this one could be unlike."
      : "The table tells nothing of its training programs, so how like them this one is was not judged.");
  } else if (result.ood_score > 1) {
    say("This program is unlike the model's training programs (score " + result.ood_score.toFixed(1) + ", 1 is their edge): expect larger errors.", true);
  } else {
    say("This program is like the model's training programs (score " + result.ood_score.toFixed(2) + ", 1 is their edge).");
  }
  if (!hasStacks(order)) say("No causes: the model " + result.model + " does not tell them apart; cores named with --core do.");
  if (!seriesOf(result).length) say("No series over the run: --interval N makes one.");
  if (data.dropped > 0) say("Series of " + data.dropped + " shorter threads are not on this page; --json has them.");
  if (!data.profile) say("No profile: perfvec run --profile FILE, or perfvec profile, shows where in the program the cycles go.");
  else data.profile.notes.forEach((note) => say(note));
  say("An estimate is of user code alone: nothing of the operating system, of other harts, or of what a core does on wrong paths is in it.");
  s.append(list);
}

function region(r) {
  if (r.markers) return "what lies between its markers";
  const mark = (m) => "0x" + m.pc.toString(16) + (m.count > 1 ? " at its turn " + m.count : "");
  const parts = [];
  if (r.from) parts.push("from " + mark(r.from));
  if (r.skip) parts.push("without the first " + grouped(r.skip) + " instructions");
  if (r.first !== null && r.first !== undefined) parts.push("at most " + grouped(r.first) + " instructions");
  if (r.until) parts.push("until " + mark(r.until));
  return parts.join(", ");
}

function profile(p) {
  const cores = p.values.slice(1);
  const s = section("profile", "Where in the program", "Each box is a function, above what it called; its width is its share of the cycles. Click one to look closer.");
  let value = 1;
  let span = null;
  const total = () => sum(p.functions.map((f) => f.self[value]));
  if (cores.length > 1) select(s, "Show", cores.map((v) => v.name), (n) => { value = n + 1; span = null; draw(); fill(); });
  const reset = el("button", "Show all", { type: "button" });
  reset.addEventListener("click", () => { span = null; draw(); });
  const draw = chart(s, "Call tree by cycles", () => {
    const boxes = icicle(p.tree, value, total());
    const depth = Math.max(1, ...boxes.map((b) => b.depth + 1));
    return {
      height: depth * 22 + 50,
      config: {
        type: "bar",
        data: {
          labels: Array.from({ length: depth }, (_, n) => String(n)),
          datasets: [{
            data: boxes.map((b) => ({ x: [b.from, b.to], y: String(b.depth) })), boxes: boxes,
            backgroundColor: boxes.map((b) => b.colour), borderColor: colour("--page"), borderWidth: 1, borderSkipped: false,
            grouped: false, categoryPercentage: 1, barPercentage: 1,
          }],
        },
        options: {
          indexAxis: "y",
          onClick: (event, found) => { if (found.length) { const b = boxes[found[0].index]; span = [b.from, b.to]; draw(); } },
          plugins: {
            legend: { display: false },
            tooltip: { callbacks: { title: ([item]) => boxes[item.dataIndex].name, label: (item) => { const b = boxes[item.dataIndex]; return percent(b.to - b.from, 2) + ", itself " + percent(b.own, 2); } } },
          },
          scales: {
            x: { min: span ? span[0] : 0, max: span ? span[1] : 1, ticks: { callback: (x) => percent(x, 0), maxRotation: 0 }, title: { display: true, text: "share of the cycles" } },
            y: { display: false },
          },
        },
        plugins: [NAMES],
      },
    };
  });
  s.append(reset);
  const box = el("div");
  const fill = () => {
    const all = total();
    const rows = [...p.functions].sort((a, b) => b.self[value] - a.self[value]);
    box.replaceChildren(table("Functions by " + p.values[value].name, ["<function", "itself", "with what it called", "cycles", "instructions", "CPI", "<file"],
      rows.slice(0, 200).map((f) => [f.name, share(f.self[value] / all, 2), share(f.total[value] / all, 2), count(f.self[value]), count(f.self[0]), f.self[0] > 0 ? fixed(f.self[value] / f.self[0]) : "\u2013", f.file])));
  };
  fill();
  s.append(details("Table of functions", box, true));
}

/** The boxes of a call tree: `tree.nodes` are [parent, name, total of each value, own of each value], parents first. */
function icicle(tree, value, total) {
  const children = tree.nodes.map(() => []);
  tree.nodes.forEach((node, n) => { if (n > 0) children[node.parent].push(n); });
  const boxes = [];
  const rest = [[0, 0, -1]];
  while (rest.length) {
    const [n, from, depth] = rest.pop();
    const node = tree.nodes[n];
    const width = Math.max(0, node.total[value] / total);
    if (n > 0) {
      const name = tree.names[node.name];
      boxes.push({ name, depth, from, to: from + width, own: node.own[value] / total, colour: "hsl(" + hash(name) % 60 + " 65% 62%)" });
    }
    let at = from;
    children[n].sort((a, b) => tree.nodes[b].total[value] - tree.nodes[a].total[value]);
    for (const child of children[n]) {
      rest.push([child, at, depth + 1]);
      at += Math.max(0, tree.nodes[child].total[value] / total);
    }
  }
  return boxes;
}

/** The same number for the same name, so that a function keeps its colour. */
function hash(name) {
  let h = 7;
  for (const c of name) h = (h * 31 + c.codePointAt(0)) >>> 0;
  return h;
}

const NAMES = {
  id: "names",
  afterDatasetsDraw(c) {
    const { ctx, chartArea } = c;
    const boxes = c.data.datasets[0].boxes;
    ctx.save();
    ctx.fillStyle = "#1b1f24";
    ctx.textBaseline = "middle";
    ctx.font = "12px " + Chart.defaults.font.family;
    c.getDatasetMeta(0).data.forEach((bar, n) => {
      const from = Math.max(chartArea.left, c.scales.x.getPixelForValue(boxes[n].from));
      const to = Math.min(chartArea.right, c.scales.x.getPixelForValue(boxes[n].to));
      if (to - from < 28) return;
      let text = boxes[n].name;
      const room = Math.floor((to - from - 8) / 6.6);
      if (text.length > room) text = text.slice(0, Math.max(1, room - 1)) + "\u2026";
      ctx.save();
      ctx.beginPath();
      ctx.rect(from, bar.y - 11, to - from, 22);
      ctx.clip();
      ctx.fillText(text, from + 4, bar.y);
      ctx.restore();
    });
    ctx.restore();
  },
};
