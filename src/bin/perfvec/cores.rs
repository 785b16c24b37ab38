//! `perfvec cores`: the cores that are known by name, and files that describe one.

use crate::output::{apart, print, tell};
use perfvec::file;
use perfvec::twin::cores::{named, NamedCore, MAX_BYTES};
use perfvec::twin::gem5;
use perfvec::twin::parameters::{CoreKind, AXES};
use perfvec::Result;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Arguments of `perfvec cores`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// List the cores that are known by name (what no argument does, too).
    List,
    /// Show every parameter of a core, as TOML that can be changed and given to --core.
    Show {
        /// The name of a core, or a file that describes one.
        #[arg(value_name = "NAME|FILE")]
        core: String,
    },
    /// Check files that describe cores, and report the first error.
    Check {
        /// TOML or JSON files.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<String>,
    },
    /// List the parameters of cores: names, ranges, meanings.
    Parameters,
    /// Read a core from the configuration that gem5 wrote, as TOML to change and give to --core.
    FromGem5 {
        /// gem5's m5out/config.json, of a run with an O3 or Minor CPU.
        #[arg(value_name = "CONFIG.json")]
        config: PathBuf,
        /// Of several CPUs that differ, the one at this path, such as system.cpu0.
        #[arg(long, value_name = "PATH")]
        cpu: Option<String>,
        /// Write the core here instead of to standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<()> {
    match args.what.as_ref().unwrap_or(&What::List) {
        What::List => print(list()),
        What::Show { core } => print(show(&NamedCore::open(core)?)),
        What::Check { files } => {
            let mut text = String::new();
            for file in files {
                let core = NamedCore::open(file)?;
                let _ = writeln!(text, "{file}: {} is a valid core", core.name);
            }
            print(text)
        }
        What::Parameters => print(parameters()),
        What::FromGem5 {
            config,
            cpu,
            output,
        } => from_gem5(config, cpu.as_deref(), output.as_deref()),
    }
}

fn from_gem5(config: &Path, cpu: Option<&str>, output: Option<&Path>) -> Result<()> {
    let read = file::read_bounded(config, MAX_BYTES).and_then(|text| gem5::read(&text, cpu));
    let core = read.map_err(|e| e.context(config.display()))?;
    let mut notes = String::new();
    for note in &core.notes {
        let _ = writeln!(notes, "# {note}");
    }
    let mut text = format!("# {} of {}\n", core.cpu, config.display());
    if !notes.is_empty() {
        let _ = write!(text, "# Differences from gem5:\n{notes}");
    }
    for (key, value) in &core.map {
        let _ = writeln!(text, "{key} = {value}");
    }
    let Some(output) = output else {
        return print(text);
    };
    apart(
        &[("-o", Some(output))],
        &[("the configuration", Some(config))],
    )?;
    file::write_atomic(output, text.as_bytes()).map_err(|e| e.context(output.display()))?;
    tell(&notes.replace("# ", "perfvec: "));
    Ok(())
}

fn list() -> String {
    let mut text = format!(
        "{:18} {:6} {:>5} {:>5} {:>5}  {:15} {:>7} {:>7} {:>7}  {}\n",
        "core", "kind", "GHz", "width", "ROB", "predictor", "L1D KiB", "L2 KiB", "L3 KiB", "memory"
    );
    for c in named() {
        let p = &c.parameters;
        let rob = match p.kind {
            CoreKind::OutOfOrder => p.rob.to_string(),
            CoreKind::InOrder => "-".into(),
        };
        let _ = writeln!(
            text,
            "{:18} {:6} {:>5} {:>5} {:>5}  {:15} {:>7} {:>7} {:>7}  {}",
            c.name,
            p.kind.word(),
            p.clock_ghz,
            p.commit_width,
            rob,
            p.predictor.name(),
            p.l1d_kib,
            p.l2_kib,
            p.l3_kib,
            p.memory.word()
        );
    }
    text
}

fn show(core: &NamedCore) -> String {
    let mut text = format!("name = \"{}\"\n", core.name);
    for (key, value) in core.parameters.to_map() {
        let _ = writeln!(text, "{key} = {value}");
    }
    text
}

fn parameters() -> String {
    let mut text = String::from(
        "kind               \"o3\" or \"minor\"\n\
         clock_ghz          0.01 to 20: clock in GHz\n\
         predictor          family of the direction predictor\n\
         l1d_prefetcher     prefetcher of the level 1 data cache\n\
         l2_prefetcher      prefetcher of the level 2 cache\n\
         memory             memory device, by gem5's name\n\
         memory_latency_ns  0 to 10000: request to response of SimpleMemory\n\
         memory_gib_s       0.01 to 10000: bandwidth of SimpleMemory\n",
    );
    for a in AXES {
        let kind = match a.group {
            "common" => String::new(),
            group => format!(" ({group})"),
        };
        let doc = a.doc.trim().trim_end_matches('.');
        let _ = writeln!(text, "{:18} {} to {}: {doc}{kind}", a.name, a.low, a.high);
    }
    text
}
