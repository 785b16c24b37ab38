//! The bytes of a trace: decompressed, with a look at the first ones before they are read.

use crate::error::{Error, ErrorKind, Result};
use std::io::{BufRead, BufReader, Read};

/// What a decompressor may take, at most; xz's largest preset needs 65 MiB, zstd's 8 MiB.
const MEMORY: u64 = 128 << 20;
/// log2 of that.
const WINDOW_LOG: u32 = 27;
/// Bytes needed to recognise a format.
const HEAD: usize = 1 << 13;

/// `message` with what to do: its own remedy, behind a semicolon or as a question, or else that for
/// any trace that is not what its format asks for.
pub fn with_remedy(message: &str) -> String {
    match message.contains([';', '?']) {
        true => message.into(),
        false => format!("{message}; copy or make it again, or name its format with --from"),
    }
}

/// A source that has a name, and whose errors say what to do.
pub struct Bytes {
    inner: Box<dyn BufRead>,
    /// Bytes that were read ahead; they come first.
    head: Vec<u8>,
    at: usize,
    name: String,
}

impl Bytes {
    /// Decompresses `source` where it is compressed.
    pub fn open(source: Box<dyn Read>, name: String) -> Result<Self> {
        let mut raw = Self {
            inner: Box::new(BufReader::with_capacity(1 << 16, source)),
            head: Vec::new(),
            at: 0,
            name,
        };
        let name = raw.name.clone();
        let failed = |e: std::io::Error| Error::new(ErrorKind::Io, format!("{name}: {e}"));
        let head = raw.head()?;
        let is = |magic: &[u8]| head.starts_with(magic);
        let (gzip, xz, zstd) = (is(b"\x1f\x8b"), is(b"\xfd7zXZ\0"), is(b"\x28\xb5\x2f\xfd"));
        let inner: Box<dyn Read> = if gzip {
            Box::new(flate2::bufread::MultiGzDecoder::new(raw))
        } else if xz {
            let flags = liblzma::stream::CONCATENATED;
            let stream = liblzma::stream::Stream::new_stream_decoder(MEMORY, flags)
                .map_err(|e| failed(e.into()))?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(raw, stream))
        } else if zstd {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(raw).map_err(failed)?;
            decoder.window_log_max(WINDOW_LOG).map_err(failed)?;
            Box::new(decoder)
        } else {
            return Ok(raw);
        };
        Ok(Self {
            inner: Box::new(BufReader::with_capacity(1 << 16, inner)),
            head: Vec::new(),
            at: 0,
            name,
        })
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes, which stay to be read.
    pub fn head(&mut self) -> Result<&[u8]> {
        if self.head.is_empty() {
            let mut head = Vec::new();
            let read = (&mut self.inner).take(HEAD as u64).read_to_end(&mut head);
            if let Err(e) = read {
                return Err(self.error(&e));
            }
            self.head = head;
        }
        Ok(&self.head)
    }

    /// The error for a failed read.
    pub fn error(&self, e: &std::io::Error) -> Error {
        use std::io::ErrorKind as Cause;
        match e.kind() {
            // Decompressors fail with these, and files do not.
            Cause::InvalidData | Cause::InvalidInput | Cause::UnexpectedEof | Cause::Other => {
                Error::new(
                    ErrorKind::Corrupt,
                    format!(
                        "{}: truncated or damaged ({e}); copy or make it again",
                        self.name
                    ),
                )
            }
            _ => Error::io(&self.name, e),
        }
    }
}

impl Read for Bytes {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.head.len() {
            return self.inner.read(out);
        }
        let n = (&self.head[self.at..]).read(out)?;
        self.at += n;
        Ok(n)
    }
}

impl BufRead for Bytes {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.at == self.head.len() {
            return self.inner.fill_buf();
        }
        Ok(&self.head[self.at..])
    }

    fn consume(&mut self, n: usize) {
        if self.at == self.head.len() {
            self.inner.consume(n);
        } else {
            self.at += n;
        }
    }
}
