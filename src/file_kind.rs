//! What the first bytes of a file say it is, for readers that were given another.

use crate::error::{Error, ErrorKind};
use std::fmt;

/// Bytes needed to recognise a file.
pub const HEAD: usize = 16;

/// A kind of file; its text reads on from "not X but ...".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A perfvec trace.
    Trace,
    /// Safetensors: a microarch table or a program vector.
    Safetensors,
    /// Most likely an ONNX model: protobuf has no magic.
    Onnx,
    /// A known kind that no reader of this library takes.
    Other(&'static str),
    /// Nothing that is known.
    Unknown,
}

/// What a file of printable bytes is called.
pub(crate) const TEXT: &str = "a text file";

/// Magic numbers, and what the files are and what to do.
const OTHERS: [(&[u8], &str); 9] = [
    (b"\x1f\x8b", "a gzip file; decompress it first"),
    (b"\xfd7zXZ\0", "an xz file; decompress it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd file; decompress it first"),
    (b"\x04\x22\x4d\x18", "an lz4 file; decompress it first"),
    (b"BZh", "a bzip2 file; decompress it first"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (
        b"\x7fELF",
        "an ELF file; a program has to be run or recorded first",
    ),
    (
        b"version https://",
        "a Git LFS pointer; fetch the file itself (git lfs pull)",
    ),
    (b"PVCYCLE1", "a file of observed cycles (.pvc)"),
];

impl FileKind {
    /// Tells a file by its first bytes; those after [`HEAD`] do not matter.
    pub fn of(bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(HEAD)];
        if head.is_empty() {
            return Self::Other(
                "an empty file, or a pipe that nobody writes to; make or copy it again",
            );
        }
        let magic = crate::trace::format::MAGIC;
        if head.starts_with(&magic) || magic.starts_with(head) {
            return Self::Trace;
        }
        // The length of a JSON header, and where it begins.
        if head.len() > 8 && head[5..8] == [0; 3] && head[8] == b'{' {
            return Self::Safetensors;
        }
        // Field 1, the version of the format, which is small.
        if head.len() > 1 && head[0] == 0x08 && (1..64).contains(&head[1]) {
            return Self::Onnx;
        }
        let known = OTHERS.iter().find(|(magic, _)| head.starts_with(magic));
        match known {
            Some((_, what)) => Self::Other(what),
            None if head
                .iter()
                .all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) =>
            {
                Self::Other(TEXT)
            }
            None => Self::Unknown,
        }
    }
}

/// The error of a reader that wants `wanted` ("an ONNX model") and was given something else.
pub(crate) fn wrong(wanted: &str, found: FileKind) -> Error {
    Error::new(ErrorKind::Corrupt, format!("not {wanted} but {found}"))
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trace => "a perfvec trace",
            Self::Safetensors => "a microarch table or program vector (safetensors)",
            Self::Onnx => "an ONNX model",
            Self::Other(what) => what,
            Self::Unknown => "a file of another kind",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_first_bytes() {
        for (head, kind) in [
            (&crate::trace::format::MAGIC[..], FileKind::Trace),
            (&crate::trace::format::MAGIC[..3], FileKind::Trace),
            (b"\x40\x01\0\0\0\0\0\0{\"__m", FileKind::Safetensors),
            (b"\x08\x08\x12\x07pytorch", FileKind::Onnx),
            (b"\0\0\0\0", FileKind::Unknown),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff{", FileKind::Unknown),
        ] {
            assert_eq!(FileKind::of(head), kind, "{head:?}");
        }
        for (head, text) in [
            (&b""[..], "empty"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"\x7fELF\x02\x01", "ELF"),
            (b"version https://git-lfs.github.com/", "git lfs pull"),
            (b"{\"format\":", "text"),
        ] {
            let kind = FileKind::of(head).to_string();
            assert!(kind.contains(text), "{head:?}: {kind}");
        }
    }
}
