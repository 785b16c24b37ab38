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
    let (fetch, memory) = (&x.fetch, &x.memory);
    let caches = memory.first.iter().chain(&memory.second);
    for s in caches.chain([&fetch.lines, &memory.pages]) {
        s.save(out);
    }
    let scalars = [
        fetch.last_line,
        fetch.last_pc,
        x.n,
        x.last_miss,
        x.last_far,
        memory.last_row,
    ];
    put(out, &scalars);
    put(out, &memory.recent);
    for (word, at) in memory.words.iter().chain(&memory.blocks) {
        put(out, &[*word, *at]);
    }
    for p in &x.producers.0 {
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
    let (fetch, memory) = (&mut x.fetch, &mut x.memory);
    let caches = memory.first.iter_mut().chain(&mut memory.second);
    for s in caches.chain([&mut fetch.lines, &mut memory.pages]) {
        s.restore(bytes)?;
    }
    fetch.last_line = field(bytes, "the stream position")?;
    fetch.last_pc = field(bytes, "the stream position")?;
    x.n = field::<u64>(bytes, "the stream position")?.min(1 << 62);
    // Nothing remembered can lie in the future, whatever the bytes say.
    x.last_miss = field::<u64>(bytes, "the stream position")?.min(x.n);
    x.last_far = field::<u64>(bytes, "the stream position")?.min(x.n);
    memory.last_row = field(bytes, "the stream position")?;
    for r in &mut memory.recent {
        *r = field(bytes, "the stream position")?;
    }
    for s in memory.words.iter_mut().chain(&mut memory.blocks) {
        *s = (field(bytes, "a store")?, field(bytes, "a store")?);
        s.1 = s.1.min(x.n.saturating_sub(1));
    }
    for p in &mut x.producers.0 {
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
