// What `perfvec compare` found.

shapes.comparison = () => {
  const found = data.result;
  const [a, b] = [found.a, found.b];
  const on = found.on.a === found.on.b ? "on " + found.on.a : found.on.a + " against " + found.on.b;
  title(a.program === b.program ? a.program : a.program + " against " + b.program, "Two results compared, " + on);
  const chosen = found.totals.find((t) => t.a.core === found.on.a && t.b.core === found.on.b);
  numbers([
    ["A: instructions", grouped(a.retired)],
    ["B: instructions", grouped(b.retired)],
    ["cycles, B against A", percent(chosen.cycles_ratio, 2)],
    ...("seconds_ratio" in chosen ? [["time, B against A", percent(chosen.seconds_ratio, 2)]] : []),
  ]);
  main.append(table("What is compared", ["<side", "<file", "<program", "instructions", "<model"],
    [["A", a.file, a.program, count(a.retired), a.model], ["B", b.file, b.program, count(b.retired), b.model]]));
  found.notes.forEach((note) => main.append(el("p", note, { class: "warning", role: "note" })));
  totals(found);
  differences("causes", "By cause", found.causes, (c) => c.cause, (c) => [c.a, c.b], found);
  differences("phases", "By phase of the run", found.phases, (p) => percent(p.from, 0) + " to " + percent(p.to, 0), (p) => [p.a.cycles, p.b.cycles], found,
    "A phase is the same share of the instructions of either side.");
  differences("functions", "By function", found.functions, (f) => f.name, (f) => [f.a.cycles, f.b.cycles], found,
    "Functions are the same where their names are; those that differ most come first.");
};

function totals(found) {
  const s = section("totals", "Cycles and time");
  const name = (t) => (t.a.core === t.b.core ? t.a.core : t.a.core + " \u2192 " + t.b.core);
  const times = found.totals.every((t) => "seconds_ratio" in t);
  const ratio = (t) => (times ? t.seconds_ratio : t.cycles_ratio);
  chart(s, times ? "Time of B against A" : "Cycles of B against A", () => ({
    height: barsHeight(found.totals.length, 60),
    config: {
      type: "bar",
      data: {
        labels: found.totals.map(name),
        datasets: [{ label: "B / A", data: found.totals.map(ratio), halfWidths: found.totals.map((t) => t.half_width || 0), backgroundColor: LINE_COLOURS[0], maxBarThickness: 20 }],
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "nearest", axis: "y", intersect: false },
        plugins: { legend: { display: false } },
        scales: {
          x: { beginAtZero: true, suggestedMax: Math.max(...found.totals.map((t) => ratio(t) * (1 + (t.half_width || 0)))), title: { display: true, text: (times ? "time" : "cycles") + " of B, as a multiple of A's" } },
          y: { ticks: { autoSkip: false }, grid: { display: false } },
        },
      },
      plugins: [WHISKERS],
    },
  }));
  const columns = ["<core", "cycles of A", "cycles of B", "B \u2212 A", "B / A", "CPI of A", "CPI of B"];
  const rows = found.totals.map((t) => [name(t), count(t.a.cycles), count(t.b.cycles), change(t.cycles), fixed(t.cycles_ratio, 4), fixed(t.a.cpi), fixed(t.b.cpi),
    ...(times ? [time(t.a.seconds), time(t.b.seconds), fixed(t.seconds_ratio, 4)] : [])]);
  s.append(details("Table of totals", table("Totals", times ? [...columns, "time of A", "time of B", "B / A, time"] : columns, rows), true));
}

const change = (x) => ({ value: x, text: signed(x, grouped) });

function differences(id, head, rows, name, cycles, found, note) {
  if (!rows.length) return;
  const on = found.on.a === found.on.b ? found.on.a : found.on.a + " \u2192 " + found.on.b;
  const s = section(id, head, "Cycles on " + on + ". " + (note || ""));
  // Of many rows, those that matter: the table has the others.
  const least = 0.002 * sum(rows.map((r) => Math.abs(cycles(r)[1] - cycles(r)[0])));
  const shown = rows.filter((r, n) => rows.length <= 20 || n === 0 || Math.abs(cycles(r)[1] - cycles(r)[0]) >= least).slice(0, 20);
  const room = main.clientWidth < 600 ? 16 : 28;
  const texts = shown.map((r) => { const n = name(r); return n.length > room ? n.slice(0, room - 1) + "\u2026" : n; });
  const sides = [["A", LINE_COLOURS[0], 0], ["B", LINE_COLOURS[1], 1]];
  chart(s, head + ", A and B", () => ({
    height: shown.length * 34 + 90,
    config: {
      type: "bar",
      data: {
        labels: texts,
        datasets: sides.map(([label, paint, n]) => ({ label, data: shown.map((r) => cycles(r)[n]), backgroundColor: paint, maxBarThickness: 14 })),
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "index", axis: "y", intersect: false },
        scales: {
          x: { beginAtZero: true, title: { display: true, text: "cycles" }, ticks: { callback: short, maxRotation: 0 } },
          y: { ticks: { autoSkip: false }, grid: { display: false } },
        },
      },
    },
  }));
  const all = sum(rows.map((r) => cycles(r)[1] - cycles(r)[0]));
  const text = (r) => {
    const [x, y] = cycles(r);
    return [name(r), count(x), count(y), change(y - x), all === 0 ? "\u2013" : { value: (y - x) / all, text: signed((y - x) / all, percent) }];
  };
  s.append(details("Table: " + head.toLowerCase(), table(head, ["<" + id, "cycles of A", "cycles of B", "B \u2212 A", "of the difference"], rows.slice(0, 500).map(text))));
}
