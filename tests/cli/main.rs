//! The `perfvec` command, and what the book says of it.

mod compare;
mod cores;
mod explore;
mod features;
mod files;
mod mistakes;
mod page;
mod promises;
mod trace;
mod troubleshooting;

use std::path::Path;
use std::process::Command;

/// Exit code, standard output and standard error of the command.
fn ran(args: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .args(args)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        out.status.code().unwrap(),
        text(out.stdout),
        text(out.stderr),
    )
}

/// Standard output of `perfvec` with `args` in `dir`; else its error.
fn perfvec(dir: &Path, args: &[&str]) -> Result<String, String> {
    let done = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .current_dir(dir)
        .args(args)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match done.status.success() {
        true => Ok(text(done.stdout)),
        false => Err(text(done.stderr)),
    }
}
