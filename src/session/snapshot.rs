//! Snapshots: the complete state of a session as bytes.
//!
//! Layout (little endian): magic `PVSNAP05`, xxh3-64 of the rest, then the rest: model id, the
//! configuration, the static instructions, the retirement held back, counters, planner, lanes,
//! sums, intervals, extractor state. Only the library that wrote it needs to understand it: the
//! version is part of the magic.

use super::accumulate::Accumulator;
use super::plan::MAX_INDEX;
use super::{Interval, Sampling, SessionConfig};
use crate::bytes::{corrupt, count, field, fields, flag, list, put, put_list, take};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, OpClass, RegClass, Retirement, StaticInst};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"PVSNAP05";

/// What is wrong with a snapshot, and what to do about it.
pub fn damaged(e: Error) -> Error {
    match e.kind() {
        ErrorKind::Corrupt => corrupt(format!(
            "snapshot: {}; take a new snapshot, this one is damaged",
            e.message()
        )),
        _ => e,
    }
}

/// Puts magic and checksum before `body`.
pub fn seal(body: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    put(&mut out, &[xxhash_rust::xxh3::xxh3_64(body)]);
    out.extend_from_slice(body);
    out
}

/// Checks magic and checksum.
pub fn open(mut bytes: &[u8]) -> Result<&[u8]> {
    let magic = take(&mut bytes, 8, "its magic")?;
    if magic != MAGIC {
        return Err(if magic[..6] == MAGIC[..6] {
            Error::new(
                ErrorKind::Version,
                "snapshot: written by another version of perfvec; restore it with that version",
            )
        } else {
            corrupt("does not begin with PVSNAP05, so it is no perfvec snapshot")
        });
    }
    let sum: u64 = field(&mut bytes, "its checksum")?;
    if sum != xxhash_rust::xxh3::xxh3_64(bytes) {
        return Err(corrupt("its checksum is wrong"));
    }
    Ok(bytes)
}

/// Appends the configuration; `warmup` is the one in force.
pub fn put_config(out: &mut Vec<u8>, c: &SessionConfig, warmup: usize) {
    let (mode, rate) = match c.sampling {
        Sampling::Full => (0, 0),
        Sampling::FixedRate { period } => (1, period),
        Sampling::TargetError { half_width } => (2, half_width.to_bits()),
        Sampling::TargetOverhead { overhead } => (3, overhead.to_bits()),
        Sampling::Plan => (4, 0),
    };
    let fields = [c.lanes, c.segment, warmup, c.unit].map(|v| v as u64);
    put(out, &fields);
    put(
        out,
        &[
            c.interval,
            mode,
            rate,
            c.seed,
            c.warming,
            c.start_outside_region.into(),
        ],
    );
    put_list(out, &c.plan);
    put(out, &[c.targets.len() as u64]);
    for target in c.targets.iter() {
        put_list(out, target);
    }
}

/// Reads the configuration; `threads` is the caller's choice, since results do not depend on it.
pub fn take_config(bytes: &mut &[u8], threads: usize) -> Result<SessionConfig> {
    let sizes: [u64; 4] = fields(bytes, "the configuration")?;
    let [lanes, segment, warmup, unit] = sizes.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let [interval, mode, rate, seed, warming] = fields(bytes, "the configuration")?;
    let outside = flag(bytes, "start_outside_region")?;
    let plan = list(bytes, "the plan to follow")?;
    let targets = (0..count(bytes, 8, "the targets")?)
        .map(|_| list(bytes, "a target"))
        .collect::<Result<Vec<_>>>()?;
    let config = SessionConfig {
        threads,
        lanes,
        segment,
        warmup: Some(warmup),
        interval,
        sampling: match mode {
            0 => Sampling::Full,
            1 => Sampling::FixedRate { period: rate },
            2 => Sampling::TargetError {
                half_width: f64::from_bits(rate),
            },
            3 => Sampling::TargetOverhead {
                overhead: f64::from_bits(rate),
            },
            4 => Sampling::Plan,
            _ => return Err(corrupt("a sampling mode is unknown")),
        },
        unit,
        warming,
        targets: Arc::new(targets),
        plan: Arc::new(plan),
        seed,
        start_outside_region: outside,
    };
    config.validate()?;
    Ok(config)
}

/// Appends the static instructions.
pub fn put_insts(out: &mut Vec<u8>, insts: &[StaticInst]) {
    put(out, &[insts.len() as u64]);
    for i in insts {
        put(out, &[i.pc]);
        let shape = [i.op as u8, i.size, i.access_size, i.num_src, i.num_dst];
        put(out, &shape);
        put(out, &[i.flags.bits()]);
        for r in i.sources().iter().chain(i.destinations()) {
            put(out, &[r.class as u8]);
            put(out, &[r.index]);
        }
    }
}

/// Reads the static instructions.
pub fn take_insts(bytes: &mut &[u8]) -> Result<Vec<StaticInst>> {
    let what = "a static instruction";
    let n = count(bytes, 17, "the static instructions")?;
    let mut insts = Vec::with_capacity(n);
    for _ in 0..n {
        let pc = field(bytes, what)?;
        let [op, size, access_size, num_src, num_dst] = fields(bytes, what)?;
        let op = OpClass::from_u8(op).ok_or_else(|| corrupt("an op class is unknown"))?;
        let mut i = StaticInst {
            access_size,
            num_src,
            num_dst,
            flags: InstFlags::from_bits_retain(field(bytes, what)?),
            ..StaticInst::new(pc, op, size)
        };
        i.validate()?;
        let (sources, destinations) = (usize::from(num_src), usize::from(num_dst));
        let registers = i.src[..sources].iter_mut();
        for reg in registers.chain(&mut i.dst[..destinations]) {
            let class = RegClass::from_u8(field(bytes, "a register")?);
            reg.class = class.ok_or_else(|| corrupt("a register class is unknown"))?;
            reg.index = field(bytes, "a register")?;
        }
        insts.push(i);
    }
    Ok(insts)
}

/// Appends the retirement held back.
pub fn put_held(out: &mut Vec<u8>, held: Option<&Retirement>) {
    let r = held.copied().unwrap_or_default();
    let first = u64::from(held.is_some());
    put(
        out,
        &[first, r.inst.into(), r.flags.into(), r.address, r.next_pc],
    );
}

/// Reads the retirement held back, of one of `insts` instructions.
pub fn take_held(bytes: &mut &[u8], insts: usize) -> Result<Option<Retirement>> {
    let is = flag(bytes, "the retirement held back")?;
    let [inst, flags, address, next_pc]: [u64; 4] = fields(bytes, "the retirement held back")?;
    if !is {
        return Ok(None);
    }
    if inst >= insts as u64 {
        return Err(corrupt(
            "the retirement held back has no static instruction",
        ));
    }
    Ok(Some(Retirement {
        inst: inst as u32,
        flags: flags as u32,
        address,
        next_pc,
    }))
}

/// Appends the sums.
pub fn put_sums(out: &mut Vec<u8>, a: &Accumulator) {
    put(out, &[a.measured, a.units]);
    put_list(out, &a.sum);
    put_list(out, &a.second_moment);
    if let Some(strata) = &a.strata {
        strata.save(out);
    }
    put(out, &[a.intervals.len() as u64]);
    for i in &a.intervals {
        put(
            out,
            &[
                i.index,
                i.first,
                i.retirements,
                i.measured,
                i.cycles,
                i.timed,
            ],
        );
        put_list(out, &i.vector);
    }
}

/// Reads sums shaped like `empty`.
pub fn take_sums(bytes: &mut &[u8], empty: &Accumulator) -> Result<Accumulator> {
    let [measured, units] = fields(bytes, "the counts of the sums")?;
    let mut a = Accumulator {
        measured,
        units,
        sum: list(bytes, "the sum")?,
        second_moment: list(bytes, "the second moments")?,
        ..Accumulator::default()
    };
    let wrong = || corrupt("its vectors have another length than the model's");
    if measured.max(units) > MAX_INDEX {
        return Err(corrupt("a count is too large"));
    }
    if let Some(strata) = &empty.strata {
        a.strata = Some(strata.restore(bytes)?);
    }
    let dim = empty.dim();
    if a.sum.len() != empty.sum.len() || a.second_moment.len() != empty.second_moment.len() {
        return Err(wrong());
    }
    for _ in 0..count(bytes, 56, "the intervals")? {
        let counts: [u64; 6] = fields(bytes, "an interval")?;
        let [index, first, retirements, measured, cycles, timed] = counts;
        if counts.iter().any(|c| *c > MAX_INDEX) {
            return Err(corrupt("a count of an interval is too large"));
        }
        let vector = list(bytes, "the sum of an interval")?;
        if vector.len() != dim {
            return Err(wrong());
        }
        a.intervals.push_back(Interval {
            index,
            first,
            retirements,
            measured,
            cycles,
            timed,
            vector,
        });
    }
    Ok(a)
}
