//! What each predictor must learn, and what must not matter.

use super::*;
use std::collections::VecDeque;

/// Misses of a stream of conditional branches, each trained `late` branches after its prediction.
fn misses(kind: Kind, late: usize, stream: impl IntoIterator<Item = (u64, bool)>) -> Vec<bool> {
    let mut p = Direction::new(kind, 12);
    let mut flight: VecDeque<(Record, bool, u64)> = VecDeque::new();
    let mut missed = Vec::new();
    for (pc, taken) in stream {
        let (said, record) = p.predict(pc, taken);
        missed.push(said != taken);
        let next = if taken { pc - 64 } else { pc + 4 };
        flight.push_back((record, taken, next));
        if flight.len() > late {
            let (record, taken, next) = flight.pop_front().unwrap();
            p.train(&record, taken, next);
        }
    }
    missed
}

fn count(missed: &[bool]) -> usize {
    missed.iter().filter(|m| **m).count()
}

#[test]
fn every_kind_has_its_name() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(Kind::from_name("gshare"), None);
}

#[test]
fn a_branch_that_always_goes_one_way_is_learnt_by_all() {
    for kind in Kind::ALL {
        for taken in [false, true] {
            let missed = misses(kind, 0, (0..200).map(|_| (0x1_0000, taken)));
            assert!(count(&missed[..20]) < 15, "{kind:?}");
            assert_eq!(count(&missed[20..]), 0, "{kind:?} {taken}");
        }
    }
}

#[test]
fn a_pattern_is_learnt_by_all_that_have_history() {
    for kind in Kind::ALL {
        for late in [0, 6] {
            let stream =
                (0..6000).map(|i| (0x1_0000, [true, true, false, true, false, false][i % 6]));
            let late_misses = count(&misses(kind, late, stream)[5000..]);
            match kind {
                Kind::Local => assert!(late_misses > 200, "{late_misses}"),
                _ => assert!(late_misses < 10, "{kind:?} {late}: {late_misses}"),
            }
        }
    }
}

#[test]
fn a_pattern_of_forty_is_learnt_by_long_histories() {
    let bit = |i: usize| (0x9_3a6c_57d1u64 >> (i % 40)) & 1 == 1;
    let learnt = |kind| count(&misses(kind, 0, (0..20_000).map(|i| (0x1_0000, bit(i))))[16_000..]);
    for kind in [
        Kind::Tage,
        Kind::LTage,
        Kind::TageScL8K,
        Kind::TageScL64K,
        Kind::Perceptron64K,
    ] {
        assert!(learnt(kind) < 40, "{kind:?}: {}", learnt(kind));
    }
    assert!(learnt(Kind::Local) > 400);
}

#[test]
fn the_end_of_a_loop_with_noise_inside_is_learnt_by_loop_predictors() {
    let mut noise = counters::Random::new();
    let stream: Vec<_> = (0..120_000)
        .flat_map(|i| [(0x1_0000, noise.once_in(1)), (0x1_0040, i % 30 != 29)])
        .collect();
    let ends = |kind| {
        let missed = misses(kind, 0, stream.iter().copied());
        let last: Vec<_> = missed[200_000..]
            .iter()
            .skip(1)
            .step_by(2)
            .copied()
            .collect();
        count(&last)
    };
    let tage = ends(Kind::Tage);
    assert!(
        tage > 500,
        "without a loop predictor about each of 667 ends: {tage}"
    );
    for kind in [Kind::LTage, Kind::TageScL64K] {
        assert!(ends(kind) < 20, "{kind:?}: {}", ends(kind));
    }
}

#[test]
fn counts_are_the_same_for_the_same_stream() {
    let mut noise = counters::Random::new();
    let stream: Vec<_> = (0..20_000)
        .map(|_| {
            (
                0x1_0000 + u64::from(noise.next() % 200) * 6,
                noise.next() % 5 > 1,
            )
        })
        .collect();
    for kind in Kind::ALL {
        let first = misses(kind, 3, stream.iter().copied());
        assert_eq!(first, misses(kind, 3, stream.iter().copied()), "{kind:?}");
        assert!(count(&first) > 4000, "{kind:?}: noise cannot be learnt");
    }
}

#[test]
fn unconditional_branches_enter_the_histories() {
    // Which of two jumps was taken says how the branch goes: only histories can tell.
    for kind in Kind::ALL {
        let mut p = Direction::new(kind, 12);
        let mut noise = counters::Random::new();
        let mut missed = 0;
        for i in 0..8000 {
            let side = noise.once_in(1);
            let jump = if side { 0x1_0102 } else { 0x1_0204 };
            let mut record = Record::default();
            p.unconditional(jump, false, &mut record);
            p.train(&record, true, 0x1_0300);
            let (said, record) = p.predict(0x1_0300, side);
            p.train(&record, side, if side { 0x1_0200 } else { 0x1_0304 });
            missed += usize::from(i >= 6000 && said != side);
        }
        match kind {
            // Their histories are of outcomes alone.
            Kind::Local | Kind::Tournament | Kind::BiMode => assert!(missed > 500, "{kind:?}"),
            _ => assert!(missed < 40, "{kind:?}: {missed} of 2000"),
        }
    }
}
