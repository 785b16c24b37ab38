//! Caches, buses and memory: what the CPU's ports lead to.

use super::tree::{bad, Object, Tree};
use super::{period, short, Draft};
use crate::error::Result;
use crate::twin::parameters::{L3_WAYS, LINE_BYTES};

/// What lies behind a port.
struct Behind<'a> {
    /// The bus between, if there is one.
    bus: Option<Object<'a>>,
    caches: Vec<Object<'a>>,
    memories: Vec<Object<'a>>,
}

const MEMORIES: [&str; 3] = ["MemCtrl", "HBMCtrl", "HeteroMemCtrl"];

/// What the port called `port` of `object` leads to, through one bus at most.
fn behind<'a>(tree: &Tree<'a>, object: Object<'a>, port: &str) -> Result<Behind<'a>> {
    let mut found = Behind {
        bus: None,
        caches: Vec::new(),
        memories: Vec::new(),
    };
    let mut peers = object.peers(port);
    if let [(path, _)] = peers[..] {
        let bus = tree
            .get(path)
            .filter(|o| o.map.contains_key("mem_side_ports"));
        if let Some(bus) = bus {
            found.bus = Some(bus);
            peers = bus.peers("mem_side_ports");
        }
    }
    for (path, _) in peers {
        let Some(object) = tree.get(path) else {
            continue;
        };
        let kind = object.kind();
        if kind.starts_with("Ruby") {
            return Err(bad(format!(
                "{path}: Ruby caches are not supported; describe the core by hand, from `perfvec cores show NAME`"
            )));
        }
        if object.map.contains_key("mshrs") {
            found.caches.push(object);
        } else if kind == "SimpleMemory" || MEMORIES.contains(&kind) {
            found.memories.push(object);
        }
    }
    Ok(found)
}

/// The cache at the CPU's `port`.
fn first<'a>(tree: &Tree<'a>, cpu: Object<'a>, port: &str) -> Result<Object<'a>> {
    // One that waits for its turn has no caches yet: they are those of the CPU before it.
    let same =
        |o: &Object<'a>| o.map.get("cpu_id") == cpu.map.get("cpu_id") && !o.peers(port).is_empty();
    let connected = match cpu.peers(port).is_empty() {
        false => Some(cpu),
        true => tree.all().find(same),
    };
    let none = || {
        bad(format!(
            "{}.{port} leads to no cache; a core needs an instruction cache, a data cache and a memory",
            cpu.path
        ))
    };
    let found = behind(tree, connected.ok_or_else(none)?, port)?;
    match found.bus {
        None => found.caches.first().copied().ok_or_else(none),
        Some(_) => Err(none()),
    }
}

/// The names of a level's parameters.
struct Level {
    kib: &'static str,
    assoc: Option<&'static str>,
    latency: &'static str,
    mshrs: Option<&'static str>,
}

const L1I: Level = Level {
    kib: "l1i_kib",
    assoc: Some("l1i_assoc"),
    latency: "l1i_latency",
    mshrs: Some("l1i_mshrs"),
};
const L1D: Level = Level {
    kib: "l1d_kib",
    assoc: Some("l1d_assoc"),
    latency: "l1d_latency",
    mshrs: Some("l1d_mshrs"),
};
const L2: Level = Level {
    kib: "l2_kib",
    assoc: Some("l2_assoc"),
    latency: "l2_latency",
    mshrs: Some("l2_mshrs"),
};
const L3: Level = Level {
    kib: "l3_kib",
    assoc: None,
    latency: "l3_latency",
    mshrs: None,
};

pub(super) fn all<'a>(
    draft: &mut Draft,
    tree: &Tree<'a>,
    cpu: Object<'a>,
    clock: u64,
) -> Result<()> {
    let l1i = first(tree, cpu, "icache_port")?;
    let l1d = first(tree, cpu, "dcache_port")?;
    cache(draft, tree, l1i, &L1I, clock)?;
    cache(draft, tree, l1d, &L1D, clock)?;
    prefetcher(
        draft,
        tree,
        l1d,
        Some(("l1d_prefetcher", "l1d_prefetch_degree")),
    )?;
    prefetcher(draft, tree, l1i, None)?;

    let mut levels = vec![l1d];
    let memory = loop {
        let last = levels[levels.len() - 1];
        let next = behind(tree, last, "mem_side")?;
        if let Some(bus) = next.bus {
            // gem5's L2XBar between caches, SystemXBar before memory.
            match next.caches.is_empty() {
                false => draft.fixed(
                    bus,
                    &[
                        ("frontend_latency", 1),
                        ("forward_latency", 0),
                        ("response_latency", 1),
                        ("width", 32),
                    ],
                ),
                true => {
                    draft.fixed(
                        bus,
                        &[
                            ("frontend_latency", 3),
                            ("forward_latency", 4),
                            ("response_latency", 2),
                            ("width", 16),
                        ],
                    );
                    let period = period(tree, bus)?;
                    if period != 667 {
                        draft.note(format!(
                            "{} has a period of {period} ps; 667 is used",
                            bus.path
                        ));
                    }
                }
            }
        }
        match next.caches.first() {
            Some(cache) if !levels.iter().any(|c| c.path == cache.path) => {
                if next.caches.len() > 1 {
                    draft.note(format!(
                        "{} leads to {} caches; {} is used",
                        last.path,
                        next.caches.len(),
                        cache.path
                    ));
                }
                levels.push(*cache);
            }
            _ => match next.memories.first() {
                Some(memory) => {
                    if next.memories.len() > 1 {
                        draft.note(format!(
                            "{} memory controllers; {} is used for all",
                            next.memories.len(),
                            memory.path
                        ));
                    }
                    break *memory;
                }
                None => {
                    return Err(bad(format!(
                        "{}.mem_side leads to no known cache or memory",
                        last.path
                    )))
                }
            },
        }
    };
    let instructions = behind(tree, l1i, "mem_side")?;
    let joins = instructions.caches.first().map(|c| c.path);
    if joins != levels.get(1).map(|c| c.path) {
        draft.note(format!(
            "{} and {} lead to different objects; the latter is used",
            l1i.path, l1d.path
        ));
    }
    match levels.get(1) {
        Some(l2) => {
            cache(draft, tree, *l2, &L2, clock)?;
            prefetcher(
                draft,
                tree,
                *l2,
                Some(("l2_prefetcher", "l2_prefetch_degree")),
            )?;
        }
        None => {
            let least = [
                ("l2_kib", 8),
                ("l2_assoc", 8),
                ("l2_latency", 1),
                ("l2_mshrs", 256),
            ];
            least
                .iter()
                .for_each(|(name, value)| draft.set(name, *value, "no L2"));
            draft.word("l2_prefetcher", "none");
            draft.note("no second-level cache: one of 8 KiB and one cycle is used".into());
        }
    }
    match levels.get(2) {
        Some(l3) => {
            cache(draft, tree, *l3, &L3, clock)?;
            draft.fixed(*l3, &[("mshrs", 64)]);
            prefetcher(draft, tree, *l3, None)?;
        }
        None => draft.set("l3_kib", 0, "no L3"),
    }
    for more in levels.iter().skip(3) {
        draft.note(format!(
            "{}: a fourth cache level has no parameters and is ignored",
            more.path
        ));
    }
    if let Some(system) = tree.child(cpu, "system")? {
        draft.fixed(system, &[("cache_line_size", LINE_BYTES.into())]);
    }
    main_memory(draft, tree, memory)
}

fn cache(
    draft: &mut Draft,
    tree: &Tree<'_>,
    object: Object<'_>,
    level: &Level,
    clock: u64,
) -> Result<()> {
    let path = object.path;
    let bytes = object.number("size")?;
    let mut kib = bytes.div_ceil(1024);
    match level.assoc {
        Some(assoc) => draft.take(assoc, object, "assoc")?,
        None => {
            let ways = u64::from(L3_WAYS);
            draft.fixed(object, &[("assoc", ways)]);
            let unit = ways * u64::from(LINE_BYTES) / 1024;
            let sets = kib.div_ceil(unit).next_power_of_two();
            if sets * unit != kib {
                draft.note(format!(
                    "{path}.size is {kib} KiB: {} KiB in {ways} ways are used",
                    sets * unit
                ));
                kib = sets * unit;
            }
        }
    }
    draft.set(level.kib, kib, &format!("{path}.size / KiB"));
    let (tags, data) = (
        object.number("tag_latency")?,
        object.number("data_latency")?,
    );
    let sequential = object.flag("sequential_access")?;
    let mut latency = if sequential {
        tags + data
    } else {
        tags.max(data)
    };
    if tags != data || sequential {
        draft.note(format!(
            "{path}: tag_latency {tags}, data_latency {data}: latency {latency} is used"
        ));
    }
    let own = period(tree, object)?;
    if own != clock {
        let scaled = (latency * own).div_ceil(clock);
        draft.note(format!(
            "{path} has a clock of its own: {latency} of its cycles are {scaled} of the CPU's"
        ));
        latency = scaled;
    }
    draft.set(level.latency, latency, &format!("{path}.data_latency"));
    if let Some(mshrs) = level.mshrs {
        draft.take(mshrs, object, "mshrs")?;
    }
    draft.fixed(
        object,
        &[
            ("response_latency", (latency / 2).max(1)),
            ("tgts_per_mshr", 16),
            ("write_buffers", 8),
            ("demand_mshr_reserve", 1),
        ],
    );
    let words = [("clusivity", "mostly_incl")];
    for (field, usual) in words {
        let word = object.map.get(field).and_then(|v| v.as_str());
        if let Some(word) = word.filter(|w| *w != usual) {
            draft.note(format!("{path}.{field} is {word}; {usual} is used"));
        }
    }
    for (field, usual) in [("replacement_policy", "LRURP"), ("tags", "BaseSetAssoc")] {
        let kind = tree.child(object, field)?.map(Object::kind);
        if let Some(kind) = kind.filter(|kind| *kind != usual) {
            draft.note(format!("{path}.{field} is {kind}: LRU is used"));
        }
    }
    for field in ["compressor", "write_allocator"] {
        if object.map.get(field).is_some_and(|v| !v.is_null()) {
            draft.note(format!("{path}.{field} has no parameter and is ignored"));
        }
    }
    Ok(())
}

/// The prefetcher of a cache, where it has parameters for one.
fn prefetcher(
    draft: &mut Draft,
    tree: &Tree<'_>,
    cache: Object<'_>,
    names: Option<(&'static str, &'static str)>,
) -> Result<()> {
    let object = tree.child(cache, "prefetcher")?;
    let (Some((name, degree)), Some(object)) = (names, object) else {
        match (names, object) {
            (Some((name, _)), None) => draft.word(name, "none"),
            (None, Some(object)) => draft.note(format!(
                "{}: no prefetcher is modelled at this level; it is ignored",
                object.path
            )),
            _ => (),
        }
        return Ok(());
    };
    draft.fixed(
        object,
        &[
            ("latency", 1),
            ("on_miss", 0),
            ("prefetch_on_access", 0),
            ("prefetch_on_pf_hit", 1),
            ("queue_size", 32),
            ("use_virtual_addresses", 0),
        ],
    );
    match object.kind() {
        "TaggedPrefetcher" => {
            draft.word(name, "tagged");
            draft.take(degree, object, "degree")
        }
        "StridePrefetcher" => {
            draft.word(name, "stride");
            draft.fixed(
                object,
                &[
                    ("confidence_threshold", 50),
                    ("distance", 0),
                    ("initial_confidence", 4),
                    ("table_assoc", 4),
                    ("table_entries", 64),
                    ("use_requestor_id", 1),
                ],
            );
            draft.take(degree, object, "degree")
        }
        kind => {
            let known = [
                ("BOPPrefetcher", "bop"),
                ("AMPMPrefetcher", "ampm"),
                ("DCPTPrefetcher", "dcpt"),
            ];
            match known.iter().find(|(gem5, _)| *gem5 == kind) {
                Some((_, word)) => draft.word(name, word),
                None => {
                    draft.word(name, "bop");
                    draft.note(format!(
                        "{}: {kind} has no counterpart; bop is used",
                        object.path
                    ));
                }
            }
            Ok(())
        }
    }
}

/// The memory devices: name, tBURST, tCL, tRCD, tRP, tRAS in ps; bits and number of the devices of a
/// rank, burst length, ranks, banks of a rank. gem5 does not write their names.
const DEVICES: &[(&str, [u64; 10])] = &[
    (
        "DDR3_1600_8x8",
        [5000, 13750, 13750, 13750, 35000, 8, 8, 8, 2, 8],
    ),
    (
        "DDR3_2133_8x8",
        [3752, 13090, 13090, 13090, 33000, 8, 8, 8, 2, 8],
    ),
    (
        "DDR4_2400_16x4",
        [3332, 14160, 14160, 14160, 32000, 4, 16, 8, 2, 16],
    ),
    (
        "DDR4_2400_8x8",
        [3332, 14160, 14160, 14160, 32000, 8, 8, 8, 2, 16],
    ),
    (
        "DDR4_2400_4x16",
        [3332, 14160, 14160, 14160, 32000, 16, 4, 8, 1, 8],
    ),
    (
        "DDR5_6400_4x8",
        [2496, 14375, 14375, 14375, 32000, 8, 4, 16, 1, 32],
    ),
    (
        "LPDDR3_1600_1x32",
        [5000, 15000, 18000, 18000, 42000, 32, 1, 8, 1, 8],
    ),
    (
        "LPDDR5_5500_1x16_BG_BL32",
        [8730, 23280, 18000, 18000, 42000, 16, 1, 32, 1, 16],
    ),
    (
        "HBM_2000_4H_1x64",
        [2000, 18000, 12000, 14000, 28000, 64, 1, 4, 1, 16],
    ),
];

const FIELDS: [&str; 10] = [
    "tBURST",
    "tCL",
    "tRCD",
    "tRP",
    "tRAS",
    "device_bus_width",
    "devices_per_rank",
    "burst_length",
    "ranks_per_channel",
    "banks_per_rank",
];

/// Row activation to data in ns, and GB/s.
fn speed(device: &[u64; 10]) -> (f64, f64) {
    let latency = (device[0] + device[1] + device[2]) as f64 / 1000.0;
    let bytes = (device[5] * device[6] * device[7]) as f64 / 8.0;
    (
        latency.max(0.001),
        (bytes * 1000.0 / device[0].max(1) as f64).max(0.001),
    )
}

fn main_memory(draft: &mut Draft, tree: &Tree<'_>, memory: Object<'_>) -> Result<()> {
    if memory.kind() == "SimpleMemory" {
        draft.word("memory", "SimpleMemory");
        let ns = memory.number("latency")? as f64 / 1000.0;
        draft.map.insert("memory_latency_ns".into(), ns.into());
        // In ps per byte, which gem5 rounds.
        let per_byte = memory.real("bandwidth")?;
        let of = |gib_s: f64| 1e12 / (gib_s * f64::from(1 << 30));
        let gib_s = short(of(per_byte.max(1e-3)), |gib_s| {
            (of(gib_s) / per_byte - 1.0).abs() < 2e-3
        });
        draft.map.insert("memory_gib_s".into(), gib_s.into());
        draft.fixed(memory, &[("latency_var", 0)]);
        return Ok(());
    }
    draft.fixed(
        memory,
        &[
            ("static_frontend_latency", 10_000),
            ("static_backend_latency", 10_000),
        ],
    );
    let device = tree
        .child(memory, "dram")?
        .ok_or_else(|| memory.lacks("dram"))?;
    let mut has = [0; 10];
    for (value, field) in has.iter_mut().zip(FIELDS) {
        *value = device.number(field)?;
    }
    if let Some((name, _)) = DEVICES.iter().find(|(_, device)| *device == has) {
        draft.word("memory", name);
        return Ok(());
    }
    let (latency, rate) = speed(&has);
    let far = |device: &[u64; 10]| {
        let other = speed(device);
        (other.0 / latency).ln().abs() + (other.1 / rate).ln().abs()
    };
    // Of equally near ones, that with the most fields in common.
    let common = |device: &[u64; 10]| device.iter().zip(&has).filter(|(a, b)| a == b).count();
    let nearest = DEVICES
        .iter()
        .min_by(|(_, a), (_, b)| far(a).total_cmp(&far(b)).then(common(b).cmp(&common(a))));
    let (name, other) = nearest.expect("there are devices");
    draft.word("memory", name);
    let other = speed(other);
    draft.note(format!(
        "{}: a device of {latency:.1} ns and {rate:.1} GB/s is unknown; the nearest, {name}, is used, which has {:.1} ns and {:.1} GB/s",
        device.path, other.0, other.1
    ));
    Ok(())
}
