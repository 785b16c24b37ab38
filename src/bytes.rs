//! Little-endian fields: the one writer and the one reader of everything that is saved.
//!
//! Readers take fields from the front of `bytes`. Whatever the bytes say, the answer is a value or
//! an error of kind `Corrupt` that names the field, and no count asks for more memory than the
//! bytes behind it fill.

use crate::error::{Error, ErrorKind, Result};

/// A number with a fixed size in bytes.
pub trait Field: Copy {
    /// Bytes that it takes.
    const SIZE: usize;
    /// Appends it.
    fn put(self, out: &mut Vec<u8>);
    /// The number in [`Field::SIZE`] bytes.
    fn of(bytes: &[u8]) -> Self;
}

macro_rules! fields {
    ($($type:ty)*) => {$(
        impl Field for $type {
            const SIZE: usize = size_of::<$type>();
            #[inline(always)]
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            #[inline(always)]
            fn of(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$type>()];
                own.copy_from_slice(bytes);
                Self::from_le_bytes(own)
            }
        }
    )*};
}
fields!(u8 u16 u32 u64 i8 i32 i64 f32 f64);

/// Appends `values`.
#[inline]
pub fn put<T: Field>(out: &mut Vec<u8>, values: &[T]) {
    out.reserve(values.len() * T::SIZE);
    for v in values {
        v.put(out);
    }
}

/// Appends `values`, preceded by their number as a `u64`.
pub fn put_list<T: Field>(out: &mut Vec<u8>, values: &[T]) {
    (values.len() as u64).put(out);
    put(out, values);
}

/// Appends `text`, preceded by its length in bytes as a `u64`.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put_list(out, text.as_bytes());
}

/// Takes `n` bytes; `what` names them in the error.
#[inline]
pub fn take<'a>(bytes: &mut &'a [u8], n: usize, what: &str) -> Result<&'a [u8]> {
    match bytes.split_at_checked(n) {
        Some((head, tail)) => {
            *bytes = tail;
            Ok(head)
        }
        None => Err(short(what, n, bytes.len())),
    }
}

#[cold]
fn short(what: &str, n: usize, left: usize) -> Error {
    corrupt(format!(
        "truncated: {what} needs {n} bytes, {left} are left"
    ))
}

/// Takes one number.
#[inline]
pub fn field<T: Field>(bytes: &mut &[u8], what: &str) -> Result<T> {
    take(bytes, T::SIZE, what).map(T::of)
}

/// Takes `N` numbers.
pub fn fields<T: Field, const N: usize>(bytes: &mut &[u8], what: &str) -> Result<[T; N]> {
    let own = take(bytes, N * T::SIZE, what)?;
    Ok(std::array::from_fn(|i| {
        T::of(&own[i * T::SIZE..][..T::SIZE])
    }))
}

/// The number at a place of bytes that are known to be long enough: of a header, say. Panics where
/// they are not.
#[inline]
pub fn at<T: Field>(bytes: &[u8], at: usize) -> T {
    T::of(&bytes[at..at + T::SIZE])
}

/// Takes 0 or 1.
pub fn flag(bytes: &mut &[u8], what: &str) -> Result<bool> {
    match field::<u64>(bytes, what)? {
        0 => Ok(false),
        1 => Ok(true),
        n => Err(corrupt(format!("{what} is {n}, it can be 0 or 1"))),
    }
}

/// Takes `n` numbers.
pub fn many<T: Field>(bytes: &mut &[u8], n: usize, what: &str) -> Result<Vec<T>> {
    let own = take(bytes, n.saturating_mul(T::SIZE), what)?;
    Ok(all(own))
}

/// All numbers of `bytes`.
pub fn all<T: Field>(bytes: &[u8]) -> Vec<T> {
    bytes.chunks_exact(T::SIZE).map(T::of).collect()
}

/// Takes the number of items of at least `size` bytes each, which must be able to follow.
pub fn count(bytes: &mut &[u8], size: usize, what: &str) -> Result<usize> {
    let n: u64 = field(bytes, what)?;
    if n > (bytes.len() / size.max(1)) as u64 {
        return Err(corrupt(format!(
            "truncated: {what} has {n} items of {size} bytes, {} bytes are left",
            bytes.len()
        )));
    }
    Ok(n as usize)
}

/// Takes numbers, preceded by how many they are.
pub fn list<T: Field>(bytes: &mut &[u8], what: &str) -> Result<Vec<T>> {
    let n = count(bytes, T::SIZE, what)?;
    many(bytes, n, what)
}

/// Takes a text, preceded by its length.
pub fn text(bytes: &mut &[u8], what: &str) -> Result<String> {
    String::from_utf8(list(bytes, what)?).map_err(|_| corrupt(format!("{what} is not UTF-8")))
}

/// An error about bytes that are damaged or of another format.
#[cold]
pub fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_put_is_taken(a: Vec<u64>, b: Vec<f32>, c: Vec<u16>, text_: String, d: i32, e: bool) {
            let mut out = Vec::new();
            put_list(&mut out, &a);
            put(&mut out, &b);
            put_text(&mut out, &text_);
            put_list(&mut out, &c);
            put(&mut out, &[d]);
            put(&mut out, &[u64::from(e)]);
            let bytes = &mut &out[..];
            prop_assert_eq!(list::<u64>(bytes, "a").unwrap(), a);
            let got: Vec<u32> = many::<f32>(bytes, b.len(), "b").unwrap().iter().map(|x| x.to_bits()).collect();
            prop_assert_eq!(got, b.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
            prop_assert_eq!(text(bytes, "text").unwrap(), text_);
            prop_assert_eq!(list::<u16>(bytes, "c").unwrap(), c);
            prop_assert_eq!(fields::<i32, 1>(bytes, "d").unwrap(), [d]);
            prop_assert_eq!(flag(bytes, "e").unwrap(), e);
            prop_assert!(bytes.is_empty());
            prop_assert_eq!(field::<u8>(bytes, "the end").unwrap_err().kind(), ErrorKind::Corrupt);
        }
    }

    #[test]
    fn counts_that_the_bytes_cannot_hold_are_errors_that_name_the_field() {
        let mut out = Vec::new();
        put(&mut out, &[u64::MAX]);
        put(&mut out, &[7u8; 24]);
        for bad in [
            list::<u64>(&mut &out[..], "the plan").map(drop),
            text(&mut &out[..], "the plan").map(drop),
            many::<u64>(&mut &out[..], usize::MAX, "the plan").map(drop),
            flag(&mut &out[..], "the plan").map(drop),
            count(&mut &out[..], 0, "the plan").map(drop),
        ] {
            let e = bad.unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Corrupt);
            assert!(e.message().contains("the plan"), "{e}");
        }
        // As many as there are bytes for, and one more.
        for (n, fits) in [(3, true), (4, false)] {
            out[..8].copy_from_slice(&u64::to_le_bytes(n));
            assert_eq!(list::<u64>(&mut &out[..], "x").is_ok(), fits);
        }
    }
}
