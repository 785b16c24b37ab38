//! Hosts: programs under QEMU, and the traces of other tools.

mod explored;
mod guests;
mod imported;
mod imports;
mod profile;
mod qemu;
mod regions;
mod simpoints;
mod sysroot;
mod table;
mod terminal;
