//! Saving and restoring the extractor.

use super::prepare::Stride;
use super::set_depth::ABSENT;
use super::RefMachine;
use crate::error::Result;
use crate::features::bytes::{take_u32, take_u64};

/// Appends the state.
pub fn save(x: &RefMachine, out: &mut Vec<u8>) {
    x.machines.save(out);
    x.predictors.save(out);
    for s in x.data.iter().chain([&x.fetch, &x.pages]) {
        s.save(out);
    }
    let scalars = [
        x.last_line,
        x.last_pc,
        x.n,
        x.last_miss,
        x.last_far,
        x.last_row,
    ];
    for v in scalars.iter().chain(&x.recent) {
        out.extend_from_slice(&v.to_le_bytes());
    }
    for (word, at) in x.stores.iter().chain(&x.blocks) {
        out.extend_from_slice(&word.to_le_bytes());
        out.extend_from_slice(&at.to_le_bytes());
    }
    for p in &x.producers {
        out.extend_from_slice(&p.at.to_le_bytes());
        out.extend_from_slice(&u32::from_le_bytes([p.depth, p.load.into(), 0, 0]).to_le_bytes());
    }
    for i in x.insts.iter().filter(|i| i.mem) {
        out.extend_from_slice(&i.stride.last.to_le_bytes());
        out.extend_from_slice(&i.stride.stride.to_le_bytes());
        out.extend_from_slice(&i.stride.confidence.to_le_bytes());
    }
}

/// Takes the state back.
pub fn restore(x: &mut RefMachine, bytes: &mut &[u8]) -> Result<()> {
    x.machines.restore(bytes)?;
    x.predictors.restore(bytes)?;
    for s in x.data.iter_mut().chain([&mut x.fetch, &mut x.pages]) {
        s.restore(bytes)?;
    }
    x.last_line = take_u64(bytes, "the stream position")?;
    x.last_pc = take_u64(bytes, "the stream position")?;
    x.n = take_u64(bytes, "the stream position")?.min(1 << 62);
    // Nothing remembered can lie in the future, whatever the bytes say.
    x.last_miss = take_u64(bytes, "the stream position")?.min(x.n);
    x.last_far = take_u64(bytes, "the stream position")?.min(x.n);
    x.last_row = take_u64(bytes, "the stream position")?;
    for r in &mut x.recent {
        *r = take_u64(bytes, "the stream position")?;
    }
    for s in x.stores.iter_mut().chain(&mut x.blocks) {
        *s = (
            take_u64(bytes, "the stream position")?,
            take_u64(bytes, "the stream position")?,
        );
        s.1 = s.1.min(x.n.saturating_sub(1));
    }
    for p in &mut x.producers {
        p.at = take_u64(bytes, "the stream position")?.min(x.n);
        let [depth, load, ..] = take_u32(bytes, "a stride")?.to_le_bytes();
        p.depth = depth.min(ABSENT);
        p.load = load != 0;
    }
    for i in x.insts.iter_mut().filter(|i| i.mem) {
        i.stride = Stride {
            last: take_u64(bytes, "the stream position")?,
            stride: take_u64(bytes, "the stream position")? as i64,
            confidence: take_u32(bytes, "a stride")?.min(3),
        };
    }
    Ok(())
}
