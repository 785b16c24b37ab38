//! Saturating counters, and a small generator of random numbers.

/// Moves an unsigned counter of `0..=max` one step.
#[inline]
pub(super) fn step(counter: &mut u8, up: bool, max: u8) {
    if up {
        *counter += u8::from(*counter < max);
    } else {
        *counter -= u8::from(*counter > 0);
    }
}

/// Moves a two's complement counter of `bits` bits one step.
#[inline]
pub(super) fn step_signed(counter: &mut i8, up: bool, bits: u32) {
    let top = ((1i32 << (bits - 1)) - 1) as i8;
    if up {
        *counter += i8::from(*counter < top);
    } else {
        *counter -= i8::from(*counter > -top - 1);
    }
}

/// How far a two's complement counter is from the border between its signs: 1, 3, 5, ...
#[inline]
pub(super) fn strength(counter: i8) -> i32 {
    (2 * i32::from(counter) + 1).abs()
}

/// Where gem5 draws random numbers, a twin draws from this: the same stream gives the same counts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::twin) struct Random(u64);

impl Random {
    pub(in crate::twin) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// One that only draws zeros, as xorshift does from there.
    pub(super) fn zeros() -> Self {
        Self(0)
    }

    /// The next number (xorshift64*, Vigna 2016), of which the upper half is good.
    #[inline]
    pub(in crate::twin) fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as u32
    }

    /// True once in `1 << log2` draws.
    #[inline]
    pub(super) fn once_in(&mut self, log2: u32) -> bool {
        self.next() & ((1 << log2) - 1) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_saturate() {
        let (mut unsigned, mut signed) = (0u8, 0i8);
        for _ in 0..9 {
            step(&mut unsigned, true, 3);
            step_signed(&mut signed, true, 3);
        }
        assert_eq!((unsigned, signed, strength(signed)), (3, 3, 7));
        for _ in 0..9 {
            step(&mut unsigned, false, 3);
            step_signed(&mut signed, false, 3);
        }
        assert_eq!((unsigned, signed, strength(signed)), (0, -4, 7));
        let mut byte = 0i8;
        (0..300).for_each(|_| step_signed(&mut byte, false, 8));
        assert_eq!(byte, i8::MIN);
    }

    #[test]
    fn zeros_stay_zero() {
        let mut random = Random::zeros();
        assert!((0..100).all(|_| random.next() == 0 && random.once_in(7)));
    }

    #[test]
    fn one_draw_in_eight() {
        let mut random = Random::new();
        let hits = (0..80_000).filter(|_| random.once_in(3)).count();
        assert!((9_500..10_500).contains(&hits), "{hits}");
    }
}
