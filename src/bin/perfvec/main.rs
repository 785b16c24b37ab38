//! The `perfvec` command.
fn main() {}
