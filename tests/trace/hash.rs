//! The stream hash and the first difference of two traces.

use perfvec::inst::{InstFlags, OpClass, Retirement};
use perfvec::trace::{first_difference, DiffOptions, Difference, Reader, StreamHash};
use perfvec::ErrorKind;
use perfvec_test_support::stream::*;
use proptest::prelude::*;

fn hash(stream: &Stream) -> u64 {
    let mut hash = StreamHash::new();
    for inst in &stream.statics {
        hash.intern(inst).unwrap();
    }
    for (r, _) in &stream.retirements {
        hash.update(r).unwrap();
    }
    assert_eq!(hash.count(), stream.retirements.len() as u64);
    hash.finish()
}

fn difference(a: &Stream, b: &Stream) -> Option<Difference> {
    let (a, b) = (record(a).0, record(b).0);
    let mut a = Reader::from_source(&a[..], "a").unwrap();
    let mut b = Reader::from_source(&b[..], "b").unwrap();
    let options = DiffOptions {
        context: 2,
        ..DiffOptions::default()
    };
    first_difference(&mut a, &mut b, &options).unwrap()
}

/// What another host makes of the same stream: other ids, other ways to tell outcomes, addresses
/// where there is no access, timing.
fn other_host(stream: &Stream, way: u8) -> Stream {
    let mut other = stream.clone();
    other.statics.reverse();
    let n = other.statics.len() as u32;
    for (i, (r, cycles)) in other.retirements.iter_mut().enumerate() {
        let inst = &stream.statics[r.inst as usize];
        r.inst = n - 1 - r.inst;
        if !inst.flags.is_mem() {
            r.address = i as u64;
        }
        if way & 1 != 0 {
            r.next_pc = 0;
        }
        if way & 2 != 0 {
            r.flags = 0;
        }
        *cycles = Some(1);
    }
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_host_gets_the_same_hash(seed in any::<u64>(), n in 1usize..3000, way in 0u8..4) {
        let stream = walk(seed, 6, n);
        let other = other_host(&stream, way);
        prop_assert_eq!(hash(&stream), hash(&other));
        prop_assert_eq!(record(&stream).1.stream_hash, hash(&stream));
        prop_assert_eq!(record(&other).1.stream_hash, hash(&stream));
        prop_assert_eq!(difference(&stream, &other), None);
    }

    #[test]
    fn every_change_shows_in_hash_and_difference(
        seed in any::<u64>(), n in 2usize..3000, at in any::<prop::sample::Index>(), kind in 0u8..5,
    ) {
        let stream = walk(seed, 6, n);
        let at = at.index(n - 1);
        let mut other = stream.clone();
        let r = &mut other.retirements[at].0;
        let inst = &mut other.statics[r.inst as usize];
        let first_use = stream.retirements.iter().position(|x| x.0.inst == r.inst).unwrap();
        let mut expected = at;
        match kind {
            0 if inst.flags.is_mem() => r.address ^= 8,
            1 if inst.flags.contains(InstFlags::COND_CTRL) => r.next_pc = if r.next_pc == inst.fall_through() { 2 } else { inst.fall_through() },
            2 => { inst.op = OpClass::IntDiv; expected = first_use; }
            3 => { other.retirements.truncate(at + 1); expected = at + 1; }
            _ => r.flags |= Retirement::FAULT,
        }
        prop_assert_ne!(hash(&stream), hash(&other));
        let found = difference(&stream, &other).unwrap();
        prop_assert_eq!(found.index, expected as u64);
        prop_assert_eq!(found.before.len(), expected.min(2));
        if let Some(last) = found.before.last() {
            prop_assert_eq!(last.retirement, stream.retirements[expected - 1].0);
        }
        prop_assert_eq!(found.a.unwrap().retirement, stream.retirements[expected].0);
        prop_assert_eq!(found.b.map(|b| b.retirement), other.retirements.get(expected).map(|r| r.0));
    }

    #[test]
    fn order_matters(seed in any::<u64>(), at in 0usize..999) {
        let stream = walk(seed, 6, 1000);
        let mut other = stream.clone();
        other.retirements.swap(at, at + 1);
        if other.retirements[at].0.inst != other.retirements[at + 1].0.inst {
            prop_assert_ne!(hash(&stream), hash(&other));
        }
    }
}

#[test]
fn an_outcome_may_come_from_the_flags_the_next_pc_or_the_following_retirement() {
    let mut branch = perfvec::inst::StaticInst::new(0x100, OpClass::IntAlu, 4);
    branch.flags = InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL;
    let there = perfvec::inst::StaticInst::new(0x200, OpClass::IntAlu, 4);
    let of = |flags, next_pc| {
        let r = Retirement {
            flags,
            next_pc,
            ..Retirement::default()
        };
        hash(&Stream {
            statics: vec![branch, there],
            retirements: vec![
                (r, None),
                (
                    Retirement {
                        inst: 1,
                        ..Retirement::default()
                    },
                    None,
                ),
            ],
        })
    };
    assert_eq!(of(0, 0), of(Retirement::TAKEN, 0));
    assert_eq!(of(0, 0), of(0, 0x200));
    assert_ne!(of(0, 0), of(Retirement::NOT_TAKEN, 0)); // say, an interrupt came after it
    assert_eq!(of(Retirement::NOT_TAKEN, 0), of(0, 0x104));
    // A taken branch to its own fall-through is like one that was not taken.
    assert_eq!(of(Retirement::TAKEN, 0x104), of(0, 0x104));
    assert_eq!(of(Retirement::NOT_TAKEN, 0x200), of(0, 0x200));
}

#[test]
fn unknown_ids_and_used_readers_are_errors() {
    let e = StreamHash::new()
        .update(&Retirement::default())
        .unwrap_err();
    assert_eq!(e.kind(), ErrorKind::InvalidArgument);
    let (bytes, _) = record(&walk(1, 2, 50));
    let mut a = Reader::from_source(&bytes[..], "a").unwrap();
    let mut b = Reader::from_source(&bytes[..], "b").unwrap();
    a.next_block(&mut Default::default()).unwrap();
    assert_eq!(
        first_difference(&mut a, &mut b, &DiffOptions::default())
            .unwrap_err()
            .kind(),
        ErrorKind::State
    );
}

/// The hash as `trace::format` describes it, from whole streams and without shortcuts.
fn described(stream: &Stream) -> u64 {
    use xxhash_rust::xxh3::xxh3_64;
    fn varint(out: &mut Vec<u8>, v: u64) {
        if v < 128 {
            return out.push(v as u8);
        }
        out.push((v % 128) as u8 + 128);
        varint(out, v / 128);
    }
    let (mut state, n) = (0u64, stream.retirements.len());
    for (i, (r, _)) in stream.retirements.iter().enumerate() {
        let inst = &stream.statics[r.inst as usize];
        if i > 0 {
            let before = &stream.retirements[i - 1].0;
            let branch = &stream.statics[before.inst as usize];
            let taken = match (before.next_pc, before.flags & 3) {
                (0, 0) => inst.pc != branch.fall_through(),
                (0, flags) => flags == Retirement::TAKEN,
                (pc, _) => pc != branch.fall_through(),
            };
            if taken && branch.flags.contains(InstFlags::COND_CTRL) {
                state ^= 0xA076_1D64_78BD_642F;
            }
        }
        let mut bytes = Vec::new();
        let pc = i128::from(inst.pc as i64);
        varint(&mut bytes, if pc < 0 { -2 * pc - 1 } else { 2 * pc } as u64);
        let counts = inst.num_dst * 16 + inst.num_src;
        bytes.extend([inst.op as u8, inst.size, inst.access_size, counts]);
        varint(&mut bytes, inst.flags.bits().into());
        for reg in inst.sources().iter().chain(inst.destinations()) {
            bytes.push(reg.class as u8);
            varint(&mut bytes, reg.index.into());
        }
        let mut x = xxh3_64(&bytes);
        if inst.flags.intersects(InstFlags::LOAD | InstFlags::STORE) {
            x ^= r.address.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        }
        if r.flags & Retirement::FAULT != 0 {
            x ^= 0xE703_7ED1_A0B4_28DB;
        }
        state = (state.rotate_left(29) ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    xxh3_64(&[state.to_le_bytes(), (n as u64).to_le_bytes()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_hash_is_the_one_described(seed in any::<u64>(), n in 0usize..500, way in 0u8..4, fault in 0usize..500) {
        let mut stream = other_host(&walk(seed, 6, n), way);
        if let Some((r, _)) = stream.retirements.get_mut(fault) {
            r.flags |= Retirement::FAULT;
        }
        prop_assert_eq!(hash(&stream), described(&stream));
    }
}
