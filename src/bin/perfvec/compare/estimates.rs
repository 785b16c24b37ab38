//! Two results of `run` or `replay`: totals, causes, phases.

use super::{fields, missing, On, Side};
use perfvec::microarch::stack::CORES;
use perfvec::microarch::PARTS;
use perfvec::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Phases of a run at the most: equal shares of its retirements.
const PHASES: usize = 20;

#[derive(Deserialize)]
struct Estimates {
    program: String,
    model: String,
    retired: u64,
    #[serde(default)]
    units: u64,
    partial: Option<Value>,
    microarchs: Vec<Core>,
    #[serde(default)]
    intervals: Vec<Interval>,
}

#[derive(Deserialize)]
struct Core {
    name: String,
    cycles: f64,
    cpi: f64,
    seconds: f64,
    half_width: f64,
    stack: Option<BTreeMap<String, f64>>,
}

#[derive(Deserialize)]
struct Interval {
    retirements: u64,
    cpi: Vec<f64>,
}

struct Priced<'a> {
    path: &'a Path,
    found: Estimates,
}

fn read(side: Side<'_>) -> Result<Priced<'_>> {
    let found: Estimates = fields(side.path, side.value)?;
    let cores = found.microarchs.len();
    if found.intervals.iter().any(|i| i.cpi.len() != cores) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{}: \"cpi\" of an interval has not {cores} numbers, one for each of \"microarchs\"; write the result again with perfvec",
                side.path.display()
            ),
        ));
    }
    Ok(Priced {
        path: side.path,
        found,
    })
}

impl Priced<'_> {
    fn names(&self) -> Vec<String> {
        let cores = self.found.microarchs.iter();
        cores.map(|c| c.name.clone()).collect()
    }

    fn core(&self, name: &str) -> Result<usize> {
        let cores = &self.found.microarchs;
        let found = cores.iter().position(|c| c.name == name);
        found.ok_or_else(|| missing(self.path, name, &self.names()))
    }

    fn about(&self) -> Value {
        json!({
            "file": self.path.to_string_lossy(), "program": self.found.program,
            "model": self.found.model, "retired": self.found.retired,
        })
    }
}

/// Where `a` and `b` differ.
pub fn compare(a: Side<'_>, b: Side<'_>, on: Option<&On>) -> Result<Value> {
    let (a, b) = (read(a)?, read(b)?);
    let pairs: Vec<(usize, usize)> = match on {
        Some(on) if on.a != on.b => vec![(a.core(&on.a)?, b.core(&on.b)?)],
        _ => {
            let theirs = b.names();
            let find = |name: &String| theirs.iter().position(|other| other == name);
            let ours = a.names();
            let both = ours.iter().enumerate();
            both.filter_map(|(k, name)| Some((k, find(name)?)))
                .collect()
        }
    };
    let chosen = match on {
        Some(on) => (a.core(&on.a)?, b.core(&on.b)?),
        None => *pairs.first().ok_or_else(|| {
            Error::new(
                ErrorKind::Mismatch,
                format!(
                    "{} and {} have no core in common; name one of each: --on A={},B={}",
                    a.path.display(),
                    b.path.display(),
                    a.names().first().map_or("CORE", |n| n),
                    b.names().first().map_or("CORE", |n| n),
                ),
            )
        })?,
    };
    let mut notes = notes(&a, &b);
    let (ours, theirs) = (&a.found.microarchs[chosen.0], &b.found.microarchs[chosen.1]);
    let causes = causes(ours, theirs);
    if causes.is_none() {
        notes.push(
            "causes: one of the two was priced by a model without causes; price with --core".into(),
        );
    }
    let phases = phases((&a, chosen.0), (&b, chosen.1)).unwrap_or_else(|why| {
        notes.push(why);
        Vec::new()
    });
    Ok(json!({
        "format": "perfvec-comparison-1", "kind": "estimates",
        "a": a.about(), "b": b.about(),
        "on": {"a": ours.name, "b": theirs.name},
        "totals": pairs.iter().map(|(i, j)| {
            total(&a.found.microarchs[*i], &b.found.microarchs[*j])
        }).collect::<Vec<_>>(),
        "causes": causes.unwrap_or_default(), "phases": phases, "functions": [], "notes": notes,
    }))
}

/// What keeps the two from being compared fairly.
fn notes(a: &Priced<'_>, b: &Priced<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, side) in [("A", a), ("B", b)] {
        if side.found.partial.is_some() {
            notes.push(format!("{name} is partial: it lacks a part of its program"));
        }
        if side.found.units > 0 {
            notes.push(format!(
                "{name} is sampled: causes and phases are those of what was measured"
            ));
        }
    }
    let list = |model: &str| model.starts_with(CORES);
    let (ours, theirs) = (&a.found.model, &b.found.model);
    if ours != theirs && !(list(ours) && list(theirs)) {
        notes.push(format!(
            "A was priced by {ours} and B by {theirs}: a part of the difference is due to the models"
        ));
    }
    notes
}

/// Of one core, or one of each.
fn total(a: &Core, b: &Core) -> Value {
    json!({
        "a": {"core": a.name, "cycles": a.cycles, "cpi": a.cpi, "seconds": a.seconds, "half_width": a.half_width},
        "b": {"core": b.name, "cycles": b.cycles, "cpi": b.cpi, "seconds": b.seconds, "half_width": b.half_width},
        "cycles": b.cycles - a.cycles,
        "cycles_ratio": b.cycles / a.cycles,
        "seconds_ratio": b.seconds / a.seconds,
        // As if the errors of the two had nothing to do with each other.
        "half_width": a.half_width.hypot(b.half_width),
    })
}

/// Cycles by cause; `None` where one has no causes.
fn causes(a: &Core, b: &Core) -> Option<Vec<Value>> {
    let (ours, theirs) = (a.stack.as_ref()?, b.stack.as_ref()?);
    let cycles = |stack: &BTreeMap<String, f64>, part: &str| stack.get(part).copied();
    let parts = PARTS.iter().map(|part| {
        let (x, y) = (cycles(ours, part)?, cycles(theirs, part)?);
        Some(json!({"cause": part, "a": x, "b": y, "difference": y - x}))
    });
    parts.collect()
}

/// Cycles by phase: the same share of both runs, side by side. An error says
/// why there are none.
fn phases(
    a: (&Priced<'_>, usize),
    b: (&Priced<'_>, usize),
) -> std::result::Result<Vec<Value>, String> {
    for (name, (side, _)) in [("A", a), ("B", b)] {
        if side.found.intervals.is_empty() {
            return Err(format!(
                "phases: {name} has no intervals ({}); --interval N writes them, for programs with one thread",
                side.path.display()
            ));
        }
    }
    let series = |(side, k): (&Priced<'_>, usize)| -> Vec<(f64, f64)> {
        let all = side.found.intervals.iter();
        all.map(|i| (i.retirements as f64, i.cpi[k])).collect()
    };
    let (ours, theirs) = (series(a), series(b));
    let count = PHASES.min(ours.len()).min(theirs.len());
    let (x, y) = (shares(&ours, count), shares(&theirs, count));
    let each = x.iter().zip(&y).enumerate();
    let phases = each.map(|(n, (x, y))| {
        json!({
            "from": n as f64 / count as f64, "to": (n + 1) as f64 / count as f64,
            "a": {"retirements": x.0, "cycles": x.1}, "b": {"retirements": y.0, "cycles": y.1},
            "difference": y.1 - x.1,
        })
    });
    Ok(phases.collect())
}

/// Retirements and cycles of `count` equal shares of a series of (retirements, CPI). What of an
/// interval lies in a share has the interval's CPI.
fn shares(series: &[(f64, f64)], count: usize) -> Vec<(f64, f64)> {
    let all: f64 = series.iter().map(|(n, _)| n).sum();
    let mut out = vec![(0.0, 0.0); count];
    let mut from = 0.0;
    for (n, cpi) in series {
        let to = from + n;
        let at = |x: f64| ((x / all * count as f64) as usize).min(count - 1);
        for (k, share) in out.iter_mut().enumerate().take(at(to) + 1).skip(at(from)) {
            let start = all * k as f64 / count as f64;
            let end = all * (k + 1) as f64 / count as f64;
            let inside = (to.min(end) - f64::max(from, start)).max(0.0);
            share.0 += inside;
            share.1 += inside * cpi;
        }
        from = to;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_series_add_up_to_it() {
        let series = [
            (100.0, 1.0),
            (50.0, 3.0),
            (250.0, 0.5),
            (0.0, 9.0),
            (7.0, 2.0),
        ];
        let sum = |all: &[(f64, f64)]| all.iter().fold((0.0, 0.0), |s, x| (s.0 + x.0, s.1 + x.1));
        for count in 1..12 {
            let found = sum(&shares(&series, count));
            assert!((found.0 - 407.0).abs() < 1e-9, "{count}: {found:?}");
            assert!((found.1 - 389.0).abs() < 1e-9, "{count}: {found:?}");
        }
        let halves = shares(&[(10.0, 1.0), (10.0, 3.0)], 2);
        assert_eq!(halves, [(10.0, 10.0), (10.0, 30.0)]);
        let thirds = shares(&[(10.0, 1.0), (20.0, 2.0)], 2);
        assert_eq!(thirds, [(15.0, 20.0), (15.0, 30.0)]);
    }
}
