//! What was found, for people and for programs.

use super::cluster::Point;
use super::totals::Series;
use super::{Choice, Found};
use crate::output::{grouped, heading};
use crate::source::Only;
use serde_json::{json, Value};
use std::fmt::Write;

/// Relative errors of the weighted totals, of each core.
fn differences(series: &Series, points: &[Point]) -> Vec<f64> {
    let cores = series.cpi.first().map_or(0, Vec::len);
    let difference = |k| series.weighted(points, k) / series.cycles(k) - 1.0;
    (0..cores).map(difference).collect()
}

/// Mean and worst of them, absolute.
fn mean_and_worst(differences: &[f64]) -> (f64, f64) {
    let all = || differences.iter().map(|x| x.abs());
    let mean = all().sum::<f64>() / differences.len().max(1) as f64;
    (mean, all().fold(0.0, f64::max))
}

/// Instructions of the points' intervals.
fn simulated(series: &Series, points: &[Point]) -> u64 {
    points.iter().map(|p| series.retirements[p.interval]).sum()
}

/// A table, in 80 columns.
pub fn table(found: &Found<'_>, only: &Only) -> String {
    let series = &found.pass.series;
    let mut out = heading("interval   weight  first instruction") + "\n";
    for p in &found.choices[0].points {
        let first = p.interval as u64 * found.interval;
        let _ = writeln!(
            out,
            "{:8} {:7.2}%  {:>17}",
            p.interval,
            100.0 * p.weight,
            grouped(first)
        );
    }
    let head = format!(
        "{:28} {:>16} {:>16} {:>8}",
        "microarch", "cycles, all", "from points", "differs"
    );
    let _ = writeln!(out, "\n{}", heading(&head));
    let entries = found.loaded.table.entries();
    for (k, entry) in entries.iter().enumerate() {
        if only.wants(&entry.name) {
            let (all, some) = (
                series.cycles(k),
                series.weighted(&found.choices[0].points, k),
            );
            let _ = writeln!(
                out,
                "{:28} {all:>16.0} {some:>16.0} {:>+7.2}%",
                entry.name,
                100.0 * (some / all - 1.0)
            );
        }
    }
    let _ = writeln!(
        out,
        "\n{} intervals of {} instructions",
        series.retirements.len(),
        grouped(found.interval)
    );
    for Choice { by, points } in &found.choices {
        let (mean, worst) = mean_and_worst(&differences(series, points));
        let _ = writeln!(
            out,
            "by {by}: {} points, {:.2}% of the instructions, off by {:.2}% (worst {:.2}%)",
            points.len(),
            100.0 * simulated(series, points) as f64 / series.total() as f64,
            100.0 * mean,
            100.0 * worst
        );
    }
    if let Some((k, _, whole)) = &found.whole {
        let width = match whole.half_width.is_finite() {
            true => format!("+- {:.2}%", 100.0 * whole.half_width / whole.corrected),
            false => "(no interval: a single point)".into(),
        };
        let _ = writeln!(
            out,
            "on {}: {:.0} cycles by the weights of the simulated points\n  {:.0} cycles {width} with every interval's estimate corrected by it",
            entries[*k].name, whole.plain, whole.corrected
        );
    }
    out
}

/// A line for each point.
pub fn csv(found: &Found<'_>) -> String {
    let mut out = "interval,first,retirements,weight\n".to_string();
    for p in &found.choices[0].points {
        let first = p.interval as u64 * found.interval;
        let retirements = found.pass.series.retirements[p.interval];
        let _ = writeln!(out, "{},{first},{retirements},{}", p.interval, p.weight);
    }
    out
}

/// All of it.
pub fn value(found: &Found<'_>) -> Value {
    let (pass, series) = (&found.pass, &found.pass.series);
    let entries = found.loaded.table.entries();
    let choice = |Choice { by, points }: &Choice| {
        let differences = differences(series, points);
        let (mean, worst) = mean_and_worst(&differences);
        let list: Vec<Value> = points
            .iter()
            .map(|p| json!({"interval": p.interval, "weight": p.weight}))
            .collect();
        json!({
            "by": by, "points": list, "simulated": simulated(series, points),
            "differences": differences, "mean_error": mean, "worst_error": worst,
        })
    };
    let cores: Vec<Value> = entries
        .iter()
        .enumerate()
        .map(|(k, e)| {
            json!({
                "name": e.name, "cycles": series.cycles(k),
                "weighted_cycles": series.weighted(&found.choices[0].points, k),
            })
        })
        .collect();
    let whole = found.whole.as_ref().map(|(k, measured, w)| {
        json!({
            "microarch": entries[*k].name, "measured_cpi": measured,
            "plain_cycles": w.plain, "cycles": w.corrected,
            // JSON has no infinity.
            "half_width": Some(w.half_width / w.corrected).filter(|x| x.is_finite()),
        })
    });
    json!({
        "format": "perfvec-simpoints-1", "program": pass.program,
        "stream_hash": format!("{:016x}", pass.stream_hash), "model": found.loaded.model.info().id,
        "interval": found.interval, "retirements": series.retirements, "cpi": series.cpi,
        "choices": found.choices.iter().map(choice).collect::<Vec<_>>(),
        "microarchs": cores, "whole": whole,
    })
}
