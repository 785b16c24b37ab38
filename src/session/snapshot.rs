//! Snapshots: the complete state of a session as bytes.
//!
//! Magic `PVSNAP06`, xxh3-64 of the rest, then the rest, each part as its own `save` writes it:
//!
//! 1. the model's id; the configuration; the static instructions;
//! 2. retirements in regions; whether a region is open; the region that was set and the place in
//!    it; the cycles observed of each interval;
//! 3. the sums and the intervals;
//! 4. the pipeline: the retirement held back, the place in the region, the plan, the lane being
//!    filled, the time spent, the extractor's state.
//!
//! Only the library that wrote it needs to understand it: the version is part of the magic.

use super::config::SessionConfig;
use super::intern::Interner;
use super::Session;
use crate::bytes::{corrupt, count, field, fields, flag, put, put_text, take, text};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::StaticInst;
use crate::model::Model;
use crate::region::Gate;
use crate::sampling::limits::MAX_INDEX;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"PVSNAP06";

impl Session {
    /// The complete state: a restored session continues bit-identically. Costs a `sync`.
    pub fn snapshot(&mut self) -> Result<Vec<u8>> {
        self.send_block()?;
        let pipeline = self.runner.call(&self.results, |p| {
            p.sync()?;
            let mut out = Vec::new();
            p.save(&mut out)?;
            Ok(out)
        })?;
        let mut body = Vec::new();
        put_text(&mut body, &self.model.info().id);
        self.config.save(self.warmup, &mut body);
        self.interner.save(&mut body);
        put(&mut body, &[self.retired, self.in_region.into()]);
        put(&mut body, &[u64::from(self.gate.is_some())]);
        if let Some(gate) = &self.gate {
            gate.save(&mut body);
        }
        put(&mut body, &[self.observed.len() as u64]);
        for (index, cycles, timed) in &self.observed {
            put(&mut body, &[*index, *cycles, *timed]);
        }
        self.results.with(|sums, _| sums.save(&mut body));
        body.extend_from_slice(&pipeline);

        let mut out = MAGIC.to_vec();
        put(&mut out, &[xxh3_64(&body)]);
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// A session that continues where `snapshot` was taken, on `threads` threads. The model must
    /// be the same (kind `Mismatch` otherwise); damaged bytes give kind `Corrupt`.
    pub fn restore(model: Arc<Model>, threads: usize, bytes: &[u8]) -> Result<Session> {
        restore(model, threads, bytes).map_err(|e| match e.kind() {
            ErrorKind::Corrupt => corrupt(format!(
                "snapshot: {}; take a new snapshot, this one is damaged",
                e.message()
            )),
            _ => e,
        })
    }
}

fn restore(model: Arc<Model>, threads: usize, mut bytes: &[u8]) -> Result<Session> {
    let bytes = &mut bytes;
    check(bytes)?;
    let id = text(bytes, "the model's id")?;
    if id != model.info().id {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "snapshot was taken with model {id}, this is model {}; load that model to restore it",
                model.info().id
            ),
        ));
    }
    let config = SessionConfig::restore(bytes, threads)?;
    let interner = Interner::restore(bytes)?;
    let retired = field(bytes, "the retirements")?;
    if retired > MAX_INDEX {
        return Err(corrupt("the number of retirements is too large"));
    }
    let in_region = flag(bytes, "whether a region is open")?;
    let gate = match flag(bytes, "whether a region was set")? {
        true => Some(Box::new(Gate::restore(bytes)?)),
        false => None,
    };
    let observed = (0..count(bytes, 24, "the observed cycles")?)
        .map(|_| {
            fields(bytes, "the observed cycles")
                .map(|[index, cycles, timed]| (index, cycles, timed))
        })
        .collect::<Result<_>>()?;
    let mut pipeline = Session::pipeline(&model, &config)?;
    let results = pipeline.results().clone();
    results.with(|sums, _| sums.restore(bytes))?;
    let insts: Vec<StaticInst> = interner.insts().from(0).collect();
    pipeline.restore(&insts, in_region, bytes)?;
    if !bytes.is_empty() {
        return Err(corrupt(format!("{} bytes follow its end", bytes.len())));
    }
    let mut session = Session::start(model, &config, pipeline)?;
    session.announced = interner.insts().len();
    session.interner = interner;
    session.retired = retired;
    session.in_region = in_region;
    session.gate = gate;
    session.begun = true;
    session.observed = observed;
    Ok(session)
}

/// Takes magic and checksum.
fn check(bytes: &mut &[u8]) -> Result<()> {
    let magic = take(bytes, MAGIC.len(), "its magic")?;
    if magic != MAGIC {
        return Err(if magic[..6] == MAGIC[..6] {
            Error::new(
                ErrorKind::Version,
                "snapshot: written by another version of perfvec; restore it with that version",
            )
        } else {
            corrupt("does not begin with PVSNAP06, so it is not a perfvec snapshot")
        });
    }
    let sum: u64 = field(bytes, "its checksum")?;
    if sum != xxh3_64(bytes) {
        return Err(corrupt("its checksum is wrong"));
    }
    Ok(())
}
