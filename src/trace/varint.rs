//! LEB128 variable-length integers and zigzag.

use crate::bytes::{corrupt, field};
use crate::error::Result;

/// Appends `value`, seven bits a byte, low bits first.
#[inline]
pub(super) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a value from the front of `bytes`.
#[inline]
pub(super) fn take(bytes: &mut &[u8]) -> Result<u64> {
    match bytes {
        [b, rest @ ..] if *b < 0x80 => {
            let value = u64::from(*b);
            *bytes = rest;
            Ok(value)
        }
        _ => take_long(bytes),
    }
}

fn take_long(bytes: &mut &[u8]) -> Result<u64> {
    let mut value = 0u64;
    for (i, &b) in bytes.iter().take(10).enumerate() {
        if i == 9 && b > 1 {
            break;
        }
        value |= u64::from(b & 0x7f) << (7 * i);
        if b < 0x80 {
            *bytes = &bytes[i + 1..];
            return Ok(value);
        }
    }
    Err(corrupt("a number runs past its column"))
}

/// Takes a value that must fit in 32 bits.
pub(super) fn take_u32(bytes: &mut &[u8]) -> Result<u32> {
    u32::try_from(take(bytes)?).map_err(|_| corrupt("a number exceeds 32 bits"))
}

/// Takes one byte.
pub(super) fn take_u8(bytes: &mut &[u8]) -> Result<u8> {
    field(bytes, "a byte of a column")
}

/// Signed differences of small magnitude to small numbers.
#[inline]
pub(super) fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ ((difference as i64) >> 63) as u64
}

/// The inverse of [`zigzag`].
#[inline]
pub(super) fn unzigzag(value: u64) -> u64 {
    (value >> 1) ^ (value & 1).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_round_trip(values in proptest::collection::vec(any::<u64>(), 0..50), shift in 0u32..64) {
            let mut bytes = Vec::new();
            for v in &values { put(&mut bytes, zigzag(*v >> shift)); }
            let mut rest = &bytes[..];
            for v in &values { prop_assert_eq!(unzigzag(take(&mut rest).unwrap()), *v >> shift); }
            prop_assert!(rest.is_empty() && take(&mut rest).is_err());
        }
    }

    #[test]
    fn overlong_numbers_are_refused() {
        assert_eq!(
            take(&mut &[0xff; 9][..]).unwrap_err().kind(),
            ErrorKind::Corrupt
        );
        let mut eleven = [0x80u8; 11];
        eleven[10] = 0;
        assert!(take(&mut &eleven[..]).is_err());
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(take(&mut &max[..]).unwrap(), u64::MAX);
    }
}
