//! Saving and restoring the extractor.

use super::prepare::Stride;
use super::set_depth::ABSENT;
use super::RefMachine;
use crate::bytes::{field, fields, put};
use crate::error::Result;

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
    put(out, &scalars);
    put(out, &x.recent);
    for (word, at) in x.stores.iter().chain(&x.blocks) {
        put(out, &[*word, *at]);
    }
    for p in &x.producers {
        put(out, &[p.at]);
        put(out, &[p.depth, p.load.into(), 0, 0]);
    }
    for i in x.insts.iter().filter(|i| i.mem) {
        put(out, &[i.stride.last]);
        put(out, &[i.stride.stride]);
        put(out, &[i.stride.confidence]);
    }
}

/// Takes the state back.
pub fn restore(x: &mut RefMachine, bytes: &mut &[u8]) -> Result<()> {
    x.machines.restore(bytes)?;
    x.predictors.restore(bytes)?;
    for s in x.data.iter_mut().chain([&mut x.fetch, &mut x.pages]) {
        s.restore(bytes)?;
    }
    x.last_line = field(bytes, "the stream position")?;
    x.last_pc = field(bytes, "the stream position")?;
    x.n = field::<u64>(bytes, "the stream position")?.min(1 << 62);
    // Nothing remembered can lie in the future, whatever the bytes say.
    x.last_miss = field::<u64>(bytes, "the stream position")?.min(x.n);
    x.last_far = field::<u64>(bytes, "the stream position")?.min(x.n);
    x.last_row = field(bytes, "the stream position")?;
    for r in &mut x.recent {
        *r = field(bytes, "the stream position")?;
    }
    for s in x.stores.iter_mut().chain(&mut x.blocks) {
        *s = (field(bytes, "a store")?, field(bytes, "a store")?);
        s.1 = s.1.min(x.n.saturating_sub(1));
    }
    for p in &mut x.producers {
        p.at = field::<u64>(bytes, "the stream position")?.min(x.n);
        let [depth, load, ..] = fields::<u8, 4>(bytes, "a producer")?;
        p.depth = depth.min(ABSENT);
        p.load = load != 0;
    }
    for i in x.insts.iter_mut().filter(|i| i.mem) {
        i.stride = Stride {
            last: field(bytes, "a stride")?,
            stride: field(bytes, "a stride")?,
            confidence: field::<u32>(bytes, "a stride")?.min(3),
        };
    }
    Ok(())
}
