//! A region that is set is the same as calls of region_begin and region_end at its borders.

use super::*;
use crate::region::{Gate, Mark, Region};

fn mark(inst: usize, count: u64) -> Option<Mark> {
    let pc = program()[inst].pc;
    Some(Mark { pc, count })
}

/// The same stream through a session whose host opens and closes the region, and knows where each
/// branch went, as the session finds out by itself where it has the region.
fn by_hand(stream: &[Retirement], c: &SessionConfig, region: Region) -> (ProgramVector, u64) {
    let mut gate = Gate::new(region).unwrap();
    gate.announce(&program());
    let inside: Vec<bool> = stream.iter().map(|r| gate.admits(r)).collect();
    let mut s = session(&SessionConfig {
        start_outside_region: !region.starts_inside(),
        ..c.clone()
    });
    let mut is_open = region.starts_inside();
    for (n, wanted) in inside.iter().enumerate() {
        match (is_open, wanted) {
            (false, true) => s.region_begin().unwrap(),
            (true, false) => s.region_end().unwrap(),
            _ => {}
        }
        is_open = *wanted;
        let next = stream.get(n + 1).map(|r| program()[r.inst as usize].pc);
        let r = Retirement {
            next_pc: next.unwrap_or(0),
            ..stream[n]
        };
        s.retire(&r).unwrap();
    }
    s.finish().unwrap();
    let count = inside.iter().filter(|x| **x).count() as u64;
    (s.program_vector().unwrap(), count)
}

fn regions() -> impl Strategy<Value = Region> {
    let marks = || prop::option::of((0usize..4, 1u64..6));
    (marks(), 0u64..40, prop::option::of(1u64..200), marks()).prop_map(
        |(from, skip, first, until)| Region {
            from: from.and_then(|(i, n)| mark(i, n)),
            skip,
            first,
            until: until.and_then(|(i, n)| mark(i, n)),
            markers: false,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_region_that_is_set_is_one_that_the_host_opens_and_closes(
        stream in retirements(),
        region in regions(),
        cuts in prop::collection::vec(1usize..50, 1..8),
        period in prop::option::of(8u64..90),
        threads in 0usize..2,
        restore: bool,
    ) {
        let c = SessionConfig {
            threads,
            sampling: period.map_or(Sampling::Full, |period| Sampling::FixedRate { period }),
            ..config(0)
        };
        let (want, count) = by_hand(&stream, &c, region);
        prop_assert_eq!(want.retired, count);
        let mut s = session(&c);
        s.set_region(region).unwrap();
        let mut rest = &stream[..];
        for cut in cuts.iter().cycle() {
            let (piece, more) = rest.split_at(rest.len().min(*cut));
            s.retire_many(piece).unwrap();
            rest = more;
            if rest.is_empty() {
                break;
            }
            if restore {
                let bytes = s.snapshot().unwrap();
                s = Session::restore(model(false), threads, &bytes).unwrap();
            }
        }
        s.finish().unwrap();
        prop_assert_eq!(s.program_vector().unwrap(), want.clone());
        // And once more from the start.
        s.reset().unwrap();
        s.retire_many(&stream).unwrap();
        s.finish().unwrap();
        prop_assert_eq!(s.program_vector().unwrap(), want);
    }
}

#[test]
fn a_region_is_set_once_and_in_time() {
    let region = Region {
        skip: 3,
        ..Region::default()
    };
    let mut s = session(&config(0));
    s.set_region(region).unwrap();
    assert_eq!(s.region_begin().unwrap_err().kind(), ErrorKind::State);
    assert_eq!(s.region_end().unwrap_err().kind(), ErrorKind::State);
    let bad = Region {
        first: Some(0),
        ..region
    };
    assert_eq!(
        s.set_region(bad).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    // Another one, and none at all: that leaves it to the host again.
    for start_outside_region in [false, true] {
        let mut s = session(&SessionConfig {
            start_outside_region,
            ..config(0)
        });
        s.set_region(region).unwrap();
        s.set_region(Region::default()).unwrap();
        s.retire(&Retirement::default()).unwrap();
        let retired = u64::from(!start_outside_region);
        assert_eq!(s.counts().retired, retired);
        match start_outside_region {
            true => s.region_begin().unwrap(),
            false => s.region_end().unwrap(),
        }
        assert_eq!(s.set_region(region).unwrap_err().kind(), ErrorKind::State);
    }
}

/// Cycles of a timing CPU belong to what retired in the region.
#[test]
fn cycles_are_those_of_the_region() {
    let mut s = session(&config(0));
    s.set_region(Region {
        skip: 10,
        first: Some(30),
        ..Region::default()
    })
    .unwrap();
    let mut intervals = Vec::new();
    for n in 0..100 {
        s.retire_timed(&Retirement::default(), n).unwrap();
        assert_eq!(s.is_over(), n >= 40, "{n}");
        intervals.extend(s.take_intervals());
    }
    intervals.extend(s.finish().unwrap());
    let cycles: Vec<_> = intervals.iter().map(|i| (i.cycles, i.timed)).collect();
    let sum = |range: std::ops::Range<u64>| (range.clone().sum(), range.count() as u64);
    assert_eq!(cycles, [sum(10..35), sum(35..40)]);
}
