//! What tests, benchmarks and fuzz targets share: streams, a model without a file, the fuzz targets.

pub mod fuzz;
pub mod golden;
pub mod program;
pub mod recorded;
pub mod sequential;
pub mod stream;
pub mod text_trace;
pub mod toy;

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the source tree.
pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Whether this is the process that `test` has to itself. Where it is not, runs it in one, fails where
/// it fails, and the caller returns: what it measures is the process's, such as resident memory.
pub fn alone(test: &str) -> bool {
    const ALONE: &str = "PERFVEC_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let done = Command::new(std::env::current_exe().expect("a test program"))
        .args([test, "--exact", "--include-ignored", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .expect("the test program starts again");
    let text = String::from_utf8_lossy(&done.stdout);
    println!("{text}");
    assert!(
        done.status.success() && text.contains("1 passed"),
        "{test}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    false
}
