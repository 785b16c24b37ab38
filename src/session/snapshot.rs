//! Snapshots: the complete state of a session as bytes.
//!
//! Layout (little endian): magic `PVSNAP04`, xxh3-64 of the rest, then the rest: model id, the
//! configuration, the static instructions, the retirement held back, counters, planner, lanes,
//! sums, intervals, extractor state. Only the library that wrote it needs to understand it: the
//! version is part of the magic.

use super::accumulate::Accumulator;
use super::plan::MAX_INDEX;
use super::{Interval, Sampling, SessionConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, OpClass, Reg, RegClass, Retirement, StaticInst};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"PVSNAP04";

/// Reads fields from the front of bytes; the end of the bytes is an error, never a panic.
pub struct Source<'a> {
    /// What is left.
    pub bytes: &'a [u8],
}

/// An error that says what is wrong with the bytes.
pub fn corrupt(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("snapshot: {what}; take a new snapshot, this one is damaged"),
    )
}

impl<'a> Source<'a> {
    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, rest) = self
            .bytes
            .split_at_checked(n)
            .ok_or_else(|| corrupt("ends early"))?;
        self.bytes = rest;
        Ok(head)
    }

    /// A u64.
    pub fn u64(&mut self) -> Result<u64> {
        let mut b = [0; 8];
        b.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(b))
    }

    /// A length, which cannot be more than the bytes left allow at `size` bytes each.
    fn len(&mut self, size: usize) -> Result<usize> {
        let n = self.u64()?;
        if n > (self.bytes.len() / size) as u64 {
            return Err(corrupt("a length is past its end"));
        }
        Ok(n as usize)
    }

    /// `n` values of 4 bytes.
    pub fn f32s(&mut self, n: usize) -> Result<Vec<f32>> {
        let size = n
            .checked_mul(4)
            .ok_or_else(|| corrupt("a length is too large"))?;
        let bytes = self.take(size)?;
        let value = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        Ok(bytes.chunks_exact(4).map(value).collect())
    }

    /// A list of u64s behind its length.
    pub fn list(&mut self) -> Result<Vec<u64>> {
        let n = self.len(8)?;
        (0..n).map(|_| self.u64()).collect()
    }

    /// A list of f64s behind its length.
    pub fn f64s(&mut self) -> Result<Vec<f64>> {
        let bits = self.list()?;
        Ok(bits.into_iter().map(f64::from_bits).collect())
    }
}

/// Appends u64s.
pub fn put(out: &mut Vec<u8>, values: &[u64]) {
    for v in values {
        out.extend_from_slice(&v.to_le_bytes());
    }
}

/// Appends a list of u64s behind its length.
pub fn put_list(out: &mut Vec<u8>, values: &[u64]) {
    put(out, &[values.len() as u64]);
    put(out, values);
}

/// Appends a list of f64s behind its length.
pub fn put_f64s(out: &mut Vec<u8>, values: &[f64]) {
    put(out, &[values.len() as u64]);
    for v in values {
        out.extend_from_slice(&v.to_bits().to_le_bytes());
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
pub fn open(bytes: &[u8]) -> Result<Source<'_>> {
    let mut s = Source { bytes };
    let magic = s.take(8)?;
    if magic != MAGIC {
        return Err(if magic[..6] == MAGIC[..6] {
            Error::new(
                ErrorKind::Version,
                "snapshot: written by another version of perfvec; restore it with that version",
            )
        } else {
            corrupt("does not begin with PVSNAP04, so it is no perfvec snapshot")
        });
    }
    let sum = s.u64()?;
    if sum != xxhash_rust::xxh3::xxh3_64(s.bytes) {
        return Err(corrupt("its checksum is wrong"));
    }
    Ok(s)
}

/// Appends a string.
pub fn put_str(out: &mut Vec<u8>, text: &str) {
    put(out, &[text.len() as u64]);
    out.extend_from_slice(text.as_bytes());
}

/// Reads a string.
pub fn take_str(s: &mut Source<'_>) -> Result<String> {
    let n = s.len(1)?;
    String::from_utf8(s.take(n)?.to_vec()).map_err(|_| corrupt("a name is not UTF-8"))
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
        put(out, &[target.len() as u64]);
        for v in target {
            out.extend_from_slice(&v.to_le_bytes());
        }
    }
}

/// Reads the configuration; `threads` is the caller's choice, since results do not depend on it.
pub fn take_config(s: &mut Source<'_>, threads: usize) -> Result<SessionConfig> {
    let mut size = || Ok::<usize, Error>(usize::try_from(s.u64()?).unwrap_or(usize::MAX));
    let [lanes, segment, warmup, unit] = [size()?, size()?, size()?, size()?];
    let [interval, mode, rate] = [s.u64()?, s.u64()?, s.u64()?];
    let [seed, warming, outside] = [s.u64()?, s.u64()?, s.u64()?];
    let plan = s.list()?;
    let targets = (0..s.len(8)?)
        .map(|_| {
            let n = s.len(4)?;
            s.f32s(n)
        })
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
        start_outside_region: outside != 0,
    };
    config.validate()?;
    Ok(config)
}

/// Appends the static instructions.
pub fn put_insts(out: &mut Vec<u8>, insts: &[StaticInst]) {
    put(out, &[insts.len() as u64]);
    for i in insts {
        put(out, &[i.pc]);
        out.extend_from_slice(&[i.op as u8, i.size, i.access_size, i.num_src, i.num_dst]);
        out.extend_from_slice(&i.flags.bits().to_le_bytes());
        for r in i.sources().iter().chain(i.destinations()) {
            out.push(r.class as u8);
            out.extend_from_slice(&r.index.to_le_bytes());
        }
    }
}

/// Reads the static instructions.
pub fn take_insts(s: &mut Source<'_>) -> Result<Vec<StaticInst>> {
    let n = s.len(17)?;
    let mut insts = Vec::with_capacity(n);
    for _ in 0..n {
        let pc = s.u64()?;
        let b = s.take(9)?;
        let op = OpClass::from_u8(b[0]).ok_or_else(|| corrupt("an op class is unknown"))?;
        let mut i = StaticInst::new(pc, op, b[1]);
        i.access_size = b[2];
        (i.num_src, i.num_dst) = (b[3], b[4]);
        i.flags = InstFlags::from_bits_retain(u32::from_le_bytes([b[5], b[6], b[7], b[8]]));
        i.validate()?;
        for k in 0..usize::from(i.num_src) + usize::from(i.num_dst) {
            let b = s.take(3)?;
            let reg = Reg {
                class: RegClass::from_u8(b[0])
                    .ok_or_else(|| corrupt("a register class is unknown"))?,
                index: u16::from_le_bytes([b[1], b[2]]),
            };
            match k.checked_sub(usize::from(i.num_src)) {
                None => i.src[k] = reg,
                Some(d) => i.dst[d] = reg,
            }
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
pub fn take_held(s: &mut Source<'_>, insts: usize) -> Result<Option<Retirement>> {
    let [is, inst, flags, address, next_pc] = [s.u64()?, s.u64()?, s.u64()?, s.u64()?, s.u64()?];
    if is == 0 {
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
    put_f64s(out, &a.sum);
    put_f64s(out, &a.second_moment);
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
        put_f64s(out, &i.vector);
    }
}

/// Reads sums shaped like `empty`.
pub fn take_sums(s: &mut Source<'_>, empty: &Accumulator) -> Result<Accumulator> {
    let [measured, units] = [s.u64()?, s.u64()?];
    let mut a = Accumulator {
        measured,
        units,
        sum: s.f64s()?,
        second_moment: s.f64s()?,
        ..Accumulator::default()
    };
    let wrong = || corrupt("its vectors have another length than the model's");
    if measured.max(units) > MAX_INDEX {
        return Err(corrupt("a count is too large"));
    }
    if let Some(strata) = &empty.strata {
        a.strata = Some(strata.restore(s)?);
    }
    let dim = empty.dim();
    if a.sum.len() != empty.sum.len() || a.second_moment.len() != empty.second_moment.len() {
        return Err(wrong());
    }
    for _ in 0..s.len(56)? {
        let [index, first, retirements] = [s.u64()?, s.u64()?, s.u64()?];
        let [measured, cycles, timed] = [s.u64()?, s.u64()?, s.u64()?];
        let counts = [index, first, retirements, measured, cycles, timed];
        if counts.iter().any(|c| *c > MAX_INDEX) {
            return Err(corrupt("a count of an interval is too large"));
        }
        let vector = s.f64s()?;
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
