//! `perfvec info`: what a trace holds.

use perfvec::trace::{format, Block, Header, Reader, Summary};
use perfvec::{Error, Result};
use std::io::Write;
use std::path::PathBuf;

/// Show what a trace holds.
#[derive(Debug, clap::Args)]
pub struct InfoArgs {
    /// The trace (.pvt).
    pub trace: PathBuf,
    /// Read the whole trace and check it; without this only header and footer are read.
    #[arg(long)]
    pub verify: bool,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Writes the description to `out`.
pub fn run(args: &InfoArgs, out: &mut dyn Write) -> Result<()> {
    let mut reader = Reader::open(&args.trace)?;
    let summary = if args.verify {
        let mut block = Block::default();
        while reader.next_block(&mut block)? {}
        reader.summary()
    } else {
        Reader::summary_of(&args.trace)?
    };
    let text = if args.json {
        json(reader.header(), &summary, args.verify)
    } else {
        text(reader.header(), &summary, args.verify)
    };
    out.write_all(text.as_bytes())
        .map_err(|e| Error::io("standard output", &e))
}

fn json(header: &Header, s: &Summary, verified: bool) -> String {
    let object = serde_json::json!({
        "version": format::VERSION,
        "header": header,
        "retirements": s.retirements,
        "static_instructions": s.statics,
        "timed_retirements": s.timed,
        "timed_windows": s.windows,
        "timed_cycles": s.cycles,
        "stream_hash": format!("{:016x}", s.stream_hash),
        "bytes": s.bytes,
        "verified": verified,
    });
    format!("{object:#}\n")
}

fn text(header: &Header, s: &Summary, verified: bool) -> String {
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
    let mut program = header.program.clone();
    for arg in &header.args {
        program.push(' ');
        program.push_str(arg);
    }
    let mut rows = vec![
        (
            "format",
            format!("perfvec trace, version {}", format::VERSION),
        ),
        ("isa", header.isa.clone()),
        ("host", header.host.clone()),
        ("program", program),
        ("retirements", format!("{} ({unit})", s.retirements)),
        ("static instructions", s.statics.to_string()),
        ("stream hash", format!("{:016x}", s.stream_hash)),
        (
            "size",
            format!(
                "{} bytes, {:.3} a retirement",
                s.bytes,
                per(s.bytes, s.retirements)
            ),
        ),
        ("clock", clock),
        (
            "timed",
            format!(
                "{} windows, {} retirements, {} cycles, CPI {:.3}",
                s.windows,
                s.timed,
                s.cycles,
                per(s.cycles, s.timed)
            ),
        ),
        (
            "checked",
            if verified {
                "every block and the stream hash"
            } else {
                "header and footer only (--verify reads all)"
            }
            .to_string(),
        ),
    ];
    rows.extend(header.metadata.iter().map(|(k, v)| (k.as_str(), v.clone())));
    rows.iter()
        .map(|(name, value)| format!("{name:<20} {value}\n"))
        .collect()
}
