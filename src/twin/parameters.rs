//! A core's parameters: named, with their ranges, validated in one place.
//!
//! The names are the axes of the gem5 configurations that the project's cores are built with
//! (`microarchs.py`, `system.py`). A core says what it is `like` and what differs from it.

use super::predictors::branch_unit::Parameters;
use super::predictors::Kind as PredictorKind;
use super::rules::Rules;
use crate::error::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

/// How a core executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CoreKind {
    /// Out of order, as gem5's O3.
    OutOfOrder,
    /// In order, as gem5's Minor.
    InOrder,
}

impl CoreKind {
    /// The word that configurations use.
    pub fn word(self) -> &'static str {
        match self {
            CoreKind::OutOfOrder => "o3",
            CoreKind::InOrder => "minor",
        }
    }

    /// The field's word for it, as microarch tables have it.
    pub fn long_word(self) -> &'static str {
        match self {
            CoreKind::OutOfOrder => "out-of-order",
            CoreKind::InOrder => "in-order",
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // the texts are the literature's names
        pub enum $name { $($variant),+ }

        impl $name {
            /// Every value, with the word that configurations use.
            pub const ALL: &'static [(&'static str, $name)] = &[$(($text, $name::$variant)),+];

            /// The word that configurations use.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().find(|(w, _)| *w == word).map(|(_, v)| *v)
            }
        }
    };
}

words! {
    /// A cache's hardware prefetcher.
    PrefetcherKind {
        None = "none", Tagged = "tagged", Stride = "stride", Bop = "bop", Ampm = "ampm",
        Dcpt = "dcpt",
    }
}
words! {
    /// The memory device; the names are gem5's.
    MemoryKind {
        Simple = "SimpleMemory", Ddr3_1600 = "DDR3_1600_8x8", Ddr3_2133 = "DDR3_2133_8x8",
        Ddr4_16x4 = "DDR4_2400_16x4", Ddr4_8x8 = "DDR4_2400_8x8", Ddr4_4x16 = "DDR4_2400_4x16",
        Ddr5 = "DDR5_6400_4x8", Lpddr3 = "LPDDR3_1600_1x32",
        Lpddr5 = "LPDDR5_5500_1x16_BG_BL32", Hbm = "HBM_2000_4H_1x64",
    }
}

macro_rules! parameters {
    ($($group:ident: { $($(#[doc = $doc:literal])* $field:ident: $low:literal ..= $high:literal = $middle:literal),+ $(,)? })+) => {
        /// A core's parameters. Latencies are in core cycles, sizes in what their names say.
        #[derive(Debug, Clone, PartialEq)]
        pub struct CoreParameters {
            /// How it executes.
            pub kind: CoreKind,
            /// Clock in GHz.
            pub clock_ghz: f64,
            /// Direction predictor.
            pub predictor: PredictorKind,
            /// Prefetcher of the first-level data cache.
            pub l1d_prefetcher: PrefetcherKind,
            /// Prefetcher of the second-level cache.
            pub l2_prefetcher: PrefetcherKind,
            /// Memory device.
            pub memory: MemoryKind,
            /// Request to response of `SimpleMemory`, ns.
            pub memory_latency_ns: f64,
            /// Bandwidth of `SimpleMemory`, GiB/s.
            pub memory_gib_s: f64,
            $($($(#[doc = $doc])* pub $field: u32,)+)+
        }

        /// A whole-number parameter: its name, group, and least and greatest value.
        pub struct Axis {
            /// Name.
            pub name: &'static str,
            /// "common", "o3" or "minor".
            pub group: &'static str,
            /// Least value.
            pub low: u32,
            /// Greatest value.
            pub high: u32,
            /// What it is.
            pub doc: &'static str,
        }

        /// Every whole-number parameter.
        pub const AXES: &[Axis] = &[
            $($(Axis {
                name: stringify!($field), group: stringify!($group), low: $low, high: $high,
                doc: concat!($($doc),+),
            },)+)+
        ];

        impl CoreParameters {
            /// A core in the middle of the design space.
            pub fn middle(kind: CoreKind) -> Self {
                let mut middle = Self {
                    kind,
                    clock_ghz: 2.0,
                    predictor: PredictorKind::Tournament,
                    l1d_prefetcher: PrefetcherKind::None,
                    l2_prefetcher: PrefetcherKind::None,
                    memory: MemoryKind::Ddr4_8x8,
                    memory_latency_ns: 60.0,
                    memory_gib_s: 12.8,
                    $($($field: $middle,)+)+
                };
                if kind == CoreKind::InOrder {
                    (middle.fp_units, middle.decode_width, middle.issue_width) = (1, 2, 2);
                    middle.commit_width = 2;
                }
                middle
            }

            fn number(&mut self, name: &str) -> Option<&mut u32> {
                match name {
                    $($(stringify!($field) => Some(&mut self.$field),)+)+
                    _ => None,
                }
            }

            /// The value of the whole-number parameter `name`.
            pub fn get(&self, name: &str) -> Option<u32> {
                match name {
                    $($(stringify!($field) => Some(self.$field),)+)+
                    _ => None,
                }
            }
        }
    };
}

parameters! {
    common: {
        /// Level 1 instruction cache, KiB.
        l1i_kib: 1..=1024 = 32,
        /// Its ways.
        l1i_assoc: 1..=64 = 4,
        /// Its latency.
        l1i_latency: 1..=16 = 1,
        /// Misses it has in flight at most.
        l1i_mshrs: 1..=256 = 4,
        /// Level 1 data cache, KiB.
        l1d_kib: 1..=1024 = 32,
        /// Its ways.
        l1d_assoc: 1..=64 = 8,
        /// Its latency.
        l1d_latency: 1..=16 = 2,
        /// Misses it has in flight at most.
        l1d_mshrs: 1..=256 = 8,
        /// Lines that its prefetcher requests at a time.
        l1d_prefetch_degree: 1..=64 = 1,
        /// Level 2 cache, KiB.
        l2_kib: 8..=65536 = 512,
        /// Its ways.
        l2_assoc: 1..=64 = 8,
        /// Its latency.
        l2_latency: 1..=200 = 12,
        /// Misses it has in flight at most.
        l2_mshrs: 1..=256 = 16,
        /// Lines that its prefetcher requests at a time.
        l2_prefetch_degree: 1..=64 = 1,
        /// Level 3 cache, KiB; 0 for none.
        l3_kib: 0..=1048576 = 0,
        /// Its latency.
        l3_latency: 1..=400 = 28,
        /// Entries of the direction predictor's tables, log2 (local, tournament, bimode).
        predictor_log2: 4..=20 = 12,
        /// Entries of the branch target buffer, log2.
        btb_log2: 2..=16 = 12,
        /// Entries of the return address stack.
        ras: 1..=256 = 16,
        /// Entries of the indirect target predictor, log2.
        indirect_log2: 1..=14 = 7,
        /// Integer multiplication.
        int_mul_latency: 1..=64 = 3,
        /// Integer division.
        int_div_latency: 1..=128 = 16,
        /// Floating-point addition, comparison, conversion.
        fp_add_latency: 1..=64 = 3,
        /// Floating-point multiplication.
        fp_mul_latency: 1..=64 = 4,
        /// Floating-point division; half as much again for square roots.
        fp_div_latency: 1..=128 = 14,
        /// Bytes fetched at a time.
        fetch_bytes: 4..=64 = 16,
        /// Instructions decoded per cycle.
        decode_width: 1..=16 = 4,
        /// Instructions issued per cycle.
        issue_width: 1..=32 = 4,
        /// Instructions committed per cycle.
        commit_width: 1..=16 = 4,
        /// Integer units.
        int_alus: 1..=16 = 2,
        /// Floating-point units.
        fp_units: 1..=8 = 2,
    }
    o3: {
        /// Instructions fetched per cycle.
        fetch_width: 1..=32 = 4,
        /// Instructions renamed and dispatched per cycle.
        rename_width: 1..=16 = 4,
        /// Results written back per cycle.
        writeback_width: 1..=32 = 4,
        /// Entries of the queue between fetch and decode.
        fetch_queue: 1..=256 = 16,
        /// Cycles from fetch to decode.
        fetch_to_decode: 1..=20 = 3,
        /// Cycles from decode to rename.
        decode_to_rename: 1..=20 = 1,
        /// Cycles from rename to dispatch.
        rename_to_iew: 1..=20 = 2,
        /// Cycles from issue to execution.
        issue_to_execute: 1..=10 = 1,
        /// Cycles from write-back to commit.
        iew_to_commit: 1..=10 = 1,
        /// Entries of the reorder buffer.
        rob: 4..=2048 = 128,
        /// Entries of the issue queue.
        iq: 2..=1024 = 64,
        /// Entries of the load queue.
        lq: 2..=1024 = 32,
        /// Entries of the store queue.
        sq: 2..=1024 = 32,
        /// Physical integer registers.
        int_regs: 36..=2048 = 128,
        /// Physical floating-point registers.
        fp_regs: 36..=2048 = 128,
        /// Units that multiply and divide integers.
        int_muls: 1..=8 = 1,
        /// Loads per cycle.
        load_ports: 1..=8 = 1,
        /// Stores per cycle.
        store_ports: 1..=8 = 1,
        /// Whether integer divisions are pipelined: 0 or 1.
        int_div_pipelined: 0..=1 = 0,
        /// What a fused multiplication and addition takes over a multiplication.
        fma_extra_latency: 0..=16 = 1,
        /// Entries of the store-set tables, log2.
        store_sets_log2: 2..=16 = 10,
    }
    minor: {
        /// Lines that fetch has in flight.
        fetch_lines_in_flight: 1..=8 = 1,
        /// Cycles from fetch2 to decode.
        fetch2_to_decode: 1..=10 = 1,
        /// Cycles from decode to execute.
        decode_to_execute: 1..=10 = 1,
        /// Cycles from a branch's execution to fetch.
        branch_delay: 1..=10 = 1,
        /// Entries of decode's input buffer, in cycles' worth.
        decode_buffer: 1..=16 = 3,
        /// Entries of execute's input buffer, in cycles' worth.
        execute_buffer: 1..=32 = 5,
        /// Integer operations.
        int_alu_latency: 1..=8 = 1,
        /// Memory units.
        mem_units: 1..=4 = 1,
        /// Accesses in memory at a time.
        mem_accesses: 1..=64 = 2,
        /// Entries of the request queue.
        lsq_requests: 1..=64 = 1,
        /// Entries of the transfer queue.
        lsq_transfers: 1..=64 = 2,
        /// Entries of the store buffer.
        store_buffer: 1..=64 = 5,
        /// Whether memory instructions issue before those ahead of them commit: 0 or 1.
        early_memory_issue: 0..=1 = 1,
    }
}

/// Keys that describe a core without changing its time.
const LABELS: [&str; 4] = ["name", "split", "like", "doc"];

fn bad(core: &str, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("core {core}: {what}"))
}

fn nearest(key: &str) -> String {
    let words = [
        "clock_ghz",
        "predictor",
        "l1d_prefetcher",
        "l2_prefetcher",
        "memory",
    ];
    let mut names: Vec<&str> = AXES.iter().map(|a| a.name).chain(words).collect();
    let common = |n: &str| {
        n.chars()
            .zip(key.chars())
            .take_while(|(a, b)| a == b)
            .count()
    };
    names.sort_by_key(|n| std::cmp::Reverse(common(n)));
    names.truncate(3);
    names.join(", ")
}

impl CoreParameters {
    /// Parameters from a flat map, over those of `base`. `core` names it in errors. Unknown names
    /// and impossible values give kind `InvalidArgument`.
    pub fn from_map(core: &str, base: &CoreParameters, map: &Map<String, Value>) -> Result<Self> {
        let mut p = base.clone();
        for (key, value) in map {
            let key = key.as_str();
            if LABELS.contains(&key) {
                continue;
            }
            if key == "kind" {
                p.kind = match value.as_str() {
                    Some("o3") => CoreKind::OutOfOrder,
                    Some("minor") => CoreKind::InOrder,
                    _ => {
                        return Err(bad(
                            core,
                            format!("kind is {value}; give \"o3\" or \"minor\""),
                        ))
                    }
                };
                continue;
            }
            macro_rules! word {
                ($field:ident, $kind:ident) => {{
                    let found = value.as_str().and_then($kind::from_word);
                    let all = || {
                        $kind::ALL
                            .iter()
                            .map(|(w, _)| *w)
                            .collect::<Vec<_>>()
                            .join(", ")
                    };
                    p.$field = found.ok_or_else(|| {
                        bad(core, format!("{key} is {value}; give one of {}", all()))
                    })?;
                }};
            }
            macro_rules! real {
                ($field:ident, $low:literal, $high:literal) => {{
                    let v = value.as_f64().filter(|v| ($low..=$high).contains(v));
                    p.$field = v.ok_or_else(|| {
                        bad(
                            core,
                            format!("{key} is {value}; give a number from {} to {}", $low, $high),
                        )
                    })?;
                }};
            }
            match key {
                "predictor" => {
                    let found = value.as_str().and_then(PredictorKind::from_name);
                    p.predictor = found.ok_or_else(|| {
                        let all = PredictorKind::ALL.map(PredictorKind::name).join(", ");
                        bad(core, format!("{key} is {value}; give one of {all}"))
                    })?;
                }
                "l1d_prefetcher" => word!(l1d_prefetcher, PrefetcherKind),
                "l2_prefetcher" => word!(l2_prefetcher, PrefetcherKind),
                "memory" => word!(memory, MemoryKind),
                "clock_ghz" => real!(clock_ghz, 0.01, 20.0),
                "memory_latency_ns" => real!(memory_latency_ns, 0.0, 10000.0),
                "memory_gib_s" => real!(memory_gib_s, 0.01, 10000.0),
                _ => {
                    let axis = AXES.iter().find(|a| a.name == key).ok_or_else(|| {
                        bad(
                            core,
                            format!("\"{key}\" is not a parameter; similar: {}", nearest(key)),
                        )
                    })?;
                    let v = value
                        .as_u64()
                        .and_then(|v| u32::try_from(v).ok())
                        .filter(|v| (axis.low..=axis.high).contains(v))
                        .ok_or_else(|| {
                            let (low, high) = (axis.low, axis.high);
                            bad(
                                core,
                                format!(
                                    "{key} is {value}; give a whole number from {low} to {high}"
                                ),
                            )
                        })?;
                    *p.number(key).expect("every axis is a field") = v;
                }
            }
        }
        p.validate(core)?;
        Ok(p)
    }

    /// What does not follow from the ranges: shapes of caches, a power of two here and there.
    pub fn validate(&self, core: &str) -> Result<()> {
        for (level, kib, ways) in [
            ("l1i", self.l1i_kib, self.l1i_assoc),
            ("l1d", self.l1d_kib, self.l1d_assoc),
            ("l2", self.l2_kib, self.l2_assoc),
            ("l3", self.l3_kib, L3_WAYS),
        ] {
            let lines = kib * 1024 / LINE_BYTES;
            if kib != 0 && (!lines.is_multiple_of(ways) || !(lines / ways).is_power_of_two()) {
                return Err(bad(core, format!(
                    "{level} has {kib} KiB in {ways} ways; its number of sets (KiB x 16 / ways) must be a power of two"
                )));
            }
        }
        if !self.fetch_bytes.is_power_of_two() {
            return Err(bad(
                core,
                format!("fetch_bytes is {}; give a power of two", self.fetch_bytes),
            ));
        }
        Ok(())
    }

    /// The fewest cycles that a retirement can take on average.
    pub fn least_cpi(&self) -> f64 {
        let mut width = self
            .decode_width
            .min(self.issue_width)
            .min(self.commit_width);
        if self.kind == CoreKind::OutOfOrder {
            width = width
                .min(self.fetch_width)
                .min(self.rename_width)
                .min(self.writeback_width);
        }
        1.0 / f64::from(width)
    }

    /// What predicts its branches under these rules.
    pub fn branches(&self, rules: &Rules) -> Parameters {
        // Only O3 copies its program counter.
        let o3 = self.kind == CoreKind::OutOfOrder;
        Parameters {
            predictor: self.predictor,
            predictor_log2: self.predictor_log2,
            btb_log2: self.btb_log2,
            ras: self.ras as usize,
            indirect_log2: self.indirect_log2,
            compressed_looks_taken: o3 && rules.compressed_flag_lost,
        }
    }

    /// Bytes that its machine takes, about: its caches' lines, timed and warmed, and its predictor.
    pub fn memory(&self) -> u64 {
        let kib = [self.l1i_kib, self.l1d_kib, self.l2_kib, self.l3_kib];
        let lines = kib.map(u64::from).iter().sum::<u64>() * 1024 / u64::from(LINE_BYTES);
        lines * 40 + (1 << 20)
    }

    /// Core clock period in ps, as gem5 rounds it.
    pub fn period_ps(&self) -> u64 {
        (1000.0 / self.clock_ghz).round() as u64
    }

    /// As a flat JSON object, with every parameter that its kind of core has.
    pub fn to_map(&self) -> Map<String, Value> {
        let mut map = Map::new();
        let group = self.kind.word();
        map.insert("kind".into(), group.into());
        map.insert("clock_ghz".into(), self.clock_ghz.into());
        map.insert("predictor".into(), self.predictor.name().into());
        map.insert("l1d_prefetcher".into(), self.l1d_prefetcher.word().into());
        map.insert("l2_prefetcher".into(), self.l2_prefetcher.word().into());
        map.insert("memory".into(), self.memory.word().into());
        map.insert("memory_latency_ns".into(), self.memory_latency_ns.into());
        map.insert("memory_gib_s".into(), self.memory_gib_s.into());
        for axis in AXES
            .iter()
            .filter(|a| a.group == "common" || a.group == group)
        {
            map.insert(axis.name.into(), self.get(axis.name).into());
        }
        map
    }
}

/// Bytes of a cache line.
pub const LINE_BYTES: u32 = 64;
/// Ways of every third-level cache.
pub const L3_WAYS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn from(v: Value) -> Result<CoreParameters> {
        let Value::Object(map) = v else {
            panic!("an object")
        };
        CoreParameters::from_map("x", &CoreParameters::middle(CoreKind::OutOfOrder), &map)
    }

    #[test]
    fn a_map_changes_what_it_names_and_comes_back_whole() {
        let p = from(json!({"rob": 300, "predictor": "ltage", "clock_ghz": 3.5})).unwrap();
        assert_eq!(
            (p.rob, p.predictor, p.clock_ghz),
            (300, PredictorKind::LTage, 3.5)
        );
        assert_eq!(p.iq, CoreParameters::middle(CoreKind::OutOfOrder).iq);
        assert_eq!(from(Value::Object(p.to_map())).unwrap(), p);
    }

    #[test]
    fn mistakes_name_the_parameter_and_the_fix() {
        for (map, texts) in [
            (json!({"robb": 3}), ["\"robb\" is not a parameter", "rob"]),
            (json!({"rob": 3}), ["rob is 3", "from 4 to 2048"]),
            (json!({"rob": 4.5}), ["rob is 4.5", "whole number"]),
            (
                json!({"predictor": "gshare"}),
                ["predictor is \"gshare\"", "tournament"],
            ),
            (
                json!({"l1d_kib": 48}),
                ["l1d has 48 KiB in 8 ways", "power of two"],
            ),
            (json!({"clock_ghz": 0}), ["clock_ghz is 0", "0.01 to 20"]),
            (json!({"kind": "vliw"}), ["kind is \"vliw\"", "minor"]),
        ] {
            let text = from(map).unwrap_err().to_string();
            for t in texts {
                assert!(text.contains(t), "{text} lacks {t}");
            }
        }
    }
}
