#!/usr/bin/env python3
"""Opens pages that --report writes in headless Chromium, without a network.

    tests/page.py                    pages of the bundled trace, made here
    tests/page.py --keep FOLDER      the same, and keeps the pages and their pictures there

In light and dark, on a laptop's screen and a phone's: no errors, nothing asked of a network, every
chart drawn, nothing wider than the screen, tables with the numbers of the JSON, the keyboard. Says so
and does nothing where there is no Chromium; NEED_CHROMIUM=1 makes that a failure. PERFVEC names the
command, target/release/perfvec otherwise.
"""

import argparse
import base64
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SCREENS = {"laptop": (1366, 768), "phone": (390, 844)}


# Two frames later.
SETTLED = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))"


class Browser:
    """A Chromium, spoken to in its DevTools protocol through two pipes."""

    def __init__(self, program, folder):
        (there, ours_out), (ours_in, back) = os.pipe(), os.pipe()

        # The protocol is spoken on descriptors 3 and 4.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" 3<&{there} 4>&{back}', program,
             "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND",
             "--disable-background-networking", f"--user-data-dir={folder}"],
            pass_fds=(there, back), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(back)
        self.out = os.fdopen(ours_out, "wb", buffering=0)
        self.input = os.fdopen(ours_in, "rb")
        self.number = 0
        self.rest = b""
        self.events = []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0,
                  downloadThroughput=-1, uploadThroughput=-1)

    def message(self):
        while b"\0" not in self.rest:
            chunk = self.input.read1(1 << 20)
            if not chunk:
                sys.exit("page.py: Chromium ended early")
            self.rest += chunk
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        self.out.write(json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    sys.exit(f"page.py: {method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def open(self, path, dark, size, density=1):
        """Loads a file on a screen of so many pixels to one of the page's; returns what went wrong
        and what it asked for."""
        width, height = size
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=density, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())
        self.run(SETTLED)
        wrong = [e["params"] for e in self.events
                 if e["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled",
                                    "Log.entryAdded")]
        asked = [e["params"]["request"]["url"] for e in self.events
                 if e["method"] == "Network.requestWillBeSent"]
        return wrong, asked

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            sys.exit(f"page.py: {script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def key(self, name, code):
        text = {"Enter": "\r", " ": " "}.get(name, "")
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, code=name,
                  windowsVirtualKeyCode=code, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, code=name,
                  windowsVirtualKeyCode=code)

    def picture(self, path):
        """All of the page, in a window as high as it is: charts follow the window's size."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        width = self.run("window.innerWidth")
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=math.ceil(size["height"]), deviceScaleFactor=1, mobile=width < 600)
        self.run("new Promise(r => setTimeout(() => requestAnimationFrame(() => "
                 "requestAnimationFrame(() => r(1))), 500))")
        shot = self.call("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait()


# Calls, two threads, and a word that must not end the element that the page keeps it in.
HOSTILE = "</script><script>throw 1</script><img src=x onerror=throw(2)>"
PROGRAM = r"""
#include <pthread.h>
static volatile unsigned long kept;
__attribute__((noinline)) static unsigned long leaf(unsigned long x) {
    for (int i = 0; i < 100; i++) x = x * 25214903917ul + 11;
    return x;
}
__attribute__((noinline)) static void *work(void *turns) {
    for (long i = 0; i < (long)turns; i++) kept += leaf(i);
    return 0;
}
int main(int count, char **words) {
    pthread_t thread;
    pthread_create(&thread, 0, work, (void *)1000);
    work((void *)(2000l * count));
    return pthread_join(thread, 0);
}
"""


SPACE = """
like = "cortex-a72-like"
constraints = ["iq <= rob"]
[axes]
rob = [32, 64, 128]
iq = [16, 32, 64]
int_mul_latency = [2, 3]
predictor = ["local", "ltage"]
"""

# Of each canvas, whether anything but one colour is on it.
DRAWN = """[...document.querySelectorAll("canvas")].map(c => {
  const p = new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer);
  return c.width > 0 && p.some(x => x !== p[0]);
})"""

TABLES = """[...document.querySelectorAll("table")].map(t => ({
  caption: t.caption.textContent,
  rows: [...t.tBodies[0].rows].map(r => [...r.cells].map(c => "value" in c.dataset ?
    [Number(c.dataset.value), c.textContent] : c.textContent)),
}))"""

# Elements that stick out of the screen, but for those in a box that scrolls.
WIDE = """[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll table") &&
  e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.outerHTML.slice(0, 80))"""

CONTRAST = """(() => {
  const of = c => c.match(/[\\d.]+/g).slice(0, 3).map(Number).map(x => x / 255)
    .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  const light = c => { const [r, g, b] = of(c); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const page = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll("h1,h2,p,td,th,a,summary,label")].map(e => {
    const ink = light(getComputedStyle(e).color);
    return (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
  }).reduce((a, b) => Math.min(a, b));
})()"""


def check(condition, what):
    if not condition:
        sys.exit(f"FAIL: page.py: {what}")


def table(tables, caption):
    found = [t for t in tables if t["caption"] == caption]
    check(len(found) == 1, f"no table {caption!r} among {[t['caption'] for t in tables]}")
    return found[0]["rows"]


def shown_is(cell, digits):
    """That what is shown is what stands in the cell, rounded."""
    value, text = cell
    plain = text.replace("\u202f", "").replace("\u2212", "-")
    check(abs(float(plain.split()[0]) - round(value, digits)) <= 10.0 ** -digits, f"{cell}")


def estimates(browser, result):
    """The tables of a run against its JSON."""
    tables = browser.run(TABLES)
    cores = {c["name"]: c for c in result["microarchs"]}
    rows = table(tables, "Cores, fastest first")
    check(len(rows) == len(cores), "a row for each core")
    check([r[0] for r in rows] == sorted(cores, key=lambda n: cores[n]["seconds"]), "the order")
    for name, _, seconds, cycles, cpi, half in rows:
        core = cores[name]
        check([seconds[0], cycles[0], cpi[0]] == [core["seconds"], core["cycles"], core["cpi"]],
              f"{name}: {seconds} {cycles} {cpi}")
        shown_is(cycles, 0)
        shown_is(cpi, 3)
        error = core.get("error_90", core["half_width"])
        check(half[0] == error if error else half == "\u2013", f"{half}")
    check(any("stack" in c for c in result["microarchs"]) ==
          any(t["caption"] == "CPI by cause" for t in tables), "causes where the model has them")
    for row in table(tables, "CPI by cause") if "stack" in result["microarchs"][0] else []:
        core = cores[row[0]]
        check(sorted(c[0] for c in row[1:-1]) == sorted(core["stack"].values()), f"{row}")
        check(row[-1][0] == core["cpi"], f"{row}")
    if result["intervals"]:
        order = [list(cores).index(r[0]) for r in rows]
        found = table(tables, "CPI by interval")
        check(len(found) == len(result["intervals"]), "a row for each interval")
        for row, interval in zip(found, result["intervals"], strict=True):
            check(row[0][0] == interval["first"], f"{row}")
            check([c[0] for c in row[2:]] == [interval["cpi"][k] for k in order], f"{row}")


def profiled(browser, result):
    """A run with threads and a profile."""
    estimates(browser, result)
    check(browser.run("document.getElementById('title').textContent").endswith(HOSTILE),
          "the title has the program's arguments as they were")
    tables = browser.run(TABLES)
    threads = table(tables, "Threads, longest first")
    check([row[5][0] for row in threads] ==
          sorted((t["retired"] for t in result["threads"]), reverse=True), f"{threads}")
    functions = table(tables, "Functions by cycles on rocket-like")
    check(functions[0][0] == "leaf" and functions[0][1][0] > 0.5, f"{functions[:2]}")
    # What the functions took is what the estimate says.
    cycles = next(c["cycles"] for c in result["microarchs"] if c["name"] == "rocket-like")
    check(abs(sum(row[3][0] for row in functions) / cycles - 1) < 0.01, "functions add up")


def compared(browser, result):
    """The tables of a comparison against its JSON."""
    tables = browser.run(TABLES)
    for row, total in zip(table(tables, "Totals"), result["totals"], strict=True):
        check([c[0] for c in row[1:5]] == [total["a"]["cycles"], total["b"]["cycles"],
                                           total["cycles"], total["cycles_ratio"]], f"{row}")
    for caption, key in {"By cause": "causes", "By phase of the run": "phases",
                         "By function": "functions"}.items():
        if result[key]:
            rows = table(tables, caption)
            check([r[3][0] for r in rows] == [x["difference"] for x in result[key]][:500], caption)


def chosen_points(browser, result):
    """The page of points against their JSON, whichever core and choice it shows."""
    def points(n, by, core):
        rows = table(browser.run(TABLES), f"Points {by}")
        k = [c["name"] for c in result["microarchs"]].index(core)
        found = result["choices"][n]["points"]
        check(len(rows) == len(found), f"{by}: a row for each point")
        for row, point in zip(rows, found, strict=True):
            at = point["interval"]
            check(row[0] == str(at), f"{row}")
            check([c[0] for c in row[1:]] == [
                at * result["interval"], result["retirements"][at], point["weight"],
                result["cpi"][at][k]], f"{by}, {core}: {row}")

    names = {"vectors": "by program vectors", "blocks": "by basic blocks",
             "systematic": "at equal distances", "points": "as given"}
    ways = [names[c["by"]] for c in result["choices"]]
    first = result["microarchs"][0]["name"]
    whole = result["whole"]
    if whole:
        first = whole["microarch"]
        rows = table(browser.run(TABLES), "Cycles of the whole program")
        check([r[1][0] for r in rows[:2]] == [whole["plain_cycles"], whole["cycles"]], f"{rows}")
        check(rows[1][3][0] == whole["half_width"], f"{rows}")
        rows = table(browser.run(TABLES), "Points as simulated")
        check([r[3][0] for r in rows] == whole["measured_cpi"], f"{rows}")
    points(0, ways[0], first)
    core = result["microarchs"][1]["name"]
    browser.run(f"""(() => {{
      const list = document.querySelector('#points select');
      list.selectedIndex = [...list.options].findIndex(o => o.textContent === {core!r});
      list.dispatchEvent(new Event('change'));
    }})()""")
    points(0, ways[0], core)
    for n, by in enumerate(ways[1:], 1):
        browser.run(f"document.querySelectorAll('#points input')[{n}].click()")
        points(n, by, core)
    rows = table(browser.run(TABLES), "Cycles from points")
    check(len(rows) == len(result["microarchs"]), "a row for each core")
    for k, (row, other) in enumerate(zip(rows, result["microarchs"], strict=True)):
        check([c[0] for c in row[1:]] == [other["cycles"], other["weighted_cycles"],
                                          *(c["differences"][k] for c in result["choices"])], f"{row}")
    if len(ways) > 1:
        rows = table(browser.run(TABLES), "Choices")
        check([r[0] for r in rows] == ways, f"{rows}")
        check([r[3][0] for r in rows] == [c["mean_error"] for c in result["choices"]], f"{rows}")


def explored(browser, result):
    """The page of a space against its JSON, and that a click on a point chooses its design."""
    designs = {d["core"]: d for d in result["designs"]}
    tables = browser.run(TABLES)
    rows = table(tables, "Designs, best first")
    check([r[0] for r in rows] == sorted(designs, key=lambda d: -designs[d]["speedup"]), "the order")
    for core, speedup, worst, cost, front, _ in rows:
        d = designs[core]
        check([speedup[0], worst[0], cost[0]] == [d["speedup"], d["worst"], d["cost"]], f"{core}")
        check(front == ("yes" if d["pareto"] else "no"), f"{core}: {front}")
    axes = {a["axis"]: a for a in result["axes"]}
    for name, size, effect, _ in table(tables, "Axes, largest range first"):
        check(abs(size[0] - (axes[name]["range"] - 1)) < 1e-12, f"{name}: {size}")
        check(effect == "\u2013" if axes[name]["effect"] is None else effect[0] == axes[name]["effect"], name)
    found = {r[0]: r[1][0] for r in table(tables, "Changes, largest first")}
    shares = {s["change"]: math.exp(s["log_speedup"]) for s in result["explained"]["shares"]}
    check(found == shares, f"{found}")

    def chosen(core):
        caption = f"Its parameters; others are those of {result['like']}"
        shown = dict(table(browser.run(TABLES), caption))
        check(shown.pop("design") == core, f"{core} is not chosen: {shown}")
        check(shown == {a: str(v) for a, v in designs[core]["axes"].items()}, f"{shown}")
        rows = table(browser.run(TABLES), "CPI by cause, on the chosen design")
        for row, program in zip(rows, designs[core]["programs"], strict=True):
            check([c[0] for c in row[1:3]] == [program["cycles"], program["cpi"]], f"{row}")
            check(sorted(c[0] for c in row[5:]) == sorted(program["stack"].values()), f"{row}")

    best = max(designs.values(), key=lambda d: d["speedup"])
    chosen(best["core"])
    worst = min(designs.values(), key=lambda d: d["speedup"])
    before = best["core"]
    for section, find in {"front": "c.data.datasets.map((s, d) => [d, s.designs.findIndex(x => x.core === core)]).find(p => p[0] && p[1] >= 0)",
                          "parallel": "[c.data.datasets.findIndex(s => s.design.core === core), 0]"}.items():
        # All lines are shown, so that any design can be clicked.
        browser.run("document.querySelectorAll('#parallel input')[2].click()")
        aim = worst["core"] if section == "front" else best["core"]
        place = browser.run(f"""(() => {{
          const core = {aim!r}, canvas = document.querySelector('#{section} canvas'), c = Chart.getChart(canvas);
          canvas.scrollIntoView({{block: 'center'}});
          const [set, n] = {find}, box = canvas.getBoundingClientRect(), p = c.getDatasetMeta(set).data[n];
          return [box.left + p.x, box.top + p.y];
        }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            browser.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
        browser.run(SETTLED)
        now = browser.run("document.getElementById('chosen').selectedOptions[0].textContent").split()[1]
        chosen(now)
        # Points may lie too near each other for a click, and lines cross.
        for key in ("speedup", "cost") if section == "front" else ():
            values = [d[key] for d in designs.values()]
            off = abs(designs[now][key] - designs[aim][key]) / (max(values) - min(values))
            check(off < 0.02, f"a click on {aim} chose {now}")
        check(now != before, f"{section}: a click chose nothing")
        before = now
    browser.run("document.getElementById('chosen').selectedIndex = 0;"
                "document.getElementById('chosen').dispatchEvent(new Event('change'))")
    chosen(best["core"])


def keyboard(browser):
    """A table opens and closes with Tab and Enter."""
    browser.run("document.activeElement.blur(); window.scrollTo(0, 0)")
    at_table = "document.activeElement.matches('details > summary')"
    is_open = "document.activeElement.parentElement.open"
    for _ in range(200):
        browser.key("Tab", 9)
        if browser.run(at_table):
            before = browser.run(is_open)
            browser.key("Enter", 13)
            check(browser.run(is_open) != before, "Enter opens and closes a table")
            return
    check(False, "Tab never comes to a table")


def try_page(browser, path, checks, keep):
    charts = 0
    for screen, size in SCREENS.items():
        for dark in (False, True):
            here = f"{path.name}, {screen}, {'dark' if dark else 'light'}"
            wrong, asked = browser.open(path, dark, size)
            check(not wrong, f"{here}: {json.dumps(wrong)[:2000]}")
            check(all(url == path.as_uri() or url.startswith("data:") for url in asked),
                  f"{here}: asked for {asked}")
            drawn = browser.run(DRAWN)
            check(drawn and all(drawn), f"{here}: charts drawn: {drawn}")
            charts = len(drawn)
            wide = browser.run(WIDE)
            check(not wide, f"{here}: wider than the screen: {wide}")
            contrast = browser.run(CONTRAST)
            check(contrast >= 4.5, f"{here}: contrast {contrast:.2f}")
            checks()
            keyboard(browser)
            if keep:
                browser.picture(keep / f"{path.stem}-{screen}-{'dark' if dark else 'light'}.png")
    print(f"pass: {path.name}: {charts} charts")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", type=Path)
    keep = parser.parse_args().keep
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        if os.environ.get("NEED_CHROMIUM", "0") == "1":
            sys.exit("FAIL: page.py: NEED_CHROMIUM is set but there is no Chromium")
        print("SKIPPED: page.py: no Chromium here, so no page was opened; "
              "install chromium-headless-shell")
        return
    perfvec = os.environ.get("PERFVEC", str(ROOT / "target/release/perfvec"))

    def run(*args):
        subprocess.run([perfvec, *map(str, args)], check=True, stdout=subprocess.DEVNULL)

    with tempfile.TemporaryDirectory() as folder:
        work = keep or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        browser = Browser(program, Path(folder) / "browser")
        try:
            for name, more in {
                "replay": ["--interval", 100000],
                "sampled": ["--sample", 20000],
                "learned": ["--model", "learned", "--sample", 20000],
            }.items():
                page, result = work / f"{name}.html", work / f"{name}.json"
                run("replay", *more, "--json", result, "--report", page)
                found = json.loads(result.read_text())
                try_page(browser, page.resolve(), partial(estimates, browser, found), keep)
            (work / "prog.c").write_text(PROGRAM)
            subprocess.run(["riscv64-linux-gnu-gcc", "-O1", "-g", "-static", "-pthread",
                            work / "prog.c", "-o", work / "prog"], check=True)
            page, result = work / "run.html", work / "run.json"
            cores = ["rocket-like", "boom-large-like"]
            run("run", "--no-progress", *(word for core in cores for word in ("--core", core, "--on", core)),
                "--interval", 10000, "--json", result, "--report", page,
                "--profile", work / "run.folded", "--", work / "prog", HOSTILE)
            found = json.loads(result.read_text())
            try_page(browser, page.resolve(), partial(profiled, browser, found), keep)
            page, result = work / "compare.html", work / "compare.json"
            run("compare", work / "replay.json", work / "replay.json", "--on",
                "A=rocket-like,B=boom-large-like", "--json", result, "--report", page)
            found = json.loads(result.read_text())
            try_page(browser, page.resolve(), partial(compared, browser, found), keep)
            page, space = work / "explore.html", work / "space.toml"
            space.write_text(SPACE)
            (work / "r.csv").unlink(missing_ok=True)
            traces = [work / "a.pvt", work / "b.pvt"]
            for part, trace in enumerate(traces):
                run("record", "--no-progress", "--skip", 50000 * part, "--first", 50000, "-o", trace, "--", work / "prog")
            explore = ["explore", space, "-o", work / "r.csv", "--explain", "like", "best"]
            explore += ["--no-progress", "--programs", *traces]
            run(*explore, "--report", page)
            done = subprocess.run([perfvec, *map(str, explore), "--format", "json"], check=True, stdout=subprocess.PIPE)
            try_page(browser, page.resolve(), partial(explored, browser, json.loads(done.stdout)), keep)
            # Points, and the whole from what stands for a detailed simulation of them.
            page, prefix = work / "points.html", work / "points"
            trace = ROOT / "examples/lua.pvt"
            points = ["simpoints", "--interval", 20000, trace, "--report"]
            run(*points, page, "-o", prefix)
            found = json.loads(prefix.with_suffix(".json").read_text())
            try_page(browser, page.resolve(), partial(chosen_points, browser, found), keep)
            core = [c["name"] for c in found["microarchs"]].index("u74-like")
            with open(work / "points.csv", "w") as file:
                for n in (p["interval"] for p in found["choices"][0]["points"]):
                    cycles = found["cpi"][n][core] * found["retirements"][n] * (1.02 + n % 3 / 100)
                    file.write(f"{n},{cycles},{found['retirements'][n]}\n")
            page, result = work / "whole.html", work / "whole.json"
            run(*points, page, "--points", prefix, "--cycles", work / "points.csv", "--on", "u74-like",
                "--json", result)
            found = json.loads(result.read_text())
            try_page(browser, page.resolve(), partial(chosen_points, browser, found), keep)
            profiles = []
            for turns in (1, 2):
                trace = work / f"{turns}.pvt"
                run("record", "--no-progress", "-o", trace, "--", work / "prog", *["x"] * turns)
                profiles.append(work / f"{turns}.json")
                run("profile", "--on", "rocket-like", "--json", profiles[-1], trace)
            page = work / "functions.html"
            run("compare", *profiles, "--json", result, "--report", page)
            found = json.loads(result.read_text())
            try_page(browser, page.resolve(), partial(compared, browser, found), keep)
        finally:
            browser.close()
    print("page.py: all well")


if __name__ == "__main__":
    main()
