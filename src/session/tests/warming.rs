//! Warming that is bounded: what is dropped, and that nothing else is.

use super::*;
use crate::outcome::Resolver;
use crate::sampling::plan::{Action, Planner};

/// Where units begin at a fixed rate, up to the first one past `end`; warming does not move them.
fn unit_starts(c: &SessionConfig, end: u64) -> Vec<u64> {
    let exact = SessionConfig {
        warming: WARMING_ALL,
        ..c.clone()
    };
    let mut plan = Planner::new(&exact.layout(5));
    let mut starts = Vec::new();
    for i in 0.. {
        if plan.action(i) == Action::Measure(true) {
            starts.push(i);
            if i > end {
                break;
            }
        }
    }
    starts
}

/// The sum of the units that lie at `starts`: the extractor sees them, their warm-up and what is
/// at most `warming` before that, and nothing in between.
fn bounded(stream: &[Retirement], c: &SessionConfig, starts: &[u64]) -> Vec<f64> {
    let unit = c.unit as u64;
    let near = |i: u64, start: u64| i < start + unit && i + 5 + c.warming >= start;
    let rows = rows(stream, |i| starts.iter().any(|s| near(i, *s)));
    let mut sum = vec![0.0; DIM];
    for start in starts.iter().map(|s| *s as usize) {
        let mut h = 0.0;
        for (i, row) in rows.iter().enumerate().take(start + c.unit) {
            if i + 5 >= start {
                let out = toy_step(&mut h, row);
                if i >= start {
                    sum.iter_mut()
                        .zip(out)
                        .for_each(|(s, r)| *s += f64::from(r));
                }
            }
        }
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_too_far_from_the_next_unit_is_dropped(
        stream in retirements(), repeat in 1usize..30, extra in prop_oneof![0u64..60, 0u64..3000],
        warming in prop_oneof![0u64..40, 0u64..2000], seed: u64, threads in 0usize..3, piece in 1usize..3000,
    ) {
        let stream = stream.repeat(repeat);
        let c = SessionConfig {
            sampling: Sampling::FixedRate { period: 8 + extra },
            warming, seed,
            ..config(threads)
        };
        let starts = unit_starts(&c, stream.len() as u64);
        let mut s = session(&c);
        for part in stream.chunks(piece) {
            s.retire_many(part).unwrap();
            s.sync().unwrap();
        }
        let (v, intervals) = finish(s);
        prop_assert!(close(&v.sum, &bounded(&stream, &c, &starts)));
        // What is dropped is still counted, and nothing that is measured is dropped.
        let n = stream.len() as u64;
        let measured = starts.iter().map(|s| n.saturating_sub(*s).min(8)).sum::<u64>();
        prop_assert_eq!((v.retired, v.measured), (n, measured));
        prop_assert_eq!(intervals.iter().map(|i| i.measured).sum::<u64>(), measured);
    }

    /// A host that leaves out what is idle, in pieces, gets the same; one that leaves out more is told.
    #[test]
    fn what_is_idle_need_not_be_seen(
        stream in retirements(), repeat in 1usize..30, extra in prop_oneof![0u64..60, 0u64..3000],
        warming in 0u64..40, seed: u64, threads in 0usize..3, piece in 1u64..500, wanted: u64,
    ) {
        let stream = stream.repeat(repeat);
        let c = SessionConfig {
            sampling: Sampling::FixedRate { period: 8 + extra },
            warming, seed,
            ..config(threads)
        };
        let n = stream.len() as u64;
        let starts = unit_starts(&c, n);
        // The one after a unit shows where its last one went.
        let near = |i: u64| starts.iter().any(|s| i <= s + 8 && i + 5 + warming >= *s);
        let mut all = session(&c);
        all.retire_many(&stream).unwrap();
        let mut some = session(&c);
        let mut i = 0;
        while i < n {
            let idle = (i..n.min(i + piece)).take_while(|i| !near(*i)).count() as u64;
            match idle {
                0 => some.retire(&stream[i as usize]).unwrap(),
                idle => some.retire_unseen(idle).unwrap(),
            }
            i += idle.max(1);
        }
        prop_assert_eq!(finish(some), finish(all));

        let wanted = starts.iter().map(|s| s + wanted % 8).find(|i| *i < n);
        if let Some(wanted) = wanted {
            let mut s = session(&c);
            let told = s.retire_many(&stream[..wanted as usize]).and_then(|()| s.retire_unseen(1));
            let told = told.and_then(|()| s.finish()).unwrap_err();
            prop_assert!(told.message().contains("passed over"), "{}", told);
        }
    }

    #[test]
    fn passing_is_pushing_without_looking(stream in retirements(), cuts in prop::collection::vec(0usize..400, 0..20)) {
        let mut push = Resolver::default();
        for inst in program() {
            push.intern(&inst);
        }
        let mut pass = push.clone();
        let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(stream.len())).collect();
        cuts.sort_unstable();
        let mut at = 0;
        for cut in cuts {
            let mut settled = Vec::new();
            push.settle(&stream[at..cut], &mut settled);
            prop_assert_eq!(pass.pass(&stream[at..cut]), settled.len() as u64);
            prop_assert_eq!(pass.held(), push.held());
            at = cut;
        }
    }

    /// Around regions, what is dropped is counted from the region's units, and all that lies
    /// outside is seen.
    #[test]
    fn outside_regions_nothing_is_dropped(
        before in retirements(), within in retirements(), warming in 0u64..100, seed: u64,
    ) {
        let c = SessionConfig {
            sampling: Sampling::FixedRate { period: 300 },
            start_outside_region: true,
            warming, seed,
            ..config(0)
        };
        let mut s = session(&c);
        s.retire_many(&before).unwrap();
        s.region_begin().unwrap();
        s.retire_many(&within).unwrap();
        let (v, _) = finish(s);
        let starts: Vec<_> = unit_starts(&c, 400);
        let outside = before.len() as u64;
        let stream = [&before[..], &within[..]].concat();
        // A region's end settles as if nothing followed, which only a branch would show.
        prop_assume!(before.last().is_none_or(|r| r.inst < 3));
        let near = |i: u64, s: u64| i < s + 8 && i + 5 + warming >= s;
        let rows = rows(&stream, |i| match i.checked_sub(outside) {
            None => true,
            Some(i) => starts.iter().any(|s| near(i, *s)),
        });
        let mut sum = 0.0;
        for s in starts {
            for row in rows.iter().skip((outside + s) as usize).take(8) {
                sum += f64::from(row[refmachine::columns::REFERENCE]);
            }
        }
        prop_assert!(close(&[v.sum[2]], &[sum]));
    }
}

#[test]
fn all_warming_and_more_than_the_stream_are_the_same() {
    let stream: Vec<Retirement> = (0..30_000u64)
        .map(|i| Retirement {
            inst: (i % 4) as u32,
            address: if i % 2 == 0 { i * i % 4096 * 64 } else { 0 },
            ..Retirement::default()
        })
        .collect();
    let run = |warming| {
        let c = SessionConfig {
            sampling: Sampling::FixedRate { period: 2000 },
            warming,
            ..config(0)
        };
        let mut s = session(&c);
        s.retire_many(&stream).unwrap();
        finish(s)
    };
    let exact = run(WARMING_ALL);
    assert_eq!(run(30_000), exact);
    assert_eq!(run(u64::MAX), exact);
    // The unit's own warm-up is not enough for the caches.
    assert_ne!(run(0), exact);
}
