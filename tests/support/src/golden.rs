//! Golden files: what the shipped schema and model gave when they were made, in `tests/data`.
//!
//!     PERFVEC_WRITE_GOLDEN=1 cargo test --release golden
//!
//! writes them anew, which is right only where a schema or the model was meant to change.

use std::path::PathBuf;

/// The golden text of that name; where golden files are written, `fresh` after writing it.
pub fn golden(name: &str, fresh: &str) -> String {
    let path: PathBuf = crate::root("tests/data").join(name);
    if std::env::var_os("PERFVEC_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, fresh).expect("the golden file is written");
    }
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Whether two numbers agree but for the rounding of other instructions of a processor.
pub fn near(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs())
}
