//! Arguments that choose a region of interest, the same for `run`, `record`, `replay`, `explore` and
//! `dump`.

use crate::profile::Symbols;
use perfvec::region::{Mark, Region};
use perfvec::Result;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

/// The options that do.
pub const OPTIONS: [&str; 5] = ["skip", "first", "from", "until", "markers"];

/// Which retirements are wanted.
#[derive(clap::Args, Clone, Default)]
pub struct RegionArgs {
    /// Skip N retirements, counted from --from if given, before the region begins.
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: u64,
    /// End after N retirements.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    first: Option<u64>,
    /// Begin the region when the instruction at PC, or the first one of the function SYMBOL,
    /// retires for the COUNT-th time (default: the first), such as main, 0x10552 or loop:1000.
    #[arg(long, value_name = "PLACE[:COUNT]", value_parser = place)]
    from: Option<Place>,
    /// End the region before it retires for the COUNT-th time of the whole run (default: the first
    /// time since the region began).
    #[arg(long, value_name = "PLACE[:COUNT]", value_parser = place)]
    until: Option<Place>,
    /// Measure between the marker instructions `slti x0, x0, 0x501` and `slti x0, x0, 0x502`, which
    /// any core executes as no-ops.
    #[arg(long, conflicts_with_all = ["skip", "first", "from", "until"])]
    markers: bool,
}

/// The region of a recording.
#[derive(clap::Args, Clone)]
pub struct RecordedRegionArgs {
    #[command(flatten)]
    region: RegionArgs,
    /// The recorded program, for the names of functions in --from and --until; needed if there is
    /// no T.pvt.modules beside the trace, or if the program that ran has no symbols.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq)]
struct Place {
    at: Point,
    count: u64,
}

#[derive(Debug, Clone, PartialEq)]
enum Point {
    Pc(u64),
    Symbol(String),
}

/// "main", "0x10552", either with ":COUNT". Names of C++ have colons, but do not end in a number.
fn place(text: &str) -> std::result::Result<Place, String> {
    let (name, count) = match text.rsplit_once(':') {
        Some((name, digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => (
            name,
            digits.parse().map_err(|_| "no count after the colon")?,
        ),
        _ => (text, 1),
    };
    if count == 0 {
        return Err("counts begin with 1".into());
    }
    let at = match name.strip_prefix("0x") {
        Some(digits) => Point::Pc(
            u64::from_str_radix(digits, 16)
                .map_err(|e| format!("expected an address such as 0x10552: {e}"))?,
        ),
        None if name.is_empty() || name.as_bytes()[0].is_ascii_digit() => {
            return Err("expected a function, or an address with 0x".into())
        }
        None => Point::Symbol(name.into()),
    };
    Ok(Place { at, count })
}

impl RegionArgs {
    /// The region of the program that is about to run.
    pub fn of_program(&self, program: &Path) -> Result<Region> {
        self.region(&|| Symbols::of_program(program))
    }

    /// The region of `trace`, whose program's files are where they were when it ran.
    pub fn of_trace(&self, trace: &Path) -> Result<Region> {
        self.region(&|| Symbols::of_trace(trace, None))
    }

    /// The region; symbols are only asked for where a function is named.
    fn region(&self, symbols: &dyn Fn() -> Result<Symbols>) -> Result<Region> {
        let mark = |option: &str, place: &Option<Place>| match place {
            None => Ok(None),
            Some(Place { at, count }) => {
                let pc = match at {
                    Point::Pc(pc) => Ok(*pc),
                    Point::Symbol(name) => symbols()
                        .and_then(|all| all.address(name))
                        .map_err(|e| e.context(format!("{option} {name}"))),
                };
                pc.map(|pc| Some(Mark { pc, count: *count }))
            }
        };
        let region = Region {
            from: mark("--from", &self.from)?,
            skip: self.skip,
            first: self.first,
            until: mark("--until", &self.until)?,
            markers: self.markers,
        };
        region.validate().map(|()| region)
    }
}

impl RecordedRegionArgs {
    /// The region of `trace`.
    pub fn region(&self, trace: &Path) -> Result<Region> {
        let program = self.program.as_deref();
        self.region.region(&|| Symbols::of_trace(trace, program))
    }
}

/// What the JSON says of a region; null for the whole stream.
pub fn json(region: &Region) -> Value {
    if region.is_all() {
        return Value::Null;
    }
    let mark = |m: &Option<Mark>| m.map(|m| json!({"pc": m.pc, "count": m.count}));
    json!({
        "from": mark(&region.from), "skip": region.skip, "first": region.first,
        "until": mark(&region.until), "markers": region.markers,
    })
}

/// The region in words: "from 0x10552, 1000 instructions".
pub fn words(region: &Region) -> String {
    if region.markers {
        return "between markers".into();
    }
    let mark = |m: &Mark| match m.count {
        1 => format!("{:#x}", m.pc),
        n => format!("{:#x}:{n}", m.pc),
    };
    let mut parts = Vec::new();
    parts.extend(region.from.iter().map(|m| format!("from {}", mark(m))));
    parts.extend((region.skip > 0).then(|| format!("skipping {}", region.skip)));
    parts.extend(region.first.map(|n| format!("at most {n}")));
    parts.extend(region.until.iter().map(|m| format!("until {}", mark(m))));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_functions_and_addresses_with_counts() {
        let pc = |pc, count| {
            Ok(Place {
                at: Point::Pc(pc),
                count,
            })
        };
        let symbol = |name: &str, count| {
            let at = Point::Symbol(name.into());
            Ok(Place { at, count })
        };
        assert_eq!(place("0x10552"), pc(0x10552, 1));
        assert_eq!(place("0x10552:7"), pc(0x10552, 7));
        assert_eq!(place("main"), symbol("main", 1));
        assert_eq!(place("loop:1000"), symbol("loop", 1000));
        assert_eq!(place("A::b"), symbol("A::b", 1));
        assert_eq!(place("A::b:2"), symbol("A::b", 2));
        for text in [
            "",
            ":1",
            "12",
            "0xyz",
            "f:0",
            "0x",
            "f:99999999999999999999",
        ] {
            assert!(place(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_region_is_told_in_words() {
        let region = Region {
            from: Some(Mark {
                pc: 0x100,
                count: 3,
            }),
            skip: 5,
            first: Some(9),
            until: Some(Mark {
                pc: 0x200,
                count: 1,
            }),
            markers: false,
        };
        assert_eq!(
            words(&region),
            "from 0x100:3, skipping 5, at most 9, until 0x200"
        );
        assert_eq!(json(&Region::default()), Value::Null);
    }
}
