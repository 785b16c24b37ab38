//! Stack distances against a list that is searched and rotated.

use perfvec::features::stack_distance::{StackDistance, NEVER};
use proptest::prelude::*;

/// The definition itself: lines from the most recent to the least.
#[derive(Default)]
struct Naive(Vec<u64>);

impl Naive {
    fn peek(&self, line: u64) -> u32 {
        let at = self.0.iter().position(|&l| l == line);
        at.map_or(NEVER, |i| i as u32 + 1)
    }

    fn access(&mut self, line: u64) -> u32 {
        let distance = self.peek(line);
        if distance != NEVER {
            self.0.remove(distance as usize - 1);
        }
        self.0.insert(0, line);
        distance
    }
}

/// A deterministic stream of numbers (SplitMix64).
struct Rng(u64);

impl Rng {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

#[test]
fn first_and_repeated_accesses() {
    let mut s = StackDistance::default();
    assert_eq!(s.peek(0), NEVER);
    assert_eq!(s.access(0), NEVER);
    assert_eq!(s.access(0), 1);
    assert_eq!(s.access(u64::MAX), NEVER);
    assert_eq!(s.access(7), NEVER);
    assert_eq!(s.peek(0), 3);
    assert_eq!(s.peek(u64::MAX), 2);
    assert_eq!(s.access(0), 3);
    assert_eq!(s.access(u64::MAX), 3);
    assert_eq!(s.distinct(), 3);
    s.reset();
    assert_eq!((s.distinct(), s.access(0)), (0, NEVER));
}

#[test]
fn equals_the_naive_list_through_many_squeezes() {
    let (mut fast, mut naive, mut rng) = (StackDistance::default(), Naive::default(), Rng(1));
    for i in 0..600_000u64 {
        // Nested working sets, so that short and long distances all occur.
        let range = [3, 20, 150, 1200][rng.below(4) as usize];
        let line = rng.below(range) * 64 + i / 200_000;
        assert_eq!(fast.peek(line), naive.peek(line), "peek {i}");
        assert_eq!(fast.access(line), naive.access(line), "access {i}");
    }
    assert_eq!(fast.distinct() as usize, naive.0.len());
}

/// A million lines: cyclic walks have the distance that their length gives.
#[test]
fn cyclic_walks_over_a_million_lines() {
    const N: u64 = 1_000_000;
    let mut s = StackDistance::default();
    for line in 0..N {
        assert_eq!(s.access(line << 7), NEVER);
    }
    for round in 0..3 {
        for line in 0..N {
            assert_eq!(s.access(line << 7), N as u32, "round {round}, line {line}");
        }
    }
    // Backwards, the distances run through 1, 2, 3, ... N.
    for back in 0..N {
        assert_eq!(s.access((N - 1 - back) << 7), back as u32 + 1);
    }
    assert_eq!(u64::from(s.distinct()), N);
}

#[test]
fn a_limit_forgets_only_what_lies_deeper() {
    let limit = 100;
    let (mut fast, mut naive, mut rng) = (StackDistance::new(limit), Naive::default(), Rng(2));
    for i in 0..400_000u64 {
        let range = [50, 400][rng.below(2) as usize];
        let line = rng.below(range) + i / 100_000 * 1000;
        let expected = match naive.access(line) {
            d if d <= limit => d,
            _ => NEVER,
        };
        assert_eq!(fast.access(line), expected, "access {i}");
    }
    assert!(naive.0.len() > 1000);
    assert!(fast.distinct() <= 381, "{} held", fast.distinct());
}

#[test]
fn restore_refuses_what_save_never_writes() {
    let mut s = StackDistance::new(10);
    s.access(5);
    let words = |w: &[u64]| w.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    for (bad, why) in [
        (words(&[])[..].to_vec(), "nothing"),
        (words(&[2, 1]), "truncated"),
        (words(&[u64::MAX, 1]), "a count beyond any memory"),
        (words(&[2, 9, 9]), "a line twice"),
        (
            words(&[11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
            "over limit",
        ),
    ] {
        let mut bytes = &bad[..];
        let err = s.restore(&mut bytes).expect_err(why);
        assert_eq!(err.kind(), perfvec::ErrorKind::Corrupt, "{why}");
        assert_eq!((s.peek(5), s.distinct()), (1, 1), "{why}: state changed");
    }
}

proptest! {
    #[test]
    fn equals_the_naive_list(
        ops in prop::collection::vec((any::<bool>(), prop_oneof![0u64..6, 0u64..200, any::<u64>()]), 0..800),
        cut in 0usize..800,
    ) {
        let (mut fast, mut naive) = (StackDistance::default(), Naive::default());
        for (i, &(update, line)) in ops.iter().enumerate() {
            if i == cut {
                let mut bytes = Vec::new();
                fast.save(&mut bytes);
                bytes.extend_from_slice(b"tail");
                fast = StackDistance::default();
                let mut rest = &bytes[..];
                fast.restore(&mut rest).unwrap();
                prop_assert_eq!(rest, b"tail");
            }
            if update {
                prop_assert_eq!(fast.access(line), naive.access(line));
            } else {
                prop_assert_eq!(fast.peek(line), naive.peek(line));
            }
        }
    }

    #[test]
    fn restore_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0u64..30) {
        let mut framed = count.to_le_bytes().to_vec();
        framed.extend_from_slice(&bytes);
        for input in [&bytes[..], &framed[..]] {
            let (mut s, mut rest) = (StackDistance::default(), input);
            if s.restore(&mut rest).is_ok() {
                let mut again = Vec::new();
                s.save(&mut again);
                prop_assert_eq!(&again[..], &input[..input.len() - rest.len()]);
            }
        }
    }
}
