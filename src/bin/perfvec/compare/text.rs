//! A comparison for people, in 80 columns, and as CSV.

use crate::output::heading;
use crate::output::{field, grouped};
use serde_json::Value;
use std::fmt::Write;

/// Columns that a name has.
const NAME: usize = 20;

/// The list called `key`.
fn list<'a>(found: &'a Value, key: &str) -> &'a [Value] {
    found[key].as_array().map_or(&[], |all| all)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// `name` in its columns.
fn name(name: &str) -> String {
    if name.chars().count() <= NAME {
        return format!("{name:NAME$}");
    }
    let head: String = name.chars().take(NAME - 3).collect();
    format!("{head}...")
}

/// Cycles of both, and what the second has more; `all` is the whole difference.
fn row(title: &str, a: f64, b: f64, all: f64) -> String {
    let share = match all == 0.0 {
        true => "-".into(),
        false => format!("{:+.1}%", 100.0 * (b - a) / all + 0.0),
    };
    format!(
        "{} {a:>15.0} {b:>15.0} {:>+15.0} {share:>9}",
        name(title),
        b - a
    )
}

/// The comparison as tables for a terminal.
pub fn table(found: &Value, top: usize) -> String {
    let mut out = String::new();
    for (side, key) in [("A", "a"), ("B", "b")] {
        let about = &found[key];
        put(
            &mut out,
            format!(
                "{side}  {}: {}, {} instructions",
                text(&about["file"]),
                text(&about["program"]),
                grouped(about["retired"].as_u64().unwrap_or(0))
            ),
        );
    }
    put_totals(&mut out, found);
    put_parts(&mut out, found, top);
    for note in list(found, "notes") {
        put(&mut out, format!("note: {}", text(note)));
    }
    out
}

fn put(out: &mut String, line: String) {
    out.push_str(line.trim_end());
    out.push('\n');
}

/// The cycles of all on each core.
fn put_totals(out: &mut String, found: &Value) {
    let mut line = |text| put(out, text);
    let totals = list(found, "totals");
    let times = totals.iter().any(|t| !t["seconds_ratio"].is_null());
    let last = if times { "time B/A" } else { "" };
    line(heading(&format!(
        "{:NAME$} {:>14} {:>14} {:>8} {:>9}",
        "cycles", "A", "B", "B/A", last
    )));
    for t in totals {
        let (a, b) = (text(&t["a"]["core"]), text(&t["b"]["core"]));
        let title = match a == b {
            true => name(a),
            false => {
                line(format!("{a} -> {b}"));
                name("")
            }
        };
        let time = match t["seconds_ratio"].as_f64() {
            Some(ratio) => format!("{ratio:>9.4}"),
            None => String::new(),
        };
        let half = match t["half_width"].as_f64().filter(|h| *h > 0.0) {
            Some(half) => format!(" +-{:.2}%", 100.0 * half),
            None => String::new(),
        };
        line(format!(
            "{title} {:>14.0} {:>14.0} {:>8.4} {time}{half}",
            number(&t["a"]["cycles"]),
            number(&t["b"]["cycles"]),
            number(&t["cycles_ratio"]),
        ));
    }
}

/// The cycles by cause, phase and function.
fn put_parts(out: &mut String, found: &Value, top: usize) {
    let mut line = |text| put(out, text);
    let (a, b) = (text(&found["on"]["a"]), text(&found["on"]["b"]));
    let on = match a == b {
        true => a.to_string(),
        false => format!("{a} -> {b}"),
    };
    let chosen = |t: &&Value| text(&t["a"]["core"]) == a && text(&t["b"]["core"]) == b;
    let all = list(found, "totals")
        .iter()
        .find(chosen)
        .map_or(0.0, |t| number(&t["cycles"]));
    let head = |what: &str| {
        heading(&format!(
            "{what:NAME$} {:>15} {:>15} {:>15} {:>9}",
            "A", "B", "B - A", "of it"
        ))
    };
    let mut part = |key: &str,
                    title: &str,
                    shown: usize,
                    name_of: &dyn Fn(&Value) -> String,
                    cycles: &dyn Fn(&Value) -> (f64, f64)| {
        let rows = list(found, key);
        if rows.is_empty() {
            return;
        }
        line(format!("\ncycles by {title} on {on}"));
        line(head(title));
        let (these, others) = rows.split_at(shown.min(rows.len()));
        for r in these {
            let (a, b) = cycles(r);
            line(row(&name_of(r), a, b, all));
        }
        if !others.is_empty() {
            let sum = others
                .iter()
                .map(cycles)
                .fold((0.0, 0.0), |s, c| (s.0 + c.0, s.1 + c.1));
            line(row(
                &format!("({} others)", others.len()),
                sum.0,
                sum.1,
                all,
            ));
        }
    };
    let sides = |r: &Value| (number(&r["a"]["cycles"]), number(&r["b"]["cycles"]));
    part(
        "causes",
        "cause",
        usize::MAX,
        &|r| text(&r["cause"]).into(),
        &|r| (number(&r["a"]), number(&r["b"])),
    );
    part("phases", "phase", usize::MAX, &phase, &sides);
    part(
        "functions",
        "function",
        top,
        &|r| text(&r["name"]).into(),
        &sides,
    );
}

/// "5% to 10%" of the run.
fn phase(r: &Value) -> String {
    format!(
        "{:.0}% to {:.0}%",
        100.0 * number(&r["from"]),
        100.0 * number(&r["to"])
    )
}

/// A line for each number that both have.
pub fn csv(found: &Value) -> String {
    let mut out = "what,name,a,b,difference\n".to_string();
    let mut line = |what: &str, name: &str, a: f64, b: f64| {
        let _ = writeln!(out, "{what},{},{a},{b},{}", field(name), b - a);
    };
    for t in list(found, "totals") {
        let (a, b) = (text(&t["a"]["core"]), text(&t["b"]["core"]));
        let name = match a == b {
            true => a.to_string(),
            false => format!("{a} -> {b}"),
        };
        for what in ["cycles", "cpi", "seconds"] {
            if let Some((a, b)) = t["a"][what].as_f64().zip(t["b"][what].as_f64()) {
                line(what, &name, a, b);
            }
        }
    }
    for r in list(found, "causes") {
        line("cause", text(&r["cause"]), number(&r["a"]), number(&r["b"]));
    }
    for r in list(found, "phases") {
        line(
            "phase",
            &phase(r),
            number(&r["a"]["cycles"]),
            number(&r["b"]["cycles"]),
        );
    }
    for r in list(found, "functions") {
        line(
            "function",
            text(&r["name"]),
            number(&r["a"]["cycles"]),
            number(&r["b"]["cycles"]),
        );
    }
    out
}
