//! The fuzz targets, one module each with a function `run`, and what they share.
//!
//! libFuzzer drives them through `fuzz/fuzz_targets/`; the library's own tests run them on the
//! committed corpora and on mutations of these (`tests/robustness/fuzz_corpus.rs`), for which nothing
//! special is built.
//!
//! Files carry checksums, which a fuzzer cannot guess: the targets put the right one in after the
//! fuzzer is done with the rest, so that the code behind the check is reached.

pub mod capi;
mod capi_args;
pub mod import;
pub mod input;
pub mod model;
pub mod riscv;
pub mod snapshot;
pub mod table;
pub mod text_trace;
pub mod trace;

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};

thread_local! {
    static FILE: RefCell<Option<(tempfile::TempDir, PathBuf)>> = const { RefCell::new(None) };
}

/// Calls `f` with a file that holds `bytes`; one file per process, written again every time.
pub fn with_file<T>(bytes: &[u8], f: impl FnOnce(&Path) -> T) -> T {
    FILE.with(|slot| {
        let mut slot = slot.borrow_mut();
        let (_, path) = slot.get_or_insert_with(|| {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let path = dir.path().join("input");
            (dir, path)
        });
        let mut file = std::fs::File::create(&*path).expect("a temporary file");
        file.write_all(bytes).expect("room for a temporary file");
        drop(file);
        f(path)
    })
}

/// Every error says something; nothing else is asked of one here.
pub fn told<T>(result: perfvec::Result<T>) -> Option<T> {
    result
        .inspect_err(|e| assert!(!e.message().is_empty(), "{:?} without a text", e.kind()))
        .ok()
}
