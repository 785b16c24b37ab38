//! How much faster programs are on each core than on one of them.

use crate::source::Only;
use perfvec::microarch::{Estimate, MicroarchTable};
use perfvec::{Error, ErrorKind, Result};
use std::fmt::Write;

/// A program's name and its estimates in the order of the table.
pub type Priced = (String, Vec<Estimate>);

/// The place in the table of the microarchitecture that the others are compared with.
pub fn baseline(table: &MicroarchTable, name: &str) -> Result<usize> {
    table.position(name).ok_or_else(|| {
        let message = format!(
            "--speedup-over {name}: not in the table; `perfvec info` of it lists the names"
        );
        Error::new(ErrorKind::NotFound, message)
    })
}

/// A microarchitecture's speedups: geometric mean, lowest and highest, with the programs' names.
struct Row<'a> {
    name: &'a str,
    geomean: f64,
    lowest: (f64, &'a str),
    highest: (f64, &'a str),
}

fn row<'a>(name: &'a str, k: usize, baseline: usize, programs: &'a [Priced]) -> Row<'a> {
    let mut row = Row {
        name,
        geomean: 0.0,
        lowest: (f64::INFINITY, ""),
        highest: (f64::NEG_INFINITY, ""),
    };
    for (program, estimates) in programs {
        let speedup = estimates[baseline].seconds / estimates[k].seconds;
        row.geomean += speedup.ln() / programs.len() as f64;
        if speedup < row.lowest.0 {
            row.lowest = (speedup, program);
        }
        if speedup > row.highest.0 {
            row.highest = (speedup, program);
        }
    }
    row.geomean = row.geomean.exp();
    row
}

/// The table, the largest geometric mean first.
pub fn text(table: &MicroarchTable, only: &Only, baseline: usize, programs: &[Priced]) -> String {
    let entries = table.entries();
    let width = entries.iter().map(|e| e.name.len()).max().unwrap_or(0);
    let names = programs.iter().map(|p| p.0.len()).max().unwrap_or(0);
    let mut rows: Vec<Row> = (0..entries.len())
        .filter(|k| only.wants(&entries[*k].name))
        .map(|k| row(&entries[k].name, k, baseline, programs))
        .collect();
    rows.sort_by(|a, b| b.geomean.total_cmp(&a.geomean));
    let mut out = format!(
        "{:width$} {:>8} {:>8} {:names$} {:>8}\n",
        "microarch", "geomean", "lowest", "", "highest"
    );
    for r in rows {
        let (low, high) = (r.lowest, r.highest);
        let _ = writeln!(
            out,
            "{:width$} {:>8.3} {:>8.3} {:names$} {:>8.3} {}",
            r.name, r.geomean, low.0, low.1, high.0, high.1
        );
    }
    let (over, n) = (&entries[baseline].name, programs.len());
    let _ = writeln!(out, "speedup over {over} in time, {n} programs");
    out
}
