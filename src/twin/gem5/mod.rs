//! A core's parameters from the configuration that gem5 wrote (`m5out/config.json`).
//!
//! It is the inverse of `gem5-glue/configs/system.py`: what that builds from a core's parameters
//! gives them back. Whatever else a configuration says has no parameter here; where it differs from
//! what system.py builds, a note says so, and what was taken. Read are configurations of gem5 24.0.

mod caches;
mod cpu;
mod tree;
mod units;

use super::parameters::{CoreKind, CoreParameters, AXES};
use crate::error::Result;
use serde_json::{Map, Value};
use tree::{bad, Object, Tree};

/// What a configuration says of a core.
#[derive(Debug)]
pub struct Described {
    /// The path of the CPU, such as "system.cpu".
    pub cpu: String,
    /// What was read: every parameter that matters to such a core.
    pub map: Map<String, Value>,
    /// The same, checked.
    pub parameters: CoreParameters,
    /// What has no counterpart, and what is used instead.
    pub notes: Vec<String>,
}

/// Whether a JSON text is such a configuration.
pub fn is_config(map: &Map<String, Value>) -> bool {
    map.get("type").and_then(Value::as_str) == Some("Root")
}

/// Reads the text of a config.json: its only CPU with a pipeline, or the one at the path `cpu`.
pub fn read(text: &[u8], cpu: Option<&str>) -> Result<Described> {
    let root: Value =
        serde_json::from_slice(text).map_err(|e| bad(format!("not gem5's config.json: {e}")))?;
    let mut read = kinds(&root, cpu)?;
    if let [first, other, ..] = &read[..] {
        return Err(bad(format!(
            "{} and {} differ; choose one with --cpu PATH: {}",
            first.cpu,
            other.cpu,
            paths(&pipelines(&Tree::new(&root)))
        )));
    }
    Ok(read.remove(0))
}

/// Reads every kind of CPU with a pipeline: the first of each, in the order of their paths.
pub fn read_all(root: &Value) -> Result<Vec<Described>> {
    kinds(root, None)
}

fn pipelines<'a>(tree: &Tree<'a>) -> Vec<Object<'a>> {
    tree.all().filter(|o| kind(*o).is_some()).collect()
}

/// At least one; where `cpu` names a path, that one.
fn kinds(root: &Value, cpu: Option<&str>) -> Result<Vec<Described>> {
    let tree = Tree::new(root);
    let cpus = pipelines(&tree);
    let mut kinds: Vec<(Described, usize)> = Vec::new();
    for object in cpus
        .iter()
        .filter(|c| cpu.is_none_or(|path| c.path == path))
    {
        let read = describe(&tree, *object)?;
        match kinds.iter_mut().find(|(first, _)| first.map == read.map) {
            Some((_, count)) => *count += 1,
            None => kinds.push((read, 1)),
        }
    }
    if kinds.is_empty() {
        return Err(none(&tree, &cpus, cpu));
    }
    let note = |(mut first, count): (Described, usize)| {
        if count > 1 {
            first.notes.insert(0, format!("{count} CPUs of one kind, whose shared caches and memory are modelled as private; the core is {}", first.cpu));
        }
        first
    };
    Ok(kinds.into_iter().map(note).collect())
}

fn paths(objects: &[Object<'_>]) -> String {
    let paths: Vec<&str> = objects.iter().map(|o| o.path).collect();
    paths.join(", ")
}

fn none(tree: &Tree<'_>, cpus: &[Object<'_>], wanted: Option<&str>) -> crate::Error {
    if let (Some(wanted), false) = (wanted, cpus.is_empty()) {
        return bad(format!(
            "{wanted}: no O3 or Minor CPU; there are {}",
            paths(cpus)
        ));
    }
    let other: Vec<Object<'_>> = tree.all().filter(|o| o.class().ends_with("CPU")).collect();
    let has = match other.is_empty() {
        true => "it has none".to_string(),
        false => format!("it has only {}, of type {}", paths(&other), other[0].kind()),
    };
    bad(format!(
        "no O3 or Minor CPU: {has}; give the config.json of a run that has one"
    ))
}

fn kind(object: Object<'_>) -> Option<CoreKind> {
    match object.class() {
        "gem5::o3::CPU" => Some(CoreKind::OutOfOrder),
        "gem5::MinorCPU" => Some(CoreKind::InOrder),
        _ => None,
    }
}

fn describe(tree: &Tree<'_>, cpu: Object<'_>) -> Result<Described> {
    let kind = kind(cpu).ok_or_else(|| cpu.lacks("cxx_class"))?;
    let mut draft = Draft::default();
    draft.map.insert("kind".into(), kind.word().into());
    let period = period(tree, cpu)?;
    draft.map.insert(
        "clock_ghz".into(),
        short(1000.0 / period as f64, |ghz| {
            (1000.0 / ghz).round() as u64 == period
        })
        .into(),
    );
    match kind {
        CoreKind::OutOfOrder => cpu::o3(&mut draft, tree, cpu)?,
        CoreKind::InOrder => cpu::minor(&mut draft, tree, cpu)?,
    }
    cpu::branches(&mut draft, tree, cpu)?;
    caches::all(&mut draft, tree, cpu, period)?;
    let parameters = CoreParameters::from_map(cpu.path, &CoreParameters::middle(kind), &draft.map)?;
    Ok(Described {
        cpu: cpu.path.into(),
        map: draft.map,
        parameters,
        notes: draft.notes,
    })
}

/// The period of the clock of `object`, in ps.
fn period(tree: &Tree<'_>, object: Object<'_>) -> Result<u64> {
    let mut domain = tree
        .child(object, "clk_domain")?
        .ok_or_else(|| object.lacks("clk_domain"))?;
    let mut divider = 1;
    // A clock is derived from another a few times at most.
    for _ in 0..8 {
        if let Some(Value::Array(clocks)) = domain.map.get("clock") {
            let clock = clocks.first().and_then(Value::as_u64).filter(|ps| *ps > 0);
            return clock
                .map(|ps| ps * divider)
                .ok_or_else(|| domain.lacks("clock"));
        }
        divider *= domain.number("clk_divider")?.clamp(1, 1 << 20);
        domain = tree
            .child(domain, "clk_domain")?
            .ok_or_else(|| domain.lacks("clk_domain"))?;
    }
    Err(domain.lacks("clock"))
}

/// `x` in as few decimals as `same` allows.
fn short(x: f64, same: impl Fn(f64) -> bool) -> f64 {
    let rounded = (0..8).map(|places| {
        let scale = 10f64.powi(places);
        (x * scale).round() / scale
    });
    rounded
        .into_iter()
        .find(|x| *x > 0.0 && same(*x))
        .unwrap_or(x)
}

/// What was read so far.
#[derive(Default)]
struct Draft {
    map: Map<String, Value>,
    notes: Vec<String>,
}

impl Draft {
    fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// Parameter `name` is `value`, which `source` says, or the nearest that it can be.
    fn set(&mut self, name: &'static str, value: u64, source: &str) {
        let axis = AXES.iter().find(|a| a.name == name);
        let axis = axis.expect("the names here are parameters");
        let taken = value.clamp(axis.low.into(), axis.high.into());
        if taken != value {
            self.note(format!(
                "{source} is {value}; {name} is {taken}, the nearest possible"
            ));
        }
        self.map.insert(name.into(), taken.into());
    }

    fn word(&mut self, name: &str, word: &str) {
        self.map.insert(name.into(), word.into());
    }

    /// Parameter `name` is field `field` of `object`.
    fn take(&mut self, name: &'static str, object: Object<'_>, field: &str) -> Result<()> {
        let source = format!("{}.{field}", object.path);
        self.set(name, object.number(field)?, &source);
        Ok(())
    }

    /// The same, for one that counts in powers of two.
    fn take_log2(&mut self, name: &'static str, object: Object<'_>, field: &str) -> Result<()> {
        let (value, source) = (object.number(field)?, format!("{}.{field}", object.path));
        self.log2(name, value, &source);
        Ok(())
    }

    fn log2(&mut self, name: &'static str, value: u64, source: &str) {
        let log2 = value.max(1).ilog2();
        if 1 << log2 != value {
            self.note(format!("{source} is {value}; {} is used", 1u64 << log2));
        }
        self.set(name, log2.into(), source);
    }

    fn is(&self, name: &str) -> u64 {
        self.map.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// Fields without a parameter: a note for each that is not what every core has. A field that
    /// the file lacks is one that this gem5 does not have.
    fn fixed(&mut self, object: Object<'_>, fields: &[(&str, u64)]) {
        for (field, usual) in fields {
            let Some(value) = object.map.get(*field) else {
                continue;
            };
            let number = match value {
                Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
                Value::String(text) => text.parse().ok(),
                other => other.as_f64(),
            };
            if number != Some(*usual as f64) {
                let usual = match value {
                    Value::Bool(_) => (*usual != 0).to_string(),
                    _ => usual.to_string(),
                };
                self.note(format!(
                    "{}.{field} is {value}; it has no parameter, {usual} is used",
                    object.path
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::cores::{find, CoreList};
    use crate::twin::rules::Rules;
    use serde_json::json;

    /// Made by gem5 24.0: see tests/data/gem5-config/make.py.
    const O3: &str = include_str!("../../../tests/data/gem5-config/skylake-like.json");
    const MINOR: &str = include_str!("../../../tests/data/gem5-config/u74-like.json");
    const SIMPLE: &str = include_str!("../../../tests/data/gem5-config/o3-10.json");

    fn said(text: &str) -> Described {
        read(text.as_bytes(), None).unwrap()
    }

    #[test]
    fn gem5s_own_configuration_gives_the_core_back_that_it_was_built_from() {
        // Of a core that has another kind of predictor, prefetcher or memory, gem5 does not know.
        for (name, text, unknown) in [
            (
                "skylake-like",
                O3,
                &[
                    "l2_prefetch_degree",
                    "memory_gib_s",
                    "memory_latency_ns",
                    "predictor_log2",
                ][..],
            ),
            (
                "u74-like",
                MINOR,
                &[
                    "l2_prefetch_degree",
                    "l3_latency",
                    "memory_gib_s",
                    "memory_latency_ns",
                ],
            ),
        ] {
            let said = said(text);
            assert_eq!(said.notes, Vec::<String>::new(), "{name}");
            let mut want = find(name).unwrap().parameters.to_map();
            want.retain(|key, _| !unknown.contains(&key.as_str()));
            assert_eq!(said.map, want, "{name}");
        }
    }

    #[test]
    fn a_memory_without_rows_keeps_latency_and_bandwidth() {
        let said = said(SIMPLE);
        assert_eq!(said.map["memory"], "SimpleMemory");
        assert_eq!(said.map["memory_latency_ns"], 45.0);
        // microarchs.py says 6.4 GiB/s, which gem5 makes 146 ps per byte.
        let gib_s = said.map["memory_gib_s"].as_f64().unwrap();
        assert_eq!((1e12 / (gib_s * f64::from(1 << 30))).round(), 146.0);
    }

    /// `text` with what is at the JSON pointers set.
    fn with(text: &str, changes: &[(&str, Value)]) -> String {
        let mut root: Value = serde_json::from_str(text).unwrap();
        for (at, value) in changes {
            *root.pointer_mut(at).unwrap_or_else(|| panic!("no {at}")) = value.clone();
        }
        root.to_string()
    }

    #[test]
    fn what_has_no_parameter_is_noted_with_what_is_taken() {
        for (at, value, note) in [
            (
                "/system/cpu/squashWidth",
                json!(4),
                "system.cpu.squashWidth is 4; it has no parameter, 8 is used",
            ),
            (
                "/system/cpu/LSQCheckLoads",
                json!(false),
                "LSQCheckLoads is false; it has no parameter, true is used",
            ),
            (
                "/system/cpu/numROBEntries",
                json!(5000),
                "numROBEntries is 5000; rob is 2048, the nearest",
            ),
            (
                "/system/cpu/branchPred/btb/numEntries",
                json!(5000),
                "numEntries is 5000; 4096 is used",
            ),
            (
                "/system/cpu/branchPred/type",
                json!("GshareBP"),
                "GshareBP has no counterpart",
            ),
            (
                "/system/l2/prefetcher/type",
                json!("SignaturePathPrefetcher"),
                "bop is used",
            ),
            (
                "/system/l1d/replacement_policy/type",
                json!("RandomRP"),
                "is RandomRP: LRU",
            ),
            (
                "/system/l1d/data_latency",
                json!(5),
                "tag_latency 3, data_latency 5",
            ),
            ("/system/l3/assoc", json!(8), "system.l3.assoc is 8"),
            ("/system/l2bus/width", json!(64), "system.l2bus.width is 64"),
            (
                "/system/memory/dram/tCL",
                json!(18000),
                "the nearest, DDR4_2400_8x8",
            ),
            (
                "/system/cpu/fuPool/FUList/3/opList/0/opLat",
                json!(20),
                "FloatSqrt takes 21",
            ),
        ] {
            let notes = said(&with(O3, &[(at, value)])).notes.join("\n");
            assert!(notes.contains(note), "{at}: {notes} lacks {note}");
        }
    }

    #[test]
    fn values_follow_the_file() {
        let said = said(&with(
            O3,
            &[
                ("/system/cpu/numROBEntries", json!(300)),
                ("/system/cpu_clk_domain/clock", json!([500])),
                ("/system/l2/size", json!(1048576)),
                ("/system/l2/prefetcher", Value::Null),
                ("/system/l3bus", Value::Null),
                (
                    "/system/l2/mem_side/peer",
                    json!("system.membus.cpu_side_ports[0]"),
                ),
            ],
        ));
        assert_eq!((said.parameters.rob, said.parameters.clock_ghz), (300, 2.0));
        assert_eq!((said.parameters.l2_kib, said.parameters.l3_kib), (1024, 0));
        assert_eq!(said.map["l2_prefetcher"], "none");
    }

    #[test]
    fn a_file_without_a_core_or_with_several_is_refused_with_the_fix() {
        let error = |text: &str, cpu| read(text.as_bytes(), cpu).unwrap_err().to_string();
        let e = error("{", None);
        assert!(e.contains("not gem5's config.json"), "{e}");
        let e = error("{}", None);
        assert!(e.contains("no O3 or Minor CPU: it has none"), "{e}");
        let atomic = json!("gem5::AtomicSimpleCPU");
        let e = error(&with(O3, &[("/system/cpu/cxx_class", atomic)]), None);
        assert!(e.contains("it has only system.cpu"), "{e}");
        let e = error(
            &with(O3, &[("/system/cpu/numROBEntries", Value::Null)]),
            None,
        );
        assert!(
            e.contains("system.cpu") && e.contains("\"numROBEntries\""),
            "{e}"
        );
        let e = error(
            &with(
                O3,
                &[(
                    "/system/cpu/dcache_port/peer",
                    json!("system.membus.cpu_side_ports[0]"),
                )],
            ),
            None,
        );
        assert!(
            e.contains("system.cpu.dcache_port") && e.contains("no cache"),
            "{e}"
        );

        // Two cores: the same one twice, and two that differ.
        let mut root: Value = serde_json::from_str(O3).unwrap();
        let mut second = root["system"]["cpu"].clone();
        second["path"] = "system.cpu1".into();
        root["system"]["cpu1"] = second;
        let two = read(root.to_string().as_bytes(), None).unwrap();
        assert!(
            two.notes[0].contains("2 CPUs of one kind"),
            "{:?}",
            two.notes
        );
        root["system"]["cpu1"]["numROBEntries"] = 64.into();
        let text = root.to_string();
        let e = error(&text, None);
        assert!(e.contains("--cpu PATH: system.cpu, system.cpu1"), "{e}");
        assert_eq!(
            read(text.as_bytes(), Some("system.cpu1"))
                .unwrap()
                .parameters
                .rob,
            64
        );
        // As a list, both are priced.
        root["system"]["cpu"]["squashWidth"] = 4.into();
        let list = CoreList::from_text(&root.to_string(), Rules::GEM5_STOCK).unwrap();
        let robs: Vec<(&str, u32)> = (list.cores.iter())
            .map(|c| (c.name.as_str(), c.parameters.rob))
            .collect();
        assert_eq!(robs, [("system.cpu", 224), ("system.cpu1", 64)]);
        assert_eq!(list.rules, Rules::GEM5_STOCK);
        assert!(
            list.notes.len() == 1 && list.notes[0].contains("system.cpu.squashWidth"),
            "{:?}",
            list.notes
        );
        let none = CoreList::from_text("{\"type\": \"Root\"}", Rules::GEM5).unwrap_err();
        assert!(none.to_string().contains("no O3 or Minor CPU"), "{none}");

        let e = error(&text, Some("system.cpu7"));
        assert!(e.contains("there are system.cpu, system.cpu1"), "{e}");
    }
}
