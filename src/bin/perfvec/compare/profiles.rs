//! Two profiles: totals and functions.

use super::{fields, missing, On, Side};
use perfvec::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// How the names of values begin that are cycles of a core.
const CYCLES: &str = "cycles on ";

#[derive(Deserialize)]
struct Profile {
    program: String,
    model: String,
    retired: u64,
    values: Vec<Counted>,
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Counted {
    name: String,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    file: String,
    #[serde(rename = "self")]
    own: Vec<f64>,
}

fn read(side: &Side<'_>) -> Result<Profile> {
    let found: Profile = fields(side.path, side.value.clone())?;
    let width = found.values.len();
    match found.functions.iter().find(|f| f.own.len() != width) {
        None => Ok(found),
        Some(f) => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{}: \"self\" of {:?} has not {width} numbers, one for each of \"values\"; write the profile again with perfvec",
                side.path.display(),
                f.name
            ),
        )),
    }
}

impl Profile {
    fn cores(&self) -> Vec<String> {
        let names = self.values.iter().map(|v| &v.name);
        let cores = names.filter_map(|name| name.strip_prefix(CYCLES));
        cores.map(String::from).collect()
    }

    /// Which of the values are a core's cycles.
    fn value(&self, path: &Path, core: &str) -> Result<usize> {
        let wanted = format!("{CYCLES}{core}");
        let found = self.values.iter().position(|v| v.name == wanted);
        found.ok_or_else(|| missing(path, core, &self.cores()))
    }

    fn about(&self, path: &Path) -> Value {
        json!({
            "file": path.to_string_lossy(), "program": self.program, "model": self.model,
            "retired": self.retired,
        })
    }
}

/// Instructions and cycles of a function on both sides.
#[derive(Default)]
struct Pair {
    file: String,
    a: (f64, f64),
    b: (f64, f64),
}

/// Where `a` and `b` differ. Functions are the same where their names are.
pub fn compare(a: Side<'_>, b: Side<'_>, on: Option<&On>) -> Result<Value> {
    let (ours, theirs) = (read(&a)?, read(&b)?);
    let on = match on {
        Some(on) => on.clone(),
        None => {
            let has = theirs.cores();
            let both = ours.cores().into_iter().find(|core| has.contains(core));
            let core = both.ok_or_else(|| {
                Error::new(
                    ErrorKind::Mismatch,
                    format!(
                        "{} and {} have no core in common; name one of each: --on A=CORE,B=CORE",
                        a.path.display(),
                        b.path.display()
                    ),
                )
            })?;
            On {
                a: core.clone(),
                b: core,
            }
        }
    };
    let (x, y) = (ours.value(a.path, &on.a)?, theirs.value(b.path, &on.b)?);
    let mut pairs: BTreeMap<&str, Pair> = BTreeMap::new();
    for f in &ours.functions {
        let pair = pairs.entry(&f.name).or_default();
        pair.file = f.file.clone();
        pair.a = (pair.a.0 + f.own[0], pair.a.1 + f.own[x]);
    }
    for f in &theirs.functions {
        let pair = pairs.entry(&f.name).or_default();
        pair.file = f.file.clone();
        pair.b = (pair.b.0 + f.own[0], pair.b.1 + f.own[y]);
    }
    let sum = |side: fn(&Pair) -> (f64, f64)| {
        let all = pairs.values().map(side);
        all.fold((0.0, 0.0), |s, v| (s.0 + v.0, s.1 + v.1))
    };
    let (all_a, all_b) = (sum(|p| p.a), sum(|p| p.b));
    let mut functions: Vec<(&str, &Pair)> = pairs.iter().map(|(name, p)| (*name, p)).collect();
    // Stable, so that equal ones stay in the order of their names.
    functions.sort_by(|(_, p), (_, q)| {
        let change = |p: &Pair| (p.b.1 - p.a.1).abs();
        change(q).total_cmp(&change(p))
    });
    let functions = functions.into_iter().map(|(name, p)| {
        json!({
            "name": name, "file": p.file,
            "a": {"instructions": p.a.0, "cycles": p.a.1},
            "b": {"instructions": p.b.0, "cycles": p.b.1},
            "difference": p.b.1 - p.a.1,
        })
    });
    let functions: Vec<Value> = functions.collect();
    let side = |core: &str, (instructions, cycles): (f64, f64)| json!({"core": core, "cycles": cycles, "cpi": cycles / instructions});
    Ok(json!({
        "format": "perfvec-comparison-1", "kind": "profiles",
        "a": ours.about(a.path), "b": theirs.about(b.path), "on": {"a": on.a, "b": on.b},
        "totals": [{
            "a": side(&on.a, all_a), "b": side(&on.b, all_b),
            "cycles": all_b.1 - all_a.1, "cycles_ratio": all_b.1 / all_a.1,
        }],
        "causes": [], "phases": [], "functions": functions, "notes": [],
    }))
}
