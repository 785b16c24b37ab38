//! What is recorded comes back, whatever it is.

use perfvec::inst::{InstFlags, OpClass, Reg, RegClass, Retirement, StaticInst};
use perfvec::trace::{format, Block, Reader, Writer};
use perfvec::ErrorKind;
use perfvec_test_support::stream::*;
use proptest::prelude::*;

fn any_static() -> impl Strategy<Value = StaticInst> {
    let reg = (0u8..8, any::<u16>()).prop_map(|(class, index)| Reg {
        class: RegClass::from_u8(class).unwrap(),
        index,
    });
    (
        prop_oneof![any::<u64>(), 0x10000u64..0x10100],
        0..OpClass::ALL.len(),
        any::<(u8, u8, u32)>(),
        prop::collection::vec(reg.clone(), 0..=8),
        prop::collection::vec(reg, 0..=6),
    )
        .prop_map(|(pc, op, (size, access, flags), src, dst)| {
            let mut inst = StaticInst::new(pc, OpClass::ALL[op], size);
            inst.access_size = access;
            inst.flags = InstFlags::from_bits_truncate(flags);
            src.iter().for_each(|r| inst.push_src(r.class, r.index));
            dst.iter().for_each(|r| inst.push_dst(r.class, r.index));
            inst
        })
}

/// Any stream: next pcs unknown, right, the fall-through's, or wild; addresses near or wild.
fn any_stream() -> impl Strategy<Value = Stream> {
    prop::collection::vec(any_static(), 1..12).prop_flat_map(|mut statics| {
        let mut seen = std::collections::HashSet::new();
        statics.retain(|s| seen.insert(*s));
        let n = statics.len() as u32;
        let address = prop_oneof![Just(0), any::<u64>(), 0x1000u64..0x1010];
        let next_pc = prop_oneof![Just(Some(0)), any::<u64>().prop_map(Some), Just(None)];
        let flags = prop_oneof![4 => Just(0u32), 1 => prop_oneof![Just(1u32), Just(2), Just(4), Just(5), Just(6)]];
        let cycles = prop_oneof![3 => Just(None), 2 => any::<u32>().prop_map(Some), 2 => (0u32..9).prop_map(Some)];
        let item = (0..n, flags, address, next_pc, cycles);
        prop::collection::vec(item, 0..200).prop_map(move |items| {
            let following: Vec<u64> =
                items.iter().skip(1).map(|i| statics[i.0 as usize].pc).chain([0x1234]).collect();
            let retirements = items
                .iter()
                .zip(following)
                .map(|((inst, flags, address, next_pc, cycles), following)| {
                    let next_pc = next_pc.unwrap_or(following);
                    (Retirement { inst: *inst, flags: *flags, address: *address, next_pc }, *cycles)
                })
                .collect();
            Stream { statics: statics.clone(), retirements }
        })
    })
}

proptest! {
    #[test]
    fn any_stream_round_trips(stream in any_stream()) {
        let (bytes, written) = record(&stream);
        let (read, end) = replay(&bytes);
        prop_assert_eq!(&read, &stream);
        prop_assert_eq!(end.unwrap(), written);
        let timed: Vec<u32> = stream.retirements.iter().filter_map(|r| r.1).collect();
        prop_assert_eq!(written.timed, timed.len() as u64);
        prop_assert_eq!(written.cycles, timed.iter().map(|c| u64::from(*c)).sum::<u64>());
        let starts = (0..stream.retirements.len()).filter(|&i| {
            stream.retirements[i].1.is_some() && (i == 0 || stream.retirements[i - 1].1.is_none())
        });
        prop_assert_eq!(written.windows, starts.count() as u64);
    }
}

#[test]
fn a_walk_over_many_blocks_round_trips_in_few_bytes() {
    let n = 3 * format::BLOCK_RETIREMENTS + 77;
    let mut stream = walk(7, 60, n);
    // A window across a block boundary, one that ends on it, and one that starts on it.
    let block = format::BLOCK_RETIREMENTS;
    for range in [
        block - 10..block + 20,
        2 * block - 5..2 * block,
        3 * block..3 * block + 5,
    ] {
        for i in range {
            stream.retirements[i].1 = Some(i as u32 % 7);
        }
    }
    let (bytes, summary) = record(&stream);
    assert_eq!(summary.windows, 3);
    let (read, end) = replay(&bytes);
    assert!(read == stream);
    assert_eq!(end.unwrap(), summary);
    let per_retirement = bytes.len() as f64 / n as f64;
    assert!(per_retirement < 2.0, "{per_retirement} bytes a retirement");
}

#[test]
fn exactly_full_blocks_round_trip() {
    for n in [format::BLOCK_RETIREMENTS, 2 * format::BLOCK_RETIREMENTS] {
        let stream = walk(3, 5, n);
        let (read, end) = replay(&record(&stream).0);
        assert!(read == stream);
        assert_eq!(end.unwrap().retirements, n as u64);
    }
}

#[test]
fn more_statics_than_a_block_holds_round_trip() {
    let n = format::BLOCK_STATICS as u64 + 1000;
    let statics: Vec<_> = (0..n)
        .map(|i| StaticInst::new(i * 2, OpClass::IntAlu, 2))
        .collect();
    let last = Retirement {
        inst: n as u32 - 1,
        ..Retirement::default()
    };
    let stream = Stream {
        statics,
        retirements: vec![(last, None)],
    };
    let (read, end) = replay(&record(&stream).0);
    assert!(read == stream);
    assert_eq!(end.unwrap().statics, n);
}

#[test]
fn the_empty_trace_round_trips_with_its_header() {
    let (bytes, summary) = record(&Stream::default());
    assert_eq!(summary.retirements, 0);
    let mut reader = Reader::from_source(&bytes[..], "empty").unwrap();
    assert_eq!(reader.header(), &header());
    assert!(!reader.next_block(&mut Block::default()).unwrap());
    assert!(!reader.next_block(&mut Block::default()).unwrap());
}

#[test]
fn equal_statics_are_interned_once_and_unused_registers_do_not_count() {
    let mut writer = Writer::to_sink(Box::new(Memory::default()), header()).unwrap();
    let mut inst = StaticInst::new(0x100, OpClass::IntAlu, 4);
    let id = writer.intern(&inst).unwrap();
    inst.src[3].index = 99;
    assert_eq!(writer.intern(&inst).unwrap(), id);
    inst.num_src = 4;
    assert_eq!(writer.intern(&inst).unwrap(), id + 1);
    inst.num_src = 9;
    assert_eq!(
        writer.intern(&inst).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn retirements_that_make_no_sense_are_refused_and_not_recorded() {
    let memory = Memory::default();
    let mut writer = Writer::to_sink(Box::new(memory.clone()), header()).unwrap();
    let id = writer
        .intern(&StaticInst::new(0, OpClass::IntAlu, 4))
        .unwrap();
    let good = Retirement {
        inst: id,
        ..Retirement::default()
    };
    writer.retire(&good).unwrap();
    for bad in [
        Retirement { inst: 1, ..good },
        Retirement { flags: 3, ..good },
        Retirement { flags: 8, ..good },
    ] {
        assert_eq!(
            writer.retire(&bad).unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
        assert_eq!(
            writer.retire_timed(&bad, 1).unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
    }
    writer.retire_timed(&good, 4).unwrap();
    writer.finish().unwrap();
    let (read, end) = replay(&memory.0.lock().unwrap());
    assert_eq!(read.retirements, [(good, None), (good, Some(4))]);
    assert_eq!(end.unwrap().windows, 1);
}
