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
