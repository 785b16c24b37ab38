//! Recordings of regions: what lies in them, how it ended, and its cycles.

use perfvec::inst::{OpClass, Retirement, StaticInst};
use perfvec::region::{Gate, Mark, Region};
use perfvec::trace::Writer;
use perfvec::ErrorKind;
use perfvec_test_support::stream::*;
use proptest::prelude::*;

fn regions() -> impl Strategy<Value = Region> {
    let mark = || prop::option::of((0u64..40, 1u64..9));
    (mark(), 0u64..200, prop::option::of(1u64..300), mark()).prop_map(
        |(from, skip, first, until)| {
            let mark = |(at, count)| Mark {
                pc: 0x10000 + 4 * at,
                count,
            };
            Region {
                from: from.map(mark),
                skip,
                first,
                until: until.map(mark),
                markers: false,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_region_is_recorded_as_it_was_in_the_stream(
        seed in any::<u64>(),
        n in 1usize..900,
        region in regions(),
        told: bool,
        timed in 1usize..50,
    ) {
        let mut stream = walk(seed, 3, n);
        for (i, (r, cycles)) in stream.retirements.iter_mut().enumerate() {
            if !told {
                // Only what follows tells where a branch went.
                (r.flags, r.next_pc) = (0, 0);
            }
            *cycles = (i / timed % 2 == 0).then_some(i as u32);
        }
        let mut gate = Gate::new(region).unwrap();
        gate.announce(&stream.statics);
        let inside: Vec<bool> = (stream.retirements.iter())
            .map(|(r, _)| gate.admits(r))
            .collect();
        let mut want = Vec::new();
        let mut windows = 0;
        for (i, (r, cycles)) in stream.retirements.iter().enumerate() {
            if !inside[i] {
                continue;
            }
            let mut r = *r;
            let ends = inside.get(i + 1) == Some(&false);
            if ends && r.next_pc == 0 && stream.statics[r.inst as usize].flags.is_ctrl() {
                let next = stream.retirements[i + 1].0.inst;
                r.next_pc = stream.statics[next as usize].pc;
            }
            let goes_on = i > 0 && inside[i - 1] && stream.retirements[i - 1].1.is_some();
            windows += u64::from(cycles.is_some() && !goes_on);
            want.push((r, *cycles));
        }
        let (bytes, summary) = record_region(&stream, region);
        let (read, end) = replay(&bytes);
        prop_assert_eq!(end.unwrap(), summary);
        prop_assert_eq!(summary.windows, windows);
        prop_assert_eq!(read.retirements, want);
        prop_assert_eq!(read.statics, stream.statics);
    }
}

#[test]
fn the_region_of_a_recording_is_set_in_time() {
    let region = Region {
        skip: 1,
        ..Region::default()
    };
    let mut writer = Writer::to_sink(Box::new(Memory::default()), header()).unwrap();
    writer.set_region(region).unwrap();
    let nop = StaticInst::new(0x10, OpClass::IntAlu, 4);
    writer.intern(&nop).unwrap();
    let e = writer.set_region(region).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::State);
    // What lies outside is checked all the same.
    let unknown = Retirement {
        inst: 1,
        ..Retirement::default()
    };
    let e = writer.retire(&unknown).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::InvalidArgument);
    writer.retire(&Retirement::default()).unwrap();
    writer.retire_timed(&Retirement::default(), 3).unwrap();
    let summary = writer.finish().unwrap();
    assert_eq!((summary.retirements, summary.cycles), (1, 3));
}
