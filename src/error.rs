//! One error type for the crate: a kind for programs, a message for people.
//!
//! Every message names what failed (file, field, argument), what was found, and the fix.

use std::fmt;

/// The cause of an [`Error`]. The numbers are the C ABI's status codes and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is outside its documented range, or a required pointer is NULL.
    InvalidArgument = 1,
    /// A file could not be opened, read, written or renamed.
    Io = 2,
    /// A file is truncated, fails its checksum, or is not of the format its use demands.
    Corrupt = 3,
    /// A file or a caller speaks a version that this library does not.
    Version = 4,
    /// Two things that must belong together do not: model and table, schema and model, ISA and model.
    Mismatch = 5,
    /// A name (microarchitecture, schema, ISA) is not known.
    NotFound = 6,
    /// The model's graph cannot be run: missing state, wrong shape, unsupported operator, NaN weight.
    Model = 7,
    /// ONNX Runtime is missing, too old, or refused the graph.
    Runtime = 8,
    /// The object failed earlier and refuses further use.
    Poisoned = 9,
    /// The call is not allowed in the object's present state (wrong thread, after fork, region open).
    State = 10,
    /// Memory could not be obtained, or a stated bound would be passed.
    OutOfMemory = 11,
    /// A bug in this library; include the message in a bug report.
    Internal = 12,
}

/// An error: its [`ErrorKind`] and a message that names what, where and the fix.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` with `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// The cause.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message without the kind.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error with `context` (a file's path, say) put before its message.
    #[must_use]
    pub fn context(self, context: impl fmt::Display) -> Self {
        Self {
            kind: self.kind,
            message: format!("{context}: {}", self.message),
        }
    }

    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<std::path::Path>, err: &std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{}: {err}", path.as_ref().display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
