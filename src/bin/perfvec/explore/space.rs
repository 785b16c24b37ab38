//! Design spaces: a core, the axes along which designs differ from it, and constraints.

use super::expression::Expression;
use perfvec::twin::cores::NamedCore;
use perfvec::twin::parameters::{CoreParameters, AXES};
use perfvec::{file, Error, ErrorKind, Result};
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Largest file that describes a space.
const MAX_BYTES: u64 = 1 << 20;
/// Largest table of designs.
const MAX_LIST: u64 = 1 << 32;
/// Most values of an axis.
const MAX_VALUES: usize = 4096;
/// Most designs that are priced.
pub const MAX_DESIGNS: usize = 20_000;
/// Most combinations that are looked through one by one.
const MAX_COMBINATIONS: u128 = 10_000_000;

/// A parameter, and the values that it takes.
pub struct Axis {
    /// The parameter.
    pub name: String,
    /// Its values.
    pub values: Vec<Value>,
}

/// A design: which value of each axis, and the core that it makes.
#[derive(Clone)]
pub struct Design {
    /// For each axis the index of its value.
    pub at: Vec<usize>,
    /// The core.
    pub parameters: CoreParameters,
}

/// A design space.
pub struct Space {
    /// What designs are compared with, and are like but for the axes.
    pub base: NamedCore,
    /// The axes, by name.
    pub axes: Vec<Axis>,
    /// Parameters that follow from the axes.
    also: Vec<(String, Expression)>,
    constraints: Vec<Expression>,
}

fn bad(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}

impl Space {
    /// Reads the TOML file at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = file::read_bounded(path, MAX_BYTES);
        let text = bytes.and_then(|b| String::from_utf8(b).map_err(|_| bad("not UTF-8 text")));
        text.and_then(|text| Self::from_text(&text))
            .map_err(|e| e.context(path.display()))
    }

    /// A space from the text of a TOML file.
    pub fn from_text(text: &str) -> Result<Self> {
        let mut map: Map<String, Value> = toml::from_str(text)
            .map_err(|e| bad(format!("not TOML: {}", e.to_string().trim_end())))?;
        let axes = map.remove("axes");
        let also = map.remove("also");
        let constraints = map.remove("constraints");
        let name = match map.get("like").and_then(Value::as_str) {
            Some(like) => like.to_string(),
            None => "base".into(),
        };
        let base = NamedCore::from_text(&name, &Value::Object(map).to_string())?;
        let axes = match axes {
            Some(Value::Object(axes)) if !axes.is_empty() => axes,
            _ => {
                return Err(bad(
                    "no axes; give a table [axes] with lines such as rob = [64, 128]",
                ))
            }
        };
        let axes: Vec<Axis> = axes
            .into_iter()
            .map(|(name, values)| axis(&base, name, values))
            .collect::<Result<_>>()?;
        let also = also_of(&base, &axes, also).map_err(|e| e.context("[also]"))?;
        let texts = match constraints {
            None => Vec::new(),
            Some(Value::Array(texts)) => texts,
            Some(other) => {
                return Err(bad(format!(
                    "constraints is {other}; give a list of strings"
                )))
            }
        };
        let constraint = |text: &Value| match text {
            Value::String(text) => {
                let constraint = Expression::new(text, &base.parameters)?;
                constraint
                    .holds(&base.parameters.to_map())
                    .map(|_| constraint)
            }
            other => Err(bad(format!("{other} is not a string; write \"iq <= rob\""))),
        };
        let constraints = texts
            .iter()
            .map(constraint)
            .collect::<Result<_>>()
            .map_err(|e| e.context("constraints"))?;
        Ok(Self {
            base,
            axes,
            also,
            constraints,
        })
    }

    /// How many combinations of values there are.
    pub fn combinations(&self) -> u128 {
        let counts = self.axes.iter().map(|a| a.values.len() as u128);
        counts.fold(1, u128::saturating_mul)
    }

    /// The design at the values `at`, unless a constraint forbids it or it cannot be built; then
    /// why.
    fn design(&self, at: Vec<usize>) -> Result<std::result::Result<Design, String>> {
        let values = self.axes.iter().zip(&at);
        let map = values.map(|(a, i)| (a.name.clone(), a.values[*i].clone()));
        let mut map: Map<String, Value> = map.collect();
        if !self.also.is_empty() {
            let mut all = self.base.parameters.to_map();
            all.extend(map.clone());
            for (name, expression) in &self.also {
                let number = expression.number_of(&all)?;
                if number.fract() != 0.0 || !(0.0..1e9).contains(&number) {
                    return Ok(Err(format!("{name} would be {number}")));
                }
                map.insert(name.clone(), (number as u64).into());
            }
        }
        let parameters = match CoreParameters::from_map("design", &self.base.parameters, &map) {
            Ok(parameters) => parameters,
            Err(e) => return Ok(Err(e.message().to_string())),
        };
        if !self.constraints.is_empty() {
            let map = parameters.to_map();
            for constraint in &self.constraints {
                if !constraint.holds(&map)? {
                    return Ok(Err("a constraint does not hold".into()));
                }
            }
        }
        Ok(Ok(Design { at, parameters }))
    }

    /// The values' indices of combination `number`.
    fn at(&self, mut number: u128) -> Vec<usize> {
        let of_axis = self.axes.iter().map(|axis| {
            let count = axis.values.len() as u128;
            let at = (number % count) as usize;
            number /= count;
            at
        });
        of_axis.collect()
    }

    /// All designs, or `sample` of them drawn with `seed`; in an order that depends on these alone.
    pub fn designs(&self, sample: Option<usize>, seed: u64) -> Result<Vec<Design>> {
        let combinations = self.combinations();
        let mut why = None;
        let designs = match sample {
            None if combinations > MAX_COMBINATIONS => return Err(too_large(combinations)),
            Some(count) if combinations > MAX_COMBINATIONS => {
                self.drawn(count, seed, combinations, &mut why)?
            }
            _ => {
                let mut designs = Vec::new();
                for number in 0..combinations {
                    match self.design(self.at(number))? {
                        Ok(design) => designs.push(design),
                        Err(text) => why = why.or(Some(text)),
                    }
                }
                designs
            }
        };
        if designs.is_empty() {
            let why = why.unwrap_or_default();
            return Err(bad(format!(
                "the space is empty: none of the {combinations} combinations is a design ({why}); widen the axes or remove constraints"
            )));
        }
        let mut designs = designs;
        if let Some(count) = sample.filter(|count| *count < designs.len()) {
            fastrand::Rng::with_seed(seed).shuffle(&mut designs);
            designs.truncate(count);
            designs.sort_by(|a, b| a.at.cmp(&b.at));
        }
        match designs.len() <= MAX_DESIGNS {
            true => Ok(designs),
            false => Err(too_large(designs.len() as u128)),
        }
    }

    /// The designs in the table at `path`, which has a column for each axis, and how many of its rows
    /// are no designs of this space.
    pub fn listed(&self, path: &Path) -> Result<(Vec<Design>, usize)> {
        let bytes = file::read_bounded(path, MAX_LIST)?;
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
        let column = |axis: &Axis| {
            let at = header.iter().position(|h| h == axis.name);
            at.ok_or_else(|| bad(format!("no column {}; give one for each axis", axis.name)))
        };
        let columns: Vec<usize> = self.axes.iter().map(column).collect::<Result<_>>()?;
        let texts: Vec<Vec<String>> = self
            .axes
            .iter()
            .map(|a| a.values.iter().map(plain).collect())
            .collect();
        let (mut designs, mut left_out) = (BTreeMap::new(), BTreeSet::new());
        for record in reader.records() {
            let record = record.map_err(|e| bad(e.to_string()))?;
            let values: Vec<&str> = columns.iter().map(|c| &record[*c]).collect();
            let at = values
                .iter()
                .zip(&texts)
                .map(|(v, all)| all.iter().position(|t| is_same(t, v)));
            let design = match at.collect::<Option<Vec<usize>>>() {
                Some(at) => self.design(at)?.ok(),
                None => None,
            };
            match design {
                Some(design) => drop(designs.insert(design.at.clone(), design)),
                None => drop(left_out.insert(values.join(","))),
            }
        }
        match designs.len() {
            0 => Err(bad("none of its rows is a design of the space")),
            n if n > MAX_DESIGNS => Err(bad(format!(
                "it has {n} designs, and at most {MAX_DESIGNS} are priced; give fewer rows"
            ))),
            _ => Ok((designs.into_values().collect(), left_out.len())),
        }
    }

    /// Designs drawn one by one where there are too many combinations to look through.
    fn drawn(
        &self,
        count: usize,
        seed: u64,
        combinations: u128,
        why: &mut Option<String>,
    ) -> Result<Vec<Design>> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut seen = BTreeSet::new();
        let mut designs = Vec::new();
        for _ in 0..100_000 + 100 * count {
            if designs.len() == count {
                break;
            }
            let at = self.at(rng.u128(0..combinations));
            if !seen.insert(at.clone()) {
                continue;
            }
            match self.design(at)? {
                Ok(design) => designs.push(design),
                Err(text) => *why = why.take().or(Some(text)),
            }
        }
        designs.sort_by(|a, b| a.at.cmp(&b.at));
        Ok(designs)
    }
}

/// Whether two texts of a value say the same: 128.0 is 128, and 1.7 what a range makes of it.
fn is_same(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

/// The parameters of the table `also`, each a whole number by an expression over the axes and the core.
fn also_of(
    base: &NamedCore,
    axes: &[Axis],
    also: Option<Value>,
) -> Result<Vec<(String, Expression)>> {
    let table = match also {
        None => return Ok(Vec::new()),
        Some(Value::Object(table)) => table,
        Some(other) => {
            return Err(bad(format!(
                "it is {other}; give a table with lines such as rename_width = \"decode_width\""
            )))
        }
    };
    let group = base.parameters.kind.word();
    let names: Vec<String> = table.keys().cloned().collect();
    let one = |(name, text): (String, Value)| {
        let bad = |text: &str| bad(format!("{name}: {text}"));
        if axes.iter().any(|a| a.name == name) {
            return Err(bad("it is an axis too; remove one of them"));
        }
        if !AXES
            .iter()
            .any(|a| a.name == name && (a.group == "common" || a.group == group))
        {
            return Err(bad("it is not a whole-number parameter of this kind of core; `perfvec cores parameters` lists them"));
        }
        let Value::String(text) = text else {
            return Err(bad(&format!(
                "{text} is not a string; write an expression such as \"decode_width\", or set it above [axes]"
            )));
        };
        let expression = Expression::new(&text, &base.parameters)?;
        expression.number(&base.parameters)?;
        if let Some(other) = names.iter().find(|n| expression.uses(n)) {
            return Err(bad(&format!(
                "{other} is derived as well; write it in terms of the axes"
            )));
        }
        Ok((name.clone(), expression))
    };
    table.into_iter().map(one).collect()
}

fn too_large(count: u128) -> Error {
    bad(format!(
        "the space has {count} designs, and at most {MAX_DESIGNS} are priced; draw some of them with --sample-designs N, or give the axes fewer values"
    ))
}

/// The axis `name` with the values that `values` says, each of which `base` could have.
fn axis(base: &NamedCore, name: String, values: Value) -> Result<Axis> {
    let bad = |text: String| bad(format!("axis {name}: {text}"));
    let group = base.parameters.kind.word();
    if name == "kind" {
        return Err(bad("explore one kind of core at a time".into()));
    }
    // Labels of a core, which its parameters do not have.
    if !base.parameters.to_map().contains_key(&name)
        && ["name", "split", "like", "doc"].contains(&name.as_str())
    {
        return Err(bad("it is not a parameter; set it above [axes]".into()));
    }
    let known = AXES.iter().find(|a| a.name == name);
    if let Some(axis) = known.filter(|a| a.group != "common" && a.group != group) {
        return Err(bad(format!(
            "{} has no such parameter; it is one of kind \"{}\"",
            base.name, axis.group
        )));
    }
    let values = match values {
        Value::Array(values) => values,
        Value::Object(range) => self::range(&range).map_err(&bad)?,
        other => {
            return Err(bad(format!(
                "it is {other}; give a list, {{from = 16, to = 64, step = 16}} or {{from = 16, to = 256, times = 2}}"
            )))
        }
    };
    if values.is_empty() || values.len() > MAX_VALUES {
        return Err(bad(format!(
            "it has {} values; give 1 to {MAX_VALUES}",
            values.len()
        )));
    }
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            return Err(bad(format!("{value} is there twice; remove one")));
        }
        match known {
            // Alone, a size need not suit the ways of the base; another axis may change these.
            Some(axis) => {
                let range = u64::from(axis.low)..=u64::from(axis.high);
                if !value.as_u64().is_some_and(|v| range.contains(&v)) {
                    return Err(bad(format!(
                        "{value} is out of range; give whole numbers from {} to {}",
                        axis.low, axis.high
                    )));
                }
            }
            None => {
                let map = [(name.clone(), value.clone())].into_iter().collect();
                CoreParameters::from_map("design", &base.parameters, &map)
                    .map_err(|e| bad(e.message().to_string()))?;
            }
        }
    }
    Ok(Axis { name, values })
}

/// The values of a range.
fn range(range: &Map<String, Value>) -> std::result::Result<Vec<Value>, String> {
    let stray = |key: &&String| !["from", "to", "step", "times"].contains(&key.as_str());
    if let Some(key) = range.keys().find(stray) {
        return Err(format!(
            "a range has no \"{key}\"; it has from, to, and step or times"
        ));
    }
    let number = |key: &str| match range.get(key) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            Some(x) => Ok(Some(x)),
            None => Err(format!("{key} is {value}; give a number")),
        },
    };
    let (Some(from), Some(to)) = (number("from")?, number("to")?) else {
        return Err("a range needs from and to".into());
    };
    let next: Box<dyn Fn(usize) -> f64> = match (number("step")?, number("times")?) {
        (Some(step), None) if step > 0.0 => Box::new(move |i| from + step * i as f64),
        (None, Some(times)) if times > 1.0 && from > 0.0 => {
            Box::new(move |i| from * times.powi(i as i32))
        }
        _ => return Err("a range needs step over 0, or times over 1 and from over 0".into()),
    };
    // Rounding must not lose the last one.
    let values = (0..=MAX_VALUES).map(next);
    let values = values.take_while(|x| *x <= to * (1.0 + 1e-9));
    let value = |x: f64| match (x - x.round()).abs() < 1e-9 {
        true => Value::from(x.round() as i64),
        false => Number::from_f64(x).map_or(Value::Null, Value::Number),
    };
    Ok(values.map(value).collect())
}

/// A value as it stands in a file.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        // The same number whether it was written 2 or 2.0.
        number => number
            .as_f64()
            .map_or(number.to_string(), |x| x.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn space(text: &str) -> Space {
        Space::from_text(text).unwrap()
    }

    #[test]
    fn lists_and_ranges_make_the_axes() {
        let text = "like = \"cortex-a72-like\"\nlq = 40\n[axes]\nrob = [64, 128]\n\
                    iq = {from = 16, to = 64, step = 16}\nl2_kib = {from = 256, to = 2048, times = 2}\n\
                    predictor = [\"tage\", \"ltage\"]\nclock_ghz = {from = 1, to = 1.5, step = 0.25}\n";
        let space = space(text);
        assert_eq!(
            (space.base.name.as_str(), space.base.parameters.lq),
            ("cortex-a72-like", 40)
        );
        let values = |name: &str| {
            let axis = space.axes.iter().find(|a| a.name == name).unwrap();
            Value::from(axis.values.clone())
        };
        assert_eq!(values("iq"), json!([16, 32, 48, 64]));
        assert_eq!(values("l2_kib"), json!([256, 512, 1024, 2048]));
        assert_eq!(values("clock_ghz"), json!([1, 1.25, 1.5]));
        assert_eq!(space.combinations(), 2 * 4 * 4 * 2 * 3);
        let designs = space.designs(None, 0).unwrap();
        assert_eq!(designs.len(), 192);
        let all: BTreeSet<_> = designs.iter().map(|d| d.at.clone()).collect();
        assert_eq!(all.len(), 192);
        let d = &designs[100];
        for (axis, at) in space.axes.iter().zip(&d.at) {
            let map = d.parameters.to_map();
            assert_eq!(map[&axis.name].as_f64(), axis.values[*at].as_f64());
        }
    }

    #[test]
    fn constraints_and_shapes_leave_designs_out() {
        let axes =
            "[axes]\nrob = [32, 64]\niq = [16, 48]\nl1d_kib = [32, 48]\nl1d_assoc = [4, 12]\n";
        let text = format!("like = \"cortex-a72-like\"\nconstraints = [\"iq <= rob\"]\n{axes}");
        // 3 pairs of rob and iq; 32 KiB in 4 ways and 48 KiB in 12.
        let designs = space(&text).designs(None, 0).unwrap();
        assert_eq!(designs.len(), 6);
        assert!(designs.iter().all(|d| d.parameters.iq <= d.parameters.rob));
    }

    #[test]
    fn parameters_follow_from_axes() {
        let text = "like = \"cortex-a72-like\"\n[axes]\ndecode_width = [2, 3]\nl1d_kib = [32, 48]\n\
                    rob = [64, 65]\n[also]\nrename_width = \"decode_width\"\nl1d_assoc = \"l1d_kib / 4\"\n\
                    iq = \"rob / 2\"\nlq = \"sq + 1\"\n";
        let space = space(text);
        // 65 / 2 is no number of entries.
        let designs = space.designs(None, 0).unwrap();
        assert_eq!(designs.len(), 4);
        for d in designs {
            let p = &d.parameters;
            assert_eq!(
                (p.rename_width, p.l1d_assoc),
                (p.decode_width, p.l1d_kib / 4)
            );
            assert_eq!((p.rob, p.iq, p.lq), (64, 32, p.sq + 1));
        }
    }

    #[test]
    fn a_sample_depends_on_its_seed_alone() {
        let axes =
            "[axes]\nrob = {from = 32, to = 512, step = 8}\niq = {from = 16, to = 128, step = 1}\n";
        for more in [
            "",
            "lq = {from = 2, to = 1000, step = 1}\nsq = {from = 2, to = 1000, step = 1}\n",
        ] {
            let space = space(&format!(
                "like = \"cortex-a72-like\"\nconstraints = [\"iq <= rob\"]\n{axes}{more}"
            ));
            let at = |seed| -> Vec<Vec<usize>> {
                let designs = space.designs(Some(50), seed).unwrap();
                designs.into_iter().map(|d| d.at).collect()
            };
            assert_eq!(at(3), at(3));
            assert_ne!(at(3), at(4));
            let all: BTreeSet<_> = at(3).into_iter().collect();
            assert_eq!(all.len(), 50);
        }
    }

    #[test]
    fn mistakes_say_what_to_give() {
        let like = "like = \"cortex-a72-like\"\n";
        for (text, says) in [
            ("[axes]\nrob = [1]", "set like"),
            (like, "no axes"),
            ("like = ", "not TOML"),
            (
                "like = \"cortex-a72-like\"\nrobb = 3\n[axes]\nrob = [64]",
                "\"robb\" is not a parameter",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrobb = [64]",
                "axis robb: core design: \"robb\" is not a parameter",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = []",
                "axis rob: it has 0 values",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [64, 64]",
                "64 is there twice",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [2]",
                "from 4 to 2048",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [64.5]",
                "whole numbers",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = 64",
                "give a list",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = {from = 8}",
                "needs from and to",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = {from = 8, to = 64, by = 8}",
                "no \"by\"",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = {from = 8, to = 64, step = 0}",
                "step over 0",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = {from = 8, to = 64, times = 1}",
                "times over 1",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nstore_buffer = [4]",
                "it is one of kind \"minor\"",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nkind = [\"o3\"]",
                "one kind",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\npredictor = [\"gshare\"]",
                "gshare",
            ),
            (
                "like = \"cortex-a72-like\"\nalso = 3\n[axes]\nrob = [64]",
                "[also]: it is 3",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [64]\n[also]\nrob = \"iq\"",
                "rob: it is an axis too",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [64]\n[also]\nmemory = \"iq\"",
                "memory: it is not a whole-number parameter",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [64]\n[also]\nlq = \"rob / 2\"\nsq = \"lq\"",
                "lq is derived as well",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nlike = [\"zen2-like\"]",
                "set it above [axes]",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [64]\n[also]\niq = 32",
                "iq: 32 is not a string",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [64]\n[also]\niq = \"robb\"",
                "[also]: \"robb\"",
            ),
            (
                "like = \"cortex-a72-like\"\n[axes]\nrob = [64]\n[also]\niq = \"rob > 2\"",
                "it is not a number",
            ),
            (
                "like = \"cortex-a72-like\"\nconstraints = \"a\"\n[axes]\nrob = [64]",
                "list of strings",
            ),
            (
                "like = \"cortex-a72-like\"\nconstraints = [\"iqq < 3\"]\n[axes]\nrob = [64]",
                "constraints: \"iqq < 3\"",
            ),
            (
                "like = \"cortex-a72-like\"\nconstraints = [\"rob + 1\"]\n[axes]\nrob = [64]",
                "not a comparison",
            ),
        ] {
            let e = Space::from_text(text).err().map(|e| e.to_string());
            let e = e.unwrap_or_else(|| panic!("{text} is taken"));
            assert!(e.contains(says), "{e} lacks {says}");
        }
        let empty = "constraints = [\"rob > 100\"]\n[axes]\nrob = [64]";
        let e = space(&format!("{like}{empty}"))
            .designs(None, 0)
            .err()
            .unwrap();
        assert!(e.message().contains("none of the 1 combinations"), "{e}");
        assert!(e.message().contains("a constraint does not hold"), "{e}");
        let axes =
            "[axes]\nlq = {from = 2, to = 1000, step = 1}\nsq = {from = 2, to = 1000, step = 1}\n";
        let e = space(&format!("{like}{axes}"))
            .designs(None, 0)
            .err()
            .unwrap();
        assert!(
            e.message().contains("998001 designs") && e.message().contains("--sample-designs"),
            "{e}"
        );
        let axes = format!("{axes}iq = {{from = 2, to = 1000, step = 1}}\n");
        let e = space(&format!("{like}{axes}"))
            .designs(None, 0)
            .err()
            .unwrap();
        assert!(e.message().contains("997002999 designs"), "{e}");
    }
}
