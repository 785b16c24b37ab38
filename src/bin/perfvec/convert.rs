//! `perfvec convert`: another tool's trace as a perfvec trace.

use crate::output::grouped;
use crate::output::{check, print};
use perfvec::trace::import::{open_with, Format, Options};
use perfvec::trace::{Block, Writer};
use perfvec::Result;
use std::path::PathBuf;

/// Arguments of `perfvec convert`.
#[derive(clap::Args)]
pub struct Args {
    /// The trace, also as .gz, .xz or .zst.
    trace: PathBuf,
    /// The perfvec trace to write (.pvt).
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Its format, where its content does not show it: spike, ibex, cva6, neorv32, rvvi-text, stf,
    /// champsim, drmemtrace or pvt.
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    from: Option<Format>,
    /// The hart (of a memtrace, the thread) to take; else the only one that the trace has.
    #[arg(long, value_name = "N")]
    hart: Option<u64>,
    /// Leave out what did not run in user mode.
    #[arg(long)]
    user: bool,
}

fn format(text: &str) -> std::result::Result<Format, String> {
    let names = Format::ALL.map(Format::name).join(", ");
    Format::from_name(text).ok_or(format!("expected one of {names}"))
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    check(&args.output)?;
    let options = Options {
        from: args.from,
        hart: args.hart,
        user: args.user,
    };
    let mut trace = open_with(&args.trace, &options)?;
    let header = trace.header().clone();
    let (isa, host) = (header.isa.clone(), header.host.clone());
    let lacks = header.metadata.get("lacks").cloned();
    let mut writer = Writer::create(&args.output, header)?;
    let mut block = Block::default();
    let mut ids = Vec::new();
    while trace.next_block(&mut block)? {
        for inst in &block.statics {
            ids.push(writer.intern(inst)?);
        }
        let mut windows = block.timed.iter();
        let mut window = windows.next();
        for (at, r) in block.retirements.iter().enumerate() {
            let mut r = *r;
            // Two that differ only in what a static instruction does not say are one.
            r.inst = ids[r.inst as usize];
            while window.is_some_and(|w| w.start + w.cycles.len() <= at) {
                window = windows.next();
            }
            match window.filter(|w| w.start <= at) {
                Some(w) => writer.retire_timed(&r, w.cycles[at - w.start])?,
                None => writer.retire(&r)?,
            }
        }
    }
    let summary = writer.finish()?;
    let timed = match summary.timed {
        0 => "without cycles".to_string(),
        n => format!(
            "{} of them with {} cycles",
            grouped(n),
            grouped(summary.cycles)
        ),
    };
    let lacks = lacks.map_or(String::new(), |what| format!("; the format has no {what}"));
    print(format!(
        "{} retirements of {isa} from {host}, {timed}{lacks}\n",
        grouped(summary.retirements)
    ))
}
