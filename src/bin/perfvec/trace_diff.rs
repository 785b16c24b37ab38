//! `perfvec diff`: whether two traces hold the same stream, and where they part.

use crate::step_text::Line;
use perfvec::trace::{self, first_difference, Addresses, DiffOptions, Step};
use perfvec::{Error, ErrorKind, Result};
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

/// Compare the streams of two traces, from any hosts.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The first trace (.pvt, or another tool's).
    pub a: PathBuf,
    /// The second trace (.pvt, or another tool's).
    pub b: PathBuf,
    /// Retirements to show before the first difference.
    #[arg(long, default_value_t = 5)]
    pub context: usize,
    /// Start at the first retirement at this pc in each trace, such as the address of main.
    #[arg(long, value_name = "PC", value_parser = address)]
    pub from: Option<u64>,
    /// Accept hosts that place stack and mappings at different pages, if pages of the two traces
    /// correspond one to one and offsets within them are equal.
    #[arg(long)]
    pub moved_pages: bool,
    /// Do not compare data addresses.
    #[arg(long, conflicts_with = "moved_pages")]
    pub ignore_addresses: bool,
}

/// An address in hexadecimal with 0x, or in decimal.
fn address(text: &str) -> std::result::Result<u64, String> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    }
    .map_err(|e| format!("expected an address such as 0x10552: {e}"))
}

/// Writes the comparison to `out`; whether the streams are the same.
pub fn run(args: &DiffArgs, out: &mut dyn Write) -> Result<bool> {
    let (mut a, mut b) = (trace::open(&args.a)?, trace::open(&args.b)?);
    let kinds = [&a, &b].map(|r| (r.header().isa.clone(), r.header().micro_ops));
    if kinds[0] != kinds[1] {
        let name = |(isa, micro): &(String, bool)| {
            format!(
                "{isa} {}",
                if *micro {
                    "micro-ops"
                } else {
                    "whole instructions"
                }
            )
        };
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "{} holds {}, {} holds {}; compare traces of one kind",
                args.a.display(),
                name(&kinds[0]),
                args.b.display(),
                name(&kinds[1])
            ),
        ));
    }
    let options = DiffOptions {
        context: args.context,
        from: args.from,
        addresses: match (args.ignore_addresses, args.moved_pages) {
            (true, _) => Addresses::Ignored,
            (_, true) => Addresses::MovedPages,
            _ => Addresses::Equal,
        },
    };
    let difference = first_difference(a.as_mut(), b.as_mut(), &options)?;
    let mut text = String::new();
    match &difference {
        None if args.from.is_some() || options.addresses != Addresses::Equal => {
            let from = args
                .from
                .map_or(String::new(), |pc| format!(" from {pc:#x} on"));
            let moved = match options.addresses {
                Addresses::Equal => "",
                Addresses::MovedPages => ", up to the places of pages",
                Addresses::Ignored => ", whatever its addresses",
            };
            let totals = [a.summary().retirements, b.summary().retirements];
            let _ = writeln!(
                text,
                "same stream{from}{moved}; the traces have {} and {} retirements",
                totals[0], totals[1]
            );
        }
        None => {
            let s = a.summary();
            let _ = writeln!(
                text,
                "same stream: {} retirements, hash {:016x}",
                s.retirements, s.stream_hash
            );
        }
        Some(d) => {
            let [index_a, index_b] = d.skipped.map(|skipped| skipped + d.index);
            let _ = writeln!(
                text,
                "first difference at retirement {index_a}: {}",
                d.causes.join(", ")
            );
            for (i, step) in d.before.iter().enumerate() {
                let index = index_a - (d.before.len() - i) as u64;
                let _ = writeln!(text, "  {index:>12} {}", Line(step));
            }
            let _ = writeln!(text, "a {index_a:>12} {}", end_or(d.a.as_ref()));
            let _ = writeln!(text, "b {index_b:>12} {}", end_or(d.b.as_ref()));
        }
    }
    out.write_all(text.as_bytes())
        .map_err(|e| Error::io("standard output", &e))?;
    Ok(difference.is_none())
}

fn end_or(step: Option<&Step>) -> String {
    step.map_or("end of the trace".into(), |step| Line(step).to_string())
}
