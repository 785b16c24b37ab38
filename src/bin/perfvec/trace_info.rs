//! `perfvec info`: what a trace holds.

use crate::info_files::Found;
use crate::output::grouped;
use perfvec::trace::import::Format;
use perfvec::trace::{self, format, Block, Header, Reader, Summary};
use perfvec::{Error, Result};
use serde_json::{json, Value};
use std::path::Path;

/// A trace. `verify` reads all of it, and so does this for one of another tool, which has no totals.
pub fn describe(path: &Path, verify: bool) -> Result<Found> {
    let mut reader = trace::open(path)?;
    let verify = verify || reader.format() != Format::Pvt;
    let summary = if verify {
        let mut block = Block::default();
        while reader.next_block(&mut block)? {}
        let file = std::fs::metadata(path).map_err(|e| Error::io(path, &e))?;
        Summary {
            bytes: file.len(),
            ..reader.summary()
        }
    } else {
        Reader::summary_of(path)?
    };
    let (header, format) = (reader.header(), reader.format());
    Ok(Found {
        rows: rows(header, &summary, format, verify),
        json: json(header, &summary, format, verify),
    })
}

fn json(header: &Header, s: &Summary, format: Format, verified: bool) -> Value {
    let version = (format == Format::Pvt).then_some(format::VERSION);
    json!({
        "format": "trace",
        "of": format.name(),
        "version": version,
        "header": header,
        "retirements": s.retirements,
        "static_instructions": s.statics,
        "timed_retirements": s.timed,
        "timed_windows": s.windows,
        "timed_cycles": s.cycles,
        "stream_hash": format!("{:016x}", s.stream_hash),
        "bytes": s.bytes,
        "verified": verified,
    })
}

fn rows(header: &Header, s: &Summary, format: Format, verified: bool) -> Vec<(String, String)> {
    let unit = if header.micro_ops {
        "micro-ops"
    } else {
        "whole instructions"
    };
    let clock = match header.clock_period_ps {
        Some(ps) => format!("{ps} ps a cycle"),
        None => "not given".to_string(),
    };
    let per = |sum: u64, n: u64| if n == 0 { 0.0 } else { sum as f64 / n as f64 };
    let timed = match s.windows {
        0 => "nothing".to_string(),
        windows => format!(
            "{windows} windows, {} retirements, {} cycles, CPI {:.3}",
            grouped(s.timed),
            grouped(s.cycles),
            per(s.cycles, s.timed)
        ),
    };
    let mut program = header.program.clone();
    for arg in &header.args {
        program.push(' ');
        program.push_str(arg);
    }
    let mut rows = vec![
        (
            "format",
            match format {
                Format::Pvt => format!("perfvec trace, version {}", format::VERSION),
                other => format!("trace of another tool: {}", other.name()),
            },
        ),
        ("isa", header.isa.clone()),
        ("host", header.host.clone()),
        ("program", program),
        (
            "retirements",
            format!("{} ({unit})", grouped(s.retirements)),
        ),
        ("static instructions", grouped(s.statics)),
        ("stream hash", format!("{:016x}", s.stream_hash)),
        (
            "size",
            format!(
                "{} bytes, {:.3} a retirement",
                grouped(s.bytes),
                per(s.bytes, s.retirements)
            ),
        ),
        ("clock", clock),
        ("timed", timed),
        (
            "checked",
            if format != Format::Pvt {
                "read to its end"
            } else if verified {
                "every block and the stream hash"
            } else {
                "header and footer only (--verify reads all)"
            }
            .to_string(),
        ),
    ];
    rows.extend(header.metadata.iter().map(|(k, v)| (k.as_str(), v.clone())));
    rows.into_iter()
        .map(|(name, value)| (name.to_string(), value))
        .collect()
}
