//! What a run tells its user: a table for people, JSON for programs.

use perfvec::microarch::{Estimate, MicroarchTable, ProgramVector};
use perfvec::session::{Counts, Interval};
use perfvec::Result;
use serde_json::{json, Value};
use std::fmt::Write;

/// The result of one run.
pub struct Report<'a> {
    /// What ran, with its arguments.
    pub program: String,
    /// The table that priced it.
    pub table: &'a MicroarchTable,
    /// The program vector.
    pub vector: ProgramVector,
    /// Counts at the end.
    pub counts: Counts,
    /// The series, empty where none was asked for.
    pub intervals: Vec<Interval>,
}

impl Report<'_> {
    fn estimates(&self) -> Result<Vec<Estimate>> {
        self.table.estimate(&self.vector)
    }

    /// The table, fastest microarchitecture first.
    pub fn text(&self) -> Result<String> {
        let estimates = self.estimates()?;
        let entries = self.table.entries();
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by(|a, b| estimates[*a].seconds.total_cmp(&estimates[*b].seconds));
        let width = entries
            .iter()
            .map(|e| e.name.len())
            .max()
            .unwrap_or(0)
            .max(10);
        let sampled = self.vector.units > 0;
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(text.trim_end());
            out.push('\n');
        };
        let ci = if sampled { "    +-95%" } else { "" };
        line(format!(
            "{:width$} {:>9} {:>7} {:>15} {:>12}{ci}",
            "microarch", "GHz", "CPI", "cycles", "time"
        ));
        for i in order {
            let (m, e) = (&entries[i], &estimates[i]);
            let ci = if sampled {
                format!(" {:7.2}%", e.half_width * 100.0)
            } else {
                String::new()
            };
            line(format!(
                "{:width$} {:>9.2} {:>7.3} {:>15.0} {:>12}{ci}",
                m.name,
                m.clock_hz / 1e9,
                e.cpi,
                e.cycles,
                seconds(e.seconds)
            ));
        }
        let mut note = format!("{} instructions", grouped(self.vector.retired));
        if sampled {
            let _ = write!(
                note,
                ", {} measured in {} units",
                grouped(self.vector.measured),
                grouped(self.vector.units)
            );
        }
        line(note);
        if let Some(score) = self.table.ood_score(&self.vector)? {
            if score > 1.0 {
                line(format!(
                    "warning: this program is unlike the model's training programs (score {score:.1}, 1 is their edge); expect larger errors"
                ));
            }
        }
        Ok(out)
    }

    /// The same and the interval series as JSON.
    pub fn json(&self) -> Result<Value> {
        let entries = self.table.entries();
        let price = |e: &Estimate| json!({"cycles": e.cycles, "cpi": e.cpi, "seconds": e.seconds, "half_width": e.half_width});
        let mut microarchs = Vec::new();
        for (m, e) in entries.iter().zip(self.estimates()?) {
            let mut v = price(&e);
            v["name"] = json!(m.name);
            v["clock_hz"] = json!(m.clock_hz);
            microarchs.push(v);
        }
        let mut series = Vec::new();
        for i in &self.intervals {
            let v = ProgramVector {
                model_id: self.vector.model_id.clone(),
                retired: i.retirements,
                measured: i.measured,
                sum: i.vector.clone(),
                ..ProgramVector::default()
            };
            let cpi: Vec<f64> = self.table.estimate(&v)?.iter().map(|e| e.cpi).collect();
            series.push(json!({
                "index": i.index, "first": i.first, "retirements": i.retirements,
                "measured": i.measured, "cpi": cpi,
            }));
        }
        Ok(json!({
            "format": "perfvec-estimates-1",
            "program": self.program,
            "model": self.vector.model_id,
            "retired": self.counts.retired,
            "measured": self.counts.measured,
            "pending": self.counts.pending,
            "units": self.counts.units,
            "ood_score": self.table.ood_score(&self.vector)?,
            "microarchs": microarchs,
            "intervals": series,
        }))
    }
}

/// A time with a fitting unit.
fn seconds(s: f64) -> String {
    match s {
        s if s >= 1.0 => format!("{s:.3} s"),
        s if s >= 1e-3 => format!("{:.3} ms", s * 1e3),
        s => format!("{:.3} us", s * 1e6),
    }
}

/// A count with its digits in groups of three.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(d);
    }
    out
}
