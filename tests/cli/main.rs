//! The `perfvec` command, and what the book says of it.

mod cores;
mod explore;
mod features;
mod files;
mod mistakes;
mod promises;
mod trace;
mod troubleshooting;
