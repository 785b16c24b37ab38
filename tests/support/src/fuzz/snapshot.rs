//! Restoring: a snapshot of a short stream, damaged in places and sealed again, gives an error or
//! a session that goes on.
use super::{input::Input, told};
use crate::toy;
use perfvec::inst::Retirement;
use perfvec::session::{Sampling, Session, SessionConfig, WARMING_ALL};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes before the sealed part: magic and checksum.
const SEAL: usize = 16;

/// One input.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let shape = input.u8();
    let model = toy::model(shape & 1 != 0);
    let config = SessionConfig {
        threads: 0,
        lanes: 2,
        segment: 8,
        warmup: Some(4),
        interval: if shape & 2 != 0 { 16 } else { 0 },
        sampling: match shape & 20 {
            0 => Sampling::Full,
            4 => Sampling::FixedRate { period: 24 },
            16 => Sampling::TargetError {
                half_width: 0.1,
                targets: Arc::new(vec![vec![1.0; toy::DIM]]),
            },
            _ => Sampling::Plan {
                periods: Arc::new(vec![1, 2, 3]),
            },
        },
        unit: 8,
        seed: 1,
        warming: if shape & 32 != 0 { 3 } else { WARMING_ALL },
        start_outside_region: shape & 8 != 0,
        image_end: 0,
    };
    let mut session = Session::new(model.clone(), &config).expect("a good configuration");
    let ids: Vec<u32> = toy::program()
        .iter()
        .map(|i| session.intern(i).expect("a good instruction"))
        .collect();
    let length = usize::from(input.u8());
    let stream: Vec<Retirement> = (0..length).map(|i| retirement(&ids, i)).collect();
    session.retire_many(&stream).expect("known instructions");
    let mut bytes = session.snapshot().expect("a snapshot");

    let body = bytes.len() - SEAL;
    while !input.is_empty() {
        // The counters and plans are at the front, before the extractor's many tables.
        let at = match input.below(2) {
            0 => usize::from(input.u16()) % body.min(1024),
            _ => input.u32() as usize % body,
        };
        let at = SEAL + at;
        let patch = match input.below(3) {
            0 => vec![input.u8()],
            1 => input.u64().to_le_bytes().to_vec(),
            _ => vec![0xff; 8],
        };
        let end = (at + patch.len()).min(bytes.len());
        bytes[at..end].copy_from_slice(&patch[..end - at]);
    }
    let seal = xxh3_64(&bytes[SEAL..]).to_le_bytes();
    bytes[8..SEAL].copy_from_slice(&seal);

    let Some(mut restored) = told(Session::restore(model, 0, &bytes)) else {
        return;
    };
    let ids: Vec<u32> = (0..5).filter(|i| restored.inst(*i).is_some()).collect();
    if ids.len() == 5 {
        let more: Vec<Retirement> = (0..100).map(|i| retirement(&ids, i)).collect();
        told(restored.retire_many(&more));
    }
    told(restored.finish());
    told(restored.program_vector());
}

fn retirement(ids: &[u32], i: usize) -> Retirement {
    let inst = ids[i * i % 5];
    Retirement {
        inst,
        flags: 0,
        address: if (i * i % 5).is_multiple_of(2) {
            64 * i as u64
        } else {
            0
        },
        next_pc: 0,
    }
}
