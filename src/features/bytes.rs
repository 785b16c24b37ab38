//! Little-endian pieces of the byte strings that extractors save.

use crate::error::{Error, ErrorKind, Result};

/// Takes `n` bytes from the front; `what` names the field in the error.
pub fn take<'a>(bytes: &mut &'a [u8], n: usize, what: &str) -> Result<&'a [u8]> {
    if n > bytes.len() {
        return Err(Error::new(
            ErrorKind::Corrupt,
            format!(
                "saved extractor state: {what} needs {n} bytes, {} are left; the state is truncated",
                bytes.len()
            ),
        ));
    }
    let (head, tail) = bytes.split_at(n);
    *bytes = tail;
    Ok(head)
}

/// Takes a `u64` from the front.
pub fn take_u64(bytes: &mut &[u8], what: &str) -> Result<u64> {
    let head = take(bytes, 8, what)?;
    Ok(u64::from_le_bytes(std::array::from_fn(|i| head[i])))
}

/// Takes a `u32` from the front.
pub fn take_u32(bytes: &mut &[u8], what: &str) -> Result<u32> {
    let head = take(bytes, 4, what)?;
    Ok(u32::from_le_bytes(std::array::from_fn(|i| head[i])))
}

/// Takes a count and that many items of `size` bytes; the bytes must be there, so a false count
/// cannot ask for memory.
pub fn take_items<'a>(
    bytes: &mut &'a [u8],
    size: usize,
    what: &str,
) -> Result<std::slice::ChunksExact<'a, u8>> {
    let count = take_u64(bytes, what)?;
    let total = usize::try_from(count)
        .ok()
        .and_then(|n| n.checked_mul(size))
        .unwrap_or(usize::MAX);
    Ok(take(bytes, total, what)?.chunks_exact(size))
}

/// The `u64` in the first eight bytes of an item from [`take_items`].
pub fn u64_at(item: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| item[offset + i]))
}

/// An error about a saved state whose content contradicts itself.
pub fn corrupt(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("saved extractor state: {what}; take a snapshot again"),
    )
}

/// Appends a `u64`.
pub fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}
