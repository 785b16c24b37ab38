//! `perfvec profile`: where the cycles of a recorded stream go.

use crate::output::{check, is_stdout, print, write_json};
use crate::replay::check_isa;
use crate::report::grouped;
use crate::source::Source;
use crate::symbols::Symbols;
use perfvec::session::{Cost, Profile};
use perfvec::trace::{self, Block};
use perfvec::{Error, ErrorKind, Result};
use serde_json::{json, Value};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Arguments of `perfvec profile`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The microarchitecture to price it on.
    #[arg(long, value_name = "NAME")]
    on: String,
    /// Functions to print. --json gets all.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Write the profile as JSON; - for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The trace (.pvt, or another tool's).
    trace: PathBuf,
    /// The program that was recorded, with its symbols. It must have run where it was linked, as
    /// programs linked with -static do.
    program: PathBuf,
}

/// Where instructions are counted that lie in no function.
const OUTSIDE: &str = "(no function)";

/// Runs it.
pub fn run(args: &Args) -> Result<()> {
    let loaded = args.source.load()?;
    let Some(core) = loaded.table.get(&args.on) else {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "--on {}: not in {}; `perfvec info` of it lists the names",
                args.on,
                loaded.table_path.display()
            ),
        ));
    };
    let to_stdout = is_stdout(args.json.as_ref());
    if let Some(path) = args.json.as_ref().filter(|_| !to_stdout) {
        check(path)?;
    }
    let symbols = Symbols::read(&args.program)?;
    let mut reader = trace::open(&args.trace)?;
    check_isa(&loaded, &reader.header().isa, &args.trace)?;
    let mut profile = Profile::new(&loaded.model, core)?;
    let mut names = Vec::new();
    let mut block = Block::default();
    while reader.next_block(&mut block)? {
        for inst in &block.statics {
            profile.intern(inst);
            names.push(symbols.find(inst.pc).unwrap_or(OUTSIDE));
        }
        profile.retire(&block.retirements)?;
    }
    if names.iter().all(|name| *name == OUTSIDE) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{}: nothing of the trace lies in its functions; name the program that was recorded, linked with -static",
                args.program.display()
            ),
        ));
    }
    let rows = by_name(&names, &profile.finish()?);
    if !to_stdout {
        print(text(&rows, &core.name, args.top))?;
    }
    let functions: Vec<Value> = rows
        .iter()
        .map(|(name, cost)| {
            json!({"name": name, "retired": cost.retirements, "cycles": cost.cycles})
        })
        .collect();
    let value = json!({
        "format": "perfvec-profile-1", "program": reader.header().program,
        "model": loaded.model.info().id, "microarch": core.name, "clock_hz": core.clock_hz,
        "functions": functions,
    });
    write_json(args.json.as_ref(), &value)
}

/// Adds up what has one name; the largest first.
fn by_name<'a>(names: &[&'a str], costs: &[Cost]) -> Vec<(&'a str, Cost)> {
    let mut sums: HashMap<&str, Cost> = HashMap::new();
    for (name, cost) in names.iter().zip(costs) {
        let sum = sums.entry(name).or_default();
        *sum = plus(*sum, cost);
    }
    let mut rows: Vec<_> = sums.into_iter().collect();
    rows.sort_by(|(a_name, a), (b_name, b)| b.cycles.total_cmp(&a.cycles).then(a_name.cmp(b_name)));
    rows
}

fn plus(a: Cost, b: &Cost) -> Cost {
    Cost {
        retirements: a.retirements + b.retirements,
        cycles: a.cycles + b.cycles,
    }
}

fn sum(rows: &[(&str, Cost)]) -> Cost {
    rows.iter().fold(Cost::default(), |a, (_, b)| plus(a, b))
}

fn text(rows: &[(&str, Cost)], core: &str, top: usize) -> String {
    let (total, mut so_far) = (sum(rows), 0.0);
    let mut out = "  share    sum          cycles    instructions     CPI  function\n".to_string();
    let mut line = |name: &str, cost: Cost| {
        let share = |part: f64| 100.0 * part / total.cycles;
        so_far += cost.cycles;
        let _ = writeln!(
            out,
            "{:6.2}% {:5.1}% {:>15.0} {:>15} {:>7.3}  {name}",
            share(cost.cycles),
            share(so_far),
            cost.cycles,
            cost.retirements,
            cost.cycles / cost.retirements as f64,
        );
    };
    let (shown, others) = rows.split_at(top.min(rows.len()));
    shown.iter().for_each(|(name, cost)| line(name, *cost));
    if !others.is_empty() {
        line(&format!("({} others)", others.len()), sum(others));
    }
    let (n, cycles) = (grouped(total.retirements), total.cycles);
    let _ = writeln!(out, "{n} instructions, {cycles:.0} cycles on {core}");
    out
}
