//! Feature matrices as NumPy files: `[N, F]` `float32`, little-endian, C order, format 1.0.

use crate::bytes::put;
use crate::error::{Error, ErrorKind, Result};
use crate::file::Unfinished;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes before the data: room for any shape, and the data are aligned to a cache line.
const HEADER: usize = 128;

/// Writes rows one after another; the file takes its name when complete.
///
/// The rows go to a temporary file beside `path`, which [`finish`](Self::finish) renames and
/// dropping removes. Memory: one buffer of 1 MiB.
pub struct NpyWriter {
    out: BufWriter<Unfinished>,
    columns: usize,
    /// The bytes of one row.
    row: Vec<u8>,
    rows: u64,
}

impl NpyWriter {
    /// A matrix of `columns` columns at `path`, which an existing file gives way to at the end.
    pub fn create(path: impl AsRef<Path>, columns: usize) -> Result<Self> {
        let path = path.as_ref();
        let file = Unfinished::create(path).map_err(|e| e.context(path.display()))?;
        let mut writer = Self {
            out: BufWriter::with_capacity(1 << 20, file),
            columns,
            row: Vec::with_capacity(4 * columns),
            rows: 0,
        };
        let written = writer.out.write_all(&header(0, columns));
        written.map_err(|e| writer.error(&e))?;
        Ok(writer)
    }

    fn path(&self) -> &Path {
        self.out.get_ref().path()
    }

    fn error(&self, e: &std::io::Error) -> Error {
        Error::io(self.path(), e)
    }

    /// Appends one row of exactly the matrix's columns.
    pub fn row(&mut self, row: &[f32]) -> Result<()> {
        if row.len() != self.columns {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{}: a row of {} values for a matrix of {} columns",
                    self.path().display(),
                    row.len(),
                    self.columns
                ),
            ));
        }
        self.row.clear();
        put(&mut self.row, row);
        let written = self.out.write_all(&self.row);
        written.map_err(|e| self.error(&e))?;
        self.rows += 1;
        Ok(())
    }

    /// Completes the header, makes the file durable and gives it its name; the number of rows.
    pub fn finish(mut self) -> Result<u64> {
        let header = header(self.rows, self.columns);
        let done = (self.out.seek(SeekFrom::Start(0)))
            .and_then(|_| self.out.write_all(&header))
            .and_then(|()| self.out.flush())
            .and_then(|()| self.out.get_mut().commit());
        done.map_err(|e| self.error(&e))?;
        Ok(self.rows)
    }
}

fn header(rows: u64, columns: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    put(&mut bytes, &[(HEADER - 10) as u16]);
    let dict =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    bytes.extend_from_slice(dict.as_bytes());
    bytes.resize(HEADER - 1, b' ');
    bytes.push(b'\n');
    bytes
}
